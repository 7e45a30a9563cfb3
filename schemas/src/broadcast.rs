//! A broadcast: the city tells many people one thing, because they have a place there, or follow it.

mod reach;

pub use reach::Reach;

use crate::{
    reference::Reference,
    report::Language,
    slug::{AreaId, Slug},
    way::Way,
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};
use uuid::Uuid;

/// The template of the notices that tell one, by which they are known.
pub const TEMPLATE: &str = "broadcast";

/// What is told, in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// One line, at most [`Words::MOST_OF_SUBJECT`] characters.
    pub subject: String,
    /// Paragraphs, at most [`Words::MOST_OF_TEXT`] characters.
    pub text: String,
    /// What a text message says; `None`: the subject. At most [`Words::MOST_OF_SHORT`] characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short: Option<String>,
}

impl Words {
    /// The most characters of a subject.
    pub const MOST_OF_SUBJECT: usize = 120;
    /// The most characters of a text.
    pub const MOST_OF_TEXT: usize = 5000;
    /// The most characters of the short form.
    pub const MOST_OF_SHORT: usize = 300;
}

/// Surfaces as GeoJSON has them (RFC 7946 §3.1.7): polygons of rings of longitude and latitude.
pub type Surfaces = Vec<Vec<Vec<[f64; 2]>>>;

/// Who is told: whoever has a place in any of the first three, or follows any of the districts and topics.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Audience {
    /// Districts of the city.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub districts: Vec<AreaId>,
    /// Streets, as people write them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub streets: Vec<String>,
    /// What somebody drew on a map.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub drawn: Surfaces,
    /// Categories, and groups of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<String>,
    /// Only people who chose one of these languages; empty: whatever they chose.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<Language>,
    /// Only by these ways; empty: by every way.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ways: Vec<Way>,
    /// The segment of the city folder that this was, when it was drafted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<Slug>,
}

impl Audience {
    /// Whether it names nobody.
    pub fn is_nobody(&self) -> bool {
        self.districts.is_empty() && self.streets.is_empty() && self.drawn.is_empty() && self.topics.is_empty()
    }
}

/// How far a broadcast is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Nobody approved it yet.
    Draft,
    /// It is approved, and waits for its time.
    Scheduled,
    /// People are being told.
    Running,
    /// It stands still: nobody is told until somebody resumes it.
    Paused,
    /// Everybody was told.
    Done,
    /// Somebody stopped it for good.
    Stopped,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 6] = [Self::Draft, Self::Scheduled, Self::Running, Self::Paused, Self::Done, Self::Stopped];

    /// The state in lower case, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Done => "done",
            Self::Stopped => "stopped",
        }
    }

    /// Reads [`State::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What somebody of the city wrote, before it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The words, in Dutch and in whatever else there is.
    pub words: BTreeMap<Language, Words>,
    /// Who is told.
    pub audience: Audience,
    /// It matters for somebody's safety: it does not wait for quiet hours.
    pub critical: bool,
    /// When it starts, once it is approved; `None`: at once. Approved later than this, it starts at once, too.
    pub at: Option<Timestamp>,
}

/// People counted while a broadcast runs, or before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heads {
    /// People for whom a notice was planned.
    pub planned: u64,
    /// People who do not want it.
    pub unwanted: u64,
    /// People who can be told in no way.
    pub unreachable: u64,
}

/// A broadcast as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Broadcast {
    /// Its id.
    pub id: Uuid,
    /// What residents call it: a number like those of reports.
    pub reference: Reference,
    /// What is told, to whom.
    pub draft: Draft,
    /// How far it is.
    pub state: State,
    /// Who wrote it.
    pub made_by: String,
    /// When.
    pub made_at: Timestamp,
    /// Who approved it: never who wrote it.
    pub approved_by: Option<String>,
    /// When.
    pub approved_at: Option<Timestamp>,
    /// How many people were to be told when it was approved.
    pub expected: Option<u64>,
    /// Who paused, resumed or stopped it last, and when.
    pub changed_by: Option<String>,
    /// When that was.
    pub changed_at: Option<Timestamp>,
    /// Counts the steps that it takes; a letter that asks for another step is out of date.
    pub step: u64,
    /// Everybody up to this person was looked at; nobody after them.
    pub cursor: Option<Uuid>,
    /// Everybody was looked at: what is left is to be sent.
    pub planned_at: Option<Timestamp>,
    /// When the last one was sent, or it was stopped.
    pub ended_at: Option<Timestamp>,
    /// Those who were looked at.
    pub heads: Heads,
    /// Per sender, and per end of quiet hours: when the next notice may leave, so that they leave one after the other.
    pub slots: BTreeMap<String, Timestamp>,
}

impl Broadcast {
    /// The words for somebody who chose `language`: in that, or else in the first of `languages`, those of the city,
    /// that there are words in, or in whatever there is.
    pub fn words(&self, language: Language, languages: &[Language]) -> (Language, &Words) {
        self.draft.words(language, languages)
    }
}

impl Broadcast {
    /// When it began to tell people; `None` when it did not. Who begins to follow something later is not told.
    pub fn began_at(&self) -> Option<Timestamp> {
        let began = self.starts_at().filter(|_| !matches!(self.state, State::Draft | State::Scheduled))?;
        // Stopped before its time.
        self.ended_at.is_none_or(|ended| ended >= began).then_some(began)
    }

    /// When it begins to tell people, or began; `None` when nobody approved it.
    pub fn starts_at(&self) -> Option<Timestamp> {
        self.approved_at.map(|approved| self.draft.at.map_or(approved, |at| at.max(approved)))
    }
}

impl Draft {
    /// As [`Broadcast::words`].
    ///
    /// # Panics
    /// When there are no words at all: [`crate::city::City::read_draft`] makes none such.
    pub fn words(&self, language: Language, languages: &[Language]) -> (Language, &Words) {
        let wanted = [&[language], languages].concat();
        let found = wanted.iter().find_map(|language| self.words.get_key_value(language));
        let (language, words) =
            found.or_else(|| self.words.iter().next()).expect("a draft has words in at least one language");
        (*language, words)
    }
}

/// Whether two names are those of one person: however they write themselves.
pub fn is_same_person(one: &str, other: &str) -> bool {
    let plain =
        |name: &str| name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    plain(one) == plain(other)
}

/// Body of `broadcast.step`: take the next step of a broadcast.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// The broadcast.
    pub broadcast: Uuid,
    /// The step that was taken before; another one means that this letter is out of date.
    pub after: u64,
}
