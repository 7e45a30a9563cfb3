//! `kind: complaint`: what kind of matter it is.

use super::check_some;
use crate::{
    Facts,
    check::Check,
    yaml::{List, Pos},
};
use schemas::report::Kind;
use serde::Deserialize;
use std::borrow::Cow;

/// Kinds.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Config(List);

#[derive(Debug)]
pub(crate) struct Condition(Box<[Kind]>);

impl std::fmt::Display for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Config {
    pub fn check(&self, at: Pos, check: &mut Check<'_>) {
        check_some(&self.0, at, "kinds", check);
        for (name, at) in self.0.items(at) {
            check.known("kind", name, at, Kind::ALL.into_iter().map(Kind::as_str));
        }
    }

    pub fn build(self) -> Condition {
        Condition(self.0.texts().filter_map(Kind::parse).collect())
    }
}

impl Condition {
    /// What it names, any of which is enough.
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(|kind| kind.as_str().to_owned()).collect()
    }

    /// Whether `kind` is one of these.
    pub fn admits(&self, kind: Kind) -> bool {
        self.0.contains(&kind)
    }

    pub fn holds(&self, facts: &Facts<'_>) -> Option<Cow<'static, str>> {
        self.admits(facts.kind).then_some(Cow::Borrowed(facts.kind.as_str()))
    }

    pub fn sees(&self, facts: &Facts<'_>) -> String {
        facts.kind.to_string()
    }
}
