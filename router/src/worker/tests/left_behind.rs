//! What departments of an earlier city leave behind.

use super::bed::{Bed, both, worker_of};
use crate::{Found, LeftBehind, RouterWorker, testing};
use schemas::{
    case::{Role, Status},
    city::City,
    dispatch::DispatchState,
    event::What,
    letter::Lane,
    verdict::Verdict,
};
use std::time::Duration;
use store::{Again, DeadFilter, Settlement};
use testing::slug;

both!(
    cases_of_a_department_that_is_gone_are_decided_anew_once,
    a_part_of_a_department_that_is_gone_goes_to_the_fallback_desk,
    letters_go_with_a_department_that_is_reached_in_another_way,
);

const BEFORE: &str = "- { rule: lamps, when: { category: road/* }, then: { assign: lamps, inform: [police] } }";
const SPLIT: &str = "- { rule: both, when: { category: road/* }, then: { assign: roads, split: [lamps] } }";
const AFTER: &str = "- { rule: roads, when: { category: road/* }, then: { assign: roads, inform: [police] } }";
const LAMPS: &str = "  - {id: lamps, name: {nl: Lamps}, kind: external, delivery: sandbox}\n";

/// The city without what is `gone` from its departments, or with what is there instead.
fn changed(gone: &str, instead: &str) -> City {
    let mut files = testing::city(&[("a.yaml", AFTER)]).files;
    let text = files["departments.yaml"].replace(gone, instead);
    assert_ne!(text, *files["departments.yaml"]);
    files.insert("departments.yaml".to_owned(), text.into());
    let (city, faults) = City::read(files);
    city.unwrap_or_else(|| panic!("{faults:#?}"))
}

/// One look of a process that was started just now.
async fn look(worker: &RouterWorker) -> Found {
    let left = LeftBehind::new(worker.clone(), false);
    left.begin().await.unwrap();
    left.once(true).await.unwrap()
}

async fn cases_of_a_department_that_is_gone_are_decided_anew_once(bed: Bed) {
    let old = bed.with_rules(BEFORE);
    let (in_hand, letter) = old.report("road/hole", None).await;
    old.apply(&[letter]).await;
    let lane = Lane::department(&slug("lamps"));
    assert_eq!(old.take(&lane).await.len(), 1, "somebody has it in hand");
    let (waits, letter) = old.report("road/hole", None).await;
    old.apply(&[letter]).await;
    let stranger = LeftBehind::new(old.worker.clone(), false);
    assert_eq!(look(&old.worker).await, Found::default(), "nothing is gone");

    let worker = worker_of(&old.store, changed(LAMPS, ""));
    let other = worker_of(&old.other().await, changed(LAMPS, ""));
    assert_eq!(look(&worker).await, Found { cases: 2, moved: 0, buried: 1, lanes: 1 });
    assert_eq!(
        look(&other).await,
        Found { cases: 2, moved: 0, buried: 0, lanes: 1 },
        "another process, at the same time"
    );
    assert_eq!(stranger.once(true).await.unwrap(), Found::default(), "the older city has no say any more");
    let why = "this city has no department lamps any more: its cases were decided anew";
    let dead = old.store.dead(DeadFilter::default()).await.unwrap();
    assert_eq!(
        dead.iter().map(|dead| (dead.letter.case_id, dead.why.as_str())).collect::<Vec<_>>(),
        [(Some(waits), why)]
    );

    let letters = old.take(&Lane::router()).await;
    assert_eq!(letters.len(), 2, "each case once");
    let verdicts = old.apply(&letters).await;
    assert!(
        verdicts.iter().all(|verdict| matches!(verdict, Verdict::Later { .. })),
        "not by the old city: {verdicts:?}"
    );
    let bed = old.with_worker(worker);
    assert_eq!(bed.apply(&letters).await, [Verdict::done(), Verdict::done()]);
    assert_eq!(bed.apply(&letters).await, [Verdict::done(), Verdict::done()]);
    for id in [in_hand, waits] {
        let case = bed.case(id).await;
        assert_eq!((case.status, case.version, case.lead), (Status::Routed, 3, Some(slug("roads"))));
        let told = bed.store.timeline(id, true).await.unwrap().pop().unwrap().what;
        let What::Routed { department, instead_of, rerouted_from, .. } = told else { panic!("{told:?}") };
        assert_eq!((department, instead_of, rerouted_from), (slug("roads"), Some(slug("lamps")), None));
        let rows = bed.store.dispatches_of(id).await.unwrap();
        let row = rows.iter().find(|row| row.department == slug("lamps")).unwrap();
        let expected = if id == waits { (DispatchState::Failed, Some(why)) } else { (DispatchState::Posted, None) };
        assert_eq!((row.state, row.why.as_deref()), expected);
    }
    let work = bed.work(Lane::queue(&slug("roads"))).await;
    assert_eq!(work.iter().map(|work| work.role).collect::<Vec<_>>(), [Role::Lead, Role::Lead]);
    // What was in hand comes back when whoever had it died.
    assert_eq!(look(&bed.worker).await, Found { lanes: 1, ..Found::default() });
    bed.pass(Duration::from_secs(61));
    assert_eq!(look(&bed.worker).await, Found { buried: 1, ..Found::default() });
}

