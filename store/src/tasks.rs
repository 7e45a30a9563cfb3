//! Tasks: what a person does for a department that no machine reaches.
//!
//! Each step is one statement that holds only in the state it was meant for: of two operators that
//! do the same at once, one is first and the other is told.

use crate::{
    Error, Result, Store, Tx,
    db::{args, batch, batch_ids, row},
    references,
    sql::sql,
};
use schemas::{
    Timestamp, Uuid,
    id::from_micros,
    notice::NoticeState,
    slug::{DepartmentId, Slug},
    task::{Body, Calls, Kind, State, Task},
};
use serde::Serialize;
use std::collections::BTreeMap;

/// Which tasks of a desk.
#[derive(Debug, Clone)]
pub struct TaskFilter {
    /// Whose; every desk's when `None`.
    pub desk: Option<DepartmentId>,
    /// How far; every state when empty.
    pub states: Vec<State>,
    /// Of which kind.
    pub kind: Option<Kind>,
    /// Those after this one.
    pub after: Option<Uuid>,
    /// At most this many.
    pub limit: usize,
}

/// How a task ends, or goes on to wait for the department's answers.
#[derive(Debug, Clone)]
pub struct TaskEnd<'a> {
    /// Only from this state.
    pub from: State,
    /// To this one.
    pub to: State,
    /// Who says so.
    pub by: &'a str,
    /// The department's number, who took the call, or why nothing is left to do.
    pub outcome: Option<&'a str>,
}

