//! What is forgotten by term: the contents of notices, and what was said of them. What stays is the ledger: that
//! somebody was told of something, by which way, when, and what became of it, in the words of this program.

use crate::{
    Error, Result, Store, Tx,
    db::{args, batch, batch_ids},
    sql::sql,
};
use schemas::{Timestamp, Uuid, notice::Because};
use serde::Serialize;
use std::ops::AddAssign;

/// What stands for words that are forgotten; the index `notice_instead` names it.
const FORGOTTEN: &str = "(forgotten)";

/// From before when what is forgotten; `None`: nothing of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Before {
    /// Messages that the sandbox kept.
    pub items: Option<Timestamp>,
    /// What was said of notices that are settled, and the words that only these were written with.
    pub words: Option<Timestamp>,
    /// What people of the city did.
    pub audit: Option<Timestamp>,
    /// Versions of words that are in use, and stay.
    pub in_use: Vec<String>,
}

/// What was forgotten, or would be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Pruned {
    /// Messages that the sandbox kept.
    pub items: u64,
    /// Notices that lost what providers answered when they were handed over.
    pub notices: u64,
    /// Receipts that lost the words of the provider.
    pub receipts: u64,
    /// Notices whose reasons lost the words by which another way had failed.
    pub reasons: u64,
    /// Versions of words that no notice within the term was written with.
    pub templates: u64,
    /// Entries of the record of what people did.
    pub audit: u64,
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
        self.reasons += other.reasons;
        self.templates += other.templates;
        self.audit += other.audit;
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
    both INSTEAD = "SELECT id, reasons FROM notice WHERE planned_at < $1
            AND reasons LIKE '%\"because\":\"instead\"%' AND reasons NOT LIKE '%\"why\":\"(forgotten)\"%'
            AND state NOT IN ('planned', 'unknown')
        ORDER BY planned_at LIMIT CAST($2 AS bigint)";
    both REASONS = "WITH batch AS MATERIALIZED (SELECT value FROM json_each($1))
        UPDATE notice SET reasons = given.reasons
        FROM (SELECT value ->> 'id' AS of, value ->> 'reasons' AS reasons FROM batch) AS given WHERE id = given.of";
    both TEMPLATES = "DELETE FROM template_version WHERE version IN (SELECT version FROM template_version
        WHERE since < $1 AND version NOT IN (SELECT value ->> 'version' FROM json_each($2))
            AND NOT EXISTS (SELECT 1 FROM notice WHERE notice.template_version = template_version.version
                AND (planned_at >= $1 OR state IN ('planned', 'unknown')))
        ORDER BY version LIMIT CAST($3 AS bigint))";
    both COUNT_INSTEAD = "SELECT CAST(count(*) AS bigint) FROM notice WHERE planned_at < $1
        AND reasons LIKE '%\"because\":\"instead\"%' AND reasons NOT LIKE '%\"why\":\"(forgotten)\"%'
        AND state NOT IN ('planned', 'unknown')";
    both COUNT_TEMPLATES = "SELECT CAST(count(*) AS bigint) FROM template_version
        WHERE since < $1 AND version NOT IN (SELECT value ->> 'version' FROM json_each($2))
            AND NOT EXISTS (SELECT 1 FROM notice WHERE notice.template_version = template_version.version
                AND (planned_at >= $1 OR state IN ('planned', 'unknown')))";
    both COUNT_ITEMS = "SELECT CAST(count(*) AS bigint) FROM letterbox WHERE at < $1";
    both COUNT_NOTICES = "SELECT CAST(count(*) AS bigint) FROM notice
        WHERE planned_at < $1 AND (why IS NOT NULL OR receipt IS NOT NULL) AND state NOT IN ('planned', 'unknown')";
    both COUNT_RECEIPTS = "SELECT CAST(count(*) AS bigint) FROM receipt
        WHERE heard_at < $1 AND (why IS NOT NULL OR number IS NOT NULL)";
}

