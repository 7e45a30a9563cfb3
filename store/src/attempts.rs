//! The ledger: an attempt is committed before the socket is opened, so that after a crash we know
//! what may have left the house.

use crate::{
    Error, Result, Store, Tx,
    db::{args, batch, row},
    sql::sql,
};
use schemas::{Timestamp, Uuid, id::from_micros, letter::Lane};
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};

/// One attempt to hand a letter to the outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// The letter.
    pub letter: Uuid,
    /// Which attempt.
    pub n: u32,
    /// Its lane.
    pub lane: Lane,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; `None` = under way, or cut off by a crash.
    pub ended_at: Option<Timestamp>,
    /// The word of its verdict.
    pub verdict: Option<String>,
    /// Why, if not done.
    pub why: Option<String>,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptEnd {
    /// The letter.
    pub letter: Uuid,
    /// Which attempt.
    pub n: u32,
    /// [`schemas::verdict::Verdict::word`].
    pub verdict: &'static str,
    /// Why, if not done.
    pub why: Option<String>,
}

sql! {
    // An attempt that did not count is begun again under the same number; one that never ended is
    // left as it is and not returned.
    both START = "WITH batch AS MATERIALIZED (SELECT value FROM json_each($1))
        INSERT INTO attempt (letter_id, n, lane, started_at)
        SELECT value ->> 'letter_id', CAST(value ->> 'n' AS bigint), value ->> 'lane', CAST($2 AS bigint)
        FROM batch WHERE TRUE
        ON CONFLICT (letter_id, n) DO UPDATE SET started_at = excluded.started_at, ended_at = NULL,
            verdict = NULL, why = NULL
        WHERE attempt.ended_at IS NOT NULL RETURNING letter_id";
    both FINISH = "WITH batch AS MATERIALIZED (SELECT value FROM json_each($1))
        UPDATE attempt SET ended_at = CAST($2 AS bigint), verdict = given.verdict, why = given.why
        FROM (SELECT value ->> 'letter_id' AS of, CAST(value ->> 'n' AS bigint) AS nth,
                value ->> 'verdict' AS verdict, value ->> 'why' AS why FROM batch) AS given
        WHERE attempt.letter_id = given.of AND attempt.n = given.nth";
    both OF_LETTER = "SELECT letter_id, n, lane, started_at, ended_at, verdict, why FROM attempt
        WHERE letter_id = $1 ORDER BY n";
}

#[derive(Serialize)]
struct StartRow<'a> {
    letter_id: Uuid,
    n: u32,
    lane: &'a str,
}

#[derive(Serialize)]
struct EndRow<'a> {
    letter_id: Uuid,
    n: u32,
    verdict: &'static str,
    why: Option<&'a str>,
}

row! { "attempt", AttemptRow {
    letter_id: String, n: i64, lane: String, started_at: i64, ended_at: Option<i64>, verdict: Option<String>,
    why: Option<String>,
} }

impl Tx {
    /// Writes that these attempts begin now: (letter, lane, number of the attempt). Returns the
    /// letters whose attempt of this number had begun before and never ended: they were cut off,
    /// and the other side may or may not have them.
    pub async fn start_attempts(&mut self, starts: &[(Uuid, Lane, u32)]) -> Result<HashSet<Uuid>> {
        if starts.is_empty() {
            return Ok(HashSet::new());
        }
        let rows: BTreeMap<_, _> = starts
            .iter()
            .map(|(letter_id, lane, n)| {
                ((letter_id, n), StartRow { letter_id: *letter_id, n: *n, lane: lane.as_str() })
            })
            .collect();
        let mut args = vec![batch(&rows.into_values().collect::<Vec<_>>())?];
        args.extend(args![self.clock().now()]);
        let begun: Vec<(String,)> = self.conn.all(START, args).await?;
        let begun: HashSet<Uuid> = begun.iter().filter_map(|(id,)| id.parse().ok()).collect();
        Ok(starts.iter().map(|(id, ..)| *id).filter(|id| !begun.contains(id)).collect())
    }

    /// Writes how attempts ended, now.
    pub async fn end_attempts(&mut self, ends: &[AttemptEnd]) -> Result<()> {
        if ends.is_empty() {
            return Ok(());
        }
        let rows: BTreeMap<_, _> = ends
            .iter()
            .map(|AttemptEnd { letter, n, verdict, why }| {
                ((letter, n), EndRow { letter_id: *letter, n: *n, verdict, why: why.as_deref() })
            })
            .collect();
        let mut args = vec![batch(&rows.into_values().collect::<Vec<_>>())?];
        args.extend(args![self.clock().now()]);
        self.conn.exec(FINISH, args).await?;
        Ok(())
    }
}

impl Store {
    /// The attempts of `letter`, first to last.
    pub async fn attempts(&self, letter: Uuid) -> Result<Vec<Attempt>> {
        let rows: Vec<AttemptRow> = self.inner.db.all(OF_LETTER, args![letter]).await?;
        rows.into_iter()
            .map(|row| {
                let broken = |column| Error::broken("attempt", column, format!("{}, {}", row.letter_id, row.n));
                Ok(Attempt {
                    letter: row.letter_id.parse().map_err(|_| broken("letter_id"))?,
                    n: u32::try_from(row.n).map_err(|_| broken("n"))?,
                    lane: Lane::new(&row.lane),
                    started_at: from_micros(row.started_at),
                    ended_at: row.ended_at.map(from_micros),
                    verdict: row.verdict,
                    why: row.why,
                })
            })
            .collect()
    }
}
