//! How a gateway is spoken to, as data: what is sent, what its answers mean, and what it says later. The
//! files in `profiles/` are the ones that come with Voordeur; a city writes its own under `[sms.own]`.
//!
//! Texts hold places in braces: `{to}` (`+32470123456`), `{to_digits}` (`32470123456`),
//! `{to_00}` (`0032470123456`), `{from}`, `{text}`,
//! `{reference}` (our notice, 32 hexadecimal digits), `{coding}`, `{receipts}` (where receipts go), and of the
//! configuration `{url}`, `{user}`, `{password}`, `{key}`. What asks for `{receipts}` is left out when none
//! are taken.

use schemas::notice::HeardState;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

use super::text::Alphabet;

/// Every place that a text may hold.
pub const PLACES: [&str; 12] =
    ["to", "to_digits", "to_00", "from", "text", "reference", "coding", "receipts", "url", "user", "password", "key"];

/// Every place that a text may hold by which a gateway is asked.
pub const QUERY_PLACES: [&str; 9] =
    ["reference", "number", "to", "to_digits", "to_00", "url", "user", "password", "key"];

/// How one gateway is spoken to.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Where messages are handed in.
    pub url: String,
    /// How the fields travel.
    pub form: Shape,
    /// Headers, by name.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Whether `user` and `password` go along as HTTP Basic authentication (RFC 7617).
    #[serde(default)]
    pub basic: bool,
    /// The fields. For [`Shape::Json`] of any shape, otherwise one text each.
    pub fields: serde_json::Map<String, Value>,
    /// What `{coding}` is.
    #[serde(default)]
    pub coding: Coding,
    /// What its answers mean.
    #[serde(default)]
    pub answer: Answer,
    /// What it says later; without it, it says nothing.
    #[serde(default)]
    pub hook: Option<Hook>,
    /// How it is asked what became of a message; without it, it is not asked.
    #[serde(default)]
    pub query: Option<Query>,
}

/// How the fields of a request travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// Behind the address of a GET.
    Query,
    /// As the form of a POST.
    Form,
    /// As the JSON of a POST.
    Json,
}

/// What `{coding}` is for each alphabet.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coding {
    /// GSM 7-bit.
    pub gsm: String,
    /// UCS-2.
    pub ucs2: String,
}

impl Default for Coding {
    /// The data coding of SMPP (3.4 §5.2.19).
    fn default() -> Self {
        Self { gsm: "0".into(), ucs2: "8".into() }
    }
}

impl Coding {
    /// The word for `alphabet`.
    pub fn of(&self, alphabet: Alphabet) -> &str {
        match alphabet {
            Alphabet::Gsm => &self.gsm,
            Alphabet::Ucs2 => &self.ucs2,
        }
    }
}

/// What the answers of a gateway mean.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Answer {
    /// Where its own number of the message stands (JSON Pointer, RFC 6901).
    pub number: Option<String>,
    /// Where its words stand, when something is wrong (JSON Pointer); the first that is there counts. They
    /// are shown to operators, so nothing that repeats the message.
    pub words: Vec<String>,
    /// What an answer means, where its HTTP status does not say it. The first that fits counts.
    pub rules: Vec<Rule>,
}

/// One meaning.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Only with these HTTP statuses; none: any.
    #[serde(default)]
    pub status: Vec<u16>,
    /// Only when something stands here (JSON Pointer).
    #[serde(default)]
    pub at: Option<String>,
    /// Only when it is one of these.
    #[serde(default)]
    pub is: Vec<String>,
    /// Only when it is none of these.
    #[serde(default)]
    pub is_not: Vec<String>,
    /// Only when the answer, a text, begins so.
    #[serde(default)]
    pub begins: Option<String>,
    /// What that means.
    pub means: Means,
}

