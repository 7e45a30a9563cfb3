//! Reading a list by time: from where it was read to, in parts that the server allows, each halved
//! until nothing can be cut off.

use super::{
    client::{Client, Trouble},
    wire::{self, Node},
};
use schemas::{Timestamp, id::from_micros};
use std::{ops::ControlFlow, time::Duration};
use tokio::time::Instant;

/// How many calls one reading makes at most.
const CALLS: usize = 60;
/// How long one reading goes on beginning calls.
const LONGEST: Duration = Duration::from_secs(120);
/// How many bytes of results one round holds: the answer that goes over it is the last one.
const HELD: usize = 2 * wire::MAX_BYTES;

/// Calls that may still be made now. A round that is cut short goes on where it stopped.
#[derive(Debug)]
pub struct Budget {
    left: usize,
    until: Instant,
    pace: Option<Duration>,
    room: usize,
}

impl Budget {
    /// A fresh one; `per_second` is how many calls the server bears.
    pub fn new(per_second: Option<f64>) -> Self {
        let pace = per_second.and_then(|rate| Duration::try_from_secs_f64(1.0 / rate).ok());
        Self { left: CALLS, until: Instant::now() + LONGEST, pace, room: HELD }
    }

    /// These results are held until the end of the round.
    pub fn hold(&mut self, results: &[Node]) {
        let size: usize = results.iter().map(Node::size).sum();
        self.room = self.room.saturating_sub(size);
    }

    /// Whether half of the calls, or of the time, is used.
    pub fn is_half_used(&self) -> bool {
        self.left <= CALLS / 2 || Instant::now() + LONGEST / 2 >= self.until
    }

    /// Whether one more call may be made, once the pace allows it.
    pub async fn take(&mut self) -> bool {
        if self.left == 0 || self.room == 0 || Instant::now() >= self.until {
            return false;
        }
        if let Some(pace) = self.pace.filter(|_| self.left < CALLS) {
            tokio::time::sleep(pace.min(LONGEST)).await;
        }
        self.left -= 1;
        true
    }
}

/// What is asked for by time.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// The resource: `requests`.
    pub part: &'a str,
    /// The names of the first and last moment.
    pub bounds: (&'a str, &'a str),
    /// The field that makes a result.
    pub result: &'a str,
    /// The most time that one call covers.
    pub window: Duration,
    /// So many results may be cut off.
    pub most: usize,
}

/// How far it came.
#[derive(Debug)]
pub struct Read {
    /// Everything up to here was handed over.
    pub until: Timestamp,
    /// What stopped it before the end, if the server did.
    pub trouble: Option<Trouble>,
}

impl Ask<'_> {
    /// Reads as [`Ask::read`] does, into `results`; these count as held.
    pub async fn gather(
        &self,
        client: &Client,
        stretch: (Timestamp, Timestamp),
        budget: &mut Budget,
        results: &mut Vec<Node>,
    ) -> Read {
        let hold = |budget: &mut Budget, page: Vec<Node>| {
            budget.hold(&page);
            results.extend(page);
            ControlFlow::Continue(())
        };
        self.read(client, stretch, budget, hold).await
    }

    /// Reads everything from `from` to `to`, as far as `budget` lasts, and hands over the results of
    /// each window in turn, until `hand` has enough.
    pub async fn read(
        &self,
        client: &Client,
        (from, to): (Timestamp, Timestamp),
        budget: &mut Budget,
        mut hand: impl FnMut(&mut Budget, Vec<Node>) -> ControlFlow<()>,
    ) -> Read {
        let mut read = Read { until: from, trouble: None };
        let mut span = self.window;
        while read.until < to && budget.take().await {
            let end = (read.until + span).min(to);
            let (first, last) = (second(read.until, 0), second(end, 999_999));
            match client.get(&[self.part], &[(self.bounds.0, &first), (self.bounds.1, &last)]).await {
                Err(trouble) => {
                    read.trouble = Some(trouble);
                    break;
                }
                Ok(node) => {
                    let results = node.into_having(self.result);
                    if results.len() >= self.most && span > Duration::from_secs(1) {
                        span = (span / 2).max(Duration::from_secs(1));
                        continue;
                    }
                    if results.len() >= self.most {
                        tracing::warn!(
                            part = self.part,
                            at = first,
                            "more results in one second than their server gives"
                        );
                    }
                    read.until = end;
                    if hand(budget, results).is_break() {
                        break;
                    }
                    // Quiet times go faster again.
                    span = (span * 2).min(self.window);
                }
            }
        }
        read
    }
}

/// A moment as GeoReport wants it, to the second; up to `up` microseconds later.
pub fn second(at: Timestamp, up: i64) -> String {
    let micros = at.as_microsecond().saturating_add(up);
    from_micros(micros - micros.rem_euclid(1_000_000)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_rounded_outward() {
        let at: Timestamp = "2026-11-23T10:00:00.5Z".parse().unwrap();
        assert_eq!(second(at, 0), "2026-11-23T10:00:00Z");
        assert_eq!(second(at, 999_999), "2026-11-23T10:00:01Z");
        let whole: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        assert_eq!(second(whole, 999_999), "2026-11-23T10:00:00Z");
    }

    #[tokio::test]
    async fn a_budget_ends() {
        let mut budget = Budget::new(None);
        for _ in 0..CALLS {
            assert!(budget.take().await);
        }
        assert!(!budget.take().await);
    }

    #[tokio::test]
    async fn half_of_a_budget_is_half_of_its_calls_or_of_its_time() {
        let mut budget = Budget::new(None);
        for _ in 0..CALLS / 2 {
            assert!(!budget.is_half_used());
            assert!(budget.take().await);
        }
        assert!(budget.is_half_used());
        let late = Budget { until: Instant::now() + LONGEST / 2, ..Budget::new(None) };
        assert!(late.is_half_used());
    }

    #[tokio::test]
    async fn a_budget_ends_with_the_answer_that_goes_over_its_room() {
        let answer = format!(r#"[{{"service_request_id": 1, "notes": "{}"}}]"#, "x".repeat(HELD / 2));
        let node = wire::read(wire::Format::Json, answer.as_bytes()).unwrap();
        let results = node.into_having("service_request_id");
        let mut budget = Budget::new(None);
        for _ in 0..2 {
            assert!(budget.take().await);
            budget.hold(&results);
        }
        assert!(!budget.take().await);
    }
}
