//! The words of a city: `texts/{nl,fr,en}.ftl` in its folder, each with single texts in the place of ours; and whole
//! languages, `texts/de.ftl` (see [`schemas::further`]).

mod refers;
mod starter;

pub use starter::{Starter, starter};

use super::built;
use fluent_bundle::FluentResource;
use schemas::{
    city::{City, Files},
    fault::{Fault, did_you_mean},
    further::{self, FOLDER, Names, Word},
    report::Language,
};
use std::collections::{BTreeMap, BTreeSet};

/// One text of a file.
pub(super) struct Said {
    /// Its key.
    pub key: String,
    /// The line it begins on, from 1.
    pub line: usize,
    /// The variables it names.
    pub variables: BTreeSet<String>,
}

impl Said {
    /// Every text of a Fluent file, in its order.
    pub fn all(file: &str) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for (line, number) in file.lines().zip(1..).filter(|(line, _)| !line.starts_with('#')) {
            let begins = line.starts_with(|c: char| c.is_ascii_alphabetic());
            if let Some((name, _)) = line.split_once('=').filter(|_| begins) {
                all.push(Self { key: name.trim_end().to_owned(), line: number, variables: BTreeSet::new() });
            }
            let Some(last) = all.last_mut() else { continue };
            for part in line.split('$').skip(1) {
                let name = part.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
                last.variables.insert(name);
            }
        }
        all
    }
}

/// The texts of the city in `language`, as far as they can be read.
pub(super) fn resource(files: &Files, language: Language) -> Option<FluentResource> {
    Some(further::read(files.get(&further::file_of(language))?).0)
}

/// A city, as far as it could be read, and the files of its folder.
#[derive(Clone, Copy)]
pub struct Folder<'a> {
    /// The files.
    pub files: &'a Files,
    /// The city; without it no name of it is called wrong.
    pub city: Option<&'a City>,
}

/// What is wrong with the texts of the city: a language that there is not, a text that is none of ours, a variable that it
/// is not given or that gets lost, and what is no Fluent. And what a further language leaves out, as a warning.
pub fn check(folder: Folder<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (path, text) in folder.files.iter().filter(|(path, _)| path.starts_with(FOLDER) && !path.ends_with(".md")) {
        match language_of(path) {
            Some(language) => {
                let judge =
                    Judge { path, language, known: &known(language, folder.city), whole: folder.city.is_some() };
                judge.judge(text, &mut faults);
            }
            None => faults.push(Fault::error(
                path,
                (0, 0),
                "these are texts in no language that there is",
                "name the file texts/nl.ftl, or by the two letters of another language (ISO 639-1): texts/de.ftl",
            )),
        }
    }
    faults
}

/// The language of a file, by its path.
fn language_of(path: &str) -> Option<Language> {
    let code = path.strip_prefix(FOLDER)?.strip_suffix(".ftl")?;
    Language::parse(code).filter(|language| language.as_str() == code)
}

/// The texts that a file of `language` may have, by key.
fn known(language: Language, city: Option<&City>) -> BTreeMap<String, Known> {
    let pages = built(language).unwrap_or_default();
    let pages = Said::all(&pages).into_iter().map(|said| (said.key, Known { variables: Some(said.variables) }));
    let mut known: BTreeMap<String, Known> = pages.collect();
    if !language.is_built_in() {
        known.extend(words().map(|word| {
            let said = Said::all(&format!("{} = {}", word.key, word.said[2]));
            (word.key.to_owned(), Known { variables: said.into_iter().next().map(|said| said.variables) })
        }));
        let names = city.map(|city| Names::all(city, language)).unwrap_or_default();
        known.extend(names.into_iter().map(|(key, _)| (key, Known { variables: Some(BTreeSet::new()) })));
        // Who reads what is sent judges what it is filled with.
        known.extend(notifier::further::notices(Language::EN).into_keys().map(|key| (key, Known { variables: None })));
    }
    known
}

/// A text that there may be: which variables it has to name, where that is known here.
struct Known {
    variables: Option<BTreeSet<String>>,
}

/// What the program says beside the pages.
fn words() -> impl Iterator<Item = &'static Word> {
    let says = schemas::further::words().chain(crate::dates::words()).chain(notifier::further::words());
    says.chain(router::further::words()).chain(adapters::further::words())
}

/// So many texts that there are not are told of a file.
const MOST: usize = 50;

/// What a file is held against.
struct Judge<'a> {
    path: &'a str,
    language: Language,
    known: &'a BTreeMap<String, Known>,
    /// Whether `known` is all that there may be.
    whole: bool,
}

