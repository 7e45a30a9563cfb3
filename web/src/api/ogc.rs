//! `/api/ogc`: the public cases by OGC API Features, part 1 (OGC 17-069r4), as GeoJSON (RFC 7946). Pages go by key, the
//! newest first: a page never shows a case twice, whatever comes in between.

mod describe;

use super::{
    Endpoint,
    openapi::operation::{Back, For, Operation, Parameter, number, query, text},
};
use crate::{
    app::App,
    outward::{
        self,
        row::Row,
        wanted::{AREA, Asked, BBOX, CATEGORY, DATETIME, KIND, STATUS, Wanted},
    },
    problem::Problem,
    public::PublicCase,
};
use adapters::abuse::review::Approved;
use axum::{
    Json,
    body::Body,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use schemars::{Schema, SchemaGenerator, json_schema};
use schemas::{Timestamp, Uuid, fault::Invalid, id::from_micros, reference::Reference};
use serde_json::{Value, json};
use std::{collections::HashMap, sync::Arc};

pub use describe::{COLLECTION, COLLECTIONS, CONFORMANCE, LANDING};

/// Where it begins.
const BASE: &str = "/api/ogc";
/// The name of the one collection.
const CASES: &str = "cases";
/// Features on a page, when nobody says how many.
const USUAL: usize = 100;
/// The most features on a page; who asks for more gets so many.
const MOST: usize = 1_000;

const GEOJSON: &str = "application/geo+json";

/// The parameters of `items`.
const PARAMETERS: &[Parameter] = &[
    BBOX,
    DATETIME,
    CATEGORY,
    AREA,
    STATUS,
    KIND,
    query("limit", "How many on a page: at most 1000, 100 when left out.", number),
    query("after", "Where a page begins: take the link `next` as it is.", text),
];

/// `GET /api/ogc/collections/cases/items`.
pub const ITEMS: Endpoint = Endpoint {
    path: "/api/ogc/collections/cases/items",
    route: |_| get(items).options(outward::may_read),
    operations: &[Operation::get("readOpenCases", For::Everybody, "The public cases as GeoJSON")
        .about(
            "OGC API Features, part 1. The newest first; `links` has the next page. A position is the middle of a block, \
             never the place itself; what is not public is not there. `ETag` says whether anything changed.",
        )
        .given(PARAMETERS)
        .back(&[Back {
            status: 200,
            about: "A page of features.",
            body: Some((GEOJSON, Some(collection_shape))),
            headers: &[],
        }])
        .problems(&[400, 429, 503])],
};

/// `GET /api/ogc/collections/cases/items/{case}`.
pub const ITEM: Endpoint = Endpoint {
    path: "/api/ogc/collections/cases/items/{case}",
    route: |_| get(item).options(outward::may_read),
    operations: &[Operation::get("readOpenCase", For::Everybody, "One public case as GeoJSON")
        .about("`case` is its reference: eight digits.")
        .back(&[Back { status: 200, about: "The feature.", body: Some((GEOJSON, Some(feature_shape))), headers: &[] }])
        .problems(&[404, 429, 503])],
};

fn feature_shape(generator: &mut SchemaGenerator) -> Schema {
    let row = generator.subschema_for::<Row>();
    json_schema!({
        "type": "object",
        "required": ["type", "id", "geometry", "properties"],
        "properties": {
            "type": {"const": "Feature"},
            "id": {"type": "string", "pattern": "^[0-9]{8}$"},
            "geometry": {"type": ["object", "null"], "description": "A Point, WGS 84 longitude and latitude."},
            "properties": row,
        },
    })
}

fn collection_shape(generator: &mut SchemaGenerator) -> Schema {
    let feature = feature_shape(generator);
    json_schema!({
        "type": "object",
        "required": ["type", "features"],
        "properties": {
            "type": {"const": "FeatureCollection"},
            "numberMatched": {"type": "integer"},
            "numberReturned": {"type": "integer"},
            "timeStamp": {"type": "string", "format": "date-time"},
            "features": {"type": "array", "items": feature},
            "links": {"type": "array", "items": {"type": "object"}},
        },
    })
}

/// A link of the standard.
fn link(href: String, rel: &str, media: &str, title: &str) -> Value {
    json!({"href": href, "rel": rel, "type": media, "title": title})
}

fn feature(app: &App, case: &PublicCase, approved: Option<&Approved>) -> Value {
    let row = Row::new(app, case, approved);
    let geometry = row.point.map(|point| json!({"type": "Point", "coordinates": [round(point.lon), round(point.lat)]}));
    json!({
        "type": "Feature",
        "id": row.reference,
        "geometry": geometry,
        "properties": row,
    })
}

/// Six decimals are a hand's breadth (RFC 7946 §11.2).
fn round(degrees: f64) -> f64 {
    (degrees * 1e6).round() / 1e6
}

/// Where a page begins: behind the case that came then, with this reference.
fn cursor(text: &str) -> Result<(Timestamp, Reference), Invalid> {
    let read = || {
        let (at, reference) = text.split_once('-')?;
        Some((from_micros(at.parse().ok()?), Reference::parse(reference).ok()?))
    };
    read().ok_or_else(|| Invalid::new("after", "malformed", "take the link `next` of the page before as it is"))
}

fn limit(asked: &Asked) -> Result<usize, Invalid> {
    let Some(text) = asked.get("limit") else { return Ok(USUAL) };
    let number = text.parse::<usize>().ok().filter(|number| *number > 0);
    let number = number.ok_or_else(|| Invalid::new("limit", "malformed", "write a number from 1 to 1000"))?;
    Ok(number.min(MOST))
}

async fn items(State(app): State<App>, RawQuery(asked): RawQuery, headers: HeaderMap) -> Response {
    let read = Wanted::of(asked.as_deref(), &app.site.city, &["limit", "after"])
        .and_then(|(wanted, asked)| Ok((wanted, limit(&asked)?, asked.get("after").map(cursor).transpose()?, asked)));
    match read {
        Ok((wanted, limit, after, asked)) => match list(&app, &wanted, limit, after, &asked, &headers).await {
            Ok(response) => response,
            Err(error) => outward::away(&error),
        },
        Err(fault) => outward::wrong(fault),
    }
}

async fn list(
    app: &App,
    wanted: &Wanted,
    limit: usize,
    after: Option<(Timestamp, Reference)>,
    asked: &Asked,
    headers: &HeaderMap,
) -> Result<Response, store::Error> {
    let snapshot = app.register().await?;
    let (mut matched, mut page, mut more) = (0, Vec::with_capacity(limit.min(USUAL)), false);
    for case in snapshot.listed().rev().filter(|case| wanted.has(case)) {
        matched += 1;
        if after.is_some_and(|after| (case.received_at, case.reference) >= after) {
            continue;
        }
        if page.len() < limit { page.push(case.clone()) } else { more = true }
    }
    let ids: Vec<Uuid> = page.iter().map(|case| case.id).collect();
    let approved = PublicCase::approved(app, &ids).await?;
    let base = format!("{}{BASE}/collections/{CASES}", outward::base(app));
    let own = asked.without("");
    let mut links = vec![
        link(with(&format!("{base}/items"), &own), "self", GEOJSON, "This page"),
        link(base.clone(), "collection", "application/json", "What this is a page of"),
        link(
            with(&format!("{}/open/cases.csv", outward::base(app)), &asked.without("after")),
            "alternate",
            "text/csv",
            "The same as CSV",
        ),
    ];
    let mut next = None;
    if let Some(last) = page.last().filter(|_| more) {
        let after = format!("after={}-{}", last.received_at.as_microsecond(), last.reference.digits());
        let query = [asked.without("after"), after].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
        let href = with(&format!("{base}/items"), &query.join("&"));
        links.push(link(href.clone(), "next", GEOJSON, "The next page"));
        next = Some(href);
    }
    let mark = outward::mark(&format!("ogc {own} {matched} {more} {approved:?}", approved = sorted(&approved)), &page);
    let changed = outward::last_change(&page);
    let body = || {
        let features: Vec<Value> = page.iter().map(|case| feature(app, case, approved.get(&case.id))).collect();
        let answer = json!({
            "type": "FeatureCollection",
            "timeStamp": snapshot.at,
            "numberMatched": matched,
            "numberReturned": features.len(),
            "features": features,
            "links": links,
        });
        Body::from(answer.to_string())
    };
    let mut response = outward::answer(headers, GEOJSON, &mark, changed, body);
    if let Some(next) = next.and_then(|href| HeaderValue::from_str(&format!("<{href}>; rel=\"next\"")).ok()) {
        response.headers_mut().insert(header::LINK, next);
    }
    Ok(response)
}

/// In an order that is the same each time.
fn sorted(approved: &HashMap<Uuid, Approved>) -> Vec<(&Uuid, &Approved)> {
    let mut all: Vec<_> = approved.iter().collect();
    all.sort_by_key(|(id, _)| **id);
    all
}

fn with(address: &str, query: &str) -> String {
    if query.is_empty() { address.to_owned() } else { format!("{address}?{query}") }
}

async fn item(State(app): State<App>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    match one(&app, &name, &headers).await {
        Ok(Some(response)) => response,
        Ok(None) => outward::open(
            Problem::new(StatusCode::NOT_FOUND, "there is no public case with this reference").into_response(),
        ),
        Err(error) => outward::away(&error),
    }
}

async fn one(app: &App, name: &str, headers: &HeaderMap) -> Result<Option<Response>, store::Error> {
    let Ok(reference) = Reference::parse(name) else { return Ok(None) };
    let found = PublicCase::by_reference(app, reference).await?.filter(|case| !case.is_duplicate());
    let Some(case) = found.map(Arc::new) else { return Ok(None) };
    let approved = PublicCase::approved(app, &[case.id]).await?;
    let base = format!("{}{BASE}/collections/{CASES}", outward::base(app));
    let mark = outward::mark(&format!("one {approved:?}"), [&case]);
    let changed = outward::last_change([&case]);
    let body = || {
        let mut value = feature(app, &case, approved.get(&case.id));
        value["links"] = json!([
            link(format!("{base}/items/{}", reference.digits()), "self", GEOJSON, "This case"),
            link(base.clone(), "collection", "application/json", "What it is one of"),
        ]);
        Body::from(value.to_string())
    };
    Ok(Some(outward::answer(headers, GEOJSON, &mark, changed, body)))
}

/// JSON for everybody that is the same until the city changes.
fn plain(value: Value) -> Response {
    let keep = [(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"))];
    outward::open((keep, Json(value)).into_response())
}
