//! The adapter against a GeoReport server, over HTTP, with the rows of both databases.

use super::fake::{Call, Fake, Offer, Request, Setup};
use crate::{
    answers::AnswersWorker,
    deliver::DeliverWorker,
    departments::{self, Built, pace::Pace},
    http,
    intake::IntakeTools,
    rounds::RoundWorker,
    secrets::{self, Secrets},
    testing::{self, Desk, Hands, PUSHED, routed, timeline, waiting},
};
use bus::{Edge as _, Effects as _, Outcome, Settled};
use schemas::{
    Timestamp, Uuid,
    case::{Role, Status},
    dispatch::{Again, AgainWhy, Dispatch, DispatchState},
    id::derived,
    letter::{Lane, Letter, Topic},
    trace::Trace,
    verdict::{Fault, Verdict},
};
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};
use store::{AttemptEnd, DispatchRow, RoundState};
use wiremock::{Mock, MockServer, Respond, ResponseTemplate, matchers::any};

const MINUTE: i64 = 60;
const DAY: i64 = 24 * 3600;

/// How the next call is received.
#[derive(Debug, Clone, Copy)]
enum Manner {
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
struct Listens {
    fake: Arc<Mutex<Fake>>,
    next: Arc<Mutex<VecDeque<Manner>>>,
    away: Arc<Mutex<bool>>,
    hands: Hands,
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
struct Town {
    hands: Hands,
    tools: IntakeTools,
    server: Listens,
    worker: DeliverWorker,
    rounds: RoundWorker,
    tries: Mutex<std::collections::HashMap<Uuid, u32>>,
    _http: MockServer,
}

impl Town {
    async fn new(hands: &Hands, tools: IntakeTools, setup: Setup, settings: Value) -> Self {
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
        let config: super::Config = serde_json::from_value(all).unwrap();
        assert_eq!(config.check(), []);
        let department = testing::slug(PUSHED);
        let credentials = secrets::Credentials { api_key: Some("sleutel".into()), ..secrets::Credentials::default() };
        let secret = secrets::Config { credentials, ..secrets::Config::default() };
        let http =
            http::Config { timeout_ms: 700, private_networks: vec!["127.0.0.0/8".into()], ..http::Config::default() };
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

    fn fake<T>(&self, look: impl FnOnce(&mut Fake) -> T) -> T {
        look(&mut self.server.fake.lock().unwrap())
    }

    fn next(&self, manners: &[Manner]) {
        *self.server.next.lock().unwrap() = manners.iter().copied().collect();
    }

    /// One try, as the loop makes it: written before, its outcome after.
    async fn deliver(&self, letter: &Letter) -> Verdict {
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
    async fn cut_off(&self, letter: &Letter) -> (u32, Verdict) {
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
    async fn round(&self) -> usize {
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
    async fn after(&self, seconds: i64) -> usize {
        self.hands.pass(seconds);
        self.round().await
    }

    async fn row(&self, letter: &Letter) -> DispatchRow {
        let rows = self.tools.store.dispatches_of(letter.case_id.unwrap()).await.unwrap();
        rows.into_iter().find(|row| row.id == letter.id).unwrap()
    }

    async fn timeline(&self, letter: &Letter) -> String {
        timeline(&self.tools.store, letter.case_id.unwrap()).await
    }

    async fn state(&self) -> RoundState {
        self.tools.store.round(&format!("dept.{PUSHED}")).await.unwrap().unwrap()
    }

    fn say(&self, number: &str, status: &str, notes: &str) {
        let now = self.tools.clock.now();
        self.say_at(number, now, status, notes);
    }

    fn say_at(&self, number: &str, at: Timestamp, status: &str, notes: &str) {
        self.fake(|fake| {
            fake.say(number, at, |request: &mut Request| {
                request.status = status.to_owned();
                request.notes = notes.to_owned();
            });
        });
    }
}

fn offers() -> Setup {
    Setup { services: vec![Offer { code: "PUT".to_owned(), ..Offer::default() }], ..Setup::default() }
}

fn batches() -> Setup {
    let offer = Offer { code: "PUT".to_owned(), batch: true, ..Offer::default() };
    Setup { services: vec![offer], batch_after: Duration::from_secs(3600), ..Setup::default() }
}

/// The same case again for the same department.
async fn again(town: &Town, first: &Letter, why: AgainWhy, text: &str) -> Letter {
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

async fn walk(hands: Hands, tools: IntakeTools, format: &str) {
    let town = Town::new(&hands, tools, offers(), json!({"format": format})).await;
    let letter = routed(&town.tools, PUSHED, Role::Lead).await;
    assert_eq!(town.deliver(&letter).await, Verdict::receipt("638344"));
    let row = town.row(&letter).await;
    assert_eq!((row.state, row.receipt.as_deref()), (DispatchState::Delivered, Some("638344")));
    assert_eq!(town.round().await, 0, "open by itself says nothing");

    town.hands.pass(3600);
    let day = "2026-11-30T23:30:00+01:00".parse().unwrap();
    town.fake(|fake| fake.say("638344", hands.clock().now(), |request| request.expected = Some(day)));
    assert_eq!(town.round().await, 1);
    let planned = town.tools.store.case(letter.case_id.unwrap()).await.unwrap().unwrap();
    assert_eq!((planned.status, planned.planned_on), (Status::Planned, Some(schemas::Date::constant(2026, 11, 30))));
    for _ in 0..3 {
        assert_eq!(town.after(5 * MINUTE).await, 0, "nothing changed");
    }
    town.hands.pass(3600);
    town.fake(|fake| {
        fake.say("638344", hands.clock().now(), |request| {
            request.status = "closed".to_owned();
            request.notes = "Gedicht & <nagekeken>".to_owned();
            request.media = vec!["https://311.example/na.jpg?a=1&b=2".to_owned()];
        });
    });
    assert_eq!(town.round().await, 1);
    assert_eq!(town.after(5 * MINUTE).await, 0);
    assert_eq!(town.timeline(&letter).await, "received handed_over planned solved");
    let events = town.tools.store.timeline(letter.case_id.unwrap(), false).await.unwrap();
    match &events.last().unwrap().what {
        schemas::event::What::Solved { text, evidence, .. } => {
            assert_eq!(text.as_deref(), Some("Gedicht & <nagekeken>"));
            assert_eq!(evidence, &["https://311.example/na.jpg?a=1&b=2"]);
        }
        other => panic!("{other:?}"),
    }
    // Long closed: nobody asks after it any more.
    assert_eq!(town.after(32 * DAY).await, 0);
    let left = town.tools.store.open311_followed(&testing::slug(PUSHED), "", 10).await.unwrap();
    assert!(left.is_empty(), "{left:?}");
}

async fn a_case_walks_in_xml((hands, _bed, tools): Desk) {
    walk(hands, tools, "xml").await;
}

async fn a_case_walks_in_json((hands, _bed, tools): Desk) {
    walk(hands, tools, "json").await;
}

async fn a_token_becomes_a_number((hands, _bed, tools): Desk) {
    let town = Town::new(&hands, tools, batches(), json!({"tokens_within": "2h"})).await;
    let letter = routed(&town.tools, PUSHED, Role::Lead).await;
    assert_eq!(town.deliver(&letter).await, Verdict::receipt("token t-638344"));
    let row = town.row(&letter).await;
    assert_eq!((row.state, row.why.as_deref()), (DispatchState::Posted, Some("token t-638344")), "not handed over yet");
    assert_eq!(town.round().await, 0);
    assert_eq!(town.row(&letter).await.state, DispatchState::Posted);
    town.after(3600).await;
    let row = town.row(&letter).await;
    assert_eq!((row.state, row.receipt.as_deref()), (DispatchState::Delivered, Some("638344")));
    town.say("638344", "closed", "Klaar");
    assert_eq!(town.after(5 * MINUTE).await, 1);
    assert_eq!(town.timeline(&letter).await, "received handed_over solved");
    assert_eq!(town.fake(|fake| fake.posts()), 1);
}

async fn a_token_without_a_number_is_told_to_colleagues_once((hands, _bed, tools): Desk) {
    let setup = Setup { batch_after: Duration::from_secs(3 * 86_400), ..batches() };
    let town = Town::new(&hands, tools, setup, json!({"tokens_within": "2h"})).await;
    let letter = routed(&town.tools, PUSHED, Role::Lead).await;
    town.deliver(&letter).await;
    assert_eq!(town.after(3600).await, 0);
    town.after(2 * 3600).await;
    town.after(5 * MINUTE).await;
    let events = town.tools.store.timeline(letter.case_id.unwrap(), false).await.unwrap();
    let notes = events.iter().filter(|event| event.what.word() == "internal_note").count();
    assert_eq!(notes, 1, "{events:?}");
}

async fn what_may_have_arrived_is_looked_up_and_never_sent_twice((hands, _bed, tools): Desk) {
    let town = Town::new(&hands, tools, offers(), json!({"discover": false, "format": "json"})).await;
    for manner in [Manner::Hangs, Manner::Breaks] {
        let letter = routed(&town.tools, PUSHED, Role::Lead).await;
        let before = town.fake(|fake| fake.posts());
        town.next(&[manner]);
        assert_eq!(town.deliver(&letter).await.word(), "unknown", "{manner:?}");
        town.hands.pass(10);
        // Their list cannot be asked: nothing is sent.
        town.next(&[Manner::Away]);
        assert_eq!(town.deliver(&letter).await.word(), "later", "{manner:?}");
        town.hands.pass(10);
        let found = town.deliver(&letter).await;
        assert!(matches!(&found, Verdict::Done { receipt: Some(number) } if number.starts_with("6383")), "{found:?}");
        assert_eq!(town.fake(|fake| fake.posts()) - before, 1, "{manner:?}");
        assert_eq!(town.row(&letter).await.state, DispatchState::Delivered);
    }
}

async fn a_process_that_dies_after_the_call_leaves_one_request((hands, _bed, tools): Desk) {
    let town = Town::new(&hands, tools, offers(), json!({})).await;
    let letter = routed(&town.tools, PUSHED, Role::Lead).await;
    assert_eq!(town.cut_off(&letter).await.1, Verdict::receipt("638344"));
    assert_eq!(town.row(&letter).await.state, DispatchState::Posted, "nobody wrote down what came of it");
    town.hands.pass(30);
    assert_eq!(town.deliver(&letter).await, Verdict::receipt("638344"));
    assert_eq!(town.fake(|fake| fake.requests().len()), 1);
    assert_eq!(town.timeline(&letter).await, "received handed_over");
}

async fn what_never_arrived_is_sent_once_their_list_shows_that((hands, _bed, tools): Desk) {
    let town = Town::new(&hands, tools, offers(), json!({"discover": false, "shows_after": "2m"})).await;
    let letter = routed(&town.tools, PUSHED, Role::Lead).await;
    // It breaks off before anything arrives: the process dies, and the server was away.
    town.next(&[Manner::Away]);
    town.cut_off(&letter).await;
    town.hands.pass(30);
    let verdict = town.deliver(&letter).await;
    assert!(matches!(&verdict, Verdict::Later { why, .. } if why.contains("shows_after")), "{verdict:?}");
    assert_eq!(town.fake(|fake| fake.posts()), 0);
    town.hands.pass(10 * MINUTE);
    assert_eq!(town.deliver(&letter).await, Verdict::receipt("638344"));
    assert_eq!(town.fake(|fake| fake.requests().len()), 1);
}

async fn an_outage_longer_than_the_window_loses_nothing((hands, _bed, tools): Desk) {
    for updates in ["pull", "none"] {
        let settings = match updates {
            "pull" => json!({"updates": "pull", "window": "1d", "overlap": "15m"}),
            _ => json!({"follow": "changes", "window": "1d", "format": "json"}),
        };
        let town = Town::new(&hands, tools.clone(), offers(), settings).await;
        let letters = [routed(&town.tools, PUSHED, Role::Lead).await, routed(&town.tools, PUSHED, Role::Lead).await];
        for letter in &letters {
            assert_eq!(town.deliver(letter).await.word(), "done");
        }
        town.after(10 * MINUTE).await;
        *town.server.away.lock().unwrap() = true;
        let read = town.state().await.state.clone();
        for hour in 0..3 * 24 {
            assert_eq!(town.after(3600).await, 0);
            match hour {
                5 => town.say("638344", "in_progress", "We zijn bezig"),
                40 => town.say("638345", "closed", "Klaar"),
                60 => town.say("638344", "closed", "Ook klaar"),
                _ => {}
            }
        }
        let waits = town.state().await;
        assert_eq!(waits.state, read, "it does not pretend to have read on");
        assert!(waits.why.unwrap().contains("503"));
        *town.server.away.lock().unwrap() = false;
        // The extension tells each step, the list only how it stands now.
        let heard = town.after(5 * MINUTE).await;
        assert_eq!(heard, if updates == "pull" { 4 } else { 2 }, "{updates}");
        for letter in &letters {
            let told = town.timeline(letter).await;
            assert!(told.ends_with("solved") && told.matches("solved").count() == 1, "{updates}: {told}");
        }
        assert_eq!(town.after(5 * MINUTE).await, 0, "{updates}");
        // The next one has a fresh server, whose numbers begin again.
        clear(&town).await;
    }
}

/// Lets go of everything that a server was asked about.
async fn clear(town: &Town) {
    let mut tx = town.tools.store.begin().await.unwrap();
    let later = town.tools.clock.now() + Duration::from_secs(1);
    tx.drop_open311(&testing::slug(PUSHED), later).await.unwrap();
    tx.commit().await.unwrap();
}

async fn doubles_and_disorder_change_nothing((hands, _bed, tools): Desk) {
    let setup = Setup { doubles: true, backwards: true, ..offers() };
    let town = Town::new(&hands, tools, setup, json!({"updates": "pull", "format": "json"})).await;
    let letter = routed(&town.tools, PUSHED, Role::Lead).await;
    town.deliver(&letter).await;
    town.hands.pass(3600);
    for (minutes, status, notes) in [(0, "investigating", "Gezien"), (1, "in_progress", "Bezig"), (2, "fixed", "Klaar")]
    {
        let at = town.tools.clock.now() + Duration::from_secs(60 * minutes);
        town.say_at("638344", at, status, notes);
    }
    town.after(5 * MINUTE).await;
    for _ in 0..3 {
        town.after(5 * MINUTE).await;
    }
    let case = town.tools.store.case(letter.case_id.unwrap()).await.unwrap().unwrap();
    assert_eq!(case.status, Status::Solved);
    let told = town.timeline(&letter).await;
    assert_eq!(told.matches("solved").count(), 1, "{told}");
    assert_eq!(told.matches("accepted").count(), 1, "said first, heard first: {told}");
    assert!(!told.contains("outdated"), "{told}");
    // Each of their words once, whatever way it came.
    let events = town.tools.store.timeline(letter.case_id.unwrap(), false).await.unwrap();
    let words = serde_json::to_string(&events).unwrap();
    for word in ["Gezien", "Bezig", "Klaar"] {
        assert_eq!(words.matches(word).count(), 1, "{word}: {words}");
    }
}

async fn a_list_that_is_cut_off_is_read_in_halves((hands, _bed, tools): Desk) {
    let setup = Setup { most: 10, ..offers() };
    let town = Town::new(&hands, tools, setup, json!({"updates": "pull", "most": 10, "format": "json"})).await;
    let letter = routed(&town.tools, PUSHED, Role::Lead).await;
    town.deliver(&letter).await;
    town.round().await;
    let begin = town.tools.clock.now();
    for n in 0..45 {
        town.say_at("638344", begin + Duration::from_secs(60 * n), "open", &format!("Bericht {n}."));
        // Many say nothing new, at the same moment.
        town.fake(|fake| fake.say("638344", begin, |_| {}));
    }
    town.fake(|fake| assert_eq!(fake.said().len(), 90));
    let heard = town.after(3600).await;
    assert!(heard >= 45, "{heard}");
    let words =
        serde_json::to_string(&town.tools.store.timeline(letter.case_id.unwrap(), false).await.unwrap()).unwrap();
    for n in 0..45 {
        assert!(words.contains(&format!("Bericht {n}.")), "{n}");
    }
}

async fn strangers_are_counted_and_their_clock_may_run_ahead((hands, _bed, tools): Desk) {
    let town = Town::new(&hands, tools, offers(), json!({"updates": "pull"})).await;
    let letter = routed(&town.tools, PUSHED, Role::Lead).await;
    town.deliver(&letter).await;
    // Somebody else's request, told to the same server.
    let body = "jurisdiction_id=stad.example&api_key=sleutel&service_code=PUT&address_string=x&description=y";
    let call = Call { is_post: true, path: "requests.xml", query: "", body };
    let now = town.tools.clock.now();
    let theirs = town.fake(|fake| fake.answer(call, now).took.unwrap());
    town.hands.pass(3600);
    town.say(&theirs, "closed", "Niet voor ons");
    // Ten minutes ahead of us: heard as soon as our clock is there, and not as of tomorrow.
    let ahead = town.tools.clock.now() + Duration::from_secs(600);
    town.say_at("638344", ahead, "closed", "Klaar");
    assert_eq!(town.round().await, 0);
    assert_eq!(town.after(10 * MINUTE).await, 1);
    assert_eq!(town.timeline(&letter).await, "received handed_over solved");
    let strangers = town.state().await.state["strangers"].as_u64().unwrap();
    assert!(strangers >= 1, "{strangers}");
}

async fn what_was_said_before_we_knew_the_number_is_heard((hands, _bed, tools): Desk) {
    let town = Town::new(&hands, tools, offers(), json!({"updates": "pull"})).await;
    let known = routed(&town.tools, PUSHED, Role::Lead).await;
    town.deliver(&known).await;
    town.round().await;
    let letter = routed(&town.tools, PUSHED, Role::Lead).await;
    town.cut_off(&letter).await;
    town.hands.pass(10 * MINUTE);
    town.say("638344", "in_progress", "Bezig");
    town.say("638345", "closed", "Klaar");
    for _ in 0..24 {
        town.after(5 * MINUTE).await;
    }
    assert_eq!(town.timeline(&letter).await, "received");
    assert_eq!(town.deliver(&letter).await, Verdict::receipt("638345"));
    assert_eq!(town.after(5 * MINUTE).await, 1, "and nothing else is heard again");
    assert_eq!(town.timeline(&letter).await, "received handed_over solved");
    assert_eq!(town.timeline(&known).await, "received handed_over accepted note");
}

async fn a_status_is_news_once_and_again_after_reopening((hands, _bed, tools): Desk) {
    for updates in ["both", "push"] {
        let town = Town::new(&hands, tools.clone(), offers(), json!({"updates": updates})).await;
        let letter = routed(&town.tools, PUSHED, Role::Lead).await;
        town.deliver(&letter).await;
        for (status, notes) in
            [("in_progress", "Gezien"), ("in_progress", "Besteld"), ("fixed", "Klaar"), ("fixed", "Netjes")]
        {
            town.hands.pass(3600);
            town.say("638344", status, notes);
            town.round().await;
        }
        let told = town.timeline(&letter).await;
        assert_eq!((told.matches("accepted").count(), told.matches("solved").count()), (1, 1), "{updates}: {told}");
        town.hands.pass(3600);
        let second = again(&town, &letter, AgainWhy::Reopened, "Hij ligt er nog").await;
        assert_eq!(town.deliver(&second).await.word(), "done");
        town.hands.pass(60);
        // Closed with the same word, before anybody saw it open.
        town.say("638344", "fixed", "Nu echt");
        town.after(5 * MINUTE).await;
        let told = town.timeline(&letter).await;
        assert!(told.ends_with("solved") && told.matches("solved").count() == 2, "{updates}: {told}");
        clear(&town).await;
    }
}

async fn what_is_new_goes_by_the_extension_and_comes_not_back((hands, _bed, tools): Desk) {
    let town = Town::new(&hands, tools, offers(), json!({"updates": "both"})).await;
    let first = routed(&town.tools, PUSHED, Role::Lead).await;
    town.deliver(&first).await;
    town.hands.pass(3600);
    town.say("638344", "fixed", "Klaar");
    assert_eq!(town.round().await, 1);
    town.hands.pass(3600);
    // Said before it was reopened, read after: about the first time.
    let late = town.tools.clock.now();
    town.hands.pass(5 * MINUTE);
    let second = again(&town, &first, AgainWhy::Reopened, "Hij ligt er nog").await;
    town.next(&[Manner::Hangs]);
    assert_eq!(town.deliver(&second).await.word(), "unknown");
    town.hands.pass(10);
    assert_eq!(town.deliver(&second).await, Verdict::receipt("638344"));
    let told = town.fake(|fake| fake.said().iter().filter(|said| said.told).count());
    assert_eq!((told, town.fake(|fake| fake.requests().len())), (1, 1));

    town.say_at("638344", late, "fixed", "Nog eens klaar");
    town.round().await;
    let case = |town: &Town| {
        let (store, id) = (town.tools.store.clone(), first.case_id.unwrap());
        async move { store.case(id).await.unwrap().unwrap().status }
    };
    assert_eq!(case(&town).await, Status::Routed, "not closed by what was said before");
    town.hands.pass(3600);
    town.say("638344", "fixed", "Nu echt");
    town.round().await;
    assert_eq!(case(&town).await, Status::Solved);
}

async fn without_the_extension_what_is_new_is_a_new_request((hands, _bed, tools): Desk) {
    let town = Town::new(&hands, tools, offers(), json!({})).await;
    let first = routed(&town.tools, PUSHED, Role::Lead).await;
    town.deliver(&first).await;
    town.hands.pass(3600);
    let second = again(&town, &first, AgainWhy::Reopened, "Hij ligt er nog").await;
    assert_eq!(town.deliver(&second).await, Verdict::receipt("638345"));
    let description = town.fake(|fake| fake.requests()[1].field("description").unwrap().to_owned());
    assert!(description.starts_with("Dit gaat verder op uw melding 638344"), "{description}");
    assert!(description.contains("Hij ligt er nog"), "{description}");
}

async fn a_server_that_asks_for_patience_gets_it((hands, _bed, tools): Desk) {
    let town = Town::new(&hands, tools, offers(), json!({"discover": false})).await;
    let letter = routed(&town.tools, PUSHED, Role::Lead).await;
    town.next(&[Manner::Busy]);
    let verdict = town.deliver(&letter).await;
    assert!(
        matches!(verdict, Verdict::Later { after: Some(after), counts: false, .. } if after == Duration::from_secs(600)),
        "{verdict:?}"
    );
    town.deliver(&letter).await;
    town.next(&[Manner::Busy]);
    town.round().await;
    assert_eq!(town.state().await.next_at, town.tools.clock.now() + Duration::from_secs(600));
}

async fn a_wrong_setting_is_named_with_the_fix((hands, _bed, tools): Desk) {
    let mut setup = offers();
    setup.services.push(Offer { code: "LAMP".to_owned(), needs: vec!["PAAL".to_owned()], ..Offer::default() });
    for (settings, parts) in [
        (json!({"services": {"default": "PUTT"}}), ["no service `PUTT`", "LAMP, PUT"]),
        (json!({"services": {"groen/*": "PUT"}}), ["wegen/put", "`services`"]),
        (json!({"services": {"wegen/*": "LAMP"}}), ["`PAAL`", "`attributes`"]),
        (json!({"services": {"default": "PUTT"}, "discover": false}), ["service_code was not found", "service code"]),
        (json!({"jurisdiction_id": "x", "discover": false}), ["jurisdiction_id was not found", "`jurisdiction_id`"]),
    ] {
        let town = Town::new(&hands, tools.clone(), setup.clone(), settings.clone()).await;
        let letter = routed(&town.tools, PUSHED, Role::Lead).await;
        match town.deliver(&letter).await {
            Verdict::Never { why, fault } => {
                assert!(parts.iter().all(|part| why.contains(part)), "{settings}: {why}");
                assert!(matches!(fault, Fault::Ours | Fault::Address), "{fault:?}");
            }
            other => panic!("{settings}: {other:?}"),
        }
        assert_eq!(town.fake(|fake| fake.requests().len()), 0);
    }
}

testing::both! {
    a_case_walks_in_xml,
    a_case_walks_in_json,
    a_token_becomes_a_number,
    a_token_without_a_number_is_told_to_colleagues_once,
    what_may_have_arrived_is_looked_up_and_never_sent_twice,
    a_process_that_dies_after_the_call_leaves_one_request,
    what_never_arrived_is_sent_once_their_list_shows_that,
    an_outage_longer_than_the_window_loses_nothing,
    doubles_and_disorder_change_nothing,
    a_list_that_is_cut_off_is_read_in_halves,
    strangers_are_counted_and_their_clock_may_run_ahead,
    what_was_said_before_we_knew_the_number_is_heard,
    a_status_is_news_once_and_again_after_reopening,
    what_is_new_goes_by_the_extension_and_comes_not_back,
    without_the_extension_what_is_new_is_a_new_request,
    a_server_that_asks_for_patience_gets_it,
    a_wrong_setting_is_named_with_the_fix,
}
