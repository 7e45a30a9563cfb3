//! Dispatches: the department leg of a case.
use crate::{Result, Store, Tx, later};
use schemas::{Timestamp, Uuid, case::Role, dispatch::DispatchState, slug::DepartmentId};
use std::collections::HashMap;

/// One case for one department, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DispatchRow {
    /// The dispatch.
    pub id: Uuid,
    /// Its case.
    pub case_id: Uuid,
    /// To whom.
    pub department: DepartmentId,
    /// Does it, or only hears of it.
    pub role: Role,
    /// How far it is.
    pub state: DispatchState,
    /// When it was written.
    pub posted_at: Timestamp,
    /// When the department's system had it.
    pub delivered_at: Option<Timestamp>,
    /// What their system answered.
    pub receipt: Option<String>,
    /// Why it is not there yet.
    pub why: Option<String>,
    /// How often it was tried.
    pub attempts: u32,
    /// When the department last said something about it, by its own clock.
    pub answered_at: Option<Timestamp>,
}

impl DispatchRow {
    /// A dispatch that was just written.
    pub fn posted(id: Uuid, case_id: Uuid, department: DepartmentId, role: Role, posted_at: Timestamp) -> Self {
        Self {
            id,
            case_id,
            department,
            role,
            state: DispatchState::Posted,
            posted_at,
            delivered_at: None,
            receipt: None,
            why: None,
            attempts: 0,
            answered_at: None,
        }
    }
}

impl Tx {
    /// Writes new dispatches; those that exist are left as they are.
    pub async fn add_dispatches(&mut self, _rows: &[DispatchRow]) -> Result<()> {
        later()
    }
    /// The dispatches with these ids, locked until the end of the transaction.
    pub async fn dispatches(&mut self, _ids: &[Uuid]) -> Result<HashMap<Uuid, DispatchRow>> {
        later()
    }
    /// Writes how far dispatches are: state, delivered_at, receipt, why, attempts, answered_at.
    pub async fn save_dispatches(&mut self, _rows: &[DispatchRow]) -> Result<()> {
        later()
    }
}

impl Store {
    /// The dispatches of a case, oldest first.
    pub async fn dispatches_of(&self, _case: Uuid) -> Result<Vec<DispatchRow>> {
        later()
    }
}
