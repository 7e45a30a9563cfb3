//! Mails to departments that may still come back: their letters, kept for as long as that may take.

use crate::{Error, Result, Store, Tx, db::args, sql::sql};
use schemas::{Timestamp, Uuid, letter::Letter};

sql! {
    both KEEP = "INSERT INTO mailed (dispatch_id, letter, sent_at) VALUES ($1, $2, $3)
        ON CONFLICT (dispatch_id) DO UPDATE SET letter = excluded.letter, sent_at = excluded.sent_at";
    both NOTE = "UPDATE mailed SET letter = $2 WHERE dispatch_id = $1";
    both GET = "SELECT letter FROM mailed WHERE dispatch_id = $1";
    both SWEEP = "DELETE FROM mailed WHERE sent_at < $1";
}

impl Tx {
    /// Keeps the letter by which `dispatch` was mailed. The caller has taken the reporter out of it.
    pub async fn keep_mailed(&mut self, dispatch: Uuid, letter: &Letter) -> Result<()> {
        let now = self.clock().now();
        let text =
            serde_json::to_string(letter).map_err(|_| Error::broken("mailed", "letter", dispatch.to_string()))?;
        self.conn.exec(KEEP, args![dispatch, text, now]).await.map(|_| ())
    }

    /// Puts something else in the place of the letter that is kept, for as long as before.
    pub async fn note_mailed(&mut self, dispatch: Uuid, letter: &Letter) -> Result<()> {
        let text =
            serde_json::to_string(letter).map_err(|_| Error::broken("mailed", "letter", dispatch.to_string()))?;
        self.conn.exec(NOTE, args![dispatch, text]).await.map(|_| ())
    }

    /// The letter by which `dispatch` was mailed, if it is still kept.
    pub async fn mailed(&mut self, dispatch: Uuid) -> Result<Option<Letter>> {
        let rows: Vec<(String,)> = self.conn.all(GET, args![dispatch]).await?;
        let broken = || Error::broken("mailed", "letter", dispatch.to_string());
        rows.first().map(|(text,)| serde_json::from_str(text).map_err(|_| broken())).transpose()
    }
}

impl Store {
    /// Forgets mails sent before `before`: nothing comes back any more. Returns how many.
    pub async fn sweep_mailed(&self, before: Timestamp) -> Result<u64> {
        self.inner.db.exec(SWEEP, args![before]).await
    }
}
