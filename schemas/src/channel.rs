//! What a channel integration is told of the reports that came by it. No personal data, and nobody's words: it
//! reads more, where it may, by the reference.

use crate::{
    event::{CaseEvent, What},
    notice::NoticeState,
    reference::Reference,
    slug::DepartmentId,
    way::Way,
};
use jiff::{Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Body of `case.changed`: something that residents may see happened to a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaseChanged {
    /// The case: the id that the report was answered with.
    pub case_id: Uuid,
    /// What the resident calls it.
    pub reference: Reference,
    /// Counts the events of this case from 1; a lower one that comes later is older.
    pub version: i64,
    /// What happened: `routed`, `planned`, `solved`, …
    pub what: String,
    /// Who did it, or has it now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<DepartmentId>,
    /// The day that is promised or planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub on: Option<Date>,
    /// When it happened.
    pub at: Timestamp,
}

impl CaseChanged {
    /// The same of `event`, without its words.
    pub fn of(event: &CaseEvent) -> Self {
        let (department, on) = who_and_when(&event.what);
        Self {
            case_id: event.case_id,
            reference: event.reference,
            version: event.version,
            what: event.what.word().to_owned(),
            department: department.cloned(),
            on,
            at: event.at,
        }
    }
}

fn who_and_when(what: &What) -> (Option<&DepartmentId>, Option<Date>) {
    match what {
        What::Routed { department, due_on, .. } => (Some(department), *due_on),
        What::Planned { department, on, .. } => (Some(department), Some(*on)),
        What::Slipping { department, expected, .. } => (Some(department), *expected),
        What::HandedOver { department, .. }
        | What::HandOverDelayed { department, .. }
        | What::HandOverFailed { department, .. }
        | What::Accepted { department, .. }
        | What::Rejected { department, .. }
        | What::Note { department, .. }
        | What::Solved { department, .. }
        | What::PartSolved { department, .. }
        | What::Declined { department, .. }
        | What::Answered { department, .. }
        | What::Referred { department, .. }
        | What::Asked { department, .. } => (Some(department), None),
        What::Received
        | What::InternalNote { .. }
        | What::Recategorised { .. }
        | What::Replied { .. }
        | What::Reminded { .. }
        | What::Escalated { .. }
        | What::Reopened { .. }
        | What::Merged { .. }
        | What::Split { .. }
        | What::Outdated { .. } => (None, None),
    }
}

/// Body of `notice.changed`: what became of a message to who reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoticeChanged {
    /// The message; the same each time that something becomes of it.
    pub notice: Uuid,
    /// The case.
    pub case_id: Uuid,
    /// What the resident calls it.
    pub reference: Reference,
    /// What it tells: `received`, `solved`, …
    pub tells: String,
    /// The way it went.
    pub way: Way,
    /// How far it is.
    pub state: NoticeState,
    /// Since when.
    pub at: Timestamp,
}
