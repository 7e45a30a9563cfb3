//! For the operator: is it alive, can it work, what are the figures. Listens on an address that is
//! not public.

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use serde::Serialize;
use std::{sync::Arc, time::Duration};

/// How long the database may take to say that it is there.
const PATIENCE: Duration = Duration::from_secs(3);

/// What [`ops_router`] asks.
#[derive(Clone)]
pub struct Ops {
    /// The rows.
    pub store: store::Store,
    /// The carrier.
    pub bus: bus::Bus,
    /// Renders the metrics in Prometheus text format.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
}

/// One thing that the house stands on.
#[derive(Debug, Clone, Serialize)]
pub struct Part {
    /// `database` or `broker`.
    pub name: &'static str,
    /// Whether it works now.
    pub ok: bool,
    /// What is wrong, or what it is.
    pub what: String,
}

/// The answer of `/health/ready`.
#[derive(Debug, Clone, Serialize)]
pub struct Ready {
    /// Everything works.
    pub ok: bool,
    /// One by one.
    pub parts: Vec<Part>,
    /// Lanes of this process that stand still, and why. They do not make the process unready: the
    /// others go on.
    pub paused: Vec<Paused>,
}

/// A lane that stands still.
#[derive(Debug, Clone, Serialize)]
pub struct Paused {
    /// Its name.
    pub lane: String,
    /// Since its other side fails: tried again then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<schemas::Timestamp>,
    /// What keeps it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// `/health/live`, `/health/ready`, `/metrics`.
pub fn ops_router(ops: Ops) -> Router {
    Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .route("/metrics", get(metrics))
        .with_state(ops)
}

/// It answers, so it lives: restarting it helps nobody when the database is down.
async fn live() -> Response {
    Json(serde_json::json!({"ok": true})).into_response()
}

async fn ready(State(ops): State<Ops>) -> Response {
    let ready = look(&ops).await;
    let status = if ready.ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    ([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], (status, Json(ready))).into_response()
}

/// How everything is now.
async fn look(ops: &Ops) -> Ready {
    let database = match tokio::time::timeout(PATIENCE, ops.store.ping()).await {
        Ok(Ok(())) => Part { name: "database", ok: true, what: format!("{:?}", ops.store.kind()).to_lowercase() },
        Ok(Err(error)) => Part { name: "database", ok: false, what: error.to_string() },
        Err(_) => Part { name: "database", ok: false, what: format!("no answer within {} s", PATIENCE.as_secs()) },
    };
    let health = ops.bus.health();
    let broker = Part { name: "broker", ok: health.ok, what: health.what };
    let paused = health.lanes.into_iter().filter(|lane| lane.paused_until.is_some() || lane.trouble.is_some());
    let paused =
        paused.map(|lane| Paused { lane: lane.lane.to_string(), until: lane.paused_until, trouble: lane.trouble });
    Ready { ok: database.ok && broker.ok, parts: vec![database, broker], paused: paused.collect() }
}

async fn metrics(State(ops): State<Ops>) -> Response {
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"))];
    (headers, (ops.metrics)()).into_response()
}
