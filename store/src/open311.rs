//! Open311: the numbers and tokens that a department's own server gave, and what was last seen of
//! them.

use crate::{
    Error, Result, Store, Tx,
    db::{args, batch},
    sql::sql,
};
use schemas::{Timestamp, Uuid, id::from_micros, slug::DepartmentId};
use serde::Serialize;

sql! {
    both TAKE = "INSERT INTO open311_dispatch (dispatch_id, department, number, token, since)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (dispatch_id) DO UPDATE SET number = coalesce(excluded.number, open311_dispatch.number),
            token = coalesce(excluded.token, open311_dispatch.token)";
    both FOLLOW = "INSERT INTO open311_number (department, number) VALUES ($1, $2)
        ON CONFLICT (department, number) DO UPDATE SET dropped_at = NULL";
    both SEEN = "WITH batch AS MATERIALIZED (SELECT value FROM json_each($1))
        UPDATE open311_number SET seen = given.seen
        FROM (SELECT value ->> 'number' AS of, value ->> 'seen' AS seen FROM batch) AS given
        WHERE open311_number.department = $2 AND open311_number.number = given.of";
    // What is closed since before $2, or gone, is followed no longer.
    both DROP = "UPDATE open311_number SET dropped_at = $3
        WHERE department = $1 AND dropped_at IS NULL AND NOT EXISTS (
            SELECT 1 FROM open311_dispatch AS mine
            JOIN dispatch ON dispatch.id = mine.dispatch_id
            JOIN cases ON cases.id = dispatch.case_id
            WHERE mine.department = open311_number.department AND mine.number = open311_number.number
                AND (cases.closed_at IS NULL OR cases.closed_at > $2))";
    both WAITING = "SELECT dispatch_id, token, since FROM open311_dispatch
        WHERE department = $1 AND token IS NOT NULL AND number IS NULL AND dispatch_id > $2
        ORDER BY dispatch_id LIMIT $3";
    both FOLLOWED = "SELECT number, seen FROM open311_number
        WHERE department = $1 AND dropped_at IS NULL AND number > $2 ORDER BY number LIMIT $3";
    both NUMBERED = "SELECT dispatch.id, dispatch.posted_at FROM open311_dispatch AS mine
        JOIN dispatch ON dispatch.id = mine.dispatch_id
        WHERE mine.department = $1 AND mine.number = $2 ORDER BY dispatch.posted_at, dispatch.id";
    both NUMBER_OF = "SELECT number FROM open311_dispatch WHERE dispatch_id = $1";
    // A try that certainly did not arrive gave them nothing to speak of.
    both NOTED = "SELECT theirs.number, CAST(coalesce((SELECT min(attempt.started_at) FROM attempt
                WHERE attempt.letter_id = theirs.dispatch_id
                    AND (attempt.verdict IS NULL OR attempt.verdict IN ('done', 'unknown'))),
            theirs.noted_at) AS bigint)
        FROM their_number AS theirs
        WHERE theirs.department = $1 AND theirs.noted_at > $2 AND theirs.noted_at <= $3";
    both SINCE = "SELECT min(since) FROM open311_dispatch WHERE department = $1";
    both SEEN_OF = "SELECT seen FROM open311_number WHERE department = $1 AND number = $2";
}

/// What an Open311 server answered to a dispatch that it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open311Receipt<'a> {
    /// Its number of it.
    Number(&'a str),
    /// A token: the number comes later.
    Token(&'a str),
}

/// A dispatch that has a token and waits for its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open311Waiting {
    /// The dispatch.
    pub dispatch: Uuid,
    /// What to ask by.
    pub token: String,
    /// When the server took it.
    pub since: Timestamp,
}

#[derive(Serialize)]
struct SeenRow<'a> {
    number: &'a str,
    seen: &'a str,
}

impl Tx {
    /// Notes what the server of `department` answered to `dispatch`. A number is followed from then
    /// on, and is what the department calls the case.
    pub async fn note_open311(
        &mut self,
        department: &DepartmentId,
        dispatch: Uuid,
        receipt: Open311Receipt<'_>,
    ) -> Result<()> {
        let now = self.clock().now();
        let (number, token) = match receipt {
            Open311Receipt::Number(number) => (Some(number.to_owned()), None),
            Open311Receipt::Token(token) => (None, Some(token.to_owned())),
        };
        self.conn.exec(TAKE, args![dispatch, department.as_str(), number.clone(), token, now]).await?;
        if let Some(number) = number {
            self.conn.exec(FOLLOW, args![department.as_str(), number.as_str()]).await?;
            self.note_their_number(department, &number, dispatch).await?;
        }
        Ok(())
    }

