//! Words that call for an emergency number.

use super::City;
use crate::{report::Language, text::fold};
use std::collections::BTreeMap;

/// Words that call for an emergency number.
#[derive(Debug, Clone, PartialEq)]
pub struct EmergencyHint {
    /// `112`, `101`, or a named number.
    pub number: String,
    /// The words, in lower case, per language.
    pub words: BTreeMap<Language, Vec<String>>,
}

impl City {
    /// The numbers that `words` call for, in the order of the city's hints; none in most words. A word may be bent by two
    /// letters ("rookt", "gewonden"), but "brand" is not in "brandnetel".
    pub fn emergency_numbers(&self, words: &str) -> Vec<&str> {
        let words = format!(" {} ", fold(words));
        let said = |word: &String| {
            let word = format!(" {}", fold(word));
            words.match_indices(&word).any(|(at, _)| {
                let rest = words.get(at + word.len()..).unwrap_or_default();
                rest.find(' ').is_some_and(|end| end <= 2)
            })
        };
        let wanted = self.emergency_hints.iter().filter(|hint| hint.words.values().flatten().any(said));
        wanted.map(|hint| hint.number.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::city::sample;

    #[test]
    fn words_call_for_a_number() {
        let city = sample::city();
        for (words, numbers) in [
            ("Er is BRAND in de straat!", &["112"][..]),
            ("odeur de gaz ici", &["0800 65 0 65"]),
            ("There is a fight", &["101"]),
            ("de brandweer was hier", &[]),
            ("de Brandnetels staan hoog", &[]),
            ("een put in het voetpad", &[]),
            ("", &[]),
        ] {
            assert_eq!(city.emergency_numbers(words), numbers, "{words}");
        }
    }
}
