//! `/staff`: on to the page in the language of the browser, as `/` does.

use super::{Entry, Who};
use crate::app::App;
use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::Redirect,
    routing::get,
};

/// The page.
pub(super) const PAGE: Entry =
    Entry { name: "open", path: "/staff", route: |_| get(show), who: Who::Everybody, menu: false };

async fn show(State(app): State<App>, headers: HeaderMap) -> Redirect {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    Redirect::to(&format!("/{}/staff", app.accepted(accepted).as_str()))
}
