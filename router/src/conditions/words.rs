//! `words: [asbest*, "gas lek"]`: what the resident wrote. Case, accents and punctuation do not
//! count; a word is a whole word, `*` at an end lets it go on there, and words in one entry have to
//! stand next to each other. One entry that is found is enough.

use super::check_some;
use crate::{
    Facts,
    check::Check,
    facts::fold,
    yaml::{List, Pos},
};
use aho_corasick::AhoCorasick;
use serde::Deserialize;
use std::borrow::Cow;

/// Words and phrases.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Config(List);

/// One pass over the text finds any of the words, however many there are.
#[derive(Debug)]
pub(crate) struct Condition {
    words: Box<[String]>,
    finder: Option<AhoCorasick>,
}

/// What to look for in folded text: spaces stand for the ends of words.
fn pattern(word: &str) -> Option<String> {
    let inner = word.trim_start_matches('*').trim_end_matches('*');
    let folded = fold(inner);
    let bare = folded.trim();
    if bare.is_empty() || inner.contains('*') {
        return None;
    }
    let space = |open: bool| if open { "" } else { " " };
    Some(format!("{}{bare}{}", space(word.starts_with('*')), space(word.ends_with('*'))))
}

impl std::fmt::Display for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Config {
    pub fn check(&self, at: Pos, check: &mut Check<'_>) {
        check_some(&self.0, at, "words", check);
        for (word, at) in self.0.items(at) {
            if pattern(word).is_none() {
                check.error(
                    at,
                    format!("`{word}` can never be found"),
                    "write letters or digits, with `*` only at the beginning or the end: `asbest*`",
                );
            }
        }
    }

    pub fn build(self) -> Condition {
        let words: Box<[String]> = self.0.texts().filter(|word| pattern(word).is_some()).map(str::to_owned).collect();
        let finder = AhoCorasick::new(words.iter().filter_map(|word| pattern(word))).ok();
        Condition { words, finder }
    }
}

impl Condition {
    /// What it names, any of which is enough.
    pub fn names(&self) -> Vec<String> {
        self.words.to_vec()
    }

    pub fn holds<'f>(&'f self, facts: &'f Facts<'_>) -> Option<Cow<'f, str>> {
        let found = self.finder.as_ref()?.find(facts.folded())?;
        self.words.get(found.pattern().as_usize()).map(|word| Cow::Borrowed(word.as_str()))
    }

    pub fn sees(&self, _facts: &Facts<'_>) -> String {
        // Never the resident's own words: decisions and explanations are read by more people.
        "none of these words".to_owned()
    }
}
