//! How long something may take.

use super::Calendar;
use jiff::{Timestamp, civil::Date};
use std::{fmt, str::FromStr};

/// How long something may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    /// Working days.
    Working(u32),
    /// Days of the calendar.
    Days(u32),
}

impl Term {
    /// The day that ends a term which starts `at`.
    pub fn due(self, calendar: &Calendar, at: Timestamp) -> Date {
        match self {
            Self::Working(days) => calendar.add_working_days(at, days),
            Self::Days(days) => calendar.add_calendar_days(at, days),
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Working(days) => write!(f, "{days}wd"),
            Self::Days(days) => write!(f, "{days}d"),
        }
    }
}

/// A text is not a [`Term`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a term is written `10wd` (working days) or `14d` (days), at most 1000")]
pub struct NotATerm;

impl FromStr for Term {
    type Err = NotATerm;
    fn from_str(text: &str) -> Result<Self, NotATerm> {
        let (number, make): (&str, fn(u32) -> Self) = match text.strip_suffix("wd") {
            Some(number) => (number, Self::Working),
            None => (text.strip_suffix('d').ok_or(NotATerm)?, Self::Days),
        };
        let number: u32 = number.trim().parse().map_err(|_| NotATerm)?;
        if number <= 1_000 { Ok(make(number)) } else { Err(NotATerm) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_read() {
        for (text, term) in [
            ("10wd", Ok(Term::Working(10))),
            ("14d", Ok(Term::Days(14))),
            ("0d", Ok(Term::Days(0))),
            ("", Err(NotATerm)),
            ("d", Err(NotATerm)),
            ("10", Err(NotATerm)),
            ("-1d", Err(NotATerm)),
            ("10 weeks", Err(NotATerm)),
            ("99999d", Err(NotATerm)),
        ] {
            assert_eq!(text.parse::<Term>(), term, "{text}");
            if let Ok(term) = term {
                assert_eq!(term.to_string(), text);
            }
        }
    }
}
