//! A department's own system, called by a signed POST (Standard Webhooks 1.0) that carries the
//! dispatch as a CloudEvent. The other side dedupes by `webhook-id`, which stays the same on every
//! retry, so a call that may have arrived is simply made again.

use super::{Adapter, Tools};
use crate::signed::{self, Caller};
use async_trait::async_trait;
use bus::LaneSettings;
use schemas::{city::Department, dispatch::Dispatch, fault::Invalid, letter::Letter, verdict::Verdict};
use serde::Deserialize;
use std::sync::Arc;
use url::Url;

/// Settings in `departments.yaml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where it listens. `https`, or `http` inside a network of your own.
    pub url: Url,
}

impl Config {
    /// What is wrong with these settings; nothing when they are good.
    pub fn check(&self) -> Vec<Invalid> {
        signed::check(&self.url)
    }

    /// The adapter; needs a key of this department.
    pub fn build(self, department: &Department, tools: &Tools) -> Result<Arc<dyn Adapter>, Vec<Invalid>> {
        let keys = tools.secrets.keys(&department.id).to_vec();
        if keys.is_empty() {
            let message = format!(
                "there is no secret to sign with: set `secret` under [departments.{}] in the configuration to \
                 `whsec_` and the base64 of 32 random bytes, and give the same to the department",
                department.id
            );
            return Err(vec![Invalid::new("", "no_key", message)]);
        }
        let (http, clock, source) = (tools.http.clone(), tools.clock.clone(), tools.source.clone());
        Ok(Arc::new(Webhook(Caller { url: self.url, keys, http, clock, source })))
    }
}

struct Webhook(Caller);

#[async_trait]
impl Adapter for Webhook {
    async fn deliver(&self, dispatch: &Dispatch, letter: &Letter) -> Verdict {
        let mut event = letter.clone();
        // The event is the dispatch, whatever the letter that carries it is called.
        event.id = dispatch.id;
        self.0.call(&event).await
    }

    fn lane(&self) -> LaneSettings {
        self.0.lane()
    }
}

#[cfg(test)]
#[path = "webhook_tests.rs"]
mod tests;
