//! Reports that are held back: kept like any other, with their reference, but not handed on before somebody has
//! looked, or their time is over.

use serde::{Deserialize, Serialize};

/// Why a report is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    /// A field was filled in that people do not see.
    Trap,
    /// The form came back sooner than a person fills it in, or nobody was shown it.
    Fast,
    /// Its sender is on the block list.
    Blocked,
    /// The same words came too often within an hour.
    Alike,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 4] = [Self::Trap, Self::Fast, Self::Blocked, Self::Alike];

    /// The reason in lower case, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trap => "trap",
            Self::Fast => "fast",
            Self::Blocked => "blocked",
            Self::Alike => "alike",
        }
    }
}

/// How far a report is that was noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It waits for somebody to look.
    Held,
    /// It was let through: by somebody, or because its time was over.
    Released,
    /// Somebody refused it.
    Refused,
    /// It went through at once, because it may be about somebody's safety.
    Passed,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Held, Self::Released, Self::Refused, Self::Passed];

    /// The state in lower case, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Released => "released",
            Self::Refused => "refused",
            Self::Passed => "passed",
        }
    }

    /// Reads [`State::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_json() {
        for state in State::ALL {
            assert_eq!(State::parse(state.as_str()), Some(state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
        for reason in Reason::ALL {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
        }
    }
}
