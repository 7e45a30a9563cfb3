//! The checks that look at what the hub wrote about its test cases.

use super::{Ground, Sent, probe, report::Finding, watch::until};
use adapters::trials::{self, Written};
use schemas::{
    Uuid,
    city::Delivery,
    dispatch::DispatchState,
    event::{CaseEvent, What},
};
use secrecy::ExposeSecret as _;
use std::collections::BTreeMap;

pub(super) type Check = (&'static str, &'static str);

const SETTINGS: Check = ("settings", "the city and the configuration say how to reach it");
pub(super) const ACCEPTS: Check = ("accepts", "takes a dispatch");
pub(super) const PROMPT: Check = ("prompt", "answers a call at once, and does its work afterwards");
pub(super) const ANSWERS: Check = ("answers", "says something about a dispatch");
/// Fields are added as the house grows.
pub const UNKNOWN_FIELD: Check = ("unknown-field", "ignores a field that it does not know");
/// What residents write.
pub const BIG_WORDS: Check = ("big-words", "takes 5,000 characters in any script");
pub(super) const PHOTO: Check = ("photo", "can fetch the photos of a dispatch with its token");
pub(super) const SIGNATURE: Check = ("signature", "refuses a call whose signature does not fit");
pub(super) const STALE: Check = ("stale", "refuses a call that was signed ten minutes ago");
pub(super) const TWO_KEYS: Check = ("two-keys", "takes a call when one of several signatures fits");
const ONCE: Check = ("once", "the same dispatch twice is one case there");
pub(super) const STEADY: Check = ("steady", "takes each dispatch at the first try");
pub(super) const SAME_ID: Check = ("same-id", "says a thing again under the same id, so that it counts once");
pub(super) const ORDER: Check = ("order", "what comes late changes nothing that came after it");

/// Every check that needs test cases, in order.
pub const SENT: &[Check] = &[
    ACCEPTS,
    PROMPT,
    ANSWERS,
    UNKNOWN_FIELD,
    BIG_WORDS,
    PHOTO,
    SIGNATURE,
    STALE,
    TWO_KEYS,
    ONCE,
    STEADY,
    SAME_ID,
    ORDER,
];

pub(super) fn good(check: Check, seen: impl Into<String>) -> Finding {
    Finding::good(check.0, check.1, seen)
}

pub(super) fn bad(check: Check, seen: impl Into<String>, fix: impl Into<String>) -> Finding {
    Finding::bad(check.0, check.1, seen, fix)
}

pub(super) fn skipped(check: Check, why: impl Into<String>) -> Finding {
    Finding::skipped(check.0, check.1, why)
}

/// What can be seen without sending anything.
pub async fn settings(ground: &Ground) -> Finding {
    let id = &ground.department.id;
    match &ground.department.delivery {
        Delivery::Queue => match &ground.broker {
            Some(broker) => match bus::department::waiting(&crate::hub::rabbit_options(broker), id).await {
                Ok(waiting) => good(SETTINGS, format!("both its queues are there, {waiting} waiting")),
                Err(error) => bad(SETTINGS, error.to_string(), "import `voordeur broker definitions`"),
            },
            None if ground.token.is_some() => good(SETTINGS, "it fetches its work over HTTP with its token"),
            None => bad(SETTINGS, "it has no token to fetch with", format!("set `token` under [departments.{id}]")),
        },
        Delivery::Push { adapter, settings } if adapter == "webhook" => {
            let url = settings.get("url").and_then(|url| url.as_str()).unwrap_or_default();
            if ground.secrets.keys(id).is_empty() {
                let fix = format!("set `secret` under [departments.{id}] in the configuration");
                return bad(SETTINGS, "there is no secret to sign with", fix);
            }
            good(SETTINGS, format!("it listens on {url}"))
        }
        Delivery::Push { adapter, settings } if adapter == "open311" => {
            let url = settings.get("url").and_then(|url| url.as_str()).unwrap_or_default();
            let key = match ground.open311.as_ref().is_some_and(super::Judge::has_key) {
                true => "with our key",
                false => "without a key",
            };
            good(SETTINGS, format!("its API begins at {url}, and we call it {key}"))
        }
        Delivery::Push { adapter, .. } => good(SETTINGS, format!("work reaches it by `{adapter}`")),
    }
}

