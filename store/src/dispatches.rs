//! Dispatches: the department leg of a case.

use crate::{
    Error, Result, Store, Tx,
    db::{args, batch, batch_ids, row},
    sql::sql,
};
use schemas::{
    Timestamp, Uuid,
    case::Role,
    dispatch::DispatchState,
    id::from_micros,
    slug::{DepartmentId, Slug},
};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// One case for one department, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DispatchRow {
    /// The dispatch.
    pub id: Uuid,
    /// Its case.
    pub case_id: Uuid,
    /// To whom.
    pub department: DepartmentId,
    /// Does it, or only hears of it.
    pub role: Role,
    /// How far it is.
    pub state: DispatchState,
    /// When it was written.
    pub posted_at: Timestamp,
    /// When the department's system had it.
    pub delivered_at: Option<Timestamp>,
    /// What their system answered.
    pub receipt: Option<String>,
    /// Why it is not there yet.
    pub why: Option<String>,
    /// How often it was tried.
    pub attempts: u32,
    /// When the department last said something about it, by its own clock.
    pub answered_at: Option<Timestamp>,
}

impl DispatchRow {
    /// A dispatch that was just written.
    pub fn posted(id: Uuid, case_id: Uuid, department: DepartmentId, role: Role, posted_at: Timestamp) -> Self {
        Self {
            id,
            case_id,
            department,
            role,
            state: DispatchState::Posted,
            posted_at,
            delivered_at: None,
            receipt: None,
            why: None,
            attempts: 0,
            answered_at: None,
        }
    }
}

sql! {
    both ADD = "WITH batch AS MATERIALIZED (SELECT value FROM json_each($1))
        INSERT INTO dispatch (id, case_id, department, role, state, posted_at, delivered_at, receipt, why,
            attempts, answered_at)
        SELECT value ->> 'id', value ->> 'case_id', value ->> 'department', value ->> 'role', value ->> 'state',
            CAST(value ->> 'posted_at' AS bigint), CAST(value ->> 'delivered_at' AS bigint), value ->> 'receipt',
            value ->> 'why', CAST(value ->> 'attempts' AS bigint), CAST(value ->> 'answered_at' AS bigint)
        FROM batch WHERE TRUE ON CONFLICT (id) DO NOTHING";
    both SAVE = "WITH batch AS MATERIALIZED (SELECT value FROM json_each($1))
        UPDATE dispatch SET state = given.state, delivered_at = given.delivered_at, receipt = given.receipt,
            why = given.why, attempts = given.attempts, answered_at = given.answered_at
        FROM (SELECT value ->> 'id' AS of, value ->> 'state' AS state,
                CAST(value ->> 'delivered_at' AS bigint) AS delivered_at, value ->> 'receipt' AS receipt,
                value ->> 'why' AS why, CAST(value ->> 'attempts' AS bigint) AS attempts,
                CAST(value ->> 'answered_at' AS bigint) AS answered_at FROM batch) AS given
        WHERE dispatch.id = given.of";
    sqlite BY_IDS_S = "SELECT id, case_id, department, role, state, posted_at, delivered_at, receipt, why, attempts,
            answered_at
        FROM dispatch WHERE id IN (SELECT value ->> 'id' FROM json_each($1))";
    postgres BY_IDS_P = "SELECT id, case_id, department, role, state, posted_at, delivered_at, receipt, why, attempts,
            answered_at
        FROM dispatch WHERE id IN (SELECT value ->> 'id' FROM json_each($1)) ORDER BY id FOR UPDATE OF dispatch";
    both OF_CASE = "SELECT id, case_id, department, role, state, posted_at, delivered_at, receipt, why, attempts,
            answered_at
        FROM dispatch WHERE case_id = $1 ORDER BY posted_at, id";
    both OF_CASES = "SELECT id, case_id, department, role, state, posted_at, delivered_at, receipt, why, attempts,
            answered_at
        FROM dispatch WHERE case_id IN (SELECT value ->> 'id' FROM json_each($1)) ORDER BY posted_at, id";
}

#[derive(Serialize)]
struct GivenRow<'a> {
    id: Uuid,
    case_id: Uuid,
    department: &'a str,
    role: &'static str,
    state: &'static str,
    posted_at: i64,
    delivered_at: Option<i64>,
    receipt: Option<&'a str>,
    why: Option<&'a str>,
    attempts: u32,
    answered_at: Option<i64>,
}

