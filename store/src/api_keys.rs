//! Keys of programs: the digest alone, never the key.

use crate::{
    Error, Result, Store, Tx,
    db::{args, row},
    sql::sql,
};
use schemas::{
    Timestamp, Uuid,
    api_key::{ApiKey, KeyKind},
    id::from_micros,
    slug::{Channel, Slug},
};

sql! {
    both ADD = "INSERT INTO api_key (id, prefix, digest, channel, kind, made_at) VALUES ($1, $2, $3, $4, $5, $6)";
    both BY_PREFIX = "SELECT id, prefix, digest, channel, kind, made_at, used_at, revoked_at FROM api_key
        WHERE prefix = $1";
    both LIST = "SELECT id, prefix, digest, channel, kind, made_at, used_at, revoked_at FROM api_key
        WHERE CAST($1 AS text) IS NULL OR channel = $1 ORDER BY channel, made_at, id";
    both REVOKE = "UPDATE api_key SET revoked_at = $2 WHERE prefix = $1 AND revoked_at IS NULL";
    both USED = "UPDATE api_key SET used_at = $2 WHERE id = $1 AND (used_at IS NULL OR used_at < $2)";
}

row! { "api_key", KeyRow {
    id: String, prefix: String, digest: String, channel: String, kind: String, made_at: i64, used_at: Option<i64>,
    revoked_at: Option<i64>,
} }

impl KeyRow {
    fn read(self) -> Result<(ApiKey, String)> {
        let broken = |column| Error::broken("api_key", column, &self.id);
        let key = ApiKey {
            id: self.id.parse().map_err(|_| broken("id"))?,
            channel: Slug::new(&self.channel).map_err(|_| broken("channel"))?,
            kind: KeyKind::parse(&self.kind).ok_or_else(|| broken("kind"))?,
            prefix: self.prefix,
            made_at: from_micros(self.made_at),
            used_at: self.used_at.map(from_micros),
            revoked_at: self.revoked_at.map(from_micros),
        };
        Ok((key, self.digest))
    }
}

impl Tx {
    /// Keeps a new key by the `digest` of its text (SHA-256, hex). When it was used and revoked is not read.
    pub async fn add_api_key(&mut self, key: &ApiKey, digest: &str) -> Result<()> {
        let ApiKey { id, prefix, channel, kind, made_at, .. } = key;
        let args = args![*id, prefix.as_str(), digest, channel.as_str(), kind.as_str(), *made_at];
        self.conn.exec(ADD, args).await.map(|_| ())
    }

    /// Refuses the key from now on. `false` when there is none with this prefix, or it was revoked before.
    pub async fn revoke_api_key(&mut self, prefix: &str) -> Result<bool> {
        let now = self.clock().now();
        Ok(self.conn.exec(REVOKE, args![prefix, now]).await? > 0)
    }
}

impl Store {
    /// The key that begins so, and the digest of its text (SHA-256, hex).
    pub async fn api_key(&self, prefix: &str) -> Result<Option<(ApiKey, String)>> {
        let row: Option<KeyRow> = self.inner.db.one(BY_PREFIX, args![prefix]).await?;
        row.map(KeyRow::read).transpose()
    }

    /// Every key, or those of one channel, also the revoked ones.
    pub async fn api_keys(&self, channel: Option<&Channel>) -> Result<Vec<ApiKey>> {
        let channel = channel.map(|channel| channel.as_str().to_owned());
        let rows: Vec<KeyRow> = self.inner.db.all(LIST, args![channel]).await?;
        rows.into_iter().map(|row| row.read().map(|(key, _)| key)).collect()
    }

    /// Notes that a key was seen at `at`.
    pub async fn api_key_used(&self, id: Uuid, at: Timestamp) -> Result<()> {
        self.inner.db.exec(USED, args![id, at]).await.map(|_| ())
    }
}
