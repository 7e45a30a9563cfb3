//! Signs mails (DKIM, RFC 6376), so that whoever receives one sees that it is the city's, and whole.
//!
//! Signed here and not by lettre: that takes the crate `rsa`, whose timing gives keys away
//! (RUSTSEC-2023-0071), and would be a second cryptography beside aws-lc. What is signed is always a
//! mail of our own making, so that little of the RFC is needed.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject as _};
use schemas::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

/// What is signed. Each once more than it is there, so that nobody can add another (RFC 6376 §5.4.2);
/// RFC 8058 §4 asks for the two that unsubscribe.
const SIGNED: [&str; 13] = [
    "from",
    "to",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "list-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "mime-version",
    "content-type",
];

/// The longest line that is written into the header (RFC 5322 §2.1.1 asks for 78).
const LINE: usize = 72;

/// A key that mails are signed with. Its public half is in the DNS, at `<selector>._domainkey.<domain>`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DkimConfig {
    /// The name of the key.
    pub selector: String,
    /// The domain that signs; that of `from` when left out.
    #[serde(default)]
    pub domain: Option<String>,
    /// The private key, PEM: RSA of at least 2,048 bits (RFC 8301), or Ed25519 (RFC 8463).
    pub key: SecretString,
}

impl DkimConfig {
    /// What is wrong with these settings, each as a sentence that names the setting.
    pub(super) fn check(&self, from_domain: &str) -> Vec<String> {
        let mut wrong = Vec::new();
        if !is_name(&self.selector) {
            wrong.push("mail.dkim.selector: write the name of the key, for instance \"voordeur1\"".to_owned());
        }
        let domain = self.domain.as_deref().unwrap_or(from_domain);
        if !is_name(domain) {
            wrong.push("mail.dkim.domain: write a domain in ASCII, for instance \"example.org\"".to_owned());
        } else if !from_domain.eq_ignore_ascii_case(domain)
            && !from_domain.to_ascii_lowercase().ends_with(&format!(".{}", domain.to_ascii_lowercase()))
        {
            // Nobody asks for such a signature: it says nothing about who `From` is (RFC 7489 §3.1.1).
            wrong.push(format!("mail.dkim.domain: mails come from {from_domain}, which is not part of {domain}"));
        }
        if let Err(why) = Key::read(&self.key) {
            wrong.push(format!("mail.dkim.key: {why}"));
        }
        wrong
    }

    /// What signs with this key. The error is a sentence that names the wrong setting.
    pub(super) fn build(&self, from_domain: &str) -> Result<Signer, String> {
        if let Some(wrong) = self.check(from_domain).into_iter().next() {
            return Err(wrong);
        }
        let key = Key::read(&self.key).map_err(|why| format!("mail.dkim.key: {why}"))?;
        let domain = self.domain.as_deref().unwrap_or(from_domain).to_ascii_lowercase();
        Ok(Signer { selector: self.selector.to_ascii_lowercase(), domain, key })
    }
}

/// Labels of letters, digits and `-`, with dots between them.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 253
        && text.split('.').all(|label| {
            !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        })
}

enum Key {
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Key {
    fn read(pem: &SecretString) -> Result<Self, &'static str> {
        let help = "this is no private key in PEM: an RSA key of at least 2048 bits, or an Ed25519 key; \
                    `openssl genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:2048` makes one";
        let der = PrivateKeyDer::from_pem_slice(pem.expose_secret().as_bytes()).map_err(|_| help)?;
        let key = match &der {
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()).map(Self::Rsa),
            PrivateKeyDer::Pkcs8(der) => match Ed25519KeyPair::from_pkcs8(der.secret_pkcs8_der()) {
                Ok(key) => Ok(Self::Ed25519(key)),
                Err(_) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).map(Self::Rsa),
            },
            _ => return Err(help),
        };
        match key {
            Ok(Self::Rsa(key)) if key.public_modulus_len() * 8 < 2_048 => Err(help),
            Ok(key) => Ok(key),
            Err(_) => Err(help),
        }
    }

    fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "rsa-sha256",
            Self::Ed25519(_) => "ed25519-sha256",
        }
    }

    fn sign(&self, data: &[u8]) -> Result<Vec<u8>, String> {
        match self {
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), data, &mut signature)
                    .map_err(|_| "the mail could not be signed".to_owned())?;
                Ok(signature)
            }
            // RFC 8463 §3: what is signed is the digest.
            Self::Ed25519(key) => Ok(key.sign(&Sha256::digest(data)).as_ref().to_vec()),
        }
    }
}

/// Signs with one key.
pub(super) struct Signer {
    selector: String,
    domain: String,
    key: Key,
}

