//! `POST /api/v1/reports`: a report as JSON, idempotent by `Idempotency-Key`.

use super::{Accepted, IntakeError, IntakeTools, Receipt, accept, attempt, guard::Clues};
use crate::json::{self, Unreadable};
use schemas::{fault::Invalid, slug::Channel, submission::Submission, trace::Trace};
use serde::Deserialize;
use std::net::IpAddr;

/// Settings of this door.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The largest body, in bytes.
    pub max_body: usize,
    /// Whether only programs with a key of their channel come in, for reports and for photos.
    pub require_key: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { max_body: 256 * 1024, require_key: false }
    }
}

impl Config {
    /// What is wrong with these settings; nothing when they are good.
    pub fn check(&self) -> Vec<Invalid> {
        if self.max_body < 32 * 1024 {
            // 5,000 characters of four bytes each must fit, with everything around them.
            return vec![Invalid::new("api.max_body", "out_of_range", "at least 32768, or long stories do not fit")];
        }
        Vec::new()
    }

    /// The door.
    pub fn build(self, tools: &IntakeTools) -> Door {
        Door { config: self, tools: tools.clone() }
    }
}

/// The JSON door.
#[derive(Debug, Clone)]
pub struct Door {
    config: Config,
    tools: IntakeTools,
}

/// A request as it came in: bytes, nothing believed yet.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The door's name as it is kept with the report: `api`, or the channel of the caller's key.
    pub channel: &'a Channel,
    /// Whether it is only tried: checked in everything and answered, but not kept.
    pub trial: bool,
    /// The header `Content-Type`.
    pub content_type: Option<&'a str>,
    /// The header `Idempotency-Key`.
    pub idempotency_key: Option<&'a [u8]>,
    /// The body.
    pub body: &'a [u8],
    /// Where it came from, if no key says for whom.
    pub peer: Option<IpAddr>,
    /// The walk it begins.
    pub trace: Trace,
}

/// What became of a request.
#[derive(Debug)]
pub enum Outcome {
    /// Stored: 201.
    Created(Receipt),
    /// It was stored before under this key; this is what was answered then: 200.
    Replayed(Receipt),
    /// Good, and not kept: it came with a key for tests. The reference is `00000000`.
    Tried(Receipt),
    /// This key was used before for something else: 409.
    Conflict,
    /// Fields are wrong: 422. Every fault is named.
    Invalid(Vec<Invalid>),
    /// Not JSON at all: 400.
    Malformed(Invalid),
    /// The `Idempotency-Key` is not 1 to 200 visible ASCII characters: 400.
    BadKey(Invalid),
    /// More than this many bytes: 413.
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// Not `application/json`: 415.
    NotJson(Invalid),
    /// The rows cannot be reached: 503 when it is passing, 500 otherwise. Nothing was stored.
    Failed(store::Error),
}

impl Door {
    /// The largest body this door takes, in bytes: what the listener may stop reading at.
    pub fn max_body(&self) -> usize {
        self.config.max_body
    }

    /// Whether only programs with a key come in.
    pub fn requires_key(&self) -> bool {
        self.config.require_key
    }

    /// Takes one request.
    pub async fn receive(&self, request: Request<'_>) -> Outcome {
        if let Some(fault) = json::not_json(request.content_type) {
            return Outcome::NotJson(fault);
        }
        let key = match request.idempotency_key.map(read_key).transpose() {
            Ok(key) => key,
            Err(fault) => return Outcome::BadKey(fault),
        };
        let submission: Submission = match json::read(request.body, self.config.max_body) {
            Ok(submission) => submission,
            Err(Unreadable::TooLarge { limit }) => return Outcome::TooLarge { limit },
            Err(Unreadable::Malformed(fault)) => return Outcome::Malformed(fault),
            Err(Unreadable::Invalid(fault)) => return Outcome::Invalid(vec![fault]),
        };
        let checked = match submission.check(&self.tools.city) {
            Ok(checked) => checked,
            Err(faults) => return Outcome::Invalid(faults),
        };
        if request.trial {
            return match attempt(&self.tools, &checked).await {
                Ok(receipt) => Outcome::Tried(receipt),
                Err(IntakeError::Invalid(faults)) => Outcome::Invalid(faults),
                Err(IntakeError::Store(error)) => Outcome::Failed(error),
            };
        }
        let clues = Clues { peer: request.peer, ..Clues::default() };
        match accept(&self.tools, request.channel, key, checked, clues, request.trace).await {
            Ok(Accepted::New(receipt)) => Outcome::Created(receipt),
            Ok(Accepted::Again(receipt)) => Outcome::Replayed(receipt),
            Ok(Accepted::Conflict) => Outcome::Conflict,
            Err(IntakeError::Invalid(faults)) => Outcome::Invalid(faults),
            Err(IntakeError::Store(error)) => Outcome::Failed(error),
        }
    }
}

/// An `Idempotency-Key` as we take it (draft-ietf-httpapi-idempotency-key-header): 1 to 200
/// visible ASCII characters; quotes around it are part of the header's syntax, not of the key.
pub fn read_key(value: &[u8]) -> Result<&str, Invalid> {
    let wrong = |message: &str| Err(Invalid::new("Idempotency-Key", "malformed", message));
    let Ok(text) = std::str::from_utf8(value) else {
        return wrong("use 1 to 200 visible ASCII characters, for instance a UUID");
    };
    let text = text.trim();
    let key = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text);
    if (1..=200).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()) {
        Ok(key)
    } else {
        wrong("use 1 to 200 visible ASCII characters without spaces, for instance a UUID")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        assert_eq!(read_key(b"abc").unwrap(), "abc");
        assert_eq!(read_key(b" \"abc\" ").unwrap(), "abc");
        assert_eq!(read_key(&[b'x'; 200]).unwrap().len(), 200);
        for bad in [&b""[..], b"\"\"", b"a b", b"\xff", "é".as_bytes(), &[b'x'; 201], b"a\x00"] {
            assert!(read_key(bad).is_err(), "{bad:?}");
        }
    }
}
