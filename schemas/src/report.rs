//! A report: what somebody told the city, and everything known when they told it. A report never
//! changes; what happens to it is the case.

use crate::{
    phone,
    place::Place,
    reference::Reference,
    slug::{CategoryId, Channel, Slug},
    way::{Address, Post, Way},
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};
use uuid::Uuid;

pub use crate::language::Language;

/// What kind of matter it is; the kind picks the rights and the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Something is broken, dirty or dangerous.
    Report,
    /// Somebody wants to know something.
    Question,
    /// Somebody has an idea.
    Suggestion,
    /// Somebody is unhappy with the city itself.
    Complaint,
    /// Somebody says thank you.
    Compliment,
    /// Somebody asks for a product or service.
    Request,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Report, Self::Question, Self::Suggestion, Self::Complaint, Self::Compliment, Self::Request];

    /// The kind in lower case, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Question => "question",
            Self::Suggestion => "suggestion",
            Self::Complaint => "complaint",
            Self::Compliment => "compliment",
            Self::Request => "request",
        }
    }

    /// Reads [`Kind::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How urgent the matter is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Urgency {
    /// When there is time.
    Low,
    /// In its turn.
    #[default]
    Normal,
    /// Before the others.
    High,
    /// Now: somebody is called.
    Emergency,
}

impl Urgency {
    /// The urgency in lower case, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
            Self::Emergency => "emergency",
        }
    }

    /// Reads [`Urgency::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Low, Self::Normal, Self::High, Self::Emergency].into_iter().find(|u| u.as_str() == text)
    }
}

/// How somebody wants to be told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Tell {
    /// By e-mail.
    Email,
    /// By text message; needs a mobile number.
    Sms,
    /// By letter; needs a postal address.
    Letter,
    /// By telephone: somebody of the city calls.
    Call,
    /// On a device, which is registered with the secret link of the report once it is in.
    Push,
    /// Not at all: they keep the link or the reference.
    #[default]
    Nothing,
}

impl Tell {
    /// Every answer.
    pub const ALL: [Self; 6] = [Self::Email, Self::Sms, Self::Letter, Self::Call, Self::Push, Self::Nothing];

    /// The way that they chose.
    pub fn way(self) -> Option<Way> {
        match self {
            Self::Email => Some(Way::Email),
            Self::Sms => Some(Way::Sms),
            Self::Letter => Some(Way::Letter),
            Self::Call => Some(Way::Call),
            Self::Push => Some(Way::Push),
            Self::Nothing => None,
        }
    }

    /// The answer in lower case, as in JSON.
    pub fn as_str(self) -> &'static str {
        self.way().map_or("nothing", Way::as_str)
    }

    /// Reads [`Tell::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tell| tell.as_str() == text)
    }
}

/// Who told the city, as far as they wanted to say. Personal data: kept apart from the report,
/// never in a log, a URL or a key.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// Their name, at most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100))]
    pub name: Option<String>,
    /// Their e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 254))]
    pub email: Option<String>,
    /// Their telephone number, as they write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Their postal address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post: Option<Post>,
}

impl Contact {
    /// Nobody.
    pub fn is_empty(&self) -> bool {
        self.name.is_none() && self.email.is_none() && self.phone.is_none() && self.post.is_none()
    }

    /// Where they are told by `way`; `None` when they left no such address. `country` (ISO 3166-1 alpha-2)
    /// is where their telephone number was written.
    pub fn address(&self, way: Way, country: &str) -> Option<Address> {
        let phone = || self.phone.as_deref().and_then(|text| phone::read(text, country));
        match way {
            Way::Email => self.email.clone().map(Address::Email),
            Way::Sms => phone().filter(|phone| phone.mobile).map(|phone| Address::Sms(phone.e164)),
            Way::Call => phone().map(|phone| Address::Call(phone.e164)),
            Way::Letter => self.post.clone().map(|post| Address::Letter { name: self.name.clone(), post }),
            Way::Push => None,
        }
    }
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Contact(hidden)")
    }
}

/// The answers to a category's extra questions, by question id: a string, a number, a boolean or
/// a list of strings.
pub type Answers = BTreeMap<String, serde_json::Value>;

/// A report as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Also the id of the case that it opens.
    pub id: Uuid,
    /// What the person was given.
    pub reference: Reference,
    /// The door it came through.
    pub channel: Channel,
    /// The channel's own id of it, for idempotency.
    pub source_id: Option<String>,
    /// What kind of matter.
    pub kind: Kind,
    /// What it is about.
    pub category: CategoryId,
    /// The person's words, cleaned, at most [`crate::submission::MAX_WORDS`] characters.
    pub words: String,
    /// Where it is.
    #[serde(default)]
    pub place: Place,
    /// Answers to the category's questions.
    #[serde(default)]
    pub answers: Answers,
    /// The category's urgency, raised by an answer if need be.
    pub urgency: Urgency,
    /// The language the person is told in.
    pub language: Language,
    /// How they want to be told.
    pub tell: Tell,
    /// Photos, in the order given.
    #[serde(default)]
    pub photos: Vec<Uuid>,
    /// The unguessable part of the tracking link.
    pub token: String,
    /// When the city received it.
    pub received_at: Timestamp,
}

/// The channel of test cases, by which the walk to one department is tried: no rule decides about
/// them, so that no other department ever gets one.
pub const TRIAL_CHANNEL: &str = "conformance";

/// Body of `report.received`: a claim check, so that no personal data travels.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Received {
    /// The stored report.
    pub report: Uuid,
    /// Why it needs a decision.
    #[serde(flatten)]
    pub why: Why,
}

/// Why a report needs a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Why {
    /// It is new.
    New,
    /// The department that led says that it is not theirs.
    Rejected {
        /// Who.
        department: Slug,
    },
    /// The resident says that it is not solved.
    Reopened {
        /// What they add.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// Somebody of the city corrected what it is about.
    Recategorised,
    /// The city does not have the department any more that has it, or a part of it.
    Gone {
        /// Who.
        department: Slug,
    },
    /// The resident answers what a department asked.
    Replied {
        /// Who asked.
        department: Slug,
        /// The answer.
        text: String,
    },
    /// Somebody of the city said that it is the same as another case: whoever has work of it need not do it.
    Merged {
        /// What people call that one.
        into: Reference,
    },
    /// It is a case of its own again, and open.
    Split,
    /// The resident wrote back to a message about it, by mail or by text message.
    Wrote {
        /// What they wrote.
        text: String,
        /// Photos that came with it, kept and not yet of any report.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        photos: Vec<Uuid>,
    },
}
