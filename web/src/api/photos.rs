//! `POST /api/v1/photos`: one photo, as its raw bytes; a report names its id afterwards.

use super::{
    Endpoint, invalid,
    keyed::{Keyed, Refused as NoKey},
    openapi::operation::{Back, For, Operation, Proof},
};
use crate::{app::App, problem::Problem};
use adapters::intake::photo::{Error, Refused};
use axum::{
    Json,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::post,
};
use schemars::json_schema;
use schemas::{
    Uuid,
    api_key::KeyKind,
    place::{Place, Point},
};
use serde::Serialize;

/// The address.
pub const ENDPOINT: Endpoint = Endpoint {
    path: "/api/v1/photos",
    route: |app| post(send).layer(DefaultBodyLimit::max(app.doors.photos.max_bytes())), operations: &[Operation::post("sendPhoto", For::Channels, "Send a photo, before the report that names it")
    .about("The raw bytes. It is turned upright and written anew without its metadata. A photo that no report names \
            is thrown away after a day. When the camera wrote down where it was and that lies in the city, `place` says so, \
            once and to you alone: ask the person whether this is the place before you send it with the report. \
            With a key for tests it is checked and not kept.")
    .by(Proof::MaybeChannel)
    .bytes(&["image/jpeg", "image/png", "image/webp"])
    .back(&[Back::json(201, "It is kept; name its id in `photos` of the report.", |generator| {
        let place = json_schema!({"type": "object", "required": ["point"],
            "properties": {"point": generator.subschema_for::<Point>()}});
        json_schema!({"type": "object", "required": ["id"],
            "properties": {"id": {"type": "string", "format": "uuid"}, "place": place, "test": {"const": true}}})
    })])
    .problems(&[401, 413, 415, 422, 429, 503])] };

#[derive(Serialize)]
struct Given {
    id: Uuid,
    /// Where it was taken; the person has not said yet that this is the place.
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<Place>,
    /// It was checked and not kept.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    test: bool,
}

async fn send(State(app): State<App>, Keyed(key): Keyed, headers: HeaderMap, body: Bytes) -> Response {
    if key.is_none() && app.doors.api.requires_key() {
        return NoKey::Missing.into_response();
    }
    // Recognised by its bytes; only a body that says it is something else altogether is refused.
    let kind = super::text(&headers, header::CONTENT_TYPE).unwrap_or("application/octet-stream");
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if !(kind.starts_with("image/") || kind == "application/octet-stream") {
        let fault = schemas::fault::Invalid::new(
            "Content-Type",
            "unsupported",
            "send the photo itself, with Content-Type: image/jpeg, image/png or image/webp",
        );
        return invalid(StatusCode::UNSUPPORTED_MEDIA_TYPE, fault);
    }
    let doors = &app.doors;
    let test = key.is_some_and(|key| key.kind == KeyKind::Test);
    let received = if test {
        doors.photos.attempt(&doors.tools, body).await
    } else {
        let id = doors.tools.ids.new_id();
        doors.photos.receive(&doors.tools, id, body).await.map(|taken_at| (id, taken_at))
    };
    match received {
        Ok((id, taken_at)) => {
            let place = taken_at.map(|point| Place { point: Some(point), ..Place::default() });
            (StatusCode::CREATED, Json(Given { id, place, test })).into_response()
        }
        Err(Error::Refused(why)) => {
            let status = match why {
                Refused::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            };
            invalid(status, why.invalid(""))
        }
        Err(error @ (Error::Unchecked | Error::Busy)) => {
            let wait = HeaderValue::from_static(if let Error::Busy = error { "5" } else { "60" });
            let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string());
            problem.with(header::RETRY_AFTER, wait).into_response()
        }
        Err(Error::Store(error)) => Problem::store(&error).into_response(),
    }
}
