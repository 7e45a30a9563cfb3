//! Numbers as a rule writes them: `50`, `">50"`, `"<=5"`, `"10..20"`.

use std::{fmt, str::FromStr};

/// From and to, with the ends or without.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Range {
    low: f64,
    high: f64,
    with_low: bool,
    with_high: bool,
}

/// A text is no range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write a number, `\">50\"`, `\">=50\"`, `\"<50\"`, `\"<=50\"` or `\"10..20\"`")]
pub(crate) struct NotARange;

/// A number as people write it: with a point or a comma.
pub(crate) fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let plain = text.starts_with(|c: char| c.is_ascii_digit() || c == '-')
        && text.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '.' | ','));
    plain.then(|| text.replacen(',', ".", 1).parse().ok()).flatten()
}

impl Range {
    pub fn contains(self, number: f64) -> bool {
        let above = if self.with_low { number >= self.low } else { number > self.low };
        let below = if self.with_high { number <= self.high } else { number < self.high };
        above && below
    }

    /// Whether a count can lie in it: a whole number from 0.
    pub fn counts(self) -> bool {
        let first = self.low.ceil().max(0.0);
        let first = if self.contains(first) { first } else { first + 1.0 };
        self.contains(first)
    }

    /// Whether a count can lie in both.
    pub fn meets(self, other: Self) -> bool {
        let (low, with_low) =
            if self.low > other.low { (self.low, self.with_low) } else { (other.low, other.with_low) };
        let with_low = with_low && (self.low != other.low || self.with_low == other.with_low);
        let (high, with_high) =
            if self.high < other.high { (self.high, self.with_high) } else { (other.high, other.with_high) };
        let with_high = with_high && (self.high != other.high || self.with_high == other.with_high);
        Self { low, high, with_low, with_high }.counts()
    }

    /// Whether `text` is meant to be a range, and not a word.
    pub fn is_meant(text: &str) -> bool {
        text.starts_with(['<', '>']) || text.contains("..")
    }
}

impl FromStr for Range {
    type Err = NotARange;
    fn from_str(text: &str) -> Result<Self, NotARange> {
        let text = text.trim();
        let read = |part: &str| number(part).ok_or(NotARange);
        let (low, high, with_low, with_high) = if let Some(rest) = text.strip_prefix(">=") {
            (read(rest)?, f64::INFINITY, true, true)
        } else if let Some(rest) = text.strip_prefix('>') {
            (read(rest)?, f64::INFINITY, false, true)
        } else if let Some(rest) = text.strip_prefix("<=") {
            (f64::NEG_INFINITY, read(rest)?, true, true)
        } else if let Some(rest) = text.strip_prefix('<') {
            (f64::NEG_INFINITY, read(rest)?, true, false)
        } else if let Some((low, high)) = text.split_once("..") {
            (read(low)?, read(high)?, true, true)
        } else {
            (read(text)?, read(text)?, true, true)
        };
        if low <= high { Ok(Self { low, high, with_low, with_high }) } else { Err(NotARange) }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { low, high, with_low, with_high } = self;
        match (low.is_finite(), high.is_finite()) {
            (true, true) if low == high => write!(f, "{low}"),
            (true, true) => write!(f, "{low}..{high}"),
            (true, false) => write!(f, ">{}{low}", if *with_low { "=" } else { "" }),
            _ => write!(f, "<{}{high}", if *with_high { "=" } else { "" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_found_in_ranges() {
        for (one, other, meets) in [
            (">=0", "<1", true),
            (">0", "<1", false),
            ("<0", ">=0", false),
            ("1..3", "3..9", true),
            ("1..3", ">3", false),
            (">3", "<=3", false),
            (">2.5", "<2.9", false),
            ("5", "5", true),
            ("<=0", "<9", true),
        ] {
            let (one, other): (Range, Range) = (one.parse().unwrap(), other.parse().unwrap());
            assert_eq!((one.meets(other), other.meets(one)), (meets, meets), "{one} {other}");
            let counted = (0..20).any(|n| one.contains(f64::from(n)) && other.contains(f64::from(n)));
            assert_eq!(counted, meets, "{one} {other}");
        }
        assert!(!"<0".parse::<Range>().unwrap().counts());
    }

    #[test]
    fn ranges_are_read_and_hold_their_ends() {
        for (text, inside, outside) in [
            ("50", &[50.0][..], &[49.9, 50.1][..]),
            (">50", &[50.5, 1e9], &[50.0, -1.0]),
            (">= 50", &[50.0], &[49.0]),
            ("<2,5", &[2.4, -7.0], &[2.5]),
            ("<=2.5", &[2.5], &[2.6]),
            ("10..20", &[10.0, 15.0, 20.0], &[9.9, 20.1]),
            ("-5..-1", &[-3.0], &[0.0]),
        ] {
            let range: Range = text.parse().unwrap();
            assert!(inside.iter().all(|number| range.contains(*number)), "{text}");
            assert!(!outside.iter().any(|number| range.contains(*number)), "{text}");
            assert_eq!(range.to_string().parse::<Range>(), Ok(range), "{text}");
            assert!(!range.contains(f64::NAN));
        }
        for text in ["", "many", ">", "> many", "20..10", "1..", "..", "1e9", "--1", "nan", "inf"] {
            assert_eq!(text.parse::<Range>(), Err(NotARange), "{text}");
        }
    }
}
