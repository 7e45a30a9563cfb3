//! YAML as a tree that remembers where everything stands. The files of a city are read by hand
//! from this tree, because serde stops at the first fault and somebody who writes a city wants to
//! see all of them at once.

use crate::fault::Fault;
use serde_saphyr::granit_parser::{Event, Options, Parser, ScalarStyle};

/// Line and column, from 1.
pub(crate) type Position = (usize, usize);

/// Deeper than any file of a city; a file that goes deeper is not one.
const MAX_DEPTH: usize = 64;

/// One value of a YAML file, and where it starts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub at: Position,
    pub value: Value,
}

/// What a [`Node`] holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// The text as it is written: `01`, `no` and `1777` stay what they are. `plain` is without
    /// quotes.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// A key of a map, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Key {
    pub at: Position,
    pub name: String,
}

impl Node {
    /// What it is, for "expected a list, this is …".
    pub fn sort(&self) -> &'static str {
        match &self.value {
            Value::Scalar { text, plain: true } if text.is_empty() || text == "~" || text == "null" => "empty",
            Value::Scalar { .. } => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }

    /// Whether it is a list of nothing.
    pub fn is_empty_list(&self) -> bool {
        matches!(&self.value, Value::List(items) if items.is_empty())
    }

    /// The value under `key`, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|(k, _)| k.name == key).map(|(_, node)| node),
            _ => None,
        }
    }

    /// The same as JSON; scalars without quotes become numbers, booleans and null as in the YAML
    /// 1.2 core schema (§10.3).
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            Value::Scalar { text, plain: false } => Json::String(text.clone()),
            Value::Scalar { text, plain: true } => match text.as_str() {
                "" | "~" | "null" | "Null" | "NULL" => Json::Null,
                "true" | "True" | "TRUE" => Json::Bool(true),
                "false" | "False" | "FALSE" => Json::Bool(false),
                _ => {
                    let is_number = text.bytes().any(|b| b.is_ascii_digit())
                        && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E'));
                    let number = is_number.then(|| {
                        text.parse::<i64>().map(Json::from).or_else(|_| text.parse::<f64>().map(Json::from)).ok()
                    });
                    number.flatten().unwrap_or_else(|| Json::String(text.clone()))
                }
            },
            Value::List(items) => Json::Array(items.iter().map(Node::to_json).collect()),
            Value::Map(entries) => {
                Json::Object(entries.iter().map(|(key, node)| (key.name.clone(), node.to_json())).collect())
            }
        }
    }
}

/// A list or map that is not closed yet.
struct Open {
    at: Position,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    /// Entries, and the key that waits for its value.
    Map(Vec<(Key, Node)>, Option<Key>),
}

/// Reads `text`; a fault of the syntax gives its position and ends the reading, a key that is
/// there twice is told and left out.
pub(crate) fn parse(file: &str, text: &str, faults: &mut Vec<Fault>) -> Option<Node> {
    let mut options = Options::default();
    options.emit_comments = false;
    options.emit_unresolved_aliases = true;
    let mut open: Vec<Open> = Vec::new();
    let mut root: Option<Node> = None;
    let mut end = (1, 1);
    let mut refers = false;
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = match event {
            Ok(event) => event,
            Err(error) => {
                let at = (error.marker().line(), error.marker().col() + 1);
                faults.push(Fault::error(file, at, format!("this is not YAML: {}", error.info()), hint(text, at)));
                return None;
            }
        };
        let at = (span.start.line(), span.start.col() + 1);
        end = at;
        let closed = match event {
            Event::DocumentStart(..) if root.is_some() => {
                faults.push(Fault::error(
                    file,
                    at,
                    "a second document starts here",
                    "one file holds one document: remove the `---`",
                ));
                return None;
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                faults.push(Fault::error(
                    file,
                    at,
                    "`*name` refers to another part of the file",
                    "write the value out",
                ));
                refers = true;
                Node { at, value: Value::Scalar { text: String::new(), plain: true } }
            }
            Event::Scalar(scalar, style, ..) => {
                let plain = style == ScalarStyle::Plain;
                Node { at, value: Value::Scalar { text: scalar.into_owned(), plain } }
            }
            Event::SequenceStart(..) | Event::MappingStart(..) if open.len() >= MAX_DEPTH => {
                faults.push(Fault::error(
                    file,
                    at,
                    format!("lists and maps are more than {MAX_DEPTH} deep"),
                    "a city file is at most five deep",
                ));
                return None;
            }
            Event::SequenceStart(..) => {
                open.push(Open { at, content: Content::List(Vec::new()) });
                continue;
            }
            Event::MappingStart(..) => {
                open.push(Open { at, content: Content::Map(Vec::new(), None) });
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Open { at, content: Content::List(items) }) => Node { at, value: Value::List(items) },
                Some(Open { at, content: Content::Map(entries, _) }) => Node { at, value: Value::Map(entries) },
                None => continue,
            },
            _ => continue,
        };
        match open.last_mut().map(|open| &mut open.content) {
            None => root = Some(closed),
            Some(Content::List(items)) => items.push(closed),
            Some(Content::Map(entries, waiting)) => match waiting.take() {
                None => *waiting = Some(key(file, closed, faults)),
                Some(key) => match entries.iter().find(|(other, _)| other.name == key.name) {
                    Some((first, _)) => faults.push(Fault::error(
                        file,
                        key.at,
                        format!("`{}` is here twice, first in line {}", key.name, first.at.0),
                        "keep one of them",
                    )),
                    None => entries.push((key, closed)),
                },
            },
        }
    }
    match root {
        // What it stands for is unknown, so anything said about it would be noise.
        _ if refers => None,
        Some(root) if root.sort() != "empty" => Some(root),
        _ => {
            faults.push(Fault::error(file, end, "the file is empty", "write it, or copy the one of the sample city"));
            None
        }
    }
}

fn key(file: &str, node: Node, faults: &mut Vec<Fault>) -> Key {
    match node.value {
        Value::Scalar { text, .. } => Key { at: node.at, name: text },
        _ => {
            faults.push(Fault::error(
                file,
                node.at,
                "a list or map stands where a name is expected",
                "put text with `{` or `[` in double quotes",
            ));
            Key { at: node.at, name: String::new() }
        }
    }
}

/// The usual reason for a fault of the syntax in this line.
fn hint(text: &str, (line, _): Position) -> &'static str {
    let line = text.lines().nth(line.saturating_sub(1)).unwrap_or("");
    if line.starts_with('\t') || line.trim_start_matches(' ').starts_with('\t') {
        "indent with spaces, not with tabs"
    } else if line.matches(": ").count() > 1 && !line.contains('"') && !line.contains('{') {
        "put text that holds `: ` in double quotes"
    } else {
        "look at this line and the one before: indentation, a missing `:`, `\"`, `]` or `}`"
    }
}
