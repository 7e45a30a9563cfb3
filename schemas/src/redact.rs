//! Personal data in free text: telephone numbers, mail addresses, Belgian national numbers, bank accounts and number
//! plates are found and proposed for leaving out, before a text becomes public. A proposal: a person decides.

mod numbers;
mod plates;
#[cfg(test)]
mod tests;

use crate::submission::is_email;
use serde::Serialize;

/// What stands in place of what is left out.
pub const MASK: &str = "[…]";

/// How often a text is gone through: leaving one thing out may uncover another.
const ROUNDS: usize = 8;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A bank account (ISO 13616), by its check digits.
    Iban,
    /// A Belgian national number or bis number, by its check digits.
    NationalNumber,
    /// A mail address.
    Email,
    /// A telephone number that exists by the plan of its country.
    Phone,
    /// A number plate, by its shape.
    Plate,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Iban, Self::NationalNumber, Self::Email, Self::Phone, Self::Plate];

    /// The kind in lower case, as in JSON and in texts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Iban => "iban",
            Self::NationalNumber => "national_number",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Plate => "plate",
        }
    }
}

/// Where something was found: bytes from, until; both on the borders of characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Found {
    /// The first byte.
    pub from: usize,
    /// The byte after the last.
    pub until: usize,
    /// What.
    pub kind: Kind,
}

/// What of `text` may be personal data, in its order; nothing overlaps. `country` (ISO 3166-1 alpha-2) is where a
/// telephone number without one is from.
pub fn find(text: &str, country: &str) -> Vec<Found> {
    let mut all: Vec<Found> = Vec::new();
    let mut rest = text.to_owned();
    for _ in 0..ROUNDS {
        let mut found = numbers::ibans(&rest);
        found.extend(numbers::of_digits(&rest, country));
        found.extend(emails(&rest));
        found.extend(plates::find(&rest));
        if found.is_empty() {
            break;
        }
        rest = blank(&rest, &found);
        all.extend(found);
    }
    merged(all)
}

/// `text` with [`MASK`] in place of what was found in it.
pub fn mask(text: &str, found: &[Found]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for one in found {
        // What does not lie in the text, or not behind the one before, is not of this text.
        let (Some(before), Some(_)) = (text.get(at..one.from), text.get(one.from..one.until)) else { continue };
        out.push_str(before);
        out.push_str(MASK);
        at = one.until;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

/// Spans that touch each other's bytes as one, called by the surest of them.
fn merged(mut all: Vec<Found>) -> Vec<Found> {
    all.sort_unstable();
    let mut out: Vec<Found> = Vec::with_capacity(all.len());
    for one in all {
        match out.last_mut() {
            Some(last) if one.from < last.until => {
                last.until = last.until.max(one.until);
                last.kind = last.kind.min(one.kind);
            }
            _ => out.push(one),
        }
    }
    out
}

/// `text` with as many bytes of a sign that ends every word in place of what was found.
fn blank(text: &str, found: &[Found]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for one in merged(found.to_vec()) {
        out.push_str(text.get(at..one.from).unwrap_or_default());
        out.extend(std::iter::repeat_n(';', one.until.saturating_sub(one.from)));
        at = one.until;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

fn emails(text: &str) -> Vec<Found> {
    let is_local = |c: char| c.is_alphanumeric() || "._%+-'".contains(c);
    let is_domain = |c: char| c.is_alphanumeric() || ".-".contains(c);
    let mut found = Vec::new();
    for (at, _) in text.match_indices('@') {
        let (before, after) = (&text[..at], &text[at + 1..]);
        let from = at - before.chars().rev().take_while(|c| is_local(*c)).take(64).map(char::len_utf8).sum::<usize>();
        let length: usize = after.chars().take_while(|c| is_domain(*c)).take(253).map(char::len_utf8).sum();
        // A full stop ends the sentence; so does a dash.
        let domain = after[..length].trim_end_matches(['.', '-']);
        let local = text[from..at].trim_start_matches(['.', '-', '\'', '+', '%']);
        let from = at - local.len();
        let last = domain.rsplit('.').next().unwrap_or_default();
        if is_email(&format!("{local}@{domain}")) && last.chars().count() >= 2 && last.chars().all(char::is_alphabetic)
        {
            found.push(Found { from, until: at + 1 + domain.len(), kind: Kind::Email });
        }
    }
    found
}
