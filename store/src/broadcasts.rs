//! Broadcasts: kept, moved from state to state, and taken on step by step.

use crate::{
    Error, Result, Store, Tx,
    db::{args, batch_ids, row},
    references,
    sql::sql,
};
use schemas::{
    Timestamp, Uuid,
    broadcast::{Audience, Broadcast, Draft, Heads, State},
    id::from_micros,
    notice::NoticeState,
    reference::Reference,
    way::Way,
};
use serde::Serialize;
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

sql! {
    both PUT = "INSERT INTO broadcast (id, reference, words, audience, drawn, critical, state, made_by, made_at, step,
            planned, unwanted, unreachable, slots, start_at)
        VALUES ($1, $2, $3, $4, $8, $5, 'draft', $6, $7, 0, 0, 0, 0, '{}', $9)";
    both BY_IDS = "SELECT id, reference, words, audience, critical, state, made_by, made_at, approved_by, approved_at,
            expected, changed_by, changed_at, step, cursor_at, planned_at, ended_at, planned, unwanted, unreachable,
            slots, drawn, start_at
        FROM broadcast WHERE id IN (SELECT value ->> 'id' FROM json_each($1))";
    // To send one message: what was drawn may be long, and says nothing to the person.
    both TO_SEND = "SELECT id, reference, words, audience, critical, state, made_by, made_at, approved_by, approved_at,
            expected, changed_by, changed_at, step, cursor_at, planned_at, ended_at, planned, unwanted, unreachable,
            slots, '[]', start_at
        FROM broadcast WHERE id IN (SELECT value ->> 'id' FROM json_each($1))";
    both BY_REFERENCE = "SELECT id, reference, words, audience, critical, state, made_by, made_at, approved_by,
            approved_at, expected, changed_by, changed_at, step, cursor_at, planned_at, ended_at, planned, unwanted,
            unreachable, slots, drawn, start_at
        FROM broadcast WHERE reference = $1";
    both NEWEST = "SELECT id, reference, words, audience, critical, state, made_by, made_at, approved_by, approved_at,
            expected, changed_by, changed_at, step, cursor_at, planned_at, ended_at, planned, unwanted, unreachable,
            slots, drawn, start_at
        FROM broadcast ORDER BY made_at DESC, id DESC LIMIT $1";
    both APPROVE = "UPDATE broadcast SET approved_by = $2, approved_at = $3, expected = $4, step = step + 1,
            state = CASE WHEN coalesce(start_at, 0) > CAST($3 AS bigint) THEN 'scheduled' ELSE 'running' END
        WHERE id = $1 AND state = 'draft'";
    both START = "UPDATE broadcast SET state = 'running' WHERE id = $1 AND step = $2 AND state = 'scheduled'";
    // The step is raised, so that a letter that is still under way asks for one that was taken.
    both MOVE = "UPDATE broadcast SET state = $3, changed_by = $4, changed_at = $5, step = step + 1,
            ended_at = CASE WHEN CAST($3 AS text) = 'stopped' THEN CAST($5 AS bigint) ELSE ended_at END
        WHERE id = $1 AND state = $2";
    both ADVANCE = "UPDATE broadcast SET step = step + 1, cursor_at = $3, planned = planned + $4,
            unwanted = unwanted + $5, unreachable = unreachable + $6, slots = $7, planned_at = $8
        WHERE id = $1 AND step = $2 AND state = 'running'";
    both END = "UPDATE broadcast SET step = step + 1, state = 'done', ended_at = $3
        WHERE id = $1 AND step = $2 AND state = 'running'";
    // What is handed over at this moment and gets there counts as sent all the same.
    both STOP_NOTICES = "UPDATE notice SET state = 'stopped', why = $2
        WHERE case_id = $1 AND template = 'broadcast' AND state = 'planned'";
    both OTHER_SLOTS = "SELECT slots FROM broadcast WHERE state = 'running' AND id <> $1";
    // One after the other again, as they were laid; what is laid for later stays there.
    both RESPACE = "UPDATE letter SET why = NULL, ready_at = CASE WHEN given.due_at > $3 + given.n * $4 THEN given.due_at
            ELSE $3 + given.n * $4 END
        FROM (SELECT id AS of, coalesce(due_at, 0) AS due_at, row_number() OVER (ORDER BY coalesce(due_at, 0), id) AS n FROM notice
            WHERE case_id = $1 AND template = 'broadcast' AND state = 'planned' AND sender = $2) AS given
        WHERE letter.id = given.of AND buried_at IS NULL AND (why IS NULL OR why = $5)";
    both UNSENT = "SELECT sender, CAST(count(*) AS bigint) FROM notice
        WHERE case_id = $1 AND template = 'broadcast' AND state = 'planned' AND (due_at IS NULL OR due_at <= $2)
        GROUP BY sender";
    both LEFT = "SELECT CAST(count(*) AS bigint) FROM notice
        WHERE case_id = $1 AND template = 'broadcast' AND state = 'planned'";
    both PAUSED = "SELECT id FROM broadcast
        WHERE state = 'paused' AND id IN (SELECT value ->> 'id' FROM json_each($1))";
    both TALLY = "SELECT way, state, CAST(count(*) AS bigint), CAST(coalesce(sum(cost), 0) AS bigint) FROM notice
        WHERE case_id = $1 AND template = 'broadcast' GROUP BY way, state ORDER BY way, state";
}

