//! Push messages to browsers, by a push service that decrypts them, and to apps.

#[path = "../../../tests/src/app_push.rs"]
mod app_push;
mod apps;
mod broadcast;
#[path = "../common/mod.rs"]
mod common;
#[path = "../common/house.rs"]
mod house;
#[path = "../../../tests/src/push_service.rs"]
mod push_service;
#[path = "../../../tests/src/tls_server.rs"]
mod tls_server;

use house::{House, SOON, wait_until};
use notifier::{SenderConfig, senders::push::Key};
use push_service::PushService;
use schemas::{
    Uuid,
    device::Device,
    event::What,
    notice::NoticeState,
    report::{Contact, Tell},
    slug::Slug,
    trace::Trace,
    way::Address,
};
use secrecy::ExposeSecret as _;
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use store::ReportDevice;

/// A city that pushes by a push service of the test.
struct Town {
    house: House,
    service: PushService,
    /// The public key of the city, and of the one before.
    keys: [String; 2],
}

/// The time of the house in seconds, which the push service shares.
fn ticking(ahead: &Arc<AtomicI64>) -> impl Fn() -> i64 + Send + Sync + 'static {
    let (began, ahead) = (std::time::Instant::now(), ahead.clone());
    move || {
        let micros = i64::try_from(began.elapsed().as_micros()).unwrap() + ahead.load(Ordering::SeqCst);
        1_795_000_000 + micros / 1_000_000
    }
}

impl Town {
    async fn open() -> Self {
        let ahead = Arc::new(AtomicI64::new(0));
        let service = PushService::start(ticking(&ahead)).await;
        let ((key, pem), (old, old_pem)) = (Key::make().unwrap(), Key::make().unwrap());
        let push = toml::from_str(&format!(
            "subject = 'mailto:push@hallo.example'\nservices = ['127.0.0.1']\nkey = '''{}'''\nprevious_key = '''{}'''",
            pem.expose_secret(),
            old_pem.expose_secret()
        ));
        let http = bus::http::Config {
            private_networks: vec!["127.0.0.1".into()],
            ca_file: Some(service.server.ca_file()),
            ..Default::default()
        };
        let config = SenderConfig { push: Some(push.unwrap()), http, ..SenderConfig::default() };
        let house = House::build(&config, ahead).await;
        Self { house, service, keys: [key.public(), old.public()] }
    }

    /// A report of somebody whose browsers these are.
    async fn report(&self, tell: Tell, browsers: &[&str]) -> Uuid {
        let contact = Contact { email: Some("jo@example.org".into()), ..Contact::default() };
        let case = self.house.report_from(tell, Some(contact)).await;
        for name in browsers {
            self.add(case, self.service.browser(name, &self.keys[0])).await;
        }
        case
    }

