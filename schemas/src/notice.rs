//! A notice: one event told to one person by one sender; and what is heard of it afterwards.

use crate::{reference::Reference, report::Language, way::Way};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The subject of the letter that has something said in a conversation by text message; its id is in the place of the
/// notice's.
pub const SAID_SUBJECT: &str = "notice.said";

/// The person that a notice goes to when it is who told the city.
pub const REPORTER: &str = "reporter";

/// A notice as it is kept. Its id derives from event, person and sender, so that planning twice
/// plans once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// `derived(["notice", event, person, sender])`; the Message-ID derives from it in turn.
    pub id: Uuid,
    /// The case; of a notice that tells a broadcast, that.
    pub case_id: Uuid,
    /// The event that is told; the broadcast again.
    pub event_id: Uuid,
    /// The version of the case of that event ([`Notice::event_case`]); 0 of a broadcast.
    pub version: i64,
    /// The template: the word of the event, or [`crate::broadcast::TEMPLATE`].
    pub template: String,
    /// Who is told: the reporter of this case (`reporter`), or the id of a person who follows it.
    pub person: String,
    /// The sender that tells it: `mail`, `letterbox`.
    pub sender: String,
    /// The way it goes.
    pub way: Way,
    /// The key of the device that it goes to, if it goes to one: each device of a person has a notice of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// In which language.
    pub language: Language,
    /// The words it is written with: the head of their SHA-256, in hexadecimal digits; `None`: those of the
    /// day it is sent.
    pub template_version: Option<String>,
    /// Why this person, this way and at this moment; in the order it was decided.
    pub reasons: Vec<Because>,
    /// How far it is.
    pub state: NoticeState,
    /// When it was planned.
    pub planned_at: Timestamp,
    /// Not before; `None`: at once.
    pub due_at: Option<Timestamp>,
}

impl Notice {
    /// The broadcast that it tells; `None` when it tells an event of a case.
    pub fn broadcast(&self) -> Option<Uuid> {
        (self.template == crate::broadcast::TEMPLATE).then_some(self.case_id)
    }

    /// The case whose event it tells: another than [`Notice::case_id`] when that was merged into it.
    pub fn event_case(&self) -> Uuid {
        let main = self.reasons.iter().find_map(|because| match because {
            Because::Merged { main, .. } => Some(*main),
            _ => None,
        });
        main.unwrap_or(self.case_id)
    }

    /// What "no more of this" is about: the case; of a broadcast, whatever its person is told of it for.
    pub fn this(&self) -> (Scope, String) {
        match self.reasons.first().filter(|_| self.broadcast().is_some()) {
            Some(Because::Place { place, .. }) => (Scope::Place, place.to_string()),
            Some(Because::Follows { scope, target }) => (*scope, target.clone()),
            _ => (Scope::Case, self.case_id.to_string()),
        }
    }
}

/// One step of the answer to "why did I get this?" and "why did I not?".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "because", rename_all = "snake_case")]
pub enum Because {
    /// They told the city of it.
    Reporter,
    /// Their own report, or one that they follow, was merged with the case that this is about.
    Merged {
        /// What people call theirs.
        report: Reference,
        /// What people call the other.
        with: Reference,
        /// The other.
        main: Uuid,
    },
    /// They follow it.
    Follows {
        /// What they follow.
        scope: Scope,
        /// Which one: a case's id, a category or group, an area.
        target: String,
    },
    /// They have a place there.
    Place {
        /// Which place of theirs.
        place: Uuid,
        /// The district that it lies in, when that is what the city named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        district: Option<String>,
        /// The street that it lies in, when that is what the city named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        street: Option<String>,
    },
    /// They asked to be told this way.
    Asked,
    /// This way is the next that they left an address for.
    Instead {
        /// The way that did not work.
        of: Way,
        /// Why it did not.
        why: String,
    },
    /// It waits until their quiet hours are over.
    Quiet {
        /// When that is.
        until: Timestamp,
    },
    /// It waits a moment: another status may follow, and then only the newest is told.
    Together {
        /// Until when.
        until: Timestamp,
    },
    /// It waits for others, to be told together in one message.
    Digest {
        /// Until when.
        until: Timestamp,
    },
    /// It does not wait for quiet hours or a digest: it matters for somebody's safety.
    Critical,
    /// They do not want it, or cannot be reached this way.
    Suppressed {
        /// Which wish or which fact.
        by: Suppressed,
        /// Of what.
        scope: Scope,
    },
}

