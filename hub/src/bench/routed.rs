//! Reports from the intake queue to the department's queue: this build beside the raw loops.

use super::{Row, Run, decide, median, percentile, raw_rabbit, raw_sqlite};
use anyhow::{Context as _, ensure};
use bus::{Bus, BusOptions, Effects, LaneSettings, RabbitOptions, topology::Topology};
use futures_util::StreamExt as _;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, QueueDeclareOptions};
use router::RouterWorker;
use schemas::{
    city::City,
    id::derived,
    letter::{Lane, Letter, Topic},
    slug::Slug,
    trace::Trace,
    verdict::Verdict,
};
use sqlx::{Connection as _, Executor as _};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use store::Store;
use tokio_util::sync::CancellationToken;

/// The department that gets everything: the lead of the rule that matches.
const DEPARTMENT: &str = "d9";

/// The submission of report `n`, a kilobyte as CloudEvent; `sent` is found again at the other end.
fn submission(n: usize, sent: u128) -> serde_json::Value {
    serde_json::json!({
        "category": "street/c0", "kind": "report", "language": "nl",
        "words": format!("sent={sent};n={n} {}", "A paving stone is loose in front of the school. ".repeat(12)),
        "place": {"address": "Schoolstraat 12, near the gate", "point": {"lat": 50.005, "lon": 3.005}},
    })
}

fn event(n: usize, sent: u128) -> (String, Vec<u8>) {
    let id = derived(&["bench event", &n.to_string(), &sent.to_string()]).to_string();
    let event = serde_json::json!({
        "specversion": "1.0", "id": id, "source": "/channels/bench", "type": "eu.voordeur.report.submitted",
        "datacontenttype": "application/json", "data": submission(n, sent),
    });
    (id, event.to_string().into_bytes())
}

/// Counts what passes through, and stops the loop when everything has.
struct Counting {
    inner: RouterWorker,
    done: AtomicUsize,
    want: usize,
    stop: CancellationToken,
}

#[async_trait::async_trait]
impl Effects for Counting {
    async fn apply(&self, tx: &mut store::Tx, letters: &[Letter]) -> Result<Vec<Verdict>, store::Error> {
        let verdicts = self.inner.apply(tx, letters).await?;
        if self.done.fetch_add(letters.len(), Ordering::Relaxed) + letters.len() >= self.want {
            self.stop.cancel();
        }
        Ok(verdicts)
    }
}

struct Part {
    store: Store,
    city: Arc<City>,
    ruleset: Arc<router::Ruleset>,
}

impl Part {
    async fn new(url: &str) -> anyhow::Result<Self> {
        let clock = crate::clock::real();
        let ids = crate::clock::ids(&clock);
        let store = Store::open(url, store::Options { clock, ids, publish_events: false }).await?;
        store.migrate().await?;
        let city = decide::read(City::read(decide::files(1_000, decide::Asking::Little)))?;
        let ruleset = decide::read(router::Ruleset::read(&city))?;
        Ok(Self { store, city: Arc::new(city), ruleset: Arc::new(ruleset) })
    }

    fn worker(&self) -> RouterWorker {
        RouterWorker::new(self.store.clone(), self.city.clone(), self.ruleset.clone(), "http://127.0.0.1:1777")
    }

    fn counting(&self, want: usize, stop: &CancellationToken) -> Arc<Counting> {
        Arc::new(Counting { inner: self.worker(), done: AtomicUsize::new(0), want, stop: stop.clone() })
    }
}

