//! What is forgotten by term: the contents of notices, and what was said of them. What stays is the ledger: that
//! somebody was told of something, by which way, when, and what became of it, in the words of this program.

use crate::{
    Result, Store, Tx,
    db::{args, batch_ids},
    sql::sql,
};
use schemas::{Timestamp, Uuid};
use serde::Serialize;
use std::ops::AddAssign;

/// What was forgotten, or would be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Pruned {
    /// Messages that the sandbox kept.
    pub items: u64,
    /// Notices that lost what providers answered when they were handed over.
    pub notices: u64,
    /// Receipts that lost the words of the provider.
    pub receipts: u64,
}

impl Pruned {
    /// Whether there was nothing.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl AddAssign for Pruned {
    fn add_assign(&mut self, other: Self) {
        self.items += other.items;
        self.notices += other.notices;
        self.receipts += other.receipts;
    }
}

sql! {
    both ITEMS = "DELETE FROM letterbox WHERE notice_id IN (SELECT notice_id FROM letterbox
        WHERE at < $1 ORDER BY at LIMIT CAST($2 AS bigint))";
    // What is not settled may still be asked about.
    both NOTICES = "SELECT id FROM notice WHERE planned_at < $1 AND (why IS NOT NULL OR receipt IS NOT NULL)
            AND state NOT IN ('planned', 'unknown')
        ORDER BY planned_at LIMIT CAST($2 AS bigint)";
    both WORDS = "UPDATE notice SET why = NULL, receipt = NULL
        WHERE id IN (SELECT value ->> 'id' FROM json_each($1))";
    both TRIES = "UPDATE attempt SET why = NULL WHERE letter_id IN (SELECT value ->> 'id' FROM json_each($1))";
    both NUMBERS = "DELETE FROM provider_number WHERE notice_id IN (SELECT value ->> 'id' FROM json_each($1))";
    both RECEIPTS = "UPDATE receipt SET why = NULL, number = NULL WHERE id IN (SELECT id FROM receipt
        WHERE heard_at < $1 AND (why IS NOT NULL OR number IS NOT NULL)
        ORDER BY heard_at LIMIT CAST($2 AS bigint))";
    both COUNT_ITEMS = "SELECT CAST(count(*) AS bigint) FROM letterbox WHERE at < $1";
    both COUNT_NOTICES = "SELECT CAST(count(*) AS bigint) FROM notice
        WHERE planned_at < $1 AND (why IS NOT NULL OR receipt IS NOT NULL) AND state NOT IN ('planned', 'unknown')";
    both COUNT_RECEIPTS = "SELECT CAST(count(*) AS bigint) FROM receipt
        WHERE heard_at < $1 AND (why IS NOT NULL OR number IS NOT NULL)";
}

impl Tx {
    /// Forgets of at most `limit` each: what the sandbox kept before `items`; and what was said before `words` of
    /// notices that are settled. Reasons stay, and so do states, times and costs: they hold no words of anybody
    /// about a person.
    pub async fn prune(&mut self, items: Option<Timestamp>, words: Option<Timestamp>, limit: usize) -> Result<Pruned> {
        let mut pruned = Pruned::default();
        if let Some(before) = items {
            pruned.items = self.conn.exec(ITEMS, args![before, limit]).await?;
        }
        if let Some(before) = words {
            let rows: Vec<(String,)> = self.conn.all(NOTICES, args![before, limit]).await?;
            let mut ids: Vec<Uuid> = rows.iter().filter_map(|(id,)| id.parse().ok()).collect();
            ids.sort_unstable();
            if !ids.is_empty() {
                pruned.notices = self.conn.exec(WORDS, vec![batch_ids(&ids)]).await?;
                self.conn.exec(TRIES, vec![batch_ids(&ids)]).await?;
                self.conn.exec(NUMBERS, vec![batch_ids(&ids)]).await?;
            }
            pruned.receipts = self.conn.exec(RECEIPTS, args![before, limit]).await?;
        }
        Ok(pruned)
    }
}

impl Store {
    /// What [`Tx::prune`] would forget, all in all.
    pub async fn prunable(&self, items: Option<Timestamp>, words: Option<Timestamp>) -> Result<Pruned> {
        let count = async |sql, before: Option<Timestamp>| -> Result<u64> {
            let Some(before) = before else { return Ok(0) };
            let row: Option<(i64,)> = self.inner.db.one(sql, args![before]).await?;
            Ok(row.and_then(|(n,)| u64::try_from(n).ok()).unwrap_or_default())
        };
        Ok(Pruned {
            items: count(COUNT_ITEMS, items).await?,
            notices: count(COUNT_NOTICES, words).await?,
            receipts: count(COUNT_RECEIPTS, words).await?,
        })
    }
}
