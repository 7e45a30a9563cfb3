//! `/{lang}/u/{token}/choices`: whoever got a notice chooses the language, how often they hear, and when it has to
//! be quiet. Opening it changes nothing; what was changed is undone by one button. `/{lang}/p/{token}/choices` is the same
//! for whoever has the link to everything they chose.

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

/// The page of a person.
pub const PERSON_PAGE: Entry = Entry {
    name: "pace of a person",
    path: "/{lang}/p/{token}/choices",
    route: |_| get(show_person).post(send_person),
    sandbox: false,
};

/// By which link somebody came.
#[derive(Debug, Clone, Copy)]
enum By<'a> {
    /// That of a notice.
    Notice(&'a str),
    /// That of a person.
    Person(&'a str),
}

impl By<'_> {
    /// The address of what this page belongs to, after the language.
    fn base(self) -> String {
        match self {
            Self::Notice(token) => format!("/u/{token}"),
            Self::Person(token) => format!("/p/{token}"),
        }
    }
}

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
    /// Where they stop it all; nothing for who came from everything they chose.
    wishes: Option<String>,
    /// Where everything they chose is; by a button, since it may make them somebody with choices.
    mine: Option<String>,
    /// Back to everything they chose.
    back: Option<String>,
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
    page(&app, language, By::Notice(&link.token), None, before, None).await
}

async fn show_person(
    State(app): State<App>,
    Lang(language): Lang,
    Path(link): Path<Link>,
    Query(seen): Query<Seen>,
) -> Result<Response, Oops> {
    let before = seen.was.as_deref().and_then(Said::long);
    page(&app, language, By::Person(&link.token), None, before, None).await
}

/// The page; `said` is what they typed that does not do, and `wrong` the text that says why.
async fn page(
    app: &App,
    language: Language,
    by: By<'_>,
    said: Option<Said>,
    before: Option<Said>,
    wrong: Option<&str>,
) -> Result<Response, Oops> {
    let choices = app.choices().await?;
    let opened = match by {
        By::Notice(token) => choices.look(token).await?,
        By::Person(token) => choices.look_person(token).await?,
    };
    let opened = opened.ok_or(Oops::Missing)?;
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
        label: app.language_name(*each),
        checked: now.language == each.as_str(),
    });
    let hours = app.site.city.quiet;
    let (base, lang) = (by.base(), language.as_str());
    let here = format!("{base}/choices");
    let is_person = matches!(by, By::Person(_));
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
        wishes: (!is_person).then(|| format!("/{lang}{base}")),
        mine: (!is_person).then(|| format!("/{lang}{base}/mine")),
        back: is_person.then(|| format!("/{lang}{base}")),
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
    keep(&app, language, By::Notice(&link.token), said).await
}

async fn send_person(
    State(app): State<App>,
    Lang(language): Lang,
    Path(link): Path<Link>,
    Form(said): Form<Said>,
) -> Result<Response, Oops> {
    keep(&app, language, By::Person(&link.token), said).await
}

async fn keep(app: &App, language: Language, by: By<'_>, said: Said) -> Result<Response, Oops> {
    let chosen = match said.read(app)? {
        Ok(chosen) => chosen,
        Err(wrong) => return page(app, language, by, Some(said), None, Some(wrong)).await,
    };
    let choices = app.choices().await?;
    let before = match by {
        By::Notice(token) => choices.keep(token, chosen).await?,
        By::Person(token) => choices.keep_person(token, chosen).await?,
    };
    let was = Said::of(&before.ok_or(Oops::Missing)?).short();
    // The page goes on in the language that was chosen.
    Ok(Redirect::to(&format!("/{}{}/choices?was={was}", chosen.language.as_str(), by.base())).into_response())
}
