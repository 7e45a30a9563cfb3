//! The file of a broadcast, and `segments.yaml`: audiences that have a name. The second may be missing.

use super::{
    fields::Fields,
    geojson::Reader,
    yaml::{self, Node, Value},
};
use crate::{
    broadcast::{Audience, Draft, Surfaces, Words},
    city::{Areas, Calendar, Category, City, Files, Group, Texts},
    fault::{Fault, Severity},
    person::street_key,
    report::Language,
    slug::Slug,
    text,
    way::Way,
};
use geo::{LineString, Polygon};
use std::collections::BTreeMap;

const SEGMENTS: &str = "segments.yaml";
const WHERE: [&str; 6] = ["districts", "streets", "polygon", "topics", "languages", "ways"];
/// The most corners of what was drawn: more than a map of a country's municipalities has for one of them.
const MOST_CORNERS: usize = 20_000;
/// The most streets and topics.
const MOST_NAMES: usize = 500;

/// What an audience may name.
struct Known<'a> {
    areas: Vec<&'a str>,
    topics: Vec<&'a str>,
    segments: Option<&'a BTreeMap<Slug, Audience>>,
    /// Opens a GeoJSON file by the name that the YAML gives it.
    open: &'a dyn Fn(&str) -> Option<String>,
}

impl<'a> Known<'a> {
    fn of(areas: &'a Areas, groups: &'a [Group], categories: &'a [Category]) -> (Vec<&'a str>, Vec<&'a str>) {
        let topics = groups.iter().map(|group| group.id.as_str());
        let topics = topics.chain(categories.iter().map(|category| category.id.as_str()));
        (areas.all().iter().map(|area| area.id.as_str()).collect(), topics.collect())
    }
}

/// Reads the segments of a city.
pub(super) fn segments(
    files: &Files,
    areas: &Areas,
    groups: &[Group],
    categories: &[Category],
    languages: &[Language],
    faults: &mut Vec<Fault>,
) -> BTreeMap<Slug, Audience> {
    let Some(node) = files.get(SEGMENTS).and_then(|text| yaml::parse(SEGMENTS, text, faults)) else {
        return BTreeMap::new();
    };
    let (areas, topics) = Known::of(areas, groups, categories);
    let open = |name: &str| files.get(name).map(|text| text.to_string());
    let known = Known { areas, topics, segments: None, open: &open };
    let fields = &mut Fields { file: SEGMENTS, faults, languages };
    let Value::Map(entries) = &node.value else {
        fields.error(
            node.at,
            format!("the file is {}, not a map", node.sort()),
            "write `name: {streets: [Markt]}` lines",
        );
        return BTreeMap::new();
    };
    let mut segments = BTreeMap::new();
    for (key, node) in entries {
        let Ok(name) = Slug::new(&key.name) else {
            fields.error(key.at, format!("the segment `{}` is not a name", key.name), "use 1 to 60 of a-z, 0-9 and -");
            continue;
        };
        if let Some(audience) = audience(fields, node, &known) {
            segments.insert(name, audience);
        }
    }
    segments
}

impl City {
    /// Reads the file of a broadcast, whose text is `text`; `open` gives the GeoJSON files that it names. The draft is
    /// there when no fault is an error.
    pub fn read_draft(
        &self,
        file: &str,
        text: &str,
        open: &dyn Fn(&str) -> Option<String>,
    ) -> (Option<Draft>, Vec<Fault>) {
        let mut faults = Vec::new();
        let draft = yaml::parse(file, text, &mut faults).and_then(|node| {
            let (areas, topics) = Known::of(&self.areas, &self.groups, &self.categories);
            let known = Known { areas, topics, segments: Some(&self.segments), open };
            let fields = &mut Fields { file, faults: &mut faults, languages: &self.languages };
            draft(fields, &node, &known, &self.calendar)
        });
        let broken = faults.iter().any(|fault| fault.severity == Severity::Error);
        (draft.filter(|_| !broken), faults)
    }
}

fn draft(fields: &mut Fields<'_>, node: &Node, known: &Known<'_>, calendar: &Calendar) -> Option<Draft> {
    let map = fields.map(node, "the message", &["subject", "text", "short", "audience", "critical", "at"])?;
    let subject = fields.required(map, "subject", "{nl: Dinsdag geen water in de Markt}");
    let subject = subject.and_then(|node| words(fields, node, "the subject", Words::MOST_OF_SUBJECT, true));
    let body = fields.required(map, "text", "{nl: \"Wij werken aan de waterleiding.\"}");
    let body = body.and_then(|node| words(fields, node, "the text", Words::MOST_OF_TEXT, false));
    let short = match map.get("short") {
        Some(node) => words(fields, node, "the short text", Words::MOST_OF_SHORT, true)?,
        None => Texts::new(),
    };
    let critical = map.get("critical").is_some_and(|node| fields.bool(node, "`critical`").unwrap_or_default());
    let starts = match map.get("at") {
        Some(node) => {
            let text = fields.text(node, "`at`")?;
            let at = calendar.read_moment(&text);
            if at.is_none() {
                let help = "write day and time of the city, for instance `at: \"2026-12-01 09:00\"`";
                fields.error(node.at, format!("`{text}` is no day and time"), help);
            }
            at
        }
        None => None,
    };
    let at = fields.required(map, "audience", "{districts: [heule]}");
    let audience = at.and_then(|node| audience(fields, node, known));
    let (subject, body, audience) = (subject?, body?, audience?);
    let mut all = BTreeMap::new();
    for language in fields.known() {
        match (subject.get(&language), body.get(&language)) {
            (Some(subject), Some(text)) => {
                let short = short.get(&language).cloned();
                all.insert(language, Words { subject: subject.clone(), text: text.clone(), short });
            }
            (None, None) if !short.contains_key(&language) => {}
            _ => {
                let language = language.as_str();
                fields.error(
                    node.at,
                    format!("the message in `{language}` is not whole"),
                    format!("give it a subject and a text in `{language}`, or neither"),
                );
            }
        }
    }
    Some(Draft { words: all, audience, critical, at: starts })
}

