//! Photos: kept when they are uploaded, claimed by the report that names them.

use crate::{
    Error, Original, Result, Store, Tx,
    db::{args, batch_ids, row},
    sql::sql,
};
use schemas::{Timestamp, Uuid, id::from_micros};
use std::collections::HashMap;

/// A photo, already made safe.
#[derive(Clone, PartialEq, Eq)]
pub struct Photo {
    /// Its id.
    pub id: Uuid,
    /// `image/jpeg`, …
    pub media_type: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// The file; nothing when it lies elsewhere.
    pub bytes: Vec<u8>,
    /// Where its bytes lie, when not here.
    pub lies: Option<Lies>,
    /// When it came.
    pub received_at: Timestamp,
}

/// Where bytes lie that are not in their row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Lies {
    /// The shelf, by its address: `folder:/srv/photos`, `s3://bucket/prefix`.
    pub shelf: String,
    /// The name of the file there.
    pub file: String,
}

impl std::fmt::Debug for Photo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Photo({}, {} bytes)", self.id, self.bytes.len())
    }
}

/// The same picture with fewer pixels.
#[derive(Clone, PartialEq, Eq)]
pub struct Small {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// The file, of the same media type; nothing when it lies elsewhere.
    pub bytes: Vec<u8>,
    /// Its name on the shelf of the large one, when it lies there.
    pub file: Option<String>,
}

impl std::fmt::Debug for Small {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Small({} x {}, {} bytes)", self.width, self.height, self.bytes.len())
    }
}

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Size {
    /// As it was made safe.
    #[default]
    Large,
    /// The small one; the large one where there is none.
    Small,
}

sql! {
    both ADD = "INSERT INTO photo (id, media_type, width, height, bytes, received_at, small, small_width, small_height,
            shelf, file, small_file)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (id) DO NOTHING";
    both BY_ID = "SELECT id, media_type, width, height, bytes, received_at, shelf, file FROM photo WHERE id = $1";
    both OF_REPORT = "SELECT id, media_type, width, height, bytes, received_at, shelf, file FROM photo
        WHERE id = $1 AND report_id = $2";
    // One that lies elsewhere has no small one here.
    both SMALL_OF_REPORT = "SELECT id, media_type, COALESCE(small_width, width) AS width,
            COALESCE(small_height, height) AS height, COALESCE(small, bytes) AS bytes, received_at, shelf,
            COALESCE(small_file, file) AS file
        FROM photo WHERE id = $1 AND report_id = $2";
    both SMALL = "SELECT id, small_width, small_height, small, small_file FROM photo WHERE id = $1";
    both SMALL_SIZES = "SELECT id, COALESCE(small_width, width) AS width, COALESCE(small_height, height) AS height
        FROM photo WHERE id IN (SELECT value ->> 'id' FROM json_each($1))";
    both SWEEP = "DELETE FROM photo WHERE report_id IS NULL AND received_at < $1 RETURNING id";
    both ERASE = "DELETE FROM photo WHERE id IN (SELECT value ->> 'id' FROM json_each($1)) RETURNING id";
    both TO_SHELF = "UPDATE photo SET bytes = $2, small = $3, shelf = $4, file = $5, small_file = $6
        WHERE id = $1 AND COALESCE(file, '') = CAST($7 AS text)";
}

row! { "photo", PhotoRow {
    id: String, media_type: String, width: i64, height: i64, bytes: Vec<u8>, received_at: i64, shelf: Option<String>,
    file: Option<String>,
} }

row! { "photo", SmallRow {
    id: String, small_width: Option<i64>, small_height: Option<i64>, small: Option<Vec<u8>>, small_file: Option<String>,
} }

row! { "photo", SizeRow { id: String, width: i64, height: i64 } }

impl PhotoRow {
    fn read(self) -> Result<Photo> {
        let broken = |column| Error::broken("photo", column, &self.id);
        Ok(Photo {
            id: self.id.parse().map_err(|_| broken("id"))?,
            width: u32::try_from(self.width).map_err(|_| broken("width"))?,
            height: u32::try_from(self.height).map_err(|_| broken("height"))?,
            media_type: self.media_type,
            bytes: self.bytes,
            lies: self.shelf.zip(self.file).map(|(shelf, file)| Lies { shelf, file }),
            received_at: from_micros(self.received_at),
        })
    }
}

impl Store {
    /// Keeps a photo that no report has claimed yet, with the small one of it and its original if there are any; the
    /// same id twice is one photo, the first. Files that it names were written down by [`Store::note_files`] before, and
    /// lie there.
    pub async fn add_photo(&self, photo: Photo, small: Option<Small>, original: Option<Original>) -> Result<()> {
        let mut files: Vec<String> = photo.lies.iter().map(|lies| lies.file.clone()).collect();
        files.extend(small.as_ref().and_then(|small| small.file.clone()));
        files.extend(original.as_ref().and_then(|original| original.lies.as_ref()).map(|lies| lies.file.clone()));
        let Photo { id, media_type, width, height, bytes, lies, received_at } = photo;
        let (small_width, small_height) = (small.as_ref().map(|s| s.width), small.as_ref().map(|s| s.height));
        let (small, small_file) = match small {
            Some(Small { file: Some(file), .. }) => (None, Some(file)),
            Some(Small { bytes, .. }) => (Some(bytes), None),
            None => (None, None),
        };
        let (shelf, file) = lies.map(|Lies { shelf, file }| (shelf, file)).unzip();
        let mut row = args![id, media_type, width, height, bytes, received_at, small, small_width, small_height];
        row.extend(args![shelf, file, small_file]);
        if files.is_empty() && original.is_none() {
            return self.inner.db.exec(ADD, row).await.map(|_| ());
        }
        let mut tx = self.begin().await?;
        // One that was there before needs none of these files: they go when they are due.
        if tx.conn.exec(ADD, row).await? > 0 {
            if let Some(original) = original {
                tx.add_original(id, original).await?;
            }
            tx.files_are_needed(&files.iter().map(String::as_str).collect::<Vec<_>>()).await?;
        }
        tx.commit().await
    }

