//! Letters: outbox, queue and retries in one table. Dead letters are in `dead.rs`, lanes and
//! sweeping in `lanes.rs`.

use crate::{
    DbKind, Error, Result, Store, Tx,
    db::{args, batch, batch_ids, row},
    sql::sql,
    store::{Published, locked},
};
use schemas::{
    Timestamp, Uuid,
    id::from_micros,
    letter::{Lane, Letter, Topic},
    trace::Trace,
};
use serde::Serialize;
use serde_json::value::RawValue;
use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

/// At most so many rows of published letters are deleted with one commit.
const FORGET: usize = 1024;

/// What became of the letters of a batch.
#[derive(Debug, Clone, Default)]
pub struct Settlement {
    /// Arrived: gone.
    pub done: Vec<Uuid>,
    /// To be tried again.
    pub again: Vec<Again>,
    /// Never to be tried again by itself.
    pub bury: Vec<Bury>,
}

/// A letter to be tried again. Written as a whole, because with RabbitMQ its row may be gone.
#[derive(Debug, Clone)]
pub struct Again {
    /// The letter; `attempt` is kept as it is here.
    pub letter: Letter,
    /// Not before.
    pub ready_at: Timestamp,
    /// Why not now, for the operator.
    pub why: String,
}

/// A letter that becomes a dead letter. Written as a whole, because with RabbitMQ its row may be
/// gone.
#[derive(Debug, Clone)]
pub struct Bury {
    /// The letter.
    pub letter: Letter,
    /// Why, for the operator.
    pub why: String,
}

/// Who publishes letters right after the commit that wrote them.
#[derive(Debug, Clone)]
pub struct Relay {
    /// How long the sweeper leaves a posted letter to the relay.
    pub grace: Duration,
    /// Where the letters of a commit go. A full channel is no loss: the sweeper finds the rows.
    pub sender: tokio::sync::mpsc::Sender<Vec<Letter>>,
}

