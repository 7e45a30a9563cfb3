//! What is told: an event of a case, or a broadcast. Pure.

use super::{REPORTER, Recipient};
use schemas::{
    Uuid,
    broadcast::{self, Broadcast},
    event::{CaseEvent, What},
};

/// What somebody may be told.
#[derive(Debug, Clone, Copy)]
pub enum News<'a> {
    /// Something happened to a case.
    Event(&'a CaseEvent),
    /// The city tells many people one thing.
    Broadcast(&'a Broadcast),
}

impl<'a> From<&'a CaseEvent> for News<'a> {
    fn from(event: &'a CaseEvent) -> Self {
        Self::Event(event)
    }
}

impl News<'_> {
    /// Its id.
    pub fn id(&self) -> Uuid {
        match self {
            Self::Event(event) => event.id,
            Self::Broadcast(broadcast) => broadcast.id,
        }
    }

    /// The case, or the broadcast again.
    pub fn about(&self) -> Uuid {
        match self {
            Self::Event(event) => event.case_id,
            Self::Broadcast(broadcast) => broadcast.id,
        }
    }

    /// The version of the case; 0 of a broadcast.
    pub fn version(&self) -> i64 {
        match self {
            Self::Event(event) => event.version,
            Self::Broadcast(_) => 0,
        }
    }

    /// The template that tells it.
    pub fn template(&self) -> &'static str {
        match self {
            Self::Event(event) => event.what.word(),
            Self::Broadcast(_) => broadcast::TEMPLATE,
        }
    }

    /// Whether anybody is told.
    pub fn is_told(&self) -> bool {
        match self {
            Self::Event(event) => event.what.is_told(),
            Self::Broadcast(_) => true,
        }
    }

    /// Whether it is told by itself, whatever rhythm somebody chose: they wait for it right now, or are waited for; or
    /// it is a broadcast, which is mostly about a moment that a digest may come after.
    pub(super) fn is_alone(&self, to: &Recipient) -> bool {
        match self {
            Self::Event(event) => match event.what {
                What::Received => to.person == REPORTER,
                What::Asked { .. } => true,
                _ => false,
            },
            Self::Broadcast(_) => true,
        }
    }

    /// Whether a newer status says all that matters of it.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Event(event) => matches!(
                event.what,
                What::Routed { .. }
                    | What::Planned { .. }
                    | What::Solved { .. }
                    | What::Slipping { .. }
                    | What::Reopened { .. }
            ),
            Self::Broadcast(_) => false,
        }
    }
}
