//! `/{lang}/follow`: stay informed about topics and districts. Nothing is kept of whom until they prove the address.

use super::{
    Call, Entry, Lang, Oops, ask,
    fields::{Choice, Field, Opt},
    patch::{Drawing, Drawn, RADIUS_FIELD, wrong},
    places::{Finder, Typed},
};
use crate::{app::App, face::Page, guard::rate::Caller, map::base};
use axum::{
    Extension,
    extract::{RawForm, RawQuery, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use notifier::verify::{MOST_FOLLOWS, is_offered};
use schemas::{
    city::in_language,
    notice::Scope,
    patch::WrongPatch,
    proof::{Target, Wants},
    report::Language,
};
use serde::Serialize;
use url::form_urlencoded;

/// The page.
pub const PAGE: Entry =
    Entry { name: "follow", path: "/{lang}/follow", route: |_| get(show).post(send), sandbox: false };

#[derive(Serialize)]
struct Data {
    action: String,
    /// What is wrong, with a link to the field.
    faults: Vec<Fault>,
    topics: Option<Choice>,
    areas: Option<Choice>,
    finder: Finder,
    patch: Option<Drawing>,
    languages: Choice,
    address: Field,
    /// Nothing can be followed here, or nobody told.
    empty: bool,
    privacy: String,
    choices: String,
    phone: Call,
}

#[derive(Serialize)]
struct Fault {
    href: String,
    text: String,
}

/// A form as it is sent.
#[derive(Debug, Default)]
struct Said {
    targets: Vec<Target>,
    address: String,
    language: Option<Language>,
    place: Typed,
    drawn: Drawn,
    /// They want to look the place up.
    is_search: bool,
}

impl Said {
    fn read(app: &App, bytes: &[u8]) -> Self {
        let mut said = Self::default();
        for (name, value) in form_urlencoded::parse(bytes).take(4 * MOST_FOLLOWS) {
            let scope = match &*name {
                "topic" => Scope::Topic,
                "area" => Scope::Area,
                "do" => {
                    said.is_search = value == "find_place";
                    continue;
                }
                Typed::WORDS => {
                    said.place.words = value.into_owned();
                    continue;
                }
                Typed::LABEL => {
                    said.place.label = value.into_owned();
                    continue;
                }
                RADIUS_FIELD => {
                    said.place.radius = Some(value.into_owned());
                    continue;
                }
                Drawn::POINTS => {
                    said.drawn.points = value.into_owned();
                    continue;
                }
                Drawn::RADIUS => {
                    said.drawn.radius = value.into_owned();
                    continue;
                }
                Drawn::LABEL => {
                    said.drawn.label = value.into_owned();
                    continue;
                }
                "spot" => {
                    said.place.spot = value.into_owned();
                    continue;
                }
                "address" => {
                    said.address = value.trim().to_owned();
                    continue;
                }
                "language" => {
                    said.language = Language::parse(&value).filter(|language| app.languages().contains(language));
                    continue;
                }
                _ => continue,
            };
            let target = Target { scope, target: value.into_owned() };
            if is_offered(&app.site.city, &target) && !said.targets.contains(&target) {
                said.targets.push(target);
            }
        }
        said
    }
}

/// What anybody may follow of one scope, with its name; those in `chosen` are.
fn options(app: &App, language: Language, scope: Scope, chosen: &[Target]) -> Vec<Opt> {
    let city = &app.site.city;
    let all: Vec<(&str, &str)> = match scope {
        Scope::Topic => {
            city.groups.iter().map(|group| (group.id.as_str(), in_language(&group.names, language))).collect()
        }
        _ => city.areas.all().iter().map(|area| (area.id.as_str(), in_language(&area.names, language))).collect(),
    };
    let offered = all.into_iter().map(|(id, label)| (Target { scope, target: id.to_owned() }, label));
    let offered = offered.filter(|(target, _)| is_offered(city, target));
    let name = scope.as_str();
    let option = |(n, (target, label)): (usize, (Target, &str))| Opt {
        id: format!("{name}-{}", n + 1),
        name: name.to_owned(),
        checked: chosen.contains(&target),
        value: target.target,
        label: label.to_owned(),
        hint: None,
    };
    offered.enumerate().map(option).collect()
}

/// What is wrong with what was sent, besides the address.
#[derive(Clone, Copy)]
enum Lacks {
    /// They looked a place up and chose none.
    Choice,
    /// They chose nothing to follow.
    Everything,
    /// What they drew cannot be taken.
    Drawing(WrongPatch),
}

/// The topics, or the districts, that can be chosen; nothing where there are none.
pub(super) fn choice(app: &App, language: Language, scope: Scope, chosen: &[Target]) -> Option<Choice> {
    let options = options(app, language, scope, chosen);
    let text = |key: String| app.text(language, &key, &[]);
    (!options.is_empty()).then(|| Choice {
        id: scope.as_str().to_owned(),
        legend: text(format!("follow-{}", scope.as_str())),
        hint: Some(text(format!("follow-{}-hint", scope.as_str()))),
        many: true,
        optional: false,
        described: format!("{}-hint", scope.as_str()),
        options,
        ..Choice::default()
    })
}

async fn show(State(app): State<App>, Lang(language): Lang, RawQuery(query): RawQuery) -> Result<Response, Oops> {
    let said = Said::read(&app, query.unwrap_or_default().as_bytes());
    // What is typed is not taken from an address that somebody may pass on.
    let said = Said { targets: said.targets, language: said.language, ..Said::default() };
    page(&app, language, said, false, None).await
}

/// The page, with what is wrong once it was `sent`.
async fn page(app: &App, language: Language, said: Said, sent: bool, lacks: Option<Lacks>) -> Result<Response, Oops> {
    let text = |key: &str| app.text(language, key, &[]);
    let verify = app.verify().await?;
    let is_wrong = sent && verify.read(&said.address).is_none();
    let mut topics = choice(app, language, Scope::Topic, &said.targets);
    let areas = choice(app, language, Scope::Area, &said.targets);
    let mut faults = Vec::new();
    let finder = Finder::new(app, language, &said.place, matches!(lacks, Some(Lacks::Choice))).await;
    let mut faulty = None;
    match lacks {
        Some(Lacks::Choice) => faults.push(Fault { href: "#place_words".into(), text: text("places-own-choose") }),
        Some(Lacks::Everything) => {
            let error = text("follow-nothing");
            faults.push(Fault { href: "#topic-1".into(), text: error.clone() });
            if let Some(topics) = &mut topics {
                topics.described = "topic-hint topic-error".into();
                topics.error = Some(error);
            }
        }
        Some(Lacks::Drawing(what)) => {
            faulty = Some(what);
            faults.push(Fault { href: "#place".into(), text: wrong(app, language, what) });
        }
        None => {}
    }
    let address = ask::field(app, language, &said.address, is_wrong).await?;
    faults.extend(address.error.iter().map(|error| Fault { href: "#address".into(), text: error.clone() }));
    let chosen = said.language.unwrap_or(language);
    let languages = Choice {
        id: "language".into(),
        legend: text("pace-language"),
        short: true,
        options: app
            .languages()
            .iter()
            .map(|each| Opt {
                id: format!("language-{}", each.as_str()),
                name: "language".into(),
                value: each.as_str().into(),
                label: app.language_name(*each),
                hint: None,
                checked: *each == chosen,
            })
            .collect(),
        ..Choice::default()
    };
    let lang = language.as_str();
    let data = Data {
        action: format!("/{lang}/follow"),
        empty: verify.ways().is_empty() || (topics.is_none() && areas.is_none()),
        topics,
        areas,
        finder,
        patch: Drawing::of(app, language, &said.drawn, faulty, false),
        languages,
        address,
        privacy: format!("/{lang}/privacy"),
        choices: format!("/{lang}/choices"),
        phone: Call::to(&app.site.city.phone),
        faults,
    };
    let status = if data.faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let mut response = app.show(&Page::new(language, "follow", text("follow-title"), "/follow", data).status(status));
    if let Some(policy) = base::policy(&app.site.city) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    Ok(response)
}

async fn send(
    State(app): State<App>,
    Lang(language): Lang,
    Extension(caller): Extension<Caller>,
    RawForm(bytes): RawForm,
) -> Result<Response, Oops> {
    let said = Said::read(&app, &bytes);
    if said.is_search {
        return page(&app, language, said, false, None).await;
    }
    let chosen = said.language.unwrap_or(language);
    let place = said.place.wanted(&app).await;
    let drawn = said.drawn.wanted(&app, chosen);
    let lacks = match &drawn {
        _ if place.is_none() && !said.place.words.trim().is_empty() => Some(Lacks::Choice),
        Err(what) => Some(Lacks::Drawing(*what)),
        Ok(None) if place.is_none() && said.targets.is_empty() => Some(Lacks::Everything),
        Ok(_) => None,
    };
    if lacks.is_some() {
        return page(&app, language, said, true, lacks).await;
    }
    let places = place.into_iter().chain(drawn.ok().flatten()).collect();
    let wants = Wants { follows: said.targets.clone(), places, language: Some(chosen) };
    match ask::send(&app, caller, chosen, &said.address, None, wants).await? {
        Some(answer) => Ok(answer.into_response()),
        None => page(&app, language, said, true, None).await,
    }
}