impl Judge<'_> {
    fn fault(&self, at: (usize, usize), message: String, help: impl Into<String>) -> Fault {
        Fault::error(self.path, at, message, help)
    }

    fn judge(&self, text: &str, faults: &mut Vec<Fault>) {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if let Some((before, _)) = text.split_once(char::REPLACEMENT_CHARACTER) {
            let at =
                (before.matches('\n').count() + 1, before.rsplit('\n').next().unwrap_or_default().chars().count() + 1);
            faults.push(self.fault(at, "this letter is not written in UTF-8".to_owned(), "save the file as UTF-8"));
        }
        let (resource, unreadable) = further::read(text);
        faults.extend(unreadable.iter().map(|wrong| {
            let before = text.get(..wrong.at).unwrap_or(text);
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            let begins = text.lines().nth(line - 1).unwrap_or_default().trim_start().chars().next();
            let help = match begins.filter(|first| "[*.".contains(*first)) {
                Some(first) => format!("write `{{\"{first}\"}}` at the start of a line, where Fluent gives it a meaning of its own"),
                None => "write `key = the text`, its further lines indented, what is filled in as `{ $name }`; or mend the text before it".to_owned(),
            };
            self.fault((line, column), format!("this cannot be read: {}", wrong.why), help)
        }));
        let lines: BTreeMap<String, usize> = Said::all(text).into_iter().map(|said| (said.key, said.line)).collect();
        for (key, why) in refers::wrong(&resource, |key| self.known.contains_key(key)) {
            let at = (lines.get(&key).copied().unwrap_or_default(), 1);
            faults.push(self.fault(
                at,
                format!("`{key}` {why}"),
                "write the words, and what is filled in as `{ $name }`",
            ));
        }
        let mut seen = BTreeSet::new();
        let mut strange = 0;
        for said in Said::all(text) {
            let Some(known) = self.known.get(&said.key) else {
                strange += 1;
                if strange <= MOST {
                    faults.extend(self.unknown(&said));
                }
                continue;
            };
            if !seen.insert(said.key.clone()) {
                faults.push(self.fault((said.line, 1), format!("`{}` is here twice", said.key), "keep one of them"));
            }
            faults.extend(known.variables.iter().flat_map(|named| self.filled(&said, named)));
        }
        for (line, number) in text.lines().zip(1..) {
            // Who takes `#` away and leaves the space makes it a part of the text before.
            let key = line.starts_with(' ').then(|| line.trim_start().split_once('=')).flatten();
            if let Some((key, _)) = key.filter(|(key, _)| self.known.contains_key(key.trim_end())) {
                let message = format!("`{}` is read as a part of the text before it", key.trim_end());
                faults.push(self.fault((number, 1), message, "take away the spaces at the start of the line"));
            }
        }
        let missing: Vec<&str> = self.known.keys().map(String::as_str).filter(|key| !seen.contains(*key)).collect();
        if let Some(first) = missing.first().filter(|_| !self.language.is_built_in()) {
            let (few, all, code) = (missing.len(), self.known.len(), self.language.as_str());
            let message = format!("{few} of {all} texts are missing, `{first}` is the first");
            let help = format!(
                "`voordeur texts {code} --city DIR --write` adds them for you to translate; until then they are said in English"
            );
            faults.push(self.fault((0, 0), message, help).warning());
        }
    }

    /// A text that there is not: no more, in a file that many texts come and go in, is no reason to close the door.
    fn unknown(&self, said: &Said) -> Option<Fault> {
        if !self.whole && Names::BEGIN.iter().any(|begin| said.key.starts_with(begin)) {
            return None;
        }
        let help = did_you_mean(&said.key, self.known.keys().map(String::as_str));
        let fault = self.fault((said.line, 1), format!("there is no text `{}`", said.key), help);
        Some(if self.language.is_built_in() { fault } else { fault.warning() })
    }

    /// What is wrong with what `said` is filled with, where it is given `named`.
    fn filled(&self, said: &Said, named: &BTreeSet<String>) -> Vec<Fault> {
        let help = match named.is_empty() {
            true => "nothing is filled in here".to_owned(),
            false => {
                let names = named.iter().map(|name| format!("{{ ${name} }}"));
                format!("what is filled in here: {}", names.collect::<Vec<_>>().join(", "))
            }
        };
        let (key, at) = (&said.key, (said.line, 1));
        let more = said.variables.difference(named).map(|name| format!("`{key}` is not given `${name}`"));
        let less = named.difference(&said.variables);
        let less = less.map(|name| format!("`{key}` leaves out `${name}`, which the reader needs"));
        more.chain(less).map(|message| self.fault(at, message, help.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Texts, *};

    fn files(texts: &[(&str, &str)]) -> Files {
        texts.iter().map(|(path, text)| ((*path).to_owned(), (*text).into())).collect()
    }

    #[test]
    fn a_city_says_single_texts_in_its_own_words() {
        let files =
            files(&[("texts/nl.ftl", "# Onze naam.\nbrand-name = Meldpunt\nbrand =\n    Meldpunt\n    { $city }\n")]);
        assert_eq!(check(Folder { files: &files, city: None }), []);
        let texts = Texts::of(&files).unwrap();
        assert_eq!(texts.get(Language::NL, "brand-name", &[]).unwrap(), "Meldpunt");
        assert_eq!(texts.get(Language::NL, "brand", &[("city", "Gent")]).unwrap(), "Meldpunt\nGent");
        assert_eq!(texts.get(Language::EN, "brand-name", &[]).unwrap(), "Voordeur");
        assert!(texts.has(Language::NL, "door-title"));
        let broken = Texts::of(&super::tests::files(&[("texts/nl.ftl", "skip = { -nothing }")])).unwrap();
        assert_eq!(broken.get(Language::NL, "skip", &[]).unwrap(), texts.get(Language::NL, "skip", &[]).unwrap());
    }

    #[test]
    fn what_would_not_work_is_told_with_its_line() {
        for (path, text, says) in [
            ("texts/nl.ftl", "skip = Naar\nbrnad-name = X", "texts/nl.ftl:2:1: error: there is no text `brnad-name`"),
            ("texts/fr.ftl", "brand = { $town }", "`brand` is not given `$town`"),
            ("texts/fr.ftl", "brand = Bonjour", "`brand` leaves out `$city`"),
            ("texts/en.ftl", "skip = One\nskip = Two", "texts/en.ftl:2:1: error: `skip` is here twice"),
            ("texts/en.ftl", "skip = One\nbrand = { $city\n", "texts/en.ftl:3"),
            ("texts/en.ftl", "skip = One\n\nwhat is this\n", "cannot be read"),
            ("texts/xx.ftl", "skip = Zum Inhalt", "no language that there is"),
            ("texts/de.ftl", "skip = Zum Inhalt", "texts are missing, `add-button` is the first"),
            ("texts/de.ftl", "day-monday = Montag { $day }", "`day-monday` is not given `$day`"),
            ("texts/de.ftl", "left-out-pdf-many = PDF", "`left-out-pdf-many` leaves out `$count`"),
            ("texts/de.ftl", "month-mai = Mai", "texts/de.ftl:1:1: warning: there is no text `month-mai`"),
            ("texts/de.ftl", "skip = a\n languages = b", "texts/de.ftl:2:1: error: `languages` is read as a part"),
            ("texts/de.ftl", "skip = {\"\\uß\"}", "texts/de.ftl:1:10: error: this cannot be read"),
            (
                "texts/de.ftl",
                "skip = a\nlanguages = \u{fffd}",
                "texts/de.ftl:2:13: error: this letter is not written in UTF-8",
            ),
            ("texts/texts/de.ftl", "skip = a", "no language that there is"),
            ("texts/nl.ftl", "skip = { -brand }", "`skip` names the term `-brand`, which is not in this file"),
            ("texts/nl.ftl", "skip = { skpi }", "`skip` names the text `skpi`, which there is not"),
            ("texts/nl.ftl", "skip = { skip }", "`skip` names itself"),
            (
                "texts/nl.ftl",
                "skip = { call }\ncall = { languages }\nlanguages = { skip }",
                "`call` names itself through `skip`",
            ),
            ("texts/nl.ftl", "-t = { -t }\nskip = { -t }", "`-t` names itself"),
            ("texts/nl.ftl", "skip = a\n    [b]", "write `{\"[\"}` at the start"),
            ("texts/nl.ftl", "skip = { NUBMER(1) }", "`skip` calls `NUBMER`, which Fluent does not know here"),
            ("texts/nl.ftl", "skip =\n    .title = x", "`skip` has no words of its own"),
        ] {
            let told: Vec<String> = check(Folder { files: &files(&[(path, text)]), city: None })
                .iter()
                .map(|fault| fault.render(Some(text)))
                .collect();
            assert!(told.iter().any(|told| told.contains(says)), "{text}: {told:?}");
        }
    }
}
