//! `/{lang}/u/{token}`: whoever got a notice says what they do not want to hear any more, by plain forms.
//! Opening it changes nothing, so programs that follow every link in a mail do no harm.

use super::{Call, Entry, Lang, Oops};
use crate::{app::App, face::Page};
use axum::{
    Form,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
    routing::get,
};
use notifier::wishes::Wish;
use schemas::{city::in_language, notice::Scope};
use serde::{Deserialize, Serialize};
use store::About;

/// The page.
pub const PAGE: Entry =
    Entry { name: "wishes", path: "/{lang}/u/{token}", route: |_| get(show).post(send), sandbox: false };

/// The secret part of the address.
#[derive(Deserialize)]
pub(super) struct Link {
    pub(super) token: String,
}

#[derive(Serialize)]
struct Data {
    action: String,
    category: String,
    reference: String,
    /// How it is now, in a sentence.
    stand: String,
    /// Whether something is stopped.
    stopped: bool,
    choices: Vec<Choice>,
    /// Where they choose how often, and in which language.
    pace: String,
    phone: Call,
}

/// One thing that can be wished.
#[derive(Serialize)]
struct Choice {
    wish: &'static str,
    title: String,
    text: String,
    button: String,
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    wish: String,
}

async fn show(State(app): State<App>, Lang(language): Lang, Path(link): Path<Link>) -> Result<Response, Oops> {
    let opened = app.wishes().await?.look(&link.token).await?.ok_or(Oops::Missing)?;
    let (stand, wishes): (_, &[&str]) = match opened.stopped {
        None if opened.notice.template == "digest" => ("wishes-told", &["nothing"]),
        None => ("wishes-told", &["this", "nothing"]),
        Some(Scope::All) => ("wishes-nothing-said", &["again"]),
        Some(_) => ("wishes-this-said", &["again", "nothing"]),
    };
    let city = &app.site.city;
    let (subject, reference, is_case) = match &opened.about {
        About::Case(case) => {
            let id = &case.report.category;
            let name = city.category(id).map_or(id.as_str(), |category| in_language(&category.names, language));
            (name.to_owned(), case.report.reference, true)
        }
        About::Broadcast(broadcast) => {
            let (_, words) = broadcast.words(language, &city.languages);
            (words.subject.clone(), broadcast.reference, false)
        }
    };
    // "No more of this" is about a number; of a broadcast about the place, district or topic behind it.
    let named = |key: &str| if is_case { key.to_owned() } else { key.replace("wishes-this", "wishes-here") };
    let text = |key: &str| app.text(language, key, &[]);
    let choices = wishes.iter().map(|wish| Choice {
        wish,
        title: text(&named(&format!("wishes-{wish}"))),
        text: text(&named(&format!("wishes-{wish}-text"))),
        button: text(&named(&format!("wishes-{wish}-button"))),
    });
    let here = format!("/u/{}", link.token);
    let data = Data {
        action: format!("/{}{here}", language.as_str()),
        category: subject,
        reference: reference.to_string(),
        stand: text(&named(stand)),
        stopped: opened.stopped.is_some(),
        choices: choices.collect(),
        pace: format!("/{}/u/{}/choices", language.as_str(), link.token),
        phone: Call::to(&app.site.city.phone),
    };
    Ok(app.show(&Page::new(language, "wishes", text("wishes-title"), here, data).private()))
}

async fn send(
    State(app): State<App>,
    Lang(language): Lang,
    Path(link): Path<Link>,
    Form(said): Form<Said>,
) -> Result<Response, Oops> {
    let wish = match said.wish.as_str() {
        "this" => Wish::NotThis,
        "nothing" => Wish::Nothing,
        "again" => Wish::Again,
        _ => return Err(Oops::Status(StatusCode::BAD_REQUEST)),
    };
    if !app.wishes().await?.say(&link.token, wish).await? {
        return Err(Oops::Missing);
    }
    Ok(Redirect::to(&format!("/{}/u/{}", language.as_str(), link.token)).into_response())
}
