//! A department that exchanges files over a folder that may break, for tests.

use super::{shelf::Entry, *};
use crate::{
    answers::AnswersWorker,
    deliver::DeliverWorker,
    departments::{Built, pace::Pace},
    intake::IntakeTools,
    rounds::RoundWorker,
    testing::{self, Hands, PUSHED, routed, timeline, waiting},
};
use bus::{Edge as _, Effects as _, Outcome, Settled};
use schemas::{
    Uuid,
    case::Role,
    letter::{Lane, Letter},
};
use serde_json::{Value, json};
use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};
use store::DispatchRow;
use tokio::sync::Notify;

/// A place that stops at one of its steps, as when the process is killed there.
pub(super) struct Brittle {
    whole: Arc<dyn Shelf>,
    /// How many steps were made.
    pub(super) steps: AtomicUsize,
    /// At which step it stops, and whether the step is still made.
    pub(super) cut: Mutex<Option<(usize, bool)>>,
    pub(super) stopped: Notify,
}

impl Brittle {
    pub(super) fn new(whole: Arc<dyn Shelf>) -> Arc<Self> {
        Arc::new(Self { whole, steps: AtomicUsize::new(0), cut: Mutex::default(), stopped: Notify::new() })
    }

    pub(super) async fn step<T>(&self, step: impl Future<Output = T>) -> T {
        let n = self.steps.fetch_add(1, Ordering::SeqCst);
        let cut = *self.cut.lock().unwrap();
        match cut {
            Some((at, made)) if at == n => {
                if made {
                    step.await;
                }
                self.stopped.notify_one();
                std::future::pending().await
            }
            _ => step.await,
        }
    }
}

#[async_trait]
impl Shelf for Brittle {
    async fn make_folder(&self, folder: &str) -> Result<(), Trouble> {
        self.step(self.whole.make_folder(folder)).await
    }
    async fn list(&self, folder: &str) -> Result<Vec<Entry>, Trouble> {
        self.step(self.whole.list(folder)).await
    }
    async fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Trouble> {
        self.step(self.whole.read(path)).await
    }
    async fn write(&self, path: &str, bytes: &[u8]) -> Result<(), Trouble> {
        self.step(self.whole.write(path, bytes)).await
    }
    async fn rename(&self, from: &str, to: &str) -> Result<bool, Trouble> {
        self.step(self.whole.rename(from, to)).await
    }
}

/// A department that exchanges files, and everything around it.
pub(super) struct Town {
    pub(super) hands: Hands,
    pub(super) tools: IntakeTools,
    pub(super) folder: tempfile::TempDir,
    pub(super) shelf: Arc<Brittle>,
    pub(super) worker: DeliverWorker,
    pub(super) rounds: RoundWorker,
}

impl Town {
    pub(super) fn new(hands: &Hands, tools: &IntakeTools, settings: Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Brittle::new(Arc::new(Directory::new(folder.path().to_owned())));
        Self::over(hands, tools, settings, folder, (Place::Folder(shelf.clone()), shelf))
    }

    /// Over another way into the same folder.
    pub(super) fn over(
        hands: &Hands,
        tools: &IntakeTools,
        settings: Value,
        folder: tempfile::TempDir,
        (place, shelf): (Place, Arc<Brittle>),
    ) -> Self {
        let mut all = json!({"directory": {"path": folder.path()}, "every": "10m", "look_every": "1m"});
        all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        let config: Config = serde_json::from_value(all).unwrap();
        let department = tools.city.department(PUSHED).unwrap();
        assert_eq!([config.check(), config.check_for(&tools.city, department)].concat(), []);
        let with = testing::tools(tools.store.clone());
        let exchange = Exchange::new(config, department, &with, place);
        let built = Built {
            department: department.id.clone(),
            lane: Lane::department(&department.id),
            adapter: Arc::new(BatchFile { exchange: Arc::new(exchange) }),
            pace: Pace::default(),
        };
        Self {
            hands: hands.clone(),
            tools: tools.clone(),
            folder,
            shelf,
            rounds: RoundWorker::new(tools.store.clone(), &built).unwrap(),
            worker: DeliverWorker::new(tools.store.clone(), built),
        }
    }

    /// A new case for the department, as far as the loop takes it.
    pub(super) async fn dispatched(&self) -> Letter {
        let letter = routed(&self.tools, PUSHED, Role::Lead).await;
        self.deliver(&letter).await;
        letter
    }

    pub(super) async fn deliver(&self, letter: &Letter) {
        let verdict = self.worker.deliver(letter).await;
        assert!(matches!(verdict, Verdict::Done { .. }), "{verdict:?}");
        let outcome = Outcome { letter: letter.clone(), verdict, settled: Settled::Gone };
        let mut tx = self.tools.store.begin().await.unwrap();
        self.worker.record(&mut tx, &[outcome]).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Makes every round that is due; then hears what they brought. Gives how many updates there were.
    pub(super) async fn round(&self) -> usize {
        while self.rounds.once().await.unwrap() {}
        let lane = Lane::updates();
        let letters = waiting(&self.tools.store, &lane).await;
        let worker = AnswersWorker::new(self.tools.city.clone(), self.tools.clock.clone());
        let mut tx = self.tools.store.begin().await.unwrap();
        for verdict in worker.apply(&mut tx, &letters).await.unwrap() {
            assert_eq!(verdict, Verdict::done());
        }
        let ids: Vec<Uuid> = letters.iter().map(|letter| letter.id).collect();
        tx.arrived(&lane, &ids).await.unwrap();
        tx.commit().await.unwrap();
        letters.len()
    }

    /// The rounds of the next `minutes`.
    pub(super) async fn after(&self, minutes: i64) -> usize {
        let mut heard = 0;
        for _ in 0..minutes * 6 {
            self.hands.pass(10);
            heard += self.round().await;
        }
        heard
    }

    pub(super) async fn row(&self, letter: &Letter) -> DispatchRow {
        let rows = self.tools.store.dispatches_of(letter.case_id.unwrap()).await.unwrap();
        rows.into_iter().find(|row| row.id == letter.id).unwrap()
    }

    pub(super) async fn timeline(&self, letter: &Letter) -> String {
        timeline(&self.tools.store, letter.case_id.unwrap()).await
    }

    pub(super) fn at(&self, path: &str) -> std::path::PathBuf {
        self.folder.path().join(path)
    }

    pub(super) fn put(&self, name: &str, text: &str) {
        std::fs::write(self.at(&format!("in/{name}")), text).unwrap();
    }

    pub(super) fn names(&self, folder: &str) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.at(folder))
            .map(|entries| entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect())
            .unwrap_or_default();
        names.sort();
        names
    }

    pub(super) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.at(path)).unwrap()
    }

    pub(super) async fn why(&self) -> Option<String> {
        self.tools.store.round(&format!("dept.{PUSHED}")).await.unwrap().unwrap().why
    }
}

/// The dispatches in a file of ours.
pub(super) fn dispatches(csv: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(csv.trim_start_matches('\u{feff}').as_bytes());
    reader.records().map(|record| record.unwrap()[0].to_owned()).collect()
}
