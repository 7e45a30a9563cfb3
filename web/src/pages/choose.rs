//! Choosing what it is about: by words, by group, by kind. Shown by `/{lang}/report` until a
//! category is chosen; every step is a link.

use super::{Call, emergencies, search};
use crate::{app::App, face::Page};
use adapters::intake::form::field;
use axum::response::Response;
use schemas::{
    city::{Article, Category, in_language},
    report::{Kind, Language},
    slug::CategoryId,
};
use serde::Serialize;
use url::form_urlencoded;

/// The most categories that are suggested.
const SUGGESTED: usize = 3;

/// What every step takes along to the next.
#[derive(Debug, Clone, Default)]
pub struct Carried {
    /// The kind that was chosen.
    pub kind: Option<Kind>,
    /// What the link knew that led here, by the names of fields: the form will hold it.
    pub known: Vec<(String, String)>,
}

impl Carried {
    /// `href`, which has a question already, with all this.
    fn on(&self, href: &str) -> String {
        let mut more = form_urlencoded::Serializer::new(String::new());
        if let Some(kind) = self.kind {
            more.append_pair("kind", kind.as_str());
        }
        let more = more.extend_pairs(&self.known).finish();
        if more.is_empty() { href.to_owned() } else { format!("{href}&{more}") }
    }

    /// What a field will hold.
    fn get(&self, field: &str) -> Option<&str> {
        self.known.iter().find(|(name, _)| name == field).map(|(_, value)| value.as_str())
    }
}

/// A link with a picture.
#[derive(Serialize)]
pub struct Tile {
    href: String,
    icon: String,
    name: String,
}

/// A link to the form of one category.
#[derive(Serialize)]
struct Choice {
    href: String,
    name: String,
    group: String,
}

/// A category that the words fit, and why it is shown.
#[derive(Serialize)]
pub(super) struct Suggested {
    category: CategoryId,
    choice: Choice,
    why: String,
}

/// An article that the words fit.
#[derive(Serialize)]
struct Answer {
    href: String,
    title: String,
    lang: Option<&'static str>,
}

#[derive(Serialize)]
struct Data {
    action: String,
    query: String,
    searched: bool,
    nothing: bool,
    heading: String,
    back: Option<String>,
    suggested: Vec<Suggested>,
    answers: Vec<Answer>,
    choices: Vec<Choice>,
    groups: Vec<Tile>,
    calls: Vec<Call>,
    kind: Option<&'static str>,
    known: Vec<(String, String)>,
    reference: bool,
    /// Where a lost link is sent again.
    find: String,
    phone: Call,
}

/// The groups as tiles.
pub fn groups(app: &App, language: Language, carried: &Carried) -> Vec<Tile> {
    let tile = |group: &schemas::city::Group| Tile {
        href: carried.on(&format!("/{}/report?group={}", language.as_str(), group.id)),
        icon: group.icon.clone(),
        name: in_language(&group.names, language).to_owned(),
    };
    app.site.city.groups.iter().map(tile).collect()
}

fn choice(app: &App, language: Language, carried: &Carried, category: &Category) -> Choice {
    let groups = &app.site.city.groups;
    Choice {
        href: carried.on(&format!("/{}/report?category={}", language.as_str(), category.id)),
        name: in_language(&category.names, language).to_owned(),
        group: groups
            .iter()
            .find(|group| group.id == category.id.group())
            .map_or("", |group| in_language(&group.names, language))
            .to_owned(),
    }
}

/// What the words fit best, each with the words that point there. The person chooses.
pub(super) fn suggested(app: &App, language: Language, carried: &Carried, query: &str) -> Vec<(CategoryId, Suggested)> {
    let Some(likely) = &app.site.likely else { return Vec::new() };
    let found = likely.get().suggest(query, SUGGESTED);
    let shown = |one: router::Suggestion| {
        let category = app.site.city.category(&one.category)?;
        let words = one.words.iter().map(|word| format!("“{word}”")).collect::<Vec<_>>().join(", ");
        let why = app.text(language, "choose-why", &[("words", &words)]);
        let choice = choice(app, language, carried, category);
        Some((one.category.clone(), Suggested { category: one.category, choice, why }))
    };
    found.into_iter().filter_map(shown).collect()
}

/// The articles that the words fit: perhaps nothing has to be sent.
fn answers(app: &App, language: Language, query: &str) -> Vec<Answer> {
    let found = search::articles(&app.site.city, app.today(), query);
    let answer = |article: &Article| {
        let (written, text) = article.text(language);
        Answer {
            href: format!("/{}/answers/{}", language.as_str(), article.slug),
            title: text.title.clone(),
            lang: (written != language).then(|| written.as_str()),
        }
    };
    found.into_iter().map(answer).collect()
}

/// The step that fits what was chosen so far. Words that a link knew are looked for, until somebody looks for others.
pub fn show(app: &App, language: Language, query: Option<&str>, group: Option<&str>, carried: &Carried) -> Response {
    let (city, kind) = (&app.site.city, carried.kind);
    let typed = query.map(str::trim).filter(|query| !query.is_empty());
    let known = carried.get(field::WORDS).filter(|_| group.is_none());
    let query: String = typed.or(known).unwrap_or_default().trim().chars().take(200).collect();
    let group = city.groups.iter().find(|known| Some(known.id.as_str()) == group);
    let text = |key: &str, args: &[(&str, &str)]| app.text(language, key, args);
    let (suggested, answers) = (suggested(app, language, carried, &query), answers(app, language, &query));
    let (categories, heading) = if !query.is_empty() {
        let mut found = search::categories(city, language, &query);
        found.retain(|category| suggested.iter().all(|(id, _)| *id != category.id));
        let heading = if found.is_empty() && suggested.is_empty() && answers.is_empty() {
            text("choose-none", &[])
        } else {
            text("choose-found", &[])
        };
        (found, heading)
    } else if let Some(group) = group {
        let inside = city.categories.iter().filter(|category| category.id.group() == group.id).collect();
        (inside, in_language(&group.names, language).to_owned())
    } else if let Some(kind) = kind {
        let same = city.categories.iter().filter(|category| category.kind == kind).collect();
        (same, text(&format!("choose-kind-{kind}"), &[]))
    } else {
        (Vec::new(), text("choose-heading", &[]))
    };
    let lang = language.as_str();
    let here = match group {
        Some(group) => carried.on(&format!("/report?group={}", group.id)),
        None => carried.on("/report?").replace("?&", "?").trim_end_matches('?').to_owned(),
    };
    let data = Data {
        action: format!("/{lang}/report"),
        searched: !query.is_empty(),
        nothing: !query.is_empty() && categories.is_empty() && suggested.is_empty() && answers.is_empty(),
        calls: emergencies(city, &query),
        // A reference alone opens nothing: the secret link does. Say so instead of "nothing found".
        reference: schemas::reference::Reference::parse(&query).is_ok(),
        find: format!("/{lang}/track"),
        answers,
        suggested: suggested.into_iter().map(|(_, suggested)| suggested).collect(),
        choices: categories.into_iter().map(|category| choice(app, language, carried, category)).collect(),
        groups: if group.is_some() && query.is_empty() { Vec::new() } else { groups(app, language, carried) },
        back: (group.is_some() || typed.is_some()).then(|| carried.on(&format!("/{lang}/report?"))),
        kind: kind.map(Kind::as_str),
        known: carried.known.clone(),
        phone: Call::to(&city.phone),
        heading: heading.clone(),
        query,
    };
    app.show(&Page::new(language, "choose", heading, here, data))
}
