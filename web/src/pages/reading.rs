//! `/{lang}/reading`: reading more easily: text size, contrast, space between lines, and what a browser can do by itself.
//! What is chosen stays on the device of the reader; the city never hears of it.

use super::{
    Call, Entry, Lang,
    fields::{Choice, Opt},
};
use crate::{app::App, face::Page};
use axum::{extract::State, response::Response, routing::get};
use serde::Serialize;

/// The page.
pub const PAGE: Entry = Entry { name: "reading", path: "/{lang}/reading", route: |_| get(show), sandbox: false };

/// What can be chosen, the usual first; the style sheet knows the others by these names.
const CHOICES: [(&str, &[&str]); 3] = [
    ("size", &["usual", "large", "larger", "largest"]),
    ("contrast", &["usual", "more"]),
    ("spacing", &["usual", "wide"]),
];

#[derive(Serialize)]
struct Data {
    choices: Vec<Choice>,
    phone: Call,
}

async fn show(State(app): State<App>, Lang(language): Lang) -> Response {
    let text = |key: String| app.text(language, &key, &[]);
    let choice = |(name, values): (&str, &[&str])| {
        let option = |value: &&str| Opt {
            name: name.to_owned(),
            value: (*value).to_owned(),
            label: text(format!("reading-{name}-{value}")),
            checked: *value == "usual",
            ..Opt::default()
        };
        Choice {
            id: name.to_owned(),
            legend: text(format!("reading-{name}")),
            short: true,
            options: values.iter().map(option).collect(),
            ..Choice::default()
        }
        .done()
    };
    let data = Data { choices: CHOICES.map(choice).into(), phone: Call::to(&app.site.city.phone) };
    let page = Page::new(language, "reading", text("reading-title".to_owned()), "/reading", data);
    app.show(&Page { script: Some("reading.js"), ..page })
}
