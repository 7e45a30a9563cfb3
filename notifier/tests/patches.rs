//! Who chose a part of the city hears of what is public there, and of nothing else.

mod common;

use bus::Effects as _;
use notifier::{
    PlanWorker, SenderConfig, Templates,
    plan::{REPORTER, Silence},
    why::{Asked, Whys},
};
use schemas::{
    Timestamp, Uuid,
    case::{Case, Status, Watch},
    city::{City, Publicity},
    id::{Clock, Ids, derived},
    notice::{Because, NoticeState, Scope, Suppressed},
    patch::Patch,
    person::{Follow, KnownAddress, OwnPlace, Person, Rhythm, Suppression},
    place::{Place, Point},
    report::{Answers, Contact, Kind, Language, Report, Tell, Urgency},
    slug::{CategoryId, Slug},
    trace::Trace,
    way::{Address, Way},
};
use std::{sync::Arc, time::Duration};
use store::{NewReport, NoticeRow, Options, Store};

/// The belfry of the sample city.
const BELFRY: Point = Point { lat: 50.8279, lon: 3.2649 };

fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

/// So many metres north of the belfry.
fn north(metres: f64) -> Point {
    Point { lat: BELFRY.lat + metres / 111_195.0, ..BELFRY }
}

struct House {
    store: Store,
    city: Arc<City>,
    _folder: tempfile::TempDir,
}

impl House {
    async fn build() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::new(now);
        let options = Options { clock: clock.clone(), ids: Ids::new(clock), publish_events: false };
        let store = Store::open(&format!("sqlite:{}", folder.path().join("x.db").display()), options).await.unwrap();
        store.migrate().await.unwrap();
        Self { store, city: Arc::new(common::city()), _folder: folder }
    }

    fn category(&self, publicity: Publicity) -> String {
        self.city.categories.iter().find(|category| category.publicity == publicity).unwrap().id.to_string()
    }

    async fn report(&self, category: &str, point: Option<Point>, contact: Option<Contact>) -> Report {
        let report = Report {
            id: self.store.ids().new_id(),
            reference: self.store.references(1).await.unwrap()[0],
            channel: Slug::new("web").unwrap(),
            source_id: None,
            kind: Kind::Report,
            category: CategoryId::new(category).unwrap(),
            words: "Een put".into(),
            place: Place { point, ..Place::default() },
            answers: Answers::new(),
            urgency: Urgency::Normal,
            language: Language::parse("nl").unwrap(),
            tell: if contact.is_some() { Tell::Email } else { Tell::Nothing },
            photos: Vec::new(),
            token: self.store.ids().token(),
            received_at: now(),
        };
        let (digest, trace) = ("0".repeat(64), Trace::start());
        let new =
            NewReport { report: report.clone(), contact, digest, route: false, trace, noticed: Default::default() };
        self.store.accept(new).await.unwrap();
        report
    }

    /// Somebody with an address that they proved.
    async fn person(&self, name: &str) -> Uuid {
        let id = derived(&["person", name]);
        let address = Address::Email(format!("{name}@example.org"));
        let key = self.store.address_keys().await.unwrap().of(&address);
        let (token, language, rhythm) = (format!("token-of-{name}"), Language::parse("nl").unwrap(), Rhythm::AtOnce);
        let person = Person { id, token, name: None, language, quiet: None, rhythm, made_at: now() };
        let mut tx = self.store.begin().await.unwrap();
        tx.put_person(&person).await.unwrap();
        let known = KnownAddress { person: id, address, key, rank: 0, verified_at: Some(now()) };
        assert!(tx.put_address(&known).await.unwrap());
        tx.commit().await.unwrap();
        id
    }

    async fn place(&self, person: Uuid, name: &str, patch: Option<Patch>) -> Uuid {
        let (id, point) = (derived(&["place", name]), patch.as_ref().map_or(BELFRY, Patch::middle));
        // One after the other.
        let since = now() + Duration::from_secs(self.store.places(person).await.unwrap().len() as u64);
        let place = OwnPlace { id, person, label: Some(name.to_owned()), point, street: None, patch, since };
        let mut tx = self.store.begin().await.unwrap();
        assert!(tx.put_place(&place).await.unwrap());
        tx.commit().await.unwrap();
        id
    }

    async fn silence(&self, name: &str, place: Uuid) {
        let address = Address::Email(format!("{name}@example.org"));
        let key = self.store.address_keys().await.unwrap().of(&address);
        let (scope, target, reason) = (Scope::Place, place.to_string(), Suppressed::Unsubscribed);
        let stop = Suppression { way: Way::Email, key, scope, target, reason, why: None, at: now(), until: None };
        let mut tx = self.store.begin().await.unwrap();
        tx.suppress(&stop).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Plans everything that waits; what was planned of `case`, by person.
    async fn plan(&self, case: Uuid) -> Vec<NoticeRow> {
        let templates = Arc::new(Templates::read(&self.city).0.unwrap());
        let names = SenderConfig::default().names();
        let worker = PlanWorker::new(self.store.clone(), self.city.clone(), names, templates).await.unwrap();
        let lane = schemas::letter::Lane::notifier();
        let letters = self.store.take(&lane, 100, Duration::from_secs(60)).await.unwrap();
        let mut tx = self.store.begin().await.unwrap();
        for verdict in worker.apply(&mut tx, &letters).await.unwrap() {
            assert_eq!(verdict.word(), "done");
        }
        tx.commit().await.unwrap();
        self.store.notices_of(case).await.unwrap()
    }
}

