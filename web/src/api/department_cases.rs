//! `/api/v1/departments/{id}/cases`: the cases of a department, for its own people and programs; and
//! `…/cases/{case}/updates`, by which they say how far their work is.

use super::openapi::operation::{
    Back, For, Operation, Proof, TAKEN, number as number_shape, page, query, text as text_shape,
};
use super::{Endpoint, From, answered, asked::Asked, invalid, private, sent_away, text, too_large};
use crate::{app::App, guard::walk::Walk, problem::Problem};
use adapters::{
    answer_link::Stand,
    console::{self, Listed, Said, Shown},
    departments::queue,
    json::{self, Unreadable},
    updates::MAX_BODY,
};
use axum::{
    body::Bytes,
    extract::{DefaultBodyLimit, Path, RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use schemars::JsonSchema;
use schemas::{Uuid, case::Status, city::Department, dispatch::Say, reference::Reference};
use serde::Deserialize;
use store::ConsoleFilter;

/// The list.
pub const ENDPOINT: Endpoint = Endpoint {
    path: "/api/v1/departments/{id}/cases",
    route: |_| get(list),
    operations: &[Operation::get(
        "listDepartmentCases",
        For::Departments,
        "The cases of a department, the newest first",
    )
    .by(Proof::Department)
    .given(&[
        query("status", "Only these, separated by commas.", text_shape),
        query("before", "Where the next page begins: follow `next`.", text_shape),
        query("limit", "So many on a page, 1 to 100; 50 when left out.", number_shape),
    ])
    .back(&[Back::json(200, "A page; `next` is the address of the one after it, if there may be one.", |generator| {
        page("cases", generator.subschema_for::<Listed>())
    })])
    .problems(&[400, 401, 404, 429, 503])],
};
/// One case.
pub const ONE: Endpoint = Endpoint {
    path: "/api/v1/departments/{id}/cases/{case}",
    route: |_| get(show),
    operations: &[Operation::get("readDepartmentCase", For::Departments, "One case, with what happened to it")
        .about("`case` is its id, or the eight digits of its reference.")
        .by(Proof::Department)
        .back(&[Back::json(200, "The case.", |generator| generator.subschema_for::<Shown>())])
        .problems(&[401, 404, 429, 503])],
};
/// What the department says about it.
pub const SAY: Endpoint = Endpoint {
    path: "/api/v1/departments/{id}/cases/{case}/updates",
    route: |_| post(say).layer(DefaultBodyLimit::max(MAX_BODY)),
    operations: &[Operation::post("sayOfCase", For::Departments, "Say how far the work on a case is")
        .about("The same words as in an update, without its envelope.")
        .by(Proof::Department)
        .json(
            |generator| generator.subschema_for::<Saying>(),
            r#"{"id": "my-own-id-2", "say": {"what": "note", "text": "The lamp has been ordered."}}"#,
        )
        .back(&[TAKEN])
        .problems(&[400, 401, 404, 409, 413, 415, 422, 429, 503])],
};

/// The department that calls.
fn caller<'a>(app: &'a App, id: &str, headers: &HeaderMap) -> Result<&'a Department, queue::Denied> {
    let city = &app.site.city;
    let authorization = text(headers, header::AUTHORIZATION);
    let known = queue::authenticate(&app.site.config.secrets, city, id, authorization)?;
    city.department(&known).ok_or(queue::Denied::Token)
}

