//! Departments as processes of their own: played by `voordeur simulate department`, or an example of
//! the documents. What they print is counted.

use crate::{fleet::Fleet, wait};
use anyhow::Context as _;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

/// A department that is played; ended when it is dropped.
pub struct Played {
    name: String,
    lines: Arc<Mutex<Vec<String>>>,
    child: Child,
}

impl Played {
    /// Starts `command`, whose stdout is a pipe.
    pub fn start(name: &str, mut command: Command) -> anyhow::Result<Self> {
        let mut child = command.spawn().with_context(|| format!("{name} does not start"))?;
        let stdout = child.stdout.take().context("the stdout of a played department is a pipe")?;
        let lines = Arc::new(Mutex::new(Vec::new()));
        let read = lines.clone();
        tokio::spawn(async move {
            let mut reader = BufReader::new(stdout).lines();
            while let Ok(Some(line)) = reader.next_line().await {
                read.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        });
        Ok(Self { name: name.to_owned(), lines, child })
    }

    /// Plays `department` of the fleet's city, and waits until it is up.
    pub async fn simulate(fleet: &Fleet, department: &str, more: &[&str]) -> anyhow::Result<Self> {
        let mut args = vec!["simulate", "department", "--department", department, "--json", "--pace", "50"];
        args.extend(more);
        let mut played = Self::start(department, fleet.begin(&format!("played-{department}"), &args)?)?;
        // `up`, or `away for` one that is down.
        played.says("\"way\":\"note\"").await?;
        Ok(played)
    }

    /// Waits until it printed a line that holds `part`.
    pub async fn says(&mut self, part: &str) -> anyhow::Result<()> {
        let what = format!("{} to say {part}", self.name);
        let lines = self.lines.clone();
        let ended = &mut self.child;
        wait::until(&what, Duration::from_secs(60), || {
            let said = lines.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|line| line.contains(part));
            let fallen = ended.try_wait();
            async move {
                let fallen = fallen?;
                anyhow::ensure!(said || fallen.is_none(), "it ended with {fallen:?}");
                Ok(said.then_some(()))
            }
        })
        .await
    }

    /// Every line so far.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Of each dispatch: how often it came, and how often it was taken as new.
    pub fn arrivals(&self) -> HashMap<String, (usize, usize)> {
        let mut arrived: HashMap<String, (usize, usize)> = HashMap::new();
        for line in self.lines() {
            let Ok(hop) = serde_json::from_str::<serde_json::Value>(&line) else { continue };
            if let (Some("dispatch"), Some(id)) = (hop["what"].as_str(), hop["dispatch"].as_str()) {
                let one = arrived.entry(id.to_owned()).or_default();
                one.0 += 1;
                one.1 += usize::from(hop["outcome"].as_str().is_some_and(|outcome| outcome.starts_with("taken")));
            }
        }
        arrived
    }
}