row! { "broadcast", BroadcastRow {
    id: String, reference: i64, words: String, audience: String, critical: i64, state: String, made_by: String,
    made_at: i64, approved_by: Option<String>, approved_at: Option<i64>, expected: Option<i64>,
    changed_by: Option<String>, changed_at: Option<i64>, step: i64, cursor_at: Option<String>,
    planned_at: Option<i64>, ended_at: Option<i64>, planned: i64, unwanted: i64, unreachable: i64, slots: String,
    drawn: String, start_at: Option<i64>,
} }

impl BroadcastRow {
    fn read(self) -> Result<Broadcast> {
        let broken = |column| Error::broken("broadcast", column, &self.id);
        let count = |n: i64, column| u64::try_from(n).map_err(|_| broken(column));
        Ok(Broadcast {
            id: self.id.parse().map_err(|_| broken("id"))?,
            reference: references::read(self.reference).ok_or_else(|| broken("reference"))?,
            draft: Draft {
                words: serde_json::from_str(&self.words).map_err(|_| broken("words"))?,
                audience: Audience {
                    drawn: serde_json::from_str(&self.drawn).map_err(|_| broken("drawn"))?,
                    ..serde_json::from_str(&self.audience).map_err(|_| broken("audience"))?
                },
                critical: self.critical != 0,
                at: self.start_at.map(from_micros),
            },
            state: State::parse(&self.state).ok_or_else(|| broken("state"))?,
            made_at: from_micros(self.made_at),
            approved_at: self.approved_at.map(from_micros),
            expected: self.expected.map(|n| count(n, "expected")).transpose()?,
            changed_at: self.changed_at.map(from_micros),
            step: count(self.step, "step")?,
            cursor: self.cursor_at.as_ref().map(|id| id.parse().map_err(|_| broken("cursor_at"))).transpose()?,
            planned_at: self.planned_at.map(from_micros),
            ended_at: self.ended_at.map(from_micros),
            heads: Heads {
                planned: count(self.planned, "planned")?,
                unwanted: count(self.unwanted, "unwanted")?,
                unreachable: count(self.unreachable, "unreachable")?,
            },
            slots: serde_json::from_str(&self.slots).map_err(|_| broken("slots"))?,
            made_by: self.made_by,
            approved_by: self.approved_by,
            changed_by: self.changed_by,
        })
    }
}

fn by_id(rows: Vec<BroadcastRow>) -> Result<HashMap<Uuid, Broadcast>> {
    rows.into_iter().map(|row| row.read().map(|broadcast| (broadcast.id, broadcast))).collect()
}

/// How many notices of a broadcast went a way, and how far they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// The way.
    pub way: Way,
    /// How far.
    pub state: NoticeState,
    /// How many.
    pub notices: u64,
    /// What handing them over cost, in millionths of a euro.
    pub cost: i64,
}

