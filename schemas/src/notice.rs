//! A notice: one event told to one person by one sender.

use crate::report::Language;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A notice as it is kept. Its id derives from event, person and sender, so that planning twice
/// plans once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// `derived(["notice", event, person, sender])`; the Message-ID derives from it in turn.
    pub id: Uuid,
    /// The case.
    pub case_id: Uuid,
    /// The event that is told.
    pub event_id: Uuid,
    /// The version of the case at that event.
    pub version: i64,
    /// The template: the word of the event.
    pub template: String,
    /// Who is told: for now the reporter of this case (`reporter`).
    pub person: String,
    /// The sender that tells it: `mail`, `letterbox`.
    pub sender: String,
    /// In which language.
    pub language: Language,
    /// How far it is.
    pub state: NoticeState,
    /// When it was planned.
    pub planned_at: Timestamp,
}

/// How far a notice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoticeState {
    /// To be sent.
    Planned,
    /// The provider has it.
    Sent,
    /// It cannot be sent.
    Failed,
    /// The provider may or may not have it.
    Unknown,
    /// A newer notice made it pointless before it was sent.
    Superseded,
}

impl NoticeState {
    /// The state in lower case, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Superseded => "superseded",
        }
    }

    /// Reads [`NoticeState::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Planned, Self::Sent, Self::Failed, Self::Unknown, Self::Superseded]
            .into_iter()
            .find(|s| s.as_str() == text)
    }
}

/// Body of `notice.due`: a claim check, so that no personal data travels.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Due {
    /// The notice.
    pub notice: Uuid,
}
