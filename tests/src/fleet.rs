//! Whole hubs as real processes: started, killed without a word, started again, stopped in order.

use crate::wait;
use anyhow::{Context as _, bail};
use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// The `voordeur` binary of this build.
pub fn binary() -> anyhow::Result<PathBuf> {
    let test = std::env::current_exe()?;
    let target = test.parent().and_then(Path::parent).context("a test binary lies in target/<profile>/deps")?;
    let binary = target.join("voordeur");
    if !binary.exists() {
        bail!("{} is not built: cargo build --workspace", binary.display());
    }
    Ok(binary)
}

/// A free port of the loopback address.
pub fn free_port() -> anyhow::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Processes of one hub, by name.
pub struct Fleet {
    dir: PathBuf,
    config: PathBuf,
    members: BTreeMap<String, Member>,
}

struct Member {
    roles: String,
    env: Vec<(String, String)>,
    child: Option<Child>,
    starts: u32,
}

impl Fleet {
    /// A fleet with the configuration `toml`; logs go to `dir`.
    pub fn new(dir: &Path, toml: &str) -> anyhow::Result<Self> {
        let config = dir.join("voordeur.toml");
        std::fs::write(&config, toml)?;
        Ok(Self { dir: dir.to_owned(), config, members: BTreeMap::new() })
    }

    /// The words by which somebody else runs a command of the binary on this hub; more words follow.
    pub fn command(&self) -> anyhow::Result<Vec<String>> {
        let words = [binary()?, PathBuf::from("--config"), self.config.clone()];
        Ok(words.iter().map(|word| word.display().to_string()).collect())
    }

    /// Where a member answers its operator.
    pub fn ops(&self, name: &str) -> Option<String> {
        let env = &self.members.get(name)?.env;
        env.iter().find(|(key, _)| key == "VOORDEUR__WEB__OPS_LISTEN").map(|(_, listen)| format!("http://{listen}"))
    }

    /// Runs one command of the binary to its end.
    pub fn run(&self, args: &[&str]) -> anyhow::Result<String> {
        let output =
            Command::new(binary()?).arg("--config").arg(&self.config).args(args).stdin(Stdio::null()).output()?;
        if !output.status.success() {
            bail!("voordeur {} failed: {}", args.join(" "), String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Begins one command of the binary; the caller ends it. Its stdout is a pipe, its stderr a log
    /// of that name.
    pub fn begin(&self, name: &str, args: &[&str]) -> anyhow::Result<tokio::process::Command> {
        let log = File::create(self.dir.join(format!("{name}.log")))?;
        let mut command = tokio::process::Command::new(binary()?);
        command.arg("--config").arg(&self.config).args(args);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
        Ok(command)
    }

    /// Starts a process with `roles`, listening on `port` for what it shows.
    pub fn start(&mut self, name: &str, roles: &str, port: u16) -> anyhow::Result<()> {
        let env = vec![
            ("VOORDEUR__WEB__LISTEN".to_owned(), format!("127.0.0.1:{port}")),
            ("VOORDEUR__WEB__OPS_LISTEN".to_owned(), format!("127.0.0.1:{}", free_port()?)),
            // Load says the same again and again, from one address.
            ("VOORDEUR__ABUSE__ALIKE_ONE".to_owned(), "0".to_owned()),
            ("VOORDEUR__ABUSE__ALIKE_ALL".to_owned(), "0".to_owned()),
        ];
        self.members.insert(name.to_owned(), Member { roles: roles.to_owned(), env, child: None, starts: 0 });
        self.restart(name)
    }

    /// Starts a member that was killed.
    pub fn restart(&mut self, name: &str) -> anyhow::Result<()> {
        let member = self.members.get_mut(name).with_context(|| format!("no member {name}"))?;
        member.starts += 1;
        let log = File::create(self.dir.join(format!("{name}.{}.log", member.starts)))?;
        let child = Command::new(binary()?)
            .arg("--config")
            .arg(&self.config)
            .args(["serve", "--roles", &member.roles])
            .envs(member.env.iter().cloned())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        member.child = Some(child);
        Ok(())
    }

    /// Kills a member as a power cut would.
    pub fn kill(&mut self, name: &str) -> anyhow::Result<()> {
        let member = self.members.get_mut(name).with_context(|| format!("no member {name}"))?;
        if let Some(mut child) = member.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// The names of the members.
    pub fn names(&self) -> Vec<String> {
        self.members.keys().cloned().collect()
    }

    /// A member that ended without being told to, with the end of its log.
    pub fn fallen(&mut self) -> Option<String> {
        for (name, member) in &mut self.members {
            if let Some(status) = member.child.as_mut().and_then(|child| child.try_wait().ok().flatten()) {
                let log = std::fs::read_to_string(self.dir.join(format!("{name}.{}.log", member.starts)));
                let log = log.unwrap_or_default();
                let tail: Vec<&str> = log.lines().rev().take(15).collect();
                return Some(format!(
                    "{name} ended with {status}:\n{}",
                    tail.into_iter().rev().collect::<Vec<_>>().join("\n")
                ));
            }
        }
        None
    }

    /// Asks a member to stop in order (SIGTERM), and waits until it has.
    pub async fn stop(&mut self, name: &str) -> anyhow::Result<()> {
        let member = self.members.get_mut(name).with_context(|| format!("no member {name}"))?;
        let Some(mut child) = member.child.take() else { return Ok(()) };
        Command::new("kill").args(["-TERM", &child.id().to_string()]).status()?;
        let status = wait::until(&format!("{name} to stop"), Duration::from_secs(30), || {
            let status = child.try_wait();
            async move { Ok(status?) }
        })
        .await?;
        if !status.success() {
            bail!("{name} stopped with {status}");
        }
        Ok(())
    }

    /// Waits until the web member on `port` says that it is ready.
    pub async fn ready(&mut self, port: u16) -> anyhow::Result<()> {
        let url = format!("http://127.0.0.1:{port}/health/ready");
        let client = crate::load::client()?;
        let start = Instant::now();
        loop {
            if client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            if let Some(fallen) = self.fallen() {
                bail!("{fallen}");
            }
            if start.elapsed() > Duration::from_secs(60) {
                bail!("{url} did not become ready within a minute");
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for member in self.members.values_mut() {
            if let Some(mut child) = member.child.take() {
                // The test is over; whatever happens to them now does not matter.
                let _killed = child.kill();
                let _waited = child.wait();
            }
        }
    }
}
