//! `/{lang}/u/{token}/choices`: whoever got a notice chooses the language, how often they hear, and when it has to
//! be quiet. Opening it changes nothing; what was changed is undone by one button.

use super::{Call, Entry, Lang, Oops, wishes::Link};
use crate::{app::App, face::Page};
use axum::{
    Form,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
    routing::get,
};
use notifier::choices::Chosen;
use schemas::{city::Quiet, person::Rhythm, report::Language};
use serde::{Deserialize, Serialize};

/// The page.
pub const PAGE: Entry =
    Entry { name: "pace", path: "/{lang}/u/{token}/choices", route: |_| get(show).post(send), sandbox: false };

#[derive(Serialize)]
struct Data {
    action: String,
    lead: String,
    languages: Vec<Choice>,
    rhythms: Vec<Choice>,
    from: String,
    until: String,
    city_hours: String,
    /// What is wrong with the hours.
    wrong: Option<String>,
    /// What counted before the change that was just made.
    before: Option<Said>,
    /// Where they stop it all.
    wishes: String,
    phone: Call,
}

#[derive(Serialize)]
struct Choice {
    id: String,
    value: &'static str,
    label: String,
    checked: bool,
}

/// A form as it is sent.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Said {
    #[serde(default)]
    language: String,
    #[serde(default)]
    rhythm: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    until: String,
}

#[derive(Deserialize)]
struct Seen {
    /// What counted before, as [`before`] writes it.
    #[serde(default)]
    was: Option<String>,
}

impl Said {
    fn of(chosen: &Chosen) -> Self {
        let hours = chosen.quiet.map(|quiet| quiet.to_string()).unwrap_or_default();
        let (from, until) = hours.split_once('-').unwrap_or_default();
        Self {
            language: chosen.language.as_str().to_owned(),
            rhythm: chosen.rhythm.as_str().to_owned(),
            from: from.to_owned(),
            until: until.to_owned(),
        }
    }

    /// What was chosen; the text that says what is wrong with it otherwise. A language or a rhythm that no form of
    /// ours offers is nobody's slip.
    fn read(&self, app: &App) -> Result<Result<Chosen, &'static str>, Oops> {
        let bad = || Oops::Status(StatusCode::BAD_REQUEST);
        let language = Language::parse(&self.language).filter(|language| app.languages().contains(language));
        let (language, rhythm) = (language.ok_or_else(bad)?, Rhythm::parse(&self.rhythm).ok_or_else(bad)?);
        let (from, until) = (self.from.trim(), self.until.trim());
        let quiet = match (from.is_empty(), until.is_empty()) {
            (true, true) => None,
            (false, false) => match Quiet::parse(&format!("{from}-{until}")) {
                Some(quiet) => Some(quiet),
                None => return Ok(Err("pace-hours-wrong")),
            },
            _ => return Ok(Err("pace-hours-half")),
        };
        Ok(Ok(Chosen { language, rhythm, quiet }))
    }

    /// As it stands in an address: none of it says who they are.
    fn short(&self) -> String {
        [&self.language, &self.rhythm, &self.from, &self.until].map(String::as_str).join(".").replace(':', "")
    }

    /// Reads [`Said::short`].
    fn long(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (language, rhythm) = (parts.next()?.to_owned(), parts.next()?.to_owned());
        let mut time = || {
            let digits = parts.next()?;
            match digits.is_empty() {
                true => Some(String::new()),
                false => Some(format!("{}:{}", digits.get(..2)?, digits.get(2..4)?)),
            }
        };
        let (from, until) = (time()?, time()?);
        Some(Self { language, rhythm, from, until })
    }
}

async fn show(
    State(app): State<App>,
    Lang(language): Lang,
    Path(link): Path<Link>,
    Query(seen): Query<Seen>,
) -> Result<Response, Oops> {
    let before = seen.was.as_deref().and_then(Said::long);
    page(&app, language, &link, None, before, None).await
}

/// The page; `said` is what they typed that does not do, and `wrong` the text that says why.
async fn page(
    app: &App,
    language: Language,
    link: &Link,
    said: Option<Said>,
    before: Option<Said>,
    wrong: Option<&str>,
) -> Result<Response, Oops> {
    let opened = app.choices().await?.look(&link.token).await?.ok_or(Oops::Missing)?;
    let now = said.unwrap_or_else(|| Said::of(&opened.chosen));
    // A link that somebody else made up undoes nothing that is not a choice.
    let before = before.filter(|before| matches!(before.read(app), Ok(Ok(_))));
    let text = |key: &str, args: &[(&str, &str)]| app.text(language, key, args);
    let rhythms = Rhythm::ALL.iter().map(|rhythm| Choice {
        id: format!("rhythm-{}", rhythm.as_str()),
        value: rhythm.as_str(),
        label: text(&format!("pace-rhythm-{}", rhythm.as_str().replace('_', "-")), &[]),
        checked: now.rhythm == rhythm.as_str(),
    });
    let languages = app.languages().iter().map(|each| Choice {
        id: format!("language-{}", each.as_str()),
        value: each.as_str(),
        label: text(&format!("pace-language-{}", each.as_str()), &[]),
        checked: now.language == each.as_str(),
    });
    let hours = app.site.city.quiet;
    let here = format!("/u/{}/choices", link.token);
    let data = Data {
        action: format!("/{}{here}", language.as_str()),
        lead: text("pace-lead", &[("address", &opened.address)]),
        languages: languages.collect(),
        rhythms: rhythms.collect(),
        from: now.from,
        until: now.until,
        city_hours: match hours {
            Some(hours) => text("pace-hours-city", &[("hours", &hours.to_string())]),
            None => text("pace-hours-none", &[]),
        },
        wrong: wrong.map(|key| text(key, &[])),
        before,
        wishes: format!("/{}/u/{}", language.as_str(), link.token),
        phone: Call::to(&app.site.city.phone),
    };
    let status = if data.wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(app.show(&Page::new(language, "pace", text("pace-title", &[]), here, data).private().status(status)))
}

async fn send(
    State(app): State<App>,
    Lang(language): Lang,
    Path(link): Path<Link>,
    Form(said): Form<Said>,
) -> Result<Response, Oops> {
    let chosen = match said.read(&app)? {
        Ok(chosen) => chosen,
        Err(wrong) => return page(&app, language, &link, Some(said), None, Some(wrong)).await,
    };
    let before = app.choices().await?.keep(&link.token, chosen).await?.ok_or(Oops::Missing)?;
    let was = Said::of(&before).short();
    // The page goes on in the language that was chosen.
    Ok(Redirect::to(&format!("/{}/u/{}/choices?was={was}", chosen.language.as_str(), link.token)).into_response())
}
