//! `/api/v1/desks/{id}/cases/{reference}/…`: people of a desk see which reports may be about the same thing, make them
//! one, and take them apart again. A desk is a department of the city itself, and proves itself with that department's
//! token; partners merge nothing.

use super::openapi::operation::{Back, For, Operation, Proof};
use super::{Endpoint, From, invalid, private, sent_away, text, too_large};
use crate::{app::App, guard::walk::Walk, problem::Problem};
use adapters::{
    departments::queue,
    json::{self, Unreadable},
    merge::{self, Refused},
    near::{self, Found},
};
use axum::{
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use schemars::JsonSchema;
use schemas::{
    Timestamp,
    case::Status,
    city::DepartmentKind,
    fault::Invalid,
    place::Place,
    reference::Reference,
    report::Report,
    slug::{CategoryId, DepartmentId},
};
use serde::{Deserialize, Serialize};

/// What may be the same.
pub const NEAR: Endpoint = Endpoint {
    path: "/api/v1/desks/{id}/cases/{reference}/near",
    route: |_| get(list),
    operations: &[Operation::get("listNear", For::Desks, "What may be about the same thing as a case")
        .about("For departments of the city itself. Open, or closed lately; the likeliest first.")
        .by(Proof::Department)
        .back(&[Back::json(200, "At most 20.", |generator| generator.subschema_for::<Listed>())])
        .problems(&[401, 404, 429, 503])],
};
/// They are the same.
pub const MERGE: Endpoint = Endpoint {
    path: "/api/v1/desks/{id}/cases/{reference}/merge",
    route: |_| post(join).layer(DefaultBodyLimit::max(MAX_BODY)),
    operations: &[Operation::post("mergeCases", For::Desks, "Make other reports duplicates of this case")
        .about(
            "All of them or none. The work on the duplicates is withdrawn, and their people hear what happens to this case. \
             The same twice is once.",
        )
        .by(Proof::Department)
        .json(|generator| generator.subschema_for::<Merge>(), r#"{"by": "Operator 4", "duplicates": ["0123-4566"]}"#)
        .back(&[Back::json(200, "What was merged.", |generator| generator.subschema_for::<Merged>())])
        .problems(&[400, 401, 404, 409, 413, 415, 422, 429, 503])],
};
/// They are not.
pub const SPLIT: Endpoint = Endpoint {
    path: "/api/v1/desks/{id}/cases/{reference}/split",
    route: |_| post(part).layer(DefaultBodyLimit::max(MAX_BODY)),
    operations: &[Operation::post("splitCase", For::Desks, "Make a duplicate a case of its own again")
        .by(Proof::Department)
        .json(|generator| generator.subschema_for::<Split>(), r#"{"by": "Operator 4"}"#)
        .back(&[Back::json(200, "What was split.", |generator| generator.subschema_for::<Apart>())])
        .problems(&[400, 401, 404, 409, 413, 415, 422, 429, 503])],
};

/// The largest body, in bytes.
const MAX_BODY: usize = 16 * 1024;

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DeskNear")]
struct Listed {
    cases: Vec<One>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DeskNearCase")]
struct One {
    reference: Reference,
    category: CategoryId,
    status: Status,
    lead: Option<DepartmentId>,
    words: String,
    place: Place,
    received_at: Timestamp,
    /// How far away, when both have a position.
    metres: Option<u32>,
    /// 0 to 100, the higher the likelier.
    likeness: u32,
    /// How many people reported it.
    people: usize,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DeskMerge")]
struct Merge {
    /// Who does it.
    by: String,
    /// What is the same.
    duplicates: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DeskMerged")]
struct Merged {
    into: Reference,
    merged: Vec<Reference>,
    already: Vec<Reference>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DeskSplit")]
struct Split {
    /// Who does it.
    by: String,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DeskApart")]
struct Apart {
    case: Reference,
    from: Reference,
    /// It goes to a desk again.
    open: bool,
}

/// The desk, if it is one of the city itself, and the report that is named.
async fn desk(
    app: &App,
    from: Option<crate::guard::rate::Caller>,
    id: &str,
    reference: &str,
    headers: &HeaderMap,
) -> Result<(DepartmentId, Report), Response> {
    let city = &app.site.city;
    let authorization = text(headers, header::AUTHORIZATION);
    let desk = queue::authenticate(&app.site.config.secrets, city, id, authorization)
        .map_err(|why| sent_away(app, from, why))?;
    if city.department(&desk).is_none_or(|department| department.kind != DepartmentKind::Internal) {
        let why = "this is for departments of the city itself: ask the city to merge reports";
        return Err(Problem::new(StatusCode::NOT_FOUND, why).into_response());
    }
    let Ok(reference) = Reference::parse(reference) else { return Err(missing()) };
    let report = app.site.store.report_by_reference(reference).await;
    let report = report.map_err(|error| Problem::store(&error).into_response())?.ok_or_else(missing)?;
    let case = app.site.store.case(report.id).await.map_err(|error| Problem::store(&error).into_response())?;
    let lead = case.and_then(|case| case.lead);
    if may_see(app, &desk, &report, lead.as_ref()) { Ok((desk, report)) } else { Err(missing()) }
}

/// What is private, or a confidential department's, is for who has it.
fn may_see(app: &App, desk: &DepartmentId, report: &Report, lead: Option<&DepartmentId>) -> bool {
    let city = &app.site.city;
    lead == Some(desk) || (city.is_public(report) && !city.is_confidential(lead))
}

fn missing() -> Response {
    Problem::new(StatusCode::NOT_FOUND, "this desk sees no case with this reference").into_response()
}

async fn list(
    State(app): State<App>,
    From(from): From,
    Path((id, reference)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let (desk, report) = match desk(&app, from, &id, &reference, &headers).await {
        Ok(known) => known,
        Err(answer) => return answer,
    };
    match near::of_report(&app.site.store, &app.site.city, &report).await {
        Ok(found) => {
            let seen = found.into_iter().filter(|found| may_see(&app, &desk, &found.report, found.case.lead.as_ref()));
            private(Listed { cases: seen.map(one).collect() })
        }
        Err(error) => Problem::store(&error).into_response(),
    }
}

fn one(found: Found) -> One {
    // Both are small and not negative: a radius, and a share.
    let whole = |number: f64| number.round().clamp(0.0, 1e6) as u32;
    One {
        reference: found.report.reference,
        category: found.report.category,
        status: found.case.status,
        lead: found.case.lead,
        words: found.report.words,
        place: found.report.place,
        received_at: found.report.received_at,
        metres: found.score.metres.map(whole),
        likeness: whole(found.score.value * 100.0),
        people: found.people,
    }
}

fn read<T: serde::de::DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<T, Box<Response>> {
    if let Some(fault) = json::not_json(text(headers, header::CONTENT_TYPE)) {
        return Err(Box::new(invalid(StatusCode::UNSUPPORTED_MEDIA_TYPE, fault)));
    }
    json::read(body, MAX_BODY).map_err(|why| {
        Box::new(match why {
            Unreadable::TooLarge { limit } => too_large(limit),
            Unreadable::Malformed(fault) => invalid(StatusCode::BAD_REQUEST, fault),
            Unreadable::Invalid(fault) => invalid(StatusCode::UNPROCESSABLE_ENTITY, fault),
        })
    })
}

async fn join(
    State(app): State<App>,
    From(from): From,
    Path((id, reference)): Path<(String, String)>,
    walk: Walk,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let report = match desk(&app, from, &id, &reference, &headers).await {
        Ok((_, report)) => report,
        Err(answer) => return answer,
    };
    let asked: Merge = match read(&headers, &body) {
        Ok(asked) => asked,
        Err(answer) => return *answer,
    };
    let mut duplicates = Vec::with_capacity(asked.duplicates.len().min(merge::MOST + 1));
    for (n, named) in asked.duplicates.iter().enumerate().take(merge::MOST + 1) {
        match Reference::parse(named) {
            Ok(reference) => duplicates.push(reference),
            Err(error) => {
                let fault = Invalid::new(format!("/duplicates/{n}"), "malformed", error.to_string());
                return invalid(StatusCode::UNPROCESSABLE_ENTITY, fault);
            }
        }
    }
    let site = &app.site;
    match merge::merge(&site.store, &site.city, &duplicates, report.reference, &asked.by, walk.0).await {
        Ok(merge::Done { into, merged, already }) => private(Merged { into, merged, already }),
        Err(refused) => answer(&refused),
    }
}

async fn part(
    State(app): State<App>,
    From(from): From,
    Path((id, reference)): Path<(String, String)>,
    walk: Walk,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let report = match desk(&app, from, &id, &reference, &headers).await {
        Ok((_, report)) => report,
        Err(answer) => return answer,
    };
    let asked: Split = match read(&headers, &body) {
        Ok(asked) => asked,
        Err(answer) => return *answer,
    };
    match merge::split(&app.site.store, &app.site.city, report.reference, &asked.by, walk.0).await {
        Ok(merge::Split { case, from, open }) => private(Apart { case, from, open }),
        Err(refused) => answer(&refused),
    }
}

fn answer(refused: &Refused) -> Response {
    let fault = |field: &str| {
        let fault = Invalid::new(field, refused.code().replace('-', "_"), refused.to_string());
        invalid(StatusCode::UNPROCESSABLE_ENTITY, fault)
    };
    match refused {
        Refused::Failed(error) => Problem::store(error).into_response(),
        Refused::NoName => fault("/by"),
        Refused::HowMany | Refused::Unknown(_) | Refused::Itself(_) => fault("/duplicates"),
        Refused::TooEarly(_) | Refused::Busy => {
            Problem::named(StatusCode::CONFLICT, "not-now", "Not now", refused.to_string()).into_response()
        }
        _ => {
            let title = "These cannot be merged or split";
            Problem::named(StatusCode::CONFLICT, refused.code(), title, refused.to_string()).into_response()
        }
    }
}
