//! What somebody wants to hear together arrives together: once, whole, and at its time.

mod common;
#[path = "common/house.rs"]
mod house;
#[path = "../../tests/src/smtp_sink.rs"]
#[expect(dead_code, reason = "the tests of other crates use the rest of it")]
mod smtp_sink;

use bus::{Edge as _, Effects as _};
use house::{House, SOON, wait_until};
use notifier::{PlanWorker, SenderConfig, choices::Choices, choices::Chosen};
use schemas::{
    Timestamp, Uuid,
    city::Quiet,
    event::What,
    id::derived,
    letter::Lane,
    notice::{Because, NoticeState, Scope, Suppressed},
    person::{Follow, KnownAddress, Person, Rhythm, Suppression},
    report::{Contact, Language, Tell},
    slug::Slug,
    verdict::Verdict,
    way::{Address, Way},
};
use smtp_sink::{SmtpSink, Switches};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use store::Settlement;

/// A whole day, and enough.
const DAY: Duration = Duration::from_hours(26);

async fn house(sink: &SmtpSink) -> House {
    let mail = Some(format!("smtp://{}", sink.address()).parse().unwrap());
    House::build(&SenderConfig { mail, ..SenderConfig::default() }, Arc::default()).await
}

fn department() -> Slug {
    Slug::new("publieke-ruimte-wegen").unwrap()
}

fn planned() -> What {
    What::Planned { department: department(), on: jiff::civil::date(2026, 12, 4), text: None }
}

fn solved() -> What {
    What::Solved { department: department(), text: None, evidence: Vec::new() }
}

fn asked() -> What {
    What::Asked { department: department(), text: "Welke put?".into() }
}

fn contact(email: &str) -> Option<Contact> {
    Some(Contact { email: Some(email.to_owned()), ..Contact::default() })
}

impl House {
    /// Somebody who proved this address, and hears by this rhythm.
    async fn person(&self, email: &str, rhythm: Rhythm) -> (Uuid, String) {
        let address = Address::Email(email.to_owned());
        let key = self.store.address_keys().await.unwrap().of(&address);
        let now = self.store.clock().now();
        let person = Person {
            id: derived(&["person", email]),
            token: format!("token of {email}"),
            name: Some("An".into()),
            language: Language::NL,
            quiet: None,
            rhythm,
            made_at: now,
        };
        let mut tx = self.store.begin().await.unwrap();
        tx.put_person(&person).await.unwrap();
        let known = KnownAddress { person: person.id, address, key: key.clone(), rank: 0, verified_at: Some(now) };
        assert!(tx.put_address(&known).await.unwrap());
        tx.commit().await.unwrap();
        (person.id, key)
    }

