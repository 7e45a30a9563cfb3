//! Programs with a key of their channel.

use super::{Answer, Town};
use crate::Rate;
use adapters::keys;
use axum::{body::Body, http::Request};
use schemas::{
    api_key::KeyKind,
    slug::{Channel, Slug},
};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

/// A new key of `channel`.
pub async fn key(town: &Town, channel: &str, kind: KeyKind) -> String {
    let channel: Channel = Slug::new(channel).unwrap();
    keys::create(&town.store, channel, kind, "An").await.unwrap().text.expose_secret().to_owned()
}

fn report() -> Value {
    json!({"category": "wegen/put", "words": "A deep hole", "contact": {"email": "an@example.org"}})
}

async fn send(town: &Town, key: Option<&str>, idempotency: &str, body: &Value) -> Answer {
    let mut request = Request::post("/api/v1/reports").header("content-type", "application/json");
    if let Some(key) = key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    if !idempotency.is_empty() {
        request = request.header("idempotency-key", idempotency);
    }
    town.ask(request.body(Body::from(body.to_string())).unwrap()).await
}

async fn list(town: &Town, key: &str, query: &str) -> Answer {
    let request = Request::get(format!("/api/v1/reports{query}")).header("authorization", format!("Bearer {key}"));
    town.ask(request.body(Body::empty()).unwrap()).await
}

async fn photo(town: &Town, key: &str) -> Answer {
    let request = Request::post("/api/v1/photos").header("content-type", "image/png");
    let request = request.header("authorization", format!("Bearer {key}"));
    town.ask(request.body(Body::from(super::form::png())).unwrap()).await
}

#[tokio::test]
async fn a_key_brings_reports_in_by_its_channel() {
    let town = Town::open().await;
    let (app, kiosk) = (key(&town, "my-app", KeyKind::Live).await, key(&town, "kiosk", KeyKind::Live).await);
    let first = send(&town, Some(&app), "1", &report()).await;
    assert_eq!(first.status, 201, "{}", first.text());
    let again = send(&town, Some(&app), "1", &report()).await;
    assert_eq!((again.status.as_u16(), again.json()), (200, first.json()));
    // Another channel's, or nobody's, `1` is another report.
    for other in [Some(kiosk.as_str()), None] {
        let other = send(&town, other, "1", &report()).await;
        assert_eq!(other.status, 201);
        assert_ne!(other.json()["reference"], first.json()["reference"]);
    }
    let listed = list(&town, &app, "").await;
    assert_eq!(listed.status, 200, "{}", listed.text());
    let listed = listed.json();
    let only = &listed["reports"].as_array().unwrap()[..];
    assert_eq!(only.len(), 1);
    assert_eq!((&only[0]["reference"], &only[0]["idempotency_key"]), (&first.json()["reference"], &json!("1")));
    assert_eq!((&only[0]["status"], &only[0]["version"]), (&json!("received"), &json!(1)));
    assert!(!listed.to_string().contains("hole") && !listed.to_string().contains("example.org"));
    for n in 2..5 {
        assert_eq!(send(&town, Some(&app), &n.to_string(), &report()).await.status, 201);
    }
    let (mut seen, mut next) = (0, "?limit=3".to_owned());
    for _ in 0..9 {
        let page = list(&town, &app, &next).await.json();
        seen += page["reports"].as_array().unwrap().len();
        let Some(address) = page["next"].as_str() else { break };
        next = address.strip_prefix("/api/v1/reports").unwrap().to_owned();
    }
    assert_eq!(seen, 4);
    for (query, field) in [("?status=gone", "status"), ("?before=x", "before"), ("?limit=0", "limit"), ("?x=1", "x")] {
        let answer = list(&town, &app, query).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["errors"][0]["field"]), (400, &json!(field)));
    }
    assert_eq!(town.get("/api/v1/reports").await.status, 401);
}

