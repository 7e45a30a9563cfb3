//! `voordeur letters`: from notices that wait to a batch in the post, killed whenever it likes; and what comes back.

use schemas::{
    Uuid,
    city::City,
    event::What,
    id::{Clock, Ids, derived},
    letter::{Lane, Topic},
    notice::{Because, Heard, HeardState, Notice, NoticeState},
    place::Place,
    report::{Answers, Contact, Kind, Language, Report, Tell, Urgency},
    slug::{CategoryId, Slug},
    trace::Trace,
    way::{Post, Way},
};
use sha2::{Digest as _, Sha256};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};
use store::{AuditFilter, NewPaper, NewReport, Options, PaperState, Store};

/// A town with letters set up, and a folder for the print room.
struct Town {
    dir: tempfile::TempDir,
    store: Store,
    url: String,
}

/// Later than the clock of this machine, so that what a command posts is ready.
fn clock() -> Clock {
    Clock::new(|| "2036-11-23T10:00:00Z".parse().unwrap())
}

impl Town {
    async fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", dir.path().join("hub.db").display());
        Self::open_on(dir, url).await
    }

    async fn open_on(dir: tempfile::TempDir, url: String) -> Self {
        let config = "[web]\npublic_url = \"https://hallo.example\"\n[letters]\nsender = [\"Grote Markt 54\", \"8500 Kortrijk\"]\n";
        fs::write(dir.path().join("voordeur.toml"), config).unwrap();
        let options = Options { ids: Ids::new(clock()), clock: clock(), publish_events: false };
        let store = Store::open(&url, options).await.unwrap();
        store.migrate().await.unwrap();
        Self { dir, store, url }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_voordeur"));
        command.current_dir(self.dir.path()).env("VOORDEUR__DATABASE__URL", &self.url).env("VOORDEUR_OPERATOR", "An");
        command.args(args);
        command
    }

    /// Whether it worked, and what it said.
    fn run(&self, args: &[&str]) -> (bool, String) {
        let output = self.command(args).output().unwrap();
        let both = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&both).into_owned())
    }

    fn out(&self) -> PathBuf {
        self.dir.path().join("print")
    }

    /// The batches in the print room's folder, whole ones alone, by their id.
    fn batches(&self) -> BTreeMap<String, serde_json::Value> {
        let Ok(entries) = fs::read_dir(self.out()) else { return BTreeMap::new() };
        let whole = entries.filter_map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let manifest = fs::read(entry.path().join("manifest.json")).ok().filter(|_| !name.starts_with('.'))?;
            Some((name, serde_json::from_slice(&manifest).unwrap()))
        });
        whole.collect()
    }

    /// A letter that waits, to somebody of this name and address.
    async fn letter(&self, city: &City, name: Option<&str>, post: Option<Post>) -> Uuid {
        let id = self.store.ids().new_id();
        let report = Report {
            id,
            reference: self.store.references(1).await.unwrap()[0],
            channel: Slug::new("desk").unwrap(),
            source_id: None,
            kind: Kind::Report,
            category: CategoryId::new("wegen/put").unwrap(),
            words: "Een put".into(),
            place: Place::default(),
            answers: Answers::new(),
            urgency: Urgency::Normal,
            language: Language::NL,
            tell: Tell::Letter,
            photos: Vec::new(),
            token: self.store.ids().token(),
            received_at: self.store.clock().now(),
        };
        assert!(city.category(&report.category).is_some());
        let reference = report.reference;
        let contact =
            post.map(|post| Contact { name: name.map(str::to_owned), post: Some(post), ..Contact::default() });
        let new = NewReport {
            report,
            contact,
            digest: "0".repeat(64),
            route: false,
            trace: Trace::start(),
            noticed: Default::default(),
        };
        self.store.accept(new).await.unwrap();
        let event = self.store.timeline(id, true).await.unwrap().remove(0);
        assert_eq!(event.what, What::Received);
        let notice = Notice {
            id: derived(&["notice", &id.to_string()]),
            case_id: id,
            event_id: event.id,
            version: event.version,
            template_version: None,
            template: "received".to_owned(),
            person: "reporter".to_owned(),
            sender: "letters".to_owned(),
            way: Way::Letter,
            device: None,
            language: Language::NL,
            reasons: vec![Because::Reporter],
            state: NoticeState::Planned,
            planned_at: self.store.clock().now(),
            due_at: None,
        };
        let mut tx = self.store.begin().await.unwrap();
        tx.plan_notices(std::slice::from_ref(&notice)).await.unwrap();
        tx.commit().await.unwrap();
        let person = "reporter".to_owned();
        let paper = NewPaper { notice: notice.id, case_id: id, reference, person, passing: true };
        self.store.put_paper(&paper).await.unwrap();
        notice.id
    }

    async fn state(&self, notice: Uuid) -> PaperState {
        self.store.paper(notice).await.unwrap().unwrap().state
    }

    /// What the planner is to hear.
    async fn heard(&self) -> Vec<(Option<Uuid>, HeardState)> {
        let letters = self.store.take(&Lane::notifier(), 1000, Duration::from_secs(3600)).await.unwrap();
        let heard = letters.iter().filter(|letter| letter.topic == Topic::NoticeHeard);
        heard.map(|letter| letter.read::<Heard>().unwrap()).map(|heard| (heard.notice, heard.state)).collect()
    }
}

