//! Letters: outbox, queue and retries in one table.
use crate::{Result, Store, Tx, later};
use schemas::{
    Timestamp, Uuid,
    letter::{Lane, Letter},
};
use std::time::Duration;

/// What became of the letters of a batch.
#[derive(Debug, Clone, Default)]
pub struct Settlement {
    /// Arrived: gone.
    pub done: Vec<Uuid>,
    /// To be tried again.
    pub again: Vec<Again>,
    /// Never to be tried again by itself.
    pub bury: Vec<Bury>,
}

/// A letter to be tried again. Written as a whole, because with RabbitMQ its row may be gone.
#[derive(Debug, Clone)]
pub struct Again {
    /// The letter; `attempt` is kept as it is here.
    pub letter: Letter,
    /// Not before.
    pub ready_at: Timestamp,
    /// Why not now, for the operator.
    pub why: String,
}

/// A letter that becomes a dead letter. Written as a whole, because with RabbitMQ its row may be gone.
#[derive(Debug, Clone)]
pub struct Bury {
    /// The letter.
    pub letter: Letter,
    /// Why, for the operator.
    pub why: String,
}

/// Who publishes letters right after the commit that wrote them.
#[derive(Debug, Clone)]
pub struct Relay {
    /// How long the sweeper leaves a posted letter to the relay.
    pub grace: Duration,
    /// Where the letters of a commit go. A full channel is no loss: the sweeper finds the rows.
    pub sender: tokio::sync::mpsc::Sender<Vec<Letter>>,
}

/// How a lane is doing.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LaneState {
    /// The lane.
    pub lane: Lane,
    /// Letters that could be handled now (those in hand count too on SQLite).
    pub ready: u64,
    /// Letters that wait for a time.
    pub delayed: u64,
    /// Dead letters.
    pub dead: u64,
    /// When the oldest letter that is not dead was posted.
    pub oldest_at: Option<Timestamp>,
}

impl Tx {
    /// Posts letters when the transaction commits; one whose id exists already is left as it is.
    pub async fn post(&mut self, _letters: &[Letter]) -> Result<()> {
        later()
    }
    /// Writes what became of letters.
    pub async fn settle(&mut self, _settlement: &Settlement) -> Result<()> {
        later()
    }
}

impl Store {
    /// Takes up to `max` letters of `lane` that are ready, for `lease`; after that they are ready again.
    pub async fn take(&self, _lane: &Lane, _max: usize, _lease: Duration) -> Result<Vec<Letter>> {
        later()
    }
    /// Gives back letters that were taken and not handled.
    pub async fn release(&self, _ids: &[Uuid]) -> Result<()> {
        later()
    }
    /// From now on posted letters are handed to `relay` after their commit.
    pub fn set_relay(&self, _relay: Relay) {}
    /// Remembers letters that were published; their rows go with the next commit.
    pub fn confirmed(&self, _ids: Vec<Uuid>) {}
    /// Deletes the rows of published letters now.
    pub async fn flush_confirmed(&self) -> Result<()> {
        later()
    }
    /// Takes up to `max` letters of any lane that are ready, for `lease`.
    pub async fn sweep(&self, _max: usize, _lease: Duration) -> Result<Vec<Letter>> {
        later()
    }
    /// Every lane that has letters.
    pub async fn lanes(&self) -> Result<Vec<LaneState>> {
        later()
    }
    /// Returns when `lane` may have something ready, or after `at_most`.
    pub async fn wait(&self, _lane: &Lane, at_most: Duration) {
        tokio::time::sleep(at_most).await;
    }
    /// Wakes everybody who waits, for instance after a test moved its clock.
    pub fn wake_all(&self) {}
}
