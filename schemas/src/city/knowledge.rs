//! The city's knowledge base: articles that answer a question at once.

use super::City;
use crate::{
    fault::Fault,
    markdown,
    report::Language,
    slug::{CategoryId, Slug},
};
use jiff::civil::Date;
use std::collections::BTreeMap;

/// An article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    /// Its name: that of its files, and the end of its address.
    pub slug: Slug,
    /// What it is about.
    pub categories: Vec<CategoryId>,
    /// Whom to call about it; the front door when left out.
    pub phone: Option<String>,
    /// The last day on which it is right; for ever when left out.
    pub valid_until: Option<Date>,
    /// Its words per language; Dutch is always there.
    pub texts: BTreeMap<Language, ArticleText>,
    /// Where `valid_until` stands in the Dutch file.
    pub(super) until_at: (usize, usize),
}

/// An article in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleText {
    /// Its title: the question, as people ask it.
    pub title: String,
    /// Other words by which people look for it.
    pub words: Vec<String>,
    /// The answer, in Markdown.
    pub markdown: String,
}

impl Article {
    /// The text for `language`, and the language that it is in: Dutch when there is no other.
    ///
    /// # Panics
    /// Never: an article was only read when it has a Dutch text.
    pub fn text(&self, language: Language) -> (Language, &ArticleText) {
        self.texts
            .get_key_value(&language)
            .or_else(|| self.texts.get_key_value(&Language::NL))
            .map(|(language, text)| (*language, text))
            .expect("an article has a Dutch text")
    }

    /// Whether it is still right on `day`.
    pub fn is_valid(&self, day: Date) -> bool {
        self.valid_until.is_none_or(|until| day <= until)
    }
}

impl ArticleText {
    /// The answer as safe HTML for a page in `language`, its highest heading `<h{top}>`.
    pub fn html(&self, language: Language, top: u8) -> String {
        markdown::html(&self.markdown, language, top)
    }

    /// The answer as plain text.
    pub fn plain(&self) -> String {
        markdown::plain(&self.markdown)
    }
}

impl City {
    /// The article with this name.
    pub fn article(&self, slug: &str) -> Option<&Article> {
        let at = self.articles.binary_search_by(|article| article.slug.as_str().cmp(slug)).ok()?;
        self.articles.get(at)
    }

    /// The articles about `category` that are right on `day`, in the order of their names.
    pub fn articles_about(&self, category: &CategoryId, day: Date) -> impl Iterator<Item = &Article> {
        self.articles.iter().filter(move |article| article.is_valid(day) && article.categories.contains(category))
    }

    /// A warning for each article that is not right any more on `today`: nobody is answered by it
    /// until somebody looks at it.
    pub fn expired(&self, today: Date) -> Vec<Fault> {
        let warning = |article: &Article| {
            let until = article.valid_until.filter(|_| !article.is_valid(today))?;
            let file = format!("knowledge/{}.nl.md", article.slug);
            let message = format!("the article `{}` was valid until {until}: it answers nobody any more", article.slug);
            let help = "read it again: correct it and move `valid_until`, or remove its files";
            Some(Fault::error(&file, article.until_at, message, help).warning())
        };
        self.articles.iter().filter_map(warning).collect()
    }
}
