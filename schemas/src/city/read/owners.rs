//! `owners/*.geojson`: who looks after what a line or surface draws.

use super::{
    fields::clip,
    front::Front,
    geojson::{Feature, Reader, Shape},
};
use crate::{
    city::{Areas, Drawn, Files, OwnerMap, Owners},
    fault::Fault,
    place::Point,
    slug::Slug,
};

pub(super) fn read(front: &Front, files: &Files, areas: &Areas, faults: &mut Vec<Fault>) -> Owners {
    let mut owners = Owners::default();
    for layer in &front.owners {
        let Some(text) = files.get(&layer.file) else { continue };
        let mut reader = Reader { file: &layer.file, text, faults: &mut *faults };
        let mut features = Vec::new();
        for (part, feature) in reader.features().unwrap_or_default() {
            let Some((owner, drawn)) = reader.owned(part, &feature) else { continue };
            if !meets(&drawn, areas) {
                let fault = Fault::error(
                    &layer.file,
                    reader.position(part),
                    format!("no corner of this feature of `{owner}` lies in the city"),
                    "look whether longitude comes before latitude, and whether it belongs to this city",
                );
                reader.faults.push(fault.warning());
            }
            features.push((owner, drawn));
        }
        owners = owners.with(layer.layer, OwnerMap::new(features, layer.within, layer.elsewhere.clone()));
    }
    owners
}

/// Whether a corner lies in the city; a road that only crosses it may have none there, so this is
/// good for a warning only.
fn meets(drawn: &Drawn, areas: &Areas) -> bool {
    let inside = |corner: &geo::Coord<f64>| areas.in_city(Point { lat: corner.y, lon: corner.x });
    match drawn {
        Drawn::Lines(lines) => lines.iter().flat_map(|line| &line.0).any(inside),
        // A surface may hold the whole city.
        Drawn::Surfaces(surfaces) => {
            surfaces.iter().flat_map(|surface| &surface.exterior().0).any(inside)
                || areas.all().iter().any(|area| {
                    use geo::Intersects as _;
                    surfaces.iter().any(|surface| surface.intersects(&area.outline))
                })
        }
    }
}

impl<'a> Reader<'a> {
    fn owned(&mut self, part: &'a str, feature: &Feature<'a>) -> Option<(Slug, Drawn)> {
        const HELP: &str = "add `\"owner\": \"gewest\"` to its `properties`: rules name owners by it";
        let owner = match feature.properties.as_ref().and_then(|properties| properties.owner) {
            Some(raw) => {
                let owner = serde_json::from_str::<String>(raw.get()).ok().and_then(|text| Slug::new(&text).ok());
                if owner.is_none() {
                    self.error_in(
                        raw.get(),
                        format!("the owner {} is not a name", clip(raw.get())),
                        "use 1 to 60 of a-z, 0-9 and -, in quotes: \"gewest\"",
                    );
                }
                owner
            }
            None => {
                self.error_in(part, "this feature has no owner", HELP);
                None
            }
        };
        let what = owner.as_ref().map_or_else(|| "the feature".to_owned(), |owner| format!("the feature of `{owner}`"));
        let drawn = match feature.geometry {
            Some(geometry) => self.shape(geometry, &what).map(|shape| match shape {
                Shape::Lines(lines) => Drawn::Lines(lines),
                Shape::Surfaces(surfaces) => Drawn::Surfaces(surfaces),
            }),
            None => {
                self.error_in(part, format!("{what} has no geometry"), "draw it as lines or as surfaces");
                None
            }
        };
        Some((owner?, drawn?))
    }
}
