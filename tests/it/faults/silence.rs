//! Three weeks of a clock that the test moves, in one process: a department takes a case (its system
//! says 200) and then says nothing. It is reminded, somebody in the city gets to look after it, and the
//! resident hears before each promised day what becomes of it; until it asks, and answers.

use anyhow::{Context as _, ensure};
use hub::{Hub, Parts, Running, cli::Role, config::Config};
use schemas::{
    Timestamp, Uuid,
    case::Status,
    dispatch::{DispatchState, Say, Update},
    id::{Clock, Ids, from_micros},
    reference::Reference,
    task::{Kind, State},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use store::{DeadFilter, Options, Store};
use tests::{
    department::Webhook,
    load::{self, Batch},
    town, wait,
};
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(40);

/// One case, the clock, and the hub around it.
struct Story {
    hands: Arc<AtomicI64>,
    running: Running,
    port: u16,
    id: Uuid,
    known: usize,
}

impl Story {
    /// It becomes `at`; waits until all of `expected` happened to the case since the last time, in this
    /// order, and nothing else did.
    async fn until(&mut self, at: &str, expected: &[&str]) -> anyhow::Result<()> {
        let moment: Timestamp = at.parse()?;
        self.hands.store(moment.as_microsecond(), Ordering::SeqCst);
        let store = self.running.store.clone();
        let (id, from) = (self.id, self.known);
        let what = format!("{expected:?} at {at}");
        let found = wait::until(&what, PATIENCE, || {
            let store = store.clone();
            async move {
                // What the hand-over of a reminder says stands between, or comes a little later.
                let words: Vec<&str> = store.timeline(id, false).await?.iter().map(|event| event.what.word()).collect();
                let new: Vec<&str> = words[from..].iter().copied().filter(|word| *word != "handed_over").collect();
                ensure!(new.len() <= expected.len(), "{new:?} at {at}");
                Ok((new == expected).then_some(words.len()))
            }
        });
        self.known = found.await?;
        Ok(())
    }

    /// What the department says, by its own door.
    async fn says(&self, id: &str, say: Say) -> anyhow::Result<()> {
        let store = &self.running.store;
        let first = store.dispatches_of(self.id).await?.into_iter().next().context("it was handed out")?;
        let update = Update {
            critical: false,
            id: id.to_owned(),
            department: first.department,
            dispatch: first.id,
            at: from_micros(self.hands.load(Ordering::SeqCst)),
            say,
        };
        let url = format!("http://127.0.0.1:{}/api/v1/departments/webdienst/updates", self.port);
        let request = load::client()?.post(url).bearer_auth(town::TOKEN).header("Content-Type", "application/json");
        let answer = request.body(serde_json::to_string(&update)?).send().await?;
        ensure!(answer.status().is_success(), "{}: {}", answer.status(), answer.text().await?);
        Ok(())
    }

    /// Waits until the department's system has taken `count` letters, and we know it: before the clock is
    /// moved, or what is in hand would seem to have been forgotten.
    async fn delivered(&self, count: usize) -> anyhow::Result<()> {
        wait::until(&format!("{count} letters to arrive"), PATIENCE, || async {
            let rows = self.running.store.dispatches_of(self.id).await?;
            let there = rows.iter().filter(|row| row.state == DispatchState::Delivered).count();
            Ok((there == count && rows.len() == count).then_some(()))
        })
        .await
    }

    /// Waits until the newest mail's subject has `words`.
    async fn told(&self, words: &str) -> anyhow::Result<String> {
        wait::until(&format!("a mail about `{words}`"), PATIENCE, || async {
            let mails = self.running.store.letterbox(50, None).await?;
            Ok(mails.into_iter().find(|mail| mail.subject.contains(words)).map(|mail| mail.text))
        })
        .await
    }
}

async fn begin(dir: &std::path::Path, hook: &str) -> anyhow::Result<Story> {
    town::write(&dir.join("town"), hook)?;
    // Wednesday 25 November 2026, 10:46 in Brussels.
    let hands = Arc::new(AtomicI64::new("2026-11-25T09:46:00Z".parse::<Timestamp>()?.as_microsecond()));
    let read = hands.clone();
    let clock = Clock::new(move || from_micros(read.load(Ordering::SeqCst)));
    let url = format!("sqlite:{}", dir.join("hub.db").display());
    let options = Options { ids: Ids::new(clock.clone()), clock, publish_events: false };
    let store = Store::open(&url, options).await?;
    store.migrate().await?;
    let toml = town::Config { database: &url, broker: None, smtp: None }.toml(dir);
    let town = hub::city::read(Some(&dir.join("town")))?.good()?;
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let parts = Parts { town, store: store.clone(), roles: Role::ALL.to_vec(), listener: Some(listener) };
    let running = Hub::start(Config::read("test", &toml, &Default::default())?, parts).await?;
    let port = running.web.context("the web role listens")?.port();
    let batch = Batch {
        name: "silence".to_owned(),
        count: 1,
        callers: 1,
        category: "straat/hook".to_owned(),
        told: true,
        patience: PATIENCE,
    };
    let reference = load::over_http(&[port], &batch).await?.remove(0);
    let reference = Reference::parse(&reference).ok().context("a reference")?;
    let id = store.report_by_reference(reference).await?.context("it is kept")?.id;
    Ok(Story { hands, running, port, id, known: 0 })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_department_that_takes_a_case_and_says_nothing_keeps_nobody_in_silence() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let stop = CancellationToken::new();
    let _stop = stop.clone().drop_guard();
    let (department, url) = Webhook::listen(None, stop.clone()).await?;
    let mut story = begin(dir.path(), &url).await?;
    let store = story.running.store.clone();

    // It answers 200, which is no answer. Its term is Wednesday 2 December.
    story.until("2026-11-25T09:46:00Z", &["received", "routed"]).await?;
    story.delivered(1).await?;
    story.until("2026-11-27T09:45:00Z", &[]).await?;
    story.until("2026-11-27T09:46:00Z", &["reminded"]).await?;
    story.delivered(2).await?;
    // A working day before the term the resident hears, and the department once more.
    story.until("2026-12-01T08:00:00Z", &["slipping", "reminded"]).await?;
    let mail = story.told("duurt langer").await?;
    assert!(mail.contains("2 december 2026") && mail.contains("ten laatste op woensdag 16 december 2026"), "{mail}");
    story.delivered(3).await?;
    // Reminded twice in vain: somebody of the city looks after it.
    story.until("2026-12-03T08:00:00Z", &["escalated"]).await?;
    let tasks = store.tasks_of(story.id).await?;
    assert_eq!((tasks.len(), tasks[0].kind, tasks[0].state), (1, Kind::Chase, State::Open));
    assert_eq!((tasks[0].desk.as_str(), tasks[0].department.as_str()), ("onthaal", "webdienst"));
    // The news that was promised for the 16th is not there either: said before that day.
    story.until("2026-12-14T12:00:00Z", &[]).await?;
    story.until("2026-12-15T08:00:00Z", &["slipping", "reminded"]).await?;
    story.delivered(4).await?;

    // It asks: the task ends, and the clock stands still for the department.
    story.says("ask", Say::Ask { text: "Aan welke kant van de straat?".to_owned() }).await?;
    story.until("2026-12-15T09:00:00Z", &["asked"]).await?;
    assert_eq!(store.tasks_of(story.id).await?[0].state, State::Done);
    let mail = story.told("Een vraag over").await?;
    let page = mail.lines().find(|line| line.starts_with("http://voordeur.example/")).context("a link")?;
    let path = page.trim_start_matches("http://voordeur.example");
    let send = |words: &'static str| {
        let form = load::client().map(|client| {
            client
                .post(format!("http://127.0.0.1:{}{path}/reply", story.port))
                .header("sec-fetch-site", "same-origin")
                .header("Content-Type", "application/x-www-form-urlencoded")
                .body(format!("words={words}"))
        });
        async move { Ok::<_, anyhow::Error>(form?.send().await?.status().as_u16()) }
    };
    story.hands.store("2026-12-17T10:00:00Z".parse::<Timestamp>()?.as_microsecond(), Ordering::SeqCst);
    assert_eq!(send("").await?, 422);
    assert_eq!((send("De+even+kant").await?, send("De+even+kant").await?), (303, 303));
    story.until("2026-12-17T10:00:01Z", &["replied"]).await?;
    story.delivered(5).await?;

    let on = "2026-12-18".parse()?;
    story.says("plan", Say::Plan { on, text: Some("In de voormiddag".to_owned()) }).await?;
    story.until("2026-12-17T10:00:02Z", &["planned"]).await?;
    story.says("done", Say::Done { text: None, evidence: Vec::new() }).await?;
    story.until("2026-12-18T10:00:00Z", &["solved"]).await?;
    story.until("2027-02-18T10:00:00Z", &[]).await?;
    let case = store.case(story.id).await?.context("the case")?;
    assert_eq!((case.status, case.check_at), (Status::Solved, None));
    assert_eq!((department.arrivals.distinct(), department.arrivals.repeats()), (5, 0), "each letter once");
    assert!(store.dead(DeadFilter::default()).await?.is_empty(), "every notice has its words");
    story.running.stop().await
}
