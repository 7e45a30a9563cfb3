//! The trace of a request: where a walk through the house begins.

use axum::{
    extract::{MatchedPath, Request},
    http::{Extensions, HeaderValue},
    middleware::Next,
    response::Response,
};
use schemas::trace::Trace;
use std::convert::Infallible;
use tokio::time::Instant;
use tracing::Instrument as _;

/// The walk that a request begins or continues.
#[derive(Debug, Clone, Copy)]
pub struct Walk(pub Trace);

impl<S: Sync> axum::extract::FromRequestParts<S> for Walk {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut axum::http::request::Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Walk>().copied().unwrap_or_else(|| Walk(Trace::start())))
    }
}

/// The trace id of a request, as people read it out and logs show it.
pub(crate) fn trace_of(extensions: &Extensions) -> String {
    extensions.get::<Walk>().map(|Walk(trace)| format!("{:032x}", trace.trace_id)).unwrap_or_default()
}

/// Continues the caller's `traceparent` or starts a walk; logs and counts the answer. The log names
/// the route and never the address itself: addresses hold secret links.
pub async fn begin(mut request: Request, next: Next) -> Response {
    let given = request.headers().get("traceparent").and_then(|value| value.to_str().ok()).and_then(Trace::parse);
    let trace = given.map_or_else(Trace::start, Trace::next);
    request.extensions_mut().insert(Walk(trace));
    let id = format!("{:032x}", trace.trace_id);
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    let started = Instant::now();
    let span = tracing::info_span!("request", trace = %id, %method, route);
    let mut response = next.run(request).instrument(span.clone()).await;
    let status = response.status();
    let elapsed = started.elapsed();
    span.in_scope(|| tracing::debug!(status = status.as_u16(), ms = elapsed.as_millis(), "answered"));
    let class = match status.as_u16() / 100 {
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    };
    metrics::counter!("voordeur_http_requests_total", "route" => route.clone(), "status" => class).increment(1);
    metrics::histogram!("voordeur_http_seconds", "route" => route).record(elapsed.as_secs_f64());
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}
