//! The round that reads the city's mailbox, and puts away what it read when what it says is committed.

use super::sense::{Came, Sense, stays};
use crate::{
    intake::mail::THREAD,
    mail::imap::{self, Bookmark, Found, Move},
    rounds::{Round, Went},
};
use async_trait::async_trait;
use serde_json::Value;
use std::{sync::Arc, time::Duration};

/// The name of the round.
pub const NAME: &str = "mailbox";
/// A mail server gives up after five days (RFC 5321 §4.5.4.1); its report may take a while, too.
const COMES_BACK_WITHIN: Duration = Duration::from_hours(10 * 24);
/// The most moves that are remembered while the server refuses to make them.
const MOST_MOVES: usize = 5_000;

/// Reads the mailbox.
pub struct Mailbox {
    config: imap::Config,
    sense: Sense,
}

impl Mailbox {
    /// The round that reads the mailbox of `config`.
    pub fn round(config: imap::Config, sense: Sense) -> Arc<dyn Round> {
        Arc::new(Self { config, sense })
    }

    async fn make_sense(&self, mails: Vec<Found>) -> Result<(Went, Vec<Move>), String> {
        let (places, came): (Vec<Found>, Vec<Came>) = mails
            .into_iter()
            .map(|found| {
                let came = Came { at: found.at, bytes: found.bytes.into() };
                (Found { bytes: Vec::new(), ..found }, came)
            })
            .unzip();
        let (went, outcomes) = self.sense.make(came).await?;
        let moves = places.into_iter().zip(outcomes).map(|(found, outcome)| Move {
            folder: found.folder,
            validity: found.validity,
            uid: found.uid,
            to: if stays(outcome) { self.config.unmatched.clone() } else { self.config.done.clone() },
            why: Some(outcome.to_owned()),
        });
        Ok((went, moves.collect()))
    }
}

#[async_trait]
impl Round for Mailbox {
    fn every(&self) -> Duration {
        self.config.every
    }

    async fn go(&self, state: Value) -> Result<Went, String> {
        let bookmark: Bookmark = match state {
            Value::Null => Bookmark::default(),
            state => serde_json::from_value(state).map_err(|error| format!("the bookmark cannot be read: {error}"))?,
        };
        let visit = imap::visit(&self.config, &bookmark).await?;
        let (mut went, moves) = self.make_sense(visit.mails).await?;
        let now = self.sense.store.clock().now();
        if let Err(error) = self.sense.store.sweep_mailed(now - COMES_BACK_WITHIN).await {
            tracing::warn!(%error, "mails that came back no more stay for now");
        }
        if let Err(error) = self.sense.store.sweep_mails_in(now - THREAD).await {
            tracing::warn!(%error, "mails of residents that nobody answers any more stay for now");
        }
        // What is new is put away by the next visit, when it is certain that it was heard.
        let next = visit.more || !moves.is_empty();
        let mut bookmark = visit.bookmark;
        bookmark.moves.extend(moves);
        let too_many = bookmark.moves.len().saturating_sub(MOST_MOVES);
        bookmark.moves.drain(..too_many);
        went.state =
            serde_json::to_value(&bookmark).map_err(|error| format!("the bookmark cannot be kept: {error}"))?;
        went.next_at = next.then_some(now);
        Ok(went)
    }
}

#[cfg(test)]
#[path = "mailbox_tests.rs"]
mod tests;
