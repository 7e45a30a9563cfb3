//! `/{lang}/privacy`: what this is, and what happens to what people tell it.

use super::{Call, Entry, Lang};
use crate::{app::App, face::Page};
use axum::{extract::State, response::Response, routing::get};
use serde::Serialize;

/// The page.
pub const PAGE: Entry = Entry { name: "privacy", path: "/{lang}/privacy", route: |_| get(show), sandbox: false };

#[derive(Serialize)]
struct Data {
    city: String,
    phone: Call,
    email: String,
    attribution: Vec<String>,
}

async fn show(State(app): State<App>, Lang(language): Lang) -> Response {
    let city = &app.site.city;
    let data = Data {
        city: city.name(language).to_owned(),
        phone: Call::to(&city.phone),
        email: city.email.clone(),
        attribution: city.attribution.clone(),
    };
    let title = app.text(language, "privacy-title", &[]);
    app.show(&Page::new(language, "privacy", title, "/privacy", data))
}
