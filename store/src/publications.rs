//! What of reports everybody may read, and what waits for somebody to look at it.

use crate::{
    Error, Result, Store, Tx,
    db::{args, batch_ids, row},
    sql::sql,
};
use schemas::{
    Timestamp, Uuid,
    id::from_micros,
    publication::{Publication, State},
    report::Kind,
    slug::{CategoryId, DepartmentId},
};
use serde::Serialize;
use std::collections::HashMap;

/// Reports that nobody looked at yet.
#[derive(Debug, Clone)]
pub struct Unseen {
    /// Received since then.
    pub since: Timestamp,
    /// Only those before this one; from the newest when `None`.
    pub before: Option<Uuid>,
    /// About one of these, as the city sees it now.
    pub categories: Vec<CategoryId>,
    /// Not those of these departments.
    pub confidential: Vec<DepartmentId>,
    /// Not of these kinds.
    pub private: Vec<Kind>,
    /// At most so many.
    pub limit: usize,
}

sql! {
    both PUT_PUBLICATION = "INSERT INTO publication (report_id, state, words, photos, who, at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (report_id) DO UPDATE SET state = excluded.state, words = excluded.words, photos = excluded.photos,
            who = excluded.who, at = excluded.at";
    both WITHDRAW = "UPDATE publication SET state = 'withdrawn', words = NULL, photos = '[]', who = $2, at = $3
        WHERE report_id = $1 AND state = 'approved' RETURNING report_id";
    both PUBLICATIONS = "SELECT report_id, state, words, photos, who, at FROM publication
        WHERE report_id IN (SELECT value ->> 'id' FROM json_each($1))";
    // Page by page along the key, the newest first.
    both UNSEEN = "SELECT r.id FROM report AS r LEFT JOIN cases AS c ON c.id = r.id
            LEFT JOIN correction AS k ON k.case_id = r.id
        WHERE r.id > $1 AND r.id < $2 AND r.received_at >= $3 AND r.kind NOT IN (SELECT value ->> 'name' FROM json_each($7))
            AND coalesce(k.category, r.category) IN (SELECT value ->> 'name' FROM json_each($4))
            AND coalesce(c.lead, '') NOT IN (SELECT value ->> 'name' FROM json_each($5))
            AND NOT EXISTS (SELECT 1 FROM publication AS p WHERE p.report_id = r.id)
            AND NOT EXISTS (SELECT 1 FROM held AS h WHERE h.report_id = r.id AND h.state IN ('held', 'refused'))
        ORDER BY r.id DESC LIMIT CAST($6 AS bigint)";
}

row! { "publication", PublicationRow {
    report_id: String, state: String, words: Option<String>, photos: String, who: String, at: i64,
} }

impl PublicationRow {
    fn read(self) -> Result<Publication> {
        let broken = |column| Error::broken("publication", column, &self.report_id);
        Ok(Publication {
            report: self.report_id.parse().map_err(|_| broken("report_id"))?,
            state: State::parse(&self.state).ok_or_else(|| broken("state"))?,
            photos: serde_json::from_str(&self.photos).map_err(|_| broken("photos"))?,
            words: self.words,
            who: self.who,
            at: from_micros(self.at),
        })
    }
}

#[derive(Serialize)]
struct Name<'a> {
    name: &'a str,
}

fn names<'a>(all: impl IntoIterator<Item = &'a str>) -> Result<String> {
    let rows: Vec<Name<'_>> = all.into_iter().map(|name| Name { name }).collect();
    Ok(serde_json::to_string(&rows)?)
}

impl Tx {
    /// Keeps what somebody decided; it takes the place of what was decided before.
    pub async fn put_publication(&mut self, publication: &Publication) -> Result<()> {
        let Publication { report, state, words, photos, who, at } = publication;
        let photos = serde_json::to_string(photos)?;
        let args = args![*report, state.as_str(), words.clone(), photos, who.as_str(), *at];
        self.conn.exec(PUT_PUBLICATION, args).await?;
        self.touch_cases(&[publication.report]).await
    }

    /// What was approved may be read no more, and is kept no more. Gives whether something was.
    pub async fn withdraw(&mut self, report: Uuid, who: &str) -> Result<bool> {
        let now = self.clock().now();
        let rows: Vec<(String,)> = self.conn.all(WITHDRAW, args![report, who, now]).await?;
        self.touch_cases(&[report]).await?;
        Ok(!rows.is_empty())
    }
}

impl Store {
    /// What was decided about these reports, by report.
    pub async fn publications(&self, reports: &[Uuid]) -> Result<HashMap<Uuid, Publication>> {
        if reports.is_empty() {
            return Ok(HashMap::new());
        }
        let rows: Vec<PublicationRow> = self.inner.db.all(PUBLICATIONS, vec![batch_ids(reports)]).await?;
        rows.into_iter().map(|row| row.read().map(|publication| (publication.report, publication))).collect()
    }

    /// What was decided about a report.
    pub async fn publication(&self, report: Uuid) -> Result<Option<Publication>> {
        Ok(self.publications(&[report]).await?.remove(&report))
    }

    /// Public reports that nobody looked at yet, the newest first.
    pub async fn unseen_reports(&self, unseen: &Unseen) -> Result<Vec<Uuid>> {
        let millis = u64::try_from(unseen.since.as_millisecond()).unwrap_or_default().saturating_sub(600_000);
        // Ids are made before the report is received, and begin with their moment.
        let first = Uuid::from_u128(u128::from(millis.min((1 << 48) - 1)) << 80);
        let args = args![
            first,
            unseen.before.unwrap_or(Uuid::max()),
            unseen.since,
            names(unseen.categories.iter().map(|id| id.as_str()))?,
            names(unseen.confidential.iter().map(|id| id.as_str()))?,
            unseen.limit,
            names(unseen.private.iter().map(|kind| kind.as_str()))?,
        ];
        let rows: Vec<(String,)> = self.inner.db.ordered(UNSEEN, args).await?;
        rows.into_iter().map(|(id,)| id.parse().map_err(|_| Error::broken("report", "id", id))).collect()
    }
}
