//! `/{lang}`: the front door. What is it about, in the visitor's own words or by a picture.

use super::{Entry, Lang, begin, choose};
use crate::{app::App, face::Page};
use axum::{extract::State, response::Response, routing::get};
use schemas::report::Kind;
use serde::Serialize;

/// The page.
pub const PAGE: Entry = Entry { name: "door", path: "/{lang}", route: |_| get(show), sandbox: false };

#[derive(Serialize)]
struct Data {
    search: String,
    map: String,
    ways: Vec<Way>,
    groups: Vec<choose::Tile>,
    kinds: Vec<KindLink>,
    phone: super::Call,
    city: String,
}

/// One of the orders in which somebody may tell.
#[derive(Serialize)]
struct Way {
    href: String,
    icon: &'static str,
    name: String,
}

#[derive(Serialize)]
struct KindLink {
    href: String,
    icon: &'static str,
    title: String,
    text: String,
}

async fn show(State(app): State<App>, Lang(language): Lang) -> Response {
    let lang = language.as_str();
    let kinds = [Kind::Question, Kind::Suggestion, Kind::Complaint, Kind::Compliment].map(|kind| KindLink {
        href: format!("/{lang}/report?kind={kind}"),
        icon: kind.as_str(),
        title: app.text(language, &format!("door-kind-{kind}"), &[]),
        text: app.text(language, &format!("door-kind-{kind}-text"), &[]),
    });
    let data = Data {
        ways: begin::ORDERS
            .map(|first| Way {
                href: format!("/{lang}/begin?first={first}"),
                icon: match first {
                    "photo" => "camera",
                    "place" => "pin",
                    _ => "pen",
                },
                name: app.text(language, &format!("begin-{first}"), &[]),
            })
            .into(),
        search: format!("/{lang}/report"),
        map: format!("/{lang}/map"),
        groups: choose::groups(&app, language, &choose::Carried::default()),
        kinds: kinds.into(),
        phone: super::Call::to(&app.site.city.phone),
        city: app.site.city.name(language).to_owned(),
    };
    let title = app.text(language, "door-title", &[]);
    app.show(&Page::new(language, "door", title, "", data))
}
