//! The map on which somebody puts a pin, in a form that has fields for latitude and longitude. It loads when it is opened, and
//! is not there without a script.

use super::map::picture_bounds;
use crate::{app::App, map::base};
use schemas::report::Language;
use serde::Serialize;
use std::collections::BTreeMap;

/// What the built script is called.
const SCRIPT: &str = "pin.js";

/// What the template is given.
#[derive(Debug, Clone, Serialize)]
pub struct Pin {
    script: String,
    base: String,
    sheet: String,
    bounds: String,
    words: String,
    attribution: String,
}

impl Pin {
    /// The map; nothing in a build without the scripts that Node makes.
    pub fn of(app: &App, language: Language) -> Option<Self> {
        if !app.assets.has(SCRIPT) {
            return None;
        }
        let (city, root) = (&app.site.city, app.assets.root());
        let word = |key: &'static str, text: &str| (key, app.text(language, text, &[]));
        let words: BTreeMap<&str, String> = BTreeMap::from([
            word("title", "pin-title"),
            word("set", "pin-set"),
            word("looking", "pin-looking"),
            word("failed", "pin-failed"),
            word("nowhere", "pin-nowhere"),
            word("in", "map-in"),
            word("out", "map-out"),
        ]);
        Some(Self {
            script: format!("{root}/{SCRIPT}"),
            base: base::style_address(city).to_owned(),
            sheet: format!("{root}/map.css"),
            bounds: picture_bounds(city),
            // What is made of texts alone can be written.
            words: serde_json::to_string(&words).unwrap_or_default(),
            attribution: base::attribution(city),
        })
    }
}
