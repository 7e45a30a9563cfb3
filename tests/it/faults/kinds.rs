//! A department of every kind, while the hub is killed again and again in the middle of dispatches.
//! Afterwards each kind is counted where its work arrives: at a server, in a mailbox, in files, in the
//! list of a desk.

use super::{departments::ids, patience, size};
use anyhow::Context as _;
use rand::Rng as _;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::Duration,
};
use tests::{
    fleet::{Fleet, free_port},
    load::{self, Batch},
    played::Played,
    smtp_sink::{SmtpSink, Switches},
    town,
};

/// Every kind: its department, how that gets its work, and what else is said of it.
fn kinds(hook: u16, open311: u16, files: &Path) -> Vec<(&'static str, String, &'static str)> {
    vec![
        ("onthaal", "sandbox".to_owned(), ""),
        ("wachtrij", "queue".to_owned(), ""),
        ("webdienst", format!("{{webhook: {{url: \"http://127.0.0.1:{hook}/in\"}}}}"), ""),
        (
            "server",
            format!(
                "{{open311: {{url: \"http://127.0.0.1:{open311}/v2\", format: json, services: {{default: PUT}}, \
                 every: 10s, shows_after: 2s}}}}"
            ),
            "",
        ),
        ("postvak", "{email: {to: [dienst@inbox.example]}}".to_owned(), ""),
        (
            "bestand",
            format!(
                "{{batch_file: {{directory: {{path: {files:?}}}, urgent_at_once: true, look_every: 10s, days: all}}}}"
            ),
            "",
        ),
        ("loket", "{native: {}}".to_owned(), ""),
        ("formulier", "{form_manual: {url: \"https://formulier.example\"}}".to_owned(), ""),
        ("wacht", "{phone_handover: {}}".to_owned(), "on_call: {contacts: [{who: Wacht, phone: \"+32 16 00 00 00\"}]}"),
        ("elders", "{redirect: {phone: \"1700\"}}".to_owned(), ""),
    ]
}

/// A town in which `straat/<department>` goes to that department.
fn write_town(dir: &Path, kinds: &[(&str, String, &str)]) -> anyhow::Result<()> {
    town::write(dir, "http://127.0.0.1:9/nowhere")?;
    let (mut departments, mut rules) = ("departments:\n".to_owned(), String::new());
    let mut categories =
        "groups:\n  - {id: straat, icon: road, name: {nl: Straat, fr: Rue, en: Street}}\ncategories:\n".to_owned();
    for (id, delivery, more) in kinds {
        let name = format!("name: {{nl: {id}, fr: {id}, en: {id}}}");
        let more = if more.is_empty() { String::new() } else { format!("    {more}\n") };
        departments += &format!("  - id: {id}\n    {name}\n    kind: internal\n    delivery: {delivery}\n{more}");
        categories += &format!("  - {{id: straat/{id}, {name}, department: {id}, term: 5}}\n");
        rules += &format!(
            "- rule: {id}\n  when: {{ category: straat/{id} }}\n  then: {{ assign: {id}, priority: high }}\n  examples:\n    \
             - given: {{ category: straat/{id} }}\n      expect: {{ assign: {id} }}\n"
        );
    }
    for (file, text) in [("departments.yaml", departments), ("categories.yaml", categories), ("rules/all.yaml", rules)]
    {
        std::fs::write(dir.join(file), text).with_context(|| file.to_owned())?;
    }
    Ok(())
}

/// Takes the files that are in their place, as the department's system does; gives their rows.
fn collect(out: &Path, files: &mut BTreeMap<String, Vec<String>>) -> anyhow::Result<usize> {
    for entry in std::fs::read_dir(out).into_iter().flatten() {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "csv") {
            let name = path.file_name().and_then(|name| name.to_str()).context("a name is text")?.to_owned();
            let text = std::fs::read_to_string(&path)?;
            // The id stands first, and no cell of ours here holds the end of a line.
            let rows: Vec<String> =
                text.lines().skip(1).filter_map(|row| row.split(',').next().map(str::to_owned)).collect();
            std::fs::remove_file(&path)?;
            anyhow::ensure!(files.insert(name.clone(), rows).is_none(), "{name} went out twice");
        }
    }
    Ok(files.values().map(Vec::len).sum())
}

