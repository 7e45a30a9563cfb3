//! CloudEvents 1.0 in structured JSON mode: the envelope of everything on a public exchange.

use crate::{letter::Letter, trace::Trace};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The one content type of messages (CloudEvents JSON format §3.2, with the charset spelled out).
pub const CONTENT_TYPE: &str = "application/cloudevents+json; charset=utf-8";

/// What every event type of ours begins with; the topic follows.
pub const TYPE_PREFIX: &str = "eu.voordeur.";

/// An incoming event, borrowed from its bytes. Unknown extension attributes are allowed, as the
/// specification asks.
#[derive(Debug, Deserialize)]
pub struct Incoming<'a> {
    /// Must be `1.0`.
    pub specversion: String,
    /// The producer's id of the event.
    pub id: String,
    /// Who produced it.
    pub source: String,
    /// `eu.voordeur.<topic>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// When it happened.
    #[serde(default)]
    pub time: Option<Timestamp>,
    /// The walk it belongs to.
    #[serde(default)]
    pub traceparent: Option<String>,
    /// The payload, unread.
    #[serde(borrow, default)]
    pub data: Option<&'a RawValue>,
}

/// Why bytes are not an event that we take.
#[derive(Debug, thiserror::Error)]
pub enum NotAnEvent {
    /// Not JSON, or not the shape of an event.
    #[error("this is not a CloudEvents 1.0 JSON object: {0}")]
    Shape(#[from] serde_json::Error),
    /// An attribute has a value we do not take.
    #[error("{0}: {1}")]
    Attribute(&'static str, String),
}

impl<'a> Incoming<'a> {
    /// Reads a structured-mode event and checks its attributes; the error names the attribute.
    pub fn read(bytes: &'a [u8]) -> Result<Self, NotAnEvent> {
        let event: Self = serde_json::from_slice(bytes)?;
        let wrong = |name, message: String| Err(NotAnEvent::Attribute(name, message));
        if event.specversion != "1.0" {
            return wrong("specversion", "must be \"1.0\"".to_owned());
        }
        if event.id.is_empty() || event.id.len() > 200 {
            return wrong("id", "must be 1 to 200 characters".to_owned());
        }
        if event.source.is_empty() {
            return wrong("source", "must say who sends this, for instance \"/channels/app\"".to_owned());
        }
        if event.data.is_none() {
            return wrong("data", "is missing".to_owned());
        }
        Ok(event)
    }

    /// The topic part of the type, if it is one of ours.
    pub fn topic(&self) -> Option<&str> {
        self.kind.strip_prefix(TYPE_PREFIX)
    }
}

#[derive(Serialize)]
struct Outgoing<'a> {
    specversion: &'static str,
    id: uuid::Uuid,
    source: &'a str,
    #[serde(rename = "type")]
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<uuid::Uuid>,
    time: Timestamp,
    datacontenttype: &'static str,
    traceparent: Trace,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<uuid::Uuid>,
    data: &'a RawValue,
}

/// The event that carries `letter`, as structured-mode JSON bytes.
///
/// # Panics
/// Never: the body is JSON already, everything else serialises.
pub fn write(letter: &Letter, source: &str) -> Vec<u8> {
    serde_json::to_vec(&Outgoing {
        specversion: "1.0",
        id: letter.id,
        source,
        kind: format!("{TYPE_PREFIX}{}", letter.topic.as_str()),
        subject: letter.case_id,
        time: letter.posted_at,
        datacontenttype: "application/json",
        traceparent: letter.trace,
        cause: letter.cause,
        data: &letter.body,
    })
    .expect("a letter's body is JSON already")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::submission::Submission;
    use proptest::prelude::*;

    const GOOD: &str = r#"{"specversion":"1.0","id":"7","source":"/channels/app","type":"eu.voordeur.report.submitted",
        "time":"2026-11-30T09:00:00Z","x":"y","data":{"category":"wegen/put","words":"Een put","language":"nl"}}"#;

    #[test]
    fn what_is_wrong_is_named() {
        let good = Incoming::read(GOOD.as_bytes()).unwrap();
        assert_eq!((good.topic(), good.id.as_str()), (Some("report.submitted"), "7"));
        let long = format!("\"id\":\"{}\"", "7".repeat(201));
        for (from, to, said) in [
            ("\"1.0\"", "\"0.3\"", "specversion: must be"),
            ("\"id\":\"7\"", "\"id\":\"\"", "id: must be"),
            ("\"id\":\"7\"", long.as_str(), "id: must be"),
            ("\"/channels/app\"", "\"\"", "source: must say"),
            ("\"data\"", "\"date\"", "data: is missing"),
            ("2026-11-30T09:00:00Z", "gisteren", "not a CloudEvents"),
            ("\"type\"", "\"kind\"", "missing field `type`"),
            ("{\"spec", "[\"spec", "not a CloudEvents"),
        ] {
            let text = GOOD.replacen(from, to, 1);
            let error = Incoming::read(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(said), "{to}: {error}");
        }
    }

    proptest! {
        /// Whatever is published, it is read or refused with words, and so is the report in it.
        #[test]
        fn nothing_published_is_too_strange(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            at in 0..GOOD.len(), cut in 0..30usize, put in "[\\[\\]{}:,\"\\\\u0-9a-z\\x00é]{0,8}",
        ) {
            let mut changed = GOOD.as_bytes().to_vec();
            let end = (at + cut).min(changed.len());
            changed.splice(at..end, put.into_bytes());
            for bytes in [bytes, changed] {
                match Incoming::read(&bytes) {
                    Ok(event) => {
                        let data = event.data.expect("an event that was taken has data");
                        // Either way is good: it must only end.
                        _ = serde_json::from_str::<Submission>(data.get());
                        prop_assert!(!event.id.is_empty());
                    }
                    Err(error) => prop_assert!(!error.to_string().is_empty()),
                }
            }
        }
    }
}
