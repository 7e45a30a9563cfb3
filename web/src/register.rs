//! Every public case in memory, for whatever shows many of them: the map, open data, figures, pages of other sites. It is kept
//! up to date by what changed since it was last looked at, and is read anew now and then beside that, so that what was
//! deleted goes. Every process that shows pages has its own.

use crate::{map::dots::Dots, public::PublicCase};
use schemas::{Date, Timestamp, Uuid, city::City};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use store::{Glimpse, Score, Store};
use tokio::{
    sync::{Mutex, MutexGuard},
    time::Instant,
};

/// So many rows are read at once.
const AT_ONCE: usize = 4_096;
/// A transaction that is not over yet may have an earlier mark than one that is: so far back is looked again, from when it
/// was looked last.
const OVERLAP: Duration = Duration::from_secs(60);
/// After so long everything is read anew.
const ANEW: Duration = Duration::from_secs(900);
/// What is only counted is read again after so long.
const COUNTED: Duration = Duration::from_secs(60);
/// After a look at the rows nobody looks for so many times as long as it took; only what many changes made long is felt.
const REST: i32 = 5;
/// What was closed so long ago is no longer on the map.
const ON_THE_MAP: Duration = Duration::from_hours(24 * 365);

/// Every public case, as of one moment. The next one shares with it what did not change.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// In the order of their coming. Duplicates are among them.
    pub cases: Arc<Vec<Arc<PublicCase>>>,
    /// Those that are on the map, as tiles are made of them.
    pub dots: Arc<Dots>,
    /// Which of them were contested.
    pub contested: Arc<HashSet<Uuid>>,
    /// How many questions people of the city answered at once, by day.
    pub at_once: Arc<BTreeMap<Date, u64>>,
    /// What was said of how they were dealt with, by those who reported them: how often each of [`Score::ALL`].
    pub ratings: Arc<HashMap<Uuid, [u64; 3]>>,
    /// When it was read, by the clock of the house.
    pub at: Timestamp,
}

/// Keeps the [`Snapshot`].
pub struct Register {
    /// How old may be what nobody hides anything on.
    fresh: Duration,
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
    /// Nobody looks before, by the clock of the house.
    rests_until: Timestamp,
}

/// What became of cases: what everybody may know of each now, if anything.
type Changes = HashMap<Uuid, Option<Arc<PublicCase>>>;

impl Snapshot {
    /// Takes in what is known of cases now: public or not any more. What of it is new is among `changes`, too.
    fn take(&mut self, city: &City, glimpses: &[Glimpse], changes: &mut Changes) {
        for glimpse in glimpses {
            let place = self.cases.binary_search_by_key(&(glimpse.received_at, glimpse.reference), |case| {
                (case.received_at, case.reference)
            });
            match (PublicCase::of(city, glimpse).map(Arc::new), place) {
                (Some(case), Ok(at)) if self.cases[at] == case => {}
                (Some(case), Ok(at)) => {
                    changes.insert(case.id, Some(case.clone()));
                    Arc::make_mut(&mut self.cases)[at] = case;
                }
                (Some(case), Err(at)) => {
                    changes.insert(case.id, Some(case.clone()));
                    Arc::make_mut(&mut self.cases).insert(at, case);
                }
                (None, Ok(at)) => {
                    Arc::make_mut(&mut self.cases).remove(at);
                    changes.insert(glimpse.id, None);
                }
                (None, Err(_)) => {}
            }
        }
    }

    /// Puts `changes` on the map, or takes them off.
    fn draw(&mut self, city: &City, mut changes: Changes) {
        if changes.is_empty() {
            return;
        }
        let since = self.at - ON_THE_MAP;
        for case in changes.values_mut() {
            case.take_if(|case| case.closed_at.is_some_and(|at| at < since));
        }
        self.dots = Arc::new(self.dots.with(city, &changes));
    }

    async fn read_counts(&mut self, store: &Store) -> Result<(), store::Error> {
        self.contested = Arc::new(store.contested().await?.into_iter().collect());
        self.at_once = Arc::new(store.answered_by_day().await?.into_iter().collect());
        // Whoever reported the same as others speaks of the case in which it goes on.
        let mains: HashMap<Uuid, Uuid> = self.cases.iter().filter_map(|case| Some((case.id, case.main?))).collect();
        let mut ratings = HashMap::<Uuid, [u64; 3]>::new();
        for (report, score) in store.ratings().await? {
            let counts = ratings.entry(mains.get(&report).copied().unwrap_or(report)).or_default();
            counts.iter_mut().zip(Score::ALL).filter(|(_, one)| *one == score).for_each(|(count, _)| *count += 1);
        }
        self.ratings = Arc::new(ratings);
        Ok(())
    }

    /// Those that are no duplicates: what is counted and listed.
    pub fn listed(&self) -> impl DoubleEndedIterator<Item = &Arc<PublicCase>> {
        self.cases.iter().filter(|case| !case.is_duplicate())
    }
}

