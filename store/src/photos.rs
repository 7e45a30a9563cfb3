//! Photos: kept when they are uploaded, claimed by the report that names them.

use crate::{
    Error, Result, Store,
    db::{args, row},
    sql::sql,
};
use schemas::{Timestamp, Uuid, id::from_micros};

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
    /// The file.
    pub bytes: Vec<u8>,
    /// When it came.
    pub received_at: Timestamp,
}

impl std::fmt::Debug for Photo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Photo({}, {} bytes)", self.id, self.bytes.len())
    }
}

sql! {
    both ADD = "INSERT INTO photo (id, media_type, width, height, bytes, received_at) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (id) DO NOTHING";
    both BY_ID = "SELECT id, media_type, width, height, bytes, received_at FROM photo WHERE id = $1";
    both OF_REPORT = "SELECT id, media_type, width, height, bytes, received_at FROM photo
        WHERE id = $1 AND report_id = $2";
    both SWEEP = "DELETE FROM photo WHERE report_id IS NULL AND received_at < $1";
}

row! { "photo", PhotoRow {
    id: String, media_type: String, width: i64, height: i64, bytes: Vec<u8>, received_at: i64,
} }

impl PhotoRow {
    fn read(self) -> Result<Photo> {
        let broken = |column| Error::broken("photo", column, &self.id);
        Ok(Photo {
            id: self.id.parse().map_err(|_| broken("id"))?,
            width: u32::try_from(self.width).map_err(|_| broken("width"))?,
            height: u32::try_from(self.height).map_err(|_| broken("height"))?,
            media_type: self.media_type,
            bytes: self.bytes,
            received_at: from_micros(self.received_at),
        })
    }
}

impl Store {
    /// Keeps a photo that no report has claimed yet; the same id twice is one photo.
    pub async fn add_photo(&self, photo: Photo) -> Result<()> {
        let Photo { id, media_type, width, height, bytes, received_at } = photo;
        self.inner.db.exec(ADD, args![id, media_type, width, height, bytes, received_at]).await.map(|_| ())
    }

    /// A photo.
    pub async fn photo(&self, id: Uuid) -> Result<Option<Photo>> {
        self.inner.db.one::<PhotoRow>(BY_ID, args![id]).await?.map(PhotoRow::read).transpose()
    }

    /// A photo, if it belongs to this report.
    pub async fn photo_of(&self, report: Uuid, id: Uuid) -> Result<Option<Photo>> {
        self.inner.db.one::<PhotoRow>(OF_REPORT, args![id, report]).await?.map(PhotoRow::read).transpose()
    }

    /// Deletes photos that came before `before` and that no report claimed; returns how many.
    pub async fn sweep_photos(&self, before: Timestamp) -> Result<u64> {
        self.inner.db.exec(SWEEP, args![before]).await
    }
}
