//! Whoever merges is killed in the middle, and so is the hub, while reports come in: each pair is one wholly, or not at all;
//! done once more, each is merged once.

use super::{patience, size};
use rand::Rng as _;
use std::{path::Path, time::Duration};
use tests::{
    fleet::{Fleet, free_port},
    load::{self, Batch},
    town, wait,
};

async fn count(path: &Path, sql: &'static str) -> anyhow::Result<i64> {
    use sqlx::{ConnectOptions as _, sqlite::SqliteConnectOptions};
    let mut db = SqliteConnectOptions::new().filename(path).read_only(true).connect().await?;
    Ok(sqlx::query_scalar(sql).fetch_one(&mut db).await?)
}

const DUPLICATES: &str = "SELECT count(*) FROM cases WHERE status = 'duplicate'";
const ROWS: &str = "SELECT count(*) FROM merged";
const EVENTS: &str = "SELECT count(*) FROM event WHERE what = 'merged'";
const AUDIT: &str = "SELECT count(*) FROM audit WHERE deed = 'cases.merge'";
/// Work of a duplicate: the first dispatch, and its withdrawal.
const WITHDRAWN: &str =
    "SELECT count(*) FROM (SELECT case_id FROM dispatch WHERE case_id IN (SELECT case_id FROM merged)
    GROUP BY case_id HAVING count(*) = 2) AS each_twice";

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_merge_is_none_or_whole() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    town::write(&dir.path().join("town"), "http://127.0.0.1:9/nowhere")?;
    let file = dir.path().join("hub.db");
    let url = format!("sqlite:{}", file.display());
    let config = town::Config { database: &url, broker: None, smtp: None };
    let mut fleet = Fleet::new(dir.path(), &config.toml(dir.path()))?;
    let port = free_port()?;
    fleet.start("hub", "web,router,notifier,adapters", port)?;
    fleet.ready(port).await?;
    let pairs = size(8, 60);
    let batch = |name: &str, count: usize| Batch {
        name: name.to_owned(),
        count,
        callers: 4,
        category: "straat/queue".to_owned(),
        told: true,
        patience: patience(),
    };
    let known = load::over_http(&[port], &batch("known", 2 * pairs)).await?;
    let known: Vec<String> = known.into_iter().collect();
    let decided = i64::try_from(2 * pairs)?;
    wait::until("every case", patience(), || async {
        Ok((count(&file, "SELECT count(*) FROM cases WHERE status = 'routed'").await? == decided).then_some(()))
    })
    .await?;
    // Reports go on coming in meanwhile.
    let more = batch("more", size(300, 5_000));
    let load = tokio::spawn(async move { load::over_http(&[port], &more).await });
    for (n, pair) in known.chunks(2).enumerate() {
        let args = ["cases", "merge", pair[0].as_str(), "--into", pair[1].as_str(), "--by", "An"];
        let mut child = fleet.begin(&format!("merge-{n}"), &args)?.spawn()?;
        let pause = rand::rng().random_range(0..120);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        child.kill().await?;
        if n % 4 == 3 {
            fleet.kill("hub")?;
            fleet.restart("hub")?;
        }
    }
    load.await??;
    fleet.ready(port).await?;
    let whole = count(&file, DUPLICATES).await?;
    for (sql, what) in [(ROWS, "rows"), (EVENTS, "events"), (AUDIT, "entries of the audit")] {
        assert_eq!(count(&file, sql).await?, whole, "{what}: some of a merge was kept");
    }
    // Once more, and once more.
    for _ in 0..2 {
        for pair in known.chunks(2) {
            fleet.run(&["cases", "merge", &pair[0], "--into", &pair[1], "--by", "An"])?;
        }
    }
    let all = i64::try_from(pairs)?;
    for (sql, what) in [(DUPLICATES, "cases"), (ROWS, "rows"), (EVENTS, "events"), (AUDIT, "entries of the audit")] {
        assert_eq!(count(&file, sql).await?, all, "{what}");
    }
    wait::until("every department to hear of it", patience(), || async {
        Ok((count(&file, WITHDRAWN).await? == all).then_some(()))
    })
    .await?;
    wait::until("every reporter to hear of it", patience(), || async {
        let told = count(&file, "SELECT count(*) FROM notice WHERE template = 'merged' AND state = 'sent'").await?;
        Ok((told == all).then_some(()))
    })
    .await?;
    fleet.stop("hub").await
}