fn post(street: &str) -> Post {
    Post { street: street.into(), postcode: "8500".into(), town: "Kortrijk".into(), country: None }
}

fn city() -> std::sync::Arc<City> {
    hub::city::read(None).unwrap().good().unwrap().city
}

#[tokio::test]
async fn a_batch_is_printed_sent_and_comes_back() {
    let (town, city) = (Town::open().await, city());
    let (good, said) = town.run(&["letters", "print", "--out", "print"]);
    assert!(good && said.contains("no letter waits"), "{said}");
    let an = town.letter(&city, Some("Peeters, An"), Some(post("Dorp 1"))).await;
    let somebody = town.letter(&city, None, Some(post("Dorp 2"))).await;
    let erased = town.letter(&city, None, None).await;
    let (good, said) = town.run(&["letters", "list"]);
    assert!(good && said.contains(&an.to_string()) && !said.contains("Peeters"), "{said}");

    let (good, said) = town.run(&["letters", "print", "--out", "print"]);
    assert!(good && said.contains("2 letters in "), "{said}");
    let batches = town.batches();
    let (batch, manifest) = batches.first_key_value().unwrap();
    let letters = manifest["letters"].as_array().unwrap();
    assert_eq!((batches.len(), letters.len()), (1, 2));
    assert_eq!(manifest["dropped"][0]["notice"], erased.to_string());
    for entry in letters {
        let file = fs::read(town.out().join(batch).join(entry["file"].as_str().unwrap())).unwrap();
        assert!(file.starts_with(b"%PDF-1.7"));
        let sha256: String = Sha256::digest(&file).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(entry["sha256"], sha256.as_str());
        assert!(matches!(entry["pages"].as_u64(), Some(1 | 2)), "{entry}");
        assert_eq!(entry["postcode"], "8500");
    }
    let csv = fs::read_to_string(town.out().join(batch).join("manifest.csv")).unwrap();
    assert_eq!(csv.lines().count(), 3, "{csv}");
    assert!(csv.contains(",\"Peeters, An\",8500,Kortrijk,,"), "{csv}");
    assert_eq!(town.heard().await, [(Some(erased), HeardState::Failed)], "who has no address is told another way");
    assert_eq!(town.state(an).await, PaperState::Printed);

    for (args, part) in [
        (vec!["letters", "sent", "00000000-0000-7000-8000-000000000000"], "there is no batch"),
        (vec!["letters", "returned", "1234", "--reason", "moved"], "is no number of a letter"),
        (vec!["letters", "returned", &erased.to_string(), "--reason", "moved"], "no letter of this number"),
        (vec!["letters", "returned", &an.to_string(), "--reason", "mved"], "did you mean `moved`?"),
        (vec!["letters", "list", "--state", "snt"], "did you mean `sent`?"),
    ] {
        let (good, said) = town.run(&args);
        assert!(!good && said.contains(part), "{args:?}: {said}");
    }
    let (good, said) = town.run(&["letters", "sent", batch]);
    assert!(good && said.contains("2 letters in the post"), "{said}");
    assert!(town.run(&["letters", "sent", batch]).1.contains("before"));
    let mut heard = town.heard().await;
    heard.sort_by_key(|(notice, _)| *notice);
    let mut expected = [(Some(an), HeardState::Delivered), (Some(somebody), HeardState::Delivered)];
    expected.sort_by_key(|(notice, _)| *notice);
    assert_eq!(heard, expected);

    let reference = town.store.paper(an).await.unwrap().unwrap().reference.to_string();
    let (good, said) = town.run(&["letters", "returned", &reference, "--reason", "moved"]);
    assert!(good && said.contains("it came back: moved"), "{said}");
    assert!(town.run(&["letters", "returned", &reference, "--reason", "moved"]).1.contains("before"));
    let refused = town.run(&["letters", "returned", &somebody.to_string(), "--reason", "refused"]);
    assert!(refused.0, "{}", refused.1);
    let mut heard = town.heard().await;
    heard.sort_by_key(|(notice, _)| *notice);
    let mut expected = [(Some(an), HeardState::Dead), (Some(somebody), HeardState::Unwanted)];
    expected.sort_by_key(|(notice, _)| *notice);
    assert_eq!(heard, expected);
    assert_eq!(town.state(an).await, PaperState::Returned);

    let audit = town.store.audit(AuditFilter { limit: 9, ..AuditFilter::default() }).await.unwrap();
    let deeds: Vec<(&str, &str)> = audit.iter().map(|entry| (entry.deed.as_str(), entry.why.as_str())).collect();
    let back = "letters.returned";
    let expected = [(back, "refused"), (back, "moved"), ("letters.sent", ""), ("letters.print", "")];
    assert_eq!(deeds, expected, "each once, the newest first");
    assert!(audit.iter().all(|entry| entry.who == "An" && !entry.what.contains("Peeters")), "{audit:?}");
    assert!(audit[3].what.starts_with(&format!("batch {batch}: 2 letters")), "{audit:?}");
}

