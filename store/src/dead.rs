//! Dead letters: shown, replayed or dropped by a person.

use crate::{
    Result, Store,
    db::{args, batch_ids},
    letters::DeadRow,
    sql::sql,
};
use schemas::{
    Timestamp, Uuid,
    id::from_micros,
    letter::{Lane, Letter},
};

/// Which dead letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadFilter {
    /// Only of this lane.
    pub lane: Option<Lane>,
    /// Only those buried before this moment.
    pub before: Option<Timestamp>,
    /// Only those buried after this moment.
    pub after: Option<Timestamp>,
    /// At most so many; the newest first.
    pub limit: usize,
}

impl Default for DeadFilter {
    fn default() -> Self {
        Self { lane: None, before: None, after: None, limit: 100 }
    }
}

/// A letter that will not be tried again by itself.
#[derive(Debug, Clone)]
pub struct DeadLetter {
    /// The letter.
    pub letter: Letter,
    /// Why.
    pub why: String,
    /// Since when.
    pub buried_at: Timestamp,
}

sql! {
    both LIST = "SELECT id, lane, topic, subject, case_id, body, cause, trace, attempt, posted_at, why, buried_at
        FROM letter WHERE buried_at IS NOT NULL AND (CAST($1 AS text) IS NULL OR lane = $1)
            AND (CAST($2 AS bigint) IS NULL OR buried_at < $2) AND (CAST($3 AS bigint) IS NULL OR buried_at > $3)
        ORDER BY buried_at DESC, id LIMIT $4";
    both BY_ID = "SELECT id, lane, topic, subject, case_id, body, cause, trace, attempt, posted_at, why, buried_at
        FROM letter WHERE buried_at IS NOT NULL AND id = $1";
    // Ready since they were posted: replayed in their old order, before what came later.
    both REPLAY = "UPDATE letter SET buried_at = NULL, why = NULL, attempt = 0, ready_at = posted_at
        WHERE buried_at IS NOT NULL AND id IN (SELECT value ->> 'id' FROM json_each($1)) RETURNING lane";
    both DROP = "DELETE FROM letter
        WHERE buried_at IS NOT NULL AND id IN (SELECT value ->> 'id' FROM json_each($1))";
}

impl DeadRow {
    fn read(self) -> Result<DeadLetter> {
        let (why, buried_at) = (self.why.clone().unwrap_or_default(), from_micros(self.buried_at));
        Ok(DeadLetter { letter: self.letter().read()?, why, buried_at })
    }
}

impl Store {
    /// Dead letters, the newest first. One that cannot be read is left out and logged.
    pub async fn dead(&self, filter: DeadFilter) -> Result<Vec<DeadLetter>> {
        let DeadFilter { lane, before, after, limit } = filter;
        let lane = lane.map(|lane| lane.as_str().to_owned());
        let rows: Vec<DeadRow> = self.inner.db.ordered(LIST, args![lane, before, after, limit]).await?;
        let read =
            |row: DeadRow| row.read().inspect_err(|error| tracing::error!(%error, "an unreadable dead letter")).ok();
        Ok(rows.into_iter().filter_map(read).collect())
    }

    /// One dead letter.
    pub async fn dead_letter(&self, id: Uuid) -> Result<Option<DeadLetter>> {
        self.inner.db.one::<DeadRow>(BY_ID, args![id]).await?.map(DeadRow::read).transpose()
    }

    /// Puts dead letters back in their lanes, with all their tries; returns how many.
    pub async fn replay_dead(&self, ids: &[Uuid]) -> Result<u64> {
        let lanes: Vec<(String,)> = self.inner.db.write(REPLAY, vec![batch_ids(ids)]).await?;
        self.inner.wake.lanes(lanes.iter().map(|(lane,)| Lane::new(lane)).collect());
        Ok(lanes.len() as u64)
    }

    /// Throws dead letters away; returns how many.
    pub async fn drop_dead(&self, ids: &[Uuid]) -> Result<u64> {
        self.inner.db.exec(DROP, vec![batch_ids(ids)]).await
    }
}
