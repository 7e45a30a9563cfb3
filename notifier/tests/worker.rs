//! From an event to a notice in somebody's hands, over the letters table.

mod common;
#[path = "../../tests/src/smtp_sink.rs"]
#[expect(dead_code, reason = "the tests of other crates use the rest of it")]
mod smtp_sink;

use bus::{Bus, BusOptions, Edge, LaneSettings};
use notifier::{NoticeLinks, PlanWorker, SendWorker, SenderConfig, Senders, Templates};
use schemas::{
    Uuid,
    city::City,
    event::{CaseEvent, What},
    id::{Clock, Ids, derived},
    letter::{Lane, Letter, Topic},
    notice::{Due, NoticeState},
    place::Place,
    report::{Answers, Contact, Kind, Language, Report, Tell, Urgency},
    slug::{CategoryId, Slug},
    trace::Trace,
    verdict::Verdict,
};
use smtp_sink::{SmtpSink, Switches};
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};
use store::{NewReport, NoticeRow, Options, Store};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_util::sync::CancellationToken;

const SOON: Duration = Duration::from_secs(20);

/// A hub with nothing but its notifier. The clock runs, and can be pushed ahead.
struct House {
    store: Store,
    city: Arc<City>,
    templates: Arc<Templates>,
    senders: Senders,
    bus: Bus,
    ahead: Arc<AtomicI64>,
    stop: CancellationToken,
    _folder: tempfile::TempDir,
}

impl Drop for House {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl House {
    async fn build(sink: Option<&SmtpSink>) -> Self {
        let mail = sink.map(|sink| format!("smtp://{}", sink.address()).parse().unwrap());
        Self::build_with(&SenderConfig { mail, ..SenderConfig::default() }).await
    }

    async fn build_with(config: &SenderConfig) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ahead = Arc::new(AtomicI64::new(0));
        let (began, more) = (Instant::now(), ahead.clone());
        let clock = Clock::new(move || {
            let micros = began.elapsed().as_micros() as i64 + more.load(Ordering::SeqCst);
            schemas::id::from_micros(1_795_000_000_000_000 + micros)
        });
        let options = Options { clock: clock.clone(), ids: Ids::new(clock), publish_events: false };
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        let store = Store::open(&url, options).await.unwrap();
        store.migrate().await.unwrap();
        let city = Arc::new(common::city());
        let links = NoticeLinks::open(&store, "https://hallo.example").await.unwrap();
        let senders = Senders::build(config, &city, &store, &links).unwrap();
        let templates = Arc::new(Templates::read(&city).0.unwrap());
        let bus = Bus::table(store.clone(), BusOptions::default());
        let stop = CancellationToken::new();
        Self { store, city, templates, senders, bus, ahead, stop, _folder: folder }
    }

    fn pass(&self, time: Duration) {
        self.ahead.fetch_add(time.as_micros() as i64, Ordering::SeqCst);
    }

    async fn send_worker(&self, name: &str) -> Arc<SendWorker> {
        let sender = self.senders.get(name).unwrap();
        let (store, city, templates) = (self.store.clone(), self.city.clone(), self.templates.clone());
        Arc::new(SendWorker::new(store, city, templates, "https://hallo.example/", sender).await.unwrap())
    }

    async fn run_planner(&self) {
        let (bus, stop) = (self.bus.clone(), self.stop.clone());
        let worker =
            Arc::new(PlanWorker::new(self.store.clone(), self.city.clone(), self.senders.names()).await.unwrap());
        tokio::spawn(async move { bus.run_effects(Lane::notifier(), worker, LaneSettings::default(), stop).await });
    }

    async fn run_senders(&self) {
        for name in self.senders.names() {
            let (bus, stop, worker) = (self.bus.clone(), self.stop.clone(), self.send_worker(name).await);
            let settings = self.senders.get(name).unwrap().lane();
            tokio::spawn(async move { bus.run_edge(Lane::sender(name), worker, settings, stop).await });
        }
    }

    /// Waits until every loop that runs has nothing to do. A loop that was spawned just now runs
    /// only after its condition was waited for once.
    async fn drain(&self) {
        self.bus.drain(SOON).await.unwrap();
    }

    /// A report from somebody with this address.
    async fn report(&self, tell: Tell, email: Option<&str>) -> Uuid {
        let contact =
            email.map(|email| Contact { name: Some("Jo".into()), email: Some(email.into()), phone: None, post: None });
        self.report_from(tell, contact).await
    }

