//! Mail as a door: `[mail_door]`, and `[lmtp]`, by which a mail server hands mails over.

use serde::Deserialize;
use std::{net::SocketAddr, time::Duration};

/// Mails of residents that answer nothing become reports. Without this section a person looks at them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MailDoor {
    /// After an acknowledgement to an address, no other goes there for so many minutes.
    pub acknowledge_every_minutes: u64,
    /// The most mails of one address that become reports or words of a case within a day.
    pub most_a_day: usize,
}

impl Default for MailDoor {
    fn default() -> Self {
        let adapters::intake::mail::Config { acknowledge_every, most_a_day } = Default::default();
        Self { acknowledge_every_minutes: acknowledge_every.as_secs() / 60, most_a_day }
    }
}

impl MailDoor {
    /// The same for the door.
    pub fn door(&self) -> adapters::intake::mail::Config {
        adapters::intake::mail::Config {
            acknowledge_every: Duration::from_secs(self.acknowledge_every_minutes.saturating_mul(60)),
            most_a_day: self.most_a_day,
        }
    }
}

/// LMTP: a mail server of the city hands mails over.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lmtp {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The addresses that mail is taken for; of the first, whatever follows a plus, too.
    pub addresses: Vec<String>,
    /// Who may connect: addresses or networks.
    #[serde(default = "this_machine")]
    pub networks: Vec<String>,
    /// The most connections at the same time, 1 to 1000.
    #[serde(default = "twenty")]
    pub max_connections: usize,
    /// The longest mail in megabytes, 1 to 32.
    #[serde(default = "thirty_two")]
    pub max_megabytes: usize,
    /// How many days mails are kept that a person has to look at.
    #[serde(default = "thirty")]
    pub keep_days: u32,
}

fn this_machine() -> Vec<String> {
    ["127.0.0.0/8", "::1"].map(str::to_owned).to_vec()
}

fn twenty() -> usize {
    20
}

fn thirty_two() -> usize {
    32
}

fn thirty() -> u32 {
    30
}

impl Lmtp {
    /// The same for the listener.
    pub fn listener(&self) -> adapters::mail::lmtp::Config {
        adapters::mail::lmtp::Config {
            addresses: self.addresses.clone(),
            networks: self.networks.clone(),
            max_connections: self.max_connections,
            max_bytes: self.max_megabytes.saturating_mul(1024 * 1024),
        }
    }
}
