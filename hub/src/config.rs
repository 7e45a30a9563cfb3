//! The configuration: one TOML file, every key with a default, and the environment on top.

mod load;

use schemas::slug::{DepartmentId, Slug};
use secrecy::SecretString;
use serde::Deserialize;
use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

/// Everything that can be set. `deploy/voordeur.toml` explains each key.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Which city.
    pub city: CitySection,
    /// Where rows are kept.
    pub database: Database,
    /// RabbitMQ; without it letters are carried by the database alone.
    pub broker: Option<Broker>,
    /// The pages and the API.
    pub web: Web,
    /// SMTP; without it notices go to the sandbox letterbox.
    pub mail: Option<Mail>,
    /// Secrets of departments, by id.
    pub departments: BTreeMap<DepartmentId, DepartmentAccess>,
    /// Channels that submit over HTTP with a key of their own, by name.
    pub channels: BTreeMap<Slug, ChannelAccess>,
    /// Logs.
    pub log: Log,
}

/// Which city.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CitySection {
    /// Its folder; without it the built-in sample city.
    pub folder: Option<PathBuf>,
}

/// Where rows are kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `sqlite:voordeur.db` or `postgres://user:password@host/database`.
    #[serde(deserialize_with = "load::secret")]
    pub url: SecretString,
    /// Whether `serve` brings the database up to date itself. `None`: yes on SQLite, no on
    /// PostgreSQL, where several processes start at once and somebody runs `voordeur migrate`.
    pub migrate: Option<bool>,
}

impl Default for Database {
    fn default() -> Self {
        Self { url: "sqlite:voordeur.db".into(), migrate: None }
    }
}

/// RabbitMQ.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Broker {
    /// `amqp://user:password@host/vhost` or `amqps://…`.
    #[serde(deserialize_with = "load::secret")]
    pub url: SecretString,
    /// What every exchange and queue name begins with.
    #[serde(default = "voordeur")]
    pub prefix: String,
}

fn voordeur() -> String {
    "voordeur".to_owned()
}

/// The pages and the API.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Web {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The address residents see, for links in mails: `https://voordeur.example.org`.
    pub public_url: Option<String>,
    /// Where health and metrics are served; without it on `listen` when the web role runs, and
    /// nowhere when it does not.
    pub ops_listen: Option<SocketAddr>,
    /// Reports, photos and contact forms that one peer may send per minute.
    pub rate_per_minute: u32,
    /// Addresses or networks of proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<String>,
    /// Whether `/sandbox/*` is shown; never switch it on where real people report.
    pub sandbox: Option<bool>,
}

impl Default for Web {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 1777)),
            public_url: None,
            ops_listen: None,
            rate_per_minute: 30,
            trusted_proxies: Vec::new(),
            sandbox: None,
        }
    }
}

impl Web {
    /// The address residents see, without a slash at the end.
    pub fn public_url(&self) -> String {
        self.public_url.as_deref().map_or_else(|| format!("http://{}", self.listen), |url| url.trim_end_matches('/').to_owned())
    }
}

/// How the connection to the mail server is kept private.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// Starts in the clear and must become TLS before anything is said (port 587).
    #[default]
    Starttls,
    /// TLS from the first byte (port 465).
    Tls,
    /// In the clear: only for a mail server on this machine.
    None,
}

/// SMTP.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// The mail server.
    pub host: String,
    /// Its port; 587, 465 or 25 after `security` when left out.
    #[serde(default)]
    pub port: Option<u16>,
    /// How the connection is kept private.
    #[serde(default)]
    pub security: Security,
    /// The account.
    #[serde(default)]
    pub username: Option<String>,
    /// Its password.
    #[serde(default, deserialize_with = "load::maybe_secret")]
    pub password: Option<SecretString>,
    /// The sender; the city's own address when left out.
    #[serde(default)]
    pub from: Option<String>,
    /// How many connections at once.
    #[serde(default = "two")]
    pub connections: usize,
    /// The most mails per second; no limit when left out.
    #[serde(default)]
    pub rate_per_second: Option<f64>,
}

fn two() -> usize {
    2
}

/// Secrets of one department.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DepartmentAccess {
    /// The bearer token with which it fetches its work and its photos over HTTP.
    #[serde(deserialize_with = "load::maybe_secret")]
    pub token: Option<SecretString>,
    /// The secret that signs webhooks to it, and its callbacks: `whsec_…` (Standard Webhooks).
    #[serde(deserialize_with = "load::maybe_secret")]
    pub secret: Option<SecretString>,
    /// The secret before the last change: still accepted on callbacks.
    #[serde(deserialize_with = "load::maybe_secret")]
    pub previous_secret: Option<SecretString>,
}

/// Key of one channel.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ChannelAccess {
    /// The bearer token with which it submits.
    #[serde(deserialize_with = "load::maybe_secret")]
    pub token: Option<SecretString>,
}

/// Logs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// How a line looks.
    pub format: LogFormat,
    /// `error`, `warn`, `info`, `debug`, or per part: `info,bus=debug`.
    pub level: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: "info".to_owned() }
    }
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For machines.
    Json,
    /// For people.
    Text,
}
