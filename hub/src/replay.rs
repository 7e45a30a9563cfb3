//! Stored cases, streamed page by page through a [`Replay`] on every processor.

use futures_util::{TryStreamExt as _, stream};
use router::replay::{Replay, Tally};
use std::sync::Arc;
use store::{Store, Stretch};

/// Rows of a page. Pages in hand are as many as there are processors, and two.
const PAGE: usize = 1_000;

/// Decides the cases of `stretch` again, in order; `seen` hears how many of each page. Holds a few
/// pages at a time, however many there are.
pub async fn run(
    store: &Store,
    replay: Arc<Replay>,
    stretch: Stretch,
    samples: usize,
    seen: impl Fn(u64),
) -> anyhow::Result<Tally> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    // The outer option: whether there is a next page; the inner one: after which row it begins.
    let pages = stream::try_unfold(Some(None::<String>), |next| async move {
        let Some(after) = next else { return Ok(None) };
        let page = store.past(stretch, after.as_deref(), PAGE).await.map_err(anyhow::Error::from)?;
        Ok(Some((page.rows, page.next.map(Some))))
    });
    let judge = |rows: Vec<_>| {
        let replay = replay.clone();
        async move { Ok(tokio::task::spawn_blocking(move || replay.page(rows, samples)).await?) }
    };
    pages
        .map_ok(judge)
        .try_buffered(workers + 1)
        .try_fold(Tally::new(samples), |mut all, page| {
            seen(page.cases);
            all.merge(page);
            std::future::ready(Ok(all))
        })
        .await
}