sql! {
    both POST = "WITH batch AS MATERIALIZED (SELECT value FROM json_each($1))
        INSERT INTO letter
            (id, lane, topic, subject, case_id, body, cause, trace, attempt, posted_at, ready_at)
        SELECT value ->> 'id', value ->> 'lane', value ->> 'topic', value ->> 'subject', value ->> 'case_id',
            value ->> 'body', value ->> 'cause', value ->> 'trace', CAST(value ->> 'attempt' AS bigint),
            CAST(value ->> 'posted_at' AS bigint), CAST(value ->> 'ready_at' AS bigint)
        FROM batch WHERE TRUE
        ON CONFLICT (id) DO NOTHING";
    // The letter as a whole: with RabbitMQ its row went when it was published.
    both PUT_BACK = "WITH batch AS MATERIALIZED (SELECT value FROM json_each($1))
        INSERT INTO letter
            (id, lane, topic, subject, case_id, body, cause, trace, attempt, posted_at, ready_at, why, buried_at)
        SELECT value ->> 'id', value ->> 'lane', value ->> 'topic', value ->> 'subject', value ->> 'case_id',
            value ->> 'body', value ->> 'cause', value ->> 'trace', CAST(value ->> 'attempt' AS bigint),
            CAST(value ->> 'posted_at' AS bigint), CAST(value ->> 'ready_at' AS bigint),
            value ->> 'why', CAST(value ->> 'buried_at' AS bigint)
        FROM batch WHERE TRUE
        ON CONFLICT (id) DO UPDATE SET attempt = excluded.attempt, ready_at = excluded.ready_at,
            why = excluded.why, buried_at = excluded.buried_at";
    both DONE = "DELETE FROM letter WHERE id IN (SELECT value ->> 'id' FROM json_each($1))";
    // A published letter that came back in the meantime (a retry, a dead letter) has a reason and
    // stays. SKIP LOCKED: somebody who settles it right now knows better, and we wait for nobody.
    sqlite PUBLISHED_S = "DELETE FROM letter WHERE why IS NULL AND id IN (SELECT value ->> 'id' FROM json_each($1))";
    postgres PUBLISHED_P = "DELETE FROM letter WHERE id IN (SELECT id FROM letter WHERE why IS NULL
            AND id IN (SELECT value ->> 'id' FROM json_each($1)) FOR UPDATE SKIP LOCKED)";
    sqlite TAKE_S = "SELECT id, lane, topic, subject, case_id, body, cause, trace, attempt, posted_at
        FROM letter WHERE lane = $1 AND buried_at IS NULL AND ready_at <= $2
            AND id NOT IN (SELECT value ->> 'id' FROM json_each($3))
        ORDER BY ready_at, id LIMIT $4";
    // MATERIALIZED: chosen once, or the planner may choose again and take more than asked. The
    // rows are locked, so their place (ctid) holds until the update.
    postgres TAKE_P = "WITH due AS MATERIALIZED (SELECT ctid AS due, ready_at AS since FROM letter
            WHERE lane = $1 AND buried_at IS NULL AND ready_at <= $2
            ORDER BY ready_at, id LIMIT $4 FOR UPDATE SKIP LOCKED)
        UPDATE letter SET ready_at = CAST($3 AS bigint) FROM due WHERE ctid = due
        RETURNING id, lane, topic, subject, case_id, body, cause, trace, attempt, posted_at, since";
    sqlite TRIED_S = "SELECT id, lane, topic, subject, case_id, body, cause, trace, attempt, posted_at
        FROM letter WHERE lane = $1 AND buried_at IS NULL AND ready_at <= $2 AND attempt > 0
            AND id NOT IN (SELECT value ->> 'id' FROM json_each($3))
        ORDER BY ready_at, id LIMIT $4";
    postgres TRIED_P = "WITH due AS MATERIALIZED (SELECT ctid AS due, ready_at AS since FROM letter
            WHERE lane = $1 AND buried_at IS NULL AND ready_at <= $2 AND attempt > 0
            ORDER BY ready_at, id LIMIT $4 FOR UPDATE SKIP LOCKED)
        UPDATE letter SET ready_at = CAST($3 AS bigint) FROM due WHERE ctid = due
        RETURNING id, lane, topic, subject, case_id, body, cause, trace, attempt, posted_at, since";
    postgres RELEASE_P = "UPDATE letter SET ready_at = CAST($2 AS bigint) WHERE buried_at IS NULL AND ready_at > $2
            AND id = ANY (ARRAY(SELECT value ->> 'id' FROM json_each($1))) RETURNING lane";
    both BROKEN = "UPDATE letter SET buried_at = CAST($2 AS bigint), why = $3 WHERE id = $1";
}

/// Which letters of a lane are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// Whatever is ready.
    All,
    /// Only what was tried before.
    Tried,
}

/// A letter as a row of a batch.
#[derive(Serialize)]
struct Row<'a> {
    id: Uuid,
    lane: &'a str,
    topic: &'static str,
    subject: &'a str,
    case_id: Option<Uuid>,
    body: &'a str,
    cause: Option<Uuid>,
    trace: Trace,
    attempt: u32,
    posted_at: i64,
    ready_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    buried_at: Option<i64>,
}

impl<'a> Row<'a> {
    fn new(letter: &'a Letter, ready_at: Timestamp) -> Self {
        Self {
            id: letter.id,
            lane: letter.lane.as_str(),
            topic: letter.topic.as_str(),
            subject: &letter.subject,
            case_id: letter.case_id,
            body: letter.body.get(),
            cause: letter.cause,
            trace: letter.trace,
            attempt: letter.attempt,
            posted_at: letter.posted_at.as_microsecond(),
            ready_at: ready_at.as_microsecond(),
            why: None,
            buried_at: None,
        }
    }
}

row! { "letter", LetterRow {
    id: String, lane: String, topic: String, subject: String, case_id: Option<String>, body: String,
    cause: Option<String>, trace: String, attempt: i64, posted_at: i64,
} }

row! { "letter", TakenRow {
    id: String, lane: String, topic: String, subject: String, case_id: Option<String>, body: String,
    cause: Option<String>, trace: String, attempt: i64, posted_at: i64, since: i64,
} }

row! { "letter", DeadRow {
    id: String, lane: String, topic: String, subject: String, case_id: Option<String>, body: String,
    cause: Option<String>, trace: String, attempt: i64, posted_at: i64, why: Option<String>, buried_at: i64,
} }