/// On SQLite, synchronous FULL: the intake letters lie in the table, and become cases and letters of
/// the department's queue.
pub async fn embedded(quick: bool) -> anyhow::Result<Vec<Row>> {
    let (count, rounds) = if quick { (5_000, 1) } else { (20_000, 3) };
    let (mut value, mut raw, mut cpu, mut raw_cpu) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let dir = tempfile::tempdir()?;
        let file = dir.path().join("raw.db");
        let body = String::from_utf8(event(0, 0).1)?;
        let run = tokio::task::spawn_blocking(move || raw_sqlite::route(&file, count, &body)).await??;
        raw.push(run.rate);
        raw_cpu.push(run.cpu_micros);

        let part = Part::new(&format!("sqlite:{}", dir.path().join("hub.db").display())).await?;
        let now = part.store.clock().now();
        for start in (0..count).step_by(256) {
            let letters: Vec<Letter> = (start..(start + 256).min(count))
                .map(|n| {
                    let id = derived(&["submitted", "bench", &n.to_string()]);
                    Letter::new(
                        id,
                        Lane::intake(),
                        Topic::ReportSubmitted,
                        "bench",
                        &submission(n, 0),
                        Trace::start(),
                        now,
                    )
                })
                .collect();
            let mut tx = part.store.begin().await?;
            tx.post(&letters).await?;
            tx.commit().await?;
        }
        let bus = Bus::table(part.store.clone(), BusOptions::default());
        let stop = CancellationToken::new();
        let worker = part.counting(count, &stop);
        let run = Run::start();
        bus.run_effects(Lane::intake(), worker, LaneSettings::default(), stop).await;
        let run = run.end(count);
        ensure!(part.store.count().await?.cases == count as u64, "not every report became a case");
        value.push(run.rate);
        cpu.push(run.cpu_micros);
        part.store.close().await;
    }
    let mut rows = vec![
        Row::beside("routed, embedded", median(value), "reports/s", median(raw), ">= 0.6"),
        Row::beside("routed, embedded: processor", median(cpu), "µs/report", median(raw_cpu), "<= 3"),
    ];
    rows.extend(embedded_latency(if quick { 100 } else { 500 }).await?);
    Ok(rows)
}

/// From the durable accept to the letter in the department's hands, at 50 reports a second.
async fn embedded_latency(count: usize) -> anyhow::Result<Vec<Row>> {
    let dir = tempfile::tempdir()?;
    let part = Part::new(&format!("sqlite:{}", dir.path().join("hub.db").display())).await?;
    let bus = Bus::table(part.store.clone(), BusOptions::default());
    let stop = CancellationToken::new();
    let routing = tokio::spawn({
        let (bus, worker, stop) = (bus.clone(), Arc::new(part.worker()), stop.clone());
        async move { bus.run_effects(Lane::intake(), worker, LaneSettings::default(), stop).await }
    });
    let department = Slug::new(DEPARTMENT)?;
    let start = Instant::now();
    let fetching = tokio::spawn({
        let bus = bus.clone();
        async move {
            let mut millis = Vec::with_capacity(count);
            while millis.len() < count && start.elapsed() < Duration::from_secs(120) {
                let work = bus.fetch_work(&department, 64, Duration::from_secs(60), Duration::from_secs(1)).await?;
                for letter in &work {
                    millis.extend(since(letter.body.get().as_bytes(), start));
                }
                bus.ack_work(&department, &work.iter().map(|letter| letter.id).collect::<Vec<_>>()).await?;
            }
            anyhow::Ok(millis)
        }
    });
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    for n in 0..count {
        ticks.tick().await;
        let id = derived(&["submitted", "bench", &n.to_string()]);
        let body = submission(n, start.elapsed().as_micros());
        let now = part.store.clock().now();
        let mut tx = part.store.begin().await?;
        tx.post(&[Letter::new(id, Lane::intake(), Topic::ReportSubmitted, "bench", &body, Trace::start(), now)])
            .await?;
        tx.commit().await?;
    }
    let millis = fetching.await??;
    stop.cancel();
    routing.await?;
    ensure!(millis.len() == count, "only {} of {count} reports reached the department", millis.len());
    Ok(vec![
        Row::alone("latency at 50/s, embedded, p50", percentile(millis.clone(), 0.5), "ms", ""),
        Row::alone("latency at 50/s, embedded, p99", percentile(millis, 0.99), "ms", ""),
    ])
}

