//! Push messages to apps, by a Firebase and an Apple that check every signature.

use super::{
    app_push::{AppPush, Known},
    house::{House, wait_until},
    planned, ticking,
};
use notifier::{SenderConfig, senders::push::Key};
use rcgen::{KeyPair, PKCS_RSA_SHA256, PublicKeyData as _};
use schemas::{
    Uuid,
    device::Device,
    notice::NoticeState,
    report::{Contact, Tell},
    way::Address,
};
use secrecy::ExposeSecret as _;
use serde_json::json;
use std::{
    sync::{Arc, atomic::AtomicI64},
    time::Duration,
};
use store::ReportDevice;

const ANDROID: &str = "cGxlYXNlLWRvLW5vdC1yZWFkLW1l:APA91b";
const IPHONE: &str = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0";

struct Town {
    house: House,
    service: AppPush,
}

impl Town {
    async fn open() -> Self {
        let ahead = Arc::new(AtomicI64::new(0));
        let account = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
        let (apple, apple_pem) = Key::make().unwrap();
        let point = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, apple.public()).unwrap();
        let known = Known { account: account.der_bytes().to_vec(), apple: point };
        let service = AppPush::start(known, ticking(&ahead)).await;
        let url = service.url();
        let file = json!({
            "type": "service_account", "project_id": "city", "private_key_id": "key-1",
            "private_key": account.serialize_pem(), "client_email": "push@city.example",
            "token_uri": format!("{url}/token"),
        });
        let push = toml::from_str(&format!(
            "[fcm]\nurl = '{url}'\nservice_account = '''{file}'''\n\
             [apns]\nurl = '{url}'\nkey = '''{}'''\nkey_id = 'ABCDE12345'\nteam_id = 'TEAM123456'\n\
             topic = 'example.city.app'",
            apple_pem.expose_secret()
        ));
        let http = bus::http::Config {
            private_networks: vec!["127.0.0.1".into()],
            ca_file: Some(service.server.ca_file()),
            ..Default::default()
        };
        let config = SenderConfig { push: Some(push.unwrap()), http, ..SenderConfig::default() };
        let house = House::build(&config, ahead).await;
        Self { house, service }
    }

    async fn report(&self, devices: &[Device]) -> Uuid {
        let contact = Contact { email: Some("jo@example.org".into()), ..Contact::default() };
        let report = self.house.report_from(Tell::Push, Some(contact)).await;
        let store = &self.house.store;
        let keys = store.address_keys().await.unwrap();
        let mut tx = store.begin().await.unwrap();
        for device in devices {
            let address = Address::Push(device.clone());
            let made_at = store.clock().now();
            tx.put_device(&ReportDevice { report, key: keys.of(&address), address, made_at }, 10).await.unwrap();
        }
        tx.commit().await.unwrap();
        report
    }

    /// Until so many notices of `case` are `state`.
    async fn settled(&self, case: Uuid, notices: usize, state: NoticeState) {
        wait_until(|| async {
            let rows = self.house.notices(case).await;
            rows.iter().filter(|row| row.notice.state == state).count() == notices
        })
        .await;
        self.house.drain().await;
    }
}

fn android() -> Device {
    Device::Fcm { token: ANDROID.into() }
}

fn iphone() -> Device {
    Device::Apns { token: IPHONE.into() }
}

