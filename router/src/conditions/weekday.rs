//! `weekday: [sat, sun]`: the day of the week, in the city.

use super::check_some;
use crate::{
    Facts,
    check::Check,
    yaml::{List, Pos},
};
use jiff::civil::Weekday;
use serde::Deserialize;
use std::borrow::Cow;

/// Days of the week.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Config(List);

#[derive(Debug)]
pub(crate) struct Condition(Box<[Weekday]>);

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// As rules write it.
pub(super) fn name(day: Weekday) -> &'static str {
    DAYS[usize::from(day.to_monday_zero_offset().unsigned_abs())].0
}

/// Every day as rules write it, from Monday.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    DAYS.into_iter().map(|(name, _)| name)
}

impl std::fmt::Display for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Config {
    pub fn check(&self, at: Pos, check: &mut Check<'_>) {
        check_some(&self.0, at, "weekdays", check);
        for (day, at) in self.0.items(at) {
            check.known("weekday", day, at, DAYS.into_iter().map(|(name, _)| name));
        }
    }

    pub fn build(self) -> Condition {
        Condition(
            self.0
                .texts()
                .filter_map(|text| DAYS.into_iter().find(|(name, _)| *name == text))
                .map(|(_, day)| day)
                .collect(),
        )
    }
}

impl Condition {
    /// Whether it holds on one of `days`.
    pub fn meets(&self, days: &[Weekday]) -> bool {
        self.0.iter().any(|day| days.contains(day))
    }

    /// What it names, any of which is enough.
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(|day| name(*day).to_owned()).collect()
    }

    pub fn holds(&self, facts: &Facts<'_>) -> Option<Cow<'static, str>> {
        let day = facts.moment().local.weekday();
        self.0.contains(&day).then_some(Cow::Borrowed(name(day)))
    }

    pub fn sees(&self, facts: &Facts<'_>) -> String {
        name(facts.moment().local.weekday()).to_owned()
    }
}
