//! `load: {department: publieke-ruimte-wegen, open: ">50"}`: how many open cases a department leads.
//! The number may be half a minute old.

use crate::{
    Facts,
    check::Check,
    range::Range,
    yaml::{Pos, Text, pos},
};
use schemas::slug::{DepartmentId, Slug};
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::borrow::Cow;

/// Whose load, and how large.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    department: Spanned<String>,
    open: Spanned<Text>,
}

/// Nothing only when the configuration was not checked.
#[derive(Debug)]
pub(crate) struct Condition(Option<(DepartmentId, Range)>);

impl std::fmt::Display for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{{department: {}, open: {}}}", self.department.value, self.open.value.0)
    }
}

impl Config {
    pub fn check(&self, _at: Pos, check: &mut Check<'_>) {
        check.department(&self.department.value, pos(&self.department));
        if let Err(wrong) = self.open.value.0.parse::<Range>() {
            check.error(pos(&self.open), format!("`{}` is no number of cases", self.open.value.0), wrong.to_string());
        }
    }

    pub fn build(self) -> Condition {
        Condition(Slug::new(&self.department.value).ok().zip(self.open.value.0.parse().ok()))
    }
}

impl Condition {
    /// Whose load, and how large.
    pub fn asked(&self) -> Option<(&DepartmentId, Range)> {
        self.0.as_ref().map(|(department, range)| (department, *range))
    }

    pub fn holds(&self, facts: &Facts<'_>) -> Option<Cow<'static, str>> {
        let (department, range) = self.0.as_ref()?;
        let open = facts.load?.open(department);
        range.contains(open as f64).then(|| self.sees(facts).into())
    }

    pub fn sees(&self, facts: &Facts<'_>) -> String {
        match (&self.0, facts.load) {
            (Some((department, _)), Some(load)) => format!("{department} has {} open", load.open(department)),
            _ => "the load was not counted".to_owned(),
        }
    }
}
