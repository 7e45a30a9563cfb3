//! A RabbitMQ node and a PostgreSQL cluster of our own, that a test may kill. They are started once
//! and reused by the fault tests of a run, one after the other; each test gets a database and a
//! prefix of its own on them.

use anyhow::{Context as _, bail};
use sqlx::{Connection as _, Executor as _};
use std::{path::PathBuf, process::Stdio, time::Duration};
use tokio::process::Command;

/// The private servers.
#[derive(Debug, Clone)]
pub struct Servers {
    dir: PathBuf,
    /// A URL of the PostgreSQL cluster, with the right to make databases.
    pub postgres: String,
    /// A URL of the RabbitMQ node.
    pub amqp: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the workspace").to_owned()
}

impl Servers {
    /// Starts what does not run yet. The folder is `$VOORDEUR_FAULT_DIR`, or `target/faults`.
    pub async fn up() -> anyhow::Result<Self> {
        let dir = std::env::var_os("VOORDEUR_FAULT_DIR").map_or_else(|| root().join("target/faults"), PathBuf::from);
        run_up(&dir, &[]).await?;
        let env = std::fs::read_to_string(dir.join("env")).context("deploy/dev/up wrote no env file")?;
        let value = |name: &str| {
            env.lines()
                .find_map(|line| line.strip_prefix(&format!("export {name}=")))
                .map(str::to_owned)
                .with_context(|| format!("{name} is not in the env file"))
        };
        Ok(Self { postgres: value("VOORDEUR_TEST_POSTGRES")?, amqp: value("VOORDEUR_TEST_AMQP")?, dir })
    }

    /// A fresh, empty database; its URL.
    pub async fn database(&self) -> anyhow::Result<String> {
        let name = format!("fault_{:x}", rand::random::<u64>());
        let mut connection = sqlx::PgConnection::connect(&self.postgres).await?;
        connection.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await?;
        let (base, _) = self.postgres.rsplit_once('/').context("the PostgreSQL URL names a database")?;
        Ok(format!("{base}/{name}"))
    }

    /// Kills the broker as a power cut would, and starts it again; returns when it answers.
    pub async fn kill_rabbitmq(&self) -> anyhow::Result<()> {
        self.cut_rabbitmq()?;
        self.start_rabbitmq().await
    }

    /// Kills the broker as a power cut would.
    pub fn cut_rabbitmq(&self) -> anyhow::Result<()> {
        self.kill("rabbitmq/pid")
    }

    /// Starts the broker again; returns when it answers.
    pub async fn start_rabbitmq(&self) -> anyhow::Result<()> {
        run_up(&self.dir, &["rabbitmq"]).await
    }

    /// Kills the database as a power cut would, and starts it again; returns when it answers.
    pub async fn kill_postgres(&self) -> anyhow::Result<()> {
        self.cut_postgres()?;
        self.start_postgres().await
    }

    /// Kills the database as a power cut would.
    pub fn cut_postgres(&self) -> anyhow::Result<()> {
        self.kill("postgres/postmaster.pid")
    }

    /// Starts the database again; returns when it answers.
    pub async fn start_postgres(&self) -> anyhow::Result<()> {
        run_up(&self.dir, &["postgres"]).await
    }

    fn kill(&self, pid_file: &str) -> anyhow::Result<()> {
        let text = std::fs::read_to_string(self.dir.join(pid_file)).with_context(|| format!("no {pid_file}"))?;
        let pid = text.lines().next().unwrap_or_default().trim().to_owned();
        let status = std::process::Command::new("kill").args(["-9", &pid]).status()?;
        if !status.success() {
            bail!("kill -9 {pid} of {pid_file} failed");
        }
        Ok(())
    }
}

async fn run_up(dir: &PathBuf, services: &[&str]) -> anyhow::Result<()> {
    let mut command = Command::new(root().join("deploy/dev/up"));
    command.arg(dir).args(services).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit());
    let status = tokio::time::timeout(Duration::from_secs(180), command.status())
        .await
        .context("deploy/dev/up took longer than three minutes")??;
    if !status.success() {
        bail!("deploy/dev/up failed");
    }
    Ok(())
}
