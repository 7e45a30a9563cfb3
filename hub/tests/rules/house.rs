//! A house whose clock stands still: reports come in, are decided, are sent back.

use crate::{Bed, town};
use adapters::{answers::AnswersWorker, updates};
use bus::Effects;
use hub::city::Town;
use router::{RouterWorker, Ruleset};
use schemas::{
    Timestamp, Uuid,
    dispatch::{Say, Update},
    id::{Clock, Ids, from_micros},
    letter::{Lane, Letter},
    place::Place,
    reference::Reference,
    report::{Answers, Contact, Kind, Language, Report, Tell, Urgency},
    slug::CategoryId,
    trace::Trace,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use store::{Activated, NewReport, Options, Store};

/// When the house opens: a Monday, long enough ago for any machine.
pub(crate) const OPENS: &str = "2024-11-04T09:00:00Z";

pub(crate) struct House {
    pub(crate) store: Store,
    router: RouterWorker,
    answers: AnswersWorker,
    now: Arc<AtomicI64>,
}

/// What somebody reports.
pub(crate) struct Told {
    pub category: &'static str,
    pub words: String,
    pub contact: Option<Contact>,
}

impl Told {
    pub(crate) fn about(category: &'static str) -> Self {
        Self { category, words: "Kijk eens.".to_owned(), contact: None }
    }
}

impl House {
    pub(crate) async fn open(bed: &Bed) -> Self {
        let opens: Timestamp = OPENS.parse().unwrap();
        let now = Arc::new(AtomicI64::new(opens.as_microsecond()));
        let hands = now.clone();
        let clock = Clock::new(move || from_micros(hands.load(Ordering::SeqCst)));
        let options = Options { ids: Ids::new(clock.clone()), clock: clock.clone(), publish_events: false };
        let store = Store::open(&bed.url, options).await.unwrap();
        store.migrate().await.unwrap();
        let Town { city, rules, .. } = town(&bed.city());
        let router = RouterWorker::new(store.clone(), city.clone(), rules, "https://teldorp.example");
        Self { store, router, answers: AnswersWorker::new(city, clock), now }
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.now.fetch_add(i64::try_from(time.as_micros()).unwrap(), Ordering::SeqCst);
    }

    /// Sets the clock to that of the commands, so that what they wrote is due.
    pub(crate) fn catch_up(&self) {
        self.now.store(hub::clock::real().now().as_microsecond(), Ordering::SeqCst);
    }

    /// Puts the rules of the folder in force.
    pub(crate) async fn activate(&self, bed: &Bed) -> String {
        let town = town(&bed.city());
        let version = town.rules.version();
        let seen = self.store.rules_in_force().await.unwrap().map_or(0, |active| active.n);
        let mut tx = self.store.begin().await.unwrap();
        let done = tx.activate_rules(version, &Ruleset::files(&town.city.files), seen, "").await.unwrap();
        assert!(matches!(done, Activated::Now(_)));
        tx.commit().await.unwrap();
        version.to_owned()
    }

    /// Takes a report in; nobody has decided yet.
    pub(crate) async fn take_in(&self, told: Told) -> Reference {
        let reference = self.store.references(1).await.unwrap()[0];
        let report = Report {
            id: self.store.ids().new_id(),
            reference,
            channel: "web".parse().unwrap(),
            source_id: None,
            kind: Kind::Report,
            category: CategoryId::new(told.category).unwrap(),
            words: told.words,
            place: Place::default(),
            answers: Answers::new(),
            urgency: Urgency::Normal,
            language: Language::NL,
            tell: if told.contact.is_some() { Tell::Email } else { Tell::Nothing },
            photos: Vec::new(),
            token: self.store.ids().token(),
            received_at: self.store.clock().now(),
        };
        let contact = told.contact;
        let new = NewReport {
            report,
            contact,
            digest: "d".to_owned(),
            route: true,
            trace: Trace::start(),
            noticed: Default::default(),
        };
        self.store.accept(new).await.unwrap();
        reference
    }

    /// Decides what waits.
    pub(crate) async fn decide(&self) {
        self.work(&self.router, Lane::router()).await;
    }

    /// Takes a report in and decides it.
    pub(crate) async fn report(&self, told: Told) -> Reference {
        let reference = self.take_in(told).await;
        self.decide().await;
        reference
    }

    /// `department` says that it is not theirs; the router sends it on.
    pub(crate) async fn reject(&self, reference: Reference, department: &str) {
        self.says(&[reference], department, Say::Reject { reason: "niet van ons".to_owned() }).await;
        self.decide().await;
    }

    /// `department` says that these are done.
    pub(crate) async fn solve(&self, references: &[Reference], department: &str) {
        self.says(references, department, Say::Done { text: None, evidence: Vec::new() }).await;
    }

    async fn says(&self, references: &[Reference], department: &str, say: Say) {
        let now = self.store.clock().now();
        let mut letters = Vec::with_capacity(references.len());
        for reference in references {
            let case = self.id(*reference).await;
            let rows = self.store.dispatches_of(case).await.unwrap();
            let row = rows.iter().find(|row| row.department.as_str() == department).unwrap();
            let (department, dispatch) = (row.department.clone(), row.id);
            let update = Update {
                critical: false,
                id: format!("{}-{dispatch}", say.word()),
                department,
                dispatch,
                at: now,
                say: say.clone(),
            };
            letters.push(updates::letter(&update, case, Trace::start(), now));
        }
        self.apply(&self.answers, &letters).await;
    }

    pub(crate) async fn id(&self, reference: Reference) -> Uuid {
        self.store.report_by_reference(reference).await.unwrap().unwrap().id
    }

    async fn work(&self, worker: &dyn Effects, lane: Lane) {
        let letters = self.store.take(&lane, 256, Duration::from_secs(60)).await.unwrap();
        self.apply(worker, &letters).await;
        // Settled: nobody takes them again.
        let mut tx = self.store.begin().await.unwrap();
        let done = letters.iter().map(|letter| letter.id).collect();
        tx.settle(&store::Settlement { done, ..store::Settlement::default() }).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn apply(&self, worker: &dyn Effects, letters: &[Letter]) {
        let mut tx = self.store.begin().await.unwrap();
        let verdicts = worker.apply(&mut tx, letters).await.unwrap();
        tx.commit().await.unwrap();
        assert!(verdicts.iter().all(|verdict| *verdict == schemas::verdict::Verdict::done()), "{verdicts:?}");
    }
}
