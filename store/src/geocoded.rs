//! What a geocoder outside answered, kept for a while so that it is not asked the same again.

use crate::{Result, Store, db::args, sql::sql};
use schemas::Timestamp;

sql! {
    both GET = "SELECT answer FROM geocoded WHERE key = $1 AND at >= $2";
    both PUT = "INSERT INTO geocoded (key, answer, at) VALUES ($1, $2, $3)
        ON CONFLICT (key) DO UPDATE SET answer = excluded.answer, at = excluded.at WHERE geocoded.at < excluded.at";
    both SWEEP = "DELETE FROM geocoded WHERE at < $1";
}

impl Store {
    /// What was answered for `key` since then; nothing when it was not asked, or longer ago.
    pub async fn geocoded(&self, key: &str, since: Timestamp) -> Result<Option<String>> {
        let row: Option<(String,)> = self.inner.db.one(GET, args![key, since]).await?;
        Ok(row.map(|(answer,)| answer))
    }

    /// Keeps an answer; the newer one counts. `key` must not tell what was asked.
    pub async fn put_geocoded(&self, key: &str, answer: &str, at: Timestamp) -> Result<()> {
        self.inner.db.exec(PUT, args![key, answer, at]).await.map(|_| ())
    }

    /// Throws away what was answered before then; returns how much that was.
    pub async fn sweep_geocoded(&self, before: Timestamp) -> Result<u64> {
        self.inner.db.exec(SWEEP, args![before]).await
    }
}
