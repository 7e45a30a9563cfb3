//! Why somebody was told, why not, and what the desk does about it.

mod common;

use bus::Effects as _;
use notifier::{
    PlanWorker, SenderConfig, Templates,
    desk::{self, Desk, Forgotten, Stop},
    plan::{REPORTER, Silence},
    why::{Asked, PersonWhy, Whys},
};
use schemas::{
    Timestamp, Uuid,
    city::City,
    event::{CaseEvent, What},
    id::{Clock, Ids, derived},
    notice::{Because, NoticeState, Scope, Suppressed},
    person::{Follow, KnownAddress, Person, Rhythm, Suppression},
    place::Place,
    report::{Answers, Contact, Kind, Language, Report, Tell, Urgency},
    slug::{CategoryId, Slug},
    trace::Trace,
    way::{Address, Way},
};
use std::sync::Arc;
use store::{NewReport, NoticeEnd, Options, Store};

struct House {
    store: Store,
    city: Arc<City>,
    whys: Whys,
    desk: Desk,
    _folder: tempfile::TempDir,
}

fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

impl House {
    async fn build() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::new(now);
        let options = Options { clock: clock.clone(), ids: Ids::new(clock), publish_events: false };
        let store = Store::open(&format!("sqlite:{}", folder.path().join("x.db").display()), options).await.unwrap();
        store.migrate().await.unwrap();
        let city = Arc::new(common::city());
        let whys = Whys::open(&store, &city, SenderConfig::default().names()).await.unwrap();
        let desk = Desk::open(&store, &city).await.unwrap();
        Self { store, city, whys, desk, _folder: folder }
    }

    async fn report(&self, tell: Tell, category: &str, contact: Option<Contact>) -> Report {
        let report = Report {
            id: self.store.ids().new_id(),
            reference: self.store.references(1).await.unwrap()[0],
            channel: Slug::new("web").unwrap(),
            source_id: None,
            kind: Kind::Report,
            category: CategoryId::new(category).unwrap(),
            words: "Een put".into(),
            place: Place::default(),
            answers: Answers::new(),
            urgency: Urgency::Normal,
            language: Language::FR,
            tell,
            photos: Vec::new(),
            token: self.store.ids().token(),
            received_at: now(),
        };
        let digest = "0".repeat(64);
        let new = NewReport {
            report: report.clone(),
            contact,
            digest,
            route: false,
            trace: Trace::start(),
            noticed: Default::default(),
        };
        self.store.accept(new).await.unwrap();
        report
    }

    async fn event(&self, report: &Report, version: i64, what: What) -> CaseEvent {
        let id = derived(&["event", &report.id.to_string(), what.word(), &version.to_string()]);
        let event = CaseEvent {
            critical: false,
            id,
            case_id: report.id,
            reference: report.reference,
            version,
            at: now(),
            what,
        };
        let mut tx = self.store.begin().await.unwrap();
        tx.add_events(&[(event.clone(), report.tell)], Trace::start()).await.unwrap();
        tx.commit().await.unwrap();
        event
    }

    /// Plans everything that waits.
    async fn plan(&self) {
        let templates = Arc::new(Templates::read(&self.city).0.unwrap());
        let worker = PlanWorker::new(self.store.clone(), self.city.clone(), SenderConfig::default().names(), templates)
            .await
            .unwrap();
        let lane = schemas::letter::Lane::notifier();
        let letters = self.store.take(&lane, 100, std::time::Duration::from_secs(60)).await.unwrap();
        let mut tx = self.store.begin().await.unwrap();
        for verdict in worker.apply(&mut tx, &letters).await.unwrap() {
            assert_eq!(verdict.word(), "done");
        }
        tx.commit().await.unwrap();
    }

    /// Somebody who follows `what`, with this address, proved or not.
    async fn follower(&self, name: &str, email: &str, proved: bool, scope: Scope, target: &str) -> Uuid {
        let id = derived(&["person", name]);
        let address = Address::Email(email.to_owned());
        let key = self.store.address_keys().await.unwrap().of(&address);
        let person = Person {
            id,
            token: format!("token-of-{name}"),
            name: None,
            language: Language::EN,
            quiet: None,
            rhythm: Rhythm::AtOnce,
            made_at: now(),
        };
        let mut tx = self.store.begin().await.unwrap();
        tx.put_person(&person).await.unwrap();
        let known = KnownAddress { person: id, address, key, rank: 0, verified_at: proved.then(now) };
        assert!(tx.put_address(&known).await.unwrap());
        tx.follow(&Follow { person: id, scope, target: target.to_owned() }).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    async fn of(&self, case: Uuid, event: Uuid, person: &str) -> PersonWhy {
        let asked = Asked { person: Some(person.to_owned()), event: Some(event) };
        let mut why = self.whys.case(case, &asked).await.unwrap().unwrap();
        assert_eq!(why.events.len(), 1);
        why.events.remove(0).people.remove(0)
    }
}

