//! Somebody of the city says what a report is really about: it is decided anew by the rules, and
//! the suggestion learns it.

use crate::cases::Opened;
use schemas::{
    audit::Deed,
    city::City,
    event::What,
    id::derived,
    letter::{Lane, Letter, Topic},
    reference::Reference,
    report::{Received, Why},
    slug::CategoryId,
    text,
    trace::Trace,
};
use store::Store;

/// The longest name of who corrects.
const MAX_NAME: usize = 100;

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is corrected; an open case is decided anew.
    Corrected {
        /// What it was about before.
        from: CategoryId,
        /// Whether it is open, and so may go to another desk.
        open: bool,
    },
    /// It was about that already: nothing changed.
    Same,
    /// The city has no such category.
    NoCategory,
    /// Nobody said who corrects it, or the name is too long.
    NoName,
    /// There is no report with this reference.
    Unknown,
    /// The report is not decided yet: try again in a moment.
    TooEarly,
}

/// Corrects the category of the report `reference` to `to`, as `by` says. Doing it twice does it
/// once.
pub async fn recategorise(
    store: &Store,
    city: &City,
    reference: Reference,
    to: &CategoryId,
    by: &str,
    trace: Trace,
) -> Result<Outcome, store::Error> {
    let by = text::clean_line(by);
    if by.is_empty() || text::length(&by) > MAX_NAME {
        return Ok(Outcome::NoName);
    }
    if city.category(to).is_none() {
        return Ok(Outcome::NoCategory);
    }
    let Some(report) = store.report_by_reference(reference).await? else { return Ok(Outcome::Unknown) };
    let mut tx = store.begin().await?;
    let mut opened = Opened::lock(&mut tx, std::iter::once(report.id)).await?;
    let Some(case) = opened.case(report.id) else { return Ok(Outcome::TooEarly) };
    let (id, next, open) = (case.id, case.version + 1, !case.status.is_closed());
    let desk = case.lead.clone().unwrap_or_else(|| city.fallback.clone());
    // Read again under the lock of the case: somebody else may have been first.
    let from = tx.reports(&[id]).await?.remove(&id).map_or(report.category, |report| report.category);
    if from == *to {
        return Ok(Outcome::Same);
    }
    tx.correct_category(id, to, &by).await?;
    tx.audit(&by, Deed::CasesRecategorise, &format!("{reference}: {from} → {to}"), "").await?;
    let now = store.clock().now();
    let event = |word: &str| derived(&["event", &id.to_string(), word, &next.to_string()]);
    let note = format!("{by}: {from} → {to}");
    opened.happened(id, event("recategorised"), What::Recategorised { from: from.clone(), to: to.clone() }, now, trace);
    opened.happened(id, event("recategorised-by"), What::InternalNote { department: desk, text: note }, now, trace);
    opened.save(&mut tx).await?;
    if open {
        let letter = derived(&["recategorised", &id.to_string(), &next.to_string()]);
        let body = Received { report: id, why: Why::Recategorised };
        let kind = report.kind.as_str();
        let letter = Letter::new(letter, Lane::router(), Topic::ReportReceived, kind, &body, trace, now)
            .about(id)
            .because(event("recategorised"));
        tx.post(&[letter]).await?;
    }
    tx.commit().await?;
    tracing::info!(case = %id, %trace, %from, %to, "the category was corrected");
    Ok(Outcome::Corrected { from, open })
}

#[cfg(test)]
mod tests;
