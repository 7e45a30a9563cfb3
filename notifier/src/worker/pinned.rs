//! The words that a notice was planned with, whatever the city writes since.

use crate::{render::Templates, versions::Version};
use schemas::{city::City, notice::Notice};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use store::Store;

/// So many versions of words that are no longer those of today are kept ready.
const MOST_FORMER: usize = 64;

/// The words of today, and as they once were.
pub(crate) struct PinnedWords {
    store: Store,
    city: Arc<City>,
    today: Arc<Templates>,
    former: Mutex<HashMap<String, Arc<Templates>>>,
}

impl PinnedWords {
    /// Of `city`, whose words of today are `today`.
    pub(crate) fn new(store: &Store, city: &Arc<City>, today: &Arc<Templates>) -> Self {
        Self { store: store.clone(), city: city.clone(), today: today.clone(), former: Mutex::default() }
    }

    /// The words of today.
    pub(crate) fn today(&self) -> &Templates {
        &self.today
    }

    /// The words that `notice` was planned with. Where they cannot be had any more, those of today: a message
    /// in other words is better than none.
    pub(crate) async fn of(&self, notice: &Notice) -> Result<Arc<Templates>, store::Error> {
        let Some(pinned) = &notice.template_version else { return Ok(self.today.clone()) };
        let now = self.today.version(&notice.template, notice.language);
        if now.is_none_or(|now| now.name == *pinned) {
            return Ok(self.today.clone());
        }
        // The lock is never held across an await.
        let found = self.former.lock().unwrap_or_else(PoisonError::into_inner).get(pinned).cloned();
        if let Some(found) = found {
            return Ok(found);
        }
        let Some(kept) = self.store.template_version(pinned).await? else { return Ok(self.today.clone()) };
        let version = Version { name: kept.version, texts: kept.texts };
        let words = match Templates::read_version(&self.city, &notice.template, notice.language, &version) {
            Ok(words) => Arc::new(words),
            Err(why) => {
                tracing::warn!(version = pinned, why, "a notice is told in the words of today");
                self.today.clone()
            }
        };
        let mut former = self.former.lock().unwrap_or_else(PoisonError::into_inner);
        if former.len() >= MOST_FORMER {
            former.clear();
        }
        former.insert(pinned.clone(), words.clone());
        Ok(words)
    }
}
