//! What stands behind `?` of the lists: which requests, which updates.

use super::form::MAX_FIELDS;
use crate::departments::open311::wire::moment;
use jiff::tz::TimeZone;
use schemas::{Timestamp, case::Status, fault::Invalid, reference::Reference, slug::CategoryId};
use std::time::Duration;
use url::form_urlencoded;

/// The longest span of one list (GeoReport v2, GET Service Requests).
pub const SPAN: Duration = Duration::from_secs(90 * 24 * 3600);
/// The most results of one list (the same).
pub const MOST: usize = 1_000;

/// The parameters of a call, the first value of each.
#[derive(Debug, Clone, Default)]
pub struct Asked(Vec<(String, String)>);

/// Which requests are listed.
#[derive(Debug, Clone, PartialEq)]
pub enum Which {
    /// These, whatever else was asked.
    Numbers(Vec<Reference>),
    /// Those that fit.
    Filter(Filter),
}

/// What the requests of a list have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// Received since.
    pub from: Timestamp,
    /// Received until.
    pub to: Timestamp,
    /// About one of these; about anything when `None`.
    pub categories: Option<Vec<CategoryId>>,
    /// At one of these statuses.
    pub statuses: Vec<Status>,
}

impl Asked {
    /// Reads what stands behind `?`. Parameters that nobody knows are left alone, as everywhere in Open311.
    pub fn read(query: Option<&str>) -> Self {
        let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned();
        Self(pairs.take(MAX_FIELDS).collect())
    }

    /// The parameter `name`, if it says something.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut mine = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.trim());
        mine.find(|value| !value.is_empty())
    }

    /// Every pair, as fields of a form: some clients send a POST this way.
    pub fn pairs(self) -> Vec<(String, String)> {
        self.0
    }

    fn several<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.get(name).unwrap_or_default().split(',').map(str::trim).filter(|part| !part.is_empty())
    }

    fn moment(&self, name: &str, zone: &TimeZone) -> Result<Option<Timestamp>, Invalid> {
        let Some(text) = self.get(name) else { return Ok(None) };
        // In a query a plus is a space, and clients forget to write it as %2B.
        let read = moment(text, zone).or_else(|| moment(&text.replace(' ', "+"), zone));
        read.map(Some).ok_or_else(|| {
            Invalid::new(name, "malformed", "write a moment with its zone (W3C), for instance 2026-11-30T08:15:00Z")
        })
    }

    /// From when to when: the 90 days that end or begin where it was said, the last 90 days when nothing was.
    ///
    /// # Errors
    /// The parameter that is no moment, or the end before the beginning.
    pub fn span(&self, now: Timestamp, zone: &TimeZone) -> Result<(Timestamp, Timestamp), Invalid> {
        let before = |at: Timestamp| at.checked_sub(SPAN).unwrap_or(Timestamp::MIN);
        let after = |at: Timestamp| at.checked_add(SPAN).unwrap_or(Timestamp::MAX);
        // Seconds are as fine as most clients write: all of the last one counts.
        let whole = |at: Timestamp| at.checked_add(Duration::from_micros(999_999)).unwrap_or(at);
        let (from, to) = match (self.moment("start_date", zone)?, self.moment("end_date", zone)?) {
            (Some(from), Some(to)) => (from, whole(to).min(after(from))),
            (Some(from), None) => (from, after(from)),
            (None, Some(to)) => (before(to), whole(to)),
            (None, None) => (before(now), now),
        };
        if from > to {
            return Err(Invalid::new("end_date", "out_of_range", "this is before start_date: the end comes after it"));
        }
        Ok((from, to))
    }

    /// The numbers of requests that are asked for, if any are. Texts that are no number of ours name nothing.
    pub fn numbers(&self) -> Option<Vec<Reference>> {
        self.get("service_request_id")?;
        let numbers = self.several("service_request_id").filter_map(|text| Reference::parse(text).ok());
        Some(numbers.take(MOST).collect())
    }

    /// Which requests.
    ///
    /// # Errors
    /// The parameter that is wrong.
    pub fn which(&self, now: Timestamp, zone: &TimeZone) -> Result<Which, Invalid> {
        if let Some(numbers) = self.numbers() {
            return Ok(Which::Numbers(numbers));
        }
        let (from, to) = self.span(now, zone)?;
        let codes: Vec<CategoryId> =
            self.several("service_code").filter_map(|code| CategoryId::new(code).ok()).collect();
        let categories = self.get("service_code").map(|_| codes);
        let mut statuses = Vec::new();
        for word in self.several("status") {
            let closed = match word.to_ascii_lowercase().as_str() {
                "open" => false,
                "closed" => true,
                _ => return Err(Invalid::new("status", "not_an_option", "write open, closed, or both with a comma")),
            };
            statuses.extend(Status::ALL.into_iter().filter(|status| status.is_closed() == closed));
        }
        if statuses.is_empty() {
            statuses = Status::ALL.to_vec();
        }
        Ok(Which::Filter(Filter { from, to, categories, statuses }))
    }
}
