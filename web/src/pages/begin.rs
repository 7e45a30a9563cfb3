//! `/{lang}/begin`: telling the city something in the order a person likes: a photo first, words first, or the place
//! first. All three lead to the form of one category, with what was given filled in; nothing of it stands in an address.

use super::{
    Entry, Lang, Oops,
    choose::{self, Carried, Suggested},
    fields::{Choice, Field, Opt},
    form, near, places,
};
use crate::{app::App, face::Page};
use adapters::{
    intake::{form::FormData, form::field, photo_place::write},
    near::{Offered, offered},
};
use axum::{
    extract::{DefaultBodyLimit, Query, Request, State},
    http::{HeaderValue, StatusCode, header},
    response::Response,
    routing::get,
};
use schemas::{
    Uuid,
    city::{Publicity, in_language},
    place::{Place, Point, Spot},
    report::Language,
    submission::MAX_PHOTOS,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The page.
pub const PAGE: Entry = Entry {
    name: "begin",
    path: "/{lang}/begin",
    route: |app| get(show).post(go_on).layer(DefaultBodyLimit::max(app.doors.form.max_body())),
    sandbox: false,
};

/// The orders, by what comes first.
pub const ORDERS: [&str; 3] = ["photo", "words", "place"];
/// The field that says what came first.
pub(super) const FIRST: &str = "first";
/// The most that is shown of what others reported there.
const MOST_NEAR: usize = 5;

#[derive(Serialize)]
struct Data {
    action: String,
    first: &'static str,
    title: String,
    lead: String,
    token: String,
    shown: String,
    photo: bool,
    most: usize,
    words: Option<Field>,
    address: Option<Field>,
    error: Option<String>,
}

/// Choosing what it is about, with what was given.
#[derive(Serialize)]
struct About {
    action: String,
    again: String,
    hidden: Vec<Hidden>,
    first: String,
    words: Field,
    photos: Option<String>,
    address: String,
    spots: Option<Choice>,
    near: Vec<Known>,
    suggested: Vec<Suggested>,
    groups: Vec<Group>,
    calls: Vec<super::Call>,
    unchosen: bool,
}

#[derive(Serialize)]
struct Hidden {
    name: String,
    value: String,
}

/// What others reported there.
#[derive(Serialize)]
struct Known {
    href: String,
    label: String,
    hint: String,
}

#[derive(Serialize)]
struct Group {
    name: String,
    icon: String,
    options: Vec<Opt>,
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    first: String,
}

fn order(text: &str) -> &'static str {
    ORDERS.into_iter().find(|order| *order == text).unwrap_or("words")
}

async fn show(State(app): State<App>, Lang(language): Lang, Query(asked): Query<Asked>) -> Response {
    first_page(&app, language, order(&asked.first), FormData::default(), None).await
}

async fn first_page(
    app: &App,
    language: Language,
    first: &'static str,
    form: FormData,
    error: Option<String>,
) -> Response {
    let text = |key: &str| app.text(language, key, &[]);
    let form = app.doors.form.marked(form).await;
    let value = |name: &str| form.get(name).unwrap_or_default().to_owned();
    let field = |name: &str, rows: usize| {
        Field {
            id: name.to_owned(),
            name: name.to_owned(),
            label: text(&format!("form-{name}")),
            hint: Some(text(&format!("form-{name}-hint"))),
            value: value(name),
            error: error.clone(),
            autocomplete: "off",
            max: 200,
            rows,
            ..Field::default()
        }
        .done()
    };
    let title = text(&format!("begin-{first}"));
    let data = Data {
        action: format!("/{}/begin", language.as_str()),
        first,
        lead: text(&format!("begin-{first}-lead")),
        token: value(field::TOKEN),
        shown: value(field::SHOWN),
        photo: first == "photo",
        most: MAX_PHOTOS,
        words: (first == "words").then(|| field(field::WORDS, 5)),
        address: (first == "place").then(|| field(field::ADDRESS, 0)),
        error: error.clone(),
        title: title.clone(),
    };
    let here = format!("/begin?first={first}");
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    private(app.show(&Page::new(language, "begin", title, here, data).status(status)))
}

/// The page holds a token of its own, and what somebody filled in.
fn private(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    response
}

async fn go_on(State(app): State<App>, Lang(language): Lang, request: Request) -> Result<Response, Oops> {
    let sent = form::read(&app, request).await?;
    let (photos, faults, taken_at) = app.doors.form.hold_photos(&sent).await?;
    let form = FormData { fields: sent.fields, files: Vec::new() };
    let first = order(form.get(FIRST).unwrap_or_default());
    let is_empty = |name: &str| form.get(name).is_none_or(|value| value.trim().is_empty());
    if let Some(fault) = faults.first() {
        let error = form::message(&app, language, fault);
        return Ok(first_page(&app, language, first, form, Some(error)).await);
    }
    // A photo that nobody has at hand is no reason to stay here.
    if first != "photo" && is_empty(field::WORDS) && is_empty(field::ADDRESS) && photos.is_empty() {
        let error = app.text(language, &format!("begin-{first}-empty"), &[]);
        return Ok(first_page(&app, language, first, form, Some(error)).await);
    }
    about(&app, language, form, &photos, taken_at, false).await
}

