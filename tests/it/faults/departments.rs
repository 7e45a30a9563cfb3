//! Departments as processes of their own that count what arrives, while the hub is killed in the
//! middle of dispatches.

use super::{patience, size};
use rand::Rng as _;
use std::{path::Path, time::Duration};
use tests::{
    fleet::{Fleet, free_port},
    load::{self, Batch},
    played::Played,
    town, wait,
};

pub async fn ids(path: &Path, sql: &'static str) -> anyhow::Result<Vec<String>> {
    use sqlx::{ConnectOptions as _, sqlite::SqliteConnectOptions};
    let mut db = SqliteConnectOptions::new().filename(path).read_only(true).connect().await?;
    Ok(sqlx::query_scalar(sql).fetch_all(&mut db).await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_killed_in_the_middle_of_dispatches_doubles_no_case_at_a_department() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let hook = free_port()?;
    town::write(&dir.path().join("town"), &format!("http://127.0.0.1:{hook}/in"))?;
    // All at once: tried one after the other, each would be the first try that opens the breaker again.
    let departments = dir.path().join("town/departments.yaml");
    let yaml = std::fs::read_to_string(&departments)?.replace("/in\"}", "/in\", at_once: 64}");
    std::fs::write(&departments, yaml)?;
    let file = dir.path().join("hub.db");
    let url = format!("sqlite:{}", file.display());
    let config = town::Config { database: &url, broker: None, smtp: None };
    let port = free_port()?;
    let listen = format!("rate_per_minute = 0\nlisten = \"127.0.0.1:{port}\"");
    let mut fleet = Fleet::new(dir.path(), &config.toml(dir.path()).replace("rate_per_minute = 0", &listen))?;
    fleet.start("hub", "web,router,notifier,adapters", port)?;
    fleet.ready(port).await?;
    // One keeps each piece of work and does not say so the first time; one fetches and says all twice.
    let webhook = Played::simulate(&fleet, "webdienst", &["--behaviour", "timeout-after-accept"]).await?;
    let queue = Played::simulate(&fleet, "wachtrij", &["--behaviour", "duplicate-updates"]).await?;

    let batch = |name: &str, category: &str, count| Batch {
        name: name.to_owned(),
        count,
        callers: 4,
        category: category.to_owned(),
        told: false,
        patience: patience(),
    };
    let (hooks, queues) = (size(24, 400), size(60, 1_000));
    let mut senders = tokio::task::JoinSet::new();
    for batch in [batch("hook", "straat/hook", hooks), batch("queue", "straat/queue", queues)] {
        senders.spawn(async move { load::over_http(&[port], &batch).await });
    }
    for _ in 0..size(6, 20) {
        let pause = rand::rng().random_range(200..900);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        fleet.kill("hub")?;
        fleet.restart("hub")?;
    }
    while let Some(sent) = senders.join_next().await {
        sent??;
    }
    let total = hooks + queues;
    wait::until("every case to be solved", patience(), || {
        let file = file.clone();
        async move { Ok((ids(&file, "SELECT id FROM cases WHERE status = 'solved'").await?.len() == total).then_some(())) }
    })
    .await?;
    for (department, count, played, sql) in [
        ("webdienst", hooks, &webhook, "SELECT id FROM dispatch WHERE department = 'webdienst' ORDER BY id"),
        ("wachtrij", queues, &queue, "SELECT id FROM dispatch WHERE department = 'wachtrij' ORDER BY id"),
    ] {
        let arrived = played.arrivals();
        let written = ids(&file, sql).await?;
        assert_eq!(written.len(), count, "{department}: one dispatch per report");
        let mut there: Vec<String> = arrived.keys().cloned().collect();
        there.sort();
        assert_eq!(there, written, "{department}: what was written arrived, and nothing else");
        assert!(arrived.values().all(|(_, taken)| *taken == 1), "{department}: a repeat carries the same id");
        let repeats: usize = arrived.values().map(|(times, _)| times - 1).sum();
        println!("{department}: {count} dispatches, {repeats} came again under the same id");
    }
    // What was done before it was known to have arrived is handed over again all the same.
    wait::until("each to be sent again after the silence", patience(), || {
        let again = webhook.arrivals().values().all(|(times, taken)| *times > 1 && *taken == 1);
        async move { Ok(again.then_some(())) }
    })
    .await?;
    let events = ids(&file, "SELECT case_id FROM event WHERE what = 'solved'").await?;
    assert_eq!(events.len(), total, "each case is solved once, however often that was said");
    let dead = ids(&file, "SELECT id FROM letter WHERE buried_at IS NOT NULL").await?;
    assert_eq!(dead, Vec::<String>::new(), "dead letters");
    fleet.stop("hub").await
}

/// One takes each piece of work with 200 and is never heard of again; one behind a webhook and one that
/// fetches say the last thing first, while the hub is killed.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_late_or_never_neither_undoes_nor_holds_up_a_case() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let (hook, liar) = (free_port()?, free_port()?);
    town::write(&dir.path().join("town"), &format!("http://127.0.0.1:{hook}/in"))?;
    let file = dir.path().join("town/departments.yaml");
    let lies = format!("delivery: {{webhook: {{url: \"http://127.0.0.1:{liar}/in\"}}}}");
    std::fs::write(&file, std::fs::read_to_string(&file)?.replace("delivery: sandbox", &lies))?;
    let file = dir.path().join("hub.db");
    let url = format!("sqlite:{}", file.display());
    let config = town::Config { database: &url, broker: None, smtp: None };
    let port = free_port()?;
    let listen = format!("rate_per_minute = 0\nlisten = \"127.0.0.1:{port}\"");
    let toml = config.toml(dir.path()).replace("rate_per_minute = 0", &listen);
    let mut fleet = Fleet::new(dir.path(), &format!("{toml}[departments.onthaal]\nsecret = {:?}\n", town::SECRET))?;
    fleet.start("hub", "web,router,notifier,adapters", port)?;
    fleet.ready(port).await?;
    let webhook = Played::simulate(&fleet, "webdienst", &["--behaviour", "out-of-order"]).await?;
    let queue = Played::simulate(&fleet, "wachtrij", &["--behaviour", "out-of-order"]).await?;
    let silent = Played::simulate(&fleet, "onthaal", &["--behaviour", "silent"]).await?;

    let each = size(40, 400);
    let mut senders = tokio::task::JoinSet::new();
    for category in ["straat/hook", "straat/queue", "straat/sandbox"] {
        let (name, category) = (category.replace('/', "-"), category.to_owned());
        let batch = Batch { name, count: each, callers: 2, category, told: false, patience: patience() };
        senders.spawn(async move { load::over_http(&[port], &batch).await });
    }
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(rand::rng().random_range(200..900))).await;
        fleet.kill("hub")?;
        fleet.restart("hub")?;
    }
    while let Some(sent) = senders.join_next().await {
        sent??;
    }
    fleet.ready(port).await?;
    // "Accepted" and "planned" come after "solved", and say that they are older.
    wait::until("everything that came late to be noted", patience(), || {
        let (file, late) = (file.clone(), "SELECT id FROM event WHERE what = 'outdated'");
        async move { Ok((ids(&file, late).await?.len() == 4 * each).then_some(())) }
    })
    .await?;
    wait::until("the silent one to have everything", patience(), || {
        let (file, taken) =
            (file.clone(), "SELECT id FROM dispatch WHERE department = 'onthaal' AND state = 'delivered'");
        async move { Ok((ids(&file, taken).await?.len() == each).then_some(())) }
    })
    .await?;
    for (played, department) in [(&webhook, "webdienst"), (&queue, "wachtrij"), (&silent, "onthaal")] {
        let arrivals = played.arrivals();
        assert_eq!(arrivals.len(), each, "{department}");
        assert!(arrivals.values().all(|(_, taken)| *taken == 1), "{department}: no case twice: {arrivals:?}");
    }
    let solved = ids(&file, "SELECT id FROM cases WHERE status = 'solved' AND lead <> 'onthaal'").await?;
    assert_eq!(solved.len(), 2 * each, "what came late undid nothing");
    let once = ids(&file, "SELECT case_id FROM event WHERE what = 'solved'").await?;
    assert_eq!(once.len(), 2 * each, "each is solved once");
    let open = ids(&file, "SELECT id FROM cases WHERE status = 'routed' AND lead = 'onthaal'").await?;
    assert_eq!(open.len(), each, "nobody takes silence for an answer");
    let dead = ids(&file, "SELECT id FROM letter WHERE buried_at IS NOT NULL").await?;
    assert_eq!(dead, Vec::<String>::new(), "dead letters");
    fleet.stop("hub").await
}
