//! Cases: what became of a report.

use crate::{
    Error, Result, Store, Tx,
    db::{args, batch, batch_ids, row},
    references,
    sql::sql,
};
use schemas::{
    Uuid,
    case::{Case, Status, Watch},
    id::from_micros,
    report::Tell,
    slug::Slug,
};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};

sql! {
    both OPEN = "WITH batch AS MATERIALIZED (SELECT value FROM json_each($1))
        INSERT INTO cases (id, reference, status, version, lead, decision, rejected_by, planned_on,
            status_at, opened_at, closed_at, tell, parts, watch, check_at, due_on,
            changed_at)
        SELECT value ->> 'id', CAST(value ->> 'reference' AS bigint), value ->> 'status',
            CAST(value ->> 'version' AS bigint), value ->> 'lead', value ->> 'decision', value ->> 'rejected_by',
            value ->> 'planned_on', CAST(value ->> 'status_at' AS bigint), CAST(value ->> 'opened_at' AS bigint),
            CAST(value ->> 'closed_at' AS bigint), value ->> 'tell', value ->> 'parts', value ->> 'watch',
            CAST(value ->> 'check_at' AS bigint), value ->> 'due_on', CAST($2 AS bigint)
        FROM batch WHERE TRUE ON CONFLICT (id) DO NOTHING RETURNING id";
    both SAVE = "WITH batch AS MATERIALIZED (SELECT value FROM json_each($1))
        UPDATE cases SET status = given.status, version = given.version, lead = given.lead,
            decision = given.decision, rejected_by = given.rejected_by, planned_on = given.planned_on,
            status_at = given.status_at, closed_at = given.closed_at, parts = given.parts, watch = given.watch,
            check_at = given.check_at, due_on = given.due_on, changed_at = $2
        FROM (SELECT value ->> 'id' AS of, value ->> 'status' AS status, CAST(value ->> 'version' AS bigint) AS version,
                value ->> 'lead' AS lead, value ->> 'decision' AS decision, value ->> 'rejected_by' AS rejected_by,
                value ->> 'planned_on' AS planned_on, CAST(value ->> 'status_at' AS bigint) AS status_at,
                CAST(value ->> 'closed_at' AS bigint) AS closed_at, value ->> 'parts' AS parts,
                value ->> 'watch' AS watch, CAST(value ->> 'check_at' AS bigint) AS check_at,
                value ->> 'due_on' AS due_on FROM batch) AS given
        WHERE cases.id = given.of";
    both BY_IDS = "SELECT id, reference, status, version, lead, decision, rejected_by, planned_on, status_at, opened_at,
            closed_at, tell, parts, watch, check_at
        FROM cases WHERE id IN (SELECT value ->> 'id' FROM json_each($1))";
    postgres LOCK_P = "SELECT id, reference, status, version, lead, decision, rejected_by, planned_on, status_at,
            opened_at, closed_at, tell, parts, watch, check_at
        FROM cases WHERE id IN (SELECT value ->> 'id' FROM json_each($1)) ORDER BY id FOR UPDATE OF cases";
}

#[derive(Serialize)]
struct GivenRow<'a> {
    id: Uuid,
    reference: i64,
    status: &'static str,
    version: i64,
    lead: Option<&'a str>,
    decision: Option<String>,
    rejected_by: String,
    planned_on: Option<String>,
    status_at: i64,
    opened_at: i64,
    closed_at: Option<i64>,
    tell: &'static str,
    parts: Option<String>,
    watch: Option<String>,
    check_at: Option<i64>,
    due_on: Option<String>,
}

impl<'a> GivenRow<'a> {
    fn new(case: &'a Case) -> Result<Self> {
        Ok(Self {
            id: case.id,
            reference: references::number(case.reference),
            status: case.status.as_str(),
            version: case.version,
            lead: case.lead.as_deref(),
            decision: case.decision.as_ref().map(serde_json::to_string).transpose()?,
            rejected_by: serde_json::to_string(&case.rejected_by)?,
            planned_on: case.planned_on.map(|day| day.to_string()),
            status_at: case.status_at.as_microsecond(),
            opened_at: case.opened_at.as_microsecond(),
            closed_at: case.closed_at.map(|at| at.as_microsecond()),
            tell: case.tell.as_str(),
            parts: (!case.parts.is_empty()).then(|| serde_json::to_string(&case.parts)).transpose()?,
            watch: (case.watch != Watch::default()).then(|| serde_json::to_string(&case.watch)).transpose()?,
            check_at: case.check_at.map(|at| at.as_microsecond()),
            due_on: case.expected_on().map(|day| day.to_string()),
        })
    }
}

