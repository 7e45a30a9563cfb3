//! `[push]`: messages to browsers and apps.

use super::load;
use crate::failure::Failure;
use notifier::{
    devices::Devices,
    senders::push::{ApnsConfig, FcmConfig, PushConfig, SERVICES, apns, fcm},
};
use reqwest::Url;
use secrecy::SecretString;
use serde::Deserialize;

/// How devices are reached.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Push {
    /// Where push services reach the operator, `mailto:…` or `https://…`; the public address when left out.
    pub subject: Option<String>,
    /// The private key that browsers know the city by, PEM.
    #[serde(deserialize_with = "load::maybe_secret")]
    pub key: Option<SecretString>,
    /// The key before; browsers that subscribed with it are still reached.
    #[serde(deserialize_with = "load::maybe_secret")]
    pub previous_key: Option<SecretString>,
    /// The hosts of push services that browsers may name.
    pub services: Vec<String>,
    /// The most messages per second; no limit when left out.
    pub rate_per_second: Option<f64>,
    /// Messages in the air at once, 1 to 100.
    pub at_once: usize,
    /// How many hours a message is kept for a device that is off, 1 to 672.
    pub keep_hours: u32,
    /// How many hours a browser may take to say that it shows a message, before the person is told another way;
    /// 0: silence says nothing.
    pub shown_within_hours: u32,
    /// Firebase: apps on Android.
    pub fcm: Option<Fcm>,
    /// Apple: apps on iPhones and iPads.
    pub apns: Option<Apns>,
}

/// The Firebase project of the city's app.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fcm {
    /// The key file of a service account: JSON.
    #[serde(deserialize_with = "load::secret")]
    pub service_account: SecretString,
    /// Where Firebase is.
    #[serde(default = "google")]
    pub url: Url,
}

/// The city's app at Apple.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Apns {
    /// The key that Apple gave, a `.p8` file.
    #[serde(deserialize_with = "load::secret")]
    pub key: SecretString,
    /// Its name.
    pub key_id: String,
    /// The team.
    pub team_id: String,
    /// The bundle id of the app.
    pub topic: String,
    /// Where Apple is.
    #[serde(default = "apple")]
    pub url: Url,
}

fn google() -> Url {
    fcm::url()
}

fn apple() -> Url {
    apns::url()
}

impl Default for Push {
    fn default() -> Self {
        Self {
            subject: None,
            key: None,
            previous_key: None,
            services: SERVICES.map(str::to_owned).to_vec(),
            rate_per_second: None,
            at_once: 8,
            keep_hours: 72,
            shown_within_hours: 48,
            fcm: None,
            apns: None,
        }
    }
}

impl Push {
    /// The same for the sender, in an installation that residents see at `public_url`.
    pub fn sender(&self, public_url: &str) -> PushConfig {
        let public_url = public_url.starts_with("https://").then(|| public_url.to_owned());
        PushConfig {
            subject: self.subject.clone().or(public_url),
            key: self.key.clone(),
            previous_key: self.previous_key.clone(),
            services: self.services.clone(),
            at_once: self.at_once,
            keep_hours: self.keep_hours,
            shown_within_hours: self.shown_within_hours,
            fcm: self
                .fcm
                .as_ref()
                .map(|fcm| FcmConfig { service_account: fcm.service_account.clone(), url: fcm.url.clone() }),
            apns: self.apns.as_ref().map(|apns| ApnsConfig {
                key: apns.key.clone(),
                key_id: apns.key_id.clone(),
                team_id: apns.team_id.clone(),
                topic: apns.topic.clone(),
                url: apns.url.clone(),
            }),
        }
    }

    /// What registers devices, with `magic` those of the sandbox too.
    pub fn devices(&self, public_url: &str, magic: bool) -> anyhow::Result<Devices> {
        let help = "see [push] in deploy/voordeur.toml";
        Devices::build(&self.sender(public_url), magic).map_err(|why| Failure::usage(why, help).into())
    }
}
