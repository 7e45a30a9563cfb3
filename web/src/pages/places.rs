//! What all pages share where somebody looks a place up: what was found, to choose from, and who is next door.

use super::{
    Call,
    fields::{Choice, Opt},
};
use crate::app::App;
use adapters::intake::form::field;
use schemas::{
    place::{Point, Spot},
    report::Language,
};
use serde::Serialize;

/// What looking a place up came to, in a sentence.
pub(super) fn said(app: &App, language: Language, count: usize) -> String {
    let key = match count {
        0 => "places-none",
        1 => "places-one",
        _ => "places-some",
    };
    app.text(language, key, &[])
}

/// The places that were found, as radio buttons; with `own_words` also that none of them is right.
pub(super) fn choice(app: &App, language: Language, spots: &[Spot], chosen: Option<&str>, own_words: bool) -> Choice {
    // The only one is most likely meant; of several nobody knows.
    let only = (spots.len() == 1).then(|| spots[0].label.as_str());
    let chosen = chosen.or(only).unwrap_or_default();
    let is_known = spots.iter().any(|spot| spot.label == chosen);
    let option = |value: &str, label: String, checked: bool| Opt {
        name: field::SPOT.to_owned(),
        value: value.to_owned(),
        label,
        checked,
        ..Opt::default()
    };
    let mut options: Vec<Opt> =
        spots.iter().map(|spot| option(&spot.label, spot.label.clone(), spot.label == chosen)).collect();
    if own_words {
        options.push(option("", app.text(language, "places-own-words", &[]), !is_known));
    }
    Choice {
        id: field::SPOT.to_owned(),
        legend: app.text(language, "places-choose", &[]),
        options,
        ..Choice::default()
    }
    .done()
}

/// The municipality that a place outside the city is in.
#[derive(Serialize)]
pub(super) struct NextDoor {
    title: String,
    text: String,
    web: Option<String>,
    call: Option<Call>,
}

impl NextDoor {
    /// Who is responsible for `point`, or for the address in these words; nothing when that is not next door.
    pub(super) fn of(app: &App, language: Language, words: &str, point: Option<Point>) -> Option<Self> {
        let city = &app.site.city;
        let neighbour = match point {
            Some(point) => city.neighbour_at(point)?,
            None => city.neighbour_in(words)?,
        };
        let name = [("name", neighbour.name(language)), ("city", city.name(language))];
        Some(Self {
            title: app.text(language, "next-door-title", &name[..1]),
            text: app.text(language, "next-door-text", &name),
            web: neighbour.web.clone(),
            call: neighbour.phone.as_deref().map(Call::to),
        })
    }
}