/// What an answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// It took the message.
    Sent,
    /// Not now: it is tried again.
    Later,
    /// We are too fast; does not count as a try.
    SlowDown,
    /// There is no such number, or it takes no messages.
    Address,
    /// It understood and refuses.
    Refused,
    /// We ask for something wrong.
    Ours,
    /// It may have the message or not.
    Unknown,
}

/// What a gateway says later. A field is a JSON Pointer when it begins with `/`, otherwise a field of the
/// form or behind the address, in capitals or not.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hook {
    /// How it signs what it says; without it, it knows a secret address.
    #[serde(default)]
    pub signature: Option<Signature>,
    /// Where the list of things said stands (JSON Pointer), when one call says several.
    #[serde(default)]
    pub each: Option<String>,
    /// What it says of a message that it took.
    pub receipt: ReceiptFields,
    /// A message that somebody sent to us.
    #[serde(default)]
    pub inbound: Option<InboundFields>,
}

/// How a call is signed: an HMAC (RFC 2104).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// The header it stands in.
    pub header: String,
    /// The hash.
    pub hash: Hash,
    /// How it is written.
    pub encoding: Encoding,
    /// What is signed.
    pub over: Over,
    /// Which secret of the configuration it is signed with.
    pub with: With,
}

/// A hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Hash {
    /// SHA-1, still good for an HMAC (RFC 6194 §3.3).
    Sha1,
    /// SHA-256.
    Sha256,
}

/// How bytes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// Hexadecimal digits.
    Hex,
    /// Base64 (RFC 4648 §4).
    Base64,
}

/// What is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Over {
    /// The body, byte for byte.
    Body,
    /// The whole address and, behind it, name and value of each field of the form, sorted by name.
    UrlAndForm,
}

/// A secret of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum With {
    /// `hook_secret`.
    HookSecret,
    /// `password`.
    Password,
    /// `key`.
    Key,
}

/// Where things stand in a receipt.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptFields {
    /// Our `{reference}`.
    #[serde(default)]
    pub reference: Option<String>,
    /// The gateway's own number.
    #[serde(default)]
    pub number: Option<String>,
    /// Its word for the state; a call without it is no receipt.
    pub status: String,
    /// What its words mean; one that is not here means that it still tries.
    pub states: BTreeMap<String, HeardState>,
    /// Where it says why.
    #[serde(default)]
    pub code: Option<String>,
    /// The whys of a number that does not exist.
    #[serde(default)]
    pub dead: Vec<String>,
}

/// How a gateway is asked what became of a message, with the headers and the login of [`Profile`]. Its texts may
/// hold `{reference}` and `{number}` (the gateway's own, of [`Answer::number`]), of which it needs one, `{to}`,
/// `{to_digits}`, `{to_00}`, and what the configuration fills.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// Where it is asked.
    pub url: String,
    /// How the fields travel.
    #[serde(default = "by_address")]
    pub form: Shape,
    /// The fields, as those of [`Profile::fields`].
    #[serde(default)]
    pub fields: serde_json::Map<String, Value>,
    /// Where its word for the state stands in the answer (JSON Pointer, RFC 6901).
    pub status: String,
    /// Where it says why (JSON Pointer).
    #[serde(default)]
    pub code: Option<String>,
    /// What its words mean; left out: as in [`Hook::receipt`]. One that is not here says nothing.
    #[serde(default)]
    pub states: BTreeMap<String, HeardState>,
    /// The whys of a number that does not exist; left out: as in [`Hook::receipt`].
    #[serde(default)]
    pub dead: Vec<String>,
}

fn by_address() -> Shape {
    Shape::Query
}

/// Where things stand in a message to us.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InboundFields {
    /// Who sent it.
    pub from: String,
    /// What they wrote.
    pub text: String,
    /// The gateway's number of it, by which the same message is known again.
    #[serde(default)]
    pub number: Option<String>,
}

