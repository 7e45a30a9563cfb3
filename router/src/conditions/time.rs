//! `time: "22:00-06:00"`: the time of day, in the city. A span may run past midnight; its end is
//! not part of it.

use super::check_some;
use crate::{
    Facts,
    check::Check,
    yaml::{List, Pos},
};
use serde::Deserialize;
use std::borrow::Cow;

/// Spans of the day.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Config(List);

/// Minutes of the day: from, until.
#[derive(Debug)]
pub(crate) struct Condition(Box<[(u16, u16)]>);

fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let number = |text: &str| (text.len() == 2).then(|| text.parse::<u16>().ok()).flatten();
    let (hour, minute) = (number(hour)?, number(minute)?);
    (minute < 60 && (hour < 24 || (hour, minute) == (24, 0))).then_some(hour * 60 + minute)
}

fn span(text: &str) -> Option<(u16, u16)> {
    let (from, until) = text.split_once('-')?;
    let span = (minute(from)?, minute(until)?);
    (span.0 != span.1).then_some(span)
}

impl std::fmt::Display for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Config {
    pub fn check(&self, at: Pos, check: &mut Check<'_>) {
        check_some(&self.0, at, "times", check);
        for (text, at) in self.0.items(at) {
            if span(text).is_none() {
                check.error(at, format!("`{text}` is not a span of the day"), "write it like \"22:00-06:00\"");
            }
        }
    }

    pub fn build(self) -> Condition {
        Condition(self.0.texts().filter_map(span).collect())
    }
}

impl Condition {
    /// Whether it holds at some minute of the day within `minutes`.
    pub fn meets(&self, minutes: std::ops::Range<u32>) -> bool {
        minutes.into_iter().any(|minute| u16::try_from(minute).is_ok_and(|minute| self.contains(minute)))
    }

    /// Whether it holds whenever `other` does.
    pub fn contains_all(&self, other: &Self) -> bool {
        (0..24 * 60).all(|minute| !other.contains(minute) || self.contains(minute))
    }

    fn contains(&self, now: u16) -> bool {
        let within = |&(from, until): &(u16, u16)| {
            if from < until { (from..until).contains(&now) } else { now >= from || now < until }
        };
        self.0.iter().any(within)
    }

    pub fn holds(&self, facts: &Facts<'_>) -> Option<Cow<'static, str>> {
        let local = facts.moment().local;
        let now = u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs());
        self.contains(now).then(|| self.sees(facts).into())
    }

    pub fn sees(&self, facts: &Facts<'_>) -> String {
        facts.moment().local.strftime("%H:%M").to_string()
    }
}
