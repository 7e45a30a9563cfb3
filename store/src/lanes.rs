//! Lanes as a whole: how they are doing, and what the relay left behind.

use crate::{
    DbKind, Relay, Result, Store,
    db::{args, batch_ids, row},
    letters::{self, LetterRow, after},
    sql::sql,
    store::locked,
};
use schemas::{
    Timestamp, Uuid,
    id::from_micros,
    letter::{Lane, Letter},
};
use std::{sync::PoisonError, time::Duration};

/// How a lane is doing.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LaneState {
    /// The lane.
    pub lane: Lane,
    /// Letters that could be handled now; on SQLite those in hand are counted too.
    pub ready: u64,
    /// Letters that wait for a time; on PostgreSQL those in hand are counted too.
    pub delayed: u64,
    /// Dead letters.
    pub dead: u64,
    /// When the oldest letter that is not dead was posted.
    pub oldest_at: Option<Timestamp>,
}

sql! {
    both LANES = "SELECT lane,
            CAST(sum(CASE WHEN buried_at IS NULL AND ready_at <= $1 THEN 1 ELSE 0 END) AS bigint),
            CAST(sum(CASE WHEN buried_at IS NULL AND ready_at > $1 THEN 1 ELSE 0 END) AS bigint),
            CAST(sum(CASE WHEN buried_at IS NULL THEN 0 ELSE 1 END) AS bigint),
            CAST(min(CASE WHEN buried_at IS NULL THEN posted_at END) AS bigint)
        FROM letter GROUP BY lane ORDER BY lane";
    // Which lanes have letters, by hopping from one to the next in the index.
    both NAMES = "WITH RECURSIVE hop (lane) AS (
            SELECT (SELECT lane FROM letter WHERE buried_at IS NULL AND lane > '' ORDER BY lane LIMIT 1)
            UNION ALL
            SELECT (SELECT lane FROM letter WHERE buried_at IS NULL AND lane > hop.lane ORDER BY lane LIMIT 1)
            FROM hop WHERE hop.lane IS NOT NULL)
        SELECT lane FROM hop WHERE lane IS NOT NULL";
    // As TAKE_P, and the reason of the last failure goes: from here the letter is on its way
    // again, and its row goes when it is published.
    postgres SWEEP_P = "WITH due AS MATERIALIZED (SELECT ctid AS due FROM letter
            WHERE lane = $1 AND buried_at IS NULL AND ready_at <= $2
            ORDER BY ready_at, id LIMIT $4 FOR UPDATE SKIP LOCKED)
        UPDATE letter SET ready_at = CAST($3 AS bigint), why = NULL FROM due WHERE ctid = due
        RETURNING id, lane, topic, subject, case_id, body, cause, trace, attempt, posted_at";
    sqlite ON_ITS_WAY_S = "UPDATE letter SET why = NULL
        WHERE why IS NOT NULL AND id IN (SELECT value ->> 'id' FROM json_each($1))";
}

row! { "letter", LaneRow { lane: String, ready: i64, delayed: i64, dead: i64, oldest_at: Option<i64> } }

impl Store {
    /// From now on posted letters are handed to `relay` right after their commit; their rows stay
    /// until [`Store::confirmed`].
    pub fn set_relay(&self, relay: Relay) {
        *self.inner.relay.write().unwrap_or_else(PoisonError::into_inner) = Some(relay);
    }

    /// Remembers letters that were published; their rows go with the next commit.
    pub fn confirmed(&self, ids: Vec<Uuid>) {
        locked(&self.inner.confirmed).extend(ids);
    }

    /// Deletes the rows of published letters now.
    pub async fn flush_confirmed(&self) -> Result<()> {
        while !locked(&self.inner.confirmed).is_empty() {
            let mut tx = self.begin().await?;
            let published = letters::forget_published(&mut tx).await?;
            tx.commit().await?;
            published.gone();
        }
        Ok(())
    }

    /// Takes up to about `max` letters of any lane that are ready, the oldest of each lane first,
    /// for `lease`: what a crash or a full relay left behind, and retries whose time has come.
    /// Every lane gets its share, so that a long one does not hold up the others.
    pub async fn sweep(&self, max: usize, lease: Duration) -> Result<Vec<Letter>> {
        let lanes: Vec<(String,)> = self.inner.db.ordered(NAMES, args![]).await?;
        let share = max.div_ceil(lanes.len().max(1));
        let now = self.clock().now();
        let mut rows = Vec::new();
        for (lane,) in &lanes {
            if rows.len() >= max {
                break;
            }
            rows.extend(self.sweep_lane(&Lane::new(lane), now, after(now, lease), share).await?);
        }
        rows.sort_unstable_by(|a, b| (a.posted_at, &a.id).cmp(&(b.posted_at, &b.id)));
        self.readable(rows).await
    }

    async fn sweep_lane(&self, lane: &Lane, now: Timestamp, until: Timestamp, max: usize) -> Result<Vec<LetterRow>> {
        if self.kind() == DbKind::Postgres {
            return self.inner.db.ordered(SWEEP_P, args![lane.as_str(), now, until, max]).await;
        }
        let rows = self.take_claimed(lane, now, until, max, crate::letters::Which::All).await?;
        let ids: Vec<Uuid> = rows.iter().filter_map(|row| row.id.parse().ok()).collect();
        if !ids.is_empty() {
            self.inner.db.exec(ON_ITS_WAY_S, vec![batch_ids(&ids)]).await?;
        }
        Ok(rows)
    }

    /// Every lane that has letters, by name. Reads the whole table: for a page or a metric, not
    /// for a loop.
    pub async fn lanes(&self) -> Result<Vec<LaneState>> {
        let rows: Vec<LaneRow> = self.inner.db.all(LANES, args![self.clock().now()]).await?;
        let count = |n: i64| u64::try_from(n).unwrap_or_default();
        Ok(rows
            .into_iter()
            .map(|row| LaneState {
                lane: Lane::new(&row.lane),
                ready: count(row.ready),
                delayed: count(row.delayed),
                dead: count(row.dead),
                oldest_at: row.oldest_at.map(from_micros),
            })
            .collect())
    }
}
