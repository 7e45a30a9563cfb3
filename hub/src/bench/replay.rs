//! Replay: 100,000 stored cases decided again by other rules (1,000 of them, 300 areas), beside the raw
//! limit: the same rows read by rusqlite on one thread, with their JSON parsed and nothing decided.

use super::{Row, Run, decide::Asking, decide::files, decide::read, decide::report, median};
use anyhow::Context as _;
use router::{Facts, Ruleset, decide, replay::Replay};
use rusqlite::Connection;
use schemas::{
    Timestamp, Uuid,
    city::{City, Files},
    event::{CaseEvent, What},
    id::{Clock, Ids, derived, from_micros},
    report::{Report, Tell},
    slug::CategoryId,
    trace::Trace,
};
use std::{
    collections::HashMap,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};
use store::{NewReport, Options, Store, Stretch};

const RULES: usize = 1_000;
const BATCH: usize = 256;
const CATEGORIES: usize = 200;
/// The first report of the bench: 2026-01-01T00:00Z, in microseconds.
const BEGIN: i64 = 1_767_225_600_000_000;
/// From one report to the next: 100,000 of them are a year.
const APART: i64 = 315_000_000;

/// Cases per second, and seconds for all of them.
pub async fn rows(quick: bool) -> anyhow::Result<Vec<Row>> {
    let (count, rounds) = if quick { (20_000, 1) } else { (100_000, 3) };
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("replay.db");
    let (city, rules) = town(files(RULES, Asking::Little))?;
    let mut candidate = files(RULES, Asking::Little);
    let text = candidate.get("rules/bench.yaml").context("the bench has rules")?;
    // The rules of one department in twenty go to another.
    let text = text.replace("assign: d9,", "assign: d10,");
    candidate.insert("rules/bench.yaml".to_owned(), text.into());
    let (candidate_city, candidate) = town(candidate)?;
    fill(&file, count, &city, &rules).await?;

    let (mut ours, mut raw) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        raw.push(read_only(&file, count)?.rate);
        let known = HashMap::from([(rules.version().to_owned(), rules.clone())]);
        let replay = Replay::new(candidate.clone(), candidate_city.clone(), city.clone(), known);
        let store = open(&file, &Arc::default()).await?;
        let stretch = Stretch { since: from_micros(BEGIN), until: Timestamp::MAX };
        let run = Run::start();
        let tally = crate::replay::run(&store, Arc::new(replay), stretch, 3, |_| ()).await?;
        ours.push(run.end(count).rate);
        store.close().await;
        anyhow::ensure!(tally.cases == count as u64 && tally.moved() > 0 && tally.left() == 0, "{tally:?}");
    }
    let rate = median(ours);
    Ok(vec![
        Row::beside("replay, cases/s on SQLite", rate, "/s", median(raw), ">= 0.5"),
        Row::alone("replay, 100,000 cases", 100_000.0 / rate, "s", "<= 10 s"),
    ])
}

fn town(files: Files) -> anyhow::Result<(Arc<City>, Arc<Ruleset>)> {
    let city = read(City::read(files))?;
    let ruleset = read(Ruleset::read(&city))?;
    Ok((Arc::new(city), Arc::new(ruleset)))
}

async fn open(file: &Path, now: &Arc<AtomicI64>) -> anyhow::Result<Store> {
    let now = now.clone();
    let clock = Clock::new(move || from_micros(now.load(Ordering::Relaxed)));
    let options = Options { ids: Ids::new(clock.clone()), clock, publish_events: false };
    let store = Store::open(&format!("sqlite:{}", file.display()), options).await?;
    store.migrate().await?;
    Ok(store)
}

/// Reports of all categories, each with its first decision.
async fn fill(file: &Path, count: usize, city: &City, rules: &Ruleset) -> anyhow::Result<()> {
    let now = Arc::new(AtomicI64::new(BEGIN));
    let store = open(file, &now).await?;
    for begin in (0..count).step_by(BATCH) {
        let numbers = begin..(begin + BATCH).min(count);
        let references = store.references(numbers.len()).await?;
        let (mut reports, mut events) = (Vec::new(), Vec::new());
        for (n, reference) in numbers.zip(references) {
            now.store(BEGIN + APART * n as i64, Ordering::Relaxed);
            let at = store.clock().now();
            let category = CategoryId::new(&format!("street/c{}", n % CATEGORIES))?;
            let (id, token) = (store.ids().new_id(), store.ids().token());
            let report = Report { id, reference, category, token, received_at: at, ..report(n) };
            events.push((first(&report, city, rules)?, Tell::Nothing));
            let digest = "bench".to_owned();
            reports.push(NewReport {
                report,
                contact: None,
                digest,
                route: false,
                trace: Trace::start(),
                noticed: Default::default(),
            });
        }
        let mut tx = store.begin().await?;
        tx.accept(&reports).await?;
        tx.add_events(&events, Trace::start()).await?;
        tx.commit().await?;
    }
    store.close().await;
    Ok(())
}

fn first(report: &Report, city: &City, rules: &Ruleset) -> anyhow::Result<CaseEvent> {
    let decision = decide(rules, city, &Facts::of(report, city, &[], report.received_at));
    let case_id: Uuid = report.id;
    Ok(CaseEvent {
        critical: false,
        id: derived(&["event", &case_id.to_string(), "routed", "2"]),
        case_id,
        reference: report.reference,
        version: 2,
        at: report.received_at,
        what: What::Routed {
            department: decision.lead().context("a decision has a lead")?.clone(),
            informed: decision.informed(),
            rule: decision.rule,
            ruleset: decision.ruleset,
            priority: decision.priority,
            due_on: decision.due_on,
            rerouted_from: None,
            instead_of: None,
        },
    })
}

/// The same columns of the same rows, with what is JSON in them parsed.
fn read_only(file: &Path, count: usize) -> anyhow::Result<Run> {
    let db = Connection::open(file)?;
    let run = Run::start();
    let mut read = db.prepare(
        "SELECT r.id, r.reference, r.channel, r.kind, r.category, r.words, r.place, r.answers, r.urgency, r.language,
            r.tell, r.photos, r.received_at, e.id, e.at, e.body, p.report_id
        FROM report AS r LEFT JOIN event AS e ON e.case_id = r.id AND e.version = 2
            LEFT JOIN contact AS p ON p.report_id = r.id ORDER BY r.id",
    )?;
    let mut rows = read.query([])?;
    let mut seen = 0;
    while let Some(row) = rows.next()? {
        for text in [0, 2, 3, 4, 5, 8, 9, 10, 13] {
            std::hint::black_box(row.get::<_, String>(text)?);
        }
        for number in [1, 12, 14] {
            std::hint::black_box(row.get::<_, i64>(number)?);
        }
        for json in [6, 7, 11, 15] {
            std::hint::black_box(serde_json::from_str::<serde_json::Value>(&row.get::<_, String>(json)?)?);
        }
        seen += 1;
    }
    anyhow::ensure!(seen == count, "{seen} rows instead of {count}");
    Ok(run.end(count))
}
