//! `/t/{token}`: a tracking link without a language goes on in the language of the report.

use super::{Entry, Oops, Token};
use crate::app::App;
use axum::{
    extract::{Path, State},
    http::header,
    response::{IntoResponse as _, Redirect, Response},
    routing::get,
};

/// The page.
pub const PAGE: Entry = Entry { name: "short", path: "/t/{token}", route: |_| get(show), sandbox: false };

async fn show(State(app): State<App>, Path(token): Path<Token>) -> Result<Response, Oops> {
    let report = token.report(&app).await?;
    let language = if app.languages().contains(&report.language) { report.language } else { app.own_language() };
    let on = Redirect::to(&format!("/{}/t/{}", language.as_str(), report.token));
    Ok(([(header::REFERRER_POLICY, "no-referrer")], on).into_response())
}