impl Register {
    /// Nothing was read yet; see [`Register::lately`] for `fresh`.
    pub fn new(fresh: Duration) -> Self {
        Self { fresh, now: RwLock::default(), read: Mutex::default() }
    }

    /// Every public case as it is now: what is moderated away is gone with the next look.
    ///
    /// # Errors
    /// The rows cannot be read: then nobody can know what was hidden since.
    pub async fn now(self: &Arc<Self>, store: &Store, city: &Arc<City>) -> Result<Arc<Snapshot>, store::Error> {
        let read = self.read.lock().await;
        let rests = read.is_some_and(|read| store.clock().now() < read.rests_until);
        if let Some(now) = self.current().filter(|_| rests) {
            return Ok(now);
        }
        self.look(read, store, city).await
    }

    /// Every public case, a few seconds old at most: older only while another caller is reading what is new.
    ///
    /// # Errors
    /// The rows cannot be read.
    pub async fn lately(self: &Arc<Self>, store: &Store, city: &Arc<City>) -> Result<Arc<Snapshot>, store::Error> {
        let read = match (self.read.try_lock(), self.current()) {
            (Ok(read), _) => read,
            (Err(_), Some(now)) => return Ok(now),
            // Nobody has anything yet.
            (Err(_), None) => self.read.lock().await,
        };
        let is_fresh = read.is_some_and(|read| read.new.elapsed() < self.fresh);
        if let Some(now) = self.current().filter(|_| is_fresh) {
            return Ok(now);
        }
        self.look(read, store, city).await
    }

    /// Reads what is new, or everything when there is nothing yet.
    async fn look(
        self: &Arc<Self>,
        mut read: MutexGuard<'_, Option<Read>>,
        store: &Store,
        city: &Arc<City>,
    ) -> Result<Arc<Snapshot>, store::Error> {
        let (at, begun) = (Instant::now(), store.clock().now());
        let (next, last) = match (self.current(), *read) {
            (Some(now), Some(last)) => {
                let mut next = go_on(store, city, &now).await?;
                let is_due = self.fresh.is_zero() || at.duration_since(last.counted) >= COUNTED;
                if is_due {
                    next.read_counts(store).await?;
                }
                (next, Read { counted: if is_due { at } else { last.counted }, ..last })
            }
            _ => (whole(store, city).await?, Read { new: at, counted: at, whole: at, rests_until: begun }),
        };
        let is_old = at.duration_since(last.whole) >= ANEW;
        if is_old {
            self.read_anew(store, city);
        }
        let done = store.clock().now();
        let rests_until = done + (done - begun) * i64::from(REST);
        *read = Some(Read { new: at, whole: if is_old { at } else { last.whole }, rests_until, ..last });
        Ok(self.keep(next))
    }

    /// Reads everything, while others go on with what there is.
    fn read_anew(self: &Arc<Self>, store: &Store, city: &Arc<City>) {
        let (register, store, city) = (self.clone(), store.clone(), city.clone());
        tokio::spawn(async move {
            let read = async {
                let next = whole(&store, &city).await?;
                let _nobody_else = register.read.lock().await;
                // What changed while it was read.
                register.keep(go_on(&store, &city, &next).await?);
                Ok::<_, store::Error>(())
            };
            if let Err(error) = read.await {
                tracing::warn!(%error, "the public cases could not be read anew; the next try comes with the next term");
            }
        });
    }

    fn keep(&self, next: Snapshot) -> Arc<Snapshot> {
        let next = Arc::new(next);
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = Some(next.clone());
        next
    }

    fn current(&self) -> Option<Arc<Snapshot>> {
        self.now.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Every public case, from the first row on.
async fn whole(store: &Store, city: &City) -> Result<Snapshot, store::Error> {
    let mut next = Snapshot { at: store.clock().now(), ..Snapshot::default() };
    let (mut after, mut changes) = (Uuid::nil(), Changes::new());
    loop {
        let glimpses = store.glimpses_after(after, AT_ONCE).await?;
        next.take(city, &glimpses, &mut changes);
        match glimpses.last() {
            Some(last) if glimpses.len() == AT_ONCE => after = last.id,
            _ => break,
        }
    }
    next.draw(city, changes);
    next.read_counts(store).await?;
    Ok(next)
}

/// `now`, and what changed since.
async fn go_on(store: &Store, city: &City, now: &Snapshot) -> Result<Snapshot, store::Error> {
    let mut next = Snapshot { at: store.clock().now(), ..now.clone() };
    let mut since = (now.at.checked_sub(OVERLAP).unwrap_or(Timestamp::MIN), Uuid::nil());
    let mut changes = Changes::new();
    loop {
        let glimpses = store.glimpses_changed(since, AT_ONCE).await?;
        next.take(city, &glimpses, &mut changes);
        match glimpses.last() {
            Some(last) if glimpses.len() == AT_ONCE => since = (last.changed_at, last.id),
            _ => break,
        }
    }
    next.draw(city, changes);
    Ok(next)
}
