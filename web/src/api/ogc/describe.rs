//! What there is: the landing page, what is kept of the standard, the one collection.

use super::{BASE, CASES, Endpoint, GEOJSON, link, plain};
use crate::{
    api::openapi::operation::{Back, For, Operation},
    app::App,
    outward,
};
use axum::{extract::State, response::Response, routing::get};
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

const JSON: &str = "application/json";
/// Longitude and latitude in WGS 84 degrees.
const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";

fn object(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "object"})
}

/// `GET /api/ogc`.
pub const LANDING: Endpoint = Endpoint {
    path: "/api/ogc",
    route: |_| get(landing).options(outward::may_read),
    operations: &[Operation::get("openDataStart", For::Everybody, "Where open data begins")
        .about("The landing page of OGC API Features, part 1: links to everything else.")
        .back(&[Back::json(200, "Links.", object)])
        .problems(&[429])],
};

/// `GET /api/ogc/conformance`.
pub const CONFORMANCE: Endpoint = Endpoint {
    path: "/api/ogc/conformance",
    route: |_| get(conformance).options(outward::may_read),
    operations: &[Operation::get("openDataConformance", For::Everybody, "What of the standard is kept")
        .back(&[Back::json(200, "Names of conformance classes.", object)])
        .problems(&[429])],
};

/// `GET /api/ogc/collections`.
pub const COLLECTIONS: Endpoint = Endpoint {
    path: "/api/ogc/collections",
    route: |_| get(collections).options(outward::may_read),
    operations: &[Operation::get("openDataCollections", For::Everybody, "Which collections there are")
        .about("One: `cases`.")
        .back(&[Back::json(200, "The collections.", object)])
        .problems(&[429])],
};

/// `GET /api/ogc/collections/cases`.
pub const COLLECTION: Endpoint = Endpoint {
    path: "/api/ogc/collections/cases",
    route: |_| get(collection).options(outward::may_read),
    operations: &[Operation::get("openDataCollection", For::Everybody, "What the collection of cases holds")
        .back(&[Back::json(200, "Where, since when, by which licence.", object)])
        .problems(&[429])],
};

async fn landing(State(app): State<App>) -> Response {
    let (site, city) = (outward::base(&app), &app.site.city);
    let own = app.own_language();
    let base = format!("{site}{BASE}");
    plain(json!({
        "title": app.text(own, "brand", &[("city", city.name(own))]),
        "description": "The public cases of the city, as OGC API Features. See the page for the licence and the fields.",
        "links": [
            link(base.clone(), "self", JSON, "This page"),
            link(format!("{site}/api/openapi.json"), "service-desc", "application/vnd.oai.openapi+json;version=3.1", "The API"),
            link(format!("{site}/{}/open-data", own.as_str()), "service-doc", "text/html", "Open data, in words"),
            link(format!("{base}/conformance"), "conformance", JSON, "What of the standard is kept"),
            link(format!("{base}/collections"), "data", JSON, "The collections"),
        ],
    }))
}

async fn conformance() -> Response {
    plain(json!({
        "conformsTo": [
            "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
            "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
        ],
    }))
}

async fn collections(State(app): State<App>) -> Response {
    let base = format!("{}{BASE}/collections", outward::base(&app));
    plain(json!({
        "links": [link(base, "self", JSON, "This list")],
        "collections": [about(&app)],
    }))
}

async fn collection(State(app): State<App>) -> Response {
    plain(about(&app))
}

fn about(app: &App) -> Value {
    let (site, city) = (outward::base(app), &app.site.city);
    let own = app.own_language();
    let base = format!("{site}{BASE}/collections/{CASES}");
    let mut value = json!({
        "id": CASES,
        "title": app.text(own, "open-data-collection", &[("city", city.name(own))]),
        "description": app.text(own, "open-data-what", &[]),
        "itemType": "feature",
        "crs": [CRS84],
        "links": [
            link(base.clone(), "self", JSON, "This collection"),
            link(format!("{base}/items"), "items", GEOJSON, "Its cases"),
            link(city.open_data.licence_url.clone(), "license", "text/html", &city.open_data.licence),
        ],
        "attribution": city.open_data.source.as_deref().unwrap_or(city.name(own)),
    });
    if let Some((low, high)) = city.areas.bounds() {
        value["extent"] = json!({"spatial": {"bbox": [[low.lon, low.lat, high.lon, high.lat]], "crs": CRS84}});
    }
    value
}
