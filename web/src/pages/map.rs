//! `/{lang}/map`: what others reported, on a map and in a list beside it that says the same. Filters stand in the address; the
//! list, its pages and a drawing of the city need no script.

use super::{Call, Entry, Lang, Oops};
use crate::{
    app::App,
    dates,
    face::Page,
    map::{
        base,
        filter::{Filter, Show, Stage, is_offered},
        picture::{self, Picture},
    },
    public::PublicCase,
};
use axum::{
    extract::{RawQuery, State},
    http::{StatusCode, header},
    response::Response,
    routing::get,
};
use schemas::{
    city::{City, in_language},
    report::{Kind, Language},
};
use serde::Serialize;
use std::collections::BTreeMap;
use url::form_urlencoded;

/// The page.
pub const PAGE: Entry = Entry { name: "map", path: "/{lang}/map", route: |_| get(show), sandbox: false };

/// So many cases stand on one page of the list.
const SIZE: usize = 20;
/// What the built script is called.
const SCRIPT: &str = "map.js";

#[derive(Serialize)]
struct Data<'a> {
    action: String,
    faults: Vec<Fault>,
    kinds: Vec<Opt>,
    groups: Vec<Group>,
    stages: Vec<Opt>,
    areas: Vec<Opt>,
    since: String,
    until: String,
    /// Something is chosen besides what is shown at first.
    chosen: bool,
    /// They chose something of the filters: they are open.
    opened: bool,
    boxed: Option<String>,
    without_box: String,
    count: String,
    items: Vec<Item>,
    earlier: Option<String>,
    later: Option<String>,
    page: String,
    picture: Option<Picture<'a>>,
    live: Option<Live>,
    report: String,
    follow: String,
    phone: Call,
}

#[derive(Serialize)]
struct Fault {
    href: String,
    text: String,
}

#[derive(Serialize)]
struct Opt {
    value: String,
    label: String,
    chosen: bool,
}

#[derive(Serialize)]
struct Group {
    #[serde(flatten)]
    all: Opt,
    categories: Vec<Opt>,
}

#[derive(Serialize)]
struct Item {
    href: String,
    category: String,
    icon: String,
    stage: &'static str,
    stage_name: String,
    areas: String,
    day: String,
    iso: String,
    people: Option<String>,
    reference: String,
}

/// What the script is told.
#[derive(Serialize)]
struct Live {
    base: String,
    sheet: String,
    bounds: String,
    names: String,
    words: String,
    attribution: String,
}

async fn show(State(app): State<App>, Lang(language): Lang, RawQuery(query): RawQuery) -> Result<Response, Oops> {
    let query = query.unwrap_or_default();
    let filter = Filter::read(&query);
    let number = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "page");
    let number = number.and_then(|(_, value)| value.parse::<usize>().ok()).unwrap_or(1).clamp(1, 1_000_000);
    let city = &app.site.city;
    let snapshot = app.register_now().await?;
    let sieve = filter.sieve(city);
    let (count, cases) = snapshot.dots.page(&sieve, number, SIZE);
    let lang = language.as_str();
    let text = |key: &str, args: &[(&str, &str)]| app.text(language, key, args);
    let here = |filter: &Filter, page: usize| {
        let mut query = filter.query();
        if page > 1 {
            query = format!("{query}{}page={page}", if query.is_empty() { "" } else { "&" });
        }
        format!("/map{}{query}", if query.is_empty() { "" } else { "?" })
    };
    let pages = count.div_ceil(SIZE).max(1);
    let without_box = Filter { bounds: None, ..filter.clone() };
    let faults: Vec<Fault> = filter
        .wrong
        .iter()
        .map(|(field, value)| Fault {
            href: format!("#{}", anchor(field)),
            text: text(&format!("map-wrong-{field}"), &[("value", value)]),
        })
        .collect();
    // What is no day stands in the fault: a field for days cannot hold it (HTML §4.10.5.1.7).
    let typed = |day: Option<schemas::Date>| day.map(|day| day.to_string()).unwrap_or_default();
    let data = Data {
        action: format!("/{lang}/map"),
        kinds: kinds(&app, language, &filter),
        groups: groups(&app, language, &filter),
        stages: stages(&app, language, &filter),
        areas: areas(&app, language, &filter),
        since: typed(filter.since),
        until: typed(filter.until),
        chosen: filter.is_chosen(),
        opened: without_box.is_chosen() || !faults.is_empty(),
        boxed: filter.bounds.map(|bounds| bounds.0.map(|degrees| degrees.to_string()).join(",")),
        without_box: format!("/{lang}{}", here(&without_box, 1)),
        count: match count {
            0 => text("map-count-none", &[]),
            1 => text("map-count-one", &[]),
            _ => text("map-count", &[("count", &count.to_string())]),
        },
        items: cases.iter().map(|case| item(&app, language, case)).collect(),
        earlier: (number > 1).then(|| format!("/{lang}{}#list", here(&filter, (number - 1).min(pages)))),
        later: (number < pages).then(|| format!("/{lang}{}#list", here(&filter, number + 1))),
        page: text("map-page", &[("page", &number.min(pages).to_string()), ("pages", &pages.to_string())]),
        picture: app.map.picture(city, &snapshot.dots, &sieve, language),
        live: app.assets.has(SCRIPT).then(|| live(&app, language)),
        report: format!("/{lang}/report"),
        follow: format!("/{lang}/follow"),
        phone: Call::to(&city.phone),
        faults,
    };
    let status = if data.faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let title = text("map-title", &[]);
    let script = data.live.is_some().then_some(SCRIPT);
    let page = Page { script, ..Page::new(language, "map", title, here(&filter, number), data).status(status) };
    let mut response = app.show(&page);
    if let Some(policy) = base::policy(city) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    Ok(response)
}

