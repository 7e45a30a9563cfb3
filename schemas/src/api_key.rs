//! Keys by which programs prove which channel they are.

use crate::{Timestamp, Uuid, slug::Channel};
use serde::Serialize;

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyKind {
    /// What comes with it is a report.
    Live,
    /// What comes with it is checked and answered, and nothing else.
    Test,
}

impl KeyKind {
    /// The kind as it stands in the key itself: `live` or `test`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }

    /// Reads [`KeyKind::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Live, Self::Test].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A key as the city knows it: everything but the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ApiKey {
    /// Its id.
    pub id: Uuid,
    /// How it begins, by which people recognise it: `vd_live_` or `vd_test_` and eight characters.
    pub prefix: String,
    /// The channel that it stands for.
    pub channel: Channel,
    /// What it is for.
    pub kind: KeyKind,
    /// Since when.
    pub made_at: Timestamp,
    /// When it was last seen, within a quarter of an hour; `None`: never.
    pub used_at: Option<Timestamp>,
    /// Since when it is refused.
    pub revoked_at: Option<Timestamp>,
}
