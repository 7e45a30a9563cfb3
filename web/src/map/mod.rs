//! The public map: what is made of the public cases in memory: tiles, the list, a picture.

pub(crate) mod base;
pub(crate) mod dots;
pub(crate) mod filter;
pub(crate) mod mvt;
pub(crate) mod picture;
pub(crate) mod sketch;
mod tiles;

use crate::app::App;
use axum::{Router, routing::get};
use std::sync::OnceLock;

/// What the map is drawn on, made once.
#[derive(Default)]
pub struct Map {
    /// The city's areas, as they are served.
    areas: OnceLock<Vec<u8>>,
    /// The same as a drawing; nothing for a city without an outline.
    land: OnceLock<Option<picture::Land>>,
}

/// What the map fetches.
pub fn router() -> Router<App> {
    Router::new()
        .route("/map/cases/{z}/{x}/{y}", get(tiles::show))
        .route("/map/areas.geojson", get(base::areas))
        .route("/map/style.json", get(base::style))
        .route("/map/base.pmtiles", get(base::file))
}
