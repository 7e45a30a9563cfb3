//! `areas/*.geojson` (RFC 7946): the outline of the city and its districts. Read through
//! [`RawValue`]s, which lie in the text, so that a fault has a place in files of one long line.

use super::{fields::clip, front::Front, yaml::Position};
use crate::{
    city::{Area, Areas, Files, Texts},
    fault::Fault,
    report::Language,
    slug::AreaId,
};
use geo::{Area as _, BoundingRect as _, Coord, Intersects as _, LineString, MultiPolygon, Polygon};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::HashMap;

#[derive(Deserialize)]
struct Collection<'a> {
    #[serde(rename = "type")]
    sort: String,
    #[serde(borrow, default)]
    features: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Feature<'a> {
    #[serde(rename = "type", default)]
    sort: String,
    #[serde(borrow, default)]
    properties: Option<Properties<'a>>,
    #[serde(borrow, default)]
    geometry: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Properties<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    name: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Geometry<'a> {
    #[serde(rename = "type")]
    sort: String,
    #[serde(borrow, default)]
    coordinates: Option<&'a RawValue>,
}

/// One file, and where its parts lie.
struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    faults: &'a mut Vec<Fault>,
}

pub(super) fn read(front: &Front, files: &Files, faults: &mut Vec<Fault>) -> Areas {
    let outline = front.outline.as_ref().and_then(|file| {
        let mut reader = Reader { file, text: files.get(file)?, faults: &mut *faults };
        let polygons: Vec<Polygon<f64>> =
            reader.features()?.into_iter().filter_map(|(at, feature)| reader.outline(at, &feature)).flatten().collect();
        Some(MultiPolygon(polygons))
    });
    let (mut areas, mut seen) = (Vec::new(), HashMap::new());
    for file in &front.area_files {
        let Some(text) = files.get(file) else { continue };
        let mut reader = Reader { file, text, faults: &mut *faults };
        for (at, feature) in reader.features().unwrap_or_default() {
            if let Some(area) = reader.area(at, &feature, &mut seen) {
                if let Some(outline) = &outline
                    && !meets(&area.outline, outline)
                {
                    let fault = Fault::error(
                        file,
                        at,
                        format!("the area `{}` lies outside the city", area.id),
                        "look whether longitude comes before latitude, and whether it belongs to this city",
                    );
                    reader.faults.push(fault.warning());
                }
                areas.push(area);
            }
        }
    }
    Areas::new(areas, outline)
}

/// Whether the boxes around both meet; good enough to see swapped coordinates.
fn meets(area: &MultiPolygon<f64>, outline: &MultiPolygon<f64>) -> bool {
    match (area.bounding_rect(), outline.bounding_rect()) {
        (Some(area), Some(outline)) => area.intersects(&outline),
        _ => true,
    }
}

impl<'a> Reader<'a> {
    fn error(&mut self, at: Position, message: impl Into<String>, help: impl Into<String>) {
        self.faults.push(Fault::error(self.file, at, message, help));
    }