    /// A report from somebody who left this.
    async fn report_from(&self, tell: Tell, contact: Option<Contact>) -> Uuid {
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
            language: Language::Fr,
            tell,
            photos: Vec::new(),
            token: self.store.ids().token(),
            received_at: self.store.clock().now(),
        };
        let new = NewReport { report, contact, digest: "0".repeat(64), route: false, trace: Trace::start() };
        self.store.accept(new).await.unwrap();
        id
    }

    async fn event(&self, case: Uuid, version: i64, what: What) {
        let report = self.store.report(case).await.unwrap().unwrap();
        let id = derived(&["event", &case.to_string(), what.word(), &version.to_string()]);
        let at = self.store.clock().now();
        let event = CaseEvent { id, case_id: case, reference: report.reference, version, at, what };
        let mut tx = self.store.begin().await.unwrap();
        tx.add_events(&[(event, report.tell)], Trace::start()).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn notices(&self, case: Uuid) -> Vec<NoticeRow> {
        self.store.notices_of(case).await.unwrap()
    }

    async fn states(&self, case: Uuid) -> Vec<(String, NoticeState)> {
        self.notices(case).await.into_iter().map(|row| (row.notice.template, row.notice.state)).collect()
    }
}

fn planned() -> What {
    What::Planned {
        department: Slug::new("publieke-ruimte-wegen").unwrap(),
        on: jiff::civil::date(2026, 12, 4),
        text: None,
    }
}

fn note() -> What {
    What::Note { department: Slug::new("publieke-ruimte-wegen").unwrap(), text: "Wij komen kijken.".into() }
}

#[tokio::test]
async fn without_a_mail_server_notices_go_to_the_letterbox() {
    let house = House::build(None).await;
    let case = house.report(Tell::Email, Some("jo@example.org")).await;
    house.event(case, 2, note()).await;
    house.run_planner().await;
    house.run_senders().await;
    wait_until(|| async { house.store.letterbox(9, None).await.unwrap().len() == 2 }).await;
    house.drain().await;
    let items = house.store.letterbox(9, None).await.unwrap();
    assert_eq!(items.len(), 2);
    let token = house.store.report(case).await.unwrap().unwrap().token;
    for item in &items {
        assert_eq!((item.recipient.as_str(), item.language), ("jo@example.org", Language::Fr));
        assert!(item.text.contains(&format!("\nhttps://hallo.example/fr/t/{token}\n")), "{}", item.text);
        assert!(item.html.contains("lang=\"fr\""));
    }
    assert!(items.iter().any(|item| item.text.contains("> Wij komen kijken.")));
    let notices = house.notices(case).await;
    assert!(notices.iter().all(|row| row.notice.state == NoticeState::Sent && row.receipt.is_some()), "{notices:?}");
}

#[tokio::test]
async fn an_event_that_comes_twice_is_told_once() {
    let sink = SmtpSink::start(Switches::default()).await.unwrap();
    let house = House::build(Some(&sink)).await;
    let case = house.report(Tell::Email, Some("jo@example.org")).await;
    house.run_planner().await;
    house.run_senders().await;
    assert!(sink.wait_for(1, SOON).await);
    house.drain().await;
    // A carrier may hand the same letter over again, also under another id.
    let event = house.store.timeline(case, true).await.unwrap().remove(0);
    for id in [derived(&["again"]), derived(&["and again"])] {
        let now = house.store.clock().now();
        let letter = Letter::new(id, Lane::notifier(), Topic::CaseEvent, "case.received", &event, Trace::start(), now);
        let mut tx = house.store.begin().await.unwrap();
        tx.post(&[letter]).await.unwrap();
        tx.commit().await.unwrap();
    }
    house.drain().await;
    assert_eq!(house.notices(case).await.len(), 1);
    assert_eq!(sink.count(), 1);
    // Nor is a notice sent twice when its own letter comes again.
    let notice = house.notices(case).await.remove(0).notice;
    let verdict = house.send_worker("mail").await.deliver(&due(&house, notice.id, 0)).await;
    assert_eq!((verdict, sink.count()), (Verdict::done(), 1));
}

#[tokio::test]
async fn who_wants_to_hear_nothing_hears_nothing() {
    let house = House::build(None).await;
    let case = house.report(Tell::Nothing, Some("jo@example.org")).await;
    let anonymous = house.report(Tell::Nothing, None).await;
    house.run_planner().await;
    house.event(case, 2, planned()).await;
    house.event(anonymous, 2, planned()).await;
    house.drain().await;
    assert!(house.notices(case).await.is_empty() && house.notices(anonymous).await.is_empty());
}

