//! What a gateway says later: receipts, and the messages that people send to us. It says things twice, late
//! and in any order; each is taken once.

use super::{
    config::SmsConfig,
    profile::{Hook, InboundFields},
    reading::{Call, Fields, is_signed},
    request::without_numbers,
};
use bus::http::Network;
use schemas::{
    city::City,
    id::derived,
    letter::{Lane, Letter, Topic},
    notice::{Heard, HeardState, Scope, Suppressed},
    person::Suppression,
    phone,
    trace::Trace,
    way::{Address, Way},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use std::{fmt, sync::Arc};
use store::{AddressKey, Store};
use subtle::ConstantTimeEq as _;

/// Takes in what the gateways say. Cheap to clone.
#[derive(Clone)]
pub struct Hooks(Arc<Vec<Inner>>);

struct Inner {
    provider: String,
    hook: Hook,
    /// Where it is told to call, without a secret end.
    address: String,
    /// What its calls are signed with.
    signed_with: Option<SecretString>,
    /// The secret end of the address.
    secret: Option<SecretString>,
    networks: Vec<Network>,
    country: String,
    store: Store,
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of: Vec<&str> = self.0.iter().map(|inner| inner.provider.as_str()).collect();
        write!(f, "Hooks(of {})", of.join(", "))
    }
}

/// What became of a call.
#[derive(Debug)]
pub enum Taken {
    /// So many receipts are kept.
    Receipts(usize),
    /// Somebody does not want any more messages.
    Stop,
    /// Somebody wants messages again.
    Start,
    /// Somebody wrote something else, which nobody reads yet.
    Words,
    /// It does not come from the gateway, or there is no such gateway.
    NotGenuine,
    /// It says nothing that the profile knows.
    Unreadable,
    /// The rows cannot be reached; the gateway may say it again.
    Failed(store::Error),
}

/// What people ask for by a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Stop,
    Start,
}

impl Hooks {
    /// What takes in the calls of these `gateways`; `None` when none of them makes any, or nothing would prove
    /// that they are genuine.
    pub fn build(gateways: &[SmsConfig], city: &City, store: &Store) -> Option<Self> {
        let all: Vec<Inner> = gateways.iter().filter_map(|config| Inner::build(config, city, store)).collect();
        (!all.is_empty()).then(|| Self(Arc::new(all)))
    }

    /// Takes `call` in, which came for the gateway `provider`. When this returns [`Taken::Receipts`],
    /// [`Taken::Stop`] or [`Taken::Start`], it survives a crash.
    pub async fn take(&self, provider: &str, call: &Call<'_>, trace: Trace) -> Taken {
        let Some(inner) = self.0.iter().find(|inner| inner.provider == provider && inner.is_genuine(call)) else {
            return Taken::NotGenuine;
        };
        let fields = Fields::read(call);
        let heard: Vec<Heard> =
            fields.each(inner.hook.each.as_deref()).iter().filter_map(|one| inner.heard(&fields, one)).collect();
        let taken = if heard.is_empty() {
            match inner.hook.inbound.as_ref().and_then(|inbound| Message::read(inbound, &fields)) {
                Some(message) => inner.message(&message).await,
                None => Ok(Taken::Unreadable),
            }
        } else {
            inner.receipts(&heard, trace).await
        };
        taken.unwrap_or_else(Taken::Failed)
    }
}

impl Inner {
    fn build(config: &SmsConfig, city: &City, store: &Store) -> Option<Self> {
        let profile = config.profile()?;
        config.receipts(&profile)?;
        let signed_with = config.secret_of(&profile).flatten().cloned();
        Some(Self {
            provider: config.name().to_owned(),
            address: format!("{}/hooks/sms/{}", config.public_url.trim_end_matches('/'), config.name()),
            secret: config.hook_secret.clone().filter(|_| signed_with.is_none()),
            signed_with,
            networks: config.hook_networks.iter().filter_map(|text| Network::parse(text)).collect(),
            hook: profile.hook?,
            country: city.country.clone(),
            store: store.clone(),
        })
    }

    fn is_genuine(&self, call: &Call<'_>) -> bool {
        let signed = match (&self.hook.signature, &self.signed_with) {
            (Some(signature), Some(with)) => is_signed(signature, with.expose_secret().as_bytes(), &self.address, call),
            (Some(_), None) => false,
            (None, _) => true,
        };
        let knows = self.secret.as_ref().is_none_or(|secret| {
            secret.expose_secret().as_bytes().ct_eq(call.secret.unwrap_or_default().as_bytes()).into()
        });
        let network = self.networks.is_empty() || self.networks.iter().any(|network| network.contains(call.from));
        signed && knows && network
    }

    /// What `one` thing says of a message of ours; `None` when it is no receipt.
    fn heard(&self, fields: &Fields, one: &Value) -> Option<Heard> {
        let at = &self.hook.receipt;
        let word = fields.get(one, &at.status)?;
        let field = |field: &Option<String>| field.as_ref().and_then(|field| fields.get(one, field));
        let notice = field(&at.reference).and_then(|reference| reference.parse().ok());
        let number = field(&at.number);
        if notice.is_none() && number.is_none() {
            return None;
        }
        let known = at.states.iter().find(|(known, _)| known.eq_ignore_ascii_case(&word));
        let state = known.map_or(HeardState::Trying, |(_, state)| *state);
        let code = field(&at.code);
        let is_dead = state == HeardState::Failed && code.as_ref().is_some_and(|code| at.dead.contains(code));
        let why = code.map_or_else(|| word.clone(), |code| format!("{word} {code}"));
        Some(Heard {
            notice,
            provider: self.provider.clone(),
            number,
            state: if is_dead { HeardState::Dead } else { state },
            why: Some(without_numbers(&why)),
            at: self.store.clock().now(),
        })
    }

    async fn receipts(&self, heard: &[Heard], trace: Trace) -> Result<Taken, store::Error> {
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

    async fn message(&self, message: &Message) -> Result<Taken, store::Error> {
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

/// A message that somebody sent to us.
struct Message {
    from: String,
    text: String,
    number: Option<String>,
}

impl Message {
    fn read(at: &InboundFields, fields: &Fields) -> Option<Self> {
        let one = fields.each(None).first().copied()?;
        Some(Self {
            from: fields.get(one, &at.from)?,
            text: fields.get(one, &at.text)?,
            number: at.number.as_ref().and_then(|field| fields.get(one, field)),
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
