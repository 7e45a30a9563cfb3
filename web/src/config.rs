//! What the pages and the API need to know from the operator.

use crate::client::Network;
use adapters::{intake, secrets::Secrets};
use url::Url;

/// Settings of the pages and the API.
#[derive(Debug, Clone)]
pub struct WebConfig {
    /// The address residents use, for instance `https://voordeur.example`; links in receipts and in
    /// the API begin with it. `https` turns on HSTS.
    pub public_url: Url,
    /// How many requests one address may make.
    pub rate: Rate,
    /// Reverse proxies whose `X-Forwarded-For` is believed; empty = nobody's.
    pub trusted_proxies: Vec<Network>,
    /// Whether the sandbox letterbox sends notices, and so has pages.
    pub letterbox: bool,
    /// What departments prove themselves with when they fetch work, answer or call back.
    pub secrets: Secrets,
    /// Limits of the doors that reports come in by.
    pub intake: intake::Config,
}

impl WebConfig {
    /// Settings for `public_url`: default rate, no proxies, no letterbox, no department
    /// secrets, default limits.
    pub fn new(public_url: Url) -> Self {
        Self {
            public_url,
            rate: Rate::default(),
            trusted_proxies: Vec::new(),
            letterbox: false,
            secrets: Secrets::default(),
            intake: intake::Config::default(),
        }
    }

    /// The tracking link of `token` in `language`.
    pub fn tracking_url(&self, language: schemas::report::Language, token: &str) -> String {
        format!("{}/{}/t/{token}", self.public_url.as_str().trim_end_matches('/'), language.as_str())
    }
}

/// Requests per minute from one address (one IPv4 address or one IPv6 /64). 0 = no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Reports, photos and other things that are written.
    pub writes_per_minute: u32,
    /// Everything else: pages and look-ups.
    pub reads_per_minute: u32,
}

impl Default for Rate {
    fn default() -> Self {
        Self { writes_per_minute: 30, reads_per_minute: 600 }
    }
}

impl Rate {
    /// No limit at all.
    pub const OFF: Self = Self { writes_per_minute: 0, reads_per_minute: 0 };
}
