//! `/{lang}/t/{token}/reply`: the resident answers what a department asked, by a plain form.

use super::{
    Entry, Lang, Oops, Token, back_to_case,
    track::{self, Just},
};
use crate::{app::App, guard::walk::Walk};
use adapters::intake::reply::{self, Outcome};
use axum::{
    Form,
    extract::{Path, State},
    response::{IntoResponse as _, Redirect, Response},
    routing::post,
};
use serde::Deserialize;

/// The page.
pub const PAGE: Entry =
    Entry { name: "reply", path: "/{lang}/t/{token}/reply", route: |_| post(send).get(back_to_case), sandbox: false };

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    words: String,
    /// The version of the case at which the question was asked.
    #[serde(default)]
    asked: String,
}

async fn send(
    State(app): State<App>,
    Lang(language): Lang,
    Path(token): Path<Token>,
    walk: Walk,
    Form(said): Form<Said>,
) -> Result<Response, Oops> {
    let report = token.report(&app).await?;
    let asked = said.asked.parse().ok();
    let wrong = match reply::reply(&app.doors.tools, &report.token, asked, &said.words, walk.0).await {
        // Twice is once: whoever taps again sees that it was passed on.
        Outcome::Replied(_) => {
            let to = format!("/{}/t/{}?replied=1", language.as_str(), report.token);
            return Ok(Redirect::to(&to).into_response());
        }
        Outcome::NotAsked(..) => "reply-not-asked",
        Outcome::AskedAnew(_) => "reply-anew",
        Outcome::Invalid(faults) if faults.iter().any(|fault| fault.code == "too_long") => "reply-too-long",
        Outcome::Invalid(_) => "reply-empty",
        Outcome::Unknown => return Err(Oops::Missing),
        Outcome::Failed(error) => return Err(error.into()),
    };
    track::page(&app, language, report, Just { reply: Some((said.words, wrong)), ..Just::default() }).await
}
