//! Have I seen this letter?
use crate::{Result, Tx, later};
use schemas::Uuid;
use std::collections::HashSet;

impl Tx {
    /// Marks `ids` as seen by `reader` and returns those seen for the first time now.
    pub async fn seen(&mut self, _reader: &str, _ids: &[Uuid]) -> Result<HashSet<Uuid>> {
        later()
    }
}
