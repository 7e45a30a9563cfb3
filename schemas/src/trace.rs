//! The trace of one walk: W3C Trace Context, carried by every letter and AMQP header, so that one
//! search in the logs shows a report from the door to the resident.

use rand::Rng as _;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A `traceparent` value (W3C Trace Context §3.2): version 00, trace id, parent span id, flags.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Trace {
    /// 16 random bytes: the whole walk.
    pub trace_id: u128,
    /// 8 random bytes: this step.
    pub span_id: u64,
}

impl Trace {
    /// The first step of a new walk.
    pub fn start() -> Self {
        let mut rng = rand::rng();
        Self { trace_id: rng.random_range(1..=u128::MAX), span_id: rng.random_range(1..=u64::MAX) }
    }

    /// The next step of the same walk.
    pub fn next(self) -> Self {
        Self { trace_id: self.trace_id, span_id: rand::rng().random_range(1..=u64::MAX) }
    }

    /// Reads a `traceparent`; anything else than a good one is `None`, as the specification asks.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().splitn(4, '-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let hex = |text: &str, len: usize| text.len() == len && text.bytes().all(|b| b.is_ascii_hexdigit());
        if !hex(version, 2) || version == "ff" || !hex(trace, 32) || !hex(span, 16) || flags.len() < 2 {
            return None;
        }
        let trace_id = u128::from_str_radix(trace, 16).ok()?;
        let span_id = u64::from_str_radix(span, 16).ok()?;
        (trace_id != 0 && span_id != 0).then_some(Self { trace_id, span_id })
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-01", self.trace_id, self.span_id)
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for Trace {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not a traceparent (W3C Trace Context §3.2)")
    }
}

impl From<Trace> for String {
    fn from(trace: Trace) -> String {
        trace.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_and_refusal() {
        let trace = Trace::start();
        assert_eq!(Trace::parse(&trace.to_string()), Some(trace));
        assert_eq!(trace.next().trace_id, trace.trace_id);
        for bad in ["", "00-0-0-0", "00-00000000000000000000000000000000-0000000000000000-01", "nonsense"] {
            assert_eq!(Trace::parse(bad), None, "{bad}");
        }
    }
}
