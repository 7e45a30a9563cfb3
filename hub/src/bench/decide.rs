//! Decisions: one report against 100, 1,000 and 10,000 rules in a city of 300 areas of 60 corners.
//! Ten rules can match the report's category, all others are about other categories, so the time
//! should not grow with them. Nine of the ten ask everything there is to ask (expressions, owners,
//! the reporter, the load, answers, words, the time) and just do not match; the tenth does.

use super::{Row, median};
use anyhow::bail;
use router::{Facts, Load, Reporter, Ruleset, decide};
use schemas::{
    city::{City, Files},
    place::{Place, Point},
    reference::Reference,
    report::{Answers, Kind, Language, Report, Tell, Urgency},
    slug::{CategoryId, Slug},
};
use std::{fmt::Write as _, hint::black_box, time::Instant};

const AREAS: usize = 300;
const CATEGORIES: usize = 200;
/// What nearly matches: each asks something else of the report.
const NEARLY: [&str; 9] = [
    "expression: \"photos >= 2 and (hour >= 22 or hour < 6)\"",
    "expression: \"answers.danger == true or (load.d1 > 50 and not office_hours)\"",
    "road_manager: rail",
    "reporter: [named, staff]",
    "load: {department: d1, open: \">50\"}",
    "answer: {danger: true}",
    "words: [bridge*, \"street lamp\", gas]",
    "time: \"22:00-06:00\", weekday: [sat, sun]",
    "any: [{photo: true}, {urgency: high}, {kind: complaint}]",
];

/// Microseconds per decision, the place looked up included.
pub fn rows(quick: bool) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (rules, name) in [(100, "decide, 100 rules"), (1_000, "decide, 1,000 rules"), (10_000, "decide, 10,000 rules")]
    {
        let city = read(City::read(files(rules, Asking::Everything)))?;
        let ruleset = read(Ruleset::read(&city))?;
        let reports: Vec<Report> = (0..64).map(report).collect();
        let load: Load = city.departments.iter().map(|department| (department.id.clone(), 7)).collect();
        let rounds = if quick { 50 } else { 400 };
        let mut micros = Vec::with_capacity(rounds);
        for _ in 0..rounds {
            let start = Instant::now();
            for report in &reports {
                let facts = Facts::of(report, &city, &[], report.received_at)
                    .with_reporter(Reporter::of(report, None, &city))
                    .with_load(&load);
                black_box(decide(&ruleset, &city, &facts));
            }
            micros.push(start.elapsed().as_secs_f64() * 1e6 / reports.len() as f64);
        }
        rows.push(Row::alone(name, median(micros), "µs", "<= 5 µs, flat"));
    }
    Ok(rows)
}

pub(super) fn read<T>((value, faults): (Option<T>, Vec<schemas::fault::Fault>)) -> anyhow::Result<T> {
    match value {
        Some(value) => Ok(value),
        None => bail!("the city of the bench is wrong: {:?}", faults.first()),
    }
}

/// A report about `street/c0`, somewhere in the grid of areas.
pub(super) fn report(n: usize) -> Report {
    Report {
        id: schemas::id::derived(&["bench", &n.to_string()]),
        reference: Reference::from_number(n as u32),
        channel: Slug::new("web").unwrap_or_else(|_| unreachable!("`web` is a slug")),
        source_id: None,
        kind: Kind::Report,
        category: CategoryId::new("street/c0").unwrap_or_else(|_| unreachable!("`street/c0` is a category")),
        words: "A paving stone is loose in front of the school, somebody will fall over it one day.".to_owned(),
        place: Place {
            point: Some(Point {
                lat: 50.0 + 0.01 * (n % 15) as f64 + 0.005,
                lon: 3.0 + 0.01 * (n % 20) as f64 + 0.005,
            }),
            ..Place::default()
        },
        answers: Answers::new(),
        urgency: Urgency::Normal,
        language: Language::NL,
        tell: Tell::Nothing,
        photos: Vec::new(),
        token: String::new(),
        received_at: schemas::Timestamp::UNIX_EPOCH,
    }
}

/// What the rules that nearly match ask.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Asking {
    /// Only what stands in the report: nothing has to be looked up.
    Little,
    /// Everything a rule can ask.
    Everything,
}

