//! A small picture of a part of the city that somebody chose, over the districts around it.

use super::base::polygons;
use schemas::{
    city::{City, in_language},
    patch::Patch,
    place::Point,
    report::Language,
};
use serde::Serialize;
use std::fmt::Write as _;

/// The picture is so many units wide and high.
const SIDE: f64 = 240.0;
/// It shows so many times as much as was chosen, and at least so many metres.
const AROUND: (f64, f64) = (2.5, 1_500.0);
/// Metres per degree of latitude.
const DEGREE: f64 = 111_195.0;

/// What the template draws.
#[derive(Debug, Clone, Serialize)]
pub struct Sketch {
    side: f64,
    label: String,
    areas: Vec<Shape>,
    patch: String,
}

#[derive(Debug, Clone, Serialize)]
struct Shape {
    name: String,
    path: String,
}

/// Where things lie in the picture.
struct View {
    west: f64,
    north: f64,
    /// Units per degree of longitude and latitude.
    scale: (f64, f64),
}

impl View {
    fn around(patch: &Patch) -> Self {
        let (low, high) = patch.bounds();
        let middle = Point { lat: (low.lat + high.lat) / 2.0, lon: (low.lon + high.lon) / 2.0 };
        let (wide, tall) =
            (low.metres_to(Point { lon: high.lon, ..low }), low.metres_to(Point { lat: high.lat, ..low }));
        let metres = (wide.max(tall) * AROUND.0).max(AROUND.1);
        let per_lat = DEGREE * SIDE / metres;
        let per_lon = per_lat * middle.lat.to_radians().cos();
        Self {
            west: middle.lon - SIDE / 2.0 / per_lon,
            north: middle.lat + SIDE / 2.0 / per_lat,
            scale: (per_lon, per_lat),
        }
    }

    fn path(&self, ring: impl Iterator<Item = [f64; 2]>, path: &mut String) {
        let mut last = None;
        for [lon, lat] in ring {
            // What lies far outside need not be exact.
            let whole = |units: f64| units.round().clamp(-9_999.0, 9_999.0) as i64;
            let at = (whole((lon - self.west) * self.scale.0), whole((self.north - lat) * self.scale.1));
            if last != Some(at) {
                // Writing to a String cannot fail.
                let _ = write!(path, "{}{} {}", if last.is_none() { 'M' } else { 'L' }, at.0, at.1);
                last = Some(at);
            }
        }
        path.push('Z');
    }

    /// Whether any of what is drawn by `ring` may be seen.
    fn shows(&self, ring: &[[f64; 2]]) -> bool {
        let (east, south) = (self.west + SIDE / self.scale.0, self.north - SIDE / self.scale.1);
        let all = |is_beside: &dyn Fn(&[f64; 2]) -> bool| ring.iter().all(is_beside);
        !(all(&|at| at[0] < self.west)
            || all(&|at| at[0] > east)
            || all(&|at| at[1] < south)
            || all(&|at| at[1] > self.north))
    }
}

/// The picture of `patch`, called `label`.
pub fn sketch(city: &City, patch: &Patch, label: String, language: Language) -> Sketch {
    let view = View::around(patch);
    let areas = city.areas.all().iter().filter_map(|area| {
        let mut path = String::new();
        for ring in polygons(area).iter().flatten().filter(|ring| view.shows(ring)) {
            view.path(ring.iter().copied(), &mut path);
        }
        let name = in_language(&area.names, language).to_owned();
        (!path.is_empty()).then_some(Shape { name, path })
    });
    let mut drawn = String::new();
    view.path(patch.outline().exterior().coords().map(|at| [at.x, at.y]), &mut drawn);
    Sketch { side: SIDE, label, areas: areas.collect(), patch: drawn }
}
