//! A photo of a case, for a department with its token and for a server that was given the address.

use super::{Answer, KEY, Town, form::png, links, now};
use axum::{body::Body, http::Request};
use schemas::case::Status;
use serde_json::json;
use std::time::Duration;

/// A case with a photo that the department `town.fetcher()` has; the path of the photo.
async fn shown(town: &Town) -> (schemas::report::Report, String) {
    let photo = Request::post("/api/v1/photos").header("content-type", "image/png").body(Body::from(png())).unwrap();
    let photo = town.ask(photo).await.json()["id"].as_str().unwrap().to_owned();
    let body = json!({"category": "wegen/put", "words": "put", "photos": [photo]});
    let sent = town.post_json("/api/v1/reports", body.to_string()).await;
    assert_eq!(sent.status, 201, "{}", sent.text());
    let id = town.store.photo_owners(&[photo.parse().unwrap()]).await.unwrap()[&photo.parse().unwrap()].unwrap();
    let report = town.store.report(id).await.unwrap().unwrap();
    town.case(&report, Status::Routed, Vec::new()).await;
    (report, format!("/api/v1/departments/{}/photos/{photo}", town.fetcher()))
}

/// The address as it is handed out, without the city's own name.
fn address(path: &str) -> String {
    links().photo(path).strip_prefix("https://voordeur.example").unwrap().to_owned()
}

fn refused(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/problem+json");
}

#[tokio::test]
async fn the_whole_address_opens_the_photo_and_nothing_else() {
    let town = Town::open().await;
    let (_, path) = shown(&town).await;
    let picture = town.get(&address(&path)).await;
    assert_eq!((picture.status.as_u16(), picture.header("content-type")), (200, "image/jpeg"));
    assert_eq!(picture.header("cache-control"), "private, no-store");
    // A browser shows it on the page of that server.
    let policy = "cross-origin-resource-policy";
    assert_eq!(picture.header(policy), "cross-origin");
    let by_token =
        town.ask(Request::get(&path).header("authorization", format!("Bearer {KEY}")).body(Body::empty()).unwrap());
    let by_token = by_token.await;
    assert_eq!((&by_token.bytes, by_token.header(policy)), (&picture.bytes, "same-origin"));

    // This one is small itself, so that both are the same.
    let small = town.get(&format!("{}&size=small", address(&path))).await;
    assert_eq!((small.status.as_u16(), &small.bytes), (200, &picture.bytes));
    refused(&town.get(&format!("{}&size=huge", address(&path))).await, 422);
    refused(&town.get(&format!("{path}?size=small")).await, 401);

    let key = address(&path);
    let key = key.split_once("?key=").unwrap().1;
    let (folder, photo) = path.rsplit_once('/').unwrap();
    let (_, another) = shown(&town).await;
    for wrong in [
        path.clone(),
        format!("{path}?key="),
        format!("{path}?key={}", &key[1..]),
        format!("{path}?key={key}A"),
        format!("{another}?key={key}"),
        format!("/api/v1/departments/contactcentrum/photos/{photo}?key={key}"),
    ] {
        refused(&town.get(&wrong).await, 401);
    }
    // Well signed, and still none of this department's: no dispatch, no photo, no id.
    let elsewhere = format!("/api/v1/departments/contactcentrum/photos/{photo}");
    for none in [elsewhere, format!("{folder}/{}", schemas::Uuid::from_u128(1)), format!("{folder}/nonsense")] {
        refused(&town.get(&address(&none)).await, 404);
    }
    refused(&town.get(&format!("{path}?key=a&key=b")).await, 400);
    // A city that handed out no addresses opens none.
    let closed = Town::open_with(|config| config.links = None).await;
    let (_, path) = shown(&closed).await;
    refused(&closed.get(&address(&path)).await, 401);
}

#[tokio::test]
async fn an_address_ends_with_its_case() {
    let town = Town::open().await;
    let (report, path) = shown(&town).await;
    for (days, status) in [(89, 200), (91, 404)] {
        let mut tx = town.store.begin().await.unwrap();
        let mut case = tx.lock_cases(&[report.id]).await.unwrap().remove(&report.id).unwrap();
        case.status = Status::Solved;
        case.closed_at = Some(now() - Duration::from_hours(days * 24));
        tx.save_cases(&[case]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(town.get(&address(&path)).await.status, status, "{days}");
    }
}
