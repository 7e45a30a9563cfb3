//! A department that speaks Open311 over HTTP, and everything around it.

use crate::departments::open311::{
    self,
    fake::{Call, Fake, Offer, Request, Setup},
};
use crate::{
    answers::AnswersWorker,
    deliver::DeliverWorker,
    departments::{self, Built, pace::Pace},
    intake::IntakeTools,
    rounds::RoundWorker,
    secrets::{self, Secrets},
    testing::{self, Hands, PUSHED, timeline, waiting},
};
use bus::{Edge as _, Effects as _, Outcome, Settled, http};
use schemas::{
    Timestamp, Uuid,
    case::{Role, Status},
    dispatch::{Again, AgainWhy, Dispatch},
    id::derived,
    letter::{Lane, Letter, Topic},
    trace::Trace,
    verdict::Verdict,
};
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};
use store::{AttemptEnd, DispatchRow, RoundState};
use wiremock::{Mock, MockServer, Respond, ResponseTemplate, matchers::any};

/// How the next call is received.
#[derive(Debug, Clone, Copy)]
pub(super) enum Manner {
    /// It is not there: 503.
    Away,
    /// It does what is asked, and does not say so.
    Hangs,
    /// It does what is asked, and something breaks on the way back: 502.
    Breaks,
    /// Too many calls: 429, come back in ten minutes.
    Busy,
}

/// The server as it listens.
#[derive(Clone)]
pub(super) struct Listens {
    pub(super) fake: Arc<Mutex<Fake>>,
    pub(super) next: Arc<Mutex<VecDeque<Manner>>>,
    pub(super) away: Arc<Mutex<bool>>,
    pub(super) hands: Hands,
}

impl Respond for Listens {
    fn respond(&self, request: &wiremock::Request) -> ResponseTemplate {
        let manner = match *self.away.lock().unwrap() {
            true => Some(Manner::Away),
            false => self.next.lock().unwrap().pop_front(),
        };
        match manner {
            Some(Manner::Away) => return ResponseTemplate::new(503),
            Some(Manner::Busy) => return ResponseTemplate::new(429).insert_header("retry-after", "600"),
            Some(Manner::Hangs | Manner::Breaks) | None => {}
        }
        let call = Call {
            is_post: request.method.as_str() == "POST",
            path: request.url.path().strip_prefix("/v2/").unwrap(),
            query: request.url.query().unwrap_or_default(),
            body: std::str::from_utf8(&request.body).unwrap(),
        };
        let answer = self.fake.lock().unwrap().answer(call, self.hands.clock().now());
        let template = ResponseTemplate::new(answer.status).set_body_raw(answer.body, answer.content_type);
        match manner {
            Some(Manner::Hangs) => template.set_delay(Duration::from_secs(30)),
            Some(Manner::Breaks) => ResponseTemplate::new(502).set_body_string("<html>bad gateway</html>"),
            _ => template,
        }
    }
}

/// A department that speaks Open311, and everything around it.
pub(super) struct Town {
    pub(super) hands: Hands,
    pub(super) tools: IntakeTools,
    pub(super) server: Listens,
    pub(super) worker: DeliverWorker,
    pub(super) rounds: RoundWorker,
    pub(super) tries: Mutex<std::collections::HashMap<Uuid, u32>>,
    _http: MockServer,
}

impl Town {
    pub(super) async fn new(hands: &Hands, tools: IntakeTools, setup: Setup, settings: Value) -> Self {
        Self::with_patience(hands, tools, setup, settings, 700).await
    }

    /// The same, whose server may take so many milliseconds to answer.
    pub(super) async fn with_patience(
        hands: &Hands,
        tools: IntakeTools,
        setup: Setup,
        settings: Value,
        timeout_ms: u64,
    ) -> Self {
        let setup = Setup { key: Some("sleutel".to_owned()), jurisdiction: Some("stad.example".to_owned()), ..setup };
        let server = Listens {
            fake: Arc::new(Mutex::new(Fake::new(setup))),
            next: Arc::default(),
            away: Arc::default(),
            hands: hands.clone(),
        };
        let listening = MockServer::start().await;
        Mock::given(any()).respond_with(server.clone()).mount(&listening).await;
        let mut all = json!({
            "url": format!("{}/v2", listening.uri()), "jurisdiction_id": "stad.example", "services": {"default": "PUT"},
        });
        all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        let config: open311::Config = serde_json::from_value(all).unwrap();
        assert_eq!(config.check(), []);
        let department = testing::slug(PUSHED);
        let credentials = secrets::Credentials { api_key: Some("sleutel".into()), ..secrets::Credentials::default() };
        let secret = secrets::Config { credentials, ..secrets::Config::default() };
        let http = http::Config { timeout_ms, private_networks: vec!["127.0.0.0/8".into()], ..http::Config::default() };
        let built_with = departments::Tools {
            http: http.build().unwrap(),
            secrets: Secrets::read([(department.clone(), secret)].into()).unwrap(),
            ..testing::tools(tools.store.clone())
        };
        let adapter = config.build(tools.city.department(PUSHED).unwrap(), &built_with).unwrap();
        let built = Built { lane: Lane::department(&department), department, adapter, pace: Pace::default() };
        Self {
            hands: hands.clone(),
            rounds: RoundWorker::new(tools.store.clone(), &built).unwrap(),
            worker: DeliverWorker::new(tools.store.clone(), built),
            tools,
            server,
            tries: Mutex::default(),
            _http: listening,
        }
    }

