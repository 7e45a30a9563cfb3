//! When a letter that failed is tried again.

use std::time::Duration;

/// A schedule of tries: `first`, then twice as long each time, never longer than `max`, and no
/// more once the tries together have taken `give_up_after`.
///
/// The schedule follows the number of tries and not the age of the letter, so that a letter that
/// waited behind an open breaker, or that an operator replays, gets its tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// The pause after the first try.
    pub first: Duration,
    /// The longest pause.
    pub max: Duration,
    /// Give up when the pauses so far add up to this.
    pub give_up_after: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(10),
            max: Duration::from_secs(3600),
            give_up_after: Duration::from_secs(4 * 24 * 3600),
        }
    }
}

impl Retry {
    /// The pause after the try numbered `tries` (from 1), or `None` to give up. `luck`, from 0 to 1,
    /// spreads the pauses over 75 to 125 % so that letters that failed together do not come back
    /// together.
    pub fn pause(&self, tries: u32, luck: f64) -> Option<Duration> {
        let (mut spent, mut pause) = (Duration::ZERO, self.first.min(self.max));
        for _ in 1..tries.max(1) {
            spent = spent.saturating_add(pause);
            if spent >= self.give_up_after {
                return None;
            }
            pause = pause.saturating_mul(2).min(self.max);
        }
        // A schedule of zero pauses would never add up to anything.
        (!pause.is_zero() || tries < 10_000).then(|| pause.mul_f64(0.75 + luck.clamp(0.0, 1.0) / 2.0))
    }

    /// The pause before trying again something that no letter is to blame for: the `n`th time in a
    /// row (from 0), from 100 ms to 10 s, spread like [`Retry::pause`].
    pub(crate) fn back_off(n: u32, luck: f64) -> Duration {
        let pause = Duration::from_millis(100).saturating_mul(1 << n.min(7)).min(Duration::from_secs(10));
        pause.mul_f64(0.75 + luck.clamp(0.0, 1.0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_end() {
        let seconds = Duration::from_secs;
        let retry = Retry { first: seconds(10), max: seconds(60), give_up_after: seconds(200) };
        // 10 + 20 + 40 + 60 = 130, + 60 = 190, + 60 = 250: the seventh failure is the last.
        for (tries, pause) in
            [(1, Some(10)), (2, Some(20)), (3, Some(40)), (4, Some(60)), (6, Some(60)), (7, None), (900, None)]
        {
            assert_eq!(retry.pause(tries, 0.5), pause.map(seconds), "after try {tries}");
        }
    }

    #[test]
    fn luck_spreads_by_a_quarter_both_ways() {
        let retry = Retry::default();
        assert_eq!(retry.pause(1, 0.0), Some(Duration::from_millis(7_500)));
        assert_eq!(retry.pause(1, 1.0), Some(Duration::from_millis(12_500)));
    }

    #[test]
    fn the_default_tries_for_days() {
        let retry = Retry::default();
        assert!(retry.pause(95, 0.5).is_some());
        assert_eq!(retry.pause(110, 0.5), None);
    }

    #[test]
    fn a_schedule_without_pauses_still_ends() {
        let retry = Retry { first: Duration::ZERO, max: Duration::ZERO, give_up_after: Duration::from_secs(1) };
        assert_eq!(retry.pause(3, 0.5), Some(Duration::ZERO));
        assert_eq!(retry.pause(10_000, 0.5), None);
    }

    #[test]
    fn backing_off_grows_to_ten_seconds() {
        assert_eq!(Retry::back_off(0, 0.5), Duration::from_millis(100));
        assert_eq!(Retry::back_off(40, 0.5), Duration::from_secs(10));
    }
}
