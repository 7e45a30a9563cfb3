//! What the city hands to others of its public cases: open data, feeds, figures. All of it is made of
//! [`PublicCase`] and may be read by any page of any site.

pub mod csv;
pub mod figures;
pub mod kept;
pub mod row;
pub mod wanted;

use crate::{app::App, problem::Problem, public::PublicCase};
use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use schemas::{Timestamp, fault::Invalid};
use sha2::{Digest as _, Sha256};
use std::{fmt::Write as _, sync::Arc};
use wanted::Wanted;

/// Browsers and proxies ask again after so long, and mostly hear that nothing changed.
const KEEP: &str = "public, max-age=60";

/// Every case that is wanted, the newest first.
pub async fn find(app: &App, wanted: &Wanted) -> Result<Vec<Arc<PublicCase>>, store::Error> {
    let snapshot = app.register().await?;
    Ok(snapshot.listed().rev().filter(|case| wanted.has(case)).cloned().collect())
}

/// What `cases` are now, in a few letters: the same cases, said in the same way by `how`, have the same mark
/// (RFC 9110 §8.8.3). It is made of public cases alone.
pub fn mark<'a>(how: &str, cases: impl IntoIterator<Item = &'a Arc<PublicCase>>) -> String {
    let mut hash = Sha256::new();
    hash.update(how);
    for case in cases {
        hash.update(case.id.as_bytes());
        hash.update(case.changed_at.as_microsecond().to_be_bytes());
        hash.update(case.status.as_str());
        hash.update(case.people.to_be_bytes());
    }
    let mut mark = String::from("W/\"");
    for byte in hash.finalize().iter().take(9) {
        // Writing to a String cannot fail.
        let _ = write!(mark, "{byte:02x}");
    }
    mark.push('"');
    mark
}

/// When the last of `cases` changed.
pub fn last_change<'a>(cases: impl IntoIterator<Item = &'a Arc<PublicCase>>) -> Option<Timestamp> {
    cases.into_iter().map(|case| case.changed_at.max(case.status_at).max(case.received_at)).max()
}

/// A moment in the form of HTTP headers (RFC 9110 §5.6.7).
fn http_date(at: Timestamp) -> Option<HeaderValue> {
    HeaderValue::from_str(&at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()).ok()
}

/// Whether the caller has what `mark` stands for: `If-None-Match` (RFC 9110 §13.1.2).
pub fn has_it(headers: &HeaderMap, mark: &str) -> bool {
    let weak = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let given = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    given.split(',').any(|tag| tag.trim() == "*" || weak(tag) == weak(mark))
}

/// An answer for any page of any site, with its mark; 304 for who has it already. `body` is made only when it is sent.
pub fn answer(
    asked: &HeaderMap,
    media: &'static str,
    mark: &str,
    changed: Option<Timestamp>,
    body: impl FnOnce() -> Body,
) -> Response {
    let mut response = match has_it(asked, mark) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => ([(header::CONTENT_TYPE, HeaderValue::from_static(media))], body()).into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(KEEP));
    headers.extend(HeaderValue::from_str(mark).ok().map(|mark| (header::ETAG, mark)));
    headers.extend(changed.and_then(http_date).map(|at| (header::LAST_MODIFIED, at)));
    open(response)
}

/// The same, for pages of any site to read (Fetch, CORS).
pub fn open(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("etag, link, last-modified"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin"));
    response
}

/// What a browser asks before its page may read with `If-None-Match`.
pub async fn may_read() -> Response {
    let mut response = open(StatusCode::NO_CONTENT.into_response());
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD, OPTIONS"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("if-none-match, accept"));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    response
}

/// 400 that names the parameter (OGC API Features 1.0, 7.6.1: also one that nobody knows).
pub fn wrong(fault: Invalid) -> Response {
    open(Problem::invalid(StatusCode::BAD_REQUEST, vec![fault]).into_response())
}

/// The rows cannot be read.
pub fn away(error: &store::Error) -> Response {
    open(Problem::store(error).into_response())
}

/// The public address without a slash at its end.
pub fn base(app: &App) -> &str {
    app.site.config.public_url.as_str().trim_end_matches('/')
}
