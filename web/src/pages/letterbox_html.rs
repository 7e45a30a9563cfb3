//! `/sandbox/letterbox/{id}/html`: the letter's own HTML, shut into a sandbox: it may not run,
//! load or send anything.

use super::{Entry, Oops, letterbox_item};
use crate::app::App;
use axum::{
    extract::{Path, State},
    http::{HeaderName, header},
    response::{Html, IntoResponse as _, Response},
    routing::get,
};

/// The page.
pub const PAGE: Entry =
    Entry { name: "letterbox_html", path: "/sandbox/letterbox/{id}/html", route: |_| get(show), sandbox: true };

/// Inline styles are how mail is written; everything else is shut.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; \
    frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox";

async fn show(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Oops> {
    let item = letterbox_item::find(&app, &id).await?;
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "private, no-store"),
        (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
    ];
    // Links of a letter open outside of the frame, which may not leave this page.
    let html = format!("<base target=\"_blank\">{}", item.html);
    Ok((headers, Html(html)).into_response())
}
