//! The reports that somebody sent, found by an address that they have shown to be theirs.

use crate::{Error, Result, Store, db::args, sql::sql, wrote::tail};
use schemas::{Uuid, phone, report::Report, way::Address};
use std::collections::HashSet;

/// The most reports of one address: the newest.
const MOST: usize = 100;

sql! {
    both BY_EMAIL = "SELECT report_id FROM contact WHERE lower(email) = $1
        ORDER BY report_id DESC LIMIT CAST($2 AS bigint)";
    both BY_PHONE = "SELECT report_id, phone FROM contact WHERE phone_tail = $1
        ORDER BY report_id DESC LIMIT CAST($2 AS bigint)";
}

impl Store {
    /// The newest reports, at most 100, that were sent with one of `addresses`; numbers are read as in `country`.
    /// Whoever asks must have shown that the addresses are theirs.
    pub async fn reports_of_addresses(&self, addresses: &[Address], country: &str) -> Result<Vec<Report>> {
        let mut ids: HashSet<Uuid> = HashSet::new();
        for address in addresses {
            let found: Vec<String> = match address {
                Address::Email(email) => {
                    let rows: Vec<(String,)> = self.inner.db.all(BY_EMAIL, args![email.to_lowercase(), MOST]).await?;
                    rows.into_iter().map(|(id,)| id).collect()
                }
                Address::Sms(number) => {
                    let rows: Vec<(String, String)> = self.inner.db.all(BY_PHONE, args![tail(number), MOST]).await?;
                    // Numbers of two countries may end alike.
                    let is_same = |written: &str| phone::read(written, country).is_some_and(|one| one.e164 == *number);
                    rows.into_iter().filter(|(_, written)| is_same(written)).map(|(id, _)| id).collect()
                }
                _ => Vec::new(),
            };
            for id in found {
                ids.insert(id.parse().map_err(|_| Error::broken("contact", "report_id", &id))?);
            }
        }
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<Uuid> = ids.into_iter().collect();
        let mut tx = self.begin().await?;
        let mut reports: Vec<Report> = tx.reports(&ids).await?.into_values().collect();
        drop(tx);
        reports.sort_unstable_by_key(|report| std::cmp::Reverse((report.received_at, report.id)));
        reports.truncate(MOST);
        Ok(reports)
    }
}
