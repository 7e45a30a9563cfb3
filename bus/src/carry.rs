//! The bus: one name for both carriers.

use crate::{
    Edge, Effects, LaneSettings, RabbitOptions, edge, effects,
    rabbit::{Rabbit, consume::LaneConsumer},
    source::Source,
    table::TableSource,
};
use schemas::{
    Timestamp,
    letter::{Lane, Letter},
    slug::DepartmentId,
};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};
use store::Store;
use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// What the table carrier can be told.
#[derive(Debug, Clone)]
pub struct BusOptions {
    /// The longest a loop waits before it looks again by itself; what wakes it normally is a
    /// commit. Retries are noticed within this.
    pub look_every: Duration,
}

impl Default for BusOptions {
    fn default() -> Self {
        Self { look_every: Duration::from_secs(1) }
    }
}

/// Carries letters between the parts of the house. Cheap to clone.
#[derive(Clone)]
pub struct Bus(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) store: Store,
    carrier: Carrier,
    pub(crate) options: BusOptions,
    pub(crate) board: Board,
}

enum Carrier {
    Table,
    Rabbit(Rabbit),
}

/// What the loops of this process write down for [`Bus::drain`] and [`Bus::health`].
#[derive(Default)]
pub(crate) struct Board {
    /// Loops that are taking or holding letters at this moment.
    pub(crate) busy: AtomicUsize,
    /// Rises with every take that found something, so that "nothing to do" seen twice means nothing happened between.
    pub(crate) takes: AtomicU64,
    /// Wakes every waiting loop.
    pub(crate) poke: Notify,
    /// No department waits for work any more.
    pub(crate) closing: CancellationToken,
    lanes: Mutex<BTreeMap<Lane, LaneHealth>>,
}

impl Board {
    fn lanes(&self) -> std::sync::MutexGuard<'_, BTreeMap<Lane, LaneHealth>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn working(&self, lane: &Lane, running: bool) {
        let mut lanes = self.lanes();
        let health = lanes.entry(lane.clone()).or_insert_with(|| LaneHealth::new(lane.clone()));
        if running {
            health.loops += 1;
        } else {
            health.loops = health.loops.saturating_sub(1);
        }
    }

    pub(crate) fn paused(&self, lane: &Lane, until: Option<Timestamp>) {
        if let Some(health) = self.lanes().get_mut(lane) {
            health.paused_until = until;
        }
    }

    pub(crate) fn trouble(&self, lane: &Lane, trouble: Option<String>) {
        if let Some(health) = self.lanes().get_mut(lane) {
            health.trouble = trouble;
        }
    }

    /// Marks the caller busy until the guard is dropped.
    pub(crate) fn busy(&self) -> Busy<'_> {
        self.busy.fetch_add(1, Ordering::SeqCst);
        Busy(self)
    }

    /// A take found something.
    pub(crate) fn took(&self) {
        self.takes.fetch_add(1, Ordering::SeqCst);
    }
}

/// A loop that works a lane, as long as it lives.
pub(crate) struct Working<'a>(&'a Board, Lane);

impl<'a> Working<'a> {
    pub(crate) fn new(board: &'a Board, lane: &Lane) -> Self {
        board.working(lane, true);
        Self(board, lane.clone())
    }
}

impl Drop for Working<'_> {
    fn drop(&mut self) {
        self.0.working(&self.1, false);
    }
}

pub(crate) struct Busy<'a>(&'a Board);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::SeqCst);
    }
}

/// How the bus is, for the readiness page.
#[derive(Debug, Clone)]
pub struct BusHealth {
    /// Letters can be carried now.
    pub ok: bool,
    /// What is wrong, or what carries.
    pub what: String,
    /// The lanes this process works.
    pub lanes: Vec<LaneHealth>,
}

/// How one lane is in this process.
#[derive(Debug, Clone)]
pub struct LaneHealth {
    /// Which.
    pub lane: Lane,
    /// Loops that work it here.
    pub loops: usize,
    /// Set while the breaker is open: the other side seems to be down.
    pub paused_until: Option<Timestamp>,
    /// What keeps the loop from working: the database, the broker.
    pub trouble: Option<String>,
}

impl LaneHealth {
    fn new(lane: Lane) -> Self {
        Self { lane, loops: 0, paused_until: None, trouble: None }
    }
}

/// [`Bus::drain`] ran out of time.
#[derive(Debug, thiserror::Error)]
#[error("letters are still waiting: {0}")]
pub struct NotDrained(pub String);

impl Bus {
    /// Whether letters are carried by RabbitMQ.
    pub fn has_broker(&self) -> bool {
        matches!(self.0.carrier, Carrier::Rabbit(_))
    }

