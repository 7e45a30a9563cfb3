//! Forgets by term what was said in notices and of them, and keeps the ledger.

use schemas::Timestamp;
use std::time::Duration;
use store::{Pruned, Store};

/// So much is forgotten in one transaction: nobody waits long for the writer.
const AT_ONCE: usize = 500;

/// The terms. `None`: never.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Terms {
    /// How long the sandbox keeps messages.
    pub items: Option<Duration>,
    /// How long the words of providers are kept.
    pub words: Option<Duration>,
}

impl Terms {
    /// What is too old at `now`: items before the first moment, words before the second.
    fn before(&self, now: Timestamp) -> (Option<Timestamp>, Option<Timestamp>) {
        let before = |term: Option<Duration>| now.checked_sub(term?).ok();
        (before(self.items), before(self.words))
    }
}

/// Forgets everything that is too old; returns how much that was.
pub async fn prune(store: &Store, terms: &Terms) -> Result<Pruned, store::Error> {
    let (items, words) = terms.before(store.clock().now());
    let mut all = Pruned::default();
    loop {
        let mut tx = store.begin().await?;
        let pruned = tx.prune(items, words, AT_ONCE).await?;
        tx.commit().await?;
        if pruned.is_nothing() {
            return Ok(all);
        }
        all += pruned;
    }
}

/// What [`prune`] would forget now.
pub async fn prunable(store: &Store, terms: &Terms) -> Result<Pruned, store::Error> {
    let (items, words) = terms.before(store.clock().now());
    store.prunable(items, words).await
}

/// [`prune`], and says so; for whoever does it by the hour.
pub async fn tidy(store: &Store, terms: &Terms) {
    match prune(store, terms).await {
        Ok(pruned) if pruned.is_nothing() => {}
        Ok(Pruned { items, notices, receipts }) => {
            tracing::info!(items, notices, receipts, "what was said in notices is forgotten: its term is over");
        }
        Err(error) => tracing::warn!(%error, "what is too old cannot be forgotten; trying again in an hour"),
    }
}
