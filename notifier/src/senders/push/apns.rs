//! Apps on iPhones and iPads, by the Apple Push Notification service: HTTP/2, and a token that is signed with a key
//! of Apple's and kept between 20 and 60 minutes.

use super::{Key, Message, Service, message::Press, words_of};
use async_trait::async_trait;
use bus::http;
use schemas::{
    Timestamp,
    device::Device,
    id::Clock,
    verdict::{Fault, Verdict},
};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::Mutex;
use url::Url;

/// Apple refuses tokens of more than an hour, and new ones within 20 minutes.
const TOKEN_FOR: Duration = Duration::from_mins(40);
/// How long to leave Apple alone when it says "too many".
const PAUSE: Duration = Duration::from_secs(60);
/// The same when it says that of tokens.
const LONG_PAUSE: Duration = Duration::from_mins(20);

/// The city's app at Apple.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApnsConfig {
    /// The key that Apple gave, a `.p8` file: PEM.
    pub key: SecretString,
    /// Its name: ten letters and digits.
    pub key_id: String,
    /// The team: ten letters and digits.
    pub team_id: String,
    /// The app, by its bundle id.
    pub topic: String,
    /// Where Apple is; `https://api.sandbox.push.apple.com` for apps under development.
    #[serde(default = "url")]
    pub url: Url,
}

/// Where Apple is.
pub const URL: &str = "https://api.push.apple.com";

/// [`URL`], read.
///
/// # Panics
/// Never: a test reads it.
pub fn url() -> Url {
    URL.parse().expect("a constant that a test reads")
}

impl ApnsConfig {
    /// What is wrong with these settings, each as a sentence that names the setting.
    pub(super) fn check(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        if let Err(why) = Key::p256(&self.key) {
            wrong.push(format!("push.apns.key: {why}; name the .p8 file that Apple gave you"));
        }
        for (name, id) in [("key_id", &self.key_id), ("team_id", &self.team_id)] {
            if id.len() != 10 || !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
                wrong.push(format!("push.apns.{name}: write the ten letters and digits that Apple shows"));
            }
        }
        if self.topic.is_empty() || !self.topic.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-')) {
            wrong.push("push.apns.topic: write the bundle id of the app, for instance \"org.example.app\"".to_owned());
        }
        if self.url.scheme() != "https" {
            wrong.push(format!("push.apns.url: write an address that begins with https://, or leave it out for {URL}"));
        }
        wrong
    }
}

/// Sends to apps of Apple's devices.
pub(super) struct Apns {
    http: http::Client,
    clock: Clock,
    config: ApnsConfig,
    key: Key,
    /// The token in use, and when it was signed.
    token: Mutex<Option<(String, Timestamp)>>,
}

impl Apns {
    /// The error is a sentence that names the wrong setting.
    pub(super) fn build(config: &ApnsConfig, http: http::Client, clock: Clock) -> Result<Self, String> {
        let key = Key::p256(&config.key).map_err(|why| format!("push.apns.key: {why}"))?;
        Ok(Self { http, clock, config: config.clone(), key, token: Mutex::default() })
    }

    async fn token(&self) -> Result<String, Verdict> {
        let mut held = self.token.lock().await;
        let now = self.clock.now();
        if let Some((token, at)) = held.as_ref()
            && now < *at + TOKEN_FOR
        {
            return Ok(token.clone());
        }
        let claims = json!({"iss": self.config.team_id, "iat": now.as_second()});
        let token = self.key.token(Some(&self.config.key_id), &claims);
        let token = token.map_err(|why| Verdict::never(Fault::Ours, why))?;
        *held = Some((token.clone(), now));
        Ok(token)
    }
}

/// What the app is told.
fn body(message: &Message<'_>) -> Value {
    let alert = json!({"title": message.title, "body": message.text});
    json!({
        "aps": {"alert": alert, "sound": "default", "thread-id": message.tag()},
        "link": message.link, "lang": message.language, "shown": message.shown,
    })
}

