//! The map as a drawing in the page: the areas of the city and how many cases are where. It is there before any script, and
//! where no script draws.

use super::{
    Map,
    base::polygons,
    dots::{Dots, mercator},
    filter::{Bounds, Sieve},
};
use schemas::{
    city::{Area, City, in_language},
    place::Point,
    report::Language,
};
use serde::Serialize;
use std::fmt::Write as _;

/// The drawing is so many units wide.
const WIDE: f64 = 1000.0;
/// Cases within so many units are one circle.
const SQUARE: f64 = 62.5;

/// The largest circle: two in neighbouring squares do not touch.
const LARGEST: f64 = 30.0;

/// What the template draws.
#[derive(Debug, Serialize)]
pub struct Picture<'a> {
    wide: f64,
    high: f64,
    areas: Vec<Shape<'a>>,
    circles: Vec<Circle>,
}

#[derive(Debug, Serialize)]
struct Shape<'a> {
    name: &'a str,
    path: &'a str,
}

/// The city without its cases.
#[derive(Debug)]
pub struct Land {
    left: f64,
    top: f64,
    scale: f64,
    high: f64,
    /// The outline of each area, in the order of the city's files.
    paths: Vec<String>,
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

impl Land {
    /// The land of `city`; nothing for one without an outline.
    fn of(city: &City) -> Option<Self> {
        let Bounds([west, south, east, north]) = bounds(city)?;
        let (left, bottom) = mercator(Point { lat: south, lon: west });
        let (right, top) = mercator(Point { lat: north, lon: east });
        let scale = WIDE / (right - left);
        let high = ((bottom - top) * scale).round();
        if !(scale.is_finite() && high.is_finite() && high > 0.0) {
            return None;
        }
        let mut land = Self { left, top, scale, high, paths: Vec::new() };
        land.paths = city.areas.all().iter().map(|area| land.path(area)).collect();
        Some(land)
    }

    /// A place that [`mercator`] gives, on the drawing.
    fn place(&self, x: f64, y: f64) -> (f64, f64) {
        ((x - self.left) * self.scale, (y - self.top) * self.scale)
    }

    fn path(&self, area: &Area) -> String {
        let mut path = String::new();
        for ring in polygons(area).iter().flatten() {
            let mut last = None;
            for [lon, lat] in ring {
                let (x, y) = mercator(Point { lat: *lat, lon: *lon });
                let (x, y) = self.place(x, y);
                let at = (x.round() as i64, y.round() as i64);
                if last != Some(at) {
                    // Writing to a String cannot fail.
                    let _ = write!(path, "{}{} {}", if last.is_none() { 'M' } else { 'L' }, at.0, at.1);
                    last = Some(at);
                }
            }
            path.push('Z');
        }
        path
    }

    /// Where how many are that fit: a circle per square, that stays in it.
    fn circles(&self, dots: &Dots, sieve: &Sieve) -> Vec<Circle> {
        // Squares in rows, from the north-west.
        let along = |side: f64| (side / SQUARE) as usize + 1;
        let mut squares = vec![(0_usize, 0.0, 0.0); along(WIDE) * along(self.high)];
        for (x, y) in dots.places(sieve) {
            let (x, y) = self.place(f64::from(x), f64::from(y));
            if (0.0..=WIDE).contains(&x) && (0.0..=self.high).contains(&y) {
                let square = &mut squares[(y / SQUARE) as usize * along(WIDE) + (x / SQUARE) as usize];
                *square = (square.0 + 1, square.1 + x, square.2 + y);
            }
        }
        let circle = |(at, (n, x, y)): (usize, (usize, f64, f64))| {
            let r = (14.0 + 3.0 * (n as f64).ln()).min(LARGEST).round();
            let middle = |sum: f64, square: usize| {
                let begins = square as f64 * SQUARE;
                (sum / n as f64).clamp(begins + r, begins + SQUARE - r) as i64
            };
            let (x, y) = (middle(x, at % along(WIDE)), middle(y, at / along(WIDE)));
            Circle { x, y, r: r as i64, n, text: y + 7 }
        };
        squares.into_iter().enumerate().filter(|(_, (n, ..))| *n > 0).map(circle).collect()
    }
}

impl Map {
    /// What is drawn; nothing for a city without an outline.
    pub fn picture<'a>(
        &'a self,
        city: &'a City,
        dots: &Dots,
        sieve: &Sieve,
        language: Language,
    ) -> Option<Picture<'a>> {
        let land = self.land.get_or_init(|| Land::of(city)).as_ref()?;
        let areas = city.areas.all().iter().zip(&land.paths);
        Some(Picture {
            wide: WIDE,
            high: land.high,
            areas: areas.map(|(area, path)| Shape { name: in_language(&area.names, language), path }).collect(),
            circles: land.circles(dots, sieve),
        })
    }
}
