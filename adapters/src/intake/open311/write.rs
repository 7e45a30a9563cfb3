//! Answers in both formats of GeoReport v2: XML, where every list is an element around its items, and JSON, where it is an
//! array.

use quick_xml::escape::escape;
use serde_json::Map;
use std::fmt::Write as _;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `text/xml`.
    Xml,
    /// `application/json`.
    Json,
}

impl Format {
    /// `Content-Type`.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Xml => "text/xml; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }

    /// What stands behind the dot of an address.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Xml => "xml",
            Self::Json => "json",
        }
    }

    /// What is asked for, in which format: an address without its ending, and the ending if there is a known one.
    pub fn split(path: &str) -> (&str, Option<Self>) {
        match path.rsplit_once('.') {
            Some((path, "xml")) => (path, Some(Self::Xml)),
            Some((path, "json")) => (path, Some(Self::Json)),
            _ => (path, None),
        }
    }
}

/// A part of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing: an empty element, `null`.
    Nothing,
    /// Words.
    Text(String),
    /// A whole number.
    Number(i64),
    /// Degrees.
    Degrees(f64),
    /// Yes or no.
    Bool(bool),
    /// Named fields in their order.
    Fields(Vec<(&'static str, Value)>),
    /// Items, each in an element of this name.
    List(&'static str, Vec<Value>),
}

impl Value {
    /// `text`, or nothing when it is empty.
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::Nothing } else { Self::Text(text) }
    }

    /// The same for what may not be there.
    pub fn maybe(text: Option<impl Into<String>>) -> Self {
        text.map_or(Self::Nothing, Self::text)
    }

    fn json(&self) -> serde_json::Value {
        match self {
            Self::Nothing => serde_json::Value::Null,
            Self::Text(text) => text.as_str().into(),
            Self::Number(number) => (*number).into(),
            Self::Degrees(degrees) => (*degrees).into(),
            Self::Bool(yes) => (*yes).into(),
            Self::Fields(fields) => {
                let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), value.json()));
                fields.collect::<Map<_, _>>().into()
            }
            Self::List(_, items) => items.iter().map(Self::json).collect::<Vec<_>>().into(),
        }
    }

    fn xml(&self, name: &str, out: &mut String) {
        if let Self::Nothing = self {
            return element(out, format_args!("<{name}/>"));
        }
        element(out, format_args!("<{name}>"));
        match self {
            Self::Nothing => {}
            Self::Text(text) => out.push_str(&escape(plain(text))),
            Self::Number(number) => element(out, format_args!("{number}")),
            Self::Degrees(degrees) => element(out, format_args!("{degrees}")),
            Self::Bool(yes) => element(out, format_args!("{yes}")),
            Self::Fields(fields) => fields.iter().for_each(|(name, value)| value.xml(name, out)),
            Self::List(item, items) => items.iter().for_each(|value| value.xml(item, out)),
        }
        element(out, format_args!("</{name}>"));
    }

    /// The whole answer, whose outermost element is `root`.
    pub fn write(&self, format: Format, root: &str) -> String {
        match format {
            Format::Json => self.json().to_string(),
            Format::Xml => {
                let mut out = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
                self.xml(root, &mut out);
                out
            }
        }
    }
}

fn element(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = out.write_fmt(text);
}

/// Without the characters that no XML 1.0 document may hold, and those that a reader turns into others (XML 1.0 §2.2,
/// §2.11).
fn plain(text: &str) -> String {
    let allowed = |c: &char| !c.is_control() || matches!(c, '\t' | '\n');
    text.chars().filter(allowed).filter(|c| !matches!(c, '\u{fffe}' | '\u{ffff}')).collect()
}

/// What is wrong, as GeoReport says it: each with the HTTP status as its `code`, and words.
pub fn errors(format: Format, status: u16, descriptions: impl IntoIterator<Item = String>) -> String {
    let error = |description: String| {
        Value::Fields(vec![("code", Value::Number(i64::from(status))), ("description", Value::text(description))])
    };
    Value::List("error", descriptions.into_iter().map(error).collect()).write(format, "errors")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::departments::open311::wire;
    use proptest::prelude::*;

    #[test]
    fn both_formats_say_the_same() {
        let value = Value::List(
            "request",
            vec![Value::Fields(vec![
                ("id", Value::text("1")),
                ("note", Value::text("")),
                ("ok", Value::Bool(true)),
                ("lat", Value::Degrees(50.8279)),
            ])],
        );
        assert_eq!(value.write(Format::Json, "requests"), r#"[{"id":"1","lat":50.8279,"note":null,"ok":true}]"#);
        let xml = value.write(Format::Xml, "requests");
        let body = "<requests><request><id>1</id><note/><ok>true</ok><lat>50.8279</lat></request></requests>";
        assert_eq!(xml, format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n{body}"));
        let error = errors(Format::Json, 404, ["no such".to_owned()]);
        assert_eq!(error, r#"[{"code":404,"description":"no such"}]"#);
        assert_eq!(Format::split("services/wegen/put.json"), ("services/wegen/put", Some(Format::Json)));
        assert_eq!(Format::split("requests.html"), ("requests.html", None));
    }

    proptest! {
        /// Whatever words stand in it, a reader of either format finds them again.
        #[test]
        fn words_come_through(text in "\\PC{0,40}|[\\x00-\\x20<>&\"']{0,20}") {
            let value = Value::List("a", vec![Value::Fields(vec![("code", Value::text("1")), ("words", Value::text(&text))])]);
            for (format, theirs) in [(Format::Xml, wire::Format::Xml), (Format::Json, wire::Format::Json)] {
                let node = wire::read(theirs, value.write(format, "list").as_bytes()).unwrap();
                let found = node.having("code")[0].field("words").unwrap_or_default().to_owned();
                if format == Format::Json && text.trim() != "null" {
                    prop_assert_eq!(found, text.trim());
                } else if text.trim() != "null" {
                    let expected = plain(&text);
                    prop_assert_eq!(found, expected.trim());
                }
            }
        }
    }
}
