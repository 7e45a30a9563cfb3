//! Things of the city with a number on them: lamp posts, benches, bins. Who reads the number needs no address.

use super::streets::{compact, split};
use crate::{further::Word, place::Point};
use std::collections::HashMap;

/// What a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssetKind {
    /// A street lamp.
    Lamp,
    /// A bin.
    Bin,
    /// A bench.
    Bench,
    /// A tree.
    Tree,
    /// A drain in the street.
    Drain,
    /// A bollard.
    Bollard,
    /// Anything else.
    Other,
}

impl AssetKind {
    /// Every kind, by its word in `assets.csv`.
    pub const ALL: [(&'static str, Self); 7] = [
        ("lamp", Self::Lamp),
        ("bin", Self::Bin),
        ("bench", Self::Bench),
        ("tree", Self::Tree),
        ("drain", Self::Drain),
        ("bollard", Self::Bollard),
        ("other", Self::Other),
    ];

    /// What people call it.
    pub fn word(self) -> &'static Word {
        match self {
            Self::Lamp => &LAMP,
            Self::Bin => &BIN,
            Self::Bench => &BENCH,
            Self::Tree => &TREE,
            Self::Drain => &DRAIN,
            Self::Bollard => &BOLLARD,
            Self::Other => &OTHER,
        }
    }
}

static LAMP: Word = Word::new("asset-lamp", ["Straatlamp", "Réverbère", "Street lamp"]);
static BIN: Word = Word::new("asset-bin", ["Vuilnisbak", "Poubelle", "Bin"]);
static BENCH: Word = Word::new("asset-bench", ["Zitbank", "Banc", "Bench"]);
static TREE: Word = Word::new("asset-tree", ["Boom", "Arbre", "Tree"]);
static DRAIN: Word = Word::new("asset-drain", ["Rioolputje", "Avaloir", "Drain"]);
static BOLLARD: Word = Word::new("asset-bollard", ["Paaltje", "Potelet", "Bollard"]);
static OTHER: Word = Word::new("asset-other", ["Nummer", "Numéro", "Number"]);

/// One thing.
#[derive(Debug, Clone, PartialEq)]
pub struct Asset {
    /// Its number, as it stands on it.
    pub number: String,
    /// What it is.
    pub kind: AssetKind,
    /// Where it stands.
    pub point: Point,
}

/// Everything with a number that the list of a city names.
#[derive(Debug, Default)]
pub struct Assets {
    assets: Vec<Asset>,
    by_number: HashMap<String, usize>,
}

/// A number as it is compared: "KO 50-12" and "ko5012" are the same.
pub(crate) fn number_key(number: &str) -> String {
    compact(&split(number))
}

impl Assets {
    /// The things, in file order; of two with the same number the first counts.
    pub fn new(assets: Vec<Asset>) -> Self {
        let mut by_number = HashMap::new();
        for (place, asset) in assets.iter().enumerate() {
            by_number.entry(number_key(&asset.number)).or_insert(place);
        }
        Self { assets, by_number }
    }

    /// Every one, in file order.
    pub fn all(&self) -> &[Asset] {
        &self.assets
    }

    /// The one with this number, however it is written.
    pub fn get(&self, number: &str) -> Option<&Asset> {
        self.by_number.get(&number_key(number)).and_then(|place| self.assets.get(*place))
    }

    /// Those that the words may mean: the number stands among them, or they are its beginning. At most `most`.
    pub fn find(&self, words: &str, most: usize) -> Vec<&Asset> {
        let words: String = words.chars().take(200).collect();
        let words = split(&words);
        let mut found: Vec<&Asset> = Vec::new();
        for from in 0..words.len() {
            for until in (from + 1..=words.len()).take(4) {
                let number = compact(&words[from..until]);
                // "12" is the number of a house first.
                if number.len() < 3 || !number.bytes().any(|b| b.is_ascii_digit()) {
                    continue;
                }
                let asset = self.by_number.get(&number).and_then(|place| self.assets.get(*place));
                found.extend(asset.filter(|asset| !found.contains(asset)));
            }
        }
        let start = compact(&words);
        if found.is_empty() && start.len() >= 3 && start.bytes().any(|b| b.is_ascii_digit()) {
            found.extend(self.assets.iter().filter(|asset| number_key(&asset.number).starts_with(&start)));
        }
        found.truncate(most);
        found
    }
}
