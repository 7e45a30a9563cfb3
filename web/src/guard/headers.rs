//! Security headers on everything that leaves.

use crate::app::App;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

/// Nothing inline, nothing from elsewhere.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
    script-src 'self'; connect-src 'self'; manifest-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

/// A year, as the preload list asks (RFC 6797 §6.1).
const HSTS: &str = "max-age=31536000; includeSubDomains";

/// What pages may ask of a device.
const PERMISSIONS: &str = "camera=(self), geolocation=(self), microphone=(), payment=(), usb=()";

/// Parts of pages, which are never opened by themselves: what is said of documents would be said of them in vain.
fn is_part(kind: &HeaderValue) -> bool {
    [b"text/css".as_slice(), b"text/javascript", b"font/"].iter().any(|part| kind.as_bytes().starts_with(part))
}

/// Adds what is not set yet: a page may be stricter than the rest.
pub async fn add(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let is_document = !headers.get(header::CONTENT_TYPE).is_some_and(is_part);
    let mut add = |name: HeaderName, value: &'static str| absent(headers, name, value);
    add(header::CONTENT_SECURITY_POLICY, POLICY);
    add(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    add(header::REFERRER_POLICY, "strict-origin-when-cross-origin");
    add(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    add(header::CACHE_CONTROL, "no-store");
    if is_document {
        add(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
        add(HeaderName::from_static("permissions-policy"), PERMISSIONS);
    }
    if app.site.config.public_url.scheme() == "https" {
        absent(headers, header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    response
}

fn absent(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.entry(name).or_insert(HeaderValue::from_static(value));
}
