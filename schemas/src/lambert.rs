//! Belgian Lambert 72 (EPSG:31370), in which most maps and lists of Belgian cities are drawn, and WGS 84.
//!
//! The projection is Lambert's conformal conic with two standard parallels (EPSG method 9802) on the ellipsoid of 1924;
//! from its datum to WGS 84 leads the transformation with seven parameters that the geographical institute published
//! (EPSG:15929, position vector). It is good to about half a metre; the grid that is good to a centimetre weighs
//! megabytes.

use crate::place::Point;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::f64::consts::{FRAC_PI_2, FRAC_PI_4};

/// A position in Belgian Lambert 72 (EPSG:31370), in metres.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lambert72 {
    /// Metres east, 0 to 300000.
    #[schemars(range(min = 0, max = 300_000))]
    pub x: f64,
    /// Metres north, 0 to 300000.
    #[schemars(range(min = 0, max = 300_000))]
    pub y: f64,
}

/// An ellipsoid: half its longest axis in metres, and the square of its eccentricity.
struct Ellipsoid {
    axis: f64,
    e2: f64,
}

impl Ellipsoid {
    const fn new(axis: f64, inverse_flattening: f64) -> Self {
        let flattening = 1.0 / inverse_flattening;
        Self { axis, e2: flattening * (2.0 - flattening) }
    }

    /// Latitude and longitude in radians as metres from the middle of the Earth, at no height.
    fn to_space(&self, lat: f64, lon: f64) -> [f64; 3] {
        let radius = self.axis / (1.0 - self.e2 * lat.sin().powi(2)).sqrt();
        [radius * lat.cos() * lon.cos(), radius * lat.cos() * lon.sin(), radius * (1.0 - self.e2) * lat.sin()]
    }

    /// Back to latitude and longitude in radians; the height is left out.
    fn degrees_of(&self, [x, y, z]: [f64; 3]) -> (f64, f64) {
        let across = x.hypot(y);
        let mut lat = z.atan2(across * (1.0 - self.e2));
        // Each step is a hundred times nearer: after five it is below a micrometre.
        for _ in 0..6 {
            let radius = self.axis / (1.0 - self.e2 * lat.sin().powi(2)).sqrt();
            lat = (z + self.e2 * radius * lat.sin()).atan2(across);
        }
        (lat, y.atan2(x))
    }
}

/// The international ellipsoid of 1924, and that of WGS 84.
const HAYFORD: Ellipsoid = Ellipsoid::new(6_378_388.0, 297.0);
const WGS84: Ellipsoid = Ellipsoid::new(6_378_137.0, 298.257_223_563);

/// The standard parallels and the meridian of the cone, in degrees, and where its tip lies, in metres.
const PARALLELS: [f64; 2] = [51.166_667_233_333_33, 49.833_333_9];
const MERIDIAN: f64 = 4.367_486_666_666_666;
const TIP: [f64; 2] = [150_000.013, 5_400_088.438];

/// From the datum of 1972 to WGS 84: metres, seconds of arc, and a factor.
const SHIFT: [f64; 3] = [-106.8686, 52.2978, -103.7239];
const TURN: [f64; 3] = [0.3366, -0.457, 1.8422];
const SCALE: f64 = 1.0 - 1.2747e-6;

/// The cone: how much narrower than the Earth it is, and the radius of its equator.
struct Cone {
    narrowing: f64,
    radius: f64,
}

/// What the conformal latitude of `lat` is made of.
fn conformal(lat: f64) -> f64 {
    let e = HAYFORD.e2.sqrt();
    let sine = e * lat.sin();
    (FRAC_PI_4 - lat / 2.0).tan() / ((1.0 - sine) / (1.0 + sine)).powf(e / 2.0)
}

impl Cone {
    fn new() -> Self {
        let [north, south] = PARALLELS.map(f64::to_radians);
        let circle = |lat: f64| lat.cos() / (1.0 - HAYFORD.e2 * lat.sin().powi(2)).sqrt();
        let narrowing = (circle(north).ln() - circle(south).ln()) / (conformal(north).ln() - conformal(south).ln());
        let radius = HAYFORD.axis * circle(north) / (narrowing * conformal(north).powf(narrowing));
        Self { narrowing, radius }
    }
}

impl Lambert72 {
    /// Metres that can be in Belgium: what is further off is a slip of the pen.
    pub fn is_near_belgium(self) -> bool {
        (0.0..=300_000.0).contains(&self.x) && (0.0..=300_000.0).contains(&self.y)
    }

