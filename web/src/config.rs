//! What the pages and the API need to know from the operator.

use crate::client::Network;
use schemas::slug::DepartmentId;
use secrecy::SecretString;
use std::collections::BTreeMap;
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
    /// The key with which each department fetches work and answers over HTTP
    /// (`Authorization: Bearer …`). A department without a key cannot.
    pub department_keys: BTreeMap<DepartmentId, SecretString>,
}

impl WebConfig {
    /// Settings for `public_url`: default rate, no proxies, no letterbox, no department keys.
    pub fn new(public_url: Url) -> Self {
        Self {
            public_url,
            rate: Rate::default(),
            trusted_proxies: Vec::new(),
            letterbox: false,
            department_keys: BTreeMap::new(),
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