macro_rules! into_letter_row {
    ($($row:ident),*) => {$(
        impl $row {
            pub(crate) fn letter(self) -> LetterRow {
                let Self { id, lane, topic, subject, case_id, body, cause, trace, attempt, posted_at, .. } = self;
                LetterRow { id, lane, topic, subject, case_id, body, cause, trace, attempt, posted_at }
            }
        }
    )*};
}
into_letter_row!(TakenRow, DeadRow);

impl LetterRow {
    pub(crate) fn read(self) -> Result<Letter> {
        let Self { id, lane, topic, subject, case_id, body, cause, trace, attempt, posted_at } = self;
        let broken = |column| Error::broken("letter", column, &id);
        let uuid = |text: Option<String>, column| text.map(|text| text.parse().map_err(|_| broken(column))).transpose();
        Ok(Letter {
            id: id.parse().map_err(|_| broken("id"))?,
            lane: Lane::new(&lane),
            topic: Topic::parse(&topic).ok_or_else(|| broken("topic"))?,
            subject,
            case_id: uuid(case_id, "case_id")?,
            body: RawValue::from_string(body).map_err(|_| broken("body"))?.into(),
            cause: uuid(cause, "cause")?,
            trace: Trace::parse(&trace).ok_or_else(|| broken("trace"))?,
            attempt: u32::try_from(attempt).map_err(|_| broken("attempt"))?,
            posted_at: from_micros(posted_at),
            ready_at: None,
        })
    }
}

/// Writes the letters posted in `tx`, in the order of their ids.
pub(crate) async fn write_posted(tx: &mut Tx, relay: Option<&Relay>) -> Result<()> {
    if tx.posted.is_empty() {
        return Ok(());
    }
    tx.posted.sort_unstable_by_key(|letter| letter.id);
    tx.posted.dedup_by_key(|letter| letter.id);
    let now = tx.clock().now();
    let at_once = relay.map_or(now, |relay| after(now, relay.grace));
    let rows: Vec<_> = tx.posted.iter().map(|letter| Row::new(letter, letter.ready_at.unwrap_or(at_once))).collect();
    let rows = batch(&rows)?;
    tx.conn.exec(POST, vec![rows]).await?;
    Ok(())
}

/// Deletes the rows of letters whose publication was confirmed.
pub(crate) async fn forget_published(tx: &mut Tx) -> Result<Published> {
    let ids: Vec<Uuid> = {
        let mut confirmed = locked(&tx.inner.confirmed);
        let n = confirmed.len().min(FORGET);
        confirmed.drain(..n).collect()
    };
    if ids.is_empty() {
        return Ok(Published::none());
    }
    let batch = batch_ids(&ids);
    // From here the ids are put back when the transaction does not commit.
    let published = Published { back: Some((tx.inner.clone(), ids)) };
    let sql = tx.conn.pick(PUBLISHED_S, PUBLISHED_P);
    tx.conn.exec(sql, vec![batch]).await?;
    Ok(published)
}

/// The moment `wait` after `now`.
pub(crate) fn after(now: Timestamp, wait: Duration) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

impl Tx {
    /// Posts letters: they are written by the commit, in one statement with all others of this
    /// transaction. One whose id exists already is left as it is.
    pub async fn post(&mut self, letters: &[Letter]) -> Result<()> {
        self.posted.extend_from_slice(letters);
        Ok(())
    }

    /// Writes what became of letters.
    pub async fn settle(&mut self, settlement: &Settlement) -> Result<()> {
        let Settlement { done, again, bury } = settlement;
        let now = self.clock().now();
        // By id: the statement takes each key once, and always in the same order.
        let mut rows = BTreeMap::new();
        for Again { letter, ready_at, why } in again {
            rows.insert(letter.id, Row { why: Some(why), ..Row::new(letter, *ready_at) });
        }
        for Bury { letter, why } in bury {
            let buried_at = Some(now.as_microsecond());
            rows.insert(letter.id, Row { why: Some(why), buried_at, ..Row::new(letter, now) });
        }
        if !rows.is_empty() {
            let rows = batch(&rows.into_values().collect::<Vec<_>>())?;
            self.conn.exec(PUT_BACK, vec![rows]).await?;
        }
        if !done.is_empty() {
            let mut ids = done.clone();
            ids.sort_unstable();
            self.conn.exec(DONE, vec![batch_ids(&ids)]).await?;
        }
        self.settled.extend(done);
        self.settled.extend(again.iter().map(|again| again.letter.id));
        self.settled.extend(bury.iter().map(|bury| bury.letter.id));
        self.touched.extend(again.iter().map(|again| again.letter.lane.clone()));
        Ok(())
    }
}

