//! Who brings something in: a program with a key of its channel, or anybody. Each is counted under what they are.

use super::text;
use crate::{
    app::App,
    guard::rate::{self, Caller},
    problem::Problem,
};
use adapters::keys;
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use schemas::api_key::ApiKey;

/// Why somebody may not come in.
#[derive(Debug)]
pub enum Refused {
    /// The key is none, or was revoked.
    Wrong,
    /// A key is needed here.
    Missing,
    /// Too often: seconds to wait.
    Often(u64),
    /// The rows cannot be reached.
    Store(store::Error),
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let detail = match self {
            Self::Often(seconds) => return rate::refuse(seconds),
            Self::Store(error) => return Problem::store(&error).into_response(),
            Self::Wrong => {
                "this key is not known here, or it was revoked: send Authorization: Bearer <key> as the city gave it"
            }
            Self::Missing => "this needs a key of your channel: send Authorization: Bearer <key>",
        };
        let bearer = HeaderValue::from_static("Bearer realm=\"reports\"");
        Problem::new(StatusCode::UNAUTHORIZED, detail).with(header::WWW_AUTHENTICATE, bearer).into_response()
    }
}

/// The key in the header `Authorization` (RFC 6750 §2.1). Another scheme is a matter between the caller and a proxy.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let given = text(headers, header::AUTHORIZATION)?.trim();
    // The scheme without a key is a wrong key, not none.
    let (scheme, key) = given.split_once(' ').unwrap_or((given, ""));
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

/// Lets somebody in with `key`, or without one, and counts them: a key under itself, everybody else under their
/// address. A wrong key counts as something written, whatever was asked.
pub async fn admit(
    app: &App,
    caller: Option<Caller>,
    key: Option<&str>,
    write: bool,
) -> Result<Option<ApiKey>, Refused> {
    let Some(key) = key else {
        let counted = caller.map_or(Ok(()), |caller| app.limits.count(caller, write));
        return counted.map(|()| None).map_err(Refused::Often);
    };
    match keys::look(&app.site.store, key).await.map_err(Refused::Store)? {
        Some(key) => app.limits.count_key(key.id).map(|()| Some(key)).map_err(Refused::Often),
        None => {
            let guessed = caller.and_then(|caller| app.limits.count(caller, true).err());
            Err(guessed.map_or(Refused::Wrong, Refused::Often))
        }
    }
}

/// A call to the API by a program: with its key, or without one.
pub struct Keyed(pub Option<ApiKey>);

impl FromRequestParts<App> for Keyed {
    type Rejection = Refused;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refused> {
        let caller = parts.extensions.get::<Caller>().copied();
        let write = !matches!(parts.method, Method::GET | Method::HEAD);
        admit(app, caller, bearer(&parts.headers), write).await.map(Self)
    }
}
