//! What was tried before with the letters of a batch.

use crate::{Attempt, Error, Result, Tx, attempts::AttemptRow, db::batch_ids, sql::sql};
use schemas::{Uuid, id::from_micros, letter::Lane};

sql! {
    both OF_LETTERS = "SELECT letter_id, n, lane, started_at, ended_at, verdict, why FROM attempt
        WHERE letter_id IN (SELECT value ->> 'id' FROM json_each($1)) ORDER BY letter_id, n";
}

impl Tx {
    /// The attempts of these letters, by letter, first to last.
    pub async fn attempts_of(&mut self, letters: &[Uuid]) -> Result<Vec<Attempt>> {
        let rows: Vec<AttemptRow> = self.conn.all(OF_LETTERS, vec![batch_ids(letters)]).await?;
        rows.into_iter()
            .map(|row| {
                let broken = |column| Error::broken("attempt", column, format!("{}, {}", row.letter_id, row.n));
                Ok(Attempt {
                    letter: row.letter_id.parse().map_err(|_| broken("letter_id"))?,
                    n: u32::try_from(row.n).map_err(|_| broken("n"))?,
                    lane: Lane::new(&row.lane),
                    started_at: from_micros(row.started_at),
                    ended_at: row.ended_at.map(from_micros),
                    verdict: row.verdict,
                    why: row.why,
                })
            })
            .collect()
    }
}