/// How many milliseconds ago `body` was sent, by the mark in its words.
fn since(body: &[u8], start: Instant) -> Option<f64> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, rest) = text.split_once("sent=")?;
    let sent: u128 = rest.split(';').next()?.parse().ok()?;
    Some((start.elapsed().as_micros().saturating_sub(sent)) as f64 / 1e3)
}

/// On RabbitMQ and PostgreSQL: the intake queue is full, and everything ends in the department's
/// queue.
pub async fn distributed(quick: bool, amqp: &str, postgres: &str) -> anyhow::Result<Vec<Row>> {
    let (count, rounds) = if quick { (5_000, 1) } else { (20_000, 3) };
    let (mut value, mut raw, mut cpu, mut raw_cpu) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let database = Database::make(postgres).await?;
        let prefix = format!("bench{:x}", rand::random::<u32>());
        let mut raw_loop = raw_rabbit::RawLoop::new(amqp, &database.url, &prefix).await?;
        let (_connection, channel) = raw_rabbit::connect(amqp).await?;
        raw_rabbit::preload(&channel, "", raw_loop.from(), count, |n| event(n, 0)).await?;
        let run = raw_loop.route(count).await?;
        raw.push(run.rate);
        raw_cpu.push(run.cpu_micros);
        raw_loop.clear().await?;

        let house = House::open(amqp, &database.url, &prefix).await?;
        raw_rabbit::preload(&channel, &format!("{prefix}.intake"), "report.bench", count, |n| event(n, 0)).await?;
        let routing = CancellationToken::new();
        let worker = house.part.counting(count, &routing);
        let run = Run::start();
        let relay = house.relay();
        house.bus.run_effects(Lane::intake(), worker, LaneSettings::default(), routing).await;
        while house.arrived(&channel).await? < count {
            ensure!(run.start.elapsed() < Duration::from_secs(300), "the department's queue never filled");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let run = run.end(count);
        value.push(run.rate);
        cpu.push(run.cpu_micros);
        house.close(relay).await?;
        database.remove(postgres).await?;
    }
    let mut rows = vec![
        Row::beside("routed, distributed", median(value), "reports/s", median(raw), ">= 0.7"),
        Row::beside("routed, distributed: processor", median(cpu), "µs/report", median(raw_cpu), "<= 3"),
    ];
    rows.extend(distributed_latency(if quick { 150 } else { 500 }, amqp, postgres).await?);
    Ok(rows)
}

async fn distributed_latency(count: usize, amqp: &str, postgres: &str) -> anyhow::Result<Vec<Row>> {
    let database = Database::make(postgres).await?;
    let prefix = format!("bench{:x}", rand::random::<u32>());
    let mut raw_loop = raw_rabbit::RawLoop::new(amqp, &database.url, &prefix).await?;
    let (from, to) = (raw_loop.from().to_owned(), raw_loop.to().to_owned());
    let start = Instant::now();
    let looping = tokio::spawn(async move {
        raw_loop.route(count).await?;
        anyhow::Ok(raw_loop)
    });
    let raw = steady(amqp, ("", &from), &to, count, start).await?;
    looping.await??.clear().await?;

    let house = House::open(amqp, &database.url, &prefix).await?;
    let relay = house.relay();
    let stop = CancellationToken::new();
    let routing = tokio::spawn({
        let (bus, worker, stop) = (house.bus.clone(), Arc::new(house.part.worker()), stop.clone());
        async move { bus.run_effects(Lane::intake(), worker, LaneSettings::default(), stop).await }
    });
    let exchange = format!("{prefix}.intake");
    let queue = format!("{prefix}.dept.{DEPARTMENT}");
    let value = steady(amqp, (&exchange, "report.bench"), &queue, count, start).await?;
    stop.cancel();
    routing.await?;
    house.close(relay).await?;
    database.remove(postgres).await?;
    let row =
        |name, share| Row::beside(name, percentile(value.clone(), share), "ms", percentile(raw.clone(), share), "<= 2");
    Ok(vec![row("latency at 50/s, distributed, p50", 0.5), row("latency at 50/s, distributed, p99", 0.99)])
}

