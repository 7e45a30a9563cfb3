//! What came by one channel and how far it is, the newest first.

use crate::{
    Error, Result, Store,
    db::{args, batch, row},
    references,
    sql::sql,
};
use schemas::{
    Timestamp, Uuid,
    case::Status,
    id::from_micros,
    reference::Reference,
    slug::{CategoryId, Channel},
};
use serde::Serialize;

/// Which reports of a channel.
#[derive(Debug, Clone)]
pub struct ChannelFilter {
    /// At these statuses; every status when empty.
    pub statuses: Vec<Status>,
    /// Older than this one.
    pub before: Option<Uuid>,
    /// At most this many.
    pub limit: usize,
}

/// A report of a channel, without anything that a person said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChannelReport {
    /// Its id: the cursor of the next page.
    pub id: Uuid,
    /// What people call it.
    pub reference: Reference,
    /// What the channel calls it: its idempotency key.
    pub source_id: Option<String>,
    /// What it is about, as the city sees it now.
    pub category: CategoryId,
    /// How far it is.
    pub status: Status,
    /// Rises with each event; 1 until it is decided.
    pub version: i64,
    /// When it came.
    pub received_at: Timestamp,
    /// When the status last changed.
    pub status_at: Timestamp,
}

sql! {
    both OF_CHANNEL = "SELECT r.id, r.reference, r.source_id, coalesce((SELECT correction.category FROM correction
                WHERE correction.case_id = r.id), r.category), coalesce(c.status, 'received'),
            CAST(coalesce(c.version, 1) AS bigint), r.received_at, CAST(coalesce(c.status_at, r.received_at) AS bigint)
        FROM report AS r LEFT JOIN cases AS c ON c.id = r.id
        WHERE r.channel = $1 AND r.id < $2
            AND coalesce(c.status, 'received') IN (SELECT value ->> 'status' FROM json_each($3))
        ORDER BY r.id DESC LIMIT CAST($4 AS bigint)";
}

row! { "report", ListedRow {
    id: String, reference: i64, source_id: Option<String>, category: String, status: String, version: i64,
    received_at: i64, status_at: i64,
} }

impl ListedRow {
    fn read(self) -> Result<ChannelReport> {
        let broken = |column| Error::broken("report", column, &self.id);
        Ok(ChannelReport {
            id: self.id.parse().map_err(|_| broken("id"))?,
            reference: references::read(self.reference).ok_or_else(|| broken("reference"))?,
            category: CategoryId::new(&self.category).map_err(|_| broken("category"))?,
            status: Status::parse(&self.status).ok_or_else(|| broken("status"))?,
            version: self.version,
            received_at: from_micros(self.received_at),
            status_at: from_micros(self.status_at),
            source_id: self.source_id,
        })
    }
}

#[derive(Serialize)]
struct StatusRow {
    status: &'static str,
}

impl Store {
    /// What came by `channel`, the newest first.
    pub async fn reports_of(&self, channel: &Channel, filter: &ChannelFilter) -> Result<Vec<ChannelReport>> {
        let statuses = if filter.statuses.is_empty() { &Status::ALL[..] } else { &filter.statuses };
        let statuses: Vec<_> = statuses.iter().map(|status| StatusRow { status: status.as_str() }).collect();
        let mut args = args![channel.as_str(), filter.before.unwrap_or(Uuid::max())];
        args.push(batch(&statuses)?);
        args.extend(args![filter.limit]);
        let rows: Vec<ListedRow> = self.inner.db.ordered(OF_CHANNEL, args).await?;
        rows.into_iter().map(ListedRow::read).collect()
    }
}
