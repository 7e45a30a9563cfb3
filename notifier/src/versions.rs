//! Which words a notice is written with: every file that tells one event in one language, under one name.
//! A notice keeps the name from when it was planned, so that each try of it says the same. Pure.

use crate::render::{BUILT_IN_LAYOUT, FOOT, Form, LAYOUT, file_of};
use schemas::{city::Files, report::Language};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// Under which name the city's colour stands among the texts.
const ACCENT: &str = "accent";
/// How many bytes of the digest name a version: 48 bits tell some thousand versions apart.
const NAME: usize = 6;

/// The words of one event in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The head of the SHA-256 of the texts: 12 hexadecimal digits.
    pub name: String,
    /// Each file by its path in the city folder, and the city's colour.
    pub texts: BTreeMap<String, String>,
}

impl Version {
    /// These texts, under the name that is theirs.
    pub fn new(texts: BTreeMap<String, String>) -> Self {
        let mut digest = Sha256::new();
        for (path, text) in &texts {
            // The lengths keep what stands in one text from standing in another.
            for part in [path, text] {
                digest.update((part.len() as u64).to_be_bytes());
                digest.update(part);
            }
        }
        let name = digest.finalize().iter().take(NAME).map(|byte| format!("{byte:02x}")).collect();
        Self { name, texts }
    }

    /// The files as a city folder has them, and its colour.
    pub(crate) fn files(&self) -> (Files, &str) {
        let files = self.texts.iter().filter(|(path, _)| *path != ACCENT);
        let files = files.map(|(path, text)| (path.clone(), text.as_str().into())).collect();
        (files, self.texts.get(ACCENT).map_or("#1d4f91", String::as_str))
    }
}

/// The version of `event` in `language` that the `files` of a city give.
pub(crate) fn of(files: &Files, event: &str, language: Language, accent: &str) -> Version {
    let layout = files.get(LAYOUT).map_or(BUILT_IN_LAYOUT, |own| own).to_owned();
    let mut texts = BTreeMap::from([(LAYOUT.to_owned(), layout), (ACCENT.to_owned(), accent.to_owned())]);
    texts.extend([
        file_of(files, event, Form::Mail, language),
        file_of(files, event, Form::Short, language),
        file_of(files, FOOT, Form::Mail, language),
    ]);
    Version::new(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_that_of_the_words_and_of_nothing_else() {
        let version = |texts: &[(&str, &str)]| {
            Version::new(texts.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect())
        };
        let one = version(&[("a", "x"), ("b", "y")]);
        assert_eq!(one.name.len(), 12);
        assert_eq!(one, version(&[("b", "y"), ("a", "x")]));
        for other in [version(&[("a", "xb"), ("", "y")]), version(&[("a", "x")]), version(&[("a", "y"), ("b", "x")])] {
            assert_ne!(one.name, other.name);
        }
    }

    #[test]
    fn each_event_and_language_has_its_own_and_a_changed_foot_changes_all() {
        let mut files = Files::new();
        let of = |files: &Files, event, language| super::of(files, event, language, "#1d4f91").name;
        let before = of(&files, "note", Language::NL);
        assert_ne!(before, of(&files, "note", Language::FR));
        assert_ne!(before, of(&files, "solved", Language::NL));
        files.insert("templates/solved/mail.nl.hbs".into(), "subject: x".into());
        assert_eq!(before, of(&files, "note", Language::NL));
        for path in ["templates/foot/mail.nl.hbs", "templates/layout.hbs", "templates/note/short.nl.hbs"] {
            let changed: Files = [(path.to_owned(), "x".into())].into();
            assert_ne!(before, of(&changed, "note", Language::NL), "{path}");
        }
        assert_ne!(before, super::of(&files, "note", Language::NL, "#aa0000").name);
    }
}
