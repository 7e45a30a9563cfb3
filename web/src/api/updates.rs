//! `POST /api/v1/departments/{id}/updates`: a department says how far its work is.

use super::openapi::operation::{For, Operation, Proof, TAKEN};
use super::{Endpoint, From, answered, text};
use crate::{app::App, guard::walk::Walk};
use adapters::updates::{self, MAX_BODY};
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
    path: "/api/v1/departments/{id}/updates",
    route: |_| post(send).layer(DefaultBodyLimit::max(MAX_BODY)),
    operations: &[Operation::post("sendUpdate", For::Departments, "Say how far the work is")
        .about(
            "`id` is yours, the same on every retry. An older update (`at`) never overwrites a newer state, so order \
            does not matter.",
        )
        .by(Proof::Department)
        .json(|generator| generator.subschema_for::<Update>(), EXAMPLE)
        .back(&[TAKEN])
        .problems(&[400, 401, 404, 413, 415, 422, 429, 503])],
};

/// An update, as in the documents.
pub(super) const EXAMPLE: &str = r#"{"id": "my-own-id-1", "department": "publieke-ruimte-groen", "dispatch": "0199d2c4-0000-7000-8000-000000000000", "at": "2026-11-23T10:00:00Z", "say": {"what": "plan", "on": "2026-11-30", "text": "We prune this street on Monday."}}"#;

async fn send(
    State(app): State<App>,
    From(caller): From,
    Path(id): Path<String>,
    walk: Walk,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let authorization = text(&headers, header::AUTHORIZATION);
    let kind = text(&headers, header::CONTENT_TYPE);
    let outcome = updates::submit_update(&app.updates, &id, authorization, kind, &body, walk.0).await;
    answered(&app, caller, outcome)
}
