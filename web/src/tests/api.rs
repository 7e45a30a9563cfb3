//! The API: what programs are told, and that every error is a problem.

use super::{Answer, KEY, Town};
use axum::{body::Body, http::Request};
use serde_json::{Value, json};

fn problem(answer: &Answer, status: u16) -> Value {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/problem+json", "{}", answer.text());
    let problem = answer.json();
    assert_eq!(problem["status"], status);
    for field in ["type", "title", "detail"] {
        assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {problem}");
    }
    problem
}

fn with_key(request: axum::http::request::Builder) -> axum::http::request::Builder {
    request.header("authorization", format!("Bearer {KEY}"))
}

#[tokio::test]
async fn a_report_by_json() {
    let town = Town::open().await;
    let body = json!({"category": "wegen/put", "words": "A deep hole", "language": "en"}).to_string();
    let send = |key: &str, body: &str| {
        Request::post("/api/v1/reports")
            .header("content-type", "application/json")
            .header("idempotency-key", key)
            .body(Body::from(body.to_owned()))
            .unwrap()
    };
    let first = town.ask(send("k1", &body)).await;
    assert_eq!(first.status, 201, "{}", first.text());
    let given = first.json();
    assert_eq!(given["reference"].as_str().unwrap().len(), 8);
    assert!(given["tracking_url"].as_str().unwrap().starts_with("https://voordeur.example/t/"));
    let case = town.get(first.location()).await;
    assert_eq!(case.json()["status"], "received");
    assert_eq!(case.json()["timeline"][0]["what"], "received");
    assert!(!case.text().contains("A deep hole") && !case.text().contains("case_id"));
    let again = town.ask(send("k1", &body)).await;
    assert_eq!((again.status.as_u16(), again.header("idempotent-replayed")), (200, "true"));
    assert_eq!(again.json(), given);
    let other = town.ask(send("k1", &body.replace("deep", "shallow"))).await;
    problem(&other, 409);
    problem(&town.ask(send("a b", &body)).await, 400);
}