#[tokio::test]
async fn apps_are_told_with_what_they_need_to_show_it_once() {
    let town = Town::open().await;
    let case = town.report(&[android(), iphone()]).await;
    town.house.run_planner().await;
    town.house.run_senders().await;
    town.settled(case, 2, NoticeState::Sent).await;
    town.house.pass(Duration::from_mins(10));
    town.house.event(case, 2, planned()).await;
    town.settled(case, 4, NoticeState::Sent).await;
    let taken = town.service.taken();
    assert_eq!(taken.len(), 4);
    assert_eq!(town.service.tokens(), (1, 1), "a token is used again");
    let rows = town.house.notices(case).await;
    let text = "4 décembre";

    let android: Vec<_> = taken.iter().filter(|taken| taken.device == ANDROID).collect();
    let (first, second) = (&android[0].body["message"], &android[1].body["message"]);
    assert!(second["notification"]["body"].as_str().unwrap().contains(text), "{second}");
    assert!(first["android"]["collapse_key"].is_string());
    assert_eq!(first["android"]["collapse_key"], second["android"]["collapse_key"]);
    assert_eq!((&second["android"]["ttl"], &second["android"]["priority"]), (&json!("259200s"), &json!("NORMAL")));
    assert!(second["data"]["link"].as_str().unwrap().starts_with("https://hallo.example/fr/t/"));

    let iphone: Vec<_> = taken.iter().filter(|taken| taken.device == IPHONE).collect();
    let header = |nth: usize, name: &str| iphone[nth].headers[name].to_str().unwrap().to_owned();
    assert!(iphone[1].body["aps"]["alert"]["body"].as_str().unwrap().contains(text), "{:?}", iphone[1].body);
    assert_eq!(header(0, "apns-collapse-id"), header(1, "apns-collapse-id"));
    assert_eq!((header(1, "apns-push-type"), header(1, "apns-priority")), ("alert".into(), "10".into()));
    let id: Uuid = header(1, "apns-id").parse().unwrap();
    assert!(rows.iter().any(|row| row.notice.id == id && row.notice.version == 2), "the id is that of the notice");
    let expires: i64 = header(1, "apns-expiration").parse().unwrap();
    assert!((expires - 1_795_000_000 - 72 * 3_600 - 600).abs() < 60, "{expires}");

    // An hour later both tokens are too old.
    town.house.pass(Duration::from_mins(60));
    let department = schemas::slug::Slug::new("publieke-ruimte-wegen").unwrap();
    town.house.event(case, 3, schemas::event::What::Note { department, text: "Kom".into() }).await;
    town.settled(case, 6, NoticeState::Sent).await;
    assert_eq!(town.service.tokens(), (2, 2));
}

#[tokio::test]
async fn an_app_that_is_gone_is_forgotten_and_trouble_is_tried_again() {
    let town = Town::open().await;
    let case = town.report(&[android(), iphone()]).await;
    let code = |status: &str, code: &str| json!({"error": {"status": status, "details": [{"errorCode": code}]}});
    town.service.answer(ANDROID, Some((503, code("UNAVAILABLE", "UNAVAILABLE"))));
    town.service.answer(IPHONE, Some((429, json!({"reason": "TooManyRequests"}))));
    town.house.run_planner().await;
    town.house.run_senders().await;
    wait_until(|| async { town.house.notices(case).await.iter().filter(|row| row.why.is_some()).count() == 2 }).await;
    town.house.drain().await;
    assert_eq!(town.house.store.devices(case).await.unwrap().len(), 2);

    town.service.answer(ANDROID, Some((404, code("NOT_FOUND", "UNREGISTERED"))));
    town.service.answer(IPHONE, Some((410, json!({"reason": "Unregistered", "timestamp": 1_794_000_000_000_i64}))));
    town.house.pass(Duration::from_secs(90));
    wait_until(|| async { town.house.store.letterbox(9, None).await.unwrap().len() == 1 }).await;
    town.house.drain().await;
    assert!(town.house.store.devices(case).await.unwrap().is_empty());
    assert!(town.service.taken().is_empty());
    let mut said: Vec<_> = town.house.notices(case).await.into_iter().map(|row| row.notice.sender).collect();
    said.sort();
    assert_eq!(said, ["letterbox", "push", "push"], "told once another way, when the last device was gone");
}

#[tokio::test]
async fn a_token_that_google_takes_back_is_changed_for_a_new_one() {
    let town = Town::open().await;
    let case = town.report(&[android()]).await;
    town.house.run_planner().await;
    town.house.run_senders().await;
    town.settled(case, 1, NoticeState::Sent).await;
    town.service.forget_tokens();
    town.house.event(case, 2, planned()).await;
    wait_until(|| async { town.house.notices(case).await.iter().any(|row| row.why.is_some()) }).await;
    town.house.drain().await;
    town.house.pass(Duration::from_secs(60));
    town.settled(case, 2, NoticeState::Sent).await;
    assert_eq!((town.service.taken().len(), town.service.tokens().0), (2, 2));
}
