//! What a GeoReport server answers, in either format, as one kind of tree. Servers differ in how
//! they wrap lists (a bare array, an object around it, an element around it), so things are found by
//! the fields that they have and not by where they stand.
//!
//! Strangers wrote it: size, depth and the number of nodes are bounded, and XML has no entities but
//! the five that every XML has.

use quick_xml::{Reader, events::Event};
use schemas::{Timestamp, text};

/// The most bytes of an answer that are read: a thousand requests with long descriptions fit.
pub const MAX_BYTES: usize = 8 * 1024 * 1024;
/// How deep an answer may be nested; GeoReport needs six.
const MAX_DEPTH: usize = 32;
/// The most nodes of an answer.
const MAX_NODES: usize = 200_000;

/// How requests and answers are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Every server speaks it.
    #[default]
    Xml,
    /// A server may speak it.
    Json,
}

impl Format {
    /// What stands behind the dot of an address.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Xml => "xml",
            Self::Json => "json",
        }
    }
}

/// Why an answer cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Not this format.
    #[error("this is not {0}: {1}")]
    Malformed(&'static str, String),
    /// Nested too deeply, or too many nodes.
    #[error("this is nested too deeply or has too many parts")]
    TooMuch,
    /// A document type, or an entity that XML does not have by itself.
    #[error("this XML brings entities of its own, which are not read")]
    Entities,
}

/// One element, or one value of an object, with what is inside.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    name: String,
    text: String,
    inside: Vec<Node>,
}

/// Reads `bytes`.
pub fn read(format: Format, bytes: &[u8]) -> Result<Node, Unreadable> {
    match format {
        Format::Xml => read_xml(bytes),
        Format::Json => read_json(bytes),
    }
}

fn read_xml(bytes: &[u8]) -> Result<Node, Unreadable> {
    let malformed = |why: String| Unreadable::Malformed("XML", why);
    let text = std::str::from_utf8(bytes).map_err(|_| malformed("it is not UTF-8".to_owned()))?;
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.expand_empty_elements = true;
    // Servers forget to escape the ampersands of addresses.
    config.allow_dangling_amp = true;
    // The elements that are open, the outermost first; the first one is the document itself.
    let mut open = vec![Node::default()];
    let mut nodes = 0;
    loop {
        let event = reader.read_event().map_err(|error| malformed(error.to_string()))?;
        // The document itself is never closed, so something is always open.
        let Some(last) = open.last_mut() else { return Err(Unreadable::TooMuch) };
        match event {
            Event::Start(start) => {
                nodes += 1;
                if nodes > MAX_NODES || open.len() > MAX_DEPTH {
                    return Err(Unreadable::TooMuch);
                }
                open.push(Node { name: start.local_name().as_ref().to_owned(), ..Node::default() });
            }
            // The reader has checked that it closes what is open.
            Event::End(_) => {
                let done = open.pop().filter(|_| !open.is_empty());
                let (Some(done), Some(outer)) = (done, open.last_mut()) else { return Err(Unreadable::TooMuch) };
                outer.inside.push(done);
            }
            Event::Text(words) => last.text.push_str(&words.xml10_content()),
            Event::CData(words) => last.text.push_str(&words.xml10_content()),
            Event::GeneralRef(name) => last.text.push(referred(&name.into_inner()).ok_or(Unreadable::Entities)?),
            Event::DocType(_) => return Err(Unreadable::Entities),
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::Empty(_) => {}
        }
    }
    if open.len() > 1 {
        return Err(malformed("it ends too early".to_owned()));
    }
    let document = open.pop().unwrap_or_default();
    if document.inside.is_empty() { Err(malformed("it has no element".to_owned())) } else { Ok(document) }
}

/// The character that `&name;` stands for.
fn referred(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code);
    }
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}

fn read_json(bytes: &[u8]) -> Result<Node, Unreadable> {
    let value: serde_json::Value =
        serde_json::from_slice(bytes).map_err(|error| Unreadable::Malformed("JSON", error.to_string()))?;
    let mut nodes = 0;
    let mut document = Node::default();
    grow(String::new(), &value, 0, &mut nodes, &mut document.inside)?;
    Ok(document)
}

