//! Rulesets: kept once, one in force, and nobody decides by another one after the commit.

use crate::{Bed, MINUTE, both};
use schemas::city::Files;
use store::{Activated, RulesInForce};

both!(
    a_ruleset_is_kept_and_activated_once,
    who_was_overtaken_changes_nothing,
    a_batch_that_decides_holds_up_an_activation,
    the_folder_is_remembered,
);

fn files(text: &str) -> Files {
    [("rules/a.yaml".to_owned(), text.into())].into()
}

fn in_force(n: i64, version: &str) -> RulesInForce {
    RulesInForce { n, version: version.to_owned() }
}

async fn activate(store: &store::Store, version: &str, seen: i64, note: &str) -> Activated {
    let mut tx = store.begin().await.unwrap();
    let activated = tx.activate_rules(version, &files(version), seen, note).await.unwrap();
    tx.commit().await.unwrap();
    activated
}

async fn a_ruleset_is_kept_and_activated_once(bed: Bed) {
    let store = bed.store().await;
    assert_eq!(store.rules_in_force().await.unwrap(), None);
    assert_eq!(store.begin().await.unwrap().rules_in_force().await.unwrap(), None);
    assert_eq!(activate(&store, "one", 0, "the first").await, Activated::Now(in_force(1, "one")));
    assert_eq!(activate(&store, "one", 0, "again").await, Activated::Already(in_force(1, "one")));
    let first = bed.now();
    bed.pass(MINUTE);
    assert_eq!(activate(&store, "two", 1, "better").await, Activated::Now(in_force(2, "two")));
    // Back to one that is kept already.
    assert_eq!(activate(&store, "one", 2, "back").await, Activated::Now(in_force(3, "one")));
    assert_eq!(store.rules_in_force().await.unwrap(), Some(in_force(3, "one")));
    let history = store.activations(10).await.unwrap();
    let lines: Vec<_> = history.iter().map(|a| (a.n, a.version.as_str(), a.at, a.note.as_str())).collect();
    assert_eq!(lines, [(3, "one", bed.now(), "back"), (2, "two", bed.now(), "better"), (1, "one", first, "the first")]);
    assert_eq!(store.activations(1).await.unwrap(), history[..1]);
    assert_eq!(store.ruleset_files("two").await.unwrap(), Some(files("two")));
    assert_eq!(store.ruleset_files("three").await.unwrap(), None);
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.rules_in_force().await.unwrap(), Some(in_force(3, "one")));
    assert_eq!(tx.ruleset_files("one").await.unwrap(), Some(files("one")));
    assert_eq!(tx.activations(2).await.unwrap(), history[..2]);
}

async fn who_was_overtaken_changes_nothing(bed: Bed) {
    let store = bed.store().await;
    activate(&store, "one", 0, "").await;
    activate(&store, "two", 1, "").await;
    assert_eq!(activate(&store, "three", 1, "").await, Activated::Overtaken(in_force(2, "two")));
    assert_eq!(store.activations(10).await.unwrap().len(), 2);
    assert_eq!(store.ruleset_files("three").await.unwrap(), None);
    // An activation that was not committed never happened.
    let mut tx = store.begin().await.unwrap();
    tx.activate_rules("three", &files("three"), 2, "").await.unwrap();
    drop(tx);
    assert_eq!(store.rules_in_force().await.unwrap(), Some(in_force(2, "two")));
}

async fn a_batch_that_decides_holds_up_an_activation(bed: Bed) {
    let store = bed.store().await;
    let other = bed.other(&store).await;
    activate(&store, "one", 0, "").await;
    let mut batch = store.begin().await.unwrap();
    assert_eq!(batch.rules_in_force().await.unwrap(), Some(in_force(1, "one")));
    let activation = tokio::spawn(async move { activate(&other, "two", 1, "").await });
    // However long the activation is given, the batch still decides by what is in force.
    let early = tokio::time::timeout(std::time::Duration::from_millis(200), async {
        while store.rules_in_force().await.unwrap() == Some(in_force(1, "one")) {
            tokio::task::yield_now().await;
        }
    });
    assert!(early.await.is_err(), "activated under a batch that decides by the version before");
    batch.commit().await.unwrap();
    assert_eq!(activation.await.unwrap(), Activated::Now(in_force(2, "two")));
    let mut batch = store.begin().await.unwrap();
    assert_eq!(batch.rules_in_force().await.unwrap(), Some(in_force(2, "two")));
}

async fn the_folder_is_remembered(bed: Bed) {
    let store = bed.store().await;
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.rules_folder().await.unwrap(), None);
    tx.see_rules_folder("one").await.unwrap();
    tx.see_rules_folder("two").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.begin().await.unwrap().rules_folder().await.unwrap().as_deref(), Some("two"));
}
