//! Batches: dispatches that go to a department as rows of a file, and the files.

use crate::{
    Error, Result, Store, Tx,
    db::{args, batch, row},
    sql::sql,
};
use schemas::{Timestamp, Uuid, id::from_micros, letter::Letter, slug::DepartmentId};
use serde::Serialize;
use std::collections::BTreeMap;

sql! {
    // A row that their receipt refused may wait again; one that is on its way stays in its file.
    both ADD = "INSERT INTO batch_row (dispatch_id, department, letter, urgent, taken_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (dispatch_id) DO UPDATE SET letter = excluded.letter, urgent = excluded.urgent,
            taken_at = excluded.taken_at, number = NULL, answer = NULL
        WHERE batch_row.answer = 'rejected'";
    both WAITING = "SELECT CAST(count(*) AS bigint), CAST(coalesce(sum(urgent), 0) AS bigint) FROM batch_row
        WHERE department = $1 AND number IS NULL";
    both NEXT = "SELECT CAST(coalesce(max(number), 0) + 1 AS bigint) FROM batch_file WHERE department = $1";
    both MAKE = "INSERT INTO batch_file (department, number, name, made_at) VALUES ($1, $2, $3, $4)";
    both FILL = "UPDATE batch_row SET number = $2 WHERE dispatch_id IN (
        SELECT dispatch_id FROM batch_row WHERE department = $1 AND number IS NULL ORDER BY dispatch_id LIMIT $3)";
    both OPEN = "SELECT name, number, made_at, digest, handed_at, settled_at, warned_at FROM batch_file
        WHERE department = $1 AND settled_at IS NULL ORDER BY number";
    both BY_NAME = "SELECT name, number, made_at, digest, handed_at, settled_at, warned_at FROM batch_file
        WHERE department = $1 AND name = $2";
    both ROWS = "SELECT dispatch_id, letter, answer FROM batch_row
        WHERE department = $1 AND number = $2 ORDER BY dispatch_id";
    both LETTER = "SELECT letter FROM batch_row WHERE dispatch_id = $1";
    both STAGE = "UPDATE batch_file SET digest = $3 WHERE department = $1 AND number = $2 AND handed_at IS NULL";
    both HAND = "UPDATE batch_file SET handed_at = $3, settled_at = $4
        WHERE department = $1 AND number = $2 AND handed_at IS NULL";
    both ANSWER = "WITH batch AS MATERIALIZED (SELECT value FROM json_each($1))
        UPDATE batch_row SET answer = given.answer
        FROM (SELECT value ->> 'id' AS of, value ->> 'answer' AS answer FROM batch) AS given
        WHERE batch_row.dispatch_id = given.of AND batch_row.department = $2";
    both SETTLE = "UPDATE batch_file SET settled_at = $3 WHERE department = $1 AND number = $2
        AND settled_at IS NULL AND NOT EXISTS (SELECT 1 FROM batch_row
            WHERE batch_row.department = $1 AND batch_row.number = $2 AND batch_row.answer IS NULL)";
    both WARNED = "UPDATE batch_file SET warned_at = $3 WHERE department = $1 AND number = $2";
    both SWEEP = "DELETE FROM batch_row WHERE department = $1 AND number IN (
        SELECT number FROM batch_file WHERE department = $1 AND settled_at < $2)";
}

/// A file for a department.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchFile {
    /// Its name.
    pub name: String,
    /// Its number: one more than the file before.
    pub number: i64,
    /// When its rows were chosen.
    pub made_at: Timestamp,
    /// The sha256 of what lies ready beside its place, in hex; nothing before that.
    pub digest: Option<String>,
    /// When it was in its place.
    pub handed_at: Option<Timestamp>,
    /// When nobody waited for its receipt any more.
    pub settled_at: Option<Timestamp>,
    /// When somebody was told that its receipt is late.
    pub warned_at: Option<Timestamp>,
}

/// One row of a file.
#[derive(Debug, Clone)]
pub struct BatchRow {
    /// The dispatch.
    pub dispatch: Uuid,
    /// Its letter, as it was kept.
    pub letter: Letter,
    /// What the receipt said of it.
    pub answer: Option<BatchAnswer>,
}

/// What a receipt says of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchAnswer {
    /// Their system has it.
    Accepted,
    /// Their system would not take it.
    Rejected,
}

impl BatchAnswer {
    /// The word, as it is kept and as it stands in receipts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
        }
    }

    /// Reads [`BatchAnswer::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Accepted, Self::Rejected].into_iter().find(|answer| answer.as_str() == text)
    }
}

/// What waits for the next file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchWaiting {
    /// How many dispatches.
    pub count: u64,
    /// How many of them are urgent.
    pub urgent: u64,
}

row! { "batch_file", KeptFile {
    name: String, number: i64, made_at: i64, digest: Option<String>, handed_at: Option<i64>, settled_at: Option<i64>,
    warned_at: Option<i64>,
} }

impl From<KeptFile> for BatchFile {
    fn from(kept: KeptFile) -> Self {
        Self {
            name: kept.name,
            number: kept.number,
            made_at: from_micros(kept.made_at),
            digest: kept.digest,
            handed_at: kept.handed_at.map(from_micros),
            settled_at: kept.settled_at.map(from_micros),
            warned_at: kept.warned_at.map(from_micros),
        }
    }
}

#[derive(Serialize)]
struct AnswerRow {
    id: Uuid,
    answer: &'static str,
}

impl Tx {
    /// Lets `dispatch` wait for the next file of `department`. The caller has taken the reporter out
    /// of the letter. One that already waits, or stands in a file, is left as it is.
    pub async fn add_to_batch(
        &mut self,
        department: &DepartmentId,
        dispatch: Uuid,
        letter: &Letter,
        urgent: bool,
    ) -> Result<()> {
        let now = self.clock().now();
        let text =
            serde_json::to_string(letter).map_err(|_| Error::broken("batch_row", "letter", dispatch.to_string()))?;
        self.conn.exec(ADD, args![dispatch, department.as_str(), text, i64::from(urgent), now]).await.map(|_| ())
    }