pub(super) fn files(rules: usize, asking: Asking) -> Files {
    let mut files = Files::new();
    let mut put = |name: &str, text: String| files.insert(name.to_owned(), text.into());
    put(
        "city.yaml",
        "name: {nl: Bench}\nlanguages: [nl]\nphone: \"1777\"\nemail: bench@voordeur.example\nfallback: desk\n\
         calendar: {timezone: Europe/Brussels, working_days: [mon, tue, wed, thu, fri], office_hours: \"09:00-17:00\", \
         holidays: {fixed: [\"01-01\"], easter: [1]}}\nareas: {files: [areas/grid.geojson]}\n\
         owners: {road: {file: owners/road.geojson, within: 20, elsewhere: city}}\n"
            .to_owned(),
    );
    let mut departments =
        "departments:\n  - {id: desk, name: {nl: Desk}, kind: internal, delivery: queue}\n".to_owned();
    for n in 0..20 {
        let _infallible =
            writeln!(departments, "  - {{id: d{n}, name: {{nl: D{n}}}, kind: internal, delivery: queue}}");
    }
    put("departments.yaml", departments);
    let mut categories = "questions: {danger: {text: {nl: Gevaar?}, answer: bool}}\n\
                          groups:\n  - {id: street, icon: road, name: {nl: Street}}\ncategories:\n"
        .to_owned();
    for n in 0..CATEGORIES {
        let _infallible = writeln!(
            categories,
            "  - {{id: street/c{n}, name: {{nl: C{n}}}, department: desk, term: 5, questions: [danger]}}"
        );
    }
    put("categories.yaml", categories);
    put("areas/grid.geojson", grid());
    put("owners/road.geojson", roads());
    let mut text = String::new();
    for n in 0..rules {
        // The first ten can match the report, and the last of those does.
        let category = if n < 10 { 0 } else { 1 + n % (CATEGORIES - 1) };
        let when = match n {
            n if n < NEARLY.len() => match asking {
                Asking::Everything => format!("category: street/c0, {}", NEARLY[n]),
                Asking::Little => format!("category: street/c0, area: [a{n}, a{}], urgency: [high]", n + 9),
            },
            9 => "category: street/c0".to_owned(),
            n if n % 5 == 0 && asking == Asking::Everything => {
                format!("category: street/c{category}, expression: \"photos > {} and hour < 9\"", n % 7)
            }
            n if n % 2 == 0 => {
                format!("category: street/c{category}, area: [a{}, a{}]", n % AREAS, (n * 7 + 3) % AREAS)
            }
            n => format!("category: street/c{category}, words: [\"word{n}\", \"other{n}\"]"),
        };
        let _infallible = writeln!(
            text,
            "- rule: r{n}\n  when: {{ {when} }}\n  then: {{ assign: d{}, term: 5wd }}\n  examples: []",
            n % 20
        );
    }
    put("rules/bench.yaml", text);
    files
}

/// A hundred roads of the region across the grid, and a railway beside it.
fn roads() -> String {
    let road = |n: usize| {
        let lat = 50.0 + 0.0015 * n as f64;
        serde_json::json!({
            "type": "Feature", "properties": {"owner": "region"},
            "geometry": {"type": "LineString", "coordinates": [[3.0, lat], [3.1, lat + 0.001], [3.2, lat]]},
        })
    };
    let mut features: Vec<_> = (0..100).map(road).collect();
    features.push(serde_json::json!({
        "type": "Feature", "properties": {"owner": "rail"},
        "geometry": {"type": "LineString", "coordinates": [[3.0, 49.9], [3.2, 49.9]]},
    }));
    serde_json::json!({"type": "FeatureCollection", "features": features}).to_string()
}

/// 20 × 15 areas of 60 corners each, side by side.
fn grid() -> String {
    let mut features = Vec::with_capacity(AREAS);
    for n in 0..AREAS {
        let (x, y) = (3.0 + 0.01 * (n % 20) as f64, 50.0 + 0.01 * (n / 20) as f64);
        let mut ring: Vec<[f64; 2]> = (0..60)
            .map(|corner| {
                let angle = f64::from(corner) / 60.0 * std::f64::consts::TAU;
                [x + 0.005 + 0.0049 * angle.cos(), y + 0.005 + 0.0049 * angle.sin()]
            })
            .collect();
        ring.push(ring[0]);
        features.push(serde_json::json!({
            "type": "Feature", "properties": {"id": format!("a{n}"), "name": {"nl": format!("A{n}")}},
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        }));
    }
    serde_json::json!({"type": "FeatureCollection", "features": features}).to_string()
}
