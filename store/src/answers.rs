//! Answers given at once: which article answered which case, and whether it helped.

use crate::{
    Error, Result, Store, Tx,
    db::{args, batch},
    sql::sql,
};
use schemas::{Timestamp, Uuid, report::Language, slug::Slug};
use serde::Serialize;

sql! {
    both ADD = "WITH batch AS MATERIALIZED (SELECT value FROM json_each($1))
        INSERT INTO answer (case_id, article, language, at)
        SELECT value ->> 'case_id', value ->> 'article', value ->> 'language', CAST(value ->> 'at' AS bigint)
        FROM batch WHERE TRUE ON CONFLICT (case_id) DO NOTHING";
    // Whoever said that it did not help has a case at a desk: that is not taken back.
    both SAY = "UPDATE answer SET helped = CAST($2 AS bigint) = 1, said_at = $3
        WHERE case_id = $1 AND (helped IS NULL OR (helped AND CAST($2 AS bigint) = 0))";
    both GIVEN = "SELECT article, CAST(CASE WHEN helped THEN 1 WHEN NOT helped THEN 0 ELSE -1 END AS bigint)
        FROM answer WHERE case_id = $1";
    both COUNTS = "SELECT article, language, CAST(count(*) AS bigint),
            CAST(coalesce(sum(CASE WHEN helped THEN 1 ELSE 0 END), 0) AS bigint),
            CAST(coalesce(sum(CASE WHEN NOT helped THEN 1 ELSE 0 END), 0) AS bigint)
        FROM answer WHERE at >= $1 GROUP BY article, language ORDER BY article, language";
}

/// A case that an article answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAnswer {
    /// The case.
    pub case_id: Uuid,
    /// The article.
    pub article: Slug,
    /// The language of its reporter.
    pub language: Language,
}

/// What became of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenAnswer {
    /// The article.
    pub article: Slug,
    /// Whether it helped; nothing as long as nobody said so.
    pub helped: Option<bool>,
}

/// How often an article answered in one language, and what people said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerCount {
    /// The article.
    pub article: String,
    /// The language of the reporters.
    pub language: Language,
    /// Cases that it answered.
    pub given: u64,
    /// Of these, how many people said that it helped.
    pub helped: u64,
    /// Of these, how many said that it did not.
    pub failed: u64,
}

#[derive(Serialize)]
struct Row<'a> {
    case_id: Uuid,
    article: &'a str,
    language: &'a str,
    at: i64,
}

impl Tx {
    /// Notes which article answers which case; the first one stays.
    pub async fn add_answers(&mut self, answers: &[NewAnswer]) -> Result<()> {
        if answers.is_empty() {
            return Ok(());
        }
        let at = self.clock().now().as_microsecond();
        let mut rows: Vec<_> = answers
            .iter()
            .map(|answer| Row {
                case_id: answer.case_id,
                article: answer.article.as_str(),
                language: answer.language.as_str(),
                at,
            })
            .collect();
        rows.sort_unstable_by_key(|row| row.case_id);
        self.conn.exec(ADD, vec![batch(&rows)?]).await.map(|_| ())
    }

    /// The resident says whether the answer of `case` helped. "It did not" stays; a case without an
    /// answer is left alone. Gives whether anything changed.
    pub async fn say_of_answer(&mut self, case: Uuid, helped: bool) -> Result<bool> {
        let now = self.clock().now();
        Ok(self.conn.exec(SAY, args![case, i64::from(helped), now]).await? > 0)
    }
}

impl Store {
    /// The answer that `case` was given at once, if it was.
    pub async fn answer(&self, case: Uuid) -> Result<Option<GivenAnswer>> {
        let row: Option<(String, i64)> = self.inner.db.one(GIVEN, args![case]).await?;
        row.map(|(article, helped)| {
            let article = Slug::new(&article).map_err(|_| Error::broken("answer", "article", case.to_string()))?;
            Ok(GivenAnswer { article, helped: (helped >= 0).then_some(helped == 1) })
        })
        .transpose()
    }

    /// What people said of the answers given since `since`, by article and language.
    pub async fn answer_counts(&self, since: Timestamp) -> Result<Vec<AnswerCount>> {
        let rows: Vec<(String, String, i64, i64, i64)> = self.inner.db.all(COUNTS, args![since]).await?;
        let count = |number: i64| number.unsigned_abs();
        rows.into_iter()
            .map(|(article, language, given, helped, failed)| {
                let known = Language::parse(&language);
                let language = known.ok_or_else(|| Error::broken("answer", "language", &article))?;
                Ok(AnswerCount { article, language, given: count(given), helped: count(helped), failed: count(failed) })
            })
            .collect()
    }
}
