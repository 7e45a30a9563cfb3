//! The map as a drawing in the page: the areas of the city and how many cases are where. It is there before any script, and
//! where no script draws.

use super::{
    base::polygons,
    filter::{Bounds, Sieve},
    snapshot::{Snapshot, mercator},
};
use schemas::{
    city::{City, in_language},
    place::Point,
    report::Language,
};
use serde::Serialize;
use std::{collections::BTreeMap, fmt::Write as _};

/// The drawing is so many units wide.
const WIDE: f64 = 1000.0;
/// Cases within so many units are one circle.
const SQUARE: f64 = 62.5;

/// What the template draws.
#[derive(Debug, Serialize)]
pub struct Picture {
    wide: f64,
    high: f64,
    areas: Vec<Shape>,
    circles: Vec<Circle>,
}

#[derive(Debug, Serialize)]
struct Shape {
    name: String,
    path: String,
}

#[derive(Debug, Serialize)]
struct Circle {
    x: i64,
    y: i64,
    /// Radius.
    r: i64,
    n: usize,
    /// Only the number fits beside a small one.
    text: i64,
}

/// The south-western and north-eastern corner of what is shown of `city`, as a box; nothing for a city without an outline.
pub fn bounds(city: &City) -> Option<Bounds> {
    let (low, high) = city.areas.bounds()?;
    Some(Bounds([low.lon, low.lat, high.lon, high.lat]))
}

/// What is drawn; nothing for a city without an outline.
pub fn draw(city: &City, snapshot: &Snapshot, sieve: &Sieve, language: Language) -> Option<Picture> {
    let Bounds([west, south, east, north]) = bounds(city)?;
    let (left, bottom) = mercator(Point { lat: south, lon: west });
    let (right, top) = mercator(Point { lat: north, lon: east });
    let scale = WIDE / (right - left);
    let high = ((bottom - top) * scale).round();
    if !(scale.is_finite() && high.is_finite() && high > 0.0) {
        return None;
    }
    let place = |x: f64, y: f64| ((x - left) * scale, (y - top) * scale);
    let areas = city.areas.all().iter().map(|area| {
        let mut path = String::new();
        for ring in polygons(area).iter().flatten() {
            let mut last = None;
            for [lon, lat] in ring {
                let (x, y) = mercator(Point { lat: *lat, lon: *lon });
                let (x, y) = place(x, y);
                let at = (x.round() as i64, y.round() as i64);
                if last != Some(at) {
                    // Writing to a String cannot fail.
                    let _ = write!(path, "{}{} {}", if last.is_none() { 'M' } else { 'L' }, at.0, at.1);
                    last = Some(at);
                }
            }
            path.push('Z');
        }
        Shape { name: in_language(&area.names, language).to_owned(), path }
    });
    let mut squares: BTreeMap<(i64, i64), (usize, f64, f64)> = BTreeMap::new();
    for (x, y) in snapshot.places(sieve) {
        let (x, y) = place(f64::from(x), f64::from(y));
        if (0.0..=WIDE).contains(&x) && (0.0..=high).contains(&y) {
            let square = squares.entry(((y / SQUARE) as i64, (x / SQUARE) as i64)).or_default();
            *square = (square.0 + 1, square.1 + x, square.2 + y);
        }
    }
    let circles = squares.into_values().map(|(n, x, y)| {
        let middle = |sum: f64| (sum / n as f64).round() as i64;
        let r = (14.0 + 4.0 * (n as f64).ln()).min(40.0).round() as i64;
        Circle { x: middle(x), y: middle(y), r, n, text: middle(y) + 7 }
    });
    Some(Picture { wide: WIDE, high, areas: areas.collect(), circles: circles.collect() })
}