fn email(address: &str) -> Option<Contact> {
    Some(Contact { email: Some(address.to_owned()), ..Contact::default() })
}

fn note() -> What {
    What::Note { department: Slug::new("publieke-ruimte-wegen").unwrap(), text: "Wij komen kijken.".into() }
}

#[tokio::test]
async fn every_silence_has_its_reason() {
    let house = House::build().await;
    let told = house.report(Tell::Email, "wegen/put", email("jo@example.org")).await;
    let nothing = house.report(Tell::Nothing, "wegen/put", email("jo@example.org")).await;
    let nowhere = house.report(Tell::Email, "wegen/put", None).await;
    let by_letter = house.report(Tell::Sms, "wegen/put", None).await;
    let post = serde_json::from_value(serde_json::json!({"street": "Markt 1", "postcode": "8500", "town": "Kortrijk"}));
    let paper = Some(Contact { post: post.unwrap(), ..Contact::default() });
    let accepted =
        house.event(&told, 2, What::Accepted { department: Slug::new("awv").unwrap(), acknowledges: false }).await;
    let proved = house.follower("an", "an@example.org", true, Scope::Topic, "wegen").await.to_string();
    let unproved = house.follower("bo", "bo@example.org", false, Scope::Topic, "wegen").await.to_string();
    let said = house.event(&told, 3, note()).await;
    let received = async |report: &Report| house.store.timeline(report.id, false).await.unwrap()[0].id;

    let first = received(&told).await;
    assert_eq!(house.of(told.id, first, REPORTER).await.silence, Some(Silence::NotYet), "the planner did not run");
    house.plan().await;
    let person = house.of(told.id, first, REPORTER).await;
    assert_eq!((person.silence, person.notices.len(), person.next), (None, 1, None));
    let notice = &person.notices[0];
    assert_eq!(notice.notice.reasons, [Because::Reporter, Because::Asked]);
    assert_eq!(notice.waits.as_ref().map(|waits| (waits.attempt, waits.buried_at)), Some((0, None)));

    // The letterbox stands in for every way while no sender is set up: a city with a mail server has no letters.
    let mailing = Whys::open(&house.store, &house.city, vec!["letterbox", "mail"]).await.unwrap();
    let asked = Asked { person: Some(REPORTER.to_owned()), event: None };
    for (report, silence) in
        [(&nothing, Silence::AskedNothing), (&nowhere, Silence::NoAddress), (&by_letter, Silence::NoAddress)]
    {
        let event = received(report).await;
        assert_eq!(house.of(report.id, event, REPORTER).await.silence, Some(silence), "{}", report.tell.as_str());
    }
    let paper = house.report(Tell::Letter, "wegen/put", paper).await;
    let why = mailing.case(paper.id, &asked).await.unwrap().unwrap();
    assert_eq!(why.events[0].people[0].silence, Some(Silence::NoSender { ways: vec![Way::Letter] }));

    assert_eq!(house.of(told.id, accepted.id, REPORTER).await.silence, Some(Silence::NotTold));
    assert_eq!(house.of(told.id, said.id, &proved).await.silence, Some(Silence::NotForFollowers));
    assert_eq!(house.of(told.id, first, &unproved).await.silence, Some(Silence::Unverified));
    let person = house.of(told.id, first, &proved).await;
    assert_eq!(
        person.notices[0].notice.reasons[0],
        Because::Follows { scope: Scope::Topic, target: "wegen".into() },
        "they followed before it was planned"
    );
    assert_eq!(house.whys.case(Uuid::nil(), &asked).await.unwrap().map(|_| ()), None);
    assert_eq!(house.whys.notice(Uuid::nil()).await.unwrap().map(|_| ()), None);
}

