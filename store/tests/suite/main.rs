//! One suite, two databases: each test body runs on SQLite (a file of its own) and, when
//! `VOORDEUR_TEST_POSTGRES` names a server, on PostgreSQL (a database of its own).

mod accept;
mod accounts;
mod answers;
mod api_keys;
mod audit;
mod batches;
mod broadcasts;
mod cases;
mod clock;
mod corrections;
mod database;
mod desk;
mod devices;
mod geocoded;
mod georeport;
mod glimpses;
mod held;
mod lessons;
mod letters;
mod mail_in;
mod mailed;
mod merged;
mod open311;
mod outside;
mod paper;
mod past;
mod people;
mod photos;
mod places;
mod proofs;
mod ratings;
mod relay;
mod rulesets;
mod sms_in;
mod tasks;
mod told;

use schemas::{
    Timestamp, Uuid,
    id::{Clock, Ids, derived, from_micros},
    letter::{Lane, Letter, Topic},
    place::Place,
    report::{Contact, Kind, Language, Report, Tell, Urgency},
    slug::{CategoryId, Slug},
    trace::Trace,
};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};
use store::{NewReport, Options, Store};

/// Writes the tests `sqlite::name` and `postgres::name` for each body.
macro_rules! both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                crate::on_sqlite(super::$name).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                crate::on_postgres(super::$name).await;
            })*
        }
    };
}
pub(crate) use both;

/// A database for one test, with a clock that stands still.
#[derive(Clone)]
pub(crate) struct Bed {
    pub(crate) url: String,
    now: Arc<AtomicI64>,
}

impl Bed {
    fn new(url: String) -> Self {
        Self { url, now: Arc::new(AtomicI64::new(1_790_000_000_000_000)) }
    }

    pub(crate) fn options(&self) -> Options {
        let now = self.now.clone();
        let clock = Clock::new(move || from_micros(now.load(Ordering::SeqCst)));
        Options { ids: Ids::new(clock.clone()), clock, publish_events: true }
    }

    pub(crate) fn now(&self) -> Timestamp {
        from_micros(self.now.load(Ordering::SeqCst))
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.now.fetch_add(i64::try_from(time.as_micros()).unwrap(), Ordering::SeqCst);
    }

    pub(crate) async fn store(&self) -> Store {
        let store = Store::open(&self.url, self.options()).await.unwrap();
        store.migrate().await.unwrap();
        store
    }

    /// A second process, where there may be one.
    pub(crate) async fn other(&self, first: &Store) -> Store {
        match first.kind() {
            store::DbKind::Sqlite => first.clone(),
            store::DbKind::Postgres => Store::open(&self.url, self.options()).await.unwrap(),
        }
    }

    /// Changes rows behind the back of the store.
    pub(crate) async fn tamper(&self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        if self.url.starts_with("sqlite") {
            let path = self.url.replace("sqlite:", "sqlite://");
            sqlx::SqliteConnection::connect(&path).await.unwrap().execute(sql).await.unwrap();
        } else {
            sqlx::PgConnection::connect(&self.url).await.unwrap().execute(sql).await.unwrap();
        }
    }
}

pub(crate) async fn on_sqlite<F: Future<Output = ()>>(body: impl FnOnce(Bed) -> F) {
    let folder = tempfile::tempdir().unwrap();
    body(Bed::new(format!("sqlite:{}", folder.path().join("voordeur.db").display()))).await;
}

pub(crate) async fn on_postgres<F: Future<Output = ()> + Send + 'static>(body: impl FnOnce(Bed) -> F) {
    let Ok(server) = std::env::var("VOORDEUR_TEST_POSTGRES") else {
        assert!(std::env::var("VOORDEUR_TEST_ALL").is_err(), "VOORDEUR_TEST_POSTGRES must name a server");
        return;
    };
    let name = format!("voordeur_test_{}_{}", std::process::id(), unique());
    let mut admin = sqlx::PgConnection::connect(&server).await.unwrap();
    admin.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    let (address, _) = server.rsplit_once('/').unwrap();
    // In a task of its own, so that the database goes also when the test fails.
    let done = tokio::spawn(body(Bed::new(format!("{address}/{name}")))).await;
    admin.execute(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).await.unwrap();
    if let Err(failed) = done {
        std::panic::resume_unwind(failed.into_panic());
    }
}

/// A number that no other call of this process gets.
pub(crate) fn unique() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

pub(crate) fn id(name: &str) -> Uuid {
    derived(&["test", name])
}

pub(crate) fn contact() -> Contact {
    Contact { name: Some("An Peeters".to_owned()), email: Some("an@example.org".to_owned()), phone: None, post: None }
}

/// A report by this name, with a reference of its own.
pub(crate) async fn report(store: &Store, name: &str) -> NewReport {
    let reference = store.references(1).await.unwrap().remove(0);
    NewReport {
        report: Report {
            id: id(name),
            reference,
            channel: Slug::new("web").unwrap(),
            source_id: Some(name.to_owned()),
            kind: Kind::Report,
            category: CategoryId::new("wegen/put").unwrap(),
            words: "Een put in de \"stoep\"\nbij nummer 5 — gevaarlijk".to_owned(),
            place: Place { address: Some("Bondgenotenlaan 5".to_owned()), ..Place::default() },
            answers: [("size".to_owned(), serde_json::json!(["deep", "wide"]))].into(),
            urgency: Urgency::High,
            language: Language::FR,
            tell: Tell::Email,
            photos: Vec::new(),
            token: store.ids().token(),
            received_at: store.clock().now(),
        },
        contact: Some(contact()),
        digest: format!("digest of {name}"),
        route: true,
        trace: Trace::start(),
        noticed: store::Noticed::default(),
    }
}

pub(crate) fn letter(store: &Store, lane: &Lane, name: &str) -> Letter {
    let body = serde_json::json!({ "n": name, "text": "quotes \" and \\u0000 and é" });
    Letter::new(id(name), lane.clone(), Topic::CaseEvent, "case.note", &body, Trace::start(), store.clock().now())
}

pub(crate) async fn post(store: &Store, letters: &[Letter]) {
    let mut tx = store.begin().await.unwrap();
    tx.post(letters).await.unwrap();
    tx.commit().await.unwrap();
}

pub(crate) async fn settle(store: &Store, settlement: store::Settlement) {
    let mut tx = store.begin().await.unwrap();
    tx.settle(&settlement).await.unwrap();
    tx.commit().await.unwrap();
}

pub(crate) fn ids(letters: &[Letter]) -> Vec<Uuid> {
    letters.iter().map(|letter| letter.id).collect()
}

pub(crate) const MINUTE: Duration = Duration::from_secs(60);
