//! `/sandbox/maintenance`: how it looks when the hub is away, for whoever tries Voordeur out. The real one is a file that the
//! reverse proxy shows: `voordeur maintenance`.

use super::{Entry, Oops};
use crate::{app::App, maintenance};
use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{Html, IntoResponse as _, Response},
    routing::get,
};

/// The page.
pub const PAGE: Entry =
    Entry { name: "maintenance", path: "/sandbox/maintenance", route: |_| get(show), sandbox: true };

/// It stands alone, so its style does, too.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

async fn show(State(app): State<App>) -> Result<Response, Oops> {
    let (city, now) = (&app.site.city, app.site.store.clock().now());
    let until = city.maintenance.map(|planned| planned.until);
    let page = maintenance::of(&app.face, &app.assets, city, until, now).map_err(|error| {
        tracing::error!(%error, "the page of maintenance cannot be shown");
        Oops::Status(StatusCode::INTERNAL_SERVER_ERROR)
    })?;
    Ok(([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(page)).into_response())
}