/// The id of the field of a filter on the page.
fn anchor(field: &str) -> &str {
    match field {
        "since" | "until" | "status" => field,
        _ => "main",
    }
}

fn item(app: &App, language: Language, case: &PublicCase) -> Item {
    let city = &app.site.city;
    let day = city.calendar.date(case.received_at);
    let names = case.areas.iter().filter_map(|id| city.areas.get(id.as_str()));
    let category = city.category(&case.category);
    let icon = city.groups.iter().find(|group| group.id.as_str() == case.category.group());
    let stage = Stage::of(case.status).as_str();
    let people = (case.people > 1).then(|| app.text(language, "near-people", &[("people", &case.people.to_string())]));
    Item {
        href: format!("/{}/case/{}", language.as_str(), case.reference.digits()),
        category: category.map(|category| in_language(&category.names, language).to_owned()).unwrap_or_default(),
        icon: icon.map_or_else(|| "dot".to_owned(), |group| group.icon.clone()),
        stage,
        stage_name: app.text(language, &format!("map-stage-{stage}"), &[]),
        areas: names.map(|area| in_language(&area.names, language)).collect::<Vec<_>>().join(", "),
        day: dates::date(&app.site.city.further, language, day, app.today()),
        iso: day.to_string(),
        people,
        reference: case.reference.to_string(),
    }
}

fn kinds(app: &App, language: Language, filter: &Filter) -> Vec<Opt> {
    let public = Kind::ALL.into_iter().filter(|kind| app.site.city.kinds.of(*kind).public);
    let kind = |kind: Kind| Opt {
        value: kind.as_str().to_owned(),
        label: app.text(language, &format!("kind-{kind}"), &[]),
        chosen: filter.kind.as_deref() == Some(kind.as_str()),
    };
    public.map(kind).collect()
}

/// The categories that are public, in their groups; a group with none of them is not there.
fn groups(app: &App, language: Language, filter: &Filter) -> Vec<Group> {
    let city = &app.site.city;
    let is_chosen = |id: &str| filter.category.as_deref() == Some(id);
    let groups = city.groups.iter().map(|group| {
        let of_group = city.categories.iter().filter(|c| is_offered(c) && c.id.group() == group.id.as_str());
        let name = in_language(&group.names, language).to_owned();
        Group {
            all: Opt { value: group.id.to_string(), chosen: is_chosen(group.id.as_str()), label: name },
            categories: of_group
                .map(|category| Opt {
                    value: category.id.to_string(),
                    label: in_language(&category.names, language).to_owned(),
                    chosen: is_chosen(category.id.as_str()),
                })
                .collect(),
        }
    });
    groups.filter(|group| !group.categories.is_empty()).collect()
}

fn stages(app: &App, language: Language, filter: &Filter) -> Vec<Opt> {
    let stage = |show: Show| Opt {
        value: show.as_str().to_owned(),
        label: app.text(language, &format!("map-show-{}", show.as_str()), &[]),
        chosen: filter.show == show,
    };
    Show::ALL.map(stage).into()
}

fn areas(app: &App, language: Language, filter: &Filter) -> Vec<Opt> {
    let area = |area: &schemas::city::Area| Opt {
        value: area.id.to_string(),
        label: in_language(&area.names, language).to_owned(),
        chosen: filter.area.as_deref() == Some(area.id.as_str()),
    };
    app.site.city.areas.all().iter().map(area).collect()
}

/// What a map shows at first: the corners of the city; empty for one without an outline.
pub(super) fn picture_bounds(city: &City) -> String {
    picture::bounds(city).map(|bounds| bounds.0.map(|part| part.to_string()).join(",")).unwrap_or_default()
}

/// What the script needs besides the form.
fn live(app: &App, language: Language) -> Live {
    let city = &app.site.city;
    let names: BTreeMap<&str, &str> = city
        .categories
        .iter()
        .filter(|category| is_offered(category))
        .map(|category| (category.id.as_str(), in_language(&category.names, language)))
        .collect();
    let words = [
        "case",
        "more",
        "failed",
        "nowhere",
        "stage-open",
        "stage-planned",
        "stage-solved",
        "stage-ended",
        "in",
        "out",
    ];
    let words: BTreeMap<&str, String> =
        words.into_iter().map(|key| (key, app.text(language, &format!("map-{key}"), &[]))).collect();
    Live {
        base: base::style_address(city).to_owned(),
        sheet: format!("{}/map.css", app.assets.root()),
        bounds: picture_bounds(city),
        // What is made of texts alone can be written.
        names: serde_json::to_string(&names).unwrap_or_default(),
        words: serde_json::to_string(&words).unwrap_or_default(),
        attribution: base::attribution(city),
    }
}
