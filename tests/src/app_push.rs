//! Firebase and Apple, for tests: who sends is checked by signature as they do it, every copy is counted, and each
//! device answers as it is told to.

use super::tls_server::TlsServer;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode, Version},
    response::{IntoResponse as _, Response},
    routing::post,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A message that was taken.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The device.
    pub device: String,
    /// What was said about it beside the body.
    pub headers: HeaderMap,
    /// The body.
    pub body: Value,
}

/// What the city is known by.
#[derive(Clone, Default)]
pub struct Known {
    /// The public key of the service account: RSA, as in a certificate.
    pub account: Vec<u8>,
    /// The public key that Apple has, an uncompressed point.
    pub apple: Vec<u8>,
}

struct Inner {
    now: Box<dyn Fn() -> i64 + Send + Sync>,
    known: Known,
    address: Mutex<String>,
    /// What a device answers instead of taking: status, body.
    answers: Mutex<BTreeMap<String, (u16, Value)>>,
    taken: Mutex<Vec<Taken>>,
    /// Tokens that Google gave, by when they end.
    granted: Mutex<BTreeMap<String, i64>>,
    /// Different tokens that were seen at Apple.
    apple_tokens: Mutex<Vec<String>>,
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Both services, at one address.
pub struct AppPush {
    /// The server.
    pub server: TlsServer,
    inner: Arc<Inner>,
}

impl AppPush {
    /// Starts; `now` tells the time in seconds since 1970.
    pub async fn start(known: Known, now: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        let inner = Arc::new(Inner {
            now: Box::new(now),
            known,
            address: Mutex::default(),
            answers: Mutex::default(),
            taken: Mutex::default(),
            granted: Mutex::default(),
            apple_tokens: Mutex::default(),
        });
        let router = Router::new()
            .route("/token", post(grant))
            .route("/v1/projects/city/messages:send", post(firebase))
            .route("/3/device/{device}", post(apple))
            .with_state(inner.clone());
        let server = TlsServer::start(router).await;
        *lock(&inner.address) = format!("https://{}", server.address);
        Self { server, inner }
    }

    /// Where it is, without a slash at the end.
    pub fn url(&self) -> String {
        lock(&self.inner.address).clone()
    }

    /// From now on messages to `device` are answered like this; `None`: they are taken.
    pub fn answer(&self, device: &str, answer: Option<(u16, Value)>) {
        let mut answers = lock(&self.inner.answers);
        match answer {
            Some(answer) => drop(answers.insert(device.to_owned(), answer)),
            None => drop(answers.remove(device)),
        }
    }

    /// Everything that was taken, every copy.
    pub fn taken(&self) -> Vec<Taken> {
        lock(&self.inner.taken).clone()
    }

    /// How many tokens were given by Google, and how many different ones Apple saw.
    pub fn tokens(&self) -> (usize, usize) {
        (lock(&self.inner.granted).len(), lock(&self.inner.apple_tokens).len())
    }

