//! How often somebody tried to log in by one name or from one address. A try is counted before the password is looked at,
//! so that many at once are no more than one after the other.

use crate::{Result, Store, Tx, db::args, sql::sql};
use schemas::{Timestamp, id::from_micros};

sql! {
    both TRY = "INSERT INTO login_try (key, tries, at) VALUES ($1, 1, $2)
        ON CONFLICT (key) DO UPDATE SET at = excluded.at,
            tries = CASE WHEN login_try.at < $3 THEN 1 ELSE login_try.tries + 1 END
        WHERE login_try.until IS NULL OR login_try.until <= excluded.at
        RETURNING tries";
    both UNTIL = "SELECT until FROM login_try WHERE key = $1";
    both LOCK = "UPDATE login_try SET until = $2 WHERE key = $1";
    both CLEAR = "DELETE FROM login_try WHERE key = $1";
    both SWEEP_TRIES = "DELETE FROM login_try WHERE at < $1 AND (until IS NULL OR until < $1)";
}

/// What became of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Try {
    /// It may be made, and was counted: so many with it.
    Counted(u32),
    /// Not before then.
    Locked(Timestamp),
}

impl Tx {
    /// Counts a try by `key`. Tries from before `since` are forgotten.
    pub async fn try_login(&mut self, key: &str, since: Timestamp) -> Result<Try> {
        let now = self.clock().now();
        let rows: Vec<(i64,)> = self.conn.all(TRY, args![key, now, since]).await?;
        if let Some((tries,)) = rows.first() {
            return Ok(Try::Counted(u32::try_from(*tries).unwrap_or(u32::MAX)));
        }
        let rows: Vec<(Option<i64>,)> = self.conn.all(UNTIL, args![key]).await?;
        Ok(Try::Locked(rows.first().and_then(|(until,)| *until).map_or(now, from_micros)))
    }

    /// Nothing is tried by `key` before `until`.
    pub async fn lock_login(&mut self, key: &str, until: Timestamp) -> Result<()> {
        self.conn.exec(LOCK, args![key, until]).await.map(|_| ())
    }

    /// Forgets the tries by `key`.
    pub async fn clear_login(&mut self, key: &str) -> Result<()> {
        self.conn.exec(CLEAR, args![key]).await.map(|_| ())
    }
}

impl Store {
    /// Forgets tries from before that; returns how many.
    pub async fn sweep_logins(&self, before: Timestamp) -> Result<u64> {
        self.inner.db.exec(SWEEP_TRIES, args![before]).await
    }
}
