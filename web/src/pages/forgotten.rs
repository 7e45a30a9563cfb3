//! `/{lang}/forgotten`: shown to whoever was just forgotten. Everybody may see it: it says nothing of anybody.

use super::{Call, Entry, Lang, Oops};
use crate::{app::App, face::Page};
use axum::{extract::State, response::Response, routing::get};
use serde::Serialize;

/// The page.
pub const PAGE: Entry = Entry { name: "forgotten", path: "/{lang}/forgotten", route: |_| get(show), sandbox: false };

#[derive(Serialize)]
struct Data {
    home: String,
    phone: Call,
}

async fn show(State(app): State<App>, Lang(language): Lang) -> Result<Response, Oops> {
    let data = Data { home: format!("/{}", language.as_str()), phone: Call::to(&app.site.city.phone) };
    let title = app.text(language, "forgotten-title", &[]);
    Ok(app.show(&Page::new(language, "forgotten", title, "/forgotten", data).private()))
}
