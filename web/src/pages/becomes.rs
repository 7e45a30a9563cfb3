//! `/{lang}/u/{token}/mine`: whoever got a notice goes on to everything they chose, by a button. A reporter who chose
//! nothing yet becomes somebody with choices of their own.

use super::{Entry, Lang, Oops, wishes::Link};
use crate::app::App;
use axum::{
    extract::{Path, State},
    response::{IntoResponse as _, Redirect, Response},
    routing::post,
};

/// The page.
pub const PAGE: Entry =
    Entry { name: "becomes", path: "/{lang}/u/{token}/mine", route: |_| post(send).get(back), sandbox: false };

async fn send(State(app): State<App>, Lang(language): Lang, Path(link): Path<Link>) -> Result<Response, Oops> {
    let person = app.choices().await?.person(&link.token).await?.ok_or(Oops::Missing)?;
    Ok(Redirect::to(&format!("/{}/p/{}", language.as_str(), person.token)).into_response())
}

async fn back(Lang(language): Lang, Path(link): Path<Link>) -> Response {
    Redirect::to(&format!("/{}/u/{}/choices", language.as_str(), link.token)).into_response()
}