/// Fetches work, and acknowledges it.
async fn fetch(port: u16, arrived: &mut BTreeSet<String>) -> anyhow::Result<()> {
    let client = load::client()?;
    let base = format!("http://127.0.0.1:{port}/api/v1/departments/wachtrij/work");
    let answer = client.get(format!("{base}?max=100&wait=0")).bearer_auth(town::TOKEN).send().await?;
    let work: serde_json::Value = answer.error_for_status()?.json().await?;
    let items = work["work"].as_array().cloned().unwrap_or_default();
    let ids: Vec<String> = items.iter().filter_map(|item| item["id"].as_str().map(str::to_owned)).collect();
    if !ids.is_empty() {
        let body = serde_json::json!({"ids": ids});
        client.post(format!("{base}/ack")).bearer_auth(town::TOKEN).json(&body).send().await?.error_for_status()?;
    }
    arrived.extend(ids);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_hub_loses_and_doubles_nothing_at_a_department_of_any_kind() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let files = dir.path().join("files");
    std::fs::create_dir(&files)?;
    let (hook, open311, port) = (free_port()?, free_port()?, free_port()?);
    let kinds = kinds(hook, open311, &files);
    write_town(&dir.path().join("town"), &kinds)?;
    let sink = SmtpSink::start(Switches::default()).await?;
    let database = dir.path().join("hub.db");
    let url = format!("sqlite:{}", database.display());
    let toml = town::Config { database: &url, broker: None, smtp: Some(sink.address().port()) }.toml(dir.path());
    let toml = toml
        .replace("rate_per_minute = 0", &format!("rate_per_minute = 0\nlisten = \"127.0.0.1:{port}\""))
        .replace("[departments.webdienst]", "[departments.server]\napi_key = \"sleutel\"\ntoken = \"a-token-that-only-the-server-of-the-test-town-knows\"\n[departments.webdienst]");
    let mut fleet = Fleet::new(dir.path(), &toml)?;
    fleet.start("hub", "web,router,notifier,adapters", port)?;
    fleet.ready(port).await?;
    // Both keep each piece of work, and say nothing the first time.
    let webhook = Played::simulate(&fleet, "webdienst", &["--behaviour", "timeout-after-accept"]).await?;
    let server = Played::simulate(&fleet, "server", &["--behaviour", "timeout-after-accept"]).await?;

    let each = size(6, 60);
    let mut senders = tokio::task::JoinSet::new();
    for (id, ..) in &kinds {
        let (name, category) = ((*id).to_owned(), format!("straat/{id}"));
        let batch = Batch { name, count: each, callers: 1, category, told: false, patience: patience() };
        senders.spawn(async move { load::over_http(&[port], &batch).await });
    }
    let (mut out, mut fetched) = (BTreeMap::new(), BTreeSet::new());
    for _ in 0..size(10, 30) {
        let pause = rand::rng().random_range(300..1_500);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        fleet.kill("hub")?;
        collect(&files.join("out"), &mut out)?;
        fleet.restart("hub")?;
    }
    while let Some(sent) = senders.join_next().await {
        sent??;
    }
    fleet.ready(port).await?;
    let begin = std::time::Instant::now();
    let mut open = Vec::new();
    while begin.elapsed() < patience() {
        fetch(port, &mut fetched).await?;
        let filed = collect(&files.join("out"), &mut out)?;
        open = ids(&database, "SELECT department || ' ' || state FROM dispatch WHERE state <> 'delivered' AND department NOT IN ('formulier', 'wacht')").await?;
        let solved = ids(&database, "SELECT id FROM cases WHERE status = 'solved'").await?.len();
        let tasks = ids(&database, "SELECT id FROM task WHERE state = 'open'").await?.len();
        if open.is_empty() && filed == each && fetched.len() == each && solved == 3 * each && tasks == 2 * each {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(open, Vec::<String>::new(), "not handed over in time");

    // What each department has, by dispatch, with how often.
    let mut arrived: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (name, played) in [("webdienst", &webhook), ("server", &server)] {
        let at = played.arrivals();
        assert!(at.values().all(|(_, taken)| *taken == 1), "{name}: a repeat carries the same id: {at:?}");
        arrived.insert(name, at.into_keys().collect());
    }
    arrived.insert("wachtrij", fetched.into_iter().collect());
    arrived.insert("bestand", out.into_values().flatten().collect());
    for (name, sql) in [
        ("loket", "SELECT case_id FROM event WHERE what = 'handed_over' AND body LIKE '%\"loket\"%'"),
        ("onthaal", "SELECT case_id FROM event WHERE what = 'solved' AND body LIKE '%\"onthaal\"%'"),
        ("elders", "SELECT case_id FROM event WHERE what = 'referred'"),
        ("formulier", "SELECT case_id FROM task WHERE department = 'formulier'"),
        ("wacht", "SELECT case_id FROM task WHERE department = 'wacht'"),
    ] {
        arrived.insert(name, ids(&database, sql).await?);
    }
    let mails: BTreeMap<String, usize> = sink.arrived().iter().fold(BTreeMap::new(), |mut mails, mail| {
        *mails.entry(mail.message_id()).or_default() += 1;
        mails
    });
    assert_eq!(mails.len(), each, "postvak: one Message-ID per dispatch, however often it came: {mails:?}");

    for (department, mut there) in arrived {
        there.sort();
        let by_case = ["loket", "onthaal", "elders", "formulier", "wacht"].contains(&department);
        let column = if by_case { "case_id" } else { "id" };
        let rows = ids(&database, "SELECT department || ' id ' || id FROM dispatch UNION ALL SELECT department || ' case_id ' || case_id FROM dispatch").await?;
        let begins = format!("{department} {column} ");
        let mut written: Vec<String> =
            rows.iter().filter_map(|row| row.strip_prefix(&begins).map(str::to_owned)).collect();
        written.sort();
        assert_eq!(written.len(), each, "{department}: one dispatch per report");
        assert_eq!(there, written, "{department}: what was written arrived once, and nothing else");
    }
    let dead = ids(&database, "SELECT lane || ': ' || why FROM letter WHERE buried_at IS NOT NULL").await?;
    assert_eq!(dead, Vec::<String>::new(), "dead letters");
    fleet.stop("hub").await
}
