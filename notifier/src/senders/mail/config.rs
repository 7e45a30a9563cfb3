//! How to reach the mail server.

use super::dkim::DkimConfig;
use lettre::Address;
use schemas::city::City;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use std::{net::IpAddr, path::PathBuf, str::FromStr, time::Duration};
use url::Url;

/// How the connection is kept from eavesdroppers.
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

/// The mail server: `smtp://user:password@host:587?tls=starttls`, or these fields.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailConfig {
    /// Its name; certificates are checked against it.
    pub host: String,
    /// Its port; 25 without TLS, 587 with STARTTLS, 465 with TLS from the start.
    #[serde(default)]
    pub port: Option<u16>,
    /// How the connection is secured; `starttls` unless the server is on this machine.
    #[serde(default)]
    pub tls: Option<Tls>,
    /// The name to log in with.
    #[serde(default)]
    pub user: Option<String>,
    /// The password to log in with.
    #[serde(default)]
    pub password: Option<SecretString>,
    /// A file that holds the password, instead of `password`.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// The address in `From`; the city's own when left out. Its domain is the one in Message-IDs.
    #[serde(default)]
    pub from: Option<String>,
    /// Where answers go. When left out: to the mailbox of `return_path`, where they are read and go to who has the
    /// case; to `from` when there is none.
    #[serde(default)]
    pub reply_to: Option<String>,
    /// The address that mails come back to, with `{token}` where the token of the notice goes:
    /// `antwoord+{token}@example.org`. `from` when left out, and then nobody hears what came back.
    #[serde(default)]
    pub return_path: Option<String>,
    /// The name this machine gives itself (EHLO); the domain of `from` when left out.
    #[serde(default)]
    pub hello_name: Option<String>,
    /// A PEM file with certificates to trust beside the system's own, for a private authority.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// What mails are signed with (DKIM), each key once; unsigned when there is none.
    #[serde(default)]
    pub dkim: Vec<DkimConfig>,
    /// Connections at the same time, 1 to 100.
    #[serde(default = "max_connections")]
    pub max_connections: usize,
    /// Mails over one connection before it is closed.
    #[serde(default = "max_mails")]
    pub max_mails_per_connection: u32,
    /// Seconds that an unused connection is kept.
    #[serde(default = "idle_seconds")]
    pub idle_seconds: u64,
}

fn max_connections() -> usize {
    4
}

fn max_mails() -> u32 {
    1_000
}

fn idle_seconds() -> u64 {
    // Servers close after 5 minutes (RFC 5321 §4.5.3.2.7), busy ones sooner.
    30
}

impl MailConfig {
    /// The server `host`, everything else by default.
    pub fn new(host: &str) -> Self {
        Self {
            host: host.to_owned(),
            port: None,
            tls: None,
            user: None,
            password: None,
            password_file: None,
            from: None,
            reply_to: None,
            return_path: None,
            hello_name: None,
            ca_file: None,
            dkim: Vec::new(),
            max_connections: max_connections(),
            max_mails_per_connection: max_mails(),
            idle_seconds: idle_seconds(),
        }
    }

    /// What is wrong with these settings, each as a sentence that names the setting. Reads no file.
    pub fn check(&self, city: &City) -> Vec<String> {
        let mut wrong = Vec::new();
        if self.host.trim().is_empty() || self.host.contains(['/', '@', ' ']) {
            wrong.push(
                "mail.host: write the name of the mail server alone, for instance \"smtp.example.org\"".to_owned(),
            );
        }
        if self.port == Some(0) {
            wrong.push("mail.port: 0 is not a port; leave it out for the usual one".to_owned());
        }
        for (setting, address) in
            [("mail.from", Some(self.sender_address(city))), ("mail.reply_to", self.reply_to.as_deref())]
        {
            if address.is_some_and(|a| a.parse::<Address>().is_err()) {
                wrong.push(format!("{setting}: this is not a mail address; write one like \"voordeur@example.org\""));
            }
        }
        // As long as the longest token, in a local part of at most 64 characters (RFC 5321 §4.5.3.1.1).
        let is_pattern = |text: &str| {
            text.matches("{token}").count() == 1 && text.replace("{token}", &"a".repeat(42)).parse::<Address>().is_ok()
        };
        if self.return_path.as_deref().is_some_and(|text| !is_pattern(text)) {
            wrong.push(
                "mail.return_path: write an address with a place for the token, \"antwoord+{token}@example.org\""
                    .to_owned(),
            );
        }
        let has_password = self.password.is_some() || self.password_file.is_some();
        match (&self.user, has_password) {
            (Some(_), false) => {
                wrong.push("mail.password: there is a user but no password; set it, or mail.password_file".to_owned())
            }
            (None, true) => wrong.push("mail.user: there is a password but no user".to_owned()),
            (Some(_), true) if self.tls() == Tls::None && !self.is_this_machine() => {
                wrong.push(
                    "mail.tls: the password would travel in the clear; use \"starttls\" or \"required\"".to_owned(),
                );
            }
            _ => {}
        }
        if self.password.is_some() && self.password_file.is_some() {
            wrong.push("mail.password_file: there is a mail.password too; keep one of them".to_owned());
        }
        let domain = self.sender_address(city).rsplit_once('@').map_or("", |(_, domain)| domain);
        wrong.extend(self.dkim.iter().flat_map(|key| key.check(domain)));
        if !(1..=100).contains(&self.max_connections) {
            wrong.push("mail.max_connections: use 1 to 100".to_owned());
        }
        if self.max_mails_per_connection == 0 {
            wrong.push("mail.max_mails_per_connection: use at least 1".to_owned());
        }
        wrong
    }

