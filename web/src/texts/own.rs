//! The words of a city: `texts/{nl,fr,en}.ftl` in its folder, each with single texts in the place of ours.

use super::built;
use fluent_bundle::FluentResource;
use schemas::{
    city::Files,
    fault::{Fault, did_you_mean},
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

/// What is wrong with the texts of the city whose folder this is: a language we do not speak, a text that is none of ours,
/// a variable that it is not given or that gets lost, and what is no Fluent.
pub fn check(files: &Files) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (path, text) in files.iter().filter(|(path, _)| path.starts_with(FOLDER) && !path.ends_with(".md")) {
        let name = path.trim_start_matches(FOLDER).strip_suffix(".ftl");
        match name.and_then(|name| Language::BUILT_IN.into_iter().find(|language| language.as_str() == name)) {
            Some(language) => judge(path, text, language, &mut faults),
            None => faults.push(Fault::error(
                path,
                (0, 0),
                "these are texts in no language that the pages speak",
                "name the file texts/nl.ftl, texts/fr.ftl or texts/en.ftl",
            )),
        }
    }
    faults
}

fn judge(path: &str, text: &str, language: Language, faults: &mut Vec<Fault>) {
    let ours = built(language).unwrap_or_default();
    let ours: BTreeMap<String, BTreeSet<String>> =
        Said::all(&ours).into_iter().map(|said| (said.key, said.variables)).collect();
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
        let Some(named) = ours.get(&said.key) else {
            let help = did_you_mean(&said.key, ours.keys().map(String::as_str));
            faults.push(Fault::error(path, at, format!("the pages have no text `{}`", said.key), help));
            continue;
        };
        if !seen.insert(said.key.clone()) {
            faults.push(Fault::error(path, at, format!("`{}` is here twice", said.key), "keep one of them"));
        }
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
        assert_eq!(check(&files), []);
        let texts = Texts::of(&files).unwrap();
        assert_eq!(texts.get(Language::NL, "brand-name", &[]).unwrap(), "Meldpunt");
        assert_eq!(texts.get(Language::NL, "brand", &[("city", "Gent")]).unwrap(), "Meldpunt\nGent");
        assert_eq!(texts.get(Language::EN, "brand-name", &[]).unwrap(), "Voordeur");
        assert!(texts.has(Language::NL, "door-title"));
    }

    #[test]
    fn what_would_not_work_is_told_with_its_line() {
        for (path, text, says) in [
            (
                "texts/nl.ftl",
                "skip = Naar\nbrnad-name = X",
                "texts/nl.ftl:2:1: error: the pages have no text `brnad-name`",
            ),
            ("texts/fr.ftl", "brand = { $town }", "`brand` is not given `$town`"),
            ("texts/fr.ftl", "brand = Bonjour", "`brand` leaves out `$city`"),
            ("texts/en.ftl", "skip = One\nskip = Two", "texts/en.ftl:2:1: error: `skip` is here twice"),
            ("texts/en.ftl", "skip = One\nbrand = { $city\n", "texts/en.ftl:3"),
            ("texts/en.ftl", "skip = One\n\nwhat is this\n", "cannot be read"),
            ("texts/de.ftl", "skip = Zum Inhalt", "no language that the pages speak"),
        ] {
            let told: Vec<String> =
                check(&files(&[(path, text)])).iter().map(|fault| fault.render(Some(text))).collect();
            assert!(told.iter().any(|told| told.contains(says)), "{text}: {told:?}");
        }
    }
}
