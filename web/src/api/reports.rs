//! `/api/v1/reports`: tell the city something, as JSON, idempotent by `Idempotency-Key`; and, for a program with a key,
//! what came by its channel and how far it is.

use super::{
    Endpoint, REPLAYED,
    asked::{Asked, MOST},
    invalid,
    keyed::{Keyed, Refused},
    openapi::operation::{Back, For, Operation, Proof, header, page, query, text as text_shape},
    private, text, too_large,
};
use crate::{
    app::App,
    guard::{rate::Peer, walk::Walk},
    problem::Problem,
};
use adapters::intake::{
    Receipt,
    api::{Outcome, Request},
};
use axum::{
    Extension, Json,
    body::Bytes,
    extract::{DefaultBodyLimit, RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header as names},
    response::{IntoResponse as _, Response},
    routing::post,
};
use schemars::{JsonSchema, json_schema};
use schemas::{
    Timestamp, Uuid,
    api_key::KeyKind,
    case::Status,
    fault::Invalid,
    slug::{CategoryId, Channel},
    submission::Submission,
};
use serde::Serialize;
use store::{ChannelFilter, ChannelReport};

/// The address.
pub const ENDPOINT: Endpoint = Endpoint {
    path: "/api/v1/reports",
    route: |app| post(send).get(list).layer(DefaultBodyLimit::max(app.doors.api.max_body())),
    operations: &[
        Operation::post("sendReport", For::Channels, "Tell the city something")
            .about(
                "The answer is the reference, eight digits that can be spoken, and the secret link by which the person \
                 follows the case. Always send an `Idempotency-Key`, the same on every retry: then a lost answer costs \
                 nothing. With a key for tests everything is checked, and nothing is kept.",
            )
            .by(Proof::MaybeChannel)
            .given(&[header(
                "Idempotency-Key",
                "1 to 200 visible ASCII characters of your own, the same on every retry.",
                text_shape,
            )])
            .json(
                |generator| generator.subschema_for::<Submission>(),
                r#"{"category": "wegen/put", "words": "A deep hole in the road, right before the school.", "place": {"address": "Schoolstraat 12", "point": {"lat": 50.8279, "lon": 3.2649}}, "language": "en", "contact": {"email": "ann@example.org"}, "tell": "email"}"#,
            )
            .back(&[
                Back::json(201, "It is kept, and on its way.", |generator| generator.subschema_for::<Given>())
                    .with(&[("Location", "Where a program follows the case.")]),
                Back::json(200, "It was kept before under this key; this is what was answered then.", |generator| {
                    generator.subschema_for::<Given>()
                })
                .with(&[("Idempotent-Replayed", "true")]),
            ])
            .problems(&[400, 401, 409, 413, 415, 422, 429, 503]),
        Operation::get("listReports", For::Channels, "What came by your channel, the newest first")
            .about("How far each report is, and nothing that a person said.")
            .by(Proof::Channel)
            .given(&[
                query("status", "Only at these statuses, with commas between.", text_shape),
                query("limit", "How many a page has at most; 50 when left out.", |_| {
                    json_schema!({"type": "integer", "minimum": 1, "maximum": MOST})
                }),
                query("before", "Where the page begins: follow `next` as it was given.", |_| {
                    json_schema!({"type": "string", "format": "uuid"})
                }),
            ])
            .back(&[Back::json(200, "One page.", |generator| page("reports", generator.subschema_for::<Listed>()))])
            .problems(&[400, 401, 429, 503]),
    ],
};

/// What the channel is given: the same words as the answer over the broker.
#[derive(Serialize, JsonSchema)]
struct Given {
    reference: String,
    id: Uuid,
    status: &'static str,
    tracking_url: String,
    received_at: Timestamp,
    /// Nothing was kept: it came with a key for tests.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    test: bool,
}