impl Store {
    /// Takes up to `max` letters of `lane` that are ready, the oldest first, for `lease`: until
    /// then nobody else gets them, after that they are ready again.
    pub async fn take(&self, lane: &Lane, max: usize, lease: Duration) -> Result<Vec<Letter>> {
        self.take_which(lane, max, lease, Which::All).await
    }

    /// As [`Store::take`] for one letter, one that was tried before if there is any: whether the other side is back is better
    /// found out by asking what became of a letter than by a new one.
    pub async fn take_trial(&self, lane: &Lane, lease: Duration) -> Result<Vec<Letter>> {
        let tried = self.take_which(lane, 1, lease, Which::Tried).await?;
        if tried.is_empty() { self.take(lane, 1, lease).await } else { Ok(tried) }
    }

    async fn take_which(&self, lane: &Lane, max: usize, lease: Duration, which: Which) -> Result<Vec<Letter>> {
        let now = self.clock().now();
        let until = after(now, lease);
        let rows = match self.kind() {
            DbKind::Sqlite => self.take_claimed(lane, now, until, max, which).await?,
            DbKind::Postgres => {
                let text = if which == Which::All { TAKE_P } else { TRIED_P };
                let mut rows: Vec<TakenRow> =
                    self.inner.db.ordered(text, args![lane.as_str(), now, until, max]).await?;
                rows.sort_unstable_by(|a, b| (a.since, &a.id).cmp(&(b.since, &b.id)));
                rows.into_iter().map(TakenRow::letter).collect()
            }
        };
        if rows.len() == max {
            self.inner.wake.more(lane);
        }
        self.readable(rows).await
    }

    /// SQLite: reads what is ready and not in hand, and remembers that it is now.
    pub(crate) async fn take_claimed(
        &self,
        lane: &Lane,
        now: Timestamp,
        until: Timestamp,
        max: usize,
        which: Which,
    ) -> Result<Vec<LetterRow>> {
        let _taking = self.inner.claims.taking.lock().await;
        let held = batch_ids(&self.inner.claims.held(lane, now));
        let mut args = args![lane.as_str(), now];
        args.extend([held, max.into()]);
        let rows: Vec<LetterRow> = self.inner.db.all(if which == Which::All { TAKE_S } else { TRIED_S }, args).await?;
        self.inner.claims.add(lane, rows.iter().filter_map(|row| row.id.parse().ok()), until);
        Ok(rows)
    }

    /// The letters that can be read; the others are buried, so that they do not block their lane.
    pub(crate) async fn readable(&self, rows: Vec<LetterRow>) -> Result<Vec<Letter>> {
        let mut letters = Vec::with_capacity(rows.len());
        for row in rows {
            let id = row.id.clone();
            match row.read() {
                Ok(letter) => letters.push(letter),
                Err(error) => {
                    tracing::error!(%error, letter = id, "burying a letter that cannot be read");
                    let now = self.clock().now();
                    self.inner.db.exec(BROKEN, args![id, now, error.to_string()]).await?;
                }
            }
        }
        Ok(letters)
    }

    /// Gives back letters that were taken and not handled.
    pub async fn release(&self, ids: &[Uuid]) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let mut lanes: HashSet<Lane> = self.inner.claims.remove(ids).into_iter().collect();
        if self.kind() == DbKind::Postgres {
            let mut args = vec![batch_ids(ids)];
            args.extend(args![self.clock().now()]);
            let of: Vec<(String,)> = self.inner.db.ordered(RELEASE_P, args).await?;
            lanes.extend(of.iter().map(|(lane,)| Lane::new(lane)));
        }
        self.inner.wake.lanes(lanes.into_iter().collect());
        Ok(())
    }
}
