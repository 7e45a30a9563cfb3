//! Cases of which somebody said that they were not solved.

use crate::{Error, Result, Store, sql::sql};
use schemas::Uuid;

sql! {
    // The condition is that of the index `event_reopened`.
    both CONTESTED = "SELECT DISTINCT case_id FROM event WHERE what = 'reopened' AND case_id > ''";
}

impl Store {
    /// Every case that was contested, once each, in any order.
    pub async fn contested(&self) -> Result<Vec<Uuid>> {
        let rows: Vec<(String,)> = self.inner.db.all(CONTESTED, Vec::new()).await?;
        rows.into_iter().map(|(id,)| id.parse().map_err(|_| Error::broken("event", "case_id", &id))).collect()
    }
}
