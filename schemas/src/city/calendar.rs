//! The city's working calendar: days on which terms run.

use jiff::{
    Timestamp, ToSpan as _,
    civil::{Date, DateTime, Weekday},
    tz::TimeZone,
};
use std::collections::BTreeSet;

/// How many days are looked through for working days.
const FURTHEST: usize = 3_660;

/// Working days and holidays, in the city's own time zone.
#[derive(Debug, Clone, PartialEq)]
pub struct Calendar {
    /// The time zone: `Europe/Brussels`.
    pub zone: TimeZone,
    /// The days of the week that are worked.
    pub working_days: Vec<Weekday>,
    /// Holidays on the same date each year: (month, day).
    pub fixed: BTreeSet<(i8, i8)>,
    /// Holidays counted from Easter Sunday, in days.
    pub easter_offsets: Vec<i32>,
    /// Office hours: minutes of the day from, until.
    pub office_minutes: (u32, u32),
}

/// Easter Sunday of `year` in the Gregorian calendar (the anonymous algorithm of 1876, Butcher).
pub fn easter(year: i16) -> Date {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 19 * l) / 433;
    let month = (h + l - 7 * m + 90) / 25;
    let day = (h + l - 7 * m + 33 * month + 19) % 32;
    Date::new(year, month as i8, day as i8).unwrap_or(Date::MIN)
}

