//! A database and a carrier of their own for one test, and a clock that the test moves.

use bus::{Breaker, Bus, BusOptions, Edge, Effects, LaneSettings, RabbitOptions, Retry, topology::Topology};
use futures_util::FutureExt as _;
use schemas::{
    Uuid,
    id::{Clock, Ids},
    letter::{Lane, Letter, Topic},
    slug::Slug,
    trace::Trace,
};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use store::{DeadFilter, DeadLetter, Options, Store};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long a test waits for what must happen.
pub const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Copy)]
pub struct Kind {
    pub rabbit: bool,
    pub postgres: bool,
}

/// A clock that stands still until it is moved.
#[derive(Clone)]
pub struct Hands(Arc<AtomicI64>);

impl Hands {
    fn clock(&self) -> Clock {
        let micros = self.0.clone();
        Clock::new(move || schemas::id::from_micros(micros.load(Ordering::SeqCst)))
    }

    pub fn forward(&self, by: Duration) {
        self.0.fetch_add(by.as_micros() as i64, Ordering::SeqCst);
    }
}

pub struct Ground {
    pub kind: Kind,
    pub store: Store,
    pub bus: Bus,
    pub hands: Hands,
    pub stop: CancellationToken,
    pub options: RabbitOptions,
    numbers: AtomicI64,
}

/// A server's address, or `None` when this machine need not have one.
pub fn server(name: &str) -> Option<String> {
    let url = std::env::var(name).ok();
    assert!(url.is_some() || std::env::var("VOORDEUR_TEST_ALL").as_deref() != Ok("1"), "{name} is not set");
    url
}

/// Runs `body` on a ground of this kind, if this machine has one.
pub async fn on<F: Future<Output = ()>>(kind: Kind, body: impl Fn(Arc<Ground>) -> F) {
    on_through(kind, None, body).await;
}

/// As [`on`], with the bus connected to the broker by another address.
pub async fn on_through<F: Future<Output = ()>>(kind: Kind, through: Option<String>, body: impl Fn(Arc<Ground>) -> F) {
    let amqp = if kind.rabbit { server("VOORDEUR_TEST_AMQP") } else { Some(String::new()) };
    let postgres = if kind.postgres { server("VOORDEUR_TEST_POSTGRES") } else { Some(String::new()) };
    let (Some(amqp), Some(postgres)) = (amqp, postgres) else { return };
    let hands = Hands(Arc::new(AtomicI64::new(1_790_000_000_000_000)));
    let unique = format!("t{:016x}", rand::random::<u64>());
    let folder = tempfile::tempdir().unwrap();
    let url = if kind.postgres {
        sql(&postgres, format!("CREATE DATABASE {unique}")).await;
        let (server, _) = postgres.rsplit_once('/').unwrap();
        format!("{server}/{unique}")
    } else {
        format!("sqlite:{}", folder.path().join("test.db").display())
    };
    let clock = hands.clock();
    let store =
        Store::open(&url, Options { ids: Ids::new(clock.clone()), clock, publish_events: false }).await.unwrap();
    store.migrate().await.unwrap();
    let options = RabbitOptions {
        url: amqp,
        prefix: unique.clone(),
        sweep_every: Duration::from_millis(50),
        ..RabbitOptions::default()
    };
    let topology = topology(&unique);
    let bus = if kind.rabbit {
        topology.declare(&options).await.unwrap();
        let url = through.unwrap_or_else(|| options.url.clone());
        let options = RabbitOptions { url, patience: Duration::from_secs(5), ..options.clone() };
        Bus::rabbit(store.clone(), options, topology.queue_departments.clone())
    } else {
        Bus::table(store.clone(), BusOptions::default())
    };
    let stop = CancellationToken::new();
    tokio::spawn({
        let (bus, stop) = (bus.clone(), stop.clone());
        async move { bus.run_relay(stop).await }
    });
    let ground = Arc::new(Ground {
        kind,
        store: store.clone(),
        bus,
        hands,
        stop,
        options: options.clone(),
        numbers: AtomicI64::new(1),
    });
    // What was made is removed after a failure too.
    let failed = AssertUnwindSafe(body(ground.clone())).catch_unwind().await.err();
    ground.stop.cancel();
    drop(ground);
    store.close().await;
    if kind.rabbit {
        topology.remove(&options).await.unwrap();
    }
    if kind.postgres {
        sql(&postgres, format!("DROP DATABASE {unique} WITH (FORCE)")).await;
    }
    if let Some(panic) = failed {
        std::panic::resume_unwind(panic);
    }
}