sql! {
    // One call per case and department at a time: the list is not called twice at once.
    both OPEN = "WITH batch AS MATERIALIZED (SELECT value FROM json_each($1))
        INSERT INTO task (id, kind, desk, department, dispatch_id, case_id, reference, body, state, level, opened_at,
            due_at, calls)
        SELECT value ->> 'id', value ->> 'kind', value ->> 'desk', value ->> 'department', value ->> 'dispatch_id',
            value ->> 'case_id', CAST(value ->> 'reference' AS bigint), value ->> 'body', 'open', 0,
            CAST(value ->> 'opened_at' AS bigint), CAST(value ->> 'due_at' AS bigint), value ->> 'calls'
        FROM batch
        WHERE value ->> 'kind' <> 'call' OR NOT EXISTS (SELECT 1 FROM task AS other
            WHERE other.case_id = value ->> 'case_id' AND other.department = value ->> 'department'
                AND other.kind = 'call' AND other.state = 'open')
        ON CONFLICT (id) DO NOTHING";
    both BY_ID = "SELECT id, kind, desk, department, dispatch_id, case_id, reference, body, state, level, opened_at,
            due_at, calls, claimed_by, claimed_at, done_at, done_by, outcome FROM task WHERE id = $1";
    both OF_CASE = "SELECT id, kind, desk, department, dispatch_id, case_id, reference, body, state, level, opened_at,
            due_at, calls, claimed_by, claimed_at, done_at, done_by, outcome FROM task WHERE case_id = $1 ORDER BY id";
    both LIST = "SELECT id, kind, desk, department, dispatch_id, case_id, reference, body, state, level, opened_at,
            due_at, calls, claimed_by, claimed_at, done_at, done_by, outcome
        FROM task WHERE desk = $1 AND state IN (SELECT value ->> 'state' FROM json_each($2)) AND id > $3
            AND (CAST($4 AS text) = '' OR kind = $4)
        ORDER BY id LIMIT $5";
    both LIST_ALL = "SELECT id, kind, desk, department, dispatch_id, case_id, reference, body, state, level, opened_at,
            due_at, calls, claimed_by, claimed_at, done_at, done_by, outcome
        FROM task WHERE state IN (SELECT value ->> 'state' FROM json_each($1)) AND id > $2
            AND (CAST($3 AS text) = '' OR kind = $3)
        ORDER BY id LIMIT $4";
    both DUE = "SELECT id, kind, desk, department, dispatch_id, case_id, reference, body, state, level, opened_at,
            due_at, calls, claimed_by, claimed_at, done_at, done_by, outcome
        FROM task WHERE state = 'open' AND kind NOT IN ('tell', 'back') AND due_at IS NOT NULL AND due_at <= $1
        ORDER BY due_at, id LIMIT $2
            OFFSET $3";
    both NEXT_DUE = "SELECT min(due_at) FROM task WHERE state = 'open' AND kind NOT IN ('tell', 'back') AND due_at IS NOT NULL";
    both CLAIM = "UPDATE task SET claimed_by = $2, claimed_at = $3 WHERE id = $1 AND state IN ('open', 'passed')
            AND (claimed_by IS NULL OR claimed_by = $2 OR CAST($4 AS bigint) = 1) RETURNING id";
    both END = "UPDATE task SET state = $3, done_at = coalesce(done_at, $4), done_by = coalesce(done_by, $5),
            outcome = coalesce(outcome, $6), due_at = NULL
        WHERE id = $1 AND state = $2 RETURNING id";
    both RENUMBER = "UPDATE task SET outcome = $3, done_by = $2 WHERE id = $1 AND state = 'passed' RETURNING id";
    both ESCALATE = "UPDATE task SET level = level + 1, due_at = $3, calls = $4
        WHERE id = $1 AND state = 'open' AND level = $2 RETURNING id";
    both DROP_CASES = "UPDATE task SET state = CASE WHEN state = 'passed' THEN 'done' ELSE 'cancelled' END,
            done_at = coalesce(done_at, $2), outcome = coalesce(outcome, $3), due_at = NULL
        WHERE state IN ('open', 'passed') AND kind NOT IN ('tell', 'back')
            AND case_id IN (SELECT value ->> 'id' FROM json_each($1))";
    both DROP = "UPDATE task SET state = 'cancelled', done_at = coalesce(done_at, $2), outcome = coalesce(outcome, $3),
            due_at = NULL
        WHERE state = 'open' AND id IN (SELECT value ->> 'id' FROM json_each($1))";
    both DROP_DISPATCHES = "UPDATE task SET state = CASE WHEN state = 'passed' THEN 'done' ELSE 'cancelled' END,
            done_at = coalesce(done_at, $2), outcome = coalesce(outcome, $3), due_at = NULL
        WHERE state IN ('open', 'passed') AND dispatch_id IN (SELECT value ->> 'id' FROM json_each($1))";
    both HEARD = "UPDATE task SET state = CASE WHEN kind = 'form' THEN 'passed' ELSE 'done' END,
            done_at = coalesce(done_at, $2), outcome = coalesce(outcome, $3), due_at = NULL
        WHERE state = 'open' AND dispatch_id IN (SELECT value ->> 'id' FROM json_each($1))";
    both CHASED = "UPDATE task SET state = 'done', done_at = coalesce(done_at, $2), outcome = coalesce(outcome, $3)
        WHERE state = 'open' AND kind = 'chase' AND case_id IN (SELECT value ->> 'case_id' FROM json_each($1))
            AND EXISTS (SELECT 1 FROM json_each($1)
                WHERE value ->> 'case_id' = task.case_id AND value ->> 'department' = task.department)";
    both COUNT = "SELECT desk, kind, CAST(count(*) AS bigint), CAST(min(opened_at) AS bigint)
        FROM task WHERE state = 'open' GROUP BY desk, kind ORDER BY desk, kind";
}

#[derive(Serialize)]
struct NewRow<'a> {
    id: Uuid,
    kind: &'static str,
    desk: &'a str,
    department: &'a str,
    dispatch_id: Option<Uuid>,
    case_id: Uuid,
    reference: i64,
    body: String,
    opened_at: i64,
    due_at: Option<i64>,
    calls: String,
}

row! { "task", TaskRow {
    id: String, kind: String, desk: String, department: String, dispatch_id: Option<String>, case_id: String,
    reference: i64, body: String, state: String, level: i64, opened_at: i64, due_at: Option<i64>, calls: String,
    claimed_by: Option<String>, claimed_at: Option<i64>, done_at: Option<i64>, done_by: Option<String>,
    outcome: Option<String>,
} }

