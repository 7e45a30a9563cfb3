//! `/{lang}/t/{token}/add`: the resident adds a remark or photos to a report that is still open.

use super::{
    Entry, Lang, Oops, Token, back_to_case, form,
    track::{self, Just},
};
use crate::{app::App, guard::walk::Walk};
use adapters::intake::{
    add::{self, Addition, Outcome},
    form::field,
};
use axum::{
    extract::{DefaultBodyLimit, Path, Request, State},
    response::{IntoResponse as _, Redirect, Response},
    routing::post,
};
use schemas::{
    Uuid,
    case::Case,
    fault::Invalid,
    report::{Language, Report},
    submission::MAX_PHOTOS,
};
use serde::Serialize;

/// The page.
pub const PAGE: Entry = Entry {
    name: "add",
    path: "/{lang}/t/{token}/add",
    route: |app| post(send).get(back_to_case).layer(DefaultBodyLimit::max(app.doors.form.max_body())),
    sandbox: false,
};

/// The form on the page of the report.
#[derive(Serialize)]
pub struct View {
    action: String,
    /// Of this showing: the same twice is once.
    token: String,
    words: String,
    /// Photos that are here already.
    kept: Vec<String>,
    wrong: Option<String>,
    most: usize,
}

/// What was filled in and did not do.
pub struct Tried {
    token: String,
    words: String,
    photos: Vec<Uuid>,
    wrong: String,
}

/// The form; nothing once the report is closed.
pub fn view(app: &App, language: Language, report: &Report, case: Option<&Case>, tried: Option<Tried>) -> Option<View> {
    let is_open = case.is_some_and(|case| !case.status.is_closed());
    if !is_open && tried.is_none() {
        return None;
    }
    let (token, words, photos, wrong) = match tried {
        Some(Tried { token, words, photos, wrong }) => (token, words, photos, Some(wrong)),
        None => (app.site.store.ids().token(), String::new(), Vec::new(), None),
    };
    Some(View {
        action: format!("/{}/t/{}/add#add", language.as_str(), report.token),
        token,
        words,
        kept: photos.iter().map(Uuid::to_string).collect(),
        wrong,
        most: MAX_PHOTOS,
    })
}

async fn send(
    State(app): State<App>,
    Lang(language): Lang,
    Path(token): Path<Token>,
    walk: Walk,
    request: Request,
) -> Result<Response, Oops> {
    let report = token.report(&app).await?;
    let sent = form::read(&app, request).await?;
    let (photos, faults, _) = app.doors.form.hold_photos(&sent).await?;
    let value = |name: &str| sent.get(name).unwrap_or_default().to_owned();
    let text = |key: &str, args: &[(&str, &str)]| app.text(language, key, args);
    let case = app.site.store.case(report.id).await?;
    let words = value(field::WORDS);
    let form_token = Some(value(field::TOKEN)).filter(|token| !token.is_empty());
    let form_token = form_token.unwrap_or_else(|| app.site.store.ids().token());
    let wrong = if let Some(fault) = faults.first() {
        form::message(&app, language, fault)
    } else if case.is_none_or(|case| case.status.is_closed()) {
        text("add-closed", &[("phone", &app.site.city.phone)])
    } else {
        let wordless = app.text(app.site.city.answers_in(report.language), "add-photos-alone", &[]);
        let addition = Addition { token: form_token.clone(), words: words.clone(), wordless, photos: photos.clone() };
        match add::add(&app.doors.tools, &report, addition, walk.0).await {
            Outcome::Added(_) => {
                let to = format!("/{}/t/{}?added=1", language.as_str(), report.token);
                return Ok(Redirect::to(&to).into_response());
            }
            Outcome::Nothing => text("add-nothing", &[]),
            Outcome::Invalid(Invalid { .. }) => text("reply-too-long", &[("most", &add::MAX_WORDS.to_string())]),
            Outcome::Failed(error) => return Err(error.into()),
        }
    };
    let tried = Tried { token: form_token, words, photos, wrong };
    track::page(&app, language, report, Just { tried: Some(tried), ..Just::default() }).await
}
