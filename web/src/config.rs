//! What the pages and the API need to know from the operator.

use crate::{client::Network, map::base::BaseFile};
use adapters::{album::Album, geocode::Geocode, intake, links::Links, secrets::Secrets, staff};
use notifier::{SenderConfig, devices::Devices, senders::sms::Hooks};
use std::time::Duration;
use url::{Host, Url};

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
    /// Reads the links by which a department answers without an account; without it there are none.
    pub links: Option<Links>,
    /// Takes in what the SMS gateway says; without it, it says nothing.
    pub sms: Option<Hooks>,
    /// Registers the devices that people are told on; without it there are no push messages.
    pub push: Option<Devices>,
    /// The names of the senders that are set up, as the planner of notices knows them.
    pub senders: Vec<&'static str>,
    /// Limits of the doors that reports come in by.
    pub intake: intake::Config,
    /// What finds places; without it the lists of the city do.
    pub geocode: Option<Geocode>,
    /// How long people of the city stay logged in.
    pub staff: staff::Config,
    /// Where photos lie; without it in the database.
    pub album: Option<Album>,
    /// The PMTiles file that the city chose as its base map, open.
    pub base_file: Option<BaseFile>,
    /// How old pages may be that show many cases at once.
    pub fresh: Duration,
}

impl WebConfig {
    /// Settings for `public_url`: default rate, no proxies, no letterbox, no department
    /// secrets, no SMS gateway, no push messages, the sandbox as the only sender, default limits.
    pub fn new(public_url: Url) -> Self {
        Self {
            public_url,
            rate: Rate::default(),
            trusted_proxies: Vec::new(),
            letterbox: false,
            secrets: Secrets::default(),
            links: None,
            sms: None,
            push: None,
            senders: SenderConfig::default().names(),
            intake: intake::Config::default(),
            geocode: None,
            staff: staff::Config::default(),
            album: None,
            base_file: None,
            fresh: Duration::from_secs(5),
        }
    }

    /// Whether the address residents use is of this machine alone, as on a developer's.
    pub fn is_for_this_machine(&self) -> bool {
        match self.public_url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
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
    /// Messages, in an hour, by which somebody is to prove an address.
    pub proofs_per_hour: u32,
    /// Calls with one key of a channel, whatever they do.
    pub per_key_per_minute: u32,
}

impl Default for Rate {
    fn default() -> Self {
        Self { writes_per_minute: 30, reads_per_minute: 600, proofs_per_hour: 20, per_key_per_minute: 600 }
    }
}

impl Rate {
    /// No limit at all.
    pub const OFF: Self = Self { writes_per_minute: 0, reads_per_minute: 0, proofs_per_hour: 0, per_key_per_minute: 0 };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_this_machine() {
        for (url, is) in [
            ("http://127.0.0.1:1777", true),
            ("http://[::1]/", true),
            ("http://localhost", true),
            ("http://192.168.1.2", false),
            ("https://voordeur.example.org", false),
            ("https://localhost.example.org", false),
        ] {
            assert_eq!(WebConfig::new(url.parse().unwrap()).is_for_this_machine(), is, "{url}");
        }
    }
}
