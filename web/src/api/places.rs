//! `GET /api/v1/places`: the places in the city that words may mean (`q`), or the address at a point (`lat`, `lon`). Counted
//! as a look-up.

use super::{
    Endpoint, invalid,
    openapi::operation::{Back, For, Operation, query},
};
use crate::app::App;
use axum::{
    Json,
    extract::{Query, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use schemas::{
    city::{Neighbour, Texts},
    fault::Invalid,
    lambert::Lambert72,
    place::{Point, Precision, Spot},
    report::Language,
    slug::AreaId,
    text,
};
use serde::{Deserialize, Serialize};

/// The address.
pub const ENDPOINT: Endpoint = Endpoint {
    path: "/api/v1/places",
    route: |_| get(list),
    operations: &[Operation::get("findPlaces", For::Channels, "The places that words may mean, or the address at a point")
        .about(
            "Ask for words (`q`) or for a point (`lat` and `lon`): streets, houses, and the numbers on lamp posts. Nothing found is \
             an empty list. What is next door comes with who is responsible there. Counted as a look-up: ask when somebody \
             pauses or presses a button, not at every letter.",
        )
        .given(&[
            query("q", "An address, a street or the number of a lamp post, at most 200 characters.", words_shape),
            query("lat", "Latitude in WGS 84 degrees.", degrees_shape),
            query("lon", "Longitude in WGS 84 degrees.", degrees_shape),
            query("language", "In which language of the city names are; its own when left out.", words_shape),
        ])
        .back(&[Back::json(200, "At most 8, the likeliest first.", |generator| {
            generator.subschema_for::<Answer<'static>>()
        })])
        .problems(&[400, 422, 429])],
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
    q: Option<String>,
    #[serde(default)]
    lat: Option<f64>,
    #[serde(default)]
    lon: Option<f64>,
    #[serde(default)]
    language: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "FoundPlaces")]
struct Answer<'a> {
    places: Vec<One>,
    /// Who is responsible, when what was asked about is next door.
    #[serde(skip_serializing_if = "Option::is_none")]
    neighbour: Option<Next<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "FoundPlace")]
struct One {
    label: String,
    point: Point,
    lambert72: Lambert72,
    precision: Precision,
    #[serde(skip_serializing_if = "Option::is_none")]
    street: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asset: Option<String>,
    areas: Vec<AreaId>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Neighbour")]
struct Next<'a> {
    names: &'a Texts,
    #[serde(skip_serializing_if = "Option::is_none")]
    web: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<&'a str>,
}

impl<'a> Next<'a> {
    fn of(neighbour: &'a Neighbour) -> Self {
        Self { names: &neighbour.names, web: neighbour.web.as_deref(), phone: neighbour.phone.as_deref() }
    }
}

async fn list(State(app): State<App>, Query(asked): Query<Asked>) -> Response {
    let city = &app.site.city;
    let wrong = |field, code, message| invalid(StatusCode::UNPROCESSABLE_ENTITY, Invalid::new(field, code, message));
    let language = asked.language.as_deref().and_then(Language::parse).unwrap_or(app.own_language());
    let words = asked.q.map(|words| text::clean_line(&words)).filter(|words| !words.is_empty());
    let (found, neighbour) = match (words, asked.lat, asked.lon) {
        (Some(words), None, None) if text::length(&words) > 200 => {
            return wrong("q", "too_long", "at most 200 characters: a street and number is enough");
        }
        (Some(words), None, None) => match city.neighbour_in(&words) {
            Some(neighbour) => (Vec::new(), Some(neighbour)),
            None => (app.geocode.find(&words, language).await, None),
        },
        (None, Some(lat), Some(lon)) => {
            if !((-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon)) {
                return wrong("lat", "out_of_range", "write degrees, for instance lat=50.8279&lon=3.2649");
            }
            let point = Point { lat, lon };
            (app.geocode.near(point, language).await.into_iter().collect(), city.neighbour_at(point))
        }
        _ => return wrong("q", "required", "ask for words (q=Grote Markt 1) or for a point (lat=50.8279&lon=3.2649)"),
    };
    let one = |Spot { label, point, precision, street, number, asset }| One {
        lambert72: Lambert72::of(point),
        areas: city.areas.locate(point),
        label,
        point,
        precision,
        street,
        number,
        asset,
    };
    let answer = Answer { places: found.into_iter().map(one).collect(), neighbour: neighbour.map(Next::of) };
    ([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], Json(answer)).into_response()
}
