//! `[photos]`: who scans them, where they lie, and how long they are kept as they were sent.

use super::load;
use crate::failure::Failure;
use adapters::{
    album::{self, Access, Address},
    clamd::{self, WhenDown},
    intake::photo,
};
use bus::http::Client;
use schemas::fault::Invalid;
use secrecy::SecretString;
use serde::Deserialize;
use std::time::Duration;
use store::Store;
use url::Url;

/// Photos, by whatever door they come.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Photos {
    /// How many are worked on at once, in one process.
    pub at_once: usize,
    /// How many may wait for that at most, in one process.
    pub waiting: usize,
    /// Where clamd listens: `tcp://host:3310` or `unix:/path`. Without it nobody scans for malware.
    pub clamd: Option<String>,
    /// What becomes of photos while it is away.
    pub clamd_down: Down,
    /// How long it may take, in seconds.
    pub clamd_seconds: u64,
    /// `database`, `folder:/path` or `s3://bucket/prefix`.
    pub store: String,
    /// So many days photos are kept as they were sent, too. 0: not at all.
    pub originals_days: u32,
    /// How buckets are reached.
    pub s3: Option<S3>,
}

/// What becomes of photos while the scanner is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Down {
    /// They are taken without a scan.
    Take,
    /// They are refused.
    Refuse,
}

/// An S3 server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S3 {
    /// Its address.
    pub endpoint: Url,
    /// Its region.
    #[serde(default = "region")]
    pub region: String,
    /// Who we are there.
    pub access_key: String,
    /// By what we prove it.
    #[serde(deserialize_with = "load::secret")]
    pub secret_key: SecretString,
    /// Whether the bucket stands in the path.
    #[serde(default = "yes")]
    pub path_style: bool,
}

fn region() -> String {
    "us-east-1".to_owned()
}

fn yes() -> bool {
    true
}

impl Default for Photos {
    fn default() -> Self {
        let photo::Config { at_once, waiting, .. } = photo::Config::default();
        Self {
            at_once,
            waiting,
            clamd: None,
            clamd_down: Down::Take,
            clamd_seconds: 5,
            store: "database".to_owned(),
            originals_days: 0,
            s3: None,
        }
    }
}

impl Photos {
    /// What looks at photos.
    ///
    /// # Errors
    /// The setting that is wrong, in its words.
    pub fn desk(&self) -> Result<photo::Config, Failure> {
        let when_down = match self.clamd_down {
            Down::Take => WhenDown::Take,
            Down::Refuse => WhenDown::Refuse,
        };
        let patience = Duration::from_secs(self.clamd_seconds);
        let clamd = match self.clamd.as_deref().map(str::parse).transpose() {
            Ok(address) => address.map(|address| clamd::Config { address, when_down, patience }),
            Err(fault) => return Err(wrong(&fault)),
        };
        let desk = photo::Config { at_once: self.at_once, waiting: self.waiting, clamd, ..photo::Config::default() };
        desk.check().first().map_or(Ok(desk.clone()), |fault| Err(wrong(fault)))
    }

    /// Where photos lie.
    ///
    /// # Errors
    /// The setting that is wrong, in its words.
    pub fn album(&self) -> Result<album::Config, Failure> {
        let to = Address::parse(&self.store).map_err(|fault| wrong(&fault))?;
        let s3 = self.s3.as_ref().map(|s3| Access {
            endpoint: s3.endpoint.clone(),
            region: s3.region.clone(),
            access_key: s3.access_key.clone(),
            secret_key: s3.secret_key.clone(),
            path_style: s3.path_style,
        });
        let days = u64::from(self.originals_days);
        let originals = (days > 0).then(|| Duration::from_hours(24 * days));
        let album = album::Config { to, s3, originals };
        album.check().first().map_or(Ok(album.clone()), |fault| Err(wrong(fault)))
    }

    /// The album on `store`; buckets are reached as `http` says.
    ///
    /// # Errors
    /// The setting that is wrong, in its words.
    pub fn open(&self, store: &Store, http: &super::Http) -> Result<album::Album, Failure> {
        let config = self.album()?;
        let client: Option<Client> = match &config.s3 {
            None => None,
            Some(_) => Some(
                http.client()
                    .build()
                    .map_err(|error| Failure::usage(error.to_string(), "see [http] in deploy/voordeur.toml"))?,
            ),
        };
        Ok(config.build(store, client))
    }
}

fn wrong(fault: &Invalid) -> Failure {
    let (section, key) = fault.field.rsplit_once('.').unwrap_or(("photos", &fault.field));
    Failure::usage(format!("[{section}] {key}: {}", fault.message), "see [photos] in deploy/voordeur.toml")
}
