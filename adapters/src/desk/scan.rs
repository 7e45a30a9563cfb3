//! The paper that a report came on: a photo or a PDF, kept as it is. It is not made safe as photos are, so nobody but people of
//! the city gets it, and only as a file to save.

use super::Desk;
use crate::intake::{form::is_token, hex, photo};
use bytes::Bytes;
use schemas::{Uuid, account::Account, audit::Deed, fault::Invalid, id::derived, reference::Reference};
use sha2::{Digest as _, Sha256};
use store::Scan;

/// The largest scan, in bytes.
pub const MOST: usize = 20 * 1024 * 1024;

/// What a scan may be; told by its first bytes.
const KINDS: [&str; 4] = ["application/pdf", "image/jpeg", "image/png", "image/webp"];

/// Why a scan was not kept.
#[derive(Debug, thiserror::Error)]
pub enum NotKept {
    /// It is none, or too large.
    #[error("{}", .0.message)]
    Invalid(Invalid),
    /// The rows cannot be reached.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Desk {
    /// Keeps a scan until the page that it came with is sent: a day at most. `page` is the unguessable id of that page: the
    /// same file twice is one.
    pub async fn hold_scan(&self, page: &str, bytes: Bytes) -> Result<Uuid, NotKept> {
        let wrong = |code: &'static str, message: &'static str| {
            NotKept::Invalid(Invalid::new(super::field::SCAN, code, message))
        };
        if bytes.len() > MOST {
            return Err(wrong("too_large", "a scan has at most 20 MB: scan it with fewer dots"));
        }
        let kind = infer::get(&bytes).map(|kind| kind.mime_type()).filter(|kind| KINDS.contains(kind));
        let media_type = kind.ok_or_else(|| wrong("not_a_scan", "choose a PDF, or a photo in JPEG, PNG or WebP"))?;
        // People of the city open it as it is.
        match self.photos.scan(&bytes).await {
            Ok(()) => {}
            Err(photo::Error::Refused(_)) => return Err(wrong("malware", "this file holds a virus and was not kept")),
            Err(_) => return Err(wrong("unchecked", photo::UNCHECKED)),
        }
        // A page without an id of ours is a page of its own.
        let page = Some(page).filter(|page| is_token(page)).map_or_else(|| self.tools.ids.token(), str::to_owned);
        let id = derived(&["scan", &page, &hex(&Sha256::digest(&bytes))]);
        self.tools.store.add_scan(Scan { id, media_type: media_type.to_owned(), bytes: bytes.into() }).await?;
        Ok(id)
    }

    /// The scan of a report, to be saved. Who fetched it is in the audit.
    pub async fn scan(&self, account: &Account, report: Uuid, of: Reference) -> Result<Option<Scan>, store::Error> {
        let Some(scan) = self.tools.store.scan_of(report).await? else { return Ok(None) };
        let mut tx = self.tools.store.begin().await?;
        tx.audit(&account.name, Deed::DeskScan, &of.to_string(), "").await?;
        tx.commit().await?;
        Ok(Some(scan))
    }
}
