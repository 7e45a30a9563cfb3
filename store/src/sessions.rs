//! Sessions of people of the city, by the digest of what stands in their cookie.

use crate::{Result, Store, Tx, accounts::AccountRow, db::args, sql::sql};
use schemas::{Timestamp, Uuid, account::Account, id::from_micros};

sql! {
    both OPEN = "INSERT INTO session (digest, account_id, made_at, seen_at, ends_at) VALUES ($1, $2, $3, $3, $4)";
    both FIND = "SELECT account.id, name, email, roles, departments, password, account.made_at, disabled_at, logged_in_at,
            seen_at
        FROM session JOIN account ON account.id = session.account_id
        WHERE session.digest = $1 AND ends_at > $2 AND seen_at > $3 AND disabled_at IS NULL";
    both SEEN = "UPDATE session SET seen_at = $2 WHERE digest = $1 AND seen_at < $2";
    both CLOSE = "DELETE FROM session WHERE digest = $1";
    both CLOSE_OTHERS = "DELETE FROM session WHERE account_id = $1 AND digest <> $2";
    both SWEEP_SESSIONS = "DELETE FROM session WHERE ends_at < $1";
}

impl Tx {
    /// Opens a session until `ends_at` at the latest.
    pub async fn open_session(&mut self, digest: &str, account: Uuid, ends_at: Timestamp) -> Result<()> {
        let now = self.clock().now();
        self.conn.exec(OPEN, args![digest, account, now, ends_at]).await.map(|_| ())
    }

    /// Ends a session. `false` when there was none.
    pub async fn end_session(&mut self, digest: &str) -> Result<bool> {
        Ok(self.conn.exec(CLOSE, args![digest]).await? > 0)
    }

    /// Ends every session of an account but this one; all when `but` is empty.
    pub async fn end_sessions(&mut self, account: Uuid, but: &str) -> Result<u64> {
        self.conn.exec(CLOSE_OTHERS, args![account, but]).await
    }
}

impl Store {
    /// Whose session this is, and when it was seen last; nothing when it is over, was not seen since `idle`, or the
    /// account is disabled.
    pub async fn session(&self, digest: &str, idle: Timestamp) -> Result<Option<(Account, Timestamp)>> {
        let row: Option<AccountRow> = self.inner.db.one(FIND, args![digest, self.clock().now(), idle]).await?;
        row.map(|row| {
            let seen_at = from_micros(row.seen_at);
            row.read().map(|(account, _)| (account, seen_at))
        })
        .transpose()
    }

    /// Notes that a session is in use now.
    pub async fn session_seen(&self, digest: &str) -> Result<()> {
        self.inner.db.exec(SEEN, args![digest, self.clock().now()]).await.map(|_| ())
    }

    /// Forgets sessions that ended before that; returns how many.
    pub async fn sweep_sessions(&self, before: Timestamp) -> Result<u64> {
        self.inner.db.exec(SWEEP_SESSIONS, args![before]).await
    }
}
