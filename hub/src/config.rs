//! The configuration: one TOML file, every key with a default, and the environment on top.

mod load;

use schemas::slug::DepartmentId;
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
    /// IMAP: where departments' mailed answers come in.
    pub mailbox: Option<Mailbox>,
    /// Calls to departments' own systems.
    pub http: Http,
    /// Secrets of departments, by id.
    pub departments: BTreeMap<DepartmentId, DepartmentAccess>,
    /// Which rules decide.
    pub rules: Rules,
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
    /// Where metrics and the reasons of health are served; without it nowhere. The web role answers
    /// health on `listen` too, with the status alone.
    pub ops_listen: Option<SocketAddr>,
    /// Reports and photos that one address may send per minute; 0 = no limit.
    pub rate_per_minute: u32,
    /// Pages and look-ups that one address may ask per minute; 0 = no limit.
    pub reads_per_minute: u32,
    /// Addresses or networks of proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<String>,
}

impl Default for Web {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 1777)),
            public_url: None,
            ops_listen: None,
            rate_per_minute: 30,
            reads_per_minute: 600,
            trusted_proxies: Vec::new(),
        }
    }
}

impl Web {
    /// The address residents see, without a slash at the end.
    pub fn public_url(&self) -> String {
        self.public_url
            .as_deref()
            .map_or_else(|| format!("http://{}", self.listen), |url| url.trim_end_matches('/').to_owned())
    }
}

/// How the connection to the mail server is kept from eavesdroppers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// Not at all: for a server on this machine.
    None,
    /// In the clear until STARTTLS (RFC 3207); a server without it is not used.
    Starttls,
    /// From the first byte (RFC 8314).
    Required,
}

/// SMTP.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// The mail server; certificates are checked against this name.
    pub host: String,
    /// Its port; 25 without TLS, 587 with STARTTLS, 465 with TLS from the start.
    #[serde(default)]
    pub port: Option<u16>,
    /// How the connection is secured; `starttls` unless the server is on this machine.
    #[serde(default)]
    pub tls: Option<Tls>,
    /// The account.
    #[serde(default)]
    pub user: Option<String>,
    /// Its password.
    #[serde(default, deserialize_with = "load::maybe_secret")]
    pub password: Option<SecretString>,
    /// The address in `From`; the city's own when left out.
    #[serde(default)]
    pub from: Option<String>,
    /// Where answers go, if not to `from`.
    #[serde(default)]
    pub reply_to: Option<String>,
    /// The name this machine gives itself (EHLO); the domain of `from` when left out.
    #[serde(default)]
    pub hello_name: Option<String>,
    /// A PEM file with certificates to trust beside the system's own.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Connections at the same time, 1 to 100.
    #[serde(default = "four")]
    pub max_connections: usize,
    /// The most mails per second; no limit when left out.
    #[serde(default)]
    pub rate_per_second: Option<f64>,
}

fn four() -> usize {
    4
}

/// IMAP: the one mailbox that departments' mailed answers, and mails that came back, come into.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mailbox {
    /// The IMAP server; certificates are checked against this name.
    pub host: String,
    /// Its port; 993 with TLS from the start, 143 otherwise.
    #[serde(default)]
    pub port: Option<u16>,
    /// How the connection is secured; `required` unless the server is on this machine.
    #[serde(default)]
    pub tls: Option<Tls>,
    /// The account.
    pub user: String,
    /// Its password.
    #[serde(deserialize_with = "load::secret")]
    pub password: SecretString,
    /// Its address; what follows a plus before the @ has to come in, too. Or with a place for the
    /// token: `antwoord+{token}@example.org`.
    pub address: String,
    /// The folders that mail comes into.
    #[serde(default = "inbox")]
    pub folders: Vec<String>,
    /// Where mail goes that was understood.
    #[serde(default = "done")]
    pub done: String,
    /// Where mail goes that a person has to look at.
    #[serde(default = "unmatched")]
    pub unmatched: String,
    /// How often it is read, in seconds.
    #[serde(default = "minute")]
    pub every_seconds: u64,
    /// A PEM file with certificates to trust beside the system's own.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
}

fn inbox() -> Vec<String> {
    vec!["INBOX".to_owned()]
}

fn done() -> String {
    "Voordeur/Done".to_owned()
}

fn unmatched() -> String {
    "Voordeur/Unmatched".to_owned()
}

fn minute() -> u64 {
    60
}

/// Calls to departments' own systems.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// How long connecting may take, TLS included, in milliseconds.
    pub connect_timeout_ms: u64,
    /// How long one call may take altogether, in milliseconds.
    pub timeout_ms: u64,
    /// Private or loopback networks that may be called all the same: `10.1.0.0/16`.
    pub private_networks: Vec<String>,
}

impl Default for Http {
    fn default() -> Self {
        Self { connect_timeout_ms: 5_000, timeout_ms: 20_000, private_networks: Vec::new() }
    }
}

/// Secrets of one department.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DepartmentAccess {
    /// The bearer token with which it fetches its work and photos over HTTP, and answers.
    #[serde(deserialize_with = "load::maybe_secret")]
    pub token: Option<SecretString>,
    /// The token before the last change: still accepted.
    #[serde(deserialize_with = "load::maybe_secret")]
    pub previous_token: Option<SecretString>,
    /// The secret that signs webhooks to it, and its callbacks: `whsec_…` (Standard Webhooks).
    #[serde(deserialize_with = "load::maybe_secret")]
    pub secret: Option<SecretString>,
    /// The secret before the last change: still accepted on callbacks.
    #[serde(deserialize_with = "load::maybe_secret")]
    pub previous_secret: Option<SecretString>,
    /// The key that goes with each call to its own system (Open311).
    #[serde(deserialize_with = "load::maybe_secret")]
    pub api_key: Option<SecretString>,
    /// The password of the mailbox or account by which we reach it.
    #[serde(deserialize_with = "load::maybe_secret")]
    pub password: Option<SecretString>,
    /// The private key (OpenSSH form) by which we reach its SFTP server.
    #[serde(deserialize_with = "load::maybe_secret")]
    pub ssh_key: Option<SecretString>,
}

/// Which rules decide.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rules {
    /// What brings other rules into force.
    pub activate: Activate,
}

/// What brings other rules into force. At the very first start it is the city folder, either way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Activate {
    /// A change in the city folder, seen at the start and while the router runs.
    #[default]
    Folder,
    /// `voordeur rules activate` alone.
    Command,
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
