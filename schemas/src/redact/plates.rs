//! Number plates of Belgium, the Netherlands, France and Germany, by their shape. A shape that much else has, too,
//! counts only where a word before it says that a plate comes.

use super::{
    Found, Kind,
    numbers::{goes_on, is_inside},
};

/// Shapes that are plates by themselves when capitals and dashes are as on the plate: `A` a letter, `9` a digit.
const SURE: [&str; 10] = [
    // Belgium, since 2010.
    "9-AAA-999",
    // France since 2009; the Netherlands.
    "AA-999-AA",
    "AA-99-AA",
    "99-AA-AA",
    "AA-AA-99",
    "99-AAA-9",
    "9-AAA-99",
    "AA-999-A",
    "A-999-AA",
    "AAA-99-A",
];

/// Shapes that need a word before them.
const LIKELY: [&str; 6] = ["AAA-999", "999-AAA", "AA-99-99", "99-99-AA", "99-AA-99", "999-AA-99"];

/// Words that say that a plate comes.
const HINTS: [&str; 12] = [
    "plaat",
    "nummerplaat",
    "kentekenplaat",
    "kenteken",
    "nrpl",
    "plaque",
    "immatriculation",
    "immatriculé",
    "immatriculée",
    "plate",
    "registration",
    "kennzeichen",
];

/// How many characters before a plate its hint may stand.
const NEAR: usize = 30;

/// Letters or digits that stand together.
#[derive(Debug, Clone, Copy)]
struct Run {
    from: usize,
    until: usize,
    letters: bool,
}

fn runs(text: &str) -> Vec<Run> {
    let bytes = text.as_bytes();
    let mut runs = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let letters = bytes[at].is_ascii_alphabetic();
        if !letters && !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let same = |byte: &&u8| if letters { byte.is_ascii_alphabetic() } else { byte.is_ascii_digit() };
        let length = bytes[at..].iter().take_while(same).count();
        runs.push(Run { from: at, until: at + length, letters });
        at += length;
    }
    runs
}

/// The shape of `runs`, as the lists above write it.
fn shape(runs: &[Run]) -> String {
    let part = |run: &Run| if run.letters { "A" } else { "9" }.repeat(run.until - run.from);
    runs.iter().map(part).collect::<Vec<_>>().join("-")
}

/// Number plates.
pub(super) fn find(text: &str) -> Vec<Found> {
    let runs = runs(text);
    let mut found: Vec<Found> = Vec::new();
    let mut at = 0;
    while at < runs.len() {
        match (2..=3).rev().find(|count| runs.get(at..at + count).is_some_and(|runs| is_plate(text, runs))) {
            Some(count) => {
                found.push(Found { from: runs[at].from, until: runs[at + count - 1].until, kind: Kind::Plate });
                at += count;
            }
            None => at += 1,
        }
    }
    found
}

fn is_plate(text: &str, runs: &[Run]) -> bool {
    // Runs of hundreds of letters are no part of any.
    if runs.iter().any(|run| run.until - run.from > 4) {
        return false;
    }
    let (from, until) = (runs[0].from, runs[runs.len() - 1].until);
    let between: Vec<&str> = runs.windows(2).map(|pair| &text[pair[0].until..pair[1].from]).collect();
    let is_near = between.iter().all(|sign| ["", "-", " ", ".", "·"].contains(sign));
    if !is_near || is_part_of_more(text, from, until) {
        return false;
    }
    let shape = shape(runs);
    let is_big = !text[from..until].bytes().any(|byte| byte.is_ascii_lowercase());
    if is_big && between.iter().all(|sign| *sign == "-") && SURE.contains(&shape.as_str()) {
        return true;
    }
    (SURE.contains(&shape.as_str()) || LIKELY.contains(&shape.as_str()) || is_german(runs)) && is_announced(text, from)
}

/// Whether letters, digits or a dash with more go on before or behind: then it is a part of something longer.
fn is_part_of_more(text: &str, from: usize, until: usize) -> bool {
    let dashed = |sign: Option<char>| sign.is_some_and(|c| matches!(c, '-' | '/' | '_'));
    let before = text[..from].chars().next_back();
    let behind = text[until..].chars().next();
    let more_before = dashed(before) && is_inside(text, from - before.map_or(0, char::len_utf8));
    let more_behind = dashed(behind) && goes_on(text, until + behind.map_or(0, char::len_utf8));
    is_inside(text, from) || goes_on(text, until) || more_before || more_behind
}

/// One to three letters for the district, one or two more, up to four digits.
fn is_german(runs: &[Run]) -> bool {
    let [district, letters, digits] = runs else { return false };
    let long = |run: &Run| run.until - run.from;
    district.letters && letters.letters && !digits.letters && long(district) <= 3 && long(letters) <= 2
}

/// Whether a word right before says that a plate comes.
fn is_announced(text: &str, from: usize) -> bool {
    let before: String = text[..from].chars().rev().take(NEAR).take_while(|c| !"[];\n".contains(*c)).collect();
    let before: String = before.chars().rev().collect::<String>().to_lowercase();
    before.split(|c: char| !c.is_alphabetic()).any(|word| HINTS.contains(&word))
}
