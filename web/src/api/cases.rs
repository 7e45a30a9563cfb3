//! `GET /api/v1/cases/{token}`: how far a case is and what happened, for whoever has the secret
//! link. Never what was told or by whom.

use super::Endpoint;
use super::openapi::operation::{Back, For, Operation, Proof};
use crate::{app::App, problem::Problem};
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::get,
};
use schemars::JsonSchema;
use schemas::{
    Date, Timestamp, case::Status, event::CaseEvent, reference::Reference, report::Kind, slug::DepartmentId,
};
use serde::Serialize;
use serde_json::Value;

/// The address.
pub const ENDPOINT: Endpoint = Endpoint {
    path: "/api/v1/cases/{token}",
    route: |_| get(show),
    operations: &[Operation::get("readCase", For::Channels, "How far a case is")
        .about("For whoever has the secret link: `token` is its last part. Never what was told, or by whom.")
        .by(Proof::Address)
        .back(&[Back::json(200, "What happened, oldest first.", |generator| generator.subschema_for::<Shown>())])
        .problems(&[404, 429, 503])],
};

#[derive(Serialize, JsonSchema)]
struct Shown {
    reference: Reference,
    status: Status,
    kind: Kind,
    category: schemas::slug::CategoryId,
    department: Option<DepartmentId>,
    received_at: Timestamp,
    planned_on: Option<Date>,
    due_on: Option<Date>,
    /// The case that it goes on in, when somebody else reported the same.
    merged_into: Option<Reference>,
    timeline: Vec<Value>,
}

async fn show(State(app): State<App>, Path(token): Path<String>) -> Response {
    match find(&app, &token).await {
        Ok(Some(shown)) => super::private(shown),
        Ok(None) => Problem::new(StatusCode::NOT_FOUND, "no case has this link").into_response(),
        Err(error) => Problem::store(&error).into_response(),
    }
}

async fn find(app: &App, token: &str) -> Result<Option<Shown>, store::Error> {
    if token.len() > 64 || !token.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Ok(None);
    }
    let store = &app.site.store;
    let Some(report) = store.report_by_token(token).await? else { return Ok(None) };
    let (case, events) = tokio::try_join!(store.case(report.id), store.timeline(report.id, true))?;
    let due_on = case.as_ref().and_then(|case| case.decision.as_ref()).and_then(|decision| decision.due_on);
    let merged_into = match store.merged(&[report.id]).await?.remove(&report.id) {
        Some(merged) => store.report(merged.main).await?.map(|main| main.reference),
        None => None,
    };
    Ok(Some(Shown {
        reference: report.reference,
        status: case.as_ref().map_or(Status::Received, |case| case.status),
        kind: report.kind,
        category: report.category,
        department: case.as_ref().and_then(|case| case.lead.clone()),
        received_at: report.received_at,
        planned_on: case.as_ref().and_then(|case| case.planned_on),
        due_on,
        merged_into,
        timeline: events.iter().filter(|event| event.what.is_public()).filter_map(line).collect(),
    }))
}

/// One event without what is only for us: ids, and what foreign systems said to ours.
fn line(event: &CaseEvent) -> Option<Value> {
    let mut value = serde_json::to_value(event).ok()?;
    let fields = value.as_object_mut()?;
    for hidden in ["id", "case_id", "main", "reference", "why", "receipt"] {
        fields.remove(hidden);
    }
    Some(value)
}