    /// The same position in WGS 84.
    pub fn to_point(self) -> Point {
        let (lat, lon) = self.unproject();
        let [x, y, z] = HAYFORD.to_space(lat, lon);
        let [rx, ry, rz] = TURN.map(|seconds| (seconds / 3600.0).to_radians());
        let turned = [x - rz * y + ry * z, rz * x + y - rx * z, -ry * x + rx * y + z];
        let (lat, lon) = WGS84.degrees_of([0, 1, 2].map(|axis| SHIFT[axis] + SCALE * turned[axis]));
        Point { lat: lat.to_degrees(), lon: lon.to_degrees() }
    }

    /// The position of a point in WGS 84.
    pub fn of(point: Point) -> Self {
        let space = WGS84.to_space(point.lat.to_radians(), point.lon.to_radians());
        let [x, y, z] = [0, 1, 2].map(|axis| (space[axis] - SHIFT[axis]) / SCALE);
        let [rx, ry, rz] = TURN.map(|seconds| (seconds / 3600.0).to_radians());
        // The turns are so small that turning back is the turn with the other sign, to a tenth of a millimetre.
        let (lat, lon) = HAYFORD.degrees_of([x + rz * y - ry * z, -rz * x + y + rx * z, ry * x - rx * y + z]);
        Self::project(lat, lon)
    }

    /// Radians on the datum of 1972, on the map.
    fn project(lat: f64, lon: f64) -> Self {
        let cone = Cone::new();
        let radius = cone.radius * conformal(lat).powf(cone.narrowing);
        let angle = cone.narrowing * (lon - MERIDIAN.to_radians());
        Self { x: TIP[0] + radius * angle.sin(), y: TIP[1] - radius * angle.cos() }
    }

    fn unproject(self) -> (f64, f64) {
        let (cone, e) = (Cone::new(), HAYFORD.e2.sqrt());
        let (east, south) = (self.x - TIP[0], TIP[1] - self.y);
        let wanted = (east.hypot(south) / cone.radius).powf(1.0 / cone.narrowing);
        let mut lat = FRAC_PI_2 - 2.0 * wanted.atan();
        for _ in 0..8 {
            let sine = e * lat.sin();
            lat = FRAC_PI_2 - 2.0 * (wanted * ((1.0 - sine) / (1.0 + sine)).powf(e / 2.0)).atan();
        }
        (lat, east.atan2(south) / cone.narrowing + MERIDIAN.to_radians())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Metres between two points near each other.
    fn apart(one: Point, other: Point) -> f64 {
        let north = (one.lat - other.lat) * 111_195.0;
        north.hypot((one.lon - other.lon) * 111_195.0 * one.lat.to_radians().cos())
    }

    #[test]
    fn published_points_are_met() {
        // Trambergstraat 1, Zonhoven, as the Geolocation API of Flanders documents it; and a point near Nivelles that
        // other libraries of projections are tested with.
        for (x, y, lat, lon) in [
            (219_009.14, 187_317.72, 50.991_974_017_459_33, 5.351_704_653_516_628),
            (156_117.21, 133_860.06, 50.515_485, 4.455),
        ] {
            let found = Lambert72 { x, y }.to_point();
            assert!(apart(found, Point { lat, lon }) < 0.02, "{x} {y}: {found:?}");
        }
        // The example of the projection alone (EPSG guidance note 7-2): 50°40′46.461″ N, 5°48′26.533″ E on the datum of
        // 1972. The note rounds the parameters.
        let lat = (50.0 + 40.0 / 60.0 + 46.461 / 3600.0_f64).to_radians();
        let lon = (5.0 + 48.0 / 60.0 + 26.533 / 3600.0_f64).to_radians();
        let projected = Lambert72::project(lat, lon);
        assert!((projected.x - 251_763.20).abs() < 0.05 && (projected.y - 153_034.13).abs() < 0.06, "{projected:?}");
    }

    #[test]
    fn what_is_near_belgium() {
        for (x, y, is) in [(71_000.0, 168_000.0, true), (0.0, 0.0, true), (-1.0, 0.0, false), (f64::NAN, 1.0, false)] {
            assert_eq!(Lambert72 { x, y }.is_near_belgium(), is, "{x} {y}");
        }
        assert!(!Lambert72 { x: 71_000.0, y: f64::INFINITY }.is_near_belgium());
    }

    proptest! {
        #[test]
        fn there_and_back_is_the_same_place(x in 20_000.0..300_000.0, y in 20_000.0..250_000.0) {
            let there = Lambert72 { x, y };
            let back = Lambert72::of(there.to_point());
            prop_assert!((back.x - x).hypot(back.y - y) < 0.01, "{there:?} {back:?}");
            let point = there.to_point();
            prop_assert!((49.0..52.0).contains(&point.lat) && (2.0..7.0).contains(&point.lon), "{point:?}");
        }
    }
}
