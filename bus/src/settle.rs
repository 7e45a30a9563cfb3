//! From a verdict to what becomes of the letter.

use crate::{LaneSettings, Settled, UnknownPolicy};
use metrics::Histogram;
use rand::Rng as _;
use schemas::{
    Timestamp,
    letter::{Lane, Letter},
    verdict::Verdict,
};
use std::{collections::BTreeMap, time::Duration};
use store::{Again, Bury, Settlement, Tx};
use uuid::Uuid;

/// What becomes of one letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    Gone,
    Again { at: Timestamp, tries: u32, why: String },
    Buried { why: String },
}

impl Fate {
    pub(crate) fn settled(&self) -> Settled {
        match self {
            Self::Gone => Settled::Gone,
            Self::Again { at, .. } => Settled::Again(*at),
            Self::Buried { .. } => Settled::Buried,
        }
    }
}

/// What becomes of the letters of one transaction.
#[derive(Default)]
pub(crate) struct Settling {
    gone: Vec<Uuid>,
    rest: Settlement,
}

impl Settling {
    pub(crate) fn add(&mut self, letter: &Letter, fate: &Fate) {
        match fate {
            Fate::Gone => self.gone.push(letter.id),
            Fate::Again { at, tries, why } => self.rest.again.push(Again {
                letter: Letter { attempt: *tries, ready_at: Some(*at), ..letter.clone() },
                ready_at: *at,
                why: why.clone(),
            }),
            Fate::Buried { why } => self.rest.bury.push(Bury { letter: letter.clone(), why: why.clone() }),
        }
    }

    /// Writes it down. `rows`: the letters are rows of `lane`, deleted when they are gone (what a
    /// broker carried has no row any more). False when somebody else settled one of them first.
    pub(crate) async fn write(&self, tx: &mut Tx, lane: &Lane, rows: bool) -> Result<bool, store::Error> {
        if !(self.rest.again.is_empty() && self.rest.bury.is_empty()) {
            tx.settle(&self.rest).await?;
        }
        Ok(!rows || tx.arrived(lane, &self.gone).await? == self.gone.len() as u64)
    }
}

/// The longest pause that the other side can ask for.
const A_DAY: Duration = Duration::from_secs(24 * 3600);

/// What becomes of `letter` after `verdict` at `now`. `luck`, from 0 to 1, spreads the pauses.
pub(crate) fn fate(letter: &Letter, verdict: &Verdict, settings: &LaneSettings, now: Timestamp, luck: f64) -> Fate {
    let tries = letter.attempt.saturating_add(1);
    let again = |pause: Duration, tries, why: &str| Fate::Again { at: later(now, pause), tries, why: why.to_owned() };
    match verdict {
        Verdict::Done { .. } => Fate::Gone,
        Verdict::Never { why, .. } => Fate::Buried { why: why.clone() },
        Verdict::Unknown { .. } if settings.unknown == UnknownPolicy::WaitForReceipt => Fate::Gone,
        Verdict::Later { after, why, counts: false } => {
            // The other side's own time, never earlier, and up to a tenth later.
            let pause = after.unwrap_or(settings.retry.first).min(A_DAY);
            again(pause.mul_f64(1.0 + luck / 10.0), letter.attempt, why)
        }
        Verdict::Later { why, .. } | Verdict::Unknown { why } => match settings.retry.pause(tries, luck) {
            None => Fate::Buried { why: format!("given up after {tries} tries, the last: {why}") },
            Some(pause) => {
                let asked = match verdict {
                    Verdict::Later { after: Some(after), .. } => (*after).min(A_DAY),
                    _ => Duration::ZERO,
                };
                again(pause.max(asked), tries, why)
            }
        },
    }
}

/// The moment `pause` after `now`.
pub(crate) fn later(now: Timestamp, pause: Duration) -> Timestamp {
    let micros = i64::try_from(pause.as_micros()).unwrap_or(i64::MAX);
    schemas::id::from_micros(now.as_microsecond().saturating_add(micros))
}

/// A number from 0 to 1.
pub(crate) fn luck() -> f64 {
    rand::rng().random()
}

/// Counts what becomes of the letters of one lane.
pub(crate) struct Meter {
    lane: String,
    seconds: Histogram,
}

impl Meter {
    pub(crate) fn new(lane: &Lane) -> Self {
        let lane = lane.to_string();
        Self { seconds: metrics::histogram!("voordeur_letter_seconds", "lane" => lane.clone()), lane }
    }

    /// Counts verdicts of letters that were posted at these times and settled at `now`.
    pub(crate) fn count<'a>(&self, now: Timestamp, settled: impl Iterator<Item = (&'a Verdict, Timestamp)>) {
        let mut words: BTreeMap<&'static str, u64> = BTreeMap::new();
        for (verdict, posted_at) in settled {
            *words.entry(verdict.word()).or_default() += 1;
            let micros = now.as_microsecond().saturating_sub(posted_at.as_microsecond()).max(0);
            self.seconds.record(micros as f64 / 1e6);
        }
        for (word, n) in words {
            metrics::counter!("voordeur_letters_total", "lane" => self.lane.clone(), "verdict" => word).increment(n);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Retry;
    use schemas::{letter::Topic, trace::Trace, verdict::Fault};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn letter(attempt: u32) -> Letter {
        let mut letter = Letter::new(Uuid::nil(), Lane::router(), Topic::NoticeDue, "", &(), Trace::start(), at(0));
        letter.attempt = attempt;
        letter
    }

    #[test]
    fn what_becomes_of_a_letter() {
        let seconds = Duration::from_secs;
        let retry = Retry { first: seconds(10), max: seconds(60), give_up_after: seconds(100) };
        let again = LaneSettings { retry, ..LaneSettings::default() };
        let wait = LaneSettings { unknown: UnknownPolicy::WaitForReceipt, ..again.clone() };
        let why = || "x".to_owned();
        let to = |second, tries| Fate::Again { at: at(second), tries, why: why() };
        let later = |after: Option<u64>, counts| Verdict::Later { after: after.map(seconds), why: why(), counts };
        let table = [
            (0, Verdict::done(), &again, Fate::Gone),
            (0, Verdict::never(Fault::Refused, "x"), &again, Fate::Buried { why: why() }),
            (0, later(None, true), &again, to(110, 1)),
            (1, later(None, true), &again, to(120, 2)),
            (0, later(Some(90), true), &again, to(190, 1)),
            (0, later(Some(1), true), &again, to(110, 1)),
            (7, later(None, true), &again, Fate::Buried { why: "given up after 8 tries, the last: x".into() }),
            (900, later(Some(20), false), &again, to(121, 900)),
            (
                900,
                later(None, false),
                &again,
                Fate::Again { at: Timestamp::from_millisecond(110_500).unwrap(), tries: 900, why: why() },
            ),
            (0, Verdict::Unknown { why: why() }, &again, to(110, 1)),
            (0, Verdict::Unknown { why: why() }, &wait, Fate::Gone),
        ];
        for (attempt, verdict, settings, expected) in table {
            assert_eq!(fate(&letter(attempt), &verdict, settings, at(100), 0.5), expected, "{attempt} {verdict:?}");
        }
    }
}
