//! `/{lang}/proven/{token}`: the link in the message. Opening it changes nothing, so programs that follow every link in a
//! mail prove nothing; the button does.

use super::{Call, Entry, Lang, Oops, prove::word, wishes::Link};
use crate::{app::App, face::Page};
use axum::{
    extract::{Path, State},
    response::{IntoResponse as _, Redirect, Response},
    routing::get,
};
use notifier::verify::{Answer, Stage, name};
use schemas::{proof::Target, report::Language};
use serde::Serialize;

/// The page.
pub const PAGE: Entry =
    Entry { name: "proven", path: "/{lang}/proven/{token}", route: |_| get(show).post(send), sandbox: false };

#[derive(Serialize)]
struct Data {
    action: String,
    lead: String,
    /// What they will hear of.
    follows: Vec<String>,
    adds: bool,
    /// What to do when the link is of no use any more.
    over: Option<String>,
    /// It was used: the button opens their choices again.
    done: bool,
    again: String,
    phone: Call,
}

/// What a target is called, a case by its number.
pub(super) async fn names(app: &App, language: Language, targets: &[Target]) -> Result<Vec<String>, Oops> {
    let mut names = Vec::new();
    for target in targets {
        match name(&app.site.city, target, language) {
            Some(name) => names.push(name.to_owned()),
            None => {
                let Ok(case) = target.target.parse() else { continue };
                let Some(report) = app.site.store.report(case).await? else { continue };
                names.push(app.text(language, "follow-case", &[("reference", &report.reference.to_string())]));
            }
        }
    }
    Ok(names)
}

async fn show(State(app): State<App>, Lang(language): Lang, Path(link): Path<Link>) -> Result<Response, Oops> {
    page(&app, language, &link.token).await
}

async fn page(app: &App, language: Language, token: &str) -> Result<Response, Oops> {
    let waiting = app.verify().await?.link(token).await?.ok_or(Oops::Missing)?;
    let text = |key: &str, args: &[(&str, &str)]| app.text(language, key, args);
    let (here, lang) = (format!("/proven/{token}"), language.as_str());
    let is_done = waiting.stage == Stage::Done;
    let data = Data {
        action: format!("/{lang}{here}"),
        lead: text("proven-lead", &[("address", &waiting.address)]),
        over: word(waiting.stage).filter(|_| !is_done).map(|word| text(&format!("proven-{word}"), &[])),
        follows: [names(app, language, &waiting.follows).await?, waiting.places.clone()].concat(),
        adds: waiting.adds,
        done: is_done,
        again: format!(
            "/{lang}/{}",
            if waiting.follows.is_empty() && waiting.places.is_empty() { "choices" } else { "follow" }
        ),
        phone: Call::to(&app.site.city.phone),
    };
    Ok(app.show(&Page::new(language, "proven", text("proven-title", &[]), here, data).private()))
}

async fn send(State(app): State<App>, Lang(language): Lang, Path(link): Path<Link>) -> Result<Response, Oops> {
    match app.verify().await?.confirm(&link.token).await?.ok_or(Oops::Missing)? {
        Answer::Done(person) => {
            Ok(Redirect::to(&format!("/{}/p/{}?new=1", language.as_str(), person.token)).into_response())
        }
        Answer::Wrong(_) | Answer::Not(_) => page(&app, language, &link.token).await,
    }
}
