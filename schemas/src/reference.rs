//! The reference a person is given: eight digits in two groups, `1234 5671`. Seven digits count,
//! the last one checks them, so that a slip of the tongue is heard at once.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A spoken reference: 8 digits, the last is the Damm check digit (H. M. Damm, 2004: it catches
/// every single wrong digit and every swap of neighbours).
///
/// Shown in two groups of four with a space, written in JSON and URLs as eight digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^[0-9]{8}$"))]
pub struct Reference(u32);

/// How many references there are before they are used up.
pub const COUNT: u32 = 10_000_000;

/// A quasigroup of order 10 without fixed points: what the Damm algorithm steps through.
const DAMM: [[u8; 10]; 10] = [
    [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
    [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
    [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
    [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
    [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
    [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
    [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
    [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
    [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
    [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
];

fn damm(digits: impl Iterator<Item = u8>) -> u8 {
    digits.fold(0, |interim, digit| DAMM[usize::from(interim)][usize::from(digit)])
}

impl Reference {
    /// The reference whose seven counting digits are `number` (taken modulo ten million).
    pub fn from_number(number: u32) -> Self {
        let number = number % COUNT;
        let check = damm((0..7).rev().map(|i| ((number / 10_u32.pow(i)) % 10) as u8));
        Self(number * 10 + u32::from(check))
    }

    /// The `n`th reference of a city whose secret order is `seed`: no two `n` below ten million
    /// share one, and neighbours look unrelated, so that a reference tells nobody how many
    /// reports there were.
    pub fn nth(n: u32, seed: u64) -> Self {
        // Odd and not a multiple of five, hence invertible modulo 10^7.
        let step = 2_718_281 + 10 * (seed % 500_000);
        let start = (seed >> 20) % u64::from(COUNT);
        let mixed = (u64::from(n % COUNT) * step + start) % u64::from(COUNT);
        // Reversing the digits hides the common step in the low end.
        let reversed = (0..7).fold((mixed, 0), |(rest, out), _| (rest / 10, out * 10 + rest % 10)).1;
        Self::from_number(reversed as u32)
    }

    /// Reads what a person types or says: spaces, dots and dashes are ignored.
    pub fn parse(text: &str) -> Result<Self, NotAReference> {
        let digits: Vec<u8> = text
            .chars()
            .filter(|c| !matches!(c, ' ' | '.' | '-' | '\u{a0}' | '\u{202f}'))
            .map(|c| c.to_digit(10).map(|d| d as u8).ok_or(NotAReference::Shape))
            .collect::<Result<_, _>>()?;
        if digits.len() != 8 {
            return Err(NotAReference::Shape);
        }
        if damm(digits.iter().copied()) != 0 {
            return Err(NotAReference::Check);
        }
        Ok(Self(digits.iter().fold(0, |n, d| n * 10 + u32::from(*d))))
    }

    /// Eight digits without a space, for URLs and files.
    pub fn digits(self) -> String {
        format!("{:08}", self.0)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04} {:04}", self.0 / 10_000, self.0 % 10_000)
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for Reference {
    type Error = NotAReference;
    fn try_from(text: String) -> Result<Self, NotAReference> {
        Self::parse(&text)
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> String {
        reference.digits()
    }
}

/// Why a text is not a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAReference {
    /// Not eight digits.
    #[error("a reference is eight digits, like 1234 5678")]
    Shape,
    /// Eight digits, but the last does not fit the others.
    #[error("one digit of this reference is wrong: please check it")]
    Check,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slip_is_noticed() {
        for n in [0, 7, 1_234_567, 9_999_999] {
            let good = Reference::from_number(n).digits();
            assert_eq!(Reference::parse(&good).unwrap().digits(), good);
            for i in 0..8 {
                for d in b'0'..=b'9' {
                    let mut bad = good.clone().into_bytes();
                    if bad[i] != d {
                        bad[i] = d;
                        assert_eq!(Reference::parse(std::str::from_utf8(&bad).unwrap()), Err(NotAReference::Check));
                    }
                }
                let mut swapped = good.clone().into_bytes();
                if i < 7 && swapped[i] != swapped[i + 1] {
                    swapped.swap(i, i + 1);
                    assert!(Reference::parse(std::str::from_utf8(&swapped).unwrap()).is_err());
                }
            }
        }
    }

    #[test]
    fn people_may_write_it_as_they_like() {
        let reference = Reference::from_number(1_234_567);
        assert_eq!(Reference::parse(&reference.to_string()), Ok(reference));
        assert_eq!(Reference::parse("12a"), Err(NotAReference::Shape));
        assert_eq!(Reference::parse(""), Err(NotAReference::Shape));
    }

    #[test]
    fn no_two_share_a_reference() {
        for seed in [0, 1, 0xdead_beef_1777_0001, u64::MAX] {
            let mut seen = std::collections::HashSet::new();
            assert!((0..100_000).all(|n| seen.insert(Reference::nth(n, seed))));
        }
    }
}
