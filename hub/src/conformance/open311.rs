//! The checks of a department whose server speaks Open311, as far as GeoReport allows to look.

use super::{
    Ground, Sent,
    checks::{self, ACCEPTS, ANSWERS, BIG_WORDS, Check, ORDER, PHOTO, PROMPT, SAME_ID, STEADY, bad, good, skipped},
    report::{Finding, Report},
    watch::until,
};
use adapters::{
    departments::open311::judge::{Judge, Knock},
    trials::{Trial, Written},
};
use schemas::dispatch::DispatchState;
use std::time::Duration;

const SERVICES: Check = ("services", "offers and describes the services that departments.yaml names");
const LISTS: Check = ("lists", "lists its requests of a span of time");
const UPDATES: Check = ("updates", "lists updates of requests (`servicerequestupdates`)");
const KEY: Check = ("key", "refuses a request whose key does not fit");
const FOUND: Check = ("found", "gives a request back with its description, so that nothing is sent twice");

/// Every check that needs test cases, in order.
pub const SENT: &[Check] = &[ACCEPTS, PROMPT, ANSWERS, BIG_WORDS, PHOTO, KEY, FOUND, STEADY, SAME_ID, ORDER];

const FIX_LIST: &str =
    "answer GET requests with start_date and end_date (ISO 8601, with a zone) with what came in that time";

/// What can be seen without sending anything.
pub async fn unsent(judge: &Judge) -> Vec<Finding> {
    let services = if judge.config().discover {
        match judge.services().await {
            Ok(1) => good(SERVICES, "the one that we use is there"),
            Ok(n) => good(SERVICES, format!("all {n} that we use are there")),
            Err(why) => bad(
                SERVICES,
                why,
                "put `services` in departments.yaml right, or have the service added there; a server that describes \
                 nothing needs `discover: false`",
            ),
        }
    } else {
        skipped(SERVICES, "`discover: false` in departments.yaml: it is not asked")
    };
    let lists = match judge.requests().await {
        Ok(n) => good(LISTS, format!("{n} of the last hour")),
        Err(why) => bad(LISTS, why, FIX_LIST),
    };
    let updates = if judge.config().updates.pulls() {
        match judge.updates().await {
            Ok(n) => good(UPDATES, format!("{n} of the last hour")),
            Err(why) => {
                bad(UPDATES, why, "write `updates: none` or `push` in departments.yaml if it does not list them")
            }
        }
    } else {
        skipped(UPDATES, "`updates` in departments.yaml does not say that it does")
    };
    vec![services, lists, updates]
}

/// Sends test cases, and looks at what becomes of them.
pub async fn judge(ground: &Ground, judge: &Judge, report: &mut Report, sent: &mut Sent) -> anyhow::Result<()> {
    let begun = ground.clock.now();
    let plain = sent.write(ground, &[Trial::Plain]).await?.remove(0);
    let taken = accepts(ground, &plain).await?;
    let is_taken = taken.passed();
    report.add(taken);
    if !is_taken {
        for (id, asks) in SENT.iter().skip(1) {
            report.add(Finding::skipped(id, asks, "the first test case was not taken"));
        }
        return Ok(());
    }
    report.add(checks::prompt(ground, &plain).await?);
    report.add(answers(ground, judge, &plain).await?);
    let photo = super::photo(ground).await?;
    let more = sent.write(ground, &[Trial::BigWords, Trial::Photo(photo), Trial::Unsent]).await?;
    report.add(checks::takes(ground, BIG_WORDS, &more[0]).await?);
    report.add(self::photo(ground, judge, &more[1]).await?);
    report.add(key(judge, &more[2]).await);
    report.add(found(ground, judge, &[&plain, &more[0], &more[1]], begun).await?);
    for finding in checks::timelines(ground, &sent.cases).await? {
        report.add(finding);
    }
    Ok(())
}

async fn accepts(ground: &Ground, one: &Written) -> anyhow::Result<Finding> {
    let finding = checks::accepts(ground, one).await?;
    if finding.passed() {
        return Ok(finding);
    }
    let row = ground.row(one.dispatch.case_id).await?;
    let why = row.as_ref().and_then(|row| row.why.clone()).unwrap_or_default();
    Ok(match row.map(|row| row.state) {
        Some(DispatchState::Posted) if why.starts_with("token ") => skipped(
            ACCEPTS,
            format!("it collects requests and gave a {why}; there is no number yet, give it more time with --within"),
        ),
        Some(DispatchState::Failed) => bad(
            ACCEPTS,
            why,
            "what stands there is its own word or a setting of departments.yaml; both are explained in \
             docs/connect/departments/open311.md",
        ),
        _ => finding,
    })
}

