//! When an address counts as dead from which mails come back for the time being.

use std::time::Duration;

/// A mailbox that is full, or a server that does not answer, says nothing of the address; again and again it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SoftBounces {
    /// So many different mails that came back; 0: however many, the address does not count as dead.
    pub times: u32,
    /// Within so many days.
    pub days: u32,
}

impl Default for SoftBounces {
    fn default() -> Self {
        Self { times: 3, days: 30 }
    }
}

impl SoftBounces {
    /// How long a mail that came back counts.
    pub fn within(&self) -> Duration {
        Duration::from_hours(24 * u64::from(self.days))
    }
}
