//! `/`: on to the front door in the visitor's language.

use super::Entry;
use crate::app::App;
use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};

/// The page.
pub const PAGE: Entry = Entry { name: "home", path: "/", route: |_| get(show), sandbox: false };

async fn show(State(app): State<App>, headers: HeaderMap) -> Response {
    let language = app.accepted(headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()));
    let headers = [
        (
            header::LOCATION,
            // Two letters of ISO 639-1.
            HeaderValue::from_str(&format!("/{}", language.as_str())).unwrap_or(HeaderValue::from_static("/nl")),
        ),
        (header::VARY, HeaderValue::from_static("accept-language")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}
