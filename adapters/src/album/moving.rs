//! Photos move to where new ones go: one by one, while the hub runs. Whoever is stopped begins again and finds what is
//! left.

use super::{Album, PAGE, shelf::Address};
use schemas::Uuid;
use store::{Lies, Lying};

/// What was moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moved {
    /// Photos, each with its small one.
    pub photos: u64,
    /// Originals.
    pub originals: u64,
    /// Photos that lay there already.
    pub there: u64,
    /// Photos that are named and nowhere to be found.
    pub lost: u64,
}

/// Why moving stopped.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// The rows cannot be reached.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The place cannot be written to.
    #[error("{0}")]
    Shelf(#[from] super::Trouble),
}

impl Album {
    /// Moves every photo and every original to where new ones go. `each` is told after every page.
    pub async fn move_all(&self, mut each: impl FnMut(&Moved)) -> Result<Moved, Stopped> {
        let (mut moved, mut after) = (Moved::default(), Uuid::nil());
        loop {
            let page = self.0.store.lying_photos(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.id;
            for lying in &page {
                self.move_one(lying, &mut moved).await?;
            }
            self.tidy_files(self.0.store.clock().now()).await?;
            each(&moved);
        }
        Ok(moved)
    }

    async fn move_one(&self, lying: &Lying, moved: &mut Moved) -> Result<(), Stopped> {
        let to = self.0.to.as_ref().map(Address::to_string);
        let is_there = |lies: Option<&Lies>| lies.map(|lies| lies.shelf.as_str()) == to.as_deref();
        if is_there(lying.large.as_ref()) {
            moved.there += 1;
        } else {
            self.move_photo(lying, moved).await?;
        }
        if let Some(original) = lying.original.as_ref().filter(|original| !is_there(original.as_ref())) {
            self.move_original(lying.id, original.as_ref(), moved).await?;
        }
        Ok(())
    }

    async fn move_photo(&self, lying: &Lying, moved: &mut Moved) -> Result<(), Stopped> {
        let store = &self.0.store;
        // Gone since, or moved by somebody else.
        let Some(photo) = store.photo(lying.id).await?.filter(|photo| photo.lies == lying.large) else { return Ok(()) };
        let small = store.small_photo(lying.id).await?;
        let large = match &photo.lies {
            None => Some(photo.bytes),
            Some(lies) => self.fetch(lies).await?,
        };
        let small = match (small, &lying.small) {
            (None, _) => Some(None),
            (Some(small), None) => Some(Some(small.bytes)),
            (Some(_), Some(lies)) => self.fetch(lies).await?.map(Some),
        };
        let (Some(large), Some(small)) = (large, small) else {
            tracing::error!(photo = %lying.id, "the bytes of a photo are not where its row says");
            moved.lost += 1;
            return Ok(());
        };
        let from: Vec<Lies> = lying.large.iter().chain(&lying.small).cloned().collect();
        let done = match &self.0.to {
            None => store.move_photo(lying.id, &from, &[], (large, small)).await?,
            Some(address) => {
                let mut files = vec![("", large)];
                files.extend(small.map(|small| ("-small", small)));
                let to = self.put(address, lying.id, files).await??;
                store.move_photo(lying.id, &from, &to, (Vec::new(), None)).await?
            }
        };
        moved.photos += u64::from(done);
        Ok(())
    }

    async fn move_original(&self, id: Uuid, from: Option<&Lies>, moved: &mut Moved) -> Result<(), Stopped> {
        let store = &self.0.store;
        let Some(original) = store.original(id).await?.filter(|original| original.lies.as_ref() == from) else {
            return Ok(());
        };
        let bytes = match from {
            None => Some(original.bytes),
            Some(lies) => self.fetch(lies).await?,
        };
        let Some(bytes) = bytes else {
            tracing::error!(photo = %id, "an original is not where its row says");
            moved.lost += 1;
            return Ok(());
        };
        let done = match &self.0.to {
            None => store.move_original(id, from, None, bytes).await?,
            Some(address) => {
                let to = self.put(address, id, vec![("-original", bytes)]).await??;
                store.move_original(id, from, to.first(), Vec::new()).await?
            }
        };
        moved.originals += u64::from(done);
        Ok(())
    }
}
