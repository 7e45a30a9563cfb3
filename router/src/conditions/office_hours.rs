//! `office_hours: false`: whether the office is open: a working day, within office hours.

use crate::{Facts, check::Check, yaml::Pos};
use serde::Deserialize;
use std::borrow::Cow;

/// Whether it has to be so, or has to be not so.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Config(bool);

#[derive(Debug)]
pub(crate) struct Condition(bool);

impl std::fmt::Display for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Config {
    pub fn check(&self, _at: Pos, _check: &mut Check<'_>) {}

    pub fn build(self) -> Condition {
        Condition(self.0)
    }
}

impl Condition {
    /// Whether it has to be so.
    pub fn wanted(&self) -> bool {
        self.0
    }

    pub fn holds(&self, facts: &Facts<'_>) -> Option<Cow<'static, str>> {
        (facts.moment().office == self.0).then(|| self.sees(facts).into())
    }

    pub fn sees(&self, facts: &Facts<'_>) -> String {
        let moment = facts.moment();
        let when = moment.local.strftime("%a %Y-%m-%d %H:%M");
        if moment.office { format!("{when}, the office is open") } else { format!("{when}, the office is closed") }
    }
}
