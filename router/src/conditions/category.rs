//! `category: wegen/put`, `category: [wegen/*, water/deksel]`: what it is about.

use super::check_some;
use crate::{
    Facts,
    check::Check,
    yaml::{List, Pos},
};
use schemas::slug::CategoryId;
use serde::Deserialize;
use std::{borrow::Cow, collections::BTreeSet};

/// Categories, or whole groups as `group/*`.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Config(List);

#[derive(Debug)]
pub(crate) struct Condition {
    exact: Box<[String]>,
    groups: Box<[String]>,
}

impl std::fmt::Display for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Config {
    pub fn check(&self, at: Pos, check: &mut Check<'_>) {
        check_some(&self.0, at, "categories", check);
        let city = check.city;
        for (pattern, at) in self.0.items(at) {
            match pattern.strip_suffix("/*") {
                Some(group) => {
                    let groups: BTreeSet<&str> = city.categories.iter().map(|c| c.id.group()).collect();
                    check.known("group of categories", group, at, groups.into_iter());
                }
                None => check.known("category", pattern, at, city.categories.iter().map(|c| c.id.as_str())),
            }
        }
    }

    pub fn build(self) -> Condition {
        let (groups, exact): (Vec<_>, Vec<_>) = self.0.texts().partition(|pattern| pattern.ends_with("/*"));
        Condition {
            exact: exact.into_iter().map(str::to_owned).collect(),
            groups: groups.into_iter().map(|group| group.trim_end_matches("/*").to_owned()).collect(),
        }
    }
}

impl Condition {
    /// What it names, any of which is enough.
    pub fn names(&self) -> Vec<String> {
        let groups = self.groups.iter().map(|group| format!("{group}/*"));
        self.exact.iter().cloned().chain(groups).collect()
    }

    /// `category`, if it is one of these.
    pub fn admits<'f>(&self, category: &'f CategoryId) -> Option<&'f str> {
        let there = self.exact.iter().any(|exact| **exact == **category)
            || (!self.groups.is_empty() && self.groups.iter().any(|group| group == category.group()));
        there.then_some(category.as_str())
    }

    pub fn holds<'f>(&self, facts: &'f Facts<'_>) -> Option<Cow<'f, str>> {
        self.admits(facts.category).map(Cow::Borrowed)
    }

    pub fn sees(&self, facts: &Facts<'_>) -> String {
        facts.category.to_string()
    }
}
