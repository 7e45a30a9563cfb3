//! `/{lang}/message/{reference}`: what the city told many people, for whoever got a text message of it.

use super::{Call, Entry, Lang, Oops};
use crate::{app::App, face::Page};
use axum::{
    extract::{Path, State},
    response::Response,
    routing::get,
};
use schemas::reference::Reference;
use serde::Serialize;

/// The page.
pub const PAGE: Entry =
    Entry { name: "message", path: "/{lang}/message/{reference}", route: |_| get(show), sandbox: false };

#[derive(Serialize)]
struct Data {
    subject: String,
    /// Each with its lines.
    paragraphs: Vec<Vec<String>>,
    /// The language of the words, when it is not that of the page.
    lang: Option<&'static str>,
    critical: bool,
    reference: String,
    on: String,
    phone: Call,
}

async fn show(
    State(app): State<App>,
    Lang(language): Lang,
    Path((_, reference)): Path<(String, String)>,
) -> Result<Response, Oops> {
    let reference = Reference::parse(&reference).map_err(|_| Oops::Missing)?;
    let found = app.site.store.broadcast_by_reference(reference).await?;
    // What nobody approved, or what waits for its time, is nobody's to read.
    let (began, told) = found.and_then(|told| Some((told.began_at()?, told))).ok_or(Oops::Missing)?;
    let city = &app.site.city;
    let (written, words) = told.words(language, &city.languages);
    let day = city.calendar.date(began);
    let data = Data {
        subject: words.subject.clone(),
        paragraphs: words.text.split("\n\n").map(|part| part.lines().map(str::to_owned).collect()).collect(),
        lang: (written != language).then(|| written.as_str()),
        critical: told.draft.critical,
        reference: reference.to_string(),
        on: notifier::wording::date(&app.site.city.further, day, language),
        phone: Call::to(&city.phone),
    };
    let here = format!("/message/{}", reference.digits());
    Ok(app.show(&Page::new(language, "message", words.subject.clone(), here, data)))
}
