//! Reports over HTTP, without and with a photo: how many a second, how fast at an easy pace, and what becomes of four
//! times as many as fit.
//!
//! [`load`] is who sends, [`raw`] what the machine could do at most. Only the door is open: nobody decides or tells
//! meanwhile. Half of the cores are the hub's and the raw loops', half the senders'.

mod load;
mod raw;

use super::{Row, cores::Cores, percentile, routed::Database};
use crate::{city, config::Config};
use bus::{Bus, BusOptions};
use load::{Came, Sender};
use std::{sync::Arc, time::Duration};
use store::Store;
use tokio::{net::TcpListener, runtime::Handle};
use tokio_util::sync::CancellationToken;

/// How many send at once when it is measured how many fit.
const CALLERS: usize = 64;
/// How many of those with photos.
const PHOTO_CALLERS: usize = 8;
/// How many times more are sent than fit.
const TOO_MANY: f64 = 4.0;

/// What the figures are called.
struct Names {
    plain: &'static str,
    photo: &'static str,
    p50: &'static str,
    p99: &'static str,
    over: [&'static str; 7],
    over_photo: [&'static str; 7],
}

/// What the seven figures of an overload should be, and in what they are.
const OVER: [(&str, &str); 7] =
    [("/s", ""), ("/s", ">= 0.5"), ("/s", ""), ("ms", "<= 1000"), ("ms", "<= 1000"), ("", "0"), ("", "0")];

macro_rules! over {
    ($what:literal, $on:literal) => {
        [
            concat!($what, " at 4 times that, ", $on, ": sent"),
            concat!($what, " at 4 times that, ", $on, ": taken (2xx)"),
            concat!($what, " at 4 times that, ", $on, ": asked to come again"),
            concat!($what, " at 4 times that, ", $on, ": taken, p99"),
            concat!($what, " at 4 times that, ", $on, ": asked to come again, p99"),
            concat!($what, " at 4 times that, ", $on, ": anything else, or no answer"),
            concat!($what, " at 4 times that, ", $on, ": taken and not there"),
        ]
    };
}

macro_rules! names {
    ($on:literal) => {
        Names {
            plain: concat!("intake over HTTP, ", $on),
            photo: concat!("intake with a photo, ", $on),
            p50: concat!("intake at half of that, ", $on, ": p50"),
            p99: concat!("intake at half of that, ", $on, ": p99"),
            over: over!("intake", $on),
            over_photo: over!("photos", $on),
        }
    };
}

static SQLITE: Names = names!("SQLite");
static POSTGRES: Names = names!("PostgreSQL");

/// Every figure; those on PostgreSQL where a server is named.
pub(super) async fn rows(quick: bool, postgres: Option<&str>) -> anyhow::Result<Vec<Row>> {
    let [ours, theirs] = Cores::halves();
    let (hub, senders) = (ours.threads("hub")?, theirs.threads("senders")?);
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("raw.db");
    let count = if quick { 3_000 } else { 30_000 };
    let commits = hub.handle.spawn_blocking(move || raw::group_commit(&file, CALLERS, count)).await??;
    let photo = Arc::new(raw::photo()?);
    let (bytes, photos) = (photo.clone(), if quick { 20 } else { 200 });
    let at_once = Config::default().photos.at_once;
    let remade = hub.handle.spawn_blocking(move || raw::remake(&bytes, at_once, photos)).await??;
    let url = format!("sqlite:{}", dir.path().join("hub.db").display());
    let measured = at(&SQLITE, url, quick, (Some(commits), remade), photo.clone(), hub.handle.clone());
    let mut rows = senders.handle.spawn(measured).await??;
    if let Some(server) = postgres {
        let database = Database::make(server).await?;
        let measured = at(&POSTGRES, database.url.clone(), quick, (None, remade), photo, hub.handle.clone());
        rows.extend(senders.handle.spawn(measured).await??);
        database.remove(server).await?;
    }
    Ok(rows)
}

/// A door on a database of its own.
struct Door {
    store: Store,
    sender: Sender,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Door {
    async fn open(url: &str, photo: Arc<Vec<u8>>) -> anyhow::Result<Self> {
        let clock = crate::clock::real();
        let ids = crate::clock::ids(&clock);
        let store = Store::open(url, store::Options { clock, ids, publish_events: false }).await?;
        store.migrate().await?;
        let town = city::read(None)?.good()?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", listener.local_addr()?);
        let mut config = web::WebConfig::new(address.parse()?);
        config.rate = web::Rate::OFF;
        config.intake.photos = Config::default().photos.desk()?;
        let bus = Bus::table(store.clone(), BusOptions::default());
        let site = web::Site { store: store.clone(), bus, city: town.city, likely: None, config };
        let stop = CancellationToken::new();
        let task = tokio::spawn(web::serve_apart(listener, web::door(site), stop.clone()));
        Ok(Self { store, sender: Sender::new(&address, photo)?, stop, task })
    }

    async fn close(self) -> anyhow::Result<()> {
        drop(self.sender);
        self.stop.cancel();
        self.task.await??;
        self.store.close().await;
        Ok(())
    }
}

/// Measures a door that `hub` keeps; whoever calls this is who sends.
async fn at(
    names: &'static Names,
    url: String,
    quick: bool,
    (commits, remade): (Option<f64>, f64),
    photo: Arc<Vec<u8>>,
    hub: Handle,
) -> anyhow::Result<Vec<Row>> {
    let door = hub.spawn(async move { Door::open(&url, photo).await }).await??;
    let sender = &door.sender;
    let (count, with_photo) = if quick { (2_000, 40) } else { (20_000, 400) };
    let seconds = Duration::from_secs(if quick { 2 } else { 10 });
    sender.all(CALLERS, CALLERS * 4, false).await?;
    let fits = sender.all(CALLERS, count, false).await?;
    let fits_with_photo = sender.all(PHOTO_CALLERS, with_photo, true).await?;
    let mut rows = vec![
        match commits {
            Some(commits) => Row::beside(names.plain, fits, "reports/s", commits, ">= 0.6"),
            None => Row::alone(names.plain, fits, "reports/s", ""),
        },
        Row::beside(names.photo, fits_with_photo, "reports/s", remade, ">= 0.7"),
    ];
    let easy = sender.at_pace(fits / 2.0, seconds, false).await;
    rows.push(Row::alone(names.p50, percentile(easy.taken_millis(), 0.5), "ms", ""));
    rows.push(Row::alone(names.p99, percentile(easy.taken_millis(), 0.99), "ms", ""));
    for (names, fits, photo) in [(&names.over, fits, false), (&names.over_photo, fits_with_photo, true)] {
        let came = sender.at_pace(TOO_MANY * fits, seconds, photo).await;
        rows.extend(over(names, fits, &came, missing(&door.store, &came).await?));
    }
    door.close().await?;
    Ok(rows)
}

/// The figures of an overload, beside what fits.
fn over(names: &[&'static str; 7], fits: f64, came: &Came, missing: usize) -> Vec<Row> {
    let per_second = |count: usize| count as f64 / came.took.as_secs_f64();
    let values = [
        per_second(came.sent),
        per_second(came.taken.len()),
        per_second(came.again.len()),
        percentile(came.taken_millis(), 0.99),
        percentile(came.again.clone(), 0.99),
        came.odd.values().sum::<usize>() as f64,
        missing as f64,
    ];
    if !came.odd.is_empty() {
        eprintln!("Neither taken nor asked to come again: {:?}", came.odd);
    }
    let mut rows: Vec<Row> = (0..7).map(|n| Row::alone(names[n], values[n], OVER[n].0, OVER[n].1)).collect();
    rows[1] = Row::beside(names[1], values[1], OVER[1].0, fits, OVER[1].1);
    // Where nobody had to come again there is no time to tell.
    rows.retain(|row| !row.value.is_nan());
    rows
}

/// How many were answered for and are not in the store.
async fn missing(store: &Store, came: &Came) -> anyhow::Result<usize> {
    let mut missing = 0;
    for chunk in came.taken.chunks(256) {
        let ids: Vec<_> = chunk.iter().map(|(id, _)| *id).collect();
        missing += ids.len() - store.reports_by_ids(&ids).await?.len();
    }
    Ok(missing)
}
