//! `GET /api/v1/departments/{id}/work` and `POST …/work/ack`: a department fetches its work with a
//! long poll and says what it keeps.

use super::openapi::operation::{Back, For, Operation, Proof, number as number_shape, query};
use super::{Endpoint, From, sent_away, text};
use crate::{app::App, problem::Problem};
use adapters::{
    departments::queue::{self, MAX_LETTERS, MAX_WAIT},
    json::{self, Unreadable},
};
use axum::{
    Json,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use schemars::JsonSchema;
use schemars::json_schema;
use schemas::{Uuid, dispatch::Dispatch, fault::Invalid};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{sync::Arc, time::Duration};

/// Fetch.
pub const ENDPOINT: Endpoint = Endpoint {
    path: "/api/v1/departments/{id}/work",
    route: |_| get(fetch),
    operations: &[Operation::get("fetchWork", For::Departments, "Get the work of a department")
        .about(
            "What is handed out is kept for you for some minutes; what you do not acknowledge by then is handed out \
            again, with the same `id`.",
        )
        .by(Proof::Department)
        .given(&[
            query("wait", "Wait for work for so many seconds, at most 30.", number_shape),
            query("max", "So many at once, at most 100.", number_shape),
        ])
        .back(&[Back::json(200, "Dispatches, the urgent ones first; none when there is no work.", |generator| {
            let dispatch = generator.subschema_for::<Dispatch>();
            json_schema!({
                "type": "object",
                "required": ["work"],
                "properties": {"work": {"type": "array", "items": dispatch}},
            })
        })])
        .problems(&[400, 401, 404, 429, 503])],
};
/// Keep.
pub const ACK: Endpoint = Endpoint {
    path: "/api/v1/departments/{id}/work/ack",
    route: |_| post(keep).layer(DefaultBodyLimit::max(MAX_ACK)),
    operations: &[Operation::post("keepWork", For::Departments, "Say which dispatches you have kept")
        .by(Proof::Department)
        .json(|generator| generator.subschema_for::<Kept>(), r#"{"ids": ["0199d2c4-0000-7000-8000-000000000000"]}"#)
        .back(&[Back::json(
            200,
            "How many of them were waiting.",
            |_| json_schema!({"type": "object", "required": ["kept"], "properties": {"kept": {"type": "integer"}}}),
        )])
        .problems(&[400, 401, 404, 413, 415, 422, 429, 503])],
};

/// The largest list of ids, in bytes.
const MAX_ACK: usize = 64 * 1024;

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    wait: Option<String>,
    #[serde(default)]
    max: Option<String>,
}

impl Asked {
    /// Seconds to wait and letters to hand out; what is too much is cut to the most there is.
    fn read(&self) -> Result<(u64, usize), Invalid> {
        let number = |name: &str, value: &Option<String>, otherwise: u64| match value {
            None => Ok(otherwise),
            Some(text) => text.parse::<u64>().map_err(|_| {
                Invalid::new(name, "wrong_type", format!("`{name}` is a whole number: write for instance {otherwise}"))
            }),
        };
        let wait = number("wait", &self.wait, 0)?.min(MAX_WAIT.as_secs());
        let max = number("max", &self.max, 10)?;
        if max == 0 {
            return Err(Invalid::new("max", "out_of_range", format!("ask for 1 to {MAX_LETTERS}")));
        }
        Ok((wait, usize::try_from(max).unwrap_or(MAX_LETTERS).min(MAX_LETTERS)))
    }
}

#[derive(Serialize)]
struct Work {
    work: Vec<Arc<RawValue>>,
}

async fn fetch(
    State(app): State<App>,
    From(caller): From,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let tools = &app.work;
    let department = match queue::authenticate_for_work(tools, &id, text(&headers, header::AUTHORIZATION)) {
        Ok(department) => department,
        Err(why) => return sent_away(&app, caller, why),
    };
    let (wait, max) = match asked.read() {
        Ok(asked) => asked,
        Err(fault) => return super::invalid(StatusCode::BAD_REQUEST, fault),
    };
    match queue::fetch(tools, &department, max, Duration::from_secs(wait)).await {
        Ok(letters) => Json(Work { work: letters.into_iter().map(|letter| letter.body).collect() }).into_response(),
        Err(error) => Problem::store(&error).into_response(),
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Kept {
    ids: Vec<Uuid>,
}

async fn keep(
    State(app): State<App>,
    From(caller): From,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let tools = &app.work;
    let department = match queue::authenticate_for_work(tools, &id, text(&headers, header::AUTHORIZATION)) {
        Ok(department) => department,
        Err(why) => return sent_away(&app, caller, why),
    };
    if let Some(fault) = json::not_json(text(&headers, header::CONTENT_TYPE)) {
        return super::invalid(StatusCode::UNSUPPORTED_MEDIA_TYPE, fault);
    }
    let kept: Kept = match json::read(&body, MAX_ACK) {
        Ok(kept) => kept,
        Err(Unreadable::TooLarge { limit }) => return super::too_large(limit),
        Err(Unreadable::Malformed(fault)) => return super::invalid(StatusCode::BAD_REQUEST, fault),
        Err(Unreadable::Invalid(fault)) => return super::invalid(StatusCode::UNPROCESSABLE_ENTITY, fault),
    };
    match queue::ack(tools, &department, &kept.ids).await {
        Ok(kept) => Json(serde_json::json!({"kept": kept})).into_response(),
        Err(error) => Problem::store(&error).into_response(),
    }
}
