//! Somebody of the city says that reports are about the same thing: they become duplicates of a main case, and everybody
//! who reported or follows one hears what becomes of it. And back again.
//!
//! One transaction holds it all: who is the duplicate of what, events, audit, and the letters by which the router
//! withdraws the work. A main case is never a duplicate itself, so there are no chains and no circles.

mod split;

pub use split::{Split, split};

use crate::cases::Opened;
use schemas::{
    Timestamp, Uuid,
    audit::Deed,
    case::{Case, Status, Watch},
    city::City,
    event::What,
    id::derived,
    letter::{Lane, Letter, Topic},
    reference::Reference,
    report::{Received, Report, TRIAL_CHANNEL, Why},
    slug::DepartmentId,
    text,
    trace::Trace,
};
use std::collections::{BTreeSet, HashMap};
use store::{BeforeMerged, Merged, Store, Tx};

/// The most duplicates of one call.
pub const MOST: usize = 50;
/// The most duplicates of one main case: each event of it tells all their people.
const MOST_OF_ONE: usize = 500;
/// The longest name of who says so.
const MAX_NAME: usize = 100;
/// How often somebody else may come between.
const TRIES: usize = 5;

/// What was merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// The main case: of a duplicate that was named as such, its main case.
    pub into: Reference,
    /// What became a duplicate now.
    pub merged: Vec<Reference>,
    /// What was one already.
    pub already: Vec<Reference>,
}

/// Why nothing was merged or split, for whoever asked.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Nobody said who does it, or the name is too long.
    #[error("say who does it: a name of at most {MAX_NAME} characters")]
    NoName,
    /// Nothing was named.
    #[error("name at least one report that is the same as the main one, and at most {MOST}")]
    HowMany,
    /// There is no report with this reference.
    #[error("there is no report {0} here: look at the number again")]
    Unknown(Reference),
    /// The router did not decide it yet.
    #[error("{0} is not decided yet: try again in a moment")]
    TooEarly(Reference),
    /// A case is no duplicate of itself.
    #[error("{0} cannot be merged with itself: name two different reports")]
    Itself(Reference),
    /// The main case is a duplicate of the one that was to become one.
    #[error("{main} is a duplicate of {case} already: split it first, or merge the other way round")]
    Circle {
        /// What was to become a duplicate.
        case: Reference,
        /// What was to be its main case.
        main: Reference,
    },
    /// It is the duplicate of another case.
    #[error("{case} is merged with {into} already: split it first")]
    Elsewhere {
        /// What was to become a duplicate.
        case: Reference,
        /// Its main case.
        into: Reference,
    },
    /// Who reported something private would read of others, or others of them.
    #[error(
        "{0} is not public (a complaint, or a private subject): what happens to it is told to its reporter alone, so it is merged with nothing"
    )]
    NotPublic(Reference),
    /// Test cases are one department's.
    #[error("{0} is a test of a department, no report of a resident")]
    Trial(Reference),
    /// More than [`MOST_OF_ONE`].
    #[error("{0} has {MOST_OF_ONE} duplicates: more people than can be told at once")]
    Full(Reference),
    /// It is no duplicate.
    #[error("{0} is merged with nothing: there is nothing to split")]
    NoDuplicate(Reference),
    /// Somebody else came between, again and again.
    #[error("somebody else is changing these cases: try again")]
    Busy,
    /// The rows cannot be reached; nothing changed.
    #[error(transparent)]
    Failed(#[from] store::Error),
}

impl Refused {
    /// The word of it, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoName => "no-name",
            Self::HowMany => "how-many",
            Self::Unknown(_) => "unknown",
            Self::TooEarly(_) => "too-early",
            Self::Itself(_) => "itself",
            Self::Circle { .. } => "circle",
            Self::Elsewhere { .. } => "merged-elsewhere",
            Self::NotPublic(_) => "not-public",
            Self::Trial(_) => "trial",
            Self::Full(_) => "full",
            Self::NoDuplicate(_) => "no-duplicate",
            Self::Busy => "busy",
            Self::Failed(_) => "failed",
        }
    }
}

/// Who does it, cleaned.
fn name(by: &str) -> Result<String, Refused> {
    let by = text::clean_line(by);
    if by.is_empty() || text::length(&by) > MAX_NAME { Err(Refused::NoName) } else { Ok(by) }
}

