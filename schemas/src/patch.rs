//! A patch: a part of the city that somebody chose to hear of, so far around a point, or drawn on a map. Pure.

use crate::{city::Areas, place::Point};
use geo::{
    BoundingRect as _, Centroid as _, Coord, Destination as _, GeodesicArea as _, Haversine, Intersects as _,
    LineString, Polygon, Rect, Validation as _,
};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// A part of the city. Personal data, mostly the surroundings of where somebody lives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "shape", rename_all = "snake_case")]
pub enum Patch {
    /// So far around a point.
    Circle {
        /// The middle.
        middle: Point,
        /// The radius, in [`Patch::RADIUS`].
        metres: u32,
    },
    /// What was drawn: a simple polygon without holes.
    Polygon {
        /// Its corners in order, the first one once.
        points: Vec<Point>,
    },
}

/// Why something drawn is no patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WrongPatch {
    /// It is not written as [`Patch::read`] reads it.
    Unreadable,
    /// It has fewer than three corners.
    Few,
    /// It has more than [`Patch::MOST_POINTS`] corners.
    Many,
    /// Its sides cross or touch each other.
    Crossed,
    /// It is smaller than [`Patch::LEAST`].
    Small,
    /// It is larger than [`Patch::MOST`], or wider than [`Patch::ACROSS`].
    Large,
    /// All of it lies outside the city.
    Outside,
    /// The radius is none of [`Patch::RADIUS`].
    Radius,
}

impl WrongPatch {
    /// Every reason.
    pub const ALL: [Self; 8] =
        [Self::Unreadable, Self::Few, Self::Many, Self::Crossed, Self::Small, Self::Large, Self::Outside, Self::Radius];

    /// The reason as one word, as the texts of the pages call it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Few => "few",
            Self::Many => "many",
            Self::Crossed => "crossed",
            Self::Small => "small",
            Self::Large => "large",
            Self::Outside => "outside",
            Self::Radius => "radius",
        }
    }
}

impl Patch {
    /// The radii that people choose from, in metres.
    pub const RADII: [u32; 5] = [100, 250, 500, 1000, 2000];
    /// The smallest and the largest radius, in metres.
    pub const RADIUS: std::ops::RangeInclusive<u32> = 100..=2000;
    /// The most corners of a polygon.
    pub const MOST_POINTS: usize = 50;
    /// The smallest polygon, in square metres: smaller ones lie within a block or two, and nobody hears finer than that.
    pub const LEAST: f64 = 5_000.0;
    /// The largest polygon, in square metres: for more there are the districts.
    pub const MOST: f64 = 20_000_000.0;
    /// The furthest from side to side, north to south and west to east, in metres.
    pub const ACROSS: f64 = 10_000.0;
    /// The corners of a circle where it is taken for a polygon.
    const CORNERS: u16 = 64;

    /// Reads what [`Patch::written`] writes, as the pages send it. Positions are taken to a millionth of a degree, as they
    /// are kept.
    ///
    /// # Errors
    /// What is wrong with it by itself; whether it lies in a city says [`Patch::check`].
    pub fn read(points: &str, metres: Option<&str>) -> Result<Self, WrongPatch> {
        let mut read = Vec::new();
        for pair in points.split_whitespace() {
            if read.len() > Self::MOST_POINTS {
                return Err(WrongPatch::Many);
            }
            let (lon, lat) = pair.split_once(',').ok_or(WrongPatch::Unreadable)?;
            let number = |text: &str| text.parse::<f64>().map_err(|_| WrongPatch::Unreadable);
            let point = Point { lat: kept(number(lat)?), lon: kept(number(lon)?) };
            if !((-90.0..=90.0).contains(&point.lat) && (-180.0..=180.0).contains(&point.lon)) {
                return Err(WrongPatch::Unreadable);
            }
            // A finger that taps twice means one corner.
            if read.last() != Some(&point) {
                read.push(point);
            }
        }
        let patch = match metres.map(str::trim).filter(|metres| !metres.is_empty()) {
            Some(metres) => {
                let [middle] = read[..] else { return Err(WrongPatch::Unreadable) };
                Self::Circle { middle, metres: metres.parse().map_err(|_| WrongPatch::Radius)? }
            }
            None => {
                if read.len() > 1 && read.first() == read.last() {
                    read.pop();
                }
                Self::Polygon { points: read }
            }
        };
        patch.check_shape()?;
        Ok(patch)
    }

