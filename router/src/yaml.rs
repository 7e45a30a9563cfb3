//! Pieces of YAML that remember where they stand.

use serde::{
    Deserialize, Deserializer,
    de::{self, SeqAccess, Visitor},
};
use serde_saphyr::{Location, Spanned};
use std::fmt;

/// Line and column, from 1.
pub(crate) type Pos = (usize, usize);

/// Where a located value stands.
pub(crate) fn pos<T>(spanned: &Spanned<T>) -> Pos {
    place(spanned.referenced)
}

pub(crate) fn place(location: Location) -> Pos {
    (usize::try_from(location.line()).unwrap_or(0), usize::try_from(location.column()).unwrap_or(0))
}

/// Where byte `offset` of `value` stands in `text`, when `value` is the scalar written at `at`: plain,
/// in quotes, or as a block of lines. Nothing when they do not agree, after an escape for instance.
pub(crate) fn inside(text: &str, (line, column): Pos, value: &str, offset: usize) -> Option<Pos> {
    let mut rest = text
        .split_inclusive('\n')
        .enumerate()
        .skip(line.checked_sub(1)?)
        .flat_map(|(n, row)| row.chars().enumerate().map(move |(m, c)| ((n + 1, m + 1), c)));
    let mut rest = rest.by_ref().skip(column.checked_sub(1)?).peekable();
    let quote = match rest.peek()?.1 {
        '|' | '>' => {
            rest.by_ref().find(|(_, c)| *c == '\n')?;
            None
        }
        quote @ ('"' | '\'') => {
            rest.next();
            Some(quote)
        }
        _ => None,
    };
    for (at, c) in value.char_indices() {
        if !c.is_whitespace() {
            while rest.next_if(|(_, raw)| raw.is_whitespace()).is_some() {}
        }
        let (place, raw) = *rest.peek()?;
        if at >= offset {
            return Some(place);
        }
        if c.is_whitespace() {
            // However many spaces and line ends there are, they are passed with the first.
            while rest.next_if(|(_, raw)| raw.is_whitespace()).is_some() {}
            continue;
        }
        rest.next();
        if quote == Some('"') && raw == '\\' {
            (rest.next()?.1 == c).then_some(())?;
        } else if raw != c {
            return None;
        } else if quote == Some(c) {
            // A quote within quotes is written twice.
            rest.next_if(|(_, raw)| *raw == c)?;
        }
    }
    Some(rest.peek()?.0)
}

/// A scalar as text, whatever YAML thinks it is: `true`, `112` and `N8` are all words in a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text(pub String);

/// One scalar, or a list of them. A lone scalar has no position of its own: it stands where the
/// list stands.
#[derive(Debug, Default)]
pub(crate) struct List(Vec<(String, Option<Pos>)>);

impl List {
    /// Each item with its position; `at` is where the whole stands.
    pub fn items(&self, at: Pos) -> impl Iterator<Item = (&str, Pos)> {
        self.0.iter().map(move |(text, own)| (text.as_str(), own.unwrap_or(at)))
    }

    /// Each item.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(text, _)| text.as_str())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [(one, _)] => f.write_str(one),
            _ => write!(f, "[{}]", self.texts().collect::<Vec<_>>().join(", ")),
        }
    }
}

struct ListVisitor;

impl<'de> Visitor<'de> for ListVisitor {
    type Value = List;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a word, or a list of words like [one, two]")
    }
    fn visit_bool<E: de::Error>(self, value: bool) -> Result<List, E> {
        self.visit_string(value.to_string())
    }
    fn visit_i64<E: de::Error>(self, value: i64) -> Result<List, E> {
        self.visit_string(value.to_string())
    }
    fn visit_u64<E: de::Error>(self, value: u64) -> Result<List, E> {
        self.visit_string(value.to_string())
    }
    fn visit_f64<E: de::Error>(self, value: f64) -> Result<List, E> {
        self.visit_string(value.to_string())
    }
    fn visit_str<E: de::Error>(self, value: &str) -> Result<List, E> {
        self.visit_string(value.to_owned())
    }
    fn visit_string<E: de::Error>(self, value: String) -> Result<List, E> {
        Ok(List(vec![(value, None)]))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<List, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element::<Spanned<Text>>()? {
            let at = pos(&item);
            items.push((item.value.0, Some(at)));
        }
        Ok(List(items))
    }
}

impl<'de> Deserialize<'de> for List {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl Visitor<'_> for TextVisitor {
            type Value = Text;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a word")
            }
            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Text, E> {
                Ok(Text(value.to_string()))
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Text, E> {
                Ok(Text(value.to_string()))
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Text, E> {
                Ok(Text(value.to_string()))
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Text, E> {
                Ok(Text(value.to_string()))
            }
            fn visit_str<E: de::Error>(self, value: &str) -> Result<Text, E> {
                Ok(Text(value.to_owned()))
            }
        }
        deserializer.deserialize_any(TextVisitor)
    }
}

/// For `Option` fields that may be left out but not left empty: `area:` with nothing behind it is
/// a mistake, not "any area".
pub(crate) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