/// Clean words per language, each of at most `most` characters.
fn words(fields: &mut Fields<'_>, node: &Node, what: &str, most: usize, is_line: bool) -> Option<Texts> {
    let mut texts = fields.texts(node, what)?;
    for (language, words) in &mut texts {
        *words = if is_line { text::clean_line(words) } else { text::clean(words) };
        let at = node.get(language.as_str()).map_or(node.at, |node| node.at);
        let long = text::length(words);
        if words.is_empty() {
            fields.error(at, format!("{what} holds nothing that can be read"), "write some text");
        } else if long > most {
            fields.error(at, format!("{what} has {long} characters"), format!("use at most {most}"));
        }
    }
    Some(texts)
}

fn audience(fields: &mut Fields<'_>, node: &Node, known: &Known<'_>) -> Option<Audience> {
    let mut keys = WHERE.to_vec();
    if known.segments.is_some() {
        keys.push("segment");
    }
    let map = fields.map(node, "the audience", &keys)?;
    let mut audience = Audience::default();
    if let Some(node) = map.get("segment") {
        let name = fields.slug(node, "the segment")?;
        let Some(found) = known.segments.and_then(|segments| segments.get(&name)) else {
            let names: Vec<&str> = known.segments.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
            fields.unknown(node.at, "segment", &name, &names);
            return None;
        };
        audience = Audience { segment: Some(name), ..found.clone() };
    }
    if let Some(node) = map.get("districts") {
        for (at, id) in named(fields, node, "a district", &known.areas) {
            match Slug::new(&id) {
                Ok(id) => audience.districts.push(id),
                Err(_) => fields.unknown(at, "district", &id, &known.areas),
            }
        }
    }
    if let Some(node) = map.get("topics") {
        audience.topics.extend(named(fields, node, "a topic", &known.topics).into_iter().map(|(_, topic)| topic));
    }
    if let Some(node) = map.get("streets") {
        for (at, street) in fields.texts_of(node, "a street") {
            let street = text::clean_line(&street);
            if street_key(&street).is_empty() || text::length(&street) > 100 {
                fields.error(at, "this is no name of a street", "write it as people do: Sint-Jansstraat");
            } else {
                audience.streets.push(street);
            }
        }
    }
    if let Some(node) = map.get("polygon") {
        audience.drawn.extend(drawn(fields, node, known)?);
    }
    if let Some(node) = map.get("languages") {
        let all: Vec<_> = fields.known().into_iter().map(|language| (language.as_str(), language)).collect();
        let items = fields.list(node, "the languages");
        audience.languages.extend(items.iter().filter_map(|item| fields.one_of(item, "a language", &all)));
    }
    if let Some(node) = map.get("ways") {
        let all = Way::ALL.map(|way| (way.as_str(), way));
        let items = fields.list(node, "the ways");
        audience.ways.extend(items.iter().filter_map(|item| fields.one_of(item, "a way", &all)));
    }
    if audience.is_nobody() {
        let help = "name at least one of districts, streets, polygon and topics";
        fields.error(node.at, "the audience is nobody", help);
        return None;
    }
    if audience.streets.len() > MOST_NAMES || audience.topics.len() > MOST_NAMES {
        fields.error(node.at, "these are too many names", format!("use at most {MOST_NAMES}, or draw a polygon"));
    }
    Some(audience)
}

/// The names of a list that are among `known`.
fn named(fields: &mut Fields<'_>, node: &Node, what: &str, known: &[&str]) -> Vec<(yaml::Position, String)> {
    let mut names = fields.texts_of(node, what);
    names.retain(|(at, name)| {
        let is_known = known.contains(&name.as_str());
        if !is_known {
            fields.unknown(*at, what.split(' ').next_back().unwrap_or(what), name, known);
        }
        is_known
    });
    names
}

/// What the GeoJSON file draws that `node` names.
fn drawn(fields: &mut Fields<'_>, node: &Node, known: &Known<'_>) -> Option<Surfaces> {
    let name = fields.text(node, "the polygon")?;
    let Some(text) = (known.open)(&name) else {
        fields.error(node.at, format!("there is no file `{name}`"), "name a GeoJSON file beside this one");
        return None;
    };
    let mut reader = Reader { file: &name, text: &text, faults: fields.faults };
    let mut surfaces = Surfaces::new();
    for (part, feature) in reader.features()? {
        match feature.geometry {
            Some(geometry) => surfaces.extend(reader.polygons(geometry, "the audience")?.iter().map(rings)),
            None => reader.error_in(part, "this feature has no geometry", "add a Polygon or a MultiPolygon"),
        }
    }
    let corners: usize = surfaces.iter().flatten().map(Vec::len).sum();
    if corners > MOST_CORNERS {
        let message = format!("what is drawn has {corners} corners");
        fields.error(node.at, message, format!("use at most {MOST_CORNERS}: simplify it"));
        return None;
    }
    Some(surfaces)
}

fn rings(polygon: &Polygon<f64>) -> Vec<Vec<[f64; 2]>> {
    let ring = |ring: &LineString<f64>| ring.0.iter().map(|at| [at.x, at.y]).collect();
    [polygon.exterior()].into_iter().chain(polygon.interiors()).map(ring).collect()
}

#[cfg(test)]
#[path = "broadcast_tests.rs"]
mod tests;
