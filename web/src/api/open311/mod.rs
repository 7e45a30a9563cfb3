//! `/open311/…`: the city as an Open311 server (GeoReport v2, and the extension `servicerequestupdates`). Everything that
//! is said there, errors too, is XML or JSON as the ending of the address says.

mod ask;
mod show;
mod tell;

use super::{
    Endpoint,
    keyed::{Refused, bearer},
};
use crate::{
    app::App,
    problem::{Problem, Shaped},
};
use adapters::intake::open311::write::{self, Format, Value};
use axum::{
    extract::DefaultBodyLimit,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use schemas::fault::Invalid;

/// The addresses.
pub const ENDPOINT: Endpoint = Endpoint {
    path: "/open311/{*path}",
    route: |app| get(ask::answer).post(tell::answer).layer(DefaultBodyLimit::max(app.doors.form.max_body())),
    operations: &[],
};

/// Where they all begin.
pub const BASE: &str = "/open311/";

/// The format of an address without an ending: JSON for who asks for it, XML otherwise, which every client reads.
fn accepted(headers: &HeaderMap) -> Format {
    match super::text(headers, header::ACCEPT) {
        Some(accept) if accept.contains("json") && !accept.contains("xml") => Format::Json,
        _ => Format::Xml,
    }
}

/// The key of a call: in its header, or as the parameter that GeoReport names for it.
fn key<'a>(headers: &'a HeaderMap, parameter: Option<&'a str>) -> Option<&'a str> {
    bearer(headers).or(parameter.filter(|key| !key.is_empty()))
}

/// An answer that was written already.
fn written(format: Format, status: StatusCode, body: String) -> Response {
    let kind = HeaderValue::from_static(format.content_type());
    let mut response = (status, [(header::CONTENT_TYPE, kind)], body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    // Pages of others may read it: nothing here follows from who the browser is.
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response.extensions_mut().insert(Shaped);
    response
}

/// `value`, whose outermost element is `root`.
fn good(format: Format, root: &str, value: &Value) -> Response {
    written(format, StatusCode::OK, value.write(format, root))
}

/// What is wrong.
pub fn wrong(format: Format, status: StatusCode, description: impl Into<String>) -> Response {
    written(format, status, write::errors(format, status.as_u16(), [description.into()]))
}

/// What is wrong with parameters: 400, one error each.
fn invalid(format: Format, faults: &[Invalid]) -> Response {
    let status = StatusCode::BAD_REQUEST;
    written(format, status, write::errors(format, status.as_u16(), faults.iter().take(100).map(Invalid::to_string)))
}

/// The same for a problem, with the headers that belong to it.
fn problem(format: Format, problem: Problem) -> Response {
    let mut response = wrong(format, problem.status, problem.detail);
    response.headers_mut().extend(problem.headers);
    response
}

fn store(format: Format, error: &store::Error) -> Response {
    problem(format, Problem::store(error))
}

/// Why somebody may not come in: GeoReport knows 403 for that.
fn refused(format: Format, why: Refused) -> Response {
    match why {
        Refused::Store(error) => store(format, &error),
        Refused::Often(seconds) => {
            metrics::counter!("voordeur_rate_limited_total").increment(1);
            let mut response = problem(format, Problem::of(StatusCode::TOO_MANY_REQUESTS));
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            response
        }
        Refused::Wrong => wrong(format, StatusCode::FORBIDDEN, "api_key: this key is not known here, or was revoked"),
        Refused::Missing => wrong(
            format,
            StatusCode::FORBIDDEN,
            "api_key: this needs a key of your channel; discovery says who gives it",
        ),
    }
}

/// A bare error of the framework, in the form that clients of this door read.
pub fn shaped(app: &App, path: &str, status: StatusCode) -> Response {
    let (_, format) = Format::split(path);
    let limit = app.doors.form.max_body();
    let description = match status {
        StatusCode::NOT_FOUND => "there is nothing at this address".to_owned(),
        StatusCode::METHOD_NOT_ALLOWED => {
            "this address takes GET; requests and servicerequestupdates take POST".to_owned()
        }
        StatusCode::PAYLOAD_TOO_LARGE => format!("the form is larger than {limit} bytes"),
        status => Problem::of(status).detail,
    };
    wrong(format.unwrap_or(Format::Xml), status, description)
}
