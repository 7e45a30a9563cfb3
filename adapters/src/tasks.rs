//! What people do for departments: the tasks of a desk, for the API and the command line alike.
//!
//! - [`view`]: a task with everything an operator needs: fields ready to copy, whom to call, what to
//!   say.
//! - [`act`]: they did it. Each deed is one transaction, and holds once: of two operators at once,
//!   one is first and the other is told who was.
//! - `tell`: a resident is told something, by telephone or on paper.
//! - [`values`]: what the case has under each name that a form's field may ask for.

mod act;
#[cfg(test)]
pub(crate) mod bed;
mod tell;
#[cfg(test)]
mod tell_tests;
#[cfg(test)]
mod tests;
pub mod values;
mod view;
mod words;

pub use act::{Act, Deed, Refused, act, already, claim};
pub(crate) use tell::INTRO;
pub use tell::TellView;
pub use view::{CallView, FieldView, Listed, View, list, view};

use schemas::city::City;
use std::sync::Arc;
use store::Store;

/// What desks stand on.
#[derive(Debug, Clone)]
pub struct DeskTools {
    /// The rows.
    pub store: Store,
    /// The city.
    pub city: Arc<City>,
}

impl DeskTools {
    /// Over `store`, for `city`.
    pub fn new(store: Store, city: Arc<City>) -> Self {
        Self { store, city }
    }
}