/// The rows of `cases` in the order of their ids, each id once (the last one given).
fn rows(cases: &[Case]) -> Result<Vec<GivenRow<'_>>> {
    let by_id: BTreeMap<_, _> = cases.iter().map(|case| (case.id, case)).collect();
    by_id.into_values().map(GivenRow::new).collect()
}

row! { "cases", CaseRow {
    id: String, reference: i64, status: String, version: i64, lead: Option<String>, decision: Option<String>,
    rejected_by: String, planned_on: Option<String>, status_at: i64, opened_at: i64, closed_at: Option<i64>,
    tell: String, parts: Option<String>, watch: Option<String>, check_at: Option<i64>,
} }

impl CaseRow {
    fn read(self) -> Result<Case> {
        let broken = |column| Error::broken("cases", column, &self.id);
        Ok(Case {
            id: self.id.parse().map_err(|_| broken("id"))?,
            reference: references::read(self.reference).ok_or_else(|| broken("reference"))?,
            status: Status::parse(&self.status).ok_or_else(|| broken("status"))?,
            version: self.version,
            lead: self.lead.as_deref().map(Slug::new).transpose().map_err(|_| broken("lead"))?,
            decision: self.decision.as_deref().map(serde_json::from_str).transpose().map_err(|_| broken("decision"))?,
            rejected_by: serde_json::from_str(&self.rejected_by).map_err(|_| broken("rejected_by"))?,
            planned_on: self.planned_on.as_deref().map(str::parse).transpose().map_err(|_| broken("planned_on"))?,
            status_at: from_micros(self.status_at),
            opened_at: from_micros(self.opened_at),
            closed_at: self.closed_at.map(from_micros),
            tell: Tell::parse(&self.tell).ok_or_else(|| broken("tell"))?,
            parts: self.parts.as_deref().map_or(Ok(Vec::new()), serde_json::from_str).map_err(|_| broken("parts"))?,
            watch: self
                .watch
                .as_deref()
                .map_or(Ok(Watch::default()), serde_json::from_str)
                .map_err(|_| broken("watch"))?,
            check_at: self.check_at.map(from_micros),
        })
    }
}

fn by_id(rows: Vec<CaseRow>) -> Result<HashMap<Uuid, Case>> {
    rows.into_iter().map(|row| row.read().map(|case| (case.id, case))).collect()
}

impl Tx {
    /// The cases with these ids that exist, locked until the end of the transaction, in the order
    /// of their ids (so that two transactions never wait for each other in a circle).
    pub async fn lock_cases(&mut self, ids: &[Uuid]) -> Result<HashMap<Uuid, Case>> {
        let sql = self.conn.pick(BY_IDS, LOCK_P);
        by_id(self.conn.all(sql, vec![batch_ids(ids)]).await?)
    }

    /// Opens cases; returns the ids that did not exist yet. The others are left as they are.
    pub async fn open_cases(&mut self, cases: &[Case]) -> Result<HashSet<Uuid>> {
        if cases.is_empty() {
            return Ok(HashSet::new());
        }
        let now = self.clock().now();
        let opened: Vec<(String,)> = self.conn.all(OPEN, args![batch(&rows(cases)?)?, now]).await?;
        Ok(opened.iter().filter_map(|(id,)| id.parse().ok()).collect())
    }

    /// Writes cases that exist and that this transaction has locked.
    pub async fn save_cases(&mut self, cases: &[Case]) -> Result<()> {
        if !cases.is_empty() {
            let now = self.clock().now();
            self.conn.exec(SAVE, args![batch(&rows(cases)?)?, now]).await?;
        }
        Ok(())
    }
}

impl Store {
    /// The case of report `id`, once the router opened it.
    pub async fn case(&self, id: Uuid) -> Result<Option<Case>> {
        Ok(self.cases_by_ids(&[id]).await?.remove(&id))
    }

    /// Many cases; those that do not exist are left out.
    pub async fn cases_by_ids(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Case>> {
        by_id(self.inner.db.all(BY_IDS, vec![batch_ids(ids)]).await?)
    }
}
