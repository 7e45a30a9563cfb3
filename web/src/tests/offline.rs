//! Telling the city something without a network: what a device keeps, and how it is sent later, once.

use super::{Town, pages::check};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use schemas::report::Language;
use std::time::Duration;

/// A form as the queue of a device sends it.
async fn send(town: &Town, lang: &str, fields: &[(&str, &str)]) -> super::Answer {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = Request::post(format!("/{lang}/report"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ACCEPT, "application/json")
        .header("sec-fetch-site", "same-origin")
        .body(Body::from(body))
        .unwrap();
    town.ask(request).await
}

async fn mark(town: &Town) -> serde_json::Value {
    let answer = town.post("/nl/report/mark", &[], &[]).await;
    assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::OK, "private, no-store"));
    answer.json()
}

#[tokio::test]
async fn what_waited_is_sent_once() {
    let town = Town::open().await;
    let mark = mark(&town).await;
    let (token, shown) = (mark["token"].as_str().unwrap(), mark["shown"].as_str().unwrap());
    let fields = [
        ("token", token),
        ("shown", shown),
        ("category", "wegen/put"),
        ("words", "Een put voor de deur"),
        ("near", "other"),
    ];
    let first = send(&town, "fr", &fields).await;
    assert_eq!((first.status, first.header("content-type")), (StatusCode::OK, "application/json"));
    assert_eq!(first.json()["state"], "sent");
    let href = first.json()["href"].as_str().unwrap().to_owned();
    assert!(href.starts_with("/fr/t/"), "{href}");
    assert!(town.get(&href).await.text().contains("Een put voor de deur"));
    // The answer got lost on the way back: the same again is the same report, also with other contents.
    assert_eq!(send(&town, "fr", &fields).await.json(), first.json());
    let other = [("token", token), ("shown", shown), ("category", "wegen/put"), ("words", "Iets anders")];
    assert_eq!(send(&town, "fr", &other).await.json(), first.json());
}

#[tokio::test]
async fn what_a_person_has_to_say_is_asked_in_their_language() {
    let town = Town::open().await;
    let nothing = send(&town, "en", &[("category", "wegen/put"), ("words", " ")]).await;
    assert_eq!((nothing.status, &nothing.json()["state"]), (StatusCode::UNPROCESSABLE_ENTITY, &"asks".into()));
    assert!(nothing.json()["messages"][0].as_str().is_some_and(|said| !said.is_empty()));
    let known = [("category", "wegen/nonsense"), ("words", "put")];
    assert_eq!(send(&town, "nl", &known).await.json()["state"], "asks");
    let personal = [("category", "wegen/put"), ("words", "Bel mij op 0470 12 34 56 of jan@example.org")];
    let answer = send(&town, "nl", &personal).await;
    if answer.status == StatusCode::CONFLICT {
        assert!(answer.json()["messages"][0].as_str().unwrap().contains("persoonlijke"));
    }
}

#[tokio::test]
async fn a_mark_says_how_long_to_wait() {
    let town = Town::open().await;
    assert_eq!(mark(&town).await["wait_seconds"], 0);
    let guarded = Town::open_with(|config| config.intake.guard.form_delay = Duration::from_secs(3)).await;
    let (one, two) = (mark(&guarded).await, mark(&guarded).await);
    assert_eq!(one["wait_seconds"], 4);
    assert_ne!(one["token"], two["token"], "each report has its own");
    assert_eq!(guarded.get("/nl/report/mark").await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn the_worker_knows_what_to_keep() {
    let town = Town::open().await;
    for name in ["/worker.js", "/push-worker.js"] {
        let worker = town.get(name).await;
        assert_eq!((worker.status, worker.header("content-type")), (StatusCode::OK, "text/javascript; charset=utf-8"));
        assert_eq!(worker.header("cache-control"), "no-cache");
        let text = worker.text();
        let first = text.lines().next().unwrap();
        let shell = first.strip_prefix("const voordeur = ").unwrap().strip_suffix(';').unwrap();
        let shell: serde_json::Value = serde_json::from_str(shell).unwrap();
        assert_eq!(shell["languages"], serde_json::json!(["nl", "fr", "en"]));
        for file in shell["files"].as_array().unwrap() {
            assert_eq!(town.get(file.as_str().unwrap()).await.status, StatusCode::OK, "{file}");
        }
        assert!(
            text.contains("showNotification") && text.contains("notificationclick"),
            "push messages are its work too"
        );
    }
}

#[tokio::test]
async fn an_app_in_each_language() {
    let town = Town::open().await;
    for language in Language::BUILT_IN {
        let lang = language.as_str();
        let page = town.get(&format!("/{lang}")).await.text();
        assert!(page.contains(&format!("<link rel=\"manifest\" href=\"/{lang}/manifest.webmanifest\">")));
        let answer = town.get(&format!("/{lang}/manifest.webmanifest")).await;
        assert_eq!(answer.header("content-type"), "application/manifest+json");
        let manifest = answer.json();
        assert_eq!((&manifest["lang"], &manifest["start_url"]), (&lang.into(), &format!("/{lang}").into()));
        for icon in manifest["icons"].as_array().unwrap() {
            let file = town.get(icon["src"].as_str().unwrap()).await;
            assert_eq!((file.status, file.header("content-type")), (StatusCode::OK, icon["type"].as_str().unwrap()));
        }
        for page in ["offline", "outbox", "reading"] {
            let path = format!("/{lang}/{page}");
            let answer = town.get(&path).await;
            assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::OK, "no-cache"));
            check(&path, &answer.text(), lang);
        }
    }
    let policy = town.get("/nl").await.header("content-security-policy").to_owned();
    assert!(policy.contains("manifest-src 'self'") && !policy.contains("unsafe"), "{policy}");
}
