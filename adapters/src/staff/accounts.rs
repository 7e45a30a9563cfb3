//! Accounts: made by somebody of the city, who hands a link on; with it whoever it is for chooses a password.

use super::{Busy, Staff, digest, is_secret, passwords};
use schemas::{
    Timestamp, Uuid,
    account::{Account, Role, known_as},
    audit::Deed,
    fault::{Invalid, did_you_mean},
    slug::DepartmentId,
    submission::is_email,
    text,
};
use secrecy::{ExposeSecret as _, SecretString};

/// The most characters of a name.
const MAX_NAME: usize = 100;

/// A link by which somebody chooses a password, once. It is shown to whoever made it and kept nowhere.
#[derive(Debug)]
pub struct Link {
    /// Whose password.
    pub account: Account,
    /// The secret part of its address.
    pub token: SecretString,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// Who is to have an account.
#[derive(Debug, Clone)]
pub struct New {
    /// Their name.
    pub name: String,
    /// What they log in with.
    pub email: String,
    /// What they may do.
    pub roles: Vec<Role>,
    /// For which departments; all that are not confidential when empty.
    pub departments: Vec<DepartmentId>,
}

/// Why an account was not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum NotDone {
    /// Fields are wrong.
    #[error("{} thing(s) are wrong", .0.len())]
    Invalid(Vec<Invalid>),
    /// There is no such account.
    #[error("there is no such account")]
    Unknown,
    /// It was so before.
    #[error("it was so before")]
    Before,
    /// The link is used, too old, or none of ours.
    #[error("this link is not good any more")]
    Spent,
    /// The password that stands with the account is another.
    #[error("the password is not right")]
    Wrong,
    /// Too many tries: not before then.
    #[error("too many tries: not before {0}")]
    Wait(Timestamp),
    /// Too many people log in at this moment.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The rows cannot be reached; nothing changed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Staff {
    /// Makes an account and the link to choose its password. `who` stands in the audit with it.
    pub async fn add(&self, new: New, who: &str) -> Result<Link, NotDone> {
        let mut faults = Vec::new();
        let name = text::clean_line(&new.name);
        if name.is_empty() || text::length(&name) > MAX_NAME {
            faults.push(Invalid::new("name", "required", format!("write their name, 1 to {MAX_NAME} characters")));
        }
        let email = known_as(&new.email);
        if !is_email(&email) {
            faults.push(Invalid::new("email", "malformed", "write an e-mail address, as an@stad.example"));
        }
        if new.roles.is_empty() {
            faults.push(Invalid::new("role", "required", "name at least one role"));
        }
        for id in &new.departments {
            if self.city.department(id).is_none() {
                let help = did_you_mean(id, self.city.departments.iter().map(|d| d.id.as_str()));
                faults.push(Invalid::new(
                    "department",
                    "unknown",
                    format!("the city has no department `{id}`: {help}"),
                ));
            }
        }
        if !faults.is_empty() {
            return Err(NotDone::Invalid(faults));
        }
        let each_once = |mut roles: Vec<Role>| {
            roles.sort_unstable();
            roles.dedup();
            roles
        };
        let account = Account {
            id: self.store.ids().new_id(),
            name,
            email,
            roles: each_once(new.roles),
            departments: new.departments,
            has_password: false,
            made_at: self.store.clock().now(),
            disabled_at: None,
            logged_in_at: None,
        };
        let mut tx = self.store.begin().await?;
        if !tx.add_account(&account).await? {
            let message = "there is an account with this address: `reset` gives it a new link";
            return Err(NotDone::Invalid(vec![Invalid::new("email", "taken", message)]));
        }
        let roles = account.roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(",");
        tx.audit(who, Deed::StaffAdd, &format!("{} {roles}", account.email), "").await?;
        let link = self.link(&mut tx, account).await?;
        tx.commit().await?;
        Ok(link)
    }

    /// A link for `account`, in the transaction of what it is for.
    async fn link(&self, tx: &mut store::Tx, account: Account) -> Result<Link, store::Error> {
        let token = self.store.ids().token();
        let expires_at = self.store.clock().now() + self.config.link();
        tx.put_account_link(account.id, &digest(&token), expires_at).await?;
        Ok(Link { account, token: token.into(), expires_at })
    }

    async fn known(&self, email: &str) -> Result<Account, NotDone> {
        let found = self.store.account_by_email(&known_as(email)).await?;
        found.map(|(account, _)| account).ok_or(NotDone::Unknown)
    }

    /// Every account.
    pub async fn list(&self) -> Result<Vec<Account>, store::Error> {
        self.store.accounts().await
    }