#[tokio::test]
async fn a_letter_that_holds_nothing_usable_is_buried_and_the_rest_goes_on() {
    let house = House::build(None).await;
    let now = house.store.clock().now();
    let letter =
        Letter::new(derived(&["bad"]), Lane::notifier(), Topic::CaseEvent, "x", &"nothing", Trace::start(), now);
    let mut tx = house.store.begin().await.unwrap();
    tx.post(&[letter]).await.unwrap();
    tx.commit().await.unwrap();
    let case = house.report(Tell::Email, Some("jo@example.org")).await;
    house.run_planner().await;
    wait_until(|| async { house.notices(case).await.len() == 1 }).await;
    house.drain().await;
    let dead = house.store.dead(store::DeadFilter { limit: 9, ..Default::default() }).await.unwrap();
    assert_eq!(dead.len(), 1);
    assert!(dead[0].why.contains("does not hold an event"), "{}", dead[0].why);
}

/// The letter of a notice, after so many tries.
fn due(house: &House, notice: Uuid, attempt: u32) -> Letter {
    let now = house.store.clock().now();
    let due = Due { notice };
    let letter = Letter::new(notice, Lane::sender("mail"), Topic::NoticeDue, "notice", &due, Trace::start(), now);
    Letter { attempt, ..letter }
}

#[tokio::test]
async fn a_newer_status_takes_the_place_of_a_late_one() {
    let sink = SmtpSink::start(Switches { rcpt: Some("451 4.7.1 later".into()), ..Switches::default() }).await.unwrap();
    let house = House::build(Some(&sink)).await;
    let case = house.report(Tell::Email, Some("jo@example.org")).await;
    house.event(case, 2, note()).await;
    house.run_planner().await;
    house.run_senders().await;
    wait_until(|| async {
        let notices = house.notices(case).await;
        notices.len() == 2 && notices.iter().all(|row| row.attempts == 1)
    })
    .await;
    house.drain().await;
    assert!(house.notices(case).await.iter().all(|row| row.notice.state == NoticeState::Planned && row.why.is_some()));

    sink.switch(|switches| switches.rcpt = None);
    house.event(case, 3, planned()).await;
    assert!(sink.wait_for(1, SOON).await, "the newest is on time");
    house.pass(Duration::from_secs(60));
    wait_until(|| async { house.states(case).await.iter().all(|(_, state)| *state != NoticeState::Planned) }).await;
    house.drain().await;
    let mut states = house.states(case).await;
    states.sort_by(|a, b| a.0.cmp(&b.0));
    let expected = [("note", NoticeState::Sent), ("planned", NoticeState::Sent), ("received", NoticeState::Superseded)];
    assert_eq!(
        states,
        expected.map(|(name, state)| (name.to_owned(), state)),
        "a note has words that nothing newer repeats"
    );
    assert_eq!(sink.count(), 2);
}

