//! Apps on Android, by Firebase Cloud Messaging (HTTP v1 API). The city proves itself by a service account: a
//! signed token is changed for one that counts an hour (RFC 7523).

use super::{Key, Message, Service, message::Press, words_of};
use async_trait::async_trait;
use bus::http;
use schemas::{
    Timestamp,
    device::Device,
    id::Clock,
    verdict::{Fault, Verdict},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::Mutex;
use url::Url;

/// What a token lets us do.
const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
/// How long the token counts that we sign (RFC 7523 §3; Google takes an hour at most).
const SIGNED_FOR: Duration = Duration::from_hours(1);
/// A token is changed for a new one so long before it ends.
const EARLY: Duration = Duration::from_mins(2);
/// How long to leave Firebase alone when it says "too many" and not how long.
const PAUSE: Duration = Duration::from_secs(60);

/// The Firebase project of the city's app.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FcmConfig {
    /// The key file of a service account, as Google gives it: JSON.
    pub service_account: SecretString,
    /// Where Firebase is.
    #[serde(default = "url")]
    pub url: Url,
}

/// Where Firebase is.
pub const URL: &str = "https://fcm.googleapis.com";

/// [`URL`], read.
///
/// # Panics
/// Never: a test reads it.
pub fn url() -> Url {
    URL.parse().expect("a constant that a test reads")
}

/// What the key file says, as far as we need it.
#[derive(Deserialize)]
struct Account {
    project_id: String,
    client_email: String,
    private_key: String,
    private_key_id: Option<String>,
    token_uri: Url,
}

impl FcmConfig {
    /// What is wrong with these settings, each as a sentence that names the setting.
    pub(super) fn check(&self) -> Vec<String> {
        let mut wrong: Vec<String> = self.account().err().into_iter().collect();
        if self.url.scheme() != "https" {
            wrong.push(format!("push.fcm.url: write an address that begins with https://, or leave it out for {URL}"));
        }
        wrong
    }

    fn account(&self) -> Result<(Account, Key), String> {
        let wrong = |why: &str| format!("push.fcm.service_account: {why}; name the JSON file that Google gave you");
        let account: Account = serde_json::from_str(self.service_account.expose_secret())
            // The message of serde may show a part of the key.
            .map_err(|_| wrong("this is no key of a service account"))?;
        let is_name =
            |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':'));
        if account.project_id.is_empty() || !is_name(&account.project_id) {
            return Err(wrong("project_id is no name"));
        }
        if account.token_uri.scheme() != "https" {
            return Err(wrong("token_uri is no https address"));
        }
        let key = Key::rsa(&account.private_key).map_err(|why| wrong(&format!("private_key: {why}")))?;
        Ok((account, key))
    }
}

/// Sends to apps on Android.
pub(super) struct Fcm {
    http: http::Client,
    clock: Clock,
    account: Account,
    key: Key,
    send: Url,
    /// The token in use, and when it ends.
    token: Mutex<Option<(SecretString, Timestamp)>>,
}

#[derive(Deserialize)]
struct Granted {
    access_token: SecretString,
    expires_in: u32,
}

impl Fcm {
    /// The error is a sentence that names the wrong setting.
    pub(super) fn build(config: &FcmConfig, http: http::Client, clock: Clock) -> Result<Self, String> {
        let (account, key) = config.account()?;
        let send = format!("/v1/projects/{}/messages:send", account.project_id);
        let send = config.url.join(&send).map_err(|error| format!("push.fcm.url: {error}"))?;
        Ok(Self { http, clock, account, key, send, token: Mutex::default() })
    }

    /// The token of now. Whoever comes while one is asked for waits for it.
    async fn token(&self) -> Result<SecretString, Verdict> {
        let mut held = self.token.lock().await;
        let now = self.clock.now();
        if let Some((token, until)) = held.as_ref()
            && now + EARLY < *until
        {
            return Ok(token.clone());
        }
        let to = &self.account.token_uri;
        let claims = json!({
            "iss": self.account.client_email, "scope": SCOPE, "aud": to.as_str(),
            "iat": now.as_second(), "exp": (now + SIGNED_FOR).as_second(),
        });
        let ours = |why: String| Verdict::never(Fault::Ours, why);
        let assertion = self.key.token(self.account.private_key_id.as_deref(), &claims).map_err(ours)?;
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
            .append_pair("assertion", &assertion)
            .finish();
        let request = self.http.post(to).map_err(|error| ours(error.to_string()))?;
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        // Nothing was sent to anybody yet: whatever went wrong, trying again does no harm.
        let answer = request.send().await.map_err(|error| match http::verdict(&error.without_url()) {
            Verdict::Unknown { why } => Verdict::later(why),
            known => known,
        })?;
        let (status, pause) = (answer.status().as_u16(), http::retry_after(answer.headers(), now));
        let body = http::head(answer).await;
        let why = format!("Google gave no token: it answered {status}{}", words_of(&body));
        if matches!(status, 408 | 429 | 500..=599) {
            return Err(Verdict::Later { after: pause, why, counts: true });
        }
        let granted = serde_json::from_slice::<Granted>(&body).ok().filter(|_| status == 200);
        let granted = granted.ok_or_else(|| ours(format!("{why}; is push.fcm.service_account still valid?")))?;
        let until = now + Duration::from_secs(granted.expires_in.into());
        *held = Some((granted.access_token.clone(), until));
        Ok(granted.access_token)
    }
}

