//! `POST /api/v1/reports`: tell the city something, as JSON; idempotent by `Idempotency-Key`.

use super::{Endpoint, REPLAYED, invalid, text, too_large};
use crate::{app::App, guard::walk::Walk, problem::Problem};
use adapters::intake::{
    Receipt,
    api::{Outcome, Request},
};
use axum::{
    Json,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::post,
};
use schemas::slug::Channel;
use serde::Serialize;

/// The address.
pub const ENDPOINT: Endpoint = Endpoint {
    path: "/api/v1/reports",
    route: |app| post(send).layer(DefaultBodyLimit::max(app.doors.api.max_body())),
};

/// What the channel is given: the same words as the answer over the broker.
#[derive(Serialize)]
struct Given {
    reference: String,
    id: schemas::Uuid,
    status: &'static str,
    tracking_url: String,
    received_at: schemas::Timestamp,
}

async fn send(State(app): State<App>, walk: Walk, headers: HeaderMap, body: Bytes) -> Response {
    let Ok(channel) = Channel::new("api") else { return Problem::of(StatusCode::NOT_FOUND).into_response() };
    let request = Request {
        channel: &channel,
        content_type: text(&headers, header::CONTENT_TYPE),
        idempotency_key: headers.get("idempotency-key").map(HeaderValue::as_bytes),
        body: &body,
        trace: walk.0,
    };
    match app.doors.api.receive(request).await {
        Outcome::Created(receipt) => answer(&app, &receipt, StatusCode::CREATED),
        Outcome::Replayed(receipt) => {
            let mut response = answer(&app, &receipt, StatusCode::OK);
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
            response
        }
        Outcome::Conflict => Problem::named(
            StatusCode::CONFLICT,
            "idempotency-conflict",
            "This Idempotency-Key was used for something else",
            "this Idempotency-Key was used before with another body: use a new key for a new report",
        )
        .into_response(),
        Outcome::Invalid(faults) => Problem::invalid(StatusCode::UNPROCESSABLE_ENTITY, faults).into_response(),
        Outcome::Malformed(fault) | Outcome::BadKey(fault) => invalid(StatusCode::BAD_REQUEST, fault),
        Outcome::TooLarge { limit } => too_large(limit),
        Outcome::NotJson(fault) => invalid(StatusCode::UNSUPPORTED_MEDIA_TYPE, fault),
        Outcome::Failed(error) => Problem::store(&error).into_response(),
    }
}

fn answer(app: &App, receipt: &Receipt, status: StatusCode) -> Response {
    // The link without a language goes on in the language of the report.
    let base = app.site.config.public_url.as_str().trim_end_matches('/').to_owned();
    let given = Given {
        reference: receipt.reference.digits(),
        id: receipt.id,
        status: "received",
        tracking_url: format!("{base}/t/{}", receipt.token),
        received_at: receipt.received_at,
    };
    let location = format!("/api/v1/cases/{}", receipt.token);
    let mut response = (status, Json(given)).into_response();
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}
