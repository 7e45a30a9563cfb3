//! Letters on paper. Each waits here until a batch takes it to the print room, and belongs to one batch for ever:
//! nothing is printed twice. No personal data: whom a letter goes to stands with its report.

use crate::{
    Error, Result, Store, Tx,
    db::{args, batch, batch_ids, row},
    references,
    sql::sql,
};
use schemas::{Timestamp, Uuid, id::from_micros, notice::NoticeState, reference::Reference};
use serde::Serialize;

/// How far a letter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PaperState {
    /// Waits for the next batch.
    Waiting,
    /// Belongs to a batch that is not finished.
    Printing,
    /// Its file is with the print room.
    Printed,
    /// It is in the post.
    Sent,
    /// It came back.
    Returned,
    /// It is not needed any more, or there is nobody to send it to.
    Dropped,
}

impl PaperState {
    /// Every state.
    pub const ALL: [Self; 6] =
        [Self::Waiting, Self::Printing, Self::Printed, Self::Sent, Self::Returned, Self::Dropped];

    /// The state in lower case, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Printing => "printing",
            Self::Printed => "printed",
            Self::Sent => "sent",
            Self::Returned => "returned",
            Self::Dropped => "dropped",
        }
    }

    /// Reads [`PaperState::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// A letter as it is put here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPaper {
    /// The notice that it tells.
    pub notice: Uuid,
    /// The case.
    pub case_id: Uuid,
    /// What the resident calls it.
    pub reference: Reference,
    /// Who is told: as in [`schemas::notice::Notice::person`].
    pub person: String,
    /// A newer letter about the case makes this one pointless.
    pub passing: bool,
}

/// A letter and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Paper {
    /// The notice that it tells.
    pub notice: Uuid,
    /// The case.
    pub case_id: Uuid,
    /// What the resident calls it.
    pub reference: Reference,
    /// How far it is.
    pub state: PaperState,
    /// Since when it is here.
    pub at: Timestamp,
    /// The batch that it belongs to, for ever.
    pub batch: Option<Uuid>,
    /// Its place in the batch, from 1.
    pub seq: Option<u32>,
    /// How many pages it has.
    pub pages: Option<u32>,
    /// The sha256 of its file, in hex.
    pub sha256: Option<String>,
    /// When it was sent, came back, or was dropped.
    pub ended_at: Option<Timestamp>,
    /// Why it came back, or was dropped.
    pub why: Option<String>,
}

/// How far a batch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BatchState {
    /// Its files are being written.
    Open,
    /// Its files are with the print room.
    Printed,
    /// It is in the post.
    Sent,
}

impl BatchState {
    /// The state in lower case, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Printed => "printed",
            Self::Sent => "sent",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Open, Self::Printed, Self::Sent].into_iter().find(|state| state.as_str() == text)
    }
}

/// Letters that are printed together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PaperBatch {
    /// Made by us; names its folder.
    pub id: Uuid,
    /// How far it is.
    pub state: BatchState,
    /// Where its files are.
    pub folder: String,
    /// When it was begun.
    pub opened_at: Timestamp,
    /// When its files were complete.
    pub printed_at: Option<Timestamp>,
    /// When somebody said that it is in the post.
    pub sent_at: Option<Timestamp>,
    /// How many letters belong to it now.
    pub letters: u64,
}

/// What became of one letter of a batch at the press.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pressed {
    /// The letter.
    pub notice: Uuid,
    /// Its pages and the sha256 of its file; or why it is not printed.
    pub made: std::result::Result<(u32, String), String>,
}