impl TaskRow {
    fn read(self) -> Result<Task> {
        let broken = |column| Error::broken("task", column, &self.id);
        let dispatch = self.dispatch_id.as_ref().map(|id| id.parse().map_err(|_| broken("dispatch_id")));
        Ok(Task {
            id: self.id.parse().map_err(|_| broken("id"))?,
            kind: Kind::parse(&self.kind).ok_or_else(|| broken("kind"))?,
            desk: Slug::new(&self.desk).map_err(|_| broken("desk"))?,
            department: Slug::new(&self.department).map_err(|_| broken("department"))?,
            dispatch: dispatch.transpose()?,
            case_id: self.case_id.parse().map_err(|_| broken("case_id"))?,
            reference: references::read(self.reference).ok_or_else(|| broken("reference"))?,
            body: serde_json::from_str::<Body>(&self.body).map_err(|_| broken("body"))?,
            state: State::parse(&self.state).ok_or_else(|| broken("state"))?,
            level: u32::try_from(self.level).map_err(|_| broken("level"))?,
            opened_at: from_micros(self.opened_at),
            due_at: self.due_at.map(from_micros),
            calls: serde_json::from_str::<Calls>(&self.calls).map_err(|_| broken("calls"))?,
            claimed_at: self.claimed_at.map(from_micros),
            done_at: self.done_at.map(from_micros),
            claimed_by: self.claimed_by,
            done_by: self.done_by,
            outcome: self.outcome,
        })
    }
}

#[derive(Serialize)]
struct SpokeRow<'a> {
    case_id: Uuid,
    department: &'a str,
}

#[derive(Serialize)]
struct StateRow {
    state: &'static str,
}