async fn report(store: &Store, reference: Reference) -> Result<Report, Refused> {
    store.report_by_reference(reference).await?.ok_or(Refused::Unknown(reference))
}

/// Makes `duplicates` duplicates of `main`, as `by` says. What is merged into them goes along. The same twice is once.
///
/// # Errors
/// Why nothing was merged: it is all of them, or none.
pub async fn merge(
    store: &Store,
    city: &City,
    duplicates: &[Reference],
    main: Reference,
    by: &str,
    trace: Trace,
) -> Result<Done, Refused> {
    let by = name(by)?;
    let named: BTreeSet<Reference> = duplicates.iter().copied().collect();
    if named.is_empty() || named.len() > MOST {
        return Err(Refused::HowMany);
    }
    let main = report(store, main).await?;
    let mut reports = Vec::with_capacity(named.len());
    for reference in named {
        reports.push(report(store, reference).await?);
    }
    for report in reports.iter().chain([&main]) {
        allowed(city, report)?;
    }
    for _ in 0..TRIES {
        let merging = Merging { store, city, by: &by, trace };
        if let Some(done) = merging.once(&reports, &main).await? {
            return Ok(done);
        }
    }
    Err(Refused::Busy)
}

fn allowed(city: &City, report: &Report) -> Result<(), Refused> {
    if report.channel.as_str() == TRIAL_CHANNEL {
        return Err(Refused::Trial(report.reference));
    }
    if city.is_public(report) { Ok(()) } else { Err(Refused::NotPublic(report.reference)) }
}

struct Merging<'a> {
    store: &'a Store,
    city: &'a City,
    by: &'a str,
    trace: Trace,
}

/// Which of these cases are merged into what, and which have duplicates.
async fn links(tx: &mut Tx, ids: &[Uuid]) -> Result<(HashMap<Uuid, Merged>, Vec<Merged>), store::Error> {
    Ok((tx.merged(ids).await?, tx.duplicates(ids).await?))
}

