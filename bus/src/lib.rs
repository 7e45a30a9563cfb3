//! How letters are carried. One [`Bus`], two carriers: the letters table itself, and RabbitMQ ([`rabbit`]). What is delayed, retried or buried lives in the table with both.
//!
//! The promises, kept by the one conformance suite that runs on every carrier and database:
//! 1. A posted letter is handled at least once, whatever is killed in between.
//! 2. A handler of kind [`Effects`] has its effects exactly once: they commit together with the
//!    settling of the letter, or the letter is deduped by what the first attempt stored.
//! 3. A letter that fails is retried alone, later and later, for days; it never sinks its batch and
//!    never blocks another lane.
//! 4. A letter that can never succeed is buried with its reason, shown, replayed or dropped.
//!
//! Start reading at [`Bus`], then the loops (`effects`, `edge`), then a
//! carrier (`table`, [`rabbit`]).

use async_trait::async_trait;
use schemas::{Uuid, letter::Letter, verdict::Verdict};
use std::{collections::HashMap, time::Duration};

mod breaker;
mod carry;
mod edge;
mod effects;
pub mod http;
mod lane;
mod ledger;
pub mod rabbit;
mod retry;
mod settle;
mod source;
mod table;
mod work;

pub use breaker::{Allow, Breaker, BreakerState};
pub use carry::{Bus, BusHealth, BusOptions, LaneHealth, NotDrained};
pub use lane::{LaneSettings, UnknownPolicy};
pub use rabbit::{RabbitOptions, asyncapi, department, topology};
pub use retry::Retry;

/// A lane whose whole work is rows: deciding, planning, applying answers.
#[async_trait]
pub trait Effects: Send + Sync {
    /// Has the effects of `letters` inside `tx`, and gives one verdict per letter, in order. The
    /// loop settles the letters in the same transaction and commits. An error rolls everything
    /// back; the loop then tries each letter alone.
    async fn apply(&self, tx: &mut store::Tx, letters: &[Letter]) -> Result<Vec<Verdict>, store::Error>;
}

/// A lane that touches the outside: one letter, one call, one verdict. No transaction is open
/// during the call; an attempt row is committed before it.
#[async_trait]
pub trait Edge: Send + Sync {
    /// Hands `letter` to the other side.
    async fn deliver(&self, letter: &Letter) -> Verdict;

    /// Which of `letters` are not to be delivered now: for how long, and why. Asked in the transaction that writes their
    /// attempts down. To be held is no attempt, and says nothing of the other side.
    async fn held(&self, tx: &mut store::Tx, letters: &[&Letter]) -> Result<HashMap<Uuid, Held>, store::Error> {
        let _ = (tx, letters);
        Ok(HashMap::new())
    }

    /// Writes down what became of the letters, in the transaction that settles them.
    async fn record(&self, tx: &mut store::Tx, outcomes: &[Outcome]) -> Result<(), store::Error>;
}

/// A letter is not to be delivered now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// How long from now; it may be made ready before.
    pub wait: Duration,
    /// Why, for the operator.
    pub why: String,
}

/// What became of one letter at an [`Edge`].
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The letter.
    pub letter: Letter,
    /// What the edge said.
    pub verdict: Verdict,
    /// What the loop made of it.
    pub settled: Settled,
}

/// What the loop made of a verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// Gone: it arrived, or its edge's policy for `Unknown` says to wait for a receipt.
    Gone,
    /// It is tried again at this time.
    Again(schemas::Timestamp),
    /// It is a dead letter now.
    Buried,
}