/// What a step did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advance {
    /// Everybody up to this person was looked at.
    pub cursor: Option<Uuid>,
    /// Those who were looked at in this step.
    pub heads: Heads,
    /// As [`Broadcast::slots`].
    pub slots: BTreeMap<String, Timestamp>,
    /// Set when everybody was looked at.
    pub planned_at: Option<Timestamp>,
}

impl Tx {
    /// Keeps a draft under `id`.
    pub async fn put_broadcast(
        &mut self,
        id: Uuid,
        reference: Reference,
        draft: &Draft,
        by: &str,
        at: Timestamp,
    ) -> Result<()> {
        let (words, drawn) = (serde_json::to_string(&draft.words)?, serde_json::to_string(&draft.audience.drawn)?);
        let audience = serde_json::to_string(&Audience { drawn: Vec::new(), ..draft.audience.clone() })?;
        let (reference, critical) = (references::number(reference), i64::from(draft.critical));
        let args = args![id, reference, words, audience, critical, by, at, drawn, draft.at];
        self.conn.exec(PUT, args).await.map(|_| ())
    }

    /// Broadcasts by id; those that do not exist are left out.
    pub async fn broadcasts(&mut self, ids: &[Uuid]) -> Result<HashMap<Uuid, Broadcast>> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        by_id(self.conn.all(BY_IDS, vec![batch_ids(ids)]).await?)
    }

    /// A draft runs from now on, or waits for its time; `expected` people are to be told. `false` when it is no draft any more.
    pub async fn approve_broadcast(&mut self, id: Uuid, by: &str, at: Timestamp, expected: u64) -> Result<bool> {
        let expected = i64::try_from(expected).unwrap_or(i64::MAX);
        Ok(self.conn.exec(APPROVE, args![id, by, at, expected]).await? > 0)
    }

    /// One that waited runs from now on. `false` when it does not wait, or not for the step after `step`.
    pub async fn start_broadcast(&mut self, id: Uuid, step: u64) -> Result<bool> {
        Ok(self.conn.exec(START, args![id, i64::try_from(step).unwrap_or(i64::MAX)]).await? > 0)
    }

    /// Moves a broadcast from one state to another. `false` when it was in another state.
    pub async fn move_broadcast(&mut self, id: Uuid, from: State, to: State, by: &str, at: Timestamp) -> Result<bool> {
        Ok(self.conn.exec(MOVE, args![id, from.as_str(), to.as_str(), by, at]).await? > 0)
    }

    /// Writes what the step after `step` did. `false` when that was taken by somebody else, or when the broadcast
    /// does not run any more: then nothing else of this transaction may be kept.
    pub async fn advance_broadcast(&mut self, id: Uuid, step: u64, advance: &Advance) -> Result<bool> {
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let (cursor, heads) = (advance.cursor.map(|id| id.to_string()), advance.heads);
        let slots = serde_json::to_string(&advance.slots)?;
        let args = args![
            id,
            count(step),
            cursor,
            count(heads.planned),
            count(heads.unwanted),
            count(heads.unreachable),
            slots,
            advance.planned_at
        ];
        Ok(self.conn.exec(ADVANCE, args).await? > 0)
    }

    /// Everybody was told. As [`Tx::advance_broadcast`].
    pub async fn end_broadcast(&mut self, id: Uuid, step: u64, at: Timestamp) -> Result<bool> {
        Ok(self.conn.exec(END, args![id, i64::try_from(step).unwrap_or(i64::MAX), at]).await? > 0)
    }

    /// Stops every notice of a broadcast that is not sent yet; returns how many.
    pub async fn stop_notices(&mut self, broadcast: Uuid, why: &str) -> Result<u64> {
        self.conn.exec(STOP_NOTICES, args![broadcast, why]).await
    }

    /// When the notices of other broadcasts that run may leave, the latest of each: as [`Broadcast::slots`].
    pub async fn other_slots(&mut self, broadcast: Uuid) -> Result<BTreeMap<String, Timestamp>> {
        let rows: Vec<(String,)> = self.conn.all(OTHER_SLOTS, args![broadcast]).await?;
        let mut slots: BTreeMap<String, Timestamp> = BTreeMap::new();
        for (text,) in rows {
            let of: BTreeMap<String, Timestamp> =
                serde_json::from_str(&text).map_err(|_| Error::broken("broadcast", "slots", &text))?;
            for (key, at) in of {
                let latest = slots.entry(key).or_insert(at);
                *latest = at.max(*latest);
            }
        }
        Ok(slots)
    }

    /// Lets the notices of a broadcast that `sender` has not sent yet leave one after the other from now on, `gap` apart.
    /// Those that were put off with the reason `why` are among them.
    pub async fn space_letters(&mut self, broadcast: Uuid, sender: &str, gap: Duration, why: &str) -> Result<u64> {
        let (now, gap) = (self.clock().now(), i64::try_from(gap.as_micros()).unwrap_or(i64::MAX));
        self.touched.insert(schemas::letter::Lane::sender(sender));
        self.conn.exec(RESPACE, args![broadcast, sender, now, gap, why]).await
    }

    /// How many notices of a broadcast each sender has in hand: planned, due, and not sent.
    pub async fn unsent(&mut self, broadcast: Uuid) -> Result<HashMap<String, u64>> {
        let now = self.clock().now();
        let rows: Vec<(String, i64)> = self.conn.all(UNSENT, args![broadcast, now]).await?;
        Ok(rows.into_iter().map(|(sender, n)| (sender, u64::try_from(n).unwrap_or_default())).collect())
    }

    /// How many notices of a broadcast are still to be sent, now or later.
    pub async fn left_to_send(&mut self, broadcast: Uuid) -> Result<u64> {
        let rows: Vec<(i64,)> = self.conn.all(LEFT, args![broadcast]).await?;
        Ok(rows.first().and_then(|(n,)| u64::try_from(*n).ok()).unwrap_or_default())
    }

    /// Which of these broadcasts stand still.
    pub async fn paused(&mut self, broadcasts: &[Uuid]) -> Result<Vec<Uuid>> {
        let rows: Vec<(String,)> = self.conn.all(PAUSED, vec![batch_ids(broadcasts)]).await?;
        Ok(rows.iter().filter_map(|(id,)| id.parse().ok()).collect())
    }
}

