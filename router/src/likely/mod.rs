//! Which category a text is likely about: a suggestion with the words that point there, never a
//! decision. Pure but for [`learn`].
//!
//! A naive Bayes classifier over words and pieces of words. It starts from the names and hints of
//! the categories in every language at once, and learns from the city's own cases. Of those it
//! keeps words that at least [`COMMON`] reports share and that say neither who nor where, as counts
//! per category. Why so: `docs/decisions/0011-a-suggestion-is-counted-words.md`.

mod judge;
mod learn;
mod table;
mod words;

pub use judge::{Judged, judge};
pub use learn::{Latest, Teacher, learn, lessons};

use schemas::{city::City, slug::CategoryId};
use std::collections::HashMap;
use table::Table;
use words::{pieces, words};

/// A word of a report is kept once this many reports have it.
pub const COMMON: u32 = 3;
/// The most words of a text that are looked at.
const MOST_WORDS: usize = 200;
/// The most words that are given as the reason.
const MOST_REASONS: usize = 3;
/// What the words have to say together (natural logarithm of how much likelier they are in this
/// category than anywhere) before anything is suggested.
const ENOUGH: f64 = 1.0;
/// How far behind the best a suggestion may be.
const NEAR: f64 = 4.0;
/// How much it counts that a category has many cases: half, so that a rare matter keeps its chance.
const PRIOR: f64 = 0.5;

/// A category that a text is likely about.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// The category.
    pub category: CategoryId,
    /// The share of the likelihood among all that are suggested, 0 to 1.
    pub share: f64,
    /// The words that point there, as they were said, the strongest first; never empty.
    pub words: Vec<String>,
}

/// What was learnt. Holds counts of words, no text of anybody.
#[derive(Debug)]
pub struct Likely {
    categories: Vec<CategoryId>,
    priors: Vec<f64>,
    words: Table,
    pieces: Table,
    cases: usize,
}

impl Likely {
    /// What the names and hints of the city's categories say, before any case.
    pub fn seed(city: &City) -> Self {
        Teacher::new(city).finish()
    }

    /// How many cases it learnt from.
    pub fn cases(&self) -> usize {
        self.cases
    }

    /// How many different words of cases, names and hints it knows.
    pub fn vocabulary(&self) -> usize {
        self.words.len()
    }

    /// At most `most` categories that `text` is likely about, the likeliest first. Empty when its
    /// words say too little.
    pub fn suggest(&self, text: &str, most: usize) -> Vec<Suggestion> {
        // Each word once, with what it says for each category.
        let mut said: Vec<(&str, Vec<f64>)> = Vec::new();
        let mut seen: HashMap<String, ()> = HashMap::new();
        for word in words(text).take(MOST_WORDS) {
            if seen.insert(word.folded.clone(), ()).is_some() {
                continue;
            }
            let mut says = vec![0.0; self.categories.len()];
            self.words.add(&word.folded, 1.0, &mut says);
            let pieces = pieces(&word.folded);
            for piece in &pieces {
                self.pieces.add(piece, 1.0 / pieces.len() as f64, &mut says);
            }
            if says.iter().any(|says| *says != 0.0) {
                said.push((word.said, says));
            }
        }
        let total = |at: usize| said.iter().map(|(_, says)| says[at]).sum::<f64>();
        let mut found: Vec<(usize, f64)> = (0..self.categories.len())
            .map(|at| (at, total(at)))
            .filter(|(_, evidence)| *evidence >= ENOUGH)
            .map(|(at, evidence)| (at, evidence + PRIOR * self.priors[at]))
            .collect();
        // Stable: equals stay in the order of the city's file.
        found.sort_by(|a, b| b.1.total_cmp(&a.1));
        let best = found.first().map_or(0.0, |(_, score)| *score);
        found.retain(|(_, score)| *score >= best - NEAR);
        let sum: f64 = found.iter().map(|(_, score)| (score - best).exp()).sum();
        found
            .into_iter()
            .take(most)
            .map(|(at, score)| Suggestion {
                category: self.categories[at].clone(),
                share: (score - best).exp() / sum,
                words: reasons(&said, at),
            })
            .collect()
    }
}

/// The words that say most for the category `at`.
fn reasons(said: &[(&str, Vec<f64>)], at: usize) -> Vec<String> {
    let mut pointing: Vec<(&str, f64)> =
        said.iter().map(|(word, says)| (*word, says[at])).filter(|(_, says)| *says > 0.0).collect();
    pointing.sort_by(|a, b| b.1.total_cmp(&a.1));
    let strongest = pointing.first().map_or(0.0, |(_, says)| *says);
    pointing.retain(|(_, says)| *says >= strongest / 4.0);
    pointing.into_iter().take(MOST_REASONS).map(|(word, _)| word.to_owned()).collect()
}

#[cfg(test)]
mod tests;
