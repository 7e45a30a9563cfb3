//! How one lane is worked: how many at once, how fast, when to try again, when to stop trying.

use crate::{breaker::Breaker, retry::Retry};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The settings of one lane. The defaults suit a department's web hook.
#[derive(Debug, Clone, PartialEq)]
pub struct LaneSettings {
    /// Letters of one transaction, at most ([`crate::Effects`]). A batch is whatever is there; it
    /// never waits to become full.
    pub batch: usize,
    /// Letters in the air at once ([`crate::Edge`]).
    pub concurrency: usize,
    /// Letters per second per process, when the other side asks for it ([`crate::Edge`]).
    pub rate_per_second: Option<f64>,
    /// When a letter that failed is tried again, and when it is given up.
    pub retry: Retry,
    /// When the whole lane pauses because the other side seems to be down ([`crate::Edge`]).
    pub breaker: Breaker,
    /// What to do with a letter that the other side may or may not have.
    pub unknown: UnknownPolicy,
    /// How long one call of a handler may take. A handler that is still busy then is dropped: a
    /// delivery counts as [`schemas::verdict::Verdict::Unknown`], a batch is tried letter by letter.
    pub deadline: Duration,
}

impl Default for LaneSettings {
    fn default() -> Self {
        Self {
            batch: 256,
            concurrency: 16,
            rate_per_second: None,
            retry: Retry::default(),
            breaker: Breaker::default(),
            unknown: UnknownPolicy::SendAgain,
            deadline: Duration::from_secs(10),
        }
    }
}

impl LaneSettings {
    /// How long a claim on a letter of the table lasts: a little longer than handling may take, so
    /// that only a crash lets it run out.
    pub(crate) fn lease(&self) -> Duration {
        self.deadline + Duration::from_secs(5)
    }
}

/// What to do with a letter that the other side may or may not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownPolicy {
    /// The other side dedupes by our id, or a second copy does no harm: send it again.
    #[default]
    SendAgain,
    /// A second copy costs money or trust: never send again by ourselves; a receipt or an operator
    /// settles it.
    WaitForReceipt,
}