impl Merging<'_> {
    /// `None` when somebody merged or split one of them before it was locked.
    async fn once(&self, reports: &[Report], main: &Report) -> Result<Option<Done>, Refused> {
        let mut tx = self.store.begin().await?;
        let mut ids: Vec<Uuid> = reports.iter().map(|report| report.id).chain([main.id]).collect();
        let before = links(&mut tx, &ids).await?;
        let root = before.0.get(&main.id).map_or(main.id, |merged| merged.main);
        ids.push(root);
        // Their own duplicates come along, and so change, too.
        let all = ids.iter().copied().chain(before.1.iter().map(|merged| merged.case));
        let mut opened = Opened::lock(&mut tx, all).await?;
        let named: Vec<Uuid> = reports.iter().map(|report| report.id).chain([main.id]).collect();
        if links(&mut tx, &named).await? != before {
            return Ok(None);
        }
        let (merged, along) = before;
        let Some(root_case) = opened.case(root) else { return Err(Refused::TooEarly(main.reference)) };
        let into = root_case.reference;
        let status = root_case.status;
        let hidden = self.city.is_confidential(root_case.lead.as_ref());
        if hidden {
            return Err(Refused::NotPublic(into));
        }
        let mut done = Done { into, merged: Vec::new(), already: Vec::new() };
        let mut fresh = Vec::new();
        for report in reports {
            let reference = report.reference;
            if report.id == main.id {
                return Err(Refused::Itself(reference));
            }
            if report.id == root {
                return Err(Refused::Circle { case: reference, main: main.reference });
            }
            match merged.get(&report.id) {
                Some(known) if known.main == root => done.already.push(reference),
                Some(known) => {
                    let other = self.store.report(known.main).await?.map_or(reference, |report| report.reference);
                    return Err(Refused::Elsewhere { case: reference, into: other });
                }
                None => fresh.push(report),
            }
        }
        if fresh.is_empty() {
            return Ok(Some(done));
        }
        let coming = along.iter().filter(|merged| fresh.iter().any(|report| report.id == merged.main)).count();
        if tx.duplicates(&[root]).await?.len() + fresh.len() + coming > MOST_OF_ONE {
            return Err(Refused::Full(into));
        }
        let now = self.store.clock().now();
        let (mut letters, mut whats) = (Vec::new(), Vec::new());
        let what = What::Merged { main: root, into, status };
        for report in fresh {
            let Some(case) = opened.case(report.id) else { return Err(Refused::TooEarly(report.reference)) };
            if self.city.is_confidential(case.lead.as_ref()) {
                return Err(Refused::NotPublic(report.reference));
            }
            let was_open = !case.status.is_closed();
            let before = close(case, now);
            let merged = Merged { case: report.id, main: root, at: now, before };
            if !tx.add_merged(&merged).await? {
                return Ok(None);
            }
            let version =
                self.note(&mut opened, report.id, what.clone(), &format!("{} → {into}", report.reference), now);
            if was_open {
                letters.push(asked(report, Why::Merged { into }, version, self.trace, now));
            }
            for other in along.iter().filter(|other| other.main == report.id) {
                let text = format!("{} → {into}", report.reference);
                self.note(&mut opened, other.case, what.clone(), &text, now);
            }
            tx.move_merged(report.id, root).await?;
            whats.push(format!("{} → {into}", report.reference));
            done.merged.push(report.reference);
        }
        let names: Vec<String> = done.merged.iter().map(ToString::to_string).collect();
        let text = format!("{}: {} → {into}", self.by, names.join(", "));
        self.internal(&mut opened, root, &text, now);
        tx.audit_each(self.by, Deed::CasesMerge, &whats, "").await?;
        let closed: Vec<Uuid> = reports.iter().map(|report| report.id).filter(|id| !merged.contains_key(id)).collect();
        tx.drop_tasks_of_cases(&closed, "merged with another case").await?;
        opened.save(&mut tx).await?;
        tx.post(&letters).await?;
        tx.commit().await?;
        tracing::info!(main = %root, duplicates = names.len(), trace = %self.trace, "merged");
        Ok(Some(done))
    }

    /// `what` happened to `case`; colleagues read who did it. Gives the version.
    fn note(&self, opened: &mut Opened, case: Uuid, what: What, text: &str, now: Timestamp) -> i64 {
        let id = event(opened, case, what.word());
        let version = opened.happened(case, id, what, now, self.trace);
        self.internal(opened, case, &format!("{}: {text}", self.by), now);
        version.unwrap_or_default()
    }

    fn internal(&self, opened: &mut Opened, case: Uuid, text: &str, now: Timestamp) {
        let id = event(opened, case, "internal_note");
        let department = desk(self.city, opened, case);
        opened.happened(case, id, What::InternalNote { department, text: text.to_owned() }, now, self.trace);
    }
}

/// The id of the next event of `case`, which is of this sort.
fn event(opened: &mut Opened, case: Uuid, word: &str) -> Uuid {
    let version = opened.case(case).map_or(0, |case| case.version + 1);
    derived(&["event", &case.to_string(), word, &version.to_string()])
}

fn desk(city: &City, opened: &mut Opened, case: Uuid) -> DepartmentId {
    opened.case(case).and_then(|case| case.lead.clone()).unwrap_or_else(|| city.fallback.clone())
}

/// Closes `case` as a duplicate: its clock stops. Gives what it was.
fn close(case: &mut Case, now: Timestamp) -> BeforeMerged {
    let before = BeforeMerged {
        status: case.status,
        status_at: case.status_at,
        closed_at: case.closed_at,
        planned_on: case.planned_on,
        parts: case.parts.clone(),
        watch: std::mem::take(&mut case.watch),
    };
    case.status = Status::Duplicate;
    case.status_at = now;
    case.closed_at = Some(now);
    case.planned_on = None;
    case.watch = Watch::default();
    case.check_at = None;
    before
}

/// The letter that has the router look at the case of `report`.
fn asked(report: &Report, why: Why, version: i64, trace: Trace, now: Timestamp) -> Letter {
    let word = if matches!(why, Why::Split) { "split" } else { "merged" };
    let id = derived(&[word, &report.id.to_string(), &version.to_string()]);
    let body = Received { report: report.id, why };
    Letter::new(id, Lane::router(), Topic::ReportReceived, report.kind.as_str(), &body, trace, now).about(report.id)
}

#[cfg(test)]
mod tests;
