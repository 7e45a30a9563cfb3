//! The resident adds something to their report while it is open: a remark, photos, or both, by the secret link. It goes
//! the way of what they write back to a message: onto the case, and to who has it.

use super::IntakeTools;
use schemas::{
    Uuid, fault::Invalid, id::derived, reference::Reference, reply::wrote_with, report::Report, text, trace::Trace,
};

pub use schemas::reply::MAX_WORDS;

/// What somebody adds.
#[derive(Debug, Clone)]
pub struct Addition {
    /// The id of this showing of the form: the same twice is once.
    pub token: String,
    /// What they say.
    pub words: String,
    /// What stands there instead when there are photos alone.
    pub wordless: String,
    /// Photos that are kept and not yet of any report.
    pub photos: Vec<Uuid>,
}

/// What became of it.
#[derive(Debug)]
pub enum Outcome {
    /// It goes to who has it; or went there before.
    Added(Reference),
    /// Nothing was said and nothing shown.
    Nothing,
    /// The words are too long.
    Invalid(Invalid),
    /// The rows cannot be reached; nothing changed.
    Failed(store::Error),
}

/// Adds it to `report`.
pub async fn add(tools: &IntakeTools, report: &Report, addition: Addition, trace: Trace) -> Outcome {
    let Addition { token, words, wordless, photos } = addition;
    let said = text::clean(&words);
    let length = text::length(&said);
    if length > MAX_WORDS {
        let message = format!("these are {length} characters, at most {MAX_WORDS} fit: shorten it");
        return Outcome::Invalid(Invalid::new("words", "too_long", message));
    }
    let said = if length == 0 && !photos.is_empty() { wordless } else { said };
    let id = derived(&["added", &report.id.to_string(), &token]);
    let Some(letter) = wrote_with(report.id, id, &said, photos, trace, tools.clock.now()) else {
        return Outcome::Nothing;
    };
    let post = async || {
        let mut tx = tools.store.begin().await?;
        tx.post(&[letter]).await?;
        tx.commit().await
    };
    match post().await {
        Ok(()) => Outcome::Added(report.reference),
        Err(error) => Outcome::Failed(error),
    }
}
