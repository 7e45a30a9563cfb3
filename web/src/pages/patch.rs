//! How much of the city a place of somebody's stands for: so far around an address, or what they drew on a map. The map is a
//! script that fills in two fields of a form; without it there is the address.

use super::{
    fields::{Choice, Field, Opt},
    map::picture_bounds,
};
use crate::{
    app::App,
    map::{
        base,
        sketch::{Sketch, sketch},
    },
};
use schemas::{
    city::in_language,
    patch::{Patch, WrongPatch},
    person::OwnPlace,
    proof::WantedPlace,
    report::Language,
    text,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// What the built script is called.
const SCRIPT: &str = "patch.js";
/// So far around an address, unless they choose otherwise.
const USUAL: u32 = 250;

/// What was drawn, as it is sent.
#[derive(Debug, Clone, Default)]
pub(super) struct Drawn {
    /// Its corners, in the field [`Drawn::POINTS`].
    pub(super) points: String,
    /// The radius of a circle, in the field [`Drawn::RADIUS`].
    pub(super) radius: String,
    /// What they call it, in the field [`Drawn::LABEL`].
    pub(super) label: String,
}

impl Drawn {
    /// The name of the field for the corners.
    pub(super) const POINTS: &'static str = "drawn";
    /// The name of the field for the radius.
    pub(super) const RADIUS: &'static str = "drawn_radius";
    /// The name of the field for what they call it.
    pub(super) const LABEL: &'static str = "drawn_label";

    /// Whether nothing was drawn.
    pub(super) fn is_empty(&self) -> bool {
        self.points.trim().is_empty()
    }

    /// What was drawn, as a place; nothing when nothing was. Where they give it no name, it is called by the street or the
    /// district that it lies in.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn wanted(&self, app: &App, language: Language) -> Result<Option<WantedPlace>, WrongPatch> {
        if self.is_empty() {
            return Ok(None);
        }
        let patch = Patch::read(&self.points, Some(&self.radius))?;
        patch.check(&app.site.city.areas)?;
        let label = label(&self.label).unwrap_or_else(|| name(app, language, &patch));
        Ok(Some(WantedPlace { label: Some(label), point: patch.middle(), street: None, patch: Some(patch) }))
    }
}

/// What somebody calls a place, cleaned; `None` when that is nothing.
pub(super) fn label(typed: &str) -> Option<String> {
    let label: String = text::clean_line(typed).chars().take(OwnPlace::MOST_OF_LABEL).collect();
    Some(label).filter(|label| !label.is_empty())
}

/// What a patch is called that nobody gave a name.
fn name(app: &App, language: Language, patch: &Patch) -> String {
    let city = &app.site.city;
    let street = match patch {
        Patch::Circle { middle, .. } => city.streets.near(*middle, language).and_then(|spot| spot.street),
        Patch::Polygon { .. } => None,
    };
    let outline = patch.outline();
    let district = || city.areas.meeting(&outline).next().map(|area| in_language(&area.names, language).to_owned());
    let name = match (street, district()) {
        (Some(street), _) => app.text(language, "patch-name-around", &[("what", &street)]),
        (None, Some(district)) => app.text(language, "patch-name-in", &[("what", &district)]),
        (None, None) => app.text(language, "patch-name", &[]),
    };
    name.chars().take(OwnPlace::MOST_OF_LABEL).collect()
}

/// A distance in words.
fn far(app: &App, language: Language, metres: u32) -> String {
    match metres {
        _ if metres.is_multiple_of(1000) => {
            app.text(language, "patch-far-kilometres", &[("n", &(metres / 1000).to_string())])
        }
        _ => app.text(language, "patch-far-metres", &[("n", &metres.to_string())]),
    }
}

/// How large, in words.
fn size(app: &App, language: Language, metres: f64) -> String {
    // As the script says it.
    if metres < 1_000_000.0 {
        let hectares = (metres / 10_000.0).max(1.0);
        return app.text(language, "patch-hectares", &[("n", &format!("{hectares:.0}"))]);
    }
    let number = format!("{:.1}", metres / 1_000_000.0);
    // English alone writes a point.
    let number = if language.as_str() == "en" { number } else { number.replace('.', ",") };
    app.text(language, "patch-kilometres", &[("n", &number)])
}

/// What a patch is, for the list of somebody's places: a line, and a picture.
pub(super) fn shown(app: &App, language: Language, name: &str, patch: &Patch) -> (String, Sketch) {
    let text = |key: &str, args: &[(&str, &str)]| app.text(language, key, args);
    let what = match patch {
        Patch::Circle { metres, .. } => text("patch-around", &[("far", &far(app, language, *metres))]),
        Patch::Polygon { .. } => text("patch-drawn", &[("size", &size(app, language, patch.square_metres()))]),
    };
    let (city, outline) = (&app.site.city, patch.outline());
    let districts: Vec<&str> = city.areas.meeting(&outline).map(|area| in_language(&area.names, language)).collect();
    let line = if districts.is_empty() {
        what
    } else {
        format!("{what} {}", text("patch-in", &[("districts", &districts.join(", "))]))
    };
    (line, sketch(city, patch, text("patch-picture", &[("name", name)]), language))
}

