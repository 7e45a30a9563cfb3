//! What is told by its digits: bank accounts, national numbers, telephone numbers.

use super::{Found, Kind};
use crate::phone;

/// The most groups of digits that are one number.
const MOST_GROUPS: usize = 8;
/// The most numbers of a text that are looked up in the plans of telephone numbers.
const MOST_LOOKUPS: usize = 300;
/// Neighbours whose numbers are written without a country here, too.
const NEIGHBOURS: [&str; 2] = ["NL", "FR"];

/// How long a bank account is, by country (SWIFT, IBAN registry).
const LENGTHS: [(&str, usize); 38] = [
    ("AD", 24),
    ("AT", 20),
    ("BE", 16),
    ("BG", 22),
    ("CH", 21),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DK", 18),
    ("EE", 20),
    ("ES", 24),
    ("FI", 18),
    ("FR", 27),
    ("GB", 22),
    ("GI", 23),
    ("GR", 27),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IS", 26),
    ("IT", 27),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("MA", 28),
    ("MC", 27),
    ("MT", 31),
    ("NL", 18),
    ("NO", 15),
    ("PL", 28),
    ("PT", 25),
    ("RO", 24),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("TR", 26),
];

/// Whether a letter or digit stands right before byte `at`.
pub(super) fn is_inside(text: &str, at: usize) -> bool {
    text[..at].chars().next_back().is_some_and(char::is_alphanumeric)
}

/// Whether a letter or digit stands right at byte `at`.
pub(super) fn goes_on(text: &str, at: usize) -> bool {
    text[at..].chars().next().is_some_and(char::is_alphanumeric)
}

/// Bank accounts, by their check digits (ISO 7064, mod 97-10).
pub(super) fn ibans(text: &str) -> Vec<Found> {
    let bytes = text.as_bytes();
    let mut found: Vec<Found> = Vec::new();
    for from in 0..bytes.len().saturating_sub(3) {
        let is_start = bytes[from].is_ascii_alphabetic()
            && bytes[from + 1].is_ascii_alphabetic()
            && found.last().is_none_or(|last| last.until <= from)
            && !is_inside(text, from);
        if let Some(until) = is_start.then(|| iban(text, from)).flatten() {
            found.push(Found { from, until, kind: Kind::Iban });
        }
    }
    found
}

/// Where the bank account ends that begins at `from`, if one does.
fn iban(text: &str, from: usize) -> Option<usize> {
    let country = text.get(from..from + 2)?.to_ascii_uppercase();
    let length = LENGTHS.iter().find(|(known, _)| *known == country)?.1;
    let mut signs = Vec::with_capacity(length);
    let mut at = from;
    let mut gap = 0;
    while signs.len() < length {
        let sign = *text.as_bytes().get(at)?;
        if sign.is_ascii_alphanumeric() {
            signs.push(sign.to_ascii_uppercase());
            gap = 0;
        } else if matches!(sign, b' ' | b'.' | b'-') && gap == 0 && signs.len() >= 4 {
            gap += 1;
        } else {
            return None;
        }
        at += 1;
    }
    let is_whole = !goes_on(text, at);
    let remainder = signs[4..].iter().chain(&signs[..4]).try_fold(0_u32, |rest, sign| match sign {
        b'0'..=b'9' => Some((rest * 10 + u32::from(sign - b'0')) % 97),
        b'A'..=b'Z' => Some((rest * 100 + u32::from(sign - b'A') + 10) % 97),
        _ => None,
    })?;
    (is_whole && remainder == 1).then_some(at)
}

/// Digits that stand together, and what parts them from those before.
#[derive(Debug, Clone, Copy)]
struct Group {
    from: usize,
    until: usize,
    /// It goes on with the group before: at most two signs that people write within a number stand between.
    follows: bool,
}

fn groups(text: &str) -> Vec<Group> {
    let bytes = text.as_bytes();
    let mut groups: Vec<Group> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let length = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let between = groups.last().map(|last| &text[last.until..at]);
        let follows = between.is_some_and(|between| {
            let count = between.chars().count();
            (1..=3).contains(&count) && between.chars().all(|c| " ./-()\u{a0}\u{202f}\u{2011}".contains(c))
        });
        groups.push(Group { from: at, until: at + length, follows });
        at += length;
    }
    groups
}

fn digits(text: &str) -> Vec<u8> {
    text.bytes().filter(u8::is_ascii_digit).map(|byte| byte - b'0').collect()
}