/// Whether anything was said about it. People answer in their own time: that nobody has yet is no
/// fault as long as we can see how it stands.
async fn answers(ground: &Ground, judge: &Judge, one: &Written) -> anyhow::Result<Finding> {
    let said = checks::answers(ground, one).await?;
    if said.passed() {
        return Ok(said);
    }
    let Some(number) = ground.row(one.dispatch.case_id).await?.and_then(|row| row.receipt) else {
        return Ok(skipped(ANSWERS, "it gave no number to ask by"));
    };
    Ok(match judge.status(&number).await {
        Ok(Some(status)) => skipped(ANSWERS, format!("{number} is `{status}` there, nobody has said more yet")),
        Ok(None) => bad(ANSWERS, format!("{number} has no status there"), "list each request with its `status`"),
        Err(why) => bad(ANSWERS, why, "answer GET requests with service_request_id with that request"),
    })
}

async fn photo(ground: &Ground, judge: &Judge, one: &Written) -> anyhow::Result<Finding> {
    let taken = checks::accepts(ground, one).await?;
    if !taken.passed() {
        return Ok(bad(PHOTO, taken.seen, "take a request with a media_url as one without"));
    }
    let Some(address) = judge.photo(&one.dispatch) else {
        return Ok(skipped(PHOTO, "`photos: false` in departments.yaml: it gets none"));
    };
    // At the hub that runs here: the public name need not lead to it from this machine.
    let Some(path) = address.split_once("/api/").map(|(_, path)| format!("{}/api/{path}", ground.hub)) else {
        return Ok(skipped(PHOTO, "the address of the photo is none of ours"));
    };
    let Ok(answer) = ground.http.get(&path.parse()?)?.send().await else {
        return Ok(skipped(PHOTO, format!("the hub does not answer at {}: name it with --hub", ground.hub)));
    };
    let status = answer.status();
    Ok(if status.is_success() {
        good(PHOTO, format!("the address that it got answers {status} to whoever has it"))
    } else {
        bad(PHOTO, format!("the address that it got answers {status}"), "see that the hub runs with this configuration")
    })
}

async fn key(judge: &Judge, unsent: &Written) -> Finding {
    if !judge.has_key() {
        return skipped(KEY, "we have none: set `api_key` in the configuration if they gave you one");
    }
    let fix = "refuse POST requests with 401 or 403 unless `api_key` is one that you gave";
    match judge.knocks(&unsent.dispatch).await {
        Knock::Refused(status) => good(KEY, format!("it answered {status}")),
        Knock::Taken(Some(number)) => bad(KEY, format!("it took a request with a wrong key, as {number}"), fix),
        Knock::Taken(None) => bad(KEY, "it took a request with a wrong key", fix),
        Knock::Unclear(why) => skipped(KEY, why),
    }
}

/// Whether each is there exactly once: what may have arrived is looked for in this list.
async fn found(
    ground: &Ground,
    judge: &Judge,
    written: &[&Written],
    begun: schemas::Timestamp,
) -> anyhow::Result<Finding> {
    for one in written {
        let numbers = until(judge.config().shows_after + Duration::from_secs(1), async || {
            let numbers = judge.finds(&one.dispatch, begun).await;
            Ok(match numbers {
                Ok(numbers) if numbers.is_empty() => None,
                other => Some(other),
            })
        })
        .await?;
        match numbers {
            Some(Ok(numbers)) if numbers.len() == 1 => {}
            Some(Ok(numbers)) => {
                let numbers: Vec<String> = numbers.into_iter().collect();
                return Ok(bad(
                    FOUND,
                    format!("one dispatch stands there {} times: {}", numbers.len(), numbers.join(", ")),
                    "list a request as soon as it is kept, also when the call broke; raise `shows_after` in \
                     departments.yaml to how long that takes",
                ));
            }
            Some(Err(why)) => return Ok(bad(FOUND, why, FIX_LIST)),
            None => {
                let receipt = ground.row(one.dispatch.case_id).await?.and_then(|row| row.receipt).unwrap_or_default();
                return Ok(bad(
                    FOUND,
                    format!("{receipt} is not in its list, or without the last line of its description"),
                    "give descriptions back whole, or name an attribute that comes back as `key_attribute` in \
                     departments.yaml",
                ));
            }
        }
    }
    Ok(good(FOUND, format!("all {} stand there once each, with our mark", written.len())))
}
