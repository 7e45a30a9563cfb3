//! The sample city and ready-made words for the tests of this crate.

use crate::intake::{IntakeTools, accept};
use schemas::{
    Timestamp, Uuid,
    case::{Case, Role, Status},
    city::{City, Files},
    dispatch::{Dispatch, Say, Update},
    id::{Clock, Ids, derived},
    letter::{Lane, Letter, Topic},
    place::Place,
    reference::Reference,
    report::{Kind, Language, Tell, Urgency},
    slug::{CategoryId, Slug},
    submission::Submission,
    trace::Trace,
};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use std::{
    fs,
    path::Path,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicI64, Ordering},
    },
};
use store::{Accepted, DispatchRow, Options, Store};

/// A department of the sample city that work is pushed to.
pub(crate) const PUSHED: &str = "contactcentrum";
/// A department of the sample city that fetches its work.
pub(crate) const FETCHES: &str = "publieke-ruimte-groen";

pub(crate) fn slug(text: &str) -> Slug {
    Slug::new(text).unwrap()
}

/// The files of the sample city. Tests may read files.
pub(crate) fn files() -> Files {
    fn walk(root: &Path, folder: &Path, files: &mut Files) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, files);
            } else if let Ok(text) = fs::read_to_string(&path) {
                files.insert(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned(), text.into());
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/city");
    let mut files = Files::new();
    walk(&root, &root, &mut files);
    files
}

/// The sample city.
pub(crate) fn read() -> City {
    let files = files();
    let (city, faults) = City::read(files);
    city.unwrap_or_else(|| panic!("{faults:?}"))
}

/// The sample city, where this department may say that its news is critical.
pub(crate) fn city_where_critical(department: &str) -> Arc<City> {
    let mut files = files();
    let id = format!("  - id: {department}\n");
    let text = files["departments.yaml"].replace(&id, &format!("{id}    may_be_critical: true\n"));
    files.insert("departments.yaml".to_owned(), text.as_str().into());
    let (city, faults) = City::read(files);
    Arc::new(city.unwrap_or_else(|| panic!("{faults:?}")))
}

pub(crate) fn city() -> Arc<City> {
    static CITY: LazyLock<Arc<City>> = LazyLock::new(|| Arc::new(read()));
    CITY.clone()
}

/// A fresh database for what is not a question of databases.
pub(crate) async fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("voordeur.db").display());
    let clock = Clock::new(now);
    let options = Options { ids: Ids::new(clock.clone()), clock, publish_events: false };
    let store = Store::open(&url, options).await.unwrap();
    store.migrate().await.unwrap();
    (folder, store)
}

/// What adapters are built with, over `store`.
pub(crate) fn tools(store: Store) -> crate::departments::Tools {
    crate::departments::Tools {
        city: city(),
        clock: store.clock().clone(),
        http: bus::http::Config::default().build().unwrap(),
        secrets: crate::secrets::Secrets::default(),
        source: "https://voordeur.example".to_owned(),
        links: crate::links::Links::new([7; 32], "https://voordeur.example"),
        mail: None,
        store,
    }
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
        place: Place { address: Some("Grote Markt 1".to_owned()), ..Place::default() },
        answers: Default::default(),
        photos: Vec::new(),
        contact: None,
        language: Language::NL,
        channel: slug("web"),
        priority: Urgency::Normal,
        due_on: None,
        rule: "putten".to_owned(),
        version: 2,
        again: None,
        received_at: now(),
    }
}

pub(crate) fn update(id: &str, dispatch: &Dispatch, at: Timestamp, say: Say) -> Update {
    Update {
        critical: false,
        id: id.to_owned(),
        department: dispatch.department.clone(),
        dispatch: dispatch.id,
        at,
        say,
    }
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

/// Where a test's database lies.
pub(crate) struct Bed {
    _folder: Option<tempfile::TempDir>,
}

/// A clock, its database, and the tools of a door.
pub(crate) type Desk = (Hands, Bed, IntakeTools);

async fn desk(bed: Bed, url: &str) -> Desk {
    let hands = Hands::at(now());
    let clock = hands.clock();
    let options = Options { ids: Ids::new(clock.clone()), clock, publish_events: false };
    let store = Store::open(url, options).await.unwrap();
    store.migrate().await.unwrap();
    (hands, bed, IntakeTools::new(store, city()))
}

pub(crate) async fn on_sqlite<F: Future<Output = ()>>(body: impl FnOnce(Desk) -> F) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("voordeur.db").display());
    body(desk(Bed { _folder: Some(folder) }, &url).await).await;
}

