//! The languages that residents are served in.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{borrow::Cow, cmp::Ordering, fmt};

/// Every code of ISO 639-1, in the order of the alphabet.
const KNOWN: &str = "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee \
                     el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik \
                     io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk \
                     ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa \
                     sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur \
                     uz ve vi vo wa wo xh yi yo za zh zu";

/// Those that are written from right to left.
const RIGHT_TO_LEFT: [&str; 10] = ["ar", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"];

/// A language: two letters of ISO 639-1. Dutch unless said otherwise.
///
/// Everything is said in the built-in ones; in a further one by a file of the city (see [`crate::further`]). A `match` names
/// those it has words for and ends with English for every other. The built-in ones come first in every list, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Language(&'static str);

impl Language {
    /// Dutch.
    pub const NL: Self = Self("nl");
    /// French.
    pub const FR: Self = Self("fr");
    /// English.
    pub const EN: Self = Self("en");

    /// Every language that everything is said in, in the order they are offered.
    pub const BUILT_IN: [Self; 3] = [Self::NL, Self::FR, Self::EN];

    /// Its two letters: `nl`.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// Whether everything is said in it without a file of the city.
    pub fn is_built_in(self) -> bool {
        Self::BUILT_IN.contains(&self)
    }

    /// Whether it is written from right to left.
    pub fn is_right_to_left(self) -> bool {
        RIGHT_TO_LEFT.contains(&self.0)
    }

    /// Reads a language tag (RFC 5646); only its first subtag counts (`nl-BE` is `nl`). `None` when that is no code of ISO
    /// 639-1.
    pub fn parse(text: &str) -> Option<Self> {
        let primary = text.split('-').next()?.to_ascii_lowercase();
        KNOWN.split(' ').find(|known| *known == primary).map(Self)
    }
}

impl Ord for Language {
    fn cmp(&self, other: &Self) -> Ordering {
        let place = |language: &Self| Self::BUILT_IN.iter().position(|known| known == language).unwrap_or(usize::MAX);
        (place(self), self.0).cmp(&(place(other), other.0))
    }
}

impl PartialOrd for Language {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Default for Language {
    fn default() -> Self {
        Self::NL
    }
}

impl Serialize for Language {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for Language {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Code;
        impl serde::de::Visitor<'_> for Code {
            type Value = Language;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a language: two letters of ISO 639-1, for instance nl, fr or en")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Language, E> {
                let known = Language::parse(text).filter(|language| language.as_str() == text);
                known.ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_str(Code)
    }
}

impl JsonSchema for Language {
    fn schema_name() -> Cow<'static, str> {
        "Language".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A language (ISO 639-1, two letters). Residents are served in Dutch, French and English, and in \
                            what else a city has; who asks for another reads the city's own.",
            "type": "string",
            "pattern": "^[a-z]{2}$",
            "examples": Self::BUILT_IN.map(Self::as_str),
            "default": "nl",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_ones_come_first() {
        let mut some = [Language::EN, Language::NL, Language::FR];
        some.sort();
        assert_eq!(some, Language::BUILT_IN);
    }

    #[test]
    fn only_codes_of_languages_are_read() {
        for (text, found) in
            [("nl", Some("nl")), ("NL-be", Some("nl")), ("de", Some("de")), ("xx", None), ("", None), ("ned", None)]
        {
            assert_eq!(Language::parse(text).map(Language::as_str), found, "{text}");
        }
        assert_eq!(KNOWN.split(' ').count(), 183);
        assert!(KNOWN.split(' ').is_sorted());
        assert!(RIGHT_TO_LEFT.iter().all(|code| Language::parse(code).is_some_and(Language::is_right_to_left)));
        assert_eq!(serde_json::from_str::<Language>("\"fr\"").ok(), Some(Language::FR));
        for wrong in ["\"xx\"", "\"nl-BE\"", "3"] {
            let error = serde_json::from_str::<Language>(wrong).unwrap_err().to_string();
            assert!(error.contains("a language: two letters"), "{error}");
        }
        assert_eq!(serde_json::to_string(&Language::default()).unwrap(), "\"nl\"");
    }
}
