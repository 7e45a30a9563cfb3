//! `/{lang}/t/{token}/contest`: "it is not solved", by a plain form.

use super::{Entry, Lang, Oops, Token, back_to_case, track};
use crate::{app::App, guard::walk::Walk};
use adapters::intake::contest::{self, Outcome};
use axum::{
    Form,
    extract::{Path, State},
    response::{IntoResponse as _, Redirect, Response},
    routing::post,
};
use serde::Deserialize;

/// The page.
pub const PAGE: Entry = Entry {
    name: "contest",
    path: "/{lang}/t/{token}/contest",
    route: |_| post(send).get(back_to_case),
    sandbox: false,
};

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    words: String,
}

async fn send(
    State(app): State<App>,
    Lang(language): Lang,
    Path(token): Path<Token>,
    walk: Walk,
    Form(said): Form<Said>,
) -> Result<Response, Oops> {
    let report = token.report(&app).await?;
    match contest::contest(&app.doors.tools, &report.token, Some(&said.words), walk.0).await {
        // Twice is once: whoever taps again sees that it is open again.
        Outcome::Reopened(_) | Outcome::NotSolved(..) => {
            Ok(Redirect::to(&format!("/{}/t/{}?again=1", language.as_str(), report.token)).into_response())
        }
        Outcome::Unknown => Err(Oops::Missing),
        Outcome::Failed(error) => Err(error.into()),
        Outcome::Invalid(_) => {
            let just = track::Just { contested: Some(said.words), ..track::Just::default() };
            track::page(&app, language, report, just).await
        }
    }
}
