//! The languages that residents are served in.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{borrow::Cow, cmp::Ordering, fmt};

/// A language that residents are served in: two letters of ISO 639-1. Dutch unless said otherwise.
///
/// A `match` names those it has words for and ends with English for every other. The built-in ones come first in every
/// list, in their order.
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

    /// Reads a language tag (RFC 5646); only its first subtag counts (`nl-BE` is `nl`).
    pub fn parse(text: &str) -> Option<Self> {
        let primary = text.split('-').next()?.to_ascii_lowercase();
        Self::BUILT_IN.into_iter().find(|language| language.0 == primary)
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
                f.write_str("a language: nl, fr or en")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Language, E> {
                let known = Language::parse(text).filter(|language| language.as_str() == text);
                known.ok_or_else(|| E::unknown_variant(text, &["nl", "fr", "en"]))
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
            "description": "A language that residents are served in (ISO 639-1): Dutch, French or English.",
            "type": "string",
            "enum": Self::BUILT_IN.map(Self::as_str),
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
    fn only_what_is_spoken_is_read() {
        for (text, found) in [("nl", Some("nl")), ("NL-be", Some("nl")), ("de", None), ("", None), ("ned", None)] {
            assert_eq!(Language::parse(text).map(Language::as_str), found, "{text}");
        }
        assert_eq!(serde_json::from_str::<Language>("\"fr\"").ok(), Some(Language::FR));
        for (wrong, told) in
            [("\"de\"", "expected one of `nl`"), ("\"nl-BE\"", "expected one of `nl`"), ("3", "a language")]
        {
            let error = serde_json::from_str::<Language>(wrong).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
        assert_eq!(serde_json::to_string(&Language::default()).unwrap(), "\"nl\"");
    }
}
