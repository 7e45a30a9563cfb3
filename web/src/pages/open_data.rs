//! `/{lang}/open-data`: what anybody may take and use of the public cases, by which terms, and how.

use super::{Entry, Lang};
use crate::{
    app::App,
    face::Page,
    outward::{self, row::FIELDS},
};
use axum::{extract::State, response::Response, routing::get};
use serde::Serialize;

/// The page.
pub const PAGE: Entry = Entry { name: "open-data", path: "/{lang}/open-data", route: |_| get(show), sandbox: false };

#[derive(Serialize)]
struct Data {
    lead: String,
    licence: String,
    licence_url: String,
    source: String,
    ways: Vec<Way>,
    fields: Vec<Field>,
    examples: Vec<Example>,
    embed: String,
    figures: String,
}

/// A way to take it.
#[derive(Serialize)]
struct Way {
    name: String,
    text: String,
    /// The address, to follow and to copy.
    href: String,
    address: String,
}

#[derive(Serialize)]
struct Field {
    name: &'static str,
    text: String,
}

#[derive(Serialize)]
struct Example {
    text: String,
    code: String,
}

async fn show(State(app): State<App>, Lang(language): Lang) -> Response {
    let (city, lang, base) = (&app.site.city, language.as_str(), outward::base(&app));
    let text = |key: &str| app.text(language, key, &[]);
    let feed = format!("/open/{lang}/cases.atom");
    let ways = [
        ("csv", "/open/cases.csv"),
        ("geojson", "/api/ogc/collections/cases/items"),
        ("ogc", "/api/ogc"),
        ("atom", feed.as_str()),
        ("open311", "/open311/requests.json"),
        ("figures", "/open/figures.json"),
    ];
    let area = city.areas.all().first().map_or("…", |area| area.id.as_str());
    let group = city.groups.first().map_or("…", |group| group.id.as_str());
    let examples = [
        ("month", format!("curl -o cases.csv '{base}/open/cases.csv?datetime=2026-11-01/2026-11-30'")),
        ("area", format!("curl '{base}/api/ogc/collections/cases/items?area={area}&status=open&limit=10'")),
        ("box", format!("curl '{base}/api/ogc/collections/cases/items?bbox=3.20,50.80,3.30,50.85'")),
        ("subject", format!("curl '{base}/open/{lang}/cases.atom?category={group}'")),
    ];
    let data = Data {
        lead: app.text(language, "open-data-lead", &[("city", city.name(language))]),
        licence: city.open_data.licence.clone(),
        licence_url: city.open_data.licence_url.clone(),
        source: city.open_data.source.clone().unwrap_or_else(|| city.name(language).to_owned()),
        ways: ways
            .map(|(way, path)| Way {
                name: text(&format!("open-data-{way}")),
                text: text(&format!("open-data-{way}-is")),
                href: path.to_owned(),
                address: format!("{base}{path}"),
            })
            .into(),
        fields: FIELDS
            .into_iter()
            .filter(|name| *name != "lon")
            .map(|name| match name {
                "lat" => Field { name: "lat, lon", text: text("open-data-field-point") },
                name => Field { name, text: text(&format!("open-data-field-{}", name.replace('_', "-"))) },
            })
            .collect(),
        examples: examples.map(|(key, code)| Example { text: text(&format!("open-data-example-{key}")), code }).into(),
        embed: format!("/{lang}/embed"),
        figures: format!("/{lang}/figures"),
    };
    let title = text("open-data-title");
    app.show(&Page::new(language, "open_data", title, "/open-data", data))
}
