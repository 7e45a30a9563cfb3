//! The cases of a department, as its own people's programs meet them.

use super::{Answer, KEY, Town};
use adapters::answers::AnswersWorker;
use axum::{body::Body, http::Request};
use bus::Effects as _;
use schemas::{Uuid, case::Status, letter::Lane};
use serde_json::{Value, json};
use std::time::Duration;

impl Town {
    /// A call with the department's token; a POST when there is a body.
    pub async fn with_token(&self, path: &str, body: Option<Value>) -> Answer {
        let call = Request::builder().uri(path).header("authorization", format!("Bearer {KEY}"));
        let call = match body {
            Some(body) => {
                call.method("POST").header("content-type", "application/json").body(Body::from(body.to_string()))
            }
            None => call.body(Body::empty()),
        };
        self.ask(call.unwrap()).await
    }

    /// Hears what waits; gives how many answers that were.
    pub async fn hear_all(&self) -> usize {
        let letters = self.store.take(&Lane::updates(), 100, Duration::from_secs(60)).await.unwrap();
        let worker = AnswersWorker::new(self.city.clone(), self.store.clock().clone());
        let mut tx = self.store.begin().await.unwrap();
        worker.apply(&mut tx, &letters).await.unwrap();
        let done = letters.iter().map(|letter| letter.id).collect();
        tx.settle(&store::Settlement { done, ..Default::default() }).await.unwrap();
        tx.commit().await.unwrap();
        letters.len()
    }
}

/// What a refusal says, which is a problem of this status.
pub fn refusal(answer: &Answer, status: u16) -> String {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/problem+json");
    answer.text()
}

#[tokio::test]
async fn a_list_is_filtered_and_paged() {
    let town = Town::open().await;
    let path = format!("/api/v1/departments/{}/cases", town.fetcher());
    let empty = town.with_token(&path, None).await;
    assert_eq!((empty.status.as_u16(), empty.json()), (200, json!({"cases": [], "next": null})));
    let mut made = Vec::new();
    for n in 0..5 {
        let report = town.report(&format!("put {n}")).await;
        town.case(&report, if n == 0 { Status::Planned } else { Status::Routed }, Vec::new()).await;
        made.push(report);
    }
    let (mut seen, mut next) = (Vec::new(), Some(format!("{path}?limit=2&status=routed,planned")));
    while let Some(page) = next {
        let page = town.with_token(&page, None).await.json();
        let cases = page["cases"].as_array().unwrap();
        assert!(cases.len() <= 2);
        seen.extend(cases.iter().map(|case| case["case_id"].as_str().unwrap().parse::<Uuid>().unwrap()));
        next = page["next"].as_str().map(str::to_owned);
    }
    let mut expected: Vec<Uuid> = made.iter().map(|report| report.id).collect();
    // All in the same millisecond: by id.
    expected.sort_by_key(|id| std::cmp::Reverse(*id));
    assert_eq!(seen, expected, "each once, the newest first");
    let planned = town.with_token(&format!("{path}?status=planned"), None).await.json();
    assert_eq!(planned["cases"].as_array().unwrap().len(), 1);
    for (query, part) in [
        ("status=plannned", "did you mean `planned`?"),
        ("statuss=planned", "did you mean `status`?"),
        ("limit=0", "write 1 to 100"),
        ("limit=two", "write 1 to 100"),
        ("before=x", "as it was given"),
        ("limit=1&limit=2", "give it once"),
    ] {
        let told = refusal(&town.with_token(&format!("{path}?{query}"), None).await, 400);
        assert!(told.contains(part), "{query}: {told}");
    }
    refusal(&town.get(&path).await, 401);
    refusal(&town.with_token("/api/v1/departments/contactcentrum/cases", None).await, 401);
}

#[tokio::test]
async fn one_case_is_shown_and_answered() {
    let town = Town::open().await;
    let (report, other) = (town.report("Diepe put").await, town.report("van een ander").await);
    town.case(&report, Status::Routed, Vec::new()).await;
    let path = format!("/api/v1/departments/{}/cases", town.fetcher());
    for name in [report.id.to_string(), report.reference.digits(), report.reference.to_string()] {
        let shown = town.with_token(&format!("{path}/{}", name.replace(' ', "%20")), None).await;
        assert_eq!(shown.status, 200, "{name}: {}", shown.text());
        assert_eq!((&shown.json()["words"], shown.header("cache-control")), (&json!("Diepe put"), "private, no-store"));
    }
    for nothing in [other.id.to_string(), other.reference.digits(), "12345678".to_owned(), "x".to_owned()] {
        refusal(&town.with_token(&format!("{path}/{nothing}"), None).await, 404);
        let said = json!({"id": "1", "say": {"what": "accept"}});
        refusal(&town.with_token(&format!("{path}/{nothing}/updates"), Some(said)).await, 404);
    }

    let door = format!("{path}/{}/updates", report.reference.digits());
    let plan = json!({"id": "p1", "say": {"what": "plan", "on": "2026-12-03", "text": "Met de kraan"}});
    let first = town.with_token(&door, Some(plan.clone())).await;
    assert_eq!(first.status, 202, "{}", first.text());
    assert_eq!(town.with_token(&door, Some(plan)).await.json(), first.json(), "the same again is the same one");
    assert_eq!(town.hear_all().await, 1);
    let shown = town.with_token(&format!("{path}/{}", report.id), None).await.json();
    assert_eq!((&shown["status"], &shown["planned_on"]), (&json!("planned"), &json!("2026-12-03")));
    let told = shown["timeline"].as_array().unwrap();
    assert!(told.iter().any(|event| event["what"] == "planned"), "{told:?}");

    for (body, status, part) in [
        (json!({"id": "2", "say": {"what": "reject"}}), 422, "/say/reason"),
        (json!({"id": "2", "say": {"what": "shrug"}}), 422, "/say/what"),
        (json!({"id": "a b", "say": {"what": "accept"}}), 422, "/id"),
        (json!({"say": {"what": "accept"}}), 422, "/id"),
        (json!({"id": "2", "say": {"what": "accept"}, "at": "2020-01-01T00:00:00Z"}), 422, "/at"),
    ] {
        let told = refusal(&town.with_token(&door, Some(body)).await, status);
        assert!(told.contains(part), "{part}: {told}");
    }

    // It went to another department: only a note among colleagues is left.
    let mut tx = town.store.begin().await.unwrap();
    let mut case = tx.lock_cases(&[report.id]).await.unwrap().remove(&report.id).unwrap();
    case.lead = Some("contactcentrum".parse().unwrap());
    tx.save_cases(&[case]).await.unwrap();
    tx.commit().await.unwrap();
    let told = refusal(&town.with_token(&door, Some(json!({"id": "3", "say": {"what": "done"}}))).await, 409);
    assert!(told.contains("contactcentrum does this case now"), "{told}");
    let note = json!({"id": "4", "say": {"what": "internal_note", "text": "Was van ons"}});
    assert_eq!(town.with_token(&door, Some(note)).await.status, 202);
    assert_eq!(town.hear_all().await, 1);
}
