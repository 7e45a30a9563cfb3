//! `/api/v1/push`: what a page or an app needs to register a device, and `/api/v1/push/devices`: the devices that
//! the reporter of a case is told on. Whoever sends the secret of the tracking link as a bearer token speaks for the
//! reporter; no other site can make a browser do that (a header of this kind needs leave, which we never give).

use super::openapi::operation::{Back, For, Operation, Proof};
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
use schemars::json_schema;
use schemas::{device::Device, fault::Invalid, report::Report};

/// More than any subscription has.
const MAX_BODY: usize = 16 * 1024;

/// What may be registered.
pub const ENDPOINT: Endpoint = Endpoint {
    path: "/api/v1/push",
    route: |_| get(offer),
    operations: &[Operation::get("readPushOffer", For::Devices, "What a page or an app needs to register a device")
        .back(&[Back::json(200, "What is reached.", |generator| generator.subschema_for::<devices::Offer>())])
        .problems(&[404, 429])],
};

/// The devices of a report.
pub const DEVICES: Endpoint = Endpoint {
    path: "/api/v1/push/devices",
    route: |_| get(list).post(add).layer(DefaultBodyLimit::max(MAX_BODY)),
    operations: &[
        Operation::get("listDevices", For::Devices, "The devices of the reporter")
            .by(Proof::Case)
            .back(&[Back::json(200, "All of them.", |generator| {
                let device = generator.subschema_for::<devices::Registered>();
                json_schema!({
                    "type": "object",
                    "required": ["devices"],
                    "properties": {"devices": {"type": "array", "items": device}},
                })
            })])
            .problems(&[401, 404, 429, 503]),
        Operation::post("addDevice", For::Devices, "Register a device")
            .by(Proof::Case)
            .json(
                |generator| generator.subschema_for::<Device>(),
                r#"{"kind": "fcm", "token": "the-registration-token-of-the-app"}"#,
            )
            .back(&[Back::json(201, "It is told from now on.", |generator| {
                generator.subschema_for::<devices::Registered>()
            })])
            .problems(&[400, 401, 404, 413, 415, 422, 429, 503]),
    ],
};

/// One of them.
pub const ONE: Endpoint = Endpoint {
    path: "/api/v1/push/devices/{id}",
    route: |_| delete(remove),
    operations: &[Operation::delete("removeDevice", For::Devices, "Tell a device no more")
        .by(Proof::Case)
        .back(&[Back::empty(204, "It is told no more; twice is once.")])
        .problems(&[401, 404, 429, 503])],
};

/// Where a device says that it shows a message; the message held the address. No secret link, no body.
pub const SHOWN: Endpoint = Endpoint {
    path: "/api/v1/push/shown/{token}",
    route: |_| post(shown),
    operations: &[Operation::post("messageShown", For::Devices, "Say that a device shows a message")
        .about("The message held this address.")
        .by(Proof::Address)
        .back(&[Back::empty(202, "It is known.")])
        .problems(&[404, 429, 503])],
};

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
