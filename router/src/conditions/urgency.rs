//! `urgency: [high, emergency]`: the category's urgency, raised by an answer if need be.

use super::check_some;
use crate::{
    Facts,
    check::Check,
    yaml::{List, Pos},
};
use schemas::report::Urgency;
use serde::Deserialize;
use std::borrow::Cow;

/// Urgencies.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Config(List);

#[derive(Debug)]
pub(crate) struct Condition(Box<[Urgency]>);

/// Every urgency as rules write it.
pub(crate) const ALL: [&str; 4] = ["low", "normal", "high", "emergency"];

impl std::fmt::Display for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Config {
    pub fn check(&self, at: Pos, check: &mut Check<'_>) {
        check_some(&self.0, at, "urgencies", check);
        for (name, at) in self.0.items(at) {
            check.known("urgency", name, at, ALL.into_iter());
        }
    }

    pub fn build(self) -> Condition {
        Condition(self.0.texts().filter_map(Urgency::parse).collect())
    }
}

impl Condition {
    /// What it names, any of which is enough.
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(|urgency| urgency.as_str().to_owned()).collect()
    }

    pub fn holds(&self, facts: &Facts<'_>) -> Option<Cow<'static, str>> {
        self.0.contains(&facts.urgency).then_some(Cow::Borrowed(facts.urgency.as_str()))
    }

    pub fn sees(&self, facts: &Facts<'_>) -> String {
        facts.urgency.as_str().to_owned()
    }
}