    /// Plans everything that waits, as one batch.
    async fn plan(&self) {
        let (store, city, templates) = (self.store.clone(), self.city.clone(), self.templates.clone());
        let worker = PlanWorker::new(store, city, self.senders.names(), templates).await.unwrap();
        let letters = self.store.take(&Lane::notifier(), 100, Duration::from_secs(60)).await.unwrap();
        let mut tx = self.store.begin().await.unwrap();
        assert!(worker.apply(&mut tx, &letters).await.unwrap().iter().all(|verdict| *verdict == Verdict::done()));
        let done = letters.iter().map(|letter| letter.id).collect();
        tx.settle(&Settlement { done, ..Settlement::default() }).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn states(&self, case: Uuid) -> Vec<(String, NoticeState)> {
        let rows = self.notices(case).await.into_iter().filter(|row| row.notice.template != "digest");
        rows.map(|row| (row.notice.template, row.notice.state)).collect()
    }
}

#[tokio::test]
async fn a_day_is_told_in_one_mail() {
    let sink = SmtpSink::start(Switches::default()).await.unwrap();
    let house = house(&sink).await;
    let (an, _) = house.person("an@example.org", Rhythm::Daily).await;
    let mut tx = house.store.begin().await.unwrap();
    tx.follow(&Follow { person: an, scope: Scope::Topic, target: "wegen".into() }).await.unwrap();
    tx.commit().await.unwrap();
    let own = house.report_from(Tell::Email, contact("An@example.org")).await;
    let theirs = house.report_from(Tell::Email, contact("jo@example.org")).await;
    house.run_planner().await;
    house.run_senders().await;
    // To An that we have hers; to Jo that we have his. That there is a case of his waits for An's digest.
    assert!(sink.wait_for(2, SOON).await);
    house.event(own, 2, planned()).await;
    house.event(theirs, 2, planned()).await;
    assert!(sink.wait_for(3, SOON).await, "Jo hears at once");
    house.event(own, 3, asked()).await;
    assert!(sink.wait_for(4, SOON).await, "what she is asked does not wait");
    house.drain().await;
    assert_eq!(sink.count(), 4);
    let waits = |because: &Because| matches!(because, Because::Digest { .. });
    let rows = house.notices(own).await;
    let waiting: Vec<_> = rows.iter().filter(|row| row.notice.reasons.iter().any(waits)).collect();
    assert!(waiting.iter().all(|row| row.notice.state == NoticeState::Planned), "{rows:?}");

    house.pass(DAY);
    assert!(sink.wait_for(5, SOON).await);
    house.drain().await;
    assert_eq!(sink.count(), 5, "one mail for the day");
    let mail = sink.arrived().pop().unwrap();
    assert_eq!(mail.to.iter().map(|to| to.to_lowercase()).collect::<Vec<_>>(), ["an@example.org"]);
    for case in [own, theirs] {
        let reference = house.store.report(case).await.unwrap().unwrap().reference.to_string();
        assert!(mail.data.contains(&reference), "{reference}: {}", mail.data);
    }
    assert!(mail.data.contains("/choices") && mail.data.contains("Dag An,"), "{}", mail.data);
    assert!(!mail.data.contains('\u{e001}'));
    for case in [own, theirs] {
        let states = house.states(case).await;
        assert!(states.iter().all(|(_, state)| *state == NoticeState::Sent), "{states:?}");
    }
    // What happens the next day is in the next.
    house.event(theirs, 3, solved()).await;
    assert!(sink.wait_for(6, SOON).await, "Jo hears at once");
    house.pass(DAY);
    assert!(sink.wait_for(7, SOON).await);
    house.drain().await;
    let next = sink.arrived().pop().unwrap();
    assert_ne!(next.message_id(), mail.message_id());
    let reference = house.store.report(own).await.unwrap().unwrap().reference.to_string();
    assert!(!next.data.contains(&reference), "what was told is not told again");
}

#[tokio::test]
async fn a_digest_survives_every_crash_and_leaves_once() {
    let sink = SmtpSink::start(Switches::default()).await.unwrap();
    let house = house(&sink).await;
    house.person("an@example.org", Rhythm::Daily).await;
    let mut cases = Vec::new();
    for _ in 0..4 {
        let case = house.report_from(Tell::Email, contact("an@example.org")).await;
        house.event(case, 2, planned()).await;
        // Each in a batch of its own: whoever gathers meets what another gathered.
        house.plan().await;
        cases.push(case);
    }
    let lane = Lane::sender("mail");
    let due = house.store.take(&lane, 100, Duration::from_secs(60)).await.unwrap();
    assert_eq!(due.len(), 4, "that we have each; the digest is not due");
    let done = due.iter().map(|letter| letter.id).collect();
    let mut tx = house.store.begin().await.unwrap();
    tx.settle(&Settlement { done, ..Settlement::default() }).await.unwrap();
    tx.commit().await.unwrap();
    house.pass(DAY);

    // It is sent, and the process dies before that is written down; twice.
    let due = house.store.take(&lane, 100, Duration::from_secs(60)).await.unwrap();
    assert_eq!(due.len(), 1, "one letter for all");
    for _ in 0..2 {
        let verdict = house.send_worker("mail").await.deliver(&due[0]).await;
        assert_eq!(verdict.word(), "done");
    }
    let names: BTreeSet<_> = sink.arrived().iter().map(smtp_sink::Arrived::message_id).collect();
    assert_eq!((sink.count(), names.len()), (2, 1), "a copy has the same name: the mailbox shows one");
    assert!(house.notices(cases[0]).await.iter().any(|row| row.notice.state == NoticeState::Planned));

    // Somebody takes it up again after the lease, and writes it down. From then on nobody sends it.
    house.pass(Duration::from_secs(120));
    house.run_senders().await;
    wait_until(|| async {
        let states = house.states(cases[3]).await;
        states.iter().any(|(template, state)| template == "planned" && *state == NoticeState::Sent)
    })
    .await;
    house.drain().await;
    for case in &cases {
        let states = house.states(*case).await;
        assert!(states.contains(&("planned".to_owned(), NoticeState::Sent)), "{states:?}");
    }
    let count = sink.count();
    let again = house.send_worker("mail").await.deliver(&due[0]).await;
    assert_eq!((again, sink.count()), (Verdict::done(), count), "a letter that comes again sends nothing");
    assert_eq!(sink.arrived().iter().map(smtp_sink::Arrived::message_id).collect::<BTreeSet<_>>(), names);
}

#[tokio::test]
async fn what_is_not_wanted_any_more_is_left_out() {
    let sink = SmtpSink::start(Switches::default()).await.unwrap();
    let house = house(&sink).await;
    let (_, key) = house.person("an@example.org", Rhythm::Daily).await;
    let mut cases = Vec::new();
    for _ in 0..2 {
        let case = house.report_from(Tell::Email, contact("an@example.org")).await;
        house.event(case, 2, planned()).await;
        cases.push(case);
    }
    house.plan().await;
    let at = house.store.clock().now();
    let stop = |scope, target: String| Suppression {
        way: Way::Email,
        key: key.clone(),
        scope,
        target,
        reason: Suppressed::Unsubscribed,
        why: None,
        at,
        until: None,
    };
    let mut tx = house.store.begin().await.unwrap();
    tx.suppress(&stop(Scope::Case, cases[0].to_string())).await.unwrap();
    tx.commit().await.unwrap();
    house.pass(DAY);
    house.run_senders().await;
    wait_until(|| async { house.states(cases[1]).await.iter().all(|(_, state)| *state != NoticeState::Planned) }).await;
    house.drain().await;
    let state = async |case| {
        let states = house.states(case).await;
        states.into_iter().find(|(template, _)| template == "planned").unwrap().1
    };
    assert_eq!((state(cases[0]).await, state(cases[1]).await), (NoticeState::Suppressed, NoticeState::Sent));
    let digest =
        sink.arrived().into_iter().find(|mail| mail.data.contains("/choices") && mail.data.contains("Dag An")).unwrap();
    let references = async |case| house.store.report(case).await.unwrap().unwrap().reference.to_string();
    assert!(!digest.data.contains(&references(cases[0]).await));
    assert!(digest.data.contains(&references(cases[1]).await));
}

#[tokio::test]
async fn what_comes_back_goes_the_next_way_one_by_one() {
    let sink =
        SmtpSink::start(Switches { rcpt: Some("550 5.1.1 unknown".into()), ..Switches::default() }).await.unwrap();
    // Text messages go to the sandbox: there is no gateway.
    let house = house(&sink).await;
    house.person("an@example.org", Rhythm::Daily).await;
    let contact =
        Contact { email: Some("an@example.org".into()), phone: Some("0470 12 34 56".into()), ..Contact::default() };
    let case = house.report_from(Tell::Email, Some(contact)).await;
    house.event(case, 2, planned()).await;
    house.plan().await;
    house.pass(DAY);
    house.run_senders().await;
    house.run_planner().await;
    wait_until(|| async {
        let states = house.states(case).await;
        states.iter().any(|(template, state)| template == "planned" && *state == NoticeState::Failed)
    })
    .await;
    house.drain().await;
    let dead = house.store.dead(store::DeadFilter { limit: 9, ..Default::default() }).await.unwrap();
    assert!(!dead.is_empty() && !format!("{dead:?}").contains("an@example.org"), "{dead:?}");
}

#[tokio::test]
async fn whoever_holds_the_link_chooses_for_the_address() {
    let sink = SmtpSink::start(Switches::default()).await.unwrap();
    let house = house(&sink).await;
    let case = house.report_from(Tell::Email, contact("jo@example.org")).await;
    house.plan().await;
    let notice = house.notices(case).await.remove(0).notice.id;
    let token = house.store.notice_tokens().await.unwrap().wish(notice);
    let choices = Choices::open(&house.store, &house.city).await.unwrap();
    let opened = choices.look(&token).await.unwrap().unwrap();
    let first = Chosen { language: Language::FR, rhythm: Rhythm::AtOnce, quiet: None };
    assert_eq!((opened.address.as_str(), opened.chosen), ("j…@e….org", first));
    let new = Chosen { language: Language::EN, rhythm: Rhythm::Daily, quiet: Quiet::parse("20:00-09:00") };
    assert_eq!(choices.keep(&token, new).await.unwrap(), Some(first));
    assert_eq!(choices.keep(&token, new).await.unwrap(), Some(new), "twice is once");
    assert_eq!(choices.look(&token).await.unwrap().unwrap().chosen, new);
    assert!(choices.look("x").await.unwrap().is_none() && choices.keep("x", new).await.unwrap().is_none());

    // It counts for another report with the same address, however it is written.
    let other = house.report_from(Tell::Email, contact("JO@example.org")).await;
    house.event(other, 2, planned()).await;
    house.plan().await;
    let rows = house.notices(other).await;
    let row = rows.iter().find(|row| row.notice.template == "planned").unwrap();
    let tomorrow: Timestamp = "2026-11-19T07:00:00Z".parse().unwrap();
    assert_eq!(row.notice.language, Language::EN);
    assert_eq!(row.notice.due_at, Some(tomorrow), "{:?}", row.notice.reasons);
    let stranger = house.report_from(Tell::Email, contact("bo@example.org")).await;
    house.plan().await;
    assert_eq!(house.notices(stranger).await[0].notice.language, Language::FR);
}

#[tokio::test]
async fn of_two_statuses_shortly_after_each_other_the_newest_is_told() {
    let sink = SmtpSink::start(Switches::default()).await.unwrap();
    let mail = Some(format!("smtp://{}", sink.address()).parse().unwrap());
    let mut house = House::build(&SenderConfig { mail, ..SenderConfig::default() }, Arc::default()).await;
    house.city = Arc::new(common::city_with(&[("city.yaml", &city_yaml(10))]));
    let case = house.report_from(Tell::Email, contact("jo@example.org")).await;
    house.run_planner().await;
    house.run_senders().await;
    assert!(sink.wait_for(1, SOON).await, "that we have it does not wait");
    house.event(case, 2, planned()).await;
    let note = What::Note { department: department(), text: "Wij komen met de kraan.".into() };
    house.event(case, 3, note).await;
    assert!(sink.wait_for(2, SOON).await, "what somebody wrote does not wait");
    house.event(case, 4, solved()).await;
    wait_until(|| async { house.notices(case).await.len() == 4 }).await;
    house.drain().await;
    assert_eq!(sink.count(), 2);
    house.pass(Duration::from_mins(11));
    assert!(sink.wait_for(3, SOON).await);
    house.drain().await;
    let mut states = house.states(case).await;
    states.sort_by(|a, b| a.0.cmp(&b.0));
    let expected = [
        ("note", NoticeState::Sent),
        ("planned", NoticeState::Superseded),
        ("received", NoticeState::Sent),
        ("solved", NoticeState::Sent),
    ];
    assert_eq!(states, expected.map(|(name, state)| (name.to_owned(), state)));
    assert_eq!(sink.count(), 3);
}

/// The sample city, where a status waits so many minutes.
fn city_yaml(together: u8) -> String {
    let files = common::files();
    files["city.yaml"].replace("together: 0", &format!("together: {together}"))
}