pub(crate) async fn on_postgres<F: Future<Output = ()> + Send + 'static>(body: impl FnOnce(Desk) -> F) {
    let Ok(server) = std::env::var("VOORDEUR_TEST_POSTGRES") else {
        assert!(std::env::var("VOORDEUR_TEST_ALL").is_err(), "VOORDEUR_TEST_POSTGRES must name a server");
        return;
    };
    static NEXT: AtomicI64 = AtomicI64::new(0);
    let name = format!("voordeur_adapters_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
    let mut admin = sqlx::PgConnection::connect(&server).await.unwrap();
    admin.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    let (address, _) = server.rsplit_once('/').unwrap();
    // In a task of its own, so that the database goes also when the test fails.
    let done = tokio::spawn(body(desk(Bed { _folder: None }, &format!("{address}/{name}")).await)).await;
    admin.execute(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).await.unwrap();
    if let Err(failed) = done {
        std::panic::resume_unwind(failed.into_panic());
    }
}

/// Writes the tests `sqlite::name` and `postgres::name` for each body.
macro_rules! both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                $crate::testing::on_sqlite(super::$name).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                $crate::testing::on_postgres(super::$name).await;
            })*
        }
    };
}
pub(crate) use both;

/// A report from `web`, filed as a resident would, and what was answered.
pub(crate) async fn filed(tools: &IntakeTools) -> store::Receipt {
    let submission =
        Submission { category: "wegen/put".to_owned(), words: "Een put".to_owned(), ..Submission::default() };
    let checked = submission.check(&tools.city).unwrap();
    match accept(tools, &slug("web"), None, checked, Default::default(), Trace::start()).await.unwrap() {
        Accepted::New(receipt) => receipt,
        other => panic!("{other:?}"),
    }
}

/// The case `id`, routed to `department`.
pub(crate) fn open_case(id: Uuid, department: &str) -> Case {
    Case {
        id,
        reference: Reference::from_number(1_234_567),
        status: Status::Routed,
        version: 2,
        lead: Some(slug(department)),
        decision: None,
        rejected_by: Vec::new(),
        planned_on: None,
        status_at: now(),
        opened_at: now(),
        closed_at: None,
        tell: Tell::Nothing,
        parts: Vec::new(),
        watch: Default::default(),
        check_at: None,
    }
}

/// The case of a filed report, routed to `department`, and the letter that carries the dispatch.
pub(crate) async fn routed(tools: &IntakeTools, department: &str, role: Role) -> Letter {
    let receipt = filed(tools).await;
    let now = tools.clock.now();
    let mut dispatch = dispatch(department, role);
    dispatch.case_id = receipt.id;
    dispatch.reference = receipt.reference;
    dispatch.id = derived(&["dispatch", &receipt.id.to_string(), department, "2"]);
    let case =
        Case { reference: receipt.reference, status_at: now, opened_at: now, ..open_case(receipt.id, department) };
    let mut tx = tools.store.begin().await.unwrap();
    tx.open_cases(&[case]).await.unwrap();
    let row = DispatchRow::posted(dispatch.id, receipt.id, slug(department), role, now);
    tx.add_dispatches(&[row]).await.unwrap();
    tx.commit().await.unwrap();
    let lane = Lane::department(&slug(department));
    Letter::new(dispatch.id, lane, Topic::DepartmentDispatch, "report", &dispatch, Trace::start(), now)
        .about(receipt.id)
}

/// The words of the case's timeline.
pub(crate) async fn timeline(store: &Store, case: Uuid) -> String {
    let events = store.timeline(case, false).await.unwrap();
    let versions: Vec<i64> = events.iter().map(|event| event.version).collect();
    assert!(versions.windows(2).all(|pair| pair[0] < pair[1]), "{versions:?}");
    events.iter().map(|event| event.what.word()).collect::<Vec<_>>().join(" ")
}

/// What waits in `lane` now.
pub(crate) async fn waiting(store: &Store, lane: &Lane) -> Vec<Letter> {
    store.take(lane, 100, std::time::Duration::from_secs(86_400)).await.unwrap()
}