/// What Firebase is told.
fn body(message: &Message<'_>, token: &str) -> Value {
    let mut android = json!({
        "ttl": format!("{}s", message.keep.as_secs()),
        "priority": if message.urgency == Press::High { "HIGH" } else { "NORMAL" },
        "notification": {"tag": message.tag()},
    });
    if let Some(topic) = &message.topic {
        android["collapse_key"] = topic.as_str().into();
    }
    json!({"message": {
        "token": token,
        "notification": {"title": message.title, "body": message.text},
        "data": {"link": message.link, "lang": message.language, "notice": message.notice.to_string(), "shown": message.shown},
        "android": android,
    }})
}

#[async_trait]
impl Service for Fcm {
    async fn push(&self, message: &Message<'_>, device: &Device) -> Verdict {
        let Device::Fcm { token: to } = device else {
            return Verdict::never(Fault::Ours, "this is no app of Firebase");
        };
        let token = match self.token().await {
            Ok(token) => token,
            Err(verdict) => return verdict,
        };
        let request = match self.http.post(&self.send) {
            Ok(request) => request.bearer_auth(token.expose_secret()).json(&body(message, to)),
            Err(error) => return Verdict::never(Fault::Ours, error.to_string()),
        };
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => return http::verdict(&error.without_url()),
        };
        let status = answer.status().as_u16();
        let pause = http::retry_after(answer.headers(), self.clock.now());
        let body = http::head(answer).await;
        if status == 401 {
            *self.token.lock().await = None;
        }
        judge(status, pause, &body)
    }
}

/// What an answer of Firebase means (its documents: "FCM error codes"). Only what is said of this token alone takes the
/// device away: a wrong project or key would take all of them.
fn judge(status: u16, pause: Option<Duration>, body: &[u8]) -> Verdict {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    if status == 200 {
        let name = value["name"].as_str().and_then(|name| name.rsplit('/').next());
        return Verdict::receipt(name.unwrap_or("200"));
    }
    let details = || value["error"]["details"].as_array().into_iter().flatten();
    let code = details().find_map(|detail| detail["errorCode"].as_str());
    let code = code.or(value["error"]["status"].as_str()).unwrap_or_default();
    let of_the_token = details()
        .flat_map(|detail| detail["fieldViolations"].as_array().into_iter().flatten())
        .any(|violation| violation["field"] == "message.token");
    let why = |what: &str| format!("{what}: Firebase answered {status}{}", words_of(body));
    match (status, code) {
        (404, "UNREGISTERED") => Verdict::never(Fault::Address, why("the app is not there any more")),
        (400, _) if of_the_token => Verdict::never(Fault::Address, why("Firebase does not know this app")),
        (403, "SENDER_ID_MISMATCH") => Verdict::never(Fault::Refused, why("the app is of another project")),
        (429, _) => Verdict::slow_down(pause.unwrap_or(PAUSE), why("too many messages")),
        (401, "UNAUTHENTICATED" | "") => Verdict::Later { after: pause, why: why("the token ended"), counts: true },
        (408 | 500..=599, _) => Verdict::Later { after: pause, why: why("Firebase is in trouble"), counts: true },
        (400..=499, _) => Verdict::never(Fault::Ours, why("look at [push.fcm]")),
        _ => Verdict::never(Fault::Refused, why("Firebase refuses the message")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_mean_what_firebase_says() {
        assert_eq!(url().as_str().trim_end_matches('/'), URL);
        let error =
            |status: &str, details: Value| json!({"error": {"status": status, "details": [details]}}).to_string();
        let code =
            |code: &str| json!({"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code});
        let field = |field: &str| json!({"fieldViolations": [{"field": field, "description": "x"}]});
        for (status, body, word, fault) in [
            (200, r#"{"name":"projects/p/messages/0:1"}"#.to_owned(), "done", None),
            (404, error("NOT_FOUND", code("UNREGISTERED")), "never", Some(Fault::Address)),
            (404, error("NOT_FOUND", json!({})), "never", Some(Fault::Ours)),
            (400, error("INVALID_ARGUMENT", field("message.token")), "never", Some(Fault::Address)),
            (400, error("INVALID_ARGUMENT", field("message.android.ttl")), "never", Some(Fault::Ours)),
            (403, error("PERMISSION_DENIED", code("SENDER_ID_MISMATCH")), "never", Some(Fault::Refused)),
            (403, error("PERMISSION_DENIED", json!({})), "never", Some(Fault::Ours)),
            (401, error("UNAUTHENTICATED", code("THIRD_PARTY_AUTH_ERROR")), "never", Some(Fault::Ours)),
            (401, error("UNAUTHENTICATED", json!({})), "later", None),
            (429, error("RESOURCE_EXHAUSTED", code("QUOTA_EXCEEDED")), "later", None),
            (500, error("INTERNAL", code("INTERNAL")), "later", None),
            (503, error("UNAVAILABLE", code("UNAVAILABLE")), "later", None),
            (503, "<html>".to_owned(), "later", None),
        ] {
            let verdict = judge(status, None, body.as_bytes());
            assert_eq!(verdict.word(), word, "{status} {body}");
            if let Verdict::Never { fault: of, .. } = verdict {
                assert_eq!(Some(of), fault, "{status} {body}");
            }
        }
        assert_eq!(judge(200, None, br#"{"name":"projects/p/messages/0:1"}"#), Verdict::receipt("0:1"));
        assert!(matches!(judge(429, None, b""), Verdict::Later { after: Some(PAUSE), counts: false, .. }));
    }
}
