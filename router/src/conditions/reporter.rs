//! `reporter: [anonymous, staff]`: what is known of who reports, never who it is. One that is true
//! is enough.

use super::check_some;
use crate::{
    Facts,
    check::Check,
    facts::Reporter,
    yaml::{List, Pos},
};
use serde::Deserialize;
use std::borrow::Cow;

/// What can be true of somebody who reports.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Config(List);

#[derive(Debug)]
pub(crate) struct Condition(Box<[Trait]>);

/// A word of the condition, whether it is true, and what that says.
type Trait = (&'static str, fn(&Reporter) -> bool, &'static str);

pub(crate) const TRAITS: [Trait; 7] = [
    ("anonymous", |r| r.anonymous(), "nobody left a name or an address"),
    ("named", |r| r.name, "left a name"),
    ("email", |r| r.email, "left an e-mail address"),
    ("phone", |r| r.phone, "left a telephone number"),
    ("told", |r| r.told, "wants to be told"),
    ("staff", |r| r.staff, "somebody of the city wrote it down"),
    ("resident", |r| !r.staff, "the resident wrote it"),
];

impl std::fmt::Display for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Config {
    pub fn check(&self, at: Pos, check: &mut Check<'_>) {
        check_some(&self.0, at, "traits of a reporter", check);
        for (name, at) in self.0.items(at) {
            check.known("trait of a reporter", name, at, TRAITS.into_iter().map(|(name, ..)| name));
        }
    }

    pub fn build(self) -> Condition {
        let find = |text: &str| TRAITS.into_iter().find(|(name, ..)| *name == text);
        Condition(self.0.texts().filter_map(find).collect())
    }
}

impl Condition {
    /// What it names, any of which is enough.
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(|(name, ..)| (*name).to_owned()).collect()
    }

    pub fn holds(&self, facts: &Facts<'_>) -> Option<Cow<'static, str>> {
        let reporter = facts.reporter?;
        self.0.iter().find(|(_, holds, _)| holds(&reporter)).map(|(.., says)| Cow::Borrowed(*says))
    }

    pub fn sees(&self, facts: &Facts<'_>) -> String {
        let Some(reporter) = facts.reporter else {
            return "what is known of the reporter was not looked up".to_owned();
        };
        let says: Vec<&str> =
            TRAITS.into_iter().filter(|(_, holds, _)| holds(&reporter)).map(|(.., says)| says).collect();
        says.join(", ")
    }
}
