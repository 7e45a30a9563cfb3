//! Photos as they were sent, before they were made safe: kept for their term, for the police and as evidence, and shown
//! on no page.

use crate::{
    Error, Result, Store, Tx,
    db::{args, batch_ids, row},
    photos::Lies,
    sql::sql,
};
use schemas::{Timestamp, Uuid, id::from_micros};

/// The bytes of a photo as they were sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Original {
    /// What their first bytes say: `image/jpeg`, …
    pub media_type: String,
    /// The bytes; none when they lie elsewhere.
    pub bytes: Vec<u8>,
    /// Where they lie, when not here.
    pub lies: Option<Lies>,
    /// When they came.
    pub received_at: Timestamp,
}

impl std::fmt::Debug for Original {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Original({} bytes)", self.bytes.len())
    }
}

sql! {
    both ADD = "INSERT INTO photo_original (photo_id, media_type, bytes, shelf, file, received_at)
        VALUES ($1, $2, $3, $4, $5, $6)";
    both BY_PHOTO = "SELECT media_type, bytes, shelf, file, received_at FROM photo_original
        WHERE photo_id = $1";
    both OLD = "SELECT photo_id FROM photo_original WHERE received_at < $1 ORDER BY received_at LIMIT CAST($2 AS bigint)";
    both DROP = "DELETE FROM photo_original WHERE photo_id IN (SELECT value ->> 'id' FROM json_each($1))
        RETURNING file";
    both OF_REPORTS = "SELECT id FROM photo WHERE report_id IN (SELECT value ->> 'id' FROM json_each($1))";
    both TO_SHELF = "UPDATE photo_original SET bytes = $2, shelf = $3, file = $4
        WHERE photo_id = $1 AND COALESCE(file, '') = CAST($5 AS text)";
}

row! { "photo_original", OriginalRow {
    media_type: String, bytes: Vec<u8>, shelf: Option<String>, file: Option<String>, received_at: i64,
} }

impl Tx {
    /// Keeps the original of a photo that this transaction keeps.
    pub(crate) async fn add_original(&mut self, photo: Uuid, original: Original) -> Result<()> {
        let Original { media_type, bytes, lies, received_at } = original;
        let (shelf, file) = lies.map(|Lies { shelf, file }| (shelf, file)).unzip();
        self.conn.exec(ADD, args![photo, media_type, bytes, shelf, file, received_at]).await.map(|_| ())
    }

    /// Forgets the originals of these photos; returns how many there were.
    pub(crate) async fn drop_originals(&mut self, photos: &[Uuid]) -> Result<u64> {
        let gone: Vec<(Option<String>,)> = self.conn.all(DROP, vec![batch_ids(photos)]).await?;
        let files: Vec<&str> = gone.iter().filter_map(|(file,)| file.as_deref()).collect();
        if !files.is_empty() {
            self.files_are_due(&files).await?;
        }
        Ok(gone.len() as u64)
    }

    /// Forgets the originals of the photos of these reports: who sent them is forgotten, and an original may tell.
    pub(crate) async fn drop_originals_of(&mut self, reports: &[Uuid]) -> Result<u64> {
        let found: Vec<(String,)> = self.conn.all(OF_REPORTS, vec![batch_ids(reports)]).await?;
        let photos: Vec<Uuid> = found.iter().filter_map(|(id,)| id.parse().ok()).collect();
        if photos.is_empty() { Ok(0) } else { self.drop_originals(&photos).await }
    }
}

impl Store {
    /// The original of a photo, if it is still kept.
    pub async fn original(&self, photo: Uuid) -> Result<Option<Original>> {
        let row: Option<OriginalRow> = self.inner.db.one(BY_PHOTO, args![photo]).await?;
        Ok(row.map(|OriginalRow { media_type, bytes, shelf, file, received_at }| Original {
            media_type,
            bytes,
            lies: shelf.zip(file).map(|(shelf, file)| Lies { shelf, file }),
            received_at: from_micros(received_at),
        }))
    }

    /// Forgets at most `limit` originals that came before `before`; returns how many.
    pub async fn sweep_originals(&self, before: Timestamp, limit: usize) -> Result<u64> {
        let old: Vec<(String,)> = self.inner.db.ordered(OLD, args![before, limit]).await?;
        let read = |(id,): &(String,)| id.parse().map_err(|_| Error::broken("photo_original", "photo_id", id));
        let old = old.iter().map(read).collect::<Result<Vec<Uuid>>>()?;
        if old.is_empty() {
            return Ok(0);
        }
        let mut tx = self.begin().await?;
        let gone = tx.drop_originals(&old).await?;
        tx.commit().await?;
        Ok(gone)
    }

    /// The bytes of an original lie somewhere else now: on a shelf, or here. Nothing happens when they do not lie where
    /// they lay.
    pub async fn move_original(
        &self,
        photo: Uuid,
        from: Option<&Lies>,
        to: Option<&Lies>,
        bytes: Vec<u8>,
    ) -> Result<bool> {
        let (shelf, file) = to.map(|lies| (lies.shelf.clone(), lies.file.clone())).unzip();
        let was = from.map_or("", |lies| lies.file.as_str());
        let mut tx = self.begin().await?;
        let moved = tx.conn.exec(TO_SHELF, args![photo, bytes, shelf, file, was]).await? > 0;
        if moved {
            if let Some(to) = to {
                tx.files_are_needed(&[to.file.as_str()]).await?;
            }
            if let Some(from) = from {
                tx.files_are_due(&[from.file.as_str()]).await?;
            }
        }
        tx.commit().await?;
        Ok(moved)
    }
}
