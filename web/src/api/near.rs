//! `GET /api/v1/near`: what others reported near a point, as anybody may know it, so that an app can ask "is it one of
//! these?" before it sends. Counted as a look-up.

use super::{
    Endpoint, invalid,
    openapi::operation::{Back, For, Operation, query},
};
use crate::{app::App, problem::Problem};
use adapters::near::{self, Offered};
use axum::{
    Json,
    extract::{Query, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use schemas::{
    Date,
    case::Status,
    fault::{Invalid, did_you_mean},
    place::{Place, Point},
    reference::Reference,
    slug::{AreaId, CategoryId},
};
use serde::{Deserialize, Serialize};

/// The address.
pub const ENDPOINT: Endpoint = Endpoint {
    path: "/api/v1/near",
    route: |_| get(list),
    operations: &[Operation::get("findNear", For::Channels, "What others reported near a point")
        .about(
            "Ask before you send a report: whoever sees that theirs is known may follow it at `/{language}/case/{reference}` \
             instead. Open and public cases of the same group of categories alone, at most 3, the likeliest first; no words \
             of whoever reported them, and no place finer than a block. Nothing near is an empty list.",
        )
        .given(&[
            query("category", "What it is about: an id of the list of categories.", words_shape),
            query("lat", "Latitude in WGS 84 degrees.", degrees_shape),
            query("lon", "Longitude in WGS 84 degrees.", degrees_shape),
        ])
        .back(&[Back::json(200, "The likeliest first.", |generator| generator.subschema_for::<Answer>())])
        .problems(&[400, 422, 429, 503])],
};

fn words_shape(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string"})
}

fn degrees_shape(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "number"})
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    category: Option<String>,
    #[serde(default)]
    lat: Option<f64>,
    #[serde(default)]
    lon: Option<f64>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NearCases")]
struct Answer {
    cases: Vec<One>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NearCase")]
struct One {
    reference: Reference,
    category: CategoryId,
    areas: Vec<AreaId>,
    /// The day it was reported.
    since: Date,
    status: Status,
    /// How many people reported it.
    people: usize,
}

impl From<Offered> for One {
    fn from(Offered { reference, category, areas, since, status, people }: Offered) -> Self {
        Self { reference, category, areas, since, status, people }
    }
}

async fn list(State(app): State<App>, Query(asked): Query<Asked>) -> Response {
    let city = &app.site.city;
    let wrong = |field, code, message: &str| {
        invalid(StatusCode::UNPROCESSABLE_ENTITY, Invalid::new(field, code, message.to_owned()))
    };
    let Some(category) = asked.category else {
        return wrong("category", "required", "say what it is about, for instance category=wegen/put");
    };
    let Some(category) = city.category(&category).map(|category| category.id.clone()) else {
        let known = city.categories.iter().map(|category| category.id.as_str());
        return wrong("category", "unknown", &did_you_mean(&category, known));
    };
    let (Some(lat), Some(lon)) = (asked.lat, asked.lon) else {
        return wrong("lat", "required", "say where it is: lat=50.8279&lon=3.2649");
    };
    if !((-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon)) {
        return wrong("lat", "out_of_range", "write degrees, for instance lat=50.8279&lon=3.2649");
    }
    let place = Place { point: Some(Point { lat, lon }), ..Place::default() };
    match near::offered(&app.site.store, city, &category, &place, "").await {
        Ok(found) => {
            let answer = Answer { cases: found.into_iter().map(One::from).collect() };
            ([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], Json(answer)).into_response()
        }
        Err(error) => Problem::store(&error).into_response(),
    }
}
