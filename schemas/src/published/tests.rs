//! Keeps `schemas/json` and `schemas/samples` fresh: run with `UPDATE=1` to write them.

use super::schema;
use crate::{
    case::Role,
    city::sample,
    dispatch::{Dispatch, Say, Update},
    event::{CaseEvent, What},
    id::derived,
    letter::{Refused, Topic},
    notice::{Due, Failed, Heard, HeardState},
    place::{Place, Point},
    reference::Reference,
    report::{Contact, Kind, Language, Received, Tell, Urgency, Why},
    slug::{CategoryId, Slug},
    submission::Submission,
    way::Post,
};
use jiff::{Timestamp, civil::date};
use serde::Serialize;
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, path::PathBuf};

fn slug(text: &str) -> Slug {
    Slug::new(text).unwrap()
}

fn at() -> Timestamp {
    "2026-11-10T09:10:00Z".parse().unwrap()
}

fn place() -> Place {
    Place {
        address: Some("Grote Markt 1".into()),
        point: Some(Point { lat: 50.8278, lon: 3.2645 }),
        ..Place::default()
    }
}

fn contact() -> Contact {
    Contact {
        name: Some("Een bewoner".into()),
        email: Some("bewoner@example.org".into()),
        phone: Some("+32 470 12 34 56".into()),
        post: Some(Post {
            street: "Grote Markt 54".into(),
            postcode: "8500".into(),
            town: "Kortrijk".into(),
            country: None,
        }),
    }
}

fn submission() -> Submission {
    Submission {
        kind: Some(Kind::Report),
        category: "wegen/put".into(),
        words: "Diepe put in de rijweg, ter hoogte van het belfort. Fietsers wijken uit.".into(),
        place: Some(place().into()),
        answers: BTreeMap::from([("gevaar".into(), json!(false)), ("grootte".into(), json!("voetbal"))]),
        contact: Some(contact()),
        language: Some(Language::NL),
        tell: Some(Tell::Email),
        photos: vec![derived(&["sample", "photo"])],
    }
}

fn dispatch() -> Dispatch {
    let submission = submission();
    Dispatch {
        id: derived(&["sample", "dispatch"]),
        case_id: derived(&["sample", "case"]),
        reference: Reference::from_number(1_234_567),
        department: slug("publieke-ruimte-wegen"),
        role: Role::Lead,
        kind: Kind::Report,
        category: CategoryId::new(&submission.category).unwrap(),
        words: submission.words,
        place: place(),
        answers: submission.answers,
        photos: vec!["https://voordeur.example/photos/0198".into()],
        contact: submission.contact,
        language: Language::NL,
        channel: slug("web"),
        priority: Urgency::High,
        due_on: Some(date(2026, 11, 18)),
        rule: "roads-of-the-city".into(),
        version: 1,
        received_at: at(),
        again: None,
    }
}

fn says() -> Vec<Say> {
    vec![
        Say::Accept {},
        Say::Reject { reason: "Dit is een gewestweg.".into() },
        Say::Note { text: "We komen deze week kijken.".into() },
        Say::InternalNote { text: "Asfalt bestellen.".into() },
        Say::Ask { text: "Aan welke kant van de straat is het?".into() },
        Say::Refer {
            to: "Agentschap Wegen en Verkeer".into(),
            phone: None,
            url: Some("https://wegen.example/meld".into()),
            text: None,
        },
        Say::Plan { on: date(2026, 11, 16), text: Some("In de voormiddag.".into()) },
        Say::Done {
            text: Some("Hersteld met warm asfalt.".into()),
            evidence: vec!["https://wegen.example/foto/1".into()],
        },
    ]
}

