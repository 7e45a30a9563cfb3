//! `[channels.ID]`: channel integrations that are told what becomes of their reports.

use super::load;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

/// Where a channel listens.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelAccess {
    /// Where it listens: `https://…`.
    pub webhook_url: Url,
    /// The secret that signs what we send: `whsec_…` (Standard Webhooks).
    #[serde(deserialize_with = "load::secret")]
    pub secret: SecretString,
    /// The secret before the last change: until it is removed calls are signed with both.
    #[serde(default, deserialize_with = "load::maybe_secret")]
    pub previous_secret: Option<SecretString>,
}

impl ChannelAccess {
    /// The same for the caller.
    pub fn caller(&self) -> adapters::channels::Config {
        let keys = std::iter::once(self.secret.clone()).chain(self.previous_secret.clone()).collect();
        adapters::channels::Config { url: self.webhook_url.clone(), keys }
    }
}
