//! Encrypts a message so that only the browser that subscribed can read it (RFC 8291, with the `aes128gcm`
//! coding of RFC 8188): the push service carries it and sees nothing.

use aws_lc_rs::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    agreement::{ECDH_P256, ParsedPublicKey, PrivateKey, UnparsedPublicKey, agree},
    hkdf::{HKDF_SHA256, KeyType, Salt},
};

/// The most bytes of plain text in a message that every push service takes (RFC 8291 §4: a body of 4,096 bytes).
pub const MOST: usize = 3_993;
/// The length of the one record: the whole body (RFC 8188 §2.1).
const RECORD: u32 = 4_096;
/// What follows the last byte of the last record (RFC 8188 §2).
const LAST: u8 = 2;

/// What is new for each message: its salt and its key.
pub struct Fresh {
    salt: [u8; 16],
    key: PrivateKey,
}

impl Fresh {
    /// From the random numbers of the system.
    pub fn random() -> Result<Self, &'static str> {
        let mut salt = [0; 16];
        let made = aws_lc_rs::rand::fill(&mut salt).and_then(|()| PrivateKey::generate(&ECDH_P256));
        made.map(|key| Self { salt, key }).map_err(|_| "no key could be made")
    }
}

/// How many bytes a key has that is made of a secret.
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn derive<const N: usize>(salt: &[u8], secret: &[u8], info: &[&[u8]]) -> Result<[u8; N], &'static str> {
    let mut key = [0; N];
    let prk = Salt::new(HKDF_SHA256, salt).extract(secret);
    let done = prk.expand(info, Length(N)).and_then(|okm| okm.fill(&mut key));
    done.map(|()| key).map_err(|_| "no key could be derived")
}

/// The body of a push message that says `plain` to the browser with the public key `p256dh` (65 bytes) and the
/// secret `auth` (16 bytes). The error says what is wrong with the key of the browser or the length.
pub fn encrypt(plain: &[u8], p256dh: &[u8], auth: &[u8], fresh: &Fresh) -> Result<Vec<u8>, &'static str> {
    if plain.len() > MOST {
        return Err("the message is too long");
    }
    let ours = fresh.key.compute_public_key().map_err(|_| "no key could be made")?;
    let theirs = UnparsedPublicKey::new(&ECDH_P256, p256dh);
    let no_point = "the public key of the browser is not a point of P-256";
    let secret = agree(&fresh.key, theirs, no_point, |secret| {
        derive::<32>(auth, secret, &[b"WebPush: info\0", p256dh, ours.as_ref()])
    })?;
    let key: [u8; 16] = derive(&fresh.salt, &secret, &[b"Content-Encoding: aes128gcm\0"])?;
    let nonce: [u8; 12] = derive(&fresh.salt, &secret, &[b"Content-Encoding: nonce\0"])?;
    let key = UnboundKey::new(&AES_128_GCM, &key).map(LessSafeKey::new).map_err(|_| "no key could be made")?;
    let mut text = plain.to_vec();
    text.push(LAST);
    // Key and nonce are used once: both come of a fresh salt.
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut text)
        .map_err(|_| "the message could not be encrypted")?;
    let mut body = Vec::with_capacity(86 + text.len());
    body.extend_from_slice(&fresh.salt);
    body.extend_from_slice(&RECORD.to_be_bytes());
    // 65 bytes: an uncompressed point.
    body.push(65);
    body.extend_from_slice(ours.as_ref());
    body.append(&mut text);
    Ok(body)
}

/// Whether `point` is a public key of a browser: an uncompressed point of P-256, 65 bytes.
pub fn is_point(point: &[u8]) -> bool {
    point.len() == 65 && ParsedPublicKey::try_from(&UnparsedPublicKey::new(&ECDH_P256, point)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

    fn bytes(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    #[test]
    fn the_example_of_the_rfc_comes_out() {
        // RFC 8291 §5 and Appendix A.
        let key =
            PrivateKey::from_private_key(&ECDH_P256, &bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")).unwrap();
        let fresh = Fresh { salt: bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().unwrap(), key };
        let p256dh = bytes("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4");
        let auth = bytes("BTBZMqHH6r4Tts7J_aSIgg");
        let plain = b"When I grow up, I want to be a watermelon";
        let body = encrypt(plain, &p256dh, &auth, &fresh).unwrap();
        let expected = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6Tl\
                        zAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4\
                        a-fN";
        assert_eq!(URL_SAFE_NO_PAD.encode(body), expected);
    }

    #[test]
    fn what_cannot_be_read_is_not_sent() {
        let fresh = Fresh::random().unwrap();
        let key = PrivateKey::generate(&ECDH_P256).unwrap().compute_public_key().unwrap();
        let body = encrypt(&[b'x'; MOST], key.as_ref(), &[1; 16], &fresh).unwrap();
        assert_eq!(body.len(), 4_096);
        assert!(encrypt(&[b'x'; MOST + 1], key.as_ref(), &[1; 16], &fresh).is_err());
        let mut off = key.as_ref().to_vec();
        off[64] ^= 1;
        assert!(encrypt(b"x", &off, &[1; 16], &fresh).unwrap_err().contains("P-256"));
        assert_ne!(encrypt(b"x", key.as_ref(), &[1; 16], &Fresh::random().unwrap()).unwrap()[..16], body[..16]);
    }
}
