//! Decides who does what. [`Ruleset::read`] makes a city's rule files into a [`Ruleset`],
//! [`decide`] is a pure function from [`Facts`] to a [`schemas::case::Decision`] with its reasons,
//! [`explain`] says condition by condition why, and [`RouterWorker`] does it for every letter in
//! the lanes `router` and `intake`.
//!
//! A new condition is one new file in `conditions/` and one line in its registry.

mod changes;
mod check;
pub mod clock;
mod conditions;
mod decide;
#[cfg(test)]
mod documented;
mod example;
mod explain;
mod facts;
pub mod further;
mod in_force;
mod index;
mod likely;
#[cfg(test)]
mod meaning;
mod range;
mod reach;
pub mod replay;
mod rule;
mod ruleset;
mod situation;
mod suggest;
mod table;
#[cfg(test)]
mod testing;
mod worker;
mod yaml;

pub use changes::Changes;
pub use decide::decide;
pub use explain::{Explanation, Outcome, Tried, TriedRule, explain};
pub use facts::{Facts, Load, Needs, Reporter};
pub use in_force::{InForce, LOOK_BACK, Standing};
pub use likely::{Judged, Latest, Likely, Suggestion, Teacher, judge, learn, lessons};
pub use rule::Rule;
pub use ruleset::Ruleset;
pub use situation::Situation;
pub use worker::{ClockWorker, Found, Known, LeftBehind, RouterWorker};
