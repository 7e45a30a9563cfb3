//! Accounts of people of the city, and the links by which they choose a password. A password and a link are here by
//! their hash alone.

use crate::{
    Error, Result, Store, Tx,
    db::{args, row},
    sql::sql,
};
use schemas::{
    Timestamp, Uuid,
    account::{Account, Role},
    id::from_micros,
};

sql! {
    both ADD = "INSERT INTO account (id, name, email, roles, departments, made_at) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (email) DO NOTHING";
    both BY_EMAIL = "SELECT id, name, email, roles, departments, password, made_at, disabled_at, logged_in_at,
            CAST(0 AS bigint) AS seen_at FROM account WHERE email = $1";
    both BY_ID = "SELECT id, name, email, roles, departments, password, made_at, disabled_at, logged_in_at,
            CAST(0 AS bigint) AS seen_at FROM account WHERE id = $1";
    both LIST = "SELECT id, name, email, roles, departments, password, made_at, disabled_at, logged_in_at,
            CAST(0 AS bigint) AS seen_at FROM account ORDER BY email";
    both DISABLE = "UPDATE account SET disabled_at = $2 WHERE id = $1 AND disabled_at IS NULL";
    both ENABLE = "UPDATE account SET disabled_at = NULL WHERE id = $1 AND disabled_at IS NOT NULL";
    both NO_PASSWORD = "UPDATE account SET password = NULL WHERE id = $1";
    both PASSWORD = "UPDATE account SET password = $2 WHERE id = $1 AND disabled_at IS NULL";
    both LOGGED_IN = "UPDATE account SET logged_in_at = $2 WHERE id = $1";
    both PUT_LINK = "INSERT INTO account_link (account_id, digest, expires_at) VALUES ($1, $2, $3)
        ON CONFLICT (account_id) DO UPDATE SET digest = excluded.digest, expires_at = excluded.expires_at";
    both LINK = "SELECT account_id FROM account_link WHERE digest = $1 AND expires_at > $2";
    both USE_LINK = "DELETE FROM account_link WHERE digest = $1 AND expires_at > $2 RETURNING account_id";
    both DROP_LINK = "DELETE FROM account_link WHERE account_id = $1";
}

row! { "account", AccountRow {
    id: String, name: String, email: String, roles: String, departments: String, password: Option<String>, made_at: i64,
    disabled_at: Option<i64>, logged_in_at: Option<i64>, seen_at: i64,
} }

impl AccountRow {
    /// The account, and the hash of its password.
    pub(crate) fn read(self) -> Result<(Account, Option<String>)> {
        let broken = |column| Error::broken("account", column, &self.id);
        let roles: Vec<String> = serde_json::from_str(&self.roles).map_err(|_| broken("roles"))?;
        let account = Account {
            id: self.id.parse().map_err(|_| broken("id"))?,
            // A role of another version of this program is none of ours.
            roles: roles.iter().filter_map(|role| Role::parse(role)).collect(),
            departments: serde_json::from_str(&self.departments).map_err(|_| broken("departments"))?,
            name: self.name,
            email: self.email,
            has_password: self.password.is_some(),
            made_at: from_micros(self.made_at),
            disabled_at: self.disabled_at.map(from_micros),
            logged_in_at: self.logged_in_at.map(from_micros),
        };
        Ok((account, self.password))
    }
}

fn id_of((id,): (String,)) -> Result<Uuid> {
    id.parse().map_err(|_| Error::broken("account_link", "account_id", &id))
}

impl Tx {
    /// Keeps a new account, which has no password yet. `false` when there is one with this e-mail address.
    pub async fn add_account(&mut self, account: &Account) -> Result<bool> {
        let Account { id, name, email, roles, departments, made_at, .. } = account;
        let (roles, departments) = (serde_json::to_string(roles)?, serde_json::to_string(departments)?);
        let args = args![*id, name.as_str(), email.as_str(), roles, departments, *made_at];
        Ok(self.conn.exec(ADD, args).await? > 0)
    }

    /// The account may not log in from now on. `false` when it might not before. Its sessions are
    /// [`Tx::end_sessions`]' to end.
    pub async fn disable_account(&mut self, id: Uuid) -> Result<bool> {
        let now = self.clock().now();
        Ok(self.conn.exec(DISABLE, args![id, now]).await? > 0)
    }

    /// The account may log in again. `false` when it might before.
    pub async fn enable_account(&mut self, id: Uuid) -> Result<bool> {
        Ok(self.conn.exec(ENABLE, args![id]).await? > 0)
    }

    /// Sets the hash of the password, or takes it away. `false` when the account is disabled or not there.
    pub async fn set_password(&mut self, id: Uuid, hash: Option<&str>) -> Result<bool> {
        Ok(match hash {
            Some(hash) => self.conn.exec(PASSWORD, args![id, hash]).await?,
            None => self.conn.exec(NO_PASSWORD, args![id]).await?,
        } > 0)
    }

    /// Notes that somebody logged in now.
    pub async fn account_logged_in(&mut self, id: Uuid) -> Result<()> {
        let now = self.clock().now();
        self.conn.exec(LOGGED_IN, args![id, now]).await.map(|_| ())
    }

    /// The link by which a password may be chosen, by its digest (SHA-256, hex); the one before is worth nothing any more.
    pub async fn put_account_link(&mut self, account: Uuid, digest: &str, expires_at: Timestamp) -> Result<()> {
        self.conn.exec(PUT_LINK, args![account, digest, expires_at]).await.map(|_| ())
    }

    /// Uses a link up, and gives whose it was; nothing when it is not good (any more).
    pub async fn use_account_link(&mut self, digest: &str) -> Result<Option<Uuid>> {
        let now = self.clock().now();
        self.conn.all::<(String,)>(USE_LINK, args![digest, now]).await?.into_iter().next().map(id_of).transpose()
    }

    /// The link of an account is worth nothing any more.
    pub async fn drop_account_link(&mut self, account: Uuid) -> Result<()> {
        self.conn.exec(DROP_LINK, args![account]).await.map(|_| ())
    }
}

impl Store {
    /// The account with this e-mail address, in small letters, and the hash of its password.
    pub async fn account_by_email(&self, email: &str) -> Result<Option<(Account, Option<String>)>> {
        self.inner.db.one::<AccountRow>(BY_EMAIL, args![email]).await?.map(AccountRow::read).transpose()
    }

    /// An account, and the hash of its password.
    pub async fn account(&self, id: Uuid) -> Result<Option<(Account, Option<String>)>> {
        self.inner.db.one::<AccountRow>(BY_ID, args![id]).await?.map(AccountRow::read).transpose()
    }

    /// Every account, by e-mail address.
    pub async fn accounts(&self) -> Result<Vec<Account>> {
        let rows: Vec<AccountRow> = self.inner.db.all(LIST, args![]).await?;
        rows.into_iter().map(|row| row.read().map(|(account, _)| account)).collect()
    }

    /// Whose password the link with this digest lets choose; it is not used up.
    pub async fn account_of_link(&self, digest: &str) -> Result<Option<Uuid>> {
        let row: Option<(String,)> = self.inner.db.one(LINK, args![digest, self.clock().now()]).await?;
        row.map(id_of).transpose()
    }
}