fn events() -> Vec<What> {
    let department = slug("publieke-ruimte-wegen");
    let text = || Some("In de voormiddag.".to_owned());
    vec![
        What::Received,
        What::Routed {
            department: department.clone(),
            informed: vec![slug("mobiliteit")],
            rule: "roads-of-the-city".into(),
            ruleset: "5f1c2a9e".into(),
            priority: Urgency::High,
            due_on: Some(date(2026, 11, 18)),
            rerouted_from: None,
            instead_of: None,
        },
        What::HandedOver { department: department.clone(), receipt: Some("W-2026-118".into()) },
        What::HandOverDelayed {
            department: department.clone(),
            why: "their system did not answer".into(),
            next_try_at: at(),
        },
        What::HandOverFailed { department: department.clone(), why: "their system refuses the category".into() },
        What::Accepted { department: department.clone(), acknowledges: true },
        What::Rejected { department: department.clone(), reason: "Dit is een gewestweg.".into() },
        What::Note { department: department.clone(), text: "We komen deze week kijken.".into() },
        What::InternalNote { department: department.clone(), text: "Asfalt bestellen.".into() },
        What::Planned { department: department.clone(), on: date(2026, 11, 16), text: text() },
        What::Solved {
            department: department.clone(),
            text: Some("Hersteld.".into()),
            evidence: vec!["https://wegen.example/foto/1".into()],
        },
        What::PartSolved {
            department: department.clone(),
            text: Some("Onze kant is klaar.".into()),
            evidence: Vec::new(),
        },
        What::Declined { department: department.clone(), reason: "Deze weg is privaat.".into() },
        What::Reopened { text: Some("De put is er nog.".into()), of: None },
        What::Merged {
            main: derived(&["sample", "main case"]),
            into: Reference::from_number(1_234_566),
            status: crate::case::Status::Planned,
        },
        What::Split { from: Reference::from_number(1_234_566) },
        What::Referred {
            department: department.clone(),
            to: "Agentschap Wegen en Verkeer".into(),
            phone: None,
            url: Some("https://wegen.example/meld".into()),
            text: None,
        },
        What::Asked { department: department.clone(), text: "Aan welke kant van de straat is het?".into() },
        What::Replied { text: "Aan de even kant.".into() },
        What::Reminded { department: department.clone(), nth: 1 },
        What::Escalated { department: department.clone(), to: slug("contactcentrum"), why: "silent".into() },
        What::Slipping {
            department: department.clone(),
            was: date(2026, 11, 18),
            expected: None,
            news_by: Some(date(2026, 12, 2)),
            text: None,
        },
        What::Recategorised {
            from: CategoryId::new("wegen/put").unwrap(),
            to: CategoryId::new("wegen/voetpad").unwrap(),
        },
        What::Outdated { department, said: "planned".into() },
    ]
}