    /// What the names of exchanges and queues begin with; the usual prefix where there is no broker.
    pub fn prefix(&self) -> &str {
        match &self.0.carrier {
            Carrier::Table => "voordeur",
            Carrier::Rabbit(rabbit) => rabbit.prefix(),
        }
    }

    /// The letters table itself carries: one process on SQLite, or several on PostgreSQL.
    pub fn table(store: Store, options: BusOptions) -> Self {
        Self(Arc::new(Inner { store, carrier: Carrier::Table, options, board: Board::default() }))
    }

    /// RabbitMQ carries what is ready, the table holds what waits. `queue_departments` fetch their
    /// work from a queue of their own. Nothing is connected yet; letters posted from now on are
    /// handed to [`Bus::run_relay`].
    pub fn rabbit(store: Store, options: RabbitOptions, queue_departments: Vec<DepartmentId>) -> Self {
        let look_every = options.look_every;
        let rabbit = Rabbit::new(&store, options, queue_departments);
        Self(Arc::new(Inner {
            store,
            carrier: Carrier::Rabbit(rabbit),
            options: BusOptions { look_every },
            board: Board::default(),
        }))
    }

    /// Works `lane` with `handler` until `stop`: takes what is there, has its effects and settles it
    /// in one transaction. Finishes what is in hand when stopped.
    pub async fn run_effects(
        &self,
        lane: Lane,
        handler: Arc<dyn Effects>,
        settings: LaneSettings,
        stop: CancellationToken,
    ) {
        let source = self.source(&lane, &settings, settings.batch);
        effects::run(&self.0, lane, handler, settings, source, stop).await;
    }

    /// Works `lane` with `handler` until `stop`: writes an attempt down, calls the other side, and
    /// settles. Finishes what is in the air when stopped.
    pub async fn run_edge(&self, lane: Lane, handler: Arc<dyn Edge>, settings: LaneSettings, stop: CancellationToken) {
        let source = self.source(&lane, &settings, settings.concurrency);
        edge::run(&self.0, lane, handler, settings, source, stop).await;
    }

    /// Publishes what this process posts, and what others left behind, until `stop`. Every process
    /// that posts letters runs one. With the table carrier there is nothing to publish.
    pub async fn run_relay(&self, stop: CancellationToken) {
        match &self.0.carrier {
            Carrier::Table => stop.cancelled().await,
            Carrier::Rabbit(rabbit) => rabbit.run_relay(&self.0.store, &self.0.board, stop).await,
        }
    }

    /// Waits until no lane that this process works has a letter that is ready, and nothing is in
    /// hand. Letters that wait for a later time, or behind an open breaker, stay. For tests and for
    /// the demo: it asks the database every few milliseconds.
    ///
    /// # Errors
    /// After `at_most`, with the names of the lanes that still have letters.
    pub async fn drain(&self, at_most: Duration) -> Result<(), NotDrained> {
        let end = Instant::now() + at_most;
        // A broker's messages are invisible while they travel: there it must stay quiet for longer.
        let (pause, enough) = match &self.0.carrier {
            Carrier::Table => (Duration::from_millis(3), 2),
            Carrier::Rabbit(_) => (Duration::from_millis(15), 8),
        };
        // A clock that a test moved wakes nobody. Not more often: fifty lanes that are woken every few
        // milliseconds are never all still.
        let (mut wake_at, wake_every) = (Instant::now(), Duration::from_millis(300));
        let mut quiet = 0;
        loop {
            let seen = self.0.board.takes.load(Ordering::SeqCst);
            let why = self.waiting().await;
            quiet = if why.is_none() { quiet + 1 } else { 0 };
            if quiet >= enough {
                return Ok(());
            }
            if Instant::now() >= end {
                return Err(NotDrained(why.unwrap_or_else(|| "letters keep coming".to_owned())));
            }
            if Instant::now() >= wake_at {
                self.0.store.wake_all();
                self.0.board.poke.notify_waiters();
                wake_at = Instant::now() + wake_every;
            }
            tokio::time::sleep(pause).await;
            // Somebody took something in the meantime (a look that found nothing counts not).
            if self.0.board.takes.load(Ordering::SeqCst) != seen {
                quiet = 0;
            }
        }
    }