impl Tx {
    /// Opens tasks. One that was opened before is left as it is; so is a call to a department that
    /// is being called about the same case.
    pub async fn open_tasks(&mut self, tasks: &[Task]) -> Result<()> {
        if tasks.is_empty() {
            return Ok(());
        }
        let by_id: BTreeMap<Uuid, &Task> = tasks.iter().map(|task| (task.id, task)).collect();
        let rows = by_id
            .into_values()
            .map(|task| {
                Ok(NewRow {
                    id: task.id,
                    kind: task.kind.as_str(),
                    desk: &task.desk,
                    department: &task.department,
                    dispatch_id: task.dispatch,
                    case_id: task.case_id,
                    reference: references::number(task.reference),
                    body: serde_json::to_string(&task.body)?,
                    opened_at: task.opened_at.as_microsecond(),
                    due_at: task.due_at.map(|at| at.as_microsecond()),
                    calls: serde_json::to_string(&task.calls)?,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        self.conn.exec(OPEN, vec![batch(&rows)?]).await.map(|_| ())
    }

    /// Moves a task on; gives whether it was still in the state from which it may be. What was
    /// noted at an earlier step stays.
    pub async fn end_task(&mut self, id: Uuid, end: &TaskEnd<'_>) -> Result<bool> {
        let now = self.clock().now();
        let outcome = end.outcome.map(str::to_owned);
        let args = args![id, end.from.as_str(), end.to.as_str(), now, end.by, outcome];
        Ok(!self.conn.all::<(String,)>(END, args).await?.is_empty())
    }

    /// The department's number of a case that was passed on was wrong, and is this one; gives whether
    /// the task still waits for the department's answers.
    pub async fn renumber_task(&mut self, id: Uuid, by: &str, number: &str) -> Result<bool> {
        Ok(!self.conn.all::<(String,)>(RENUMBER, args![id, by, number]).await?.is_empty())
    }

    /// The next on the list is to be called; gives whether the task was still open at `level`.
    pub async fn escalate_task(&mut self, id: Uuid, level: u32, due_at: Timestamp, calls: &Calls) -> Result<bool> {
        let args = args![id, level, due_at, serde_json::to_string(calls)?];
        Ok(!self.conn.all::<(String,)>(ESCALATE, args).await?.is_empty())
    }

    /// Opens a task to tell a resident something. What was still to be said about the same case to the same
    /// person is not needed any more, where this says more; gives the notices that this makes pointless.
    pub async fn open_tell(&mut self, task: &Task) -> Result<Vec<Uuid>> {
        let Some(new) = task.body.tell.as_deref() else { return Ok(Vec::new()) };
        let rows: Vec<TaskRow> = self.conn.all(OF_CASE, args![task.case_id]).await?;
        let others = readable(rows).into_iter().filter(|other| other.state == State::Open && other.id != task.id);
        let old: Vec<(Uuid, Uuid)> = others
            .filter_map(|other| Some((other.id, other.body.tell?)))
            .filter(|(_, old)| new.passing && old.passing && old.person == new.person && old.way == new.way)
            .map(|(id, old)| (id, old.notice))
            .collect();
        let ids: Vec<Uuid> = old.iter().map(|(id, _)| *id).collect();
        self.with_ids(DROP, &ids, "a newer message says more").await?;
        self.open_tasks(std::slice::from_ref(task)).await?;
        Ok(old.into_iter().map(|(_, notice)| notice).collect())
    }

    /// These notices are told in another way now: nobody has to tell them by hand.
    pub async fn drop_tells(&mut self, notices: &[Uuid], why: &str) -> Result<()> {
        let ids: Vec<Uuid> = notices.iter().map(|notice| Task::telling_id(*notice)).collect();
        self.with_ids(DROP, &ids, why).await
    }

    /// These cases are closed: nothing is left to do for them, but to tell who reported them.
    pub async fn drop_tasks_of_cases(&mut self, cases: &[Uuid], why: &str) -> Result<()> {
        self.with_ids(DROP_CASES, cases, why).await
    }

    /// These dispatches went back: nothing is left to do for them.
    pub async fn drop_tasks_of_dispatches(&mut self, dispatches: &[Uuid], why: &str) -> Result<()> {
        self.with_ids(DROP_DISPATCHES, dispatches, why).await
    }

    /// The department answered these dispatches by itself: it has them.
    pub async fn tasks_heard_of(&mut self, dispatches: &[Uuid], how: &str) -> Result<()> {
        self.with_ids(HEARD, dispatches, how).await
    }

    /// These departments said something about these cases: nobody has to look after them any more.
    pub async fn chased(&mut self, spoke: &[(Uuid, DepartmentId)], how: &str) -> Result<()> {
        if spoke.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> =
            spoke.iter().map(|(case_id, department)| SpokeRow { case_id: *case_id, department }).collect();
        let mut args = vec![batch(&rows)?];
        args.extend(args![self.clock().now(), how]);
        self.conn.exec(CHASED, args).await.map(|_| ())
    }

    async fn with_ids(&mut self, sql: &'static str, ids: &[Uuid], why: &str) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let now = self.clock().now();
        let mut args = vec![batch_ids(ids)];
        args.extend(args![now, why]);
        self.conn.exec(sql, args).await.map(|_| ())
    }
}

impl Store {
    /// [`Tx::open_tell`] in a transaction of its own; the notices that it makes pointless are superseded.
    pub async fn open_tell(&self, task: &Task) -> Result<()> {
        let mut tx = self.begin().await?;
        for notice in tx.open_tell(task).await? {
            tx.hear_of_notice(notice, NoticeState::Superseded, Some("a newer message says more")).await?;
        }
        tx.commit().await
    }

    /// The task with this id.
    pub async fn task(&self, id: Uuid) -> Result<Option<Task>> {
        self.inner.db.one::<TaskRow>(BY_ID, args![id]).await?.map(TaskRow::read).transpose()
    }

    /// The tasks of a case. One that cannot be read is left out and logged, as in every list.
    pub async fn tasks_of(&self, case: Uuid) -> Result<Vec<Task>> {
        Ok(readable(self.inner.db.all(OF_CASE, args![case]).await?))
    }

    /// The tasks that a filter selects, those of the oldest cases first.
    pub async fn tasks(&self, filter: &TaskFilter) -> Result<Vec<Task>> {
        let states = if filter.states.is_empty() { &State::ALL[..] } else { &filter.states };
        let states: Vec<_> = states.iter().map(|state| StateRow { state: state.as_str() }).collect();
        let kind = filter.kind.map_or("", Kind::as_str);
        // The lowest id there is, without a cursor: every id sorts after it.
        let mut after = filter.after.unwrap_or_default().to_string();
        let mut tasks = Vec::new();
        loop {
            let rows: Vec<TaskRow> = match &filter.desk {
                Some(desk) => {
                    let mut args = args![desk.as_str()];
                    args.push(batch(&states)?);
                    args.extend(args![after.as_str(), kind, filter.limit]);
                    self.inner.db.all(LIST, args).await?
                }
                None => {
                    let mut args = vec![batch(&states)?];
                    args.extend(args![after.as_str(), kind, filter.limit]);
                    self.inner.db.all(LIST_ALL, args).await?
                }
            };
            let last = rows.last().filter(|_| rows.len() == filter.limit).map(|row| row.id.clone());
            tasks.extend(readable(rows));
            // A page that is short because of what cannot be read would look like the last one.
            match last {
                Some(last) if tasks.len() < filter.limit => after = last,
                _ => break,
            }
        }
        tasks.truncate(filter.limit);
        Ok(tasks)
    }

    /// Open tasks that nobody confirmed in time, the longest overdue first.
    pub async fn due_tasks(&self, limit: usize) -> Result<Vec<Task>> {
        let (now, mut tasks, mut passed) = (self.clock().now(), Vec::new(), 0);
        loop {
            let rows: Vec<TaskRow> = self.inner.db.all(DUE, args![now, limit, passed]).await?;
            let full = rows.len() == limit;
            passed += rows.len();
            tasks.extend(readable(rows));
            // What cannot be read stays due: it takes nobody's place.
            if !full || tasks.len() >= limit {
                break;
            }
        }
        tasks.truncate(limit);
        Ok(tasks)
    }

    /// When the next open task is due.
    pub async fn next_due_task(&self) -> Result<Option<Timestamp>> {
        let row: Option<(Option<i64>,)> = self.inner.db.one(NEXT_DUE, args![]).await?;
        Ok(row.and_then(|(at,)| at).map(from_micros))
    }

    /// `by` is at this task; gives whether it is theirs now. Somebody else's stays theirs, unless it
    /// is taken over.
    pub async fn claim_task(&self, id: Uuid, by: &str, take_over: bool) -> Result<bool> {
        let now = self.clock().now();
        let args = args![id, by, now, i64::from(take_over)];
        Ok(!self.inner.db.write::<(String,)>(CLAIM, args).await?.is_empty())
    }

    /// Open tasks per desk and kind: how many, and since when the oldest waits.
    pub async fn open_tasks(&self) -> Result<Vec<(DepartmentId, Kind, u64, Timestamp)>> {
        let rows: Vec<(String, String, i64, i64)> = self.inner.db.all(COUNT, args![]).await?;
        let read = |(desk, kind, n, oldest): (String, String, i64, i64)| {
            let broken = |column| Error::broken("task", column, &desk);
            let kind = Kind::parse(&kind).ok_or_else(|| broken("kind"))?;
            let id = Slug::new(&desk).map_err(|_| broken("desk"))?;
            Ok((id, kind, u64::try_from(n).unwrap_or_default(), from_micros(oldest)))
        };
        Ok(rows.into_iter().map(read).filter_map(logged).collect())
    }
}

/// Those that can be read.
fn readable(rows: Vec<TaskRow>) -> Vec<Task> {
    rows.into_iter().map(TaskRow::read).filter_map(logged).collect()
}

/// One unreadable task stops no other.
fn logged<T>(read: Result<T>) -> Option<T> {
    read.inspect_err(|error| tracing::error!(%error, "an unreadable task")).ok()
}
