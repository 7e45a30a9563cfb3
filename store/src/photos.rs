//! Photos.
use crate::{Result, Store, later};
use schemas::{Timestamp, Uuid};

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

impl Store {
    /// Keeps a photo that no report has claimed yet.
    pub async fn add_photo(&self, _photo: Photo) -> Result<()> {
        later()
    }
    /// A photo.
    pub async fn photo(&self, _id: Uuid) -> Result<Option<Photo>> {
        later()
    }
    /// A photo, if it belongs to this report.
    pub async fn photo_of(&self, _report: Uuid, _id: Uuid) -> Result<Option<Photo>> {
        later()
    }
    /// Deletes photos that came before `before` and that no report claimed; returns how many.
    pub async fn sweep_photos(&self, _before: Timestamp) -> Result<u64> {
        later()
    }
}
