//! Files of photos that lie on a shelf: written down before they are written, and struck off after they are gone, so
//! that none is ever forgotten there. A file has a name of its own that is never used again.

use crate::{
    Error, Result, Store, Tx,
    db::{args, batch, batch_ids, row},
    photos::Lies,
    sql::sql,
};
use schemas::{Timestamp, Uuid, id::from_micros};
use serde::Serialize;

/// A file that has to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueFile {
    /// Where it lies.
    pub lies: Lies,
    /// Since when.
    pub due_at: Timestamp,
}

/// A photo as it lies, without its bytes: what is moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lying {
    /// Its id.
    pub id: Uuid,
    /// Where the large one lies; `None`: in its row.
    pub large: Option<Lies>,
    /// Where the small one lies, if there is one; it lies where the large one does.
    pub small: Option<Lies>,
    /// Where its original lies, if there is one; the inner `None`: in its row.
    pub original: Option<Option<Lies>>,
}

sql! {
    both NOTE = "WITH batch AS MATERIALIZED (SELECT value FROM json_each($1))
        INSERT INTO photo_file (file, shelf, photo_id, due_at)
        SELECT value ->> 'file', CAST($2 AS text), CAST($3 AS text), CAST($4 AS bigint) FROM batch WHERE TRUE";
    both NEEDED = "UPDATE photo_file SET due_at = NULL WHERE file IN (SELECT value ->> 'file' FROM json_each($1))";
    both DUE = "SELECT file, shelf, due_at FROM photo_file WHERE due_at IS NOT NULL AND due_at <= $1
        ORDER BY due_at LIMIT CAST($2 AS bigint)";
    both STRIKE = "DELETE FROM photo_file WHERE file IN (SELECT value ->> 'file' FROM json_each($1))";
    both LATER = "UPDATE photo_file SET due_at = $2 WHERE file IN (SELECT value ->> 'file' FROM json_each($1))";
    both ALL_DUE = "UPDATE photo_file SET due_at = $2
        WHERE photo_id IN (SELECT value ->> 'id' FROM json_each($1))";
    both LYING = "SELECT photo.id, photo.shelf, photo.file, photo.small_file, photo_original.photo_id AS original,
            photo_original.shelf AS original_shelf, photo_original.file AS original_file
        FROM photo LEFT JOIN photo_original ON photo_original.photo_id = photo.id
        WHERE photo.id > $1 ORDER BY photo.id LIMIT CAST($2 AS bigint)";
    both LYING_ONE = "SELECT photo.id, photo.shelf, photo.file, photo.small_file, photo_original.photo_id AS original,
            photo_original.shelf AS original_shelf, photo_original.file AS original_file
        FROM photo LEFT JOIN photo_original ON photo_original.photo_id = photo.id WHERE photo.id = $1";
}

row! { "photo_file", DueRow { file: String, shelf: String, due_at: i64 } }
row! { "photo", LyingRow {
    id: String, shelf: Option<String>, file: Option<String>, small_file: Option<String>, original: Option<String>,
    original_shelf: Option<String>, original_file: Option<String>,
} }

#[derive(Serialize)]
struct FileRow<'a> {
    file: &'a str,
}

/// The names of files as one parameter.
fn files<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<crate::db::Arg> {
    batch(&names.into_iter().map(|file| FileRow { file }).collect::<Vec<_>>())
}

impl LyingRow {
    fn read(self) -> Result<Lying> {
        let lies = |shelf: &Option<String>, file: Option<String>| {
            shelf.clone().zip(file).map(|(shelf, file)| Lies { shelf, file })
        };
        Ok(Lying {
            large: lies(&self.shelf, self.file),
            small: lies(&self.shelf, self.small_file),
            original: self.original.is_some().then(|| lies(&self.original_shelf, self.original_file)),
            id: self.id.parse().map_err(|_| Error::broken("photo", "id", &self.id))?,
        })
    }
}

impl Tx {
    /// These files are needed: their photo names them. Fails when one is not written down any more: whoever wrote it was
    /// slower than it lasts.
    pub(crate) async fn files_are_needed(&mut self, names: &[&str]) -> Result<()> {
        let needed = self.conn.exec(NEEDED, vec![files(names.iter().copied())?]).await?;
        if needed == names.len() as u64 {
            return Ok(());
        }
        Err(Error::Unavailable("the files of a photo were thrown away before it was kept".to_owned()))
    }

    /// These files are not needed any more.
    pub(crate) async fn files_are_due(&mut self, names: &[&str]) -> Result<()> {
        let mut args = vec![files(names.iter().copied())?];
        args.extend(args![self.clock().now()]);
        self.conn.exec(LATER, args).await.map(|_| ())
    }

    /// No file of these photos is needed any more.
    pub(crate) async fn files_of_are_due(&mut self, photos: &[Uuid]) -> Result<()> {
        let mut args = vec![batch_ids(photos)];
        args.extend(args![self.clock().now()]);
        self.conn.exec(ALL_DUE, args).await.map(|_| ())
    }
}

impl Store {
    /// Writes down that these files of a photo will lie on `shelf`. They go after `due_at`, unless the photo is kept that
    /// names them.
    pub async fn note_files(&self, shelf: &str, photo: Uuid, names: &[String], due_at: Timestamp) -> Result<()> {
        let mut args = vec![files(names.iter().map(String::as_str))?];
        args.extend(args![shelf, photo, due_at]);
        self.inner.db.exec(NOTE, args).await.map(|_| ())
    }

    /// At most `limit` files that have to go by now, those first that wait longest.
    pub async fn due_files(&self, now: Timestamp, limit: usize) -> Result<Vec<DueFile>> {
        let rows: Vec<DueRow> = self.inner.db.ordered(DUE, args![now, limit]).await?;
        let due = |DueRow { file, shelf, due_at }| DueFile { lies: Lies { shelf, file }, due_at: from_micros(due_at) };
        Ok(rows.into_iter().map(due).collect())
    }

    /// These files are gone.
    pub async fn strike_files(&self, names: &[String]) -> Result<()> {
        self.inner.db.exec(STRIKE, vec![files(names.iter().map(String::as_str))?]).await.map(|_| ())
    }

    /// A photo as it lies.
    pub async fn lies_of_photo(&self, id: Uuid) -> Result<Option<Lying>> {
        self.inner.db.one::<LyingRow>(LYING_ONE, args![id]).await?.map(LyingRow::read).transpose()
    }

    /// Photos as they lie, in the order of their ids, after `after`.
    pub async fn lying_photos(&self, after: Uuid, limit: usize) -> Result<Vec<Lying>> {
        let rows: Vec<LyingRow> = self.inner.db.ordered(LYING, args![after, limit]).await?;
        rows.into_iter().map(LyingRow::read).collect()
    }
}
