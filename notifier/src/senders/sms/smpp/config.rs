//! What SMPP alone asks for, and where the message centre is.

use rustls::pki_types::ServerName;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use tokio_rustls::TlsConnector;
use url::{Host, Url};

/// What only a gateway of the profile `smpp` has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SmppConfig {
    /// The system_type of the account, mostly empty; up to 12 letters.
    pub system_type: String,
    /// How receipts write the numbers that answers gave.
    pub numbers: Numbers,
    /// The `err:` of receipts that say that there is no such number; each network has its own.
    pub dead: Vec<String>,
    /// Certificates to trust beside the system's own, PEM.
    pub ca_file: Option<PathBuf>,
}

/// How the number of a message in its receipt is related to that in the answer to submit_sm. The standard
/// wants them the same (SMPP 3.4 §5.2.12 and appendix B); many centres answer in hexadecimal digits and write
/// decimal ones later.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Numbers {
    /// They are the same.
    #[default]
    Same,
    /// The answer is hexadecimal, the receipt decimal.
    HexDecimal,
    /// The answer is decimal, the receipt hexadecimal.
    DecimalHex,
}

impl Numbers {
    /// The number of an answer, as it is kept.
    pub(super) fn of_an_answer(self, number: &str) -> String {
        let kept = match self {
            Self::Same => None,
            Self::HexDecimal => u128::from_str_radix(number.trim(), 16).ok(),
            Self::DecimalHex => number.trim().parse().ok(),
        };
        kept.map_or_else(|| number.trim().to_owned(), |number| number.to_string())
    }

    /// The number of a receipt, as that of its answer is kept.
    pub(super) fn of_a_receipt(self, number: &str) -> String {
        match self {
            Self::Same => number.trim().to_owned(),
            Self::HexDecimal => Self::DecimalHex.of_an_answer(number),
            Self::DecimalHex => Self::HexDecimal.of_an_answer(number),
        }
    }
}

/// Where the message centre is.
pub(super) struct Place {
    pub host: String,
    pub port: u16,
    pub tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Place {
    /// Reads `smpp://host:2775`, or `smpps://host:3550` with TLS from the first byte. The error is a sentence
    /// that names the setting.
    pub(super) fn read(url: &str, ca_file: Option<&Path>) -> Result<Self, String> {
        let wrong = || "sms.url: write smpp://host:2775, or smpps://host:3550 with TLS".to_owned();
        let url = Url::parse(url).map_err(|_| wrong())?;
        let has_more = !matches!(url.path(), "" | "/") || url.query().is_some() || !url.username().is_empty();
        let secure = match url.scheme() {
            "smpp" => false,
            "smpps" => true,
            _ => return Err(wrong()),
        };
        // The scheme is none that the standard of addresses knows, so its host is plain text.
        let host = match url.host() {
            Some(Host::Domain(name)) if !name.is_empty() && !has_more => name.to_owned(),
            Some(Host::Ipv4(address)) if !has_more => address.to_string(),
            Some(Host::Ipv6(address)) if !has_more => address.to_string(),
            _ => return Err(wrong()),
        };
        let tls = if secure { Some(tls(&host, ca_file)?) } else { None };
        Ok(Self { port: url.port().unwrap_or(if secure { 3550 } else { 2775 }), host, tls })
    }
}

fn tls(host: &str, ca_file: Option<&Path>) -> Result<(TlsConnector, ServerName<'static>), String> {
    let pem = match ca_file {
        Some(path) => Some(
            std::fs::read(path)
                .map_err(|error| format!("sms.smpp.ca_file: {} cannot be read: {error}", path.display()))?,
        ),
        None => None,
    };
    let name = ServerName::try_from(host.to_owned());
    let name = name.map_err(|_| format!("sms.url: `{host}` is no name that a certificate can have"))?;
    let connector = crate::senders::tls::connector(pem.as_deref()).map_err(|error| format!("sms.smpp.{error}"))?;
    Ok((connector, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_known_again_however_it_is_written() {
        for (numbers, answer, receipt, same) in [
            (Numbers::Same, "A1b2", "A1b2", true),
            (Numbers::Same, "A1b2", "a1b2", false),
            (Numbers::HexDecimal, "1A", "26", true),
            (Numbers::HexDecimal, "0000001a", "0026", true),
            (Numbers::DecimalHex, "26", "1a", true),
            // What is no such number stays as it is.
            (Numbers::HexDecimal, "m-7", "m-7", true),
            (Numbers::HexDecimal, "1A", "1A", false),
        ] {
            assert_eq!(
                numbers.of_an_answer(answer) == numbers.of_a_receipt(receipt),
                same,
                "{numbers:?} {answer} {receipt}"
            );
        }
    }

    #[test]
    fn places_are_read() {
        for (text, expected) in [
            ("smpp://127.0.0.1:2775", Some(("127.0.0.1", 2775, false))),
            ("smpp://smsc.example", Some(("smsc.example", 2775, false))),
            ("smpps://smsc.example", Some(("smsc.example", 3550, true))),
            ("smpp://[::1]:9", Some(("::1", 9, false))),
            ("https://smsc.example", None),
            ("smpp://user@smsc.example", None),
            ("smpp://smsc.example/path", None),
            ("smsc.example:2775", None),
            ("", None),
        ] {
            let place = Place::read(text, None).ok();
            let place = place.as_ref().map(|place| (place.host.as_str(), place.port, place.tls.is_some()));
            let place = place.map(|(host, port, tls)| (host.trim_matches(['[', ']']), port, tls));
            assert_eq!(place, expected, "{text}");
        }
    }
}
