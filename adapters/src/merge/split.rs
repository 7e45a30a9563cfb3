//! A duplicate turns out to be something else: it is put back where it was, and goes to a desk again if it was open.

use super::{Merging, Refused, TRIES, asked, name, report};
use crate::cases::Opened;
use schemas::{
    audit::Deed,
    case::{Case, Status},
    city::City,
    event::What,
    reference::Reference,
    report::{Report, Why},
    trace::Trace,
};
use store::{BeforeMerged, Store};

/// What was split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// What is a case of its own again.
    pub case: Reference,
    /// What it was merged with.
    pub from: Reference,
    /// Whether it is open, and goes to a desk again.
    pub open: bool,
}

/// Makes the duplicate `reference` a case of its own again, as `by` says.
///
/// # Errors
/// Why nothing changed.
pub async fn split(store: &Store, city: &City, reference: Reference, by: &str, trace: Trace) -> Result<Split, Refused> {
    let by = name(by)?;
    let report = report(store, reference).await?;
    for _ in 0..TRIES {
        if let Some(split) = (Merging { store, city, by: &by, trace }).split_once(&report).await? {
            return Ok(split);
        }
    }
    Err(Refused::Busy)
}

impl Merging<'_> {
    /// `None` when somebody else was first.
    async fn split_once(&self, report: &Report) -> Result<Option<Split>, Refused> {
        let reference = report.reference;
        let mut tx = self.store.begin().await?;
        let Some(known) = tx.merged(&[report.id]).await?.remove(&report.id) else {
            return Err(Refused::NoDuplicate(reference));
        };
        let mut opened = Opened::lock(&mut tx, [report.id, known.main].into_iter()).await?;
        if tx.merged(&[report.id]).await?.remove(&report.id).as_ref() != Some(&known) {
            return Ok(None);
        }
        let main = self.store.report(known.main).await?.ok_or(Refused::Unknown(reference))?;
        let from = main.reference;
        let now = self.store.clock().now();
        let Some(case) = opened.case(report.id) else { return Err(Refused::TooEarly(reference)) };
        put_back(case, known.before, now);
        let open = !case.status.is_closed();
        tx.drop_merged(report.id).await?;
        let text = format!("{reference} ≠ {from}");
        let version = self.note(&mut opened, report.id, What::Split { from }, &text, now);
        self.internal(&mut opened, known.main, &format!("{}: {text}", self.by), now);
        tx.audit(self.by, Deed::CasesSplit, &text, "").await?;
        opened.save(&mut tx).await?;
        if open {
            tx.post(&[asked(report, Why::Split, version, self.trace, now)]).await?;
        }
        tx.commit().await?;
        tracing::info!(case = %report.id, main = %known.main, trace = %self.trace, "split");
        Ok(Some(Split { case: reference, from, open }))
    }
}

/// What was closed is closed again as it was. What was open waits for a desk: whoever had it was told to leave it.
fn put_back(case: &mut Case, before: BeforeMerged, now: schemas::Timestamp) {
    let BeforeMerged { status, status_at, closed_at, planned_on, parts, watch } = before;
    if status.is_closed() {
        (case.status, case.status_at, case.closed_at) = (status, status_at, closed_at);
        (case.planned_on, case.parts, case.watch) = (planned_on, parts, watch);
        return;
    }
    case.status = Status::Received;
    case.status_at = now;
    case.closed_at = None;
    case.parts.clear();
}