    /// How the connection is secured.
    pub fn tls(&self) -> Tls {
        self.tls.unwrap_or(if self.is_this_machine() { Tls::None } else { Tls::Starttls })
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.tls() {
            Tls::None => 25,
            Tls::Starttls => 587,
            Tls::Required => 465,
        })
    }

    /// How long an unused connection is kept.
    pub(super) fn idle(&self) -> Duration {
        Duration::from_secs(self.idle_seconds)
    }

    pub(super) fn sender_address<'a>(&'a self, city: &'a City) -> &'a str {
        self.from.as_deref().unwrap_or(&city.email)
    }

    /// User and password, the password read from its file if it has one.
    pub(super) fn login(&self) -> Result<Option<(String, String)>, String> {
        let Some(user) = &self.user else { return Ok(None) };
        let password = match (&self.password, &self.password_file) {
            (Some(password), _) => password.expose_secret().to_owned(),
            (None, Some(file)) => {
                let text = std::fs::read_to_string(file);
                let text =
                    text.map_err(|error| format!("mail.password_file: {} cannot be read: {error}", file.display()))?;
                text.trim_end_matches(['\r', '\n']).to_owned()
            }
            (None, None) => return Ok(None),
        };
        Ok(Some((user.clone(), password)))
    }

    fn is_this_machine(&self) -> bool {
        let host = self.host.trim_matches(['[', ']']);
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

impl FromStr for MailConfig {
    type Err = String;

    /// Reads `smtp://[user:password@]host[:port][?tls=none|starttls|required]`; `smtps://` is TLS
    /// from the start.
    fn from_str(text: &str) -> Result<Self, String> {
        let help = "write the mail server as smtp://user:password@host:587, or smtps://… for TLS from the start";
        let url = Url::parse(text).map_err(|error| format!("{error}: {help}"))?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(help)?;
        let mut config = Self::new(host.trim_matches(['[', ']']));
        config.port = url.port();
        config.tls = match url.scheme() {
            "smtp" => None,
            "smtps" => Some(Tls::Required),
            _ => return Err(help.to_owned()),
        };
        for (name, value) in url.query_pairs() {
            config.tls = match (name.as_ref(), value.as_ref()) {
                ("tls", "none") => Some(Tls::None),
                ("tls", "starttls") => Some(Tls::Starttls),
                ("tls", "required") => Some(Tls::Required),
                ("tls", _) => return Err(format!("tls is none, starttls or required: {help}")),
                (name, _) => return Err(format!("`{name}` is not a setting of this address; tls is the only one")),
            };
        }
        let decoded = |text: &str| unescape(text).ok_or_else(|| format!("the name or password is not UTF-8: {help}"));
        if !url.username().is_empty() {
            config.user = Some(decoded(url.username())?);
        }
        if let Some(password) = url.password() {
            config.password = Some(decoded(password)?.into());
        }
        Ok(config)
    }
}

/// Undoes percent-encoding (RFC 3986 §2.1).
fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let hex = (first == b'%').then(|| tail.get(..2)).flatten();
        let byte = hex.and_then(|hex| std::str::from_utf8(hex).ok()).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(byte.unwrap_or(first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_servers() {
        for (text, host, port, tls, user) in [
            ("smtp://mail.example.org", "mail.example.org", 587, Tls::Starttls, None),
            ("smtps://jo%40x:p%2fw@mail.example.org", "mail.example.org", 465, Tls::Required, Some("jo@x")),
            ("smtp://localhost:1025", "localhost", 1025, Tls::None, None),
            ("smtp://127.0.0.1", "127.0.0.1", 25, Tls::None, None),
            ("smtp://mail.example.org:25?tls=none", "mail.example.org", 25, Tls::None, None),
        ] {
            let config: MailConfig = text.parse().unwrap();
            assert_eq!(
                (config.host.as_str(), config.port(), config.tls(), config.user.as_deref()),
                (host, port, tls, user),
                "{text}"
            );
        }
        let config: MailConfig = "smtps://jo:p%2fw@mail.example.org".parse().unwrap();
        assert_eq!(config.login().unwrap(), Some(("jo".to_owned(), "p/w".to_owned())));
        assert!(!format!("{config:?}").contains("p/w"), "passwords stay out of logs");
        for bad in ["mail.example.org", "http://mail.example.org", "smtp://", "smtp://x?tls=maybe", "smtp://x?from=y"] {
            assert!(bad.parse::<MailConfig>().is_err(), "{bad}");
        }
    }
}
