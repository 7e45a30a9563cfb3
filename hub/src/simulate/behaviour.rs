//! How a played department behaves: pure, and the same every time under the same seed.

use std::{fmt, str::FromStr, time::Duration};

/// How a played department behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// Takes each piece of work at once, accepts, plans and solves it.
    Ok,
    /// The same, but takes its time before it answers a call.
    Slow,
    /// Refuses some of the calls, now by asking for patience, now by breaking.
    Flaky,
    /// Takes each piece of work and then does not say so, the first time that it comes.
    TimeoutAfterAccept,
    /// Says everything twice, under the same id.
    DuplicateUpdates,
    /// Says the last thing first.
    OutOfOrder,
    /// Is not there at all for so long, and then works as [`Behaviour::Ok`].
    Down(Duration),
    /// Takes each piece of work, says so, and is never heard of again.
    Silent,
    /// Says of everything that it is not theirs.
    NotOurs,
    /// Takes work from anybody: looks at no signature, no time and no key.
    Trusting,
    /// Does not know a piece of work again when it comes twice; an Open311 server: gives no description
    /// back, so that nothing can be found again.
    Forgetful,
}

/// How one arrival of one piece of work is received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reception {
    /// It is kept, and that is said at once.
    Take,
    /// It is kept, and that is said after so long.
    TakeAfter(Duration),
    /// It is kept, and nothing is said: the caller cannot know.
    TakeAndHang,
    /// It is not kept: come back after so long (503 with `Retry-After`).
    Busy(Duration),
    /// It is not kept: something broke (500).
    Broken,
}

impl Reception {
    /// Whether the department has it now.
    pub fn is_kept(self) -> bool {
        !matches!(self, Self::Busy(_) | Self::Broken)
    }
}

/// Every behaviour as it is written, with what it does.
pub const ALL: &[(&str, &str)] = &[
    ("ok", "takes the work, accepts, plans and solves it"),
    ("slow", "the same, three seconds late each time"),
    ("flaky", "refuses some calls: 503 with Retry-After, or 500"),
    ("timeout-after-accept", "keeps the work and does not say so, the first time"),
    ("duplicate-updates", "says everything twice under the same id"),
    ("out-of-order", "says the last thing first"),
    ("down:10m", "is away for ten minutes (or 30s, 2h), then works"),
    ("silent", "takes the work and is never heard of again"),
    ("not-ours", "says that it is not theirs, with a reason"),
    ("trusting", "looks at no signature and no key (only to try `voordeur conformance`)"),
    ("forgetful", "does not know work again that comes twice (only to try `voordeur conformance`)"),
];

/// How long [`Behaviour::Slow`] takes.
pub const SLOW: Duration = Duration::from_secs(3);
/// How often [`Behaviour::Flaky`] refuses the same piece of work at most.
const MOST_REFUSALS: usize = 3;

impl Behaviour {
    /// How the arrival numbered `nth` (of everything, from 1) is received, which is the `times`th
    /// (from 1) of the same piece of work.
    pub fn receives(self, seed: u64, nth: u64, times: usize) -> Reception {
        match self {
            Self::Slow => Reception::TakeAfter(SLOW),
            Self::TimeoutAfterAccept if times == 1 => Reception::TakeAndHang,
            Self::Flaky if times <= MOST_REFUSALS => match luck(seed, nth) % 10 {
                0..=3 => Reception::Busy(Duration::from_secs(1)),
                4 => Reception::Broken,
                _ => Reception::Take,
            },
            _ => Reception::Take,
        }
    }

    /// In which order, and how often, what there is to say is said.
    pub fn says<T: Clone>(self, things: Vec<T>) -> Vec<T> {
        match self {
            Self::DuplicateUpdates => things.into_iter().flat_map(|thing| [thing.clone(), thing]).collect(),
            Self::OutOfOrder => things.into_iter().rev().collect(),
            Self::Silent => Vec::new(),
            _ => things,
        }
    }

    /// How long it is away at the beginning.
    pub fn away(self) -> Duration {
        match self {
            Self::Down(how_long) => how_long,
            _ => Duration::ZERO,
        }
    }
}