    /// As [`Patch::read`] reads it: corners as `lon,lat` with spaces between, and the radius of a circle.
    pub fn written(&self) -> (String, Option<u32>) {
        let (points, metres) = match self {
            Self::Circle { middle, metres } => (std::slice::from_ref(middle), Some(*metres)),
            Self::Polygon { points } => (points.as_slice(), None),
        };
        let mut text = String::new();
        for Point { lat, lon } in points {
            // Writing to a String cannot fail.
            let _ = write!(text, "{}{lon:.6},{lat:.6}", if text.is_empty() { "" } else { " " });
        }
        (text, metres)
    }

    fn check_shape(&self) -> Result<(), WrongPatch> {
        let points = match self {
            Self::Circle { metres, .. } if Self::RADIUS.contains(metres) => return Ok(()),
            Self::Circle { .. } => return Err(WrongPatch::Radius),
            Self::Polygon { points } => points,
        };
        match points.len() {
            0..3 => return Err(WrongPatch::Few),
            3..=Self::MOST_POINTS => {}
            _ => return Err(WrongPatch::Many),
        }
        if !self.outline().is_valid() {
            return Err(WrongPatch::Crossed);
        }
        let (low, high) = self.bounds();
        let (north, east) = (Point { lat: high.lat, ..low }, Point { lon: high.lon, ..low });
        match self.square_metres() {
            metres if metres < Self::LEAST => Err(WrongPatch::Small),
            metres if metres > Self::MOST => Err(WrongPatch::Large),
            _ if low.metres_to(north).max(low.metres_to(east)) > Self::ACROSS => Err(WrongPatch::Large),
            _ => Ok(()),
        }
    }

    /// Whether somebody may choose it where these are the `areas`: it is a shape that we take, and lies in the city or
    /// touches it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, areas: &Areas) -> Result<(), WrongPatch> {
        self.check_shape()?;
        if areas.touches_city(&self.outline()) { Ok(()) } else { Err(WrongPatch::Outside) }
    }

    /// Its outline, longitude and latitude in WGS 84 degrees; of a circle, as a polygon of 64 corners.
    pub fn outline(&self) -> Polygon<f64> {
        let ring: Vec<Coord<f64>> = match self {
            Self::Circle { middle, metres } => {
                let middle = geo::Point::new(middle.lon, middle.lat);
                let step = 360.0 / f64::from(Self::CORNERS);
                let corner = |n| Haversine.destination(middle, f64::from(n) * step, f64::from(*metres)).into();
                (0..Self::CORNERS).map(corner).collect()
            }
            Self::Polygon { points } => points.iter().map(|point| Coord { x: point.lon, y: point.lat }).collect(),
        };
        Polygon::new(LineString(ring), Vec::new())
    }

    /// How large it is.
    pub fn square_metres(&self) -> f64 {
        match self {
            Self::Circle { metres, .. } => std::f64::consts::PI * f64::from(*metres).powi(2),
            // Whichever way round it was drawn.
            Self::Polygon { .. } => self.outline().geodesic_area_signed().abs(),
        }
    }

    /// Its south-western and its north-eastern corner.
    pub fn bounds(&self) -> (Point, Point) {
        let none = Rect::new(Coord { x: 0.0, y: 0.0 }, Coord { x: 0.0, y: 0.0 });
        let rect = self.outline().bounding_rect().unwrap_or(none);
        let point = |at: Coord<f64>| Point { lat: at.y, lon: at.x };
        (point(rect.min()), point(rect.max()))
    }

    /// About where it is: the middle of a circle, the centroid of a polygon (which need not lie in it).
    pub fn middle(&self) -> Point {
        match self {
            Self::Circle { middle, .. } => *middle,
            Self::Polygon { points } => {
                let first = points.first().copied().unwrap_or(Point { lat: 0.0, lon: 0.0 });
                let centroid = self.outline().centroid();
                centroid.map_or(first, |at| Point { lat: kept(at.y()), lon: kept(at.x()) })
            }
        }
    }

    /// Whether `point` lies in it.
    pub fn holds(&self, point: Point) -> bool {
        self.outline().intersects(&geo::Point::new(point.lon, point.lat))
    }

    /// Whether the block that `point` lies in meets it. Strangers know no place finer than its block ([`Point::block`]), so
    /// this is as much as they can be told; whatever lies in the patch is among it.
    pub fn meets_block_of(&self, point: Point) -> bool {
        let (low, high) = point.block_corners();
        let block = Rect::new(Coord { x: low.lon, y: low.lat }, Coord { x: high.lon, y: high.lat });
        self.outline().intersects(&block)
    }
}

/// A coordinate to the millionth of a degree to which positions are kept.
fn kept(degrees: f64) -> f64 {
    (degrees * 1_000_000.0).round() / 1_000_000.0
}

#[cfg(test)]
mod tests;
