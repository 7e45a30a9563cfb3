//! When the pages are worked on, as the city says beforehand.

use jiff::{Timestamp, ToSpan as _};

/// A time in which the pages may be away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Maintenance {
    /// When it begins.
    pub from: Timestamp,
    /// When everything answers again.
    pub until: Timestamp,
}

impl Maintenance {
    /// Whether residents are told at `now`: from two days before until it is over.
    pub fn is_told(&self, now: Timestamp) -> bool {
        self.from.checked_sub(48.hours()).is_ok_and(|begin| begin <= now) && now < self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_two_days_before_and_no_longer_than_it_lasts() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let planned = Maintenance { from: at("2026-12-06T07:00:00Z"), until: at("2026-12-06T09:00:00Z") };
        for (now, told) in [
            ("2026-12-04T06:59:59Z", false),
            ("2026-12-04T07:00:00Z", true),
            ("2026-12-06T08:00:00Z", true),
            ("2026-12-06T09:00:00Z", false),
        ] {
            assert_eq!(planned.is_told(at(now)), told, "{now}");
        }
    }
}
