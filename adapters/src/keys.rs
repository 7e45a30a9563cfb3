//! Keys by which programs prove which channel they are. A key is shown once, to whoever made it; after that it is
//! known again by its digest alone.

use crate::intake::hex;
use schemas::{
    Timestamp,
    api_key::{ApiKey, KeyKind},
    audit::Deed,
    fault::Invalid,
    id::Ids,
    slug::Channel,
};
use sha2::{Digest as _, Sha256};
use std::time::Duration;
use store::Store;
use subtle::ConstantTimeEq as _;

/// Channels that are doors of the city's own: no key stands for them.
pub const OWN: [&str; 5] = ["web", "api", "open311", "email", "sms"];

/// Characters of `vd_live_` and `vd_test_`.
const HEAD: usize = 8;
/// Characters of the prefix: the head, and what tells keys apart.
const PREFIX: usize = HEAD + 8;
/// Characters of a key.
const LENGTH: usize = PREFIX + 26;
/// When a key was last seen is known this exactly, so that not every call is a write.
const SEEN: Duration = Duration::from_secs(15 * 60);

/// A key that was made just now.
#[derive(Debug)]
pub struct Made {
    /// What the city keeps of it, beside the digest.
    pub key: ApiKey,
    /// The key itself: `vd_live_` or `vd_test_` and 34 of `a-z2-7`, of which 130 bits are nowhere else.
    pub text: secrecy::SecretString,
    digest: String,
}

/// Makes a key for `channel`; nothing is kept yet.
pub fn make(ids: &Ids, now: Timestamp, channel: Channel, kind: KeyKind) -> Made {
    let short: String = ids.token().chars().take(PREFIX - HEAD).collect();
    let prefix = format!("vd_{}_{short}", kind.as_str());
    let text = format!("{prefix}{}", ids.token());
    let key = ApiKey { id: ids.new_id(), prefix, channel, kind, made_at: now, used_at: None, revoked_at: None };
    Made { key, digest: digest(&text), text: text.into() }
}

/// Why nobody gets a key for `channel`.
pub fn refused(channel: &Channel) -> Option<Invalid> {
    OWN.contains(&channel.as_str()).then(|| {
        let message = format!("`{channel}` is a door of the city's own: name the program, for instance my-app");
        Invalid::new("channel", "taken", message)
    })
}

/// Makes a key for `channel` and keeps its digest. `who` stands in the audit with it.
pub async fn create(store: &Store, channel: Channel, kind: KeyKind, who: &str) -> Result<Made, store::Error> {
    let made = make(store.ids(), store.clock().now(), channel, kind);
    let mut tx = store.begin().await?;
    tx.add_api_key(&made.key, &made.digest).await?;
    tx.audit(who, Deed::KeysCreate, &format!("{} {}", made.key.prefix, made.key.channel), "").await?;
    tx.commit().await?;
    Ok(made)
}

/// What became of a wish to revoke a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revoked {
    /// It is refused from now on, on every process.
    Now(ApiKey),
    /// It was before.
    Before(ApiKey),
    /// There is none that begins so.
    Unknown,
}

/// Refuses the key that begins with `prefix` from now on. `who` stands in the audit with it.
pub async fn revoke(store: &Store, prefix: &str, who: &str, why: &str) -> Result<Revoked, store::Error> {
    let Some((key, _)) = store.api_key(prefix).await? else { return Ok(Revoked::Unknown) };
    let mut tx = store.begin().await?;
    if !tx.revoke_api_key(prefix).await? {
        return Ok(Revoked::Before(key));
    }
    tx.audit(who, Deed::KeysRevoke, &format!("{prefix} {}", key.channel), why).await?;
    tx.commit().await?;
    Ok(Revoked::Now(key))
}

/// The key that `text` is, if it is one and was not revoked.
pub async fn look(store: &Store, text: &str) -> Result<Option<ApiKey>, store::Error> {
    let Some(prefix) = prefix(text) else { return Ok(None) };
    let Some((key, kept)) = store.api_key(prefix).await? else { return Ok(None) };
    let same: bool = kept.as_bytes().ct_eq(digest(text).as_bytes()).into();
    if !same || key.revoked_at.is_some() {
        return Ok(None);
    }
    let now = store.clock().now();
    if key.used_at.is_none_or(|at| at + SEEN < now)
        && let Err(error) = store.api_key_used(key.id, now).await
    {
        // It is only for people who tidy up.
        tracing::warn!(%error, key = key.prefix, "that a key was used is not noted");
    }
    Ok(Some(key))
}

/// The part of a key that people know it by; nothing when `text` does not look like a key.
fn prefix(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("vd_live_").or_else(|| text.strip_prefix("vd_test_"))?;
    let good = |b: u8| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b);
    (text.len() == LENGTH && rest.bytes().all(good)).then(|| &text[..PREFIX])
}

fn digest(text: &str) -> String {
    hex(&Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::now;
    use proptest::prelude::*;
    use schemas::id::Clock;
    use secrecy::ExposeSecret as _;

    #[test]
    fn a_key_is_long_tells_its_kind_and_hides_itself() {
        let ids = Ids::new(Clock::new(now));
        for kind in [KeyKind::Live, KeyKind::Test] {
            let made = make(&ids, now(), Channel::new("my-app").unwrap(), kind);
            let text = made.text.expose_secret();
            assert_eq!(text.len(), LENGTH);
            assert!(text.starts_with(&format!("vd_{}_", kind.as_str())), "{text}");
            assert_eq!(prefix(text), Some(made.key.prefix.as_str()));
            assert!(!format!("{made:?}").contains(text));
            assert_eq!(made.digest.len(), 64);
        }
        assert!(refused(&Channel::new("web").unwrap()).is_some());
        assert!(refused(&Channel::new("my-app").unwrap()).is_none());
    }

    proptest! {
        #[test]
        fn what_is_no_key_has_no_prefix(text in "(vd_(live|test)_)?\\PC{0,60}") {
            if let Some(prefix) = prefix(&text) {
                prop_assert!(text.starts_with(prefix) && text.len() == LENGTH && text.is_ascii());
            }
        }
    }
}
