//! A broadcast from its draft to people's hands: counted, approved by somebody else, taken on step by step, paused,
//! resumed and stopped; nobody left out, nobody told twice.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/house.rs"]
#[expect(dead_code, reason = "the tests of reports use the rest of it")]
mod house;
mod paper;
mod scheduled;

use bus::LaneSettings;
use house::{House, wait_until};
use notifier::{
    PlanWorker, Rates, SenderConfig,
    broadcasts::{Broadcasts, Refused},
    why::Whys,
    wishes::{Wish, Wishes},
};
use schemas::{
    Uuid,
    broadcast::{Audience, Broadcast, Draft, Heads, State, Words},
    city::Quiet,
    id::derived,
    letter::Lane,
    notice::{Because, Failed, NoticeState, Scope, Suppressed},
    person::{Follow, KnownAddress, OwnPlace, Person, Rhythm, Suppression},
    place::Point,
    report::Language,
    slug::Slug,
    trace::Trace,
    way::{Address, Way},
};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use store::LetterboxItem;

/// The belfry of the sample city, in the district `kortrijk`.
const BELFRY: Point = Point { lat: 50.82780, lon: 3.26450 };

fn draft(audience: Audience, critical: bool) -> Draft {
    let words = |subject: &str, text: &str| Words { subject: subject.into(), text: text.into(), short: None };
    let words = [
        (
            Language::NL,
            words("Dinsdag geen water", "Wij werken aan de leiding.\n\nU hebt geen water van 9 tot 12 uur."),
        ),
        (Language::FR, words("Mardi pas d'eau", "Nous travaillons.")),
    ];
    Draft { words: words.into(), audience, critical, at: None }
}

fn district() -> Audience {
    Audience { districts: vec![Slug::new("kortrijk").unwrap()], ..Audience::default() }
}

/// Somebody, not kept yet.
fn somebody(house: &House, name: &str) -> Person {
    Person {
        id: derived(&["person", name]),
        token: format!("token-{name}"),
        name: None,
        language: Language::NL,
        quiet: None,
        rhythm: Rhythm::AtOnce,
        made_at: house.store.clock().now(),
    }
}

impl House {
    fn broadcasts(&self, rates: Rates) -> Broadcasts {
        Broadcasts::new(&self.store, &self.city, self.senders.names(), rates)
    }

    async fn run_paced(&self, rates: Rates) {
        let (bus, stop) = (self.bus.clone(), self.stop.clone());
        let (store, city, templates) = (self.store.clone(), self.city.clone(), self.templates.clone());
        let worker = PlanWorker::new(store, city, self.senders.names(), templates).await.unwrap().paced(rates);
        let worker = Arc::new(worker);
        tokio::spawn(async move { bus.run_effects(Lane::notifier(), worker, LaneSettings::default(), stop).await });
    }

    /// Keeps people, each with these addresses; `true`: proven.
    async fn people(&self, people: &[(Person, Vec<(Address, bool)>)]) {
        let keys = self.store.address_keys().await.unwrap();
        let now = self.store.clock().now();
        let mut tx = self.store.begin().await.unwrap();
        for (person, addresses) in people {
            tx.put_person(person).await.unwrap();
            for ((address, proven), rank) in addresses.iter().zip(0..) {
                let (key, verified_at) = (keys.of(address), proven.then_some(now));
                let known = KnownAddress { person: person.id, address: address.clone(), key, rank, verified_at };
                assert!(tx.put_address(&known).await.unwrap());
            }
        }
        tx.commit().await.unwrap();
    }

    async fn live_at(&self, person: Uuid, point: Point) -> Uuid {
        let id = derived(&["place", &person.to_string(), &format!("{point:?}")]);
        let since = self.store.clock().now();
        let mut tx = self.store.begin().await.unwrap();
        assert!(
            tx.put_place(&OwnPlace { id, person, label: None, point, street: None, patch: None, since }).await.unwrap()
        );
        tx.commit().await.unwrap();
        id
    }

