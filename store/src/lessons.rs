//! Cases whose category nobody doubts any more: what a suggestion is learnt from.

use crate::{Error, Result, Store, db::args, sql::sql};
use schemas::{
    Uuid,
    place::Place,
    report::{Language, TRIAL_CHANNEL},
    slug::CategoryId,
};

sql! {
    // A department solved it as what it was filed as, or corrected to. What an article answered was filed by nobody but
    // the resident.
    both NEXT = "SELECT report.id, coalesce(correction.category, report.category), report.language, report.words, report.place
        FROM cases JOIN report ON report.id = cases.id LEFT JOIN correction ON correction.case_id = cases.id
        WHERE cases.id < $1 AND cases.status = 'solved' AND report.channel <> $3 AND NOT EXISTS (
            SELECT 1 FROM answer WHERE answer.case_id = cases.id AND (answer.helped IS NULL OR answer.helped))
        ORDER BY cases.id DESC LIMIT $2";
}

/// One case. Holds what the resident wrote: for learning, not for showing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lesson {
    /// The case.
    pub case_id: Uuid,
    /// What it is about.
    pub category: CategoryId,
    /// The language of its reporter.
    pub language: Language,
    /// What they wrote.
    pub words: String,
    /// The address of its place.
    pub address: Option<String>,
}

impl Store {
    /// At most `limit` cases that departments solved, the newest first, older than the case
    /// `before`.
    pub async fn lessons(&self, before: Option<Uuid>, limit: usize) -> Result<Vec<Lesson>> {
        type Row = (String, String, String, String, String);
        let before = before.unwrap_or(Uuid::max());
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows: Vec<Row> = self.inner.db.all(NEXT, args![before, limit, TRIAL_CHANNEL]).await?;
        rows.into_iter()
            .map(|(id, category, language, words, place)| {
                let broken = |column| Error::broken("report", column, &id);
                let place: Place = serde_json::from_str(&place).map_err(|_| broken("place"))?;
                let known = Language::parse(&language);
                Ok(Lesson {
                    case_id: id.parse().map_err(|_| broken("id"))?,
                    category: CategoryId::new(&category).map_err(|_| broken("category"))?,
                    language: known.ok_or_else(|| broken("language"))?,
                    words,
                    address: place.address,
                })
            })
            .collect()
    }
}