    /// Google forgets the tokens that it gave.
    pub fn forget_tokens(&self) {
        lock(&self.inner.granted).values_mut().for_each(|until| *until = 0);
    }
}

/// Header and claims of `token`, when `key` signed it.
fn opened(token: &str, algorithm: &'static dyn VerificationAlgorithm, key: &[u8]) -> Option<(Value, Value)> {
    let (said, seal) = token.rsplit_once('.')?;
    let (header, claims) = said.split_once('.')?;
    let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
    UnparsedPublicKey::new(algorithm, key).verify(said.as_bytes(), &bytes(seal)?).ok()?;
    Some((serde_json::from_slice(&bytes(header)?).ok()?, serde_json::from_slice(&bytes(claims)?).ok()?))
}

async fn grant(State(inner): State<Arc<Inner>>, body: Bytes) -> Response {
    let wrong = |why: &str| (StatusCode::BAD_REQUEST, Json(json!({"error": why}))).into_response();
    let fields: BTreeMap<String, String> = url::form_urlencoded::parse(&body).into_owned().collect();
    if fields.get("grant_type").map(String::as_str) != Some("urn:ietf:params:oauth:grant-type:jwt-bearer") {
        return wrong("unsupported_grant_type");
    }
    let assertion = fields.get("assertion").map(String::as_str).unwrap_or_default();
    let Some((header, claims)) = opened(assertion, &RSA_PKCS1_2048_8192_SHA256, &inner.known.account) else {
        return wrong("invalid_grant");
    };
    let now = (inner.now)();
    let (issued, ends) = (claims["iat"].as_i64().unwrap_or(0), claims["exp"].as_i64().unwrap_or(0));
    let scope = "https://www.googleapis.com/auth/firebase.messaging";
    if (&header["alg"], &header["kid"]) != (&json!("RS256"), &json!("key-1"))
        || (&claims["iss"], &claims["scope"]) != (&json!("push@city.example"), &json!(scope))
        || claims["aud"] != format!("{}/token", lock(&inner.address))
        || issued > now
        || ends <= now
        || ends - issued > 3_600
    {
        return wrong("invalid_grant");
    }
    let mut granted = lock(&inner.granted);
    let token = format!("ya29.{}", granted.len());
    granted.insert(token.clone(), now + 3_599);
    Json(json!({"access_token": token, "expires_in": 3_599, "token_type": "Bearer"})).into_response()
}

fn bearer(headers: &HeaderMap) -> &str {
    let value = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.strip_prefix("Bearer ").or(value.strip_prefix("bearer ")).unwrap_or_default()
}

/// Takes the message, unless the device answers something else.
fn take(inner: &Inner, device: String, headers: HeaderMap, body: Value, taken: Response) -> Response {
    if let Some((status, answer)) = lock(&inner.answers).get(&device) {
        return (StatusCode::from_u16(*status).unwrap(), Json(answer.clone())).into_response();
    }
    lock(&inner.taken).push(Taken { device, headers, body });
    taken
}

async fn firebase(State(inner): State<Arc<Inner>>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    let until = lock(&inner.granted).get(bearer(&headers)).copied().unwrap_or(0);
    if until <= (inner.now)() {
        let error = json!({"error": {"code": 401, "status": "UNAUTHENTICATED"}});
        return (StatusCode::UNAUTHORIZED, Json(error)).into_response();
    }
    let device = body["message"]["token"].as_str().unwrap_or_default().to_owned();
    let taken = Json(json!({"name": "projects/city/messages/0:1"})).into_response();
    take(&inner, device, headers, body, taken)
}

async fn apple(State(inner): State<Arc<Inner>>, Path(device): Path<String>, request: Request) -> Response {
    let refused = |status: StatusCode, reason: &str| (status, Json(json!({"reason": reason}))).into_response();
    // Apple speaks nothing older.
    if request.version() != Version::HTTP_2 {
        return StatusCode::HTTP_VERSION_NOT_SUPPORTED.into_response();
    }
    let (parts, body) = request.into_parts();
    let headers = parts.headers;
    let token = bearer(&headers).to_owned();
    let Some((header, claims)) = opened(&token, &ECDSA_P256_SHA256_FIXED, &inner.known.apple) else {
        return refused(StatusCode::FORBIDDEN, "InvalidProviderToken");
    };
    let age = (inner.now)() - claims["iat"].as_i64().unwrap_or(0);
    if (&header["kid"], &claims["iss"]) != (&json!("ABCDE12345"), &json!("TEAM123456")) {
        return refused(StatusCode::FORBIDDEN, "InvalidProviderToken");
    }
    if !(-5..3_600).contains(&age) {
        return refused(StatusCode::FORBIDDEN, "ExpiredProviderToken");
    }
    {
        let mut seen = lock(&inner.apple_tokens);
        if !seen.contains(&token) {
            seen.push(token);
        }
    }
    if headers.get("apns-topic").is_none_or(|topic| topic != "example.city.app") {
        return refused(StatusCode::BAD_REQUEST, "BadTopic");
    }
    if headers.get("apns-collapse-id").is_some_and(|id| id.len() > 64) {
        return refused(StatusCode::BAD_REQUEST, "BadCollapseId");
    }
    let Ok(bytes) = axum::body::to_bytes(body, 4_097).await else {
        return refused(StatusCode::PAYLOAD_TOO_LARGE, "PayloadTooLarge");
    };
    let Ok(body) = serde_json::from_slice(&bytes) else { return refused(StatusCode::BAD_REQUEST, "PayloadEmpty") };
    take(&inner, device, headers, body, StatusCode::OK.into_response())
}
