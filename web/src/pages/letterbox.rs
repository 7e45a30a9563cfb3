//! `/sandbox/letterbox`: what would have been sent, for whoever tries Voordeur out without a mail
//! server. It shows everybody's mail, so it is only there when nothing is really sent.

use super::{Entry, Oops};
use crate::{app::App, dates, face::Page};
use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::Response,
    routing::get,
};
use schemas::report::Language;
use serde::Serialize;
use store::LetterboxItem;

/// The page.
pub const PAGE: Entry = Entry { name: "letterbox", path: "/sandbox/letterbox", route: |_| get(show), sandbox: true };

/// How many are shown.
const MOST: usize = 100;

#[derive(Serialize)]
struct Data {
    items: Vec<Item>,
    home: String,
}

/// One letter, without what it says.
#[derive(Serialize)]
pub struct Item {
    /// Its page.
    pub href: String,
    /// The subject line.
    pub subject: String,
    /// To whom.
    pub recipient: String,
    /// In which language.
    pub lang: &'static str,
    /// When, in words.
    pub time: String,
    /// When, for programs.
    pub iso: String,
}

/// The visitor's language: these pages have none in their address.
pub fn language(app: &App, headers: &HeaderMap) -> Language {
    app.accepted(headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()))
}

/// `item` as a line.
pub fn line(app: &App, language: Language, item: &LetterboxItem) -> Item {
    Item {
        href: format!("/sandbox/letterbox/{}", item.notice_id),
        subject: item.subject.clone(),
        recipient: item.recipient.clone(),
        lang: item.language.as_str(),
        time: dates::moment(&app.site.city, language, item.at, app.today()),
        iso: item.at.to_string(),
    }
}

async fn show(State(app): State<App>, headers: HeaderMap) -> Result<Response, Oops> {
    let language = language(&app, &headers);
    let items = app.site.store.letterbox(MOST, None).await?;
    let data = Data {
        items: items.iter().map(|item| line(&app, language, item)).collect(),
        home: format!("/{}", language.as_str()),
    };
    let title = app.text(language, "letterbox-title", &[]);
    let page = Page { here: None, ..Page::new(language, "letterbox", title, "", data).private() };
    Ok(app.show(&page))
}
