//! A channel is connected in an hour: every example of the documents, as it stands there, against a hub that runs.
//! What arrived is counted.

use super::examples::{Tools, example, server};
use anyhow::{Context as _, ensure};
use bus::{RabbitOptions, topology::Topology};
use std::{collections::BTreeSet, path::Path, process::Stdio, time::Duration};
use tests::fleet::{Fleet, free_port};
use tokio::process::Command;

/// A hub with the sample city, not started yet.
fn hub(dir: &Path, broker: Option<(&str, &str)>) -> anyhow::Result<Fleet> {
    let url = format!("sqlite:{}", dir.join("hub.db").display());
    let mut toml = format!("[database]\nurl = {url:?}\n[web]\nrate_per_minute = 0\n");
    if let Some((url, prefix)) = broker {
        toml += &format!("[broker]\nurl = {url:?}\nprefix = {prefix:?}\n");
    }
    Fleet::new(dir, &toml)
}

/// The example `name`, which keeps what it has to remember in `folder`.
fn command(tools: &Tools, name: &str, folder: &Path, env: &[(&str, &str)], words: &[&str]) -> anyhow::Result<Command> {
    std::fs::create_dir_all(folder)?;
    let mut command = if name.ends_with(".py") { Command::new(&tools.python) } else { Command::new("node") };
    command
        .arg(example(name))
        .args(words)
        .current_dir(folder)
        .env("NODE_PATH", &tools.node_path)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .envs(env.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(std::fs::File::create(folder.join("stderr.log"))?)
        .kill_on_drop(true);
    Ok(command)
}

/// Runs the example to its end; what it said.
async fn said(mut command: Command) -> anyhow::Result<Vec<String>> {
    said_of(&mut command).await
}

async fn said_of(command: &mut Command) -> anyhow::Result<Vec<String>> {
    let output = tokio::time::timeout(Duration::from_secs(120), command.spawn()?.wait_with_output()).await??;
    ensure!(output.status.success(), "{command:?} ended with {}", output.status);
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}

/// The eight digits of each line that gives a reference.
fn references(lines: &[String]) -> BTreeSet<String> {
    let found = lines.iter().filter_map(|line| line.strip_prefix("reference "));
    found.filter_map(|rest| rest.split(' ').next()).map(str::to_owned).collect()
}

/// Reference and channel of everything that came in.
async fn arrived(dir: &Path) -> anyhow::Result<Vec<(i64, String)>> {
    use sqlx::{ConnectOptions as _, sqlite::SqliteConnectOptions};
    let mut db = SqliteConnectOptions::new().filename(dir.join("hub.db")).read_only(true).connect().await?;
    Ok(sqlx::query_as("SELECT reference, channel FROM report ORDER BY reference").fetch_all(&mut db).await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_over_http_send_each_report_once() -> anyhow::Result<()> {
    let Some(tools) = Tools::get().await? else { return Ok(()) };
    let dir = tempfile::tempdir()?;
    let mut fleet = hub(dir.path(), None)?;
    let port = free_port()?;
    let address = format!("http://127.0.0.1:{port}");
    let env = [("HUB", address.as_str())];
    let mut given = BTreeSet::new();
    fleet.start("hub", "web,router,notifier,adapters", port)?;
    fleet.ready(port).await?;
    for name in ["channel_http.py", "channel_http.mjs"] {
        let folder = dir.path().join(name);
        let first = said(command(&tools, name, &folder, &env, &["A deep hole in the road"])?).await?;
        let found = references(&first);
        ensure!(found.len() == 1, "{name} said {first:?}");
        // Nothing waits any more.
        ensure!(said(command(&tools, name, &folder, &env, &[])?).await?.is_empty(), "{name} sent it again");
        // Without words there is nothing to tell, and the field is named.
        let wrong = said(command(&tools, name, &folder, &env, &["  "])?).await?;
        ensure!(wrong.iter().any(|line| line.starts_with("wrong /words")), "{name} said {wrong:?}");
        given.extend(found);
        // The city is away: it waits, and sends when the city is back.
        fleet.kill("hub")?;
        let mut patient = command(&tools, name, &folder, &env, &["A second hole"])?;
        let log = folder.join("stderr.log");
        let waits = tokio::spawn(async move { said_of(&mut patient).await });
        tests::wait::until("the example to find the city away", Duration::from_secs(60), || {
            let text = std::fs::read_to_string(&log).unwrap_or_default();
            async move { Ok(text.contains("away").then_some(())) }
        })
        .await?;
        fleet.restart("hub")?;
        let second = waits.await??;
        ensure!(references(&second).len() == 1, "{name} said {second:?}");
        given.extend(references(&second));
    }
    let arrived = arrived(dir.path()).await?;
    ensure!(arrived.iter().all(|(_, channel)| channel == "api"), "{arrived:?}");
    let numbers: BTreeSet<String> = arrived.iter().map(|(reference, _)| format!("{reference:08}")).collect();
    assert_eq!((arrived.len(), numbers), (4, given));
    fleet.stop("hub").await
}

/// The queue is small and nobody reads it: the broker refuses, the channel keeps what it has, and everything arrives
/// once when somebody reads again.
#[tokio::test(flavor = "multi_thread")]
async fn the_examples_over_rabbitmq_wait_while_the_queue_is_full() -> anyhow::Result<()> {
    let Some(amqp) = server("VOORDEUR_TEST_AMQP") else { return Ok(()) };
    let Some(rabbitmqctl) = server("VOORDEUR_TEST_RABBITMQCTL") else { return Ok(()) };
    let Some(tools) = Tools::get().await? else { return Ok(()) };
    let dir = tempfile::tempdir()?;
    let prefix = format!("channel{:x}", rand::random::<u32>());
    let mut fleet = hub(dir.path(), Some((&amqp, &prefix)))?;
    fleet.run(&["broker", "definitions", "--apply"])?;
    let policy = format!(
        "{rabbitmqctl} set_policy --priority 9 --apply-to queues {prefix}-small '^{prefix}[.]intake$' \
         '{{\"max-length\": 1, \"overflow\": \"reject-publish\"}}'"
    );
    super::examples::run(Command::new("bash").args(["-c", &policy])).await?;
    let port = free_port()?;
    let mut running = Vec::new();
    for name in ["channel_amqp.py", "channel_amqp.mjs"] {
        let channel = name.rsplit('.').next().context("a file has an ending")?;
        let env = [("AMQP", amqp.as_str()), ("PREFIX", &prefix), ("CHANNEL", channel)];
        let folder = dir.path().join(name);
        // Somebody told something while the broker was away: it waits in the channel's own keeping.
        for n in 0..3 {
            let nowhere = [("AMQP", "amqp://127.0.0.1:9/"), ("PREFIX", &prefix), ("CHANNEL", channel)];
            let mut lost = command(&tools, name, &folder, &nowhere, &[&format!("Hole {n}")])?;
            let mut child = lost.spawn()?;
            let log = folder.join("stderr.log");
            tests::wait::until("the example to find the broker away", Duration::from_secs(60), || {
                let text = std::fs::read_to_string(&log).unwrap_or_default();
                async move { Ok(text.contains("away").then_some(())) }
            })
            .await?;
            child.kill().await?;
        }
        let mut patient = command(&tools, name, &folder, &env, &[])?;
        running.push((name, folder.join("stderr.log"), tokio::spawn(async move { said_of(&mut patient).await })));
    }
    // Six reports do not fit in a queue of one.
    let mut logs = running.iter().map(|(_, log, _)| log.clone());
    let (one, other) = (logs.next().context("two examples")?, logs.next().context("two examples")?);
    tests::wait::until("an example to be refused", Duration::from_secs(60), || {
        let refused =
            [&one, &other].iter().any(|log| std::fs::read_to_string(log).unwrap_or_default().contains("full"));
        async move { Ok(refused.then_some(())) }
    })
    .await?;
    fleet.start("hub", "web,router,notifier,adapters", port)?;
    let mut given = BTreeSet::new();
    for (name, _, waits) in running {
        let lines = waits.await??;
        let found = references(&lines);
        ensure!(found.len() == 3, "{name} said {lines:?}");
        given.extend(found);
    }
    let arrived = arrived(dir.path()).await?;
    let numbers: BTreeSet<String> = arrived.iter().map(|(reference, _)| format!("{reference:08}")).collect();
    assert_eq!((arrived.len(), numbers), (6, given));
    let channels: BTreeSet<&str> = arrived.iter().map(|(_, channel)| channel.as_str()).collect();
    assert_eq!(channels, BTreeSet::from(["mjs", "py"]));
    fleet.stop("hub").await?;
    let clear = format!("{rabbitmqctl} clear_policy {prefix}-small");
    super::examples::run(Command::new("bash").args(["-c", &clear])).await?;
    let city = hub::city::read(None)?.good()?.city;
    let options = RabbitOptions { url: amqp, prefix: prefix.clone(), ..RabbitOptions::default() };
    Ok(Topology::of(&city, &prefix).remove(&options).await?)
}
