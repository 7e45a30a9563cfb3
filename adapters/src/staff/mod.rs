//! People of the city who log in: their accounts, and how they come in. Local accounts with a password; what somebody may do
//! stands with the account.
//!
//! - [`accounts`]: made, disabled, given a link to choose a password.
//! - [`login`]: who comes in, and who has to wait.
//! - [`passwords`]: which may be chosen, and their hashes.

pub mod accounts;
pub mod login;
pub mod passwords;

pub use accounts::Link;
pub use login::Came;
pub use passwords::{Busy, Hasher};

use schemas::{city::City, fault::Invalid};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::{sync::Arc, time::Duration};
use store::{Store, Tokens};
use tokio::sync::OnceCell;

/// How long somebody stays logged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// So many minutes without a page, and the session is over.
    pub idle_minutes: u32,
    /// So many hours after they logged in, and it is over in any case.
    pub session_hours: u32,
    /// So many hours a link to choose a password is good.
    pub link_hours: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { idle_minutes: 60, session_hours: 12, link_hours: 72 }
    }
}

impl Config {
    /// What is wrong with these settings; nothing when they are good.
    pub fn check(&self) -> Vec<Invalid> {
        let mut faults = Vec::new();
        let mut within = |field: &str, value: u32, most: u32| {
            if !(1..=most).contains(&value) {
                faults.push(Invalid::new(field.to_owned(), "out_of_range", format!("1 to {most}")));
            }
        };
        within("idle_minutes", self.idle_minutes, 24 * 60);
        within("session_hours", self.session_hours, 24 * 7);
        within("link_hours", self.link_hours, 24 * 30);
        faults
    }

    fn idle(&self) -> Duration {
        Duration::from_secs(60 * u64::from(self.idle_minutes))
    }

    fn session(&self) -> Duration {
        Duration::from_hours(u64::from(self.session_hours))
    }

    fn link(&self) -> Duration {
        Duration::from_hours(u64::from(self.link_hours))
    }
}

/// The accounts of one city. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Staff {
    store: Store,
    city: Arc<City>,
    config: Config,
    hasher: Hasher,
    /// Makes the keys under which tries to log in are counted.
    keys: Arc<OnceCell<Tokens>>,
}

impl Staff {
    /// The accounts of `city` on `store`.
    pub fn new(store: Store, city: Arc<City>, config: Config) -> Self {
        let hasher = Hasher::new(store.ids());
        Self { store, city, config, hasher, keys: Arc::new(OnceCell::new()) }
    }

    async fn keys(&self) -> Result<&Tokens, store::Error> {
        self.keys.get_or_try_init(async || self.store.secret("logins").await.map(Tokens::new)).await
    }
}

/// The digest by which a secret text is kept: SHA-256, hex. Ours have 130 bits, so nobody finds one by trying.
fn digest(text: &str) -> String {
    crate::intake::hex(&Sha256::digest(text))
}

/// Whether `text` may be a secret of ours: 26 of `a-z2-7`.
fn is_secret(text: &str) -> bool {
    text.len() == 26 && text.bytes().all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b))
}

#[cfg(test)]
mod tests;
