//! What gateways say, whichever way they say it: receipts become letters to the planner, STOP is a wish, and
//! other words go to who has the case.

use super::hook::Taken;
use schemas::{
    Uuid,
    city::City,
    id::derived,
    notice::{Heard, Scope, Suppressed},
    person::Suppression,
    phone,
    reference::Reference,
    reply::wrote_back,
    trace::Trace,
    way::{Address, Way},
    wish::Wish,
};
use std::time::Duration;
use store::{AddressKey, Shown, SmsIn, SmsPart, Store};

/// Whoever was told longer ago writes about something else.
const ANSWERED_WITHIN: Duration = Duration::from_hours(90 * 24);

/// What the city said longer ago tells no message from its copy.
const ANSWERED_LATELY: Duration = Duration::from_hours(24);

/// Listens to one gateway. Cheap to clone.
#[derive(Clone)]
pub(super) struct Ear {
    pub provider: String,
    pub country: String,
    /// Words go to whoever leads conversations ([`store::SmsIn`]).
    pub door: bool,
    pub store: Store,
}

/// The round that leads conversations.
const CONVERSATIONS: &str = "sms_in";

/// A message that somebody sent to us.
pub(super) struct Message {
    /// The number it came from, however it is written.
    pub from: String,
    /// What they wrote.
    pub text: String,
    /// The gateway's number of it, by which the same message is known again.
    pub number: Option<String>,
    /// Which part of a longer message it is; `None` when it is whole.
    pub part: Option<SmsPart>,
}

impl Ear {
    /// Listens to the gateway `provider`; with a `door`, words go to whoever leads conversations.
    pub(super) fn new(provider: &str, door: bool, city: &City, store: &Store) -> Self {
        Self { provider: provider.to_owned(), country: city.country.clone(), door, store: store.clone() }
    }

    /// Keeps what is `heard` of messages that were sent. When this returns, it survives a crash.
    pub(super) async fn receipts(&self, heard: &[Heard], trace: Trace) -> Result<Taken, store::Error> {
        crate::senders::heard::keep(&self.store, heard, trace).await?;
        Ok(Taken::Receipts(heard.len()))
    }

    /// Does what `message` asks for: a wish, or words about what they were told last by text message. When this
    /// returns, it survives a crash.
    pub(super) async fn message(&self, message: &Message, trace: Trace) -> Result<Taken, store::Error> {
        let wish = Wish::read(&message.text);
        // A short number or a name: there is nobody to stop for, and nobody was told there.
        let Some(number) = read_number(&message.from, &self.country) else {
            return Ok(if wish.is_some() { Taken::Unreadable } else { Taken::Words });
        };
        let id = message.number.as_ref().map(|number| derived(&["sms in", &self.provider, number]));
        match wish {
            Some(wish) => self.wish(wish, number, id).await,
            None if self.door => self.keep(message, number, id).await,
            None => self.words(&message.text, number, id, trace).await,
        }
    }

    /// Keeps the words for whoever leads conversations. A gateway that gives its messages no numbers may deliver one
    /// twice: after the city said something it is another.
    async fn keep(&self, message: &Message, number: String, id: Option<Uuid>) -> Result<Taken, store::Error> {
        let now = self.store.clock().now();
        let key = self.store.address_keys().await?.of(&Address::Sms(number.clone()));
        let mut tx = self.store.begin().await?;
        let id = match (id, message.part) {
            // Each part of one message has a number of its own, or all have the same.
            (Some(id), Some(part)) => derived(&["sms part", &id.to_string(), &part.nth.to_string()]),
            (Some(id), None) => id,
            (None, part) => {
                let said = tx.sms_said_to(&key, now - ANSWERED_LATELY).await?;
                let said = said.first().map(|said| said.id.to_string()).unwrap_or_default();
                let part = part.map(|part| format!("{} {}", part.reference, part.nth)).unwrap_or_default();
                let hour = (now.as_second() / 3600).to_string();
                derived(&["sms in", &self.provider, &key, &said, &part, &hour, &message.text])
            }
        };
        let sms = SmsIn { id, key, number, words: message.text.clone(), part: message.part, at: now };
        tx.keep_sms_in(&sms).await?;
        tx.commit().await?;
        // It is kept; when nobody is told now, it is read a little later.
        if let Err(error) = self.store.hurry_round(CONVERSATIONS).await {
            tracing::debug!(%error, "a text message is read a little later");
        }
        Ok(Taken::Passed)
    }

