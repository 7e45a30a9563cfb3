//! `/api/v1/desks/{id}/tasks`: what people of a desk do for departments that no machine reaches. A
//! desk is a department of the city, and proves itself with that department's token.

use super::openapi::operation::{Back, For, Operation, Proof, number as number_shape, page, query, text as text_shape};
use super::{Endpoint, From, REPLAYED, asked::Asked, invalid, private, sent_away, text, too_large};
use crate::{
    app::App,
    guard::walk::Walk,
    pages::{PhotoSized as Sized, picture},
    problem::Problem,
};
use adapters::{
    departments::queue,
    json::{self, Unreadable},
    tasks::{self, Act, DeskTools, Refused},
};
use axum::{
    body::Bytes,
    extract::{DefaultBodyLimit, Path, Query, RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use schemars::JsonSchema;
use schemars::json_schema;
use schemas::{
    Uuid,
    dispatch::Say,
    fault::{Invalid, did_you_mean},
    slug::DepartmentId,
    task::{Kind, State as Stage, Task, Told as Outcome},
};
use serde::{Deserialize, de::DeserializeOwned};
use store::TaskFilter;

/// The list.
pub const ENDPOINT: Endpoint = Endpoint {
    path: "/api/v1/desks/{id}/tasks",
    route: |_| get(list),
    operations: &[Operation::get("listTasks", For::Desks, "The tasks of a desk, the oldest first")
        .by(Proof::Department)
        .given(&[
            query("state", "Only these, separated by commas; open and passed when left out.", text_shape),
            query("kind", "Only this kind.", text_shape),
            query("after", "Where the next page begins: follow `next`.", text_shape),
            query("limit", "So many on a page, 1 to 100; 50 when left out.", number_shape),
        ])
        .back(&[Back::json(
            200,
            "A page; `next` is the address of the one after it, if there may be one.",
            |generator| page("tasks", generator.subschema_for::<tasks::Listed>()),
        )])
        .problems(&[400, 401, 404, 429, 503])],
};
/// One task, with its fields ready to copy.
pub const ONE: Endpoint = Endpoint {
    path: "/api/v1/desks/{id}/tasks/{task}",
    route: |_| get(show),
    operations: &[Operation::get("readTask", For::Desks, "One task, with its fields ready to copy")
        .by(Proof::Department)
        .back(&[Back::json(200, "The task.", |generator| generator.subschema_for::<tasks::View>())])
        .problems(&[401, 404, 429, 503])],
};
/// Somebody did something: one of [`DEEDS`].
pub const DEED: Endpoint = Endpoint {
    path: "/api/v1/desks/{id}/tasks/{task}/{deed}",
    route: |_| post(act).layer(DefaultBodyLimit::max(MAX_BODY)),
    operations: &[Operation::post("doTask", For::Desks, "Somebody did something with a task")
        .about(
            "`deed` is `take`, `confirm`, `number`, `done`, `told`, `say` or `could-not`; each has a body of its own. \
            `by` is who did it. Doing the same twice changes nothing.",
        )
        .by(Proof::Department)
        .json(
            |generator| {
                let bodies = [
                    generator.subschema_for::<Take>(),
                    generator.subschema_for::<Confirm>(),
                    generator.subschema_for::<Number>(),
                    generator.subschema_for::<Done>(),
                    generator.subschema_for::<Told>(),
                    generator.subschema_for::<Saying>(),
                    generator.subschema_for::<CouldNot>(),
                ];
                json_schema!({"anyOf": bodies})
            },
            r#"{"by": "Operator 4"}"#,
        )
        .back(&[Back::json(200, "The task as it is now.", |generator| generator.subschema_for::<tasks::View>())
            .with(&[("Idempotent-Replayed", "true, when it was done before")])])
        .problems(&[400, 401, 404, 409, 413, 415, 422, 429, 503])],
};
/// A photo of the case.
pub const PHOTO: Endpoint = Endpoint {
    path: "/api/v1/desks/{id}/tasks/{task}/photos/{photo}",
    route: |_| get(photo),
    operations: &[Operation::get("readTaskPhoto", For::Desks, "A photo of the case")
        .by(Proof::Department)
        .given(&[query(
            "size",
            "`small`: at most 320 pixels wide and high; the large one of old photos, which have no small one.",
            |_| json_schema!({"type": "string", "enum": ["large", "small"], "default": "large"}),
        )])
        .back(&[Back::bytes(200, "The photo.", "image/jpeg")])
        .problems(&[401, 404, 422, 429, 503])],
};

/// The largest deed, in bytes.
const MAX_BODY: usize = 64 * 1024;
/// What can be done.
const DEEDS: [&str; 7] = ["take", "confirm", "number", "done", "told", "say", "could-not"];

fn desk(app: &App, id: &str, headers: &HeaderMap) -> Result<DepartmentId, queue::Denied> {
    let authorization = text(headers, header::AUTHORIZATION);
    queue::authenticate(&app.site.config.secrets, &app.site.city, id, authorization)
}

fn tools(app: &App) -> DeskTools {
    DeskTools::new(app.site.store.clone(), app.site.city.clone())
}

fn missing() -> Response {
    Problem::new(StatusCode::NOT_FOUND, "this desk has no such task: the list gives their ids").into_response()
}

async fn list(
    State(app): State<App>,
    From(from): From,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let desk = match desk(&app, &id, &headers) {
        Ok(desk) => desk,
        Err(why) => return sent_away(&app, from, why),
    };
    let read = Asked::read(query.as_deref(), &["state", "kind", "after", "limit"]).and_then(|asked| {
        let mut states = asked.several("state", &Stage::ALL, Stage::as_str)?;
        if states.is_empty() {
            states = vec![Stage::Open, Stage::Passed];
        }
        let kinds = asked.several("kind", &Kind::ALL, Kind::as_str)?;
        if kinds.len() > 1 {
            return Err(Invalid::new("kind", "too_many", "name one kind, or leave it out for all"));
        }
        let kind = kinds.first().copied();
        let filter =
            TaskFilter { desk: Some(desk.clone()), states, kind, after: asked.cursor("after")?, limit: asked.limit()? };
        Ok((asked, filter))
    });
    let (asked, filter) = match read {
        Ok(read) => read,
        Err(fault) => return invalid(StatusCode::BAD_REQUEST, fault),
    };
    match tasks::list(&tools(&app), &filter).await {
        Ok(tasks) => {
            let last = tasks.last().filter(|_| tasks.len() == filter.limit).map(|task| task.id);
            let path = format!("/api/v1/desks/{desk}/tasks");
            let next = last.map(|cursor| asked.next(&path, "after", cursor));
            private(serde_json::json!({"tasks": tasks, "next": next}))
        }
        Err(error) => Problem::store(&error).into_response(),
    }
}

async fn show(
    State(app): State<App>,
    From(from): From,
    Path((id, task)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let desk = match desk(&app, &id, &headers) {
        Ok(desk) => desk,
        Err(why) => return sent_away(&app, from, why),
    };
    let Ok(task) = Uuid::parse_str(&task) else { return missing() };
    shown(&app, &desk, task, false).await
}

async fn shown(app: &App, desk: &DepartmentId, task: Uuid, replayed: bool) -> Response {
    match tasks::view(&tools(app), Some(desk), task).await {
        Ok(Some(view)) => {
            let mut response = private(view);
            if replayed {
                response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
            }
            response
        }
        Ok(None) => missing(),
        Err(error) => Problem::store(&error).into_response(),
    }
}

async fn photo(
    State(app): State<App>,
    From(from): From,
    Path((id, task, photo)): Path<(String, String, String)>,
    Query(sized): Query<Sized>,
    headers: HeaderMap,
) -> Response {
    let Some(size) = sized.size() else {
        let fault = Invalid::new("size", "not_an_option", "write small or large, or leave it out");
        return invalid(StatusCode::UNPROCESSABLE_ENTITY, fault);
    };
    let desk = match desk(&app, &id, &headers) {
        Ok(desk) => desk,
        Err(why) => return sent_away(&app, from, why),
    };
    let (Ok(task), Ok(photo)) = (Uuid::parse_str(&task), Uuid::parse_str(&photo)) else { return missing() };
    let store = &app.site.store;
    let found = async {
        match store.task(task).await?.filter(|task| task.desk == desk) {
            Some(task) => app.doors.tools.album.photo_in(size, task.case_id, photo).await,
            None => Ok(None),
        }
    };
    match found.await {
        Ok(Some(photo)) => picture(photo, "private, max-age=3600"),
        Ok(None) => Problem::new(StatusCode::NOT_FOUND, "no task of this desk has this photo").into_response(),
        Err(error) => Problem::store(&error).into_response(),
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Take {
    by: String,
    #[serde(default)]
    take_over: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Confirm {
    by: String,
    taken_by: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Number {
    by: String,
    number: String,
    #[serde(default)]
    replace: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Done {
    by: String,
    outcome: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Told {
    by: String,
    outcome: Outcome,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Saying {
    by: String,
    id: String,
    say: Say,
    #[serde(default)]
    critical: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CouldNot {
    by: String,
    reason: String,
}

/// Who did what; `None`: they are at it.
type Meant = (String, Option<Act>, bool);

fn read<T: DeserializeOwned>(body: &[u8], meant: impl FnOnce(T) -> Meant) -> Result<Meant, Unreadable> {
    json::read(body, MAX_BODY).map(meant)
}

fn meant(deed: &str, body: &[u8]) -> Option<Result<Meant, Unreadable>> {
    Some(match deed {
        "take" => read(body, |deed: Take| (deed.by, None, deed.take_over)),
        "confirm" => read(body, |deed: Confirm| (deed.by, Some(Act::Confirm { taken_by: deed.taken_by }), false)),
        "number" => read(body, |deed: Number| {
            (deed.by, Some(Act::Number { number: deed.number, replace: deed.replace }), false)
        }),
        "done" => read(body, |deed: Done| (deed.by, Some(Act::Done { outcome: deed.outcome }), false)),
        "told" => read(body, |deed: Told| (deed.by, Some(Act::Told { outcome: deed.outcome }), false)),
        "say" => read(body, |Saying { by, id, say, critical }| (by, Some(Act::Say { id, say, critical }), false)),
        "could-not" => read(body, |deed: CouldNot| (deed.by, Some(Act::could_not(deed.reason)), false)),
        _ => return None,
    })
}

async fn act(
    State(app): State<App>,
    From(from): From,
    Path((id, task, deed)): Path<(String, String, String)>,
    walk: Walk,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let desk = match desk(&app, &id, &headers) {
        Ok(desk) => desk,
        Err(why) => return sent_away(&app, from, why),
    };
    let Ok(task) = Uuid::parse_str(&task) else { return missing() };
    if let Some(fault) = json::not_json(text(&headers, header::CONTENT_TYPE)) {
        return invalid(StatusCode::UNSUPPORTED_MEDIA_TYPE, fault);
    }
    let (by, act, take_over) = match meant(&deed, &body) {
        Some(Ok(meant)) => meant,
        Some(Err(Unreadable::TooLarge { limit })) => return too_large(limit),
        Some(Err(Unreadable::Malformed(fault))) => return invalid(StatusCode::BAD_REQUEST, fault),
        Some(Err(Unreadable::Invalid(fault))) => return invalid(StatusCode::UNPROCESSABLE_ENTITY, fault),
        None => {
            let detail = format!("nothing is done by `{deed}`: {}", did_you_mean(&deed, DEEDS));
            return Problem::new(StatusCode::NOT_FOUND, detail).into_response();
        }
    };
    let tools = tools(&app);
    let done = match act {
        Some(act) => tasks::act(&tools, Some(&desk), task, &by, act, walk.0).await,
        None => tasks::claim(&tools, Some(&desk), task, &by, take_over).await,
    };
    match done {
        Ok(deed) => shown(&app, &desk, task, deed.replayed).await,
        Err(Refused::Unknown) => missing(),
        Err(Refused::Already(task)) => already(&task).into_response(),
        Err(Refused::NotNow(what)) => {
            Problem::named(StatusCode::CONFLICT, "not-now", "Not with this task now", what).into_response()
        }
        Err(Refused::Invalid(faults)) => Problem::invalid(StatusCode::UNPROCESSABLE_ENTITY, faults).into_response(),
        Err(Refused::Failed(error)) => Problem::store(&error).into_response(),
    }
}

/// Who was first, or how it ended.
fn already(task: &Task) -> Problem {
    Problem::named(StatusCode::CONFLICT, "already", "Somebody was first", tasks::already(task))
}
