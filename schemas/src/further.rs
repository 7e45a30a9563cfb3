//! What is said in a further language: one file of the city, `texts/de.ftl`, with everything that residents read of ours in
//! that language, as Fluent (<https://projectfluent.org>). The file is there, so the city serves the language.
//!
//! What the file leaves out is said in English. Its parts: the texts of the pages, each [`Word`] of the program, the names
//! that the city gave ([`Names`]), and `notice-…`, what is sent.

mod names;

pub use names::Names;

use crate::{city::Files, report::Language};
use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use std::{borrow::Cow, collections::BTreeMap, fmt};

/// The folder of texts, within that of the city.
const FOLDER: &str = "texts/";

/// The file of `language` in a city folder: `texts/de.ftl`.
pub fn file_of(language: Language) -> String {
    format!("{FOLDER}{}.ftl", language.as_str())
}

/// The further languages that `files` has texts for, in the order of their codes.
pub fn languages(files: &Files) -> impl Iterator<Item = Language> {
    let codes = files.keys().filter_map(|path| path.strip_prefix(FOLDER)?.strip_suffix(".ftl"));
    codes.filter_map(|code| Language::parse(code).filter(|found| found.as_str() == code && !found.is_built_in()))
}

/// A word or a sentence that the program says, in the built-in languages; `{ $name }` is filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// Its key in the file of a further language.
    pub key: &'static str,
    /// In Dutch, French and English.
    pub said: [&'static str; 3],
}

impl Word {
    /// The word with this key: Dutch, French, English.
    pub const fn new(key: &'static str, said: [&'static str; 3]) -> Self {
        Self { key, said }
    }

    /// In a built-in language; in English for every other.
    pub fn in_built_in(&self, language: Language) -> &'static str {
        let [nl, fr, en] = self.said;
        match language {
            Language::NL => nl,
            Language::FR => fr,
            _ => en,
        }
    }
}

/// The words of schemas itself.
pub fn words() -> impl Iterator<Item = &'static Word> {
    let assets = crate::city::AssetKind::ALL.iter().map(|(_, kind)| kind.word());
    crate::spoken::words().chain(crate::left_out::words()).chain(assets)
}

/// The texts of the further languages of a city.
#[derive(Default)]
pub struct Further {
    bundles: BTreeMap<Language, FluentBundle<FluentResource>>,
}

impl Further {
    /// Reads them, as far as they can be read; what is wrong with them is for whoever checks the city.
    pub fn read(files: &Files) -> Self {
        let bundles = languages(files).filter_map(|language| {
            let text = files.get(&file_of(language))?.as_ref().to_owned();
            let resource = FluentResource::try_new(text).unwrap_or_else(|(read, _)| read);
            let mut bundle = FluentBundle::new_concurrent(vec![language.as_str().parse().ok()?]);
            // Isolating characters would travel into copied references and addresses.
            bundle.set_use_isolating(false);
            bundle.add_resource_overriding(resource);
            Some((language, bundle))
        });
        Self { bundles: bundles.collect() }
    }

    /// The text `key` in a further language, with what it names filled in; `None` when it is not there or names something
    /// that was not given.
    pub fn text(&self, language: Language, key: &str, args: &[(&str, &str)]) -> Option<String> {
        let bundle = self.bundles.get(&language)?;
        let pattern = bundle.get_message(key)?.value()?;
        let mut given = FluentArgs::new();
        for (name, value) in args {
            // A number chooses a plural; the minutes `05` stay as they are.
            let number = value.parse::<u32>().ok().filter(|number| number.to_string() == *value);
            given.set(*name, number.map_or_else(|| FluentValue::from(*value), FluentValue::from));
        }
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(&given), &mut errors).into_owned();
        errors.is_empty().then_some(text)
    }

    /// `word` in `language`.
    pub fn say(&self, language: Language, word: &'static Word) -> Cow<'static, str> {
        match self.text(language, word.key, &[]) {
            Some(text) => Cow::Owned(text),
            None => Cow::Borrowed(word.in_built_in(language)),
        }
    }

    /// `word` in `language`, with `args` filled in.
    pub fn fill(&self, language: Language, word: &'static Word, args: &[(&str, &str)]) -> String {
        if let Some(text) = self.text(language, word.key, args) {
            return text;
        }
        let mut rest = word.in_built_in(language);
        let mut out = String::with_capacity(rest.len() + 32);
        // One walk, so that what was filled in is never read as a place to fill in.
        while let Some((before, after)) = rest.split_once("{ $") {
            let (name, after) = after.split_once(" }").unwrap_or((after, ""));
            out.push_str(before);
            out.push_str(args.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value));
            rest = after;
        }
        out.push_str(rest);
        out
    }
}

