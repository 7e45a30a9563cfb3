//! A played S3 server: keeps objects, and lets nobody in whose signature it cannot work out for itself (AWS Signature
//! Version 4 with query parameters).

use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::any};

pub(super) const KEY: &str = "AKIDEXAMPLE";
pub(super) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// What it holds and how it behaves.
#[derive(Default)]
pub(super) struct Hall {
    /// By path: `/bucket/prefix/name`.
    pub(super) objects: BTreeMap<String, Vec<u8>>,
    /// After so many calls it answers 503 to each, if that is set.
    pub(super) fails_after: Option<usize>,
    pub(super) calls: usize,
}

#[derive(Clone, Default)]
pub(super) struct Played(pub(super) Arc<Mutex<Hall>>);

fn keyed(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The signature that this request should have, and the one it has.
fn signatures(request: &Request) -> Option<(String, String)> {
    let query = request.url.query()?;
    let mut given: Vec<&str> = query.split('&').collect();
    given.sort_unstable();
    let value = |name: &str| {
        let found = given.iter().find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        found.map(|value| value.replace("%2F", "/"))
    };
    let (credential, date, has) = (value("X-Amz-Credential")?, value("X-Amz-Date")?, value("X-Amz-Signature")?);
    let (key, scope) = credential.split_once('/')?;
    if key != KEY || value("X-Amz-SignedHeaders")? != "host" || value("X-Amz-Algorithm")? != "AWS4-HMAC-SHA256" {
        return None;
    }
    let asked: Vec<&str> = given.into_iter().filter(|pair| !pair.starts_with("X-Amz-Signature=")).collect();
    let host = request.headers.get("host")?.to_str().ok()?;
    let canonical = format!(
        "{}\n{}\n{}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD",
        request.method,
        request.url.path(),
        asked.join("&")
    );
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
    let mut key = format!("AWS4{SECRET}").into_bytes();
    for part in scope.split('/') {
        key = keyed(&key, part);
    }
    Some((hex(&keyed(&key, &text)), has))
}

impl Respond for Played {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let said = |status: u16, code: &str| {
            ResponseTemplate::new(status).set_body_string(format!("<Error><Code>{code}</Code></Error>"))
        };
        let mut hall = self.0.lock().unwrap();
        hall.calls += 1;
        if hall.fails_after.is_some_and(|after| hall.calls > after) {
            return said(503, "SlowDown");
        }
        if !matches!(signatures(request), Some((should, has)) if should == has) {
            return said(403, "SignatureDoesNotMatch");
        }
        let path = request.url.path().to_owned();
        if !path.starts_with("/photos/") {
            return said(404, "NoSuchBucket");
        }
        match request.method.as_str() {
            "PUT" => {
                hall.objects.insert(path, request.body.clone());
                ResponseTemplate::new(200)
            }
            "GET" => match hall.objects.get(&path) {
                Some(bytes) => ResponseTemplate::new(200).set_body_bytes(bytes.clone()),
                None => said(404, "NoSuchKey"),
            },
            "DELETE" => {
                hall.objects.remove(&path);
                ResponseTemplate::new(204)
            }
            _ => said(405, "MethodNotAllowed"),
        }
    }
}

impl Played {
    pub(super) async fn start() -> (MockServer, Self) {
        let (server, played) = (MockServer::start().await, Self::default());
        Mock::given(any()).respond_with(played.clone()).mount(&server).await;
        (server, played)
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.0.lock().unwrap().objects.keys().cloned().collect()
    }
}