    /// Makes the next file of what waits, at most `most` rows; `name` names it by its number. Nothing
    /// when nothing waits.
    pub async fn close_batch(
        &mut self,
        department: &DepartmentId,
        most: u32,
        name: impl FnOnce(i64) -> String,
    ) -> Result<Option<BatchFile>> {
        let rows: Vec<(i64,)> = self.conn.all(NEXT, args![department.as_str()]).await?;
        let number = rows.first().map_or(1, |(number,)| *number);
        if self.conn.exec(FILL, args![department.as_str(), number, most]).await? == 0 {
            return Ok(None);
        }
        let (name, made_at) = (name(number), self.clock().now());
        self.conn.exec(MAKE, args![department.as_str(), number, name.as_str(), made_at]).await?;
        Ok(Some(BatchFile { name, number, made_at, digest: None, handed_at: None, settled_at: None, warned_at: None }))
    }

    /// Notes that the whole file lies ready beside its place, with this sha256.
    pub async fn stage_batch(&mut self, department: &DepartmentId, number: i64, digest: &str) -> Result<()> {
        self.conn.exec(STAGE, args![department.as_str(), number, digest]).await.map(|_| ())
    }

    /// Notes that the file is in its place, and whether a receipt is waited for.
    pub async fn hand_batch(&mut self, department: &DepartmentId, number: i64, waits: bool) -> Result<()> {
        let now = self.clock().now();
        let settled = (!waits).then_some(now);
        self.conn.exec(HAND, args![department.as_str(), number, now, settled]).await.map(|_| ())
    }

    /// Notes what a receipt said of rows of the file; when all are answered, it is settled.
    pub async fn answer_batch(
        &mut self,
        department: &DepartmentId,
        number: i64,
        answers: &[(Uuid, BatchAnswer)],
    ) -> Result<()> {
        // Each row once, in order.
        let by_id: BTreeMap<Uuid, BatchAnswer> = answers.iter().copied().collect();
        let rows: Vec<AnswerRow> =
            by_id.into_iter().map(|(id, answer)| AnswerRow { id, answer: answer.as_str() }).collect();
        if !rows.is_empty() {
            let mut given = vec![batch(&rows)?];
            given.extend(args![department.as_str()]);
            self.conn.exec(ANSWER, given).await?;
        }
        let now = self.clock().now();
        self.conn.exec(SETTLE, args![department.as_str(), number, now]).await.map(|_| ())
    }

    /// Notes that somebody was told that the receipt is late.
    pub async fn warn_batch(&mut self, department: &DepartmentId, number: i64) -> Result<()> {
        let now = self.clock().now();
        self.conn.exec(WARNED, args![department.as_str(), number, now]).await.map(|_| ())
    }

    /// Forgets the rows of files of `department` that were settled before `before`; gives how many.
    pub async fn sweep_batches(&mut self, department: &DepartmentId, before: Timestamp) -> Result<u64> {
        self.conn.exec(SWEEP, args![department.as_str(), before]).await
    }

    /// The letter of `dispatch`, while it is kept as a row of a file.
    pub async fn batched(&mut self, dispatch: Uuid) -> Result<Option<Letter>> {
        let rows: Vec<(String,)> = self.conn.all(LETTER, args![dispatch]).await?;
        rows.first().map(|(text,)| read(dispatch, text)).transpose()
    }
}

fn read(dispatch: Uuid, letter: &str) -> Result<Letter> {
    serde_json::from_str(letter).map_err(|_| Error::broken("batch_row", "letter", dispatch.to_string()))
}

impl Store {
    /// What waits for the next file of `department`.
    pub async fn batch_waiting(&self, department: &DepartmentId) -> Result<BatchWaiting> {
        let row: Option<(i64, i64)> = self.inner.db.one(WAITING, args![department.as_str()]).await?;
        let (count, urgent) = row.unwrap_or_default();
        Ok(BatchWaiting { count: count.unsigned_abs(), urgent: urgent.unsigned_abs() })
    }

    /// The files of `department` that are on their way or whose receipt is waited for, oldest first.
    pub async fn open_batches(&self, department: &DepartmentId) -> Result<Vec<BatchFile>> {
        let rows: Vec<KeptFile> = self.inner.db.all(OPEN, args![department.as_str()]).await?;
        Ok(rows.into_iter().map(BatchFile::from).collect())
    }

    /// The file of `department` by this name.
    pub async fn batch_by_name(&self, department: &DepartmentId, name: &str) -> Result<Option<BatchFile>> {
        let row: Option<KeptFile> = self.inner.db.one(BY_NAME, args![department.as_str(), name]).await?;
        Ok(row.map(BatchFile::from))
    }

    /// The rows of a file, in the order in which they stand there.
    pub async fn batch_rows(&self, department: &DepartmentId, number: i64) -> Result<Vec<BatchRow>> {
        let rows: Vec<(String, String, Option<String>)> =
            self.inner.db.all(ROWS, args![department.as_str(), number]).await?;
        rows.into_iter()
            .map(|(id, letter, answer)| {
                let dispatch = id.parse().map_err(|_| Error::broken("batch_row", "dispatch_id", &id))?;
                let unknown = || Error::broken("batch_row", "answer", &id);
                let answer = answer.map(|word| BatchAnswer::parse(&word).ok_or_else(unknown)).transpose()?;
                Ok(BatchRow { dispatch, letter: read(dispatch, &letter)?, answer })
            })
            .collect()
    }
}