sql! {
    both PUT = "INSERT INTO paper (notice_id, case_id, reference, person, passing, state, at)
        VALUES ($1, $2, $3, $4, $5, 'waiting', $6) ON CONFLICT (notice_id) DO NOTHING";
    both OLDER = "UPDATE paper SET state = 'dropped', ended_at = $5, why = $6
        WHERE case_id = $1 AND person = $2 AND notice_id <> $3 AND state = 'waiting' AND passing = 1 AND at <= $4
        RETURNING notice_id";
    both DROP = "UPDATE paper SET state = 'dropped', ended_at = $2, why = $3
        WHERE state = 'waiting' AND notice_id IN (SELECT value ->> 'id' FROM json_each($1)) RETURNING notice_id";
    both OPEN_BATCH = "INSERT INTO paper_batch (id, state, folder, opened_at) VALUES ($1, 'open', $2, $3)";
    both WAITING = "SELECT notice_id FROM paper WHERE state = 'waiting' ORDER BY at, notice_id LIMIT $1";
    both CLAIM = "WITH batch AS MATERIALIZED (SELECT value FROM json_each($1))
        UPDATE paper SET state = 'printing', batch_id = $2, seq = given.seq
        FROM (SELECT value ->> 'id' AS of, CAST(value ->> 'seq' AS bigint) AS seq FROM batch) AS given
        WHERE notice_id = given.of AND state = 'waiting' RETURNING notice_id";
    both BATCHES = "SELECT id, state, folder, opened_at, printed_at, sent_at,
            CAST((SELECT count(*) FROM paper WHERE paper.batch_id = paper_batch.id
                AND paper.state <> 'dropped') AS bigint) AS letters
        FROM paper_batch WHERE (CAST($1 AS text) = '' OR state = $1) ORDER BY id DESC LIMIT $2";
    both BATCH = "SELECT id, state, folder, opened_at, printed_at, sent_at,
            CAST((SELECT count(*) FROM paper WHERE paper.batch_id = paper_batch.id
                AND paper.state <> 'dropped') AS bigint) AS letters
        FROM paper_batch WHERE id = $1";
    both OF_BATCH = "SELECT notice_id, case_id, reference, state, at, batch_id, seq, pages, sha256, ended_at, why
        FROM paper WHERE batch_id = $1 ORDER BY seq";
    both BY_ID = "SELECT notice_id, case_id, reference, state, at, batch_id, seq, pages, sha256, ended_at, why
        FROM paper WHERE notice_id = $1";
    both OF_REFERENCE = "SELECT notice_id, case_id, reference, state, at, batch_id, seq, pages, sha256, ended_at, why
        FROM paper WHERE reference = $1 ORDER BY at DESC, notice_id DESC";
    both IN_STATE = "SELECT notice_id, case_id, reference, state, at, batch_id, seq, pages, sha256, ended_at, why
        FROM paper WHERE state = $1 ORDER BY at, notice_id LIMIT $2";
    both PRESSED = "WITH batch AS MATERIALIZED (SELECT value FROM json_each($1))
        UPDATE paper SET state = given.state, pages = given.pages, sha256 = given.sha256, why = given.why,
            ended_at = CASE WHEN given.state = 'dropped' THEN CAST($3 AS bigint) END
        FROM (SELECT value ->> 'id' AS of, value ->> 'state' AS state, CAST(value ->> 'pages' AS bigint) AS pages,
                value ->> 'sha256' AS sha256, value ->> 'why' AS why FROM batch) AS given
        WHERE notice_id = given.of AND batch_id = $2 AND paper.state = 'printing'";
    both CLOSE = "UPDATE paper_batch SET state = 'printed', printed_at = $2 WHERE id = $1 AND state = 'open' RETURNING id";
    both SENT_BATCH = "UPDATE paper_batch SET state = 'sent', sent_at = $2 WHERE id = $1 AND state = 'printed'
        RETURNING id";
    both SENT = "UPDATE paper SET state = 'sent', ended_at = $2 WHERE batch_id = $1 AND state = 'printed'";
    both RETURNED = "UPDATE paper SET state = 'returned', ended_at = $2, why = $3
        WHERE notice_id = $1 AND state IN ('printed', 'sent') RETURNING notice_id";
}

row! { "paper", PaperRow {
    notice_id: String, case_id: String, reference: i64, state: String, at: i64, batch_id: Option<String>,
    seq: Option<i64>, pages: Option<i64>, sha256: Option<String>, ended_at: Option<i64>, why: Option<String>,
} }

row! { "paper_batch", BatchRow {
    id: String, state: String, folder: String, opened_at: i64, printed_at: Option<i64>, sent_at: Option<i64>,
    letters: i64,
} }

#[derive(Serialize)]
struct ClaimRow {
    id: Uuid,
    seq: u32,
}

