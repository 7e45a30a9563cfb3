//! `area: [heule, bissegem]`: where it lies. A report without a point lies in no area.

use super::check_some;
use crate::{
    Facts,
    check::Check,
    yaml::{List, Pos},
};
use schemas::slug::{AreaId, Slug};
use serde::Deserialize;
use std::borrow::Cow;

/// Areas of the city.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Config(List);

#[derive(Debug)]
pub(crate) struct Condition(Box<[AreaId]>);

impl std::fmt::Display for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Config {
    pub fn check(&self, at: Pos, check: &mut Check<'_>) {
        check_some(&self.0, at, "areas", check);
        for (name, at) in self.0.items(at) {
            check.area(name, at);
        }
    }

    pub fn build(self) -> Condition {
        Condition(self.0.texts().filter_map(|name| Slug::new(name).ok()).collect())
    }
}

impl Condition {
    /// What it names, any of which is enough.
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }

    pub fn holds<'f>(&self, facts: &'f Facts<'_>) -> Option<Cow<'f, str>> {
        facts.areas.iter().find(|area| self.0.contains(area)).map(|area| Cow::Borrowed(area.as_str()))
    }

    pub fn sees(&self, facts: &Facts<'_>) -> String {
        match facts.areas.as_slice() {
            [] => "in no known area".to_owned(),
            areas => areas.join(", "),
        }
    }
}
