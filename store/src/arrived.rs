//! Letters that arrived are gone; whether they were still there to go says who was first.

use crate::{
    Result, Tx,
    db::{args, batch_ids},
    sql::sql,
};
use schemas::{Uuid, letter::Lane};

sql! {
    both ARRIVED = "DELETE FROM letter WHERE lane = $2 AND buried_at IS NULL
        AND id IN (SELECT value ->> 'id' FROM json_each($1))";
}

impl Tx {
    /// Deletes letters of `lane` that arrived, and returns how many of them were still there. Fewer
    /// than given means that somebody else settled them in the meantime (the lease had run out):
    /// whoever wants effects exactly once rolls back then.
    pub async fn arrived(&mut self, lane: &Lane, letters: &[Uuid]) -> Result<u64> {
        if letters.is_empty() {
            return Ok(0);
        }
        let mut ids = letters.to_vec();
        ids.sort_unstable();
        let mut args = vec![batch_ids(&ids)];
        args.extend(args![lane.as_str()]);
        let gone = self.conn.exec(ARRIVED, args).await?;
        self.settled.extend(ids);
        Ok(gone)
    }
}
