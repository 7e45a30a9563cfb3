//! What words mean: one street for sure, or some to choose from.

use super::{Streets, compact, postcodes, split};
use crate::{place::Spot, report::Language};

/// No more letters than these are read of what somebody asks for.
const MOST_LETTERS: usize = 200;
/// No more words.
const MOST_WORDS: usize = 24;

/// What somebody wrote, taken apart.
struct Asked {
    words: Vec<String>,
}

/// A name that stands in the words: the streets of that name, and which words it is.
struct Mention<'a> {
    places: &'a [usize],
    from: usize,
    until: usize,
    letters: usize,
}

/// Whether a word is the number of a house: it begins with a digit.
fn is_number(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
}

impl Asked {
    fn read(text: &str) -> Self {
        let text: String = text.chars().take(MOST_LETTERS).collect();
        let mut words = split(&text);
        words.truncate(MOST_WORDS);
        Self { words }
    }

    /// The numbers that may be meant by the words after or before a name: "12 a" is 12a, or else 12.
    fn numbers(&self, mention: &Mention<'_>) -> Vec<String> {
        let after = self.words.get(mention.until);
        let before = mention.from.checked_sub(1).and_then(|at| self.words.get(at));
        let mut numbers = Vec::new();
        if let Some(number) = after.filter(|word| is_number(word)) {
            let letter = self.words.get(mention.until + 1).filter(|word| word.len() == 1);
            numbers.extend(letter.map(|letter| format!("{number}{letter}")));
            numbers.push(number.clone());
        }
        numbers.extend(before.filter(|word| is_number(word)).cloned());
        numbers
    }
}

