//! `/{lang}/track`: whoever lost the link to their report has one sent to the address that they left with it. The page
//! says the same whether there is such a report or not: only who reads that mailbox or telephone learns it.

use super::{Call, Entry, Lang, Oops, ask, fields::Field};
use crate::{app::App, face::Page, guard::rate::Caller};
use axum::{Extension, Form, extract::State, http::StatusCode, response::Response, routing::get};
use schemas::{proof::Wants, reference::Reference, report::Language};
use serde::{Deserialize, Serialize};

/// The page.
pub const PAGE: Entry = Entry { name: "find", path: "/{lang}/track", route: |_| get(show).post(send), sandbox: false };

/// Longer than any reference is written.
const MOST: usize = 20;

#[derive(Serialize)]
struct Data {
    action: String,
    reference: Field,
    address: Field,
    /// Nobody can be sent anything here.
    empty: bool,
    phone: Call,
}

#[derive(Default, Deserialize)]
struct Said {
    #[serde(default)]
    reference: String,
    #[serde(default)]
    address: String,
}

async fn show(State(app): State<App>, Lang(language): Lang) -> Result<Response, Oops> {
    page(&app, language, &Said::default(), false, false).await
}

/// Whether `typed` may be a reference: nothing, or eight digits of which the last one fits.
fn is_reference(typed: &str) -> bool {
    typed.trim().is_empty() || Reference::parse(typed).is_ok()
}

async fn page(
    app: &App,
    language: Language,
    said: &Said,
    wrong_reference: bool,
    wrong_address: bool,
) -> Result<Response, Oops> {
    let text = |key: &str| app.text(language, key, &[]);
    let reference = Field {
        id: "reference".into(),
        name: "reference".into(),
        label: text("find-reference"),
        hint: Some(text("find-reference-hint")),
        value: said.reference.chars().take(MOST).collect(),
        error: wrong_reference.then(|| text("find-reference-wrong")),
        autocomplete: "off",
        inputmode: "numeric",
        max: MOST,
        optional: true,
        ..Field::default()
    };
    let data = Data {
        action: format!("/{}/track", language.as_str()),
        reference: reference.done(),
        address: ask::field(app, language, &said.address, wrong_address).await?,
        empty: app.verify().await?.ways().is_empty(),
        phone: Call::to(&app.site.city.phone),
    };
    let is_wrong = wrong_reference || wrong_address;
    let status = if is_wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(app.show(&Page::new(language, "find", text("find-title"), "/track", data).status(status)))
}

async fn send(
    State(app): State<App>,
    Lang(language): Lang,
    Extension(caller): Extension<Caller>,
    Form(said): Form<Said>,
) -> Result<Response, Oops> {
    let wrong_reference = !is_reference(&said.reference);
    if wrong_reference {
        let wrong_address = app.verify().await?.read(&said.address).is_none();
        return page(&app, language, &said, true, wrong_address).await;
    }
    match ask::send(&app, caller, language, &said.address, None, Wants::default()).await? {
        Some(answer) => Ok(answer),
        None => page(&app, language, &said, false, true).await,
    }
}
