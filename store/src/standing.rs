//! How one letter stands: whether it waits, until when, or was given up.

use crate::{
    Error, Result, Store,
    db::{args, row},
    sql::sql,
};
use schemas::{Timestamp, Uuid, id::from_micros};
use serde::Serialize;

/// A letter that is not delivered yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// It is not taken up before.
    pub ready_at: Timestamp,
    /// How often it was tried and counted.
    pub attempt: u32,
    /// Why it waits, or why it was given up.
    pub why: Option<String>,
    /// Since when it is a dead letter; `None`: it goes on by itself.
    pub buried_at: Option<Timestamp>,
}

sql! {
    both STANDING = "SELECT id, ready_at, attempt, why, buried_at FROM letter WHERE id = $1";
}

row! { "letter", StandingRow {
    id: String, ready_at: i64, attempt: i64, why: Option<String>, buried_at: Option<i64>,
} }

impl Store {
    /// How the letter `id` stands; `None` when it is over, or is in the hands of the broker right now.
    pub async fn standing(&self, id: Uuid) -> Result<Option<Standing>> {
        let row = self.inner.db.one::<StandingRow>(STANDING, args![id]).await?;
        row.map(|row| {
            Ok(Standing {
                ready_at: from_micros(row.ready_at),
                attempt: u32::try_from(row.attempt).map_err(|_| Error::broken("letter", "attempt", &row.id))?,
                why: row.why,
                buried_at: row.buried_at.map(from_micros),
            })
        })
        .transpose()
    }
}
