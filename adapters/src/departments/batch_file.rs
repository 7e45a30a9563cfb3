//! A department that exchanges files: dispatches go out as rows of a file at set times, its answers
//! and receipts come back as files that it puts beside.
//!
//! A dispatch is written as a row first; the round of the department makes the file, lays it ready
//! under another name, notes that it did, and only then puts it in its place. So a process that dies
//! between any two steps is followed by one that knows what was done, and no file goes out twice.

mod columns;
mod config;
mod hear;
mod out;
mod round;
mod said;
mod schedule;
mod sftp;
mod sheet;
mod shelf;
mod table;

#[cfg(test)]
pub(super) use columns::Known;
pub use config::Config;

use super::{Adapter, Taken, Tools};
use crate::{happened, links::Links, rounds::Round};
use async_trait::async_trait;
use bus::LaneSettings;
use schemas::{
    city::{City, Department, Share},
    dispatch::Dispatch,
    fault::Invalid,
    id::Clock,
    letter::Letter,
    report::Urgency,
    slug::DepartmentId,
    verdict::Verdict,
};
use shelf::{Directory, Shelf, Trouble};
use std::sync::Arc;
use store::{Store, Tx};

impl Config {
    /// The adapter.
    pub fn build(self, department: &Department, tools: &Tools) -> Result<Arc<dyn Adapter>, Vec<Invalid>> {
        let place = match (&self.directory, &self.sftp) {
            (Some(directory), _) => Place::Folder(Arc::new(Directory::new(directory.path.clone()))),
            (None, Some(sftp)) => {
                let credentials = tools.secrets.credentials(&department.id);
                let server = sftp.clone().build(credentials.ssh_key, credentials.password);
                Place::Server(Box::new(server.map_err(|fault| vec![fault])?))
            }
            (None, None) => return Err(self.check()),
        };
        Ok(Arc::new(BatchFile { exchange: Arc::new(Exchange::new(self, department, tools, place)) }))
    }
}

/// Where the files are.
enum Place {
    /// At hand.
    Folder(Arc<dyn Shelf>),
    /// On a server that is connected to for each round.
    Server(Box<sftp::Server>),
}

/// One department's exchange of files.
struct Exchange {
    department: DepartmentId,
    may_know: bool,
    config: Config,
    place: Place,
    city: Arc<City>,
    store: Store,
    clock: Clock,
    links: Links,
}

impl Exchange {
    fn new(config: Config, department: &Department, tools: &Tools, place: Place) -> Self {
        Self {
            department: department.id.clone(),
            may_know: department.share_reporter != Share::Never,
            config,
            place,
            city: tools.city.clone(),
            store: tools.store.clone(),
            clock: tools.clock.clone(),
            links: tools.links.clone(),
        }
    }

    /// Opens the place for one round, with its folders.
    async fn open(&self) -> Result<Arc<dyn Shelf>, Trouble> {
        let shelf = match &self.place {
            Place::Folder(shelf) => shelf.clone(),
            Place::Server(server) => Arc::new(server.connect().await?),
        };
        for folder in [&self.config.out, &self.config.inbound, &self.config.done] {
            shelf.make_folder(folder.trim_matches('/')).await?;
        }
        Ok(shelf)
    }

    fn out(&self, name: &str) -> String {
        format!("{}/{name}", self.config.out.trim_matches('/'))
    }

    fn inbound(&self, name: &str) -> String {
        format!("{}/{name}", self.config.inbound.trim_matches('/'))
    }

    fn done(&self, name: &str) -> String {
        format!("{}/{name}", self.config.done.trim_matches('/'))
    }

    fn count(&self, what: &'static str, count: u64) {
        metrics::counter!("voordeur_batch_rows_total", "department" => self.department.to_string(), "what" => what)
            .increment(count);
    }
}

struct BatchFile {
    exchange: Arc<Exchange>,
}

#[async_trait]
impl Adapter for BatchFile {
    async fn deliver(&self, _: &Dispatch, _: &Letter) -> Verdict {
        // It becomes a row in the transaction that notes this.
        Verdict::receipt("waits for the next file")
    }

    fn hands_over(&self) -> bool {
        false
    }

    async fn taken(&self, tx: &mut Tx, taken: &Taken<'_>) -> Result<(), store::Error> {
        let urgent = matches!(taken.dispatch.priority, Urgency::High | Urgency::Emergency);
        let letter = happened::without_reporter(taken.letter, taken.dispatch);
        tx.add_to_batch(&self.exchange.department, taken.dispatch.id, &letter, urgent).await
    }

    fn round(&self) -> Option<Arc<dyn Round>> {
        Some(Arc::new(round::Exchanging(self.exchange.clone())))
    }

    fn lane(&self) -> LaneSettings {
        LaneSettings { concurrency: 4, ..LaneSettings::default() }
    }
}

#[cfg(test)]
mod bed;
#[cfg(test)]
#[path = "batch_file/docs_tests.rs"]
mod docs_tests;
#[cfg(test)]
#[path = "batch_file/hostile_tests.rs"]
mod hostile_tests;
#[cfg(test)]
#[path = "batch_file/sftp_tests.rs"]
mod sftp_tests;
#[cfg(test)]
#[path = "batch_file/tests.rs"]
mod tests;