async fn send(
    State(app): State<App>,
    Keyed(key): Keyed,
    peer: Option<Extension<Peer>>,
    walk: Walk,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let peer = peer.map(|Extension(Peer(address))| address).filter(|_| key.is_none());
    let (channel, trial) = match key {
        Some(key) => (key.channel, key.kind == KeyKind::Test),
        None if app.doors.api.requires_key() => return Refused::Missing.into_response(),
        None => match Channel::new("api") {
            Ok(channel) => (channel, false),
            Err(_) => return Problem::of(StatusCode::NOT_FOUND).into_response(),
        },
    };
    let request = Request {
        channel: &channel,
        trial,
        content_type: text(&headers, names::CONTENT_TYPE),
        idempotency_key: headers.get("idempotency-key").map(HeaderValue::as_bytes),
        body: &body,
        peer,
        trace: walk.0,
    };
    match app.doors.api.receive(request).await {
        Outcome::Created(receipt) => answer(&app, &receipt, StatusCode::CREATED, false),
        Outcome::Tried(receipt) => answer(&app, &receipt, StatusCode::CREATED, true),
        Outcome::Replayed(receipt) => {
            let mut response = answer(&app, &receipt, StatusCode::OK, false);
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
            response
        }
        Outcome::Conflict => Problem::named(
            StatusCode::CONFLICT,
            "idempotency-conflict",
            "This Idempotency-Key was used for something else",
            "this Idempotency-Key was used before with another body: use a new key for a new report",
        )
        .into_response(),
        Outcome::Invalid(faults) => Problem::invalid(StatusCode::UNPROCESSABLE_ENTITY, faults).into_response(),
        Outcome::Malformed(fault) | Outcome::BadKey(fault) => invalid(StatusCode::BAD_REQUEST, fault),
        Outcome::TooLarge { limit } => too_large(limit),
        Outcome::NotJson(fault) => invalid(StatusCode::UNSUPPORTED_MEDIA_TYPE, fault),
        Outcome::Failed(error) => Problem::store(&error).into_response(),
    }
}

fn answer(app: &App, receipt: &Receipt, status: StatusCode, test: bool) -> Response {
    // The link without a language goes on in the language of the report.
    let base = app.site.config.public_url.as_str().trim_end_matches('/').to_owned();
    let given = Given {
        reference: receipt.reference.digits(),
        id: receipt.id,
        status: "received",
        tracking_url: format!("{base}/t/{}", receipt.token),
        received_at: receipt.received_at,
        test,
    };
    let location = format!("/api/v1/cases/{}", receipt.token);
    let mut response = (status, Json(given)).into_response();
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(names::LOCATION, location);
    }
    response
}

/// A report in the list of its channel: nothing that a person said.
#[derive(Serialize, JsonSchema)]
struct Listed {
    id: Uuid,
    reference: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    idempotency_key: Option<String>,
    category: CategoryId,
    status: Status,
    version: i64,
    received_at: Timestamp,
    status_at: Timestamp,
}

impl From<ChannelReport> for Listed {
    fn from(report: ChannelReport) -> Self {
        Self {
            id: report.id,
            reference: report.reference.digits(),
            // Names that we gave ourselves say nothing to anybody.
            idempotency_key: report.source_id.filter(|source| !source.contains(' ')),
            category: report.category,
            status: report.status,
            version: report.version,
            received_at: report.received_at,
            status_at: report.status_at,
        }
    }
}

async fn list(State(app): State<App>, Keyed(key): Keyed, RawQuery(query): RawQuery) -> Response {
    let Some(key) = key else { return Refused::Missing.into_response() };
    let (asked, filter) = match read(query.as_deref()) {
        Ok(read) => read,
        Err(fault) => return invalid(StatusCode::BAD_REQUEST, fault),
    };
    if key.kind == KeyKind::Test {
        return private(serde_json::json!({"reports": [], "next": null, "test": true}));
    }
    match app.site.store.reports_of(&key.channel, &filter).await {
        Ok(reports) => {
            // A page that is not full is the last one.
            let last = reports.last().filter(|_| reports.len() == filter.limit).map(|report| report.id);
            let next = last.map(|cursor| asked.next("/api/v1/reports", "before", cursor));
            let reports: Vec<Listed> = reports.into_iter().map(Listed::from).collect();
            private(serde_json::json!({"reports": reports, "next": next}))
        }
        Err(error) => Problem::store(&error).into_response(),
    }
}

fn read(query: Option<&str>) -> Result<(Asked, ChannelFilter), Invalid> {
    let asked = Asked::read(query, &["status", "before", "limit"])?;
    let statuses = asked.several("status", &Status::ALL, Status::as_str)?;
    let filter = ChannelFilter { statuses, before: asked.cursor("before")?, limit: asked.limit()? };
    Ok((asked, filter))
}
