//! Advice on the words of a city: how plain its own mails are. Pure.

use crate::{
    Templates, context,
    plain::{self, Level, Reading},
};
use schemas::{city::City, report::Language};
use serde::Serialize;

/// Advice on one template.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Advice {
    /// The file, by its path in the city folder.
    pub file: String,
    /// How it reads, filled in with a sample.
    pub reading: Reading,
}

/// Advice on the mails that the city wrote itself, and that are harder than plain or have words that could be
/// plainer. Those that come with Voordeur are held to it by a test.
pub fn advice(city: &City, templates: &Templates) -> Vec<Advice> {
    let mut found = Vec::new();
    for sample in context::samples(city, true) {
        let event = sample.word();
        for language in Language::BUILT_IN {
            let file = format!("templates/{event}/mail.{}.hbs", language.as_str());
            if !city.files.contains_key(&file) {
                continue;
            }
            let rendered = templates.render(city, "https://example.org", &sample.facts(), language);
            let reading = rendered.ok().and_then(|mail| plain::judge(&mail.text, language));
            let hard = |reading: &Reading| reading.level > Level::Plain || !reading.hints.is_empty();
            found.extend(reading.filter(hard).map(|reading| Advice { file, reading }));
        }
    }
    found
}
