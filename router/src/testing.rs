//! A small city for the tests of this crate.

use crate::Situation;
use jiff::Timestamp;
use schemas::{
    city::{City, Files},
    place::Place,
    reference::Reference,
    report::{Report, Tell},
    slug::Slug,
};

pub(crate) fn slug(text: &str) -> Slug {
    Slug::new(text).unwrap()
}

const CITY: &str = "
name: {nl: Testel}
languages: [nl, fr]
phone: '1777'
email: desk@voordeur.example
fallback: desk
calendar:
  timezone: Europe/Brussels
  working_days: [mon, tue, wed, thu, fri]
  office_hours: '09:00-17:00'
  holidays: {fixed: ['11-11'], easter: [1]}
areas: {files: [areas/all.geojson]}
owners:
  road: {file: owners/road.geojson, elsewhere: city}
  green: {file: owners/green.geojson}
";

const DEPARTMENTS: &str = "
departments:
  - {id: desk, name: {nl: Desk}, kind: internal, delivery: queue}
  - {id: roads, name: {nl: Roads}, kind: internal, delivery: queue}
  - {id: green, name: {nl: Green}, kind: internal, delivery: sandbox}
  - {id: police, name: {nl: Police}, kind: partner, delivery: queue, on_call: {contacts: [{who: Watch, phone: '112'}]}}
  - {id: lamps, name: {nl: Lamps}, kind: external, delivery: sandbox}
  - {id: rail, name: {nl: Rail}, kind: external, delivery: {redirect: {}}}
";

const CATEGORIES: &str = "
emergency_hints: []
questions:
  danger: {text: {nl: Gevaar?}, answer: bool, raises: true}
  waste: {text: {nl: Wat?}, answer: multi, options: [glass, paper]}
  number: {text: {nl: Nummer?}, answer: text}
groups:
  - {id: road, icon: road, name: {nl: Road}}
  - {id: green, icon: tree, name: {nl: Green}}
  - {id: other, icon: desk, name: {nl: Other}}
categories:
  - {id: road/hole, name: {nl: Hole}, department: roads, term: 5, questions: [danger, waste, number]}
  - {id: road/ice, name: {nl: Ice}, department: roads, urgency: high, term: 5}
  - {id: green/tree, name: {nl: Tree}, department: green, urgency: low, term: 5}
  - {id: other/other, name: {nl: Other}, department: desk, term: 5}
";

const ARTICLES: [(&str, &str); 2] = [
    ("ice", "---\ntitle: Who clears the ice?\ncategories: [road/ice]\n---\nYou do, before your own door.\n"),
    ("old", "---\ntitle: Old news\nvalid_until: 2026-03-01\n---\nThis was so last year.\n"),
];

/// A regional road along the 50.5th parallel.
const ROADS: &str = r#"{"type": "FeatureCollection", "features": [
{"type": "Feature", "properties": {"owner": "region"},
 "geometry": {"type": "LineString", "coordinates": [[3, 50.5], [5, 50.5]]}}]}"#;

const PARKS: &str = r#"{"type": "FeatureCollection", "features": [
{"type": "Feature", "properties": {"owner": "forest"},
 "geometry": {"type": "Polygon", "coordinates": [[[3, 50.6], [4, 50.6], [4, 50.7], [3, 50.6]]]}}]}"#;

/// A city with articles `ice` and `old` (valid until 1 March 2026), departments `desk roads green police lamps` and
/// `rail`, where people are sent, areas `north` (longitude 3 to 4) and `south` (4 to 5), a road of the `region` and a
/// wood of `forest`, categories in the groups `road`, `green` and `other`, and these rule files.
pub(crate) fn city(rules: &[(&str, &str)]) -> City {
    let square = |id: &str, x: i32| {
        let ring = [[x, 50], [x + 1, 50], [x + 1, 51], [x, 51], [x, 50]];
        serde_json::json!({
            "type": "Feature",
            "properties": {"id": id, "name": {"nl": id}},
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        })
    };
    let areas = serde_json::json!({"type": "FeatureCollection", "features": [square("north", 3), square("south", 4)]});
    let mut files = Files::new();
    for (name, text) in [
        ("city.yaml", CITY),
        ("departments.yaml", DEPARTMENTS),
        ("categories.yaml", CATEGORIES),
        ("areas/all.geojson", &areas.to_string()),
        ("owners/road.geojson", ROADS),
        ("owners/green.geojson", PARKS),
    ] {
        files.insert(name.to_owned(), text.into());
    }
    for (name, text) in ARTICLES {
        files.insert(format!("knowledge/{name}.nl.md"), text.into());
    }
    files.extend(rules.iter().map(|(name, text)| (format!("rules/{name}"), (*text).into())));
    let (city, faults) = City::read(files);
    city.unwrap_or_else(|| panic!("{faults:#?}"))
}

/// A moment, written in UTC; Brussels is an hour ahead in winter.
pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A plain report about `road/hole`.
pub(crate) fn situation(city: &City) -> Situation {
    Situation::new(city.category("road/hole").unwrap(), city)
}

/// A plain report about `road/hole`, from nowhere.
pub(crate) fn report(city: &City) -> Report {
    let situation = situation(city);
    Report {
        id: schemas::Uuid::nil(),
        reference: Reference::from_number(1),
        channel: situation.channel,
        source_id: None,
        kind: situation.kind,
        category: situation.category,
        words: String::new(),
        place: Place::default(),
        answers: situation.answers,
        urgency: situation.urgency,
        language: situation.language,
        tell: Tell::Nothing,
        photos: Vec::new(),
        token: String::new(),
        received_at: situation.at,
    }
}