#[tokio::test]
async fn what_waited_long_before_its_first_try_is_late_too() {
    let sink = SmtpSink::start(Switches::default()).await.unwrap();
    let house = House::build(Some(&sink)).await;
    let case = house.report(Tell::Email, Some("jo@example.org")).await;
    house.run_planner().await;
    wait_until(|| async { house.notices(case).await.len() == 1 }).await;
    house.drain().await;
    let first = house.notices(case).await.remove(0).notice.id;
    house.event(case, 2, planned()).await;
    house.drain().await;
    let worker = house.send_worker("mail").await;
    house.pass(Duration::from_secs(3600));
    assert_eq!(worker.deliver(&due(&house, first, 0)).await, Verdict::receipt(notifier::worker::SUPERSEDED));
    let notices = house.notices(case).await;
    let newest = notices.iter().find(|row| row.notice.version == 2).unwrap();
    assert_eq!(worker.deliver(&due(&house, newest.notice.id, 3)).await.word(), "done", "nothing is newer");
    assert_eq!(sink.count(), 1);
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_then_sent_again_under_the_same_name() {
    let sink = SmtpSink::start(Switches { drop_replies: 1, ..Switches::default() }).await.unwrap();
    let house = House::build(Some(&sink)).await;
    let case = house.report(Tell::Email, Some("jo@example.org")).await;
    house.run_planner().await;
    house.run_senders().await;
    wait_until(|| async { house.states(case).await == [("received".to_owned(), NoticeState::Unknown)] }).await;
    house.drain().await;
    house.pass(Duration::from_secs(120));
    assert!(sink.wait_for(2, SOON).await);
    wait_until(|| async { house.states(case).await == [("received".to_owned(), NoticeState::Sent)] }).await;
    let arrived = sink.arrived();
    assert_eq!(arrived[0].message_id(), arrived[1].message_id());
    let row = house.notices(case).await.remove(0);
    assert_eq!((row.attempts, row.receipt.as_deref()), (2, Some("250 2.0.0 Ok: queued as SINK2")));
}

#[tokio::test]
async fn a_dead_address_is_a_dead_letter() {
    let answer = "550 5.1.1 <jo.peeters@example.org>: unknown".to_owned();
    let sink = SmtpSink::start(Switches { rcpt: Some(answer), ..Switches::default() }).await.unwrap();
    let house = House::build(Some(&sink)).await;
    let case = house.report(Tell::Email, Some("jo.peeters@example.org")).await;
    house.run_planner().await;
    house.run_senders().await;
    wait_until(|| async { house.states(case).await == [("received".to_owned(), NoticeState::Failed)] }).await;
    house.drain().await;
    let dead = house.store.dead(store::DeadFilter { limit: 9, ..Default::default() }).await.unwrap();
    assert_eq!(dead.len(), 1);
    assert!(!format!("{dead:?}").contains("peeters"), "no personal data outside `contact`: {dead:?}");
}

/// Waits for a condition, with a deadline.
async fn wait_until<F: Future<Output = bool>>(condition: impl Fn() -> F) {
    let end = Instant::now() + SOON;
    while !condition().await {
        assert!(Instant::now() < end, "waited too long");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A gateway that takes every message with 202 and counts them; its address.
async fn gateway() -> (String, Arc<AtomicI64>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (url, taken) = (format!("http://{}", listener.local_addr().unwrap()), Arc::new(AtomicI64::new(0)));
    let count = taken.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (mut head, mut piece) = (Vec::new(), [0; 4096]);
            while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                let read = stream.read(&mut piece).await.unwrap();
                head.extend_from_slice(&piece[..read]);
            }
            count.fetch_add(1, Ordering::SeqCst);
            let answer = "HTTP/1.1 202 Accepted\r\ncontent-length: 12\r\nconnection: close\r\n\r\n0: Accepted.";
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (url, taken)
}

#[tokio::test]
async fn a_text_message_is_sent_once_its_cost_is_kept_and_silence_sends_it_another_way() {
    let (url, taken) = gateway().await;
    let sms = toml::from_str(&format!(
        "profile = 'kannel'\nurl = '{url}'\nfrom = 'Kortrijk'\nuser = 'u'\npassword = 'p'\nprice_per_part = 0.065\n\
         public_url = 'https://hallo.example'\nhook_secret = 'a-secret-of-twenty-characters'"
    ))
    .unwrap();
    let sink = SmtpSink::start(Switches::default()).await.unwrap();
    let http = bus::http::Config { private_networks: vec!["127.0.0.1".into()], ..Default::default() };
    let mail = Some(format!("smtp://{}", sink.address()).parse().unwrap());
    let house = House::build_with(&SenderConfig { mail, sms: Some(sms), http }).await;
    let (email, phone) = (Some("jo@example.org".to_owned()), Some("0470 12 34 56".to_owned()));
    let contact = Contact { name: None, email, phone, post: None };
    let case = house.report_from(Tell::Sms, Some(contact)).await;
    house.run_planner().await;
    house.run_senders().await;
    wait_until(|| async { taken.load(Ordering::SeqCst) == 1 }).await;
    house.drain().await;
    let row = house.notices(case).await.remove(0);
    assert_eq!((row.notice.sender.as_str(), row.notice.state), ("sms", NoticeState::Sent), "{row:?}");
    let receipt = row.receipt.unwrap();
    let parts: i64 = receipt.split(' ').next().unwrap().parse().unwrap();
    assert_eq!(row.cost, Some(parts * 65_000), "{receipt}");
    assert_eq!(sink.count(), 0);

    // Nobody says in two days that it arrived.
    house.pass(Duration::from_hours(49));
    assert!(sink.wait_for(1, SOON).await);
    house.drain().await;
    assert_eq!(taken.load(Ordering::SeqCst), 1);
    let senders: Vec<_> = house.notices(case).await.into_iter().map(|row| row.notice.sender).collect();
    assert_eq!(senders, ["sms", "mail"]);
}