/// The page on which the category is chosen; `unchosen`: they went on without.
pub(super) async fn about(
    app: &App,
    language: Language,
    form: FormData,
    photos: &[Uuid],
    taken_at: Option<Point>,
    unchosen: bool,
) -> Result<Response, Oops> {
    let form = app.doors.form.marked(form).await;
    let text = |key: &str| app.text(language, key, &[]);
    let value = |name: &str| form.get(name).unwrap_or_default().trim().to_owned();
    let (words, address) = (value(field::WORDS), value(field::ADDRESS));
    let spots = if address.is_empty() { Vec::new() } else { app.geocode.find(&address, language).await };
    let chosen = spots.iter().find(|spot| spot.label == value(field::SPOT)).or(spots.first());
    let point = chosen.map(|spot| spot.point).or(taken_at);
    let lang = language.as_str();
    let mut hidden: Vec<Hidden> = Vec::new();
    let mut hide = |name: &str, value: String| hidden.push(Hidden { name: name.to_owned(), value });
    hide(field::TOKEN, value(field::TOKEN));
    hide(field::SHOWN, value(field::SHOWN));
    for photo in photos {
        hide(field::KEPT, photo.to_string());
    }
    if let Some(point) = taken_at {
        hide(field::PHOTO_POINT, write(point));
    }
    if !address.is_empty() {
        hide(field::ADDRESS, address.clone());
    }
    if !spots.is_empty() {
        hide(field::SPOT_FOR, address.clone());
    }
    let category = |category: &schemas::city::Category, n: usize| Opt {
        id: format!("category-{}-{n}", category.id.group()),
        name: field::CATEGORY.to_owned(),
        value: category.id.to_string(),
        label: in_language(&category.names, language).to_owned(),
        ..Opt::default()
    };
    let groups = app.site.city.groups.iter().map(|group| Group {
        name: in_language(&group.names, language).to_owned(),
        icon: group.icon.clone(),
        options: app
            .site
            .city
            .categories
            .iter()
            .filter(|one| one.id.group() == group.id)
            .zip(1..)
            .map(|(one, n)| category(one, n))
            .collect(),
    });
    let data = About {
        action: format!("/{lang}/report"),
        again: format!("/{lang}/begin"),
        hidden,
        first: value(FIRST),
        words: Field {
            id: field::WORDS.into(),
            name: field::WORDS.into(),
            label: text("form-words"),
            hint: Some(text("begin-words-hint")),
            value: words.clone(),
            rows: 3,
            ..Field::default()
        }
        .done(),
        photos: (!photos.is_empty())
            .then(|| app.text(language, "begin-photos", &[("number", &photos.len().to_string())])),
        address,
        spots: (!spots.is_empty()).then(|| {
            let said = value(field::SPOT);
            places::choice(app, language, &spots, (!said.is_empty()).then_some(said.as_str()), true)
        }),
        near: known(app, language, point, chosen).await?,
        suggested: choose::suggested(app, language, &Carried::default(), &words)
            .into_iter()
            .map(|(_, one)| one)
            .collect(),
        groups: groups.filter(|group| !group.options.is_empty()).collect(),
        calls: super::emergencies(&app.site.city, &words),
        unchosen,
    };
    let status = if unchosen { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = Page::new(language, "about", text("begin-about"), "/begin", data).private().status(status);
    Ok(private(app.show(&page)))
}

/// What others reported at a place, as anybody may know it, of whatever group.
async fn known(app: &App, language: Language, point: Option<Point>, spot: Option<&Spot>) -> Result<Vec<Known>, Oops> {
    let city = &app.site.city;
    if point.is_none() && spot.is_none() {
        return Ok(Vec::new());
    }
    let place = Place { point, ..Place::default() };
    let mut found: BTreeMap<_, Offered> = BTreeMap::new();
    for group in &city.groups {
        let of = |one: &&schemas::city::Category| one.id.group() == group.id && one.publicity == Publicity::Public;
        let Some(category) = city.categories.iter().find(of) else { continue };
        for one in offered(&app.site.store, city, &category.id, &place, "").await? {
            found.insert(one.reference.digits(), one);
        }
    }
    let mut found: Vec<Offered> = found.into_values().collect();
    found.sort_by_key(|one| std::cmp::Reverse(one.since));
    let line = |one: &Offered| {
        let (label, hint) = near::words(app, language, one);
        Known { href: format!("/{}/case/{}", language.as_str(), one.reference.digits()), label, hint }
    };
    Ok(found.iter().take(MOST_NEAR).map(line).collect())
}
