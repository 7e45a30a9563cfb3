//! The words of a city: `texts/{nl,fr,en}.ftl` in its folder, each with single texts in the place of ours; and whole
//! languages, `texts/de.ftl` (see [`schemas::further`]).

mod starter;

pub use starter::{Starter, starter};

use super::built;
use fluent_bundle::FluentResource;
use schemas::{
    city::{City, Files},
    fault::{Fault, did_you_mean},
    further::{Names, Word},
    report::Language,
};
use std::collections::{BTreeMap, BTreeSet};

/// The folder, within that of the city.
const FOLDER: &str = "texts/";

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
    let text = files.get(&format!("{FOLDER}{}.ftl", language.as_str()))?;
    Some(FluentResource::try_new(text.as_ref().to_owned()).unwrap_or_else(|(read, _)| read))
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
        let name = path.trim_start_matches(FOLDER).strip_suffix(".ftl");
        match name.and_then(|name| Language::parse(name).filter(|language| language.as_str() == name)) {
            Some(language) => judge(path, text, &known(language, folder.city), folder.city.is_some(), &mut faults),
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

fn judge(path: &str, text: &str, ours: &BTreeMap<String, Known>, whole: bool, faults: &mut Vec<Fault>) {
    if let Err((_, errors)) = FluentResource::try_new(text.to_owned()) {
        for error in errors {
            let before = text.get(..error.pos.start).unwrap_or(text);
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            faults.push(Fault::error(
                path,
                (line, column),
                format!("this cannot be read: {}", error.kind),
                "write `key = the text`, its further lines indented, what is filled in as `{ $name }`",
            ));
        }
    }
    let mut seen = BTreeSet::new();
    for said in Said::all(text) {
        let at = (said.line, 1);
        let Some(known) = ours.get(&said.key) else {
            if whole || !Names::BEGIN.iter().any(|begin| said.key.starts_with(begin)) {
                let help = did_you_mean(&said.key, ours.keys().map(String::as_str));
                faults.push(Fault::error(path, at, format!("there is no text `{}`", said.key), help));
            }
            continue;
        };
        if !seen.insert(said.key.clone()) {
            faults.push(Fault::error(path, at, format!("`{}` is here twice", said.key), "keep one of them"));
        }
        let Some(named) = &known.variables else { continue };
        let list = |names: &BTreeSet<String>| match names.is_empty() {
            true => "nothing is filled in here".to_owned(),
            false => {
                format!(
                    "what is filled in here: {}",
                    names.iter().map(|n| format!("{{ ${n} }}")).collect::<Vec<_>>().join(", ")
                )
            }
        };
        for name in said.variables.difference(named) {
            faults.push(Fault::error(path, at, format!("`{}` is not given `${name}`", said.key), list(named)));
        }
        for name in named.difference(&said.variables) {
            let message = format!("`{}` leaves out `${name}`, which the reader needs", said.key);
            faults.push(Fault::error(path, at, message, list(named)));
        }
    }
    let language = path.trim_start_matches(FOLDER).trim_end_matches(".ftl");
    if Language::parse(language).is_some_and(Language::is_built_in) {
        return;
    }
    let missing: Vec<&str> = ours.keys().map(String::as_str).filter(|key| !seen.contains(*key)).collect();
    if let Some(first) = missing.first() {
        let message = format!("{} of {} texts are missing, `{first}` is the first", missing.len(), ours.len());
        let help = format!(
            "`voordeur texts {language}` writes them for you to translate; until then they are said in English"
        );
        faults.push(Fault::error(path, (0, 0), message, help).warning());
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
            ("texts/de.ftl", "month-mai = Mai", "there is no text `month-mai`"),
        ] {
            let told: Vec<String> = check(Folder { files: &files(&[(path, text)]), city: None })
                .iter()
                .map(|fault| fault.render(Some(text)))
                .collect();
            assert!(told.iter().any(|told| told.contains(says)), "{text}: {told:?}");
        }
    }
}
