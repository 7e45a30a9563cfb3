//! Web Push (RFC 8030): a message to a browser, by the push service of whoever made it. The city says who it is
//! by a token of its own (VAPID, RFC 8292).

use super::{Key, Message, PushConfig, Service, encrypt, words_of};
use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bus::http;
use schemas::{
    device::Device,
    id::Clock,
    verdict::{Fault, Verdict},
};
use serde_json::json;
use std::time::Duration;
use url::Url;

/// What the receipts of browsers begin with.
pub(super) const RECEIPT: &str = "browser ";
/// How long a token counts; RFC 8292 §2 allows a day.
const TOKEN_FOR: Duration = Duration::from_hours(12);
/// How long to leave a service alone that says "too many" and not how long.
const PAUSE: Duration = Duration::from_secs(60);

/// Sends to browsers.
pub(super) struct Web {
    http: http::Client,
    clock: Clock,
    subject: String,
    config: PushConfig,
    /// The key in use and the one before, each with its public half.
    keys: Vec<(Key, String)>,
}

impl Web {
    /// Nothing when no key is set. The error is a sentence that names the wrong setting.
    pub(super) fn build(config: &PushConfig, http: http::Client, clock: Clock) -> Result<Option<Self>, String> {
        let keys = config.keys()?;
        let subject = config.subject.clone().unwrap_or_default();
        let keys =
            keys.into_iter().map(|key| (key.public(), key)).map(|(public, key)| (key, public)).collect::<Vec<_>>();
        Ok((!keys.is_empty()).then_some(Self { http, clock, subject, config: config.clone(), keys }))
    }

    /// `Authorization` for the push service at `url`, by the key that the browser knows as `public`.
    fn authorization(&self, url: &Url, public: &str) -> Result<String, Verdict> {
        // A browser takes messages of the key that it subscribed with, and of no other.
        let (key, public) = self.keys.iter().find(|(_, known)| known == public).ok_or_else(|| {
            Verdict::never(Fault::Address, "this browser subscribed with a key that the city does not have any more")
        })?;
        let expires = self.clock.now() + TOKEN_FOR;
        let audience = url.origin().ascii_serialization();
        let claims = json!({"aud": audience, "exp": expires.as_second(), "sub": self.subject});
        let token = key.token(None, &claims).map_err(|why| Verdict::never(Fault::Ours, why))?;
        Ok(format!("vapid t={token}, k={public}"))
    }
}

#[async_trait]
impl Service for Web {
    async fn push(&self, message: &Message<'_>, device: &Device) -> Verdict {
        let Device::Web { endpoint, p256dh, auth, key } = device else {
            return Verdict::never(Fault::Ours, "this is no browser");
        };
        let unusable = || Verdict::never(Fault::Address, "the subscription of this browser cannot be used");
        let Ok(url) = endpoint.parse::<Url>() else { return unusable() };
        let host = url.host_str().unwrap_or_default();
        if !self.config.knows(host) {
            return Verdict::never(Fault::Refused, format!("push.services does not name {host}"));
        }
        let (Ok(p256dh), Ok(auth)) = (URL_SAFE_NO_PAD.decode(p256dh), URL_SAFE_NO_PAD.decode(auth)) else {
            return unusable();
        };
        let authorization = match self.authorization(&url, key) {
            Ok(authorization) => authorization,
            Err(verdict) => return verdict,
        };
        let fresh = match encrypt::Fresh::random() {
            Ok(fresh) => fresh,
            Err(why) => return Verdict::later(why),
        };
        let Ok(body) = encrypt::encrypt(message.notification().to_string().as_bytes(), &p256dh, &auth, &fresh) else {
            return unusable();
        };
        let request = match self.http.post(&url) {
            Ok(request) => request,
            Err(error) => return Verdict::never(Fault::Ours, error.to_string()),
        };
        let mut request = request
            .header("authorization", authorization)
            .header("ttl", message.keep.as_secs())
            .header("urgency", message.urgency.as_str())
            .header("content-encoding", "aes128gcm")
            .header("content-type", "application/octet-stream")
            .body(body);
        if let Some(topic) = &message.topic {
            request = request.header("topic", topic.as_str());
        }
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => return http::verdict(&error.without_url()),
        };
        let status = answer.status().as_u16();
        let pause = http::retry_after(answer.headers(), self.clock.now());
        let said = words_of(&http::head(answer).await);
        judge(status, pause, host, &said)
    }
}

/// What the answer `status` of the push service `host` means. Only "gone" takes a device away.
fn judge(status: u16, pause: Option<Duration>, host: &str, said: &str) -> Verdict {
    let why = |what: &str| format!("{what}: {host} answered {status}{said}");
    match status {
        200..=204 => Verdict::receipt(format!("{RECEIPT}{status} {host}")),
        404 | 410 => Verdict::never(Fault::Address, why("the browser does not take messages any more")),
        429 => Verdict::slow_down(pause.unwrap_or(PAUSE), why("too many messages")),
        408 | 425 | 500..=599 => {
            Verdict::Later { after: pause, why: why("the push service is in trouble"), counts: true }
        }
        400 => Verdict::never(Fault::Ours, why("the push service does not understand the message")),
        401 | 403 => Verdict::never(Fault::Ours, why("the push service does not take the key of [push]")),
        413 => Verdict::never(Fault::Ours, why("the message is too long")),
        _ => Verdict::never(Fault::Refused, why("the push service refuses the message")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_gone_takes_a_device_away() {
        for (status, word, fault) in [
            (200, "done", None),
            (201, "done", None),
            (202, "done", None),
            (204, "done", None),
            (307, "never", Some(Fault::Refused)),
            (400, "never", Some(Fault::Ours)),
            (401, "never", Some(Fault::Ours)),
            (403, "never", Some(Fault::Ours)),
            (404, "never", Some(Fault::Address)),
            (406, "never", Some(Fault::Refused)),
            (410, "never", Some(Fault::Address)),
            (413, "never", Some(Fault::Ours)),
            (429, "later", None),
            (500, "later", None),
            (502, "later", None),
            (503, "later", None),
        ] {
            let verdict = judge(status, None, "push.example", "");
            assert_eq!(verdict.word(), word, "{status}");
            if let Verdict::Never { fault: of, why } = &verdict {
                assert_eq!((Some(*of), why.contains("push.example")), (fault, true), "{status}");
            }
        }
        let pause = Some(Duration::from_secs(7));
        assert!(matches!(judge(429, pause, "", ""), Verdict::Later { after, counts: false, .. } if after == pause));
        assert!(matches!(judge(429, None, "", ""), Verdict::Later { after: Some(PAUSE), counts: false, .. }));
        assert!(matches!(judge(503, pause, "", ""), Verdict::Later { after, counts: true, .. } if after == pause));
    }
}
