//! Their number of a case: how an answer is recognised that does not know our dispatch.

use crate::{Error, Result, Store, Tx, db::args, sql::sql};
use schemas::{Uuid, slug::DepartmentId};

sql! {
    both NOTE = "INSERT INTO their_number (department, number, dispatch_id, noted_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (department, number) DO UPDATE SET dispatch_id = excluded.dispatch_id";
    both FIND = "SELECT dispatch_id FROM their_number WHERE department = $1 AND number = $2";
    both OF = "SELECT number, dispatch_id FROM their_number WHERE dispatch_id = $1 ORDER BY noted_at";
}

impl Tx {
    /// Notes that `department` calls the case of `dispatch` by `number`. A number that was noted
    /// before now stands for the newer dispatch of the same case.
    pub async fn note_their_number(&mut self, department: &DepartmentId, number: &str, dispatch: Uuid) -> Result<()> {
        let now = self.clock().now();
        self.conn.exec(NOTE, args![department.as_str(), number, dispatch, now]).await.map(|_| ())
    }
}

impl Store {
    /// The dispatch that `department` calls `number`.
    pub async fn dispatch_by_their_number(&self, department: &DepartmentId, number: &str) -> Result<Option<Uuid>> {
        let row: Option<(String,)> = self.inner.db.one(FIND, args![department.as_str(), number]).await?;
        row.map(|(id,)| id.parse().map_err(|_| Error::broken("their_number", "dispatch_id", number))).transpose()
    }

    /// The number that a department has for `dispatch`, if it told one.
    pub async fn their_number(&self, dispatch: Uuid) -> Result<Option<String>> {
        let row: Option<(String, String)> = self.inner.db.one(OF, args![dispatch]).await?;
        Ok(row.map(|(number, _)| number))
    }
}