    /// A photo.
    pub async fn photo(&self, id: Uuid) -> Result<Option<Photo>> {
        self.inner.db.one::<PhotoRow>(BY_ID, args![id]).await?.map(PhotoRow::read).transpose()
    }

    /// A photo, if it belongs to this report.
    pub async fn photo_of(&self, report: Uuid, id: Uuid) -> Result<Option<Photo>> {
        self.photo_in(Size::Large, report, id).await
    }

    /// A photo in one of its sizes, if it belongs to this report.
    pub async fn photo_in(&self, size: Size, report: Uuid, id: Uuid) -> Result<Option<Photo>> {
        let sql = match size {
            Size::Large => OF_REPORT,
            Size::Small => SMALL_OF_REPORT,
        };
        self.inner.db.one::<PhotoRow>(sql, args![id, report]).await?.map(PhotoRow::read).transpose()
    }

    /// Width and height in pixels of the small ones of these photos.
    pub async fn small_photo_sizes(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, (u32, u32)>> {
        let rows: Vec<SizeRow> = self.inner.db.all(SMALL_SIZES, vec![batch_ids(ids)]).await?;
        rows.into_iter()
            .map(|SizeRow { id, width, height }| {
                let broken = |column| Error::broken("photo", column, &id);
                let pixels = |column, number: i64| u32::try_from(number).map_err(|_| broken(column));
                let size = (pixels("width", width)?, pixels("height", height)?);
                Ok((id.parse().map_err(|_| broken("id"))?, size))
            })
            .collect()
    }

    /// The small one of a photo, wherever it lies; nothing when there is none.
    pub async fn small_photo(&self, id: Uuid) -> Result<Option<Small>> {
        let Some(row) = self.inner.db.one::<SmallRow>(SMALL, args![id]).await? else { return Ok(None) };
        let SmallRow { id, small_width, small_height, small, small_file } = row;
        let Some((width, height)) = small_width.zip(small_height) else { return Ok(None) };
        let pixels = |column, number: i64| u32::try_from(number).map_err(|_| Error::broken("photo", column, &id));
        let (width, height) = (pixels("small_width", width)?, pixels("small_height", height)?);
        Ok(Some(Small { width, height, bytes: small.unwrap_or_default(), file: small_file }))
    }

    /// The bytes of a photo lie somewhere else now: on a shelf, by the names of these files, or here, with these bytes.
    /// Nothing happens when they do not lie where they lay.
    pub async fn move_photo(
        &self,
        id: Uuid,
        from: &[Lies],
        to: &[Lies],
        here: (Vec<u8>, Option<Vec<u8>>),
    ) -> Result<bool> {
        let was = from.first().map_or("", |lies| lies.file.as_str());
        let shelf = to.first().map(|lies| lies.shelf.clone());
        let mut new = to.iter().map(|lies| lies.file.clone());
        let (file, small_file) = (new.next(), new.next());
        let (bytes, small) = here;
        let mut tx = self.begin().await?;
        let moved = tx.conn.exec(TO_SHELF, args![id, bytes, small, shelf, file, small_file, was]).await? > 0;
        if moved {
            tx.files_are_needed(&names(to)).await?;
            tx.files_are_due(&names(from)).await?;
        }
        tx.commit().await?;
        Ok(moved)
    }

    /// Deletes photos that came before `before` and that no report claimed, with their originals; returns how many.
    pub async fn sweep_photos(&self, before: Timestamp) -> Result<u64> {
        let mut tx = self.begin().await?;
        let gone: Vec<(String,)> = tx.conn.all(SWEEP, args![before]).await?;
        let gone: Vec<Uuid> = gone.iter().filter_map(|(id,)| id.parse().ok()).collect();
        tx.forget_files(&gone).await?;
        tx.commit().await?;
        Ok(gone.len() as u64)
    }
}

fn names(lies: &[Lies]) -> Vec<&str> {
    lies.iter().map(|lies| lies.file.as_str()).collect()
}

impl Tx {
    /// Deletes these photos with their originals, whoever claimed them; returns those that were there. Their files on a
    /// shelf have to go from now on: [`Store::due_files`].
    pub async fn erase_photos(&mut self, ids: &[Uuid]) -> Result<Vec<Uuid>> {
        let gone: Vec<(String,)> = self.conn.all(ERASE, vec![batch_ids(ids)]).await?;
        let gone: Vec<Uuid> = gone.iter().filter_map(|(id,)| id.parse().ok()).collect();
        self.forget_files(&gone).await?;
        Ok(gone)
    }

    async fn forget_files(&mut self, gone: &[Uuid]) -> Result<()> {
        if gone.is_empty() {
            return Ok(());
        }
        self.drop_originals(gone).await?;
        self.files_of_are_due(gone).await
    }
}
