//! Carrier one: the letters table itself. A letter is taken by moving its `ready_at` behind a
//! lease; settling deletes the row in the transaction of the effects. A crash lets the lease run
//! out, and the letter is there again.

use crate::source::{Batch, Ticket, Trouble};
use schemas::letter::{Lane, Letter};
use std::time::Duration;
use store::Store;

pub(crate) struct TableSource {
    pub(crate) store: Store,
    pub(crate) lane: Lane,
    pub(crate) lease: Duration,
    pub(crate) look_every: Duration,
}

impl TableSource {
    pub(crate) async fn take(&self, max: usize, trial: bool) -> Result<Batch, Trouble> {
        let letters = match trial {
            true => self.store.take_trial(&self.lane, self.lease).await?,
            false => self.store.take(&self.lane, max, self.lease).await?,
        };
        let tickets = letters.iter().map(|_| Ticket::default()).collect();
        Ok(Batch { letters, tickets, aside: Vec::new() })
    }

    pub(crate) async fn wait(&self) {
        self.store.wait(&self.lane, self.look_every).await;
    }

    /// When the database is away their lease gives them back.
    pub(crate) async fn give_back(&self, letters: &[Letter]) {
        let ids: Vec<_> = letters.iter().map(|letter| letter.id).collect();
        if let Err(error) = self.store.release(&ids).await {
            tracing::debug!(lane = %self.lane, %error, "letters come back when their lease runs out");
        }
    }
}
