//! Whose are these photos?

use crate::{
    Error, Result, Store,
    db::{batch_ids, row},
    sql::sql,
};
use schemas::Uuid;
use std::collections::HashMap;

sql! {
    both OWNERS = "SELECT id, report_id FROM photo WHERE id IN (SELECT value ->> 'id' FROM json_each($1))";
}

row! { "photo", OwnerRow { id: String, report_id: Option<String> } }

impl Store {
    /// The photos with these ids that exist, each with the report that claimed it, if one did.
    pub async fn photo_owners(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Option<Uuid>>> {
        let rows: Vec<OwnerRow> = self.inner.db.all(OWNERS, vec![batch_ids(ids)]).await?;
        rows.into_iter()
            .map(|OwnerRow { id, report_id }| {
                let broken = |column| Error::broken("photo", column, &id);
                let owner = report_id.map(|owner| owner.parse().map_err(|_| broken("report_id"))).transpose()?;
                Ok((id.parse().map_err(|_| broken("id"))?, owner))
            })
            .collect()
    }
}
