//! Notices that are told together, under one notice that is their digest.

use crate::{
    NoticeEnd, NoticeRow, Result, Store, Tx,
    db::{args, batch},
    notices::{EndRow, KeptRow},
    sql::sql,
};
use schemas::{Uuid, notice::NoticeState};
use serde::Serialize;
use std::collections::BTreeMap;

sql! {
    both GATHER = "WITH batch AS MATERIALIZED (SELECT value FROM json_each($1))
        UPDATE notice SET digest = given.digest
        FROM (SELECT value ->> 'id' AS of, value ->> 'digest' AS digest FROM batch) AS given
        WHERE notice.id = given.of";
    both GATHERED = "SELECT id, case_id, event_id, version, template, person, sender, way, language,
            template_version, reasons, state, planned_at, due_at, sent_at, attempts, receipt, why, cost, device
        FROM notice WHERE digest = $1 ORDER BY planned_at, case_id, version, id";
    both DIGEST_OF = "SELECT digest FROM notice WHERE id = $1 AND digest IS NOT NULL";
    // What was left out of the digest, or was sent, stays so.
    both SETTLE = "WITH batch AS MATERIALIZED (SELECT value FROM json_each($1))
        UPDATE notice SET state = given.state, receipt = coalesce(given.receipt, notice.receipt), why = given.why,
            sent_at = CASE WHEN given.state = 'sent' THEN given.at ELSE notice.sent_at END,
            attempts = notice.attempts + CASE WHEN given.state IN ('superseded', 'suppressed') THEN 0 ELSE 1 END
        FROM (SELECT value ->> 'id' AS of, value ->> 'state' AS state, CAST(value ->> 'at' AS bigint) AS at,
                value ->> 'receipt' AS receipt, value ->> 'why' AS why FROM batch) AS given
        WHERE notice.digest = given.of AND notice.state NOT IN ('sent', 'delivered', 'suppressed', 'superseded')";
    both HEARD = "UPDATE notice SET state = $2, why = $3, heard_at = $4
        WHERE digest = $1 AND state NOT IN ('suppressed', 'superseded')";
}

#[derive(Serialize)]
struct GatherRow {
    id: Uuid,
    digest: Uuid,
}

impl Tx {
    /// From now on each of these notices is told with its digest: (notice, digest).
    pub async fn gather_notices(&mut self, gathered: &[(Uuid, Uuid)]) -> Result<()> {
        let by_id: BTreeMap<Uuid, Uuid> = gathered.iter().copied().collect();
        let rows: Vec<_> = by_id.into_iter().map(|(id, digest)| GatherRow { id, digest }).collect();
        self.conn.exec(GATHER, vec![batch(&rows)?]).await.map(|_| ())
    }

    /// What is told with a digest, in the order it was planned.
    pub async fn gathered(&mut self, digest: Uuid) -> Result<Vec<NoticeRow>> {
        let rows: Vec<KeptRow> = self.conn.all(GATHERED, args![digest]).await?;
        rows.into_iter().map(KeptRow::read).collect()
    }

    /// Writes what became of digests for all that was told with them.
    pub async fn settle_gathered(&mut self, ends: &[&NoticeEnd]) -> Result<()> {
        if ends.is_empty() {
            return Ok(());
        }
        let rows: BTreeMap<_, _> = ends.iter().map(|end| (end.id, EndRow::of(end))).collect();
        self.conn.exec(SETTLE, vec![batch(&rows.into_values().collect::<Vec<_>>())?]).await.map(|_| ())
    }

    /// Writes for all that was told with `digest` what was heard of it.
    pub(crate) async fn hear_of_gathered(&mut self, digest: Uuid, state: NoticeState, why: Option<&str>) -> Result<()> {
        let now = self.clock().now();
        let args = args![digest, state.as_str(), why.map(str::to_owned), now];
        self.conn.exec(HEARD, args).await.map(|_| ())
    }
}

impl Store {
    /// What is told with a digest, in the order it was planned.
    pub async fn gathered(&self, digest: Uuid) -> Result<Vec<NoticeRow>> {
        let rows: Vec<KeptRow> = self.inner.db.all(GATHERED, args![digest]).await?;
        rows.into_iter().map(KeptRow::read).collect()
    }

    /// The digest that a notice is told with, if it is.
    pub async fn digest_of(&self, notice: Uuid) -> Result<Option<Uuid>> {
        let row: Option<(String,)> = self.inner.db.one(DIGEST_OF, args![notice]).await?;
        let broken = |_| crate::Error::broken("notice", "digest", notice);
        row.map(|(digest,)| digest.parse().map_err(broken)).transpose()
    }
}