    /// The account logs in no more, and whoever is in is out.
    pub async fn disable(&self, email: &str, who: &str, why: &str) -> Result<Account, NotDone> {
        let account = self.known(email).await?;
        let mut tx = self.store.begin().await?;
        if !tx.disable_account(account.id).await? {
            return Err(NotDone::Before);
        }
        tx.end_sessions(account.id, "").await?;
        tx.drop_account_link(account.id).await?;
        tx.audit(who, Deed::StaffDisable, &account.email, why).await?;
        tx.commit().await?;
        Ok(account)
    }

    /// The account logs in again, by the password that it had, and at once when it had to wait.
    pub async fn enable(&self, email: &str, who: &str, why: &str) -> Result<Account, NotDone> {
        let account = self.known(email).await?;
        let key = self.name_key(&account.email).await?;
        let mut tx = self.store.begin().await?;
        tx.enable_account(account.id).await?;
        tx.clear_login(&key).await?;
        tx.audit(who, Deed::StaffEnable, &account.email, why).await?;
        tx.commit().await?;
        Ok(account)
    }

    /// The password is worth nothing any more, whoever is in is out, and a link lets another be chosen.
    pub async fn reset(&self, email: &str, who: &str, why: &str) -> Result<Link, NotDone> {
        let account = self.known(email).await?;
        if account.disabled_at.is_some() {
            let message = "this account is disabled: `enable` it first";
            return Err(NotDone::Invalid(vec![Invalid::new("email", "disabled", message)]));
        }
        let key = self.name_key(&account.email).await?;
        let mut tx = self.store.begin().await?;
        tx.set_password(account.id, None).await?;
        tx.end_sessions(account.id, "").await?;
        tx.clear_login(&key).await?;
        tx.audit(who, Deed::StaffReset, &account.email, why).await?;
        let link = self.link(&mut tx, account).await?;
        tx.commit().await?;
        Ok(link)
    }

    /// Whose password the link `token` lets choose; nothing when it is not good (any more).
    pub async fn invited(&self, token: &str) -> Result<Option<Account>, store::Error> {
        if !is_secret(token) {
            return Ok(None);
        }
        let Some(id) = self.store.account_of_link(&digest(token)).await? else { return Ok(None) };
        let found = self.store.account(id).await?;
        Ok(found.map(|(account, _)| account).filter(|account| account.disabled_at.is_none()))
    }

    /// Chooses a password by the link `token`, which is used up by it.
    pub async fn choose(&self, token: &str, password: &SecretString) -> Result<Account, NotDone> {
        let account = self.invited(token).await?.ok_or(NotDone::Spent)?;
        let hash = self.good_hash(&account, password).await?;
        let key = self.name_key(&account.email).await?;
        let mut tx = self.store.begin().await?;
        if tx.use_account_link(&digest(token)).await? != Some(account.id) {
            return Err(NotDone::Spent);
        }
        self.set(tx, &key, &account, &hash, "").await?;
        Ok(account)
    }

    /// Takes `new` for the password of somebody who is in with the session `secret` and knows the `old` one. Their other
    /// sessions end.
    pub async fn change(
        &self,
        account: &Account,
        secret: &str,
        old: &SecretString,
        new: &SecretString,
    ) -> Result<(), NotDone> {
        let Some((account, hash)) = self.store.account(account.id).await? else { return Err(NotDone::Unknown) };
        // Whoever found a machine that is logged in does not find the password by trying.
        let key = self.name_key(&account.email).await?;
        if let Some(until) = self.count(&key, None).await? {
            return Err(NotDone::Wait(until));
        }
        if !self.hasher.is(old, hash.as_deref()).await? {
            return Err(NotDone::Wrong);
        }
        let hash = self.good_hash(&account, new).await?;
        let tx = self.store.begin().await?;
        self.set(tx, &key, &account, &hash, &digest(secret)).await
    }

    async fn good_hash(&self, account: &Account, password: &SecretString) -> Result<String, NotDone> {
        let language = self.city.languages.first().copied().unwrap_or_default();
        let city = format!("Voordeur {}", self.city.name(language));
        if let Some(fault) = passwords::refused(password.expose_secret(), &[&account.name, &account.email, &city]) {
            return Err(NotDone::Invalid(vec![fault]));
        }
        Ok(self.hasher.hash(password, self.store.ids()).await?)
    }

    /// Sets the hash, and ends every session but the one with this digest.
    async fn set(&self, mut tx: store::Tx, key: &str, account: &Account, hash: &str, but: &str) -> Result<(), NotDone> {
        if !tx.set_password(account.id, Some(hash)).await? {
            return Err(NotDone::Unknown);
        }
        tx.end_sessions(account.id, but).await?;
        tx.drop_account_link(account.id).await?;
        tx.clear_login(key).await?;
        tx.audit(&account.name, Deed::StaffPassword, &account.email, "").await?;
        tx.commit().await?;
        Ok(())
    }

    /// The account with this id.
    pub async fn account(&self, id: Uuid) -> Result<Option<Account>, store::Error> {
        Ok(self.store.account(id).await?.map(|(account, _)| account))
    }
}