#[tokio::test]
async fn bad_input_is_named() {
    let town = Town::open().await;
    let long = format!(r#"{{"category":"wegen/put","words":"{}"}}"#, "x".repeat(10_000));
    let rows: &[(&str, u16, &str)] = &[
        ("", 400, ""),
        ("{", 400, ""),
        ("nonsense", 400, ""),
        ("[]", 422, ""),
        (r#"{"words":"x"}"#, 422, "/category"),
        (r#"{"category":"wegen/put"}"#, 422, "/words"),
        (r#"{"category":"no/such","words":"x"}"#, 422, "/category"),
        (r#"{"category":"wegen/put","words":5}"#, 422, "/words"),
        (r#"{"category":"wegen/put","words":"\u0000\u202e"}"#, 422, "/words"),
        (long.as_str(), 422, "/words"),
        (r#"{"category":"wegen/put","words":"x","extra":1}"#, 422, "/extra"),
        (r#"{"category":"wegen/put","words":"x","place":{"point":{"lat":1e999,"lon":3}}}"#, 422, "/place/point/lat"),
        (r#"{"category":"wegen/put","words":"x","place":{"point":{"lat":48.85,"lon":2.35}}}"#, 422, "/place/point"),
        (r#"{"category":"wegen/put","words":"x","tell":"email"}"#, 422, "/contact/email"),
        (r#"{"category":"wegen/put","words":"x","photos":["0199aaaa-0000-7000-8000-000000000000"]}"#, 422, "/photos/0"),
    ];
    for (body, status, field) in rows {
        let answer = town.post_json("/api/v1/reports", (*body).to_owned()).await;
        let problem = problem(&answer, *status);
        let fields: Vec<&str> =
            problem["errors"].as_array().unwrap().iter().filter_map(|e| e["field"].as_str()).collect();
        assert!(fields.contains(field), "{body}: {problem}");
        assert!(
            problem["errors"].as_array().unwrap().iter().all(|e| e["code"].is_string() && e["message"].is_string())
        );
    }
    assert_eq!(town.store.count().await.unwrap().reports, 0);
}

#[tokio::test]
async fn a_small_question_gets_no_large_answer() {
    let town = Town::open().await;
    let answers: std::collections::BTreeMap<String, u32> = (0..5_000).map(|n| (n.to_string(), n)).collect();
    let body = json!({"category": "wegen/put", "words": "x", "answers": answers});
    let problem = problem(&town.post_json("/api/v1/reports", body.to_string()).await, 422);
    assert_eq!(problem["errors"].as_array().unwrap().len(), 100);
    assert!(problem["detail"].as_str().unwrap().starts_with("5000 "), "{problem}");
}

#[tokio::test]
async fn every_error_of_the_api_is_a_problem() {
    let town = Town::open().await;
    let big = vec![b' '; 300 * 1024];
    problem(&town.get("/api/v1/nothing").await, 404);
    problem(&town.get("/api/v1/cases/nonsense").await, 404);
    let wrong_method = town.ask(Request::put("/api/v1/reports").body(Body::empty()).unwrap()).await;
    problem(&wrong_method, 405);
    assert!(wrong_method.header("allow").contains("POST"), "{}", wrong_method.header("allow"));
    problem(&town.post_json("/api/v1/reports", big).await, 413);
    let plain = Request::post("/api/v1/reports").header("content-type", "text/plain").body(Body::from("x")).unwrap();
    problem(&town.ask(plain).await, 415);
    let script =
        Request::post("/api/v1/photos").header("content-type", "image/png").body(Body::from("#!/bin/sh")).unwrap();
    problem(&town.ask(script).await, 422);
    let text = Request::post("/api/v1/photos").header("content-type", "text/html").body(Body::from("x")).unwrap();
    problem(&town.ask(text).await, 415);
    let large =
        Request::post("/api/v1/photos").header("content-type", "image/png").body(Body::from(vec![0; 16 * 1024 * 1024]));
    problem(&town.ask(large.unwrap()).await, 413);
}

#[tokio::test]
async fn the_tree_of_categories() {
    let town = Town::open().await;
    let tree = town.get("/api/v1/categories").await.json();
    let group = tree["groups"].as_array().unwrap().iter().find(|group| group["id"] == "wegen").unwrap();
    let hole = group["categories"].as_array().unwrap().iter().find(|c| c["id"] == "wegen/put").unwrap();
    assert_eq!(hole["names"]["en"], "Pothole in the road");
    assert_eq!(hole["questions"][0]["answer"], "bool");
}

#[tokio::test]
async fn only_a_department_gets_at_its_work() {
    let town = Town::open().await;
    let id = town.fetcher();
    let path = format!("/api/v1/departments/{id}");
    for (uri, key) in [(path.as_str(), None), (path.as_str(), Some("wrong")), ("/api/v1/departments/nobody", Some(KEY))]
    {
        let mut request = Request::get(format!("{uri}/work"));
        if let Some(key) = key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let answer = town.ask(request.body(Body::empty()).unwrap()).await;
        problem(&answer, 401);
        assert!(answer.header("www-authenticate").starts_with("Bearer"));
    }
    let work =
        town.ask(with_key(Request::get(format!("{path}/work?wait=0&max=10"))).body(Body::empty()).unwrap()).await;
    assert_eq!((work.status.as_u16(), work.json()), (200, json!({"work": []})), "{}", work.text());
    for query in ["wait=soon", "max=0", "max=-1"] {
        let request = with_key(Request::get(format!("{path}/work?{query}"))).body(Body::empty()).unwrap();
        problem(&town.ask(request).await, 400);
    }
    for (tail, body, status) in [
        ("work/ack", "{", 400),
        ("work/ack", r#"{"ids":["x"]}"#, 422),
        ("updates", "{", 400),
        ("updates", r#"{"id":"1"}"#, 422),
    ] {
        let request = with_key(Request::post(format!("{path}/{tail}"))).header("content-type", "application/json");
        problem(&town.ask(request.body(Body::from(body)).unwrap()).await, status);
    }
    let unsigned = town.post_json(&format!("{path}/callback"), "{}").await;
    problem(&unsigned, 401);
    let nothing = with_key(Request::get(format!("{path}/photos/nonsense"))).body(Body::empty()).unwrap();
    problem(&town.ask(nothing).await, 404);
}

#[tokio::test]
async fn an_update_is_taken() {
    use schemas::case::Status;
    let town = Town::open().await;
    let report = town.report("put").await;
    town.case(&report, Status::Routed, Vec::new()).await;
    let id = town.fetcher();
    let dispatch = town.store.dispatches_of(report.id).await.unwrap()[0].id;
    let update = json!({"id": "u1", "department": id, "dispatch": dispatch, "at": "2026-11-23T09:12:00Z",
        "say": {"what": "accept"}});
    let request = with_key(Request::post(format!("/api/v1/departments/{id}/updates")))
        .header("content-type", "application/json")
        .body(Body::from(update.to_string()))
        .unwrap();
    let answer = town.ask(request).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
}