impl Store {
    /// Broadcasts by id, all but what was drawn on a map: what it takes to send their messages.
    pub(crate) async fn broadcasts_to_send(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Broadcast>> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        by_id(self.inner.db.all(TO_SEND, vec![batch_ids(ids)]).await?)
    }

    /// Broadcasts by id; those that do not exist are left out.
    pub async fn broadcasts_by_ids(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Broadcast>> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        by_id(self.inner.db.all(BY_IDS, vec![batch_ids(ids)]).await?)
    }

    /// The broadcast with this reference.
    pub async fn broadcast_by_reference(&self, reference: Reference) -> Result<Option<Broadcast>> {
        let row = self.inner.db.one::<BroadcastRow>(BY_REFERENCE, args![references::number(reference)]).await?;
        row.map(BroadcastRow::read).transpose()
    }

    /// Broadcasts, the newest first, at most `limit`.
    pub async fn newest_broadcasts(&self, limit: usize) -> Result<Vec<Broadcast>> {
        let rows: Vec<BroadcastRow> = self.inner.db.ordered(NEWEST, args![limit]).await?;
        rows.into_iter().map(BroadcastRow::read).collect()
    }

    /// How far the notices of a broadcast are, by way and state.
    pub async fn tally(&self, broadcast: Uuid) -> Result<Vec<Tally>> {
        let rows: Vec<(String, String, i64, i64)> = self.inner.db.all(TALLY, args![broadcast]).await?;
        let read = |(way, state, notices, cost): (String, String, i64, i64)| {
            let broken = |column| Error::broken("notice", column, broadcast);
            Ok(Tally {
                way: Way::parse(&way).ok_or_else(|| broken("way"))?,
                state: NoticeState::parse(&state).ok_or_else(|| broken("state"))?,
                notices: u64::try_from(notices).map_err(|_| broken("id"))?,
                cost,
            })
        };
        rows.into_iter().map(read).collect()
    }
}
