//! Passwords: which may be chosen (NIST SP 800-63B §3.1.1: long enough, none of the commonest, no other rules), and their
//! hashes (Argon2id). A hash costs 19 MiB and a good part of a second's work: it is made on a thread that may block, and
//! only so many at once.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use schemas::{fault::Invalid, id::Ids};
use secrecy::{ExposeSecret as _, SecretString};
use std::{sync::Arc, time::Duration};
use subtle::ConstantTimeEq as _;
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization as _;

/// The fewest characters of a password.
pub const FEWEST: usize = 12;
/// The most.
pub const MOST: usize = 200;

/// The commonest passwords of twelve characters and more, in small letters.
const COMMON: &str = include_str!("common.txt");

/// At most so many hashes at once: each takes 19 MiB and a core.
const AT_ONCE: usize = 2;
/// How long somebody waits for their turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes of a hash.
const LENGTH: usize = 32;
/// The work of one hash: 19 MiB, twice over, one lane (OWASP's first choice, and the library's own).
const WORK: (u32, u32, u32) = (19 * 1024, 2, 1);

/// Why `password` may not be chosen by whoever has these `names` (their own, their address, the city's); nothing when it
/// may.
pub fn refused(password: &str, names: &[&str]) -> Option<Invalid> {
    let length = password.nfc().count();
    if length < FEWEST {
        let message = format!("use at least {FEWEST} characters: a few words in a row are easy to remember");
        return Some(Invalid::new("password", "too_short", message));
    }
    if length > MOST {
        return Some(Invalid::new("password", "too_long", format!("use at most {MOST} characters")));
    }
    let small = password.nfc().collect::<String>().to_lowercase();
    let same = |other: &str| !other.is_empty() && other.trim().to_lowercase() == small.trim();
    if COMMON.lines().any(same) || names.iter().any(|name| same(name)) {
        return Some(Invalid::new("password", "too_common", "this is one of the first that somebody would try"));
    }
    None
}

/// Too many people log in at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many people log in at this moment")]
pub struct Busy;

/// Makes hashes and compares with them. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Hasher {
    turns: Arc<Semaphore>,
    /// What an unknown name is compared with, so that it takes as long as a known one.
    nobody: Arc<str>,
}

impl Hasher {
    /// For one process.
    pub fn new(ids: &Ids) -> Self {
        let nobody = written(ids.token().as_bytes(), &[0; LENGTH]);
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)), nobody: nobody.into() }
    }

    /// The hash of `password`, in PHC form.
    ///
    /// # Errors
    /// [`Busy`] when it is nobody's turn for ten seconds.
    pub async fn hash(&self, password: &SecretString, ids: &Ids) -> Result<String, Busy> {
        let salt = ids.token().into_bytes();
        let hash = self.work(password, salt.clone()).await?;
        Ok(written(&salt, &hash))
    }

    /// Whether `password` is the one of `hash`. Without a hash it is not, and takes as long.
    ///
    /// # Errors
    /// [`Busy`] when it is nobody's turn for ten seconds.
    pub async fn is(&self, password: &SecretString, hash: Option<&str>) -> Result<bool, Busy> {
        let known = hash.and_then(read);
        let (salt, wanted) = match &known {
            Some(known) => known.clone(),
            None => read(&self.nobody).unwrap_or_default(),
        };
        let made = self.work(password, salt).await?;
        Ok(known.is_some() & bool::from(made.ct_eq(&wanted)))
    }

    async fn work(&self, password: &SecretString, salt: Vec<u8>) -> Result<Vec<u8>, Busy> {
        let turn = self.turns.clone().acquire_owned();
        let turn = tokio::time::timeout(PATIENCE, turn).await.ok().and_then(Result::ok).ok_or(Busy)?;
        // The same password typed on another keyboard is the same password (NFC).
        let password: SecretString = password.expose_secret().nfc().collect::<String>().into();
        let made = tokio::task::spawn_blocking(move || {
            // The turn goes back when the work is done, also when nobody waits for it any more.
            let _turn = turn;
            let mut out = vec![0; LENGTH];
            let (memory, times, lanes) = WORK;
            let params = Params::new(memory, times, lanes, Some(LENGTH)).ok()?;
            let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            argon.hash_password_into(password.expose_secret().as_bytes(), &salt, &mut out).ok()?;
            Some(out)
        });
        made.await.ok().flatten().ok_or(Busy)
    }
}

/// Salt and hash in PHC form.
fn written(salt: &[u8], hash: &[u8]) -> String {
    let (memory, times, lanes) = WORK;
    let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
    format!("$argon2id$v=19$m={memory},t={times},p={lanes}${salt}${hash}")
}

/// Salt and hash of what [`written`] wrote.
fn read(text: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let (memory, times, lanes) = WORK;
    let rest = text.strip_prefix(format!("$argon2id$v=19$m={memory},t={times},p={lanes}$").as_str())?;
    let (salt, hash) = rest.split_once('$')?;
    Some((STANDARD_NO_PAD.decode(salt).ok()?, STANDARD_NO_PAD.decode(hash).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::now;
    use schemas::id::Clock;

    #[test]
    fn a_password_is_long_and_not_the_first_that_comes_to_mind() {
        let names = ["An Peeters", "an.peeters@stad.example", "Voordeur Kortrijk"];
        for (password, code) in [
            ("", Some("too_short")),
            ("elf tekens!", Some("too_short")),
            ("wachtwoord123", Some("too_common")),
            ("WachtWoord123", Some("too_common")),
            ("An.Peeters@stad.example", Some("too_common")),
            ("voordeur kortrijk", Some("too_common")),
            (&"x".repeat(201), Some("too_long")),
            ("twaalf teken", None),
            ("vier gele fietsen zingen", None),
            ("éééééééééééé", None),
            ("aaaaaaaaaaaa", None),
        ] {
            let found = refused(password, &names);
            assert_eq!(found.as_ref().map(|fault| fault.code.as_ref()), code, "{password}");
        }
        assert!(COMMON.lines().all(|line| line.chars().count() >= FEWEST && line == line.to_lowercase()));
    }

    #[tokio::test]
    async fn a_hash_tells_its_password_from_others_and_nobody_has_one() {
        let ids = Ids::new(Clock::new(now));
        let hasher = Hasher::new(&ids);
        let good: SecretString = "vier gele fietsen zingen é".into();
        let hash = hasher.hash(&good, &ids).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && !hash.contains("fietsen"), "{hash}");
        assert_ne!(hasher.hash(&good, &ids).await.unwrap(), hash, "each has a salt of its own");
        assert!(hasher.is(&good, Some(&hash)).await.unwrap());
        // Typed as two characters.
        assert!(hasher.is(&"vier gele fietsen zingen e\u{301}".into(), Some(&hash)).await.unwrap());
        for wrong in ["", "vier gele fietsen zingen e"] {
            assert!(!hasher.is(&wrong.into(), Some(&hash)).await.unwrap(), "{wrong}");
        }
        for broken in [None, Some(""), Some("plain"), Some("$argon2id$v=19$m=1,t=1,p=1$AAAA$AAAA")] {
            assert!(!hasher.is(&good, broken).await.unwrap(), "{broken:?}");
        }
    }
}
