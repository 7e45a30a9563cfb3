//! A city changes while work waits: one department is gone, another is reached in another way. What
//! they left behind is counted.

use super::{departments::ids, patience, size};
use std::{fs, path::Path};
use tests::{
    fleet::{Fleet, free_port},
    load::{self, Batch},
    played::Played,
    town, wait,
};

/// Changes a file of the town, each part once.
fn change(file: &Path, parts: &[(&str, &str)]) -> anyhow::Result<()> {
    let mut text = fs::read_to_string(file)?;
    for (from, to) in parts {
        anyhow::ensure!(text.contains(from), "{} has no `{from}`", file.display());
        text = text.replace(from, to);
    }
    Ok(fs::write(file, text)?)
}

/// Waits until the statement gives `count` rows.
async fn rows(file: &Path, what: &str, sql: &'static str, count: usize) -> anyhow::Result<()> {
    wait::until(what, patience(), || async move { Ok((ids(file, sql).await?.len() == count).then_some(())) }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_department_that_is_gone_finds_another_desk() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let town = dir.path().join("town");
    // Nobody listens there.
    town::write(&town, &format!("http://127.0.0.1:{}/in", free_port()?))?;
    let file = dir.path().join("hub.db");
    let url = format!("sqlite:{}", file.display());
    let config = town::Config { database: &url, broker: None, smtp: None };
    let port = free_port()?;
    let listen = format!("rate_per_minute = 0\nlisten = \"127.0.0.1:{port}\"");
    let toml = config.toml(dir.path()).replace("rate_per_minute = 0", &listen);
    let mut fleet = Fleet::new(dir.path(), &toml)?;
    fleet.start("hub", "web,router,notifier,adapters", port)?;
    fleet.ready(port).await?;
    let each = size(12, 1_000);
    for category in ["straat/hook", "straat/queue"] {
        let (name, category) = (category.replace('/', "-"), category.to_owned());
        let batch = Batch { name, count: each, callers: 4, category, told: false, patience: patience() };
        load::over_http(&[port], &batch).await?;
    }
    rows(&file, "every case to be handed out", "SELECT id FROM dispatch", 2 * each).await?;
    fleet.kill("hub")?;

    // The department behind the webhook is gone; the one that fetched its work has a webhook.
    let hook = free_port()?;
    let departments = fs::read_to_string(town.join("departments.yaml"))?;
    let (kept, _) = departments.split_once("  - id: webdienst").expect("the town has a webdienst");
    let pushed = format!("delivery: {{webhook: {{url: \"http://127.0.0.1:{hook}/in\"}}}}");
    fs::write(town.join("departments.yaml"), kept.replace("delivery: queue", &pushed))?;
    change(&town.join("categories.yaml"), &[("department: webdienst", "department: onthaal")])?;
    change(&town.join("rules/all.yaml"), &[("assign: webdienst", "assign: onthaal")])?;
    let of_webdienst = format!("[departments.webdienst]\nsecret = {:?}\ntoken = {:?}\n", town::SECRET, town::TOKEN);
    let secret = format!("[departments.wachtrij]\nsecret = {:?}\n", town::SECRET);
    change(&dir.path().join("voordeur.toml"), &[(&of_webdienst, ""), ("[departments.wachtrij]\n", &secret)])?;
    fleet.restart("hub")?;
    fleet.ready(port).await?;
    let played = Played::simulate(&fleet, "wachtrij", &[]).await?;

    rows(&file, "every case to be solved", "SELECT id FROM cases WHERE status = 'solved'", 2 * each).await?;
    let lost = "SELECT id FROM letter WHERE buried_at IS NOT NULL AND lane = 'dept.webdienst'
        AND why LIKE '%no department webdienst any more%'";
    rows(&file, "the letters that nobody reads to be buried", lost, each).await?;
    assert_eq!(ids(&file, "SELECT id FROM letter WHERE lane IN ('queue.wachtrij', 'dept.wachtrij')").await?, [""; 0]);
    assert_eq!(ids(&file, "SELECT id FROM letter WHERE buried_at IS NOT NULL").await?.len(), each, "no other died");
    let written = ids(&file, "SELECT id FROM dispatch WHERE department = 'wachtrij' ORDER BY id").await?;
    let arrived = played.arrivals();
    let mut there: Vec<String> = arrived.keys().cloned().collect();
    there.sort();
    assert_eq!(there, written, "what was to be fetched was pushed, and nothing else");
    assert!(arrived.values().all(|(times, _)| *times == 1), "each once: {arrived:?}");
    let anew =
        ids(&file, "SELECT case_id FROM dispatch WHERE department = 'onthaal' GROUP BY case_id HAVING count(*) = 1");
    assert_eq!(anew.await?.len(), each, "each case of the gone department has one other desk");
    let told = "SELECT case_id FROM event WHERE what = 'routed' AND body LIKE '%\"instead_of\":\"webdienst\"%'";
    assert_eq!(ids(&file, told).await?.len(), each, "and says so once");
    assert!(
        fs::read_to_string(dir.path().join("hub.2.log"))?.contains("left something behind"),
        "the operator reads of it"
    );
    fleet.stop("hub").await
}
