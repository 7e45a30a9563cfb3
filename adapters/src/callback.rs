//! Signatures of the Standard Webhooks scheme (<https://www.standardwebhooks.com>, specification
//! 1.0): how we sign what we send, and how we know that a callback comes from the department.

use crate::secrets::Key;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac as _};
use schemas::Timestamp;
use sha2::Sha256;

/// The header with the id of the message: the same on every retry.
pub const ID: &str = "webhook-id";
/// The header with the time of signing, seconds since 1970.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// The header with the signatures, separated by spaces.
pub const SIGNATURE: &str = "webhook-signature";

/// How far the time of signing may be from now, in seconds: older ones may be replays.
pub const WINDOW_SECONDS: i64 = 300;

fn mac(key: &Key, id: &str, timestamp: i64, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.bytes()).expect("HMAC takes a key of any length (RFC 2104 §2)");
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    mac
}

/// The value of [`SIGNATURE`] for `body`: one `v1` signature per key.
pub fn sign(keys: &[Key], id: &str, at: Timestamp, body: &[u8]) -> String {
    let signatures = keys.iter().map(|key| {
        let code = mac(key, id, at.as_second(), body).finalize().into_bytes();
        format!("v1,{}", STANDARD.encode(code))
    });
    signatures.collect::<Vec<_>>().join(" ")
}

/// The three headers of a signed message, as they came in.
#[derive(Debug, Clone, Copy)]
pub struct Headers<'a> {
    /// [`ID`].
    pub id: Option<&'a str>,
    /// [`TIMESTAMP`].
    pub timestamp: Option<&'a str>,
    /// [`SIGNATURE`].
    pub signature: Option<&'a str>,
}

/// Why a callback is not believed. Says nothing that helps a forger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotGenuine {
    /// A header is missing or unreadable.
    #[error("send the headers webhook-id, webhook-timestamp (seconds since 1970) and webhook-signature")]
    Headers,
    /// Signed too long ago, or in the future.
    #[error("webhook-timestamp is more than 5 minutes from now: check the clock, and sign anew on every try")]
    Time,
    /// No signature fits.
    #[error("webhook-signature does not fit: sign `id.timestamp.body` with the key that was agreed, byte for byte")]
    Signature,
    /// There is no key to compare with.
    #[error("no webhook key was agreed with this department")]
    NoKey,
}

/// Whether `body` was signed with one of `keys`, not more than five minutes from `now`.
pub fn verify(keys: &[Key], headers: Headers<'_>, body: &[u8], now: Timestamp) -> Result<(), NotGenuine> {
    if keys.is_empty() {
        return Err(NotGenuine::NoKey);
    }
    let (Some(id), Some(timestamp), Some(signature)) = (headers.id, headers.timestamp, headers.signature) else {
        return Err(NotGenuine::Headers);
    };
    let timestamp: i64 = timestamp.trim().parse().map_err(|_| NotGenuine::Headers)?;
    if id.is_empty() || id.len() > 200 {
        return Err(NotGenuine::Headers);
    }
    if timestamp.abs_diff(now.as_second()) > WINDOW_SECONDS.unsigned_abs() {
        return Err(NotGenuine::Time);
    }
    // Eight is more than two keys on each side ever need; a thousand would be work for nothing.
    let genuine = signature.split(' ').filter_map(|s| s.strip_prefix("v1,")).take(8).any(|code| {
        let Ok(code) = STANDARD.decode(code) else { return false };
        // verify_slice compares in constant time.
        keys.iter().any(|key| mac(key, id, timestamp, body).verify_slice(&code).is_ok())
    });
    if genuine { Ok(()) } else { Err(NotGenuine::Signature) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn the_vector_of_the_specification() {
        let key = Key::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = br#"{"test": 2432232314}"#;
        let signature = sign(&[key], "msg_p5jXN8AQM9LWM0D4loKWxJek", at(1_614_265_330), body);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn only_the_genuine_is_believed() {
        let old = Key::parse(&STANDARD.encode([1; 32])).unwrap();
        let new = Key::parse(&STANDARD.encode([2; 32])).unwrap();
        let stranger = Key::parse(&STANDARD.encode([3; 32])).unwrap();
        let body = b"{}";
        let both = [old.clone(), new.clone()];
        let check = |keys: &[Key], id: &str, time: &str, signature: &str, body: &[u8]| {
            let headers = Headers { id: Some(id), timestamp: Some(time), signature: Some(signature) };
            verify(keys, headers, body, at(1_000))
        };
        for key in [&old, &new] {
            let good = sign(std::slice::from_ref(key), "a", at(1_000), body);
            assert_eq!(check(&both, "a", "1000", &good, body), Ok(()));
            assert_eq!(check(&both, "a", "1000", &format!("v1a,x v1,AAAA {good}"), body), Ok(()));
            assert_eq!(check(&both, "b", "1000", &good, body), Err(NotGenuine::Signature));
            assert_eq!(check(&both, "a", "1001", &good, body), Err(NotGenuine::Signature));
            assert_eq!(check(&both, "a", "1000", &good, b"{ }"), Err(NotGenuine::Signature));
        }
        let forged = sign(&[stranger], "a", at(1_000), body);
        assert_eq!(check(&both, "a", "1000", &forged, body), Err(NotGenuine::Signature));
        let late = sign(&both, "a", at(699), body);
        assert_eq!(check(&both, "a", "699", &late, body), Err(NotGenuine::Time));
        assert_eq!(check(&both, "a", "soon", &late, body), Err(NotGenuine::Headers));
        assert_eq!(check(&[], "a", "1000", &late, body), Err(NotGenuine::NoKey));
        let none = Headers { id: None, timestamp: None, signature: None };
        assert_eq!(verify(&both, none, body, at(1_000)), Err(NotGenuine::Headers));
    }
}
