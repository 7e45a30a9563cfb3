//! The sample city: its rules are good, and each part of it is decided as a resident would expect.

use router::{Facts, Ruleset, Situation, decide, explain};
use schemas::{
    city::{City, Files},
    fault::{Fault, Severity},
    place::{Place, Point},
    reference::Reference,
    report::{Answers, Kind, Report, Tell},
    slug::Slug,
};
use std::{fs, path::Path, time::Instant};

fn files() -> Files {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/city");
    let mut files = Files::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the sample city is there") {
            let path = entry.expect("a readable folder").path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(text) = fs::read_to_string(&path) {
                let name = path.strip_prefix(&root).expect("inside").to_string_lossy().into_owned();
                files.insert(name, text.into());
            }
        }
    }
    files
}

fn city() -> City {
    let (city, faults) = City::read(files());
    city.unwrap_or_else(|| panic!("the sample city is wrong: {faults:#?}"))
}

fn errors(faults: &[Fault]) -> Vec<&Fault> {
    faults.iter().filter(|fault| fault.severity == Severity::Error).collect()
}

fn plain(city: &City, category: &str) -> Report {
    Report {
        id: schemas::Uuid::nil(),
        reference: Reference::from_number(1),
        channel: Slug::new("web").unwrap(),
        source_id: None,
        kind: Kind::Report,
        category: city.category(category).unwrap().id.clone(),
        words: "Het gras staat een meter hoog.".to_owned(),
        place: Place::default(),
        answers: Answers::new(),
        urgency: Default::default(),
        language: Default::default(),
        tell: Tell::Nothing,
        photos: Vec::new(),
        token: String::new(),
        received_at: "2026-03-04T10:00:00Z".parse().unwrap(),
    }
}

#[test]
fn its_rules_and_their_examples_are_good() {
    let city = city();
    let (ruleset, faults) = Ruleset::read(&city);
    assert_eq!(errors(&faults), Vec::<&Fault>::new());
    assert_eq!(faults, [], "not even a warning");
    let ruleset = ruleset.expect("no error, so there are rules");
    assert!(ruleset.rules().len() > 120);
    assert_eq!(ruleset.version().len(), 12);
    // Every category has a desk in every kind, and nobody is sent to the fallback with an alarm.
    for category in &city.categories {
        for kind in Kind::ALL {
            let mut situation = Situation::new(category, &city);
            situation.kind = kind;
            let decision = decide(&ruleset, &city, &situation.facts(&city));
            assert_eq!(decision.alarm, None, "{} {kind}", category.id);
        }
    }
}

#[test]
fn a_point_is_looked_up_in_its_district() {
    let city = city();
    let (ruleset, _) = Ruleset::read(&city);
    let ruleset = ruleset.expect("good rules");
    // The market square, and a field in Rollegem.
    for (category, lat, lon, area, lead) in [
        ("groen/maaien", 50.8276, 3.2650, "kortrijk", "publieke-ruimte-groen"),
        ("groen/maaien", 50.7665, 3.2640, "rollegem", "publieke-ruimte-wegen"),
    ] {
        let mut report = plain(&city, category);
        report.place = Place { point: Some(Point { lat, lon }), ..Place::default() };
        let facts = Facts::of(&report, &city, &[], report.received_at);
        assert_eq!(facts.areas.iter().map(|a| a.as_str()).collect::<Vec<_>>(), [area]);
        let decision = decide(&ruleset, &city, &facts);
        assert_eq!(decision.lead().map(|id| id.as_str()), Some(lead), "{}", explain(&ruleset, &city, &facts));
    }
}

#[test]
fn a_decision_is_quick() {
    let city = city();
    let (ruleset, _) = Ruleset::read(&city);
    let ruleset = ruleset.expect("good rules");
    let situation = Situation::new(city.category("wegen/put").unwrap(), &city);
    let start = Instant::now();
    for _ in 0..1_000 {
        std::hint::black_box(decide(&ruleset, &city, &situation.facts(&city)));
    }
    // Unoptimised, on a busy machine: only a blunder (a decision that looks at every rule again and
    // again) is caught here; `voordeur bench` measures it.
    assert!(start.elapsed().as_millis() < 1_000, "{:?} for 1,000 decisions", start.elapsed());
}

#[test]
fn whose_road_it_is_is_looked_up_from_the_point() {
    let city = city();
    let (ruleset, _) = Ruleset::read(&city);
    let ruleset = ruleset.expect("good rules");
    // On the ring road, then on the market square.
    for (category, lat, lon, rule, lead) in [
        ("wegen/put", 50.8020, 3.2700, "roads-of-the-region", "awv"),
        ("wegen/put", 50.8276, 3.2650, "wegen-put", "publieke-ruimte-wegen"),
    ] {
        let mut report = plain(&city, category);
        report.place = Place { point: Some(Point { lat, lon }), ..Place::default() };
        let facts = Facts::of(&report, &city, &[], report.received_at);
        let decision = decide(&ruleset, &city, &facts);
        assert_eq!((decision.rule.as_str(), decision.lead().map(|id| id.as_str())), (rule, Some(lead)));
    }
}

#[test]
fn every_rule_has_an_example() {
    // A rule without one is warned of, and the first test wants no warnings; so that this cannot be
    // switched off unnoticed, it is counted in the files as well.
    let (mut rules, mut with_examples) = (0, 0);
    for (name, text) in files().iter().filter(|(name, _)| name.starts_with("rules/")) {
        if name.ends_with(".yaml") {
            rules += text.lines().filter(|line| line.starts_with("- rule:")).count();
            with_examples += text.lines().filter(|line| *line == "  examples:").count();
        } else if name.ends_with(".csv") {
            let mut rows = text.lines();
            let given = rows.next().expect("a header").split(';').position(|title| title.starts_with("given."));
            let given = given.expect("a table gives examples");
            for row in rows {
                rules += 1;
                with_examples += usize::from(row.split(';').nth(given).is_some_and(|cell| !cell.is_empty()));
            }
        }
    }
    assert_eq!((rules, with_examples), (rules, rules));
    let (ruleset, _) = Ruleset::read(&city());
    assert_eq!(ruleset.expect("good rules").rules().len(), rules);
}
