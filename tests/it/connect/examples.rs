//! Every example of `docs/connect/examples`, as it stands there, against a hub that runs: it takes
//! its work, answers, and passes every check.

use super::{Desk, Judged, hub, open_cases};
use anyhow::{Context as _, bail, ensure};
use bus::{RabbitOptions, topology::Topology};
use std::{
    path::{Path, PathBuf},
    process::Stdio,
};
use tests::{played::Played, town};
use tokio::process::Command;

/// The address of a real server, where this machine has one.
pub fn server(name: &str) -> Option<String> {
    let url = std::env::var(name).ok();
    assert!(url.is_some() || std::env::var_os("VOORDEUR_TEST_ALL").is_none(), "{name} is not set");
    url
}

/// Takes away what the test made on the shared broker.
pub async fn remove(dir: &Path, amqp: &str, prefix: &str) -> anyhow::Result<()> {
    let city = hub::city::read(Some(&dir.join("town")))?.good()?.city;
    let options = RabbitOptions { url: amqp.to_owned(), prefix: prefix.to_owned(), ..RabbitOptions::default() };
    Ok(Topology::of(&city, prefix).remove(&options).await?)
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the workspace").to_owned()
}

pub fn example(name: &str) -> PathBuf {
    let folder = if name.ends_with(".py") { "python" } else { "javascript" };
    root().join("docs/connect/examples").join(folder).join(name)
}

/// A Python and a Node that the examples run on, with the two libraries that they need. Kept in
/// `target`, so that they are fetched once. `None`: this machine has them not, and need not.
pub struct Tools {
    pub python: PathBuf,
    pub node_path: PathBuf,
}

impl Tools {
    pub async fn get() -> anyhow::Result<Option<Self>> {
        let needed = std::env::var_os("VOORDEUR_TEST_ALL").is_some();
        match Self::make().await {
            Ok(tools) => Ok(Some(tools)),
            Err(error) if needed => Err(error),
            Err(_) => Ok(None),
        }
    }

    async fn make() -> anyhow::Result<Self> {
        let folder = root().join("target/examples");
        std::fs::create_dir_all(&folder)?;
        // Two tests at once must not both fetch.
        let lock = std::fs::File::create(folder.join("lock"))?;
        lock.lock()?;
        let python = folder.join("venv/bin/python");
        if !folder.join("venv/ready").exists() {
            run(Command::new("python3").args(["-m", "venv"]).arg(folder.join("venv"))).await?;
            run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "pika==1.3.2"])).await?;
            std::fs::write(folder.join("venv/ready"), "")?;
        }
        let node = folder.join("node");
        if !node.join("ready").exists() {
            std::fs::create_dir_all(&node)?;
            let install = ["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "amqplib@0.10.8"];
            run(Command::new("npm").arg("--prefix").arg(&node).args(install)).await?;
            std::fs::write(node.join("ready"), "")?;
        }
        Ok(Self { python, node_path: node.join("node_modules") })
    }

    /// The command that runs the example `name` as the department `id`, with a folder of its own.
    fn command(&self, name: &str, desk: &Desk, dir: &Path, env: &[(&str, &str)]) -> anyhow::Result<Command> {
        let folder = dir.join(format!("example-{}", desk.id));
        std::fs::create_dir_all(&folder)?;
        let mut command = if name.ends_with(".py") { Command::new(&self.python) } else { Command::new("node") };
        command
            .arg(example(name))
            .current_dir(&folder)
            .env("NODE_PATH", &self.node_path)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("DEPARTMENT", desk.id)
            .env("SECRET", town::SECRET)
            .env("TOKEN", town::TOKEN)
            .env("PORT", desk.port.unwrap_or_default().to_string())
            .envs(env.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(folder.join("stderr.log"))?)
            .kill_on_drop(true);
        Ok(command)
    }
}

pub async fn run(command: &mut Command) -> anyhow::Result<()> {
    let output = command.stdin(Stdio::null()).output().await?;
    if !output.status.success() {
        bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

/// Runs each example as a department, and judges all.
async fn all_pass(examples: &[(&str, Desk)], broker: Option<(&str, &str)>) -> anyhow::Result<()> {
    let Some(tools) = Tools::get().await? else { return Ok(()) };
    let dir = tempfile::tempdir()?;
    let desks: Vec<Desk> = examples.iter().map(|(_, desk)| Desk { ..*desk }).collect();
    let (mut fleet, port) = hub(dir.path(), &desks, broker).await?;
    let address = format!("http://127.0.0.1:{port}");
    let mut env = vec![("HUB", address.as_str())];
    if let Some((url, prefix)) = broker {
        env.extend([("AMQP", url), ("PREFIX", prefix)]);
    }
    let mut running = Vec::new();
    for (name, desk) in examples {
        let mut example = Played::start(name, tools.command(name, desk, dir.path(), &env)?)?;
        // `listening`, `fetching` or `consuming`.
        example.says("ing").await.with_context(|| {
            let log = dir.path().join(format!("example-{}/stderr.log", desk.id));
            std::fs::read_to_string(log).unwrap_or_default()
        })?;
        running.push(example);
    }
    let judging = desks.iter().map(|desk| Judged::of(&fleet, desk.id, &["--yes-send-test-cases", "--within", "60"]));
    let judged = futures_util::future::join_all(judging).await;
    for ((name, desk), (judged, example)) in examples.iter().zip(judged.into_iter().zip(&running)) {
        let judged = judged?;
        judged.failed(name, &[]);
        ensure!(judged.with("passed").contains("answers"), "{name}: {:#}", judged.report);
        let (http, said) = (desk.port.is_some() || broker.is_none(), example.lines());
        ensure!(said.iter().any(|line| line.starts_with("done")), "{name} said {said:?}");
        ensure!(!http || said.iter().any(|line| line.starts_with("photo of")), "{name} fetched no photo: {said:?}");
    }
    assert_eq!(open_cases(dir.path()).await?, (0, 5 * examples.len() as i64));
    fleet.stop("hub").await?;
    if let Some((url, prefix)) = broker {
        remove(dir.path(), url, prefix).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_over_http_pass() -> anyhow::Result<()> {
    let examples = [
        ("webhook.py", Desk::hook("py-hook")?),
        ("webhook.mjs", Desk::hook("js-hook")?),
        ("fetch.py", Desk::queue("py-fetch")),
        ("fetch.mjs", Desk::queue("js-fetch")),
    ];
    all_pass(&examples, None).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_over_rabbitmq_pass() -> anyhow::Result<()> {
    let Some(amqp) = server("VOORDEUR_TEST_AMQP") else { return Ok(()) };
    let prefix = format!("example{:x}", rand::random::<u32>());
    let examples = [("queue_amqp.py", Desk::queue("py-queue")), ("queue_amqp.mjs", Desk::queue("js-queue"))];
    all_pass(&examples, Some((&amqp, &prefix))).await
}
