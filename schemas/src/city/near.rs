//! What counts as near: reports of the same kind of thing that may be about the same thing.

use crate::{
    city::{Category, City, Publicity},
    report::Report,
    slug::DepartmentId,
};
use std::time::Duration;

/// How near in place and time a report must be to be offered as the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Near {
    /// So many metres around, unless the category says otherwise.
    pub metres: u16,
    /// Reported so many days ago at the most.
    pub days: u16,
    /// For people of the city also what was closed so many days ago at the most; residents are offered open ones.
    pub closed: u16,
    /// Whether residents are asked before they send a report.
    pub ask: bool,
}

impl Near {
    /// The most metres around.
    pub const MOST: u16 = 500;

    /// How far back.
    pub fn within(&self) -> Duration {
        Duration::from_hours(24 * u64::from(self.days))
    }

    /// How far back a case may have been closed.
    pub fn closed_within(&self) -> Duration {
        Duration::from_hours(24 * u64::from(self.closed))
    }
}

impl Default for Near {
    fn default() -> Self {
        Self { metres: 50, days: 30, closed: 7, ask: true }
    }
}

impl City {
    /// Whether others than the reporter may know of `report`.
    pub fn is_public(&self, report: &Report) -> bool {
        let is_public = |category: &Category| category.publicity == Publicity::Public;
        self.policy(report).public && self.category(&report.category).is_some_and(is_public)
    }

    /// So many metres around a report of `category` is near.
    pub fn near_metres(&self, category: &str) -> u16 {
        self.category(category).and_then(|category| category.near).unwrap_or(self.near.metres)
    }

    /// Whether the cases of `lead` never show on public pages.
    pub fn is_confidential(&self, lead: Option<&DepartmentId>) -> bool {
        lead.and_then(|lead| self.department(lead)).is_some_and(|department| department.confidential)
    }
}
