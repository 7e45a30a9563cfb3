//! Quiet hours: when nobody is woken up by a message that makes a noise.

use jiff::{Timestamp, civil::Time, tz::TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// From when to when, by the clock on the wall; over midnight when the end is before the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quiet {
    /// When it becomes quiet.
    pub from: Time,
    /// When it is over.
    pub until: Time,
}

impl Quiet {
    /// Reads `22:00-07:00`. `None` when it is written otherwise, or lasts all day.
    pub fn parse(text: &str) -> Option<Self> {
        let (from, until) = text.split_once('-')?;
        let time = |text: &str| Time::strptime("%H:%M", text.trim()).ok();
        let quiet = Self { from: time(from)?, until: time(until)? };
        (quiet.from != quiet.until).then_some(quiet)
    }

    /// When it is over, if `at` is in it; `None` when it is not.
    pub fn over_at(&self, at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let local = at.to_zoned(zone.clone());
        let now = local.time();
        let (is_quiet, is_tomorrow) = if self.from < self.until {
            (self.from <= now && now < self.until, false)
        } else {
            (now >= self.from || now < self.until, now >= self.from)
        };
        let day = if is_tomorrow { local.date().tomorrow().ok()? } else { local.date() };
        let over = is_quiet.then(|| day.to_datetime(self.until).to_zoned(zone.clone()).ok())??;
        Some(over.timestamp())
    }
}

impl std::fmt::Display for Quiet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.from.strftime("%H:%M"), self.until.strftime("%H:%M"))
    }
}

impl Serialize for Quiet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Quiet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("quiet hours are written 22:00-07:00"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_hours_end_in_the_morning() {
        let zone = TimeZone::get("Europe/Brussels").unwrap();
        let night = Quiet::parse("22:00-07:00").unwrap();
        let nap = Quiet::parse("13:00 - 14:30").unwrap();
        for (quiet, at, over) in [
            (night, "2026-11-10T20:59:00Z", None),
            (night, "2026-11-10T21:00:00Z", Some("2026-11-11T06:00:00Z")),
            (night, "2026-11-11T05:59:59Z", Some("2026-11-11T06:00:00Z")),
            (night, "2026-11-11T06:00:00Z", None),
            // The night in which the clock goes back.
            (night, "2026-10-24T21:30:00Z", Some("2026-10-25T06:00:00Z")),
            (nap, "2026-11-10T12:30:00Z", Some("2026-11-10T13:30:00Z")),
            (nap, "2026-11-10T14:00:00Z", None),
        ] {
            let over: Option<Timestamp> = over.map(|text: &str| text.parse().unwrap());
            assert_eq!(quiet.over_at(at.parse().unwrap(), &zone), over, "{quiet} {at}");
        }
        assert_eq!(night.to_string(), "22:00-07:00");
        for wrong in ["", "22:00", "25:00-07:00", "07:00-07:00", "ten-seven"] {
            assert_eq!(Quiet::parse(wrong), None, "{wrong}");
        }
    }
}
