//! Who comes in, and who has to wait. An unknown name takes as long as a known one, is told the same, and has to wait as
//! long: nobody learns which names there are.

use super::{Busy, Staff, digest, is_secret};
use schemas::{
    Timestamp,
    account::{Account, known_as},
    audit::Deed,
};
use secrecy::SecretString;
use std::time::Duration;
use store::Try;

/// So many tries by one name before somebody has to wait; then a minute, and twice as long each time.
const BY_NAME: u32 = 5;
/// The longest wait for one name.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// So many tries from one address within [`REMEMBERED`] before it has to wait: an office logs in through one.
const BY_ADDRESS: u32 = 50;
/// How long an address has to wait then.
const ADDRESS_WAITS: Duration = Duration::from_secs(15 * 60);
/// Tries are forgotten after this long.
const REMEMBERED: Duration = Duration::from_hours(24);
/// Tries from one address are forgotten after this long.
const ADDRESS_REMEMBERED: Duration = Duration::from_hours(1);
/// When a session was seen last is known this exactly, so that not every page is a write.
const SEEN: Duration = Duration::from_secs(60);

/// What became of somebody who wants to come in.
#[derive(Debug)]
pub enum Came {
    /// They are in.
    In {
        /// Who they are.
        account: Account,
        /// What stands in their cookie from now on.
        secret: SecretString,
    },
    /// Name or password are not right; which of them is not said.
    Wrong,
    /// Too many tries: not before then.
    Wait(Timestamp),
    /// Too many people log in at this moment.
    Busy,
}

impl Staff {
    /// The key under which tries by an e-mail address are counted.
    pub(super) async fn name_key(&self, email: &str) -> Result<String, store::Error> {
        let tag: [u8; 16] = self.keys().await?.tag("login name", known_as(email).as_bytes());
        Ok(crate::intake::hex(&tag))
    }

    async fn address_key(&self, address: u128) -> Result<String, store::Error> {
        let tag: [u8; 16] = self.keys().await?.tag("login address", &address.to_be_bytes());
        Ok(crate::intake::hex(&tag))
    }

    /// Somebody wants to come in. `address` is the network address they come from, as a number.
    pub async fn log_in(&self, email: &str, password: &SecretString, address: u128) -> Result<Came, store::Error> {
        let email = known_as(email);
        let (name, address) = (self.name_key(&email).await?, self.address_key(address).await?);
        if let Some(until) = self.count(&name, Some(&address)).await? {
            metrics::counter!("voordeur_logins_total", "outcome" => "waits").increment(1);
            return Ok(Came::Wait(until));
        }
        self.look(&email, password, &name).await
    }

    /// Counts a try by these keys; gives until when it has to wait, if it has.
    pub(super) async fn count(&self, name: &str, address: Option<&str>) -> Result<Option<Timestamp>, store::Error> {
        let now = self.store.clock().now();
        let mut tx = self.store.begin().await?;
        // The address first, in every process: two transactions never wait for each other in a circle.
        if let Some(address) = address {
            match tx.try_login(address, now - ADDRESS_REMEMBERED).await? {
                Try::Locked(until) => return Ok(Some(until)),
                Try::Counted(tries) if tries > BY_ADDRESS => {
                    let until = now + ADDRESS_WAITS;
                    tx.lock_login(address, until).await?;
                    tx.commit().await?;
                    return Ok(Some(until));
                }
                Try::Counted(_) => {}
            }
        }
        let waits = match tx.try_login(name, now - REMEMBERED).await? {
            Try::Locked(until) => Some(until),
            Try::Counted(tries) => {
                if let Some(wait) = wait(tries) {
                    tx.lock_login(name, now + wait).await?;
                }
                None
            }
        };
        tx.commit().await?;
        Ok(waits)
    }

    /// The try is counted: is it right?
    async fn look(&self, email: &str, password: &SecretString, name: &str) -> Result<Came, store::Error> {
        let found = self.store.account_by_email(email).await?;
        let (account, hash) = found.unzip();
        let good = match self.hasher.is(password, hash.flatten().as_deref()).await {
            Ok(good) => good,
            Err(Busy) => return Ok(Came::Busy),
        };
        let account = match account {
            Some(account) if good && account.disabled_at.is_none() => account,
            other => {
                if let Some(account) = other {
                    let mut tx = self.store.begin().await?;
                    tx.audit("somebody who is not in", Deed::StaffRefused, &account.email, "").await?;
                    tx.commit().await?;
                }
                metrics::counter!("voordeur_logins_total", "outcome" => "wrong").increment(1);
                return Ok(Came::Wrong);
            }
        };
        let secret = self.store.ids().token();
        let mut tx = self.store.begin().await?;
        tx.clear_login(name).await?;
        tx.open_session(&digest(&secret), account.id, self.store.clock().now() + self.config.session()).await?;
        tx.account_logged_in(account.id).await?;
        tx.audit(&account.name, Deed::StaffLogin, &account.email, "").await?;
        tx.commit().await?;
        metrics::counter!("voordeur_logins_total", "outcome" => "in").increment(1);
        Ok(Came::In { account, secret: secret.into() })
    }

    /// Who is in with this `secret` of a cookie; nobody when the session is over, or it is none of ours.
    pub async fn who(&self, secret: &str) -> Result<Option<Account>, store::Error> {
        if !is_secret(secret) {
            return Ok(None);
        }
        let (now, digest) = (self.store.clock().now(), digest(secret));
        let Some((account, seen_at)) = self.store.session(&digest, now - self.config.idle()).await? else {
            return Ok(None);
        };
        if seen_at + SEEN < now
            && let Err(error) = self.store.session_seen(&digest).await
        {
            // They stay in; perhaps not as long as they might.
            tracing::warn!(%error, "that a session is in use is not noted");
        }
        Ok(Some(account))
    }

    /// Ends the session with this `secret`.
    pub async fn log_out(&self, account: &Account, secret: &str) -> Result<(), store::Error> {
        let mut tx = self.store.begin().await?;
        if tx.end_session(&digest(secret)).await? {
            tx.audit(&account.name, Deed::StaffLogout, &account.email, "").await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

/// How long somebody has to wait after so many tries by one name.
fn wait(tries: u32) -> Option<Duration> {
    let over = tries.checked_sub(BY_NAME)?;
    let minutes = 1_u64.checked_shl(over).filter(|_| over < 16).unwrap_or(u64::MAX);
    Some(Duration::from_secs(minutes.saturating_mul(60)).min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_twice_the_last_one_up_to_a_quarter_of_an_hour() {
        let minutes = |tries| wait(tries).map(|wait| wait.as_secs() / 60);
        assert_eq!(
            [1, 4, 5, 6, 7, 8, 9, 10, 300].map(minutes),
            [None, None, Some(1), Some(2), Some(4), Some(8), Some(15), Some(15), Some(15)]
        );
        assert_eq!(minutes(u32::MAX), Some(15));
    }
}
