//! Channel integrations that want to know what becomes of the reports that came by them: events of their cases and
//! receipts of the messages to who reported, each a letter of its own, called out by a signed POST ([`crate::signed`]).

use crate::{
    secrets::Key,
    signed::{self, Caller},
};
use async_trait::async_trait;
use bus::{Edge, LaneSettings, Outcome, http};
use schemas::{fault::Invalid, id::Clock, letter::Letter, slug::Channel, verdict::Verdict};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;

/// Where a channel listens, and what calls to it are signed with.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where it listens. `https`, or `http` inside a network of your own.
    pub url: Url,
    /// Keys of the Standard Webhooks scheme, `whsec_<base64>`, one or two: while a key is being replaced calls are
    /// signed with both.
    pub keys: Vec<SecretString>,
}

impl Config {
    /// What is wrong with these settings of `channel`; nothing when they are good.
    pub fn check(&self, channel: &Channel) -> Vec<Invalid> {
        let mut faults = signed::check(&self.url);
        for fault in &mut faults {
            fault.field = format!("channels.{channel}.webhook_url");
        }
        let field = format!("channels.{channel}.secret");
        if !(1..=2).contains(&self.keys.len()) {
            faults.push(Invalid::new(field.clone(), "required", "one key to sign with, or two while it is replaced"));
        }
        if self.keys.iter().any(|key| Key::parse(key.expose_secret()).is_none()) {
            let message = "write `whsec_` and the base64 of 24 to 64 random bytes: openssl rand -base64 32";
            faults.push(Invalid::new(field, "malformed", message));
        }
        faults
    }

    /// What works the lane of `channel`; `source` says in each event who we are.
    pub fn build(
        self,
        channel: &Channel,
        http: http::Client,
        clock: Clock,
        source: &str,
    ) -> Result<ChannelWorker, Vec<Invalid>> {
        let faults = self.check(channel);
        if !faults.is_empty() {
            return Err(faults);
        }
        let keys = self.keys.iter().filter_map(|key| Key::parse(key.expose_secret())).collect();
        Ok(ChannelWorker(Caller { url: self.url, keys, http, clock, source: source.to_owned() }))
    }
}

/// Works the lane of one channel.
#[derive(Debug, Clone)]
pub struct ChannelWorker(Caller);

impl ChannelWorker {
    /// How its lane is worked.
    pub fn lane(&self) -> LaneSettings {
        self.0.lane()
    }
}

#[async_trait]
impl Edge for ChannelWorker {
    async fn deliver(&self, letter: &Letter) -> Verdict {
        self.0.call(letter).await
    }

    async fn record(&self, _: &mut store::Tx, _: &[Outcome]) -> Result<(), store::Error> {
        Ok(())
    }
}

#[cfg(test)]
#[path = "channels_tests.rs"]
mod tests;
