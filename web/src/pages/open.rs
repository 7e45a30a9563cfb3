//! `/{lang}/choices`: whoever lost the link to their choices, or never had one, has it sent to their address.

use super::{Call, Entry, Lang, Oops, ask, fields::Field};
use crate::{app::App, face::Page, guard::rate::Caller};
use axum::{Extension, Form, extract::State, http::StatusCode, response::Response, routing::get};
use schemas::{proof::Wants, report::Language};
use serde::{Deserialize, Serialize};

/// The page.
pub const PAGE: Entry =
    Entry { name: "open", path: "/{lang}/choices", route: |_| get(show).post(send), sandbox: false };

#[derive(Serialize)]
struct Data {
    action: String,
    address: Field,
    follow: String,
    phone: Call,
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    address: String,
}

async fn show(State(app): State<App>, Lang(language): Lang) -> Result<Response, Oops> {
    page(&app, language, "", false).await
}

async fn page(app: &App, language: Language, typed: &str, wrong: bool) -> Result<Response, Oops> {
    let lang = language.as_str();
    let data = Data {
        action: format!("/{lang}/choices"),
        address: ask::field(app, language, typed, wrong).await?,
        follow: format!("/{lang}/follow"),
        phone: Call::to(&app.site.city.phone),
    };
    let status = if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(app.show(&Page::new(language, "open", app.text(language, "open-title", &[]), "/choices", data).status(status)))
}

async fn send(
    State(app): State<App>,
    Lang(language): Lang,
    Extension(caller): Extension<Caller>,
    Form(said): Form<Said>,
) -> Result<Response, Oops> {
    match ask::send(&app, caller, language, &said.address, None, Wants::default()).await? {
        Some(answer) => Ok(answer),
        None => page(&app, language, &said.address, true).await,
    }
}
