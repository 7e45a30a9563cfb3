//! The configuration: one TOML file, every key with a default, and the environment on top.

mod abuse;
mod calls;
mod channels;
mod geocode;
mod intake;
mod letters;
mod load;
mod mail;
mod mail_in;
mod partners;
mod photos;
mod push;
mod retention;
mod sms;
mod sms_door;

pub use abuse::Abuse;
pub use calls::Calls;
pub use channels::ChannelAccess;
pub use geocode::Geocode;
pub use intake::Intake;
pub use letters::Letters;
pub use mail::{Dkim, Mail, Mailbox, Tls};
pub use mail_in::{Lmtp, MailDoor};
pub use partners::PartnerAccess;
pub use photos::{Down, Photos, S3};
pub use push::Push;
pub use retention::Retention;
pub use sms::Sms;
pub use sms_door::SmsDoor;

use schemas::slug::{Channel, DepartmentId};
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
    /// The SMS gateway; without it nobody is told by text message.
    pub sms: Option<Sms>,
    /// Push messages; without it nobody is told on a device.
    pub push: Option<Push>,
    /// Letters on paper, in batches for the print room; without it nobody can ask for them.
    pub letters: Option<Letters>,
    /// People of the city who telephone residents; without it nobody can ask for that.
    pub calls: Option<Calls>,
    /// Addresses that play providers.
    pub sandbox: Sandbox,
    /// IMAP: where departments' mailed answers come in.
    pub mailbox: Option<Mailbox>,
    /// LMTP: a mail server of the city hands mails over.
    pub lmtp: Option<Lmtp>,
    /// Mails of residents become reports; without it a person looks at them.
    pub mail_door: Option<MailDoor>,
    /// Text messages become reports; without it only answers are read.
    pub sms_door: Option<SmsDoor>,
    /// A geocoder outside; without it places are found in the city's lists alone.
    pub geocode: Option<Geocode>,
    /// Calls to departments' own systems.
    pub http: Http,
    /// Secrets of departments, by id.
    pub departments: BTreeMap<DepartmentId, DepartmentAccess>,
    /// Doors for programs.
    pub intake: Intake,
    /// Photos, by whatever door they come.
    pub photos: Photos,
    /// Channel integrations that are told what becomes of their reports, by id.
    pub channels: BTreeMap<Channel, ChannelAccess>,
    /// Other Open311 servers whose requests come in as reports, by the channel that they come by.
    pub partners: BTreeMap<Channel, PartnerAccess>,
    /// What is held back, and for how long.
    pub abuse: Abuse,
    /// Which rules decide.
    pub rules: Rules,
    /// How long people of the city stay logged in.
    pub staff: adapters::staff::Config,
    /// How long what was said is kept.
    pub retention: Retention,
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
    /// Whether `/preview` on `ops_listen` may show messages as they are made for a real case, names included.
    pub preview_cases: bool,
    /// Reports and photos that one address may send per minute; 0 = no limit.
    pub rate_per_minute: u32,
    /// Pages and look-ups that one address may ask per minute; 0 = no limit.
    pub reads_per_minute: u32,
    /// Messages with a code or a link that one address may have sent per hour, to prove an address; 0 = no limit.
    pub proofs_per_hour: u32,
    /// Calls that one key of a channel may make per minute; 0 = no limit.
    pub per_key_per_minute: u32,
    /// Addresses or networks of proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<String>,
}

impl Default for Web {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 1777)),
            public_url: None,
            ops_listen: None,
            preview_cases: false,
            rate_per_minute: 30,
            reads_per_minute: 600,
            proofs_per_hour: 20,
            per_key_per_minute: 600,
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
    /// Certificates to trust beside the system's own, PEM: for a private authority.
    pub ca_file: Option<PathBuf>,
}

impl Default for Http {
    fn default() -> Self {
        Self { connect_timeout_ms: 5_000, timeout_ms: 20_000, private_networks: Vec::new(), ca_file: None }
    }
}

impl Http {
    /// The same for the client.
    pub fn client(&self) -> bus::http::Config {
        bus::http::Config {
            connect_timeout_ms: self.connect_timeout_ms,
            timeout_ms: self.timeout_ms,
            private_networks: self.private_networks.clone(),
            ca_file: self.ca_file.clone(),
        }
    }
}

/// Addresses that play providers.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sandbox {
    /// Whether they do: see docs/install/notices.md.
    pub magic: bool,
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
