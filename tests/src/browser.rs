//! A browser on a whole hub of the sample city: `tests/browser/run.mjs` fills the hub through its doors and does what it
//! is asked to, in Debian's Chromium. This side starts the hub and says what there is.

use crate::{
    fleet::{Fleet, free_port},
    load, wait,
};
use adapters::links::Links;
use anyhow::{Context as _, bail};
use schemas::{Uuid, report::Language};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use store::Store;

const PATIENCE: Duration = Duration::from_secs(60);
/// A department of the sample city that fetches its work, and what comes to it.
const DEPARTMENT: &str = "publieke-ruimte-wegen";
const CATEGORY: &str = "wegen/put";
/// The departments of the sample city that answer only when they are told to.
const BY_HAND: [&str; 3] = [DEPARTMENT, "publieke-ruimte-groen", "mobiliteit-signalisatie"];
const TOKEN: &str = "a-token-that-only-the-departments-of-these-tests-know";

/// What is missing on this machine; `None`: a browser can be started.
pub async fn missing() -> Option<&'static str> {
    let found = |program: &'static str, word: &'static str| async move {
        let run = tokio::process::Command::new(program).arg(word).stdin(Stdio::null()).output().await;
        run.is_ok_and(|run| run.status.success())
    };
    match (found("node", "--version").await, found("npm", "--version").await, Path::new(CHROMIUM).exists()) {
        (false, ..) | (_, false, _) => Some("Node and npm"),
        (.., false) => Some("Chromium: deploy/dev/install chromium"),
        _ => None,
    }
}

/// Where Debian puts it.
const CHROMIUM: &str = "/usr/bin/chromium";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("browser")
}

/// The packages of the lock file, once.
async fn install() -> anyhow::Result<()> {
    let written = |file: &str| std::fs::metadata(folder().join(file)).and_then(|data| data.modified()).ok();
    if written("node_modules/.package-lock.json") >= written("package-lock.json") {
        return Ok(());
    }
    let args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    let done = tokio::process::Command::new("npm").args(args).current_dir(folder()).stdin(Stdio::null()).output();
    let done = done.await?;
    if done.status.success() { Ok(()) } else { bail!("npm ci: {}", String::from_utf8_lossy(&done.stderr)) }
}

/// Copies the sample city to `to`; there, what residents send may be read by everybody once somebody approved it, and with
/// `tiles` a file of its own areas lies under the map.
async fn city(to: &Path, tiles: bool) -> anyhow::Result<()> {
    fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(to)?;
        for entry in std::fs::read_dir(from)? {
            let (path, to) = (entry.as_ref().map(std::fs::DirEntry::path), to);
            let path = path.map_err(|error| std::io::Error::new(error.kind(), error.to_string()))?;
            let to = to.join(path.file_name().unwrap_or_default());
            if path.is_dir() { copy(&path, &to)? } else { std::fs::copy(&path, &to).map(drop)? }
        }
        Ok(())
    }
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/city"), to)?;
    let file = to.join("city.yaml");
    let text = std::fs::read_to_string(&file)?;
    let open = "publish: {words: after_review, photos: after_review}";
    let mut changed = text.replace("publish: {words: never, photos: never}", open);
    anyhow::ensure!(changed.contains(open), "the sample city says what is published");
    if tiles {
        let mut make = tokio::process::Command::new("node");
        make.arg(folder().join("tiles.mjs")).arg(to.join("areas/kortrijk.geojson")).arg(to.join("base.pmtiles"));
        let made = make.stdin(Stdio::null()).output().await?;
        anyhow::ensure!(made.status.success(), "tiles.mjs: {}", String::from_utf8_lossy(&made.stderr));
        changed.push_str("\nmap: {pmtiles: base.pmtiles}\n");
    }
    Ok(std::fs::write(&file, changed)?)
}

/// Gives the city a language that is written from right to left: the English texts, as if they were Arabic.
fn right_to_left(folder: &Path) -> anyhow::Result<()> {
    let language = Language::parse("ar").context("Arabic is a language")?;
    let town = hub::city::read(Some(folder))?.good()?;
    let text = web::texts_to_translate(&town.city, "", language, Language::EN).text;
    let translated = |line: &str| match line.strip_prefix('#') {
        Some(rest) if !rest.starts_with('#') => format!("{}\n", rest.strip_prefix(' ').unwrap_or(rest)),
        _ => format!("{line}\n"),
    };
    let text: String = text.lines().map(translated).collect();
    let file = folder.join(schemas::further::file_of(language));
    std::fs::create_dir_all(folder.join("texts"))?;
    Ok(std::fs::write(file, text)?)
}