impl Signer {
    /// `mail` with its signature on top, as of `at`: the same mail is signed the same way.
    pub(super) fn sign(&self, mail: &[u8], at: Timestamp) -> Result<Vec<u8>, String> {
        let (head, body) = parts(mail).ok_or("the mail has no end of its headers")?;
        let headers = headers(head);
        let (mut names, mut data) = (Vec::new(), String::new());
        for name in SIGNED {
            for (_, value) in headers.iter().rev().filter(|(known, _)| known == name) {
                names.push(name);
                data.push_str(&format!("{name}:{value}\r\n"));
            }
            names.push(name);
        }
        let hash = STANDARD.encode(Sha256::digest(relaxed_body(body)));
        let (algorithm, domain, selector) = (self.key.algorithm(), &self.domain, &self.selector);
        let mut header = format!(
            "DKIM-Signature: v=1; a={algorithm}; c=relaxed/relaxed; d={domain};\r\n\ts={selector}; t={}; q=dns/txt;\r\n\th={};\r\n\tbh={hash};\r\n\tb=",
            at.as_second(),
            folded(names.iter().map(|name| format!("{name}:"))).trim_end_matches(':'),
        );
        // The signature signs its own header, without what it says itself (RFC 6376 §3.7).
        for (name, value) in self::headers(&header) {
            data.push_str(&format!("{name}:{value}"));
        }
        let signature = STANDARD.encode(self.key.sign(data.as_bytes())?);
        header.push_str(&folded(signature.chars().map(String::from)));
        header.push_str("\r\n");
        Ok([header.as_bytes(), mail].concat())
    }
}

/// `pieces` one after the other, on as many lines as it takes.
fn folded(pieces: impl Iterator<Item = String>) -> String {
    let (mut out, mut room) = (String::new(), LINE);
    for piece in pieces {
        if piece.len() > room {
            out.push_str("\r\n\t");
            room = LINE;
        }
        room = room.saturating_sub(piece.len());
        out.push_str(&piece);
    }
    out
}

/// The headers and the body; our own mails have only ASCII in their headers.
fn parts(mail: &[u8]) -> Option<(&str, &[u8])> {
    let end = mail.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some((std::str::from_utf8(&mail[..end + 2]).ok()?, &mail[end + 4..]))
}

/// Names in lower case, and values without needless white space (RFC 6376 §3.4.2).
fn headers(head: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for line in head.split("\r\n") {
        if line.starts_with([' ', '\t'])
            && let Some((_, value)) = found.last_mut()
        {
            value.push(' ');
            value.push_str(line);
        } else if let Some((name, value)) = line.split_once(':') {
            found.push((name.trim_end().to_ascii_lowercase(), value.to_owned()));
        }
    }
    for (_, value) in &mut found {
        *value = value.split([' ', '\t']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    }
    found
}

/// The body without needless white space (RFC 6376 §3.4.4).
fn relaxed_body(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + 2);
    let mut end = 0;
    for line in body.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let mut gap = false;
        for byte in line {
            match byte {
                b' ' | b'\t' => gap = true,
                byte => {
                    if std::mem::take(&mut gap) {
                        out.push(b' ');
                    }
                    out.push(*byte);
                }
            }
        }
        let is_empty = out.len() == end || out.ends_with(b"\n");
        out.extend_from_slice(b"\r\n");
        if !is_empty {
            end = out.len();
        }
    }
    out.truncate(end);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_written_one_way() {
        for (body, relaxed) in [
            ("", ""),
            ("\r\n\r\n", ""),
            ("a", "a\r\n"),
            (" C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n"),
            ("a\r\n\r\nb\r\n", "a\r\n\r\nb\r\n"),
            (" \t\r\n\r\n", ""),
        ] {
            assert_eq!(String::from_utf8(relaxed_body(body.as_bytes())).unwrap(), relaxed, "{body:?}");
        }
        let read = headers("A: X \r\nB : Y\t\r\n\tZ  \r\n");
        assert_eq!(read, [("a".to_owned(), "X".to_owned()), ("b".to_owned(), "Y Z".to_owned())]);
    }

    #[test]
    fn wrong_keys_are_said() {
        let config = |selector: &str, domain: Option<&str>, key: &str| DkimConfig {
            selector: selector.to_owned(),
            domain: domain.map(str::to_owned),
            key: key.to_owned().into(),
        };
        for (wrong, says) in [
            (config("", None, ""), "mail.dkim.selector"),
            (config("a b", None, ""), "mail.dkim.selector"),
            (config("a", Some("elders.example"), ""), "not part of elders.example"),
            (config("a", None, "nonsense"), "mail.dkim.key"),
        ] {
            let said = wrong.check("stad.example");
            assert!(said[0].contains(says), "{said:?}");
        }
        assert_eq!(config("a", Some("example"), "x").check("stad.example").len(), 1, "its own domain, one up");
    }
}