fn circle(middle: Point, metres: u32) -> Option<Patch> {
    Some(Patch::Circle { middle, metres })
}

/// Why the first notice goes.
fn because(rows: &[NoticeRow]) -> Vec<&Because> {
    rows.iter().map(|row| &row.notice.reasons[0]).collect()
}

fn follows(place: Uuid) -> Because {
    Because::Follows { scope: Scope::Place, target: place.to_string() }
}

#[tokio::test]
async fn what_happens_in_it_is_told_once_and_what_happens_beside_it_is_not() {
    let house = House::build().await;
    let an = house.person("an").await;
    let home = house.place(an, "home", circle(BELFRY, 250)).await;
    let triangle = Patch::read("3.262,50.826 3.268,50.826 3.268,50.832", None).unwrap();
    let drawn = house.place(an, "drawn", Some(triangle.clone())).await;
    house.place(an, "street", None).await;
    // Bo chose elsewhere; Cé follows the topic, too, and hears of it once.
    let (bo, ce) = (house.person("bo").await, house.person("ce").await);
    house.place(bo, "elsewhere", circle(north(2_000.0), 500)).await;
    house.place(ce, "center", circle(BELFRY, 1_000)).await;
    let mut tx = house.store.begin().await.unwrap();
    tx.follow(&Follow { person: ce, scope: Scope::Topic, target: "groen".into() }).await.unwrap();
    tx.commit().await.unwrap();

    let inside = house.report("wegen/put", Some(north(100.0)), None).await;
    let rows = house.plan(inside.id).await;
    let mut people: Vec<_> = rows.iter().map(|row| row.notice.person.clone()).collect();
    people.sort_unstable();
    let mut expected = [an.to_string(), ce.to_string()];
    expected.sort_unstable();
    assert_eq!(people, expected, "An lives there twice, and is told once");
    assert!(rows.iter().all(|row| row.notice.state == NoticeState::Planned));
    assert!(because(&rows).contains(&&follows(home)));

    for (point, told) in [
        // Beside An's circle, in her triangle; in the box around the triangle, and in nothing of hers.
        (Point { lat: 50.8305, lon: 3.2679 }, true),
        (Point { lat: 50.8316, lon: 3.2624 }, false),
        (north(-340.0), false),
    ] {
        let report = house.report("wegen/put", Some(point), None).await;
        let rows = house.plan(report.id).await;
        assert_eq!(rows.iter().any(|row| row.notice.person == an.to_string()), told, "{point:?}");
        assert!(!rows.iter().any(|row| row.notice.person == bo.to_string()));
    }
    let topic = house.report("groen/boom", Some(BELFRY), None).await;
    let rows = house.plan(topic.id).await;
    let of_ce: Vec<_> = rows.iter().filter(|row| row.notice.person == ce.to_string()).collect();
    assert_eq!(of_ce.len(), 1);
    assert_eq!(of_ce[0].notice.reasons[0], Because::Follows { scope: Scope::Topic, target: "groen".into() });

    // The first place that was not silenced speaks; when all are, it is kept why nothing came.
    house.silence("an", home).await;
    let report = house.report("wegen/put", Some(BELFRY), None).await;
    let rows = house.plan(report.id).await;
    let mine = |rows: &[NoticeRow]| rows.iter().find(|row| row.notice.person == an.to_string()).unwrap().notice.clone();
    assert!(triangle.meets_block_of(BELFRY));
    assert_eq!((&mine(&rows).reasons[0], mine(&rows).state), (&follows(drawn), NoticeState::Planned));
    house.silence("an", drawn).await;
    let report = house.report("wegen/put", Some(BELFRY), None).await;
    let rows = house.plan(report.id).await;
    assert_eq!(mine(&rows).state, NoticeState::Suppressed);
}