#[tokio::test]
async fn killed_whenever_it_likes_every_letter_is_printed_once_on_sqlite() {
    killed_whenever_it_likes(Town::open().await).await;
}

#[tokio::test]
async fn killed_whenever_it_likes_every_letter_is_printed_once_on_postgres() {
    let Ok(server) = std::env::var("VOORDEUR_TEST_POSTGRES") else {
        assert!(std::env::var("VOORDEUR_TEST_ALL").is_err(), "VOORDEUR_TEST_POSTGRES must name a server");
        return;
    };
    let name = format!("voordeur_test_letters_{}", std::process::id());
    let mut admin = sqlx::PgConnection::connect(&server).await.unwrap();
    admin.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    let (address, _) = server.rsplit_once('/').unwrap();
    let town = Town::open_on(tempfile::tempdir().unwrap(), format!("{address}/{name}"));
    // In a task of its own, so that the database goes also when the test fails.
    let done = tokio::spawn(async { killed_whenever_it_likes(town.await).await }).await;
    admin.execute(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).await.unwrap();
    if let Err(failed) = done {
        std::panic::resume_unwind(failed.into_panic());
    }
}

async fn killed_whenever_it_likes(town: Town) {
    const LETTERS: usize = 120;
    let city = city();
    for n in 0..LETTERS {
        town.letter(&city, Some("An"), Some(post(&format!("Dorp {n}")))).await;
    }
    let print = ["letters", "print", "--out", "print", "--most", "40"];
    let mut kills = 0;
    for pause in (0..40).map(|n| 15 + 23 * n % 400) {
        let mut running = town.command(&print).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        tokio::time::sleep(Duration::from_millis(pause)).await;
        if running.try_wait().unwrap().is_none() {
            running.kill().unwrap();
            kills += 1;
        }
        running.wait().unwrap();
    }
    // And once more, in peace, until nothing waits.
    for _ in 0..=LETTERS / 40 {
        let (good, said) = town.run(&print);
        assert!(good, "{said}");
    }
    assert!(kills > 0, "nothing was killed");
    let mut streets = 0;
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for (batch, manifest) in town.batches() {
        let letters = manifest["letters"].as_array().unwrap();
        for entry in letters {
            let before = seen.insert(entry["notice"].as_str().unwrap().to_owned(), batch.clone());
            assert_eq!(before, None, "a letter is in two batches");
            assert!(town.out().join(&batch).join(entry["file"].as_str().unwrap()).exists());
            streets += 1;
        }
        let files = fs::read_dir(town.out().join(&batch)).unwrap().count();
        assert_eq!(files, letters.len() + 2, "a file per letter and the two lists");
    }
    assert_eq!((streets, seen.len()), (LETTERS, LETTERS), "after {kills} kills");
    assert!(town.store.paper_in(PaperState::Waiting, 9).await.unwrap().is_empty());
    assert_eq!(town.store.paper_in(PaperState::Printed, 999).await.unwrap().len(), LETTERS);
    assert_eq!(hidden(&town.out()), 0, "what killed runs left is swept");
}

/// Hidden folders of batches.
fn hidden(out: &Path) -> usize {
    let names = fs::read_dir(out).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with('.')).count()
}

#[tokio::test]
async fn a_batch_is_finished_where_it_was_begun() {
    let (town, city) = (Town::open().await, city());
    town.letter(&city, Some("An"), Some(post("Dorp 1"))).await;
    fs::create_dir(town.out()).unwrap();
    let begun = fs::canonicalize(town.out()).unwrap();
    let batch = town.store.open_paper_batch(begun.to_str().unwrap(), 10).await.unwrap().unwrap();
    let (good, said) = town.run(&["letters", "print", "--out", "elsewhere"]);
    assert!(!good && said.contains("was begun in") && said.contains(begun.to_str().unwrap()), "{said}");
    let sent = town.run(&["letters", "sent", &batch.id.to_string()]);
    assert!(!sent.0 && sent.1.contains("not printed yet"), "{}", sent.1);
    assert!(town.run(&["letters", "print", "--out", "print"]).0);
    assert_eq!(town.batches().len(), 1);

    // Without a section for letters nothing is printed, and the command says which.
    fs::write(town.dir.path().join("voordeur.toml"), "").unwrap();
    let (good, said) = town.run(&["letters", "print", "--out", "print"]);
    assert!(!good && said.contains("[letters]"), "{said}");
}
