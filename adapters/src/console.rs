//! The cases of one department, as its own people see them: for departments that work in our
//! console, and for any other that wants to look.

mod say;

pub use say::{Said, say};

use schemars::JsonSchema;
use schemas::{
    Date, Timestamp, Uuid,
    case::{Case, Role, Status},
    city::{City, Department, DepartmentKind},
    event::{CaseEvent, What},
    place::Place,
    reference::Reference,
    report::{Answers, Contact, Kind, Language, Report, Urgency},
    slug::{CategoryId, Channel, DepartmentId},
    way::Way,
};
use serde::Serialize;
use std::collections::HashMap;
use store::{ConsoleFilter, ConsoleRow, Store};

/// The most cases of one page.
pub const MOST: usize = 100;

/// A case of a department.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Listed {
    /// What an update names, and the cursor of the next page.
    pub dispatch: Uuid,
    /// The case.
    pub case_id: Uuid,
    /// What the resident calls it.
    pub reference: Reference,
    /// Does it, a part of it, or only hears of it.
    pub role: Role,
    /// How far it is.
    pub status: Status,
    /// Who leads now.
    pub lead: Option<DepartmentId>,
    /// What kind of matter.
    pub kind: Kind,
    /// What it is about.
    pub category: CategoryId,
    /// How soon it is looked at.
    pub priority: Urgency,
    /// The resident's words.
    pub words: String,
    /// Where it is.
    pub place: Place,
    /// Answers to the category's questions.
    pub answers: Answers,
    /// Addresses of the photos, readable with the department's own token.
    pub photos: Vec<String>,
    /// The resident, only where the department may know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
    /// By which of these ways they showed that it is theirs: they wrote from there, or answered what only that address
    /// was sent. `sms` stands for the telephone number.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contact_proven: Vec<Way>,
    /// The resident's language.
    pub language: Language,
    /// The door it came through.
    pub channel: Channel,
    /// When the city received it.
    pub received_at: Timestamp,
    /// Days since then, on the city's calendar.
    pub age_days: i64,
    /// The day that was named.
    pub planned_on: Option<Date>,
    /// The day by which it is to be solved.
    pub due_on: Option<Date>,
    /// That day is over and the case is open.
    pub late: bool,
}

/// One case, with what happened to it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Shown {
    /// As in the list.
    #[serde(flatten)]
    pub listed: Listed,
    /// What happened, oldest first.
    pub timeline: Vec<CaseEvent>,
}

/// What residents left, where the department may know it.
struct Contacts {
    left: HashMap<Uuid, Contact>,
    proven: HashMap<Uuid, Vec<Way>>,
}

impl Contacts {
    async fn of(store: &Store, reports: &[Uuid]) -> Result<Self, store::Error> {
        let left = if reports.is_empty() { HashMap::new() } else { store.contacts_by_ids(reports).await? };
        Ok(Self { left, proven: store.contacts_proven(reports).await? })
    }
}

/// The cases that `filter` selects, those of the newest reports first.
pub async fn list(
    store: &Store,
    city: &City,
    department: &Department,
    filter: &ConsoleFilter,
) -> Result<Vec<Listed>, store::Error> {
    let rows = store.cases_of(&department.id, filter).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.case_id).collect();
    let cases = store.cases_by_ids(&ids).await?;
    let reports = store.reports_by_ids(&ids).await?;
    let known = known(city, department, &cases, &reports);
    let contacts = Contacts::of(store, &known).await?;
    let now = store.clock().now();
    let listed = rows.iter().filter_map(|row| {
        let (case, report) = (cases.get(&row.case_id)?, reports.get(&row.case_id)?);
        Some(listed(city, department, row, case, report, &contacts, now))
    });
    Ok(listed.collect())
}

/// The case `id`, if `department` has or had it.
pub async fn show(
    store: &Store,
    city: &City,
    department: &Department,
    id: Uuid,
) -> Result<Option<Shown>, store::Error> {
    let Some(row) = store.case_of(&department.id, id).await? else { return Ok(None) };
    let cases = store.cases_by_ids(&[id]).await?;
    let reports = store.reports_by_ids(&[id]).await?;
    let (Some(case), Some(report)) = (cases.get(&id), reports.get(&id)) else { return Ok(None) };
    let known = known(city, department, &cases, &reports);
    let contacts = Contacts::of(store, &known).await?;
    let timeline = store.timeline(id, false).await?;
    Ok(Some(Shown {
        listed: listed(city, department, &row, case, report, &contacts, store.clock().now()),
        timeline: timeline.into_iter().filter(|event| may_read(department, &event.what)).collect(),
    }))
}

/// Who said that a case is not theirs need not know any more who reported it.
fn known(
    city: &City,
    department: &Department,
    cases: &HashMap<Uuid, Case>,
    reports: &HashMap<Uuid, Report>,
) -> Vec<Uuid> {
    let may = |report: &&Report| {
        let theirs = cases.get(&report.id).is_some_and(|case| !case.rejected_by.contains(&department.id));
        theirs && city.may_know(department.share_reporter, &report.answers)
    };
    reports.values().filter(may).map(|report| report.id).collect()
}

/// Notes among colleagues are for the city's own people, and for who wrote them.
fn may_read(department: &Department, what: &What) -> bool {
    let own = match what {
        What::InternalNote { department: by, .. } | What::Outdated { department: by, .. } => *by == department.id,
        _ => false,
    };
    what.is_public() || own || department.kind == DepartmentKind::Internal
}

fn listed(
    city: &City,
    department: &Department,
    row: &ConsoleRow,
    case: &Case,
    report: &Report,
    contacts: &Contacts,
    now: Timestamp,
) -> Listed {
    let today = city.calendar.date(now);
    let photo = |photo| format!("/api/v1/departments/{}/photos/{photo}", department.id);
    let due_on = case.due_on();
    let priority = case.decision.as_ref().map_or(report.urgency, |decision| decision.priority);
    let age = today.since(city.calendar.date(report.received_at)).map_or(0, |span| i64::from(span.get_days()));
    Listed {
        dispatch: row.dispatch,
        case_id: case.id,
        reference: case.reference,
        role: row.role,
        status: case.status,
        lead: case.lead.clone(),
        kind: report.kind,
        category: report.category.clone(),
        priority,
        words: report.words.clone(),
        place: report.place.clone(),
        answers: report.answers.clone(),
        photos: report.photos.iter().map(photo).collect(),
        contact: contacts.left.get(&case.id).cloned(),
        contact_proven: contacts.proven.get(&case.id).cloned().unwrap_or_default(),
        language: report.language,
        channel: report.channel.clone(),
        received_at: report.received_at,
        age_days: age.max(0),
        planned_on: case.planned_on,
        due_on,
        late: !case.status.is_closed() && due_on.is_some_and(|due| due < today),
    }
}