/// The profiles that come with Voordeur, by name.
const BUILT_IN: [(&str, &str); 5] = [
    ("cm", include_str!("profiles/cm.toml")),
    ("kannel", include_str!("profiles/kannel.toml")),
    ("ringring", include_str!("profiles/ringring.toml")),
    ("spryng", include_str!("profiles/spryng.toml")),
    ("twilio", include_str!("profiles/twilio.toml")),
];

impl Profile {
    /// The name that `[sms.own]` goes by.
    pub const OWN: &str = "own";

    /// The names of the profiles that come with Voordeur.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// The profile of this name.
    ///
    /// # Panics
    /// Never: a test reads every profile.
    pub fn built_in(name: &str) -> Option<Self> {
        let (_, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
        Some(toml::from_str(text).expect("a test reads every profile"))
    }

    /// The places that the texts hold by which a message is sent, known or not.
    pub fn places(&self) -> BTreeSet<&str> {
        self.places_of(&self.url, &self.fields)
    }

    /// The same of the texts by which it is asked what became of one; none when it is not asked.
    pub fn places_of_query(&self) -> BTreeSet<&str> {
        self.query.as_ref().map(|query| self.places_of(&query.url, &query.fields)).unwrap_or_default()
    }

    fn places_of<'a>(&'a self, url: &'a str, fields: &'a serde_json::Map<String, Value>) -> BTreeSet<&'a str> {
        let mut texts: Vec<&str> = vec![url];
        texts.extend(self.headers.values().map(String::as_str));
        let mut todo: Vec<&Value> = fields.values().collect();
        while let Some(value) = todo.pop() {
            match value {
                Value::String(text) => texts.push(text),
                Value::Array(list) => todo.extend(list),
                Value::Object(map) => todo.extend(map.values()),
                _ => {}
            }
        }
        texts.into_iter().flat_map(places).collect()
    }
}

/// The places in `text`, in order.
fn places(text: &str) -> impl Iterator<Item = &str> {
    pieces(text).filter_map(|(_, place)| place)
}

/// `text` in pieces: words, and the place behind them.
fn pieces(text: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let now = rest.take()?;
        let found = now.split_once('{').and_then(|(before, after)| {
            let (place, behind) = after.split_once('}')?;
            Some((before, place, behind))
        });
        let Some((before, place, behind)) = found else { return Some((now, None)) };
        rest = Some(behind);
        Some((before, Some(place)))
    })
}

/// `text` with `value` of each place in it; `None` when one has none.
pub fn fill<'a>(text: &str, value: impl Fn(&str) -> Option<std::borrow::Cow<'a, str>>) -> Option<String> {
    let mut out = String::with_capacity(text.len() + 40);
    for (words, place) in pieces(text) {
        out.push_str(words);
        if let Some(place) = place {
            out.push_str(&value(place)?);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_is_read_and_asks_for_what_there_is() {
        for name in Profile::names() {
            let profile = Profile::built_in(name).unwrap();
            let places = profile.places();
            assert!(places.iter().all(|place| PLACES.contains(place)), "{name}: {places:?}");
            assert!(places.contains("text") && places.iter().any(|place| place.starts_with("to")), "{name}");
            let hook = profile.hook.as_ref().unwrap();
            assert!(hook.receipt.states.values().any(|state| *state == HeardState::Delivered), "{name}");
            assert!(places.contains("reference") || profile.answer.number.is_some(), "{name}: receipts find nothing");
            let asks = profile.places_of_query();
            assert!(asks.iter().all(|place| QUERY_PLACES.contains(place)), "{name}: {asks:?}");
        }
        assert!(Profile::built_in("nobody").is_none());
    }

    #[test]
    fn places_are_filled() {
        let value = |place: &str| (place == "to").then(|| "+32".into());
        assert_eq!(fill("a{to}b{to}", value).as_deref(), Some("a+32b+32"));
        assert_eq!(fill("a{text}", value), None);
        assert_eq!(fill("{to", value).as_deref(), Some("{to"));
        assert_eq!(fill("", value).as_deref(), Some(""));
    }
}
