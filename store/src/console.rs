//! The cases of one department, as its own people see them: newest report first, each case once.

use crate::{
    Error, Result, Store,
    db::{args, batch, row},
    sql::sql,
};
use schemas::{
    Uuid,
    case::{Role, Status},
    slug::DepartmentId,
};
use serde::Serialize;

/// Which cases.
#[derive(Debug, Clone)]
pub struct ConsoleFilter {
    /// At these statuses; every status when empty.
    pub statuses: Vec<Status>,
    /// Those of older reports than this dispatch's.
    pub before: Option<Uuid>,
    /// At most this many.
    pub limit: usize,
}

/// A case of a department: its newest dispatch to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConsoleRow {
    /// The dispatch: what an update names, and the cursor of the next page.
    pub dispatch: Uuid,
    /// The case.
    pub case_id: Uuid,
    /// Does it, a part of it, or only hears of it.
    pub role: Role,
}

sql! {
    // Only the newest dispatch of a case counts: the older ones are what it was before.
    both OF_DEPARTMENT = "SELECT d.id, d.case_id, d.role
        FROM dispatch AS d JOIN cases AS c ON c.id = d.case_id
        WHERE d.department = $1 AND d.id < $2 AND c.status IN (SELECT value ->> 'status' FROM json_each($3))
            AND NOT EXISTS (SELECT 1 FROM dispatch AS newer
                WHERE newer.case_id = d.case_id AND newer.department = d.department
                    AND (newer.posted_at > d.posted_at OR (newer.posted_at = d.posted_at AND newer.id > d.id)))
        ORDER BY d.id DESC LIMIT $4";
    both ONE = "SELECT d.id, d.case_id, d.role FROM dispatch AS d
        WHERE d.case_id = $1 AND d.department = $2 ORDER BY d.posted_at DESC, d.id DESC LIMIT 1";
}

row! { "dispatch", Kept { id: String, case_id: String, role: String } }

impl Kept {
    fn read(self) -> Result<ConsoleRow> {
        let broken = |column| Error::broken("dispatch", column, &self.id);
        Ok(ConsoleRow {
            dispatch: self.id.parse().map_err(|_| broken("id"))?,
            case_id: self.case_id.parse().map_err(|_| broken("case_id"))?,
            role: Role::parse(&self.role).ok_or_else(|| broken("role"))?,
        })
    }
}

#[derive(Serialize)]
struct StatusRow {
    status: &'static str,
}

impl Store {
    /// The cases that `department` has or had, those of the newest reports first.
    pub async fn cases_of(&self, department: &DepartmentId, filter: &ConsoleFilter) -> Result<Vec<ConsoleRow>> {
        let statuses = if filter.statuses.is_empty() { &Status::ALL[..] } else { &filter.statuses };
        let statuses: Vec<_> = statuses.iter().map(|status| StatusRow { status: status.as_str() }).collect();
        let mut args = args![department.as_str(), filter.before.unwrap_or(Uuid::max())];
        args.push(batch(&statuses)?);
        args.extend(args![filter.limit]);
        let rows: Vec<Kept> = self.inner.db.all(OF_DEPARTMENT, args).await?;
        rows.into_iter().map(Kept::read).collect()
    }

    /// The newest dispatch of `case` to `department`, if it ever had one.
    pub async fn case_of(&self, department: &DepartmentId, case: Uuid) -> Result<Option<ConsoleRow>> {
        let row: Option<Kept> = self.inner.db.one(ONE, args![case, department.as_str()]).await?;
        row.map(Kept::read).transpose()
    }
}