/// What somebody hears of, or does not want to hear of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// One case.
    Case,
    /// A category, or a group of them.
    Topic,
    /// A district.
    Area,
    /// A place of their own.
    Place,
    /// Everything.
    All,
}

impl Scope {
    /// Every scope, the narrowest first.
    pub const ALL: [Self; 5] = [Self::Case, Self::Topic, Self::Area, Self::Place, Self::All];

    /// The scope in lower case, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Case => "case",
            Self::Topic => "topic",
            Self::Area => "area",
            Self::Place => "place",
            Self::All => "all",
        }
    }

    /// Reads [`Scope::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

/// Why an address is not written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Suppressed {
    /// They said so by a link, a button of their mail program, or an answer.
    Unsubscribed,
    /// They sent STOP.
    Stopped,
    /// They told the desk.
    Desk,
    /// They called it spam.
    Complained,
    /// What was sent came back.
    Bounced,
    /// The address is not there any more.
    Gone,
    /// They do not want to be told this way; another is welcome.
    Unwanted,
}

impl Suppressed {
    /// Every reason.
    pub const ALL: [Self; 7] =
        [Self::Unsubscribed, Self::Stopped, Self::Desk, Self::Complained, Self::Bounced, Self::Gone, Self::Unwanted];

    /// The reason in lower case, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unsubscribed => "unsubscribed",
            Self::Stopped => "stopped",
            Self::Desk => "desk",
            Self::Complained => "complained",
            Self::Bounced => "bounced",
            Self::Gone => "gone",
            Self::Unwanted => "unwanted",
        }
    }

    /// Reads [`Suppressed::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }

    /// Whether it is their wish to hear nothing, in contrast to something about the address alone: the wish is
    /// kept on every way, an address that is dead or unwelcome sends the notice another way.
    pub fn is_wish(self) -> bool {
        matches!(self, Self::Unsubscribed | Self::Stopped | Self::Desk | Self::Complained)
    }
}

/// How far a notice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NoticeState {
    /// To be sent.
    Planned,
    /// The provider has it.
    Sent,
    /// The provider says that the person has it.
    Delivered,
    /// It cannot be sent, or came back.
    Failed,
    /// The provider may or may not have it.
    Unknown,
    /// A newer notice made it pointless before it was sent.
    Superseded,
    /// The person does not want it; it was never sent.
    Suppressed,
    /// The city stopped the broadcast before it was sent.
    Stopped,
}

impl NoticeState {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Planned,
        Self::Sent,
        Self::Delivered,
        Self::Failed,
        Self::Unknown,
        Self::Superseded,
        Self::Suppressed,
        Self::Stopped,
    ];

    /// The state in lower case, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Superseded => "superseded",
            Self::Suppressed => "suppressed",
            Self::Stopped => "stopped",
        }
    }

    /// Reads [`NoticeState::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }
}

/// Body of `notice.due`: a claim check, so that no personal data travels.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Due {
    /// The notice.
    pub notice: Uuid,
}

/// Body of `notice.failed`: this notice did not reach the person, so that the next way they left an
/// address for is tried.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Failed {
    /// The notice.
    pub notice: Uuid,
    /// Why it did not.
    pub why: String,
}

/// Body of `notice.heard`: what a provider says of a message that it took. Receipts come late, twice,
/// in any order, and before the answer that they belong to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Heard {
    /// The notice, when the provider was told our id or the token of an address says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<Uuid>,
    /// Who says so: the sender's name, or the name of its provider: `mail`, `kannel`.
    pub provider: String,
    /// The provider's own number of the message, or of one part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// What it says.
    pub state: HeardState,
    /// In the provider's words, without the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// When that was, as far as it says.
    pub at: Timestamp,
}

/// What a provider says of a message that it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum HeardState {
    /// It still tries.
    Trying,
    /// The person's device or mailbox has it.
    Delivered,
    /// It gave up for now: the address may be good.
    Failed,
    /// The address is not there.
    Dead,
    /// The person calls it spam.
    Complained,
    /// The person wants nothing more.
    Stopped,
    /// The person was not told: they do not want to be told this way.
    Unwanted,
}

impl HeardState {
    /// Every state.
    pub const ALL: [Self; 7] =
        [Self::Trying, Self::Delivered, Self::Failed, Self::Dead, Self::Complained, Self::Stopped, Self::Unwanted];

    /// The state in lower case, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trying => "trying",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Dead => "dead",
            Self::Complained => "complained",
            Self::Stopped => "stopped",
            Self::Unwanted => "unwanted",
        }
    }

    /// Reads [`HeardState::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}
