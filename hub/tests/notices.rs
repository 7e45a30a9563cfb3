//! `voordeur notices`, on a database that another process wrote.

use schemas::{
    id::{Clock, Ids},
    reference::Reference,
    submission::Submission,
    trace::Trace,
};
use std::{path::Path, process::Command};
use store::{Options, Store};

fn voordeur(dir: &Path, args: &[&str]) -> (bool, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_voordeur"))
        .current_dir(dir)
        .env("VOORDEUR__DATABASE__URL", format!("sqlite:{}", dir.join("hub.db").display()))
        .arg("notices")
        .args(args)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

async fn report(store: &Store) -> Reference {
    let town = hub::city::read(None).unwrap().good().unwrap();
    let tools = adapters::intake::IntakeTools::new(store.clone(), town.city.clone());
    let submission: Submission = serde_json::from_value(serde_json::json!({
        "category": "wegen/put", "words": "Een put", "tell": "email", "contact": {"email": "jo.peeters@example.org"}
    }))
    .unwrap();
    let checked = submission.check(&town.city).unwrap();
    let channel = "api".parse().unwrap();
    let accepted =
        adapters::intake::accept(&tools, &channel, None, checked, Default::default(), Trace::start()).await.unwrap();
    let adapters::intake::Accepted::New(receipt) = accepted else { panic!("it is new") };
    receipt.reference
}

#[tokio::test]
async fn the_desk_asks_why_and_stops_and_forgets() {
    let dir = tempfile::tempdir().unwrap();
    let sms =
        "[sms]\nprofile = \"ringring\"\nfrom = \"Kortrijk\"\nkey = \"a-key-of-the-gateway\"\nprice_per_part = 0.065\n";
    std::fs::write(dir.path().join("voordeur.toml"), sms).unwrap();
    let clock = Clock::new(|| "2026-11-23T10:00:00Z".parse().unwrap());
    let options = Options { ids: Ids::new(clock.clone()), clock, publish_events: false };
    let url = format!("sqlite:{}", dir.path().join("hub.db").display());
    let store = Store::open(&url, options).await.unwrap();
    store.migrate().await.unwrap();
    let reference = report(&store).await.to_string();
    store.close().await;
    let run = |args: &[&str]| voordeur(dir.path(), args);

    let (good, said, told) = run(&["why", &reference]);
    assert!(good && said.contains("reporter: email j…@e….org"), "{said} {told}");
    assert!(said.contains("not planned yet") && !said.contains("peeters"), "{said}");
    let (_, json, _) = run(&["why", &reference, "--json", "--person", "reporter"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["events"][0]["people"][0]["silence"]["silence"], "not_yet");

    let (good, said, told) = run(&["preview", "received", "--way", "sms", "--lang", "nl", "--case", &reference]);
    assert!(good && said.contains(&reference), "{said} {told}");
    assert!(said.contains("1 part, 0.065 euro; the GSM alphabet") && said.contains("plain  "), "{said}");
    let (_, said, _) = run(&["preview", "solved", "--lang", "fr"]);
    assert!(said.contains("subject  ") && said.contains("Bonjour Jo Voorbeeld,"), "{said}");
    assert!(run(&["preview", "solved", "--bare", "--lang", "fr"]).1.contains("Bonjour,"));
    assert!(run(&["preview", "solved", "--html"]).1.starts_with("<!doctype html>"));
    let (_, json, _) = run(&["preview", "note", "--way", "sms", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((json["sms"]["parts"].as_u64(), json["way"].as_str()), (Some(1), Some("sms")));
    assert!(json["reading"]["score"].is_number() && json["subject"].is_null(), "{json}");

    assert!(run(&["stats"]).1.contains("nobody was told anything"));
    assert!(run(&["stats", "--since", "soon"]).2.contains("`soon` is not a day"));
    assert!(run(&["stats", "--since", "2026-11-02", "--until", "2026-11-01"]).2.contains("--until"));
    let json: serde_json::Value = serde_json::from_str(&run(&["stats", "--json"]).1).unwrap();
    assert_eq!(json["ways"], serde_json::json!({}));

    let mail = ["--email", "jo.peeters@example.org"];
    let with = |more: &[&str]| run(&[more, &mail].concat());
    assert!(with(&["suppressed", "list"]).1.contains("nothing is stopped"));
    let (good, said, told) = with(&["stop", "--by", "An", "--case", &reference, "--words", "belde"]);
    assert!(good && said.contains("no more messages (email), of this case"), "{said} {told}");
    assert!(with(&["stop", "--by", "An", "--until", "2999-01-01"]).0);
    let (_, said, _) = with(&["suppressed", "list"]);
    for part in [&format!("case {reference}"), "desk", "An: belde", "2998-12-31T23:00:00Z", "everything"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(run(&["suppressed", "list"]).1.contains("An: belde"), "the newest of all, without their addresses");
    assert!(with(&["suppressed", "lift", "--by", "An"]).1.contains("lifted (1 suppression)"));
    let (good, _, told) = with(&["suppressed", "lift", "--by", "An"]);
    assert!(!good && told.contains("nothing was stopped for this"), "{told}");
    assert!(with(&["forget", "--by", "An", "--dry-run"]).1.contains("would be forgotten: the contact of 1 report"));
    assert!(with(&["forget", "--by", "An"]).1.contains("forgotten: the contact of 1 report"));
    assert!(with(&["forget", "--by", "An"]).1.contains("the contact of 0 reports"));
    assert!(run(&["why", &reference]).1.contains("reporter: no address"));

    let (good, said, told) = run(&["prune", "--dry-run"]);
    assert!(good && said.contains("would be forgotten: what providers said of 0 notices"), "{said} {told}");
    assert!(run(&["prune", "--json"]).1.contains("\"dry_run\":false"));

    for (args, part) in [
        (vec!["why", "12"], "is not a reference"),
        (vec!["why", "0190d2c4-7b1e-7c3a-9f52-0f6f1f0c9a11"], "there is no notice"),
        (vec!["why", &reference, "--person", "jo"], "write `reporter`"),
        (vec!["preview", "recieved"], "did you mean `received`?"),
        (vec!["preview", "received", "--lang", "de"], "is no language of messages"),
        (vec!["preview", "received", "--way", "mail"], "is no way to tell somebody"),
        (vec!["preview", "solved", "--case", &reference], "did not happen to"),
        (vec!["stop", "--by", "An"], "name the address"),
        (vec!["stop", "--by", " ", "--email", "jo@example.org"], "--by does not say who"),
        (vec!["stop", "--by", "An", "--email", "jo"], "this is no mail address"),
        (vec!["stop", "--by", "An", "--email", "jo@example.org", "--topic", "wege"], "did you mean `wegen`?"),
        (vec!["stop", "--by", "An", "--email", "jo@example.org", "--area", "nowhere"], "there is no district"),
        (vec!["stop", "--by", "An", "--email", "jo@example.org", "--until", "2020-01-01"], "is over or has begun"),
        (vec!["stop", "--by", "An", "--email", "jo@example.org", "--until", "soon"], "is not a day"),
    ] {
        let (good, _, told) = run(&args);
        assert!(!good && told.contains(part), "{args:?}: {told}");
    }
}
