//! Strangers' JSON: read strictly, and when it is wrong, say where (JSON Pointer), what, and what
//! to write instead.

use schemas::fault::{Invalid, nearest};
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

/// Why a body could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// More than `limit` bytes.
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// Not JSON; the field is empty, the message says where.
    Malformed(Invalid),
    /// JSON, but a field is not what it must be.
    Invalid(Invalid),
}

/// Reads `bytes` as a `T`; nothing may follow it.
pub fn read<T: DeserializeOwned>(bytes: &[u8], limit: usize) -> Result<T, Unreadable> {
    if bytes.len() > limit {
        return Err(Unreadable::TooLarge { limit });
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        let message = "the body is empty: send a JSON object";
        return Err(Unreadable::Malformed(Invalid::new("", "empty", message)));
    }
    // serde would take a list as the fields in order, which is nobody's intention.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err(Unreadable::Invalid(Invalid::new(
            "",
            "wrong_type",
            "this is a list: send one JSON object, in braces",
        )));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| explain(error.path(), error.inner()))?;
    json.end().map_err(|error| explain_syntax(&error))?;
    Ok(value)
}

/// What is wrong with a `Content-Type` that does not announce JSON.
pub fn not_json(content_type: Option<&str>) -> Option<Invalid> {
    let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let good = essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"));
    (!good).then(|| Invalid::new("Content-Type", "unsupported", "send JSON, with Content-Type: application/json"))
}

fn explain_syntax(error: &serde_json::Error) -> Unreadable {
    let (what, code) = match error.classify() {
        serde_json::error::Category::Eof => ("it ends too early", "truncated"),
        _ => ("it is not JSON", "malformed"),
    };
    let message = format!("{what} at line {}, column {}: {}", error.line(), error.column(), reason(&error.to_string()));
    Unreadable::Malformed(Invalid::new("", code, message))
}

/// serde_json's message without its trailing position.
fn reason(text: &str) -> &str {
    text.rfind(" at line ").map_or(text, |end| &text[..end])
}

fn explain(path: &Path, error: &serde_json::Error) -> Unreadable {
    let text = error.to_string();
    let text = reason(&text);
    let at = pointer(path);
    // A number that no computer number can hold (1e999) is a syntax error to serde_json, yet the
    // sender needs to know the field.
    if text.starts_with("number out of range") {
        return Unreadable::Invalid(Invalid::new(at, "out_of_range", "this number is too large to be a number here"));
    }
    if !error.is_data() {
        return explain_syntax(error);
    }
    Unreadable::Invalid(explain_data(&at, text))
}

/// The one back-quoted word that follows `prefix`.
fn named<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    text.strip_prefix(prefix)?.strip_prefix('`')?.split('`').next()
}

/// Every back-quoted word after "expected".
fn options(text: &str) -> Vec<&str> {
    let tail = text.split_once("expected").map_or("", |(_, tail)| tail);
    tail.split('`').skip(1).step_by(2).collect()
}

fn explain_data(at: &str, text: &str) -> Invalid {
    let below = |name: &str| {
        let name = escape(name);
        if at.ends_with(&format!("/{name}")) { at.to_owned() } else { format!("{at}/{name}") }
    };
    if let Some(field) = named(text, "missing field ") {
        return Invalid::new(below(field), "required", format!("`{field}` is missing: add it"));
    }
    if let Some(field) = named(text, "unknown field ") {
        let known = options(text);
        let field: String = field.chars().take(60).collect();
        let help = match nearest(&field, known.iter().copied()) {
            Some(near) => format!("there is no `{field}`: did you mean `{near}`?"),
            None if known.is_empty() => format!("there is no `{field}`: leave it out"),
            None => format!("there is no `{field}`: use {}", known.join(", ")),
        };
        return Invalid::new(below(&field), "unknown_field", help);
    }
    if let Some(field) = named(text, "duplicate field ") {
        return Invalid::new(below(field), "duplicate", format!("`{field}` is there twice: write it once"));
    }
    if let Some(value) = named(text, "unknown variant ") {
        let known = options(text);
        let value: String = value.chars().take(60).collect();
        let near = nearest(&value, known.iter().copied()).map(|near| format!(", perhaps `{near}`")).unwrap_or_default();
        return Invalid::new(at, "not_an_option", format!("`{value}` is not one of {}{near}", known.join(", ")));
    }
    for prefix in ["invalid type: ", "invalid value: "] {
        if let Some((is, must)) = text.strip_prefix(prefix).and_then(|rest| rest.split_once(", expected ")) {
            let is: String = is.chars().take(80).collect();
            let must = must.strip_prefix("struct ").map_or(must, |_| "an object");
            return Invalid::new(at, "wrong_type", format!("this is {is}: write {must}"));
        }
    }
    Invalid::new(at, "malformed", text.chars().take(300).collect::<String>())
}