/// Adds what `value` is under `name`; a list adds each of its items under this name.
fn grow(
    name: String,
    value: &serde_json::Value,
    depth: usize,
    nodes: &mut usize,
    into: &mut Vec<Node>,
) -> Result<(), Unreadable> {
    use serde_json::Value;
    *nodes += 1;
    if *nodes > MAX_NODES || depth > MAX_DEPTH {
        return Err(Unreadable::TooMuch);
    }
    match value {
        Value::Array(items) => {
            items.iter().try_for_each(|item| grow(name.clone(), item, depth + 1, nodes, into))?;
        }
        Value::Object(fields) => {
            let mut node = Node { name, ..Node::default() };
            fields.iter().try_for_each(|(key, value)| grow(key.clone(), value, depth + 1, nodes, &mut node.inside))?;
            into.push(node);
        }
        Value::String(text) => into.push(Node { name, text: text.clone(), inside: Vec::new() }),
        Value::Number(number) => into.push(Node { name, text: number.to_string(), inside: Vec::new() }),
        Value::Bool(yes) => into.push(Node { name, text: yes.to_string(), inside: Vec::new() }),
        Value::Null => into.push(Node { name, ..Node::default() }),
    }
    Ok(())
}

impl Node {
    /// The text of the first field `name`, trimmed; nothing when it is not there or empty.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mine = self.inside.iter().filter(|node| node.name == name);
        mine.map(|node| node.text.trim()).find(|text| is_something(text))
    }

    /// The texts of every field `name` that has one.
    pub fn fields<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let mine = self.inside.iter().filter(move |node| node.name == name);
        mine.map(|node| node.text.trim()).filter(|text| is_something(text))
    }

    /// A field on one line, at most `most` characters.
    pub fn line(&self, name: &str, most: usize) -> Option<String> {
        let line: String = text::clean_line(self.field(name)?).chars().take(most).collect();
        (!line.is_empty()).then_some(line)
    }

    /// Every node, from here down, that has a field `name`.
    pub fn having<'a>(&'a self, name: &str) -> Vec<&'a Node> {
        let (mut todo, mut found) = (vec![self], Vec::new());
        while let Some(node) = todo.pop() {
            if node.field(name).is_some() {
                found.push(node);
            }
            todo.extend(node.inside.iter().rev());
        }
        found
    }

    /// The outermost nodes that have a field `name`, each whole.
    pub fn into_having(self, name: &str) -> Vec<Node> {
        let (mut todo, mut found) = (vec![self], Vec::new());
        while let Some(node) = todo.pop() {
            if node.field(name).is_some() {
                found.push(node);
            } else {
                todo.extend(node.inside.into_iter().rev());
            }
        }
        found
    }

    /// How many bytes it takes, about.
    pub fn size(&self) -> usize {
        let inside: usize = self.inside.iter().map(Node::size).sum();
        size_of::<Self>() + self.name.len() + self.text.len() + inside
    }

    /// Whether `words` stand anywhere in it.
    pub fn mentions(&self, words: &str) -> bool {
        let mut todo = vec![self];
        while let Some(node) = todo.pop() {
            if node.text.contains(words) {
                return true;
            }
            todo.extend(&node.inside);
        }
        false
    }

    /// What it says is wrong, on one line: the descriptions of its errors.
    pub fn errors(&self) -> Option<String> {
        let all = self.having("code").into_iter().chain(self.having("description"));
        let mut said = Vec::new();
        for error in all.filter(|node| node.field("service_request_id").is_none()) {
            let description = error.line("description", 200).unwrap_or_default();
            let line = match error.line("code", 20) {
                // The code is the HTTP status nearly always; the description often begins with it.
                Some(code) if !description.starts_with(&code) => format!("{code} {description}"),
                _ => description,
            };
            if !line.is_empty() && !said.contains(&line) {
                said.push(line);
            }
        }
        let all: String = said.join("; ").chars().take(400).collect();
        (!all.is_empty()).then_some(all)
    }
}

/// Servers write nothing as an empty text, or as the word for it.
fn is_something(text: &str) -> bool {
    !text.is_empty() && text != "null"
}

/// A moment as servers write it: with a zone as they should; without one it is read in `zone`; a day
/// alone is its beginning.
pub fn moment(text: &str, zone: &jiff::tz::TimeZone) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    let local = text
        .parse::<jiff::civil::DateTime>()
        .or_else(|_| text.parse::<jiff::civil::Date>().map(|date| date.at(0, 0, 0, 0)))
        .ok()?;
    local.to_zoned(zone.clone()).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