    async fn add(&self, report: Uuid, device: Device) {
        let store = &self.house.store;
        let address = Address::Push(device);
        let key = store.address_keys().await.unwrap().of(&address);
        let mut tx = store.begin().await.unwrap();
        tx.put_device(&ReportDevice { report, key, address, made_at: store.clock().now() }, 10).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn settled(&self, case: Uuid, notices: usize, state: NoticeState) {
        wait_until(|| async {
            let rows = self.house.notices(case).await;
            rows.len() == notices && rows.iter().all(|row| row.notice.state == state)
        })
        .await;
        self.house.drain().await;
    }
}

fn planned() -> What {
    let department = Slug::new("publieke-ruimte-wegen").unwrap();
    What::Planned { department, on: jiff::civil::date(2026, 12, 4), text: None }
}

#[tokio::test]
async fn every_device_reads_each_status_once_and_the_newest_takes_the_place_of_the_older() {
    let town = Town::open().await;
    let case = town.report(Tell::Email, &["phone", "laptop"]).await;
    town.house.run_planner().await;
    town.house.run_senders().await;
    town.settled(case, 2, NoticeState::Sent).await;
    town.house.event(case, 2, planned()).await;
    town.settled(case, 4, NoticeState::Sent).await;
    let pushed = town.service.pushed();
    assert_eq!((pushed.len(), town.service.asked()), (4, 4));
    for browser in ["phone", "laptop"] {
        let its: Vec<_> = pushed.iter().filter(|message| message.browser == browser).collect();
        assert_eq!(its.len(), 2);
        assert!(its[0].topic.is_some() && its[0].topic == its[1].topic, "one case, one topic");
        let (first, second) = (&its[0].plain["notification"], &its[1].plain["notification"]);
        assert_eq!((&its[1].plain["web_push"], &first["lang"]), (&8030.into(), &"fr".into()));
        assert_eq!(first["tag"], second["tag"]);
        assert!(second["body"].as_str().unwrap().contains("4 décembre"), "{second}");
        assert!(!second["body"].as_str().unwrap().contains("https://"), "{second}");
        let token = town.house.store.report(case).await.unwrap().unwrap().token;
        assert_eq!(second["navigate"], format!("https://hallo.example/fr/t/{token}"));
        assert_eq!((its[0].ttl, its[0].urgency.as_str()), (72 * 3_600, "normal"));
        assert_eq!(its[0].claims["sub"], "mailto:push@hallo.example");
    }
    let topic = |browser: &str| pushed.iter().find(|message| message.browser == browser).unwrap().topic.clone();
    assert_ne!(topic("phone"), topic("laptop"));
    // Nothing went by mail beside it.
    assert!(town.house.store.letterbox(9, None).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_device_that_is_gone_is_forgotten_and_the_last_one_sends_the_notice_the_next_way() {
    let town = Town::open().await;
    let case = town.report(Tell::Email, &["phone", "laptop"]).await;
    town.service.answer("phone", Some((410, None)));
    town.house.run_planner().await;
    town.house.run_senders().await;
    wait_until(|| async { town.house.store.devices(case).await.unwrap().len() == 1 }).await;
    wait_until(|| async { town.service.pushed().len() == 1 }).await;
    town.house.drain().await;
    assert!(town.house.store.letterbox(9, None).await.unwrap().is_empty(), "the laptop has it");

    town.service.answer("laptop", Some((404, None)));
    town.house.event(case, 2, planned()).await;
    wait_until(|| async { town.house.store.letterbox(9, None).await.unwrap().len() == 1 }).await;
    town.house.drain().await;
    assert!(town.house.store.devices(case).await.unwrap().is_empty());
    let rows = town.house.notices(case).await;
    let said: Vec<_> = rows.iter().map(|row| (row.notice.sender.as_str(), row.notice.version)).collect();
    assert_eq!(said, [("push", 1), ("push", 1), ("push", 2), ("letterbox", 2)]);
    let why = format!("{:?}", rows[3].notice.reasons);
    assert!(why.contains("Instead") && why.contains("404"), "{why}");
    assert!(!why.contains("/push/laptop"), "no address of a device in a reason: {why}");
}

#[tokio::test]
async fn trouble_takes_no_device_away_and_is_tried_again() {
    let town = Town::open().await;
    let case = town.report(Tell::Email, &["phone"]).await;
    town.service.answer("phone", Some((503, Some(120))));
    town.house.run_planner().await;
    town.house.run_senders().await;
    wait_until(|| async { town.house.notices(case).await.iter().any(|row| row.attempts == 1) }).await;
    town.house.drain().await;
    let row = town.house.notices(case).await.remove(0);
    assert_eq!((row.notice.state, town.service.asked()), (NoticeState::Planned, 1));
    assert!(row.why.unwrap().contains("503"));
    town.service.answer("phone", Some((429, Some(60))));
    town.house.pass(Duration::from_secs(150));
    wait_until(|| async { town.service.asked() == 2 }).await;
    town.house.drain().await;
    assert_eq!(town.house.store.devices(case).await.unwrap().len(), 1);
    town.service.answer("phone", None);
    town.house.pass(Duration::from_secs(90));
    town.settled(case, 1, NoticeState::Sent).await;
    assert_eq!((town.service.pushed().len(), town.service.asked()), (1, 3), "one copy");
}

#[tokio::test]
async fn browsers_of_the_key_before_are_reached_and_those_of_no_key_are_told_another_way() {
    let town = Town::open().await;
    let case = town.report(Tell::Email, &[]).await;
    town.add(case, town.service.browser("old", &town.keys[1])).await;
    let lost = town.report(Tell::Email, &[]).await;
    let (forgotten, _) = Key::make().unwrap();
    town.add(lost, town.service.browser("lost", &forgotten.public())).await;
    town.house.run_planner().await;
    town.house.run_senders().await;
    town.settled(case, 1, NoticeState::Sent).await;
    assert_eq!(town.service.pushed()[0].browser, "old");
    wait_until(|| async { town.house.store.letterbox(9, None).await.unwrap().len() == 1 }).await;
    town.house.drain().await;
    assert!(town.house.store.devices(lost).await.unwrap().is_empty());
    assert_eq!(town.service.asked(), 1, "no message of a key that the browser does not take is sent");
}

#[tokio::test]
async fn who_asked_for_nothing_by_mail_is_told_on_the_device_and_nowhere_else() {
    let town = Town::open().await;
    let case = town.report(Tell::Nothing, &["phone"]).await;
    let other = town.report(Tell::Nothing, &[]).await;
    town.house.run_planner().await;
    town.house.run_senders().await;
    town.house.event(case, 2, planned()).await;
    town.house.event(other, 2, planned()).await;
    wait_until(|| async { town.service.pushed().len() == 1 }).await;
    town.service.answer("phone", Some((410, None)));
    let note = What::Note { department: Slug::new("publieke-ruimte-wegen").unwrap(), text: "Kom".into() };
    town.house.event(case, 3, note).await;
    wait_until(|| async { town.house.store.devices(case).await.unwrap().is_empty() }).await;
    town.house.drain().await;
    assert!(town.house.store.letterbox(9, None).await.unwrap().is_empty());
    assert!(town.house.notices(other).await.is_empty());
    tokio::time::timeout(SOON, town.house.bus.drain(SOON)).await.unwrap().unwrap();
}

#[tokio::test]
async fn what_no_device_shows_goes_the_next_way_and_what_one_shows_does_not() {
    let town = Town::open().await;
    let (read, silent) =
        (town.report(Tell::Email, &["phone", "laptop"]).await, town.report(Tell::Email, &["old"]).await);
    town.house.run_planner().await;
    town.house.run_senders().await;
    town.settled(read, 2, NoticeState::Sent).await;
    town.settled(silent, 1, NoticeState::Sent).await;
    let store = &town.house.store;
    let tokens = store.notice_tokens().await.unwrap();
    let said = async |browser: &str| {
        let pushed = town.service.pushed();
        let message = pushed.iter().find(|message| message.browser == browser).unwrap();
        let shown = message.plain["shown"].as_str().unwrap();
        let token = shown.strip_prefix("https://hallo.example/api/v1/push/shown/").unwrap();
        assert!(notifier::devices::shown(store, &tokens, token, Trace::start()).await.unwrap());
    };
    let letters = async || store.letterbox(9, None).await.unwrap().len();
    // Twice is once.
    said("phone").await;
    said("phone").await;
    let delivered = async |case: Uuid| {
        let rows = town.house.notices(case).await;
        rows.iter().filter(|row| row.notice.state == NoticeState::Delivered).count()
    };
    wait_until(|| async { delivered(read).await == 1 }).await;
    town.house.pass(Duration::from_hours(49));
    wait_until(|| async { letters().await == 1 }).await;
    town.house.drain().await;
    assert_eq!(letters().await, 1, "the laptop is off, but the telephone showed it");
    let rows = town.house.notices(silent).await;
    let ends: Vec<_> = rows.iter().map(|row| (row.notice.sender.as_str(), row.notice.state)).collect();
    assert_eq!(ends, [("push", NoticeState::Failed), ("letterbox", NoticeState::Sent)]);
    said("old").await;
    wait_until(|| async { delivered(silent).await == 1 }).await;
    assert!(!notifier::devices::shown(store, &tokens, "guess", Trace::start()).await.unwrap());
}
