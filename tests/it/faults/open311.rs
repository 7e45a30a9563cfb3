//! A department with an Open311 server, which has no key against doing something twice, while the hub
//! is killed in the middle of dispatches and the server keeps requests without saying so.

use super::{departments::ids, patience, size};
use rand::Rng as _;
use std::time::Duration;
use tests::{
    fleet::{Fleet, free_port},
    load::{self, Batch},
    played::Played,
    town, wait,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_killed_in_the_middle_of_dispatches_opens_no_second_request() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let theirs = free_port()?;
    town::write(&dir.path().join("town"), "http://127.0.0.1:9/nowhere")?;
    let file = dir.path().join("town/departments.yaml");
    let delivery = format!(
        "{{open311: {{url: \"http://127.0.0.1:{theirs}/v2\", format: json, services: {{default: PUT}}, every: 10s, \
         shows_after: 2s}}}}"
    );
    let hook = "{webhook: {url: \"http://127.0.0.1:9/nowhere\"}}";
    let text = std::fs::read_to_string(&file)?;
    anyhow::ensure!(text.contains(hook), "the town has a department with a webhook: {text}");
    std::fs::write(&file, text.replace(hook, &delivery))?;
    let database = dir.path().join("hub.db");
    let url = format!("sqlite:{}", database.display());
    let port = free_port()?;
    let toml = town::Config { database: &url, broker: None, smtp: None }.toml(dir.path());
    let toml = toml
        .replace("rate_per_minute = 0", &format!("rate_per_minute = 0\nlisten = \"127.0.0.1:{port}\""))
        .replace("[departments.webdienst]", "[departments.webdienst]\napi_key = \"sleutel\"");
    let mut fleet = Fleet::new(dir.path(), &toml)?;
    fleet.start("hub", "web,router,notifier,adapters", port)?;
    fleet.ready(port).await?;
    // Keeps each request, and says nothing the first time.
    let played = Played::simulate(&fleet, "webdienst", &["--behaviour", "timeout-after-accept"]).await?;

    let count = size(12, 200);
    let batch = Batch {
        name: "open311".to_owned(),
        count,
        callers: 4,
        category: "straat/hook".to_owned(),
        told: false,
        patience: patience(),
    };
    let sender = tokio::spawn(async move { load::over_http(&[port], &batch).await });
    for _ in 0..size(5, 20) {
        let pause = rand::rng().random_range(300..1_500);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        fleet.kill("hub")?;
        fleet.restart("hub")?;
    }
    sender.await??;
    wait::until("every case to be solved", patience(), || {
        let file = database.clone();
        async move { Ok((ids(&file, "SELECT id FROM cases WHERE status = 'solved'").await?.len() == count).then_some(())) }
    })
    .await?;
    let arrived = played.arrivals();
    let mut there: Vec<String> = arrived.keys().cloned().collect();
    there.sort();
    let written = ids(&database, "SELECT id FROM dispatch WHERE department = 'webdienst' ORDER BY id").await?;
    assert_eq!((written.len(), &there), (count, &written), "what was written arrived, and nothing else");
    let twice: Vec<_> = arrived.iter().filter(|(_, (times, taken))| (*times, *taken) != (1, 1)).collect();
    assert!(twice.is_empty(), "each is one request, found in their list instead of sent again: {twice:?}");
    let solved = ids(&database, "SELECT case_id FROM event WHERE what = 'solved'").await?;
    assert_eq!(solved.len(), count, "each case is solved once, however often their list says so");
    let dead = ids(&database, "SELECT id FROM letter WHERE buried_at IS NOT NULL").await?;
    assert_eq!(dead, Vec::<String>::new(), "dead letters");
    fleet.stop("hub").await
}
