//! `photo: true`: whether there are photos.

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
        ((facts.photos > 0) == self.0).then(|| self.sees(facts).into())
    }

    pub fn sees(&self, facts: &Facts<'_>) -> String {
        match facts.photos {
            0 => "no photo".to_owned(),
            1 => "1 photo".to_owned(),
            n => format!("{n} photos"),
        }
    }
}
