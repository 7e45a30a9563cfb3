//! The templates that come with Voordeur, and the files of a city that take their place.

use schemas::{city::Files, fault::Fault, report::Language};

/// What ends every mail.
pub(crate) const FOOT: &str = "foot";
/// The frame around the HTML part.
pub(crate) const LAYOUT: &str = "templates/layout.hbs";
/// The form of a template: the words of a mail or a letter, or what fits in a text message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Mail,
    Short,
    /// What ends a letter on paper.
    Letter,
}

impl Form {
    pub(crate) const ALL: [Self; 3] = [Self::Mail, Self::Short, Self::Letter];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Short => "short",
            Self::Letter => "letter",
        }
    }
}

macro_rules! built_in {
    ($form:literal: $($event:literal),*) => {
        [$(
            built_in!(@ $form, $event, "nl"), built_in!(@ $form, $event, "fr"), built_in!(@ $form, $event, "en"),
        )*]
    };
    (@ $form:literal, $event:literal, $language:literal) => {
        (
            concat!("templates/", $event, "/", $form, ".", $language, ".hbs"),
            include_str!(concat!("../../templates/", $event, "/", $form, ".", $language, ".hbs")),
        )
    };
}

/// The templates that come with Voordeur, by the path under which a city replaces them.
static BUILT_IN: [&[(&str, &str)]; 3] = [
    &built_in!(
        "mail": "received", "routed", "planned", "note", "solved", "declined", "answered", "referred", "asked",
        "slipping", "reopened", "merged", "split", "accepted", "broadcast", "digest", "proof", "foot"
    ),
    &built_in!(
        "short": "received", "routed", "planned", "note", "solved", "declined", "answered", "referred", "asked",
        "slipping", "reopened", "merged", "split", "accepted", "broadcast", "proof"
    ),
    &built_in!("letter": "foot"),
];

/// Every template that there is, as its event and its form.
pub(crate) fn templates() -> impl Iterator<Item = (&'static str, Form)> {
    built_in().filter(|(path, _)| path.ends_with(".nl.hbs")).filter_map(|(path, _)| {
        let (event, file) = path.strip_prefix("templates/")?.split_once('/')?;
        Some((event, Form::ALL.into_iter().find(|form| file.starts_with(form.name()))?))
    })
}

fn built_in() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    BUILT_IN.into_iter().flatten()
}
pub(crate) static BUILT_IN_LAYOUT: &str = include_str!("../../templates/layout.hbs");

/// The template of `event`: the city's own, or the built-in one; the English one in a further language.
pub(crate) fn file_of(files: &Files, event: &str, form: Form, language: Language) -> (String, String) {
    let path = format!("templates/{event}/{}.{}.hbs", form.name(), language.as_str());
    let source = match files.get(&path) {
        Some(own) => own.to_string(),
        None => {
            let language = if language.is_built_in() { language } else { Language::EN };
            let path = format!("templates/{event}/{}.{}.hbs", form.name(), language.as_str());
            built_in().find(|(name, _)| *name == path).map_or_else(String::new, |(_, text)| (*text).to_owned())
        }
    };
    (path, source)
}

pub(super) fn unknown_files(files: &Files, languages: &[Language]) -> Vec<Fault> {
    let all = || Language::BUILT_IN.iter().chain(languages.iter().filter(|language| !language.is_built_in()));
    let of = |path: &str, (event, form): (&str, Form)| {
        all().any(|language| path == format!("templates/{event}/{}.{}.hbs", form.name(), language.as_str()))
    };
    let known = |path: &str| path == LAYOUT || templates().any(|template| of(path, template));
    files
        .keys()
        .filter(|path| path.starts_with("templates/") && path.ends_with(".hbs") && !known(path))
        .map(|path| {
            let events = context_words().join(", ");
            let help = format!("name it templates/<event>/mail.<language>.hbs or short.<language>.hbs with one of {events}, {FOOT} and one of {}; or remove it", all().map(|language| language.as_str()).collect::<Vec<_>>().join(", "));
            Fault::error(path, (0, 0), "no mail is made from this file", help)
        })
        .collect()
}

fn context_words() -> Vec<&'static str> {
    let mut words: Vec<_> =
        BUILT_IN[0].iter().filter_map(|(path, _)| path.split('/').nth(1)).filter(|w| *w != FOOT).collect();
    words.dedup();
    words
}