impl Streets {
    /// The names in the words, the longest where they overlap.
    fn mentions(&self, words: &[String]) -> Vec<Mention<'_>> {
        let mut found: Vec<Mention<'_>> = Vec::new();
        for from in 0..words.len() {
            // A name may be torn into more words than it has: "Sint Jans straat".
            for until in (from + 1..=words.len()).take(self.longest + 3) {
                let name = compact(&words[from..until]);
                let Some(places) = self.by_name.get(&name) else { continue };
                found.push(Mention { places, from, until, letters: name.len() });
            }
        }
        found.sort_by_key(|mention| std::cmp::Reverse(mention.letters));
        let mut kept: Vec<Mention<'_>> = Vec::new();
        for mention in found {
            if kept.iter().all(|longer| mention.until <= longer.from || longer.until <= mention.from) {
                kept.push(mention);
            }
        }
        kept.sort_by_key(|mention| mention.from);
        kept
    }

    /// Whether the words name this street.
    pub fn mentioned(&self, street: &str, words: &str) -> bool {
        let (street, words) = (compact(&split(street)), Asked::read(words).words);
        !street.is_empty()
            && (0..words.len()).any(|from| (from + 1..=words.len()).any(|until| compact(&words[from..until]) == street))
    }

    /// Those of `places` that the other words point to, by postcode or town; all when they point to none.
    fn pointed_to(&self, places: &[usize], words: &[String]) -> Vec<usize> {
        let points_to = |place: &&usize| {
            let street = &self.streets[**place];
            let by_code = street.postcode.as_deref().is_some_and(|code| postcodes(words).any(|word| word == code));
            let town = street.town.as_deref().map(split).unwrap_or_default();
            by_code || (!town.is_empty() && words.windows(town.len()).any(|part| part == town))
        };
        let found: Vec<usize> = places.iter().filter(points_to).copied().collect();
        if found.is_empty() { places.to_vec() } else { found }
    }

    /// The one place that these words can mean; nothing when that is not sure.
    pub fn understand(&self, text: &str, language: Language) -> Option<Spot> {
        let asked = Asked::read(text);
        let mentions = self.mentions(&asked.words);
        let mut meant: Vec<(usize, Vec<String>)> = Vec::new();
        for mention in &mentions {
            match self.pointed_to(mention.places, &asked.words).as_slice() {
                [one] => meant.push((*one, asked.numbers(mention))),
                _ => return None,
            }
        }
        // "Between A and B" is neither; "A 12, the corner of B" is a house in A.
        if meant.len() > 1 {
            meant.retain(|(_, numbers)| !numbers.is_empty());
        }
        let [(place, numbers)] = meant.as_slice() else { return None };
        let street = &self.streets[*place];
        let number = numbers.iter().find(|number| street.numbers.contains_key(*number));
        street.spot(number.map(String::as_str), language)
    }

    /// The places that these words may mean, the likeliest first, at most `most`; with `guess` also where they only begin a
    /// name, or spell it nearly so.
    pub fn find(&self, text: &str, language: Language, most: usize, guess: bool) -> Vec<Spot> {
        let asked = Asked::read(text);
        let mentions = self.mentions(&asked.words);
        let mut ranked: Vec<(u32, usize, Vec<String>)> = Vec::new();
        for mention in &mentions {
            let numbers = asked.numbers(mention);
            let places = self.pointed_to(mention.places, &asked.words);
            ranked.extend(places.into_iter().map(|place| (0, place, numbers.clone())));
        }
        if ranked.is_empty() && guess {
            ranked = self.likely(&asked);
        }
        ranked.sort_by(|a, b| {
            let name = |place: usize| self.streets[place].name(language);
            (a.0, name(a.1)).cmp(&(b.0, name(b.1)))
        });
        ranked.dedup_by_key(|(_, place, _)| *place);
        let spot = |(_, place, numbers): (u32, usize, Vec<String>)| {
            let street = &self.streets[place];
            let number = numbers.iter().find(|number| street.numbers.contains_key(*number));
            street.spot(number.map(String::as_str), language)
        };
        ranked.into_iter().filter_map(spot).take(most).collect()
    }

    /// Streets whose name begins like the words, has a word that does, or is spelled nearly so.
    fn likely(&self, asked: &Asked) -> Vec<(u32, usize, Vec<String>)> {
        // The name ends at the number; behind it stand postcode and town.
        let end = asked.words.iter().skip(1).position(|word| is_number(word)).map_or(asked.words.len(), |at| at + 1);
        let start = usize::from(asked.words.first().is_some_and(|word| is_number(word)) && asked.words.len() > 1);
        let name = asked.words.get(start..end.max(start)).unwrap_or_default();
        let whole = compact(name);
        if whole.chars().count() < 2 {
            return Vec::new();
        }
        let mention = Mention { places: &[], from: start, until: end, letters: 0 };
        let numbers = asked.numbers(&mention);
        let mut found = Vec::new();
        for (place, street) in self.streets.iter().enumerate() {
            let rank = street.names.values().filter_map(|street| rank(&split(street), name, &whole)).min();
            found.extend(rank.map(|rank| (rank, place, numbers.clone())));
        }
        // What is only spelled nearly so is of no use beside what begins so.
        if found.iter().any(|(rank, ..)| *rank < NEARLY) {
            found.retain(|(rank, ..)| *rank < NEARLY);
        }
        found
    }
}

/// From here on a name is only spelled nearly as was asked.
const NEARLY: u32 = 10;

/// How well a name fits; nothing when it does not.
fn rank(street: &[String], asked: &[String], whole: &str) -> Option<u32> {
    let compacted = compact(street);
    if compacted.starts_with(whole) {
        return Some(1);
    }
    let begins = |word: &String| street.iter().any(|part| part.starts_with(word.as_str()));
    if !asked.is_empty() && asked.iter().all(begins) {
        return Some(2);
    }
    let letters = whole.chars().count();
    if letters >= 4 && compacted.contains(whole) {
        return Some(3);
    }
    let most = letters / 5 + usize::from(letters >= 4);
    if letters < 4 || compacted.chars().count().abs_diff(letters) > most {
        return None;
    }
    let edits = crate::fault::edits(whole, &compacted);
    (edits <= most).then(|| NEARLY + u32::try_from(edits).unwrap_or(u32::MAX / 2))
}
