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
pub const FOLDER: &str = "texts/";

/// The file of `language` in a city folder: `texts/de.ftl`.
pub fn file_of(language: Language) -> String {
    format!("{FOLDER}{}.ftl", language.as_str())
}

/// The further languages that `files` has texts for, in the order of their codes.
pub fn languages(files: &Files) -> impl Iterator<Item = Language> {
    let codes = files.keys().filter_map(|path| path.strip_prefix(FOLDER)?.strip_suffix(".ftl"));
    codes.filter_map(|code| Language::parse(code).filter(|found| found.as_str() == code && !found.is_built_in()))
}

/// What is wrong with a text of Fluent: how many bytes stand before it, and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Bytes before it.
    pub at: usize,
    /// A sentence without its end.
    pub why: String,
}

/// Reads a file of Fluent as far as it can be read.
pub fn read(text: &str) -> (FluentResource, Vec<Unreadable>) {
    let mut wrong = Vec::new();
    // The reader of Fluent cuts such an escape where it may not be cut.
    let escapes = [("\\u", 4), ("\\U", 6)].into_iter().flat_map(|(mark, digits)| {
        let broken = move |(at, _): &(usize, &str)| {
            let after = text.get(at + mark.len()..at + mark.len() + digits);
            !after.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
        };
        text.match_indices(mark).filter(broken)
    });
    let escapes = escapes.take(MOST);
    wrong.extend(escapes.map(|(at, mark)| Unreadable { at, why: format!("`{mark}` is not followed by its digits") }));
    wrong.extend(deep(text).map(|at| Unreadable { at, why: format!("more than {DEEPEST} braces inside each other") }));
    if !wrong.is_empty() {
        return (FluentResource::try_new(String::new()).unwrap_or_else(|(read, _)| read), wrong);
    }
    // Editors put a mark before the first letter that nobody sees.
    let plain = text.strip_prefix('\u{feff}').unwrap_or(text);
    match FluentResource::try_new(plain.to_owned()) {
        Ok(resource) => (resource, wrong),
        Err((resource, errors)) => {
            let before = text.len() - plain.len();
            let told =
                errors.iter().take(MOST).map(|e| Unreadable { at: e.pos.start + before, why: e.kind.to_string() });
            (resource, told.collect())
        }
    }
}

/// So much of one kind is told of a file.
const MOST: usize = 50;
/// So many braces are inside each other at most: the reader of Fluent and whoever walks through what it read go one step down
/// for each.
const DEEPEST: usize = 20;

/// The first place in `text` where too many braces are inside each other.
fn deep(text: &str) -> Option<usize> {
    let (mut depth, mut quoted, mut escaped, mut at_start) = (0_usize, false, false, true);
    for (at, byte) in text.bytes().enumerate() {
        // What is not indented begins anew.
        if at_start && !matches!(byte, b' ' | b'\n' | b'\r' | b'{' | b'}') {
            depth = 0;
        }
        at_start = byte == b'\n';
        if quoted {
            quoted = byte != b'\n' && (byte != b'"' || escaped);
            escaped = byte == b'\\' && !escaped;
            continue;
        }
        match byte {
            b'{' => depth += 1,
            b'(' if depth > 0 => depth += 1,
            b'}' | b')' => depth = depth.saturating_sub(1),
            b'"' if depth > 0 => (quoted, escaped) = (true, false),
            _ => {}
        }
        if depth > DEEPEST {
            return Some(at);
        }
    }
    None
}

/// A bundle for texts of `language`; `None` when Fluent does not know it.
pub fn bundle(language: Language) -> Option<FluentBundle<FluentResource>> {
    let mut bundle = FluentBundle::new_concurrent(vec![language.as_str().parse().ok()?]);
    // Isolating characters would travel into copied references and addresses. From right to left they keep the two halves
    // of a number in their order (UAX 9).
    bundle.set_use_isolating(language.is_right_to_left());
    // `NUMBER()`; only a second one of the name is refused.
    bundle.add_builtins().ok()?;
    Some(bundle)
}

/// What is filled in, for Fluent. A number chooses a plural; the minutes `05` stay as they are.
pub fn filled<'a>(args: &[(&'a str, &'a str)]) -> FluentArgs<'a> {
    let mut given = FluentArgs::new();
    for (name, value) in args {
        let number = value.parse::<u32>().ok().filter(|number| number.to_string() == *value);
        given.set(*name, number.map_or_else(|| FluentValue::from(*value), FluentValue::from));
    }
    given
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
            let (resource, _) = read(files.get(&file_of(language))?);
            let mut bundle = bundle(language)?;
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
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(&filled(args)), &mut errors).into_owned();
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
        assert_eq!(further.fill(ar, HELLO, &[("name", "1234 5678")]), "Hello 1234 5678, 1234 5678!");
        assert_eq!(further.say(de, BYE), "Goodbye", "English for what is not there");
        assert_eq!(further.say(Language::NL, BYE), "Tot ziens");
        assert_eq!(further.fill(Language::EN, HELLO, &[("name", "{ $name }")]), "Hello { $name }, { $name }!");
        assert_eq!(further.text(de, "hello", &[]), None, "nothing is said by half");
    }

    #[test]
    fn what_cannot_be_read_is_told_and_never_breaks_the_reader() {
        for (text, at) in [
            ("a = {\"\\uß\"}", Some(6)),
            ("a = {\"\\u00A\"}", Some(6)),
            ("a = {\"\\u00A0\"}", None),
            ("a = \\u", Some(4)),
            ("\u{feff}a = b", None),
            ("\u{feff}a b\n", Some(5)),
            ("a = {\"{{{{{{{{{{{{{{{{{{{{{{{{{\"}(((((((((((((((((((((((((((((", None),
        ] {
            assert_eq!(read(text).1.first().map(|wrong| wrong.at), at, "{text}");
        }
        let files = files(&[(
            "texts/pl.ftl",
            "\u{feff}hello = { NUMBER($name) ->\n    [few] kilka\n   *[other] { $name }\n }\n",
        )]);
        let further = Further::read(&files);
        let pl = Language::parse("pl").unwrap();
        let said = ["3", "5", "05"].map(|number| further.text(pl, "hello", &[("name", number)]));
        assert_eq!(said[..2], [Some("kilka".to_owned()), Some("5".to_owned())]);
    }

    proptest::proptest! {
        #[test]
        fn nothing_breaks_the_reader(text in "(\\PC|\n|[ =.*{}\\[\\]\"$#-]|\\\\u|\\\\U|a = ){0,40}") {
            let (_, wrong) = read(&text);
            proptest::prop_assert!(wrong.iter().all(|wrong| wrong.at <= text.len()));
        }
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
