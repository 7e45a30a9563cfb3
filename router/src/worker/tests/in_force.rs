//! Which rules decide, in one process and in two.

use super::bed::{self, Bed, both};
use crate::{
    RouterWorker, Ruleset,
    testing::{city, slug},
};
use bus::Effects as _;
use schemas::{letter::Lane, slug::DepartmentId};
use std::sync::Arc;
use store::{Activated, Store};

both!(
    what_is_activated_decides_from_the_next_batch_on,
    a_version_that_cannot_be_used_leaves_the_last_good_one,
    no_process_decides_by_the_version_before,
);

const OTHER: &str = "- { rule: other, when: { category: road/* }, then: { assign: lamps } }";
/// Good when it was kept, but its department is gone.
const GONE: &str = "- { rule: gone, when: { category: road/* }, then: { assign: harbour } }";

/// Keeps `text` under its own version and activates it.
async fn activate(store: &Store, text: &str) -> (String, i64) {
    let city = city(&[("a.yaml", text)]);
    let files = Ruleset::files(&city.files);
    let version = Ruleset::read(&city).0.map_or_else(|| "gone".to_owned(), |ruleset| ruleset.version().to_owned());
    let seen = store.rules_in_force().await.unwrap().map_or(0, |active| active.n);
    let mut tx = store.begin().await.unwrap();
    let Activated::Now(active) = tx.activate_rules(&version, &files, seen, "test").await.unwrap() else {
        panic!("not activated")
    };
    tx.commit().await.unwrap();
    (version, active.n)
}

async fn decided(bed: &Bed) -> (DepartmentId, String) {
    let (id, letter) = bed.report("road/hole", Some(4.5)).await;
    bed.apply(&[letter]).await;
    let decision = bed.case(id).await.decision.unwrap();
    (decision.lead().unwrap().clone(), decision.ruleset)
}

async fn what_is_activated_decides_from_the_next_batch_on(bed: Bed) {
    let folder = bed.worker.rules().look(&bed.store).await.unwrap();
    let own = folder.ruleset.version().to_owned();
    assert_eq!(decided(&bed).await, (slug("green"), own.clone()));
    let (other, _) = activate(&bed.store, OTHER).await;
    assert_eq!(decided(&bed).await, (slug("lamps"), other));
    // Back again: the folder's own rules.
    let (back, n) = activate(&bed.store, bed::RULES).await;
    assert_eq!((back, n), (own.clone(), 2));
    assert_eq!(decided(&bed).await, (slug("green"), own));
    assert_eq!(bed.worker.rules().look(&bed.store).await.unwrap().trouble, None);
}

async fn a_version_that_cannot_be_used_leaves_the_last_good_one(bed: Bed) {
    let (other, _) = activate(&bed.store, OTHER).await;
    activate(&bed.store, GONE).await;
    assert_eq!(decided(&bed).await, (slug("lamps"), other.clone()));
    let standing = bed.worker.rules().look(&bed.store).await.unwrap();
    assert_eq!(standing.ruleset.version(), other);
    let trouble = standing.trouble.unwrap();
    assert!(trouble.contains("rules/a.yaml:1") && trouble.contains("harbour"), "{trouble}");
    // A process that starts now comes to the same.
    let fresh = bed::worker(&bed.store, bed::RULES);
    assert_eq!(fresh.rules().look(&bed.store).await.unwrap().ruleset.version(), other);
    // What is activated next is good again.
    let (own, _) = activate(&bed.store, bed::RULES).await;
    assert_eq!(decided(&bed).await, (slug("green"), own));
    assert_eq!(bed.worker.rules().look(&bed.store).await.unwrap().trouble, None);
}

/// Two workers decide as fast as they can while another version is activated, and taken back: not one
/// case that is committed after an activation was decided by the version before.
async fn no_process_decides_by_the_version_before(bed: Bed) {
    let (old, _) = activate(&bed.store, bed::RULES).await;
    let mut letters = Vec::new();
    let mut ids = Vec::new();
    for _ in 0..90 {
        let (id, letter) = bed.report("road/hole", Some(4.5)).await;
        ids.push(id);
        letters.push(letter);
    }
    let letters = Arc::new(std::sync::Mutex::new(letters));
    let other = bed.other().await;
    let mut workers = Vec::new();
    for store in [bed.store.clone(), other.clone()] {
        let (worker, letters): (RouterWorker, _) = (bed::worker(&store, bed::RULES), letters.clone());
        workers.push(tokio::spawn(async move {
            loop {
                let Some(letter) = letters.lock().unwrap().pop() else { break };
                let mut tx = store.begin().await.unwrap();
                worker.apply(&mut tx, &[letter]).await.unwrap();
                tx.commit().await.unwrap();
            }
        }));
    }
    let by = async |version: &str| {
        let cases = bed.store.cases_by_ids(&ids).await.unwrap();
        cases.values().filter(|case| case.decision.as_ref().is_some_and(|d| d.ruleset == version)).count()
    };
    while by(&old).await < 10 {
        tokio::task::yield_now().await;
    }
    let (new, _) = activate(&other, OTHER).await;
    let by_old = by(&old).await;
    while by(&new).await < 10 {
        tokio::task::yield_now().await;
    }
    assert_eq!(by(&old).await, by_old);
    let (back, n) = activate(&bed.store, bed::RULES).await;
    assert_eq!((&back, n), (&old, 3));
    let by_new = by(&new).await;
    for worker in workers {
        worker.await.unwrap();
    }
    assert_eq!((by(&new).await, by(&old).await), (by_new, 90 - by_new));
    assert!(by_old >= 10 && by_new >= 10);
    assert!(bed.store.take(&Lane::queue(&slug("roads")), 1, std::time::Duration::ZERO).await.unwrap().is_empty());
}
