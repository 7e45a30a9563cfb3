//! `POST /api/v1/reports`: tell the city something, as JSON; idempotent by `Idempotency-Key`.

use super::{
    Endpoint, REPLAYED, invalid,
    openapi::operation::{Back, For, Operation, header, text as text_shape},
    text, too_large,
};
use crate::{app::App, guard::walk::Walk, problem::Problem};
use adapters::intake::{
    Receipt,
    api::{Outcome, Request},
};
use axum::{
    Json,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, HeaderValue, StatusCode, header as names},
    response::{IntoResponse as _, Response},
    routing::post,
};
use schemars::JsonSchema;
use schemas::{slug::Channel, submission::Submission};
use serde::Serialize;

/// The address.
pub const ENDPOINT: Endpoint = Endpoint {
    path: "/api/v1/reports",
    route: |app| post(send).layer(DefaultBodyLimit::max(app.doors.api.max_body())), operations: &[Operation::post("sendReport", For::Channels, "Tell the city something")
    .about("The answer is the reference, eight digits that can be spoken, and the secret link by which the person \
            follows the case. Always send an `Idempotency-Key`, the same on every retry: then a lost answer costs \
            nothing.")
    .given(&[header("Idempotency-Key", "1 to 200 visible ASCII characters of your own, the same on every retry.", text_shape)])
    .json(
        |generator| generator.subschema_for::<Submission>(),
        r#"{"category": "wegen/put", "words": "A deep hole in the road, right before the school.", "place": {"address": "Schoolstraat 12", "point": {"lat": 50.8279, "lon": 3.2649}}, "language": "en", "contact": {"email": "ann@example.org"}, "tell": "email"}"#,
    )
    .back(&[
        Back::json(201, "It is kept, and on its way.", |generator| generator.subschema_for::<Given>())
            .with(&[("Location", "Where a program follows the case.")]),
        Back::json(200, "It was kept before under this key; this is what was answered then.", |generator| {
            generator.subschema_for::<Given>()
        })
        .with(&[("Idempotent-Replayed", "true")]),
    ])
    .problems(&[400, 409, 413, 415, 422, 429, 503])] };

/// What the channel is given: the same words as the answer over the broker.
#[derive(Serialize, JsonSchema)]
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
        content_type: text(&headers, names::CONTENT_TYPE),
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
        response.headers_mut().insert(names::LOCATION, location);
    }
    response
}
