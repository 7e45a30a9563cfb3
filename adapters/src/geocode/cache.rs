//! Answers of a geocoder, kept in the database for a while. What was asked is not: the key is a keyed digest of it.

use crate::intake::hex;
use hmac::{Hmac, Mac as _};
use schemas::place::{Point, Spot};
use sha2::Sha256;
use std::time::Duration;
use store::Store;
use tokio::sync::OnceCell;

/// What may be asked.
#[derive(Debug, Clone, Copy)]
pub(super) enum Question<'a> {
    Words(&'a str),
    At(Point),
}

#[derive(Debug)]
pub(super) struct Cache {
    store: Store,
    secret: OnceCell<[u8; 32]>,
    keep: Duration,
    /// Whose answers: another geocoder may know another thing.
    kind: String,
}

impl Cache {
    pub(super) fn new(store: &Store, kind: &str, keep: Duration) -> Self {
        Self { store: store.clone(), secret: OnceCell::new(), keep, kind: kind.to_owned() }
    }

    async fn key(&self, question: Question<'_>) -> Result<String, store::Error> {
        let secret = self.secret.get_or_try_init(|| self.store.secret("geocode")).await?;
        let asked = match question {
            Question::Words(words) => format!("{}\0words\0{}", self.kind, words.to_lowercase()),
            // A metre more or less is the same house.
            Question::At(point) => format!("{}\0at\0{:.5},{:.5}", self.kind, point.lat, point.lon),
        };
        // HMAC takes a key of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return Ok(String::new()) };
        mac.update(asked.as_bytes());
        Ok(hex(&mac.finalize().into_bytes()))
    }

    /// What was answered before, if that is not too long ago.
    pub(super) async fn get(&self, question: Question<'_>) -> Option<Vec<Spot>> {
        if self.keep.is_zero() {
            return None;
        }
        let read = async {
            let since = self.store.clock().now().checked_sub(self.keep).unwrap_or(schemas::Timestamp::MIN);
            self.store.geocoded(&self.key(question).await?, since).await
        };
        match read.await {
            Ok(answer) => serde_json::from_str(&answer?).ok(),
            Err(error) => {
                tracing::warn!(%error, "kept answers of the geocoder cannot be read");
                None
            }
        }
    }

    pub(super) async fn put(&self, question: Question<'_>, spots: &[Spot]) {
        // Whoever asks for a thousand things that are nowhere fills no table.
        if self.keep.is_zero() || spots.is_empty() {
            return;
        }
        let write = async {
            let answer = serde_json::to_string(spots)?;
            self.store.put_geocoded(&self.key(question).await?, &answer, self.store.clock().now()).await
        };
        if let Err(error) = write.await {
            tracing::warn!(%error, "an answer of the geocoder is not kept");
        }
    }
}
