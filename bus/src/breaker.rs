//! A lane whose other side is down pauses as a whole, and one letter at a time finds out whether
//! it is back. And a lane whose other side asks for it goes no faster than it can take.

use schemas::Timestamp;
use std::time::Duration;

/// When a lane pauses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breaker {
    /// Open after this many failed tries in a row; 0 = never.
    pub failures: u32,
    /// The first pause; twice as long each time the trial letter fails too, at most 16 times this.
    pub open_for: Duration,
}

impl Default for Breaker {
    fn default() -> Self {
        Self { failures: 5, open_for: Duration::from_secs(30) }
    }
}

/// The state of one lane's breaker. Time comes from the caller.
#[derive(Debug, Clone)]
pub struct BreakerState {
    settings: Breaker,
    /// Failed tries since the last that worked.
    failed: u32,
    /// Pauses since the last try that worked.
    pauses: u32,
    /// Set while open: not before this.
    until: Option<Timestamp>,
}

/// What a breaker allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allow {
    /// As many as there are.
    All,
    /// One letter, to find out.
    One,
    /// None before this time.
    NotBefore(Timestamp),
}

impl BreakerState {
    /// One that lets everything through.
    pub fn new(settings: Breaker) -> Self {
        Self { settings, failed: 0, pauses: 0, until: None }
    }

    /// What is allowed at `now`.
    pub fn allow(&self, now: Timestamp) -> Allow {
        match self.until {
            None => Allow::All,
            Some(until) if now < until => Allow::NotBefore(until),
            Some(_) => Allow::One,
        }
    }

    /// The other side answered, whatever it said.
    pub fn worked(&mut self) {
        (self.failed, self.pauses, self.until) = (0, 0, None);
    }

    /// A try failed at `now` in a way that may mean the other side is down.
    pub fn failed(&mut self, now: Timestamp) {
        // Letters that were in the air when it opened tell nothing new.
        if self.until.is_some_and(|until| now < until) {
            return;
        }
        self.failed = self.failed.saturating_add(1);
        if self.settings.failures == 0 || (self.until.is_none() && self.failed < self.settings.failures) {
            return;
        }
        let pause = self.settings.open_for.saturating_mul(1 << self.pauses.min(4));
        self.pauses = self.pauses.saturating_add(1);
        self.until = Some(now.checked_add(pause).unwrap_or(Timestamp::MAX));
    }
}

/// A bucket of letters that fills at `per_second`, holds one second's worth, and at least one.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    per_second: f64,
    tokens: f64,
    at: tokio::time::Instant,
}

impl Pace {
    /// A full bucket.
    pub(crate) fn new(per_second: f64, now: tokio::time::Instant) -> Self {
        let per_second = per_second.max(0.000_1);
        Self { per_second, tokens: per_second.max(1.0), at: now }
    }

    fn fill(&mut self, now: tokio::time::Instant) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.tokens = (self.tokens + passed * self.per_second).min(self.per_second.max(1.0));
        self.at = now;
    }

    /// How many may go at `now`.
    pub(crate) fn free(&mut self, now: tokio::time::Instant) -> usize {
        self.fill(now);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and a rate per second")]
        {
            self.tokens as usize
        }
    }

    /// `n` went.
    pub(crate) fn spend(&mut self, n: usize) {
        self.tokens -= n as f64;
    }

    /// How long until one may go.
    pub(crate) fn next(&mut self, now: tokio::time::Instant) -> Duration {
        self.fill(now);
        Duration::from_secs_f64(((1.0 - self.tokens) / self.per_second).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn opens_tries_one_letter_and_closes() {
        let mut breaker = BreakerState::new(Breaker { failures: 3, open_for: Duration::from_secs(10) });
        breaker.failed(at(0));
        breaker.failed(at(0));
        assert_eq!(breaker.allow(at(0)), Allow::All);
        breaker.worked();
        (0..3).for_each(|_| breaker.failed(at(0)));
        assert_eq!(breaker.allow(at(9)), Allow::NotBefore(at(10)));
        breaker.failed(at(5)); // was in the air already
        assert_eq!(breaker.allow(at(10)), Allow::One);
        breaker.failed(at(10)); // the trial letter failed: twice as long
        assert_eq!(breaker.allow(at(29)), Allow::NotBefore(at(30)));
        assert_eq!(breaker.allow(at(30)), Allow::One);
        breaker.worked();
        assert_eq!(breaker.allow(at(30)), Allow::All);
    }

    #[test]
    fn pauses_stop_growing() {
        let mut breaker = BreakerState::new(Breaker { failures: 1, open_for: Duration::from_secs(1) });
        let mut now = at(0);
        for _ in 0..40 {
            breaker.failed(now);
            let Allow::NotBefore(until) = breaker.allow(now) else { panic!("open") };
            assert!(until.as_second() - now.as_second() <= 16);
            now = until;
        }
    }

    #[test]
    fn zero_failures_means_never() {
        let mut breaker = BreakerState::new(Breaker { failures: 0, open_for: Duration::from_secs(1) });
        (0..100).for_each(|_| breaker.failed(at(0)));
        assert_eq!(breaker.allow(at(0)), Allow::All);
    }

    #[test]
    fn pace_holds() {
        let start = tokio::time::Instant::now();
        let mut pace = Pace::new(2.0, start);
        assert_eq!(pace.free(start), 2);
        pace.spend(2);
        assert_eq!(pace.free(start), 0);
        assert_eq!(pace.next(start), Duration::from_millis(500));
        assert_eq!(pace.free(start + Duration::from_millis(500)), 1);
        assert_eq!(pace.free(start + Duration::from_secs(60)), 2);
        let mut slow = Pace::new(0.1, start);
        slow.spend(1);
        assert_eq!(slow.next(start), Duration::from_secs(10));
    }
}