fn toml(dir: &Path, url: &str, public: &str) -> String {
    let folder = dir.join("city").display().to_string();
    let tokens: String = BY_HAND.iter().map(|id| format!("[departments.{id}]\ntoken = {TOKEN:?}\n")).collect();
    format!(
        "[city]\nfolder = {folder:?}\n[database]\nurl = {url:?}\n\
         [web]\nrate_per_minute = 0\nreads_per_minute = 0\nproofs_per_hour = 0\npublic_url = {public:?}\n\
         [abuse]\nform_delay_seconds = 0\nalike_one = 0\nalike_all = 0\n{tokens}"
    )
}

/// What `tests/browser/run.mjs` is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Look at every page: accessible, valid, quiet, at home, and no wider than the screen.
    Check,
    /// Walk every way that people take, in every mode.
    Journeys,
    /// Take pictures of every page.
    Screens,
}

/// Starts a hub, and a browser that does `task`; gives what it printed. `more` is what it is told besides.
pub async fn run(task: Task, more: Value) -> anyhow::Result<String> {
    install().await?;
    let dir = tempfile::tempdir()?;
    let town = dir.path().join("city");
    city(&town, task == Task::Journeys).await?;
    if task == Task::Check {
        right_to_left(&town)?;
    }
    let url = format!("sqlite:{}", dir.path().join("hub.db").display());
    let port = free_port()?;
    let public = format!("http://127.0.0.1:{port}");
    let mut fleet = Fleet::new(dir.path(), &toml(dir.path(), &url, &public))?;
    fleet.start("hub", "web,router,notifier,adapters", port)?;
    fleet.ready(port).await?;
    let mut order = json!({
        "task": match task { Task::Check => "check", Task::Journeys => "journeys", Task::Screens => "screens" },
        "base": public, "inside": fleet.ops("hub"), "command": fleet.command()?, "dir": dir.path(), "chromium": CHROMIUM, "listed": web::listed(),
        "token": TOKEN, "department": DEPARTMENT, "work": work(&public, &url).await?,
    });
    if let (Some(order), Some(more)) = (order.as_object_mut(), more.as_object()) {
        order.extend(more.clone());
    }
    let file = dir.path().join("order.json");
    std::fs::write(&file, order.to_string())?;
    let mut node = tokio::process::Command::new("node");
    node.arg(folder().join("run.mjs")).arg(&file).stdin(Stdio::null()).kill_on_drop(true);
    let done = node.output().await?;
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    if let Some(fallen) = fleet.fallen() {
        bail!("{fallen}");
    }
    if !done.status.success() {
        bail!("{said}{}", String::from_utf8_lossy(&done.stderr));
    }
    fleet.stop("hub").await?;
    Ok(said)
}

/// The paths of pages where somebody at the department answers without an account. A mail holds them where the city has
/// a mail server; here they are made as the hub makes them.
async fn work(public: &str, url: &str) -> anyhow::Result<Vec<String>> {
    let clock = hub::clock::real();
    let options = store::Options { ids: hub::clock::ids(&clock), clock, publish_events: false };
    let store = Store::open_beside(url, options).await?;
    let links = Links::new(store.secret("links").await?, public);
    let mut paths = Vec::new();
    for n in 0..8 {
        let body = json!({
            "category": CATEGORY, "words": format!("Diepe put naast het fietspad, ter hoogte van paal {n}."), "language": "nl",
            "place": {"address": format!("Zandstraat {}", 10 + n)}, "answers": {"grootte": "stoeptegel"},
        });
        let sent = load::client()?.post(format!("{public}/api/v1/reports")).json(&body).send().await?;
        let kept: Value = sent.error_for_status()?.json().await?;
        let id: Uuid = kept["id"].as_str().context("a report has an id")?.parse()?;
        let dispatch = wait::until("the department's work", PATIENCE, || async {
            Ok(store.dispatches_of(id).await?.into_iter().find(|row| row.department.as_str() == DEPARTMENT))
        });
        paths.push(links.work(dispatch.await?.id, "nl").replace(public, ""));
    }
    store.close().await;
    Ok(paths)
}