/// Every sample: topic, file name and body. Where a body has several forms, one sample of each.
fn samples() -> Vec<(Topic, String, Value)> {
    fn json(body: impl Serialize) -> Value {
        serde_json::to_value(body).unwrap()
    }
    let mut samples = Vec::new();
    for topic in Topic::ALL {
        let name = topic.as_str();
        match topic {
            Topic::ReportSubmitted => {
                samples.push((topic, name.to_owned(), json(submission())));
                let least = json!({"category": "idee/andere", "words": "Waar kan ik mijn fiets laten graveren?"});
                samples.push((topic, format!("{name}.least"), least));
            }
            Topic::ReportReceived => {
                for why in [
                    Why::New,
                    Why::Rejected { department: slug("publieke-ruimte-wegen") },
                    Why::Reopened { text: None },
                    Why::Recategorised,
                    Why::Merged { into: Reference::from_number(1_234_566) },
                    Why::Split,
                    Why::Gone { department: slug("publieke-ruimte-wegen") },
                    Why::Replied { department: slug("publieke-ruimte-wegen"), text: "Aan de even kant.".into() },
                    Why::Wrote {
                        text: "De put is intussen groter.".into(),
                        photos: vec![derived(&["sample", "photo"])],
                    },
                ] {
                    let body = json(Received { report: derived(&["sample", "case"]), why });
                    samples.push((topic, format!("{name}.{}", body["why"].as_str().unwrap()), body));
                }
            }
            Topic::CaseEvent => {
                for (version, what) in (1..).zip(events()) {
                    let word = what.word();
                    let id = derived(&["sample", "event", word]);
                    let reference = Reference::from_number(1_234_567);
                    let event = CaseEvent {
                        critical: false,
                        id,
                        case_id: derived(&["sample", "case"]),
                        reference,
                        version,
                        at: at(),
                        what,
                    };
                    samples.push((topic, format!("{name}.{word}"), json(event)));
                }
            }
            Topic::DepartmentDispatch => samples.push((topic, name.to_owned(), json(dispatch()))),
            Topic::DepartmentUpdate => {
                for say in says() {
                    let word = say.word();
                    let dispatch = derived(&["sample", "dispatch"]);
                    let update = Update {
                        critical: false,
                        id: format!("W-118-{word}"),
                        department: slug("publieke-ruimte-wegen"),
                        dispatch,
                        at: at(),
                        say,
                    };
                    samples.push((topic, format!("{name}.{word}"), json(update)));
                }
                let say = Say::Note { text: "Blijf uit de kelder: er staat stroom op het water.".into() };
                let (department, dispatch) = (slug("brandweer"), derived(&["sample", "dispatch"]));
                let id = "W-118-now".to_owned();
                let update = Update { id, department, dispatch, at: at(), say, critical: true };
                samples.push((topic, format!("{name}.critical"), json(update)));
            }
            Topic::NoticeDue => {
                samples.push((topic, name.to_owned(), json(Due { notice: derived(&["sample", "notice"]) })))
            }
            Topic::NoticeFailed => {
                let failed = Failed { notice: derived(&["sample", "notice"]), why: "the mail came back".into() };
                samples.push((topic, name.to_owned(), json(failed)));
            }
            Topic::NoticeHeard => {
                let heard = Heard {
                    notice: Some(derived(&["sample", "notice"])),
                    provider: "mail".into(),
                    number: None,
                    state: HeardState::Dead,
                    why: Some("550 5.1.1 there is no such mailbox".into()),
                    at: at(),
                };
                samples.push((topic, name.to_owned(), json(heard)));
            }
            Topic::BroadcastStep => {
                let step = crate::broadcast::Step { broadcast: derived(&["sample", "broadcast"]), after: 3 };
                samples.push((topic, name.to_owned(), json(step)));
            }
            Topic::CaseChanged => {
                let changed = crate::channel::CaseChanged {
                    case_id: derived(&["sample", "case"]),
                    reference: Reference::from_number(1_234_567),
                    version: 3,
                    what: "planned".into(),
                    department: Some(Slug::new("wegen").unwrap()),
                    on: Some("2026-12-03".parse().unwrap()),
                    at: at(),
                };
                samples.push((topic, name.to_owned(), json(changed)));
            }
            Topic::NoticeChanged => {
                let changed = crate::channel::NoticeChanged {
                    notice: derived(&["sample", "notice"]),
                    case_id: derived(&["sample", "case"]),
                    reference: Reference::from_number(1_234_567),
                    tells: "planned".into(),
                    way: crate::way::Way::Email,
                    state: crate::notice::NoticeState::Sent,
                    at: at(),
                };
                samples.push((topic, name.to_owned(), json(changed)));
            }
            Topic::Refused => {
                let refused = Refused {
                    door: "voordeur.intake".into(),
                    why: "/words: say in a few words what it is about".into(),
                    sender: "report.app".into(),
                    message_id: Some("17".into()),
                    body_base64: "e30=".into(),
                };
                samples.push((topic, name.to_owned(), json(refused)));
            }
        }
    }
    samples
}

/// Every file as it has to be: path in this crate, and text.
fn files() -> BTreeMap<String, String> {
    let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap() + "\n";
    let schemas = Topic::ALL.map(|topic| (format!("json/{}.schema.json", topic.as_str()), pretty(&schema(topic))));
    let samples = samples().into_iter().map(|(_, name, body)| (format!("samples/{name}.json"), pretty(&body)));
    schemas.into_iter().chain(samples).collect()
}

#[test]
fn the_published_files_are_fresh() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let update = std::env::var_os("UPDATE").is_some();
    let files = files();
    for (name, text) in &files {
        if update {
            fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
            fs::write(root.join(name), text).unwrap();
        }
        let kept = fs::read_to_string(root.join(name)).unwrap_or_default();
        assert!(
            kept == *text,
            "schemas/{name} is stale: look at what changed, then run the tests of this crate with UPDATE=1"
        );
    }
    for folder in ["json", "samples"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let name = format!("{folder}/{}", entry.unwrap().file_name().into_string().unwrap());
            assert!(files.contains_key(&name), "schemas/{name} belongs to nothing any more: remove it");
        }
    }
}

