//! `all: [{area: heule}, {words: brug}]`: every branch has to hold. A rule's own conditions all have
//! to hold anyway; this is for inside `any` and `not`.

use super::{Clause, When, every, seen, tried_all};
use crate::{Facts, Tried, check::Check, yaml::Pos};
use serde::Deserialize;
use std::borrow::Cow;

/// The branches.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Config(Vec<When>);

#[derive(Debug)]
pub(crate) struct Condition(Vec<Clause>);

impl std::fmt::Display for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let branches: Vec<String> = self.0.iter().map(When::to_string).collect();
        write!(f, "[{}]", branches.join(", "))
    }
}

impl Config {
    pub fn check(&self, at: Pos, check: &mut Check<'_>) {
        if self.0.iter().all(|when| when.len() == 0) {
            check.error(at, "`all` has no conditions", "list conditions, like `all: [{area: heule}, {words: brug}]`");
        }
        for when in &self.0 {
            when.check(check);
        }
    }

    pub fn build(self) -> Condition {
        Condition(self.0.into_iter().flat_map(When::build).collect())
    }
}

impl Condition {
    /// What is inside.
    pub fn clauses(&self) -> &Vec<Clause> {
        &self.0
    }

    pub fn holds<'f>(&'f self, facts: &'f Facts<'_>) -> Option<Cow<'f, str>> {
        every(&self.0, facts)
    }

    pub fn sees(&self, facts: &Facts<'_>) -> String {
        seen(&self.0, facts)
    }

    pub fn branches(&self, facts: &Facts<'_>) -> Vec<Tried> {
        tried_all(&self.0, facts)
    }
}
