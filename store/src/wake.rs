//! Waking readers: a [`Notify`] per lane in the process, LISTEN/NOTIFY between processes on
//! PostgreSQL. A lost wake-up costs one poll, never a letter.

use crate::{Store, db::args, sql::sql, store::locked};
use schemas::letter::Lane;
use sqlx::postgres::{PgListener, PgPool};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    sync::{Notify, mpsc},
    task::JoinHandle,
};

/// The channel of NOTIFY; the payload is a lane.
const CHANNEL: &str = "voordeur_lane";

sql! {
    postgres NOTIFY = "SELECT pg_notify('voordeur_lane', value ->> 'lane') FROM json_each($1)";
    both NEXT = "SELECT CAST(min(ready_at) AS bigint) FROM letter
        WHERE lane = $1 AND buried_at IS NULL AND ready_at > $2";
}

type Lanes = Arc<Mutex<BTreeMap<Lane, Arc<Notify>>>>;

/// Wakes the readers of lanes.
pub(crate) struct Wake {
    lanes: Lanes,
    others: Option<mpsc::UnboundedSender<Lane>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Wake {
    /// Within this process.
    pub(crate) fn local() -> Self {
        Self { lanes: Lanes::default(), others: None, tasks: Vec::new() }
    }

    /// Within this process and every other on the same PostgreSQL.
    pub(crate) fn everywhere(pool: PgPool) -> Self {
        let lanes = Lanes::default();
        let (others, told) = mpsc::unbounded_channel();
        let tasks = vec![tokio::spawn(tell(pool.clone(), told)), tokio::spawn(listen(pool, lanes.clone()))];
        Self { lanes, others: Some(others), tasks }
    }

    /// Wakes one reader of each lane, here and elsewhere.
    pub(crate) fn lanes(&self, lanes: BTreeSet<Lane>) {
        for lane in lanes {
            self.notify(&lane).notify_one();
            if let Some(others) = &self.others {
                // Only after `stop`, when nobody is left to be told.
                _ = others.send(lane);
            }
        }
    }

    /// Wakes one reader of a lane in this process: there is more than the last one took.
    pub(crate) fn more(&self, lane: &Lane) {
        self.notify(lane).notify_one();
    }

    /// Wakes one reader of every lane in this process.
    pub(crate) fn all(&self) {
        wake_all(&self.lanes);
    }

    /// Ends the background tasks.
    pub(crate) fn stop(&self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }

    fn notify(&self, lane: &Lane) -> Arc<Notify> {
        let mut lanes = locked(&self.lanes);
        match lanes.get(lane) {
            Some(notify) => notify.clone(),
            None => lanes.entry(lane.clone()).or_default().clone(),
        }
    }
}

impl Drop for Wake {
    fn drop(&mut self) {
        self.stop();
    }
}

fn wake_all(lanes: &Lanes) {
    locked(lanes).values().for_each(|notify| {
        notify.notify_waiters();
        notify.notify_one();
    });
}

/// Tells the other processes, outside every transaction: a NOTIFY inside one would make all
/// commits of the database wait for each other.
async fn tell(pool: PgPool, mut told: mpsc::UnboundedReceiver<Lane>) {
    let mut lanes = Vec::new();
    while told.recv_many(&mut lanes, 1024).await > 0 {
        let unique: BTreeSet<Lane> = lanes.drain(..).collect();
        let payload: Vec<_> = unique.iter().map(|lane| serde_json::json!({ "lane": lane })).collect();
        let payload = serde_json::Value::Array(payload).to_string();
        if let Err(error) = sqlx::query(NOTIFY).bind(payload).execute(&pool).await {
            tracing::debug!(%error, "other processes were not woken; they will poll");
        }
    }
}

/// Hears the other processes; reconnects for ever.
async fn listen(pool: PgPool, lanes: Lanes) {
    loop {
        match PgListener::connect_with(&pool).await {
            Ok(mut listener) => {
                if listener.listen(CHANNEL).await.is_ok() {
                    // What was said before we listened, nobody heard.
                    wake_all(&lanes);
                    while let Ok(Some(heard)) = listener.try_recv().await {
                        if let Some(notify) = locked(&lanes).get(&Lane::new(heard.payload())) {
                            notify.notify_one();
                        }
                    }
                    wake_all(&lanes);
                }
            }
            Err(error) => tracing::debug!(%error, "cannot listen for wake-ups; polling"),
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

impl Store {
    /// Returns when `lane` may have something ready: somebody posted to it, a letter's time came,
    /// or `at_most` passed. One waiter is woken per post; [`Store::take`] wakes the next when it
    /// leaves something behind.
    pub async fn wait(&self, lane: &Lane, at_most: Duration) {
        let notify = self.inner.wake.notify(lane);
        let now = self.clock().now();
        let next = match self.inner.db.ordered::<(Option<i64>,)>(NEXT, args![lane.as_str(), now]).await {
            Ok(rows) => rows.first().and_then(|(next,)| *next).map(schemas::id::from_micros),
            Err(_) => None,
        };
        let next = [next, self.inner.claims.next(lane)].into_iter().flatten().min();
        let until = next.map_or(at_most, |next| {
            // One millisecond more, so that it has come when we look.
            Duration::try_from(next.duration_since(now)).unwrap_or_default().min(at_most) + Duration::from_millis(1)
        });
        _ = tokio::time::timeout(until, notify.notified()).await;
    }

    /// Wakes everybody who waits, for instance after a test moved its clock.
    pub fn wake_all(&self) {
        self.inner.wake.all();
    }
}
