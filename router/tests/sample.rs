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
        let report = Report {
            id: schemas::Uuid::nil(),
            reference: Reference::from_number(1),
            channel: Slug::new("web").unwrap(),
            source_id: None,
            kind: Kind::Report,
            category: city.category(category).unwrap().id.clone(),
            words: "Het gras staat een meter hoog.".to_owned(),
            place: Place { address: None, point: Some(Point { lat, lon }) },
            answers: Answers::new(),
            urgency: Default::default(),
            language: Default::default(),
            tell: Tell::Nothing,
            photos: Vec::new(),
            token: String::new(),
            received_at: "2026-03-04T10:00:00Z".parse().unwrap(),
        };
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
