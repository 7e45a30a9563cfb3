//! Photos: kept when they are uploaded, claimed by the report that names them.

use crate::{
    Error, Result, Store,
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

/// The same picture with fewer pixels.
#[derive(Clone, PartialEq, Eq)]
pub struct Small {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// The file, of the same media type.
    pub bytes: Vec<u8>,
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
    both ADD = "INSERT INTO photo (id, media_type, width, height, bytes, received_at, small, small_width, small_height)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING";
    both BY_ID = "SELECT id, media_type, width, height, bytes, received_at FROM photo WHERE id = $1";
    both OF_REPORT = "SELECT id, media_type, width, height, bytes, received_at FROM photo
        WHERE id = $1 AND report_id = $2";
    both SMALL_OF_REPORT = "SELECT id, media_type, COALESCE(small_width, width) AS width,
            COALESCE(small_height, height) AS height, COALESCE(small, bytes) AS bytes, received_at
        FROM photo WHERE id = $1 AND report_id = $2";
    both SMALL_SIZES = "SELECT id, COALESCE(small_width, width) AS width, COALESCE(small_height, height) AS height
        FROM photo WHERE id IN (SELECT value ->> 'id' FROM json_each($1))";
    both SWEEP = "DELETE FROM photo WHERE report_id IS NULL AND received_at < $1";
}

row! { "photo", PhotoRow {
    id: String, media_type: String, width: i64, height: i64, bytes: Vec<u8>, received_at: i64,
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
            received_at: from_micros(self.received_at),
        })
    }
}

impl Store {
    /// Keeps a photo that no report has claimed yet, and the small one of it if it has one; the same id twice is one
    /// photo.
    pub async fn add_photo(&self, photo: Photo, small: Option<Small>) -> Result<()> {
        let Photo { id, media_type, width, height, bytes, received_at } = photo;
        let (small_width, small_height) = (small.as_ref().map(|s| s.width), small.as_ref().map(|s| s.height));
        let small = small.map(|small| small.bytes);
        let row = args![id, media_type, width, height, bytes, received_at, small, small_width, small_height];
        self.inner.db.exec(ADD, row).await.map(|_| ())
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

    /// Deletes photos that came before `before` and that no report claimed; returns how many.
    pub async fn sweep_photos(&self, before: Timestamp) -> Result<u64> {
        self.inner.db.exec(SWEEP, args![before]).await
    }
}
