//! One call to a GeoReport server, and what came of it.

use super::wire::{self, Format, Node};
use bus::http;
use reqwest::{RequestBuilder, StatusCode, header};
use schemas::{
    id::Clock,
    verdict::{Fault, Verdict},
};
use secrecy::{ExposeSecret as _, SecretString};
use std::time::Duration;
use url::{Url, form_urlencoded};

/// A GeoReport server.
#[derive(Debug, Clone)]
pub struct Client {
    pub base: Url,
    pub jurisdiction: Option<String>,
    pub format: Format,
    pub key: Option<SecretString>,
    pub key_on_reads: bool,
    pub http: http::Client,
    pub clock: Clock,
}

/// Why a call gave nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// It answered, with no.
    Answered {
        /// The status, or the code of the error inside a 2xx.
        status: u16,
        /// What it said, on one line.
        said: String,
        /// When it wants to be asked again.
        pause: Option<Duration>,
    },
    /// It answered 2xx with something that cannot be read.
    Unreadable(String),
    /// It did not answer: what that means for something that was sent.
    Broke(Verdict),
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Answered { status, said, .. } if said.is_empty() => write!(f, "their server answered {status}"),
            Self::Answered { status, said, .. } => write!(f, "their server answered {status}: {said}"),
            Self::Unreadable(why) => write!(f, "their server's answer cannot be read: {why}"),
            Self::Broke(Verdict::Later { why, .. } | Verdict::Never { why, .. } | Verdict::Unknown { why }) => {
                f.write_str(why)
            }
            Self::Broke(Verdict::Done { .. }) => f.write_str("nothing is wrong"),
        }
    }
}

impl Trouble {
    /// When it wants to be asked again, if it said so.
    pub fn pause(&self) -> Option<Duration> {
        match self {
            Self::Answered { pause, .. } => *pause,
            _ => None,
        }
    }

    /// Whether it does not know what was asked: no such thing there, or not spoken.
    pub fn is_unknown_there(&self) -> bool {
        matches!(self, Self::Answered { status: 400 | 404 | 405 | 410 | 501, .. })
    }

    /// What it means for something that was sent and must not arrive twice.
    pub fn verdict(self) -> Verdict {
        let why = self.to_string();
        match self {
            Self::Broke(verdict) => verdict,
            // It took something: what, it could not say.
            Self::Unreadable(_) => Verdict::Unknown { why: format!("{why}; it may have it") },
            Self::Answered { status, pause, .. } => match status {
                // It is there and says that it did nothing yet.
                408 | 425 | 429 | 503 => match pause {
                    Some(pause) => Verdict::slow_down(pause, why),
                    None => Verdict::later(why),
                },
                500..=599 => Verdict::Unknown { why: format!("{why}; it may have it all the same") },
                300..=399 => Verdict::never(
                    Fault::Ours,
                    format!("{why}: redirects are not followed, write the final address as `url`"),
                ),
                401 | 403 => Verdict::never(
                    Fault::Refused,
                    format!(
                        "{why}: is `api_key` in the configuration the one they gave, and `jurisdiction_id` theirs?"
                    ),
                ),
                404 | 410 => Verdict::never(
                    Fault::Address,
                    format!("{why}: are `url`, `jurisdiction_id` and the service code right?"),
                ),
                _ => Verdict::never(Fault::Refused, why),
            },
        }
    }
}

impl Client {
    /// The address of `parts`, the last one with the format behind it.
    fn address(&self, parts: &[&str]) -> Url {
        let mut url = self.base.clone();
        // `check` lets only http and https through, which have a path.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty();
            if let Some((last, first)) = parts.split_last() {
                path.extend(first).push(&format!("{last}.{}", self.format.ending()));
            }
        }
        url
    }

    /// Asks for `parts` with `query`.
    pub async fn get(&self, parts: &[&str], query: &[(&str, &str)]) -> Result<Node, Trouble> {
        let mut url = self.address(parts);
        let key = self.key.as_ref().filter(|_| self.key_on_reads).map(|key| ("api_key", key.expose_secret()));
        let jurisdiction = self.jurisdiction.as_deref().map(|id| ("jurisdiction_id", id));
        let all: Vec<(&str, &str)> = jurisdiction.into_iter().chain(key).chain(query.iter().copied()).collect();
        if !all.is_empty() {
            url.query_pairs_mut().extend_pairs(all);
        }
        self.call(self.http.get(&url)).await
    }

    /// Sends `form` to `parts`.
    pub async fn post(&self, parts: &[&str], form: &[(String, String)]) -> Result<Node, Trouble> {
        let jurisdiction = self.jurisdiction.as_deref().map(|id| ("jurisdiction_id", id));
        let key = self.key.as_ref().map(|key| ("api_key", key.expose_secret()));
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(jurisdiction.into_iter().chain(key))
            .extend_pairs(form)
            .finish();
        let call = self.http.post(&self.address(parts));
        let form = "application/x-www-form-urlencoded; charset=utf-8";
        self.call(call.map(|call| call.header(header::CONTENT_TYPE, form).body(body))).await
    }

    async fn call(&self, call: Result<RequestBuilder, http::Error>) -> Result<Node, Trouble> {
        let call = call.map_err(|error| Trouble::Broke(Verdict::never(Fault::Ours, error.to_string())))?;
        let broke = |error: reqwest::Error| Trouble::Broke(http::verdict(&error.without_url()));
        let mut answer = call.send().await.map_err(broke)?;
        let status = answer.status();
        let pause = http::retry_after(answer.headers(), self.clock.now());
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(broke)? {
            if body.len() + chunk.len() > wire::MAX_BYTES {
                return Err(Trouble::Unreadable(format!("it is longer than {} MB", wire::MAX_BYTES / 1024 / 1024)));
            }
            body.extend_from_slice(&chunk);
        }
        judge(self.format, status, pause, &body)
    }
}