impl fmt::Debug for Further {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.bundles.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const HELLO: &Word = &Word::new("hello", ["Dag { $name }", "Bonjour { $name }", "Hello { $name }, { $name }!"]);
    const BYE: &Word = &Word::new("bye", ["Tot ziens", "Au revoir", "Goodbye"]);

    fn files(texts: &[(&str, &str)]) -> Files {
        texts.iter().map(|(path, text)| ((*path).to_owned(), (*text).into())).collect()
    }

    #[test]
    fn a_file_makes_a_language() {
        let files = files(&[
            ("texts/de.ftl", "hello = Hallo { $name }\n"),
            ("texts/ar.ftl", "bye = مع السلامة\n"),
            ("texts/nl.ftl", "bye = Houdoe\n"),
            ("texts/xx.ftl", ""),
            ("texts/README.md", ""),
        ]);
        let found: Vec<&str> = languages(&files).map(Language::as_str).collect();
        assert_eq!(found, ["ar", "de"]);
        let further = Further::read(&files);
        let [de, ar] = ["de", "ar"].map(|code| Language::parse(code).unwrap());
        assert_eq!(further.fill(de, HELLO, &[("name", "{ $name } An")]), "Hallo { $name } An");
        assert_eq!(further.say(ar, BYE), "مع السلامة");
        assert_eq!(further.say(de, BYE), "Goodbye", "English for what is not there");
        assert_eq!(further.say(Language::NL, BYE), "Tot ziens");
        assert_eq!(further.fill(Language::EN, HELLO, &[("name", "{ $name }")]), "Hello { $name }, { $name }!");
        assert_eq!(further.text(de, "hello", &[]), None, "nothing is said by half");
    }

    #[test]
    fn the_file_alone_makes_the_city_serve_it() {
        let mut files = crate::city::sample::files();
        let german = "category-wegen_put = Schlagloch\ngroup-wegen = Straßen\nmonth-may = Mai\ndate-day = { $day }. { $month }\n";
        files.insert("texts/de.ftl".to_owned(), german.into());
        let (city, faults) = crate::city::City::read(files.clone());
        assert_eq!(faults, [], "what it leaves out is for who reads the texts to tell");
        let city = city.unwrap();
        let codes: Vec<&str> = city.languages.iter().map(|language| language.as_str()).collect();
        assert_eq!(codes, ["nl", "fr", "en", "de"]);
        let de = Language::parse("de").unwrap();
        let name = |language| crate::city::in_language(&city.category("wegen/put").unwrap().names, language);
        assert_eq!((name(de), name(Language::EN)), ("Schlagloch", "Pothole in the road"));
        assert_eq!(crate::spoken::day(&city.further, de, "2026-05-03".parse().unwrap()), "3. Mai");
        assert_eq!(city.answers_in(de), de);
        let [pl, sample] = [Language::parse("pl").unwrap(), crate::city::sample::city().answers_in(de)];
        assert_eq!((city.answers_in(pl), sample), (Language::NL, Language::NL), "the city's own for every other");

        let order = |languages: &str| {
            let city = files["city.yaml"].replace("languages: [nl, fr, en]", languages);
            assert_ne!(city, *files["city.yaml"]);
            let mut files = files.clone();
            files.insert("city.yaml".to_owned(), city.into());
            crate::city::City::read(files)
        };
        let named = order("languages: [nl, de]").0.unwrap();
        assert_eq!(named.languages, [Language::NL, de]);
        let (none, faults) = order("languages: [de, nl]");
        assert!(none.is_none() && faults.iter().any(|fault| fault.help.contains("before it")), "{faults:?}");
    }

    #[test]
    fn every_word_has_a_key_of_its_own_and_names_the_same_in_every_language() {
        let mut seen = BTreeSet::new();
        for word in words() {
            assert!(seen.insert(word.key), "{}", word.key);
            let named = word.said.map(|text| text.split("{ $").skip(1).filter_map(|r| r.split(" }").next()).collect());
            let [nl, fr, en]: [BTreeSet<&str>; 3] = named;
            assert!(nl == fr && fr == en, "{}", word.key);
        }
        assert!(seen.len() > 50);
    }
}
