//! `/{lang}/work/{token}/photos/{photo}`: a photo, for whoever has a department's link to its case.

use super::{
    Entry, Oops,
    photo::{Sized, answer},
    work::Link,
};
use crate::app::App;
use axum::{
    extract::{Path, Query, State},
    response::Response,
    routing::get,
};
use schemas::Uuid;
use serde::Deserialize;

/// The page.
pub const PAGE: Entry =
    Entry { name: "work photo", path: "/{lang}/work/{token}/photos/{photo}", route: |_| get(show), sandbox: false };

#[derive(Deserialize)]
struct Which {
    photo: String,
}

async fn show(
    State(app): State<App>,
    Path(link): Path<Link>,
    Path(which): Path<Which>,
    Query(sized): Query<Sized>,
) -> Result<Response, Oops> {
    let opened = link.open(&app).await?;
    if opened.stand == adapters::answer_link::Stand::Expired {
        return Err(Oops::Missing);
    }
    let id = Uuid::parse_str(&which.photo).map_err(|_| Oops::Missing)?;
    let size = sized.size().ok_or(Oops::Missing)?;
    let photo = app.doors.tools.album.photo_in(size, opened.report.id, id).await?.ok_or(Oops::Missing)?;
    Ok(answer(photo, "private, no-store"))
}
