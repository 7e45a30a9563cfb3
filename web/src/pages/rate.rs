//! `/{lang}/t/{token}/rate`: the resident says thanks, or how it was dealt with, by one tap on a plain button.

use super::{Entry, Lang, Oops, Token, back_to_case};
use crate::app::App;
use adapters::intake::rate::{self, Outcome};
use axum::{
    Form,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
    routing::post,
};
use schemas::{
    Timestamp,
    report::{Language, Report},
    slug::DepartmentId,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use store::Score;

/// The page.
pub const PAGE: Entry =
    Entry { name: "rate", path: "/{lang}/t/{token}/rate", route: |_| post(send).get(back_to_case), sandbox: false };

/// What was said within so long is counted for the people of a department.
const LATELY: Duration = Duration::from_hours(90 * 24);

/// The buttons on the page of a report that is solved.
#[derive(Serialize)]
pub struct View {
    action: String,
    /// What they said already, in words.
    said: Option<String>,
    buttons: Vec<Button>,
}

#[derive(Serialize)]
struct Button {
    score: &'static str,
    icon: &'static str,
    label: String,
    pressed: bool,
}

/// The buttons, with what was said.
pub async fn view(app: &App, language: Language, report: &Report) -> Result<View, Oops> {
    let said = app.site.store.rating(report.id).await?;
    let text = |key: String| app.text(language, &key, &[]);
    let button = |score: Score| Button {
        score: score.as_str(),
        icon: match score {
            Score::Good => "heart",
            Score::Fair => "solved",
            Score::Poor => "complaint",
        },
        label: text(format!("rate-{}", score.as_str())),
        pressed: said == Some(score),
    };
    Ok(View {
        action: format!("/{}/t/{}/rate", language.as_str(), report.token),
        said: said.map(|score| text(format!("rate-{}", score.as_str()))),
        buttons: Score::ALL.map(button).into(),
    })
}

/// What residents say, for the people of `department`: of `report`, and of everything in the last 90 days.
pub async fn of_department(
    app: &App,
    language: Language,
    department: &DepartmentId,
    report: &Report,
) -> Result<Vec<String>, Oops> {
    let store = &app.site.store;
    let since = store.clock().now().checked_sub(LATELY).unwrap_or(Timestamp::UNIX_EPOCH);
    let counts = store.ratings_of(department, since).await?;
    let count = |score: Score| counts.iter().find(|(one, _)| *one == score).map_or(0, |(_, count)| *count);
    let all: u64 = counts.iter().map(|(_, count)| count).sum();
    let mut lines = Vec::new();
    if let Some(score) = store.rating(report.id).await? {
        let said = app.text(language, &format!("rate-{}", score.as_str()), &[]);
        lines.push(app.text(language, "work-rated", &[("said", &said)]));
    }
    if all > 0 {
        let [good, fair, poor] = Score::ALL.map(|score| count(score).to_string());
        lines.push(app.text(language, "work-ratings", &[("good", &good), ("fair", &fair), ("poor", &poor)]));
    }
    Ok(lines)
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    score: String,
}

async fn send(
    State(app): State<App>,
    Lang(language): Lang,
    Path(token): Path<Token>,
    Form(said): Form<Said>,
) -> Result<Response, Oops> {
    let report = token.report(&app).await?;
    let score = Score::parse(&said.score).ok_or(Oops::Status(StatusCode::BAD_REQUEST))?;
    match rate::rate(&app.doors.tools, &report.token, score).await {
        // Reopened while the page was open: the page shows how it is.
        Outcome::Kept(_) | Outcome::NotSolved(_) => {
            Ok(Redirect::to(&format!("/{}/t/{}#rate", language.as_str(), report.token)).into_response())
        }
        Outcome::Unknown => Err(Oops::Missing),
        Outcome::Failed(error) => Err(error.into()),
    }
}
