//! What the ledger of attempts says about a letter before it is delivered.

use crate::UnknownPolicy;
use schemas::{Timestamp, letter::Letter};
use std::time::Duration;
use store::Attempt;

/// What to do with a letter, given the attempts before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// Deliver it, as the attempt with this number. `cut`: an earlier attempt that a crash cut off,
    /// to be closed as unknown.
    Go { n: u32, cut: Option<u32>, written: bool },
    /// An earlier attempt was cut off, and the other side may have it: never send again.
    Ask { cut: u32 },
    /// It arrived before, or its receipt is awaited: a second copy of the letter.
    Settled,
    /// Somebody may be delivering it now: not before this.
    Wait(Timestamp),
}

/// What is known besides the ledger.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    pub(crate) now: Timestamp,
    pub(crate) policy: UnknownPolicy,
    /// How long an attempt may take.
    pub(crate) deadline: Duration,
    /// It is in the air in this very loop.
    pub(crate) flying: bool,
    /// Whoever had the letter before is gone: its lease ran out, or the broker gave it to us again.
    pub(crate) orphan: bool,
    /// This loop wanted to begin this attempt, but does not know whether that was committed; it
    /// never opened a socket for it.
    pub(crate) mine: Option<u32>,
}

/// Reads the attempts of `letter`, first to last.
pub(crate) fn next<'a>(attempts: impl Iterator<Item = &'a Attempt>, known: Known) -> Next {
    let mut last = None::<&Attempt>;
    let mut settled = false;
    for attempt in attempts {
        let verdict = attempt.verdict.as_deref();
        settled |=
            verdict == Some("done") || (verdict == Some("unknown") && known.policy == UnknownPolicy::WaitForReceipt);
        if last.is_none_or(|last| last.n < attempt.n) {
            last = Some(attempt);
        }
    }
    let end = |attempt: &Attempt| crate::settle::later(attempt.started_at, known.deadline);
    match last {
        _ if settled => Next::Settled,
        _ if known.flying => Next::Wait(crate::settle::later(known.now, known.deadline)),
        None => Next::Go { n: 1, cut: None, written: false },
        Some(attempt) if attempt.ended_at.is_some() => Next::Go { n: attempt.n + 1, cut: None, written: false },
        Some(attempt) if known.mine == Some(attempt.n) => Next::Go { n: attempt.n, cut: None, written: true },
        Some(attempt) if !known.orphan && known.now < end(attempt) => Next::Wait(end(attempt)),
        Some(attempt) => match known.policy {
            UnknownPolicy::SendAgain => Next::Go { n: attempt.n + 1, cut: Some(attempt.n), written: false },
            UnknownPolicy::WaitForReceipt => Next::Ask { cut: attempt.n },
        },
    }
}

/// What the ledger says of an attempt that a crash cut off.
pub(crate) const CUT: &str = "cut off: the process ended between opening the connection and writing down the outcome";

/// The attempts of `letter` among those of many letters.
pub(crate) fn of<'a>(letter: &'a Letter, attempts: &'a [Attempt]) -> impl Iterator<Item = &'a Attempt> {
    attempts.iter().filter(move |attempt| attempt.letter == letter.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use UnknownPolicy::{SendAgain, WaitForReceipt};
    use schemas::letter::Lane;
    use uuid::Uuid;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn attempt(n: u32, verdict: Option<&str>) -> Attempt {
        Attempt {
            letter: Uuid::nil(),
            n,
            lane: Lane::new("send.mail"),
            started_at: at(100),
            ended_at: verdict.map(|_| at(101)),
            verdict: verdict.map(str::to_owned),
            why: None,
        }
    }

    #[test]
    fn what_the_ledger_says() {
        let known = |policy| Known {
            now: at(105),
            policy,
            deadline: Duration::from_secs(10),
            flying: false,
            orphan: true,
            mine: None,
        };
        let (again, wait) = (known(SendAgain), known(WaitForReceipt));
        let go = |n| Next::Go { n, cut: None, written: false };
        let table: Vec<(Vec<Attempt>, Known, Next)> = vec![
            (vec![], again, go(1)),
            (vec![attempt(1, Some("later"))], again, go(2)),
            (vec![attempt(1, Some("never"))], again, go(2)), // replayed
            (vec![attempt(1, Some("later")), attempt(2, Some("done"))], again, Next::Settled),
            (vec![attempt(1, Some("unknown"))], again, go(2)),
            (vec![attempt(1, Some("unknown"))], wait, Next::Settled),
            (vec![attempt(3, None)], again, Next::Go { n: 4, cut: Some(3), written: false }),
            (vec![attempt(3, None)], wait, Next::Ask { cut: 3 }),
            (vec![attempt(3, None)], Known { orphan: false, ..wait }, Next::Wait(at(110))),
            (vec![attempt(3, None)], Known { orphan: false, now: at(111), ..wait }, Next::Ask { cut: 3 }),
            (vec![attempt(3, None)], Known { flying: true, ..wait }, Next::Wait(at(115))),
            (vec![], Known { flying: true, ..again }, Next::Wait(at(115))),
            (vec![attempt(3, None)], Known { mine: Some(3), ..wait }, Next::Go { n: 3, cut: None, written: true }),
        ];
        for (attempts, known, expected) in table {
            assert_eq!(next(attempts.iter(), known), expected, "{attempts:?} {known:?}");
        }
    }
}
