//! What the worker's tests stand on: a store on SQLite or PostgreSQL, and a worker of a small city.

use crate::{
    RouterWorker, Ruleset,
    testing::{city, slug},
};
use bus::Effects as _;
use schemas::{
    Timestamp, Uuid,
    case::{Case, Status},
    city::City,
    dispatch::Dispatch,
    id::{Clock, Ids, derived, from_micros},
    letter::{Lane, Letter, Topic},
    place::{Place, Point},
    report::{Answers, Contact, Kind, Language, Received, Report, Tell, Urgency, Why},
    slug::CategoryId,
    trace::Trace,
    verdict::Verdict,
};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use store::{NewReport, Options, Store};

pub(super) const RULES: &str = "
- { rule: north, when: { category: road/*, area: north }, then: { assign: roads, inform: [police], term: 3wd } }
- { rule: ice, when: { category: road/ice, not: { area: [north, south] } }, then: { assign: green, inform: [police], answer: ice } }
- { rule: road, when: { category: road/* }, then: { assign: green, inform: [police, lamps] } }
- { rule: high, when: { urgency: [high, emergency] }, then: { assign: lamps } }
";

/// A worker on a fresh store, with a clock that stands still until it is told to go on.
pub(super) struct Bed {
    pub store: Store,
    pub worker: RouterWorker,
    url: String,
    now: Arc<AtomicI64>,
}

pub(super) const NOW: &str = "2026-03-04T10:00:00Z";

/// Writes the tests `sqlite::name` and `postgres::name` for each body.
macro_rules! both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                crate::worker::tests::bed::on_sqlite(super::$name).await;
            })*
        }
        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                crate::worker::tests::bed::on_postgres(super::$name).await;
            })*
        }
    };
}
pub(super) use both;

pub(super) async fn on_sqlite<F: Future<Output = ()>>(body: impl FnOnce(Bed) -> F) {
    let folder = tempfile::tempdir().unwrap();
    body(bed(&format!("sqlite:{}", folder.path().join("v.db").display())).await).await;
}

/// In a database of its own, on the server that `VOORDEUR_TEST_POSTGRES` names; without one, not at
/// all, unless `VOORDEUR_TEST_ALL` insists.
pub(super) async fn on_postgres<F: Future<Output = ()> + Send + 'static>(body: impl FnOnce(Bed) -> F) {
    let Ok(server) = std::env::var("VOORDEUR_TEST_POSTGRES") else {
        assert!(std::env::var("VOORDEUR_TEST_ALL").is_err(), "VOORDEUR_TEST_POSTGRES must name a server");
        return;
    };
    let name = format!("voordeur_router_{}", Trace::start().trace_id);
    let mut admin = sqlx::PgConnection::connect(&server).await.unwrap();
    admin.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    let (address, _) = server.rsplit_once('/').unwrap();
    // In a task of its own, so that the database goes also when the test fails.
    let done = tokio::spawn(body(bed(&format!("{address}/{name}")).await)).await;
    admin.execute(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).await.unwrap();
    if let Err(failed) = done {
        std::panic::resume_unwind(failed.into_panic());
    }
}

async fn bed(url: &str) -> Bed {
    let now = Arc::new(AtomicI64::new(NOW.parse::<Timestamp>().unwrap().as_microsecond()));
    let store = open(url, &now).await;
    store.migrate().await.unwrap();
    Bed { worker: worker(&store, RULES), store, url: url.to_owned(), now }
}

async fn open(url: &str, now: &Arc<AtomicI64>) -> Store {
    let now = now.clone();
    let clock = Clock::new(move || from_micros(now.load(Ordering::SeqCst)));
    let options = Options { ids: Ids::new(clock.clone()), clock, publish_events: false };
    Store::open(url, options).await.unwrap()
}

/// A worker of the small city, with these rules in its folder.
pub(super) fn worker(store: &Store, rules: &str) -> RouterWorker {
    worker_of(store, city(&[("a.yaml", rules)]))
}

/// A worker of this city, by its own rules.
pub(super) fn worker_of(store: &Store, city: City) -> RouterWorker {
    let city = Arc::new(city);
    let (ruleset, faults) = Ruleset::read(&city);
    let ruleset = Arc::new(ruleset.unwrap_or_else(|| panic!("{faults:#?}")));
    RouterWorker::new(store.clone(), city, ruleset, "https://testel.example/")
}

impl Bed {
    /// The same store, decided by these rules.
    pub fn with_rules(self, rules: &str) -> Self {
        let worker = worker(&self.store, rules);
        self.with_worker(worker)
    }

    /// The same store, with another worker.
    pub fn with_worker(self, worker: RouterWorker) -> Self {
        Self { worker, ..self }
    }

    /// It is `at` now.
    pub fn wind(&self, at: &str) {
        self.now.store(at.parse::<Timestamp>().unwrap().as_microsecond(), Ordering::SeqCst);
    }

    pub fn pass(&self, time: Duration) {
        self.now.fetch_add(time.as_micros() as i64, Ordering::SeqCst);
    }

    /// What a second process has, where there may be one.
    pub async fn other(&self) -> Store {
        match self.store.kind() {
            store::DbKind::Sqlite => self.store.clone(),
            store::DbKind::Postgres => open(&self.url, &self.now).await,
        }
    }

    /// Keeps a report about `category` at `lon`, and takes the letter that asks for a decision.
    pub async fn report(&self, category: &str, lon: Option<f64>) -> (Uuid, Letter) {
        self.report_from("web", category, lon).await
    }

    /// As [`Bed::report`], through another door.
    pub async fn report_from(&self, channel: &str, category: &str, lon: Option<f64>) -> (Uuid, Letter) {
        let id = self.store.ids().new_id();
        let report = Report {
            id,
            reference: self.store.references(1).await.unwrap()[0],
            channel: slug(channel),
            source_id: None,
            kind: Kind::Report,
            category: CategoryId::new(category).unwrap(),
            words: "A hole.".to_owned(),
            place: Place { point: lon.map(|lon| Point { lat: 50.5, lon }), ..Place::default() },
            answers: Answers::new(),
            urgency: Urgency::Normal,
            language: Language::NL,
            tell: Tell::Email,
            photos: vec![Uuid::from_u128(7)],
            token: self.store.ids().token(),
            received_at: self.store.clock().now(),
        };
        let contact = Contact { name: Some("Someone".to_owned()), ..Contact::default() };
        let new = NewReport {
            report,
            contact: Some(contact),
            digest: "d".to_owned(),
            route: true,
            trace: Trace::start(),
            noticed: Default::default(),
        };
        self.store.accept(new).await.unwrap();
        let letters = self.take(&Lane::router()).await;
        assert_eq!(letters.len(), 1);
        (id, letters[0].clone())
    }

    /// Changes rows behind the back of the store.
    pub async fn tamper(&self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        match self.store.kind() {
            store::DbKind::Sqlite => {
                let path = self.url.replace("sqlite:", "sqlite://");
                sqlx::SqliteConnection::connect(&path).await.unwrap().execute(sql).await.unwrap();
            }
            store::DbKind::Postgres => {
                sqlx::PgConnection::connect(&self.url).await.unwrap().execute(sql).await.unwrap();
            }
        }
    }

    pub async fn take(&self, lane: &Lane) -> Vec<Letter> {
        self.store.take(lane, 100, Duration::from_secs(60)).await.unwrap()
    }

    /// One batch: its effects, committed.
    pub async fn apply(&self, letters: &[Letter]) -> Vec<Verdict> {
        let mut tx = self.store.begin().await.unwrap();
        let verdicts = self.worker.apply(&mut tx, letters).await.unwrap();
        tx.commit().await.unwrap();
        verdicts
    }

    pub async fn case(&self, id: Uuid) -> Case {
        self.store.case(id).await.unwrap().expect("a case")
    }

    /// Department, role and version of every dispatch of a lane taken now.
    pub async fn work(&self, lane: Lane) -> Vec<Dispatch> {
        self.take(&lane).await.iter().map(|letter| letter.read().unwrap()).collect()
    }

    /// What the department's answer does to the case, before the router hears of it.
    pub async fn reject(&self, id: Uuid, department: &str) -> Letter {
        let mut tx = self.store.begin().await.unwrap();
        let mut case = tx.lock_cases(&[id]).await.unwrap().remove(&id).unwrap();
        assert_eq!(case.lead, Some(slug(department)));
        case.version += 1;
        case.status = Status::Received;
        case.rejected_by.push(slug(department));
        let letter = decide_again(&case, Why::Rejected { department: slug(department) });
        tx.save_cases(&[case]).await.unwrap();
        tx.commit().await.unwrap();
        letter
    }

    /// The report that a submission became.
    pub async fn kept(&self, letter: &Letter) -> Report {
        let channel = slug(&letter.subject);
        self.store.report_by_source(&channel, &letter.id.to_string()).await.unwrap().expect("the submission was kept")
    }

    pub async fn words(&self, id: Uuid) -> Vec<(i64, &'static str)> {
        self.store.timeline(id, false).await.unwrap().iter().map(|event| (event.version, event.what.word())).collect()
    }
}

pub(super) fn decide_again(case: &Case, why: Why) -> Letter {
    let id = derived(&["again", &case.id.to_string(), &case.version.to_string()]);
    let body = Received { report: case.id, why };
    let now = NOW.parse().unwrap();
    Letter::new(id, Lane::router(), Topic::ReportReceived, "again", &body, Trace::start(), now).about(case.id)
}

pub(super) fn submission(id: &str, channel: &str, body: &serde_json::Value) -> Letter {
    let id = derived(&["submitted", channel, id]);
    let now = NOW.parse().unwrap();
    Letter::new(id, Lane::intake(), Topic::ReportSubmitted, channel, body, Trace::start(), now)
}
