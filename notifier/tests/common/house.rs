//! A hub with nothing but its notifier, for the tests of whole notices.

use bus::{Bus, BusOptions, LaneSettings};
use notifier::{AskWorker, NoticeLinks, PlanWorker, SendWorker, SenderConfig, Senders, Templates};
use schemas::{
    Uuid,
    city::City,
    event::{CaseEvent, What},
    id::{Clock, Ids, derived},
    letter::Lane,
    place::Place,
    report::{Answers, Contact, Kind, Language, Report, Tell, Urgency},
    slug::{CategoryId, Slug},
    trace::Trace,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};
use store::{NewReport, NoticeRow, Options, Store};
use tokio_util::sync::CancellationToken;

/// How long anything may take.
pub const SOON: Duration = Duration::from_secs(20);

/// A hub with nothing but its notifier. The clock runs, and can be pushed ahead.
pub struct House {
    pub store: Store,
    pub city: Arc<City>,
    pub templates: Arc<Templates>,
    pub senders: Senders,
    pub bus: Bus,
    pub ahead: Arc<AtomicI64>,
    pub stop: CancellationToken,
    _folder: tempfile::TempDir,
}

impl Drop for House {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl House {
    /// A house whose clock is so many microseconds `ahead`.
    pub async fn build(config: &SenderConfig, ahead: Arc<AtomicI64>) -> Self {
        Self::build_in(super::common::city(), config, ahead).await
    }

    /// The same in this city.
    pub async fn build_in(city: City, config: &SenderConfig, ahead: Arc<AtomicI64>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (began, more) = (Instant::now(), ahead.clone());
        let clock = Clock::new(move || {
            let micros = began.elapsed().as_micros() as i64 + more.load(Ordering::SeqCst);
            schemas::id::from_micros(1_795_000_000_000_000 + micros)
        });
        let options = Options { clock: clock.clone(), ids: Ids::new(clock), publish_events: false };
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        let store = Store::open(&url, options).await.unwrap();
        store.migrate().await.unwrap();
        let city = Arc::new(city);
        let links = NoticeLinks::open(&store, "https://hallo.example").await.unwrap();
        let senders = Senders::build(config, &city, &store, &links).unwrap();
        let templates = Arc::new(Templates::read(&city).0.unwrap());
        let bus = Bus::table(store.clone(), BusOptions::default());
        let stop = CancellationToken::new();
        Self { store, city, templates, senders, bus, ahead, stop, _folder: folder }
    }

    pub fn pass(&self, time: Duration) {
        self.ahead.fetch_add(time.as_micros() as i64, Ordering::SeqCst);
    }

    pub async fn send_worker(&self, name: &str) -> Arc<SendWorker> {
        let sender = self.senders.get(name).unwrap();
        let (store, city, templates) = (self.store.clone(), self.city.clone(), self.templates.clone());
        Arc::new(SendWorker::new(store, city, templates, "https://hallo.example/", sender).await.unwrap())
    }

    pub async fn run_planner(&self) {
        let (bus, stop) = (self.bus.clone(), self.stop.clone());
        let (store, city, templates) = (self.store.clone(), self.city.clone(), self.templates.clone());
        let worker = Arc::new(PlanWorker::new(store, city, self.senders.names(), templates).await.unwrap());
        tokio::spawn(async move { bus.run_effects(Lane::notifier(), worker, LaneSettings::default(), stop).await });
    }

    pub async fn run_senders(&self) {
        for name in self.senders.names() {
            let (bus, stop, worker) = (self.bus.clone(), self.stop.clone(), self.send_worker(name).await);
            let sender = self.senders.get(name).unwrap();
            let settings = sender.lane();
            tokio::spawn(async move { bus.run_edge(Lane::sender(name), worker, settings, stop).await });
            if let Some(settings) = sender.asking() {
                let (bus, stop) = (self.bus.clone(), self.stop.clone());
                let worker = Arc::new(AskWorker::new(self.store.clone(), self.city.clone(), sender));
                tokio::spawn(async move { bus.run_edge(Lane::asking(name), worker, settings, stop).await });
            }
        }
    }

    /// Waits until every loop that runs has nothing to do. A loop that was spawned just now runs
    /// only after its condition was waited for once.
    pub async fn drain(&self) {
        self.bus.drain(SOON).await.unwrap();
    }

    /// A report from somebody who left this.
    pub async fn report_from(&self, tell: Tell, contact: Option<Contact>) -> Uuid {
        let id = self.store.ids().new_id();
        let report = Report {
            id,
            reference: self.store.references(1).await.unwrap()[0],
            channel: Slug::new("web").unwrap(),
            source_id: None,
            kind: Kind::Report,
            category: CategoryId::new("wegen/put").unwrap(),
            words: "Een put".into(),
            place: Place::default(),
            answers: Answers::new(),
            urgency: Urgency::Normal,
            language: Language::FR,
            tell,
            photos: Vec::new(),
            token: self.store.ids().token(),
            received_at: self.store.clock().now(),
        };
        let new = NewReport {
            report,
            contact,
            digest: "0".repeat(64),
            route: false,
            trace: Trace::start(),
            noticed: Default::default(),
        };
        self.store.accept(new).await.unwrap();
        id
    }

    pub async fn event(&self, case: Uuid, version: i64, what: What) {
        let report = self.store.report(case).await.unwrap().unwrap();
        let id = derived(&["event", &case.to_string(), what.word(), &version.to_string()]);
        let at = self.store.clock().now();
        let event = CaseEvent { critical: false, id, case_id: case, reference: report.reference, version, at, what };
        let mut tx = self.store.begin().await.unwrap();
        tx.add_events(&[(event, report.tell)], Trace::start()).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub async fn notices(&self, case: Uuid) -> Vec<NoticeRow> {
        self.store.notices_of(case).await.unwrap()
    }
}

/// Waits for a condition, with a deadline.
pub async fn wait_until<F: Future<Output = bool>>(condition: impl Fn() -> F) {
    let end = Instant::now() + SOON;
    while !condition().await {
        assert!(Instant::now() < end, "waited too long");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
