//! The city as an Open311 server: GeoReport v2, with the extension `servicerequestupdates` of FixMyStreet. What strangers
//! ask and send is read here, and what they are answered is written here; whoever listens hands in each call.
//!
//! GeoReport has no idempotency key. So a request is known again by what it says: the same content from the same channel
//! within a day, or for ever with the client's own number of it, is the same report; other words are another one.

pub mod address;
pub mod describe;
pub mod form;
pub mod list;
mod media;
mod name;
pub mod say;
mod submit;
pub mod update;
pub mod write;

pub use submit::{Posted, Taken};

pub(crate) use media::get as fetch;

use super::{IntakeTools, photo};
use bus::http;
use schemas::{fault::Invalid, slug::Channel};
use serde::Deserialize;
use std::sync::{Arc, OnceLock};
use tokio::sync::Semaphore;

/// The channel of those who come in without a key.
pub const CHANNEL: &str = "open311";

/// Settings of this door.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Whether requests are taken only with a key of a channel. Updates always need one.
    pub require_key: bool,
    /// Our name among cities. Whoever names another one is told that it is not here; nobody has to name one.
    pub jurisdiction_id: Option<String>,
    /// The attribute by which clients send their own number of a request, offered with every service; empty: none is
    /// offered.
    pub own_id: String,
    /// Channels that tell their people themselves what happens: the city sends those nothing.
    pub tells_itself: Vec<Channel>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            require_key: false,
            jurisdiction_id: None,
            own_id: "fixmystreet_id".to_owned(),
            tells_itself: Vec::new(),
        }
    }
}

impl Config {
    /// What is wrong with these settings; nothing when they are good.
    pub fn check(&self) -> Vec<Invalid> {
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let mut faults = Vec::new();
        if self.own_id.len() > 60 || !self.own_id.chars().all(good) {
            let message = "write at most 60 of a-z, A-Z, 0-9, `_`, `-` and `.`";
            faults.push(Invalid::new("open311.own_id", "malformed", message));
        }
        if self.jurisdiction_id.as_deref().is_some_and(|id| id.trim().is_empty() || id.len() > 200) {
            let message = "write a name of 1 to 200 characters, for instance stad.example, or leave it out";
            faults.push(Invalid::new("open311.jurisdiction_id", "malformed", message));
        }
        faults
    }

    /// The door; `http` fetches photos that are named by their address.
    pub fn build(self, tools: &IntakeTools, photos: &photo::Desk, http: http::Config) -> Door {
        Door(Arc::new(Inner {
            config: self,
            tools: tools.clone(),
            photos: photos.clone(),
            http,
            client: OnceLock::new(),
            fetching: Semaphore::new(media::AT_ONCE),
        }))
    }
}

/// The Open311 door. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Door(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: Config,
    tools: IntakeTools,
    photos: photo::Desk,
    http: http::Config,
    /// Made when the first photo is fetched; `None` when it cannot be made.
    client: OnceLock<Option<http::Client>>,
    fetching: Semaphore,
}

impl Door {
    /// Its settings.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// Why a call means another city.
    pub fn elsewhere(&self, jurisdiction: Option<&str>) -> Option<Invalid> {
        let ours = self.0.config.jurisdiction_id.as_deref()?;
        let given = jurisdiction.map(str::trim).filter(|given| !given.is_empty())?;
        (given != ours).then(|| {
            Invalid::new("jurisdiction_id", "unknown", format!("this is `{ours}`: write that, or leave it out"))
        })
    }
}

#[cfg(test)]
mod tests;
