//! `/{lang}/t/{token}/photos/{photo}`: a photo, for whoever has the secret link of its report; with `?size=small`, the
//! small one of it.

use super::{Entry, Oops, Token};
use crate::app::App;
use axum::{
    extract::{Path, Query, State},
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use schemas::{Uuid, report::Report};
use serde::{Deserialize, Serialize};
use store::{PhotoSize, Store};

/// The page.
pub const PAGE: Entry =
    Entry { name: "photo", path: "/{lang}/t/{token}/photos/{photo}", route: |_| get(show), sandbox: false };

#[derive(Deserialize)]
struct Which {
    photo: String,
}

/// How large.
#[derive(Deserialize)]
pub struct Sized {
    #[serde(default)]
    size: Option<String>,
}

impl Sized {
    /// The size that was asked for: the large one unless somebody says otherwise. `None`: there is no such size.
    pub fn size(&self) -> Option<PhotoSize> {
        match self.size.as_deref() {
            None | Some("large") => Some(PhotoSize::Large),
            Some("small") => Some(PhotoSize::Small),
            Some(_) => None,
        }
    }
}

/// A photo on a page.
#[derive(Serialize)]
pub struct Shown {
    /// The large one.
    href: String,
    /// The small one, and its pixels: so much room is kept before it is there.
    src: String,
    width: u32,
    height: u32,
    number: usize,
}

/// The photos of `report`, which lie under `home`.
pub async fn shown(store: &Store, report: &Report, home: &str) -> Result<Vec<Shown>, store::Error> {
    if report.photos.is_empty() {
        return Ok(Vec::new());
    }
    let sizes = store.small_photo_sizes(&report.photos).await?;
    let photo = |(i, id): (usize, &Uuid)| {
        let (width, height) = *sizes.get(id)?;
        let href = format!("{home}/photos/{id}");
        Some(Shown { src: format!("{href}?size=small"), href, width, height, number: i + 1 })
    };
    Ok(report.photos.iter().enumerate().filter_map(photo).collect())
}

async fn show(
    State(app): State<App>,
    Path(token): Path<Token>,
    Path(which): Path<Which>,
    Query(sized): Query<Sized>,
) -> Result<Response, Oops> {
    let report = token.report(&app).await?;
    let id = Uuid::parse_str(&which.photo).map_err(|_| Oops::Missing)?;
    let size = sized.size().ok_or(Oops::Missing)?;
    let photo = app.doors.tools.album.photo_in(size, report.id, id).await?.ok_or(Oops::Missing)?;
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
