//! Every error leaves in the form its reader understands: a page for people, a problem for
//! programs. Whatever went wrong, in our code, in a framework or by a panic, passes here.

use crate::{
    api,
    app::App,
    face::{Page, tel},
    problem::{Problem, Shaped},
};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use futures_util::FutureExt as _;
use schemas::report::Language;
use serde::Serialize;
use std::panic::AssertUnwindSafe;

/// Headers of a bare error that belong to its meaning.
const KEPT: [HeaderName; 4] = [header::RETRY_AFTER, header::ALLOW, header::WWW_AUTHENTICATE, header::CONTENT_RANGE];

/// The page of an error.
#[derive(Serialize)]
pub struct Sorry {
    /// What happened, in a few words.
    pub title: String,
    /// What to do.
    pub text: String,
    /// The status, for the telephone.
    pub status: u16,
    /// The page that people go on to.
    pub home: String,
    /// The number of the front door.
    pub phone: String,
    /// The same as an address.
    pub tel: String,
    /// What to name on the telephone, so that the log can be found; empty when we did nothing wrong.
    pub trace: String,
}

/// The texts of a status.
fn name(status: StatusCode) -> &'static str {
    match status.as_u16() {
        403 => "foreign",
        404 | 410 => "missing",
        405 => "method",
        408 | 504 => "slow",
        413 => "large",
        429 => "often",
        503 => "away",
        400..=499 => "request",
        _ => "broken",
    }
}

/// Catches panics, and turns every bare error into a page or a problem.
pub async fn errors(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let trace = crate::guard::walk::trace_of(request.extensions());
    let accepted = header_text(request.headers(), &header::ACCEPT_LANGUAGE);
    let response = AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(|_| {
        // The panic hook has written where; the reader learns nothing of it.
        tracing::error!("a request ended in a panic");
        metrics::counter!("voordeur_panics_total").increment(1);
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    });
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let open311 = path.starts_with(api::open311::BASE);
    let program = path.starts_with("/api/") || path.starts_with("/open/");
    let is_problem = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/problem+json"));
    let is_shaped = response.extensions().get::<Shaped>().is_some();
    if is_shaped && program == is_problem {
        return response;
    }
    let kept = kept(response.headers());
    let mut shaped = if open311 {
        api::open311::shaped(&app, &path, status)
    } else if program {
        Problem::of(status).into_response()
    } else {
        let language = path
            .split('/')
            .nth(1)
            .and_then(Language::parse)
            .filter(|language| app.languages().contains(language))
            .unwrap_or_else(|| app.accepted(accepted.as_deref()));
        page(&app, language, status, trace)
    };
    shaped.headers_mut().extend(kept);
    shaped
}

fn header_text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

fn kept(headers: &HeaderMap) -> HeaderMap {
    KEPT.into_iter().filter_map(|name| headers.get(&name).cloned().map(|value| (name, value))).collect()
}

/// The page of `status`.
fn page(app: &App, language: Language, status: StatusCode, trace: String) -> Response {
    let name = name(status);
    let phone = app.site.city.phone.clone();
    let data = Sorry {
        title: app.text(language, &format!("error-{name}-title"), &[]),
        text: app.text(language, &format!("error-{name}-text"), &[]),
        status: status.as_u16(),
        home: format!("/{}", language.as_str()),
        tel: tel(&phone),
        phone,
        // There is nothing to look up about an address that is not there.
        trace: if status.is_server_error() { trace } else { String::new() },
    };
    let page =
        Page { here: None, ..Page::new(language, "sorry", data.title.clone(), "", data).status(status).private() };
    let mut response = app.show(&page);
    // Even when the page itself cannot be made, somebody reads something.
    if response.extensions().get::<Shaped>().is_none() {
        response = (status, "Sorry: something went wrong.").into_response();
    }
    response
}
