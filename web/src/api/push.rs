//! `/api/v1/push`: what a page or an app needs to register a device, and `/api/v1/push/devices`: the devices that
//! the reporter of a case is told on. Whoever sends the secret of the tracking link as a bearer token speaks for the
//! reporter; no other site can make a browser do that (a header of this kind needs leave, which we never give).

use super::{Endpoint, From, guessed, invalid, private, text};
use crate::{app::App, guard::walk::Walk, problem::Problem};
use axum::{
    Json,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{delete, get, post},
};
use notifier::devices::{self, Devices};
use schemas::{device::Device, fault::Invalid, report::Report};

/// More than any subscription has.
const MAX_BODY: usize = 16 * 1024;

/// What may be registered.
pub const ENDPOINT: Endpoint = Endpoint { path: "/api/v1/push", route: |_| get(offer) };

/// The devices of a report.
pub const DEVICES: Endpoint =
    Endpoint { path: "/api/v1/push/devices", route: |_| get(list).post(add).layer(DefaultBodyLimit::max(MAX_BODY)) };

/// One of them.
pub const ONE: Endpoint = Endpoint { path: "/api/v1/push/devices/{id}", route: |_| delete(remove) };

/// Where a device says that it shows a message; the message held the address. No secret link, no body.
pub const SHOWN: Endpoint = Endpoint { path: "/api/v1/push/shown/{token}", route: |_| post(shown) };

async fn shown(State(app): State<App>, from: From, Path(token): Path<String>, walk: Walk) -> Response {
    let store = &app.site.store;
    let said = match store.notice_tokens().await {
        Ok(tokens) => devices::shown(store, &tokens, &token, walk.0).await,
        Err(error) => Err(error),
    };
    match said {
        Ok(true) => StatusCode::ACCEPTED.into_response(),
        Ok(false) => guessed(&app, from.0).unwrap_or_else(|| Problem::of(StatusCode::NOT_FOUND).into_response()),
        Err(error) => Problem::store(&error).into_response(),
    }
}

async fn offer(State(app): State<App>) -> Response {
    match &app.site.config.push {
        Some(devices) => private(devices.offer()),
        None => nothing_here(),
    }
}

fn nothing_here() -> Response {
    Problem::new(StatusCode::NOT_FOUND, "this city does not send push messages").into_response()
}

/// The report whose secret came with the request; or the answer to who has none. Guesses are counted.
async fn of<'a>(app: &'a App, from: From, headers: &HeaderMap) -> Result<(&'a Devices, Report), Response> {
    let devices = app.site.config.push.as_ref().ok_or_else(nothing_here)?;
    let token = text(headers, header::AUTHORIZATION).and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let token = token.filter(|token| token.len() <= 64 && token.bytes().all(|b| b.is_ascii_alphanumeric()));
    let report = match token {
        Some(token) => app.site.store.report_by_token(token).await.map_err(|e| Problem::store(&e).into_response())?,
        None => None,
    };
    report.map(|report| (devices, report)).ok_or_else(|| {
        guessed(app, from.0).unwrap_or_else(|| {
            let why = "no case has this secret: send Authorization: Bearer <the end of the tracking link>";
            let bearer = HeaderValue::from_static("Bearer realm=\"cases\"");
            Problem::new(StatusCode::UNAUTHORIZED, why).with(header::WWW_AUTHENTICATE, bearer).into_response()
        })
    })
}

async fn list(State(app): State<App>, from: From, headers: HeaderMap) -> Response {
    let (devices, report) = match of(&app, from, &headers).await {
        Ok(found) => found,
        Err(refused) => return refused,
    };
    match devices.of(&app.site.store, &report).await {
        Ok(devices) => private(serde_json::json!({ "devices": devices })),
        Err(error) => Problem::store(&error).into_response(),
    }
}

async fn add(State(app): State<App>, from: From, headers: HeaderMap, body: Bytes) -> Response {
    let (devices, report) = match of(&app, from, &headers).await {
        Ok(found) => found,
        Err(refused) => return refused,
    };
    let is_json = text(&headers, header::CONTENT_TYPE)
        .is_some_and(|kind| kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json"));
    if !is_json {
        return Problem::of(StatusCode::UNSUPPORTED_MEDIA_TYPE).into_response();
    }
    let device: Device = match serde_json::from_slice(&body) {
        Ok(device) => device,
        Err(error) => {
            let message = format!("this is no device: {error}; see docs/connect/app.md");
            return invalid(StatusCode::BAD_REQUEST, Invalid::new("", "malformed", message));
        }
    };
    match devices.add(&app.site.store, &report, device).await {
        Ok(Ok(registered)) => (StatusCode::CREATED, Json(registered)).into_response(),
        Ok(Err(faults)) => Problem::invalid(StatusCode::UNPROCESSABLE_ENTITY, faults).into_response(),
        Err(error) => Problem::store(&error).into_response(),
    }
}

async fn remove(State(app): State<App>, from: From, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let (devices, report) = match of(&app, from, &headers).await {
        Ok(found) => found,
        Err(refused) => return refused,
    };
    match devices.remove(&app.site.store, &report, &id).await {
        // Twice is once.
        Ok(_) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => Problem::store(&error).into_response(),
    }
}
