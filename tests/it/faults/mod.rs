//! Nothing lost, nothing twice: whole hubs as real processes, under load, killed without a word.
//! Afterwards everything is counted. `VOORDEUR_TEST_LONG=1` makes the numbers large.

mod away;
mod broadcast;
mod departments;
mod desk;
mod distributed;
mod embedded;
mod held;
mod kinds;
mod left_behind;
mod merged;
mod open311;
mod outage;
mod rules;
mod silence;

use std::time::Duration;

/// `small` in the everyday gate, `long` in `tests/run --long`.
fn size(small: usize, long: usize) -> usize {
    if std::env::var_os("VOORDEUR_TEST_LONG").is_some() { long } else { small }
}

/// How long the house gets to come to rest after the last fault.
fn patience() -> Duration {
    Duration::from_secs(if std::env::var_os("VOORDEUR_TEST_LONG").is_some() { 1_800 } else { 400 })
}
