//! `GET /api/v1/departments/{id}/photos/{photo}`: a photo of a case, for a department that has it;
//! with `?key=…`, for whoever has the whole address, as a server that was given it shows pictures.

use super::openapi::operation::{Back, For, Operation, Proof, query, text as text_shape};
use super::{Endpoint, From, denied, invalid, sent_away, text};
use crate::{
    app::App,
    pages::{PhotoSized as Sized, picture},
    problem::Problem,
};
use adapters::{answer_link, departments::queue};
use axum::{
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use schemars::json_schema;
use schemas::{Uuid, fault::Invalid};
use serde::Deserialize;
use store::PhotoSize;

/// The address.
pub const ENDPOINT: Endpoint = Endpoint {
    path: "/api/v1/departments/{id}/photos/{photo}",
    route: |_| get(show),
    operations: &[Operation::get("readDepartmentPhoto", For::Departments, "A photo of a case")
        .about("With the department's token; or with `key`, as in addresses that were given to systems of others.")
        .by(Proof::Department)
        .given(&[
            query("key", "Opens this address without a token.", text_shape),
            query(
                "size",
                "`small`: at most 320 pixels wide and high; the large one of old photos, which have no small one.",
                |_| json_schema!({"type": "string", "enum": ["large", "small"], "default": "large"}),
            ),
        ])
        .back(&[Back::bytes(200, "The photo.", "image/jpeg")])
        .problems(&[401, 404, 422, 429, 503])],
};

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    key: Option<String>,
    #[serde(flatten)]
    sized: Sized,
}

async fn show(
    State(app): State<App>,
    From(caller): From,
    Path((id, photo)): Path<(String, String)>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let site = &app.site;
    let Some(size) = asked.sized.size() else {
        let fault = Invalid::new("size", "not_an_option", "write small or large, or leave it out");
        return invalid(StatusCode::UNPROCESSABLE_ENTITY, fault);
    };
    // Who has the whole address shows the picture on a page of another site.
    let shown_by = if asked.key.is_some() { "cross-origin" } else { "same-origin" };
    let (found, keep) = match asked.key {
        Some(key) => {
            let path = format!("/api/v1/departments/{id}/photos/{photo}");
            let opens = site.config.links.as_ref().is_some_and(|links| links.opens(&path, &key));
            if !opens {
                return denied(&app, caller, "the key in this address does not fit: use the address as it was given");
            }
            (find(&app, &id, (&photo, size), true).await, "private, no-store")
        }
        None => {
            let authorization = text(&headers, header::AUTHORIZATION);
            let department = match queue::authenticate(&site.config.secrets, &site.city, &id, authorization) {
                Ok(department) => department,
                Err(why) => return sent_away(&app, caller, why),
            };
            (find(&app, &department, (&photo, size), false).await, "private, max-age=3600")
        }
    };
    match found {
        Ok(Some(photo)) => {
            let mut picture = picture(photo, keep);
            let name = HeaderName::from_static("cross-origin-resource-policy");
            picture.headers_mut().insert(name, HeaderValue::from_static(shown_by));
            picture
        }
        Ok(None) => Problem::new(StatusCode::NOT_FOUND, "no case of this department has this photo").into_response(),
        Err(error) => Problem::store(&error).into_response(),
    }
}

/// The photo, if a case that was handed to `department` has it. An address alone opens it for as long
/// as it opens a page to answer on.
async fn find(
    app: &App,
    department: &str,
    (photo, size): (&str, PhotoSize),
    by_address: bool,
) -> Result<Option<store::Photo>, store::Error> {
    let Ok(photo) = Uuid::parse_str(photo) else { return Ok(None) };
    let store = &app.site.store;
    let Some(report) = store.photo_owners(&[photo]).await?.remove(&photo).flatten() else { return Ok(None) };
    // Whoever has the main case may see what came with a duplicate.
    let main = store.merged(&[report]).await?.remove(&report).map(|merged| merged.main);
    for held in [report].into_iter().chain(main) {
        let mut dispatches = store.dispatches_of(held).await?;
        dispatches.retain(|dispatch| dispatch.department.as_str() == department);
        if by_address {
            let Some(case) = store.case(held).await? else { continue };
            let now = store.clock().now();
            dispatches.retain(|dispatch| !answer_link::is_over(dispatch, &case, now));
        }
        if !dispatches.is_empty() {
            return app.doors.tools.album.photo_in(size, report, photo).await;
        }
    }
    Ok(None)
}
