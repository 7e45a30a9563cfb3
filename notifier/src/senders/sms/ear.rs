//! What gateways say, whichever way they say it: receipts become letters to the planner, and STOP is a wish.

use super::hook::Taken;
use schemas::{
    city::City,
    id::derived,
    letter::{Lane, Letter, Topic},
    notice::{Heard, Scope, Suppressed},
    person::Suppression,
    phone,
    trace::Trace,
    way::{Address, Way},
};
use store::{AddressKey, Store};

/// Listens to one gateway. Cheap to clone.
#[derive(Clone)]
pub(super) struct Ear {
    pub provider: String,
    pub country: String,
    pub store: Store,
}

/// What people ask for by a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Stop,
    Start,
}

/// A message that somebody sent to us.
pub(super) struct Message {
    /// The number it came from, however it is written.
    pub from: String,
    /// What they wrote.
    pub text: String,
    /// The gateway's number of it, by which the same message is known again.
    pub number: Option<String>,
}

impl Ear {
    /// Listens to the gateway `provider`.
    pub(super) fn new(provider: &str, city: &City, store: &Store) -> Self {
        Self { provider: provider.to_owned(), country: city.country.clone(), store: store.clone() }
    }

    /// Keeps what is `heard` of messages that were sent. When this returns, it survives a crash.
    pub(super) async fn receipts(&self, heard: &[Heard], trace: Trace) -> Result<Taken, store::Error> {
        let now = self.store.clock().now();
        let letters: Vec<Letter> = heard
            .iter()
            .map(|heard| {
                let notice = heard.notice.map(|id| id.to_string()).unwrap_or_default();
                let (number, why) =
                    (heard.number.as_deref().unwrap_or_default(), heard.why.as_deref().unwrap_or_default());
                // The same thing said again has the same id, and so is heard once.
                let id = derived(&["heard", &heard.provider, &notice, number, heard.state.as_str(), why]);
                Letter::new(id, Lane::notifier(), Topic::NoticeHeard, "notice.heard", heard, trace, now)
            })
            .collect();
        let mut tx = self.store.begin().await?;
        tx.post(&letters).await?;
        tx.commit().await?;
        for heard in heard {
            metrics::counter!("voordeur_notices_heard_total", "provider" => heard.provider.clone(), "state" => heard.state.as_str())
                .increment(1);
        }
        Ok(Taken::Receipts(heard.len()))
    }

    /// Does what `message` asks for, if it is a wish.
    pub(super) async fn message(&self, message: &Message) -> Result<Taken, store::Error> {
        let wish = wish(&message.text);
        let Some(wish) = wish else { return Ok(Taken::Words) };
        // A short number or a name: there is nobody to stop for.
        let Some(number) = read_number(&message.from, &self.country) else { return Ok(Taken::Unreadable) };
        let key = self.store.address_keys().await?.of(&Address::Sms(number));
        let key = AddressKey { way: Way::Sms, key };
        let mut tx = self.store.begin().await?;
        let id = message.number.as_ref().map(|number| derived(&["sms in", &self.provider, number]));
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
}

/// What a message asks for, when it is nothing but the word for it in one of our languages.
fn wish(text: &str) -> Option<Wish> {
    let word: String = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    match word.as_str() {
        "stop" | "stopp" | "stopall" | "stoppen" | "uit" | "afmelden" | "arret" | "arrêt" | "arreter" | "arrêter"
        | "unsubscribe" | "end" | "quit" => Some(Wish::Stop),
        "start" | "aan" | "aanmelden" | "unstop" | "reprendre" | "subscribe" => Some(Wish::Start),
        _ => None,
    }
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
    fn only_the_word_alone_is_a_wish() {
        for (text, expected) in [
            ("STOP", Some(Wish::Stop)),
            (" stop. ", Some(Wish::Stop)),
            ("Stopp!", Some(Wish::Stop)),
            ("ARRÊT", Some(Wish::Stop)),
            ("Arret", Some(Wish::Stop)),
            ("start", Some(Wish::Start)),
            ("Stop met die werken aan de brug", None),
            ("bus stop", None),
            ("", None),
        ] {
            assert_eq!(wish(text), expected, "{text}");
        }
    }

    #[test]
    fn numbers_are_read_as_gateways_write_them() {
        for text in ["+32470123456", "32470123456", "0032470123456", "0470123456"] {
            assert_eq!(read_number(text, "BE").as_deref(), Some("+32470123456"), "{text}");
        }
        assert_eq!(read_number("8686", "BE"), None);
        assert_eq!(read_number("Proximus", "BE"), None);
    }
}
