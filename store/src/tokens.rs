//! Tokens: an id with a seal of this city, so that nobody can make one and none has to be kept.

use crate::{Result, Store};
use data_encoding::{Encoding, Specification};
use hmac::{Hmac, Mac as _};
use schemas::Uuid;
use secrecy::{ExposeSecret as _, SecretBox};
use sha2::Sha256;
use std::{
    fmt,
    sync::{Arc, LazyLock},
};
use subtle::ConstantTimeEq as _;

/// Bytes of a seal: 128 bits, beyond guessing.
const SEAL: usize = 16;
/// Bytes of a seal in a mail address, where room is scarce: 80 bits, and every guess is a mail.
const SHORT_SEAL: usize = 10;

/// Letters and digits that survive a mail server which writes addresses in capitals (RFC 4648 §6,
/// in lower case).
static LETTERS: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str("abcdefghijklmnopqrstuvwxyz234567");
    specification.translate.from.push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    specification.translate.to.push_str("abcdefghijklmnopqrstuvwxyz");
    specification.encoding().expect("32 different symbols")
});

/// Seals and opens tokens with one secret. Cheap to clone.
#[derive(Clone)]
pub struct Tokens(Arc<SecretBox<[u8; 32]>>);

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens(hidden)")
    }
}

impl Tokens {
    /// Tokens sealed with `key`.
    pub fn new(key: [u8; 32]) -> Self {
        Self(Arc::new(SecretBox::new(Box::new(key))))
    }

    /// The first `N` bytes (at most 32) of the seal of `words` for `purpose`: an HMAC-SHA-256 (RFC 2104).
    ///
    /// # Panics
    /// Never: HMAC takes a secret of any length.
    pub fn tag<const N: usize>(&self, purpose: &str, words: &[u8]) -> [u8; N] {
        let mut mac = <Hmac<Sha256>>::new_from_slice(self.0.expose_secret()).expect("HMAC takes any key");
        mac.update(purpose.as_bytes());
        mac.update(words);
        let whole = mac.finalize().into_bytes();
        let mut tag = [0; N];
        tag.copy_from_slice(&whole[..N]);
        tag
    }

    /// The token of `id` for `purpose`, its seal `N` bytes long, in small letters and digits.
    pub fn letters<const N: usize>(&self, purpose: &str, id: Uuid) -> String {
        let mut bytes = id.as_bytes().to_vec();
        bytes.extend(self.tag::<N>(purpose, id.as_bytes()));
        LETTERS.encode(&bytes)
    }

    /// The id of a token that [`Tokens::letters`] made, in small letters or capitals.
    pub fn read_letters<const N: usize>(&self, purpose: &str, token: &str) -> Option<Uuid> {
        let bytes = LETTERS.decode(token.as_bytes()).ok().filter(|bytes| bytes.len() == 16 + N)?;
        let id = Uuid::from_slice(&bytes[..16]).ok()?;
        bool::from(bytes[16..].ct_eq(&self.tag::<N>(purpose, id.as_bytes())[..])).then_some(id)
    }
}

/// The tokens of notices: each does one thing and nothing else.
#[derive(Debug, Clone)]
pub struct NoticeTokens(Tokens);

impl NoticeTokens {
    /// Tokens sealed with `key`.
    pub fn new(key: [u8; 32]) -> Self {
        Self(Tokens::new(key))
    }

    /// Lets whoever got `notice` say what they do not want to hear any more: 52 letters and digits, for a
    /// link.
    pub fn wish(&self, notice: Uuid) -> String {
        self.0.letters::<SEAL>("notice wish", notice)
    }

    /// The notice of a token that [`NoticeTokens::wish`] made; nothing for any other text.
    pub fn read_wish(&self, token: &str) -> Option<Uuid> {
        self.0.read_letters::<SEAL>("notice wish", token)
    }

    /// Lets the device that shows `notice` say so: 52 letters and digits.
    pub fn shown(&self, notice: Uuid) -> String {
        self.0.letters::<SEAL>("notice shown", notice)
    }

    /// The notice of a token that [`NoticeTokens::shown`] made; nothing for any other text.
    pub fn read_shown(&self, token: &str) -> Option<Uuid> {
        self.0.read_letters::<SEAL>("notice shown", token)
    }

    /// Stands in the address that `notice` comes back to: 42 letters and digits.
    pub fn bounce(&self, notice: Uuid) -> String {
        self.0.letters::<SHORT_SEAL>("notice bounce", notice)
    }

    /// Stands in the address that answers to `notice` come to: 42 letters and digits. Whoever holds it writes as
    /// the person who got the notice.
    pub fn answer(&self, notice: Uuid) -> String {
        self.0.letters::<SHORT_SEAL>("notice answer", notice)
    }

    /// The notice of a token that [`NoticeTokens::answer`] made, in small letters or capitals.
    pub fn read_answer(&self, token: &str) -> Option<Uuid> {
        self.0.read_letters::<SHORT_SEAL>("notice answer", token)
    }

