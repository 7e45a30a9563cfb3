//! What is wrong, said so that somebody can put it right: [`Invalid`] for what people and
//! programs send in, [`Fault`] for the files of a city.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One thing that is wrong with one field of what was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Invalid {
    /// JSON Pointer (RFC 6901) or form field name: `/place/lat`, `words`.
    pub field: String,
    /// A short stable code, for programs and for translation: `required`, `too_long`, `unknown`, …
    pub code: String,
    /// A sentence that says what is wrong and what to write instead, in English.
    pub message: String,
}

impl Invalid {
    /// `field` is wrong in the way `code`; `message` says how to put it right.
    pub fn new(field: impl Into<String>, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), code: code.into(), message: message.into() }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The whole body has no name.
        if self.field.is_empty() { f.write_str(&self.message) } else { write!(f, "{}: {}", self.field, self.message) }
    }
}

/// Whether a [`Fault`] stops the city from starting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The city cannot run with this.
    Error,
    /// It runs, but somebody should look.
    Warning,
}

/// One thing that is wrong in a file of the city folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The file, relative to the city folder.
    pub file: String,
    /// Line, from 1; 0 when the whole file is meant.
    pub line: usize,
    /// Column, from 1; 0 when the whole line is meant.
    pub column: usize,
    /// Error or warning.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

impl Fault {
    /// An error at `file:line:column`.
    pub fn error(
        file: &str,
        (line, column): (usize, usize),
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self { file: file.into(), line, column, severity: Severity::Error, message: message.into(), help: help.into() }
    }

    /// The same, as a warning.
    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }
    /// The fault for people: `file:line:column: error: …`, the line with a caret below, and what
    /// to write instead. `source` is the text of the file, if there is one.
    pub fn render(&self, source: Option<&str>) -> String {
        let word = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let mut out = match (self.line, self.column) {
            (0, _) => format!("{}: {word}: {}\n", self.file, self.message),
            (line, 0) => format!("{}:{line}: {word}: {}\n", self.file, self.message),
            (line, column) => format!("{}:{line}:{column}: {word}: {}\n", self.file, self.message),
        };
        if let Some(line) = source.and_then(|text| text.lines().nth(self.line.checked_sub(1)?)) {
            let (shown, caret) = window(line, self.column);
            let number = self.line.to_string();
            let margin = " ".repeat(number.len());
            out.push_str(&format!("{number} | {}\n", shown.trim_end()));
            if self.column > 0 {
                out.push_str(&format!("{margin} | {}^\n", " ".repeat(caret)));
            }
        }
        if !self.help.is_empty() {
            out.push_str(&format!("help: {}\n", self.help));
        }
        out
    }
}

/// At most 100 characters of `line` around `column`, and how many of them come before it. GeoJSON
/// is often one line of a megabyte. Control characters would move the caret, or the terminal.
fn window(line: &str, column: usize) -> (String, usize) {
    const BEFORE: usize = 60;
    const AFTER: usize = 40;
    let at = column.saturating_sub(1);
    let start = at.saturating_sub(BEFORE);
    let mut shown = String::new();
    if start > 0 {
        shown.push('…');
    }
    let mut rest = line.chars().skip(start);
    shown.extend(rest.by_ref().take(at - start + AFTER).map(|c| if c.is_control() { ' ' } else { c }));
    if rest.next().is_some() {
        shown.push('…');
    }
    (shown, at - start + usize::from(start > 0))
}

/// The one of `known` that is written most like `wanted`, if any is near enough to have been meant.
pub fn nearest<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted: String = wanted.chars().take(80).collect::<String>().to_lowercase();
    let limit = (wanted.chars().count() / 3).max(1);
    known
        .into_iter()
        .filter_map(|name| {
            let lower = name.to_lowercase();
            let distance = edits(&wanted, &lower);
            // `wegen` is a part of `publieke-ruimte-wegen`: far by letters, near by meaning.
            let part = wanted.len() >= 4 && lower.split(['-', '/', '_', '.']).any(|part| part == wanted);
            (distance <= limit || part).then_some((distance, name))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// What to write instead of `wanted`: the nearest of `known`, or all of them when they are few.
pub fn did_you_mean<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(wanted, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "there is none yet: add it first".to_owned(),
        None if known.len() <= 12 => format!("choose one of: {}", known.join(", ")),
        None => format!("choose one of: {}, … ({} in all)", known[..8].join(", "), known.len()),
    }
}

/// How many letters to add, remove, change or swap with their neighbour to make `b` of `a`
/// (optimal string alignment).
pub(crate) fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    rows[0] = (0..=b.len()).collect();
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let change = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = change.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_shows_the_line_and_what_to_write() {
        let fault = Fault::error("departments.yaml", (2, 9), "there is no department `wegn`", "did you mean `wegen`?");
        assert_eq!(
            fault.render(Some("a: b\nfoo:\t wegn\n")),
            "departments.yaml:2:9: error: there is no department `wegn`\n2 | foo:  wegn\n  |         ^\nhelp: did you mean `wegen`?\n"
        );
        assert_eq!(
            Fault::error("x.yaml", (0, 0), "the city folder has no file `x.yaml`", "").warning().render(None),
            "x.yaml: warning: the city folder has no file `x.yaml`\n"
        );
        // The line or the column may lie outside: the file was changed meanwhile.
        assert_eq!(Fault::error("x", (9, 9), "m", "h").render(Some("one")), "x:9:9: error: m\nhelp: h\n");
        assert!(Fault::error("x", (1, 99), "m", "h").render(Some("one")).contains("^"));
    }

    #[test]
    fn a_long_line_is_cut_around_the_caret() {
        let line = "é".repeat(5_000);
        let rendered = Fault::error("x", (1, 2_000), "m", "h").render(Some(&line));
        let lines: Vec<&str> = rendered.lines().collect();
        assert!(lines[1].chars().count() < 120, "{}", lines[1]);
        assert_eq!(lines[2].chars().count(), "1 | …".chars().count() + 60 + 1);
    }

    #[test]
    fn what_was_meant() {
        let known = ["publieke-ruimte", "publieke-ruimte-wegen", "politie", "privacy"];
        for (wanted, meant) in [
            ("publieke-ruimt", Some("publieke-ruimte")),
            ("Politie", Some("politie")),
            ("poltiie", Some("politie")),
            ("wegen", Some("publieke-ruimte-wegen")),
            ("zwembad", None),
            ("", None),
        ] {
            assert_eq!(nearest(wanted, known), meant, "{wanted}");
        }
        assert_eq!(
            did_you_mean("zwembad", known),
            "choose one of: publieke-ruimte, publieke-ruimte-wegen, politie, privacy"
        );
    }
}
