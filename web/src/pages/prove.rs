//! `/{lang}/prove/{token}`: whoever asked for something types the code that was sent. The page says the same for every
//! address.

use super::{Call, Entry, Lang, Oops, fields::Field, wishes::Link};
use crate::{
    app::App,
    face::Page,
    guard::rate::{Caller, refuse},
};
use axum::{
    Extension, Form,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
    routing::get,
};
use notifier::verify::{Answer, Stage};
use schemas::{report::Language, way::Way};
use serde::{Deserialize, Serialize};

/// The page.
pub const PAGE: Entry =
    Entry { name: "prove", path: "/{lang}/prove/{token}", route: |_| get(show).post(send), sandbox: false };

#[derive(Serialize)]
struct Data {
    action: String,
    title: String,
    lead: String,
    /// What to do when the code is of no use any more.
    over: Option<String>,
    /// Where the code is typed, while it is.
    code: Option<Field>,
    /// A message can be had again.
    again: bool,
    /// Where another address is typed.
    other: String,
    phone: Call,
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    code: String,
    /// They want another message.
    #[serde(default)]
    again: Option<String>,
}

/// What a stage is called in the texts.
pub(super) fn word(stage: Stage) -> Option<&'static str> {
    match stage {
        Stage::Open => None,
        Stage::Expired => Some("expired"),
        Stage::TooMany => Some("too-many"),
        Stage::Done => Some("done"),
    }
}

async fn show(State(app): State<App>, Lang(language): Lang, Path(link): Path<Link>) -> Result<Response, Oops> {
    page(&app, language, &link.token, None).await
}

/// The page; `left` is how many codes may still be tried after a wrong one.
async fn page(app: &App, language: Language, token: &str, left: Option<u32>) -> Result<Response, Oops> {
    let waiting = app.verify().await?.page(token).await?.ok_or(Oops::Missing)?;
    let text = |key: &str, args: &[(&str, &str)]| app.text(language, key, args);
    let is_sms = waiting.way == Way::Sms;
    let proving = app.site.city.proving;
    let error = left.map(|left| text("prove-wrong", &[("left", &left.to_string())]));
    let over = word(waiting.stage).map(|word| {
        let key = if is_sms { format!("prove-{word}-sms") } else { format!("prove-{word}") };
        text(&key, &[])
    });
    let minutes = proving.code.to_string();
    let title = text(if over.is_some() { "prove-title-over" } else { "prove-title" }, &[]);
    let here = format!("/prove/{token}");
    let lang = language.as_str();
    let data = Data {
        action: format!("/{lang}{here}"),
        lead: text(if is_sms { "prove-lead-sms" } else { "prove-lead" }, &[("address", &waiting.address)]),
        code: over.is_none().then(|| Field {
            id: "code".into(),
            name: "code".into(),
            label: text("prove-code", &[]),
            hint: Some(text("prove-code-hint", &[("minutes", &minutes)])),
            described: if error.is_some() { "code-hint code-error".into() } else { "code-hint".into() },
            error,
            kind: "text",
            autocomplete: "one-time-code",
            inputmode: "numeric",
            max: 12,
            ..Field::default()
        }),
        again: waiting.stage != Stage::Done,
        over,
        other: format!(
            "/{lang}/{}",
            if waiting.follows.is_empty() && waiting.places.is_empty() { "choices" } else { "follow" }
        ),
        phone: Call::to(&app.site.city.phone),
        title: title.clone(),
    };
    let status = if left.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(app.show(&Page::new(language, "prove", title, here, data).private().status(status)))
}

async fn send(
    State(app): State<App>,
    Lang(language): Lang,
    Path(link): Path<Link>,
    Extension(caller): Extension<Caller>,
    Form(said): Form<Said>,
) -> Result<Response, Oops> {
    let verify = app.verify().await?;
    let lang = language.as_str();
    if said.again.is_some() {
        if let Err(seconds) = app.limits.count_proof(caller) {
            return Ok(refuse(seconds));
        }
        let page = verify.again(&link.token).await?.ok_or(Oops::Missing)?;
        return Ok(Redirect::to(&format!("/{lang}/prove/{page}")).into_response());
    }
    match verify.enter(&link.token, &said.code).await?.ok_or(Oops::Missing)? {
        Answer::Done(person) => Ok(Redirect::to(&format!("/{lang}/p/{}?new=1", person.token)).into_response()),
        Answer::Wrong(left) => page(&app, language, &link.token, Some(left)).await,
        Answer::Not(_) => page(&app, language, &link.token, None).await,
    }
}
