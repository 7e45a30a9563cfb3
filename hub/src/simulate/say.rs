//! How a played department speaks to the hub: by signed callback, or with its token; again and again
//! until the hub has it.

use super::Play;
use crate::failure::Failure;
use adapters::callback;
use anyhow::Context as _;
use reqwest::{RequestBuilder, StatusCode, Url, header};
use schemas::{
    Uuid,
    dispatch::{Dispatch, Update},
};
use secrecy::ExposeSecret as _;
use std::time::Duration;

/// The first pause before something is said again; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

impl Play {
    /// The address of `path` on the hub.
    pub fn at(&self, path: &str) -> anyhow::Result<Url> {
        let address = format!("{}{path}", self.hub);
        address.parse().map_err(|_| {
            Failure::usage(format!("`{}` is not the address of a hub", self.hub), "write --hub http://127.0.0.1:1777")
                .into()
        })
    }

    /// Whether the hub is there and knows us. A body that no update could be asks it without
    /// changing anything.
    pub async fn introduce(&self) -> anyhow::Result<()> {
        let answer = self.post("{}").await?.send().await.map_err(|error| {
            anyhow::Error::from(error).context(Failure::new(
                format!("the hub cannot be reached at {}", self.hub),
                "start it with `voordeur serve`, or name its address with --hub",
            ))
        })?;
        let status = answer.status();
        match status {
            StatusCode::UNPROCESSABLE_ENTITY | StatusCode::BAD_REQUEST => Ok(()),
            StatusCode::UNAUTHORIZED => {
                let said = problem(answer).await;
                let (what, flag) = if self.key.is_some() { ("secret", "--secret") } else { ("token", "--token") };
                Err(Failure::new(
                    format!("the hub does not know our {what}: {said}"),
                    format!(
                        "give the `{what}` that stands under [departments.{}] in the configuration of the hub, \
                         with {flag} or --config",
                        self.department
                    ),
                )
                .into())
            }
            StatusCode::TOO_MANY_REQUESTS => Err(Failure::new(
                "the hub asks for patience: too many wrong secrets came from this address",
                "try again in a minute",
            )
            .into()),
            _ => Err(Failure::new(
                format!("there is no hub at {}: it answered {status}", self.hub),
                "name the address of the hub with --hub",
            )
            .into()),
        }
    }

    /// A POST of `body` that proves who we are: signed when there is a key, with the token otherwise.
    async fn post(&self, body: &str) -> anyhow::Result<RequestBuilder> {
        let json = (header::CONTENT_TYPE, "application/json");
        if let Some(key) = &self.key {
            let now = self.clock.now();
            let id = schemas::id::derived(&["simulated", &self.department, body]).to_string();
            let signature = callback::sign(std::slice::from_ref(key), &id, now, body.as_bytes());
            let url = self.at(&format!("/api/v1/departments/{}/callback", self.department))?;
            return Ok(self
                .http
                .post(&url)?
                .header(json.0, json.1)
                .header(callback::ID, id)
                .header(callback::TIMESTAMP, now.as_second().to_string())
                .header(callback::SIGNATURE, signature)
                .body(body.to_owned()));
        }
        let token = self.token.as_ref().ok_or_else(|| {
            Failure::usage(
                "there is nothing to prove ourselves with",
                format!(
                    "give --secret or --token, or name the configuration of the hub with --config: it stands under \
                     [departments.{}]",
                    self.department
                ),
            )
        })?;
        let url = self.at(&format!("/api/v1/departments/{}/updates", self.department))?;
        let post = self.http.post(&url)?.bearer_auth(token.expose_secret());
        Ok(post.header(json.0, json.1).body(body.to_owned()))
    }

    /// Says `update` until the hub has it or will never have it. Shows every try.
    pub async fn say(&self, update: &Update) {
        let body = serde_json::to_string(update).unwrap_or_default();
        let what = update.say.word();
        let mut pause = FIRST_PAUSE;
        loop {
            let sent = match self.post(&body).await {
                Ok(post) => post.send().await.context("the hub cannot be reached"),
                Err(error) => Err(error),
            };
            let wait = match sent {
                Ok(answer) => {
                    let status = answer.status();
                    let wait = retry_after(answer.headers());
                    let said = if status.is_success() { String::new() } else { format!(" {}", problem(answer).await) };
                    let outcome = format!("{}{said}", status.as_u16());
                    self.hops.said(update.dispatch, what, Some(&update.id), &outcome);
                    if !(status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS) {
                        return;
                    }
                    wait
                }
                Err(error) => {
                    self.hops.said(update.dispatch, what, Some(&update.id), &format!("{error:#}"));
                    None
                }
            };
            tokio::time::sleep(wait.unwrap_or(pause)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Fetches the photos of `dispatch`, as a department that needs to see them does.
    pub async fn look_at_photos(&self, dispatch: &Dispatch) {
        for photo in &dispatch.photos {
            let outcome = self.fetch_photo(photo).await.unwrap_or_else(|error| format!("{error:#}"));
            self.hops.said(dispatch.id, "photo", None, &outcome);
        }
    }

    /// Opens a photo by its whole address, at the hub that we know: the public name need not lead to
    /// this machine.
    pub async fn look_at_address(&self, dispatch: Uuid, address: &str) {
        let fetch = async {
            let address: Url = address.parse().context("this is no address")?;
            let here = format!("{}?{}", address.path(), address.query().unwrap_or_default());
            seen(self.http.get(&self.at(&here)?)?.send().await?).await
        };
        let outcome: anyhow::Result<String> = fetch.await;
        self.hops.said(dispatch, "photo", None, &outcome.unwrap_or_else(|error| format!("{error:#}")));
    }

    async fn fetch_photo(&self, path: &str) -> anyhow::Result<String> {
        let token = self.token.as_ref().context("not fetched: that needs the department's token (--token)")?;
        seen(self.http.get(&self.at(path)?)?.bearer_auth(token.expose_secret()).send().await?).await
    }
}

/// What came of fetching a photo.
async fn seen(answer: reqwest::Response) -> anyhow::Result<String> {
    let status = answer.status();
    if !status.is_success() {
        return Ok(format!("{} {}", status.as_u16(), problem(answer).await));
    }
    Ok(format!("{} {} bytes", status.as_u16(), answer.bytes().await?.len()))
}

/// Seconds of `Retry-After`.
pub fn retry_after(headers: &header::HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.min(3600)))
}

/// What the hub says is wrong: the faults of its problem (RFC 9457), or its detail.
pub async fn problem(answer: reqwest::Response) -> String {
    let Ok(problem) = answer.json::<serde_json::Value>().await else { return String::new() };
    let faults: Vec<String> = problem["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|fault| {
            let words = |name: &str| fault[name].as_str().unwrap_or_default();
            format!("{}: {}", words("field"), words("message"))
        })
        .collect();
    if faults.is_empty() { problem["detail"].as_str().unwrap_or_default().to_owned() } else { faults.join("; ") }
}
