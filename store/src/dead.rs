//! Dead letters: shown, replayed or dropped by a person.

use crate::{
    Error, Result, Store, Tx,
    db::{args, batch_ids},
    letters::DeadRow,
    references,
    sql::sql,
};
use schemas::{
    Timestamp, Uuid,
    id::from_micros,
    letter::{Lane, Letter},
    reference::Reference,
    slug::DepartmentId,
};

/// Which dead letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadFilter {
    /// Only of this lane.
    pub lane: Option<Lane>,
    /// Only those buried before this moment.
    pub before: Option<Timestamp>,
    /// Only those buried after this moment.
    pub after: Option<Timestamp>,
    /// Only what goes to this department, or comes from it.
    pub department: Option<DepartmentId>,
    /// Only those whose reason holds these words, large letters or small.
    pub why: Option<String>,
    /// Only those about this case.
    pub reference: Option<Reference>,
    /// Only those about a case of this category; `groen/*` means all of its group.
    pub category: Option<String>,
    /// At most so many; the newest first.
    pub limit: usize,
}

impl Default for DeadFilter {
    fn default() -> Self {
        Self {
            lane: None,
            before: None,
            after: None,
            department: None,
            why: None,
            reference: None,
            category: None,
            limit: 100,
        }
    }
}

/// A letter that will not be tried again by itself.
#[derive(Debug, Clone)]
pub struct DeadLetter {
    /// The letter.
    pub letter: Letter,
    /// Why.
    pub why: String,
    /// Since when.
    pub buried_at: Timestamp,
}

sql! {
    both LIST = "SELECT id, lane, topic, subject, case_id, body, cause, trace, attempt, posted_at, why, buried_at
        FROM letter WHERE buried_at IS NOT NULL AND (CAST($1 AS text) IS NULL OR lane = $1)
            AND (CAST($2 AS bigint) IS NULL OR buried_at < $2) AND (CAST($3 AS bigint) IS NULL OR buried_at > $3)
            AND (CAST($4 AS text) IS NULL OR lane = 'dept.' || $4 OR lane = 'queue.' || $4
                OR (lane = 'updates' AND (subject = $4 OR subject LIKE $4 || '.%')))
            AND (CAST($5 AS text) IS NULL OR LOWER(why) LIKE $5 ESCAPE '!')
            AND (CAST($6 AS bigint) IS NULL OR case_id = (SELECT report.id FROM report WHERE report.reference = $6))
            AND (CAST($7 AS text) IS NULL
                OR case_id IN (SELECT report.id FROM report LEFT JOIN correction ON correction.case_id = report.id
                    WHERE coalesce(correction.category, report.category) LIKE $7 ESCAPE '!'))
        ORDER BY buried_at DESC, id LIMIT $8";
    both BY_ID = "SELECT id, lane, topic, subject, case_id, body, cause, trace, attempt, posted_at, why, buried_at
        FROM letter WHERE buried_at IS NOT NULL AND id = $1";
    // Ready since they were posted: replayed in their old order, before what came later.
    both REPLAY = "UPDATE letter SET buried_at = NULL, why = NULL, attempt = 0, ready_at = posted_at
        WHERE buried_at IS NOT NULL AND id IN (SELECT value ->> 'id' FROM json_each($1)) RETURNING lane, id";
    both DROP = "DELETE FROM letter
        WHERE buried_at IS NOT NULL AND id IN (SELECT value ->> 'id' FROM json_each($1)) RETURNING id";
}

impl DeadRow {
    fn read(self) -> Result<DeadLetter> {
        let (why, buried_at) = (self.why.clone().unwrap_or_default(), from_micros(self.buried_at));
        Ok(DeadLetter { letter: self.letter().read()?, why, buried_at })
    }
}

/// `text` as itself inside a LIKE whose escape is `!`.
pub(crate) fn literal(text: &str) -> String {
    text.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

impl Tx {
    /// Puts dead letters back in their lanes, with all their tries; gives those that were dead.
    pub async fn replay_dead(&mut self, ids: &[Uuid]) -> Result<Vec<Uuid>> {
        let rows: Vec<(String, String)> = self.conn.all(REPLAY, vec![batch_ids(ids)]).await?;
        self.touched.extend(rows.iter().map(|(lane, _)| Lane::new(lane)));
        rows.iter().map(|(_, id)| read_id(id)).collect()
    }

    /// Throws dead letters away; gives those that were dead.
    pub async fn drop_dead(&mut self, ids: &[Uuid]) -> Result<Vec<Uuid>> {
        let rows: Vec<(String,)> = self.conn.all(DROP, vec![batch_ids(ids)]).await?;
        rows.iter().map(|(id,)| read_id(id)).collect()
    }
}

fn read_id(id: &str) -> Result<Uuid> {
    id.parse().map_err(|_| Error::broken("letter", "id", id))
}

impl Store {
    /// Dead letters, the newest first. One that cannot be read is left out and logged.
    pub async fn dead(&self, filter: DeadFilter) -> Result<Vec<DeadLetter>> {
        let DeadFilter { lane, before, after, department, why, reference, category, limit } = filter;
        let lane = lane.map(|lane| lane.as_str().to_owned());
        let department = department.map(|department| department.as_str().to_owned());
        let why = why.map(|words| format!("%{}%", literal(&words.to_lowercase())));
        let category = category.map(|category| literal(&category).replace('*', "%"));
        let reference = reference.map(references::number);
        let args = args![lane, before, after, department, why, reference, category, limit];
        let rows: Vec<DeadRow> = self.inner.db.ordered(LIST, args).await?;
        let read =
            |row: DeadRow| row.read().inspect_err(|error| tracing::error!(%error, "an unreadable dead letter")).ok();
        Ok(rows.into_iter().filter_map(read).collect())
    }

    /// One dead letter.
    pub async fn dead_letter(&self, id: Uuid) -> Result<Option<DeadLetter>> {
        self.inner.db.one::<DeadRow>(BY_ID, args![id]).await?.map(DeadRow::read).transpose()
    }

    /// Puts dead letters back in their lanes, with all their tries; returns how many.
    pub async fn replay_dead(&self, ids: &[Uuid]) -> Result<u64> {
        let mut tx = self.begin().await?;
        let replayed = tx.replay_dead(ids).await?;
        tx.commit().await?;
        Ok(replayed.len() as u64)
    }

    /// Throws dead letters away; returns how many.
    pub async fn drop_dead(&self, ids: &[Uuid]) -> Result<u64> {
        let mut tx = self.begin().await?;
        let dropped = tx.drop_dead(ids).await?;
        tx.commit().await?;
        Ok(dropped.len() as u64)
    }
}
