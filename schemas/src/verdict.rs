//! What became of one letter. The edge, which knows the other side, decides the verdict; the
//! worker loop, which knows the schedule, obeys it.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The outcome of handling one letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// It arrived. `receipt` is what the other side said, if it said something worth keeping.
    Done {
        /// The other side's own words or number.
        receipt: Option<String>,
    },
    /// Not now. The loop tries again after `after` (or by its own schedule when `None`).
    Later {
        /// How long to wait, when the other side asked for a time (`Retry-After`, a rate limit).
        after: Option<Duration>,
        /// Why, for the operator.
        why: String,
        /// Whether this was a try. Slow down and rate limits do not consume one.
        counts: bool,
    },
    /// Not ever: becomes a dead letter, with the reason.
    Never {
        /// Why, for the operator.
        why: String,
        /// Whose fault it is, which decides who is told.
        fault: Fault,
    },
    /// The other side may or may not have it; the edge's policy decides what follows.
    Unknown {
        /// What happened, for the operator.
        why: String,
    },
}

/// Whose fault a [`Verdict::Never`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The address does not exist or is closed.
    Address,
    /// The other side understood and refused.
    Refused,
    /// We sent something wrong: a bug or a wrong configuration.
    Ours,
}

impl Verdict {
    /// Arrived, nothing more to say.
    pub fn done() -> Self {
        Self::Done { receipt: None }
    }

    /// Arrived, and the other side said `receipt`.
    pub fn receipt(receipt: impl Into<String>) -> Self {
        Self::Done { receipt: Some(receipt.into()) }
    }

    /// Try again by the loop's schedule.
    pub fn later(why: impl Into<String>) -> Self {
        Self::Later { after: None, why: why.into(), counts: true }
    }

    /// Try again after `after`, without counting this as a try.
    pub fn slow_down(after: Duration, why: impl Into<String>) -> Self {
        Self::Later { after: Some(after), why: why.into(), counts: false }
    }

    /// Never, with whose fault it is.
    pub fn never(fault: Fault, why: impl Into<String>) -> Self {
        Self::Never { why: why.into(), fault }
    }

    /// One lower-case word, for metrics and the ledger.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Done { .. } => "done",
            Self::Later { .. } => "later",
            Self::Never { .. } => "never",
            Self::Unknown { .. } => "unknown",
        }
    }
}
