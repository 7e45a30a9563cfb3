//! `areas/*.geojson`: the outline of the city and its districts.

use super::{
    fields::clip,
    front::Front,
    geojson::{Feature, Reader},
};
use crate::{
    city::{Area, Areas, Files, Texts, gaps},
    fault::Fault,
    report::Language,
    slug::AreaId,
};
use geo::{BoundingRect as _, Intersects as _, MultiPolygon, Polygon};
use serde_json::value::RawValue;
use std::collections::HashMap;

pub(super) fn read(front: &Front, files: &Files, faults: &mut Vec<Fault>) -> Areas {
    let outline = front.outline.as_ref().and_then(|file| {
        let mut reader = Reader { file, text: files.get(file)?, faults: &mut *faults };
        let polygons: Vec<Polygon<f64>> = reader
            .features()?
            .into_iter()
            .filter_map(|(part, feature)| reader.outline(part, &feature))
            .flatten()
            .collect();
        Some(MultiPolygon(polygons))
    });
    let (mut areas, mut seen) = (Vec::new(), HashMap::new());
    for file in &front.area_files {
        let Some(text) = files.get(file) else { continue };
        let mut reader = Reader { file, text, faults: &mut *faults };
        for (part, feature) in reader.features().unwrap_or_default() {
            if let Some(area) = reader.area(part, &feature, &mut seen) {
                if let Some(outline) = &outline
                    && !meets(&area.outline, outline)
                {
                    let fault = Fault::error(
                        file,
                        reader.position(part),
                        format!("the area `{}` lies outside the city", area.id),
                        "look whether longitude comes before latitude, and whether it belongs to this city",
                    );
                    reader.faults.push(fault.warning());
                }
                areas.push(area);
            }
        }
    }
    if let (Some(outline), Some(file)) = (&outline, front.area_files.first()) {
        told_gaps(&areas, outline, file, faults);
    }
    Areas::new(areas, outline)
}

/// Warns of places of the city that lie in no area.
fn told_gaps(areas: &[Area], outline: &MultiPolygon<f64>, file: &str, faults: &mut Vec<Fault>) {
    let gaps = gaps::find(areas, outline);
    let Some(largest) = gaps.first() else { return };
    let (lat, lon) = (largest.within.lat, largest.within.lon);
    let others = match gaps.len() - 1 {
        0 => String::new(),
        1 => ", and there is another".to_owned(),
        more => format!(", and there are {more} others"),
    };
    let fault = Fault::error(
        file,
        (0, 0),
        format!(
            "the areas leave a hole: about {:.0} hectares around {lat:.4}, {lon:.4} lie in the city and in no area{others}",
            largest.hectares
        ),
        "draw the areas up to each other; a report from there is in no area, so no rule that asks for one matches",
    );
    faults.push(fault.warning());
}

/// Whether the boxes around both meet; good enough to see swapped coordinates.
fn meets(area: &MultiPolygon<f64>, outline: &MultiPolygon<f64>) -> bool {
    match (area.bounding_rect(), outline.bounding_rect()) {
        (Some(area), Some(outline)) => area.intersects(&outline),
        _ => true,
    }
}

impl<'a> Reader<'a> {
    fn outline(&mut self, part: &str, feature: &Feature<'a>) -> Option<Vec<Polygon<f64>>> {
        match feature.geometry {
            Some(geometry) => self.polygons(geometry, "the outline of the city"),
            None => {
                self.error_in(part, "the outline of the city has no geometry", "add a Polygon or a MultiPolygon");
                None
            }
        }
    }

    fn area(&mut self, part: &str, feature: &Feature<'a>, seen: &mut HashMap<String, String>) -> Option<Area> {
        let properties = feature.properties.as_ref();
        let id = match properties.and_then(|p| p.id) {
            Some(raw) => self.id(raw, seen),
            None => {
                self.error_in(
                    part,
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
                self.error_in(
                    part,
                    format!("{what} has no name"),
                    "add `\"name\": {\"nl\": \"Heule\"}` to its `properties`",
                );
                None
            }
        };
        let outline = match feature.geometry {
            Some(geometry) => self.polygons(geometry, &what),
            None => {
                self.error_in(part, format!("{what} has no geometry"), "add a Polygon or a MultiPolygon");
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
            return Some(Texts::from([(Language::NL, name)]));
        }
        let names: Texts =
            self.parse(raw.get(), "write the name as text, or as {\"nl\": \"Heule\", \"fr\": …, \"en\": …}")?;
        if !names.contains_key(&Language::NL) {
            self.error(self.position(raw.get()), format!("the name of {what} has no Dutch text"), "add `\"nl\": …`");
            return None;
        }
        Some(names)
    }
}
