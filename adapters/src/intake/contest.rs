//! "It is not solved", or "this did not help": the resident contests, with one tap and the secret link.
//! "This helped" is only counted.

use super::IntakeTools;
use crate::cases::Opened;
use schemas::{
    Uuid,
    case::Status,
    event::What,
    fault::Invalid,
    id::derived,
    letter::{Lane, Letter, Topic},
    reference::Reference,
    report::{Received, Why},
    text,
    trace::Trace,
};

/// The most characters of what a resident adds.
pub const MAX_WORDS: usize = 2_000;

/// What became of it.
#[derive(Debug)]
pub enum Outcome {
    /// It is open again; the department hears of it.
    Reopened(Reference),
    /// It was not solved (or is open again already): nothing changed.
    NotSolved(Reference, Status),
    /// No case has this link.
    Unknown,
    /// The words are too long.
    Invalid(Vec<Invalid>),
    /// The rows cannot be reached; nothing changed.
    Failed(store::Error),
}

/// Reopens the solved case behind the secret `token`. Doing it twice reopens it once.
pub async fn contest(tools: &IntakeTools, token: &str, words: Option<&str>, trace: Trace) -> Outcome {
    let words = words.map(text::clean).filter(|words| !words.is_empty());
    if let Some(length) = words.as_deref().map(text::length).filter(|length| *length > MAX_WORDS) {
        let message = format!("these are {length} characters, at most {MAX_WORDS} fit: shorten it");
        return Outcome::Invalid(vec![Invalid::new("words", "too_long", message)]);
    }
    reopen(tools, token, words, trace).await.unwrap_or_else(Outcome::Failed)
}

async fn reopen(tools: &IntakeTools, token: &str, text: Option<String>, trace: Trace) -> Result<Outcome, store::Error> {
    let Some(report) = tools.store.report_by_token(token).await? else { return Ok(Outcome::Unknown) };
    // Of a duplicate it is the main case that was solved.
    let known = tools.store.merged(&[report.id]).await?.remove(&report.id).map(|merged| merged.main);
    let mut tx = tools.store.begin().await?;
    let ids: Vec<Uuid> = [report.id].into_iter().chain(known).collect();
    let mut opened = Opened::lock(&mut tx, ids.into_iter()).await?;
    let Some(own) = opened.case(report.id).map(|case| case.status) else {
        return Ok(Outcome::NotSolved(report.reference, Status::Received));
    };
    let main = match own {
        Status::Duplicate => tx.merged(&[report.id]).await?.remove(&report.id).map(|merged| merged.main),
        _ => Some(report.id),
    };
    let is_other = main != Some(report.id);
    let Some(case) = main.and_then(|main| opened.case(main)) else {
        // Split, or merged with yet another, at this very moment.
        return Ok(Outcome::NotSolved(report.reference, own));
    };
    if case.status != Status::Solved || !tools.city.policy(&report).contest {
        return Ok(Outcome::NotSolved(report.reference, case.status));
    }
    let (id, now) = (case.id, tools.clock.now());
    case.status = Status::Routed;
    case.status_at = now;
    case.closed_at = None;
    let lead = case.lead.clone().unwrap_or_else(|| tools.city.fallback.clone());
    let event =
        |case: Uuid, word: &str, version: i64| derived(&["event", &case.to_string(), word, &version.to_string()]);
    let next = case.version + 1;
    let reopened = event(id, "reopened", next);
    // What one of them writes is not for the eyes of the other.
    let what = What::Reopened { text: text.clone().filter(|_| !is_other), of: is_other.then_some(report.reference) };
    opened.happened(id, reopened, what, now, trace);
    if let (true, Some(words)) = (is_other, &text) {
        let note = What::InternalNote { department: lead, text: format!("{}: {words}", report.reference) };
        opened.happened(id, event(id, "internal_note", next + 1), note, now, trace);
        let version = opened.case(report.id).map_or(0, |case| case.version + 1);
        let said = What::Replied { text: words.clone() };
        opened.happened(report.id, event(report.id, "replied", version), said, now, trace);
    }
    let letter = Letter::new(
        derived(&["reopen", &id.to_string(), &next.to_string()]),
        Lane::router(),
        Topic::ReportReceived,
        report.kind.as_str(),
        &Received { report: id, why: Why::Reopened { text } },
        trace,
        now,
    )
    .about(id)
    .because(reopened);
    tx.say_of_answer(id, false).await?;
    opened.save(&mut tx).await?;
    tx.post(&[letter]).await?;
    tx.commit().await?;
    tracing::info!(case = %id, %trace, "reopened by a resident");
    Ok(Outcome::Reopened(report.reference))
}

/// The resident says that the answer given at once helped: counted, nothing else. Gives whether the
/// secret `token` is that of a case which was answered so.
pub async fn helped(tools: &IntakeTools, token: &str) -> Result<bool, store::Error> {
    let Some(report) = tools.store.report_by_token(token).await? else { return Ok(false) };
    if tools.store.answer(report.id).await?.is_none() {
        return Ok(false);
    }
    let mut tx = tools.store.begin().await?;
    tx.say_of_answer(report.id, true).await?;
    tx.commit().await?;
    Ok(true)
}
