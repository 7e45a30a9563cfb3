//! `language: [fr, en]`: the language the resident is served in.

use super::check_some;
use crate::{
    Facts,
    check::Check,
    yaml::{List, Pos},
};
use schemas::report::Language;
use serde::Deserialize;
use std::borrow::Cow;

/// Languages.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Config(List);

#[derive(Debug)]
pub(crate) struct Condition(Box<[Language]>);

impl std::fmt::Display for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Config {
    pub fn check(&self, at: Pos, check: &mut Check<'_>) {
        check_some(&self.0, at, "languages", check);
        let city = check.city;
        for (name, at) in self.0.items(at) {
            check.known("language", name, at, city.languages.iter().map(|language| language.as_str()));
        }
    }

    pub fn build(self) -> Condition {
        Condition(self.0.texts().filter_map(Language::parse).collect())
    }
}

impl Condition {
    /// What it names, any of which is enough.
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(|language| language.as_str().to_owned()).collect()
    }

    pub fn holds(&self, facts: &Facts<'_>) -> Option<Cow<'static, str>> {
        self.0.contains(&facts.language).then_some(Cow::Borrowed(facts.language.as_str()))
    }

    pub fn sees(&self, facts: &Facts<'_>) -> String {
        facts.language.as_str().to_owned()
    }
}
