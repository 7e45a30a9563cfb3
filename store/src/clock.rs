//! What the clock asks: which cases it looks at now, and how many are open, waiting and late.

use crate::{Error, Result, Store, Tx, db::args, sql::sql};
use schemas::{
    Date, Timestamp, Uuid,
    slug::{DepartmentId, Slug},
};

sql! {
    both DUE = "SELECT id FROM cases WHERE check_at IS NOT NULL AND check_at <= $1 ORDER BY check_at, id LIMIT $2";
    both POSTPONE = "UPDATE cases SET check_at = $2 WHERE id = $1";
    both COUNT = "SELECT lead, CAST(count(*) AS bigint),
            CAST(sum(CASE WHEN status = 'waiting' THEN 1 ELSE 0 END) AS bigint),
            CAST(sum(CASE WHEN status <> 'waiting' AND due_on < $1 THEN 1 ELSE 0 END) AS bigint)
        FROM cases WHERE closed_at IS NULL AND lead IS NOT NULL GROUP BY lead ORDER BY lead";
}

/// How many cases one department has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseCount {
    /// Who leads them.
    pub department: DepartmentId,
    /// Those that are not closed.
    pub open: u64,
    /// Of these, those that wait for the resident.
    pub waiting: u64,
    /// Of these, those that were expected before today and wait for nobody but the department.
    pub late: u64,
}

impl Tx {
    /// The clock looks at this case again at `at`, whatever else is the matter with it.
    pub async fn postpone_check(&mut self, case: Uuid, at: Timestamp) -> Result<()> {
        self.conn.exec(POSTPONE, args![case, at]).await.map(|_| ())
    }
}

impl Store {
    /// The cases that the clock has to look at now, the longest overdue first. Locks nothing.
    pub async fn due_cases(&self, limit: usize) -> Result<Vec<Uuid>> {
        let rows: Vec<(String,)> = self.inner.db.ordered(DUE, args![self.clock().now(), limit]).await?;
        rows.iter().map(|(id,)| id.parse().map_err(|_| Error::broken("cases", "id", id))).collect()
    }

    /// How many cases each department has; one that has none is left out. `today` is the date in the
    /// city.
    pub async fn case_counts(&self, today: Date) -> Result<Vec<CaseCount>> {
        let rows: Vec<(String, i64, i64, i64)> = self.inner.db.all(COUNT, args![today.to_string()]).await?;
        let count = |n: i64| u64::try_from(n).unwrap_or_default();
        rows.into_iter()
            .map(|(lead, open, waiting, late)| {
                let department = Slug::new(&lead).map_err(|_| Error::broken("cases", "lead", &lead))?;
                Ok(CaseCount { department, open: count(open), waiting: count(waiting), late: count(late) })
            })
            .collect()
    }
}