    /// What there is still to do, if anything.
    async fn waiting(&self) -> Option<String> {
        let board = &self.0.board;
        let busy = board.busy.load(Ordering::SeqCst);
        if busy > 0 {
            return Some(format!("{busy} loops have letters in hand"));
        }
        let worked: Vec<_> =
            board.lanes().values().filter(|lane| lane.loops > 0 && lane.paused_until.is_none()).cloned().collect();
        let works = |lane: &Lane| worked.iter().any(|health| health.lane == *lane);
        let rabbit = match &self.0.carrier {
            Carrier::Table => None,
            Carrier::Rabbit(rabbit) => Some(rabbit),
        };
        match self.0.store.lanes().await {
            Err(error) => return Some(error.to_string()),
            Ok(lanes) => {
                let ready = |state: &&store::LaneState| state.ready > 0 && (rabbit.is_some() || works(&state.lane));
                if let Some(state) = lanes.iter().find(ready) {
                    return Some(format!("{} in lane {}", state.ready, state.lane));
                }
            }
        }
        let rabbit = rabbit?;
        if !rabbit.is_quiet() {
            return Some("letters on their way to the broker".to_owned());
        }
        match rabbit.waiting(worked.iter().map(|health| health.lane.clone())).await {
            Ok(0) => None,
            Ok(n) => Some(format!("{n} messages in queues")),
            Err(error) => Some(error.to_string()),
        }
    }

    /// How the bus is. Asks nobody: answers from what the loops last saw.
    pub fn health(&self) -> BusHealth {
        let lanes: Vec<_> = self.0.board.lanes().values().filter(|lane| lane.loops > 0).cloned().collect();
        let (mut ok, mut what) = match &self.0.carrier {
            Carrier::Table => (true, "the database carries the letters".to_owned()),
            Carrier::Rabbit(rabbit) => rabbit.health(),
        };
        for lane in &lanes {
            if let Some(trouble) = &lane.trouble {
                ok = false;
                what = format!("{what}; lane {}: {trouble}", lane.lane);
            }
        }
        BusHealth { ok, what, lanes }
    }

    /// Whether RabbitMQ carries the letters: then departments consume their own queues.
    pub fn is_brokered(&self) -> bool {
        matches!(self.0.carrier, Carrier::Rabbit(_))
    }

    /// Work for a department that fetches it over HTTP: up to `max` letters of its queue lane,
    /// claimed for `lease`, waiting up to `wait` for the first. Letters not acknowledged with
    /// [`Bus::ack_work`] within the lease are handed out again. With RabbitMQ the department's queue
    /// has the work, and this finds nothing.
    pub async fn fetch_work(
        &self,
        department: &DepartmentId,
        max: usize,
        lease: Duration,
        wait: Duration,
    ) -> Result<Vec<Letter>, store::Error> {
        crate::work::fetch(&self.0, &Lane::queue(department), max, lease, wait).await
    }

    /// This process stops: whoever waits in [`Bus::fetch_work`] is answered now, with nothing.
    pub fn stop_waiting(&self) {
        self.0.board.closing.cancel();
    }

    /// The department has these letters: they are gone from its lane. Gives how many were still
    /// there; ids of other lanes are left alone.
    pub async fn ack_work(&self, department: &DepartmentId, ids: &[Uuid]) -> Result<u64, store::Error> {
        crate::work::ack(&self.0.store, &Lane::queue(department), ids).await
    }

    /// Sets the gauges of every lane from the table; for a timer of some seconds.
    pub async fn measure(&self) -> Result<(), store::Error> {
        let now = self.0.store.clock().now();
        for state in self.0.store.lanes().await? {
            let lane = state.lane.to_string();
            let oldest = state.oldest_at.map_or(0, |at| now.as_microsecond().saturating_sub(at.as_microsecond()));
            metrics::gauge!("voordeur_lane_ready", "lane" => lane.clone()).set(state.ready as f64);
            metrics::gauge!("voordeur_lane_oldest_seconds", "lane" => lane.clone()).set(oldest as f64 / 1e6);
            metrics::gauge!("voordeur_dead", "lane" => lane).set(state.dead as f64);
        }
        Ok(())
    }

    fn source(&self, lane: &Lane, settings: &LaneSettings, at_once: usize) -> Source {
        match &self.0.carrier {
            Carrier::Table => Source::Table(TableSource {
                store: self.0.store.clone(),
                lane: lane.clone(),
                lease: settings.lease(),
                look_every: self.0.options.look_every,
            }),
            Carrier::Rabbit(rabbit) => {
                // A slow lane holds no more than half a minute's work unacknowledged.
                let most = settings.rate_per_second.map_or(f64::MAX, |rate| (rate * 30.0).max(1.0));
                let window = (at_once * 2).clamp(1, rabbit.0.options.prefetch.into()).min(most as usize);
                let window = u16::try_from(window).unwrap_or(u16::MAX);
                Source::Rabbit(Box::new(LaneConsumer::new(
                    rabbit.clone(),
                    self.0.store.clock().clone(),
                    lane.clone(),
                    window,
                )))
            }
        }
    }
}
