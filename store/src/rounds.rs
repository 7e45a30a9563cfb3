//! Rounds: what adapters do by themselves, one process at a time.

use crate::{DbKind, Error, Result, Store, Tx, db::args, sql::sql};
use schemas::{Timestamp, id::from_micros};
use serde_json::Value;
use std::time::Duration;

sql! {
    both FIRST = "INSERT INTO round (name, state, next_at) VALUES ($1, 'null', 0) ON CONFLICT (name) DO NOTHING";
    // Due again when the claim is over; who hurries it meanwhile writes another date.
    both CLAIM = "UPDATE round SET claimed_until = $3, next_at = $3
        WHERE name = $1 AND next_at <= $2 AND (claimed_until IS NULL OR claimed_until <= $2) RETURNING state";
    both END = "UPDATE round SET state = coalesce($3, state), next_at = CASE WHEN next_at = 0 THEN 0 ELSE $4 END,
            claimed_until = NULL, ran_at = $5, why = $6
        WHERE name = $1 AND claimed_until = $2 RETURNING name";
    both HURRY = "UPDATE round SET next_at = 0 WHERE name = $1";
    sqlite RELEASE = "UPDATE round SET claimed_until = NULL, next_at = 0 WHERE claimed_until IS NOT NULL";
    both STATE = "SELECT state, next_at, ran_at, why FROM round WHERE name = $1";
}

/// A round that is ours to make.
#[derive(Debug, Clone)]
pub struct RoundClaim {
    /// What the last one left; null before the first.
    pub state: Value,
    /// Ours until then: what [`Tx::end_round`] knows the claim by.
    pub until: Timestamp,
}

/// How a round is doing.
#[derive(Debug, Clone)]
pub struct RoundState {
    /// What the last one that went well left.
    pub state: Value,
    /// When the next is due.
    pub next_at: Timestamp,
    /// When the last one ended.
    pub ran_at: Option<Timestamp>,
    /// Why the last one failed; nothing when it went well.
    pub why: Option<String>,
}

fn read(name: &str, state: &str) -> Result<Value> {
    serde_json::from_str(state).map_err(|_| Error::broken("round", "state", name))
}

impl Store {
    /// On SQLite, where one process has the file: ends the claims of the one before, which is no
    /// more. On PostgreSQL another may be at it, so a claim runs out.
    pub(crate) async fn release_rounds(&self) -> Result<()> {
        if self.kind() == DbKind::Sqlite {
            self.inner.db.exec(RELEASE, args![]).await?;
        }
        Ok(())
    }

    /// Claims the round `name` for `lease`, if it is due and nobody else has it.
    pub async fn claim_round(&self, name: &str, lease: Duration) -> Result<Option<RoundClaim>> {
        let now = self.clock().now();
        let until = now + lease;
        self.inner.db.exec(FIRST, args![name]).await?;
        let rows: Vec<(String,)> = self.inner.db.write(CLAIM, args![name, now, until]).await?;
        let Some((state,)) = rows.first() else { return Ok(None) };
        Ok(Some(RoundClaim { state: read(name, state)?, until }))
    }

    /// Makes the round `name` due now; one that is being made is made again when it is over.
    pub async fn hurry_round(&self, name: &str) -> Result<()> {
        self.inner.db.exec(HURRY, args![name]).await.map(|_| ())
    }

    /// How the round `name` is doing; nothing before its first.
    pub async fn round(&self, name: &str) -> Result<Option<RoundState>> {
        type Row = (String, i64, Option<i64>, Option<String>);
        let row: Option<Row> = self.inner.db.one(STATE, args![name]).await?;
        row.map(|(state, next_at, ran_at, why)| {
            Ok(RoundState {
                state: read(name, &state)?,
                next_at: from_micros(next_at),
                ran_at: ran_at.map(from_micros),
                why,
            })
        })
        .transpose()
    }
}

impl Tx {
    /// Ends a round that was claimed until `until`: keeps `state` (or leaves it, when `None`), and
    /// says when the next is due. Gives whether the claim was still ours; if not, the caller rolls
    /// back.
    pub async fn end_round(
        &mut self,
        name: &str,
        until: Timestamp,
        state: Option<&Value>,
        next_at: Timestamp,
        why: Option<&str>,
    ) -> Result<bool> {
        let now = self.clock().now();
        let state = state.map(Value::to_string);
        let rows: Vec<(String,)> =
            self.conn.all(END, args![name, until, state, next_at, now, why.map(str::to_owned)]).await?;
        Ok(!rows.is_empty())
    }
}
