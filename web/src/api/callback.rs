//! `POST /api/v1/departments/{id}/callback`: the same as an update, by the department's own system,
//! signed by the Standard Webhooks scheme.

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

/// The address.
pub const ENDPOINT: Endpoint = Endpoint {
    path: "/api/v1/departments/{id}/callback",
    route: |_| post(send).layer(DefaultBodyLimit::max(MAX_BODY)),
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