    /// The notice of a token that [`NoticeTokens::bounce`] made, in small letters or capitals.
    pub fn read_bounce(&self, token: &str) -> Option<Uuid> {
        self.0.read_letters::<SHORT_SEAL>("notice bounce", token)
    }
}

/// The tokens and codes by which people prove that an address is theirs. None of them is kept.
#[derive(Debug, Clone)]
pub struct ProofTokens(Tokens);

impl ProofTokens {
    /// Tokens sealed with `key`.
    pub fn new(key: [u8; 32]) -> Self {
        Self(Tokens::new(key))
    }

    /// Stands in the message: whoever has it, has the address. 52 letters and digits.
    pub fn link(&self, proof: Uuid) -> String {
        self.0.letters::<SEAL>("proof link", proof)
    }

    /// The proof of a token that [`ProofTokens::link`] made; nothing for any other text.
    pub fn read_link(&self, token: &str) -> Option<Uuid> {
        self.0.read_letters::<SEAL>("proof link", token)
    }

    /// Leads whoever asked to the page where the code is typed; it proves nothing.
    pub fn page(&self, proof: Uuid) -> String {
        self.0.letters::<SEAL>("proof page", proof)
    }

    /// The proof of a token that [`ProofTokens::page`] made; nothing for any other text.
    pub fn read_page(&self, token: &str) -> Option<Uuid> {
        self.0.read_letters::<SEAL>("proof page", token)
    }

    /// The code of a proof: six digits.
    pub fn code(&self, proof: Uuid) -> String {
        let number = u64::from_be_bytes(self.0.tag::<8>("proof code", proof.as_bytes()));
        format!("{:06}", number % 1_000_000)
    }

    /// Whether `typed` is the code of `proof`; spaces and hyphens between the digits do no harm. Takes as long for
    /// a wrong one.
    pub fn is_code(&self, proof: Uuid, typed: &str) -> bool {
        let typed: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').take(7).collect();
        bool::from(typed.as_bytes().ct_eq(self.code(proof).as_bytes()))
    }
}

impl Store {
    /// The tokens of proofs in this city.
    pub async fn proof_tokens(&self) -> Result<ProofTokens> {
        self.secret("proofs").await.map(ProofTokens::new)
    }

    /// The tokens of notices in this city.
    pub async fn notice_tokens(&self) -> Result<NoticeTokens> {
        self.secret("notices").await.map(NoticeTokens::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_six_digits_of_one_proof_in_one_city() {
        let (ours, theirs) = (ProofTokens::new([7; 32]), ProofTokens::new([8; 32]));
        let (id, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let code = ours.code(id);
        assert!(code.len() == 6 && code.bytes().all(|digit| digit.is_ascii_digit()), "{code}");
        assert!(ours.is_code(id, &code) && ours.is_code(id, &format!(" {}-{} ", &code[..3], &code[3..])));
        assert!(!ours.is_code(other, &code) && !theirs.is_code(id, &code));
        for wrong in ["", "0", &code[..5], &format!("{code}0"), "１２３４５６", "<b>"] {
            assert!(!ours.is_code(id, wrong), "{wrong}");
        }
        let (link, page) = (ours.link(id), ours.page(id));
        assert_eq!((ours.read_link(&link), ours.read_page(&page)), (Some(id), Some(id)));
        assert_eq!((ours.read_page(&link), ours.read_link(&page), theirs.read_link(&link)), (None, None, None));
        // No digit is rarer than another: what can be guessed is one in a million.
        let codes = (0..2000).map(|n| ours.code(Uuid::from_u128(n)));
        let different: std::collections::BTreeSet<String> = codes.collect();
        assert!(different.len() > 1990);
    }

    #[test]
    fn a_token_does_one_thing_in_one_city() {
        let (ours, theirs) = (NoticeTokens::new([7; 32]), NoticeTokens::new([8; 32]));
        let id = Uuid::from_u128(u128::MAX / 3);
        let (wish, bounce) = (ours.wish(id), ours.bounce(id));
        assert_eq!((wish.len(), bounce.len()), (52, 42));
        assert_eq!((ours.read_wish(&wish), ours.read_bounce(&bounce.to_uppercase())), (Some(id), Some(id)));
        assert_eq!((ours.read_bounce(&wish), ours.read_wish(&bounce)), (None, None));
        let answer = ours.answer(id);
        assert_eq!((ours.read_answer(&answer.to_uppercase()), ours.read_answer(&bounce)), (Some(id), None));
        assert_eq!((ours.read_bounce(&answer), theirs.read_answer(&answer)), (None, None));
        assert_eq!((ours.read_shown(&ours.shown(id)), ours.read_shown(&wish)), (Some(id), None));
        assert_eq!((theirs.read_wish(&wish), theirs.read_bounce(&bounce)), (None, None));
        for wrong in ["", "x", &wish[1..], &format!("{wish}a"), &wish.replacen(&wish[..1], "9", 1)] {
            assert_eq!(ours.read_wish(wrong), None, "{wrong}");
        }
    }
}
