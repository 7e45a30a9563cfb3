//! `neighbours` of `city.yaml`: who is next door.

use super::{
    fields::{Fields, Map},
    geojson::Reader,
    missing,
    yaml::Node,
};
use crate::city::{Files, Neighbour};
use geo::{MultiPolygon, Polygon};

const KEYS: [&str; 5] = ["name", "postcodes", "outline", "web", "phone"];

pub(super) fn read(node: &Node, files: &Files, fields: &mut Fields<'_>) -> Vec<Neighbour> {
    let items = fields.list(node, "`neighbours`");
    items.iter().filter_map(|item| one(item, files, fields)).collect()
}

fn one(node: &Node, files: &Files, fields: &mut Fields<'_>) -> Option<Neighbour> {
    let map = fields.map(node, "the neighbour", &KEYS)?;
    let names = fields.required(map, "name", "{nl: Menen, fr: Menin, en: Menen}");
    let names = names.and_then(|node| fields.texts(node, "the name of the neighbour"));
    let postcodes = map.get("postcodes").map(|node| fields.texts_of(node, "a postcode")).unwrap_or_default();
    let (web, phone) = reached(map, fields);
    let outline = outline(map, files, fields);
    for (missing, what, help) in [
        (map.get("web").is_none() && map.get("phone").is_none(), "how to reach it", "add `web`, `phone`, or both"),
        (
            map.get("outline").is_none() && map.get("postcodes").is_none(),
            "where it is",
            "add `outline: areas/menen.geojson`, `postcodes: [\"8930\"]`, or both",
        ),
    ] {
        if missing {
            fields.error(node.at, format!("the neighbour does not say {what}"), help);
        }
    }
    let postcodes = postcodes.into_iter().map(|(_, code)| code).collect();
    Some(Neighbour { names: names?, postcodes, outline, web, phone })
}

/// The website and the telephone number by which somebody is reached.
pub(super) fn reached(map: Map<'_>, fields: &mut Fields<'_>) -> (Option<String>, Option<String>) {
    let web = map.get("web").and_then(|node| {
        let web = fields.text(node, "the website")?;
        let is_address = is_website(&web);
        if !is_address {
            fields.error(
                node.at,
                format!("`{web}` is not an address of a website"),
                "write it as https://www.menen.be",
            );
        }
        is_address.then_some(web)
    });
    let phone = map.get("phone").and_then(|node| {
        let phone = fields.text(node, "the telephone number")?;
        let is_phone = crate::submission::is_phone(&phone);
        if !is_phone {
            fields.error(
                node.at,
                format!("`{phone}` is not a telephone number"),
                "write it in quotes: \"056 12 34 56\"",
            );
        }
        is_phone.then_some(phone)
    });
    (web, phone)
}

/// Whether `text` is an address of a website.
pub(super) fn is_website(text: &str) -> bool {
    ["https://", "http://"].iter().any(|start| text.strip_prefix(start).is_some_and(is_rest))
}

fn is_rest(rest: &str) -> bool {
    rest.contains('.') && rest.chars().all(|c| c.is_ascii_graphic() && !"\"'<>\\`".contains(c))
}

fn outline(map: Map<'_>, files: &Files, fields: &mut Fields<'_>) -> Option<MultiPolygon<f64>> {
    let node = map.get("outline")?;
    let file = fields.text(node, "the file of the outline")?;
    let Some(text) = files.get(&file) else {
        missing(files, &file, fields.file, node.at, fields.faults);
        return None;
    };
    let mut reader = Reader { file: &file, text, faults: fields.faults };
    let mut polygons: Vec<Polygon<f64>> = Vec::new();
    for (part, feature) in reader.features()? {
        match feature.geometry {
            Some(geometry) => polygons.extend(reader.polygons(geometry, "the outline of a neighbour")?),
            None => {
                reader.error_in(part, "the outline of a neighbour has no geometry", "add a Polygon or a MultiPolygon")
            }
        }
    }
    Some(MultiPolygon(polygons))
}