pub fn topology(prefix: &str) -> Topology {
    let slug = |text| Slug::new(text).unwrap();
    Topology {
        prefix: prefix.to_owned(),
        queue_departments: vec![slug("parks")],
        push_departments: vec![slug("roads"), slug("water")],
        ..Topology::default()
    }
}

async fn sql(url: &str, text: String) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query(AssertSqlSafe(text)).execute(&mut connection).await.unwrap();
}

/// Quick settings: everything is tried again after a second of the test's clock.
pub fn settings() -> LaneSettings {
    LaneSettings {
        retry: Retry {
            first: Duration::from_secs(1),
            max: Duration::from_secs(1),
            give_up_after: Duration::from_secs(3),
        },
        breaker: Breaker { failures: 0, open_for: Duration::from_secs(30) },
        ..LaneSettings::default()
    }
}

pub fn lane(name: &str) -> Lane {
    Lane::new(name)
}

impl Ground {
    /// The next letters, with rising ids and `n` in the body.
    pub fn letters(&self, lane: &str, n: usize) -> Vec<Letter> {
        let now = self.store.clock().now();
        (0..n)
            .map(|_| {
                let number = self.numbers.fetch_add(1, Ordering::SeqCst);
                let id = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + number as u128);
                Letter::new(id, Lane::new(lane), Topic::ReportReceived, "report", &number, Trace::start(), now)
            })
            .collect()
    }

    /// Posts letters in one transaction.
    pub async fn post(&self, letters: &[Letter]) {
        let mut tx = self.store.begin().await.unwrap();
        tx.post(letters).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub fn effects(&self, lane: &str, handler: Arc<dyn Effects>, settings: LaneSettings) -> JoinHandle<()> {
        let (bus, lane, stop) = (self.bus.clone(), Lane::new(lane), self.stop.child_token());
        tokio::spawn(async move { bus.run_effects(lane, handler, settings, stop).await })
    }

    pub fn edge(&self, lane: &str, handler: Arc<dyn Edge>, settings: LaneSettings) -> JoinHandle<()> {
        let (bus, lane, stop) = (self.bus.clone(), Lane::new(lane), self.stop.child_token());
        tokio::spawn(async move { bus.run_edge(lane, handler, settings, stop).await })
    }

    pub async fn drain(&self) {
        if let Err(error) = self.bus.drain(PATIENCE).await {
            panic!("{error}; {:?}; {:?}", self.bus.health(), self.store.lanes().await);
        }
    }

    /// Moves the clock, then lets everything that became ready be handled.
    pub async fn later(&self, by: Duration) {
        self.hands.forward(by);
        self.drain().await;
    }

    pub async fn dead(&self) -> Vec<DeadLetter> {
        self.store.dead(DeadFilter { limit: 1000, ..DeadFilter::default() }).await.unwrap()
    }

    /// Rows of letters that are not dead; those of published letters are deleted first.
    pub async fn left(&self) -> u64 {
        self.store.flush_confirmed().await.unwrap();
        self.store.lanes().await.unwrap().iter().map(|state| state.ready + state.delayed).sum()
    }
}

/// Waits until `condition` holds.
pub async fn until<F: Future<Output = bool>>(what: &str, condition: impl Fn() -> F) {
    let waited = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waited).await.unwrap_or_else(|_| panic!("not in time: {what}"));
}
