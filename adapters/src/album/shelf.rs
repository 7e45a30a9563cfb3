//! A place for the files of photos: a folder of this machine, or a bucket.

use super::{
    bucket::{Access, Bucket},
    folder::Folder,
};
use bus::http::Client;
use bytes::Bytes;
use schemas::{fault::Invalid, id::Clock};
use std::{fmt, path::PathBuf};

/// The most bytes of a file that are read back.
pub(super) const LARGEST: usize = 128 * 1024 * 1024;

/// Where files lie, as it is written in the configuration and in the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// `folder:/srv/photos`
    Folder(PathBuf),
    /// `s3://bucket/prefix`
    Bucket {
        /// Its name.
        name: String,
        /// What stands before the names of files, without slashes at its ends; may be empty.
        prefix: String,
    },
}

impl Address {
    /// Reads `database` (`None`), `folder:/path` or `s3://bucket/prefix`.
    pub fn parse(text: &str) -> Result<Option<Self>, Invalid> {
        let wrong = |message: &str| Err(Invalid::new("photos.store", "malformed", message));
        if text == "database" {
            return Ok(None);
        }
        if let Some(path) = text.strip_prefix("folder:") {
            let path = PathBuf::from(path);
            return if path.is_absolute() {
                Ok(Some(Self::Folder(path)))
            } else {
                wrong("write the whole path of the folder: folder:/srv/voordeur/photos")
            };
        }
        let Some(rest) = text.strip_prefix("s3://") else {
            return wrong("write database, folder:/srv/voordeur/photos, or s3://bucket/prefix");
        };
        let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_matches('/');
        // What every S3 server takes, and no URL reads as anything else.
        let plain = |text: &str| {
            text.split('/').all(|part| {
                !part.is_empty()
                    && !part.starts_with('.')
                    && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
            })
        };
        if !(3..=63).contains(&name.len()) || !plain(name) {
            return wrong(
                "the name of a bucket has 3 to 63 letters, digits, `-` and `.`: s3://voordeur-photos/kortrijk",
            );
        }
        if prefix.len() > 200 || !(prefix.is_empty() || plain(prefix)) {
            return wrong("a prefix has letters, digits, `-`, `_`, `.` and `/`: s3://voordeur-photos/kortrijk");
        }
        Ok(Some(Self::Bucket { name: name.to_owned(), prefix: prefix.to_owned() }))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => write!(f, "folder:{}", path.display()),
            Self::Bucket { name, prefix } if prefix.is_empty() => write!(f, "s3://{name}"),
            Self::Bucket { name, prefix } => write!(f, "s3://{name}/{prefix}"),
        }
    }
}

/// Why a step did not go well, for the operator. Never holds an address that opens a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Trouble(pub String);

/// An open place.
#[derive(Debug)]
pub(super) enum Shelf {
    Folder(Folder),
    Bucket(Box<Bucket>),
}

impl Shelf {
    pub(super) fn open(address: &Address, s3: Option<&(Access, Client)>, clock: &Clock) -> Result<Self, Trouble> {
        match (address, s3) {
            (Address::Folder(path), _) => Ok(Self::Folder(Folder::new(path.clone()))),
            (Address::Bucket { name, prefix }, Some((access, http))) => {
                Ok(Self::Bucket(Box::new(Bucket::open(access, http.clone(), clock.clone(), name, prefix)?)))
            }
            (Address::Bucket { .. }, None) => {
                Err(Trouble("[photos.s3] does not say how buckets are reached".to_owned()))
            }
        }
    }

    /// Writes a file whole; when this returns, the place has it for good.
    pub(super) async fn put(&self, file: &str, bytes: Bytes) -> Result<(), Trouble> {
        is_ours(file)?;
        match self {
            Self::Folder(folder) => folder.put(file, bytes).await,
            Self::Bucket(bucket) => bucket.put(file, bytes).await,
        }
    }

    /// What the file holds; nothing when there is none.
    pub(super) async fn get(&self, file: &str) -> Result<Option<Vec<u8>>, Trouble> {
        is_ours(file)?;
        match self {
            Self::Folder(folder) => folder.get(file).await,
            Self::Bucket(bucket) => bucket.get(file).await,
        }
    }

    /// Throws a file away; one that is not there is gone already.
    pub(super) async fn remove(&self, file: &str) -> Result<(), Trouble> {
        is_ours(file)?;
        match self {
            Self::Folder(folder) => folder.remove(file).await,
            Self::Bucket(bucket) => bucket.remove(file).await,
        }
    }
}

/// Whether this is a name as the album makes them: two ids and what it is.
fn is_ours(file: &str) -> Result<(), Trouble> {
    let plain = file.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if plain && (65..=80).contains(&file.len()) { Ok(()) } else { Err(Trouble(format!("`{file}` is no file of ours"))) }
}
