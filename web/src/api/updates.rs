//! `POST /api/v1/departments/{id}/updates`: a department says how far its work is.

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

/// The address.
pub const ENDPOINT: Endpoint =
    Endpoint { path: "/api/v1/departments/{id}/updates", route: |_| post(send).layer(DefaultBodyLimit::max(MAX_BODY)) };

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