impl Tx {
    /// Forgets at most `limit` of each. Why somebody was told stays, and so do states, times and costs; the words by
    /// which a way had failed go.
    pub async fn prune(&mut self, before: &Before, limit: usize) -> Result<Pruned> {
        let mut pruned = Pruned::default();
        if let Some(before) = before.items {
            pruned.items = self.conn.exec(ITEMS, args![before, limit]).await?;
        }
        if let Some(words) = before.words {
            let rows: Vec<(String,)> = self.conn.all(NOTICES, args![words, limit]).await?;
            let mut ids: Vec<Uuid> = rows.iter().filter_map(|(id,)| id.parse().ok()).collect();
            ids.sort_unstable();
            if !ids.is_empty() {
                pruned.notices = self.conn.exec(WORDS, vec![batch_ids(&ids)]).await?;
                self.conn.exec(TRIES, vec![batch_ids(&ids)]).await?;
                self.conn.exec(NUMBERS, vec![batch_ids(&ids)]).await?;
            }
            pruned.receipts = self.conn.exec(RECEIPTS, args![words, limit]).await?;
            pruned.reasons = self.forget_reasons(words, limit).await?;
            pruned.templates = self.conn.exec(TEMPLATES, args![words, in_use(before)?, limit]).await?;
        }
        if let Some(before) = before.audit {
            pruned.audit = self.forget_audit(before, limit).await?;
        }
        Ok(pruned)
    }

    /// Takes the words out by which a way had failed before the one of the notice.
    async fn forget_reasons(&mut self, before: Timestamp, limit: usize) -> Result<u64> {
        let found: Vec<(String, String)> = self.conn.all(INSTEAD, args![before, limit]).await?;
        let mut rows = Vec::with_capacity(found.len());
        for (id, reasons) in found {
            let broken = |_| Error::broken("notice", "reasons", &id);
            let mut reasons: Vec<Because> = serde_json::from_str(&reasons).map_err(broken)?;
            for reason in &mut reasons {
                if let Because::Instead { why, .. } = reason {
                    FORGOTTEN.clone_into(why);
                }
            }
            rows.push(ReasonsRow { reasons: serde_json::to_string(&reasons)?, id });
        }
        rows.sort_by(|a, b| a.id.cmp(&b.id));
        if rows.is_empty() { Ok(0) } else { self.conn.exec(REASONS, vec![batch(&rows)?]).await }
    }
}

#[derive(Serialize)]
struct ReasonsRow {
    id: String,
    reasons: String,
}

#[derive(Serialize)]
struct InUseRow<'a> {
    version: &'a str,
}

/// The versions in use, as one parameter.
fn in_use(before: &Before) -> Result<String> {
    let rows: Vec<_> = before.in_use.iter().map(|version| InUseRow { version }).collect();
    Ok(serde_json::to_string(&rows)?)
}

impl Store {
    /// What [`Tx::prune`] would forget, all in all.
    pub async fn prunable(&self, before: &Before) -> Result<Pruned> {
        let count = async |sql, before: Option<Timestamp>| -> Result<u64> {
            let Some(before) = before else { return Ok(0) };
            let row: Option<(i64,)> = self.inner.db.one(sql, args![before]).await?;
            Ok(row.and_then(|(n,)| u64::try_from(n).ok()).unwrap_or_default())
        };
        let templates = match before.words {
            Some(words) => {
                let row: Option<(i64,)> = self.inner.db.one(COUNT_TEMPLATES, args![words, in_use(before)?]).await?;
                row.and_then(|(n,)| u64::try_from(n).ok()).unwrap_or_default()
            }
            None => 0,
        };
        let audit = match before.audit {
            Some(before) => self.audit_before(before).await?,
            None => 0,
        };
        Ok(Pruned {
            items: count(COUNT_ITEMS, before.items).await?,
            notices: count(COUNT_NOTICES, before.words).await?,
            receipts: count(COUNT_RECEIPTS, before.words).await?,
            reasons: count(COUNT_INSTEAD, before.words).await?,
            templates,
            audit,
        })
    }
}
