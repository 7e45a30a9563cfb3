//! When there is no room for another report, whoever brings one is told before anything is read of it: to refuse must be
//! cheap, or refusing is all that a crowded house does.

use crate::{api, app::App, problem::Problem, serve::Inside};
use axum::{
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use tracing::Instrument as _;

/// A body up to this size is on its way before the answer is; who is in the middle of sending a larger one would only see
/// the connection break. Those are told when they are through.
const SMALL: u64 = 64 * 1024;

/// Asks whoever brings a report to come again while as many are taken in as there is room for.
pub async fn check(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let brings = request.method() == Method::POST
        && (path == "/api/v1/reports" || path.ends_with("/report") || path.starts_with(api::open311::BASE));
    if brings && app.doors.tools.is_full() && is_small(&request) {
        metrics::counter!("voordeur_intake_busy_total").increment(1);
        let again = HeaderValue::from_static("5");
        return Problem::of(StatusCode::SERVICE_UNAVAILABLE).with(header::RETRY_AFTER, again).into_response();
    }
    let Some(Inside(inside)) = request.extensions().get::<Inside>().cloned() else { return next.run(request).await };
    // It goes on when whoever asked does not wait: what has begun is done, and what they see when they ask again.
    match inside.spawn(next.run(request).in_current_span()).await {
        Ok(response) => response,
        Err(error) => {
            tracing::error!(%error, "a request was not worked on to its end");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn is_small(request: &Request) -> bool {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    length.is_some_and(|length: u64| length <= SMALL)
}
