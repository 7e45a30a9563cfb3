//! What a desk does by hand, as its people's programs meet it.

use super::{Answer, Town, department_cases::refusal, now};
use schemas::{
    Uuid,
    case::Status,
    dispatch::{Dispatch, DispatchState},
    report::Report,
    task::{Field, Holds, Task},
};
use serde_json::{Value, json};

/// A case that the desk `town.fetcher()` passes on with a form to the department of that name.
async fn form(town: &Town) -> (Report, Uuid) {
    let report = town.report("Diepe put").await;
    let task = form_of(town, &report).await;
    (report, task)
}

async fn form_of(town: &Town, report: &Report) -> Uuid {
    town.case(report, Status::Routed, Vec::new()).await;
    let desk = town.fetcher();
    let row = town.store.dispatches_of(report.id).await.unwrap().remove(0);
    let dispatch: Dispatch = serde_json::from_value(json!({
        "id": row.id, "case_id": report.id, "reference": report.reference, "department": desk, "role": "lead",
        "kind": "report", "category": report.category, "words": report.words, "place": report.place, "answers": {},
        "photos": [], "language": "nl", "channel": "api", "priority": "normal", "rule": "putten", "version": 2,
        "received_at": now(),
    }))
    .unwrap();
    let field = |label: &str, value: &str| Field { label: label.into(), holds: Holds::Value(value.into()) };
    let fields = vec![field("Omschrijving", "words"), field("Uw naam", "name")];
    let task = Task::form(&dispatch, desk, "https://partner.example/form".to_owned(), fields, now());
    let mut tx = town.store.begin().await.unwrap();
    tx.open_tasks(std::slice::from_ref(&task)).await.unwrap();
    tx.commit().await.unwrap();
    task.id
}

async fn does(town: &Town, task: Uuid, deed: &str, body: Value) -> Answer {
    town.with_token(&format!("/api/v1/desks/{}/tasks/{task}/{deed}", town.fetcher()), Some(body)).await
}

#[tokio::test]
async fn a_form_goes_from_the_list_to_its_answer() {
    let town = Town::open().await;
    let path = format!("/api/v1/desks/{}/tasks", town.fetcher());
    assert_eq!(town.with_token(&path, None).await.json(), json!({"tasks": [], "next": null}));
    let (report, task) = form(&town).await;
    let (_, other) = form(&town).await;
    let list = town.with_token(&format!("{path}?limit=1"), None).await;
    assert!(!list.text().contains("Diepe put"), "a list holds nothing of what the resident wrote");
    let rest = town.with_token(list.json()["next"].as_str().unwrap(), None).await.json();
    assert_eq!(rest["tasks"].as_array().unwrap().len(), 1);
    // Both were opened at the same moment: the order of their ids is anybody's guess.
    let mut both = [&list.json()["tasks"][0]["id"], &rest["tasks"][0]["id"]].map(|id| id.as_str().unwrap().to_owned());
    let mut opened = [task.to_string(), other.to_string()];
    both.sort();
    opened.sort();
    assert_eq!(both, opened);

    let shown = town.with_token(&format!("{path}/{task}"), None).await.json();
    assert_eq!(shown["url"], "https://partner.example/form");
    assert_eq!(shown["fields"][0], json!({"label": "Omschrijving", "value": "Diepe put", "withheld": false}));

    assert_eq!(does(&town, task, "take", json!({"by": "An"})).await.json()["claimed_by"], "An");
    let told = refusal(&does(&town, task, "take", json!({"by": "Bo"})).await, 409);
    assert!(told.contains("An is at it"), "{told}");
    assert_eq!(does(&town, task, "take", json!({"by": "Bo", "take_over": true})).await.status, 200);
    let number = json!({"by": "Bo", "number": "WEG-1"});
    let first = does(&town, task, "number", number.clone()).await;
    assert_eq!((first.status.as_u16(), &first.json()["state"]), (200, &json!("passed")), "{}", first.text());
    let again = does(&town, task, "number", number).await;
    assert_eq!((again.status.as_u16(), again.header("idempotent-replayed")), (200, "true"));
    let told = refusal(&does(&town, task, "number", json!({"by": "An", "number": "WEG-2"})).await, 409);
    assert!(told.contains("Bo did this before: WEG-1"), "{told}");
    let row = town.store.dispatches_of(report.id).await.unwrap().remove(0);
    assert_eq!((row.state, row.receipt.as_deref()), (DispatchState::Delivered, Some("WEG-1")));

    let done = json!({"by": "An", "id": "1", "say": {"what": "done", "text": "Gedicht"}});
    assert_eq!(does(&town, task, "say", done).await.status, 200);
    assert_eq!(town.hear_all().await, 1);
    assert_eq!(town.store.case(report.id).await.unwrap().unwrap().status, Status::Solved);
    assert_eq!(town.with_token(&format!("{path}?state=done"), None).await.json()["tasks"][0]["id"], json!(task));
}

