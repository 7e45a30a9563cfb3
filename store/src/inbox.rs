//! "Have I seen this letter?", asked in the transaction that has its effects.

use crate::{
    Result, Store, Tx,
    db::{args, batch_ids},
    sql::sql,
};
use schemas::{Timestamp, Uuid};
use std::collections::HashSet;

sql! {
    both MARK = "INSERT INTO inbox (reader, id, seen_at)
        SELECT CAST($2 AS text), value ->> 'id', CAST($3 AS bigint) FROM json_each($1) WHERE TRUE
        ON CONFLICT (reader, id) DO NOTHING RETURNING id";
    both SWEEP = "DELETE FROM inbox WHERE seen_at < $1";
}

impl Tx {
    /// Marks `ids` as seen by `reader` and returns those seen for the first time now. Rolled back
    /// with the transaction.
    pub async fn seen(&mut self, reader: &str, ids: &[Uuid]) -> Result<HashSet<Uuid>> {
        if ids.is_empty() {
            return Ok(HashSet::new());
        }
        let mut sorted = ids.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let mut args = vec![batch_ids(&sorted)];
        args.extend(args![reader, self.clock().now()]);
        let new: Vec<(String,)> = self.conn.all(MARK, args).await?;
        Ok(new.iter().filter_map(|(id,)| id.parse().ok()).collect())
    }
}

impl Store {
    /// Forgets letters seen before `before`: longer ago than anything is retried. Returns how many.
    pub async fn sweep_inbox(&self, before: Timestamp) -> Result<u64> {
        self.inner.db.exec(SWEEP, args![before]).await
    }
}
