//! Takes values out of a YAML tree and remembers every fault on the way: each function gives the
//! value, or nothing after having said what is wrong and what to write instead.

use super::yaml::{Node, Position, Value};
use crate::{
    city::Texts,
    fault::{Fault, did_you_mean},
    report::Language,
    slug::Slug,
};

/// Reads one file.
pub(super) struct Fields<'a> {
    pub file: &'a str,
    pub faults: &'a mut Vec<Fault>,
    /// The languages of the city; a text that lacks one of them gets a warning.
    pub languages: &'a [Language],
}

/// A map of the file whose keys are all known.
#[derive(Clone, Copy)]
pub(super) struct Map<'n> {
    node: &'n Node,
    /// What it describes: "the department `politie`".
    what: &'n str,
}

impl<'n> Map<'n> {
    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&'n Node> {
        self.node.get(key)
    }

    /// Where it starts.
    pub fn at(&self) -> Position {
        self.node.at
    }
}

impl Fields<'_> {
    /// Something is wrong at `at`.
    pub fn error(&mut self, at: Position, message: impl Into<String>, help: impl Into<String>) {
        self.faults.push(Fault::error(self.file, at, message, help));
    }

    /// Something is odd at `at`.
    pub fn warning(&mut self, at: Position, message: impl Into<String>, help: impl Into<String>) {
        self.faults.push(Fault::error(self.file, at, message, help).warning());
    }

    /// A map with no other keys than `keys`.
    pub fn map<'n>(&mut self, node: &'n Node, what: &'n str, keys: &[&str]) -> Option<Map<'n>> {
        let Value::Map(entries) = &node.value else {
            self.error(
                node.at,
                format!("{what} is {}, not a map", node.sort()),
                format!("write `key: value` lines; the keys are {}", keys.join(", ")),
            );
            return None;
        };
        for (key, _) in entries {
            if !keys.contains(&key.name.as_str()) {
                let help = did_you_mean(&key.name, keys.iter().copied());
                self.error(key.at, format!("{what} has no `{}`", key.name), help);
            }
        }
        Some(Map { node, what })
    }

    /// The value of a key that has to be there; `example` says what it looks like.
    pub fn required<'n>(&mut self, map: Map<'n>, key: &str, example: &str) -> Option<&'n Node> {
        let node = map.get(key);
        if node.is_none() {
            self.error(map.at(), format!("{} lacks `{key}`", map.what), format!("add `{key}: {example}`"));
        }
        node
    }

    /// The items of a list.
    pub fn list<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Node] {
        match &node.value {
            Value::List(items) => items,
            _ => {
                self.error(
                    node.at,
                    format!("{what} is {}, not a list", node.sort()),
                    "write `[one, two]`, or one item a line after `- `",
                );
                &[]
            }
        }
    }

    /// Text that is not empty.
    pub fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        match &node.value {
            Value::Scalar { text, .. } if node.sort() == "text" && !text.trim().is_empty() => {
                Some(text.trim().to_owned())
            }
            Value::Scalar { .. } => {
                self.error(node.at, format!("{what} is empty"), "write some text");
                None
            }
            _ => {
                self.error(
                    node.at,
                    format!("{what} is {}, not text", node.sort()),
                    "write plain text, in double quotes if it holds `: ` or `#`",
                );
                None
            }
        }
    }

    /// Every text of a list.
    pub fn texts_of(&mut self, node: &Node, what: &str) -> Vec<(Position, String)> {
        self.list(node, what).iter().filter_map(|item| Some((item.at, self.text(item, what)?))).collect()
    }

    /// `true` or `false`.
    pub fn bool(&mut self, node: &Node, what: &str) -> Option<bool> {
        match &node.value {
            Value::Scalar { text, plain: true } if text == "true" => Some(true),
            Value::Scalar { text, plain: true } if text == "false" => Some(false),
            _ => {
                self.error(
                    node.at,
                    format!("{what} is neither true nor false"),
                    "write `true` or `false`, without quotes",
                );
                None
            }
        }
    }

    /// A whole number in `range`.
    pub fn number(&mut self, node: &Node, what: &str, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
        let number = match &node.value {
            Value::Scalar { text, .. } => text.parse::<i64>().ok().filter(|number| range.contains(number)),
            _ => None,
        };
        if number.is_none() {
            self.error(
                node.at,
                format!("{what} is not a whole number from {} to {}", range.start(), range.end()),
                format!("write for instance `{}`", range.start().max(&1)),
            );
        }
        number
    }

    /// One of `choices`, each with its word.
    pub fn one_of<T: Copy>(&mut self, node: &Node, what: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(node, what)?;
        let found = choices.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            self.error(
                node.at,
                format!("{what} cannot be `{text}`"),
                did_you_mean(&text, choices.iter().map(|(word, _)| *word)),
            );
        }
        found
    }

    /// A short name.
    pub fn slug(&mut self, node: &Node, what: &str) -> Option<Slug> {
        let text = self.text(node, what)?;
        match Slug::new(&text) {
            Ok(slug) => Some(slug),
            Err(_) => {
                let help = match slugged(&text) {
                    Some(good) => format!("use 1 to 60 of a-z, 0-9 and -, for instance `{good}`"),
                    None => "use 1 to 60 of a-z, 0-9 and -".to_owned(),
                };
                self.error(node.at, format!("{what} `{}` is not a name", clip(&text)), help);
                None
            }
        }
    }

    /// The same words per language: a map, of which Dutch has to be there.
    pub fn texts(&mut self, node: &Node, what: &str) -> Option<Texts> {
        if let Value::Scalar { text, .. } = &node.value {
            self.error(
                node.at,
                format!("{what} is text in one language"),
                format!("write {{nl: \"{}\", fr: …, en: …}}", clip(text)),
            );
            return None;
        }
        let known = self.known();
        let keys: Vec<&str> = known.iter().map(|language| language.as_str()).collect();
        let map = self.map(node, what, &keys)?;
        let texts: Texts = known
            .into_iter()
            .filter_map(|language| Some((language, self.text(map.get(language.as_str())?, what)?)))
            .collect();
        self.complete(node, what, texts)
    }

    /// The languages that may be written here: the built-in ones, and the further ones of the city.
    pub fn known(&self) -> Vec<Language> {
        let further = self.languages.iter().copied().filter(|language| !language.is_built_in());
        Language::BUILT_IN.into_iter().chain(further).collect()
    }

    /// `texts`, when Dutch is there; a warning for each other built-in language of the city that is not. A further one says
    /// it in its own file, or here.
    pub fn complete(&mut self, node: &Node, what: &str, texts: Texts) -> Option<Texts> {
        if node.get("nl").is_none() {
            self.error(
                node.at,
                format!("{what} has no Dutch text"),
                "add `nl: …`: it is what every other language falls back to",
            );
        } else {
            for language in self.languages.iter().filter(|language| language.is_built_in()) {
                if node.get(language.as_str()).is_none() {
                    let language = language.as_str();
                    self.warning(
                        node.at,
                        format!("{what} has no text in `{language}`"),
                        format!("add `{language}: …`; until then the Dutch is shown"),
                    );
                }
            }
        }
        texts.contains_key(&Language::NL).then_some(texts)
    }

    /// Says that `wanted` is not among `known`.
    pub fn unknown(&mut self, at: Position, what: &str, wanted: &str, known: &[&str]) {
        self.error(at, format!("there is no {what} `{}`", clip(wanted)), did_you_mean(wanted, known.iter().copied()));
    }
}

/// The name that was probably meant.
pub(super) fn slugged(text: &str) -> Option<String> {
    use unicode_normalization::UnicodeNormalization as _;
    let mut out = String::new();
    for c in text.nfd().map(|c| c.to_ascii_lowercase()) {
        match c {
            'a'..='z' | '0'..='9' => out.push(c),
            '\u{300}'..='\u{36f}' => {}
            _ if !out.is_empty() && !out.ends_with('-') => out.push('-'),
            _ => {}
        }
    }
    let good = out.trim_end_matches('-');
    Slug::new(good).ok().map(String::from)
}

/// Enough of a text to recognise it.
pub(super) fn clip(text: &str) -> String {
    let short: String = text.chars().take(40).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}
