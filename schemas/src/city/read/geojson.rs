//! GeoJSON (RFC 7946) with the place of each fault. Read through [`RawValue`]s, which lie in the
//! text, so that a fault has a place in files of one long line.

use super::{fields::clip, yaml::Position};
use crate::fault::Fault;
use geo::{Area as _, Coord, LineString, Polygon};
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Collection<'a> {
    #[serde(rename = "type")]
    sort: String,
    #[serde(borrow, default)]
    features: Vec<&'a RawValue>,
}

/// One feature: what is drawn, and what is said of it.
#[derive(Deserialize)]
pub(super) struct Feature<'a> {
    #[serde(rename = "type", default)]
    sort: String,
    #[serde(borrow, default)]
    pub properties: Option<Properties<'a>>,
    #[serde(borrow, default)]
    pub geometry: Option<&'a RawValue>,
}

/// What is said of a feature; other properties are left alone.
#[derive(Deserialize)]
pub(super) struct Properties<'a> {
    #[serde(borrow, default)]
    pub id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub owner: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Geometry<'a> {
    #[serde(rename = "type")]
    sort: String,
    #[serde(borrow, default)]
    coordinates: Option<&'a RawValue>,
}

/// What a geometry draws.
pub(super) enum Shape {
    Lines(Vec<LineString<f64>>),
    Surfaces(Vec<Polygon<f64>>),
}

const SURFACE: &str = "a Polygon is a list of rings, a ring a list of [longitude, latitude]";
const LINE: &str = "a line is a list of [longitude, latitude]";

/// One file, and where its parts lie.
pub(super) struct Reader<'a> {
    pub file: &'a str,
    pub text: &'a str,
    pub faults: &'a mut Vec<Fault>,
}

impl<'a> Reader<'a> {
    pub fn error(&mut self, at: Position, message: impl Into<String>, help: impl Into<String>) {
        self.faults.push(Fault::error(self.file, at, message, help));
    }

    /// An error told where `part` of the text begins.
    pub fn error_in(&mut self, part: &str, message: impl Into<String>, help: impl Into<String>) {
        self.error(self.position(part), message, help);
    }

