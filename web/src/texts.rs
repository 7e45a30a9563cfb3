//! What the pages say, in every language: one Fluent file per language in `texts/`. A text that is
//! missing, or that lacks an argument, is an error and never an empty spot; a test renders them all. A city says single
//! texts in its own words: `texts/` of its folder.

mod own;

pub use own::{Folder, Starter, check, starter};

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use rust_embed::RustEmbed;
use schemas::{city::Files, further, report::Language};
use std::collections::BTreeMap;

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
    bundles: BTreeMap<Language, FluentBundle<FluentResource>>,
}

impl Texts {
    /// Reads the embedded texts.
    #[cfg(test)]
    pub fn read() -> Result<Self, NoText> {
        Self::of(&Files::new())
    }

    /// Reads the embedded texts, and over them those of the city whose folder this is.
    pub fn of(files: &Files) -> Result<Self, NoText> {
        let mut bundles = BTreeMap::new();
        for language in Language::BUILT_IN.into_iter().chain(further::languages(files)) {
            let name = language.as_str();
            let wrong = |why: String| NoText::File(name, why);
            let text = built(language).ok_or_else(|| wrong("is not there, or no text".to_owned()))?;
            let resource = FluentResource::try_new(text).map_err(|(_, errors)| wrong(format!("{errors:?}")))?;
            let id = name.parse().map_err(|e| wrong(format!("{e}")))?;
            let mut bundle = FluentBundle::new_concurrent(vec![id]);
            // Isolating characters would travel into copied references and addresses.
            bundle.set_use_isolating(false);
            bundle.add_resource(resource).map_err(|errors| wrong(format!("{errors:?}")))?;
            if let Some(theirs) = own::resource(files, language) {
                bundle.add_resource_overriding(theirs);
            }
            bundles.insert(language, bundle);
        }
        Ok(Self { bundles })
    }

    /// The text `key` in `language`, with what it names filled in. Plain text: whoever writes it
    /// into HTML escapes it.
    pub fn get(&self, language: Language, key: &str, args: &[(&str, &str)]) -> Result<String, NoText> {
        let mut given = FluentArgs::new();
        for (name, value) in args {
            given.set(*name, FluentValue::from(*value));
        }
        self.say(language, key, &given)
    }

    /// As [`Texts::get`], with Fluent's own arguments: numbers choose plurals.
    pub fn say(&self, language: Language, key: &str, args: &FluentArgs<'_>) -> Result<String, NoText> {
        let name = language.as_str();
        let missing = || NoText::Missing { key: key.to_owned(), language: name };
        let bundle = self.bundles.get(&language).ok_or_else(missing)?;
        let pattern = bundle.get_message(key).and_then(|message| message.value()).ok_or_else(missing)?;
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(args), &mut errors).into_owned();
        match errors.first() {
            None => Ok(text),
            Some(error) => Err(NoText::Broken { key: key.to_owned(), language: name, why: error.to_string() }),
        }
    }

    /// The languages that there are texts in.
    pub fn languages(&self) -> impl Iterator<Item = Language> {
        self.bundles.keys().copied()
    }

    /// Whether there is a text `key` in `language`.
    pub fn has(&self, language: Language, key: &str) -> bool {
        self.bundles.get(&language).is_some_and(|bundle| bundle.has_message(key))
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
