//! What departments prove themselves with. Comes from the hub's configuration, by file or
//! environment; never from the city folder, never in a log.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use schemas::{fault::Invalid, slug::DepartmentId};
use secrecy::{ExposeSecret as _, SecretBox, SecretString};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::{collections::BTreeMap, fmt, sync::Arc};
use subtle::ConstantTimeEq as _;

/// The secrets of one department, as configured.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Keys of the Standard Webhooks scheme, `whsec_<base64>`, at most two: while a key is being
    /// replaced both are good. What we send is signed with all of them; an answer needs one.
    pub webhook_keys: Vec<SecretString>,
    /// Bearer tokens for the HTTP work queue and updates, at most two, at least 20 characters.
    pub tokens: Vec<SecretString>,
    /// The same, as sha256 in hex, for configurations that should not hold the token itself.
    pub token_sha256: Vec<String>,
    /// What we prove ourselves with to the department's own system.
    pub credentials: Credentials,
}

/// What we prove ourselves with to the department's own system, by whatever its adapter needs.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Credentials {
    /// A key that goes with each call (Open311 `api_key`).
    pub api_key: Option<SecretString>,
    /// The password of a mailbox or an account; the account stands in `departments.yaml`.
    pub password: Option<SecretString>,
    /// A private key in OpenSSH form, for SFTP.
    pub ssh_key: Option<SecretString>,
}

impl Config {
    /// What is wrong with the secrets of `department`; nothing when they are good. Never says what
    /// they are.
    pub fn check(&self, department: &str) -> Vec<Invalid> {
        self.clone().read(department).err().unwrap_or_default()
    }

    fn read(self, department: &str) -> Result<DepartmentSecrets, Vec<Invalid>> {
        let mut faults = Vec::new();
        let mut wrong = |name: &str, message: &str| {
            faults.push(Invalid::new(format!("secrets.{department}.{name}"), "malformed", message));
        };
        let mut keys = Vec::new();
        for text in &self.webhook_keys {
            match Key::parse(text.expose_secret()) {
                Some(key) => keys.push(key),
                None => wrong("webhook_keys", "a key is `whsec_` and the base64 of 24 to 64 random bytes"),
            }
        }
        if keys.len() > 2 {
            wrong("webhook_keys", "at most two keys: the old one and the new one");
        }
        let mut tokens = Vec::new();
        for token in &self.tokens {
            if token.expose_secret().len() >= 20 {
                tokens.push(Sha256::digest(token.expose_secret()).into());
            } else {
                wrong("tokens", "a token has at least 20 characters");
            }
        }
        for text in &self.token_sha256 {
            match unhex(text) {
                Some(hash) => tokens.push(hash),
                None => wrong("token_sha256", "a sha256 is 64 hexadecimal digits"),
            }
        }
        if tokens.len() > 2 {
            wrong("tokens", "at most two tokens: the old one and the new one");
        }
        let credentials = self.credentials;
        if faults.is_empty() { Ok(DepartmentSecrets { keys, tokens, credentials }) } else { Err(faults) }
    }
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits = text.trim().as_bytes();
    if digits.len() != 64 || !digits.is_ascii() {
        return None;
    }
    let mut out = [0; 32];
    for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |c: u8| char::from(c).to_digit(16);
        *byte = u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok()?;
    }
    Some(out)
}

/// A key of the Standard Webhooks scheme.
#[derive(Clone)]
pub struct Key(Arc<SecretBox<Vec<u8>>>);

impl Key {
    /// Reads `whsec_<base64>`; the prefix may be left out.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let bytes = STANDARD.decode(text.strip_prefix("whsec_").unwrap_or(text)).ok()?;
        (24..=64).contains(&bytes.len()).then(|| Self(Arc::new(SecretBox::new(Box::new(bytes)))))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(hidden)")
    }
}

/// The secrets of one department, ready for use.
#[derive(Clone, Default)]
struct DepartmentSecrets {
    keys: Vec<Key>,
    tokens: Vec<[u8; 32]>,
    credentials: Credentials,
}

/// The secrets of every department. Cheap to clone.
#[derive(Clone, Default)]
pub struct Secrets(Arc<BTreeMap<DepartmentId, DepartmentSecrets>>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets(of {} departments, hidden)", self.0.len())
    }
}

impl Secrets {
    /// Reads what was configured; names every fault.
    pub fn read(configured: BTreeMap<DepartmentId, Config>) -> Result<Self, Vec<Invalid>> {
        let mut secrets = BTreeMap::new();
        let mut faults = Vec::new();
        for (department, config) in configured {
            match config.read(&department) {
                Ok(good) => {
                    secrets.insert(department, good);
                }
                Err(more) => faults.extend(more),
            }
        }
        if faults.is_empty() { Ok(Self(Arc::new(secrets))) } else { Err(faults) }
    }

    /// The webhook keys of `department`, newest last; none when it has none.
    pub fn keys(&self, department: &str) -> &[Key] {
        self.0.get(department).map_or(&[], |secrets| &secrets.keys)
    }

    /// What we prove ourselves with to the system of `department`.
    pub fn credentials(&self, department: &str) -> Credentials {
        self.0.get(department).map(|secrets| secrets.credentials.clone()).unwrap_or_default()
    }

    /// Whether `token` is one of `department`'s. Takes the same time for every wrong token.
    pub fn knows(&self, department: &str, token: &str) -> bool {
        let hash: [u8; 32] = Sha256::digest(token).into();
        let tokens = self.0.get(department).map_or(&[][..], |secrets| &secrets.tokens);
        tokens.iter().fold(subtle::Choice::from(0), |known, good| known | good.ct_eq(&hash)).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_known_by_their_hash() {
        let wegen = DepartmentId::new("wegen").unwrap();
        let hash = crate::intake::hex(&Sha256::digest("another-token-of-twenty"));
        let config =
            Config { tokens: vec!["a-token-of-twenty-chars".into()], token_sha256: vec![hash], ..Config::default() };
        let secrets = Secrets::read([(wegen, config)].into()).unwrap();
        assert!(secrets.knows("wegen", "a-token-of-twenty-chars"));
        assert!(secrets.knows("wegen", "another-token-of-twenty"));
        assert!(!secrets.knows("wegen", "a-token-of-twenty-charz"));
        assert!(!secrets.knows("groen", "a-token-of-twenty-chars"));
        assert!(!secrets.knows("wegen", ""));
    }

    #[test]
    fn bad_secrets_are_named_and_never_shown() {
        let config = Config {
            webhook_keys: vec!["whsec_short".into()],
            tokens: vec!["hunter2".into()],
            token_sha256: vec!["xyz".into()],
            ..Config::default()
        };
        let faults = config.check("wegen");
        assert_eq!(faults.len(), 3);
        assert!(!format!("{faults:?} {config:?}").contains("hunter2"));
    }
}