    pub(super) fn fake<T>(&self, look: impl FnOnce(&mut Fake) -> T) -> T {
        look(&mut self.server.fake.lock().unwrap())
    }

    pub(super) fn next(&self, manners: &[Manner]) {
        *self.server.next.lock().unwrap() = manners.iter().copied().collect();
    }

    /// One try, as the loop makes it: written before, its outcome after.
    pub(super) async fn deliver(&self, letter: &Letter) -> Verdict {
        let (n, verdict) = self.cut_off(letter).await;
        let again = Settled::Again(self.tools.clock.now());
        let settled = match verdict {
            Verdict::Done { .. } => Settled::Gone,
            Verdict::Never { .. } => Settled::Buried,
            Verdict::Later { .. } | Verdict::Unknown { .. } => again,
        };
        let end = AttemptEnd { letter: letter.id, n, verdict: verdict.word(), why: None };
        let outcome = Outcome { letter: letter.clone(), verdict: verdict.clone(), settled };
        let mut tx = self.tools.store.begin().await.unwrap();
        tx.end_attempts(&[end]).await.unwrap();
        self.worker.record(&mut tx, &[outcome]).await.unwrap();
        tx.commit().await.unwrap();
        verdict
    }

    /// One try whose process dies before it writes the outcome.
    pub(super) async fn cut_off(&self, letter: &Letter) -> (u32, Verdict) {
        let n = {
            let mut tries = self.tries.lock().unwrap();
            let n = tries.entry(letter.id).or_default();
            *n += 1;
            *n
        };
        let mut tx = self.tools.store.begin().await.unwrap();
        tx.start_attempts(&[(letter.id, letter.lane.clone(), n)]).await.unwrap();
        tx.commit().await.unwrap();
        (n, self.worker.deliver(letter).await)
    }

    /// Makes the round if it is due, and those that it asks for at once; then hears what they
    /// brought. Gives how many updates there were.
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

    /// The next round, after `seconds`.
    pub(super) async fn after(&self, seconds: i64) -> usize {
        self.hands.pass(seconds);
        self.round().await
    }

    pub(super) async fn row(&self, letter: &Letter) -> DispatchRow {
        let rows = self.tools.store.dispatches_of(letter.case_id.unwrap()).await.unwrap();
        rows.into_iter().find(|row| row.id == letter.id).unwrap()
    }

    pub(super) async fn timeline(&self, letter: &Letter) -> String {
        timeline(&self.tools.store, letter.case_id.unwrap()).await
    }

    pub(super) async fn state(&self) -> RoundState {
        self.tools.store.round(&format!("dept.{PUSHED}")).await.unwrap().unwrap()
    }

    pub(super) fn say(&self, number: &str, status: &str, notes: &str) {
        let now = self.tools.clock.now();
        self.say_at(number, now, status, notes);
    }

    pub(super) fn say_at(&self, number: &str, at: Timestamp, status: &str, notes: &str) {
        self.fake(|fake| {
            fake.say(number, at, |request: &mut Request| {
                request.status = status.to_owned();
                request.notes = notes.to_owned();
            });
        });
    }
}

pub(super) fn offers() -> Setup {
    Setup { services: vec![Offer { code: "PUT".to_owned(), ..Offer::default() }], ..Setup::default() }
}

pub(super) fn batches() -> Setup {
    let offer = Offer { code: "PUT".to_owned(), batch: true, ..Offer::default() };
    Setup { services: vec![offer], batch_after: Duration::from_secs(3600), ..Setup::default() }
}

/// The same case again for the same department.
pub(super) async fn again(town: &Town, first: &Letter, why: AgainWhy, text: &str) -> Letter {
    let mut dispatch: Dispatch = first.read().unwrap();
    let case = dispatch.case_id;
    dispatch.id = derived(&["dispatch", &case.to_string(), PUSHED, "again"]);
    let receipt = town.row(first).await.receipt;
    dispatch.again = Some(Again { why, text: Some(text.to_owned()), first: first.id, receipt });
    let now = town.tools.clock.now();
    let mut tx = town.tools.store.begin().await.unwrap();
    let mut kept = tx.lock_cases(&[case]).await.unwrap().remove(&case).unwrap();
    (kept.status, kept.status_at, kept.closed_at) = (Status::Routed, now, None);
    kept.version += 1;
    tx.save_cases(&[kept]).await.unwrap();
    let row = DispatchRow::posted(dispatch.id, case, testing::slug(PUSHED), Role::Lead, now);
    tx.add_dispatches(&[row]).await.unwrap();
    tx.commit().await.unwrap();
    let lane = Lane::department(&testing::slug(PUSHED));
    Letter::new(dispatch.id, lane, Topic::DepartmentDispatch, "report", &dispatch, Trace::start(), now).about(case)
}
