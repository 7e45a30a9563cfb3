//! A call of a gateway as it came in: where its fields stand, and whether it is genuine.

use super::{
    profile::{Encoding, Hash, Over, Signature},
    request,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac as _};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde_json::Value;
use sha1::Sha1;
use sha2::Sha256;
use std::net::IpAddr;
use url::form_urlencoded;

/// A call that came in.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// What stands behind the `?` of the address; empty when nothing does.
    pub query: &'a str,
    /// What stands behind the name of the gateway in the path.
    pub secret: Option<&'a str>,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The body.
    pub body: &'a [u8],
    /// Who calls.
    pub from: IpAddr,
}

/// The fields of a call.
pub(super) struct Fields {
    /// Of the address and the form, the names in lower case.
    pairs: Vec<(String, String)>,
    json: Value,
}

impl Fields {
    pub(super) fn read(call: &Call<'_>) -> Self {
        let pairs = form_urlencoded::parse(call.query.as_bytes()).chain(form(call));
        Self {
            pairs: pairs.map(|(name, value)| (name.to_lowercase(), value.into_owned())).collect(),
            json: serde_json::from_slice(call.body).unwrap_or_default(),
        }
    }

    /// The things said: those in the list at `each` (JSON Pointer), or the one that the whole call is.
    pub(super) fn each(&self, each: Option<&str>) -> Vec<&Value> {
        match each.and_then(|at| self.json.pointer(at)) {
            Some(Value::Array(list)) => list.iter().collect(),
            Some(one) => vec![one],
            None => vec![&self.json],
        }
    }

    /// What stands in `field` of `one` of the things said; nothing when it is empty.
    pub(super) fn get(&self, one: &Value, field: &str) -> Option<String> {
        if field.starts_with('/') {
            return request::said(one, field);
        }
        let name = field.to_lowercase();
        let found = self.pairs.iter().find(|(known, value)| *known == name && !value.is_empty());
        found.map(|(_, value)| value.clone())
    }
}

/// The fields of the form that a call brings, if it brings one.
fn form<'a>(call: &Call<'a>) -> form_urlencoded::Parse<'a> {
    let kind = call.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_form = kind.trim_start().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded");
    form_urlencoded::parse(if is_form { call.body } else { b"" })
}

/// Whether `call`, which came to `address` (without query), is signed with `secret`.
pub(super) fn is_signed(signature: &Signature, secret: &[u8], address: &str, call: &Call<'_>) -> bool {
    let given = call.headers.get(signature.header.as_str()).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let given = match signature.encoding {
        Encoding::Hex => data_encoding::HEXLOWER_PERMISSIVE.decode(given.trim().as_bytes()).ok(),
        Encoding::Base64 => STANDARD.decode(given.trim()).ok(),
    };
    let Some(given) = given else { return false };
    let signed = match signature.over {
        Over::Body => call.body.to_vec(),
        Over::UrlAndForm => {
            let mut signed = address.to_owned();
            if !call.query.is_empty() {
                signed.push('?');
                signed.push_str(call.query);
            }
            let mut fields: Vec<_> = form(call).collect();
            fields.sort();
            fields.iter().flat_map(|(name, value)| [name, value]).for_each(|text| signed.push_str(text));
            signed.into_bytes()
        }
    };
    // verify_slice compares in constant time; HMAC takes a secret of any length (RFC 2104 §2).
    match signature.hash {
        Hash::Sha1 => {
            Hmac::<Sha1>::new_from_slice(secret).is_ok_and(|mac| mac.chain_update(&signed).verify_slice(&given).is_ok())
        }
        Hash::Sha256 => Hmac::<Sha256>::new_from_slice(secret)
            .is_ok_and(|mac| mac.chain_update(&signed).verify_slice(&given).is_ok()),
    }
}
