//! `/{lang}/t/{token}/helped`: "this answer helped me", by a plain form.

use super::{Entry, Lang, Oops, Token, back_to_case};
use crate::app::App;
use adapters::intake::contest;
use axum::{
    extract::{Path, State},
    response::{IntoResponse as _, Redirect, Response},
    routing::post,
};

/// The page.
pub const PAGE: Entry =
    Entry { name: "helped", path: "/{lang}/t/{token}/helped", route: |_| post(send).get(back_to_case), sandbox: false };

async fn send(State(app): State<App>, Lang(language): Lang, Path(token): Path<Token>) -> Result<Response, Oops> {
    let report = token.report(&app).await?;
    if !contest::helped(&app.doors.tools, &report.token).await? {
        return Err(Oops::Missing);
    }
    Ok(Redirect::to(&format!("/{}/t/{}", language.as_str(), report.token)).into_response())
}
