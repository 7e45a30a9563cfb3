//! `any: [{area: heule}, {words: brug}]`: one branch has to hold. Conditions written together in
//! one branch all have to hold.

use super::{Clause, When, every, seen, tried_all};
use crate::{Facts, Tried, check::Check, yaml::Pos};
use serde::Deserialize;
use std::borrow::Cow;

/// The branches.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Config(Vec<When>);

#[derive(Debug)]
pub(crate) struct Condition(Vec<Vec<Clause>>);

impl std::fmt::Display for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let branches: Vec<String> = self.0.iter().map(When::to_string).collect();
        write!(f, "[{}]", branches.join(", "))
    }
}

impl Config {
    pub fn check(&self, at: Pos, check: &mut Check<'_>) {
        if self.0.is_empty() || self.0.iter().any(|when| when.len() == 0) {
            check.error(
                at,
                "`any` has a branch without conditions",
                "list conditions, like `any: [{area: heule}, {words: brug}]`",
            );
        }
        for when in &self.0 {
            when.check(check);
        }
    }

    pub fn build(self) -> Condition {
        Condition(self.0.into_iter().map(When::build).collect())
    }
}

impl Condition {
    /// The conditions of each branch.
    pub fn clauses(&self) -> &[Vec<Clause>] {
        &self.0
    }

    pub fn holds<'f>(&'f self, facts: &'f Facts<'_>) -> Option<Cow<'f, str>> {
        self.0.iter().find_map(|branch| every(branch, facts))
    }

    pub fn sees(&self, facts: &Facts<'_>) -> String {
        let branches: Vec<String> = self.0.iter().map(|branch| seen(branch, facts)).collect();
        branches.join("; ")
    }

    pub fn branches(&self, facts: &Facts<'_>) -> Vec<Tried> {
        self.0.iter().flat_map(|branch| tried_all(branch, facts)).collect()
    }
}