/// Waits until the department has it.
pub async fn accepts(ground: &Ground, one: &Written) -> anyhow::Result<Finding> {
    let case = one.dispatch.case_id;
    let taken = until(ground.within(), async || {
        let row = ground.row(case).await?;
        Ok(row.filter(|row| matches!(row.state, DispatchState::Delivered | DispatchState::Failed)))
    })
    .await?;
    if let Some(row) = taken {
        return Ok(match (row.state, row.receipt) {
            (DispatchState::Failed, _) => bad(ACCEPTS, row.why.unwrap_or_default(), FIX_REFUSED),
            (_, Some(receipt)) => good(ACCEPTS, format!("it has it, as {receipt}")),
            (_, None) => good(ACCEPTS, "it has it"),
        });
    }
    let seconds = ground.args.within;
    if ground.is_queue() {
        return queue_waits(ground, seconds).await;
    }
    let row = ground.row(case).await?;
    let why = row.and_then(|row| row.why).unwrap_or_else(|| "nobody tried to hand it over".to_owned());
    Ok(bad(
        ACCEPTS,
        format!("not within {seconds} s: {why}"),
        "see that the hub runs with its role `adapters`, and that the department's system listens at the address in \
         departments.yaml and answers 2xx",
    ))
}

const FIX_REFUSED: &str = "answer 2xx when you hold the dispatch; 4xx stops it for good and calls an operator";

async fn queue_waits(ground: &Ground, seconds: u64) -> anyhow::Result<Finding> {
    let fix = "consume both queues and acknowledge when your system holds the dispatch";
    let Some(broker) = &ground.broker else {
        let seen = format!("not fetched and acknowledged within {seconds} s");
        return Ok(bad(ACCEPTS, seen, "fetch by GET /work, then POST /work/ack with the ids that you hold"));
    };
    let waiting = bus::department::waiting(&crate::hub::rabbit_options(broker), &ground.department.id).await?;
    Ok(if waiting > 0 {
        bad(ACCEPTS, format!("after {seconds} s {waiting} wait in its queues: nobody consumes them"), fix)
    } else {
        good(ACCEPTS, "it was taken from the queue")
    })
}

/// Whether the call itself was answered soon.
pub async fn prompt(ground: &Ground, one: &Written) -> anyhow::Result<Finding> {
    let Some(letter) = one.letter.as_ref().filter(|_| !ground.is_queue()) else {
        return Ok(skipped(PROMPT, "it fetches its work: nobody waits for its answer"));
    };
    // Its answer may come by callback before the call itself has ended; a call that was not taken is
    // not slow but unsteady.
    let took = until(ground.within(), async || {
        let attempts = ground.store.attempts(letter.id).await?;
        let done = attempts.iter().find(|attempt| attempt.verdict.as_deref() == Some("done"));
        Ok(done.and_then(|done| Some(done.ended_at?.duration_since(done.started_at).as_millis())))
    })
    .await?;
    let (Some(took), most) = (took, i128::from(ground.args.prompt)) else {
        return Ok(skipped(PROMPT, "no call was written down"));
    };
    Ok(if took <= most {
        good(PROMPT, format!("answered after {took} ms"))
    } else {
        bad(PROMPT, format!("answered after {took} ms, {most} ms are enough"), "keep the dispatch, answer, then work")
    })
}

/// Waits until the department says something.
pub async fn answers(ground: &Ground, one: &Written) -> anyhow::Result<Finding> {
    let case = one.dispatch.case_id;
    let said =
        until(ground.within(), async || Ok(ground.row(case).await?.filter(|row| row.answered_at.is_some()))).await?;
    if said.is_none() {
        return Ok(bad(
            ANSWERS,
            format!("nothing was heard within {} s", ground.args.within),
            "send an update (accept, plan, done or reject) by callback, by the queue, or with the token; the answer \
             of the hub names each wrong field",
        ));
    }
    let words: Vec<&str> = ground.events(case).await?.iter().map(|event| event.what.word()).collect();
    Ok(good(ANSWERS, format!("the timeline says: {}", words.join(", "))))
}

/// A test case that has to be taken as the first was.
pub async fn takes(ground: &Ground, check: Check, one: &Written) -> anyhow::Result<Finding> {
    let finding = accepts(ground, one).await?;
    Ok(if finding.passed() {
        good(check, finding.seen)
    } else {
        bad(check, finding.seen, "read the fields that you need and leave the others; take UTF-8 of any length")
    })
}

/// Whether the photo is there for who has the token.
pub async fn photo(ground: &Ground, one: &Written, photo: Uuid) -> anyhow::Result<Finding> {
    let taken = accepts(ground, one).await?;
    if !taken.passed() {
        return Ok(bad(PHOTO, taken.seen, "take a dispatch with photos as one without"));
    }
    let id = &ground.department.id;
    let Some(token) = &ground.token else {
        return Ok(skipped(
            PHOTO,
            format!("it has no token: set `token` under [departments.{id}] and give it to them"),
        ));
    };
    let url = format!("{}/api/v1/departments/{id}/photos/{photo}", ground.hub).parse()?;
    let answer = match ground.http.get(&url)?.bearer_auth(token.expose_secret()).send().await {
        Ok(answer) => answer,
        Err(_) => return Ok(skipped(PHOTO, format!("the hub does not answer at {}: name it with --hub", ground.hub))),
    };
    let status = answer.status();
    Ok(if status.is_success() {
        good(PHOTO, format!("GET {} with its token answers {status}", one.dispatch.photos.join(" ")))
    } else {
        bad(PHOTO, format!("fetching it with the token answers {status}"), "see that the token is the one of the hub")
    })
}

