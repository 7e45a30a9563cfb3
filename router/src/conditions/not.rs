//! `not: {area: heule}`: the condition must not hold. It takes one condition, because "not this and
//! that" is read in two ways; `not: {any: [...]}` and `not: {all: [...]}` say which is meant.

use super::{Clause, When, every, seen, tried_all};
use crate::{Facts, Tried, check::Check, yaml::Pos};
use serde::Deserialize;
use std::borrow::Cow;

/// The condition.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Config(Box<When>);

#[derive(Debug)]
pub(crate) struct Condition(Vec<Clause>);

impl std::fmt::Display for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Config {
    pub fn check(&self, at: Pos, check: &mut Check<'_>) {
        if self.0.len() != 1 {
            check.error(
                at,
                format!("`not` takes one condition, here are {}", self.0.len()),
                "write `not: {any: [...]}` if none of them may hold, `not: {all: [...]}` if they may not hold together",
            );
        }
        self.0.check(check);
    }

    pub fn build(self) -> Condition {
        Condition(self.0.build())
    }
}

impl Condition {
    /// What is inside.
    pub fn clauses(&self) -> &Vec<Clause> {
        &self.0
    }

    pub fn holds(&self, facts: &Facts<'_>) -> Option<Cow<'static, str>> {
        every(&self.0, facts).is_none().then(|| Cow::Owned(seen(&self.0, facts)))
    }

    pub fn sees(&self, facts: &Facts<'_>) -> String {
        every(&self.0, facts).map(Cow::into_owned).unwrap_or_default()
    }

    pub fn branches(&self, facts: &Facts<'_>) -> Vec<Tried> {
        tried_all(&self.0, facts)
    }
}
