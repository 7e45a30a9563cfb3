//! "There is a telephone number in your words": said once before a report is sent, where its words may become public.

use crate::app::App;
use adapters::intake::form::{FormData, field};
use schemas::{
    city::{Category, Publicity},
    redact,
    report::{Kind, Language},
};
use serde::Serialize;

/// That it was said.
pub const TOLD: &str = "told_personal";

/// What was found in the words of a form.
#[derive(Serialize)]
pub struct Personal {
    /// In words: "a telephone number, a mail address".
    what: String,
}

/// What of the words in `form` may be personal data that others could read.
pub fn found(app: &App, language: Language, category: &Category, form: &FormData) -> Option<Personal> {
    let city = &app.site.city;
    let kind = form.get(field::KIND).and_then(Kind::parse).unwrap_or(category.kind);
    if !city.publish.has_words() || category.publicity != Publicity::Public || !city.kinds.of(kind).public {
        return None;
    }
    // What is too long is refused anyway.
    let words: String = form.get(field::WORDS)?.chars().take(schemas::submission::MAX_WORDS).collect();
    let mut kinds: Vec<redact::Kind> = redact::find(&words, &city.country).iter().map(|found| found.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let name = |kind: &redact::Kind| app.text(language, &format!("personal-{}", kind.as_str().replace('_', "-")), &[]);
    let what = kinds.iter().map(name).collect::<Vec<_>>().join(", ");
    (!what.is_empty()).then_some(Personal { what })
}

/// Whether it has still to be said before `form` is taken.
pub fn is_to_be_said(app: &App, language: Language, form: &FormData) -> bool {
    let category = form.get(field::CATEGORY).and_then(|id| app.site.city.category(id.trim()));
    form.get(TOLD).is_none() && category.is_some_and(|category| found(app, language, category, form).is_some())
}
