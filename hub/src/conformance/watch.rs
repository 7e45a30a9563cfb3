//! Looking at what the running hub writes about a test case, until something is there or time is up.

use super::Ground;
use schemas::{Uuid, event::CaseEvent};
use std::time::{Duration, Instant};
use store::DispatchRow;

/// How often is looked.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Asks `look` until it gives something or `deadline` has passed.
pub async fn until<T, F>(deadline: Duration, mut look: impl FnMut() -> F) -> anyhow::Result<Option<T>>
where
    F: Future<Output = anyhow::Result<Option<T>>>,
{
    let start = Instant::now();
    loop {
        if let Some(found) = look().await? {
            return Ok(Some(found));
        }
        if start.elapsed() > deadline {
            return Ok(None);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

impl Ground {
    /// The row of a dispatch.
    pub async fn row(&self, case: Uuid) -> anyhow::Result<Option<DispatchRow>> {
        Ok(self.store.dispatches_of(case).await?.into_iter().find(|row| row.department == self.department.id))
    }

    /// What happened to a test case, what is only for us included.
    pub async fn events(&self, case: Uuid) -> anyhow::Result<Vec<CaseEvent>> {
        Ok(self.store.timeline(case, false).await?)
    }

    /// Waits until nothing new has happened to any of `cases` for as long as is listened.
    pub async fn quiet(&self, cases: &[Uuid]) -> anyhow::Result<()> {
        // Whoever is asked now and then is asked at least once more.
        let (listen, begin) = (Duration::from_secs(self.args.listen) + self.asked_every(), Instant::now());
        let (mut last, mut since) = (0, Instant::now());
        // A department that never stops talking is not waited for.
        while since.elapsed() < listen && begin.elapsed() < self.within() + listen {
            let mut now = 0;
            for case in cases {
                now += self.events(*case).await?.len();
            }
            if now != last {
                (last, since) = (now, Instant::now());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }
}