#[tokio::test]
async fn one_notice_tells_its_own_story_and_no_address() {
    let house = House::build().await;
    let contact = Contact {
        email: Some("jo.peeters@example.org".into()),
        phone: Some("0470 12 34 56".into()),
        ..Contact::default()
    };
    let report = house.report(Tell::Email, "wegen/put", Some(contact)).await;
    house.plan().await;
    let id = house.store.notices_of(report.id).await.unwrap()[0].notice.id;
    let mut tx = house.store.begin().await.unwrap();
    tx.start_attempts(&[(id, schemas::letter::Lane::sender("letterbox"), 0)]).await.unwrap();
    let why = Some("451 4.7.1 later".to_owned());
    tx.end_attempts(&[store::AttemptEnd { letter: id, n: 0, verdict: "later", why: why.clone() }]).await.unwrap();
    let end = NoticeEnd { id, state: NoticeState::Failed, at: now(), receipt: None, why };
    tx.settle_notices(&[end]).await.unwrap();
    tx.commit().await.unwrap();

    let why = house.whys.notice(id).await.unwrap().unwrap();
    let person = &why.events[0].people[0];
    assert_eq!((why.events.len(), why.events[0].people.len(), person.person.as_str()), (1, 1, REPORTER));
    assert_eq!(person.next, Some(Way::Sms), "the sandbox goes every way");
    let notice = &person.notices[0];
    assert_eq!(notice.attempts[0].why.as_deref(), Some("451 4.7.1 later"));
    assert_eq!(notice.notice.state, NoticeState::Failed);
    let ways: Vec<_> = why.people[REPORTER].iter().map(|reach| (reach.way, reach.address.as_str())).collect();
    assert_eq!(ways, [(Way::Email, "j…@e….org"), (Way::Sms, "…56"), (Way::Call, "…56")]);
    let json = serde_json::to_string(&why).unwrap();
    for secret in ["peeters", "example.org", "0470 12", "470123456"] {
        assert!(!json.contains(secret), "{secret}: {json}");
    }
}

#[tokio::test]
async fn a_dead_address_and_a_wish_are_told_apart() {
    let house = House::build().await;
    let address = Address::Email("jo@example.org".into());
    let key = house.store.address_keys().await.unwrap().of(&address);
    let (scope, target, why) = (Scope::All, String::new(), Some("550 5.1.1".to_owned()));
    let dead =
        Suppression { way: Way::Email, key, scope, target, reason: Suppressed::Bounced, why, at: now(), until: None };
    let mut tx = house.store.begin().await.unwrap();
    tx.suppress(&dead).await.unwrap();
    tx.commit().await.unwrap();
    let report = house.report(Tell::Email, "wegen/put", email("jo@example.org")).await;
    house.plan().await;
    let first = house.store.timeline(report.id, false).await.unwrap()[0].id;
    let fact = Silence::Dead { way: Way::Email, fact: Suppressed::Bounced };
    assert_eq!(house.of(report.id, first, REPORTER).await.silence, Some(fact));

    assert_eq!(house.desk.lift(std::slice::from_ref(&address), Scope::All, "", "An").await.unwrap(), 1);
    assert_eq!(house.desk.lift(std::slice::from_ref(&address), Scope::All, "", "An").await.unwrap(), 0);
    let stop = Stop {
        scope: Scope::Topic,
        target: "wegen".into(),
        by: " An\n".into(),
        words: Some("belde vandaag".into()),
        until: Some("2027-01-01T00:00:00Z".parse().unwrap()),
    };
    house.desk.stop(std::slice::from_ref(&address), &stop).await.unwrap();
    let kept = house.desk.suppressed(&[address]).await.unwrap().remove(0);
    assert_eq!(
        (kept.reason, kept.why.as_deref(), kept.until),
        (Suppressed::Desk, Some("An: belde vandaag"), stop.until)
    );
    let report = house.report(Tell::Email, "wegen/put", email("Jo@Example.org")).await;
    house.plan().await;
    let first = house.store.timeline(report.id, false).await.unwrap()[0].id;
    let person = house.of(report.id, first, REPORTER).await;
    assert_eq!(person.notices[0].notice.state, NoticeState::Suppressed);
    let because = Because::Suppressed { by: Suppressed::Desk, scope: Scope::Topic };
    assert_eq!(person.notices[0].notice.reasons.last(), Some(&because));
    let other = house.report(Tell::Email, "groen/boom", email("jo@example.org")).await;
    house.plan().await;
    assert_eq!(house.store.notices_of(other.id).await.unwrap()[0].notice.state, NoticeState::Planned);
}

