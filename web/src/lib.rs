//! The face of Voordeur, and the only place that listens: resident pages, the HTTP API, and the
//! operator's health and metrics. It shows and hands on; it decides nothing.
//!
//! One page = one file in [`pages`] + one template + one line in its list.

pub mod client;
mod config;

pub use config::{Rate, WebConfig};

use schemas::city::City;
use std::sync::Arc;

/// Everything the pages and the API stand on.
#[derive(Clone)]
pub struct Site {
    /// The rows.
    pub store: store::Store,
    /// The carrier, for departments that fetch their work over HTTP.
    pub bus: bus::Bus,
    /// The city.
    pub city: Arc<City>,
    /// Settings.
    pub config: WebConfig,
}

/// The resident pages and the API.
pub fn router(_site: Site) -> axum::Router {
    axum::Router::new()
}

/// What is wrong with one thing that the house stands on; empty `what` when it is well.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Part {
    /// `database`, `broker`, …
    pub name: &'static str,
    /// Whether it works now.
    pub ok: bool,
    /// What is wrong, for the operator.
    pub what: String,
}

/// For the operator: `/health/live`, `/health/ready`, `/metrics`. Listen on an address that is not
/// public.
pub fn ops_router(_ops: Ops) -> axum::Router {
    axum::Router::new()
}

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

/// Serves `router` on `listener` until `shutdown` is cancelled; then takes no new connection and
/// finishes the requests in hand.
pub async fn serve(
    listener: tokio::net::TcpListener,
    router: axum::Router,
    shutdown: tokio_util::sync::CancellationToken,
) -> std::io::Result<()> {
    let service = router.into_make_service_with_connect_info::<std::net::SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(async move { shutdown.cancelled().await }).await
}
