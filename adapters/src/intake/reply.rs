//! The resident answers what a department asked, by the secret link: once per question.

use super::IntakeTools;
use schemas::{
    Timestamp, Uuid,
    case::{Case, Status},
    event::{CaseEvent, What},
    fault::Invalid,
    id::derived,
    letter::{Lane, Letter, Topic},
    reference::Reference,
    reply::{answered, question},
    report::{Received, Why},
    slug::DepartmentId,
    text,
    trace::Trace,
};

pub use schemas::reply::MAX_WORDS;

/// What became of it.
#[derive(Debug)]
pub enum Outcome {
    /// The department hears it; or has heard just this before.
    Replied(Reference),
    /// Nobody waits for an answer (any more): nothing changed.
    NotAsked(Reference, Status),
    /// Another question was asked since: nothing changed.
    AskedAnew(Reference),
    /// No case has this link.
    Unknown,
    /// The words are missing or too long.
    Invalid(Vec<Invalid>),
    /// The rows cannot be reached; nothing changed.
    Failed(store::Error),
}

/// Answers the question that was asked at version `asked` of the case behind the secret `token`; the last
/// one when `None`. Doing it twice answers it once.
pub async fn reply(tools: &IntakeTools, token: &str, asked: Option<i64>, words: &str, trace: Trace) -> Outcome {
    let words = text::clean(words);
    let length = text::length(&words);
    if length == 0 {
        return Outcome::Invalid(vec![Invalid::new("words", "required", "write your answer")]);
    }
    if length > MAX_WORDS {
        let message = format!("these are {length} characters, at most {MAX_WORDS} fit: shorten it");
        return Outcome::Invalid(vec![Invalid::new("words", "too_long", message)]);
    }
    answer(tools, token, asked, words, trace).await.unwrap_or_else(Outcome::Failed)
}

async fn answer(
    tools: &IntakeTools,
    token: &str,
    asked: Option<i64>,
    text: String,
    trace: Trace,
) -> Result<Outcome, store::Error> {
    let Some(report) = tools.store.report_by_token(token).await? else { return Ok(Outcome::Unknown) };
    let mut tx = tools.store.begin().await?;
    let Some(mut case) = tx.lock_cases(&[report.id]).await?.remove(&report.id) else {
        return Ok(Outcome::NotAsked(report.reference, Status::Received));
    };
    // Events are written by whoever holds the case, which is us.
    let events = tx.timeline(report.id).await?;
    let reference = report.reference;
    // Said before, and nothing was asked since.
    let said = events.iter().rev().find_map(|event| match &event.what {
        What::Replied { text } => Some(Some(text)),
        What::Asked { .. } => Some(None),
        _ => None,
    });
    let twice = said.flatten() == Some(&text);
    let Some((_, department, question)) = question(&case, &events) else {
        return Ok(if twice { Outcome::Replied(reference) } else { Outcome::NotAsked(reference, case.status) });
    };
    // Asked once more in the same words, it is the same question.
    let same = |event: &&CaseEvent| matches!(&event.what, What::Asked { department: by, text } if by == department && text == question);
    if asked.is_some_and(|asked| !events.iter().filter(same).any(|event| event.version == asked)) {
        return Ok(if twice { Outcome::Replied(reference) } else { Outcome::AskedAnew(reference) });
    }
    let now = tools.clock.now();
    case.version += 1;
    answered(&mut case, department, &tools.city.calendar, now);
    case.check_at = Some(now);
    let event = CaseEvent {
        critical: false,
        id: derived(&["event", &case.id.to_string(), "replied", &case.version.to_string()]),
        case_id: case.id,
        reference: case.reference,
        version: case.version,
        at: now,
        what: What::Replied { text: text.clone() },
    };
    let letter = letter(&case, event.id, department, &text, trace, now);
    let tell = case.tell;
    tx.save_cases(&[case]).await?;
    tx.add_events(&[(event, tell)], trace).await?;
    tx.post(&[letter]).await?;
    tx.commit().await?;
    tracing::info!(case = %report.id, %trace, "the resident answered");
    Ok(Outcome::Replied(reference))
}

/// Has the router hand the answer to who asked.
fn letter(case: &Case, event: Uuid, department: &DepartmentId, text: &str, trace: Trace, now: Timestamp) -> Letter {
    let id = derived(&["replied", &case.id.to_string(), department, &case.version.to_string()]);
    let why = Why::Replied { department: department.clone(), text: text.to_owned() };
    let body = Received { report: case.id, why };
    Letter::new(id, Lane::router(), Topic::ReportReceived, "replied", &body, trace, now).about(case.id).because(event)
}