#[derive(Serialize)]
struct PressedRow<'a> {
    id: Uuid,
    state: &'static str,
    pages: Option<u32>,
    sha256: Option<&'a str>,
    why: Option<&'a str>,
}

impl PaperRow {
    fn read(self) -> Result<Paper> {
        let broken = |column| Error::broken("paper", column, &self.notice_id);
        let small =
            |column, value: Option<i64>| value.map(|n| u32::try_from(n).map_err(|_| broken(column))).transpose();
        Ok(Paper {
            notice: self.notice_id.parse().map_err(|_| broken("notice_id"))?,
            case_id: self.case_id.parse().map_err(|_| broken("case_id"))?,
            reference: references::read(self.reference).ok_or_else(|| broken("reference"))?,
            state: PaperState::parse(&self.state).ok_or_else(|| broken("state"))?,
            at: from_micros(self.at),
            batch: self.batch_id.as_ref().map(|id| id.parse().map_err(|_| broken("batch_id"))).transpose()?,
            seq: small("seq", self.seq)?,
            pages: small("pages", self.pages)?,
            sha256: self.sha256,
            ended_at: self.ended_at.map(from_micros),
            why: self.why,
        })
    }
}

impl BatchRow {
    fn read(self) -> Result<PaperBatch> {
        let broken = |column| Error::broken("paper_batch", column, &self.id);
        Ok(PaperBatch {
            id: self.id.parse().map_err(|_| broken("id"))?,
            state: BatchState::parse(&self.state).ok_or_else(|| broken("state"))?,
            opened_at: from_micros(self.opened_at),
            printed_at: self.printed_at.map(from_micros),
            sent_at: self.sent_at.map(from_micros),
            letters: u64::try_from(self.letters).unwrap_or_default(),
            folder: self.folder,
        })
    }
}

impl Tx {
    /// These notices are told in another way now: what still waits for the printer is not printed; gives which.
    pub async fn drop_paper(&mut self, notices: &[Uuid], why: &str) -> Result<Vec<Uuid>> {
        if notices.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.clock().now();
        let mut args = vec![batch_ids(notices)];
        args.extend(args![now, why]);
        let dropped: Vec<(String,)> = self.conn.all(DROP, args).await?;
        let read = |(id,): &(String,)| id.parse().map_err(|_| Error::broken("paper", "notice_id", id));
        dropped.iter().map(read).collect()
    }

    /// The letters of a batch are printed, or will not be; gives whether the batch was still open.
    pub async fn close_paper_batch(&mut self, id: Uuid, pressed: &[Pressed]) -> Result<bool> {
        let now = self.clock().now();
        if self.conn.all::<(String,)>(CLOSE, args![id, now]).await?.is_empty() {
            return Ok(false);
        }
        let rows: Vec<_> = pressed
            .iter()
            .map(|Pressed { notice, made }| PressedRow {
                id: *notice,
                state: if made.is_ok() { "printed" } else { "dropped" },
                pages: made.as_ref().ok().map(|(pages, _)| *pages),
                sha256: made.as_ref().ok().map(|(_, sha256)| sha256.as_str()),
                why: made.as_ref().err().map(String::as_str),
            })
            .collect();
        let mut args = vec![batch(&rows)?];
        args.extend(args![id, now]);
        self.conn.exec(PRESSED, args).await?;
        Ok(true)
    }

    /// A batch is in the post; gives whether it was printed, and not said before.
    pub async fn paper_batch_sent(&mut self, id: Uuid) -> Result<bool> {
        let now = self.clock().now();
        if self.conn.all::<(String,)>(SENT_BATCH, args![id, now]).await?.is_empty() {
            return Ok(false);
        }
        self.conn.exec(SENT, args![id, now]).await?;
        Ok(true)
    }

    /// A letter came back; gives whether it was out, and did not come back before.
    pub async fn paper_returned(&mut self, notice: Uuid, why: &str) -> Result<bool> {
        let now = self.clock().now();
        Ok(!self.conn.all::<(String,)>(RETURNED, args![notice, now, why]).await?.is_empty())
    }
}

