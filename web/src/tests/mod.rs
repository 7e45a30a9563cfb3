//! The pages and the API as a browser and a program meet them, on an embedded store.

use schemas::city::{Blobs, City, Files};
use std::{path::Path, sync::Arc};

/// The sample city.
pub fn city() -> City {
    city_in(|_| {})
}

/// The sample city with other files.
fn city_in(change: impl FnOnce(&mut Files)) -> City {
    city_with(change, Blobs::new())
}

/// The same, with pictures and fonts.
fn city_with(change: impl FnOnce(&mut Files), blobs: Blobs) -> City {
    fn walk(root: &Path, folder: &Path, files: &mut Files) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(root, &path, files);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                files.insert(path.strip_prefix(root).unwrap().display().to_string(), Arc::from(text));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/city");
    let mut files = Files::new();
    walk(&root, &root, &mut files);
    change(&mut files);
    let (city, faults) = City::read_with(files, blobs);
    city.unwrap_or_else(|| panic!("the sample city is good: {faults:?}"))
}

mod abuse;
mod after;
mod answers;
mod api;
mod department_cases;
mod department_photos;
mod desk;
mod desk_cases;
mod desk_tasks;
mod drawn;
mod follow;
mod form;
mod further;
mod guard;
mod kannel;
mod keys;
mod maintenance;
mod malware;
mod map;
mod message;
mod moderate;
mod near;
mod offline;
mod open311;
mod outward;
mod own_places;
mod pace;
pub(crate) mod pages;
mod photos;
mod places;
mod preview;
mod push;
mod sms_hook;
mod staff;
mod suggest;
mod tells;
mod theme;
mod why;
mod wishes;
mod work;

use crate::{Rate, Site, WebConfig};
use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use bus::{Bus, BusOptions};
use notifier::senders::sms::{Hooks, SmsConfig};
use schemas::{
    Timestamp, Uuid,
    case::{Assignment, Case, Decision, Role, Status},
    event::{CaseEvent, What},
    id::{Clock, Ids},
    report::{Kind, Language, Report, Tell, Urgency},
    slug::DepartmentId,
    submission::Submission,
    trace::Trace,
};
use store::{DispatchRow, LetterboxItem, Store};
use tower::ServiceExt as _;

/// The token of the department `groendienst` in tests.
pub const KEY: &str = "a-token-of-twenty-chars";

/// What the tests' links are sealed with.
pub fn links() -> adapters::links::Links {
    adapters::links::Links::new([7; 32], "https://voordeur.example")
}

/// A site on a store of its own.
pub struct Town {
    router: Router,
    store: Store,
    city: Arc<City>,
    _dir: tempfile::TempDir,
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Bytes,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Where it sends on to.
    pub fn location(&self) -> &str {
        self.header("location")
    }
}

pub fn now() -> Timestamp {
    "2026-11-23T09:12:00Z".parse().unwrap()
}

impl Town {
    pub async fn open() -> Self {
        Self::open_with(|_| {}).await
    }

    pub async fn open_with(change: impl FnOnce(&mut WebConfig)) -> Self {
        Self::open_city(city(), |config, _, _| change(config)).await
    }

    /// With other files in the folder of the city.
    pub async fn open_in(change: impl FnOnce(&mut Files)) -> Self {
        Self::open_city(city_in(change), |_, _, _| {}).await
    }

    /// The same, with pictures and fonts.
    pub async fn open_dressed(change: impl FnOnce(&mut Files), blobs: Blobs) -> Self {
        Self::open_city(city_with(change, blobs), |_, _, _| {}).await
    }

    /// With this SMS gateway.
    pub async fn open_hearing(sms: &SmsConfig) -> Self {
        Self::open_city(city(), |config, city, store| config.sms = Hooks::build(std::slice::from_ref(sms), city, store))
            .await
    }

    async fn open_city(city: City, change: impl FnOnce(&mut WebConfig, &City, &Store)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Clock::new(now);
        let options = store::Options { ids: Ids::new(clock.clone()), clock, publish_events: false };
        let url = format!("sqlite:{}", dir.path().join("town.db").display());
        let store = Store::open(&url, options).await.unwrap();
        store.migrate().await.unwrap();
        let city = Arc::new(city);
        let mut config = WebConfig::new("https://voordeur.example".parse().unwrap());
        config.rate = Rate::OFF;
        // Tests send the same again and again, at once.
        let guard = &mut config.intake.guard;
        (guard.form_delay, guard.alike_one, guard.alike_all) = (std::time::Duration::ZERO, 0, 0);
        config.letterbox = true;
        config.fresh = std::time::Duration::ZERO;
        let queue = city.departments.iter().find(|d| d.delivery == schemas::city::Delivery::Queue).unwrap().id.clone();
        let secrets = adapters::secrets::Config { tokens: vec![KEY.into()], ..Default::default() };
        config.secrets = adapters::secrets::Secrets::read([(queue, secrets)].into()).unwrap();
        config.links = Some(links());
        change(&mut config, &city, &store);
        let bus = Bus::table(store.clone(), BusOptions::default());
        let likely = city.suggest.then(|| Arc::new(router::Latest::new(router::Likely::seed(&city))));
        let router = crate::router(Site { store: store.clone(), bus, city: city.clone(), likely, config });
        Self { router, store, city, _dir: dir }
    }

    /// The department that fetches its work.
    pub fn fetcher(&self) -> DepartmentId {
        self.city.departments.iter().find(|d| d.delivery == schemas::city::Delivery::Queue).unwrap().id.clone()
    }

