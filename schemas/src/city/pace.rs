//! How news is gathered before it is told: a digest for who wants one, and a moment's patience for all.

use crate::person::Rhythm;
use jiff::{
    Timestamp, ToSpan as _,
    civil::{Time, Weekday},
    tz::TimeZone,
};
use std::time::Duration;

/// What comes so shortly before a digest waits for the next: the one that goes out soon is complete.
const CLOSED: Duration = Duration::from_mins(10);

/// How news is gathered before it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// When a digest goes out, by the clock on the wall.
    pub digest: Time,
    /// So many minutes a new status waits, in case another one follows; then only the newest is told. 0: none does.
    pub together: u8,
}

impl Default for Pace {
    fn default() -> Self {
        Self { digest: Time::constant(8, 0, 0, 0), together: 0 }
    }
}

impl Pace {
    /// Reads the time of a digest: `08:00`.
    pub fn parse_digest(text: &str) -> Option<Time> {
        Time::strptime("%H:%M", text.trim()).ok()
    }

    /// When the next digest of `rhythm` goes out that what happens at `now` is in: daily each day, weekly on
    /// Monday. `None` for who hears at once.
    pub fn next_digest(&self, now: Timestamp, rhythm: Rhythm, zone: &TimeZone) -> Option<Timestamp> {
        let closes = now.checked_add(CLOSED).ok()?;
        let mut day = closes.to_zoned(zone.clone()).date();
        // A week and a day: at the latest then there is one.
        for _ in 0..9 {
            let is_day = match rhythm {
                Rhythm::AtOnce => return None,
                Rhythm::Daily => true,
                Rhythm::Weekly => day.weekday() == Weekday::Monday,
            };
            let at = day.to_datetime(self.digest).to_zoned(zone.clone()).ok()?.timestamp();
            if is_day && at >= closes {
                return Some(at);
            }
            day = day.checked_add(1.day()).ok()?;
        }
        None
    }

    /// Until when a new status waits for another; `None` when it does not.
    pub fn until_together(&self, now: Timestamp) -> Option<Timestamp> {
        let wait = Duration::from_secs(60 * u64::from(self.together));
        (self.together > 0).then(|| now.checked_add(wait).ok())?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_goes_out_at_the_next_time_that_is_not_just_now() {
        let zone = TimeZone::get("Europe/Brussels").unwrap();
        let pace = Pace { digest: Pace::parse_digest("08:00").unwrap(), together: 0 };
        for (now, rhythm, expected) in [
            ("2026-11-10T06:00:00Z", Rhythm::Daily, Some("2026-11-10T07:00:00Z")),
            ("2026-11-10T06:50:00Z", Rhythm::Daily, Some("2026-11-10T07:00:00Z")),
            ("2026-11-10T06:50:01Z", Rhythm::Daily, Some("2026-11-11T07:00:00Z")),
            ("2026-11-10T07:00:00Z", Rhythm::Daily, Some("2026-11-11T07:00:00Z")),
            ("2026-11-10T22:55:00Z", Rhythm::Daily, Some("2026-11-11T07:00:00Z")),
            // Summer time ends on the 25th of October.
            ("2026-10-24T20:00:00Z", Rhythm::Daily, Some("2026-10-25T07:00:00Z")),
            ("2026-10-23T20:00:00Z", Rhythm::Daily, Some("2026-10-24T06:00:00Z")),
            ("2026-11-10T06:00:00Z", Rhythm::Weekly, Some("2026-11-16T07:00:00Z")),
            ("2026-11-16T06:00:00Z", Rhythm::Weekly, Some("2026-11-16T07:00:00Z")),
            ("2026-11-16T08:00:00Z", Rhythm::Weekly, Some("2026-11-23T07:00:00Z")),
            ("2026-11-10T06:00:00Z", Rhythm::AtOnce, None),
        ] {
            let next = pace.next_digest(now.parse().unwrap(), rhythm, &zone);
            assert_eq!(next, expected.map(|text| text.parse().unwrap()), "{now} {rhythm:?}");
        }
        assert_eq!(pace.until_together(Timestamp::UNIX_EPOCH), None);
        let soon = Pace { together: 5, ..pace }.until_together(Timestamp::UNIX_EPOCH);
        assert_eq!(soon, Some(Timestamp::from_second(300).unwrap()));
        for wrong in ["8", "25:00", "08:00-09:00", ""] {
            assert_eq!(Pace::parse_digest(wrong), None, "{wrong}");
        }
    }
}
