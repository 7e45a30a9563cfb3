//! Lanes that nobody reads any more, and cases that nobody has: what a changed city leaves behind.

use crate::{
    Error, Result, Store, Tx,
    db::{args, batch_ids},
    lanes::NAMES,
    sql::sql,
};
use schemas::{Uuid, case::Part, letter::Lane, slug::DepartmentId};

sql! {
    both SEEN = "SELECT value FROM setting WHERE name = 'departments'";
    both SEE = "INSERT INTO setting (name, value) VALUES ('departments', $1)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    both LED_BY = "SELECT id, version FROM cases WHERE closed_at IS NULL AND lead = $1";
    both SPLIT_BY = "SELECT id, version, parts FROM cases WHERE closed_at IS NULL AND lead = $1 AND parts IS NOT NULL";
    // What is in hand has a lease, so it is not ready; on SQLite its id is given ($5). With a broker a letter
    // in hand has no reason: what has one waits for its next try.
    both MOVE = "UPDATE letter SET lane = $2 WHERE lane = $1 AND buried_at IS NULL
        AND (ready_at <= $3 OR (CAST($4 AS bigint) = 1 AND why IS NOT NULL))
        AND id NOT IN (SELECT value ->> 'id' FROM json_each($5)) RETURNING id";
    both BURY = "UPDATE letter SET buried_at = CAST($3 AS bigint), why = $2 WHERE lane = $1 AND buried_at IS NULL
        AND (ready_at <= $3 OR (CAST($4 AS bigint) = 1 AND why IS NOT NULL))
        AND id NOT IN (SELECT value ->> 'id' FROM json_each($5)) RETURNING id";
    both FAILED = "UPDATE dispatch SET state = 'failed', why = $2
        WHERE state <> 'delivered' AND id IN (SELECT value ->> 'id' FROM json_each($1))";
}

/// An open case with a department that has it, or a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The case.
    pub case: Uuid,
    /// Its version.
    pub version: i64,
    /// Who has it.
    pub department: DepartmentId,
}

fn case_id(id: &str) -> Result<Uuid> {
    id.parse().map_err(|_| Error::broken("cases", "id", id))
}

impl Store {
    /// The lanes of departments that have letters which are not dead, by name.
    pub async fn lanes_of_departments(&self) -> Result<Vec<Lane>> {
        let names: Vec<(String,)> = self.inner.db.ordered(NAMES, args![]).await?;
        Ok(names.iter().map(|(name,)| Lane::new(name)).filter(|lane| lane.department_id().is_some()).collect())
    }

    /// The open cases that `department` leads.
    pub async fn led_by(&self, department: &DepartmentId) -> Result<Vec<Held>> {
        let rows: Vec<(String, i64)> = self.inner.db.all(LED_BY, args![department.as_str()]).await?;
        let held =
            |(id, version): (String, i64)| Ok(Held { case: case_id(&id)?, version, department: department.clone() });
        rows.into_iter().map(held).collect()
    }

    /// The parts that are not over of the open cases that `lead` leads, one by one. Reads every open case
    /// of `lead`: not for a loop that runs often.
    pub async fn parts_beside(&self, lead: &DepartmentId) -> Result<Vec<Held>> {
        let rows: Vec<(String, i64, String)> = self.inner.db.all(SPLIT_BY, args![lead.as_str()]).await?;
        let mut held = Vec::new();
        for (id, version, parts) in rows {
            let parts: Vec<Part> = serde_json::from_str(&parts).map_err(|_| Error::broken("cases", "parts", &id))?;
            let case = case_id(&id)?;
            let open = parts.into_iter().filter(|part| !part.status.is_closed());
            held.extend(open.map(|part| Held { case, version, department: part.department }));
        }
        Ok(held)
    }
}

impl Tx {
    /// The departments of the city that was started last, as [`Tx::see_departments`] kept them.
    pub async fn departments_seen(&mut self) -> Result<Option<String>> {
        let rows: Vec<(String,)> = self.conn.all(SEEN, args![]).await?;
        Ok(rows.into_iter().next().map(|(departments,)| departments))
    }

    /// From now on the city has these departments, in whatever way the caller writes them.
    pub async fn see_departments(&mut self, departments: &str) -> Result<()> {
        self.conn.exec(SEE, args![departments]).await.map(|_| ())
    }

    /// Moves the letters of lane `from` that are in nobody's hand to lane `to`; gives how many. Without a
    /// broker (`brokered`) what waits for a later try stays until it is ready: it cannot be told from
    /// what is in hand.
    pub async fn move_letters(&mut self, from: &Lane, to: &Lane, brokered: bool) -> Result<u64> {
        let moved = self.unread(MOVE, from, to.as_str(), brokered).await?;
        self.touched.insert(to.clone());
        Ok(moved.len() as u64)
    }

    /// Runs `sql` on what is in nobody's hand.
    async fn unread(&mut self, sql: &'static str, lane: &Lane, with: &str, brokered: bool) -> Result<Vec<Uuid>> {
        let now = self.clock().now();
        let mut args = args![lane.as_str(), with, now, i64::from(brokered)];
        args.push(batch_ids(&self.inner.claims.held(lane, now)));
        let rows: Vec<(String,)> = self.conn.all(sql, args).await?;
        rows.iter().map(|(id,)| id.parse().map_err(|_| Error::broken("letter", "id", id))).collect()
    }

    /// Makes dead letters of those of `lane` that are in nobody's hand, as [`Tx::move_letters`], and
    /// notes it with their dispatches; gives how many.
    pub async fn bury_letters(&mut self, lane: &Lane, why: &str, brokered: bool) -> Result<u64> {
        // A letter that holds a dispatch has its id.
        let mut ids = self.unread(BURY, lane, why, brokered).await?;
        ids.sort_unstable();
        if !ids.is_empty() {
            let mut args = vec![batch_ids(&ids)];
            args.extend(args![why]);
            self.conn.exec(FAILED, args).await?;
        }
        Ok(ids.len() as u64)
    }
}
