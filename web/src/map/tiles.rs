//! `GET /map/cases/{z}/{x}/{y}`: a vector tile of the layer `cases`, with the filters of the map behind it. Each public case
//! that fits is counted in one point: `n` of them, and of a single one its number, category, stage and day.

use super::{
    dots::Cluster,
    filter::{Filter, Stage},
    mvt::{Layer, Value},
};
use crate::{app::App, pages::Oops};
use axum::{
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// The media type that IANA has for them.
const TILE: HeaderValue = HeaderValue::from_static("application/vnd.mapbox-vector-tile");

/// The layer of `clusters`.
fn layer(app: &App, clusters: Vec<Cluster>) -> Layer {
    let mut layer = Layer::new("cases");
    for Cluster { x, y, n, one } in clusters {
        let Some(case) = one else {
            layer.point(x, y, [("n", Value::Number(n))]);
            continue;
        };
        let day = app.site.city.calendar.date(case.received_at);
        let of_one = [
            ("n", Value::Number(n)),
            ("ref", Value::Text(case.reference.digits().to_string())),
            ("category", Value::Text(case.category.to_string())),
            ("stage", Value::Text(Stage::of(case.status).as_str().to_owned())),
            ("day", Value::Text(day.to_string())),
        ];
        layer.point(x, y, of_one);
    }
    layer
}

pub(super) async fn show(
    State(app): State<App>,
    Path((z, x, y)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Oops> {
    let number = |text: &str| text.parse::<u32>().ok();
    let address = (z.parse::<u8>().ok(), number(&x), number(y.trim_end_matches(".mvt")));
    let (Some(z), Some(x), Some(y)) = address else { return Err(Oops::Missing) };
    let filter = Filter::read(&query.unwrap_or_default());
    if !filter.wrong.is_empty() {
        return Err(Oops::Status(StatusCode::BAD_REQUEST));
    }
    let snapshot = app.register_now().await?;
    let clusters = snapshot.dots.clusters(&filter.sieve(&app.site.city), z, x, y).ok_or(Oops::Missing)?;
    Ok(tagged(&headers, TILE, layer(&app, clusters).tile()))
}

/// `body` with a tag that tells nothing but what stands in it, or that it is what the browser has already (RFC 9110 §13.1.2).
/// It is asked for again each time, as what is moderated away goes at once.
pub(super) fn tagged(asked: &HeaderMap, kind: HeaderValue, body: Vec<u8>) -> Response {
    let tag = Sha256::digest(&body).iter().take(12).fold(String::from("W/\""), |mut tag, byte| {
        // Writing to a String cannot fail.
        let _ = write!(tag, "{byte:02x}");
        tag
    }) + "\"";
    let known = asked.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_known = known.split(',').any(|one| {
        let one = one.trim();
        one == "*" || one.trim_start_matches("W/") == tag.trim_start_matches("W/")
    });
    let keep = [(header::CACHE_CONTROL, HeaderValue::from_static("public, no-cache"))];
    let tag = HeaderValue::from_str(&tag).map(|tag| [(header::ETAG, tag)]).ok();
    if is_known {
        return (StatusCode::NOT_MODIFIED, keep, tag, ()).into_response();
    }
    (keep, tag, [(header::CONTENT_TYPE, kind)], body).into_response()
}