#[tokio::test]
async fn a_key_for_tests_checks_everything_and_keeps_nothing() {
    let town = Town::open().await;
    let (live, test) = (key(&town, "my-app", KeyKind::Live).await, key(&town, "my-app", KeyKind::Test).await);
    let taken = photo(&town, &test).await;
    assert_eq!((taken.status.as_u16(), &taken.json()["test"]), (201, &json!(true)), "{}", taken.text());
    let real = photo(&town, &live).await.json()["id"].clone();
    let mut with_photos = report();
    with_photos["photos"] = json!([taken.json()["id"], real]);
    let answer = send(&town, Some(&test), "1", &with_photos).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let given = answer.json();
    assert_eq!((&given["test"], &given["reference"]), (&json!(true), &json!("00000000")));
    let shape = |given: &Value| given.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let mut live_shape = shape(&send(&town, Some(&live), "1", &report()).await.json());
    live_shape.push("test".to_owned());
    live_shape.sort();
    let mut test_shape = shape(&given);
    test_shape.sort();
    assert_eq!(test_shape, live_shape);
    // Wrong is as wrong as with a live key.
    for (wrong, field) in [
        (json!({"category": "no/such", "words": "x"}), "/category"),
        (
            json!({"category": "wegen/put", "words": "x", "photos": ["0199aaaa-0000-7000-8000-000000000000"]}),
            "/photos/0",
        ),
    ] {
        let answers = [send(&town, Some(&test), "2", &wrong).await, send(&town, Some(&live), "2", &wrong).await];
        assert_eq!(answers[0].json()["errors"], answers[1].json()["errors"]);
        assert_eq!((answers[0].status.as_u16(), &answers[0].json()["errors"][0]["field"]), (422, &json!(field)));
    }
    // A photo that was not kept is none for a live key.
    assert_eq!(send(&town, Some(&live), "3", &with_photos).await.status, 422);
    assert_eq!(town.store.count().await.unwrap().reports, 1, "the live one alone");
    assert_eq!(list(&town, &test, "").await.json(), json!({"reports": [], "next": null, "test": true}));
}

#[tokio::test]
async fn wrong_keys_are_refused_and_counted() {
    let town = Town::open_with(|config| config.rate = Rate { writes_per_minute: 3, ..Rate::OFF }).await;
    let live = key(&town, "my-app", KeyKind::Live).await;
    // A good key is not counted under the address.
    for n in 0..6 {
        assert_eq!(send(&town, Some(&live), &n.to_string(), &report()).await.status, 201);
    }
    let mut other = live.clone();
    other.replace_range(41.., if live.ends_with('a') { "b" } else { "a" });
    for wrong in ["x", other.as_str(), ""] {
        let answer = send(&town, Some(wrong), "", &report()).await;
        assert_eq!(answer.status, 401, "{wrong}: {}", answer.text());
        assert!(answer.header("www-authenticate").starts_with("Bearer"));
    }
    assert_eq!(send(&town, Some(&other), "", &report()).await.status, 429, "one guess too many");
    assert_eq!(send(&town, None, "", &report()).await.status, 429, "from this address nothing comes in for now");
    assert_eq!(send(&town, Some(&live), "9", &report()).await.status, 201, "with a key it does");
    let prefix = &live[..16];
    assert!(matches!(keys::revoke(&town.store, prefix, "An", "lost").await.unwrap(), keys::Revoked::Now(_)));
    assert!(matches!(keys::revoke(&town.store, prefix, "An", "").await.unwrap(), keys::Revoked::Before(_)));
    assert_eq!(send(&town, Some(&live), "10", &report()).await.status, 429, "revoked: it is a guess now");
    let deeds = town.store.audit(store::AuditFilter { limit: 9, ..Default::default() }).await.unwrap();
    let mut deeds: Vec<_> = deeds.iter().map(|entry| (entry.deed.as_str(), entry.what.contains(prefix))).collect();
    deeds.sort_unstable();
    assert_eq!(deeds, [("keys.create", true), ("keys.revoke", true)]);
}

#[tokio::test]
async fn each_key_has_a_limit_of_its_own() {
    let town = Town::open_with(|config| config.rate = Rate { per_key_per_minute: 2, ..Rate::OFF }).await;
    let (one, two) = (key(&town, "my-app", KeyKind::Live).await, key(&town, "my-app", KeyKind::Live).await);
    for _ in 0..2 {
        assert_eq!(list(&town, &one, "").await.status, 200);
    }
    let often = list(&town, &one, "").await;
    assert_eq!(often.status, 429);
    assert!(often.header("retry-after").parse::<u64>().unwrap() > 0);
    assert_eq!(list(&town, &two, "").await.status, 200);
}

#[tokio::test]
async fn a_city_may_ask_for_keys() {
    let town = Town::open_with(|config| config.intake.api.require_key = true).await;
    let live = key(&town, "my-app", KeyKind::Live).await;
    assert_eq!(send(&town, None, "1", &report()).await.status, 401);
    let request = Request::post("/api/v1/photos").header("content-type", "image/png");
    assert_eq!(town.ask(request.body(Body::from(super::form::png())).unwrap()).await.status, 401);
    assert_eq!(send(&town, Some(&live), "1", &report()).await.status, 201);
    assert_eq!(town.store.count().await.unwrap().reports, 1);
}
