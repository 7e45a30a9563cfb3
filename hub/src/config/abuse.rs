//! `[abuse]`: what is held back, and for how long.

use crate::failure::Failure;
use adapters::intake::guard;
use serde::Deserialize;
use std::time::Duration;

/// What is held back, and for how long.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Abuse {
    /// A form that comes back sooner is held, in seconds, 0 to 60. 0: none is.
    pub form_delay_seconds: u64,
    /// So often one sender may say the same within an hour, 0 to 1000. 0: as often as they like.
    pub alike_one: usize,
    /// So often it may be said by all together, 0 to 1000. 0: as often as they like.
    pub alike_all: usize,
    /// What is held and nobody looked at is released after so many working days, 1 to 10.
    pub release_days: u32,
    /// What is held for longer alarms, in hours, 1 to 240.
    pub alarm_hours: u64,
}

impl Default for Abuse {
    fn default() -> Self {
        let guard::Config { form_delay, alike_one, alike_all, release_days, alarm_after } = guard::Config::default();
        Self {
            form_delay_seconds: form_delay.as_secs(),
            alike_one,
            alike_all,
            release_days,
            alarm_hours: alarm_after.as_secs() / 3600,
        }
    }
}

impl Abuse {
    /// The same for the doors.
    ///
    /// # Errors
    /// The setting that is wrong, in its words.
    pub fn guard(&self) -> Result<guard::Config, Failure> {
        let guard = guard::Config {
            form_delay: Duration::from_secs(self.form_delay_seconds),
            alike_one: self.alike_one,
            alike_all: self.alike_all,
            release_days: self.release_days,
            alarm_after: Duration::from_secs(self.alarm_hours.saturating_mul(3600)),
        };
        match guard.check().into_iter().next() {
            Some(fault) => {
                let field = fault.field.replace("abuse.", "[abuse] ");
                Err(Failure::usage(format!("{field}: {}", fault.message), "see [abuse] in deploy/voordeur.toml"))
            }
            None => Ok(guard),
        }
    }
}
