//! Mails that came back for the time being, by address: how often that happened of late.

use crate::{AddressKey, Result, Tx, db::args, sql::sql};
use schemas::{Timestamp, Uuid};

sql! {
    both KEEP = "INSERT INTO soft_bounce (way, key, notice_id, at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (way, key, notice_id) DO NOTHING";
    both OLD = "DELETE FROM soft_bounce WHERE at < $1";
    both COUNT = "SELECT CAST(count(*) AS bigint) FROM soft_bounce WHERE way = $1 AND key = $2";
    both CLEAR = "DELETE FROM soft_bounce WHERE way = $1 AND key = $2";
}

impl Tx {
    /// Remembers that `notice` came back from an address for the time being, at `at`; the same notice once. What
    /// happened before `since` is forgotten, whosever it is. Returns how many notices came back from there since.
    pub async fn keep_soft_bounce(
        &mut self,
        address: &AddressKey,
        notice: Uuid,
        at: Timestamp,
        since: Timestamp,
    ) -> Result<u64> {
        let (way, key) = (address.way.as_str(), address.key.as_str());
        self.conn.exec(OLD, args![since]).await?;
        self.conn.exec(KEEP, args![way, key, notice, at]).await?;
        let rows: Vec<(i64,)> = self.conn.all(COUNT, args![way, key]).await?;
        Ok(rows.first().and_then(|(n,)| u64::try_from(*n).ok()).unwrap_or_default())
    }

    /// Forgets what came back from an address: something arrived there, or nothing more is sent.
    pub async fn clear_soft_bounces(&mut self, address: &AddressKey) -> Result<()> {
        self.conn.exec(CLEAR, args![address.way.as_str(), address.key.as_str()]).await.map(|_| ())
    }
}
