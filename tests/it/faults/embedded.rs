//! One process, one SQLite file: killed again and again while it takes reports.

use super::{patience, size};
use rand::Rng as _;
use std::{
    collections::HashSet,
    path::Path,
    time::{Duration, Instant},
};
use tests::{
    fleet::{Fleet, free_port},
    load::{self, Batch},
    town, wait,
};

pub(super) async fn count(path: &Path, sql: &'static str) -> anyhow::Result<i64> {
    use sqlx::{ConnectOptions as _, sqlite::SqliteConnectOptions};
    let mut db = SqliteConnectOptions::new().filename(path).read_only(true).connect().await?;
    Ok(sqlx::query_scalar(sql).fetch_one(&mut db).await?)
}

/// The department with a queue, in embedded mode: it fetches its work over HTTP, and acknowledges.
async fn fetch(port: u16, arrived: &mut HashSet<String>) -> anyhow::Result<()> {
    let client = load::client()?;
    let base = format!("http://127.0.0.1:{port}/api/v1/departments/wachtrij/work");
    let answer = client.get(format!("{base}?max=100&wait=1")).bearer_auth(town::TOKEN).send().await?;
    let work: serde_json::Value = answer.error_for_status()?.json().await?;
    let ids: Vec<String> = work["work"]
        .as_array()
        .map(|work| work.iter().filter_map(|w| w["id"].as_str().map(str::to_owned)).collect())
        .unwrap_or_default();
    if !ids.is_empty() {
        let body = serde_json::json!({"ids": ids});
        client.post(format!("{base}/ack")).bearer_auth(town::TOKEN).json(&body).send().await?.error_for_status()?;
    }
    arrived.extend(ids);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_hub_loses_nothing_and_doubles_nothing() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    town::write(&dir.path().join("town"), "http://127.0.0.1:9/nowhere")?;
    let file = dir.path().join("hub.db");
    let url = format!("sqlite:{}", file.display());
    let config = town::Config { database: &url, broker: None, smtp: None };
    let mut fleet = Fleet::new(dir.path(), &config.toml(dir.path()))?;
    let port = free_port()?;
    fleet.start("hub", "web,router,notifier,adapters", port)?;
    fleet.ready(port).await?;

    let count_each = size(600, 20_000);
    let batch = |name: &str, category: &str, told| Batch {
        name: name.to_owned(),
        count: count_each,
        callers: 8,
        category: category.to_owned(),
        told,
        patience: patience(),
    };
    let mut senders = tokio::task::JoinSet::new();
    for batch in [batch("queue", "straat/queue", true), batch("sandbox", "straat/sandbox", true)] {
        senders.spawn(async move { load::over_http(&[port], &batch).await });
    }
    for _ in 0..size(8, 20) {
        let pause = rand::rng().random_range(100..700);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        fleet.kill("hub")?;
        fleet.restart("hub")?;
    }
    let mut references = HashSet::new();
    while let Some(sent) = senders.join_next().await {
        references.extend(sent??);
    }
    assert_eq!(references.len(), 2 * count_each, "every accepted report has a reference of its own");
    fleet.ready(port).await?;

    let mut arrived = HashSet::new();
    let start = Instant::now();
    while arrived.len() < count_each {
        anyhow::ensure!(start.elapsed() < patience(), "only {} of {count_each} were to be fetched", arrived.len());
        fetch(port, &mut arrived).await?;
    }
    let total = i64::try_from(2 * count_each)?;
    wait::until("every letter to find its reader", patience(), || {
        let file = file.clone();
        async move {
            let open = count(&file, "SELECT count(*) FROM letter WHERE buried_at IS NULL AND lane NOT LIKE 'updates%'")
                .await?;
            let cases = count(&file, "SELECT count(*) FROM cases").await?;
            let solved = count(&file, "SELECT count(*) FROM cases WHERE status = 'solved'").await?;
            Ok((open == 0 && cases == total && solved == total / 2).then_some(()))
        }
    })
    .await?;
    assert_eq!(count(&file, "SELECT count(*) FROM report").await?, total, "reports");
    assert_eq!(count(&file, "SELECT count(*) FROM dispatch").await?, total, "one dispatch per case");
    assert_eq!(arrived.len(), count_each, "the department has each of its dispatches");
    assert_eq!(
        count(&file, "SELECT count(*) FROM (SELECT DISTINCT event_id, person, sender FROM notice)").await?,
        count(&file, "SELECT count(*) FROM notice").await?,
        "no notice is planned twice"
    );
    assert_eq!(
        count(&file, "SELECT count(*) FROM event WHERE what IN ('received', 'routed')").await?,
        2 * total,
        "each report is received once and routed once"
    );
    assert_eq!(
        count(&file, "SELECT count(*) FROM letterbox").await?,
        count(&file, "SELECT count(*) FROM notice WHERE state = 'sent'").await?,
        "every notice that was sent is in the letterbox once"
    );
    fleet.stop("hub").await?;
    Ok(())
}