async fn list(
    State(app): State<App>,
    From(from): From,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let department = match caller(&app, &id, &headers) {
        Ok(department) => department,
        Err(why) => return sent_away(&app, from, why),
    };
    let read = Asked::read(query.as_deref(), &["status", "before", "limit"]).and_then(|asked| {
        let statuses = asked.several("status", &Status::ALL, Status::as_str)?;
        let filter = ConsoleFilter { statuses, before: asked.cursor("before")?, limit: asked.limit()? };
        Ok((asked, filter))
    });
    let (asked, filter) = match read {
        Ok(read) => read,
        Err(fault) => return invalid(StatusCode::BAD_REQUEST, fault),
    };
    match console::list(&app.site.store, &app.site.city, department, &filter).await {
        Ok(cases) => {
            // A page that is not full is the last one.
            let last = cases.last().filter(|_| cases.len() == filter.limit).map(|case| case.dispatch);
            let path = format!("/api/v1/departments/{}/cases", department.id);
            let next = last.map(|cursor| asked.next(&path, "before", cursor));
            private(serde_json::json!({"cases": cases, "next": next}))
        }
        Err(error) => Problem::store(&error).into_response(),
    }
}

/// The id of the case that is named by id or by reference.
async fn named(app: &App, case: &str) -> Result<Option<Uuid>, store::Error> {
    if let Ok(id) = Uuid::parse_str(case) {
        return Ok(Some(id));
    }
    let Ok(reference) = Reference::parse(case) else { return Ok(None) };
    Ok(app.site.store.report_by_reference(reference).await?.map(|report| report.id))
}

fn missing() -> Response {
    let detail = "this department has no such case: name it by `case_id` or by its eight digits";
    Problem::new(StatusCode::NOT_FOUND, detail).into_response()
}

async fn show(
    State(app): State<App>,
    From(from): From,
    Path((id, case)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let department = match caller(&app, &id, &headers) {
        Ok(department) => department,
        Err(why) => return sent_away(&app, from, why),
    };
    let found = async {
        let Some(case) = named(&app, &case).await? else { return Ok(None) };
        console::show(&app.site.store, &app.site.city, department, case).await
    };
    match found.await {
        Ok(Some(shown)) => private(shown),
        Ok(None) => missing(),
        Err(error) => Problem::store(&error).into_response(),
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Saying {
    id: String,
    say: Say,
    #[serde(default)]
    critical: bool,
}

async fn say(
    State(app): State<App>,
    From(from): From,
    Path((id, case)): Path<(String, String)>,
    walk: Walk,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let department = match caller(&app, &id, &headers) {
        Ok(department) => department,
        Err(why) => return sent_away(&app, from, why),
    };
    if let Some(fault) = json::not_json(text(&headers, header::CONTENT_TYPE)) {
        return invalid(StatusCode::UNSUPPORTED_MEDIA_TYPE, fault);
    }
    let saying: Saying = match json::read(&body, MAX_BODY) {
        Ok(saying) => saying,
        Err(Unreadable::TooLarge { limit }) => return too_large(limit),
        Err(Unreadable::Malformed(fault)) => return invalid(StatusCode::BAD_REQUEST, fault),
        Err(Unreadable::Invalid(fault)) => return invalid(StatusCode::UNPROCESSABLE_ENTITY, fault),
    };
    let said = async {
        let Some(case) = named(&app, &case).await? else { return Ok(Said::Unknown) };
        console::say(&app.updates, &department.id, case, saying.id, saying.say, saying.critical, walk.0).await
    };
    match said.await {
        Ok(Said::Unknown) => missing(),
        Ok(Said::Sent(outcome)) => answered(&app, from, outcome),
        Ok(Said::NotNow(stand)) => not_now(&stand).into_response(),
        Err(error) => Problem::store(&error).into_response(),
    }
}

fn not_now(stand: &Stand) -> Problem {
    let detail = match stand {
        Stand::Informed => "this department only hears of the case: write an internal_note".to_owned(),
        Stand::Elsewhere { to: Some(to) } => format!("{to} does this case now: write an internal_note for colleagues"),
        Stand::Elsewhere { to: None } | Stand::Theirs | Stand::Expired => {
            "this department does not do this case any more: write an internal_note for colleagues".to_owned()
        }
    };
    Problem::named(StatusCode::CONFLICT, "not-yours-now", "This case is not this department's now", detail)
}