fn escape(segment: &str) -> String {
    segment.replace('~', "~0").replace('/', "~1")
}

/// `path` as a JSON Pointer (RFC 6901); the whole document is the empty pointer.
fn pointer(path: &Path) -> String {
    path.iter().fold(String::new(), |mut out, segment| {
        match segment {
            Segment::Seq { index } => out.push_str(&format!("/{index}")),
            Segment::Map { key } => out.push_str(&format!("/{}", escape(key))),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::{dispatch::Update, submission::Submission};

    fn fault(json: &str) -> (String, String, String) {
        match read::<Submission>(json.as_bytes(), 1_000_000) {
            Err(Unreadable::Invalid(i) | Unreadable::Malformed(i)) => (i.field, i.code, i.message),
            other => panic!("{json}: {other:?}"),
        }
    }

    #[test]
    fn every_fault_names_its_field_and_the_fix() {
        let rows = [
            (r#"{"category":"a/b"}"#, "/words", "required", "add it"),
            (r#"{"category":"a/b","word":"x"}"#, "/word", "unknown_field", "did you mean `words`"),
            (r#"{"category":"a/b","zzzzzz":"x"}"#, "/zzzzzz", "unknown_field", "use kind"),
            (r#"{"category":5,"words":"x"}"#, "/category", "wrong_type", "write a string"),
            (r#"{"category":"a/b","words":"x","kind":"reprot"}"#, "/kind", "not_an_option", "perhaps `report`"),
            (
                r#"{"category":"a/b","words":"x","place":{"point":{"lat":"50","lon":3}}}"#,
                "/place/point/lat",
                "wrong_type",
                "f64",
            ),
            (
                r#"{"category":"a/b","words":"x","place":{"point":{"lat":1e999,"lon":3}}}"#,
                "/place/point/lat",
                "out_of_range",
                "too large",
            ),
            (
                r#"{"category":"a/b","words":"x","place":{"point":{"lat":50}}}"#,
                "/place/point/lon",
                "required",
                "add it",
            ),
            (r#"{"category":"a/b","words":"x","place":{"adress":"x"}}"#, "/place/adress", "unknown_field", "`address`"),
            (
                r#"{"category":"a/b","words":"x","answers":{"diep":1e999}}"#,
                "/answers/diep",
                "out_of_range",
                "too large",
            ),
            (r#"{"category":"a/b","words":"x","photos":["no"]}"#, "/photos/0", "malformed", ""),
            (r#"{"category":"a/b","words":"x","words":"y"}"#, "/words", "duplicate", "once"),
            (r#"{"category":"a/b","words":NaN}"#, "", "malformed", "line 1"),
            (r#"{"category":"a/b","words":"x"#, "", "truncated", "ends too early"),
            (r#"{"category":"a/b","words":"x"} x"#, "", "malformed", "trailing"),
            ("", "", "empty", "send a JSON object"),
            ("[]", "", "wrong_type", "object"),
        ];
        for (json, field, code, part) in rows {
            let (f, c, m) = fault(json);
            assert_eq!((f.as_str(), c.as_str()), (field, code), "{json}: {m}");
            assert!(m.contains(part), "{json}: {m}");
        }
    }

    #[test]
    fn bytes_that_are_not_text_and_bombs_are_refused() {
        assert!(matches!(read::<Submission>(b"{\"words\":\"\xff\"}", 100), Err(Unreadable::Malformed(_))));
        assert!(matches!(read::<Submission>(&[b'['; 200], 100), Err(Unreadable::TooLarge { limit: 100 })));
        let deep = format!(r#"{{"category":"a/b","words":"x","answers":{{"a":{}1}}}}"#, "[".repeat(5_000));
        assert!(read::<Submission>(deep.as_bytes(), 100_000).is_err());
    }

    #[test]
    fn what_departments_say_is_explained_too() {
        let json = r#"{"id":"1","department":"wegen","dispatch":"00000000-0000-0000-0000-000000000001",
            "at":"2026-11-23T10:00:00Z","say":{"what":"reject"}}"#;
        match read::<Update>(json.as_bytes(), 10_000) {
            Err(Unreadable::Invalid(fault)) => {
                assert_eq!((fault.field.as_str(), fault.code.as_str()), ("/say/reason", "required"))
            }
            other => panic!("{other:?}"),
        }
    }
}
