//! Links by which somebody at a department answers without an account: in mails, in tasks. Whoever
//! holds the link may answer for that one dispatch, so it is as long as it has to be and never
//! logged. Opening it changes nothing.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use schemas::Uuid;
use std::sync::Arc;
use store::Tokens;

/// Bytes of a tag: 128 bits, beyond guessing.
const TAG: usize = 16;
/// Bytes of a tag in a mail address, where room is scarce: 80 bits, and every guess is a mail.
const REPLY_TAG: usize = 10;
/// Characters of the token in a mail address.
pub const REPLY_TOKEN: usize = 42;

/// Makes and reads links. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Links {
    tokens: Tokens,
    public_url: Arc<str>,
}

impl Links {
    /// Links below `public_url` (without a slash at the end), sealed with `key`.
    pub fn new(key: [u8; 32], public_url: &str) -> Self {
        Self { tokens: Tokens::new(key), public_url: public_url.into() }
    }

    fn tag(&self, dispatch: Uuid) -> [u8; TAG] {
        self.tokens.tag("work", dispatch.as_bytes())
    }

    /// The secret part of the link of `dispatch`: 43 characters of base64url.
    pub fn token(&self, dispatch: Uuid) -> String {
        let mut bytes = dispatch.as_bytes().to_vec();
        bytes.extend(self.tag(dispatch));
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
        self.tokens.tag("photo", path.as_bytes())
    }

    /// The dispatch of a token that [`Links::token`] made; nothing for any other text.
    pub fn read(&self, token: &str) -> Option<Uuid> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok().filter(|bytes| bytes.len() == 16 + TAG)?;
        let dispatch = Uuid::from_slice(&bytes[..16]).ok()?;
        bool::from(subtle::ConstantTimeEq::ct_eq(&bytes[16..], &self.tag(dispatch)[..])).then_some(dispatch)
    }

    /// The token in the address that a mailed answer about `dispatch` goes to: [`REPLY_TOKEN`] letters
    /// and digits. It opens no link.
    pub fn reply_token(&self, dispatch: Uuid) -> String {
        self.tokens.letters::<REPLY_TAG>("reply", dispatch)
    }

    /// The dispatch of a token that [`Links::reply_token`] made, in small letters or capitals.
    pub fn read_reply(&self, token: &str) -> Option<Uuid> {
        self.tokens.read_letters::<REPLY_TAG>("reply", token)
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
