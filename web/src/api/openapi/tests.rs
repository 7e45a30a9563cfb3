//! What the documents say is what the code does.

use super::{
    document::{document, operations},
    operation::Proof,
};
use crate::{
    api::ENDPOINTS,
    tests::{KEY, Town},
};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use serde_json::Value;
use std::collections::BTreeSet;

/// Addresses without operations, and for whom they are; Open311 describes itself, by its discovery.
const NOT_FOR_PROGRAMS: &[&str] = &[
    "/hooks/sms/{gateway}",
    "/hooks/sms/{gateway}/{secret}",
    "/u/{token}",
    "/open311/{*path}",
    "/api/openapi.json",
    "/api/asyncapi.yaml",
];

#[test]
fn every_address_is_described_once() {
    for endpoint in ENDPOINTS {
        let silent = NOT_FOR_PROGRAMS.contains(&endpoint.path);
        assert_eq!(endpoint.operations.is_empty(), silent, "{}: what can be done there?", endpoint.path);
    }
    let ids: Vec<&str> = operations().map(|(_, operation)| operation.id).collect();
    assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "a name is there twice: {ids:?}");
    for (path, operation) in operations() {
        assert!(!operation.summary.ends_with('.') && !operation.back.is_empty(), "{path}: {operation:?}");
        assert!(operation.problems.is_sorted(), "{path} {}", operation.method);
    }
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document("Test", "https://stad.example");
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 20, "{found:?}");
    for reference in found {
        assert!(document.pointer(&reference[1..]).is_some(), "{reference} leads nowhere");
    }
}

#[test]
fn examples_fit_their_schemas() {
    let document = document("Test", "https://stad.example");
    let mut seen = 0;
    for (path, operation) in operations() {
        let Some(example) = operation.sent.and_then(|sent| sent.example) else { continue };
        let example: Value = serde_json::from_str(example).unwrap_or_else(|error| panic!("{path}: {error}"));
        let pointer = format!("/paths/{}/{}", path.replace('/', "~1"), operation.method);
        let body = &document.pointer(&pointer).unwrap()["requestBody"]["content"]["application/json"];
        assert_eq!(body["example"], example);
        let mut schema = body["schema"].clone();
        schema["components"] = document["components"].clone();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let wrong: Vec<String> = validator.iter_errors(&example).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{path}: {wrong:?}");
        seen += 1;
    }
    assert!(seen > 5);
}

/// Each method is there, the others are not; and whoever proves nothing is sent away where the document says so.
#[tokio::test]
async fn methods_and_proofs_are_as_described() {
    let town = Town::open().await;
    for endpoint in ENDPOINTS.iter().filter(|endpoint| !endpoint.operations.is_empty()) {
        let path = endpoint.path.replace("{id}", town.fetcher().as_str());
        let path = ["{case}", "{task}", "{photo}"]
            .iter()
            .fold(path, |path, name| path.replace(name, "0199d2c4-0000-7000-8000-000000000000"));
        let path = path.replace("{deed}", "take").replace("{token}", "nobodyhasthis");
        for method in ["get", "post", "put", "patch", "delete"] {
            let described = endpoint.operations.iter().find(|operation| operation.method == method);
            let request = Request::builder().method(method.to_uppercase().as_str()).uri(&path);
            let answer = town.ask(request.body(Body::empty()).unwrap()).await;
            let Some(operation) = described else {
                assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path} is not described");
                continue;
            };
            assert_ne!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            let status = answer.status.as_u16();
            let known = operation.problems.contains(&status) || operation.back.iter().any(|back| back.status == status);
            assert!(known, "{method} {path} answered {status}, which is not described");
            if operation.proof == Proof::Department {
                assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}");
                let request = Request::builder().method(method.to_uppercase().as_str()).uri(&path);
                let request = request.header(header::AUTHORIZATION, format!("Bearer {KEY}"));
                let answer = town.ask(request.body(Body::empty()).unwrap()).await;
                assert_ne!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}");
            }
        }
    }
}

#[tokio::test]
async fn both_documents_are_served() {
    let town = Town::open().await;
    let open = town.get("/api/openapi.json").await;
    assert_eq!(open.status, StatusCode::OK);
    assert_eq!(open.header("content-type"), "application/json");
    let open = open.json();
    assert_eq!(open["openapi"], "3.1.0");
    assert_eq!(open["servers"][0]["url"], "https://voordeur.example");
    assert_eq!(open["info"]["title"], "Voordeur Kortrijk");
    let messages = town.get("/api/asyncapi.yaml").await;
    assert_eq!(messages.status, StatusCode::OK);
    assert_eq!(messages.header("content-type"), "application/yaml");
    assert!(messages.text().contains("voordeur.intake"));
}

#[tokio::test]
async fn the_page_shows_every_operation() {
    let town = Town::open().await;
    let page = town.get("/api").await;
    assert_eq!(page.status, StatusCode::OK);
    let html = page.text();
    crate::tests::pages::check("/api", &html, "en");
    for (path, operation) in operations() {
        assert!(html.contains(&format!("id=\"{}\"", operation.id)), "{}", operation.id);
        assert!(html.contains(path), "{path}");
    }
}
