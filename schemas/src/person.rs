//! People who are told things: how, when, and what they do not want. A reporter who chose nothing of the
//! kind is no person yet: their contact stands with their report.

use crate::{
    city::Quiet,
    id::derived,
    notice::{Scope, Suppressed},
    patch::Patch,
    place::Point,
    proof::WantedPlace,
    report::Language,
    way::{Address, Way},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};
use uuid::Uuid;

/// Somebody who follows something, and what they chose. Personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Made when they first followed something.
    pub id: Uuid,
    /// The unguessable part of the link to their choices.
    pub token: String,
    /// How they are greeted.
    pub name: Option<String>,
    /// In which language.
    pub language: Language,
    /// Quiet hours of their own; `None`: the city's.
    pub quiet: Option<Quiet>,
    /// How often.
    pub rhythm: Rhythm,
    /// When they first followed something.
    pub made_at: Timestamp,
}

/// How often somebody wants to hear.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rhythm {
    /// As it happens.
    #[default]
    AtOnce,
    /// What happened in a day, together, in the morning.
    Daily,
    /// What happened in a week, together, on its first working day.
    Weekly,
}

impl Rhythm {
    /// Every rhythm.
    pub const ALL: [Self; 3] = [Self::AtOnce, Self::Daily, Self::Weekly];

    /// The rhythm as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AtOnce => "at_once",
            Self::Daily => "daily",
            Self::Weekly => "weekly",
        }
    }

    /// Reads [`Rhythm::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rhythm| rhythm.as_str() == text)
    }
}

/// Where a person is told. Personal data, but for the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownAddress {
    /// Whose.
    pub person: Uuid,
    /// Where.
    pub address: Address,
    /// A keyed digest of way and address: the same for every spelling.
    pub key: String,
    /// The lowest is tried first.
    pub rank: u32,
    /// When they proved that it is theirs; nobody is told at an address that was not.
    pub verified_at: Option<Timestamp>,
}

/// What an address is not told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    /// The way.
    pub way: Way,
    /// The key of the address.
    pub key: String,
    /// Of what nothing is told.
    pub scope: Scope,
    /// Which one; empty for everything.
    pub target: String,
    /// Which wish or fact.
    pub reason: Suppressed,
    /// In the words of the provider or the desk, without the address.
    pub why: Option<String>,
    /// Since when.
    pub at: Timestamp,
    /// Until when; `None`: until somebody lifts it.
    pub until: Option<Timestamp>,
}

/// Somebody follows something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Follow {
    /// Who.
    pub person: Uuid,
    /// What they follow.
    pub scope: Scope,
    /// Which one.
    pub target: String,
}

/// A place that somebody wants to hear about. Personal data: mostly where they live.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnPlace {
    /// The place.
    pub id: Uuid,
    /// Whose.
    pub person: Uuid,
    /// What they call it.
    pub label: Option<String>,
    /// Where it is, to a millionth of a degree (some 0.1 m).
    pub point: Point,
    /// The street, with or without a number, as they wrote it.
    pub street: Option<String>,
    /// The part of the city in which they want to hear of single cases, too; `None`: only what the city tells of the place.
    pub patch: Option<Patch>,
    /// When they added it.
    pub since: Timestamp,
}

impl OwnPlace {
    /// The most places of one person.
    pub const MOST: usize = 10;
    /// The most characters of what they call it.
    pub const MOST_OF_LABEL: usize = 60;

    /// The place that `person` wants. The same place is the same, whatever they call it and however far around it they
    /// want to hear; two polygons are two places.
    pub fn wanted(person: Uuid, wanted: &WantedPlace, since: Timestamp) -> Self {
        let WantedPlace { label, point, street, patch } = wanted.clone();
        let at = match &patch {
            Some(drawn @ Patch::Polygon { .. }) => drawn.written().0,
            _ => format!("{:.6} {:.6}", point.lat, point.lon),
        };
        let id = derived(&["place", &person.to_string(), &at, street.as_deref().unwrap_or_default()]);
        Self { id, person, label, point, street, patch, since }
    }

    /// What it is called: by them, or by its street.
    pub fn name(&self) -> String {
        let Point { lat, lon } = self.point;
        let name = self.label.as_ref().or(self.street.as_ref());
        name.cloned().unwrap_or_else(|| format!("{lat:.5}, {lon:.5}"))
    }
}

/// What makes a street the same however it is written: small letters and digits without accents, up to the
/// house number. Empty when the text names no street.
///
/// ```
/// use schemas::person::street_key;
/// assert_eq!(street_key("Sint-Jansstraat 12 bus 3"), street_key("SINT JANSSTRAAT"));
/// assert_eq!(street_key("Rue de l'Église"), "rue de l eglise");
/// ```
pub fn street_key(street: &str) -> String {
    let folded: String = street.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
    let words = folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let mut kept: Vec<&str> = Vec::new();
    for word in words {
        // "1 Meistraat" and "Laan 1914" are rare; a number after a name is mostly that of a house.
        if !kept.is_empty() && word.starts_with(|c: char| c.is_ascii_digit()) {
            break;
        }
        kept.push(word);
    }
    kept.join(" ")
}
