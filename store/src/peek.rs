//! Which case is a dispatch about? Asked before the case is locked, so that everyone locks cases
//! first and dispatches after.

use crate::{
    Error, Result, Tx,
    db::{batch_ids, row},
    sql::sql,
};
use schemas::{Uuid, case::Role, slug::Slug};
use std::collections::HashMap;

sql! {
    both PEEK = "SELECT id, case_id, department, role FROM dispatch
        WHERE id IN (SELECT value ->> 'id' FROM json_each($1))";
}

row! { "dispatch", PeekRow { id: String, case_id: String, department: String, role: String } }

/// What never changes about a dispatch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DispatchPeek {
    /// Its case.
    pub case_id: Uuid,
    /// To whom.
    pub department: Slug,
    /// Does it, or only hears of it.
    pub role: Role,
}

impl Tx {
    /// What never changes about the dispatches with these ids that exist. Locks nothing.
    pub async fn peek_dispatches(&mut self, ids: &[Uuid]) -> Result<HashMap<Uuid, DispatchPeek>> {
        let rows: Vec<PeekRow> = self.conn.all(PEEK, vec![batch_ids(ids)]).await?;
        rows.into_iter()
            .map(|row| {
                let broken = |column| Error::broken("dispatch", column, &row.id);
                let peek = DispatchPeek {
                    case_id: row.case_id.parse().map_err(|_| broken("case_id"))?,
                    department: Slug::new(&row.department).map_err(|_| broken("department"))?,
                    role: Role::parse(&row.role).ok_or_else(|| broken("role"))?,
                };
                Ok((row.id.parse().map_err(|_| broken("id"))?, peek))
            })
            .collect()
    }
}
