//! What the pages say, in every language: one Fluent file per language in `texts/`. A text that is
//! missing, or that lacks an argument, is an error and never an empty spot; a test renders them all. A city says single
//! texts in its own words: `texts/` of its folder.

mod own;

pub use own::{Folder, Starter, check, starter};

use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};
use rust_embed::RustEmbed;
use schemas::{city::Files, further, report::Language};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

#[derive(RustEmbed)]
#[folder = "texts"]
struct Built;

/// The embedded file of a language; of a further one the English, which says what its own file leaves out.
fn built(language: Language) -> Option<String> {
    let language = if language.is_built_in() { language } else { Language::EN };
    String::from_utf8(Built::get(&format!("{}.ftl", language.as_str()))?.data.into_owned()).ok()
}

/// Why a text cannot be said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoText {
    /// The file of a language cannot be read.
    #[error("texts/{0}.ftl: {1}")]
    File(&'static str, String),
    /// There is no such text.
    #[error("the text `{key}` is missing in {language}")]
    Missing {
        /// Its key.
        key: String,
        /// In which language.
        language: &'static str,
    },
    /// It names something that was not given.
    #[error("the text `{key}` in {language}: {why}")]
    Broken {
        /// Its key.
        key: String,
        /// In which language.
        language: &'static str,
        /// What Fluent says.
        why: String,
    },
}

/// Every text of the pages, in every language.
pub struct Texts {
    /// What we say, and in a further language the English.
    ours: BTreeMap<Language, FluentBundle<FluentResource>>,
    /// The same with the texts of the city in its place: they are said while they can be.
    theirs: BTreeMap<Language, FluentBundle<FluentResource>>,
    /// Those of the city that could not be said.
    told: Mutex<BTreeSet<(Language, String)>>,
}

impl Texts {
    /// Reads the embedded texts.
    #[cfg(test)]
    pub fn read() -> Result<Self, NoText> {
        Self::of(&Files::new())
    }

    /// Reads the embedded texts, and over them those of the city whose folder this is.
    pub fn of(files: &Files) -> Result<Self, NoText> {
        let (mut ours, mut theirs) = (BTreeMap::new(), BTreeMap::new());
        for language in Language::BUILT_IN.into_iter().chain(further::languages(files)) {
            let name = language.as_str();
            let wrong = |why: String| NoText::File(name, why);
            let text = built(language).ok_or_else(|| wrong("is not there, or no text".to_owned()))?;
            let bundle = || -> Result<FluentBundle<FluentResource>, NoText> {
                let (resource, unreadable) = further::read(&text);
                if let Some(one) = unreadable.first() {
                    return Err(wrong(format!("{one:?}")));
                }
                let bundle = further::bundle(language).ok_or_else(|| wrong("is in no language of Fluent".to_owned()));
                let mut bundle = bundle?;
                bundle.add_resource(resource).map_err(|errors| wrong(format!("{errors:?}")))?;
                Ok(bundle)
            };
            if let Some(resource) = own::resource(files, language) {
                let mut with = bundle()?;
                with.add_resource_overriding(resource);
                theirs.insert(language, with);
            }
            ours.insert(language, bundle()?);
        }
        Ok(Self { ours, theirs, told: Mutex::default() })
    }

    /// The text `key` in `language`, with what it names filled in. Plain text: whoever writes it
    /// into HTML escapes it.
    pub fn get(&self, language: Language, key: &str, args: &[(&str, &str)]) -> Result<String, NoText> {
        self.say(language, key, &further::filled(args))
    }

    /// As [`Texts::get`], with Fluent's own arguments: numbers choose plurals.
    pub fn say(&self, language: Language, key: &str, args: &FluentArgs<'_>) -> Result<String, NoText> {
        let ours = self
            .ours
            .get(&language)
            .ok_or_else(|| NoText::Missing { key: key.to_owned(), language: language.as_str() });
        let Some(theirs) = self.theirs.get(&language) else { return said(ours?, language, key, args) };
        said(theirs, language, key, args).or_else(|error| {
            let text = said(ours?, language, key, args)?;
            // Once is enough.
            if self.told.lock().unwrap_or_else(PoisonError::into_inner).insert((language, key.to_owned())) {
                tracing::warn!(%error, "a text of the city cannot be said, so ours is");
            }
            Ok(text)
        })
    }

    /// The languages that there are texts in.
    pub fn languages(&self) -> impl Iterator<Item = Language> {
        self.ours.keys().copied()
    }

    /// Whether there is a text `key` of ours in `language`.
    pub fn has(&self, language: Language, key: &str) -> bool {
        self.ours.get(&language).is_some_and(|bundle| bundle.has_message(key))
    }
}

/// The text `key` of `bundle`.
fn said(
    bundle: &FluentBundle<FluentResource>,
    language: Language,
    key: &str,
    args: &FluentArgs<'_>,
) -> Result<String, NoText> {
    let name = language.as_str();
    let missing = || NoText::Missing { key: key.to_owned(), language: name };
    let pattern = bundle.get_message(key).and_then(|message| message.value()).ok_or_else(missing)?;
    let mut errors = Vec::new();
    let text = bundle.format_pattern(pattern, Some(args), &mut errors).into_owned();
    match errors.first() {
        None => Ok(text),
        Some(error) => Err(NoText::Broken { key: key.to_owned(), language: name, why: error.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::{own::Said, *};
    use std::collections::{BTreeMap, BTreeSet};

    /// Each key with the variables it names.
    fn keys(language: Language) -> BTreeMap<String, BTreeSet<String>> {
        let text = built(language).unwrap();
        let mut keys = BTreeMap::new();
        for Said { key, variables, .. } in Said::all(&text) {
            assert!(keys.insert(key.clone(), variables).is_none(), "{key} is there twice");
        }
        keys
    }

    #[test]
    fn every_language_says_the_same_things() {
        let texts = Texts::read().unwrap();
        let dutch = keys(Language::NL);
        assert!(dutch.len() > 100);
        for language in Language::BUILT_IN {
            let theirs = keys(language);
            for (key, variables) in &dutch {
                assert!(texts.has(language, key), "{key} is missing in {}", language.as_str());
                assert_eq!(theirs.get(key), Some(variables), "{key} in {}", language.as_str());
            }
            for key in theirs.keys() {
                assert!(dutch.contains_key(key), "{key} is only in {}", language.as_str());
            }
        }
    }

    #[test]
    fn a_missing_text_or_argument_is_an_error() {
        let texts = Texts::read().unwrap();
        assert!(matches!(texts.get(Language::FR, "no-such-text", &[]), Err(NoText::Missing { .. })));
        assert!(matches!(texts.get(Language::FR, "photo-alt", &[]), Err(NoText::Broken { .. })));
    }
}