/// A number that follows from `seed` and `nth` and looks like chance (SplitMix64).
fn luck(seed: u64, nth: u64) -> u64 {
    let mut z = seed.wrapping_add(nth.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl FromStr for Behaviour {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(span) = text.strip_prefix("down:") {
            return how_long(span).map(Self::Down);
        }
        Ok(match text {
            "ok" => Self::Ok,
            "slow" => Self::Slow,
            "flaky" => Self::Flaky,
            "timeout-after-accept" => Self::TimeoutAfterAccept,
            "duplicate-updates" => Self::DuplicateUpdates,
            "out-of-order" => Self::OutOfOrder,
            "silent" => Self::Silent,
            "not-ours" => Self::NotOurs,
            "trusting" => Self::Trusting,
            "forgetful" => Self::Forgetful,
            _ => return Err(schemas::fault::did_you_mean(text, ALL.iter().map(|(name, _)| *name))),
        })
    }
}

/// A span of time as people write it: `30s`, `10m`, `2h`.
fn how_long(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a span of time: write down:30s, down:10m or down:2h");
    let unit = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3600,
        _ => return Err(wrong()),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    Ok(Duration::from_secs(number.saturating_mul(unit)))
}

impl fmt::Display for Behaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ok => "ok",
            Self::Slow => "slow",
            Self::Flaky => "flaky",
            Self::TimeoutAfterAccept => "timeout-after-accept",
            Self::DuplicateUpdates => "duplicate-updates",
            Self::OutOfOrder => "out-of-order",
            Self::Down(how_long) => return write!(f, "down:{}s", how_long.as_secs()),
            Self::Silent => "silent",
            Self::NotOurs => "not-ours",
            Self::Trusting => "trusting",
            Self::Forgetful => "forgetful",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_and_written_alike() {
        for (name, _) in ALL {
            let read: Behaviour = name.parse().unwrap();
            assert_eq!(read.to_string(), name.replace("10m", "600s"));
        }
        assert_eq!("down:30s".parse(), Ok(Behaviour::Down(Duration::from_secs(30))));
        assert_eq!("down:2h".parse(), Ok(Behaviour::Down(Duration::from_secs(7200))));
        assert!("flakey".parse::<Behaviour>().unwrap_err().contains("flaky"));
        for wrong in ["down:", "down:m", "down:10", "down:-1s", "down:1µ"] {
            assert!(wrong.parse::<Behaviour>().unwrap_err().contains("down:10m"), "{wrong}");
        }
    }

    #[test]
    fn chance_is_the_same_under_the_same_seed_and_ends() {
        let night = |seed| (1..=200).map(|nth| Behaviour::Flaky.receives(seed, nth, 1)).collect::<Vec<_>>();
        assert_eq!(night(7), night(7));
        assert_ne!(night(7), night(8));
        let refused = night(7).iter().filter(|reception| !reception.is_kept()).count();
        assert!((60..=140).contains(&refused), "{refused} of 200 refused");
        assert!(night(7).contains(&Reception::Broken) && night(7).contains(&Reception::Busy(Duration::from_secs(1))));
        for nth in 1..=200 {
            assert!(Behaviour::Flaky.receives(7, nth, MOST_REFUSALS + 1).is_kept());
        }
    }

    #[test]
    fn only_the_first_arrival_is_left_without_an_answer() {
        assert_eq!(Behaviour::TimeoutAfterAccept.receives(1, 1, 1), Reception::TakeAndHang);
        assert_eq!(Behaviour::TimeoutAfterAccept.receives(1, 2, 2), Reception::Take);
    }

    #[test]
    fn what_is_said_is_doubled_turned_round_or_kept_silent() {
        for (behaviour, said) in [
            (Behaviour::Ok, vec![1, 2, 3]),
            (Behaviour::DuplicateUpdates, vec![1, 1, 2, 2, 3, 3]),
            (Behaviour::OutOfOrder, vec![3, 2, 1]),
            (Behaviour::Silent, vec![]),
        ] {
            assert_eq!(behaviour.says(vec![1, 2, 3]), said, "{behaviour}");
        }
    }
}