/// The name of the field for how far around an address.
pub(super) const RADIUS_FIELD: &str = "place_radius";

/// How far around an address somebody wants to hear of single cases: a choice that needs no script.
pub(super) fn radius(app: &App, language: Language, typed: Option<&str>) -> Choice {
    let chosen = typed.map_or(Some(USUAL), |typed| typed.parse().ok());
    let option = |value: Option<u32>| Opt {
        name: RADIUS_FIELD.to_owned(),
        value: value.map(|metres| metres.to_string()).unwrap_or_default(),
        label: match value {
            Some(metres) => app.text(language, "patch-until", &[("far", &far(app, language, metres))]),
            None => app.text(language, "patch-none", &[]),
        },
        checked: value == chosen,
        ..Opt::default()
    };
    Choice {
        id: RADIUS_FIELD.to_owned(),
        legend: app.text(language, "places-radius", &[]),
        hint: Some(app.text(language, "places-radius-hint", &[])),
        options: Patch::RADII.into_iter().map(Some).chain([None]).map(option).collect(),
        ..Choice::default()
    }
    .done()
}

/// What is wrong with something drawn, and what to do, in words of the page.
pub(super) fn wrong(app: &App, language: Language, wrong: WrongPatch) -> String {
    app.text(language, &format!("patch-wrong-{}", wrong.as_str()), &[])
}

/// The map to draw on, as the template is given it.
#[derive(Serialize)]
pub(super) struct Drawing {
    script: String,
    base: String,
    sheet: String,
    bounds: String,
    words: String,
    attribution: String,
    shapes: Choice,
    radii: Vec<Opt>,
    label: Field,
    points: String,
    radius: String,
    error: Option<String>,
    /// Something was drawn already: the map is open.
    opened: bool,
    /// It has a button of its own.
    keep: bool,
}

impl Drawing {
    /// The map, with what was drawn and what is wrong with it; nothing in a build without the scripts that Node makes.
    /// `keep`: it stands in a form of its own.
    pub(super) fn of(
        app: &App,
        language: Language,
        drawn: &Drawn,
        faulty: Option<WrongPatch>,
        keep: bool,
    ) -> Option<Self> {
        if !app.assets.has(SCRIPT) {
            return None;
        }
        let (city, root) = (&app.site.city, app.assets.root());
        let text = |key: &str| app.text(language, key, &[]);
        let shape = |value: &str, checked: bool| Opt {
            name: "drawn_how".to_owned(),
            value: value.to_owned(),
            label: text(&format!("patch-{value}")),
            checked,
            ..Opt::default()
        };
        let radius = |metres: u32| Opt {
            value: metres.to_string(),
            label: far(app, language, metres),
            checked: metres == USUAL,
            ..Opt::default()
        };
        let short = |text: &str, most: usize| -> String { text.chars().take(most).collect() };
        Some(Self {
            script: format!("{root}/{SCRIPT}"),
            base: base::style_address(city).to_owned(),
            sheet: format!("{root}/map.css"),
            bounds: picture_bounds(city),
            // What is made of texts alone can be written.
            words: serde_json::to_string(&words(app, language)).unwrap_or_default(),
            attribution: base::attribution(city),
            shapes: Choice {
                id: "drawn_how".to_owned(),
                legend: text("patch-how"),
                options: vec![shape("circle", true), shape("polygon", false)],
                ..Choice::default()
            }
            .done(),
            radii: Patch::RADII.map(radius).into(),
            label: Field {
                id: Drawn::LABEL.to_owned(),
                name: Drawn::LABEL.to_owned(),
                label: text("patch-label"),
                hint: Some(text("patch-label-hint")),
                value: short(&drawn.label, 200),
                autocomplete: "off",
                max: OwnPlace::MOST_OF_LABEL,
                optional: true,
                ..Field::default()
            }
            .done(),
            // As much as a polygon may have, and a little more: what is too much stays what it was.
            points: short(&drawn.points, 40 * Patch::MOST_POINTS),
            radius: short(&drawn.radius, 8),
            error: faulty.map(|faulty| wrong(app, language, faulty)),
            opened: !drawn.is_empty(),
            keep,
        })
    }
}

/// What the script says. What it fills in itself stands in braces.
fn words(app: &App, language: Language) -> BTreeMap<&'static str, String> {
    let given = [("n", "{n}"), ("more", "{more}"), ("far", "{far}"), ("size", "{size}")];
    let word = |key: &'static str, text: &str| (key, app.text(language, text, &given));
    BTreeMap::from([
        word("title", "patch-map"),
        word("in", "map-in"),
        word("out", "map-out"),
        word("failed", "patch-failed"),
        word("how-circle", "patch-how-circle"),
        word("how-polygon", "patch-how-polygon"),
        word("none", "patch-said-none"),
        word("circle", "patch-said-circle"),
        word("point", "patch-said-point"),
        word("open", "patch-said-open"),
        word("closed", "patch-said-closed"),
        word("crossed", "patch-said-crossed"),
        word("many", "patch-wrong-many"),
        word("hectares", "patch-hectares"),
        word("kilometres", "patch-kilometres"),
    ])
}
