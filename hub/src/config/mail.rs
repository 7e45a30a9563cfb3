//! How the city mails, and where answers and mails that came back come in.

use super::{Lmtp, load};
use adapters::mail::reply::ReplyAddress;
use notifier::senders::mail;
use secrecy::SecretString;
use serde::Deserialize;
use std::path::PathBuf;

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
    /// What mails to residents are signed with (DKIM): one section per key.
    #[serde(default)]
    pub dkim: Vec<Dkim>,
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

/// A key that mails are signed with.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dkim {
    /// Its name: its public half is in the DNS at `<selector>._domainkey.<domain>`.
    pub selector: String,
    /// The domain that signs; that of `from` when left out.
    #[serde(default)]
    pub domain: Option<String>,
    /// The private key, PEM: RSA or Ed25519.
    #[serde(deserialize_with = "load::secret")]
    pub key: SecretString,
}

impl Mail {
    /// These settings as the sender of notices takes them. What comes back goes to the mailbox, or to what a
    /// mail server hands over, if there is one of them.
    pub fn sender(&self, mailbox: Option<&Mailbox>, lmtp: Option<&Lmtp>) -> mail::MailConfig {
        let mut to = mail::MailConfig::new(&self.host);
        to.port = self.port;
        to.tls = self.tls.map(|tls| match tls {
            Tls::None => mail::Tls::None,
            Tls::Starttls => mail::Tls::Starttls,
            Tls::Required => mail::Tls::Required,
        });
        to.user.clone_from(&self.user);
        to.password.clone_from(&self.password);
        to.from.clone_from(&self.from);
        to.reply_to.clone_from(&self.reply_to);
        to.hello_name.clone_from(&self.hello_name);
        to.ca_file.clone_from(&self.ca_file);
        to.max_connections = self.max_connections;
        let address = mailbox.map(|mailbox| &mailbox.address);
        let address = address.or_else(|| lmtp.and_then(|lmtp| lmtp.addresses.first()));
        to.return_path = address.map(|address| match ReplyAddress::parse(address) {
            Ok(pattern) => pattern.with("{token}"),
            Err(_) => address.clone(),
        });
        let key = |key: &Dkim| mail::DkimConfig {
            selector: key.selector.clone(),
            domain: key.domain.clone(),
            key: key.key.clone(),
        };
        to.dkim = self.dkim.iter().map(key).collect();
        to
    }
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
    /// Whether it is waited for news of each folder (IDLE, RFC 2177), where the server tells any.
    #[serde(default = "yes")]
    pub idle: bool,
    /// A PEM file with certificates to trust beside the system's own.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
}

fn yes() -> bool {
    true
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
