//! Work handed to a department, and what the department says back.

use crate::event::is_false;
use crate::{
    case::Role,
    place::Place,
    reference::Reference,
    report::{Answers, Contact, Kind, Language, Urgency},
    slug::{CategoryId, Channel, DepartmentId},
};
use jiff::{Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One case for one department: the body of `department.dispatch`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Dispatch {
    /// The dispatch; the same on every retry. Departments dedupe by it.
    pub id: Uuid,
    /// The case.
    pub case_id: Uuid,
    /// What the resident calls it.
    pub reference: Reference,
    /// To whom.
    pub department: DepartmentId,
    /// Whether they do it or only hear of it.
    pub role: Role,
    /// What kind of matter.
    pub kind: Kind,
    /// What it is about.
    pub category: CategoryId,
    /// The resident's words.
    pub words: String,
    /// Where it is.
    pub place: Place,
    /// Answers to the category's questions.
    pub answers: Answers,
    /// Addresses of the photos, readable by this department with its own token.
    pub photos: Vec<String>,
    /// The resident, only where the department may know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
    /// The resident's language.
    pub language: Language,
    /// The door it came through.
    pub channel: Channel,
    /// How soon it is looked at.
    pub priority: Urgency,
    /// By when.
    pub due_on: Option<Date>,
    /// The rule that chose this department.
    pub rule: String,
    /// The version of the case when this was written.
    pub version: i64,
    /// When the city received the report.
    pub received_at: Timestamp,
    /// Set when this department had the case before: what is new now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<Again>,
}

/// Why a department hears again of a case that it had before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Again {
    /// What happened.
    pub why: AgainWhy,
    /// What the resident says, or what the city asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The dispatch by which the department had the case first.
    pub first: Uuid,
    /// What the department's system answered to it: its own number of the case, when it gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
}

/// What happened to a case that a department had before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AgainWhy {
    /// The resident says that it is not solved.
    Reopened,
    /// The resident answers: what the department asked, or a message about the case.
    Replied,
    /// Nothing was heard from the department: a reminder.
    Reminder,
    /// The city corrected what it is about: `category` is the new one.
    Recategorised,
    /// It is the same as another case, which `text` names: nothing has to be done for this one.
    Merged,
    /// It is a case of its own again: it has to be done after all.
    Split,
}

/// How far one dispatch is, for the department leg of the timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DispatchState {
    /// Written, on its way to the department.
    Posted,
    /// The department's own system has it.
    Delivered,
    /// The other side may or may not have it.
    Unknown,
    /// It could not be delivered; an operator looks at it.
    Failed,
}

impl DispatchState {
    /// The state in lower case, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Posted => "posted",
            Self::Delivered => "delivered",
            Self::Unknown => "unknown",
            Self::Failed => "failed",
        }
    }

    /// Reads [`DispatchState::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Posted, Self::Delivered, Self::Unknown, Self::Failed].into_iter().find(|s| s.as_str() == text)
    }
}

/// What a department says about a dispatch: the body of `department.update`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Update {
    /// The department's own id of this update; the same on every retry. We dedupe by it, together
    /// with the department.
    pub id: String,
    /// Who says it. It must be the department the dispatch was for.
    pub department: DepartmentId,
    /// About which dispatch.
    pub dispatch: Uuid,
    /// When the department decided this, by its own clock; older ones never overwrite newer ones.
    pub at: Timestamp,
    /// What it says.
    pub say: Say,
    /// It matters for somebody's safety, now: what the resident reads of it waits neither for the morning, nor for
    /// a digest. Only for departments that the city lets say so, and only with what residents read.
    #[serde(default, skip_serializing_if = "is_false")]
    pub critical: bool,
}

/// What a department can say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
pub enum Say {
    /// We take it.
    Accept {},
    /// It is not ours; `reason` is read by the resident.
    Reject {
        /// Plain words, 1 to 2,000 characters.
        reason: String,
    },
    /// A note for the resident.
    Note {
        /// Plain words, 1 to 2,000 characters.
        text: String,
    },
    /// A note among colleagues.
    InternalNote {
        /// 1 to 2,000 characters.
        text: String,
    },
    /// A question to the resident; terms stand still until the answer.
    Ask {
        /// Plain words, 1 to 2,000 characters.
        text: String,
    },
    /// Somebody outside the city does this; the case ends here.
    Refer {
        /// Who, by name, at most 200 characters.
        to: String,
        /// Their telephone number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        phone: Option<String>,
        /// Their web address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url: Option<String>,
        /// What else to tell, at most 2,000 characters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// It will be done on this day.
    Plan {
        /// The day, `2026-11-30`.
        on: Date,
        /// What else to tell, at most 2,000 characters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// It is done.
    Done {
        /// What was done, at most 2,000 characters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// Addresses of photos or documents that show it, at most 10.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        evidence: Vec<String>,
    },
}

impl Say {
    /// Whether the resident is sent what it says.
    pub fn is_told(&self) -> bool {
        matches!(
            self,
            Self::Note { .. } | Self::Ask { .. } | Self::Refer { .. } | Self::Plan { .. } | Self::Done { .. }
        )
    }

    /// The word of it, as in JSON and in `<department>.<word>` routing keys.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Accept {} => "accept",
            Self::Reject { .. } => "reject",
            Self::Note { .. } => "note",
            Self::InternalNote { .. } => "internal_note",
            Self::Ask { .. } => "ask",
            Self::Refer { .. } => "refer",
            Self::Plan { .. } => "plan",
            Self::Done { .. } => "done",
        }
    }
}
