//! Cases.
use crate::{Result, Store, Tx, later};
use schemas::{Uuid, case::Case};
use std::collections::{HashMap, HashSet};

impl Tx {
    /// The cases with these ids that exist, locked until the end of the transaction, in the order of their ids.
    pub async fn lock_cases(&mut self, _ids: &[Uuid]) -> Result<HashMap<Uuid, Case>> {
        later()
    }
    /// Opens cases; returns the ids that did not exist yet. The others are left as they are.
    pub async fn open_cases(&mut self, _cases: &[Case]) -> Result<HashSet<Uuid>> {
        later()
    }
    /// Writes cases that exist.
    pub async fn save_cases(&mut self, _cases: &[Case]) -> Result<()> {
        later()
    }
}

impl Store {
    /// The case of report `id`.
    pub async fn case(&self, _id: Uuid) -> Result<Option<Case>> {
        later()
    }
}
