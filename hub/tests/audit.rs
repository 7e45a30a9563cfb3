//! `voordeur audit`: who did what, in the words of the command line.

use schemas::{
    id::{Clock, Ids, derived},
    letter::{Lane, Letter, Topic},
    trace::Trace,
};
use std::{path::Path, process::Command, time::Duration};
use store::{Bury, Options, Settlement, Store};

fn voordeur(dir: &Path, args: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_voordeur"))
        .current_dir(dir)
        .env("VOORDEUR__DATABASE__URL", format!("sqlite:{}", dir.join("hub.db").display()))
        .env_remove("VOORDEUR_OPERATOR")
        .env_remove("SUDO_USER")
        .env("USER", "night-job")
        .args(args)
        .output()
        .unwrap();
    let both = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&both).into_owned())
}

/// Two letters that nobody could deliver.
async fn dead(store: &Store) -> [schemas::Uuid; 2] {
    let lane = Lane::new("dept.wegen");
    let ids = ["one", "two"].map(|name| derived(&[name]));
    let now = store.clock().now();
    let letter = |id| Letter::new(id, lane.clone(), Topic::CaseEvent, "x", &"nothing", Trace::start(), now);
    let mut tx = store.begin().await.unwrap();
    tx.post(&ids.map(letter)).await.unwrap();
    tx.commit().await.unwrap();
    let taken = store.take(&lane, 9, Duration::from_secs(60)).await.unwrap();
    assert_eq!(taken.len(), 2);
    let mut tx = store.begin().await.unwrap();
    let bury = taken.into_iter().map(|letter| Bury { letter, why: "410 Gone".into() }).collect();
    tx.settle(&Settlement { bury, ..Settlement::default() }).await.unwrap();
    tx.commit().await.unwrap();
    ids
}

#[tokio::test]
async fn who_did_what_is_known() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::new(|| "2026-11-23T10:00:00Z".parse().unwrap());
    let options = Options { ids: Ids::new(clock.clone()), clock, publish_events: false };
    let url = format!("sqlite:{}", dir.path().join("hub.db").display());
    let store = Store::open(&url, options).await.unwrap();
    store.migrate().await.unwrap();
    let [one, two] = dead(&store).await;
    store.close().await;
    let run = |args: &[&str]| voordeur(dir.path(), args);
    assert!(run(&["audit"]).1.contains("nobody did anything of the kind"));

    let (one, two) = (one.to_string(), two.to_string());
    assert!(run(&["dead", "drop", &one, "--dry-run", "--by", "An"]).0);
    assert!(!run(&["dead", "drop", &one, "--confirm", "1", "--by", " "]).0, "who acts has a name");
    assert!(run(&["audit"]).1.contains("nobody did anything of the kind"), "what did not happen is nobody's");
    let (good, said) = run(&["dead", "drop", &one, "--confirm", "1", "--by", "An", "--note", "it is a copy"]);
    assert!(good, "{said}");
    assert!(run(&["dead", "replay", &two, "--confirm", "1"]).0);
    let mail = ["--email", "jo.peeters@example.org", "--by", "Bo"];
    assert!(run(&[&["notices", "stop", "--topic", "wegen", "--words", "she called"][..], &mail].concat()).0);
    assert!(run(&[&["notices", "suppressed", "lift", "--topic", "wegen"][..], &mail].concat()).0);
    assert!(run(&[&["notices", "forget", "--dry-run"][..], &mail].concat()).0);
    assert!(run(&[&["notices", "forget"][..], &mail].concat()).0);
    assert!(run(&["rules", "activate", "--by", "An", "--note", "the first"]).0);
    assert!(run(&["rules", "activate", "--by", "An"]).0);

    let (good, said) = run(&["audit", "--json"]);
    assert!(good && !said.contains("peeters") && !said.contains("she called"), "{said}");
    let all: serde_json::Value = serde_json::from_str(&said).unwrap();
    let all = all["audit"].as_array().unwrap();
    let text = |entry: &serde_json::Value, field: &str| entry[field].as_str().unwrap().to_owned();
    let short: Vec<_> = all.iter().map(|entry| (text(entry, "deed"), text(entry, "who"), text(entry, "why"))).collect();
    let mut short: Vec<_> = short.iter().map(|(deed, who, why)| (deed.as_str(), who.as_str(), why.as_str())).collect();
    short.reverse();
    let expected = [
        ("dead.drop", "An", "it is a copy"),
        ("dead.replay", "account night-job", ""),
        ("notices.stop", "Bo", ""),
        ("notices.lift", "Bo", ""),
        ("notices.forget", "Bo", ""),
        ("rules.activate", "An", "the first"),
    ];
    assert_eq!(short, expected, "each once");
    assert_eq!(all[5]["what"], format!("{one} of dept.wegen"));
    assert!(text(&all[3], "what").ends_with(" of topic wegen"), "{}", all[3]);
    let key = text(&all[1], "what");
    let (_, found) = run(&["audit", "--what", key.split(' ').nth(1).unwrap(), "--json"]);
    assert_eq!(found.matches("\"deed\"").count(), 3, "by the key of an address: {found}");

    assert!(run(&["audit", "--who", "bo", "--deed", "notices.lift"]).1.contains("topic wegen"));
    assert!(run(&["audit", "--since", "2999-01-01"]).1.contains("nobody"));
    for (args, part) in [
        (["audit", "--deed", "dead.drp"], "did you mean `dead.drop`?"),
        (["audit", "--since", "yesterday"], "is not a moment"),
    ] {
        let (good, said) = run(&args);
        assert!(!good && said.contains(part), "{said}");
    }
}
