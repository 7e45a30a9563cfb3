//! `/{lang}/t/{token}/photos/{photo}`: a photo, for whoever has the secret link of its report.

use super::{Entry, Oops, Token};
use crate::app::App;
use axum::{
    extract::{Path, State},
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use schemas::Uuid;
use serde::Deserialize;

/// The page.
pub const PAGE: Entry =
    Entry { name: "photo", path: "/{lang}/t/{token}/photos/{photo}", route: |_| get(show), sandbox: false };

#[derive(Deserialize)]
struct Which {
    photo: String,
}

async fn show(State(app): State<App>, Path(token): Path<Token>, Path(which): Path<Which>) -> Result<Response, Oops> {
    let report = token.report(&app).await?;
    let id = Uuid::parse_str(&which.photo).map_err(|_| Oops::Missing)?;
    let photo = app.site.store.photo_of(report.id, id).await?.ok_or(Oops::Missing)?;
    Ok(answer(photo, "private, no-store"))
}

/// The bytes of `photo`, as a picture and nothing else.
pub fn answer(photo: store::Photo, keep: &'static str) -> Response {
    // We wrote it ourselves; anything unexpected is handed out as mere bytes.
    let kind =
        if photo.media_type.starts_with("image/") { photo.media_type.as_str() } else { "application/octet-stream" };
    let kind = HeaderValue::from_str(kind).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, HeaderValue::from_static(keep)),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("inline")),
    ];
    (headers, photo.bytes).into_response()
}
