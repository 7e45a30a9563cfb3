//! `/{lang}/offline`: what an installed front door shows when there is no network and the page was never seen. Browsers
//! keep it beforehand; it is the same for everybody.

use super::{Call, Entry, Lang};
use crate::{app::App, face::Page};
use axum::{extract::State, response::Response, routing::get};
use serde::Serialize;

/// The page.
pub const PAGE: Entry = Entry { name: "offline", path: "/{lang}/offline", route: |_| get(show), sandbox: false };

#[derive(Serialize)]
struct Data {
    home: String,
    outbox: String,
    phone: Call,
}

async fn show(State(app): State<App>, Lang(language): Lang) -> Response {
    let lang = language.as_str();
    let data =
        Data { home: format!("/{lang}"), outbox: format!("/{lang}/outbox"), phone: Call::to(&app.site.city.phone) };
    app.show(&Page::new(language, "offline", app.text(language, "offline-title", &[]), "/offline", data))
}
