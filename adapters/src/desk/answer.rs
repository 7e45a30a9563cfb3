//! What is answered at once: counted by what it was about, so that the city sees what people call for. Nothing of who called
//! is kept, and there is no case.

use super::Desk;
use crate::intake::form::is_token;
use schemas::{
    account::Account,
    audit::Deed,
    fault::Invalid,
    id::derived,
    report::Language,
    slug::{CategoryId, Channel},
};
use store::FirstLine;

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given<'a> {
    /// The unguessable id of the page: pressed twice is once.
    pub page: &'a str,
    /// By telephone, at the counter, …
    pub channel: &'a str,
    /// What it was about.
    pub category: &'a str,
    /// The article that was read out; empty: none.
    pub article: &'a str,
    /// In which language.
    pub language: Language,
}

/// Why an answer was not counted.
#[derive(Debug, thiserror::Error)]
pub enum NotCounted {
    /// Fields are wrong.
    #[error("{} thing(s) are wrong", .0.len())]
    Invalid(Vec<Invalid>),
    /// The rows cannot be reached.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Desk {
    /// Counts an answer that `account` gave. `false` when it was counted before.
    pub async fn answered(&self, account: &Account, given: &Given<'_>) -> Result<bool, NotCounted> {
        let (city, store) = (&self.tools.city, &self.tools.store);
        let mut faults = Vec::new();
        let channel = given.channel.parse::<Channel>().ok().filter(|channel| city.staff_channels.contains(channel));
        if channel.is_none() {
            faults.push(Invalid::new(super::field::CHANNEL, "required", "choose how it came in"));
        }
        let category = CategoryId::new(given.category).ok().filter(|id| city.category(id).is_some());
        if category.is_none() {
            faults.push(Invalid::new("category", "required", "choose what it was about"));
        }
        let known =
            given.article.is_empty() || city.articles.iter().any(|article| article.slug.as_str() == given.article);
        if !known {
            faults.push(Invalid::new(super::field::ARTICLE, "not_an_option", "choose one of the articles"));
        }
        let (Some(channel), Some(category), true) = (channel, category, known) else {
            return Err(NotCounted::Invalid(faults));
        };
        let what = format!("{category} by {channel}");
        // A page without an id of ours is a page of its own.
        let page = Some(given.page).filter(|page| is_token(page)).map_or_else(|| self.tools.ids.token(), str::to_owned);
        let answer = FirstLine {
            id: derived(&["first-line", &page]),
            day: city.calendar.date(self.tools.clock.now()),
            channel,
            category,
            article: given.article.to_owned(),
            language: given.language,
        };
        let mut tx = store.begin().await?;
        let new = tx.answered_at_once(&answer).await?;
        if new {
            tx.audit(&account.name, Deed::DeskAnswer, &what, "").await?;
            tx.commit().await?;
        }
        Ok(new)
    }
}
