//! A push service and its browsers, for tests: it checks who sends as RFC 8292 asks, decrypts as a browser does
//! (RFC 8291), counts every copy, and misbehaves on request.

use super::tls_server::TlsServer;
use aws_lc_rs::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree},
    hkdf::{HKDF_SHA256, KeyType, Salt},
    signature::{self, ECDSA_P256_SHA256_FIXED},
};
use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::post,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use schemas::device::Device;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A message that the push service took.
#[derive(Debug, Clone)]
pub struct Pushed {
    /// Which browser it was for.
    pub browser: String,
    /// `TTL`, in seconds.
    pub ttl: u64,
    /// `Urgency`.
    pub urgency: String,
    /// `Topic`.
    pub topic: Option<String>,
    /// What the browser reads.
    pub plain: Value,
    /// The claims of the token.
    pub claims: Value,
}

struct Browser {
    key: PrivateKey,
    public: Vec<u8>,
    auth: [u8; 16],
    /// The key of the sender it subscribed with.
    sender: String,
    /// What it answers instead of taking a message: status and `Retry-After`.
    answer: Option<(u16, Option<u32>)>,
}

struct Inner {
    /// Tells the time in seconds.
    now: Box<dyn Fn() -> i64 + Send + Sync>,
    origin: Mutex<String>,
    browsers: Mutex<BTreeMap<String, Browser>>,
    pushed: Mutex<Vec<Pushed>>,
    asked: Mutex<u32>,
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The push service.
pub struct PushService {
    /// Its server.
    pub server: TlsServer,
    inner: Arc<Inner>,
}

impl PushService {
    /// Starts; `now` tells the time in seconds since 1970.
    pub async fn start(now: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        let inner = Arc::new(Inner {
            now: Box::new(now),
            origin: Mutex::default(),
            browsers: Mutex::default(),
            pushed: Mutex::default(),
            asked: Mutex::default(),
        });
        let router = Router::new().route("/push/{browser}", post(take)).with_state(inner.clone());
        let server = TlsServer::start(router).await;
        *lock(&inner.origin) = format!("https://{}", server.address);
        Self { server, inner }
    }

    /// A browser that subscribes with the public key `sender`: what its subscription says.
    pub fn browser(&self, name: &str, sender: &str) -> Device {
        let key = PrivateKey::generate(&ECDH_P256).unwrap();
        let public = key.compute_public_key().unwrap().as_ref().to_vec();
        let mut auth = [0; 16];
        aws_lc_rs::rand::fill(&mut auth).unwrap();
        let device = Device::Web {
            endpoint: format!("{}/push/{name}", lock(&self.inner.origin)),
            p256dh: URL_SAFE_NO_PAD.encode(&public),
            auth: URL_SAFE_NO_PAD.encode(auth),
            key: sender.to_owned(),
        };
        let browser = Browser { key, public, auth, sender: sender.to_owned(), answer: None };
        lock(&self.inner.browsers).insert(name.to_owned(), browser);
        device
    }

    /// From now on messages to `browser` are answered like this; `None`: they are taken.
    pub fn answer(&self, browser: &str, answer: Option<(u16, Option<u32>)>) {
        lock(&self.inner.browsers).get_mut(browser).unwrap().answer = answer;
    }

    /// Everything that was taken, every copy.
    pub fn pushed(&self) -> Vec<Pushed> {
        lock(&self.inner.pushed).clone()
    }

