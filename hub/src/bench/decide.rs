//! Decisions: one report against 100, 1,000 and 10,000 rules in a city of 300 areas of 60 corners.
//! Ten rules can match the report's category; all others are about other categories, so the time
//! should not grow with them.

use super::{Row, median};
use anyhow::bail;
use router::{Facts, Ruleset, decide};
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

/// Microseconds per decision, the place looked up included.
pub fn rows(quick: bool) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (rules, name) in [(100, "decide, 100 rules"), (1_000, "decide, 1,000 rules"), (10_000, "decide, 10,000 rules")]
    {
        let city = read(City::read(files(rules)))?;
        let ruleset = read(Ruleset::read(&city))?;
        let reports: Vec<Report> = (0..64).map(report).collect();
        let rounds = if quick { 50 } else { 400 };
        let mut micros = Vec::with_capacity(rounds);
        for _ in 0..rounds {
            let start = Instant::now();
            for report in &reports {
                let facts = Facts::of(report, &city, &[], report.received_at);
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
            address: None,
            point: Some(Point {
                lat: 50.0 + 0.01 * (n % 15) as f64 + 0.005,
                lon: 3.0 + 0.01 * (n % 20) as f64 + 0.005,
            }),
        },
        answers: Answers::new(),
        urgency: Urgency::Normal,
        language: Language::Nl,
        tell: Tell::Nothing,
        photos: Vec::new(),
        token: String::new(),
        received_at: schemas::Timestamp::UNIX_EPOCH,
    }
}

pub(super) fn files(rules: usize) -> Files {
    let mut files = Files::new();
    let mut put = |name: &str, text: String| files.insert(name.to_owned(), text.into());
    put(
        "city.yaml",
        "name: {nl: Bench}\nlanguages: [nl]\nphone: \"1777\"\nemail: bench@voordeur.example\nfallback: desk\n\
         calendar: {timezone: Europe/Brussels, working_days: [mon, tue, wed, thu, fri], office_hours: \"09:00-17:00\", \
         holidays: {fixed: [\"01-01\"], easter: [1]}}\nareas: {files: [areas/grid.geojson]}\n"
            .to_owned(),
    );
    let mut departments =
        "departments:\n  - {id: desk, name: {nl: Desk}, kind: internal, delivery: queue}\n".to_owned();
    for n in 0..20 {
        let _infallible =
            writeln!(departments, "  - {{id: d{n}, name: {{nl: D{n}}}, kind: internal, delivery: queue}}");
    }
    put("departments.yaml", departments);
    let mut categories = "groups:\n  - {id: street, icon: road, name: {nl: Street}}\ncategories:\n".to_owned();
    for n in 0..CATEGORIES {
        let _infallible =
            writeln!(categories, "  - {{id: street/c{n}, name: {{nl: C{n}}}, department: desk, term: 5}}");
    }
    put("categories.yaml", categories);
    put("areas/grid.geojson", grid());
    let mut text = String::new();
    for n in 0..rules {
        // The first ten can match the report, and the last of those does.
        let category = if n < 10 { 0 } else { 1 + n % (CATEGORIES - 1) };
        let when = match n {
            9 => "category: street/c0".to_owned(),
            n if n % 2 == 0 => {
                format!("category: street/c{category}, area: [a{}, a{}]", n % AREAS, (n * 7 + 3) % AREAS)
            }
            n => format!("category: street/c{category}, words: [\"word{n}\", \"other{n}\"]"),
        };
        let when = if n < 9 { format!("{when}, urgency: [high]") } else { when };
        let _infallible = writeln!(
            text,
            "- rule: r{n}\n  when: {{ {when} }}\n  then: {{ assign: d{}, term: 5wd }}\n  examples: []",
            n % 20
        );
    }
    put("rules/bench.yaml", text);
    files
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
