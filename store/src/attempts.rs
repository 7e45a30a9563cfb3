//! The ledger: an attempt is committed before the socket is opened.
use crate::{Result, Store, Tx, later};
use schemas::{Timestamp, Uuid, letter::Lane};

/// One attempt to hand a letter to the outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The letter.
    pub letter: Uuid,
    /// Which attempt.
    pub n: u32,
    /// Its lane.
    pub lane: Lane,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; `None` = under way, or cut off by a crash.
    pub ended_at: Option<Timestamp>,
    /// The word of its verdict.
    pub verdict: Option<String>,
    /// Why, if not done.
    pub why: Option<String>,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptEnd {
    /// The letter.
    pub letter: Uuid,
    /// Which attempt.
    pub n: u32,
    /// [`schemas::verdict::Verdict::word`].
    pub verdict: &'static str,
    /// Why, if not done.
    pub why: Option<String>,
}

impl Tx {
    /// Writes that these attempts begin now: (letter, lane, number of the attempt).
    pub async fn start_attempts(&mut self, _starts: &[(Uuid, Lane, u32)]) -> Result<()> {
        later()
    }
    /// Writes how attempts ended.
    pub async fn end_attempts(&mut self, _ends: &[AttemptEnd]) -> Result<()> {
        later()
    }
}

impl Store {
    /// The attempts of `letter`, first to last.
    pub async fn attempts(&self, _letter: Uuid) -> Result<Vec<Attempt>> {
        later()
    }
}