#[tokio::test]
async fn what_is_not_public_is_not_told_and_a_block_is_one_place() {
    let house = House::build().await;
    let an = house.person("an").await;
    house.place(an, "home", circle(BELFRY, 250)).await;
    for publicity in [Publicity::Area, Publicity::Private] {
        let category = house.category(publicity);
        let report = house.report(&category, Some(BELFRY), None).await;
        assert!(house.plan(report.id).await.is_empty(), "{category}");
    }
    assert!(house.plan(house.report("wegen/put", None, None).await.id).await.is_empty(), "nobody knows where");

    // A department that is confidential leads: what happens from then on is told to nobody but the reporter.
    let department = house.city.departments.iter().find(|department| department.confidential).unwrap().id.clone();
    let report = house.report("wegen/put", Some(BELFRY), None).await;
    let case = Case {
        id: report.id,
        reference: report.reference,
        status: Status::Routed,
        version: 2,
        lead: Some(department),
        decision: None,
        rejected_by: Vec::new(),
        planned_on: None,
        status_at: now(),
        opened_at: now(),
        closed_at: None,
        tell: report.tell,
        parts: Vec::new(),
        watch: Watch::default(),
        check_at: None,
    };
    let mut tx = house.store.begin().await.unwrap();
    tx.open_cases(&[case]).await.unwrap();
    tx.commit().await.unwrap();
    assert!(house.plan(report.id).await.is_empty());

    // However a patch is drawn through a block, all of the block is told, or nothing of it.
    let corner = BELFRY.block_corners().0;
    let narrow = house.person("narrow").await;
    let point = |east: f64, north: f64| format!("{:.6},{:.6} ", corner.lon + east, corner.lat + north);
    let strip = [point(-0.001, -0.001), point(0.000_05, -0.001), point(0.000_05, 0.002), point(-0.001, 0.002)].concat();
    house.place(narrow, "strip", Some(Patch::read(&strip, None).unwrap())).await;
    for east in [0.000_01, 0.000_25, 0.000_49] {
        let at = Point { lat: corner.lat + 0.000_1, lon: corner.lon + east };
        let report = house.report("groen/boom", Some(at), None).await;
        let rows = house.plan(report.id).await;
        assert!(rows.iter().any(|row| row.notice.person == narrow.to_string()), "{east}");
    }
}

#[tokio::test]
async fn whoever_asks_why_is_told_and_their_own_report_is_told_to_them_once() {
    let house = House::build().await;
    let an = house.person("an").await;
    let home = house.place(an, "home", circle(BELFRY, 250)).await;
    let contact = Contact { email: Some("an@example.org".into()), ..Contact::default() };
    let own = house.report("wegen/put", Some(BELFRY), Some(contact)).await;
    let rows = house.plan(own.id).await;
    assert_eq!(rows.iter().map(|row| row.notice.person.as_str()).collect::<Vec<_>>(), [REPORTER]);

    let names = SenderConfig::default().names();
    let whys = Whys::open(&house.store, &house.city, names).await.unwrap();
    let other = house.report("wegen/put", Some(BELFRY), None).await;
    let asked = Asked { person: Some(an.to_string()), event: None };
    let before = whys.case(other.id, &asked).await.unwrap().unwrap();
    assert_eq!(before.events[0].people[0].silence, Some(Silence::NotYet), "the planner did not run");
    house.plan(other.id).await;
    let after = whys.case(other.id, &asked).await.unwrap().unwrap();
    assert_eq!(after.events[0].people[0].notices[0].notice.reasons[0], follows(home));

    let mut tx = house.store.begin().await.unwrap();
    assert!(tx.drop_place(an, home).await.unwrap());
    tx.commit().await.unwrap();
    let report = house.report("wegen/put", Some(BELFRY), None).await;
    assert!(house.plan(report.id).await.is_empty(), "whoever takes it back hears nothing");
}
