//! The face of Voordeur, and the only place that listens: resident pages, the HTTP API, and the
//! operator's health and metrics. It shows and hands on; it decides nothing.
//!
//! One page = one file in `pages/` + one template + one line in `pages::PAGES`; one address of the
//! API = one file in `api/` + one line in `api::ENDPOINTS`; one page for people of the city = one file in `staff/` + one line
//! in `staff::PAGES`.

mod api;
mod app;
mod assets;
pub mod client;
mod config;
mod dates;
mod face;
mod guard;
mod listed;
mod maintenance;
mod map;
mod ops;
mod outward;
mod pages;
mod preview;
mod problem;
mod public;
mod register;
mod serve;
mod staff;
#[cfg(test)]
mod tests;
mod texts;

pub use config::{Rate, WebConfig};
pub use face::NoPage;
pub use listed::{Listed, Whose, listed};
pub use maintenance::maintenance_page;
pub use map::base::BaseFile;
pub use ops::{Ops, Part, Paused, Ready, ops_router};
pub use preview::{Preview, preview_router};
pub use problem::Problem;
pub use serve::{Door, serve, serve_apart};
pub use texts::{Folder, Starter, check as check_texts, starter as texts_to_translate};

use app::App;
use axum::{
    Router,
    http::{Method, StatusCode, Uri},
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse as _, Redirect, Response},
    routing::get,
};
use schemas::city::City;
use std::{sync::Arc, time::Duration};
use tower_http::{
    compression::{
        CompressionLayer, Predicate as _,
        predicate::{DefaultPredicate, NotForContentType},
    },
    csrf::CsrfLayer,
    timeout::TimeoutLayer,
};

/// The longest a page may take: a phone on a slow line sends five photos.
const PAGE_TIME: Duration = Duration::from_secs(300);
/// The longest a call of the API may take; a long poll takes up to 30 s of it.
const API_TIME: Duration = Duration::from_secs(90);

/// Everything the pages and the API stand on.
#[derive(Clone)]
pub struct Site {
    /// The rows.
    pub store: store::Store,
    /// The carrier, for departments that fetch their work over HTTP.
    pub bus: bus::Bus,
    /// The city.
    pub city: Arc<City>,
    /// Which category words fit; nothing where the city does not want it suggested.
    pub likely: Option<Arc<router::Latest>>,
    /// Settings.
    pub config: WebConfig,
}

/// The resident pages and the API, for [`serve_apart`].
pub fn door(site: Site) -> Door {
    let app = App::new(site);
    let room = guard::room::Room(app.clone());
    Door::new(of(app), Some(room))
}

/// The resident pages and the API.
pub fn router(site: Site) -> Router {
    of(App::new(site))
}

fn of(app: App) -> Router {
    let mut pages = Router::new();
    for page in pages::PAGES {
        if !page.sandbox || app.site.config.letterbox {
            tracing::trace!(page = page.name, path = page.path, "mounted");
            pages = pages.route(page.path, (page.route)(&app));
        }
    }
    let pages = pages.merge(staff::router(&app));
    // Departments and integrations are not browsers: they prove themselves by a key or a signature.
    let pages =
        pages.layer(CsrfLayer::new()).layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, PAGE_TIME));

    let mut api = Router::new();
    for endpoint in api::ENDPOINTS {
        api = api.route(endpoint.path, (endpoint.route)(&app));
    }
    let api = api.layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, API_TIME));

    let files = Router::new()
        .route("/assets/{version}/{*file}", get(assets::serve))
        .route("/favicon.svg", get(assets::favicon))
        .route("/worker.js", get(assets::worker))
        .route("/push-worker.js", get(assets::worker))
        .route("/robots.txt", get(assets::robots))
        .merge(map::router());

    pages
        .merge(api)
        .merge(files)
        .fallback(elsewhere)
        .layer(from_fn_with_state(app.clone(), guard::room::check))
        .layer(from_fn_with_state(app.clone(), guard::rate::limit))
        .layer(from_fn_with_state(app.clone(), guard::shape::errors))
        // Letters are packed as they are made.
        .layer(
            CompressionLayer::new().compress_when(DefaultPredicate::new().and(NotForContentType::const_new("font/"))),
        )
        .layer(from_fn_with_state(app.clone(), guard::headers::add))
        .layer(from_fn(guard::walk::begin))
        .with_state(app)
}

/// A slash too many at the end of a page's address is a slip of the typist, not another page.
async fn elsewhere(method: Method, uri: Uri) -> Response {
    let trimmed = uri.path().trim_end_matches('/');
    // Only an address of ours: one that begins with two slashes would lead a browser away.
    let is_ours = trimmed.strip_prefix('/').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric()));
    if (method == Method::GET || method == Method::HEAD) && is_ours && trimmed.len() < uri.path().len() {
        let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        return Redirect::permanent(&format!("{trimmed}{query}")).into_response();
    }
    StatusCode::NOT_FOUND.into_response()
}
