//! The page that stands in for every other while the hub is away: one file that needs nothing beside it, for the reverse
//! proxy to show; and the bar that tells of it beforehand.

use crate::{
    app::App,
    assets::Assets,
    dates,
    face::{Face, NoPage, tel},
};
use schemas::{
    Timestamp,
    city::{City, theme},
    report::Language,
};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
struct Data<'a> {
    lang: &'static str,
    city: &'a str,
    titles: String,
    brand: &'a str,
    on_brand: String,
    parts: Vec<Part>,
}

/// What it says in one language.
#[derive(Serialize)]
struct Part {
    lang: &'static str,
    rtl: bool,
    html: String,
}

#[derive(Serialize)]
struct Words<'a> {
    until: Option<String>,
    phone: &'a str,
    tel: String,
    email: &'a str,
}

/// The page in every language of `city`, as HTML; it says that everything answers again at `until`, where that is known.
///
/// # Errors
/// A text of the city's own folder cannot be said.
pub fn maintenance_page(city: &City, until: Option<Timestamp>, now: Timestamp) -> Result<String, NoPage> {
    let assets = Arc::new(Assets::of(city));
    let face = Face::new(assets.clone(), &city.files)?;
    of(&face, &assets, city, until, now)
}

pub(crate) fn of(
    face: &Face,
    assets: &Assets,
    city: &City,
    until: Option<Timestamp>,
    now: Timestamp,
) -> Result<String, NoPage> {
    let own = city.languages.first().copied().unwrap_or_default();
    let mut parts = Vec::new();
    for language in city.languages.iter().copied() {
        let until = until.map(|at| dates::moment(city, language, at, city.calendar.date(now)));
        let words = Words { until, phone: &city.phone, tel: tel(&city.phone), email: &city.email };
        let html = face.render(language, "maintenance_words", &words)?;
        parts.push(Part { lang: language.as_str(), rtl: language.is_right_to_left(), html });
    }
    let titles: Vec<String> =
        city.languages.iter().map(|language| face.text(*language, "maintenance-title", &[])).collect();
    let data = Data {
        lang: own.as_str(),
        city: city.name(own),
        titles: titles.join(" · "),
        brand: assets.brand(),
        on_brand: theme::on_brand(&city.files),
        parts,
    };
    face.render(own, "maintenance", &data)
}

impl App {
    /// What every page says when it is about to be worked on, or is.
    pub fn maintenance(&self, language: Language) -> Option<String> {
        let city = &self.site.city;
        let now = self.site.store.clock().now();
        let planned = city.maintenance.filter(|planned| planned.is_told(now))?;
        let moment = |at| dates::moment(city, language, at, self.today());
        let key = if now < planned.from { "maintenance-planned" } else { "maintenance-now" };
        let args = [("from", &*moment(planned.from)), ("until", &*moment(planned.until)), ("phone", &*city.phone)];
        Some(self.text(language, key, &args))
    }
}
