//! How often the right category is among what is suggested.

use super::Likely;
use schemas::{report::Language, slug::CategoryId};
use serde::Serialize;
use std::collections::BTreeMap;

/// How often it was right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// Texts that were asked.
    pub asked: usize,
    /// The right category was suggested first.
    pub first: usize,
    /// It was among the first three.
    pub third: usize,
    /// Nothing was suggested.
    pub silent: usize,
}

/// Asks for each text, and counts per language whether its category was suggested.
pub fn judge<'t>(
    likely: &Likely,
    texts: impl IntoIterator<Item = (&'t CategoryId, Language, &'t str)>,
) -> BTreeMap<Language, Judged> {
    let mut judged: BTreeMap<Language, Judged> = BTreeMap::new();
    for (category, language, text) in texts {
        let found = likely.suggest(text, 3);
        let count = judged.entry(language).or_default();
        count.asked += 1;
        count.silent += usize::from(found.is_empty());
        count.first += usize::from(found.first().is_some_and(|first| first.category == *category));
        count.third += usize::from(found.iter().any(|one| one.category == *category));
    }
    judged
}
