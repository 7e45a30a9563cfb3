//! Where photos lie: in their rows, in a folder, or in a bucket of an S3 server. Everybody who keeps, shows, moves or
//! forgets a photo asks the [`Album`]; the rows know where the bytes of each one are.
//!
//! Bytes come first, then the row that names them. Before both, the files are written down as ones that go after a day
//! ([`Store::note_files`]), so that whatever a crash leaves is found and thrown away.

mod bucket;
mod folder;
mod moving;
#[cfg(test)]
mod played;
mod shelf;
#[cfg(test)]
mod tests;

pub use bucket::Access;
pub use moving::{Moved, Stopped};
pub use shelf::{Address, Trouble};

use bus::http::Client;
use bytes::Bytes;
use schemas::{Timestamp, Uuid, audit::Deed, fault::Invalid};
use shelf::Shelf;
use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use store::{Lies, Original, Photo, PhotoSize, SmallPhoto, Store};
use tokio::time::{Instant, timeout};

/// A file that no photo names goes after this long: its upload is over by far.
const UNNAMED_FOR: Duration = Duration::from_hours(24);
/// A photo that no report claimed is thrown away after this long: its form was never sent.
pub const UNCLAIMED_FOR: Duration = Duration::from_hours(24);
/// How long somebody who sends a photo waits for the shelf, before the database takes it.
const PATIENCE: Duration = Duration::from_secs(10);
/// A shelf that failed is left alone for so long.
const PAUSE: Duration = Duration::from_secs(30);
/// How much is done at a time.
const PAGE: usize = 100;

/// Settings of the album.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Where new photos go; `None`: into the database.
    pub to: Option<Address>,
    /// How buckets are reached.
    pub s3: Option<Access>,
    /// How long photos are also kept as they were sent; `None`: not at all.
    pub originals: Option<Duration>,
}

impl Config {
    /// What is wrong with these settings; nothing when they are good.
    pub fn check(&self) -> Vec<Invalid> {
        let mut faults = self.s3.as_ref().map(Access::check).unwrap_or_default();
        if let (Some(Address::Bucket { .. }), None) = (&self.to, &self.s3) {
            let message = "say how the bucket is reached: endpoint, region, access_key and secret_key";
            faults.push(Invalid::new("photos.s3", "required", message));
        }
        faults
    }

    /// The album on `store`; `http` reaches buckets.
    pub fn build(self, store: &Store, http: Option<Client>) -> Album {
        let s3 = self.s3.zip(http);
        let (store, originals) = (store.clone(), self.originals);
        Album(Arc::new(Inner { store, to: self.to, s3, originals, failed: Mutex::new(None) }))
    }
}

/// Where photos lie. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Album(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    to: Option<Address>,
    s3: Option<(Access, Client)>,
    originals: Option<Duration>,
    /// When the shelf failed last.
    failed: Mutex<Option<Instant>>,
}

/// A photo as somebody sent it.
#[derive(Debug, Clone)]
pub struct Sent {
    /// What its first bytes say: `image/jpeg`, …
    pub media_type: &'static str,
    /// All of them.
    pub bytes: Bytes,
}

/// What was thrown away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tidied {
    /// Photos that no report claimed.
    pub photos: u64,
    /// Originals whose term was over.
    pub originals: u64,
    /// Files on shelves.
    pub files: u64,
    /// Files that should be gone and are not: their shelf cannot be reached.
    pub stuck: u64,
}

impl Album {
    /// The album of a hub whose photos lie in its database.
    pub fn of_rows(store: &Store) -> Self {
        Config::default().build(store, None)
    }

    /// Where new photos go, in words.
    pub fn place(&self) -> String {
        self.0.to.as_ref().map_or_else(|| "the database".to_owned(), Address::to_string)
    }

    fn open(&self, address: &Address) -> Result<Shelf, Trouble> {
        Shelf::open(address, self.0.s3.as_ref(), self.0.store.clock())
    }

    fn open_by_name(&self, name: &str) -> Result<Shelf, Trouble> {
        match Address::parse(name) {
            Ok(Some(address)) => self.open(&address),
            _ => Err(Trouble(format!("`{name}` is no shelf that this program knows"))),
        }
    }

