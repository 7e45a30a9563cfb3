//! Reports with the first decision about each, page by page: what a replay of rules reads.

use crate::{
    Result, Store,
    db::{args, row},
    events::EventRow,
    references,
    reports::ReportRow,
    sql::sql,
};
use schemas::{Timestamp, Uuid, event::CaseEvent, reference::Reference, report::Report};
use std::time::Duration;

sql! {
    // The second event of a case is its first decision. Both look-ups are by key.
    both PAST = "SELECT r.id, r.reference, r.channel, r.kind,
            coalesce((SELECT c.category FROM correction AS c WHERE c.case_id = r.id), r.category), r.words, r.place, r.answers, r.urgency,
            r.language, r.tell, r.photos, r.received_at, e.id, e.at, e.body,
            CAST(CASE WHEN p.report_id IS NULL THEN NULL ELSE
                CASE WHEN p.name IS NULL THEN 0 ELSE 1 END + CASE WHEN p.email IS NULL THEN 0 ELSE 2 END
                + CASE WHEN p.phone IS NULL THEN 0 ELSE 4 END END AS bigint) AS known
        FROM report AS r LEFT JOIN event AS e ON e.case_id = r.id AND e.version = 2
            LEFT JOIN contact AS p ON p.report_id = r.id
        WHERE r.id > $1 AND r.id < $2 AND r.received_at >= $3 AND r.received_at < $4
        ORDER BY r.id LIMIT $5";
    both PAST_COUNT = "SELECT CAST(count(*) AS bigint) FROM report AS r
        WHERE r.id > $1 AND r.id < $2 AND r.received_at >= $3 AND r.received_at < $4";
}

/// Ids are made when a report comes in, by clocks that may be apart by this much.
const APART: Duration = Duration::from_secs(24 * 3600);

/// Reports received in a stretch of time.
#[derive(Debug, Clone, Copy)]
pub struct Stretch {
    /// From here on.
    pub since: Timestamp,
    /// Up to, but not including.
    pub until: Timestamp,
}

impl Stretch {
    /// Ids before and after all of its reports.
    fn ids(self) -> (Uuid, Uuid) {
        let id = |at: Timestamp| Uuid::from_u128(u128::try_from(at.as_millisecond()).unwrap_or_default() << 80);
        let before = self.since.checked_sub(APART).unwrap_or(Timestamp::MIN);
        (id(before), self.until.checked_add(APART).map_or(Uuid::max(), id))
    }
}

/// What is known of who reported. Never who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reachable {
    /// There is a name.
    pub name: bool,
    /// There is an e-mail address.
    pub email: bool,
    /// There is a telephone number.
    pub phone: bool,
}

/// A report, and how it was decided first.
#[derive(Debug, Clone)]
pub struct Past {
    /// The report; without the token and without the channel's own id of it.
    pub report: Report,
    /// What is known of who reported; nothing when there is no contact (any more).
    pub contact: Option<Reachable>,
    /// The first event after it was received; nothing while nobody decided.
    pub first: Option<CaseEvent>,
}

row! { "report", Row {
    id: String, reference: i64, channel: String, kind: String, category: String, words: String, place: String,
    answers: String, urgency: String, language: String, tell: String, photos: String, received_at: i64,
    event: Option<String>, at: Option<i64>, body: Option<String>, known: Option<i64>,
} }

/// A row of the past that nobody has read yet: reading costs more than fetching, so that the caller
/// may spread it over processors.
pub struct PastRow(Row);

impl PastRow {
    /// The reference, if it can be read.
    pub fn reference(&self) -> Option<Reference> {
        references::read(self.0.reference)
    }

    /// Reads it.
    ///
    /// # Errors
    /// [`crate::Error::Inconsistent`] when a column cannot be read.
    pub fn read(self) -> Result<Past> {
        let row = self.0;
        let first = match (row.event, row.at, row.body) {
            (Some(id), Some(at), Some(body)) => {
                let (case_id, reference) = (row.id.clone(), row.reference);
                Some(EventRow { id, case_id, reference, version: 2, at, body }.read()?)
            }
            _ => None,
        };
        let contact =
            row.known.map(|known| Reachable { name: known & 1 > 0, email: known & 2 > 0, phone: known & 4 > 0 });
        let report = ReportRow {
            id: row.id,
            reference: row.reference,
            channel: row.channel,
            source_id: None,
            kind: row.kind,
            category: row.category,
            words: row.words,
            place: row.place,
            answers: row.answers,
            urgency: row.urgency,
            language: row.language,
            tell: row.tell,
            photos: row.photos,
            token: String::new(),
            received_at: row.received_at,
        };
        Ok(Past { report: report.read()?, contact, first })
    }
}

/// A page of the past.
pub struct Page {
    /// Its rows, the oldest report first.
    pub rows: Vec<PastRow>,
    /// Where the next page begins; nothing after the last one.
    pub next: Option<String>,
}

impl Store {
    /// The reports of `stretch` after `after` ([`Page::next`]; nothing for the first page), at most
    /// `limit`.
    pub async fn past(&self, stretch: Stretch, after: Option<&str>, limit: usize) -> Result<Page> {
        let (first, last) = stretch.ids();
        let after = after.map_or_else(|| first.to_string(), str::to_owned);
        let args = args![after, last, stretch.since, stretch.until, limit];
        let rows: Vec<Row> = self.inner.db.ordered(PAST, args).await?;
        let next = rows.last().filter(|_| rows.len() == limit).map(|row| row.id.clone());
        Ok(Page { rows: rows.into_iter().map(PastRow).collect(), next })
    }

    /// How many reports `stretch` has.
    pub async fn past_count(&self, stretch: Stretch) -> Result<u64> {
        let (first, last) = stretch.ids();
        let args = args![first, last, stretch.since, stretch.until];
        let rows: Vec<(i64,)> = self.inner.db.ordered(PAST_COUNT, args).await?;
        Ok(rows.first().and_then(|(n,)| u64::try_from(*n).ok()).unwrap_or_default())
    }
}
