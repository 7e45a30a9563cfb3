//! `[partners.ID]`: other Open311 servers whose requests come in as reports.

use super::load;
use adapters::intake::partner;
use secrecy::SecretString;
use serde::Deserialize;
use std::{collections::BTreeMap, time::Duration};
use url::Url;

/// Another Open311 server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerAccess {
    /// Where its API begins: what stands before `requests.json`.
    pub url: Url,
    /// Which city, where the server serves several.
    #[serde(default)]
    pub jurisdiction_id: Option<String>,
    /// `xml` or `json`.
    #[serde(default)]
    pub format: partner::Format,
    /// A key that goes along with each question.
    #[serde(default, deserialize_with = "load::maybe_secret")]
    pub api_key: Option<SecretString>,
    /// Our category per service code of theirs, and `default`.
    pub services: BTreeMap<String, String>,
    /// How often it is asked.
    #[serde(default = "five_minutes")]
    pub every_seconds: u64,
    /// How many hours the first reading reaches back.
    #[serde(default)]
    pub since_hours: u64,
    /// How many seconds each later reading reaches back behind the one before it.
    #[serde(default = "quarter")]
    pub reach_back_seconds: u64,
    /// How many results it gives at most.
    #[serde(default = "thousand")]
    pub most: usize,
    /// Whether its photos are fetched.
    #[serde(default = "yes")]
    pub photos: bool,
}

fn five_minutes() -> u64 {
    300
}
fn quarter() -> u64 {
    900
}
fn thousand() -> usize {
    1_000
}
fn yes() -> bool {
    true
}

impl PartnerAccess {
    /// The same for the channel.
    pub fn channel(&self) -> partner::Config {
        partner::Config {
            url: self.url.clone(),
            jurisdiction_id: self.jurisdiction_id.clone(),
            format: self.format,
            api_key: self.api_key.clone(),
            services: self.services.clone(),
            every: Duration::from_secs(self.every_seconds),
            since: Duration::from_secs(self.since_hours.saturating_mul(3600)),
            reach_back: Duration::from_secs(self.reach_back_seconds),
            most: self.most,
            photos: self.photos,
        }
    }
}
