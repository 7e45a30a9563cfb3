//! `POST /api/v1/departments/{id}/callback`: the same as an update, by the department's own system,
//! signed by the Standard Webhooks scheme.

use super::openapi::operation::{For, Operation, Parameter, Proof, TAKEN, header as header_shape, text as text_shape};
use super::updates::EXAMPLE;
use super::{Endpoint, From, answered, text};
use crate::{app::App, guard::walk::Walk};
use adapters::{
    callback,
    updates::{self, MAX_BODY},
};
use axum::{
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, header},
    response::Response,
    routing::post,
};
use schemas::dispatch::Update;

/// The address.
pub const ENDPOINT: Endpoint = Endpoint {
    path: "/api/v1/departments/{id}/callback",
    route: |_| post(send).layer(DefaultBodyLimit::max(MAX_BODY)),
    operations: &[Operation::post("sendSignedUpdate", For::Departments, "Say how far the work is, signed")
        .about("The same as `updates`, for systems that sign what they send instead of holding a token.")
        .by(Proof::Signature)
        .given(&[
            Parameter { required: true, ..header_shape("webhook-id", "The id of this message.", text_shape) },
            Parameter {
                required: true,
                ..header_shape("webhook-timestamp", "Seconds since 1970; at most five minutes from now.", text_shape)
            },
        ])
        .json(|generator| generator.subschema_for::<Update>(), EXAMPLE)
        .back(&[TAKEN])
        .problems(&[400, 401, 404, 413, 415, 422, 429, 503])],
};

async fn send(
    State(app): State<App>,
    From(caller): From,
    Path(id): Path<String>,
    walk: Walk,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let signed = callback::Headers {
        id: text(&headers, callback::ID),
        timestamp: text(&headers, callback::TIMESTAMP),
        signature: text(&headers, callback::SIGNATURE),
    };
    let kind = text(&headers, header::CONTENT_TYPE);
    let outcome = updates::submit_callback(&app.updates, &id, signed, kind, &body, walk.0).await;
    answered(&app, caller, outcome)
}
