//! "It is not solved", or "this did not help": the resident contests, with one tap and the secret link.
//! "This helped" is only counted.

use super::IntakeTools;
use schemas::{
    case::Status,
    event::{CaseEvent, What},
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
    let mut tx = tools.store.begin().await?;
    let Some(mut case) = tx.lock_cases(&[report.id]).await?.remove(&report.id) else {
        return Ok(Outcome::NotSolved(report.reference, Status::Received));
    };
    if case.status != Status::Solved || !tools.city.policy(&report).contest {
        return Ok(Outcome::NotSolved(report.reference, case.status));
    }
    let now = tools.clock.now();
    case.version += 1;
    case.status = Status::Routed;
    case.status_at = now;
    case.closed_at = None;
    let version = case.version.to_string();
    let event = CaseEvent {
        critical: false,
        id: derived(&["event", &case.id.to_string(), "reopened", &version]),
        case_id: case.id,
        reference: case.reference,
        version: case.version,
        at: now,
        what: What::Reopened { text: text.clone() },
    };
    let letter = Letter::new(
        derived(&["reopen", &case.id.to_string(), &version]),
        Lane::router(),
        Topic::ReportReceived,
        report.kind.as_str(),
        &Received { report: report.id, why: Why::Reopened { text } },
        trace,
        now,
    )
    .about(case.id)
    .because(event.id);
    let tell = case.tell;
    tx.say_of_answer(case.id, false).await?;
    tx.save_cases(&[case]).await?;
    tx.add_events(&[(event, tell)], trace).await?;
    tx.post(&[letter]).await?;
    tx.commit().await?;
    tracing::info!(case = %report.id, %trace, "reopened by the resident");
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
