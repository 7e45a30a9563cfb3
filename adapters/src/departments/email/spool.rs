//! The round that reads what a mail server handed over: a mail leaves the spool in the transaction that holds what it
//! says, or stays there with the reason why.

use super::sense::{Came, Sense, stays};
use crate::{
    intake::mail::THREAD,
    mail::lmtp::Keep,
    rounds::{Round, Went},
};
use async_trait::async_trait;
use schemas::Uuid;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use store::{Store, Tx};

/// The name of the round.
pub const NAME: &str = "mail_spool";
/// Mails of one round: each may be long.
const AT_ONCE: usize = 8;
/// Whoever hands a mail over hurries the round; this is for what a crash left.
const EVERY: Duration = Duration::from_secs(15);
/// So much may wait to be read before a mail server is asked to keep the rest.
const MOST_WAITING: u64 = 1 << 30;

/// Reads the spool.
pub struct Spool {
    sense: Sense,
    keep_for: Duration,
}

impl Spool {
    /// The round; what a person has to look at stays for `keep_for`.
    pub fn round(sense: Sense, keep_for: Duration) -> Arc<dyn Round> {
        Arc::new(Self { sense, keep_for })
    }
}

/// What becomes of the rows.
#[derive(Default, Serialize, Deserialize)]
struct Kept {
    read: Vec<Uuid>,
    stay: Vec<(Uuid, String)>,
}

#[async_trait]
impl Round for Spool {
    fn every(&self) -> Duration {
        EVERY
    }

    async fn go(&self, _state: Value) -> Result<Went, String> {
        let store = &self.sense.store;
        let wrong = |error: store::Error| format!("the mails that were handed over cannot be read: {error}");
        let now = store.clock().now();
        for swept in [store.sweep_spool(now - self.keep_for).await, store.sweep_mails_in(now - THREAD).await] {
            if let Err(error) = swept {
                tracing::warn!(%error, "mails that nobody needs any more stay for now");
            }
        }
        let mails = store.spooled_mails(AT_ONCE).await.map_err(wrong)?;
        let more = mails.len() == AT_ONCE;
        let (ids, came): (Vec<Uuid>, Vec<Came>) = mails
            .into_iter()
            .map(|mail| (mail.id, Came { at: Some(mail.at.as_second()), bytes: mail.bytes.into() }))
            .unzip();
        let (mut went, outcomes) = self.sense.make(came).await?;
        let mut kept = Kept::default();
        for (id, outcome) in ids.into_iter().zip(outcomes) {
            if stays(outcome) {
                kept.stay.push((id, outcome.to_owned()));
            } else {
                kept.read.push(id);
            }
        }
        went.kept = serde_json::to_value(kept).map_err(|error| format!("what was read cannot be noted: {error}"))?;
        went.next_at = more.then_some(now);
        Ok(went)
    }

    async fn keep(&self, tx: &mut Tx, kept: &Value) -> Result<(), store::Error> {
        let kept = Kept::deserialize(kept).unwrap_or_default();
        tx.unspool(&kept.read).await?;
        for (id, why) in &kept.stay {
            tx.keep_spooled(*id, why).await?;
        }
        Ok(())
    }
}

/// Where the listener keeps mails.
#[derive(Debug, Clone)]
pub struct Keeper(
    /// The rows.
    pub Store,
);

impl Keep for Keeper {
    async fn keep(&self, id: Uuid, mail: Vec<u8>) -> Result<(), String> {
        let Self(store) = self;
        let waits = store.spooled_bytes().await.map_err(|error| error.to_string())?;
        if waits > MOST_WAITING {
            return Err("too many mails wait to be read".to_owned());
        }
        store.spool_mail(id, mail).await.map_err(|error| error.to_string())?;
        // It is kept; when nobody is told now, the round finds it a little later.
        if let Err(error) = store.hurry_round(NAME).await {
            tracing::debug!(%error, "the mail that was handed over is read a little later");
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "spool_tests.rs"]
mod tests;
