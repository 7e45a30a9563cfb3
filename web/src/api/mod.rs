//! The HTTP API. Every error is an RFC 9457 problem that names the field.

pub(crate) mod asked;
mod callback;
mod cases;
mod categories;
mod department_cases;
mod department_photos;
mod desk_cases;
mod desk_tasks;
mod keyed;
mod near;
mod ogc;
mod one_click;
pub mod open311;
mod open_cases;
mod open_feed;
mod open_figures;
pub(crate) mod openapi;
mod photos;
mod places;
mod push;
mod reports;
mod sms_hook;
mod suggest;
mod updates;
mod work;

use crate::{
    app::App,
    guard::rate::{self, Caller},
    problem::Problem,
};
use adapters::{departments::queue::Denied, updates::Outcome};
use axum::{
    Json,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::MethodRouter,
};
use openapi::operation::Operation;
use schemas::fault::Invalid;

/// One address of the API.
pub struct Endpoint {
    /// Where it is.
    pub path: &'static str,
    /// How it answers.
    pub route: fn(&App) -> MethodRouter<App>,
    /// What can be done there, in words; nothing for addresses that are for browsers, mail programs and gateways.
    pub operations: &'static [Operation],
}

/// Every address of the API.
pub const ENDPOINTS: &[Endpoint] = &[
    reports::ENDPOINT,
    photos::ENDPOINT,
    categories::ENDPOINT,
    suggest::ENDPOINT,
    places::ENDPOINT,
    near::ENDPOINT,
    cases::ENDPOINT,
    work::ENDPOINT,
    work::ACK,
    updates::ENDPOINT,
    sms_hook::ENDPOINT,
    sms_hook::WITH_SECRET,
    callback::ENDPOINT,
    department_photos::ENDPOINT,
    department_cases::ENDPOINT,
    department_cases::ONE,
    department_cases::SAY,
    desk_tasks::ENDPOINT,
    desk_tasks::ONE,
    desk_tasks::DEED,
    desk_tasks::PHOTO,
    desk_cases::NEAR,
    desk_cases::MERGE,
    desk_cases::SPLIT,
    one_click::ENDPOINT,
    open311::ENDPOINT,
    push::ENDPOINT,
    push::DEVICES,
    push::ONE,
    push::SHOWN,
    ogc::LANDING,
    ogc::CONFORMANCE,
    ogc::COLLECTIONS,
    ogc::COLLECTION,
    ogc::ITEMS,
    ogc::ITEM,
    open_cases::ENDPOINT,
    open_feed::ENDPOINT,
    open_figures::ENDPOINT,
    open_figures::CSV,
    openapi::ENDPOINT,
    openapi::ASYNC,
];

/// An answer that only who asked may keep.
fn private(body: impl serde::Serialize) -> Response {
    ([(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"))], Json(body)).into_response()
}

/// The text of a header.
fn text(headers: &HeaderMap, name: impl header::AsHeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn too_large(limit: usize) -> Response {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, format!("the body is larger than {limit} bytes")).into_response()
}

fn invalid(status: StatusCode, fault: Invalid) -> Response {
    Problem::invalid(status, vec![fault]).into_response()
}

/// Counts a wrong key or signature; the answer to one guess too many.
fn guessed(app: &App, caller: Option<Caller>) -> Option<Response> {
    app.limits.count(caller?, true).err().map(rate::refuse)
}

/// 401 for who has no key; whoever guesses is counted.
fn denied(app: &App, caller: Option<Caller>, why: impl ToString) -> Response {
    if let Some(refused) = guessed(app, caller) {
        return refused;
    }
    let bearer = HeaderValue::from_static("Bearer realm=\"departments\"");
    Problem::new(StatusCode::UNAUTHORIZED, why.to_string()).with(header::WWW_AUTHENTICATE, bearer).into_response()
}

fn sent_away(app: &App, caller: Option<Caller>, why: Denied) -> Response {
    match why {
        Denied::Token => denied(app, caller, why),
        Denied::NoQueue | Denied::Brokered => Problem::new(StatusCode::NOT_FOUND, why.to_string()).into_response(),
    }
}

/// What became of a department's update.
fn answered(app: &App, caller: Option<Caller>, outcome: Outcome) -> Response {
    match outcome {
        Outcome::Taken { letter } => (StatusCode::ACCEPTED, Json(serde_json::json!({"id": letter}))).into_response(),
        Outcome::Denied(why) => sent_away(app, caller, why),
        Outcome::NotGenuine(why) => denied(app, caller, why),
        Outcome::Malformed(fault) => invalid(StatusCode::BAD_REQUEST, fault),
        Outcome::NotJson(fault) => invalid(StatusCode::UNSUPPORTED_MEDIA_TYPE, fault),
        Outcome::TooLarge { limit } => too_large(limit),
        Outcome::Invalid(faults) => Problem::invalid(StatusCode::UNPROCESSABLE_ENTITY, faults).into_response(),
        Outcome::Failed(error) => Problem::store(&error).into_response(),
    }
}

/// Whose address counts a wrong key.
pub(crate) struct From(Option<Caller>);

impl<S: Sync> axum::extract::FromRequestParts<S> for From {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        _: &S,
    ) -> Result<Self, std::convert::Infallible> {
        Ok(Self(parts.extensions.get::<Caller>().copied()))
    }
}

/// The header that says that this was answered before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
