//! Forgets by term what was said in notices and of them, and keeps the ledger.

use crate::render::Templates;
use schemas::{Timestamp, proof::Proof};
use std::time::Duration;
use store::{Before, Pruned, Store};

/// So much is forgotten in one transaction: nobody waits long for the writer.
const AT_ONCE: usize = 500;

/// The terms. `None`: never.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Terms {
    /// How long the sandbox keeps messages.
    pub items: Option<Duration>,
    /// How long the words of providers are kept.
    pub words: Option<Duration>,
    /// How long it is known what people of the city did.
    pub audit: Option<Duration>,
}

impl Terms {
    /// What is too old at `now`, while these words are in use.
    fn before(&self, now: Timestamp, templates: &Templates) -> Before {
        let before = |term: Option<Duration>| now.checked_sub(term?).ok();
        let in_use = templates.versions().map(|version| version.name.clone()).collect();
        Before { items: before(self.items), words: before(self.words), audit: before(self.audit), in_use }
    }
}

/// Forgets everything that is too old; returns how much that was. `templates` are in use, and stay.
pub async fn prune(store: &Store, terms: &Terms, templates: &Templates) -> Result<Pruned, store::Error> {
    let now = store.clock().now();
    let before = terms.before(now, templates);
    if let Ok(week) = now.checked_sub(Duration::from_hours(u64::from(Proof::KEPT_HOURS))) {
        // Who asked to prove an address is known for a week, whatever the terms.
        let mut tx = store.begin().await?;
        tx.forget_proofs(week).await?;
        tx.commit().await?;
    }
    let mut all = Pruned::default();
    loop {
        let mut tx = store.begin().await?;
        let pruned = tx.prune(&before, AT_ONCE).await?;
        tx.commit().await?;
        if pruned.is_nothing() {
            return Ok(all);
        }
        all += pruned;
    }
}

/// What [`prune`] would forget now.
pub async fn prunable(store: &Store, terms: &Terms, templates: &Templates) -> Result<Pruned, store::Error> {
    store.prunable(&terms.before(store.clock().now(), templates)).await
}

/// [`prune`], and says so; for whoever does it by the hour.
pub async fn tidy(store: &Store, terms: &Terms, templates: &Templates) {
    match prune(store, terms, templates).await {
        Ok(pruned) if pruned.is_nothing() => {}
        Ok(Pruned { items, notices, receipts, reasons, templates, audit }) => {
            tracing::info!(
                items,
                notices,
                receipts,
                reasons,
                templates,
                audit,
                "what was said in notices is forgotten: its term is over"
            );
        }
        Err(error) => tracing::warn!(%error, "what is too old cannot be forgotten; trying again in an hour"),
    }
}
