//! Our files on their way: written beside their place, noted, and put in it by one step.

use super::{
    Exchange,
    config::Receipt,
    sheet::Sheet,
    shelf::{Shelf, Trouble},
};
use crate::{happened, intake::hex};
use schemas::{Uuid, dispatch::Dispatch};
use sha2::{Digest as _, Sha256};
use store::BatchFile;

/// The sha256 of `bytes`, in hex.
pub fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// What the rows say when they cannot be reached.
pub fn unreadable(error: store::Error) -> Trouble {
    Trouble(format!("the rows cannot be read: {error}"))
}

impl Exchange {
    /// The name of the file with this number.
    pub fn name_of(&self, number: i64) -> String {
        let day = self.city.calendar.date(self.clock.now()).strftime("%Y%m%d");
        format!("voordeur-{}-{day}-{number:06}.{}", self.department, self.config.format.ending())
    }

    /// Chooses the rows of the next file from what waits; gives whether there was anything.
    pub async fn close(&self) -> Result<bool, Trouble> {
        let mut tx = self.store.begin().await.map_err(unreadable)?;
        let closed = tx.close_batch(&self.department, self.config.most, |number| self.name_of(number)).await;
        let closed = closed.map_err(unreadable)?;
        tx.commit().await.map_err(unreadable)?;
        Ok(closed.is_some())
    }

    /// Puts a file in its place, from wherever it stood. When this returns, it is there whole, or was
    /// and the department has taken it away.
    pub async fn hand_over(&self, shelf: &dyn Shelf, file: &BatchFile) -> Result<(), Trouble> {
        let place = self.out(&file.name);
        let part = format!("{place}.part");
        if let Some(staged) = &file.digest {
            if let Some(there) = shelf.read(&place).await? {
                return self.is_ours(&place, &there, staged);
            }
            match shelf.read(&part).await? {
                // What was ready is no longer beside its place: it was put there, and taken away.
                None => return Ok(()),
                Some(ready) if digest(&ready) == *staged => return self.put(shelf, &part, &place).await,
                // Not what was noted: a disk that lost the end of it.
                Some(_) => {}
            }
        } else if let Some(there) = shelf.read(&place).await? {
            // Before a file is noted as ready nothing of ours can have its name; but a database that
            // was put back from yesterday forgot what it did since.
            let bytes = self.write(file).await?;
            return self.is_ours(&place, &there, &digest(&bytes));
        }
        let bytes = self.write(file).await?;
        let staged = digest(&bytes);
        shelf.write(&part, &bytes).await?;
        let ready = shelf.read(&part).await?;
        if ready.as_deref().map(digest).as_ref() != Some(&staged) {
            return Err(Trouble(format!("{part} is not what was written: is the disk full?")));
        }
        if self.config.checksum {
            let line = format!("{staged}  {}\n", file.name);
            shelf.write(&format!("{place}.sha256.part"), line.as_bytes()).await?;
            shelf.rename(&format!("{place}.sha256.part"), &format!("{place}.sha256")).await?;
        }
        let mut tx = self.store.begin().await.map_err(unreadable)?;
        tx.stage_batch(&self.department, file.number, &staged).await.map_err(unreadable)?;
        tx.commit().await.map_err(unreadable)?;
        self.put(shelf, &part, &place).await
    }

    async fn put(&self, shelf: &dyn Shelf, part: &str, place: &str) -> Result<(), Trouble> {
        // Not there: somebody else made this step a moment ago.
        shelf.rename(part, place).await?;
        Ok(())
    }

    fn is_ours(&self, place: &str, there: &[u8], wanted: &str) -> Result<(), Trouble> {
        if digest(there) == wanted {
            return Ok(());
        }
        Err(Trouble(format!("another file has the name {place}: move it away, ours is kept until then")))
    }

    /// The bytes of a file, from its rows.
    async fn write(&self, file: &BatchFile) -> Result<Vec<u8>, Trouble> {
        let rows = self.store.batch_rows(&self.department, file.number).await.map_err(unreadable)?;
        let mut kept = Vec::new();
        for row in &rows {
            let Some(one) = happened::kept(&row.letter) else {
                return Err(Trouble(format!("what was kept of the dispatch {} cannot be read", row.dispatch)));
            };
            kept.push(one);
        }
        let cases: Vec<Uuid> = kept.iter().filter(|(_, reporter)| *reporter).map(|(d, _)| d.case_id).collect();
        let contacts = self.store.contacts_by_ids(&cases).await.map_err(unreadable)?;
        let mut sheet = Vec::new();
        for (mut dispatch, reporter) in kept {
            // Erased since: then the department never reads it.
            dispatch.contact = contacts.get(&dispatch.case_id).filter(|_| reporter && self.may_know).cloned();
            let photos = dispatch.photos.iter().map(|photo| self.links.photo(photo)).collect();
            let number = self.number(&dispatch).await?;
            sheet.push((Dispatch { photos, ..dispatch }, number));
        }
        let sheet = Sheet {
            config: &self.config,
            city: &self.city,
            department: &self.department,
            may_know: self.may_know,
            name: &file.name,
            made_at: file.made_at,
            rows: &sheet,
        };
        sheet.write().map_err(Trouble)
    }

    /// The department's own number of a case that it had before.
    async fn number(&self, dispatch: &Dispatch) -> Result<Option<String>, Trouble> {
        match &dispatch.again {
            Some(again) => self.store.their_number(again.first).await.map_err(unreadable),
            None => Ok(None),
        }
    }

    /// The dispatches in a file that is in its place, as far as that makes the work theirs.
    pub async fn arrived(&self, file: &BatchFile) -> Result<Vec<(Uuid, Option<String>)>, Trouble> {
        let rows = self.store.batch_rows(&self.department, file.number).await.map_err(unreadable)?;
        self.count("out", rows.len() as u64);
        if self.config.receipt == Receipt::Required {
            return Ok(Vec::new());
        }
        Ok(rows.into_iter().map(|row| (row.dispatch, Some(file.name.clone()))).collect())
    }
}
