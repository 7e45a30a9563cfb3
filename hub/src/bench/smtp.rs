//! Mails over one connection to a local sink: the raw limit sends one ready mail again and again,
//! this build renders, sends and records notices that are planned already.

use super::{
    Row, Run, median,
    notify::{
        ground::{Ground, mail_to},
        mails_raw,
        sinks::Sink,
    },
};
use anyhow::ensure;
use schemas::report::Tell;
use serde_json::json;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Mails per second over one connection.
pub async fn rows(quick: bool) -> anyhow::Result<Vec<Row>> {
    let (count, rounds) = if quick { (1_000, 1) } else { (5_000, 3) };
    let (mut value, mut raw) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        raw.push(mails_raw(count, 1).await?);
        value.push(product(count).await?);
    }
    Ok(vec![Row::beside("smtp, one connection", median(value), "mails/s", median(raw), ">= 0.5")])
}

async fn product(count: usize) -> anyhow::Result<f64> {
    let sink = Sink::default();
    let ground = Ground::open(&json!({"mail": mail_to(&sink, 1).await?})).await?;
    ground.fill(count, Tell::Email).await?;
    let planning = CancellationToken::new();
    let planner = ground.plan(&planning).await?;
    while ground.store.count().await?.notices.values().sum::<u64>() < count as u64 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    planning.cancel();
    planner.await?;

    let stop = CancellationToken::new();
    let run = Run::start();
    let sending = ground.send("mail", &stop).await?;
    sink.wait_for(count).await;
    stop.cancel();
    sending.await?;
    let run = run.end(count);
    ensure!(ground.sent().await? == count, "not every mail was recorded");
    ground.close().await;
    Ok(run.rate)
}
