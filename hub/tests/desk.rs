//! `voordeur answers --desk`: what operators answered at once, by day and category.

use schemas::{
    id::{Clock, Ids, derived},
    report::Language,
};
use std::{path::Path, process::Command};
use store::{FirstLine, Options, Store};

fn voordeur(dir: &Path, args: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_voordeur"))
        .current_dir(dir)
        .env("VOORDEUR__DATABASE__URL", format!("sqlite:{}", dir.join("hub.db").display()))
        .args(args)
        .output()
        .unwrap();
    let both = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&both).into_owned())
}

#[tokio::test]
async fn answers_at_once_are_counted_by_day_and_category() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::new(|| "2026-11-23T10:00:00Z".parse().unwrap());
    let options = Options { ids: Ids::new(clock.clone()), clock, publish_events: false };
    let url = format!("sqlite:{}", dir.path().join("hub.db").display());
    let store = Store::open(&url, options).await.unwrap();
    store.migrate().await.unwrap();
    assert!(voordeur(dir.path(), &["answers", "--desk"]).1.contains("nothing was answered at once"));
    let mut tx = store.begin().await.unwrap();
    for (name, day) in [("a", "2026-11-23"), ("b", "2026-11-23"), ("c", "2026-10-01")] {
        let answer = FirstLine {
            id: derived(&[name]),
            day: day.parse().unwrap(),
            channel: "phone".parse().unwrap(),
            category: "wegen/put".parse().unwrap(),
            article: String::new(),
            language: Language::NL,
        };
        assert!(tx.answered_at_once(&answer).await.unwrap());
    }
    tx.commit().await.unwrap();
    store.close().await;

    let (good, said) = voordeur(dir.path(), &["answers", "--desk"]);
    assert!(good && said.contains("2026-11-23") && said.contains("3 answers without a case"), "{said}");
    let (_, said) = voordeur(dir.path(), &["answers", "--desk", "--since", "2026-11-01", "--json"]);
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    let counts = said["desk"].as_array().unwrap();
    assert_eq!((counts.len(), &counts[0]["count"], &counts[0]["category"]), (1, &2.into(), &"wegen/put".into()));
}
