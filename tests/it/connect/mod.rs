//! A department is connected in an hour: every behaviour of a played department is judged as it
//! should be, and every example of the documents works against a hub that runs.

mod channels;
mod documents;
mod examples;
mod judged;
mod judged_open311;
mod open311;

use anyhow::Context as _;
use std::{collections::BTreeSet, path::Path, time::Duration};
use tests::{
    fleet::{Fleet, free_port},
    town,
};

/// A department of the test: its id, and where it listens if it does.
struct Desk {
    id: &'static str,
    port: Option<u16>,
    is_open311: bool,
}

impl Desk {
    fn hook(id: &'static str) -> anyhow::Result<Self> {
        Ok(Self { id, port: Some(free_port()?), is_open311: false })
    }

    fn queue(id: &'static str) -> Self {
        Self { id, port: None, is_open311: false }
    }

    fn open311(id: &'static str) -> anyhow::Result<Self> {
        Ok(Self { is_open311: true, ..Self::hook(id)? })
    }

    /// How departments.yaml says that it gets its work.
    fn delivery(&self) -> String {
        match self.port {
            Some(port) if self.is_open311 => format!(
                "{{open311: {{url: \"http://127.0.0.1:{port}/v2\", services: {{default: PUT}}, updates: both, every: 10s, \
                 shows_after: 2s}}}}"
            ),
            Some(port) => format!("{{webhook: {{url: \"http://127.0.0.1:{port}/in\"}}}}"),
            None => "queue".to_owned(),
        }
    }
}

/// A hub in one process whose city has `desks`, and the port that it listens on.
async fn hub(dir: &Path, desks: &[Desk], broker: Option<(&str, &str)>) -> anyhow::Result<(Fleet, u16)> {
    town::write(&dir.join("town"), "http://127.0.0.1:9/nowhere")?;
    let file = dir.join("town/departments.yaml");
    let mut yaml = std::fs::read_to_string(&file)?;
    let url = format!("sqlite:{}", dir.join("hub.db").display());
    let mut toml = town::Config { database: &url, broker, smtp: None }.toml(dir);
    for desk in desks {
        let (id, delivery) = (desk.id, desk.delivery());
        yaml += &format!(
            "  - id: {id}\n    name: {{nl: {id}, fr: {id}, en: {id}}}\n    kind: internal\n    delivery: {delivery}\n"
        );
        toml += &format!("[departments.{id}]\ntoken = {:?}\nsecret = {:?}\n", town::TOKEN, town::SECRET);
        toml += if desk.is_open311 { "api_key = \"sleutel\"\n" } else { "" };
    }
    std::fs::write(&file, yaml)?;
    // Long enough for a slow department, short enough for one that never answers.
    let toml = toml.replace("timeout_ms = 2000", "timeout_ms = 5000");
    let port = free_port()?;
    let toml = toml.replace("rate_per_minute = 0", &format!("rate_per_minute = 0\nlisten = \"127.0.0.1:{port}\""));
    let mut fleet = Fleet::new(dir, &toml)?;
    if broker.is_some() {
        fleet.run(&["broker", "definitions", "--apply"])?;
    }
    fleet.start("hub", "web,router,notifier,adapters", port)?;
    fleet.ready(port).await?;
    Ok((fleet, port))
}

/// What `voordeur conformance` says of a department.
struct Judged {
    report: serde_json::Value,
    success: bool,
}

impl Judged {
    async fn of(fleet: &Fleet, department: &str, more: &[&str]) -> anyhow::Result<Self> {
        let mut args = vec!["conformance", "--department", department, "--json", "--listen", "2"];
        args.extend(more);
        let child = fleet.begin(&format!("judged-{department}"), &args)?.spawn()?;
        let output = tokio::time::timeout(Duration::from_secs(200), child.wait_with_output()).await??;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let report = serde_json::from_str(&text).with_context(|| format!("{department}: no report in `{text}`"))?;
        Ok(Self { report, success: output.status.success() })
    }

    /// The checks with this verdict.
    fn with(&self, verdict: &str) -> BTreeSet<String> {
        let checks = self.report["checks"].as_array().into_iter().flatten();
        checks
            .filter(|check| check["verdict"] == verdict)
            .map(|check| check["check"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// What was seen at `check`.
    fn seen(&self, check: &str) -> String {
        let checks = self.report["checks"].as_array().into_iter().flatten();
        checks.filter(|one| one["check"] == check).map(|one| one["seen"].to_string()).collect()
    }

    /// Holds that exactly these checks failed, each with a way to mend it.
    fn failed(&self, department: &str, expected: &[&str]) {
        let expected: BTreeSet<String> = expected.iter().map(|check| (*check).to_owned()).collect();
        assert_eq!(self.with("failed"), expected, "{department}: {:#}", self.report);
        assert_eq!(self.success, expected.is_empty(), "{department}: the exit code says it, too");
        for check in self.report["checks"].as_array().into_iter().flatten() {
            let has_fix = check["fix"].as_str().is_some_and(|fix| !fix.is_empty());
            assert_eq!(has_fix, check["verdict"] == "failed", "{department}: {check}");
        }
    }
}

/// How many test cases of the hub in `dir` are still open, and how many there are.
async fn open_cases(dir: &Path) -> anyhow::Result<(i64, i64)> {
    use sqlx::{ConnectOptions as _, sqlite::SqliteConnectOptions};
    let mut db = SqliteConnectOptions::new().filename(dir.join("hub.db")).read_only(true).connect().await?;
    let open = sqlx::query_scalar("SELECT count(*) FROM cases WHERE status NOT IN ('solved', 'declined', 'referred')")
        .fetch_one(&mut db)
        .await?;
    let all = sqlx::query_scalar("SELECT count(*) FROM cases").fetch_one(&mut db).await?;
    Ok((open, all))
}
