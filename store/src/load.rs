//! How busy the departments are.

use crate::{Error, Result, Store, Tx, db::args, sql::sql};
use schemas::slug::{DepartmentId, Slug};

sql! {
    both OPEN_BY_LEAD = "SELECT lead, CAST(count(*) AS bigint) FROM cases
        WHERE closed_at IS NULL AND lead IS NOT NULL GROUP BY lead ORDER BY lead";
}

fn read(rows: Vec<(String, i64)>) -> Result<Vec<(DepartmentId, u64)>> {
    let read = |(lead, open): (String, i64)| {
        let department = Slug::new(&lead).map_err(|_| Error::broken("cases", "lead", &lead))?;
        Ok((department, u64::try_from(open).unwrap_or_default()))
    };
    rows.into_iter().map(read).collect()
}

impl Tx {
    /// How many open cases each department leads; those that lead none are left out. Reads an index
    /// of the open cases only.
    pub async fn open_by_lead(&mut self) -> Result<Vec<(DepartmentId, u64)>> {
        read(self.conn.all(OPEN_BY_LEAD, args![]).await?)
    }
}

impl Store {
    /// As [`Tx::open_by_lead`], outside a transaction.
    pub async fn open_by_lead(&self) -> Result<Vec<(DepartmentId, u64)>> {
        read(self.inner.db.all(OPEN_BY_LEAD, args![]).await?)
    }
}
