//! The sandbox letterbox: what would have been sent.
use crate::{Result, Store, later};
use schemas::{Timestamp, Uuid, report::Language};

/// A notice as it would have been sent. Personal data.
#[derive(Clone, PartialEq, Eq, serde::Serialize)]
pub struct LetterboxItem {
    /// The notice.
    pub notice_id: Uuid,
    /// Its case.
    pub case_id: Uuid,
    /// The address it would have gone to.
    pub recipient: String,
    /// The subject line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The HTML.
    pub html: String,
    /// In which language.
    pub language: Language,
    /// When.
    pub at: Timestamp,
}

impl std::fmt::Debug for LetterboxItem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LetterboxItem({}, hidden)", self.notice_id)
    }
}

impl Store {
    /// Keeps an item; a second one with the same notice id changes nothing.
    pub async fn put_letter(&self, _item: LetterboxItem) -> Result<()> {
        later()
    }
    /// The newest items, or the newest before a moment.
    pub async fn letterbox(&self, _limit: usize, _before: Option<Timestamp>) -> Result<Vec<LetterboxItem>> {
        later()
    }
    /// One item.
    pub async fn letterbox_item(&self, _notice: Uuid) -> Result<Option<LetterboxItem>> {
        later()
    }
}
