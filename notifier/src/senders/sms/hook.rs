//! What a gateway says later: receipts, and the messages that people send to us. It says things twice, late
//! and in any order; each is taken once.

use super::{
    config::SmsConfig,
    ear::{Ear, Message},
    profile::{Hook, InboundFields},
    reading::{Call, Fields, is_signed},
    request::state_and_why,
};
use bus::http::Network;
use schemas::{
    city::City,
    notice::{Heard, HeardState},
    trace::Trace,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use std::{fmt, sync::Arc};
use store::Store;
use subtle::ConstantTimeEq as _;

/// Takes in what the gateways say. Cheap to clone.
#[derive(Clone)]
pub struct Hooks(Arc<Vec<Inner>>);

struct Inner {
    hook: Hook,
    /// Where it is told to call, without a secret end.
    address: String,
    /// What its calls are signed with.
    signed_with: Option<SecretString>,
    /// The secret end of the address.
    secret: Option<SecretString>,
    networks: Vec<Network>,
    ear: Ear,
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of: Vec<&str> = self.0.iter().map(|inner| inner.ear.provider.as_str()).collect();
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
    /// Somebody wrote: it goes to who has their case, or to who leads conversations.
    Passed,
    /// Somebody wrote who was told nothing, and the city has no door for text messages: nobody reads it.
    Words,
    /// It does not come from the gateway, or there is no such gateway.
    NotGenuine,
    /// It says nothing that the profile knows.
    Unreadable,
    /// The rows cannot be reached; the gateway may say it again.
    Failed(store::Error),
}

impl Hooks {
    /// What takes in the calls of these `gateways`; `None` when none of them makes any, or nothing would prove
    /// that they are genuine.
    pub fn build(gateways: &[SmsConfig], city: &City, store: &Store) -> Option<Self> {
        let all: Vec<Inner> = gateways.iter().filter_map(|config| Inner::build(config, city, store)).collect();
        (!all.is_empty()).then(|| Self(Arc::new(all)))
    }

    /// Takes `call` in, which came for the gateway `provider`. When this returns [`Taken::Receipts`],
    /// [`Taken::Stop`], [`Taken::Start`] or [`Taken::Passed`], it survives a crash.
    pub async fn take(&self, provider: &str, call: &Call<'_>, trace: Trace) -> Taken {
        let Some(inner) = self.0.iter().find(|inner| inner.ear.provider == provider && inner.is_genuine(call)) else {
            return Taken::NotGenuine;
        };
        let fields = Fields::read(call);
        let heard: Vec<Heard> =
            fields.each(inner.hook.each.as_deref()).iter().filter_map(|one| inner.heard(&fields, one)).collect();
        let taken = if heard.is_empty() {
            match inner.hook.inbound.as_ref().and_then(|inbound| Message::read(inbound, &fields)) {
                Some(message) => inner.ear.message(&message, trace).await,
                None => Ok(Taken::Unreadable),
            }
        } else {
            inner.ear.receipts(&heard, trace).await
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
            address: format!("{}/hooks/sms/{}", config.public_url.trim_end_matches('/'), config.name()),
            secret: config.hook_secret.clone().filter(|_| signed_with.is_none()),
            signed_with,
            networks: config.hook_networks.iter().filter_map(|text| Network::parse(text)).collect(),
            hook: profile.hook?,
            ear: Ear::new(config.name(), config.door, city, store),
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
        let (state, why) = state_and_why(state, &word, field(&at.code), &at.dead);
        Some(Heard {
            notice,
            provider: self.ear.provider.clone(),
            number,
            state,
            why: Some(why),
            at: self.ear.store.clock().now(),
        })
    }
}

impl Message {
    fn read(at: &InboundFields, fields: &Fields) -> Option<Self> {
        let one = fields.each(None).first().copied()?;
        Some(Self {
            from: fields.get(one, &at.from)?,
            text: fields.get(one, &at.text)?,
            number: at.number.as_ref().and_then(|field| fields.get(one, field)),
            // Gateways that speak HTTP put parts together themselves.
            part: None,
        })
    }
}
