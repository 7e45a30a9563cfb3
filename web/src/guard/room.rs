//! When there is no room for another report, whoever brings one is told before anything is read of it: to refuse must be
//! cheap, or refusing is all that a crowded house does.

use crate::{api, app::App, problem::Problem};
use axum::{
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

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
    next.run(request).await
}

fn is_small(request: &Request) -> bool {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    length.is_some_and(|length: u64| length <= SMALL)
}
