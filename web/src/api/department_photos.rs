//! `GET /api/v1/departments/{id}/photos/{photo}`: a photo of a case, for a department that has it.

use super::{Endpoint, From, sent_away, text};
use crate::{app::App, pages::picture, problem::Problem};
use adapters::departments::queue;
use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use schemas::Uuid;

/// The address.
pub const ENDPOINT: Endpoint = Endpoint { path: "/api/v1/departments/{id}/photos/{photo}", route: |_| get(show) };

async fn show(
    State(app): State<App>,
    From(caller): From,
    Path((id, photo)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let site = &app.site;
    let authorization = text(&headers, header::AUTHORIZATION);
    let department = match queue::authenticate(&site.config.secrets, &site.city, &id, authorization) {
        Ok(department) => department,
        Err(why) => return sent_away(&app, caller, why),
    };
    match find(&app, &department, &photo).await {
        Ok(Some(photo)) => picture(photo, "private, max-age=3600"),
        Ok(None) => Problem::new(StatusCode::NOT_FOUND, "no case of this department has this photo").into_response(),
        Err(error) => Problem::store(&error).into_response(),
    }
}

/// The photo, if a case that was handed to `department` has it.
async fn find(app: &App, department: &str, photo: &str) -> Result<Option<store::Photo>, store::Error> {
    let Ok(photo) = Uuid::parse_str(photo) else { return Ok(None) };
    let store = &app.site.store;
    let Some(report) = store.photo_owners(&[photo]).await?.remove(&photo).flatten() else { return Ok(None) };
    let dispatches = store.dispatches_of(report).await?;
    if !dispatches.iter().any(|dispatch| dispatch.department.as_str() == department) {
        return Ok(None);
    }
    store.photo_of(report, photo).await
}