    /// Whether files can be written, read and thrown away where new photos go; says why not.
    pub async fn probe(&self) -> Result<(), Trouble> {
        let Some(address) = &self.0.to else { return Ok(()) };
        let shelf = self.open(address)?;
        let name = format!("{0}-{0}-probe", self.0.store.ids().new_id().simple());
        let words = Bytes::from_static(b"a file that Voordeur wrote to see whether it can");
        shelf.put(&name, words.clone()).await?;
        let read = shelf.get(&name).await?;
        shelf.remove(&name).await?;
        if read.as_deref() == Some(&words[..]) {
            Ok(())
        } else {
            Err(Trouble(format!("{address} loses what it takes")))
        }
    }

    /// Keeps a photo that nobody claimed yet, and what was `sent` when originals are kept. Where the shelf fails, the
    /// database takes it: `voordeur photos move` puts it right.
    pub async fn keep(&self, photo: Photo, small: Option<SmallPhoto>, sent: Sent) -> Result<(), store::Error> {
        let received_at = photo.received_at;
        let original = |Sent { media_type, bytes }: Sent| Original {
            media_type: media_type.to_owned(),
            bytes: bytes.into(),
            lies: None,
            received_at,
        };
        let mut kept = (photo, small, self.0.originals.map(|_| original(sent)));
        if let Some(address) = self.0.to.as_ref().filter(|_| !self.failed_lately()) {
            match self.lay(address, &kept).await? {
                Ok(laid) => kept = laid,
                Err(Trouble(why)) => {
                    tracing::warn!(shelf = %address, why, "a photo went into the database: its shelf failed");
                    metrics::counter!("voordeur_photos_not_shelved_total").increment(1);
                    *self.0.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
                }
            }
        }
        let (photo, small, original) = kept;
        self.0.store.add_photo(photo, small, original).await
    }

    fn failed_lately(&self) -> bool {
        let failed = *self.0.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.is_some_and(|since| since.elapsed() < PAUSE)
    }

    /// Lays the bytes on the shelf; what comes back names them instead of holding them.
    async fn lay(
        &self,
        address: &Address,
        (photo, small, original): &(Photo, Option<SmallPhoto>, Option<Original>),
    ) -> Result<Result<(Photo, Option<SmallPhoto>, Option<Original>), Trouble>, store::Error> {
        let mut bytes = vec![("", photo.bytes.clone())];
        bytes.extend(small.as_ref().map(|small| ("-small", small.bytes.clone())));
        bytes.extend(original.as_ref().map(|original| ("-original", original.bytes.clone())));
        let laid = match timeout(PATIENCE, self.put(address, photo.id, bytes)).await {
            Ok(laid) => laid?,
            Err(_) => Err(Trouble(format!("it took longer than {} s", PATIENCE.as_secs()))),
        };
        let mut names = match laid {
            Ok(names) => names.into_iter(),
            Err(trouble) => return Ok(Err(trouble)),
        };
        let photo = Photo { bytes: Vec::new(), lies: names.next(), ..photo.clone() };
        let small = small.clone().map(|small| SmallPhoto {
            bytes: Vec::new(),
            file: names.next().map(|lies| lies.file),
            ..small
        });
        let original = original.clone().map(|original| Original { bytes: Vec::new(), lies: names.next(), ..original });
        Ok(Ok((photo, small, original)))
    }

    /// Writes files of a photo down and then on the shelf; gives where each lies. No name is ever used twice.
    async fn put(
        &self,
        address: &Address,
        photo: Uuid,
        files: Vec<(&str, Vec<u8>)>,
    ) -> Result<Result<Vec<Lies>, Trouble>, store::Error> {
        let shelf = match self.open(address) {
            Ok(shelf) => shelf,
            Err(trouble) => return Ok(Err(trouble)),
        };
        let store = &self.0.store;
        let stem = format!("{}-{}", photo.simple(), store.ids().new_id().simple());
        let names: Vec<String> = files.iter().map(|(end, _)| format!("{stem}{end}")).collect();
        let name = address.to_string();
        store.note_files(&name, photo, &names, store.clock().now() + UNNAMED_FOR).await?;
        for (file, (_, bytes)) in names.iter().zip(files) {
            if let Err(trouble) = shelf.put(file, bytes.into()).await {
                return Ok(Err(trouble));
            }
        }
        Ok(Ok(names.into_iter().map(|file| Lies { shelf: name.clone(), file }).collect()))
    }

