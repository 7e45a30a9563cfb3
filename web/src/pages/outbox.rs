//! `/{lang}/outbox`: the reports that wait on this device until there is a network, and what became of them. The city
//! knows nothing of them before they are sent, so the page is the same for everybody and a script fills it in.

use super::{Call, Entry, Lang};
use crate::{app::App, face::Page};
use axum::{extract::State, response::Response, routing::get};
use serde::Serialize;

/// The page.
pub const PAGE: Entry = Entry { name: "outbox", path: "/{lang}/outbox", route: |_| get(show), sandbox: false };

#[derive(Serialize)]
struct Data {
    home: String,
    phone: Call,
}

async fn show(State(app): State<App>, Lang(language): Lang) -> Response {
    let data = Data { home: format!("/{}", language.as_str()), phone: Call::to(&app.site.city.phone) };
    let page = Page::new(language, "outbox", app.text(language, "outbox-title", &[]), "/outbox", data);
    app.show(&Page { script: Some("outbox.js"), ..page })
}
