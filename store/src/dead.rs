//! Dead letters.
use crate::{Result, Store, later};
use schemas::{
    Timestamp, Uuid,
    letter::{Lane, Letter},
};

/// Which dead letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadFilter {
    /// Only of this lane.
    pub lane: Option<Lane>,
    /// Only those buried before this moment.
    pub before: Option<Timestamp>,
    /// Only those buried after this moment.
    pub after: Option<Timestamp>,
    /// At most so many; the newest first.
    pub limit: usize,
}

impl Default for DeadFilter {
    fn default() -> Self {
        Self { lane: None, before: None, after: None, limit: 100 }
    }
}

/// A letter that will not be tried again by itself.
#[derive(Debug, Clone)]
pub struct DeadLetter {
    /// The letter.
    pub letter: Letter,
    /// Why.
    pub why: String,
    /// Since when.
    pub buried_at: Timestamp,
}

impl Store {
    /// Dead letters, the newest first.
    pub async fn dead(&self, _filter: DeadFilter) -> Result<Vec<DeadLetter>> {
        later()
    }
    /// One dead letter.
    pub async fn dead_letter(&self, _id: Uuid) -> Result<Option<DeadLetter>> {
        later()
    }
    /// Puts dead letters back in their lanes, as new; returns how many.
    pub async fn replay_dead(&self, _ids: &[Uuid]) -> Result<u64> {
        later()
    }
    /// Throws dead letters away; returns how many.
    pub async fn drop_dead(&self, _ids: &[Uuid]) -> Result<u64> {
        later()
    }
}
