//! What residents say, with one tap, of how their report was dealt with: kept without words and without a name.

use crate::{Error, Result, Store, db::args, sql::sql};
use schemas::{
    Timestamp, Uuid,
    slug::{CategoryId, DepartmentId},
};

sql! {
    // Who thinks better of it says so again.
    both RATE = "INSERT INTO rating (report_id, department, category, score, at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (report_id) DO UPDATE SET department = excluded.department, category = excluded.category,
            score = excluded.score, at = excluded.at";
    both RATING = "SELECT score FROM rating WHERE report_id = $1";
    both RATINGS = "SELECT report_id, score FROM rating";
    both OF_DEPARTMENT = "SELECT score, CAST(count(*) AS bigint) FROM rating WHERE department = $1 AND at >= $2
        GROUP BY score ORDER BY score";
}

/// What somebody says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Score {
    /// Well done, thank you.
    Good,
    /// It will do.
    Fair,
    /// It was not dealt with well.
    Poor,
}

impl Score {
    /// All of them, the best first.
    pub const ALL: [Self; 3] = [Self::Good, Self::Fair, Self::Poor];

    /// Its word, as it is kept and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Fair => "fair",
            Self::Poor => "poor",
        }
    }

    /// The score with the word `text`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|score| score.as_str() == text)
    }
}

/// One rating.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rating {
    /// Of which report.
    pub report: Uuid,
    /// Who dealt with it.
    pub department: DepartmentId,
    /// What it was about.
    pub category: CategoryId,
    /// What its reporter says.
    pub score: Score,
}

fn score(text: &str) -> Result<Score> {
    Score::parse(text).ok_or_else(|| Error::broken("rating", "score", text))
}

impl Store {
    /// Keeps what the reporter says, in the place of what they said before.
    pub async fn rate(&self, rating: &Rating) -> Result<()> {
        let Rating { report, department, category, score } = rating;
        let now = self.clock().now();
        let mut tx = self.begin().await?;
        tx.conn.exec(RATE, args![*report, department.as_str(), category.as_str(), score.as_str(), now]).await?;
        tx.commit().await
    }

    /// What the reporter of `report` said, if they did.
    pub async fn rating(&self, report: Uuid) -> Result<Option<Score>> {
        let row: Option<(String,)> = self.inner.db.one(RATING, args![report]).await?;
        row.map(|(text,)| score(&text)).transpose()
    }

    /// What was said of every report, in any order: for counting, and only among others.
    pub async fn ratings(&self) -> Result<Vec<(Uuid, Score)>> {
        let rows: Vec<(String, String)> = self.inner.db.all(RATINGS, args![]).await?;
        let read = |(report, text): (String, String)| {
            Ok((report.parse().map_err(|_| Error::broken("rating", "report_id", &report))?, score(&text)?))
        };
        rows.into_iter().map(read).collect()
    }

    /// What was said of one department since `since`.
    pub async fn ratings_of(&self, department: &DepartmentId, since: Timestamp) -> Result<Vec<(Score, u64)>> {
        let rows: Vec<(String, i64)> = self.inner.db.all(OF_DEPARTMENT, args![department.as_str(), since]).await?;
        rows.into_iter().map(|(text, count)| Ok((score(&text)?, count.unsigned_abs()))).collect()
    }
}
