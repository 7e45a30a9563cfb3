//! `/{lang}/case/{reference}/photos/{photo}`: a photo that somebody of the city approved, of a case that is public.

use super::{
    Entry, Oops,
    case::{Named, public},
    photo::{Sized, answer},
};
use crate::app::App;
use adapters::abuse::review;
use axum::{
    extract::{Path, Query, State},
    response::Response,
    routing::get,
};
use schemas::Uuid;
use serde::Deserialize;

/// The page.
pub const PAGE: Entry =
    Entry { name: "case-photo", path: "/{lang}/case/{reference}/photos/{photo}", route: |_| get(show), sandbox: false };

#[derive(Deserialize)]
struct Which {
    photo: String,
}

async fn show(
    State(app): State<App>,
    Path(named): Path<Named>,
    Path(which): Path<Which>,
    Query(sized): Query<Sized>,
) -> Result<Response, Oops> {
    let report = public(&app, &named).await?;
    let id = Uuid::parse_str(&which.photo).map_err(|_| Oops::Missing)?;
    let size = sized.size().ok_or(Oops::Missing)?;
    let approved = review::public(&app.site.store, &app.site.city, &[report.id]).await?;
    if !approved.get(&report.id).is_some_and(|approved| approved.photos.contains(&id)) {
        return Err(Oops::Missing);
    }
    let photo = app.site.store.photo_in(size, report.id, id).await?.ok_or(Oops::Missing)?;
    // Nobody keeps a copy: it may be withdrawn at any moment.
    Ok(answer(photo, "no-store"))
}
