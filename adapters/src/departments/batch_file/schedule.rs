//! When files are made: at times of the day or after a span of time, on working days or on all.

use jiff::{
    Timestamp, ToSpan as _,
    civil::{Date, Time},
};
use schemas::city::Calendar;
use serde::Deserialize;
use std::time::Duration;

/// How many days are looked through for a day on which files are made.
const FAR: i32 = 30;

/// On which days files are made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Days {
    /// On working days of the city's calendar.
    #[default]
    Working,
    /// On every day.
    All,
}

/// When files are made.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// At these times of the day, in their order.
    pub at: Vec<Time>,
    /// So long after the one before, when no times are given.
    pub every: Option<Duration>,
    /// On which days.
    pub days: Days,
}

impl Schedule {
    fn works(&self, calendar: &Calendar, date: Date) -> bool {
        self.days == Days::All || calendar.is_working_day(date)
    }

    /// The next moment after `after` at which a file is made; nothing in a calendar that has none.
    pub fn next(&self, calendar: &Calendar, after: Timestamp) -> Option<Timestamp> {
        if let Some(every) = self.every {
            let next = after.checked_add(every).ok()?;
            let date = calendar.date(next);
            if self.works(calendar, date) {
                return Some(next);
            }
            let day = (1..=FAR).map(|n| date.saturating_add(n.days())).find(|day| self.works(calendar, *day))?;
            return moment(calendar, day, Time::midnight());
        }
        let today = calendar.date(after);
        let days = (0..=FAR).map(|n| today.saturating_add(n.days())).filter(|day| self.works(calendar, *day));
        days.flat_map(|day| self.at.iter().filter_map(move |time| moment(calendar, day, *time)))
            .find(|moment| *moment > after)
    }
}

/// `time` on `day` in the city; where the clock is put forward over it, as much later.
fn moment(calendar: &Calendar, day: Date, time: Time) -> Option<Timestamp> {
    Some(day.to_datetime(time).to_zoned(calendar.zone.clone()).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::time;

    fn next(schedule: &Schedule, after: &str) -> String {
        schedule.next(&crate::testing::city().calendar, after.parse().unwrap()).unwrap().to_string()
    }

    #[test]
    fn times_are_those_of_the_city_on_days_that_are_worked() {
        let working = Schedule { at: vec![time(6, 0, 0, 0), time(13, 30, 0, 0)], every: None, days: Days::Working };
        let all = Schedule { days: Days::All, ..working.clone() };
        // 2026-11-20 is a Friday; 25 December is a holiday; the clock is put back on 25 October and
        // forward on 28 March.
        for (after, at_work, on_all) in [
            ("2026-11-20T04:59:59Z", "2026-11-20T05:00:00Z", "2026-11-20T05:00:00Z"),
            ("2026-11-20T05:00:00Z", "2026-11-20T12:30:00Z", "2026-11-20T12:30:00Z"),
            ("2026-11-20T12:30:00Z", "2026-11-23T05:00:00Z", "2026-11-21T05:00:00Z"),
            ("2026-12-24T12:30:00Z", "2026-12-28T05:00:00Z", "2026-12-25T05:00:00Z"),
            ("2026-10-24T12:00:00Z", "2026-10-26T05:00:00Z", "2026-10-25T05:00:00Z"),
        ] {
            assert_eq!((next(&working, after).as_str(), next(&all, after).as_str()), (at_work, on_all), "{after}");
        }
        let night = Schedule { at: vec![time(2, 30, 0, 0)], ..all };
        assert_eq!(next(&night, "2027-03-27T12:00:00Z"), "2027-03-28T01:30:00Z", "02:30 is not there that day");
    }

    #[test]
    fn spans_wait_for_the_next_day_that_is_worked() {
        let hourly = Schedule { at: Vec::new(), every: Some(Duration::from_secs(3600)), days: Days::Working };
        assert_eq!(next(&hourly, "2026-11-20T05:10:00Z"), "2026-11-20T06:10:00Z");
        assert_eq!(next(&hourly, "2026-11-20T22:30:00Z"), "2026-11-22T23:00:00Z", "Monday begins in Leuven");
        assert_eq!(next(&Schedule { days: Days::All, ..hourly }, "2026-11-20T22:30:00Z"), "2026-11-20T23:30:00Z");
    }

    #[test]
    fn a_calendar_without_working_days_makes_no_file() {
        let mut calendar = crate::testing::city().calendar.clone();
        calendar.working_days.clear();
        let hourly = Schedule { at: Vec::new(), every: Some(Duration::from_secs(3600)), days: Days::Working };
        assert_eq!(hourly.next(&calendar, "2026-11-20T05:10:00Z".parse().unwrap()), None);
    }
}
