//! Mails that a mail server handed over: kept from the moment it was told so until what they say is committed.

use crate::{
    Error, Result, Store, Tx,
    db::{args, batch_ids, row},
    sql::sql,
};
use schemas::{Timestamp, Uuid, id::from_micros};

sql! {
    both ADD = "INSERT INTO mail_spool (id, at, bytes) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING";
    both WAITING = "SELECT id, at, why, bytes FROM mail_spool WHERE why IS NULL ORDER BY at, id LIMIT $1";
    both KEPT = "SELECT id, at, why FROM mail_spool WHERE why IS NOT NULL ORDER BY at DESC, id LIMIT $1";
    both GET = "SELECT id, at, why, bytes FROM mail_spool WHERE id = $1";
    both SIZE = "SELECT CAST(coalesce(sum(length(bytes)), 0) AS bigint) FROM mail_spool WHERE why IS NULL";
    both STAYS = "UPDATE mail_spool SET why = $2 WHERE id = $1 AND why IS NULL";
    both AGAIN = "UPDATE mail_spool SET why = NULL WHERE id = $1 AND why IS NOT NULL";
    both DROP_MANY = "DELETE FROM mail_spool WHERE id IN (SELECT value ->> 'id' FROM json_each($1))";
    both SWEEP = "DELETE FROM mail_spool WHERE why IS NOT NULL AND at < $1";
}

row! { "mail_spool", SpoolRow { id: String, at: i64, why: Option<String>, bytes: Vec<u8> } }
row! { "mail_spool", KeptRow { id: String, at: i64, why: Option<String> } }

/// A mail that was handed over.
#[derive(Clone, PartialEq, Eq)]
pub struct Spooled {
    /// Its id: the same when the same mail is handed over twice.
    pub id: Uuid,
    /// When it came.
    pub at: Timestamp,
    /// Why it stays; `None` while it waits to be read.
    pub why: Option<String>,
    /// The mail (RFC 5322); empty in a list.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Spooled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Spooled({}, {:?}, {} bytes)", self.id, self.why, self.bytes.len())
    }
}

fn read(id: &str, at: i64, why: Option<String>, bytes: Vec<u8>) -> Result<Spooled> {
    let id = id.parse().map_err(|_| Error::broken("mail_spool", "id", id))?;
    Ok(Spooled { id, at: from_micros(at), why, bytes })
}

impl Store {
    /// Keeps a mail. When this returns, it survives a crash; the same id twice is one mail.
    pub async fn spool_mail(&self, id: Uuid, bytes: Vec<u8>) -> Result<()> {
        let now = self.clock().now();
        self.inner.db.exec(ADD, args![id, now, bytes]).await.map(|_| ())
    }

    /// How many bytes of mail wait to be read.
    pub async fn spooled_bytes(&self) -> Result<u64> {
        let row: Option<(i64,)> = self.inner.db.one(SIZE, args![]).await?;
        Ok(row.and_then(|(size,)| u64::try_from(size).ok()).unwrap_or_default())
    }

    /// At most `most` mails that wait to be read, the oldest first.
    pub async fn spooled_mails(&self, most: usize) -> Result<Vec<Spooled>> {
        let rows: Vec<SpoolRow> = self.inner.db.all(WAITING, args![most]).await?;
        rows.into_iter().map(|row| read(&row.id, row.at, row.why, row.bytes)).collect()
    }

    /// At most `most` mails that stay for a person to look at, the newest first; without their bytes.
    pub async fn kept_mails(&self, most: usize) -> Result<Vec<Spooled>> {
        let rows: Vec<KeptRow> = self.inner.db.all(KEPT, args![most]).await?;
        rows.into_iter().map(|row| read(&row.id, row.at, row.why, Vec::new())).collect()
    }

    /// One mail, with its bytes.
    pub async fn spooled_mail(&self, id: Uuid) -> Result<Option<Spooled>> {
        let row: Option<SpoolRow> = self.inner.db.one(GET, args![id]).await?;
        row.map(|row| read(&row.id, row.at, row.why, row.bytes)).transpose()
    }

    /// Forgets mails that stayed since before `before`. Returns how many.
    pub async fn sweep_spool(&self, before: Timestamp) -> Result<u64> {
        self.inner.db.exec(SWEEP, args![before]).await
    }
}

impl Tx {
    /// These mails were read, and what they said is in this transaction.
    pub async fn unspool(&mut self, ids: &[Uuid]) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        self.conn.exec(DROP_MANY, vec![batch_ids(ids)]).await.map(|_| ())
    }

    /// This mail stays, because of `why`.
    pub async fn keep_spooled(&mut self, id: Uuid, why: &str) -> Result<()> {
        self.conn.exec(STAYS, args![id, why]).await.map(|_| ())
    }

    /// Has a mail that stayed read once more; `false` when there is none.
    pub async fn read_mail_again(&mut self, id: Uuid) -> Result<bool> {
        Ok(self.conn.exec(AGAIN, args![id]).await? > 0)
    }

    /// Forgets a mail; `false` when there is none.
    pub async fn drop_mail(&mut self, id: Uuid) -> Result<bool> {
        Ok(self.conn.exec(DROP_MANY, vec![batch_ids(&[id])]).await? > 0)
    }
}
