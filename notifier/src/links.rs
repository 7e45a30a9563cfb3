//! The links and addresses that hold the token of a notice.

use schemas::{Uuid, report::Language};
use std::sync::Arc;
use store::{NoticeTokens, Store};

/// Makes the links of notices. Cheap to clone.
#[derive(Debug, Clone)]
pub struct NoticeLinks {
    tokens: NoticeTokens,
    public_url: Arc<str>,
}

impl NoticeLinks {
    /// Links below `public_url` (a slash at its end is ignored).
    pub fn new(tokens: NoticeTokens, public_url: &str) -> Self {
        Self { tokens, public_url: public_url.trim_end_matches('/').into() }
    }

    /// The links of the city in `store`.
    pub async fn open(store: &Store, public_url: &str) -> Result<Self, store::Error> {
        Ok(Self::new(store.notice_tokens().await?, public_url))
    }

    /// What all links begin with.
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// The page where whoever got `notice` says what they do not want to hear any more.
    pub fn wishes(&self, notice: Uuid, language: Language) -> String {
        format!("{}/{}/u/{}", self.public_url, language.as_str(), self.tokens.wish(notice))
    }

    /// The page where whoever got `notice` reads why.
    pub fn why(&self, notice: Uuid, language: Language) -> String {
        format!("{}/why", self.wishes(notice, language))
    }

    /// The page where whoever got `notice` chooses how they are told.
    pub fn choices(&self, notice: Uuid, language: Language) -> String {
        format!("{}/choices", self.wishes(notice, language))
    }

    /// Where mail programs say "no more of this" for them, without a page (RFC 8058).
    pub fn one_click(&self, notice: Uuid) -> String {
        format!("{}/u/{}", self.public_url, self.tokens.wish(notice))
    }

    /// Where a device says that it shows `notice`.
    pub fn shown(&self, notice: Uuid) -> String {
        format!("{}/api/v1/push/shown/{}", self.public_url, self.tokens.shown(notice))
    }

    /// The address that `notice` comes back to: its token in `pattern`, in the place of `{token}`.
    pub fn return_path(&self, pattern: &str, notice: Uuid) -> String {
        pattern.replace("{token}", &self.tokens.bounce(notice))
    }

    /// The address that answers to `notice` come to, by the same `pattern`.
    pub fn answers(&self, pattern: &str, notice: Uuid) -> String {
        pattern.replace("{token}", &self.tokens.answer(notice))
    }
}
