//! `/{lang}/embed`: a small page that other sites of the city hold in a frame: tell the city, follow, what is new. Only
//! the origins in `embed.allow` of `city.yaml` may; everybody may look at it by itself.

use super::{Entry, Lang, Oops};
use crate::{
    app::App,
    dates,
    outward::{
        self, row,
        wanted::{Asked, Wanted},
    },
};
use axum::{
    extract::{RawQuery, State},
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse as _, Response},
    routing::get,
};
use schemas::city::in_language;
use serde::Serialize;

/// The page.
pub const PAGE: Entry = Entry { name: "embed", path: "/{lang}/embed", route: |_| get(show), sandbox: false };

/// The most cases of a frame.
const MOST: usize = 5;

#[derive(Serialize)]
struct Data {
    lang: &'static str,
    title: String,
    city: String,
    assets: String,
    theme: bool,
    report: String,
    follow: String,
    all: String,
    about: Option<String>,
    cases: Vec<Shown>,
}

#[derive(Serialize)]
struct Shown {
    href: String,
    name: String,
    areas: String,
    status: &'static str,
    status_name: String,
    iso: String,
    day: String,
}

async fn show(State(app): State<App>, Lang(language): Lang, RawQuery(query): RawQuery) -> Result<Response, Oops> {
    let (city, lang) = (&app.site.city, language.as_str());
    let asked = Asked::read(query.as_deref(), &["category", "area"]);
    let wanted =
        asked.and_then(|asked| Wanted::read(&asked, city)).map_err(|_| Oops::Status(StatusCode::BAD_REQUEST))?;
    let snapshot = app.register().await?;
    let newest = snapshot.listed().rev().filter(|case| wanted.has(case)).take(MOST);
    let shown = newest.map(|case| Shown {
        href: row::page(&app, language, case),
        name: row::name(&app, language, case),
        areas: areas(&app, language, &case.areas),
        status: case.status.as_str(),
        status_name: app.text(language, &format!("status-{}", case.status), &[]),
        iso: city.calendar.date(case.received_at).to_string(),
        day: dates::date(&city.further, language, city.calendar.date(case.received_at), app.today()),
    });
    let category = wanted.about.as_deref().and_then(|about| city.category(about));
    let group = wanted.about.as_deref().and_then(|about| city.groups.iter().find(|group| group.id == about));
    let named = category.map(|c| in_language(&c.names, language)).or(group.map(|g| in_language(&g.names, language)));
    let place = wanted.area.as_ref().and_then(|area| city.areas.get(area.as_str()));
    let about: Vec<&str> = named.into_iter().chain(place.map(|area| in_language(&area.names, language))).collect();
    let base = outward::base(&app);
    let report = match (category, group) {
        (Some(category), _) => format!("?category={}", category.id),
        (None, Some(group)) => format!("?group={}", group.id),
        (None, None) => String::new(),
    };
    let topic = wanted.about.as_deref().map(|about| about.split('/').next().unwrap_or(about));
    let data = Data {
        lang,
        title: app.text(language, "brand", &[("city", city.name(language))]),
        city: city.name(language).to_owned(),
        assets: app.assets.root(),
        theme: app.assets.has_theme(),
        report: format!("{base}/{lang}/report{report}"),
        follow: topic.map_or_else(|| format!("{base}/{lang}/follow"), |t| format!("{base}/{lang}/follow?topic={t}")),
        all: format!("{base}/{lang}"),
        about: (!about.is_empty()).then(|| about.join(", ")),
        cases: shown.collect(),
    };
    let html = app.face.render(language, "embed", &data).map_err(|error| {
        tracing::error!(%error, "a page cannot be shown");
        Oops::Status(StatusCode::INTERNAL_SERVER_ERROR)
    })?;
    let mut response = Html(html).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(lang));
    // Origins are checked when the city is read, so that they fit into a header.
    headers
        .extend(HeaderValue::from_str(&policy(&city.embed.allow)).ok().map(|p| (header::CONTENT_SECURITY_POLICY, p)));
    if !city.embed.allow.is_empty() {
        let name = header::HeaderName::from_static("cross-origin-resource-policy");
        headers.insert(name, HeaderValue::from_static("cross-origin"));
    }
    Ok(response)
}

/// Nothing but our own style sheet, font and pictures, in the frames of `allow` alone (CSP level 3, 6.4.2).
fn policy(allow: &[String]) -> String {
    let ancestors = if allow.is_empty() { "'none'".to_owned() } else { allow.join(" ") };
    format!(
        "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors {ancestors}"
    )
}

fn areas(app: &App, language: schemas::report::Language, areas: &[schemas::slug::AreaId]) -> String {
    let known = areas.iter().filter_map(|area| app.site.city.areas.get(area.as_str()));
    known.map(|area| in_language(&area.names, language)).collect::<Vec<_>>().join(", ")
}