    /// Line and column of a part of the text.
    pub fn position(&self, part: &str) -> Position {
        let offset = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize).min(self.text.len());
        let before = self.text.get(..offset).unwrap_or("");
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    /// Reads a part of the text; a fault is told where it is in the file.
    pub fn parse<T: Deserialize<'a>>(&mut self, part: &'a str, help: &str) -> Option<T> {
        match serde_json::from_str(part) {
            Ok(value) => Some(value),
            Err(error) => {
                let (line, column) = self.position(part);
                // serde_json counts from the start of the part; its column counts bytes and is 0 at
                // the start of a line.
                let at = match error.line() {
                    0 | 1 => (line, column + error.column().saturating_sub(1)),
                    further => (line + further - 1, error.column().max(1)),
                };
                let message = error.to_string();
                let message = message.split(" at line ").next().unwrap_or_default();
                self.error(at, format!("this is not GeoJSON: {message}"), help);
                None
            }
        }
    }

    pub fn features(&mut self) -> Option<Vec<(&'a str, Feature<'a>)>> {
        let start = self.text.trim_start_matches('\u{feff}');
        let collection: Collection<'a> =
            self.parse(start, "look for a missing `,` or bracket; a number is written 3.2649, and NaN is none")?;
        if collection.sort != "FeatureCollection" {
            self.error(
                (1, 1),
                format!("this is a `{}`, not a FeatureCollection", clip(&collection.sort)),
                "save the areas as a GeoJSON FeatureCollection in WGS 84",
            );
            return None;
        }
        if collection.features.is_empty() {
            self.error((1, 1), "the file draws nothing", "add a feature, or take the file out of city.yaml");
        }
        let mut features = Vec::new();
        for raw in collection.features {
            let part = raw.get();
            let Some(feature) = self.parse::<Feature<'a>>(part, "a feature has `type`, `properties` and `geometry`")
            else {
                continue;
            };
            if feature.sort != "Feature" {
                self.error_in(part, "this is not a Feature", "write `\"type\": \"Feature\"`");
                continue;
            }
            features.push((part, feature));
        }
        Some(features)
    }

    /// The surfaces of a geometry that may only be a surface.
    pub fn polygons(&mut self, raw: &'a RawValue, what: &str) -> Option<Vec<Polygon<f64>>> {
        match self.shape(raw, what)? {
            Shape::Surfaces(polygons) => Some(polygons),
            Shape::Lines(_) => {
                self.error_in(
                    raw.get(),
                    format!("{what} is a line, not a surface"),
                    "draw it as a Polygon or a MultiPolygon",
                );
                None
            }
        }
    }

    /// What a geometry draws: lines or surfaces.
    pub fn shape(&mut self, raw: &'a RawValue, what: &str) -> Option<Shape> {
        let part = raw.get();
        let geometry: Geometry<'a> = self.parse(part, "a geometry has `type` and `coordinates`")?;
        let sort = geometry.sort.as_str();
        if !matches!(sort, "Polygon" | "MultiPolygon" | "LineString" | "MultiLineString") {
            self.error_in(
                part,
                format!("{what} is a {}, not a surface", clip(sort)),
                "draw it as a Polygon or a MultiPolygon",
            );
            return None;
        }
        let Some(coordinates) = geometry.coordinates else {
            let help = if sort.ends_with("Polygon") { SURFACE } else { LINE };
            self.error_in(part, format!("{what} has no coordinates"), help);
            return None;
        };
        let coordinates = coordinates.get();
        let parts: Vec<Vec<&'a RawValue>> = match sort {
            "Polygon" => vec![self.parse(coordinates, SURFACE)?],
            "MultiPolygon" => self.parse(coordinates, SURFACE)?,
            "LineString" => return Some(Shape::Lines(vec![self.line(coordinates, what)?])),
            _ => {
                let lines: Vec<&'a RawValue> = self.parse(coordinates, LINE)?;
                let lines: Vec<_> = lines.into_iter().map(|line| self.line(line.get(), what)).collect();
                return lines.into_iter().collect::<Option<_>>().map(Shape::Lines);
            }
        };
        let mut polygons = Vec::new();
        for rings in parts {
            if rings.is_empty() {
                self.error_in(part, format!("{what} has a part without a ring"), SURFACE);
            }
            let mut rings = rings.into_iter().map(|ring| self.ring(ring, what)).collect::<Vec<_>>().into_iter();
            let exterior = rings.next().flatten();
            let holes: Option<Vec<LineString<f64>>> = rings.collect();
            polygons.push(exterior.zip(holes).map(|(exterior, holes)| Polygon::new(exterior, holes)));
        }
        polygons.into_iter().collect::<Option<_>>().map(Shape::Surfaces)
    }

    fn line(&mut self, part: &'a str, what: &str) -> Option<LineString<f64>> {
        let points = self.points(part, what, LINE)?;
        if points.len() < 2 {
            self.error_in(part, format!("{what} has a line of {} points", points.len()), "a line has at least two");
            return None;
        }
        Some(LineString(points))
    }

    fn points(&mut self, part: &'a str, what: &str, help: &str) -> Option<Vec<Coord<f64>>> {
        let positions: Vec<Vec<f64>> = self.parse(part, help)?;
        let mut points = Vec::with_capacity(positions.len());
        for position in &positions {
            match position[..] {
                // A third number is the height (RFC 7946 §3.1.1).
                [x, y] | [x, y, _] if (-180.0..=180.0).contains(&x) && (-90.0..=90.0).contains(&y) => {
                    points.push(Coord { x, y })
                }
                [x, y] | [x, y, _] => {
                    let help = if x.abs() <= 90.0 && y.abs() <= 180.0 {
                        "longitude comes first: [3.2649, 50.8279]"
                    } else {
                        "coordinates are degrees of WGS 84 (EPSG:4326); convert them, for Lambert 72 with `ogr2ogr -t_srs EPSG:4326`"
                    };
                    self.error_in(part, format!("{what} has a point [{x}, {y}] that is nowhere on Earth"), help);
                    return None;
                }
                _ => {
                    self.error_in(
                        part,
                        format!("{what} has a point of {} numbers", position.len()),
                        "a point is [longitude, latitude]",
                    );
                    return None;
                }
            }
        }
        Some(points)
    }

    fn ring(&mut self, raw: &'a RawValue, what: &str) -> Option<LineString<f64>> {
        let part = raw.get();
        let points = self.points(part, what, "a ring is a list of [longitude, latitude]")?;
        if points.len() < 4 {
            self.error_in(
                part,
                format!("{what} has a ring of {} points", points.len()),
                "a ring has at least four, the last one equal to the first",
            );
            return None;
        }
        if points.first() != points.last() {
            self.error_in(part, format!("{what} has a ring that is not closed"), "repeat the first point at the end");
            return None;
        }
        let ring = LineString(points);
        if Polygon::new(ring.clone(), Vec::new()).unsigned_area() == 0.0 {
            self.error_in(part, format!("{what} has a ring without surface"), "remove it, or draw it again");
            return None;
        }
        Some(ring)
    }
}
