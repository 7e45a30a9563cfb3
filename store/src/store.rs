//! The store.
use crate::{Result, later};
use schemas::id::{Clock, Ids};
use std::sync::Arc;

/// How to open a [`Store`].
#[derive(Clone, Debug)]
pub struct Options {
    /// Tells the time.
    pub clock: Clock,
    /// Makes ids and secrets.
    pub ids: Ids,
    /// Whether case events are also posted to the `events` lane.
    pub publish_events: bool,
}

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DbKind {
    /// One file, one process.
    Sqlite,
    /// A server, any number of processes.
    Postgres,
}

/// How much there is, for the health page and the demo.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Reports taken in.
    pub reports: u64,
    /// Cases opened.
    pub cases: u64,
    /// Cases that still wait for somebody.
    pub open_cases: u64,
    /// Dispatches, by state.
    pub dispatches: std::collections::BTreeMap<String, u64>,
    /// Notices, by state.
    pub notices: std::collections::BTreeMap<String, u64>,
    /// Letters that wait, now or later.
    pub letters: u64,
    /// Dead letters.
    pub dead: u64,
}

/// The rows. Cheap to clone; all clones are one store.
#[derive(Clone, Debug)]
pub struct Store(Arc<Options>);

/// One transaction. Dropped without [`Tx::commit`] it never happened.
pub struct Tx(());

impl Store {
    /// Opens the database at `url`.
    pub async fn open(url: &str, options: Options) -> Result<Self> {
        _ = url;
        Ok(Self(Arc::new(options)))
    }
    /// Brings the tables up to date; returns how many migrations ran.
    pub async fn migrate(&self) -> Result<usize> {
        later()
    }
    /// The names of migrations that have not run yet.
    pub async fn pending_migrations(&self) -> Result<Vec<String>> {
        later()
    }
    /// Says clearly what is wrong when the tables are not those of this program.
    pub async fn check_schema(&self) -> Result<()> {
        later()
    }
    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        later()
    }
    /// Which database.
    pub fn kind(&self) -> DbKind {
        DbKind::Sqlite
    }
    /// The clock it was opened with.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }
    /// The ids it was opened with.
    pub fn ids(&self) -> &Ids {
        &self.0.ids
    }
    /// Writes what waits and closes every connection.
    pub async fn close(&self) {}
    /// Starts a transaction.
    pub async fn begin(&self) -> Result<Tx> {
        later()
    }
    /// How much there is.
    pub async fn count(&self) -> Result<Counts> {
        later()
    }
}

impl Tx {
    /// Commits, then wakes the lanes that were posted to and hands new letters to the relay.
    pub async fn commit(self) -> Result<()> {
        later()
    }
}
