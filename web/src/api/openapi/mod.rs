//! What the API is, for programs and for people: OpenAPI 3.1 and AsyncAPI 3, made from the code that answers.

mod document;
pub mod operation;
mod page;
#[cfg(test)]
mod tests;

use super::Endpoint;
use crate::{app::App, problem::Problem};
use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use schemas::report::Language;

pub(crate) use page::PAGE;

/// Operations over HTTP.
pub const ENDPOINT: Endpoint = Endpoint { path: "/api/openapi.json", route: |_| get(openapi), operations: &[] };
/// Messages over the broker.
pub const ASYNC: Endpoint = Endpoint { path: "/api/asyncapi.yaml", route: |_| get(asyncapi), operations: &[] };

const KEEP: (header::HeaderName, HeaderValue) =
    (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));

fn base(app: &App) -> &str {
    app.site.config.public_url.as_str().trim_end_matches('/')
}

async fn openapi(State(app): State<App>) -> Response {
    let title = format!("Voordeur {}", app.site.city.name(Language::EN));
    ([KEEP], Json(document::document(&title, base(&app)))).into_response()
}

async fn asyncapi(State(app): State<App>) -> Response {
    let title = format!("Voordeur {}", app.site.city.name(Language::EN));
    match bus::asyncapi::yaml(&title, app.site.bus.prefix()) {
        Ok(yaml) => {
            ([KEEP, (header::CONTENT_TYPE, HeaderValue::from_static("application/yaml"))], yaml).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "the AsyncAPI document cannot be written");
            Problem::of(StatusCode::INTERNAL_SERVER_ERROR).into_response()
        }
    }
}
