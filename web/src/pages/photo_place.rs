//! "The photo was taken here": a choice at the place step, for whoever sent the photo to confirm.

use super::form::Filled;
use crate::app::App;
use adapters::intake::{
    form::field,
    photo_place::{confirmed, write},
};
use schemas::{
    city::in_language,
    place::{Place, Point},
    report::Language,
};
use serde::Serialize;

/// What is offered.
#[derive(Serialize)]
pub struct PhotoPlace {
    /// As it goes with the form.
    value: String,
    /// Its area and coordinates, for people.
    line: String,
    checked: bool,
    /// The form is shown again for this alone: nothing was wrong with it.
    alone: bool,
}

impl PhotoPlace {
    /// What to offer, if a photo knew where it was taken and no coordinates were filled in.
    pub fn offer(app: &App, language: Language, filled: &Filled<'_>) -> Option<Self> {
        let is_empty = |name: &str| filled.form.get(name).is_none_or(|value| value.trim().is_empty());
        let point = filled.taken_at.filter(|_| is_empty(field::LAT) && is_empty(field::LON))?;
        Some(Self {
            value: write(point),
            line: Self::line(app, language, point),
            checked: confirmed(&filled.form).is_some(),
            alone: filled.faults.is_empty() && filled.spots.is_none(),
        })
    }

    /// A place in words: its area and its coordinates.
    pub fn line(app: &App, language: Language, point: Point) -> String {
        let areas = &app.site.city.areas;
        let coordinates = Place { point: Some(point), ..Place::default() }.line();
        match areas.locate(point).first().and_then(|id| areas.get(id.as_str())) {
            Some(area) => format!("{} ({coordinates})", in_language(&area.names, language)),
            None => coordinates,
        }
    }
}
