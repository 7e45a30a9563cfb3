//! How notices fared, counted: no words, no people.

use crate::{
    Error, Result, Store,
    db::{args, row},
    sql::sql,
};
use schemas::{Timestamp, notice::NoticeState, way::Way};

sql! {
    // What is told together counts once, with its digest.
    both COUNTS = "SELECT way, sender, state, CAST(count(*) AS bigint), CAST(count(sent_at) AS bigint),
            CAST(sum(CASE WHEN sent_at - coalesce(due_at, planned_at) <= $3 THEN 1 ELSE 0 END) AS bigint),
            CAST(sum(coalesce(cost, 0)) AS bigint)
        FROM notice WHERE planned_at >= $1 AND planned_at < $2 AND digest IS NULL
        GROUP BY way, sender, state ORDER BY way, sender, state";
}

row! { "notice", CountRow {
    way: String, sender: String, state: String, notices: i64, sent: i64, soon: i64, cost: i64,
} }

/// How many notices of one way and sender are in one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeCount {
    /// The way.
    pub way: Way,
    /// The sender.
    pub sender: String,
    /// The state.
    pub state: NoticeState,
    /// How many.
    pub notices: u64,
    /// How many of them a provider took.
    pub sent: u64,
    /// How many of those soon after they were due.
    pub soon: u64,
    /// What they cost together, in millionths of a euro.
    pub cost: i64,
}

impl Store {
    /// The notices planned from `since` until before `until`, by way, sender and state; `soon` are those that were
    /// handed over within `within` microseconds of when they were due. Reads the whole table of notices.
    pub async fn notice_counts(&self, since: Timestamp, until: Timestamp, within: i64) -> Result<Vec<NoticeCount>> {
        let rows: Vec<CountRow> = self.inner.db.all(COUNTS, args![since, until, within]).await?;
        rows.into_iter()
            .map(|row| {
                let broken = |column| Error::broken("notice", column, &row.sender);
                let count = |number: i64| u64::try_from(number).unwrap_or_default();
                Ok(NoticeCount {
                    way: Way::parse(&row.way).ok_or_else(|| broken("way"))?,
                    state: NoticeState::parse(&row.state).ok_or_else(|| broken("state"))?,
                    notices: count(row.notices),
                    sent: count(row.sent),
                    soon: count(row.soon),
                    cost: row.cost,
                    sender: row.sender,
                })
            })
            .collect()
    }
}