    /// How often anything was asked of it, taken or not.
    pub fn asked(&self) -> u32 {
        *lock(&self.inner.asked)
    }
}

async fn take(State(inner): State<Arc<Inner>>, Path(name): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    *lock(&inner.asked) += 1;
    let browsers = lock(&inner.browsers);
    let Some(browser) = browsers.get(&name) else { return StatusCode::NOT_FOUND.into_response() };
    if let Some((status, pause)) = browser.answer {
        let status = StatusCode::from_u16(status).unwrap();
        return match pause {
            Some(pause) => (status, [("retry-after", pause.to_string())]).into_response(),
            None => status.into_response(),
        };
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    // RFC 8030 §5.2: a message without it is refused.
    let Some(ttl) = text("ttl").and_then(|ttl| ttl.parse().ok()) else {
        return (StatusCode::BAD_REQUEST, "no TTL").into_response();
    };
    let token = text("authorization").unwrap_or_default();
    let claims = match claims(&inner, &token, &browser.sender) {
        Ok(claims) => claims,
        Err((status, why)) => return (status, why).into_response(),
    };
    if text("content-encoding").as_deref() != Some("aes128gcm") {
        return (StatusCode::BAD_REQUEST, "another coding").into_response();
    }
    if body.len() > 4_096 {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    let Some(plain) = decrypt(&body, browser).and_then(|plain| serde_json::from_slice(&plain).ok()) else {
        return (StatusCode::BAD_REQUEST, "the browser cannot read it").into_response();
    };
    let topic = text("topic");
    let is_topic = |topic: &String| {
        topic.len() <= 32 && topic.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    if !topic.as_ref().is_none_or(is_topic) {
        return (StatusCode::BAD_REQUEST, "no good topic").into_response();
    }
    let urgency = text("urgency").unwrap_or_else(|| "normal".to_owned());
    lock(&inner.pushed).push(Pushed { browser: name, ttl, urgency, topic, plain, claims });
    (StatusCode::CREATED, [("location", "/message/1")]).into_response()
}

/// The claims of `vapid t=…, k=…`, when it is by `sender`, for us, and counts now.
fn claims(inner: &Inner, header: &str, sender: &str) -> Result<Value, (StatusCode, &'static str)> {
    let wrong = |why| (StatusCode::UNAUTHORIZED, why);
    let parts = header.strip_prefix("vapid ").ok_or(wrong("no vapid"))?;
    let part = |name: &str| parts.split(',').find_map(|part| part.trim().strip_prefix(name));
    let (token, key) = (part("t=").ok_or(wrong("no token"))?, part("k=").ok_or(wrong("no key"))?);
    if key != sender {
        return Err((StatusCode::FORBIDDEN, "it subscribed with another key"));
    }
    let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
    let json = |text: &str| bytes(text).and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    let (said, seal) = token.rsplit_once('.').ok_or(wrong("no token"))?;
    let (header, claims) = said.split_once('.').ok_or(wrong("no token"))?;
    let key = bytes(key).ok_or(wrong("no key"))?;
    signature::UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key)
        .verify(said.as_bytes(), &bytes(seal).ok_or(wrong("no signature"))?)
        .map_err(|_| wrong("another signed"))?;
    if json(header).ok_or(wrong("no header"))?["alg"] != "ES256" {
        return Err(wrong("another algorithm"));
    }
    let claims = json(claims).ok_or(wrong("no claims"))?;
    if claims["aud"] != lock(&inner.origin).as_str() {
        return Err(wrong("for another service"));
    }
    let left = claims["exp"].as_i64().unwrap_or(0) - (inner.now)();
    if !(1..=24 * 3_600).contains(&left) {
        return Err(wrong("not valid now, or for too long"));
    }
    let subject = claims["sub"].as_str().unwrap_or_default();
    if !subject.starts_with("mailto:") && !subject.starts_with("https://") {
        return Err(wrong("nobody to write to"));
    }
    Ok(claims)
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn derive<const N: usize>(salt: &[u8], secret: &[u8], info: &[&[u8]]) -> [u8; N] {
    let mut key = [0; N];
    Salt::new(HKDF_SHA256, salt).extract(secret).expand(info, Length(N)).unwrap().fill(&mut key).unwrap();
    key
}

/// What `body` says to `browser`.
fn decrypt(body: &[u8], browser: &Browser) -> Option<Vec<u8>> {
    let (salt, rest) = body.split_at_checked(16)?;
    let (size, rest) = rest.split_at_checked(4)?;
    let (length, rest) = rest.split_first()?;
    let (theirs, record) = rest.split_at_checked(usize::from(*length))?;
    if record.len() > usize::try_from(u32::from_be_bytes(size.try_into().ok()?)).ok()? {
        return None;
    }
    let point = UnparsedPublicKey::new(&ECDH_P256, theirs);
    let secret: [u8; 32] = agree(&browser.key, point, (), |secret| {
        Ok(derive(&browser.auth, secret, &[b"WebPush: info\0", &browser.public, theirs]))
    })
    .ok()?;
    let key: [u8; 16] = derive(salt, &secret, &[b"Content-Encoding: aes128gcm\0"]);
    let nonce: [u8; 12] = derive(salt, &secret, &[b"Content-Encoding: nonce\0"]);
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).ok()?);
    let mut record = record.to_vec();
    let plain = key.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut record).ok()?;
    // The last record ends in 2, and then nothing but zeros.
    let end = plain.iter().rposition(|byte| *byte != 0)?;
    (plain[end] == 2).then(|| plain[..end].to_vec())
}
