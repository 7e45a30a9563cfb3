//! The devices that people are told on.

use super::{Answer, Town};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use notifier::{
    devices::Devices,
    senders::push::{Key, PushConfig},
};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

/// A town that pushes, and its public key.
async fn town() -> (Town, String) {
    let (key, pem) = Key::make().unwrap();
    let config: PushConfig =
        toml::from_str(&format!("subject = 'https://voordeur.example'\nkey = '''{}'''", pem.expose_secret())).unwrap();
    let devices = Devices::build(&config, false).unwrap();
    (Town::open_with(|config| config.push = Some(devices)).await, key.public())
}

async fn call(town: &Town, method: &str, path: &str, secret: &str, body: Option<Value>) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(format!("/api/v1/push/devices{path}"))
        .header(header::AUTHORIZATION, format!("Bearer {secret}"))
        .header(header::CONTENT_TYPE, "application/json");
    town.ask(request.body(body.map_or_else(Body::empty, |body| Body::from(body.to_string()))).unwrap()).await
}

/// A browser: the public key of another key pair will do.
fn browser(key: &str, name: &str) -> Value {
    let (point, _) = Key::make().unwrap();
    let endpoint = format!("https://updates.push.services.mozilla.com/wpush/v2/{name}");
    json!({"kind": "web", "endpoint": endpoint, "p256dh": point.public(), "auth": "AAAAAAAAAAAAAAAAAAAAAA", "key": key})
}

#[tokio::test]
async fn whoever_has_the_link_registers_devices_and_takes_them_away() {
    let (town, key) = town().await;
    assert_eq!(town.get("/api/v1/push").await.json(), json!({"public_key": key, "kinds": ["web"], "most": 10}));
    let report = town.report("Een put").await;
    let other = town.report("Nog een put").await;
    let added = call(&town, "POST", "", &report.token, Some(browser(&key, "a"))).await;
    assert_eq!(added.status, StatusCode::CREATED, "{}", added.text());
    let id = added.json()["id"].as_str().unwrap().to_owned();
    assert!(!added.text().contains("mozilla"), "its name says nothing of the device");
    let again = call(&town, "POST", "", &report.token, Some(browser(&key, "a"))).await;
    assert_eq!(again.json()["id"], id.as_str(), "with other keys it is the same device");
    let listed = call(&town, "GET", "", &report.token, None).await;
    assert_eq!(
        (listed.json()["devices"].as_array().unwrap().len(), listed.header("cache-control")),
        (1, "private, no-store")
    );
    assert_eq!(call(&town, "GET", "", &other.token, None).await.json(), json!({"devices": []}));

    let path = format!("/{id}");
    assert_eq!(call(&town, "DELETE", &path, &other.token, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(town.store.devices(report.id).await.unwrap().len(), 1, "another report's link takes nothing away");
    for _ in 0..2 {
        assert_eq!(call(&town, "DELETE", &path, &report.token, None).await.status, StatusCode::NO_CONTENT);
    }
    assert!(town.store.devices(report.id).await.unwrap().is_empty());

    for n in 0..12 {
        call(&town, "POST", "", &report.token, Some(browser(&key, &n.to_string()))).await;
    }
    assert_eq!(town.store.devices(report.id).await.unwrap().len(), 10);
}

#[tokio::test]
async fn what_is_wrong_is_said_and_nothing_is_kept() {
    let (town, key) = town().await;
    let report = town.report("Een put").await;
    let with = |field: &str, value: Value| {
        let mut device = browser(&key, "a");
        device[field] = value;
        device
    };
    for (secret, body, status, words) in [
        ("nobody", browser(&key, "a"), StatusCode::UNAUTHORIZED, "tracking link"),
        ("'; --", browser(&key, "a"), StatusCode::UNAUTHORIZED, "tracking link"),
        (&report.token, json!([]), StatusCode::BAD_REQUEST, "no device"),
        (&report.token, with("kind", "fax".into()), StatusCode::BAD_REQUEST, "fcm"),
        (&report.token, with("extra", 1.into()), StatusCode::BAD_REQUEST, "extra"),
        (&report.token, with("auth", 1.into()), StatusCode::BAD_REQUEST, "string"),
        (&report.token, with("auth", "AAAA".into()), StatusCode::UNPROCESSABLE_ENTITY, "/auth"),
        (&report.token, with("endpoint", "https://10.0.0.1/x".into()), StatusCode::UNPROCESSABLE_ENTITY, "/endpoint"),
        (&report.token, with("p256dh", "A".repeat(87).into()), StatusCode::UNPROCESSABLE_ENTITY, "/p256dh"),
        (&report.token, json!({"kind": "apns", "token": "ab"}), StatusCode::UNPROCESSABLE_ENTITY, "/kind"),
        (&report.token, with("endpoint", "a".repeat(20_000).into()), StatusCode::PAYLOAD_TOO_LARGE, ""),
    ] {
        let answer = call(&town, "POST", "", secret, Some(body)).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        assert!(answer.text().contains(words), "{words}: {}", answer.text());
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    let form = Request::post("/api/v1/push/devices")
        .header(header::AUTHORIZATION, format!("Bearer {}", report.token))
        .header(header::CONTENT_TYPE, "text/plain");
    let form = form.body(Body::from(browser(&key, "a").to_string())).unwrap();
    assert_eq!(town.ask(form).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "no form of another site can say this");
    assert!(town.store.devices(report.id).await.unwrap().is_empty());
    let silent = Town::open().await;
    assert_eq!(silent.get("/api/v1/push").await.status, StatusCode::NOT_FOUND);
    assert_eq!(call(&silent, "POST", "", "x", Some(browser(&key, "a"))).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_page_offers_it_and_hides_it_until_a_browser_can() {
    let (town, key) = town().await;
    let report = town.report("Een put").await;
    for lang in ["nl", "fr", "en"] {
        let html = town.get(&format!("/{lang}/t/{}", report.token)).await.text();
        let section = html.split("<section").find(|part| part.contains("data-device")).unwrap();
        let tag = section.split('>').next().unwrap();
        assert!(tag.ends_with(" hidden") && tag.contains(&key) && tag.contains(&report.token), "{tag}");
        let script = super::attribute(section, "<script", "src");
        let answer = town.get(script).await;
        assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "text/javascript; charset=utf-8"));
    }
    let worker = town.get("/worker.js").await;
    assert_eq!((worker.status, worker.header("content-type")), (StatusCode::OK, "text/javascript; charset=utf-8"));
    assert_eq!(worker.header("cache-control"), "no-cache");
    let silent = Town::open().await;
    let report = silent.report("Een put").await;
    assert!(!silent.get(&format!("/nl/t/{}", report.token)).await.text().contains("data-device"));
}

#[tokio::test]
async fn a_device_says_what_it_shows_by_a_link_that_nobody_guesses() {
    let (town, _) = town().await;
    let notice = schemas::Uuid::from_u128(7);
    let token = town.store.notice_tokens().await.unwrap().shown(notice);
    let say = async |token: &str| {
        town.ask(Request::post(format!("/api/v1/push/shown/{token}")).body(Body::empty()).unwrap()).await.status
    };
    assert_eq!(say("guess").await, StatusCode::NOT_FOUND);
    for _ in 0..2 {
        assert_eq!(say(&token).await, StatusCode::ACCEPTED);
    }
    let heard = super::sms_hook::taken(&town.store).await;
    assert_eq!((heard.len(), heard[0].notice), (1, Some(notice)));
}
