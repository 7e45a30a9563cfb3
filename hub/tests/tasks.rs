//! `voordeur tasks`, from the list to the end, on a database that another process wrote.

use schemas::{
    Uuid,
    id::{Clock, Ids},
    report::TRIAL_CHANNEL,
    task::{Field, Holds, State, Task},
};
use std::{path::Path, process::Command, sync::Arc};
use store::{Options, Store};

fn voordeur(dir: &Path, args: &[&str]) -> (bool, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_voordeur"))
        .current_dir(dir)
        .env("VOORDEUR__DATABASE__URL", format!("sqlite:{}", dir.join("hub.db").display()))
        .args(args)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

/// A case with a form to fill in.
async fn form(store: &Store) -> Uuid {
    let town = hub::city::read(None).unwrap().good().unwrap();
    let department = town.city.department("awv").unwrap();
    let written = adapters::trials::write(store, &town.city, department, &[adapters::trials::Trial::Unsent]).await;
    let dispatch = written.unwrap().remove(0).dispatch;
    assert_eq!(dispatch.channel.as_str(), TRIAL_CHANNEL);
    let field = |label: &str, value: &str| Field { label: label.into(), holds: Holds::Value(value.into()) };
    let fields = vec![field("Omschrijving", "words"), field("Uw naam", "name")];
    let task =
        Task::form(&dispatch, town.city.fallback.clone(), "https://partner.example".into(), fields, clock().now());
    let mut tx = store.begin().await.unwrap();
    tx.open_tasks(std::slice::from_ref(&task)).await.unwrap();
    tx.commit().await.unwrap();
    task.id
}

fn clock() -> Clock {
    Clock::new(|| "2026-11-23T10:00:00Z".parse().unwrap())
}

#[tokio::test]
async fn a_task_is_done_from_the_command_line() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { ids: Ids::new(clock()), clock: clock(), publish_events: false };
    let url = format!("sqlite:{}", dir.path().join("hub.db").display());
    let store = Store::open(&url, options).await.unwrap();
    store.migrate().await.unwrap();
    let (good, said, _) = voordeur(dir.path(), &["tasks", "list"]);
    assert!(good && said.contains("nothing waits for anybody"), "{said}");
    let task = form(&store).await;
    let id = task.to_string();
    let run = Arc::new(move |args: &[&str]| voordeur(dir.path(), args));

    let (_, listed, told) = run(&["tasks", "list", "--desk", "contactcentrum"]);
    assert!(listed.contains(&id) && listed.contains("fill in a form") && told.contains("1 task"), "{listed} {told}");
    assert!(!listed.contains("TEST"), "a list holds nothing of what was told: {listed}");
    let (_, json, _) = run(&["tasks", "list", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["tasks"][0]["id"], id.as_str());
    let (_, shown, _) = run(&["tasks", "show", &id]);
    for part in ["https://partner.example", "Omschrijving\nTEST", "Uw naam\nwithheld"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }

    assert!(run(&["tasks", "take", &id, "--by", "An"]).0);
    let (good, _, told) = run(&["tasks", "take", &id, "--by", "Bo"]);
    assert!(!good && told.contains("An is at it"), "{told}");
    for (args, part) in [
        (vec!["tasks", "confirm", &id, "--by", "An", "--taken-by", "Jan"], "this is a form"),
        (vec!["tasks", "done", &id, "--by", "An", "--outcome", " "], "outcome: write 1 to"),
        (vec!["tasks", "answer", &id, "--by", "An", "plann"], "did you mean `plan`?"),
        (vec!["tasks", "answer", &id, "--by", "An", "plan"], "plan needs --on"),
        (vec!["tasks", "answer", &id, "--by", "An", "note", "--text", "x"], "record first"),
        (vec!["tasks", "show", "00000000-0000-7000-8000-000000000000"], "`voordeur tasks list`"),
        (vec!["tasks", "list", "--desk", "contactcentrm"], "did you mean `contactcentrum`?"),
    ] {
        let (good, _, told) = run(&args);
        assert!(!good && told.contains(part), "{args:?}: {told}");
    }
    assert_eq!(store.task(task).await.unwrap().unwrap().state, State::Open, "nothing was changed");

    let number = ["tasks", "number", &id, "--by", "An", "--number", "WEG-1"];
    let (good, said, told) = run(&number);
    assert!(good && said.contains("the task stays until awv is done with it or refuses"), "{said} {told}");
    assert!(run(&number).1.contains("(it was before)"));
    let (good, _, told) = run(&["tasks", "number", &id, "--by", "Bo", "--number", "WEG-2"]);
    assert!(!good && told.contains("An did this before: WEG-1"), "{told}");
    let plan = ["tasks", "answer", &id, "--by", "Bo", "plan", "--on", "2030-12-03", "--text", "Met de kraan"];
    assert!(run(&plan).0, "{:?}", run(&plan));
    assert!(run(&plan).1.contains("(it was before)"), "the same twice is one answer");
    assert!(run(&["tasks", "done", &id, "--by", "Bo", "--outcome", "afgehandeld"]).0);
    let row = store.task(task).await.unwrap().unwrap();
    assert_eq!((row.state, row.outcome.as_deref()), (State::Done, Some("WEG-1")));
    assert!(run(&["tasks", "list"]).1.contains("nothing waits"));
    assert!(run(&["tasks", "list", "--all"]).1.contains(&id));
    store.close().await;
}