#[test]
fn every_sample_fits_its_schema_and_its_type() {
    for (topic, name, body) in samples() {
        let validator = jsonschema::options().should_validate_formats(true).build(&schema(topic)).unwrap();
        let faults: Vec<String> =
            validator.iter_errors(&body).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
        assert!(faults.is_empty(), "{name}: {faults:?}");
        // What we read from it and write again says the same.
        let again = match topic {
            Topic::ReportReceived => {
                serde_json::from_value::<Received>(body.clone()).map(|b| serde_json::to_value(b).unwrap())
            }
            Topic::ReportSubmitted => serde_json::from_value::<Submission>(body.clone()).map(|_| body.clone()),
            Topic::CaseEvent => {
                serde_json::from_value::<CaseEvent>(body.clone()).map(|b| serde_json::to_value(b).unwrap())
            }
            Topic::DepartmentDispatch => {
                serde_json::from_value::<Dispatch>(body.clone()).map(|b| serde_json::to_value(b).unwrap())
            }
            Topic::DepartmentUpdate => {
                serde_json::from_value::<Update>(body.clone()).map(|b| serde_json::to_value(b).unwrap())
            }
            Topic::NoticeDue => serde_json::from_value::<Due>(body.clone()).map(|b| serde_json::to_value(b).unwrap()),
            Topic::NoticeFailed => {
                serde_json::from_value::<Failed>(body.clone()).map(|b| serde_json::to_value(b).unwrap())
            }
            Topic::NoticeHeard => {
                serde_json::from_value::<Heard>(body.clone()).map(|b| serde_json::to_value(b).unwrap())
            }
            Topic::BroadcastStep => {
                serde_json::from_value::<crate::broadcast::Step>(body.clone()).map(|b| serde_json::to_value(b).unwrap())
            }
            Topic::CaseChanged => serde_json::from_value::<crate::channel::CaseChanged>(body.clone())
                .map(|b| serde_json::to_value(b).unwrap()),
            Topic::NoticeChanged => serde_json::from_value::<crate::channel::NoticeChanged>(body.clone())
                .map(|b| serde_json::to_value(b).unwrap()),
            Topic::Refused => serde_json::from_value::<Refused>(body.clone()).map(|b| serde_json::to_value(b).unwrap()),
        };
        assert_eq!(again.unwrap(), body, "{name}");
    }
}

#[test]
fn the_sample_submissions_pass_in_the_sample_city() {
    let city = sample::city();
    for (_, name, body) in samples().into_iter().filter(|(topic, ..)| *topic == Topic::ReportSubmitted) {
        let checked = serde_json::from_value::<Submission>(body).unwrap().check(&city);
        assert!(checked.is_ok(), "{name}: {checked:?}");
    }
    let dispatch = dispatch();
    assert!(city.department(&dispatch.department).is_some() && city.category(&dispatch.category).is_some());
}

#[test]
fn the_schemas_refuse_what_the_types_refuse() {
    #[rustfmt::skip]
    let table = [
        (Topic::ReportSubmitted, json!({"category": "wegen/put"})),
        (Topic::ReportSubmitted, json!({"category": "wegen/put", "words": "a", "extra": 1})),
        (Topic::ReportSubmitted, json!({"category": "wegen/put", "words": ""})),
        (Topic::ReportSubmitted, json!({"category": "wegen/put", "words": "a", "place": {"point": {"lat": 91, "lon": 3}}})),
        (Topic::ReportSubmitted, json!({"category": "wegen/put", "words": "a", "photos": ["x"]})),
        (Topic::DepartmentUpdate, json!({"id": "1", "department": "A b", "dispatch": derived(&["x"]), "at": at(), "say": {"what": "accept"}})),
        (Topic::DepartmentUpdate, json!({"id": "1", "department": "wegen", "dispatch": derived(&["x"]), "at": at(), "say": {"what": "reject"}})),
        (Topic::DepartmentUpdate, json!({"id": "1", "department": "wegen", "dispatch": derived(&["x"]), "at": "soon", "say": {"what": "accept"}})),
    ];
    for (topic, body) in table {
        let validator = jsonschema::options().should_validate_formats(true).build(&schema(topic)).unwrap();
        assert!(!validator.is_valid(&body), "{body}");
    }
}