#[tokio::test]
async fn who_is_forgotten_is_forgotten_everywhere() {
    let house = House::build().await;
    let both = Contact {
        name: Some("Jo".into()),
        email: Some("Jo@example.org".into()),
        phone: Some("0470/12.34.56".into()),
        post: None,
    };
    let report = house.report(Tell::Email, "wegen/put", Some(both)).await;
    let only = house.report(Tell::Email, "wegen/put", email("jo@example.org")).await;
    let another = house.report(Tell::Email, "wegen/put", email("an@example.org")).await;
    let person = house.follower("jo", "jo@example.org", true, Scope::Topic, "wegen").await;
    let read = |email: Option<&str>, phone: Option<&str>| desk::addresses(email, phone, &house.city);
    let whose = read(Some(" jo@EXAMPLE.org "), None).unwrap();
    let expected = Forgotten { reports: 2, addresses: 1, people: 1, items: 0 };
    assert_eq!(house.desk.forget(&whose, None).await.unwrap(), expected);
    assert!(house.store.person(person).await.unwrap().is_some(), "it was only counted");
    assert_eq!(house.desk.forget(&whose, Some("An")).await.unwrap(), expected);
    assert_eq!(house.desk.forget(&whose, Some("An")).await.unwrap(), Forgotten::default(), "twice is once");
    assert_eq!(house.store.person(person).await.unwrap(), None);
    assert!(house.store.follows(person).await.unwrap().is_empty());
    let contacts = house.store.contacts_by_ids(&[report.id, only.id, another.id]).await.unwrap();
    assert_eq!(contacts[&report.id].email, None);
    assert_eq!(contacts[&report.id].phone.as_deref(), Some("0470/12.34.56"), "they named no number");
    assert!(!contacts.contains_key(&only.id) && contacts[&another.id].email.is_some());

    let number = read(None, Some("+32 470 12 34 56")).unwrap();
    assert_eq!(number.iter().map(Address::way).collect::<Vec<_>>(), [Way::Sms, Way::Call]);
    assert_eq!(house.desk.forget(&number, None).await.unwrap().reports, 1, "one number, counted once");
    assert_eq!(house.desk.forget(&number, Some("An")).await.unwrap().reports, 1);
    assert!(house.store.contacts_by_ids(&[report.id]).await.unwrap().is_empty(), "nothing is left of them");
    house.plan().await;
    let first = house.store.timeline(report.id, false).await.unwrap()[0].id;
    assert_eq!(house.of(report.id, first, REPORTER).await.silence, Some(Silence::NoAddress));
    for (email, phone, part) in [
        (Some("jo"), None, "--email: this is no mail address"),
        (None, Some("12"), "--phone: this is no telephone number"),
        (None, None, "name the address"),
    ] {
        assert!(read(email, phone).unwrap_err().contains(part), "{email:?} {phone:?}");
    }
}

#[tokio::test]
async fn senders_have_the_names_they_are_built_with() {
    let house = House::build().await;
    let links = notifier::NoticeLinks::open(&house.store, "https://hallo.example").await.unwrap();
    let sms = toml::from_str(
        "profile = 'kannel'\nurl = 'http://127.0.0.1:9'\nfrom = 'Kortrijk'\nuser = 'u'\npassword = 'p'\n\
         public_url = 'https://hallo.example'\nhook_secret = 'a-secret-of-twenty-characters'",
    )
    .unwrap();
    let all =
        SenderConfig { mail: Some("smtp://127.0.0.1:9".parse().unwrap()), sms: vec![sms], ..SenderConfig::default() };
    for config in [SenderConfig::default(), all] {
        let built = notifier::Senders::build(&config, &house.city, &house.store, &links).unwrap();
        assert_eq!(config.names(), built.names());
    }
}