#[async_trait]
impl Service for Apns {
    async fn push(&self, message: &Message<'_>, device: &Device) -> Verdict {
        let Device::Apns { token: to } = device else {
            return Verdict::never(Fault::Ours, "this is no app of Apple's devices");
        };
        let Ok(url) = self.config.url.join(&format!("/3/device/{to}")) else {
            return Verdict::never(Fault::Address, "the token of this device is no name");
        };
        let token = match self.token().await {
            Ok(token) => token,
            Err(verdict) => return verdict,
        };
        let request = match self.http.post(&url) {
            Ok(request) => request,
            Err(error) => return Verdict::never(Fault::Ours, error.to_string()),
        };
        let until = self.clock.now() + message.keep;
        let mut request = request
            .bearer_auth(&token)
            .header("apns-topic", &self.config.topic)
            .header("apns-push-type", "alert")
            // The same on every try, so that Apple and the app know a second copy again.
            .header("apns-id", message.notice.to_string())
            .header("apns-expiration", until.as_second())
            .header("apns-priority", if message.urgency == Press::Low { "5" } else { "10" })
            .json(&body(message));
        if let Some(topic) = &message.topic {
            request = request.header("apns-collapse-id", topic);
        }
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => return http::verdict(&error.without_url()),
        };
        let status = answer.status().as_u16();
        let pause = http::retry_after(answer.headers(), self.clock.now());
        let body = http::head(answer).await;
        let verdict = judge(status, pause, &body);
        if status == 403 && matches!(verdict, Verdict::Later { .. }) {
            // Somebody else may have a newer one by now.
            self.token.lock().await.take_if(|(held, _)| *held == token);
        }
        verdict
    }
}

/// What an answer of Apple means (its documents: "Handling notification responses from APNs").
fn judge(status: u16, pause: Option<Duration>, body: &[u8]) -> Verdict {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let reason = value["reason"].as_str().unwrap_or_default();
    let why = |what: &str| format!("{what}: Apple answered {status}{}", words_of(body));
    match (status, reason) {
        (200, _) => Verdict::receipt("200 apple"),
        (410, _) | (400, "BadDeviceToken") => Verdict::never(Fault::Address, why("the app is not there any more")),
        (400, "DeviceTokenNotForTopic") => Verdict::never(Fault::Refused, why("the device has another app")),
        (403, "ExpiredProviderToken") => Verdict::Later { after: pause, why: why("the token ended"), counts: true },
        (429, "TooManyProviderTokenUpdates") => Verdict::slow_down(pause.unwrap_or(LONG_PAUSE), why("too many tokens")),
        (429, _) => Verdict::slow_down(pause.unwrap_or(PAUSE), why("too many messages")),
        (408 | 500..=599, _) => Verdict::Later { after: pause, why: why("Apple is in trouble"), counts: true },
        (400..=499, _) => Verdict::never(Fault::Ours, why("look at [push.apns]")),
        _ => Verdict::never(Fault::Refused, why("Apple refuses the message")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_mean_what_apple_says() {
        assert_eq!(url().as_str().trim_end_matches('/'), URL);
        for (status, reason, word, fault) in [
            (200, "", "done", None),
            (410, "Unregistered", "never", Some(Fault::Address)),
            (410, "ExpiredToken", "never", Some(Fault::Address)),
            (400, "BadDeviceToken", "never", Some(Fault::Address)),
            (400, "DeviceTokenNotForTopic", "never", Some(Fault::Refused)),
            (400, "BadTopic", "never", Some(Fault::Ours)),
            (403, "InvalidProviderToken", "never", Some(Fault::Ours)),
            (403, "ExpiredProviderToken", "later", None),
            (404, "BadPath", "never", Some(Fault::Ours)),
            (413, "PayloadTooLarge", "never", Some(Fault::Ours)),
            (429, "TooManyRequests", "later", None),
            (429, "TooManyProviderTokenUpdates", "later", None),
            (500, "InternalServerError", "later", None),
            (503, "ServiceUnavailable", "later", None),
        ] {
            let verdict = judge(status, None, json!({"reason": reason}).to_string().as_bytes());
            assert_eq!(verdict.word(), word, "{status} {reason}");
            if let Verdict::Never { fault: of, why } = verdict {
                assert_eq!((Some(of), why.contains(reason)), (fault, true), "{status} {reason}");
            }
        }
        let long = judge(429, None, br#"{"reason":"TooManyProviderTokenUpdates"}"#);
        assert!(matches!(long, Verdict::Later { after: Some(LONG_PAUSE), counts: false, .. }));
    }
}
