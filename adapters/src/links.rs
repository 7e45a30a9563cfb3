//! Links by which somebody at a department answers without an account: in mails, in tasks. Whoever
//! holds the link may answer for that one dispatch, so it is as long as it has to be and never
//! logged. Opening it changes nothing.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use data_encoding::{Encoding, Specification};
use hmac::{Hmac, Mac as _};
use schemas::Uuid;
use secrecy::{ExposeSecret as _, SecretBox};
use sha2::Sha256;
use std::{
    fmt,
    sync::{Arc, LazyLock},
};

/// Bytes of a tag: 128 bits, beyond guessing.
const TAG: usize = 16;
/// Bytes of a tag in a mail address, where room is scarce: 80 bits, and every guess is a mail.
const REPLY_TAG: usize = 10;
/// Characters of the token in a mail address.
pub const REPLY_TOKEN: usize = 42;

/// Letters and digits that survive a mail server which writes addresses in capitals (RFC 4648 §6,
/// in lower case).
static LETTERS: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str("abcdefghijklmnopqrstuvwxyz234567");
    specification.translate.from.push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    specification.translate.to.push_str("abcdefghijklmnopqrstuvwxyz");
    specification.encoding().expect("32 different symbols")
});

/// Makes and reads links. Cheap to clone.
#[derive(Clone)]
pub struct Links {
    key: Arc<SecretBox<[u8; 32]>>,
    public_url: Arc<str>,
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Links(hidden)")
    }
}

impl Links {
    /// Links below `public_url` (without a slash at the end), sealed with `key`.
    pub fn new(key: [u8; 32], public_url: &str) -> Self {
        Self { key: Arc::new(SecretBox::new(Box::new(key))), public_url: public_url.into() }
    }

    fn tag<const N: usize>(&self, purpose: &str, dispatch: Uuid) -> [u8; N] {
        // HMAC takes a key of any length.
        let mut mac = <Hmac<Sha256>>::new_from_slice(self.key.expose_secret()).expect("HMAC takes any key");
        mac.update(purpose.as_bytes());
        mac.update(dispatch.as_bytes());
        let whole = mac.finalize().into_bytes();
        let mut tag = [0; N];
        tag.copy_from_slice(&whole[..N]);
        tag
    }

    /// The secret part of the link of `dispatch`: 43 characters of base64url.
    pub fn token(&self, dispatch: Uuid) -> String {
        let mut bytes = dispatch.as_bytes().to_vec();
        bytes.extend(self.tag::<TAG>("work", dispatch));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The address of the page where `dispatch` is answered, in the language `language` (`nl`).
    pub fn work(&self, dispatch: Uuid, language: &str) -> String {
        format!("{}/{language}/work/{}", self.public_url, self.token(dispatch))
    }

    /// The address of the photo that departments find at `path`, as somebody can open it who has
    /// nothing but the address: a server that shows it, a colleague who got it by mail.
    pub fn photo(&self, path: &str) -> String {
        format!("{}{path}?key={}", self.public_url, URL_SAFE_NO_PAD.encode(self.seal(path)))
    }

    /// Whether `key` opens the photo at `path`.
    pub fn opens(&self, path: &str, key: &str) -> bool {
        let key = URL_SAFE_NO_PAD.decode(key).unwrap_or_default();
        subtle::ConstantTimeEq::ct_eq(&key[..], &self.seal(path)[..]).into()
    }

    fn seal(&self, path: &str) -> [u8; TAG] {
        // HMAC takes a key of any length.
        let mut mac = <Hmac<Sha256>>::new_from_slice(self.key.expose_secret()).expect("HMAC takes any key");
        mac.update(b"photo");
        mac.update(path.as_bytes());
        let whole = mac.finalize().into_bytes();
        let mut tag = [0; TAG];
        tag.copy_from_slice(&whole[..TAG]);
        tag
    }

    /// The dispatch of a token that [`Links::token`] made; nothing for any other text.
    pub fn read(&self, token: &str) -> Option<Uuid> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok().filter(|bytes| bytes.len() == 16 + TAG)?;
        let dispatch = Uuid::from_slice(&bytes[..16]).ok()?;
        bool::from(subtle::ConstantTimeEq::ct_eq(&bytes[16..], &self.tag::<TAG>("work", dispatch)[..]))
            .then_some(dispatch)
    }

    /// The token in the address that a mailed answer about `dispatch` goes to: [`REPLY_TOKEN`] letters
    /// and digits. It opens no link.
    pub fn reply_token(&self, dispatch: Uuid) -> String {
        let mut bytes = dispatch.as_bytes().to_vec();
        bytes.extend(self.tag::<REPLY_TAG>("reply", dispatch));
        LETTERS.encode(&bytes)
    }

    /// The dispatch of a token that [`Links::reply_token`] made, in small letters or capitals.
    pub fn read_reply(&self, token: &str) -> Option<Uuid> {
        let bytes = LETTERS.decode(token.as_bytes()).ok().filter(|bytes| bytes.len() == 16 + REPLY_TAG)?;
        let dispatch = Uuid::from_slice(&bytes[..16]).ok()?;
        bool::from(subtle::ConstantTimeEq::ct_eq(&bytes[16..], &self.tag::<REPLY_TAG>("reply", dispatch)[..]))
            .then_some(dispatch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_links_are_read() {
        let links = Links::new([7; 32], "https://voordeur.example.org");
        let id = Uuid::from_u128(42);
        let token = links.token(id);
        assert_eq!(links.read(&token), Some(id));
        assert_eq!(links.work(id, "nl"), format!("https://voordeur.example.org/nl/work/{token}"));
        let mut other = token.clone();
        other.replace_range(0..1, if token.starts_with('A') { "B" } else { "A" });
        for wrong in ["", "x", &token[1..], &other, &format!("{token}A")] {
            assert_eq!(links.read(wrong), None, "{wrong}");
        }
        assert_eq!(Links::new([8; 32], "").read(&token), None, "another city's key");
    }

    #[test]
    fn a_photo_is_opened_by_its_own_key() {
        let links = Links::new([7; 32], "https://voordeur.example");
        let path = "/api/v1/departments/wegen/photos/1";
        let address = links.photo(path);
        let key = address.strip_prefix("https://voordeur.example/api/v1/departments/wegen/photos/1?key=").unwrap();
        assert!(links.opens(path, key));
        for wrong in ["", "x", &key[1..], &format!("{key}A")] {
            assert!(!links.opens(path, wrong), "{wrong}");
        }
        assert!(!links.opens("/api/v1/departments/wegen/photos/2", key));
        assert!(!Links::new([8; 32], "").opens(path, key), "another city's key");
    }

    #[test]
    fn a_token_for_mail_survives_capitals_and_opens_no_link() {
        let links = Links::new([7; 32], "https://voordeur.example.org");
        let id = Uuid::from_u128(u128::MAX / 3);
        let token = links.reply_token(id);
        assert_eq!(token.len(), REPLY_TOKEN);
        assert_eq!(links.read_reply(&token), Some(id));
        assert_eq!(links.read_reply(&token.to_uppercase()), Some(id));
        assert_eq!(links.read(&token), None);
        assert_eq!(links.read_reply(&links.token(id)), None);
        let mut other = token.clone();
        other.replace_range(40..41, if &token[40..41] == "a" { "b" } else { "a" });
        for wrong in ["", "!", &token[1..], &other] {
            assert_eq!(links.read_reply(wrong), None, "{wrong}");
        }
        assert_eq!(Links::new([8; 32], "").read_reply(&token), None);
    }
}