#[tokio::test]
async fn what_cannot_be_passed_on_goes_back_to_the_rules() {
    let town = Town::open().await;
    let (report, task) = form(&town).await;
    let body = json!({"by": "An", "reason": "De partner neemt dit niet meer aan."});
    assert_eq!(does(&town, task, "could-not", body.clone()).await.status, 200);
    assert_eq!(does(&town, task, "could-not", body).await.header("idempotent-replayed"), "true");
    assert_eq!(town.hear_all().await, 1);
    let case = town.store.case(report.id).await.unwrap().unwrap();
    assert_eq!(case.rejected_by, [town.fetcher()], "decided again, without it");
    let state = town.store.task(task).await.unwrap().unwrap().state;
    assert_eq!(state, schemas::task::State::Cancelled, "nobody does it any more");
}

#[tokio::test]
async fn a_desk_that_is_wrong_is_told_what_is_right() {
    let town = Town::open().await;
    let path = format!("/api/v1/desks/{}/tasks", town.fetcher());
    let (_, task) = form(&town).await;
    for (deed, body, status, part) in [
        ("don", json!({}), 404, "did you mean `done`?"),
        ("done", json!({"by": "An"}), 422, "/outcome"),
        ("done", json!({"by": " ", "outcome": "klaar"}), 422, "/by"),
        ("confirm", json!({"by": "An", "taken_by": "Jan"}), 409, "this is a form"),
        ("say", json!({"by": "An", "id": "1", "say": {"what": "note", "text": "x"}}), 409, "record first"),
        ("could-not", json!({"by": "An", "reason": ""}), 422, "/say/reason"),
    ] {
        let told = refusal(&does(&town, task, deed, body).await, status);
        assert!(told.contains(part), "{deed}: {told}");
    }
    for nothing in [Uuid::from_u128(1).to_string(), "x".to_owned()] {
        refusal(&town.with_token(&format!("{path}/{nothing}"), None).await, 404);
        refusal(&town.with_token(&format!("{path}/{nothing}/take"), Some(json!({"by": "An"}))).await, 404);
    }
    for (query, part) in [("state=opened", "did you mean `open`?"), ("kind=form,call", "name one kind")] {
        let told = refusal(&town.with_token(&format!("{path}?{query}"), None).await, 400);
        assert!(told.contains(part), "{query}: {told}");
    }
    refusal(&town.get(&path).await, 401);
    refusal(&town.with_token("/api/v1/desks/contactcentrum/tasks", None).await, 401);
    refusal(&town.with_token(&format!("{path}/{task}/photos/{}", Uuid::from_u128(1)), None).await, 404);
}

#[tokio::test]
async fn a_desk_sees_the_photos_of_its_case_small_first() {
    let town = Town::open().await;
    let photo = town.photo(vec![1; 9], Some(vec![2; 3])).await;
    let report = town.report_with("Diepe put", vec![photo]).await;
    let task = form_of(&town, &report).await;
    let path = format!("/api/v1/desks/{}/tasks/{task}/photos/{photo}", town.fetcher());
    for (query, bytes) in [("", vec![1; 9]), ("?size=large", vec![1; 9]), ("?size=small", vec![2; 3])] {
        let answer = town.with_token(&format!("{path}{query}"), None).await;
        assert_eq!((answer.status.as_u16(), answer.bytes.to_vec()), (200, bytes), "{query}");
    }
    refusal(&town.with_token(&format!("{path}?size=huge"), None).await, 422);
}