/// Publishes 50 reports a second and consumes what comes out; milliseconds of each.
async fn steady(
    amqp: &str,
    (exchange, key): (&str, &str),
    to: &str,
    count: usize,
    start: Instant,
) -> anyhow::Result<Vec<f64>> {
    let (_in, publishing) = raw_rabbit::connect(amqp).await?;
    let (_out, consuming) = raw_rabbit::connect(amqp).await?;
    consuming.basic_qos(64, lapin::options::BasicQosOptions::default()).await?;
    let mut consumer = consuming
        .basic_consume(to.into(), "steady".into(), BasicConsumeOptions::default(), lapin::types::FieldTable::default())
        .await?;
    let consumed = tokio::spawn(async move {
        let mut millis = Vec::with_capacity(count);
        while millis.len() < count {
            let delivery = tokio::time::timeout(Duration::from_secs(60), consumer.next())
                .await
                .context("the department's queue fell silent")?
                .context("the department's queue went away")??;
            millis.extend(since(&delivery.data, start));
            delivery.acker.ack(BasicAckOptions::default()).await?;
        }
        anyhow::Ok(millis)
    });
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    for n in 0..count {
        ticks.tick().await;
        let (id, body) = event(n, start.elapsed().as_micros());
        raw_rabbit::publish(&publishing, exchange, key, &id, &body).await?.await?;
    }
    consumed.await?
}

/// The router of this build, on servers of its own.
struct House {
    part: Part,
    bus: Bus,
    topology: Topology,
    options: RabbitOptions,
}

impl House {
    async fn open(amqp: &str, database: &str, prefix: &str) -> anyhow::Result<Self> {
        let part = Part::new(database).await?;
        let options = RabbitOptions { url: amqp.to_owned(), prefix: prefix.to_owned(), ..RabbitOptions::default() };
        let topology = Topology::of(&part.city, prefix);
        topology.declare(&options).await?;
        let bus = Bus::rabbit(part.store.clone(), options.clone(), topology.queue_departments.clone());
        Ok(Self { part, bus, topology, options })
    }

    fn relay(&self) -> (CancellationToken, tokio::task::JoinHandle<()>) {
        let (bus, stop) = (self.bus.clone(), CancellationToken::new());
        let task = tokio::spawn({
            let stop = stop.clone();
            async move {
                bus.run_relay(stop).await;
            }
        });
        (stop, task)
    }

    async fn arrived(&self, channel: &lapin::Channel) -> anyhow::Result<usize> {
        let name = format!("{}.dept.{DEPARTMENT}", self.topology.prefix);
        let options = QueueDeclareOptions { passive: true, ..Default::default() };
        let queue = channel.queue_declare(name.as_str().into(), options, lapin::types::FieldTable::default()).await?;
        Ok(queue.message_count() as usize)
    }

    async fn close(self, (stop, task): (CancellationToken, tokio::task::JoinHandle<()>)) -> anyhow::Result<()> {
        stop.cancel();
        task.await?;
        self.topology.remove(&self.options).await?;
        self.part.store.close().await;
        Ok(())
    }
}

/// A database of the bench's own.
pub(super) struct Database {
    name: String,
    pub(super) url: String,
}

impl Database {
    pub(super) async fn make(server: &str) -> anyhow::Result<Self> {
        let name = format!("voordeur_bench_{:x}", rand::random::<u32>());
        let mut connection = sqlx::PgConnection::connect(server).await.context("PostgreSQL does not answer")?;
        connection.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await?;
        let (base, _) = server.rsplit_once('/').context("the PostgreSQL URL must name a database")?;
        Ok(Self { url: format!("{base}/{name}"), name })
    }

    pub(super) async fn remove(self, server: &str) -> anyhow::Result<()> {
        let mut connection = sqlx::PgConnection::connect(server).await?;
        connection.execute(sqlx::AssertSqlSafe(format!("DROP DATABASE {} WITH (FORCE)", self.name))).await?;
        Ok(())
    }
}
