//! The frame around the HTML part of every mail. Pure.

use crate::{
    colour,
    render::{LAYOUT, registry},
};
use handlebars::html_escape;
use schemas::{city::City, fault::Fault, report::Language};
use serde_json::json;

/// Where something goes in the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    Subject,
    Body,
}

/// The frame of one language, rendered but for its slots.
#[derive(Debug, Default)]
pub(crate) struct Frame {
    pieces: Vec<(String, Option<Slot>)>,
    length: usize,
}

const SUBJECT_SLOT: &str = "\u{e000}subject\u{e000}";
const BODY_SLOT: &str = "\u{e000}body\u{e000}";

/// Renders the frame of one language once, so that a mail only fills its slots.
pub(crate) fn frame(city: &City, source: &str, language: Language, accent: &str) -> Result<Frame, Fault> {
    let context = json!({
        "lang": language.as_str(),
        "dir": if language.is_right_to_left() { "rtl" } else { "ltr" },
        "city": city.name(language),
        "accent": accent,
        "on_accent": colour::readable_on(accent),
        "subject": SUBJECT_SLOT,
        "body": BODY_SLOT,
    });
    let help = "use lang, dir, city, accent, on_accent, subject, and {{{body}}} once";
    let mut registry = registry(html_escape);
    registry.register_template_string(LAYOUT, source).map_err(|error| {
        let (line, column) = error.pos().unwrap_or((0, 0));
        Fault::error(LAYOUT, (line, column), error.reason().to_string(), help)
    })?;
    let rendered = registry.render(LAYOUT, &context).map_err(|error| {
        let place = (error.line_no.unwrap_or(0), error.column_no.unwrap_or(0));
        Fault::error(LAYOUT, place, error.reason().to_string(), help)
    })?;
    if rendered.matches(BODY_SLOT).count() != 1 {
        return Err(Fault::error(LAYOUT, (0, 0), "the frame must hold the words of the mail once", help));
    }
    let mut frame = Frame { length: rendered.len(), ..Frame::default() };
    let mut rest = rendered.as_str();
    while let Some(at) = rest.find('\u{e000}') {
        let (slot, marker) =
            if rest[at..].starts_with(BODY_SLOT) { (Slot::Body, BODY_SLOT) } else { (Slot::Subject, SUBJECT_SLOT) };
        frame.pieces.push((rest[..at].to_owned(), Some(slot)));
        rest = rest.get(at + marker.len()..).unwrap_or_default();
    }
    frame.pieces.push((rest.to_owned(), None));
    Ok(frame)
}

impl Frame {
    /// The whole document: `subject` as HTML, `body` as HTML.
    pub(crate) fn fill(&self, subject: &str, body: &str) -> String {
        let mut out = String::with_capacity(self.length + body.len() + 4 * subject.len());
        for (piece, slot) in &self.pieces {
            out.push_str(piece);
            match slot {
                Some(Slot::Subject) => out.push_str(subject),
                Some(Slot::Body) => out.push_str(body),
                None => {}
            }
        }
        out
    }
}