impl Calendar {
    /// The date of `at` in the city.
    pub fn date(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone.clone()).date()
    }

    /// Reads a day and a time as people of the city write it: `2026-12-01 09:00`. A time that the clock skips in spring
    /// is that much later, one that it has twice in autumn is the first.
    pub fn read_moment(&self, text: &str) -> Option<Timestamp> {
        let text = text.trim();
        // A time of its own, and no date that ends at midnight without anybody having said so.
        let is_whole = text.len() >= 16 && text.contains(':') && !text.contains(['Z', 'z', '[', '+']);
        let moment: DateTime = is_whole.then(|| text.parse().ok())??;
        Some(moment.to_zoned(self.zone.clone()).ok()?.timestamp())
    }

    /// Day and time of `at` in the city, as [`Calendar::read_moment`] reads it.
    pub fn write_moment(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// Whether `date` is a public or local holiday.
    pub fn is_holiday(&self, date: Date) -> bool {
        // Every day of a term asks this: one Easter and one subtraction, whatever the offsets.
        let since_easter = || i32::from(date.day_of_year()) - i32::from(easter(date.year()).day_of_year());
        self.fixed.contains(&(date.month(), date.day()))
            || (!self.easter_offsets.is_empty() && self.easter_offsets.contains(&since_easter()))
    }

    /// Whether terms run on `date`.
    pub fn is_working_day(&self, date: Date) -> bool {
        self.working_days.contains(&date.weekday()) && !self.is_holiday(date)
    }

    /// Whether the office is open at `at`.
    pub fn is_office_time(&self, at: Timestamp) -> bool {
        let local = at.to_zoned(self.zone.clone());
        let minute = u32::from(local.hour().unsigned_abs()) * 60 + u32::from(local.minute().unsigned_abs());
        self.is_working_day(local.date()) && (self.office_minutes.0..self.office_minutes.1).contains(&minute)
    }

    /// The day that is `days` working days after the day of `from`; the day itself never counts.
    pub fn add_working_days(&self, from: Timestamp, days: u32) -> Date {
        self.working_day_after(self.date(from), days)
    }

    /// The day that is `days` working days after `date`; the day itself never counts.
    pub fn working_day_after(&self, date: Date, days: u32) -> Date {
        self.walk(date, days, |date| date.tomorrow().unwrap_or(Date::MAX))
    }

    /// The day that is `days` working days before `date`; the day itself never counts.
    pub fn working_day_before(&self, date: Date, days: u32) -> Date {
        self.walk(date, days, |date| date.yesterday().unwrap_or(Date::MIN))
    }

    fn walk(&self, mut date: Date, days: u32, step: impl Fn(Date) -> Date) -> Date {
        let mut left = days;
        // A calendar without working days would never end; ten years is further than any term.
        for _ in 0..FURTHEST {
            if left == 0 {
                break;
            }
            date = step(date);
            if self.is_working_day(date) {
                left -= 1;
            }
        }
        date
    }

    /// How many working days begin after `from` and not after `until`.
    pub fn working_days_between(&self, from: Date, until: Date) -> u32 {
        let (mut date, mut days) = (from, 0);
        for _ in 0..FURTHEST {
            if date >= until {
                break;
            }
            date = date.tomorrow().unwrap_or(Date::MAX);
            days += u32::from(self.is_working_day(date));
        }
        days
    }

    /// When the office opens on `date`, were it a working day.
    pub fn opens(&self, date: Date) -> Timestamp {
        self.moment(date, self.office_minutes.0)
    }

    /// When the office closes on `date`, were it a working day.
    pub fn closes(&self, date: Date) -> Timestamp {
        self.moment(date, self.office_minutes.1)
    }

    fn moment(&self, date: Date, minute: u32) -> Timestamp {
        let local = date.at(0, 0, 0, 0).saturating_add(i64::from(minute).minutes());
        local.to_zoned(self.zone.clone()).map_or(Timestamp::MAX, |zoned| zoned.timestamp())
    }

    /// The moment `days` working days after `from`, always within office hours, to the minute. What
    /// happens outside of them counts from the next opening.
    pub fn working_time_after(&self, from: Timestamp, days: u32) -> Timestamp {
        let local = from.to_zoned(self.zone.clone());
        let minute = u32::from(local.hour().unsigned_abs()) * 60 + u32::from(local.minute().unsigned_abs());
        let (opens, closes) = self.office_minutes;
        let (date, minute) = if self.is_working_day(local.date()) && minute < closes {
            (local.date(), minute.max(opens))
        } else {
            (self.working_day_after(local.date(), 1), opens)
        };
        self.moment(self.working_day_after(date, days), minute)
    }

    /// The day that is `days` calendar days after the day of `from`.
    pub fn add_calendar_days(&self, from: Timestamp, days: u32) -> Date {
        self.date(from).checked_add(i64::from(days).days()).unwrap_or(Date::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn belgium() -> Calendar {
        Calendar {
            zone: TimeZone::get("Europe/Brussels").unwrap(),
            working_days: vec![
                Weekday::Monday,
                Weekday::Tuesday,
                Weekday::Wednesday,
                Weekday::Thursday,
                Weekday::Friday,
            ],
            fixed: [(1, 1), (5, 1), (7, 21), (8, 15), (11, 1), (11, 11), (12, 25)].into(),
            easter_offsets: vec![1, 39, 50],
            office_minutes: (540, 1020),
        }
    }

    #[test]
    fn moments_are_read_in_the_time_of_the_city() {
        let calendar = belgium();
        for (text, expected) in [
            ("2026-12-01 09:00", Some("2026-12-01T08:00:00Z")),
            (" 2026-07-01T09:30 ", Some("2026-07-01T07:30:00Z")),
            ("2026-12-01 09:00:30", Some("2026-12-01T08:00:30Z")),
            // The clock goes from 2 to 3, and from 3 back to 2.
            ("2026-03-29 02:30", Some("2026-03-29T01:30:00Z")),
            ("2026-10-25 02:30", Some("2026-10-25T00:30:00Z")),
            ("2026-12-01", None),
            ("2026-12-01 25:00", None),
            ("2026-02-30 09:00", None),
            ("2026-12-01T09:00Z", None),
            ("2026-12-01T09:00+01:00", None),
            ("01/12/2026 09:00", None),
            ("morgen", None),
            ("", None),
        ] {
            let expected = expected.map(|at| at.parse::<Timestamp>().unwrap());
            assert_eq!(calendar.read_moment(text), expected, "{text}");
        }
        assert_eq!(calendar.write_moment("2026-12-01T08:00:00Z".parse().unwrap()), "2026-12-01 09:00");
    }

    #[test]
    fn easter_is_where_it_was() {
        for (year, month, day) in [(2024, 3, 31), (2025, 4, 20), (2026, 4, 5), (2027, 3, 28), (2038, 4, 25)] {
            assert_eq!(easter(year), date(year, month, day));
        }
    }

    #[test]
    fn terms_skip_weekends_and_holidays() {
        let calendar = belgium();
        let from: Timestamp = "2026-11-10T10:00:00Z".parse().unwrap();
        // 11 November is Armistice Day, 14 and 15 are a weekend.
        assert_eq!(calendar.add_working_days(from, 1), date(2026, 11, 12));
        assert_eq!(calendar.add_working_days(from, 3), date(2026, 11, 16));
        assert_eq!(calendar.add_calendar_days(from, 3), date(2026, 11, 13));
        assert!(calendar.is_holiday(date(2026, 5, 14)), "Ascension");
        assert!(calendar.is_office_time(from));
        assert!(!calendar.is_office_time("2026-11-11T10:00:00Z".parse().unwrap()));
    }

    #[test]
    fn working_time_runs_only_while_the_office_is_open() {
        let calendar = belgium();
        for (from, days, until) in [
            // Brussels is an hour ahead in winter, two in summer.
            ("2026-11-10T10:07:30Z", 0, "2026-11-10T10:07:00Z"),
            ("2026-11-10T10:07:30Z", 1, "2026-11-12T10:07:00Z"),
            ("2026-11-10T05:00:00Z", 1, "2026-11-12T08:00:00Z"),
            ("2026-11-10T16:00:00Z", 1, "2026-11-13T08:00:00Z"),
            ("2026-11-11T10:00:00Z", 2, "2026-11-16T08:00:00Z"),
            ("2026-10-23T12:00:00Z", 1, "2026-10-26T13:00:00Z"),
        ] {
            assert_eq!(calendar.working_time_after(from.parse().unwrap(), days).to_string(), until, "{from} {days}");
        }
        assert_eq!(calendar.closes(date(2026, 7, 3)).to_string(), "2026-07-03T15:00:00Z");
        assert_eq!(calendar.working_day_before(date(2026, 11, 16), 3), date(2026, 11, 10));
        for (from, until, days) in [
            (date(2026, 11, 10), date(2026, 11, 16), 3),
            (date(2026, 11, 13), date(2026, 11, 15), 0),
            (date(2026, 11, 16), date(2026, 11, 10), 0),
        ] {
            assert_eq!(calendar.working_days_between(from, until), days, "{from} {until}");
        }
    }
}
