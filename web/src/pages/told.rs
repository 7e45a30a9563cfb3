//! What became of a form, for a program that sends it for somebody: the queue of a device that had no network. It asks by
//! `Accept: application/json`; browsers that show the page get the page.

use super::form;
use crate::{app::App, problem::Shaped};
use adapters::intake::Receipt;
use axum::{
    Json,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use schemas::{fault::Invalid, report::Language};
use serde::Serialize;

/// The answer.
#[derive(Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
enum Told {
    /// The city has it.
    Sent {
        /// What people call it.
        reference: String,
        /// Where it is followed, on this site.
        href: String,
    },
    /// Somebody has to look at it first; the city has nothing yet.
    Asks {
        /// What is to be done, in the language of the page.
        messages: Vec<String>,
    },
}

/// Whether whoever asks wants it said this way.
pub fn is_wanted(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.split(',').next().is_some_and(|first| first.split(';').next() == Some("application/json"))
}

fn answer(status: StatusCode, told: Told) -> Response {
    let keep = [(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"))];
    let mut answer = (status, keep, Json(told)).into_response();
    // It is read by a program, so no page takes its place.
    answer.extensions_mut().insert(Shaped);
    answer
}

/// It is here, now or since an earlier try.
pub fn sent(language: Language, receipt: &Receipt) -> Response {
    let href = format!("/{}/t/{}", language.as_str(), receipt.token);
    answer(StatusCode::OK, Told::Sent { reference: receipt.reference.to_string(), href })
}

/// Something is asked that only a person can say: the text of `key`.
pub fn asks(app: &App, language: Language, key: &str) -> Response {
    answer(StatusCode::CONFLICT, Told::Asks { messages: vec![app.text(language, key, &[])] })
}

/// Something is wrong.
pub fn wrong(app: &App, language: Language, faults: &[Invalid], status: StatusCode) -> Response {
    let messages = faults.iter().map(|fault| form::message(app, language, fault)).collect();
    answer(status, Told::Asks { messages })
}
