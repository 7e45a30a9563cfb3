//! One department is away for three days of a clock that the test moves, in one process; the others
//! do not notice, and when it is back what waited arrives once each, at the rate that it can take.

use hub::{Hub, Parts, cli::Role, config::Config};
use schemas::id::{Clock, Ids, from_micros};
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};
use store::{DeadFilter, Options, Store};
use tests::{
    department::Webhook,
    fleet::free_port,
    load::{self, Batch},
    town, wait,
};
use tokio_util::sync::CancellationToken;

const HOUR: i64 = 3_600_000_000;
const PATIENCE: Duration = Duration::from_secs(40);
/// What waits for the department that is away.
const WAITING: usize = 40;
/// How many a second it can take.
const PER_SECOND: usize = 10;

fn batch(name: &str, category: &str, count: usize) -> Batch {
    let (name, category) = (name.to_owned(), category.to_owned());
    Batch { name, count, callers: 4, category, told: false, patience: PATIENCE }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_department_that_is_away_for_three_days_keeps_nobody_else_waiting() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let stop = CancellationToken::new();
    let _stop = stop.clone().drop_guard();
    let away = free_port()?;
    let (there, there_url) = Webhook::listen(None, stop.clone()).await?;
    town::write(&dir.path().join("town"), &there_url)?;
    let file = dir.path().join("town/departments.yaml");
    let departments = std::fs::read_to_string(&file)?.replace(
        "delivery: sandbox",
        &format!(
            "delivery: {{webhook: {{url: \"http://127.0.0.1:{away}/work\", at_once: 4, per_second: {PER_SECOND}}}}}"
        ),
    );
    std::fs::write(&file, departments)?;
    // Nobody answers in this test. Whether and when a reminder goes out as well is told by `silence`.
    let file = dir.path().join("town/city.yaml");
    let city = std::fs::read_to_string(&file)?;
    std::fs::write(&file, format!("{city}\npatience: {{silent: 0}}\n"))?;

    let hands = Arc::new(AtomicI64::new(1_795_600_000_000_000));
    let read = hands.clone();
    let clock = Clock::new(move || from_micros(read.load(Ordering::SeqCst)));
    let url = format!("sqlite:{}", dir.path().join("hub.db").display());
    let options = Options { ids: Ids::new(clock.clone()), clock, publish_events: false };
    let store = Store::open(&url, options).await?;
    store.migrate().await?;
    let toml = town::Config { database: &url, broker: None, smtp: None }.toml(dir.path());
    let toml = format!("{toml}[departments.onthaal]\nsecret = {:?}\n", town::SECRET);
    let town = hub::city::read(Some(&dir.path().join("town")))?.good()?;
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let parts = Parts { town, store: store.clone(), roles: Role::ALL.to_vec(), listener: Some(listener) };
    let running = Hub::start(Config::read("test", &toml, &Default::default())?, parts).await?;
    let port = running.web.expect("the web role listens").port();

    load::over_http(&[port], &batch("away", "straat/sandbox", WAITING)).await?;
    let mut sent = 0;
    for day in 0..3 {
        for part in 0..4 {
            load::over_http(&[port], &batch(&format!("there-{day}-{part}"), "straat/hook", 5)).await?;
            sent += 5;
            // At once: no clock is moved while it waits.
            wait::until("the others' work to arrive", PATIENCE, || {
                let there = there.arrivals.distinct();
                async move { Ok((there == sent).then_some(())) }
            })
            .await?;
            hands.fetch_add(6 * HOUR, Ordering::SeqCst);
        }
    }
    let lanes = store.lanes().await?;
    let waiting: u64 =
        lanes.iter().filter(|lane| lane.lane.as_str() == "dept.onthaal").map(|lane| lane.ready + lane.delayed).sum();
    assert_eq!(waiting, WAITING as u64, "all wait, none is given up after three days: {lanes:?}");
    assert!(store.dead(DeadFilter::default()).await?.is_empty());

    // Back. The clock moves on so that every pause ends; only the rate holds what waited.
    let (back, _) = Webhook::listen_on(away, None, stop.clone()).await?;
    let (mut counts, begin) = (Vec::new(), Instant::now());
    while back.arrivals.distinct() < WAITING {
        anyhow::ensure!(begin.elapsed() < PATIENCE, "{} of {WAITING} arrived", back.arrivals.distinct());
        hands.fetch_add(HOUR / 60, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(50)).await;
        counts.push((Instant::now(), back.arrivals.distinct()));
    }
    for (at, count) in &counts {
        let after = counts.iter().take_while(|(other, _)| *other <= *at + Duration::from_secs(1)).last();
        let within = after.map_or(0, |(_, later)| later.saturating_sub(*count));
        // A second's worth may have gathered, and one more comes in the second.
        assert!(within <= 2 * PER_SECOND + 2, "{within} within one second");
    }
    let first = counts.iter().find(|(_, count)| *count > 0).map(|(at, _)| *at).expect("some arrived");
    let took = counts.last().expect("some arrived").0 - first;
    assert!(took > Duration::from_millis(1_500), "{WAITING} came within {took:?}: faster than {PER_SECOND} a second");
    assert_eq!((back.arrivals.repeats(), there.arrivals.repeats()), (0, 0), "each once");
    running.stop().await
}
