//! What a decision has to know besides the report, and what it costs to know it: who reports stands
//! in the contact, how busy departments are is counted, now and then.

use crate::{Facts, Load, Reporter};
use schemas::{Timestamp, city::City, report::Report};
use std::{sync::Arc, time::Duration};
use store::{Store, Tx};
use tokio::sync::Mutex;

/// A count of open cases is good for so long.
const GOOD_FOR: Duration = Duration::from_secs(30);

/// The last count, shared by all copies of a worker.
#[derive(Debug, Clone, Default)]
pub(super) struct LastCount(Arc<Mutex<Option<Count>>>);

/// When it was counted, and what came out.
type Count = (Timestamp, Arc<Load>);

impl LastCount {
    /// How busy the departments are, counted within `tx` when the last count is too old. One
    /// counts, the others wait for it.
    pub async fn load(&self, tx: &mut Tx, now: Timestamp) -> Result<Arc<Load>, store::Error> {
        let mut last = self.0.lock().await;
        if let Some((counted_at, load)) = &*last {
            // A clock that was put back makes a count from the future, which is no count.
            let age = now.duration_since(*counted_at);
            if !age.is_negative() && age.unsigned_abs() < GOOD_FOR {
                return Ok(load.clone());
            }
        }
        let load: Arc<Load> = Arc::new(tx.open_by_lead().await?.into_iter().collect());
        *last = Some((now, load.clone()));
        Ok(load)
    }
}

/// What is known beside a report, for whoever explains a decision.
#[derive(Debug, Clone)]
pub struct Known {
    reporter: Reporter,
    load: Load,
}

impl Known {
    /// Looks up all of it.
    pub async fn look_up(store: &Store, report: &Report, city: &City) -> Result<Self, store::Error> {
        let contact = store.contacts_by_ids(&[report.id]).await?.remove(&report.id);
        let load = store.open_by_lead().await?.into_iter().collect();
        Ok(Self { reporter: Reporter::of(report, contact.as_ref(), city), load })
    }

    /// `facts`, with all of it.
    pub fn add_to<'a>(&'a self, facts: Facts<'a>) -> Facts<'a> {
        facts.with_reporter(self.reporter).with_load(&self.load)
    }
}
