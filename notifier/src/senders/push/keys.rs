//! The keys by which push services know who sends, and the tokens that are signed with them (JWT, RFC 7519).

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject as _};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use std::fmt;

/// A key that signs tokens.
pub struct Key(Kind);

enum Kind {
    /// ES256 (RFC 7518 §3.4).
    P256(EcdsaKeyPair),
    /// RS256 (RFC 7518 §3.3).
    Rsa(RsaKeyPair),
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(hidden)")
    }
}

impl Key {
    /// A private key of P-256, in PEM. The error says what to write instead.
    pub fn p256(pem: &SecretString) -> Result<Self, &'static str> {
        let help = "this is no private key of P-256 in PEM";
        let der = PrivateKeyDer::from_pem_slice(pem.expose_secret().as_bytes()).map_err(|_| help)?;
        let key = match &der {
            PrivateKeyDer::Pkcs8(der) => der.secret_pkcs8_der(),
            PrivateKeyDer::Sec1(der) => der.secret_sec1_der(),
            _ => return Err(help),
        };
        let key = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, key).map_err(|_| help)?;
        Ok(Self(Kind::P256(key)))
    }

    /// A private key of RSA, of at least 2048 bits, in PEM. The error says what to write instead.
    pub fn rsa(pem: &str) -> Result<Self, &'static str> {
        let help = "this is no private RSA key of at least 2048 bits in PEM";
        let der = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| help)?;
        let key = match &der {
            PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
            _ => return Err(help),
        };
        key.ok().filter(|key| key.public_modulus_len() * 8 >= 2_048).map(|key| Self(Kind::Rsa(key))).ok_or(help)
    }

    /// A new key of P-256, and the same in PEM (PKCS #8). The error says that the system made none.
    pub fn make() -> Result<(Self, SecretString), &'static str> {
        let why = "the system made no key";
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| why)?;
        let der = key.to_pkcs8v1().map_err(|_| why)?;
        let text = STANDARD.encode(der.as_ref());
        // Lines of 64 (RFC 7468 §2); base64 is ASCII.
        let lines: Vec<&str> =
            text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap_or_default()).collect();
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"));
        Ok((Self(Kind::P256(key)), pem.into()))
    }

    /// The public half, in base64url without padding: for P-256 the 65 bytes of the uncompressed point, as browsers
    /// take it (`applicationServerKey`, RFC 8292 §3.2).
    pub fn public(&self) -> String {
        match &self.0 {
            Kind::P256(key) => URL_SAFE_NO_PAD.encode(key.public_key()),
            Kind::Rsa(key) => URL_SAFE_NO_PAD.encode(key.public_key()),
        }
    }

    /// A token that says `claims`; `id` names the key to a service that knows several. The error says that signing
    /// failed.
    pub fn token(&self, id: Option<&str>, claims: &Value) -> Result<String, String> {
        let algorithm = match self.0 {
            Kind::P256(_) => "ES256",
            Kind::Rsa(_) => "RS256",
        };
        let mut header = json!({"typ": "JWT", "alg": algorithm});
        if let Some(id) = id {
            header["kid"] = id.into();
        }
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let said = format!("{}.{}", part(&header), part(claims));
        let failed = |_| "the token could not be signed".to_owned();
        let signature = match &self.0 {
            Kind::P256(key) => key.sign(&SystemRandom::new(), said.as_bytes()).map_err(failed)?.as_ref().to_vec(),
            Kind::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), said.as_bytes(), &mut signature).map_err(failed)?;
                signature
            }
        };
        Ok(format!("{said}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    #[test]
    fn a_new_key_is_read_again_and_signs() {
        let (key, pem) = Key::make().unwrap();
        let read = Key::p256(&pem).unwrap();
        assert_eq!((key.public(), key.public().len()), (read.public(), 87));
        let token = read.token(Some("k1"), &json!({"sub": "mailto:a@example.org"})).unwrap();
        let (said, signature) = token.rsplit_once('.').unwrap();
        let public = URL_SAFE_NO_PAD.decode(key.public()).unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        assert_eq!(signature.len(), 64, "both numbers side by side, no DER (RFC 7518 §3.4)");
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public).verify(said.as_bytes(), &signature).unwrap();
        let header = URL_SAFE_NO_PAD.decode(said.split('.').next().unwrap()).unwrap();
        let header: Value = serde_json::from_slice(&header).unwrap();
        assert_eq!(header, json!({"typ": "JWT", "alg": "ES256", "kid": "k1"}));
    }

    #[test]
    fn other_keys_are_refused() {
        for pem in ["", "x", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
            assert!(Key::p256(&pem.to_owned().into()).unwrap_err().contains("P-256"));
            assert!(Key::rsa(pem).unwrap_err().contains("RSA"));
        }
        let (_, pem) = Key::make().unwrap();
        assert!(Key::rsa(pem.expose_secret()).is_err());
        assert!(!format!("{:?}", Key::p256(&pem).unwrap()).contains("BEGIN"));
    }
}