    /// Line and column of a part of the text.
    fn position(&self, part: &str) -> Position {
        let offset = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize).min(self.text.len());
        let before = self.text.get(..offset).unwrap_or("");
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    /// Reads a part of the text; a fault is told where it is in the file.
    fn parse<T: Deserialize<'a>>(&mut self, part: &'a str, help: &str) -> Option<T> {
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

    fn features(&mut self) -> Option<Vec<(Position, Feature<'a>)>> {
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
            self.error((1, 1), "the file holds no area", "add a feature, or remove the file from `areas` in city.yaml");
        }
        let mut features = Vec::new();
        for raw in collection.features {
            let at = self.position(raw.get());
            let Some(feature) =
                self.parse::<Feature<'a>>(raw.get(), "a feature has `type`, `properties` and `geometry`")
            else {
                continue;
            };
            if feature.sort != "Feature" {
                self.error(at, "this is not a Feature", "write `\"type\": \"Feature\"`");
                continue;
            }
            features.push((at, feature));
        }
        Some(features)
    }

    fn outline(&mut self, at: Position, feature: &Feature<'a>) -> Option<Vec<Polygon<f64>>> {
        match feature.geometry {
            Some(geometry) => self.polygons(geometry, "the outline of the city"),
            None => {
                self.error(at, "the outline of the city has no geometry", "add a Polygon or a MultiPolygon");
                None
            }
        }
    }

    fn area(&mut self, at: Position, feature: &Feature<'a>, seen: &mut HashMap<String, String>) -> Option<Area> {
        let properties = feature.properties.as_ref();
        let id = match properties.and_then(|p| p.id) {
            Some(raw) => self.id(raw, seen),
            None => {
                self.error(
                    at,
                    "this area has no id",
                    "add `\"id\": \"heule\"` to its `properties`: rules name areas by it",
                );
                None
            }
        };
        let what = id.as_ref().map_or_else(|| "the area".to_owned(), |id| format!("the area `{id}`"));
        let names = match properties.and_then(|p| p.name) {
            Some(raw) => self.names(raw, &what),
            None => {
                self.error(
                    at,
                    format!("{what} has no name"),
                    "add `\"name\": {\"nl\": \"Heule\"}` to its `properties`",
                );
                None
            }
        };
        let outline = match feature.geometry {
            Some(geometry) => self.polygons(geometry, &what),
            None => {
                self.error(at, format!("{what} has no geometry"), "add a Polygon or a MultiPolygon");
                None
            }
        };
        Some(Area { id: id?, names: names?, outline: MultiPolygon(outline?) })
    }

    fn id(&mut self, raw: &'a RawValue, seen: &mut HashMap<String, String>) -> Option<AreaId> {
        let at = self.position(raw.get());
        let id = serde_json::from_str::<String>(raw.get()).ok().and_then(|text| AreaId::new(&text).ok());
        let Some(id) = id else {
            self.error(
                at,
                format!("the id {} is not a name", clip(raw.get())),
                "use 1 to 60 of a-z, 0-9 and -, in quotes: \"heule\"",
            );
            return None;
        };
        if let Some(first) = seen.insert(id.to_string(), format!("{}:{}", self.file, at.0)) {
            self.error(
                at,
                format!("the area `{id}` is here twice, first at {first}"),
                "give one of them another id; an area of several parts is one MultiPolygon",
            );
        }
        Some(id)
    }

    fn names(&mut self, raw: &'a RawValue, what: &str) -> Option<Texts> {
        if let Ok(name) = serde_json::from_str::<String>(raw.get()) {
            return Some(Texts::from([(Language::Nl, name)]));
        }
        let names: Texts =
            self.parse(raw.get(), "write the name as text, or as {\"nl\": \"Heule\", \"fr\": …, \"en\": …}")?;
        if !names.contains_key(&Language::Nl) {
            self.error(self.position(raw.get()), format!("the name of {what} has no Dutch text"), "add `\"nl\": …`");
            return None;
        }
        Some(names)
    }

    fn polygons(&mut self, raw: &'a RawValue, what: &str) -> Option<Vec<Polygon<f64>>> {
        const HELP: &str = "a Polygon is a list of rings, a ring a list of [longitude, latitude]";
        let at = self.position(raw.get());
        let geometry: Geometry<'a> = self.parse(raw.get(), "a geometry has `type` and `coordinates`")?;
        let coordinates = match (geometry.sort.as_str(), geometry.coordinates) {
            ("Polygon" | "MultiPolygon", Some(coordinates)) => coordinates.get(),
            ("Polygon" | "MultiPolygon", None) => {
                self.error(at, format!("{what} has no coordinates"), HELP);
                return None;
            }
            (other, _) => {
                self.error(
                    at,
                    format!("{what} is a {}, not a surface", clip(other)),
                    "draw it as a Polygon or a MultiPolygon",
                );
                return None;
            }
        };
        let parts: Vec<Vec<&'a RawValue>> = match geometry.sort.as_str() {
            "Polygon" => vec![self.parse(coordinates, HELP)?],
            _ => self.parse(coordinates, HELP)?,
        };
        let mut polygons = Vec::new();
        for rings in parts {
            if rings.is_empty() {
                self.error(at, format!("{what} has a part without a ring"), HELP);
            }
            let mut rings = rings.into_iter().map(|ring| self.ring(ring, what)).collect::<Vec<_>>().into_iter();
            let exterior = rings.next().flatten();
            let holes: Option<Vec<LineString<f64>>> = rings.collect();
            polygons.push(exterior.zip(holes).map(|(exterior, holes)| Polygon::new(exterior, holes)));
        }
        polygons.into_iter().collect()
    }

    fn ring(&mut self, raw: &'a RawValue, what: &str) -> Option<LineString<f64>> {
        let at = self.position(raw.get());
        let positions: Vec<Vec<f64>> = self.parse(raw.get(), "a ring is a list of [longitude, latitude]")?;
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
                    self.error(at, format!("{what} has a point [{x}, {y}] that is nowhere on Earth"), help);
                    return None;
                }
                _ => {
                    self.error(
                        at,
                        format!("{what} has a point of {} numbers", position.len()),
                        "a point is [longitude, latitude]",
                    );
                    return None;
                }
            }
        }
        if points.len() < 4 {
            self.error(
                at,
                format!("{what} has a ring of {} points", points.len()),
                "a ring has at least four, the last one equal to the first",
            );
            return None;
        }
        if points.first() != points.last() {
            self.error(at, format!("{what} has a ring that is not closed"), "repeat the first point at the end");
            return None;
        }
        let ring = LineString(points);
        if Polygon::new(ring.clone(), Vec::new()).unsigned_area() == 0.0 {
            self.error(at, format!("{what} has a ring without surface"), "remove it, or draw it again");
            return None;
        }
        Some(ring)
    }
}