    async fn wish(&self, wish: Wish, number: String, id: Option<Uuid>) -> Result<Taken, store::Error> {
        let key = self.store.address_keys().await?.of(&Address::Sms(number));
        let key = AddressKey { way: Way::Sms, key };
        let mut tx = self.store.begin().await?;
        let is_new = match id {
            Some(id) => !tx.seen("sms", &[id]).await?.is_empty(),
            None => true,
        };
        match wish {
            // What was said before something else must not come back by a second delivery.
            _ if !is_new => {}
            Wish::Stop => {
                let AddressKey { way, key } = key;
                let (scope, target, reason) = (Scope::All, String::new(), Suppressed::Stopped);
                let (why, at) = (Some("STOP by text message".to_owned()), self.store.clock().now());
                tx.suppress(&Suppression { way, key, scope, target, reason, why, at, until: None }).await?;
            }
            Wish::Start => _ = tx.lift(&key, Scope::All, "").await?,
        }
        tx.commit().await?;
        Ok(match wish {
            Wish::Stop => Taken::Stop,
            Wish::Start => Taken::Start,
        })
    }

    /// The words go to who has the case that they are about: the one whose reference stands in them, else the one
    /// that this number was told of last.
    async fn words(&self, words: &str, number: String, id: Option<Uuid>, trace: Trace) -> Result<Taken, store::Error> {
        let now = self.store.clock().now();
        let mut tx = self.store.begin().await?;
        let mut told = tx.told_by_sms(&number, now - ANSWERED_WITHIN).await?;
        told.retain(|told| phone::read(&told.phone, &self.country).is_some_and(|phone| phone.e164 == number));
        let named = told.iter().find(|told| names(words, told.reference)).or(told.first());
        let Some(about) = named else { return Ok(Taken::Words) };
        // A gateway that gives its messages no numbers may deliver one twice; after the next news it is another.
        let id = id.unwrap_or_else(|| {
            derived(&["sms in", &self.provider, &about.report.to_string(), &about.told_at.to_string(), words])
        });
        // Nothing that can be read: there is nothing to pass on, and a gateway that says it again does not help.
        let Some(letter) = wrote_back(about.report, id, words, trace, now) else { return Ok(Taken::Words) };
        if !tx.seen("sms", &[id]).await?.is_empty() {
            tx.post(&[letter]).await?;
            tx.prove_contact(about.report, &Shown::Sms, now).await?;
        }
        tx.commit().await?;
        Ok(Taken::Passed)
    }
}

/// Whether `reference` stands in `words`, with its hyphen, a space, or neither.
fn names(words: &str, reference: Reference) -> bool {
    let plain: String = words.chars().filter(|c| !matches!(c, '-' | ' ' | '\u{a0}' | '\u{2011}')).collect();
    plain.contains(&reference.digits())
}

/// The number (E.164) of who sent a message; gateways write it with plus, with zeros or with neither.
fn read_number(text: &str, country: &str) -> Option<String> {
    let text = text.trim();
    let international = (!text.starts_with(['+', '0'])).then(|| format!("+{text}"));
    let phone = international.and_then(|text| phone::read(&text, country)).or_else(|| phone::read(text, country));
    phone.map(|phone| phone.e164)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_gateways_write_them() {
        for text in ["+32470123456", "32470123456", "0032470123456", "0470123456"] {
            assert_eq!(read_number(text, "BE").as_deref(), Some("+32470123456"), "{text}");
        }
        assert_eq!(read_number("8686", "BE"), None);
        assert_eq!(read_number("Proximus", "BE"), None);
    }
}
