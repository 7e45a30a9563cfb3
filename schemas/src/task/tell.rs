//! What a resident is told by hand, and how that went.

use crate::{report::Language, way::Way};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a resident is told, and how. Whom and where stands with the report, so that it goes when that is erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telling {
    /// The notice.
    pub notice: Uuid,
    /// Who is told: as in [`crate::notice::Notice::person`].
    pub person: String,
    /// By telephone ([`Way::Call`]), or on paper ([`Way::Letter`]).
    pub way: Way,
    /// In which language.
    pub language: Language,
    /// The words to say or to write, without the person's name.
    pub words: String,
    /// A newer message makes this one pointless.
    pub passing: bool,
    /// How many calls are made at most when nobody answers.
    pub tries: u32,
    /// How many minutes lie between two calls.
    pub pause_minutes: u32,
}

/// How it went to tell a resident something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// They know; a letter is in the post.
    Reached,
    /// Nobody answered: again later, unless it was the last time.
    NoAnswer,
    /// The number or address is somebody else's, or nobody's.
    Wrong,
    /// They do not want to be told this way.
    Unwanted,
}

impl Told {
    /// Every outcome.
    pub const ALL: [Self; 4] = [Self::Reached, Self::NoAnswer, Self::Wrong, Self::Unwanted];

    /// The outcome as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reached => "reached",
            Self::NoAnswer => "no_answer",
            Self::Wrong => "wrong",
            Self::Unwanted => "unwanted",
        }
    }

    /// Reads [`Told::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|told| told.as_str() == text)
    }
}