    /// Notes what was last seen of each number: (number, digest).
    pub async fn see_open311(&mut self, department: &DepartmentId, seen: &[(String, String)]) -> Result<()> {
        let mut rows: Vec<SeenRow<'_>> = seen.iter().map(|(number, seen)| SeenRow { number, seen }).collect();
        // Each number once, in order.
        rows.sort_by(|a, b| a.number.cmp(b.number));
        rows.dedup_by(|later, first| later.number == first.number);
        if rows.is_empty() {
            return Ok(());
        }
        let mut given = vec![batch(&rows)?];
        given.extend(args![department.as_str()]);
        self.conn.exec(SEEN, given).await.map(|_| ())
    }

    /// Follows no longer what is closed since before `closed_before`; gives how many numbers.
    pub async fn drop_open311(&mut self, department: &DepartmentId, closed_before: Timestamp) -> Result<u64> {
        let now = self.clock().now();
        self.conn.exec(DROP, args![department.as_str(), closed_before, now]).await
    }
}

impl Store {
    /// Dispatches that wait for their number, in the order of their ids from behind `after`.
    pub async fn open311_waiting(
        &self,
        department: &DepartmentId,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Open311Waiting>> {
        let rows: Vec<(String, String, i64)> =
            self.inner.db.all(WAITING, args![department.as_str(), after, i64::from(limit)]).await?;
        rows.into_iter()
            .map(|(id, token, since)| {
                let dispatch = id.parse().map_err(|_| Error::broken("open311_dispatch", "dispatch_id", &id))?;
                Ok(Open311Waiting { dispatch, token, since: from_micros(since) })
            })
            .collect()
    }

    /// Numbers that are followed, in their order from behind `after`, each with what was last seen.
    pub async fn open311_followed(
        &self,
        department: &DepartmentId,
        after: &str,
        limit: u32,
    ) -> Result<Vec<(String, Option<String>)>> {
        self.inner.db.all(FOLLOWED, args![department.as_str(), after, i64::from(limit)]).await
    }

    /// The dispatches that `number` stands for, oldest first, with when they were written.
    pub async fn open311_numbered(&self, department: &DepartmentId, number: &str) -> Result<Vec<(Uuid, Timestamp)>> {
        let rows: Vec<(String, i64)> = self.inner.db.all(NUMBERED, args![department.as_str(), number]).await?;
        rows.into_iter()
            .map(|(id, posted)| {
                let dispatch = id.parse().map_err(|_| Error::broken("dispatch", "id", &id))?;
                Ok((dispatch, from_micros(posted)))
            })
            .collect()
    }

    /// The number of `dispatch`, once the server told it.
    pub async fn open311_number(&self, dispatch: Uuid) -> Result<Option<String>> {
        let row: Option<(Option<String>,)> = self.inner.db.one(NUMBER_OF, args![dispatch]).await?;
        Ok(row.and_then(|(number,)| number))
    }

    /// The numbers of `department` that became known after `after`, up to `until`, each with when its
    /// dispatch can have arrived first: the server may have spoken about them before we knew them.
    pub async fn open311_noted(
        &self,
        department: &DepartmentId,
        after: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<(String, Timestamp)>> {
        let rows: Vec<(String, i64)> = self.inner.db.all(NOTED, args![department.as_str(), after, until]).await?;
        Ok(rows.into_iter().map(|(number, first)| (number, from_micros(first))).collect())
    }

    /// When the server of `department` first took something; nothing before that.
    pub async fn open311_since(&self, department: &DepartmentId) -> Result<Option<Timestamp>> {
        let row: Option<(Option<i64>,)> = self.inner.db.one(SINCE, args![department.as_str()]).await?;
        Ok(row.and_then(|(since,)| since).map(from_micros))
    }

    /// What was last seen of `number`.
    pub async fn open311_seen(&self, department: &DepartmentId, number: &str) -> Result<Option<String>> {
        let row: Option<(Option<String>,)> = self.inner.db.one(SEEN_OF, args![department.as_str(), number]).await?;
        Ok(row.and_then(|(seen,)| seen))
    }
}