/// Whether a second copy makes a second case.
pub async fn once(ground: &Ground, plain: &Written, sent: &mut Sent) -> anyhow::Result<Finding> {
    let case = plain.dispatch.case_id;
    ground.quiet(&[case]).await?;
    let before = statements(&ground.events(case).await?);
    let receipt = ground.row(case).await?.and_then(|row| row.receipt);
    let fix = "keep the id of each dispatch; when it comes again, answer as the first time and do nothing";
    let seen = if let Some(probe) = probe::again(ground, &plain.dispatch).await {
        match (probe, receipt) {
            (Err(why), _) => return Ok(bad(ONCE, format!("the second call was not taken: {why}"), fix)),
            (Ok(Some(second)), Some(first)) if first != second => {
                return Ok(bad(ONCE, format!("two numbers for one dispatch: {first}, then {second}"), fix));
            }
            (Ok(Some(second)), _) => format!("both calls were answered with {second}"),
            (Ok(None), _) => "both calls were taken".to_owned(),
        }
    } else {
        let letter = trials::send_again(&ground.store, &ground.department, &plain.dispatch).await?;
        sent.again.push(letter);
        "it was sent twice".to_owned()
    };
    ground.quiet(&[case]).await?;
    let after = statements(&ground.events(case).await?);
    Ok(if after > before {
        bad(ONCE, format!("after the second copy it said {} more", after - before), fix)
    } else {
        good(ONCE, format!("{seen}, and nothing new was said"))
    })
}

/// How often the department said something that stands in the timeline.
fn statements(events: &[CaseEvent]) -> usize {
    events.iter().filter(|event| statement(&event.what).is_some()).count()
}

/// A statement of a department, in words that make it the same as another.
fn statement(what: &What) -> Option<String> {
    match what {
        What::Accepted { .. }
        | What::Planned { .. }
        | What::Solved { .. }
        | What::Rejected { .. }
        | What::Note { .. }
        | What::InternalNote { .. }
        | What::Outdated { .. } => serde_json::to_string(what).ok(),
        _ => None,
    }
}

/// What the timelines of all test cases show.
pub async fn timelines(ground: &Ground, written: &[Written]) -> anyhow::Result<Vec<Finding>> {
    let cases: Vec<Uuid> = written.iter().map(|one| one.dispatch.case_id).collect();
    ground.quiet(&cases).await?;
    let (mut delayed, mut doubled, mut late, mut said) = (Vec::new(), Vec::new(), 0, 0);
    // A department that calls back before it ends the call has the case already, so that no delay
    // stands in its timeline: the ledger tells of the call.
    for letter in written.iter().filter_map(|one| one.letter.as_ref()) {
        let tries = ground.store.attempts(letter.id).await?;
        let failed = tries.into_iter().find(|attempt| attempt.verdict.as_deref().is_some_and(|word| word != "done"));
        delayed.extend(failed.map(|attempt| attempt.why.unwrap_or_default()));
    }
    let mut told = Vec::new();
    for case in cases {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for event in ground.events(case).await? {
            match &event.what {
                What::HandOverDelayed { why, .. } | What::HandOverFailed { why, .. } => told.push(why.clone()),
                What::Outdated { .. } => late += 1,
                _ => {}
            }
            if let Some(words) = statement(&event.what) {
                said += 1;
                *counts.entry(words).or_default() += 1;
            }
        }
        doubled.extend(counts.into_iter().filter(|(_, times)| *times > 1).map(|(words, _)| words));
    }
    // A call that was put off for a while is in the timeline alone.
    if delayed.is_empty() {
        delayed = told;
    }
    let steady = match delayed.first() {
        None => good(STEADY, "none had to be tried again"),
        Some(why) => bad(
            STEADY,
            format!("{} had to be tried again: {why}", crate::output::count(delayed.len() as u64, "hand-over")),
            "keep the dispatch and answer 2xx at once, also under load; nothing was lost, we tried again",
        ),
    };
    let same_id = match doubled.first() {
        _ if said == 0 => skipped(SAME_ID, "it said nothing"),
        None => good(SAME_ID, format!("{said} said, each once in the timeline, however often it was sent")),
        Some(words) => bad(
            SAME_ID,
            format!("the same was said under two ids: {words}"),
            "derive the `id` of an update from what it says, or keep it, so that a retry carries the same",
        ),
    };
    let order = match late {
        _ if said == 0 => skipped(ORDER, "it said nothing"),
        0 => good(ORDER, "everything came in the order of its `at`"),
        late => good(ORDER, format!("{late} came after something newer: kept as words, nothing was undone")),
    };
    Ok(vec![steady, same_id, order])
}
