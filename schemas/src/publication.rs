//! What of a report may be read by everybody: a row beside it. The report itself never changes.

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It may be read.
    Approved,
    /// Somebody looked, and nothing of it may be read.
    Rejected,
    /// It was approved and may be read no more.
    Withdrawn,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Approved, Self::Rejected, Self::Withdrawn];

    /// The state in lower case, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Reads [`State::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// What somebody of the city decided about one report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Publication {
    /// Of which report.
    pub report: Uuid,
    /// What they decided.
    pub state: State,
    /// The words that may be read, personal data left out; nothing unless approved.
    pub words: Option<String>,
    /// The photos that may be seen; none unless approved.
    pub photos: Vec<Uuid>,
    /// Who decided.
    pub who: String,
    /// When.
    pub at: Timestamp,
}
