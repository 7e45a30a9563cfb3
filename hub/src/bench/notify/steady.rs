//! A steady pace: 200 events a second, each stored durably and told at once, four of five by mail and the fifth by
//! text message. How long until the other side has the message, and what the process weighs meanwhile.

use super::{
    ground::{Ground, mail_to, texts_to},
    sinks::Sink,
};
use crate::bench::{Row, memory, percentile};
use anyhow::ensure;
use schemas::report::Tell;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::{task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

/// Events per second.
const PER_SECOND: u64 = 200;
/// Within this, an event should be in the other side's hands.
const SOON: Duration = Duration::from_secs(10);
/// After the last event, what has not left by then does not count as handed over.
const PATIENCE: Duration = Duration::from_secs(60);

/// What of `seconds` of events was handed over, how soon, and at what weight.
pub async fn rows(seconds: u64) -> anyhow::Result<Vec<Row>> {
    let sink = Sink::with_times();
    let ground = Ground::open(&json!({
        "mail": mail_to(&sink, 4).await?, "sms": [texts_to(&sink, 4).await?],
        "http": {"private_networks": ["127.0.0.1"]},
    }))
    .await?;
    let count = usize::try_from(seconds * PER_SECOND)?;
    let references = ground.store.references(count).await?;
    let stop = CancellationToken::new();
    let tasks = [ground.plan(&stop).await?, ground.send("mail", &stop).await?, ground.send("sms", &stop).await?];
    let weighing = tokio::spawn(memory::peak_until(stop.clone()));

    let mut ticks = tokio::time::interval(Duration::from_micros(1_000_000 / PER_SECOND));
    let (mut began, mut storing) = (Vec::with_capacity(count), JoinSet::new());
    for (n, reference) in references.into_iter().enumerate() {
        ticks.tick().await;
        began.push(Instant::now());
        let report = ground.report(n, reference, if n % 5 == 4 { Tell::Sms } else { Tell::Email });
        let store = ground.store.clone();
        // The pace does not wait for the disk.
        storing.spawn(async move { store.accept(report).await });
    }
    while let Some(stored) = storing.join_next().await {
        stored??;
    }
    let all_left = timeout(PATIENCE, sink.wait_for(count)).await.is_ok();
    stop.cancel();
    for task in tasks {
        task.await?;
    }
    let weight = weighing.await?;
    let times = sink.times();
    ensure!(!all_left || ground.sent().await? == count, "not every message was recorded");
    ground.close().await;

    let since = |(n, when): &(usize, Instant)| began.get(*n).map(|began| when.duration_since(*began));
    let took: Vec<Duration> = times.iter().filter_map(since).collect();
    let soon = took.iter().filter(|took| **took <= SOON).count() as f64 / count as f64 * 100.0;
    let millis: Vec<f64> = took.iter().map(|took| took.as_secs_f64() * 1e3).collect();
    let mut rows = vec![
        Row::alone("notify, 200/s: handed over within 10 s", soon, "%", ">= 99"),
        Row::alone("notify, 200/s: until handed over, p50", percentile(millis.clone(), 0.5), "ms", ""),
        Row::alone("notify, 200/s: until handed over, p99", percentile(millis, 0.99), "ms", ""),
    ];
    rows.extend(
        weight.map(|weight| Row::alone("notify, 200/s: memory, load and sinks included", weight, "MB", "< 256")),
    );
    Ok(rows)
}
