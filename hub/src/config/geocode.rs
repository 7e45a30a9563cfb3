//! `[geocode]`: a geocoder outside, behind the lists of the city.

use serde::Deserialize;
use std::time::Duration;

/// A geocoder outside.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Geocode {
    /// Which shape it speaks: `nominatim`, `photon` or `geolocation`.
    pub kind: String,
    /// Where it is.
    pub url: String,
    /// How many milliseconds somebody who searches waits for it.
    #[serde(default = "two_seconds")]
    pub timeout_ms: u64,
    /// How many milliseconds a report that comes in waits for it, at most 300; 0: not at all.
    #[serde(default = "a_moment")]
    pub intake_ms: u64,
    /// How many days its answers are kept; 0: not at all.
    #[serde(default = "a_month")]
    pub keep_days: u32,
}

fn two_seconds() -> u64 {
    2_000
}

fn a_moment() -> u64 {
    300
}

fn a_month() -> u32 {
    30
}

impl Geocode {
    /// How long its answers are kept.
    pub fn keep(&self) -> Duration {
        Duration::from_hours(24 * u64::from(self.keep_days))
    }

    /// The same for who asks it.
    pub fn finder(&self) -> adapters::geocode::Config {
        adapters::geocode::Config {
            kind: self.kind.clone(),
            url: self.url.clone(),
            timeout: Duration::from_millis(self.timeout_ms),
            intake: Duration::from_millis(self.intake_ms),
            keep: self.keep(),
        }
    }
}
