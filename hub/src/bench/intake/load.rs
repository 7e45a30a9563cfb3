//! Who sends: as many as fit, or at a pace that does not wait for answers.

use anyhow::{Context as _, ensure};
use reqwest::{Client, Response, StatusCode, header::RETRY_AFTER};
use schemas::Uuid;
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// How long one waits for an answer. Whoever waits longer counts as one without an answer.
const PATIENCE: Duration = Duration::from_secs(15);
/// How many are on their way at most: each is two open files of this process.
const ON_THE_WAY: usize = 6_000;

/// What became of what was sent at a pace.
#[derive(Debug, Default)]
pub(super) struct Came {
    /// How many were sent.
    pub sent: usize,
    /// How long it took until the last one was answered.
    pub took: Duration,
    /// Answered 2xx: the report, and milliseconds.
    pub taken: Vec<(Uuid, f64)>,
    /// Answered 429 or 503 with a time to come again: milliseconds.
    pub again: Vec<f64>,
    /// Everything else, by what it was.
    pub odd: BTreeMap<String, usize>,
}

impl Came {
    pub(super) fn taken_millis(&self) -> Vec<f64> {
        self.taken.iter().map(|(_, millis)| *millis).collect()
    }
}

/// What became of one.
enum One {
    Taken(Uuid),
    Again,
    Odd(String),
}

/// Somebody who sends reports.
#[derive(Clone)]
pub(super) struct Sender {
    client: Client,
    base: String,
    photo: Arc<Vec<u8>>,
    next: Arc<AtomicUsize>,
}

impl Sender {
    pub(super) fn new(base: &str, photo: Arc<Vec<u8>>) -> anyhow::Result<Self> {
        let client = Client::builder().timeout(PATIENCE).no_proxy().build()?;
        Ok(Self { client, base: base.to_owned(), photo, next: Arc::new(AtomicUsize::new(0)) })
    }

    /// Sends `count`, so many at a time; how many were taken a second.
    pub(super) async fn all(&self, callers: usize, count: usize, photo: bool) -> anyhow::Result<f64> {
        let (begin, left) = (Instant::now(), Arc::new(AtomicUsize::new(count)));
        let mut running = JoinSet::new();
        for _ in 0..callers {
            let (sender, left) = (self.clone(), left.clone());
            let caller = async move {
                while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                    match sender.one(photo).await {
                        One::Taken(_) => {}
                        One::Again => anyhow::bail!("asked to come again with {callers} callers"),
                        One::Odd(what) => anyhow::bail!("a report was answered {what}"),
                    }
                }
                Ok(())
            };
            running.spawn(caller);
        }
        while let Some(done) = running.join_next().await {
            done??;
        }
        Ok(count as f64 / begin.elapsed().as_secs_f64())
    }

    /// Sends so many a second, whatever becomes of those before.
    pub(super) async fn at_pace(&self, per_second: f64, during: Duration, photo: bool) -> Came {
        let (mut came, mut running) = (Came::default(), JoinSet::new());
        let mut ticks = tokio::time::interval(Duration::from_millis(2));
        let begin = Instant::now();
        while begin.elapsed() < during {
            ticks.tick().await;
            let due = (begin.elapsed().as_secs_f64() * per_second) as usize;
            while came.sent < due && running.len() < ON_THE_WAY {
                came.sent += 1;
                let sender = self.clone();
                let one = async move {
                    let begin = Instant::now();
                    let one = sender.one(photo).await;
                    (one, begin.elapsed().as_secs_f64() * 1e3)
                };
                running.spawn(one);
            }
            while let Some(Ok((one, millis))) = running.try_join_next() {
                came.note(one, millis);
            }
        }
        while let Some(done) = running.join_next().await {
            match done {
                Ok((one, millis)) => came.note(one, millis),
                Err(error) => came.note(One::Odd(error.to_string()), 0.0),
            }
        }
        came.took = begin.elapsed();
        came
    }

    async fn one(&self, photo: bool) -> One {
        self.try_one(photo).await.unwrap_or_else(|error| One::Odd(format!("{:#}", error.root_cause())))
    }

    async fn try_one(&self, photo: bool) -> anyhow::Result<One> {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let mut photos = Vec::new();
        if photo {
            let call = self.client.post(format!("{}/api/v1/photos", self.base)).header("content-type", "image/jpeg");
            let answer = call.body(self.photo.as_ref().clone()).send().await?;
            match told(&answer) {
                Some(one) => return Ok(one),
                None => photos.push(id(answer).await?),
            }
        }
        let body = serde_json::json!({
            "category": "wegen/put", "kind": "report", "language": "nl", "photos": photos,
            "words": format!("{n} {}", "A paving stone is loose in front of the school. ".repeat(12)),
            "place": {"address": "Schoolstraat 12", "point": {"lat": 50.8279, "lon": 3.2649}},
        });
        let call = self.client.post(format!("{}/api/v1/reports", self.base)).header("content-type", "application/json");
        let answer = call.header("idempotency-key", format!("bench-{n}")).body(body.to_string()).send().await?;
        match told(&answer) {
            Some(one) => Ok(one),
            None => Ok(One::Taken(id(answer).await?)),
        }
    }
}

impl Came {
    fn note(&mut self, one: One, millis: f64) {
        match one {
            One::Taken(id) => self.taken.push((id, millis)),
            One::Again => self.again.push(millis),
            One::Odd(what) => *self.odd.entry(what).or_default() += 1,
        }
    }
}

/// What an answer says that is no 2xx.
fn told(answer: &Response) -> Option<One> {
    let status = answer.status();
    let again = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    if status.is_success() {
        None
    } else if again && answer.headers().contains_key(RETRY_AFTER) {
        Some(One::Again)
    } else {
        Some(One::Odd(status.to_string()))
    }
}

async fn id(answer: Response) -> anyhow::Result<Uuid> {
    let body: serde_json::Value = answer.json().await?;
    ensure!(body["test"].is_null(), "this was only a trial");
    Ok(body["id"].as_str().context("an answer has an id")?.parse()?)
}
