//! Which cases are about the same thing as another: the duplicates of a main case. A main case is never a duplicate
//! itself, so there are no chains.

use crate::{
    Error, Result, Store, Tx,
    db::{args, batch_ids, row},
    sql::sql,
};
use schemas::{
    Timestamp, Uuid,
    case::{Part, Status, Watch},
    id::from_micros,
};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

/// A case that was merged into another.
#[derive(Debug, Clone, PartialEq)]
pub struct Merged {
    /// The duplicate.
    pub case: Uuid,
    /// The main case.
    pub main: Uuid,
    /// Since when.
    pub at: Timestamp,
    /// What it was before.
    pub before: Before,
}

/// What a case was before it was merged, to be put back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Before {
    /// How far it was.
    pub status: Status,
    /// Since when.
    pub status_at: Timestamp,
    /// When it was closed, if it was.
    pub closed_at: Option<Timestamp>,
    /// The day that was named.
    pub planned_on: Option<schemas::Date>,
    /// Who did which part.
    pub parts: Vec<Part>,
    /// What the clock knew.
    pub watch: Watch,
}

sql! {
    both ADD = "INSERT INTO merged (case_id, main_id, at, was) VALUES ($1, $2, $3, $4) ON CONFLICT (case_id) DO NOTHING";
    both MOVE = "UPDATE merged SET main_id = $2 WHERE main_id = $1";
    both DROP = "DELETE FROM merged WHERE case_id = $1 RETURNING main_id";
    both OF = "SELECT case_id, main_id, at, was FROM merged
        WHERE case_id IN (SELECT value ->> 'id' FROM json_each($1))";
    both INTO = "SELECT case_id, main_id, at, was FROM merged
        WHERE main_id IN (SELECT value ->> 'id' FROM json_each($1)) ORDER BY at, case_id";
}

row! { "merged", MergedRow { case_id: String, main_id: String, at: i64, was: String } }

impl MergedRow {
    fn read(self) -> Result<Merged> {
        let broken = |column| Error::broken("merged", column, &self.case_id);
        Ok(Merged {
            case: self.case_id.parse().map_err(|_| broken("case_id"))?,
            main: self.main_id.parse().map_err(|_| broken("main_id"))?,
            at: from_micros(self.at),
            before: serde_json::from_str(&self.was).map_err(|_| broken("was"))?,
        })
    }
}

fn by_case(rows: Vec<MergedRow>) -> Result<HashMap<Uuid, Merged>> {
    rows.into_iter().map(|row| row.read().map(|merged| (merged.case, merged))).collect()
}

fn in_order(rows: Vec<MergedRow>) -> Result<Vec<Merged>> {
    rows.into_iter().map(MergedRow::read).collect()
}

impl Tx {
    /// Writes that a case is a duplicate. `false` when it is one already: then nothing changes. Both cases are locked.
    pub async fn add_merged(&mut self, merged: &Merged) -> Result<bool> {
        let was = serde_json::to_string(&merged.before)?;
        let is_new = self.conn.exec(ADD, args![merged.case, merged.main, merged.at, was]).await? > 0;
        self.touch_cases(&[merged.main]).await?;
        Ok(is_new)
    }

    /// The duplicates of `from` are duplicates of `to` from now on.
    pub async fn move_merged(&mut self, from: Uuid, to: Uuid) -> Result<()> {
        self.conn.exec(MOVE, args![from, to]).await?;
        self.touch_cases(&[from, to]).await
    }

    /// The case is no duplicate any more.
    pub async fn drop_merged(&mut self, case: Uuid) -> Result<()> {
        let rows: Vec<(String,)> = self.conn.all(DROP, args![case]).await?;
        let mains = rows.into_iter().map(|(main,)| main.parse().map_err(|_| Error::broken("merged", "main_id", &main)));
        let mains: Vec<Uuid> = mains.collect::<Result<_>>()?;
        self.touch_cases(&mains).await
    }

    /// Those of these cases that are duplicates.
    pub async fn merged(&mut self, cases: &[Uuid]) -> Result<HashMap<Uuid, Merged>> {
        if cases.is_empty() {
            return Ok(HashMap::new());
        }
        by_case(self.conn.all(OF, vec![batch_ids(cases)]).await?)
    }

    /// The duplicates of these main cases, in the order they were merged.
    pub async fn duplicates(&mut self, mains: &[Uuid]) -> Result<Vec<Merged>> {
        if mains.is_empty() {
            return Ok(Vec::new());
        }
        in_order(self.conn.all(INTO, vec![batch_ids(mains)]).await?)
    }

    /// Those of these cases that have duplicates, whose people may have to be told.
    pub(crate) async fn have_duplicates(&mut self, cases: &[Uuid]) -> Result<HashSet<Uuid>> {
        Ok(self.duplicates(cases).await?.into_iter().map(|merged| merged.main).collect())
    }
}

impl Store {
    /// Those of these cases that are duplicates.
    pub async fn merged(&self, cases: &[Uuid]) -> Result<HashMap<Uuid, Merged>> {
        if cases.is_empty() {
            return Ok(HashMap::new());
        }
        by_case(self.inner.db.all(OF, vec![batch_ids(cases)]).await?)
    }

    /// The duplicates of these main cases, in the order they were merged.
    pub async fn duplicates(&self, mains: &[Uuid]) -> Result<Vec<Merged>> {
        if mains.is_empty() {
            return Ok(Vec::new());
        }
        in_order(self.inner.db.all(INTO, vec![batch_ids(mains)]).await?)
    }
}
