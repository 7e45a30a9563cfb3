//! A letter as a signed POST (Standard Webhooks 1.0) that carries it as a CloudEvent. The other side dedupes by
//! `webhook-id`, which stays the same on every retry, so a call that may have arrived is simply made again.

use crate::{callback, secrets::Key};
use bus::{LaneSettings, UnknownPolicy, http};
use reqwest::{Response, StatusCode, header};
use schemas::{
    Timestamp, cloudevent,
    fault::Invalid,
    id::Clock,
    letter::Letter,
    text,
    verdict::{Fault, Verdict},
};
use std::time::Duration;
use url::Url;

/// How many calls at once, unless somebody says otherwise.
const AT_ONCE: usize = 4;

/// What is wrong with `url` as the address of such calls; nothing when it is good.
pub fn check(url: &Url) -> Vec<Invalid> {
    let mut faults = Vec::new();
    if !matches!(url.scheme(), "https" | "http") || !url.has_host() {
        faults.push(Invalid::new("/url", "malformed", "write an address that begins with https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        faults.push(Invalid::new("/url", "secret", "no password in the address: the call is signed instead"));
    }
    faults
}

/// Somebody who is called so.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Where they listen.
    pub url: Url,
    /// What calls are signed with.
    pub keys: Vec<Key>,
    /// Who makes the calls.
    pub http: http::Client,
    /// The time.
    pub clock: Clock,
    /// Who we are: the `source` of the CloudEvents.
    pub source: String,
}

impl Caller {
    /// How a lane of such calls is worked.
    pub fn lane(&self) -> LaneSettings {
        LaneSettings {
            concurrency: AT_ONCE,
            unknown: UnknownPolicy::SendAgain,
            // Longer than the client's own time-out, which knows better what happened.
            deadline: self.http.timeout() + Duration::from_secs(5),
            ..LaneSettings::default()
        }
    }

    /// Makes one call with `letter`.
    pub async fn call(&self, letter: &Letter) -> Verdict {
        let key = letter.id.to_string();
        let body = cloudevent::write(letter, &self.source);
        let now = self.clock.now();
        let call = match self.http.post(&self.url) {
            Ok(call) => call,
            Err(error) => return Verdict::never(Fault::Ours, error.to_string()),
        };
        let call = call
            .header(header::CONTENT_TYPE, cloudevent::CONTENT_TYPE)
            .header("idempotency-key", &key)
            .header("traceparent", letter.trace.to_string())
            .header(callback::ID, &key)
            .header(callback::TIMESTAMP, now.as_second().to_string())
            .header(callback::SIGNATURE, callback::sign(&self.keys, &key, now, &body))
            .body(body);
        match call.send().await {
            Ok(answer) => judge(answer, now).await,
            Err(error) => http::verdict(&error),
        }
    }
}

async fn judge(answer: Response, now: Timestamp) -> Verdict {
    let status = answer.status();
    if status.is_success() {
        return Verdict::Done { receipt: receipt(answer).await };
    }
    let why = format!("their system answered {status}");
    match status {
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => later(&answer, now, why),
        _ if status.is_server_error() => later(&answer, now, why),
        _ if status.is_redirection() => {
            Verdict::never(Fault::Ours, format!("{why}: redirects are not followed, write the final address"))
        }
        StatusCode::NOT_FOUND | StatusCode::GONE => {
            Verdict::never(Fault::Address, format!("{why}: nobody listens at this address"))
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            Verdict::never(Fault::Refused, format!("{why}: do both sides have the same webhook key?"))
        }
        _ => {
            let said = text::clean_line(&String::from_utf8_lossy(&http::head(answer).await));
            let said: String = said.chars().take(200).collect();
            Verdict::never(Fault::Refused, if said.is_empty() { why } else { format!("{why}: {said}") })
        }
    }
}

/// Their system is there but not now. When it names a time, that is no failed try.
fn later(answer: &Response, now: Timestamp, why: String) -> Verdict {
    match http::retry_after(answer.headers(), now) {
        Some(after) => Verdict::slow_down(after, why),
        None => Verdict::later(why),
    }
}

/// What their system calls it: `receipt`, `reference` or `id` of a JSON answer, a line of plain
/// text, or `Location`.
async fn receipt(answer: Response) -> Option<String> {
    let header = |name| answer.headers().get(name).and_then(|v: &header::HeaderValue| v.to_str().ok());
    let is_text = header(header::CONTENT_TYPE).is_some_and(|t| t.starts_with("text/plain"));
    let location = header(header::LOCATION).map(str::to_owned);
    let body = http::head(answer).await;
    let named = serde_json::from_slice::<serde_json::Value>(&body).ok().and_then(|json| {
        ["receipt", "reference", "id"].iter().find_map(|name| match json.get(name)? {
            serde_json::Value::String(text) => Some(text.clone()),
            serde_json::Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
    });
    let plain = || is_text.then(|| String::from_utf8_lossy(&body).into_owned()).filter(|text| !text.trim().is_empty());
    let receipt: String = text::clean_line(&named.or_else(plain).or(location)?).chars().take(200).collect();
    (!receipt.is_empty()).then_some(receipt)
}
