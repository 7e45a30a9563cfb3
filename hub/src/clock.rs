//! The one place where time is taken from the machine; everything else is handed a [`Clock`].

use schemas::{
    Timestamp,
    id::{Clock, Ids},
};

/// The machine's clock.
#[expect(clippy::disallowed_methods, reason = "this is where the clock that everybody is handed comes from")]
pub fn real() -> Clock {
    Clock::new(Timestamp::now)
}

/// New identifiers, stamped by `clock`.
pub fn ids(clock: &Clock) -> Ids {
    Ids::new(clock.clone())
}
