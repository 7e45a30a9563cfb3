//! The timeline.
use crate::{Result, Store, Tx, later};
use schemas::{Uuid, event::CaseEvent, report::Tell, trace::Trace};

impl Tx {
    /// Writes events and posts their letters ([`CaseEvent::letters`]); `Tell` is how the reporter of the case wants to be told.
    pub async fn add_events(&mut self, _events: &[(CaseEvent, Tell)], _trace: Trace) -> Result<()> {
        later()
    }
    /// As [`Tx::add_events`], each with its own trace.
    pub async fn add_events_traced(&mut self, _events: &[(CaseEvent, Tell, Trace)]) -> Result<()> {
        later()
    }
}

impl Store {
    /// The events of a case by version; `public_only` leaves out what residents do not see.
    pub async fn timeline(&self, _case: Uuid, _public_only: bool) -> Result<Vec<CaseEvent>> {
        later()
    }
    /// Whether the reporter has been or will be told of something newer than `version`.
    pub async fn newer_told_event(&self, _case: Uuid, _version: i64) -> Result<bool> {
        later()
    }
}
