//! What all pages share where somebody looks a place up: what was found, to choose from, and who is next door.

use super::{
    Call,
    fields::{Choice, Field, Opt},
    patch::{label, radius},
};
use crate::app::App;
use adapters::intake::form::field;
use schemas::{
    patch::Patch,
    person::OwnPlace,
    place::{Point, Spot},
    proof::WantedPlace,
    report::Language,
};
use serde::Serialize;

/// What looking a place up came to, in a sentence.
pub(crate) fn said(app: &App, language: Language, count: usize) -> String {
    let key = match count {
        0 => "places-none",
        1 => "places-one",
        _ => "places-some",
    };
    app.text(language, key, &[])
}

/// The places that were found, as radio buttons; with `own_words` also that none of them is right.
pub(crate) fn choice(app: &App, language: Language, spots: &[Spot], chosen: Option<&str>, own_words: bool) -> Choice {
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
pub(crate) struct NextDoor {
    title: String,
    text: String,
    web: Option<String>,
    call: Option<Call>,
}

impl NextDoor {
    /// Who is responsible for `point`, or for the address in these words; nothing when that is not next door.
    pub(crate) fn of(app: &App, language: Language, words: &str, point: Option<Point>) -> Option<Self> {
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

/// Where somebody looks up a place of their own: what they wrote, and what was found.
#[derive(Serialize)]
pub(super) struct Finder {
    words: Field,
    searched: Option<String>,
    spots: Option<Choice>,
    radius: Choice,
    label: Field,
}

/// What was typed there.
#[derive(Debug, Clone, Default)]
pub(super) struct Typed {
    /// The street, in the field [`Typed::WORDS`].
    pub(super) words: String,
    /// The label of the place chosen.
    pub(super) spot: String,
    /// What they call it, in the field [`Typed::LABEL`].
    pub(super) label: String,
    /// How far around it they want to hear of single cases, in the field [`super::patch::RADIUS_FIELD`]; `None`: not asked yet.
    pub(super) radius: Option<String>,
}

impl Typed {
    /// The name of the field for the street.
    pub(super) const WORDS: &'static str = "place_words";
    /// The name of the field for what they call it.
    pub(super) const LABEL: &'static str = "place_label";

    /// The place that was chosen; nothing while none was.
    pub(super) async fn wanted(&self, app: &App) -> Option<WantedPlace> {
        if self.words.trim().is_empty() || self.spot.is_empty() {
            return None;
        }
        let spot = app.geocode.chosen(&self.words, &self.spot).await?;
        let radius = self.radius.as_deref().and_then(|metres| metres.parse::<u32>().ok());
        let patch = radius.filter(|metres| Patch::RADIUS.contains(metres));
        let patch = patch.map(|metres| Patch::Circle { middle: spot.point, metres });
        // Of a lamp post or a street, the street is what the city tells people by.
        let street = spot.street_line();
        Some(WantedPlace { label: label(&self.label), point: spot.point, street, patch })
    }
}

impl Finder {
    /// The field, and what was found when something was looked up; `wrong`: they went on without choosing.
    pub(super) async fn new(app: &App, language: Language, typed: &Typed, wrong: bool) -> Self {
        let text = |key: &str| app.text(language, key, &[]);
        let words = typed.words.trim();
        let spots = match words.is_empty() {
            true => Vec::new(),
            false => app.geocode.find(words, language).await,
        };
        let searched = (!words.is_empty()).then(|| match spots.len() {
            0 => text("places-own-none"),
            count => said(app, language, count),
        });
        let choice = (!spots.is_empty()).then(|| {
            let chosen = Some(typed.spot.as_str()).filter(|spot| !spot.is_empty());
            let mut choice = choice(app, language, &spots, chosen, false);
            choice.error = wrong.then(|| text("places-own-choose"));
            choice.done()
        });
        let field = |id: &str, key: &str, value: &str, max| {
            Field {
                id: id.to_owned(),
                name: id.to_owned(),
                label: text(key),
                hint: Some(text(&format!("{key}-hint"))),
                value: value.chars().take(200).collect(),
                autocomplete: "off",
                max,
                optional: true,
                ..Field::default()
            }
            .done()
        };
        Self {
            words: field(Typed::WORDS, "places-own", words, 200),
            searched,
            spots: choice,
            radius: radius(app, language, typed.radius.as_deref()),
            label: field(Typed::LABEL, "places-own-label", &typed.label, OwnPlace::MOST_OF_LABEL),
        }
    }
}