/// National numbers and telephone numbers.
pub(super) fn of_digits(text: &str, country: &str) -> Vec<Found> {
    let groups = groups(text);
    let mut found = Vec::new();
    let mut left = MOST_LOOKUPS;
    let mut at = 0;
    while at < groups.len() {
        let run = groups[at + 1..].iter().take_while(|group| group.follows).count();
        let run = &groups[at..(at + run + 1).min(at + MOST_GROUPS)];
        let one = national(text, run).or_else(|| telephone(text, run, country, &mut left));
        match one {
            Some((taken, one)) => {
                found.push(one);
                at += taken;
            }
            None => at += 1,
        }
    }
    found
}

/// A national number at the beginning of `run`: eleven digits, the last two check the others. With how many groups.
fn national(text: &str, run: &[Group]) -> Option<(usize, Found)> {
    let from = run[0].from;
    if is_inside(text, from) {
        return None;
    }
    let (last, until) = (1..=run.len()).map(|n| (n, run[n - 1].until)).find(|(_, until)| {
        let count = digits(&text[from..*until]).len();
        count >= 11
    })?;
    let digits = digits(&text[from..until]);
    if digits.len() != 11 || goes_on(text, until) {
        return None;
    }
    let number = |range: std::ops::Range<usize>| digits[range].iter().fold(0_u64, |n, d| n * 10 + u64::from(*d));
    // A bis number has 20 or 40 more in its month.
    let (month, day, check) = (number(2..4) % 20, number(4..6), number(9..11));
    let is_date = number(2..4) < 60 && month <= 12 && day <= 31;
    // Who was born since 2000 is counted as if a 2 stood before.
    let checks = [0, 2_000_000_000].map(|century| 97 - (century + number(0..9)) % 97);
    (is_date && checks.contains(&check)).then_some((last, Found { from, until, kind: Kind::NationalNumber }))
}

/// A telephone number at the beginning of `run`: with its country, or with the 0 that stands for one. The longest that
/// a plan knows; with how many groups.
fn telephone(text: &str, run: &[Group], country: &str, left: &mut usize) -> Option<(usize, Found)> {
    let first = run[0].from;
    let before = &text[..first];
    let has_plus = before.ends_with('+') && !is_inside(text, first - 1);
    let starts = has_plus || (text[first..].starts_with('0') && !is_inside(text, first));
    if !starts || is_fraction(text, &run[0]) || is_date(text, run) {
        return None;
    }
    let from = match before.chars().next_back() {
        Some('+') => first - 1,
        // "(056) 27 77 77", but not the bracket of a whole remark.
        Some('(') if text[run[0].until..].starts_with(')') => first - 1,
        _ => first,
    };
    for taken in (1..=run.len()).rev() {
        let until = run[taken - 1].until;
        let count = digits(&text[first..until]).len();
        let fits = if has_plus { (8..=15).contains(&count) } else { (9..=15).contains(&count) };
        if !fits || goes_on(text, until) || *left == 0 {
            continue;
        }
        *left -= 1;
        let written = text[from..until].replace(['\u{a0}', '\u{202f}', '\u{2011}'], " ");
        let plans = std::iter::once(country).chain(NEIGHBOURS.into_iter().filter(|plan| *plan != country));
        if plans.take(if has_plus { 1 } else { 3 }).any(|plan| phone::read(&written, plan).is_some()) {
            return Some((taken, Found { from, until, kind: Kind::Phone }));
        }
    }
    None
}

/// Whether `group` is a part of a number with a point or a comma: `0.123456789`, `12,050600700`.
fn is_fraction(text: &str, group: &Group) -> bool {
    let mut before = text[..group.from].chars().rev();
    let is_behind =
        before.next().is_some_and(|c| matches!(c, '.' | ',')) && before.next().is_some_and(|c| c.is_ascii_digit());
    let is_before = &text[group.from..group.until] == "0" && text[group.until..].starts_with(['.', ',']);
    is_behind || is_before
}

/// Whether `run` begins with a date: day, month and year, or the other way round.
fn is_date(text: &str, run: &[Group]) -> bool {
    let [a, b, c, ..] = run else { return false };
    let part = |group: &Group| text[group.from..group.until].parse::<u32>().unwrap_or(u32::MAX);
    let between = |a: &Group, b: &Group| &text[a.until..b.from];
    let sign = between(a, b);
    let long = |group: &Group| group.until - group.from;
    sign == between(b, c)
        && ["-", "/", "."].contains(&sign)
        && long(a) <= 2
        && long(b) <= 2
        && long(c) == 4
        && (1..=31).contains(&part(a))
        && (1..=12).contains(&part(b))
        && (1900..=2100).contains(&part(c))
}
