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
        write!(f, "{}: {}", self.field, self.message)
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
    pub fn error(file: &str, (line, column): (usize, usize), message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { file: file.into(), line, column, severity: Severity::Error, message: message.into(), help: help.into() }
    }

    /// The same, as a warning.
    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }
}
