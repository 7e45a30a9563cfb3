//! The public map: all public cases in memory, kept up to date from the rows by reading what changed, and what is made of them:
//! tiles, the list, a picture. Every process that shows pages has its own; what is moderated away is gone with the next look.

pub(crate) mod base;
pub(crate) mod filter;
pub(crate) mod mvt;
pub(crate) mod picture;
pub(crate) mod snapshot;
mod tiles;

use crate::{app::App, public::PublicCase};
use axum::{Router, routing::get};
use schemas::{Timestamp, Uuid, city::City};
use snapshot::{Dot, Snapshot};
use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
    time::Duration,
};
use store::{Glimpse, Store};
use tokio::sync::Mutex;

/// The longest a transaction is open: what has an older mark is there.
const OVERLAP: Duration = Duration::from_secs(60);
/// What was closed so long ago is no longer on the map.
const CLOSED_FOR: Duration = Duration::from_hours(24 * 365);
/// So many rows are read at once.
const ROWS: usize = 2_000;
/// After a look at the rows nobody looks for so many times as long as it took; only what many changes made long is felt.
const REST: i32 = 5;

/// The snapshot, and how far it has come.
#[derive(Default)]
pub struct Map {
    kept: Mutex<Kept>,
    /// The city's areas, as they are served.
    areas: OnceLock<Vec<u8>>,
}

#[derive(Default)]
struct Kept {
    snapshot: Arc<Snapshot>,
    /// Those in the snapshot.
    known: HashMap<Uuid, Arc<PublicCase>>,
    /// The newest mark that was read; nothing before the first look.
    until: Option<Timestamp>,
    /// Nobody looks before.
    rests_until: Timestamp,
}

impl Map {
    /// All public cases as they are now.
    ///
    /// # Errors
    /// The rows cannot be read: then nobody can know what was hidden since.
    pub async fn now(&self, store: &Store, city: &City) -> Result<Arc<Snapshot>, store::Error> {
        let mut kept = self.kept.lock().await;
        let begun = store.clock().now();
        if begun < kept.rests_until {
            return Ok(kept.snapshot.clone());
        }
        let mut reader = Reader { city, closed_since: begun - CLOSED_FOR, changes: HashMap::new() };
        let newest = match kept.until {
            Some(until) => reader.changed(store, &kept.known, until).await?,
            None => reader.everything(store).await?,
        };
        kept.until = Some(newest);
        if !reader.changes.is_empty() {
            kept.snapshot = Arc::new(kept.snapshot.with(city, &reader.changes));
            for (id, case) in reader.changes {
                match case {
                    Some(case) => kept.known.insert(id, case),
                    None => kept.known.remove(&id),
                };
            }
        }
        let done = store.clock().now();
        kept.rests_until = done + (done - begun) * i64::from(REST);
        Ok(kept.snapshot.clone())
    }
}

struct Reader<'a> {
    city: &'a City,
    closed_since: Timestamp,
    changes: HashMap<Uuid, Option<Arc<PublicCase>>>,
}

impl Reader<'_> {
    /// The case, if it is on the map.
    fn read(&self, glimpse: &Glimpse) -> Option<Arc<PublicCase>> {
        let case = PublicCase::of(self.city, glimpse)?;
        let is_fresh = case.closed_at.is_none_or(|at| at >= self.closed_since);
        (is_fresh && Dot::of(self.city, &case).is_some()).then(|| Arc::new(case))
    }

    /// Reads every case. Gives the mark to go on from.
    async fn everything(&mut self, store: &Store) -> Result<Timestamp, store::Error> {
        let until = store.last_change().await?.unwrap_or(Timestamp::UNIX_EPOCH);
        let mut after = Uuid::nil();
        loop {
            let rows = store.glimpses_after(after, ROWS).await?;
            for glimpse in &rows {
                after = glimpse.id;
                if let Some(case) = self.read(glimpse) {
                    self.changes.insert(glimpse.id, Some(case));
                }
            }
            if rows.len() < ROWS {
                return Ok(until);
            }
        }
    }

    /// Reads what changed since shortly before `until`. Gives the mark to go on from.
    async fn changed(
        &mut self,
        store: &Store,
        known: &HashMap<Uuid, Arc<PublicCase>>,
        until: Timestamp,
    ) -> Result<Timestamp, store::Error> {
        let (mut since, mut newest) = ((until - OVERLAP, Uuid::nil()), until);
        loop {
            let rows = store.glimpses_changed(since, ROWS).await?;
            for glimpse in &rows {
                since = (glimpse.changed_at, glimpse.id);
                newest = newest.max(glimpse.changed_at);
                let new = self.read(glimpse);
                if known.get(&glimpse.id) != new.as_ref() {
                    self.changes.insert(glimpse.id, new);
                }
            }
            if rows.len() < ROWS {
                return Ok(newest);
            }
        }
    }
}

/// What the map fetches.
pub fn router() -> Router<App> {
    Router::new()
        .route("/map/cases/{z}/{x}/{y}", get(tiles::show))
        .route("/map/areas.geojson", get(base::areas))
        .route("/map/style.json", get(base::style))
        .route("/map/base.pmtiles", get(base::file))
}