/// The rows in the order of their ids, each id once (the last one given).
fn given(rows: &[DispatchRow]) -> Vec<GivenRow<'_>> {
    let by_id: BTreeMap<_, _> = rows.iter().map(|row| (row.id, row)).collect();
    by_id
        .into_values()
        .map(|row| GivenRow {
            id: row.id,
            case_id: row.case_id,
            department: row.department.as_str(),
            role: row.role.as_str(),
            state: row.state.as_str(),
            posted_at: row.posted_at.as_microsecond(),
            delivered_at: row.delivered_at.map(|at| at.as_microsecond()),
            receipt: row.receipt.as_deref(),
            why: row.why.as_deref(),
            attempts: row.attempts,
            answered_at: row.answered_at.map(|at| at.as_microsecond()),
        })
        .collect()
}

row! { "dispatch", KeptRow {
    id: String, case_id: String, department: String, role: String, state: String, posted_at: i64,
    delivered_at: Option<i64>, receipt: Option<String>, why: Option<String>, attempts: i64,
    answered_at: Option<i64>,
} }

impl KeptRow {
    fn read(self) -> Result<DispatchRow> {
        let broken = |column| Error::broken("dispatch", column, &self.id);
        Ok(DispatchRow {
            id: self.id.parse().map_err(|_| broken("id"))?,
            case_id: self.case_id.parse().map_err(|_| broken("case_id"))?,
            department: Slug::new(&self.department).map_err(|_| broken("department"))?,
            role: Role::parse(&self.role).ok_or_else(|| broken("role"))?,
            state: DispatchState::parse(&self.state).ok_or_else(|| broken("state"))?,
            posted_at: from_micros(self.posted_at),
            delivered_at: self.delivered_at.map(from_micros),
            attempts: u32::try_from(self.attempts).map_err(|_| broken("attempts"))?,
            answered_at: self.answered_at.map(from_micros),
            receipt: self.receipt,
            why: self.why,
        })
    }
}

impl Tx {
    /// Writes new dispatches; those that exist are left as they are.
    pub async fn add_dispatches(&mut self, rows: &[DispatchRow]) -> Result<()> {
        if !rows.is_empty() {
            self.conn.exec(ADD, vec![batch(&given(rows))?]).await?;
        }
        Ok(())
    }

    /// The dispatches with these ids that exist, locked until the end of the transaction.
    pub async fn dispatches(&mut self, ids: &[Uuid]) -> Result<HashMap<Uuid, DispatchRow>> {
        let sql = self.conn.pick(BY_IDS_S, BY_IDS_P);
        let rows: Vec<KeptRow> = self.conn.all(sql, vec![batch_ids(ids)]).await?;
        rows.into_iter().map(|row| row.read().map(|row| (row.id, row))).collect()
    }

    /// Every dispatch of these cases, oldest first; cases without one are left out.
    pub async fn dispatches_of_cases(&mut self, cases: &[Uuid]) -> Result<HashMap<Uuid, Vec<DispatchRow>>> {
        let rows: Vec<KeptRow> = self.conn.all(OF_CASES, vec![batch_ids(cases)]).await?;
        let mut of: HashMap<Uuid, Vec<DispatchRow>> = HashMap::new();
        for row in rows {
            let row = row.read()?;
            of.entry(row.case_id).or_default().push(row);
        }
        Ok(of)
    }

    /// Writes how far dispatches are: state, delivered_at, receipt, why, attempts, answered_at.
    pub async fn save_dispatches(&mut self, rows: &[DispatchRow]) -> Result<()> {
        if !rows.is_empty() {
            self.conn.exec(SAVE, vec![batch(&given(rows))?]).await?;
        }
        Ok(())
    }
}

impl Store {
    /// The dispatches of a case, oldest first.
    pub async fn dispatches_of(&self, case: Uuid) -> Result<Vec<DispatchRow>> {
        let rows: Vec<KeptRow> = self.inner.db.all(OF_CASE, args![case]).await?;
        rows.into_iter().map(KeptRow::read).collect()
    }
}
