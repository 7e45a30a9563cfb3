//! Calls to a webhook as the hub makes them, and as a forger would.

use super::{Ground, checks, report::Finding};
use adapters::{callback, secrets::Key, trials::Written};
use reqwest::{Response, Url, header};
use schemas::{
    Timestamp,
    city::Delivery,
    cloudevent,
    dispatch::Dispatch,
    letter::{Lane, Letter, Topic},
    trace::Trace,
};
use std::time::Duration;

/// A key that nobody agreed on.
const STRANGER: &str = "whsec_c3RyYW5nZXJzdHJhbmdlcnN0cmFuZ2Vyc3RyYW5nZXI=";

/// How long one call may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The address of the webhook, where there is one.
fn address(ground: &Ground) -> Option<Url> {
    match &ground.department.delivery {
        Delivery::Push { adapter, settings } if adapter == "webhook" => settings.get("url")?.as_str()?.parse().ok(),
        _ => None,
    }
}

/// Calls the webhook with `dispatch`, signed at `at` with `signature` over it.
async fn call(
    ground: &Ground,
    url: &Url,
    dispatch: &Dispatch,
    at: Timestamp,
    signature: impl Fn(&str, &[u8]) -> String,
) -> Result<Response, String> {
    let (id, lane) = (dispatch.id.to_string(), Lane::department(&dispatch.department));
    let kind = dispatch.kind.as_str();
    let letter = Letter::new(dispatch.id, lane, Topic::DepartmentDispatch, kind, dispatch, Trace::start(), at);
    let body = cloudevent::write(&letter.about(dispatch.case_id), &ground.hub);
    let post = ground.http.post(url).map_err(|error| error.to_string())?;
    let post = post
        .timeout(PATIENCE)
        .header(header::CONTENT_TYPE, cloudevent::CONTENT_TYPE)
        .header("idempotency-key", &id)
        .header(callback::ID, &id)
        .header(callback::TIMESTAMP, at.as_second().to_string())
        .header(callback::SIGNATURE, signature(&id, &body))
        .body(body);
    post.send().await.map_err(|error| error.to_string())
}

/// Sends `dispatch` again as the hub would. `None`: it has no webhook. Gives its number of it.
pub async fn again(ground: &Ground, dispatch: &Dispatch) -> Option<Result<Option<String>, String>> {
    let url = address(ground)?;
    let keys = ground.secrets.keys(&dispatch.department);
    let mut last = String::new();
    // It may refuse a call now and then; that is another check.
    for _ in 0..5 {
        let now = ground.clock.now();
        match call(ground, &url, dispatch, now, |id, body| callback::sign(keys, id, now, body)).await {
            Ok(answer) if answer.status().is_success() => {
                let body: serde_json::Value = answer.json().await.unwrap_or_default();
                let number = ["receipt", "reference", "id"].iter().find_map(|name| body.get(name)?.as_str());
                return Some(Ok(number.map(str::to_owned)));
            }
            Ok(answer) => last = format!("it answered {}", answer.status()),
            Err(why) => last = why,
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Some(Err(last))
}

/// The three checks of signatures, on a test case that was never sent: whoever takes it took it from
/// a forger.
pub async fn signatures(ground: &Ground, unsent: &Written) -> Vec<Finding> {
    let all = [checks::SIGNATURE, checks::STALE, checks::TWO_KEYS];
    let Some(url) = address(ground) else {
        return all.map(|(id, asks)| Finding::skipped(id, asks, "it has no webhook")).to_vec();
    };
    let (Some(stranger), keys) = (Key::parse(STRANGER), ground.secrets.keys(&ground.department.id)) else {
        return Vec::new();
    };
    let (dispatch, now) = (&unsent.dispatch, ground.clock.now());
    let stranger = [stranger];
    let forged = call(ground, &url, dispatch, now, |id, body| callback::sign(&stranger, id, now, body)).await;
    let old = now - Duration::from_secs(600);
    let stale = call(ground, &url, dispatch, old, |id, body| callback::sign(keys, id, old, body)).await;
    let mut findings = vec![
        refused(
            checks::SIGNATURE,
            &forged,
            "compare the HMAC-SHA256 over `id.timestamp.body`, in constant time, before you look at the body",
        ),
        refused(checks::STALE, &stale, "refuse a `webhook-timestamp` more than five minutes from your clock"),
    ];
    let mut taken = Err(String::new());
    for _ in 0..5 {
        taken = call(ground, &url, dispatch, now, |id, body| {
            format!("{} {}", callback::sign(&stranger, id, now, body), callback::sign(keys, id, now, body))
        })
        .await;
        if taken.as_ref().is_ok_and(|answer| !answer.status().is_server_error()) {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let (id, asks) = checks::TWO_KEYS;
    findings.push(match &taken {
        Ok(answer) if answer.status().is_success() => {
            Finding::good(id, asks, format!("it answered {}", answer.status()))
        }
        other => Finding::bad(
            id,
            asks,
            seen(other),
            "split `webhook-signature` at spaces and take the call when one of them fits: so a secret can be changed",
        ),
    });
    findings
}

fn seen(answer: &Result<Response, String>) -> String {
    match answer {
        Ok(answer) => format!("it answered {}", answer.status()),
        Err(why) => format!("it did not answer: {why}"),
    }
}

fn refused((id, asks): (&'static str, &'static str), answer: &Result<Response, String>, fix: &str) -> Finding {
    match answer {
        Ok(response) if response.status().is_client_error() => Finding::good(id, asks, seen(answer)),
        Ok(response) if response.status().is_server_error() => {
            Finding::skipped(id, asks, format!("{}: it could not look at the call", seen(answer)))
        }
        Ok(_) => Finding::bad(id, asks, seen(answer), fix),
        Err(_) => Finding::skipped(id, asks, seen(answer)),
    }
}
