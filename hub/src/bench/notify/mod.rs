//! What it takes to tell people: from an event in the planner's lane to the other side's word that it has the
//! message, beside the same messages without a hub, and at a steady pace.
//!
//! One file per figure; [`ground`] is the notifier that they measure, [`sinks`] the other side.

mod crowd;
pub(super) mod ground;
mod rate;
pub(super) mod sinks;
mod steady;

pub(super) use rate::mails_raw;

use super::Row;

/// Every figure; `seconds` is how long the steady pace is kept.
pub async fn rows(quick: bool, seconds: u64) -> anyhow::Result<Vec<Row>> {
    let mut rows = rate::rows(quick).await?;
    rows.extend(steady::rows(seconds).await?);
    rows.extend(crowd::rows(quick).await?);
    Ok(rows)
}
