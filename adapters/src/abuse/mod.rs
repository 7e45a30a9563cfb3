//! What people of the city do against abuse: look at what is held, let it through or refuse it; block who sends it.
//! Everything is audited with its effect.

mod blocks;
pub mod review;
mod round;

pub use blocks::{Sender, block, senders_of, unblock};
pub use round::{HeldRound, NAME};

use schemas::{
    Uuid,
    audit::Deed,
    case::{Case, Status, Watch},
    city::City,
    event::{CaseEvent, What},
    held::State,
    id::derived,
    reference::Reference,
    report::{Contact, Report},
    text,
    trace::Trace,
};
use store::{AddressKey, HeldReport, Store, Tx};

/// The most characters of the reason of a refusal.
pub const MAX_REASON: usize = 1_000;

/// A report that was noticed, with what a person needs to judge it.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Why, since when, until when.
    pub held: HeldReport,
    /// What was sent.
    pub report: Report,
    /// Who says they sent it.
    pub contact: Option<Contact>,
}

/// What was noticed and is at `state`, at most so much: what waits the oldest first, the rest the newest first.
pub async fn list(store: &Store, state: State, limit: usize) -> Result<Vec<Listed>, store::Error> {
    let all = store.held_reports(state, limit).await?;
    let ids: Vec<Uuid> = all.iter().map(|held| held.report).collect();
    let (mut reports, mut contacts) = (store.reports_by_ids(&ids).await?, store.contacts_by_ids(&ids).await?);
    let listed = all.into_iter().filter_map(|held| {
        let report = reports.remove(&held.report)?;
        Some(Listed { contact: contacts.remove(&held.report), held, report })
    });
    Ok(listed.collect())
}

/// What was noticed about the report `reference`; nothing when nothing was.
pub async fn look(store: &Store, reference: Reference) -> Result<Option<Listed>, store::Error> {
    let Some(report) = store.report_by_reference(reference).await? else { return Ok(None) };
    let Some(held) = store.held_report(report.id).await? else { return Ok(None) };
    let contact = store.contacts_by_ids(&[report.id]).await?.remove(&report.id);
    Ok(Some(Listed { held, report, contact }))
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Done,
    /// It was not held any more: somebody else was first, or its time was over. Nothing changed.
    Over(State),
    /// Nothing was noticed about such a report.
    Unknown,
}

/// Lets the report `reference` through, as `by` says. Doing it twice does it once.
pub async fn release(store: &Store, reference: Reference, by: &str) -> Result<Outcome, store::Error> {
    let Some(Listed { held, report, .. }) = look(store, reference).await? else { return Ok(Outcome::Unknown) };
    let mut tx = store.begin().await?;
    if tx.release_held(&[report.id]).await?.is_empty() {
        drop(tx);
        return over(store, report.id, held.state).await;
    }
    tx.audit(by, Deed::AbuseRelease, &reference.to_string(), "").await?;
    tx.commit().await?;
    tracing::info!(case = %report.id, "a report that was held is released");
    Ok(Outcome::Done)
}

/// Refuses the report `reference` for `reason`, as `by` says. Whoever sent it reads the reason behind their link; they
/// are told of it only where somebody proved that the address is theirs.
pub async fn refuse(
    store: &Store,
    city: &City,
    reference: Reference,
    reason: &str,
    by: &str,
) -> Result<Outcome, store::Error> {
    let reason: String = text::clean(reason).chars().take(MAX_REASON).collect();
    let Some(Listed { held, report, contact }) = look(store, reference).await? else { return Ok(Outcome::Unknown) };
    let keys = store.address_keys().await?;
    let shown = store.contacts_proven(&[report.id]).await?.remove(&report.id).unwrap_or_default();
    let now = store.clock().now();
    let mut tx = store.begin().await?;
    if !tx.refuse_held(report.id).await? {
        drop(tx);
        return over(store, report.id, held.state).await;
    }
    let told = report.tell.way().is_some_and(|way| shown.contains(&way))
        || is_proven(&mut tx, &keys, city, &report, contact.as_ref()).await?;
    let case = Case {
        id: report.id,
        reference,
        status: Status::Declined,
        version: 2,
        lead: None,
        decision: None,
        rejected_by: Vec::new(),
        planned_on: None,
        status_at: now,
        opened_at: now,
        closed_at: Some(now),
        tell: report.tell,
        parts: Vec::new(),
        watch: Watch::default(),
        check_at: None,
    };
    tx.open_cases(&[case]).await?;
    let event = CaseEvent {
        critical: false,
        id: derived(&["event", &report.id.to_string(), "refused"]),
        case_id: report.id,
        reference,
        version: 2,
        at: now,
        what: What::Declined { department: city.fallback.clone(), reason: reason.clone() },
    };
    tx.add_refusal(&event, told, Trace::start()).await?;
    tx.audit(by, Deed::AbuseRefuse, &reference.to_string(), &reason).await?;
    tx.commit().await?;
    tracing::info!(case = %report.id, told, "a report that was held is refused");
    Ok(Outcome::Done)
}

async fn over(store: &Store, report: Uuid, state: State) -> Result<Outcome, store::Error> {
    Ok(Outcome::Over(store.held_report(report).await?.map_or(state, |held| held.state)))
}

/// Whether somebody proved that the address is theirs at which the reporter wants to be told.
async fn is_proven(
    tx: &mut Tx,
    keys: &store::AddressKeys,
    city: &City,
    report: &Report,
    contact: Option<&Contact>,
) -> Result<bool, store::Error> {
    let address = report.tell.way().and_then(|way| contact?.address(way, &city.country));
    let Some(address) = address else { return Ok(false) };
    let key = AddressKey { way: address.way(), key: keys.of(&address) };
    Ok(tx.addresses_by_keys(&[key]).await?.iter().any(|known| known.verified_at.is_some()))
}

#[cfg(test)]
mod tests;