fn judge(format: Format, status: StatusCode, pause: Option<Duration>, body: &[u8]) -> Result<Node, Trouble> {
    let node = wire::read(format, body);
    if status.is_success() {
        let node = node.map_err(|error| Trouble::Unreadable(error.to_string()))?;
        // Some servers say no with 200.
        let is_error = |node: &&Node| node.field("description").is_some() && node.field("datatype").is_none();
        let code = node.having("code").into_iter().filter(is_error).find_map(|error| {
            error.field("code").and_then(|code| code.parse::<u16>().ok()).filter(|code| (400..600).contains(code))
        });
        return match code {
            Some(status) if node.having("service_request_id").is_empty() => {
                Err(Trouble::Answered { status, said: node.errors().unwrap_or_default(), pause })
            }
            _ => Ok(node),
        };
    }
    let said = node.ok().and_then(|node| node.errors()).unwrap_or_else(|| plain(body));
    Err(Trouble::Answered { status: status.as_u16(), said, pause })
}

/// The beginning of an answer that is none of GeoReport's, if it is text and no page.
fn plain(body: &[u8]) -> String {
    let text: String = String::from_utf8_lossy(&body[..body.len().min(2_000)]).into_owned();
    if text.trim_start().starts_with('<') {
        return String::new();
    }
    schemas::text::clean_line(&text).chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(base: &str) -> Client {
        Client {
            base: base.parse().unwrap(),
            jurisdiction: Some("stad.example".to_owned()),
            format: Format::Json,
            key: Some("geheim".into()),
            key_on_reads: false,
            http: http::Config::default().build().unwrap(),
            clock: Clock::new(crate::testing::now),
        }
    }

    #[test]
    fn addresses_hold_what_they_are_given_and_nothing_more() {
        for base in ["https://311.example/v2", "https://311.example/v2/"] {
            let client = client(base);
            assert_eq!(client.address(&["requests"]).as_str(), "https://311.example/v2/requests.json");
            assert_eq!(
                client.address(&["tokens", "../a?b/c"]).as_str(),
                "https://311.example/v2/tokens/..%2Fa%3Fb%2Fc.json"
            );
        }
        assert!(!format!("{:?}", client("https://311.example")).contains("geheim"));
    }

    #[test]
    fn what_an_answer_means() {
        let judged = |status: u16, body: &str| {
            let status = StatusCode::from_u16(status).unwrap();
            judge(Format::Json, status, Some(Duration::from_secs(7)), body.as_bytes()).unwrap_err().verdict()
        };
        let error = r#"[{"code": 400, "description": "service_code was not valid"}]"#;
        let said = |verdict: &Verdict| match verdict {
            Verdict::Later { why, .. } | Verdict::Never { why, .. } | Verdict::Unknown { why } => why.clone(),
            Verdict::Done { .. } => String::new(),
        };
        for (status, word, part) in [
            (400, "never", "service_code was not valid"),
            (401, "never", "`api_key`"),
            (403, "never", "`jurisdiction_id`"),
            (404, "never", "`url`"),
            (301, "never", "redirects"),
            (429, "later", "429"),
            (503, "later", "503"),
            (500, "unknown", "may have it"),
            (502, "unknown", "may have it"),
            (504, "unknown", "may have it"),
            (200, "never", "service_code was not valid"),
        ] {
            let verdict = judged(status, error);
            assert_eq!(verdict.word(), word, "{status}: {verdict:?}");
            assert!(said(&verdict).contains(part), "{status}: {verdict:?}");
        }
        assert!(
            matches!(judged(503, ""), Verdict::Later { after: Some(after), counts: false, .. } if after.as_secs() == 7)
        );
        assert_eq!(judged(200, "<html>").word(), "unknown", "it took something and could not say what");
        let page = judged(404, "<html><body>An Peeters</body></html>");
        assert!(!said(&page).contains("Peeters"), "{page:?}");
    }
}