    /// The bytes of a file.
    async fn fetch(&self, lies: &Lies) -> Result<Option<Vec<u8>>, store::Error> {
        let read = async { self.open_by_name(&lies.shelf)?.get(&lies.file).await };
        read.await.map_err(|Trouble(why)| {
            tracing::warn!(shelf = lies.shelf, why, "a photo cannot be read");
            store::Error::Unavailable("the photos cannot be reached".to_owned())
        })
    }

    /// A photo in one of its sizes with its bytes, if it belongs to this report.
    pub async fn photo_in(&self, size: PhotoSize, report: Uuid, id: Uuid) -> Result<Option<Photo>, store::Error> {
        // Twice: it may be moved between its row and its file.
        for _ in 0..2 {
            let Some(photo) = self.0.store.photo_in(size, report, id).await? else { return Ok(None) };
            let Some(lies) = &photo.lies else { return Ok(Some(photo)) };
            if let Some(bytes) = self.fetch(lies).await? {
                return Ok(Some(Photo { bytes, lies: None, ..photo }));
            }
        }
        Err(store::Error::Inconsistent { table: "photo", column: "file", key: id.to_string() })
    }

    /// A photo as it was sent, if that is still kept.
    pub async fn original(&self, id: Uuid) -> Result<Option<Original>, store::Error> {
        for _ in 0..2 {
            let Some(original) = self.0.store.original(id).await? else { return Ok(None) };
            let Some(lies) = &original.lies else { return Ok(Some(original)) };
            if let Some(bytes) = self.fetch(lies).await? {
                return Ok(Some(Original { bytes, lies: None, ..original }));
            }
        }
        Err(store::Error::Inconsistent { table: "photo_original", column: "file", key: id.to_string() })
    }

    /// Erases photos and their originals, wherever they lie, in the name of `by`; gives those that were there.
    pub async fn erase(&self, ids: &[Uuid], by: &str, why: &str) -> Result<Vec<Uuid>, store::Error> {
        let mut tx = self.0.store.begin().await?;
        let gone = tx.erase_photos(ids).await?;
        let names: Vec<String> = gone.iter().map(Uuid::to_string).collect();
        tx.audit_each(by, Deed::PhotosErase, &names, why).await?;
        tx.commit().await?;
        self.tidy_files(self.0.store.clock().now()).await?;
        Ok(gone)
    }

    /// Throws away what nobody needs any more: unclaimed photos, originals after their term, and their files.
    pub async fn tidy(&self, now: Timestamp) -> Result<Tidied, store::Error> {
        let store = &self.0.store;
        let mut tidied = Tidied { photos: store.sweep_photos(now - UNCLAIMED_FOR).await?, ..Tidied::default() };
        let before = now - self.0.originals.unwrap_or_default();
        loop {
            let gone = store.sweep_originals(before, PAGE).await?;
            tidied.originals += gone;
            if gone < PAGE as u64 {
                break;
            }
        }
        (tidied.files, tidied.stuck) = self.tidy_files(now).await?;
        Ok(tidied)
    }

    /// Throws files away that are due; gives how many are gone and how many are stuck.
    async fn tidy_files(&self, now: Timestamp) -> Result<(u64, u64), store::Error> {
        let (store, mut files) = (&self.0.store, 0);
        // A shelf that fails once is not asked again this time.
        let mut failed: HashSet<String> = HashSet::new();
        loop {
            // Those that are stuck stay in front.
            let due = store.due_files(now, PAGE + failed.len() * PAGE).await?;
            let mut gone = Vec::new();
            for file in &due {
                let lies = &file.lies;
                if failed.contains(&lies.shelf) {
                    continue;
                }
                match async { self.open_by_name(&lies.shelf)?.remove(&lies.file).await }.await {
                    Ok(()) => gone.push(lies.file.clone()),
                    Err(Trouble(why)) => {
                        tracing::warn!(shelf = lies.shelf, why, "files of photos that are gone stay for now");
                        failed.insert(lies.shelf.clone());
                    }
                }
            }
            store.strike_files(&gone).await?;
            files += gone.len() as u64;
            if gone.is_empty() {
                return Ok((files, due.len() as u64));
            }
        }
    }
}