    async fn follow(&self, person: Uuid, scope: Scope, target: &str) {
        let mut tx = self.store.begin().await.unwrap();
        tx.follow(&Follow { person, scope, target: target.into() }).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// So many people with a mail address and a place at the belfry.
    async fn crowd(&self, n: usize) {
        for from in (0..n).step_by(200) {
            let people: Vec<_> = (from..n.min(from + 200))
                .map(|n| (somebody(self, &n.to_string()), vec![(email(&n.to_string()), true)]))
                .collect();
            self.people(&people).await;
            let mut tx = self.store.begin().await.unwrap();
            for (person, _) in &people {
                let id = derived(&["place", &person.id.to_string()]);
                let place = OwnPlace {
                    id,
                    person: person.id,
                    label: None,
                    point: BELFRY,
                    street: None,
                    patch: None,
                    since: person.made_at,
                };
                tx.put_place(&place).await.unwrap();
            }
            tx.commit().await.unwrap();
        }
    }

    async fn found(&self, broadcast: &Broadcast) -> Broadcast {
        self.store.broadcasts_by_ids(&[broadcast.id]).await.unwrap().remove(&broadcast.id).unwrap()
    }

    async fn items(&self) -> Vec<LetterboxItem> {
        self.store.letterbox(5000, None).await.unwrap()
    }

    async fn state_of(&self, broadcast: &Broadcast, state: NoticeState) -> u64 {
        let tally = self.store.tally(broadcast.id).await.unwrap();
        tally.iter().filter(|row| row.state == state).map(|row| row.notices).sum()
    }
}

fn email(name: &str) -> Address {
    Address::Email(format!("{name}@example.org"))
}

async fn house() -> House {
    House::build(&SenderConfig::default(), Arc::default()).await
}

/// A broadcast that is approved.
async fn approved(house: &House, broadcasts: &Broadcasts, audience: Audience, critical: bool) -> Broadcast {
    let written = broadcasts.draft(&draft(audience, critical), "An").await.unwrap();
    let count = broadcasts.count(&written).await.unwrap();
    broadcasts.approve(&written, "Bo", count.heads.planned).await.unwrap();
    house.found(&written).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_is_told_once_and_as_many_as_were_counted() {
    let house = house().await;
    house.crowd(1_050).await;
    // Told once, whatever they follow and wherever they have another place.
    let twice = derived(&["person", "7"]);
    house.follow(twice, Scope::Area, "kortrijk").await;
    house.live_at(twice, Point { lat: 50.8279, lon: 3.2646 }).await;
    let (nobody, far) = (somebody(&house, "nobody"), somebody(&house, "far"));
    let unproven = vec![(email("nobody"), false)];
    house.people(&[(nobody.clone(), unproven), (far.clone(), vec![(email("far"), true)])]).await;
    house.live_at(nobody.id, BELFRY).await;
    house.live_at(far.id, Point { lat: 50.9, lon: 4.7 }).await;

    let broadcasts = house.broadcasts(Rates::new());
    let written = broadcasts.draft(&draft(district(), false), "An").await.unwrap();
    let count = broadcasts.count(&written).await.unwrap();
    assert_eq!(count.heads, Heads { planned: 1_050, unwanted: 0, unreachable: 1 });
    assert_eq!((count.told.len(), count.told[0].people, count.told[0].language), (1, 1_050, Language::NL));
    assert_eq!(count.silences, [("no_address".to_owned(), 1)].into());

    broadcasts.approve(&written, "Bo", 1_050).await.unwrap();
    // Who comes after that is not told.
    let late = somebody(&house, "late");
    house.people(&[(late.clone(), vec![(email("late"), true)])]).await;
    house.pass(Duration::from_secs(1));
    house.live_at(late.id, BELFRY).await;
    house.run_planner().await;
    house.run_senders().await;
    wait_until(|| async { house.found(&written).await.planned_at.is_some() }).await;
    wait_until(|| async { house.state_of(&written, NoticeState::Sent).await == 1_050 }).await;
    house.pass(Duration::from_secs(60));
    wait_until(|| async { house.found(&written).await.state == State::Done }).await;
    house.drain().await;
    let items = house.items().await;
    let people: BTreeSet<&str> = items.iter().map(|item| item.recipient.as_str()).collect();
    assert_eq!((items.len(), people.len()), (1_050, 1_050));
    assert!(!people.contains("late@example.org") && !people.contains("far@example.org"));
    let told = house.found(&written).await;
    assert_eq!((told.heads, told.expected), (count.heads, Some(1_050)));
    let one = &items[0];
    assert_eq!(one.subject, "Dinsdag geen water");
    assert!(one.text.contains("> U hebt geen water van 9 tot 12 uur."), "{}", one.text);
    assert!(one.text.contains("U hebt een plek in Kortrijk."), "{}", one.text);
    assert!(one.text.contains(&format!("https://hallo.example/nl/message/{}", written.reference.digits())));
}

#[tokio::test]
async fn somebody_else_approves_what_they_counted() {
    let house = house().await;
    let broadcasts = house.broadcasts(Rates::new());
    house.crowd(100).await;
    let written = broadcasts.draft(&draft(district(), false), "An  Peeters").await.unwrap();
    for by in ["An Peeters", "an peeters", "AN-PEETERS ", "\u{200b}An Peeters"] {
        let refused = broadcasts.approve(&written, by, 100).await.unwrap_err();
        assert!(matches!(&refused, Refused::SamePerson(_)), "{by}: {refused}");
    }
    for by in ["", "  ", "...", &"x".repeat(81)] {
        assert!(matches!(broadcasts.approve(&written, by, 100).await.unwrap_err(), Refused::Nameless), "{by}");
    }
    for expected in [0, 97, 103, 1_000_000] {
        let refused = broadcasts.approve(&written, "Bo", expected).await.unwrap_err();
        assert!(matches!(refused, Refused::Other { now: 100, .. }), "{expected}: {refused}");
    }
    let nowhere = Audience { topics: vec!["wegen".into()], ..Audience::default() };
    let empty = broadcasts.draft(&draft(nowhere, false), "An").await.unwrap();
    assert!(matches!(broadcasts.approve(&empty, "Bo", 0).await.unwrap_err(), Refused::Nobody));
    let not_now = |refused: Refused| matches!(refused, Refused::NotNow { .. });
    assert!(not_now(broadcasts.pause(&written, "Bo").await.unwrap_err()));
    assert!(not_now(broadcasts.resume(&written, "Bo").await.unwrap_err()));
    assert_eq!(house.found(&written).await.state, State::Draft, "nothing was changed");
    // One in fifty may have come or gone.
    broadcasts.approve(&written, "Bo", 102).await.unwrap();
    assert!(not_now(broadcasts.approve(&written, "Bo", 100).await.unwrap_err()), "once");
    broadcasts.stop(&written, "An").await.unwrap();
    for refused in [
        broadcasts.stop(&written, "An").await.unwrap_err(),
        broadcasts.pause(&written, "An").await.unwrap_err(),
        broadcasts.resume(&written, "An").await.unwrap_err(),
    ] {
        assert!(not_now(refused));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paused_it_stands_still_resumed_it_goes_on_and_stopped_it_ends() {
    let house = house().await;
    house.crowd(700).await;
    // Two a second: what is planned leaves one after the other.
    let rates: Rates = [("letterbox", 2.0)].into();
    let broadcasts = house.broadcasts(rates.clone());
    let told = approved(&house, &broadcasts, district(), false).await;
    assert_eq!(broadcasts.count(&told).await.unwrap().seconds, 389, "700 at 1.8 a second");
    house.run_paced(rates).await;
    house.run_senders().await;
    wait_until(|| async { house.found(&told).await.planned_at.is_some() }).await;
    wait_until(|| async { !house.items().await.is_empty() }).await;
    house.pass(Duration::from_secs(20));
    wait_until(|| async { house.items().await.len() >= 30 }).await;
    broadcasts.pause(&told, "Cé").await.unwrap();
    house.drain().await;
    let before = house.items().await.len();
    assert!(before < 60, "{before} of 700 in some twenty seconds");
    // Whatever becomes due meanwhile stays.
    house.pass(Duration::from_secs(3600));
    tokio::time::sleep(Duration::from_millis(300)).await;
    house.drain().await;
    assert_eq!(house.items().await.len(), before, "nothing leaves while it stands still");
    assert_eq!(house.state_of(&told, NoticeState::Planned).await, 700 - before as u64);

    broadcasts.resume(&told, "An").await.unwrap();
    wait_until(|| async { house.items().await.len() > before }).await;
    house.pass(Duration::from_secs(20));
    wait_until(|| async { house.items().await.len() >= before + 30 }).await;
    house.drain().await;
    assert!(house.items().await.len() < before + 60, "they do not all leave at once");

    let stopped = broadcasts.stop(&told, "An").await.unwrap();
    house.drain().await;
    let sent = house.items().await;
    let people: BTreeSet<&str> = sent.iter().map(|item| item.recipient.as_str()).collect();
    assert_eq!(people.len(), sent.len(), "nobody twice");
    house.pass(Duration::from_secs(36_000));
    tokio::time::sleep(Duration::from_millis(300)).await;
    house.drain().await;
    assert_eq!(house.items().await.len(), sent.len());
    assert_eq!(house.state_of(&told, NoticeState::Stopped).await, stopped);
    assert_eq!(stopped + sent.len() as u64, 700);
    assert_eq!(house.state_of(&told, NoticeState::Planned).await, 0);
    let done = house.store.audit(store::AuditFilter { limit: 9, ..store::AuditFilter::default() }).await.unwrap();
    let done: Vec<_> = done.iter().rev().map(|entry| (entry.who.as_str(), entry.deed.as_str())).collect();
    let expected = [
        ("An", "broadcast.draft"),
        ("Bo", "broadcast.approve"),
        ("Cé", "broadcast.pause"),
        ("An", "broadcast.resume"),
        ("An", "broadcast.stop"),
    ];
    assert_eq!(done, expected);
}

#[tokio::test]
async fn wishes_facts_languages_and_ways_count() {
    let house = house().await;
    let sms = |n: u32| Address::Sms(format!("+3247012345{n}"));
    let french = Person { language: Language::FR, ..somebody(&house, "french") };
    let english = Person { language: Language::EN, ..somebody(&house, "english") };
    let (refuses, dead) = (somebody(&house, "refuses"), somebody(&house, "dead"));
    let people = [
        (french.clone(), vec![(email("french"), true)]),
        (english.clone(), vec![(sms(1), true), (email("english"), true)]),
        (refuses.clone(), vec![(email("refuses"), true)]),
        (dead.clone(), vec![(email("dead"), true), (sms(2), true)]),
    ];
    house.people(&people).await;
    for (person, _) in &people {
        house.follow(person.id, Scope::Topic, "wegen/put").await;
    }
    let keys = house.store.address_keys().await.unwrap();
    let mut tx = house.store.begin().await.unwrap();
    for (address, scope, target, reason) in [
        (email("refuses"), Scope::Topic, "wegen", Suppressed::Unsubscribed),
        (email("dead"), Scope::All, "", Suppressed::Bounced),
        (email("french"), Scope::Topic, "groen", Suppressed::Unsubscribed),
    ] {
        let (way, key, at) = (address.way(), keys.of(&address), house.store.clock().now());
        let target = target.to_owned();
        tx.suppress(&Suppression { way, key, scope, target, reason, why: None, at, until: None }).await.unwrap();
    }
    tx.commit().await.unwrap();
    let broadcasts = house.broadcasts(Rates::new());
    let count = async |audience: Audience| {
        let written = broadcasts.draft(&draft(audience, false), "An").await.unwrap();
        let count = broadcasts.count(&written).await.unwrap();
        let told = count.told.iter().map(|told| (told.way, told.language, told.people)).collect::<Vec<_>>();
        (count.heads.unwanted, count.heads.unreachable, told)
    };
    let topic = || Audience { topics: vec!["wegen/put".into()], ..Audience::default() };
    let (nl, fr) = (Language::NL, Language::FR);
    // There are no English words: they get the Dutch ones.
    assert_eq!(count(topic()).await, (1, 0, vec![(Way::Email, fr, 1), (Way::Sms, nl, 2)]));
    let critical = broadcasts.draft(&draft(topic(), true), "An").await.unwrap();
    assert_eq!(broadcasts.count(&critical).await.unwrap().heads.unwanted, 1, "a wish counts whatever it is about");
    let only = Audience { ways: vec![Way::Email], ..topic() };
    assert_eq!(count(only).await, (1, 1, vec![(Way::Email, nl, 1), (Way::Email, fr, 1)]));
    let only = Audience { languages: vec![Language::FR, Language::EN], ..topic() };
    assert_eq!(count(only).await, (0, 0, vec![(Way::Email, fr, 1), (Way::Sms, nl, 1)]));
}

#[tokio::test]
async fn it_waits_for_quiet_hours_but_in_no_digest_and_not_when_it_is_critical() {
    let house = house().await;
    // The clock of these tests stands on a working day at noon.
    let noon = Quiet::parse("00:00-23:59");
    let sleeper = Person { quiet: noon, ..somebody(&house, "sleeper") };
    let weekly = Person { rhythm: Rhythm::Weekly, ..somebody(&house, "weekly") };
    house.people(&[(sleeper.clone(), vec![(Address::Sms("+32470123456".into()), true)])]).await;
    house.people(&[(weekly.clone(), vec![(email("weekly"), true)])]).await;
    for person in [&sleeper, &weekly] {
        house.live_at(person.id, BELFRY).await;
    }
    let broadcasts = house.broadcasts(Rates::new());
    let calm = broadcasts.draft(&draft(district(), false), "An").await.unwrap();
    assert_eq!(broadcasts.count(&calm).await.unwrap().wait, 1);
    let told = approved(&house, &broadcasts, district(), true).await;
    assert_eq!(broadcasts.count(&told).await.unwrap().wait, 0);
    house.run_planner().await;
    house.run_senders().await;
    wait_until(|| async { house.items().await.len() == 2 }).await;
    house.drain().await;
    let notices = house.store.notices_of(told.id).await.unwrap();
    let of = |person: &Person| notices.iter().find(|row| row.notice.person == person.id.to_string()).unwrap();
    assert!(of(&sleeper).notice.reasons.contains(&Because::Critical));
    assert!(!of(&weekly).notice.reasons.iter().any(|because| matches!(because, Because::Digest { .. })));
}

#[tokio::test]
async fn whoever_got_it_reads_why_refuses_the_place_and_is_told_another_way_when_it_fails() {
    let house = house().await;
    let jo = somebody(&house, "jo");
    house.people(&[(jo.clone(), vec![(email("jo"), true), (Address::Sms("+32470123456".into()), true)])]).await;
    let place = house.live_at(jo.id, BELFRY).await;
    let broadcasts = house.broadcasts(Rates::new());
    let told = approved(&house, &broadcasts, district(), false).await;
    house.run_planner().await;
    house.run_senders().await;
    wait_until(|| async { house.items().await.len() == 1 }).await;
    house.drain().await;
    let first = house.store.notices_of(told.id).await.unwrap().remove(0).notice;

    // The mail comes back: the next way.
    let failed = Failed { notice: first.id, why: "it came back".into() };
    let letter = schemas::letter::Letter::new(
        derived(&["failed"]),
        Lane::notifier(),
        schemas::letter::Topic::NoticeFailed,
        "notice.failed",
        &failed,
        Trace::start(),
        house.store.clock().now(),
    );
    let mut tx = house.store.begin().await.unwrap();
    tx.hear_of_notice(first.id, NoticeState::Failed, Some("it came back")).await.unwrap();
    tx.post(&[letter.about(told.id)]).await.unwrap();
    tx.commit().await.unwrap();
    wait_until(|| async { house.items().await.len() == 2 }).await;
    house.drain().await;
    let whys = Whys::open(&house.store, &house.city, house.senders.names()).await.unwrap();
    let why = whys.broadcast(first.id).await.unwrap().unwrap();
    assert_eq!((why.reference, why.subject.as_str()), (told.reference, "Dinsdag geen water"));
    let ways: Vec<_> = why.notices.iter().map(|notice| (notice.notice.way, notice.notice.state)).collect();
    assert_eq!(ways, [(Way::Email, NoticeState::Failed), (Way::Sms, NoticeState::Sent)]);
    let here = Because::Place { place, district: Some("kortrijk".into()), street: None };
    assert_eq!(why.notices[1].notice.reasons[0], here);
    assert!(whys.notice(first.id).await.unwrap().is_none(), "it is about no case");

    // No more about this place; another district is not meant.
    let token = house.store.notice_tokens().await.unwrap().wish(first.id);
    let wishes = Wishes::open(&house.store, &house.city).await.unwrap();
    assert!(wishes.say(&token, Wish::NotThis).await.unwrap());
    assert_eq!(wishes.look(&token).await.unwrap().unwrap().stopped, Some(Scope::Place));
    let again = broadcasts.draft(&draft(district(), false), "An").await.unwrap();
    let heads = broadcasts.count(&again).await.unwrap().heads;
    assert_eq!((heads.planned, heads.unwanted), (0, 1));
    assert!(wishes.say(&token, Wish::Again).await.unwrap());
    assert_eq!(broadcasts.count(&again).await.unwrap().heads.planned, 1);
}
