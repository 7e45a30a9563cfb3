//! A broadcast while every process that works on it is killed again and again, paused and resumed in between:
//! everybody is told, and nobody by two messages.

use super::{patience, size};
use rand::Rng as _;
use schemas::{
    Timestamp, Uuid,
    id::{Clock, Ids, derived, from_micros},
    notice::Scope,
    person::{Follow, KnownAddress, Person, Rhythm},
    report::Language,
    way::Address,
};
use std::{
    collections::{BTreeMap, HashSet},
    path::Path,
    time::{Duration, Instant},
};
use store::{Options, Store};
use tests::{
    fleet::{Fleet, free_port},
    servers::Servers,
    smtp_sink::{SmtpSink, Switches},
    town, wait,
};

const MESSAGE: &str = "subject: {nl: Geen water, fr: Pas d'eau, en: No water}\n\
    text: {nl: Wij werken., fr: Nous travaillons., en: We work.}\naudience: {topics: [straat/queue]}\n";

/// Keeps so many people who follow the topic, each with a mail address.
async fn people(url: &str, n: usize) -> anyhow::Result<()> {
    // They came on the first day of 2026, long before the broadcast.
    let now = 1_767_222_000_000_000;
    let clock = Clock::new(move || from_micros(now));
    let store = Store::open(url, Options { ids: Ids::new(clock.clone()), clock, publish_events: false }).await?;
    store.migrate().await?;
    let (keys, made_at) = (store.address_keys().await?, from_micros(now));
    let all: Vec<usize> = (0..n).collect();
    for some in all.chunks(250) {
        let mut tx = store.begin().await?;
        for n in some {
            let id: Uuid = derived(&["person", &n.to_string()]);
            let (language, rhythm) = (Language::NL, Rhythm::AtOnce);
            let person = Person { id, token: id.to_string(), name: None, language, quiet: None, rhythm, made_at };
            tx.put_person(&person).await?;
            let address = Address::Email(format!("p{n}@example.org"));
            let key = keys.of(&address);
            tx.put_address(&KnownAddress { person: id, address, key, rank: 0, verified_at: Some(made_at) }).await?;
            tx.follow(&Follow { person: id, scope: Scope::Topic, target: "straat/queue".into() }).await?;
        }
        tx.commit().await?;
    }
    store.close().await;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the processes under test go by the real clock")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// Runs a command of the broadcast; its JSON.
fn ask(fleet: &Fleet, args: &[&str]) -> anyhow::Result<serde_json::Value> {
    let words: Vec<&str> = ["broadcast"].iter().chain(args).chain(&["--json"]).copied().collect();
    Ok(serde_json::from_str(&fleet.run(&words)?)?)
}

/// Drafts, counts and approves it; returns its number.
fn start(fleet: &Fleet, dir: &Path, people: usize, at: Option<&str>) -> anyhow::Result<String> {
    let file = dir.join("message.yaml");
    std::fs::write(&file, MESSAGE)?;
    let name = file.display().to_string();
    let mut draft = vec!["draft", "--file", &name, "--by", "An"];
    draft.extend(at.into_iter().flat_map(|at| ["--at", at]));
    let drafted = ask(fleet, &draft)?;
    let number = drafted["reference"].as_str().unwrap_or_default().to_owned();
    let preview = ask(fleet, &["preview", &number])?;
    assert_eq!(preview["count"]["heads"]["planned"], people, "{preview}");
    let expected = people.to_string();
    let refused = fleet.run(&["broadcast", "approve", &number, "--by", "an", "--expect", &expected]).unwrap_err();
    assert!(refused.to_string().contains("An wrote it"), "{refused:#}");
    fleet.run(&["broadcast", "approve", &number, "--by", "Bo", "--expect", &expected])?;
    Ok(number)
}

/// Kills `names` in turn, pauses and resumes in between, and waits until everybody was told; then counts what
/// arrived at the sink.
async fn torment(
    fleet: &mut Fleet,
    names: &[&str],
    number: &str,
    sink: &SmtpSink,
    people: usize,
) -> anyhow::Result<()> {
    for kill in 0..size(8, 20) {
        let pause = rand::rng().random_range(200..900);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let name = names[kill % names.len()];
        if kill == 2 {
            fleet.run(&["broadcast", "pause", number, "--by", "An"])?;
        }
        fleet.kill(name)?;
        fleet.restart(name)?;
        if kill == 4 {
            let still = quiet(sink).await?;
            assert!(still < people, "it was paused before the end: {still}");
            fleet.run(&["broadcast", "resume", number, "--by", "Bo"])?;
        }
    }
    count(fleet, number, sink, people).await
}

/// Waits until everybody was told, and counts what arrived at the sink.
async fn count(fleet: &Fleet, number: &str, sink: &SmtpSink, people: usize) -> anyhow::Result<()> {
    wait::until("everybody to be told", patience(), || {
        let shown = ask(fleet, &["show", number]);
        async move { Ok((shown?["state"] == "done").then_some(())) }
    })
    .await?;
    let mut messages: BTreeMap<String, HashSet<String>> = BTreeMap::new();
    for mail in sink.arrived() {
        messages.entry(mail.to.join(",")).or_default().insert(mail.message_id());
    }
    assert_eq!(messages.len(), people, "nobody is left out");
    assert!(messages.values().all(|ids| ids.len() == 1), "nobody is told by two messages");
    let shown = ask(fleet, &["show", number])?;
    assert_eq!((&shown["heads"]["planned"], &shown["heads"]["unreachable"]), (&people.into(), &0.into()), "{shown}");
    let sent = shown["notices"].as_array().map_or(0, |rows| rows.iter().filter(|row| row["state"] == "sent").count());
    assert_eq!((sent, shown["notices"][0]["notices"].as_u64()), (1, Some(people as u64)), "{shown}");
    Ok(())
}

/// How much arrived when nothing more does.
async fn quiet(sink: &SmtpSink) -> anyhow::Result<usize> {
    let (mut seen, mut since) = (sink.arrived().len(), Instant::now());
    wait::until("the paused broadcast to stand still", patience(), || {
        let now = sink.arrived().len();
        if now != seen {
            (seen, since) = (now, Instant::now());
        }
        let still = since.elapsed() > Duration::from_secs(2);
        async move { Ok(still.then_some(now)) }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_hub_tells_everybody_once() -> anyhow::Result<()> {
    let (dir, n) = (tempfile::tempdir()?, size(3_000, 30_000));
    let url = format!("sqlite:{}", dir.path().join("hub.db").display());
    people(&url, n).await?;
    let sink = SmtpSink::start(Switches::default()).await?;
    town::write(&dir.path().join("town"), "http://127.0.0.1:9/nowhere")?;
    let config = town::Config { database: &url, broker: None, smtp: Some(sink.address().port()) };
    let mut fleet = Fleet::new(dir.path(), &config.toml(dir.path()))?;
    let port = free_port()?;
    fleet.start("hub", "web,router,notifier,adapters", port)?;
    fleet.ready(port).await?;
    let number = start(&fleet, dir.path(), n, None)?;
    torment(&mut fleet, &["hub"], &number, &sink, n).await?;
    fleet.stop("hub").await
}

/// Killed again and again around the moment at which a broadcast starts by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_hub_killed_as_a_broadcast_starts_tells_everybody_once() -> anyhow::Result<()> {
    let (dir, n) = (tempfile::tempdir()?, 700);
    let url = format!("sqlite:{}", dir.path().join("hub.db").display());
    people(&url, n).await?;
    let sink = SmtpSink::start(Switches::default()).await?;
    town::write(&dir.path().join("town"), "http://127.0.0.1:9/nowhere")?;
    let config = town::Config { database: &url, broker: None, smtp: Some(sink.address().port()) };
    let mut fleet = Fleet::new(dir.path(), &config.toml(dir.path()))?;
    let port = free_port()?;
    fleet.start("hub", "web,router,notifier,adapters", port)?;
    fleet.ready(port).await?;
    let (zone, starts) = (jiff::tz::TimeZone::get("Europe/Brussels")?, now() + Duration::from_secs(6));
    let at = starts.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S").to_string();
    let number = start(&fleet, dir.path(), n, Some(&at))?;
    let shown = ask(&fleet, &["show", &number])?;
    assert!(now() >= starts || shown["state"] == "scheduled", "{shown}");
    wait::until("the last second before it", patience(), || async {
        Ok((now() + Duration::from_secs(1) >= starts).then_some(()))
    })
    .await?;
    let mut before = 0;
    for _ in 0..size(8, 20) {
        before += usize::from(sink.arrived().is_empty());
        tokio::time::sleep(Duration::from_millis(rand::rng().random_range(50..400))).await;
        fleet.kill("hub")?;
        fleet.restart("hub")?;
    }
    assert!(before > 0, "it was killed before anybody was told");
    count(&fleet, &number, &sink, n).await?;
    fleet.stop("hub").await
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_notifiers_tell_everybody_once() -> anyhow::Result<()> {
    let servers = Servers::up().await?;
    let database = servers.database().await?;
    let prefix = format!("told{:x}", rand::random::<u32>());
    let (dir, n) = (tempfile::tempdir()?, size(2_000, 30_000));
    people(&database, n).await?;
    let sink = SmtpSink::start(Switches::default()).await?;
    town::write(&dir.path().join("town"), "http://127.0.0.1:9/nowhere")?;
    let config =
        town::Config { database: &database, broker: Some((&servers.amqp, &prefix)), smtp: Some(sink.address().port()) };
    let mut fleet = Fleet::new(dir.path(), &config.toml(dir.path()))?;
    fleet.run(&["broker", "definitions", "--apply"])?;
    for name in ["notifier-1", "notifier-2"] {
        fleet.start(name, "notifier", free_port()?)?;
    }
    let number = start(&fleet, dir.path(), n, None)?;
    torment(&mut fleet, &["notifier-1", "notifier-2"], &number, &sink, n).await?;
    for name in ["notifier-1", "notifier-2"] {
        fleet.stop(name).await?;
    }
    Ok(())
}
