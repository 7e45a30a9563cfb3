//! `[sms_door]`: text messages as a door.

use super::Config;
use notifier::senders::sms::SmsConfig;
use serde::Deserialize;
use std::time::Duration;

/// What people send to the number of the city becomes reports. Without this section only answers to messages are read.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SmsDoor {
    /// A question that is not answered within so many minutes is not waited for: what was said so far is filed.
    pub patience_minutes: u64,
    /// The most messages that the city says in conversations with one number within an hour.
    pub answers_per_hour: usize,
    /// The most with all numbers together within an hour.
    pub all_per_hour: u64,
    /// The most messages of one number that are read within a day.
    pub most_a_day: u64,
}

impl Default for SmsDoor {
    fn default() -> Self {
        let adapters::intake::sms::Config { patience, answers_per_hour, all_per_hour, most_a_day } = Default::default();
        Self { patience_minutes: patience.as_secs() / 60, answers_per_hour, all_per_hour, most_a_day }
    }
}

impl SmsDoor {
    /// The same for the door.
    pub fn door(&self) -> adapters::intake::sms::Config {
        adapters::intake::sms::Config {
            patience: Duration::from_secs(self.patience_minutes.saturating_mul(60)),
            answers_per_hour: self.answers_per_hour,
            all_per_hour: self.all_per_hour,
            most_a_day: self.most_a_day,
        }
    }
}

impl Config {
    /// The gateways for text messages, in an installation that residents see at `public_url`.
    pub fn gateways(&self, public_url: &str) -> Vec<SmsConfig> {
        let gateways = self.sms.as_ref().map(|sms| sms.sender(public_url)).unwrap_or_default();
        gateways.into_iter().map(|gateway| SmsConfig { door: self.sms_door.is_some(), ..gateway }).collect()
    }
}
