//! Every public case in memory, for what shows many of them: open data, figures, pages of other sites. It is kept up to
//! date by what changed since it was last looked at, and is read anew now and then, so that what was deleted goes.

use crate::public::PublicCase;
use schemas::{Date, Timestamp, Uuid, city::City};
use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, RwLock},
    time::Duration,
};
use store::{Glimpse, Store};
use tokio::{sync::Mutex, time::Instant};

/// So many rows are read at once.
const AT_ONCE: usize = 4_096;
/// A transaction that is not over yet may have an earlier mark than one that is: so far back is looked again, from when it
/// was looked last.
const OVERLAP: Duration = Duration::from_secs(60);
/// After so long everything is read anew.
const ANEW: Duration = Duration::from_secs(900);
/// What is only counted is read again after so long.
const COUNTED: Duration = Duration::from_secs(60);

/// Every public case, as of one moment.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// In the order of their coming. Duplicates are among them.
    pub cases: Vec<Arc<PublicCase>>,
    /// Which of them were contested.
    pub contested: HashSet<Uuid>,
    /// How many questions people of the city answered at once, by day.
    pub at_once: BTreeMap<Date, u64>,
    /// When it was read, by the clock of the house.
    pub at: Timestamp,
}

/// Keeps the [`Snapshot`].
#[derive(Default)]
pub struct Register {
    now: RwLock<Option<Arc<Snapshot>>>,
    read: Mutex<Option<Read>>,
}

/// When what was last read.
#[derive(Clone, Copy)]
struct Read {
    /// What changed.
    new: Instant,
    /// What is only counted.
    counted: Instant,
    /// Everything.
    whole: Instant,
}

impl Snapshot {
    /// Takes in what is known of cases now: public or not any more.
    fn take(&mut self, city: &City, glimpses: &[Glimpse]) {
        for glimpse in glimpses {
            let place = self.cases.binary_search_by_key(&(glimpse.received_at, glimpse.reference), |case| {
                (case.received_at, case.reference)
            });
            match (PublicCase::of(city, glimpse), place) {
                (Some(case), Ok(at)) => {
                    if *self.cases[at] != case {
                        self.cases[at] = Arc::new(case);
                    }
                }
                (Some(case), Err(at)) => self.cases.insert(at, Arc::new(case)),
                (None, Ok(at)) => _ = self.cases.remove(at),
                (None, Err(_)) => {}
            }
        }
    }

    async fn read_counts(&mut self, store: &Store) -> Result<(), store::Error> {
        self.contested = store.contested().await?.into_iter().collect();
        self.at_once = store.answered_by_day().await?.into_iter().collect();
        Ok(())
    }

    /// Those that are no duplicates: what is counted and listed.
    pub fn listed(&self) -> impl DoubleEndedIterator<Item = &Arc<PublicCase>> {
        self.cases.iter().filter(|case| !case.is_duplicate())
    }
}

impl Register {
    /// Every public case, at most `fresh` old: older only while another caller is reading what is new.
    pub async fn snapshot(&self, store: &Store, city: &City, fresh: Duration) -> Result<Arc<Snapshot>, store::Error> {
        let now = self.current();
        let mut read = match (self.read.try_lock(), &now) {
            (Ok(read), _) => read,
            (Err(_), Some(now)) => return Ok(now.clone()),
            // Nobody has anything yet.
            (Err(_), None) => self.read.lock().await,
        };
        let now = self.current();
        let at = Instant::now();
        let next = match (now, *read) {
            (Some(now), Some(last)) if !fresh.is_zero() && at.duration_since(last.new) < fresh => return Ok(now),
            (Some(now), Some(last)) if at.duration_since(last.whole) < ANEW => {
                let mut next = Self::go_on(store, city, &now).await?;
                let is_due = fresh.is_zero() || at.duration_since(last.counted) >= COUNTED;
                if is_due {
                    next.read_counts(store).await?;
                }
                *read = Some(Read { new: at, counted: if is_due { at } else { last.counted }, ..last });
                next
            }
            _ => {
                let next = Self::whole(store, city).await?;
                *read = Some(Read { new: at, counted: at, whole: at });
                next
            }
        };
        let next = Arc::new(next);
        let mut now = self.now.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        *now = Some(next.clone());
        Ok(next)
    }

    fn current(&self) -> Option<Arc<Snapshot>> {
        self.now.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    async fn whole(store: &Store, city: &City) -> Result<Snapshot, store::Error> {
        let mut next = Snapshot { at: store.clock().now(), ..Snapshot::default() };
        let mut after = Uuid::nil();
        loop {
            let glimpses = store.glimpses_after(after, AT_ONCE).await?;
            next.take(city, &glimpses);
            match glimpses.last() {
                Some(last) if glimpses.len() == AT_ONCE => after = last.id,
                _ => break,
            }
        }
        next.read_counts(store).await?;
        Ok(next)
    }

    async fn go_on(store: &Store, city: &City, now: &Snapshot) -> Result<Snapshot, store::Error> {
        let mut next = Snapshot { at: store.clock().now(), ..now.clone() };
        let mut since = (now.at.checked_sub(OVERLAP).unwrap_or(Timestamp::MIN), Uuid::nil());
        loop {
            let glimpses = store.glimpses_changed(since, AT_ONCE).await?;
            next.take(city, &glimpses);
            match glimpses.last() {
                Some(last) if glimpses.len() == AT_ONCE => since = (last.changed_at, last.id),
                _ => break,
            }
        }
        Ok(next)
    }
}