    pub async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, bytes }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// A form as a browser on our own page sends it.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> Answer {
        let mut body = Vec::new();
        for (name, value) in fields {
            let head = format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n");
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(value.as_bytes());
            body.extend_from_slice(b"\r\n");
        }
        for (name, bytes) in files {
            let head = format!(
                "--x\r\ncontent-disposition: form-data; name=\"photos\"; filename=\"{name}\"\r\n\
                 content-type: image/png\r\n\r\n"
            );
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(bytes);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--x--\r\n");
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
            .header("sec-fetch-site", "same-origin")
            .body(Body::from(body))
            .unwrap();
        self.ask(request).await
    }

    pub async fn post_json(&self, path: &str, body: impl Into<Body>) -> Answer {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/json").body(body.into()).unwrap();
        self.ask(request).await
    }

    /// A photo that nobody claimed yet.
    pub async fn photo(&self, bytes: Vec<u8>, small: Option<Vec<u8>>) -> Uuid {
        let id = self.store.ids().new_id();
        let media_type = "image/jpeg".to_owned();
        let photo = store::Photo { id, media_type, width: 640, height: 480, bytes, lies: None, received_at: now() };
        let small = small.map(|bytes| store::SmallPhoto { width: 320, height: 240, bytes, file: None });
        self.store.add_photo(photo, small, None).await.unwrap();
        id
    }

    /// A report that came in, told in `words`.
    pub async fn report(&self, words: &str) -> Report {
        self.report_as(None, words, Vec::new()).await
    }

    /// The same, of this kind instead of that of its category.
    pub async fn report_of(&self, kind: Option<Kind>, words: &str) -> Report {
        self.report_as(kind, words, Vec::new()).await
    }

    /// The same, with these photos.
    pub async fn report_with(&self, words: &str, photos: Vec<Uuid>) -> Report {
        self.report_as(None, words, photos).await
    }

    async fn report_as(&self, kind: Option<Kind>, words: &str, photos: Vec<Uuid>) -> Report {
        let tools = adapters::intake::IntakeTools::new(self.store.clone(), self.city.clone());
        let submission =
            Submission { category: "wegen/put".into(), words: words.into(), kind, photos, ..Submission::default() };
        let checked = submission.check(&self.city).unwrap();
        let channel = "api".parse().unwrap();
        let accepted = adapters::intake::accept(&tools, &channel, None, checked, Default::default(), Trace::start())
            .await
            .unwrap();
        let adapters::intake::Accepted::New(receipt) = accepted else { panic!("it is new") };
        self.store.report(receipt.id).await.unwrap().unwrap()
    }

    /// The case of `report` at `status`, with `what` on its timeline.
    pub async fn case(&self, report: &Report, status: Status, what: Vec<What>) {
        let lead = self.fetcher();
        let assignments = vec![Assignment { department: lead.clone(), role: Role::Lead }];
        let case = Case {
            id: report.id,
            reference: report.reference,
            status,
            version: 1 + i64::try_from(what.len()).unwrap(),
            lead: Some(lead.clone()),
            decision: Some(Decision {
                rule: "potholes".into(),
                ruleset: "abc".into(),
                assignments,
                priority: Urgency::Normal,
                due_on: Some("2026-11-30".parse().unwrap()),
                reasons: Vec::new(),
                alarm: None,
                answer: None,
                on_call: Vec::new(),
                acknowledge_by: None,
                silent: None,
            }),
            rejected_by: Vec::new(),
            planned_on: (status == Status::Planned).then(|| "2026-12-01".parse().unwrap()),
            status_at: now(),
            opened_at: now(),
            closed_at: None,
            tell: Tell::Nothing,
            parts: Vec::new(),
            watch: Default::default(),
            check_at: None,
        };
        let events: Vec<(CaseEvent, Tell)> = what
            .into_iter()
            .zip(2..)
            .map(|(what, version)| {
                let id = Uuid::from_u128(report.id.as_u128().wrapping_add(version as u128));
                (
                    CaseEvent {
                        critical: false,
                        id,
                        case_id: report.id,
                        reference: report.reference,
                        version,
                        at: now(),
                        what,
                    },
                    Tell::Nothing,
                )
            })
            .collect();
        let mut tx = self.store.begin().await.unwrap();
        tx.open_cases(&[case]).await.unwrap();
        tx.add_events(&events, Trace::start()).await.unwrap();
        let dispatch = Uuid::from_u128(report.id.as_u128().wrapping_sub(1));
        tx.add_dispatches(&[DispatchRow::posted(dispatch, report.id, lead, Role::Lead, now())]).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// A letter in the sandbox.
    pub async fn letter(&self, case: Uuid, subject: &str, html: &str) -> Uuid {
        let notice_id = Uuid::from_u128(case.as_u128().wrapping_add(77));
        let item = LetterboxItem {
            notice_id,
            case_id: case,
            way: schemas::way::Way::Email,
            recipient: "an@example.org".into(),
            subject: subject.into(),
            text: format!("{subject}\n<b>"),
            html: html.into(),
            language: Language::NL,
            at: now(),
        };
        self.store.put_letter(item).await.unwrap();
        notice_id
    }
}

/// The value of the first attribute `name` after `after` in `html`.
pub fn attribute<'a>(html: &'a str, after: &str, name: &str) -> &'a str {
    let rest = &html[html.find(after).unwrap_or_else(|| panic!("{after} in {html}"))..];
    let start = rest.find(&format!("{name}=\"")).unwrap() + name.len() + 2;
    rest[start..].split('"').next().unwrap()
}