async fn a_part_of_a_department_that_is_gone_goes_to_the_fallback_desk(bed: Bed) {
    let bed = bed.with_rules(SPLIT);
    let (id, letter) = bed.report("road/hole", None).await;
    bed.apply(&[letter]).await;
    let worker = worker_of(&bed.store, changed(LAMPS, ""));
    let bed = bed.with_worker(worker);
    assert_eq!(look(&bed.worker).await, Found { cases: 1, buried: 1, ..Found::default() });
    bed.apply(&bed.take(&Lane::router()).await).await;
    let case = bed.case(id).await;
    assert_eq!((case.status, case.lead), (Status::Routed, Some(slug("roads"))), "the lead keeps its part");
    let parts: Vec<_> = case.parts.iter().map(|part| (part.department.as_str(), part.status)).collect();
    assert_eq!(parts, [("roads", Status::Routed), ("desk", Status::Routed)]);
    let work = bed.work(Lane::queue(&slug("desk"))).await;
    assert_eq!(work.iter().map(|work| work.role).collect::<Vec<_>>(), [Role::Part]);
    assert_eq!(look(&bed.worker).await, Found::default());
}

async fn letters_go_with_a_department_that_is_reached_in_another_way(bed: Bed) {
    let bed = bed.with_rules(AFTER);
    let (from, to) = (Lane::queue(&slug("roads")), Lane::department(&slug("roads")));
    let mut ids = Vec::new();
    for n in 0..3 {
        let (id, letter) = bed.report("road/hole", None).await;
        bed.apply(&[letter]).await;
        ids.push(id);
        let taken = if n < 2 { bed.take(&from).await } else { Vec::new() };
        if n == 0 {
            // The first was tried, and waits for its next try.
            let ready_at = bed.store.clock().now() + Duration::from_secs(30);
            let letter = taken.into_iter().next().unwrap();
            let again = vec![Again { letter, ready_at, why: "not now".to_owned() }];
            let mut tx = bed.store.begin().await.unwrap();
            tx.settle(&Settlement { again, ..Settlement::default() }).await.unwrap();
            tx.commit().await.unwrap();
        }
    }
    let pushed = "{id: roads, name: {nl: Roads}, kind: internal, delivery: sandbox}";
    let city = changed(&pushed.replace("sandbox", "queue"), pushed);
    let worker = worker_of(&bed.store, city);
    let bed = bed.with_worker(worker);
    let cases =
        |letters: Vec<schemas::letter::Letter>| letters.iter().filter_map(|one| one.case_id).collect::<Vec<_>>();
    // The third; the second is in hand, and the first cannot be told from it.
    assert_eq!(look(&bed.worker).await, Found { moved: 1, lanes: 1, ..Found::default() });
    assert_eq!(cases(bed.take(&to).await), ids[2..]);
    bed.pass(Duration::from_secs(31));
    assert_eq!(look(&bed.worker).await, Found { moved: 1, lanes: 1, ..Found::default() });
    assert_eq!(cases(bed.take(&to).await), ids[..1]);
    bed.pass(Duration::from_secs(30));
    assert_eq!(look(&bed.worker).await, Found { moved: 1, ..Found::default() });
    assert!(bed.take(&from).await.is_empty());
    let mut there = cases(bed.take(&to).await);
    assert!(there.contains(&ids[1]), "the lease of the second is over");
    there.retain(|id| !ids.contains(id));
    assert!(there.is_empty());
}
