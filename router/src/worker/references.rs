//! References for reports that come in by message, taken while the loop's transaction is open.

use schemas::reference::Reference;
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};
use store::{DbKind, Store, Tx};

/// How many are kept in hand, and when more are fetched.
const FULL: usize = 2_048;
const LOW: usize = 1_024;

/// References in hand. On PostgreSQL the counter is one row that every taker locks until its
/// commit, so batches of several workers would wait for each other; they are fetched ahead, outside
/// any batch. On SQLite there is one writer anyway, and taking them in its transaction saves a
/// commit. A crash loses what is in hand, and nobody misses it.
#[derive(Debug, Clone, Default)]
pub(super) struct InHand {
    references: Arc<Mutex<Vec<Reference>>>,
    fetching: Arc<AtomicBool>,
}

impl InHand {
    /// `n` references that nobody was given before.
    pub async fn take(&self, store: &Store, tx: &mut Tx, n: usize) -> Result<Vec<Reference>, store::Error> {
        if store.kind() == DbKind::Sqlite {
            return tx.references(n).await;
        }
        let (taken, left) = {
            let mut references = self.references.lock().unwrap_or_else(PoisonError::into_inner);
            let taken = references.len().checked_sub(n).map(|at| references.split_off(at));
            (taken, references.len())
        };
        if left < LOW && !self.fetching.swap(true, Ordering::AcqRel) {
            self.fetch(store.clone(), FULL - left);
        }
        match taken {
            Some(taken) => Ok(taken),
            None => tx.references(n).await,
        }
    }

    /// Fetches more in the background, in transactions of the store's own.
    fn fetch(&self, store: Store, n: usize) {
        let (references, fetching) = (Arc::clone(&self.references), Arc::clone(&self.fetching));
        tokio::spawn(async move {
            match store.references(n).await {
                Ok(more) => references.lock().unwrap_or_else(PoisonError::into_inner).extend(more),
                Err(error) => tracing::warn!(%error, "no references could be fetched ahead"),
            }
            fetching.store(false, Ordering::Release);
        });
    }
}
