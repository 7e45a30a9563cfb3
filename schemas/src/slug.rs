//! Short names that are written in files, queues and URLs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{borrow::Borrow, fmt, ops::Deref, sync::Arc};

/// A lower-case name of `a-z`, `0-9` and `-`, 1 to 60 characters, starting with a letter or digit.
/// Safe in a queue name, a routing key (it holds no dot), a file name and a URL.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^[a-z0-9][a-z0-9-]{0,59}$"))]
pub struct Slug(Arc<str>);

/// A department or partner of the city.
pub type DepartmentId = Slug;
/// A door through which reports come in: `web`, `api`, or the name of a channel integration.
pub type Channel = Slug;
/// A named area of the city: a district, a zone.
pub type AreaId = Slug;

/// Why a text is not a [`Slug`] or a [`CategoryId`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a name: use {1}, for instance `{2}`")]
pub struct NotAName(pub String, pub &'static str, pub &'static str);

fn is_slug(text: &str) -> bool {
    (1..=60).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
}

impl Slug {
    /// Reads a name; the error says what a name may look like.
    pub fn new(text: &str) -> Result<Self, NotAName> {
        if is_slug(text) {
            Ok(Self(text.into()))
        } else {
            Err(NotAName(text.chars().take(80).collect(), "1 to 60 of a-z, 0-9 and -", "publieke-ruimte"))
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A category of the city's tree: `group/name`, for instance `wegen/put`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^[a-z0-9-]+/[a-z0-9-]+$"))]
pub struct CategoryId(Arc<str>);

impl CategoryId {
    /// Reads `group/name`; the error says what a category looks like.
    pub fn new(text: &str) -> Result<Self, NotAName> {
        match text.split_once('/') {
            Some((group, name)) if is_slug(group) && is_slug(name) => Ok(Self(text.into())),
            _ => Err(NotAName(text.chars().take(80).collect(), "group/name of a-z, 0-9 and -", "wegen/put")),
        }
    }

    /// `group/name`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the slash.
    pub fn group(&self) -> &str {
        self.0.split_once('/').map_or("", |(group, _)| group)
    }
}

macro_rules! name {
    ($($name:ident),*) => {$(
        impl TryFrom<String> for $name {
            type Error = NotAName;
            fn try_from(text: String) -> Result<Self, NotAName> {
                Self::new(&text)
            }
        }
        impl std::str::FromStr for $name {
            type Err = NotAName;
            fn from_str(text: &str) -> Result<Self, NotAName> {
                Self::new(text)
            }
        }
        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0.as_ref().to_owned()
            }
        }
        impl Deref for $name {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &self.0)
            }
        }
    )*};
}
name!(Slug, CategoryId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_everywhere() {
        assert!(Slug::new("publieke-ruimte").is_ok());
        for bad in ["", "-a", "A", "a.b", "a b", "a/b", "é"] {
            assert!(Slug::new(bad).is_err(), "{bad}");
        }
        assert_eq!(CategoryId::new("wegen/put").unwrap().group(), "wegen");
        for bad in ["wegen", "wegen/", "/put", "a/b/c", "wegen.put"] {
            assert!(CategoryId::new(bad).is_err(), "{bad}");
        }
    }
}