impl Store {
    /// Puts a letter here, once. What still waits about the same case for the same person is not needed any more,
    /// where this says more: it is dropped, and its notice superseded.
    pub async fn put_paper(&self, new: &NewPaper) -> Result<()> {
        let mut tx = self.begin().await?;
        let now = self.clock().now();
        let reference = references::number(new.reference);
        let args = args![new.notice, new.case_id, reference, new.person.as_str(), i64::from(new.passing), now];
        let fresh = tx.conn.exec(PUT, args).await? > 0;
        if fresh && new.passing {
            let why = "a newer letter says more";
            let args = args![new.case_id, new.person.as_str(), new.notice, now, now, why];
            for (older,) in tx.conn.all::<(String,)>(OLDER, args).await? {
                let older = older.parse().map_err(|_| Error::broken("paper", "notice_id", &older))?;
                tx.hear_of_notice(older, NoticeState::Superseded, Some(why)).await?;
            }
        }
        tx.commit().await
    }

    /// The batch that is open, or a new one of at most `most` letters that wait; `None` when none wait. A batch
    /// that was begun is finished first, with the same letters: `folder` counts for a new one alone.
    pub async fn open_paper_batch(&self, folder: &str, most: usize) -> Result<Option<PaperBatch>> {
        let open = |mut batches: Vec<PaperBatch>| batches.pop();
        if let Some(batch) = open(self.paper_batches(Some(BatchState::Open), 1).await?) {
            return Ok(Some(batch));
        }
        let id = self.ids().new_id();
        let mut tx = self.begin().await?;
        let waiting: Vec<(String,)> = tx.conn.all(WAITING, args![most]).await?;
        let ids = waiting.iter().map(|(id,)| id.parse::<Uuid>().map_err(|_| Error::broken("paper", "notice_id", id)));
        let ids = ids.collect::<Result<Vec<_>>>()?;
        if ids.is_empty() {
            return Ok(None);
        }
        tx.conn.exec(OPEN_BATCH, args![id, folder, self.clock().now()]).await?;
        let rows: Vec<_> = (1..).zip(ids).map(|(seq, id)| ClaimRow { id, seq }).collect();
        let mut args = vec![batch(&rows)?];
        args.extend(args![id]);
        let claimed: Vec<(String,)> = tx.conn.all(CLAIM, args).await?;
        if claimed.len() != rows.len() {
            // Another process claimed some of them since they were read: it prints them.
            return Ok(open(self.paper_batches(Some(BatchState::Open), 1).await?));
        }
        tx.commit().await?;
        self.paper_batch(id).await
    }

    /// A batch.
    pub async fn paper_batch(&self, id: Uuid) -> Result<Option<PaperBatch>> {
        self.inner.db.one::<BatchRow>(BATCH, args![id]).await?.map(BatchRow::read).transpose()
    }

    /// Batches, the newest first.
    pub async fn paper_batches(&self, state: Option<BatchState>, limit: usize) -> Result<Vec<PaperBatch>> {
        let state = state.map_or("", BatchState::as_str);
        let rows: Vec<BatchRow> = self.inner.db.all(BATCHES, args![state, limit]).await?;
        rows.into_iter().map(BatchRow::read).collect()
    }

    /// The letters of a batch, in their order.
    pub async fn paper_of_batch(&self, id: Uuid) -> Result<Vec<Paper>> {
        let rows: Vec<PaperRow> = self.inner.db.all(OF_BATCH, args![id]).await?;
        rows.into_iter().map(PaperRow::read).collect()
    }

    /// The letter that tells a notice.
    pub async fn paper(&self, notice: Uuid) -> Result<Option<Paper>> {
        self.inner.db.one::<PaperRow>(BY_ID, args![notice]).await?.map(PaperRow::read).transpose()
    }

    /// The letters about the case that residents call `reference`, the newest first.
    pub async fn paper_about(&self, reference: Reference) -> Result<Vec<Paper>> {
        let rows: Vec<PaperRow> = self.inner.db.all(OF_REFERENCE, args![references::number(reference)]).await?;
        rows.into_iter().map(PaperRow::read).collect()
    }

    /// Letters in `state`, the oldest first.
    pub async fn paper_in(&self, state: PaperState, limit: usize) -> Result<Vec<Paper>> {
        let rows: Vec<PaperRow> = self.inner.db.all(IN_STATE, args![state.as_str(), limit]).await?;
        rows.into_iter().map(PaperRow::read).collect()
    }
}
