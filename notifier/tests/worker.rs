//! From an event to a notice in somebody's hands, over the letters table.

mod common;
#[path = "common/house.rs"]
mod house;
#[path = "../../tests/src/smtp_sink.rs"]
#[expect(dead_code, reason = "the tests of other crates use the rest of it")]
mod smtp_sink;

use bus::Edge;
use house::{House, SOON, wait_until};
use notifier::SenderConfig;
use schemas::{
    Uuid,
    event::What,
    id::derived,
    letter::{Lane, Letter, Topic},
    notice::{Due, NoticeState},
    report::{Contact, Language, Tell},
    slug::Slug,
    trace::Trace,
    verdict::Verdict,
};
use smtp_sink::{SmtpSink, Switches};
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// A house that mails to `sink`.
async fn house(sink: Option<&SmtpSink>) -> House {
    let mail = sink.map(|sink| format!("smtp://{}", sink.address()).parse().unwrap());
    House::build(&SenderConfig { mail, ..SenderConfig::default() }, Arc::default()).await
}

impl House {
    /// A report from somebody with this address.
    async fn report(&self, tell: Tell, email: Option<&str>) -> Uuid {
        let contact =
            email.map(|email| Contact { name: Some("Jo".into()), email: Some(email.into()), phone: None, post: None });
        self.report_from(tell, contact).await
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
    let house = house(None).await;
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
        assert_eq!((item.recipient.as_str(), item.language), ("jo@example.org", Language::FR));
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
    let house = house(Some(&sink)).await;
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
    let house = house(None).await;
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
    let house = house(None).await;
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
    let house = house(Some(&sink)).await;
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
    let house = house(Some(&sink)).await;
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
    let house = house(Some(&sink)).await;
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
    let house = house(Some(&sink)).await;
    let case = house.report(Tell::Email, Some("jo.peeters@example.org")).await;
    house.run_planner().await;
    house.run_senders().await;
    wait_until(|| async { house.states(case).await == [("received".to_owned(), NoticeState::Failed)] }).await;
    house.drain().await;
    let dead = house.store.dead(store::DeadFilter { limit: 9, ..Default::default() }).await.unwrap();
    assert_eq!(dead.len(), 1);
    assert!(!format!("{dead:?}").contains("peeters"), "no personal data outside `contact`: {dead:?}");
}

#[tokio::test]
async fn a_receipt_that_comes_late_stops_the_next_way_if_it_has_not_left() {
    let (url, taken) = gateway().await;
    let sms = toml::from_str(&format!(
        "profile = 'kannel'\nurl = '{url}'\nfrom = 'Kortrijk'\nuser = 'u'\npassword = 'p'\n\
         public_url = 'https://hallo.example'\nhook_secret = 'a-secret-of-twenty-characters'"
    ))
    .unwrap();
    let sink = SmtpSink::start(Switches { rcpt: Some("451 4.7.1 later".into()), ..Switches::default() }).await.unwrap();
    let http = bus::http::Config { private_networks: vec!["127.0.0.1".into()], ..Default::default() };
    let mail = Some(format!("smtp://{}", sink.address()).parse().unwrap());
    let house =
        House::build(&SenderConfig { mail, sms: vec![sms], http, ..SenderConfig::default() }, Arc::default()).await;
    let (email, phone) = (Some("jo@example.org".to_owned()), Some("0470 12 34 56".to_owned()));
    let case = house.report_from(Tell::Sms, Some(Contact { name: None, email, phone, post: None })).await;
    house.run_planner().await;
    house.run_senders().await;
    wait_until(|| async { taken.load(Ordering::SeqCst) == 1 }).await;
    house.drain().await;
    house.pass(Duration::from_hours(49));
    wait_until(|| async {
        house.notices(case).await.iter().any(|row| row.notice.sender == "mail" && row.attempts == 1)
    })
    .await;
    house.drain().await;

    // The mail server is busy; meanwhile the gateway says that the text message arrived.
    let first = house.notices(case).await.remove(0).notice;
    let now = house.store.clock().now();
    let (provider, state) = ("kannel".to_owned(), schemas::notice::HeardState::Delivered);
    let heard = schemas::notice::Heard { notice: Some(first.id), provider, number: None, state, why: None, at: now };
    let (id, topic) = (derived(&["late"]), Topic::NoticeHeard);
    let letter = Letter::new(id, Lane::notifier(), topic, "notice.heard", &heard, Trace::start(), now);
    let mut tx = house.store.begin().await.unwrap();
    tx.post(&[letter]).await.unwrap();
    tx.commit().await.unwrap();
    let states = async || {
        house.notices(case).await.into_iter().map(|row| (row.notice.sender, row.notice.state)).collect::<Vec<_>>()
    };
    let expected = [("sms".to_owned(), NoticeState::Delivered), ("mail".to_owned(), NoticeState::Superseded)];
    wait_until(|| async { states().await == expected }).await;
    sink.switch(|switches| switches.rcpt = None);
    house.pass(Duration::from_hours(1));
    house.drain().await;
    // Its letter comes up once more, and is not sent.
    let mail = house.notices(case).await.remove(1).notice.id;
    wait_until(|| async { house.store.standing(mail).await.unwrap().is_none() }).await;
    assert_eq!((sink.count(), states().await), (0, expected.to_vec()));
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
    let house =
        House::build(&SenderConfig { mail, sms: vec![sms], http, ..SenderConfig::default() }, Arc::default()).await;
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
    let said = receipt.strip_prefix("kannel: ").unwrap();
    let parts: i64 = said.split(' ').next().unwrap().parse().unwrap();
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

#[tokio::test]
async fn critical_news_waits_for_nothing_but_goes_to_nobody_who_wants_none() {
    let categories =
        common::files()["categories.yaml"].replace("- id: wegen/put\n", "- id: wegen/put\n    critical: true\n");
    let city = common::city_with(&[("categories.yaml", &categories)]);
    assert!(city.quiet.is_some() && city.category("wegen/put").is_some_and(|category| category.critical));
    // 23:10 in Brussels, in the quiet hours of the city.
    let ahead = Arc::new(AtomicI64::new(0));
    let house = House::build_in(city, &SenderConfig::default(), ahead).await;
    let night: schemas::Timestamp = "2026-11-18T22:10:00Z".parse().unwrap();
    house.pass(night.duration_since(house.store.clock().now()).unsigned_abs());
    let phone = |phone: &str| Contact { phone: Some(phone.to_owned()), ..Contact::default() };
    let told = house.report_from(Tell::Sms, Some(phone("0470 12 34 56"))).await;
    let stopped = house.report_from(Tell::Sms, Some(phone("0470 65 43 21"))).await;
    let desk = notifier::desk::Desk::open(&house.store, &house.city).await.unwrap();
    let stop = notifier::desk::Stop {
        scope: schemas::notice::Scope::All,
        target: String::new(),
        by: "An".into(),
        words: None,
        until: None,
    };
    desk.stop(&[schemas::way::Address::Sms("+32470654321".into())], &stop).await.unwrap();
    house.run_planner().await;
    house.run_senders().await;
    wait_until(|| async { house.store.letterbox(9, None).await.unwrap().len() == 1 }).await;
    house.drain().await;
    let row = house.notices(told).await.remove(0);
    assert_eq!((row.notice.state, row.notice.due_at), (NoticeState::Sent, None));
    assert!(row.notice.reasons.contains(&schemas::notice::Because::Critical), "{row:?}");
    let row = house.notices(stopped).await.remove(0);
    assert_eq!(row.notice.state, NoticeState::Suppressed, "STOP holds");
    assert_eq!(house.store.letterbox(9, None).await.unwrap().len(), 1);
}
