//! A small city and ready-made words for the tests of this crate.

use schemas::{
    Timestamp, Uuid,
    case::Role,
    city::{
        AnswerType, Areas, Calendar, Category, City, Delivery, Department, DepartmentKind, Files, Photos, Publicity,
        Question, Texts,
    },
    dispatch::{Dispatch, Say, Update},
    id::{Clock, Ids, derived},
    place::Place,
    reference::Reference,
    report::{Kind, Language, Urgency},
    slug::{CategoryId, Slug},
};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};
use store::{Options, Store};

pub(crate) fn slug(text: &str) -> Slug {
    Slug::new(text).unwrap()
}

fn texts(text: &str) -> Texts {
    Language::ALL.into_iter().map(|language| (language, text.to_owned())).collect()
}

fn department(id: &str, delivery: Delivery) -> Department {
    Department {
        id: slug(id),
        names: texts(id),
        kind: DepartmentKind::Internal,
        delivery,
        share_reporter: true,
        confidential: false,
        phone: None,
    }
}

pub(crate) fn read() -> City {
    use jiff::civil::Weekday::{Friday, Monday, Thursday, Tuesday, Wednesday};
    let push = |adapter: &str| Delivery::Push { adapter: adapter.to_owned(), settings: serde_json::Value::Null };
    let question = Question {
        id: "diep".to_owned(),
        texts: texts("Is it deep?"),
        answer: AnswerType::Bool,
        options: Vec::new(),
        option_names: Default::default(),
        private: false,
        raises: false,
    };
    let yaml = "departments:\n  - id: wegen\n  - id: groen\n";
    City {
        names: texts("Proefstad"),
        languages: vec![Language::Nl, Language::Fr, Language::En],
        phone: "1777".to_owned(),
        email: "meldpunt@example.org".to_owned(),
        fallback: slug("loket"),
        calendar: Calendar {
            zone: jiff::tz::TimeZone::get("Europe/Brussels").unwrap(),
            working_days: vec![Monday, Tuesday, Wednesday, Thursday, Friday],
            fixed: Default::default(),
            easter_offsets: Vec::new(),
            office_minutes: (540, 1020),
        },
        departments: vec![
            department("wegen", push("sandbox")),
            department("groen", Delivery::Queue),
            department("loket", push("sandbox")),
        ],
        groups: Vec::new(),
        categories: vec![Category {
            id: CategoryId::new("wegen/put").unwrap(),
            names: texts("Pothole"),
            kind: Kind::Report,
            urgency: Urgency::Normal,
            department: slug("wegen"),
            questions: vec!["diep".to_owned()],
            publicity: Publicity::Public,
            photos: Photos::Ask,
            anonymous: true,
            term: Some(5),
        }],
        questions: [("diep".to_owned(), question)].into(),
        emergency_hints: Vec::new(),
        areas: Areas::new(Vec::new(), None),
        attribution: Vec::new(),
        files: Files::from([("departments.yaml".to_owned(), yaml.into())]),
    }
}

pub(crate) fn city() -> Arc<City> {
    Arc::new(read())
}

pub(crate) fn now() -> Timestamp {
    "2026-11-23T10:00:00Z".parse().unwrap()
}

pub(crate) fn case_id() -> Uuid {
    derived(&["report", "test", "1"])
}

pub(crate) fn dispatch(department: &str, role: Role) -> Dispatch {
    Dispatch {
        id: derived(&["dispatch", &case_id().to_string(), department, "2"]),
        case_id: case_id(),
        reference: Reference::from_number(1_234_567),
        department: slug(department),
        role,
        kind: Kind::Report,
        category: CategoryId::new("wegen/put").unwrap(),
        words: "Een put in de weg".to_owned(),
        place: Place { address: Some("Grote Markt 1".to_owned()), point: None },
        answers: Default::default(),
        photos: Vec::new(),
        contact: None,
        language: Language::Nl,
        channel: slug("web"),
        priority: Urgency::Normal,
        due_on: None,
        rule: "putten".to_owned(),
        version: 2,
        received_at: now(),
    }
}

pub(crate) fn update(id: &str, dispatch: &Dispatch, at: Timestamp, say: Say) -> Update {
    Update { id: id.to_owned(), department: dispatch.department.clone(), dispatch: dispatch.id, at, say }
}

/// A clock that a test moves.
#[derive(Clone)]
pub(crate) struct Hands(Arc<AtomicI64>);

impl Hands {
    pub(crate) fn at(now: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(now.as_microsecond())))
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    pub(crate) fn clock(&self) -> Clock {
        let hands = self.clone();
        Clock::new(move || schemas::id::from_micros(hands.0.load(Ordering::SeqCst)))
    }
}

/// A fresh store in its own file, which lives as long as the folder.
pub(crate) async fn store(hands: &Hands) -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let clock = hands.clock();
    let options = Options { ids: Ids::new(clock.clone()), clock, publish_events: false };
    let url = format!("sqlite:{}", folder.path().join("test.db").display());
    let store = Store::open(&url, options).await.unwrap();
    store.migrate().await.unwrap();
    (folder, store)
}
