//! What stands behind `?`: each name once, none that is not known, and each value what it must be.

use schemas::{
    Uuid,
    fault::{Invalid, did_you_mean},
};
use std::collections::BTreeMap;
use url::form_urlencoded;

/// The most entries of one page.
pub const MOST: usize = 100;
/// How many entries a page has when nobody says.
const USUAL: usize = 50;

/// The parameters of a list.
#[derive(Debug, Clone, Default)]
pub struct Asked(BTreeMap<String, String>);

impl Asked {
    /// Reads what stands behind `?`, of which only `known` is understood.
    ///
    /// # Errors
    /// The first parameter that is wrong.
    pub fn read(query: Option<&str>, known: &[&str]) -> Result<Self, Invalid> {
        let mut all = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned() {
            if !known.contains(&name.as_str()) {
                let near = did_you_mean(&name, known.iter().copied());
                let name: String = name.chars().take(40).collect();
                return Err(Invalid::new(name.clone(), "unknown", format!("there is no parameter `{name}`: {near}")));
            }
            if all.insert(name.clone(), value).is_some() {
                return Err(Invalid::new(name, "duplicate", "give it once; several values are separated by commas"));
            }
        }
        Ok(Self(all))
    }

    /// The same for pages: people come by links that others have added something to. What means nothing is left out.
    pub fn of_page(query: Option<&str>, known: &[&str]) -> Self {
        let mut all = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned() {
            if known.contains(&name.as_str()) {
                all.entry(name).or_insert(value);
            }
        }
        Self(all)
    }

    /// What is said as `name`, if anything is.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// The same as a query, without `name` and without what says nothing.
    pub fn without(&self, name: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.0.iter().filter(|(key, value)| *key != name && !value.is_empty()));
        query.finish()
    }

    /// How many entries the page has at most: `limit`, 1 to [`MOST`].
    ///
    /// # Errors
    /// It is not.
    pub fn limit(&self) -> Result<usize, Invalid> {
        let Some(text) = self.0.get("limit") else { return Ok(USUAL) };
        let limit = text.parse().ok().filter(|limit| (1..=MOST).contains(limit));
        limit.ok_or_else(|| Invalid::new("limit", "out_of_range", format!("write 1 to {MOST}")))
    }

    /// A cursor.
    ///
    /// # Errors
    /// It is none.
    pub fn cursor(&self, name: &str) -> Result<Option<Uuid>, Invalid> {
        let read = |text: &String| {
            text.parse().map_err(|_| Invalid::new(name, "malformed", "follow the address in `next` as it was given"))
        };
        self.0.get(name).map(read).transpose()
    }

    /// Several values, separated by commas, each one of `all`.
    ///
    /// # Errors
    /// One is none of them.
    pub fn several<T: Copy>(&self, name: &str, all: &[T], word: impl Fn(T) -> &'static str) -> Result<Vec<T>, Invalid> {
        let Some(text) = self.0.get(name) else { return Ok(Vec::new()) };
        let one = |part: &str| {
            let found = all.iter().copied().find(|value| word(*value) == part);
            found.ok_or_else(|| {
                let part: String = part.chars().take(40).collect();
                let near = did_you_mean(&part, all.iter().map(|value| word(*value)));
                Invalid::new(name, "not_an_option", format!("there is no {name} `{part}`: {near}"))
            })
        };
        text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(one).collect()
    }

    /// The address of the next page, whose cursor is `name`: the same question from `cursor` on.
    pub fn next(&self, path: &str, name: &str, cursor: Uuid) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.0.iter().filter(|(known, _)| *known != name));
        query.append_pair(name, &cursor.to_string());
        format!("{path}?{}", query.finish())
    }
}
