//! Work for departments that fetch it over HTTP, when no broker carries it.

use crate::carry::Inner;
use schemas::letter::{Lane, Letter};
use std::time::Duration;
use store::Store;
use tokio::time::Instant;
use uuid::Uuid;

/// See [`crate::Bus::fetch_work`].
pub(crate) async fn fetch(
    inner: &Inner,
    lane: &Lane,
    max: usize,
    lease: Duration,
    wait: Duration,
) -> Result<Vec<Letter>, store::Error> {
    let end = Instant::now() + wait;
    loop {
        let letters = inner.store.take(lane, max, lease).await?;
        let left = end.saturating_duration_since(Instant::now());
        if !letters.is_empty() || left.is_zero() || inner.board.closing.is_cancelled() {
            return Ok(letters);
        }
        // Other processes write letters too (a replay by command, for one), and leases run out.
        let nap = left.min(inner.options.look_every);
        _ = inner.board.closing.run_until_cancelled(inner.store.wait(lane, nap)).await;
    }
}

/// See [`crate::Bus::ack_work`].
pub(crate) async fn ack(store: &Store, lane: &Lane, ids: &[Uuid]) -> Result<u64, store::Error> {
    let mut tx = store.begin().await?;
    let gone = tx.arrived(lane, ids).await?;
    tx.commit().await?;
    Ok(gone)
}
