//! What is held, who is blocked, and what was said lately.

use crate::{Bed, MINUTE, both, id, report};
use schemas::{
    block::{Block, BlockKind},
    held::{Reason, State},
    letter::Lane,
};
use store::{Accepted, Hold, NewReport, Noticed, Sighting, Store};

both!(
    what_is_held_is_kept_whole_and_told_to_nobody,
    what_is_released_is_told_once,
    what_passes_is_told_at_once_and_marked,
    a_hold_is_written_with_its_report_or_not_at_all,
    what_was_said_lately_is_counted_to_a_bound,
    blocks_end,
);

async fn noticed(bed: &Bed, store: &Store, name: &str, passes: bool) -> NewReport {
    let hold = Hold { reasons: vec![Reason::Fast, Reason::Blocked], until: bed.now() + 10 * MINUTE, passes };
    NewReport { noticed: Noticed { hold: Some(hold), sighting: None }, ..report(store, name).await }
}

/// How many letters lie in the lanes of the router, the notifier, and events.
async fn waiting(store: &Store) -> (u64, u64, u64) {
    let lanes = store.lanes().await.unwrap();
    let ready = |lane: Lane| lanes.iter().find(|state| state.lane == lane).map_or(0, |state| state.ready);
    (ready(Lane::router()), ready(Lane::notifier()), ready(Lane::events()))
}

async fn release(store: &Store, names: &[&str]) -> usize {
    let mut tx = store.begin().await.unwrap();
    let ids: Vec<_> = names.iter().map(|name| id(name)).collect();
    let released = tx.release_held(&ids).await.unwrap();
    tx.commit().await.unwrap();
    released.len()
}

async fn what_is_held_is_kept_whole_and_told_to_nobody(bed: Bed) {
    let store = bed.store().await;
    let new = noticed(&bed, &store, "a", false).await;
    let Accepted::New(receipt) = store.accept(new.clone()).await.unwrap() else { panic!() };
    assert_eq!(store.accept(new.clone()).await.unwrap(), Accepted::Again(receipt.clone()), "a retry is the same");
    assert_eq!(store.report(id("a")).await.unwrap().unwrap(), new.report);
    assert_eq!(store.contacts_by_ids(&[id("a")]).await.unwrap().len(), 1);
    assert_eq!(store.timeline(id("a"), true).await.unwrap().len(), 1);
    assert_eq!(waiting(&store).await, (0, 0, 0));
    let held = store.held_report(id("a")).await.unwrap().unwrap();
    assert_eq!((held.state, held.reasons.as_slice()), (State::Held, [Reason::Fast, Reason::Blocked].as_slice()));
    assert_eq!((held.at, held.until, held.ended_at), (bed.now(), bed.now() + 10 * MINUTE, None));
    assert!(store.is_hidden(id("a")).await.unwrap());
    assert_eq!(store.held_reports(State::Held, 9).await.unwrap(), [held]);
    assert_eq!(store.held_count().await.unwrap(), (1, Some(bed.now())));
    store.accept(report(&store, "free").await).await.unwrap();
    assert!(!store.is_hidden(id("free")).await.unwrap());
    assert_eq!(waiting(&store).await, (1, 1, 1));
}

async fn what_is_released_is_told_once(bed: Bed) {
    let store = bed.store().await;
    for name in ["a", "b"] {
        store.accept(noticed(&bed, &store, name, false).await).await.unwrap();
    }
    bed.pass(MINUTE);
    let due = store.held_due(bed.now(), 9).await.unwrap();
    assert_eq!(due, []);
    let other = bed.other(&store).await;
    let (one, two) = tokio::join!(release(&store, &["a", "nobody"]), release(&other, &["a"]));
    assert_eq!(one + two, 1);
    assert_eq!(waiting(&store).await, (1, 1, 1));
    let held = store.held_report(id("a")).await.unwrap().unwrap();
    assert_eq!((held.state, held.ended_at), (State::Released, Some(bed.now())));
    bed.pass(10 * MINUTE);
    let due: Vec<_> = store.held_due(bed.now(), 9).await.unwrap().into_iter().map(|held| held.report).collect();
    assert_eq!(due, [id("b")]);
    let mut tx = store.begin().await.unwrap();
    assert!(tx.refuse_held(id("b")).await.unwrap());
    assert!(!tx.refuse_held(id("b")).await.unwrap(), "once");
    assert_eq!(tx.hidden_reports(&[id("a"), id("b")]).await.unwrap(), [id("b")].into());
    tx.commit().await.unwrap();
    assert_eq!(release(&store, &["a", "b"]).await, 0);
    assert_eq!(waiting(&store).await, (1, 1, 1));
}

async fn what_passes_is_told_at_once_and_marked(bed: Bed) {
    let store = bed.store().await;
    store.accept(noticed(&bed, &store, "a", true).await).await.unwrap();
    assert_eq!(waiting(&store).await, (1, 1, 1));
    assert_eq!(store.held_report(id("a")).await.unwrap().unwrap().state, State::Passed);
    assert!(!store.is_hidden(id("a")).await.unwrap());
    assert_eq!(release(&store, &["a"]).await, 0);
    assert_eq!(store.held_count().await.unwrap(), (0, None));
}

async fn a_hold_is_written_with_its_report_or_not_at_all(bed: Bed) {
    let store = bed.store().await;
    let new = noticed(&bed, &store, "a", false).await;
    let mut tx = store.begin().await.unwrap();
    tx.accept(std::slice::from_ref(&new)).await.unwrap();
    drop(tx);
    assert_eq!(store.report(id("a")).await.unwrap(), None);
    assert_eq!(store.held_report(id("a")).await.unwrap(), None);
    store.accept(new).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    tx.release_held(&[id("a")]).await.unwrap();
    drop(tx);
    assert_eq!(store.held_report(id("a")).await.unwrap().unwrap().state, State::Held, "rolled back with its letters");
    assert_eq!(waiting(&store).await, (0, 0, 0));
}

async fn what_was_said_lately_is_counted_to_a_bound(bed: Bed) {
    let store = bed.store().await;
    let sighting = |words: &str, peer: Option<&str>| Sighting { words: words.into(), peer: peer.map(str::to_owned) };
    for n in 0..5 {
        let sighting = sighting("w", (n < 3).then_some("p"));
        let noticed = Noticed { hold: None, sighting: Some(sighting) };
        let new = NewReport { noticed, ..report(&store, &format!("r{n}")).await };
        store.accept(new.clone()).await.unwrap();
        store.accept(new).await.unwrap();
        bed.pass(MINUTE);
    }
    let since = bed.now() - 60 * MINUTE;
    let count = async |words, peer, since, most| store.said_lately(&sighting(words, peer), since, most).await.unwrap();
    assert_eq!(count("w", Some("p"), since, 99).await, (5, 3), "a retry is not said again");
    assert_eq!(count("w", None, since, 99).await, (5, 0));
    assert_eq!(count("w", Some("q"), since, 99).await, (5, 0));
    assert_eq!(count("v", Some("p"), since, 99).await, (0, 0));
    assert_eq!(count("w", Some("p"), since, 2).await, (2, 2));
    assert_eq!(count("w", Some("p"), bed.now() - 3 * MINUTE, 99).await, (3, 1));
    assert_eq!(store.forget_sightings(bed.now() - 3 * MINUTE).await.unwrap(), 2);
    assert_eq!(count("w", Some("p"), since, 99).await, (3, 1));
}

async fn blocks_end(bed: Bed) {
    let store = bed.store().await;
    let block = |kind, key: &str, minutes| Block {
        kind,
        key: key.to_owned(),
        until: bed.now() + minutes * MINUTE,
        reason: "spam".to_owned(),
        who: "An".to_owned(),
        at: bed.now(),
    };
    let (domain, network) =
        (block(BlockKind::Domain, "bad.example", 5), block(BlockKind::Network, "203.0.113.0/24", 9));
    let mut tx = store.begin().await.unwrap();
    tx.put_block(&block(BlockKind::Domain, "bad.example", 1)).await.unwrap();
    tx.put_block(&domain).await.unwrap();
    tx.put_block(&network).await.unwrap();
    tx.commit().await.unwrap();
    let asked: Vec<(BlockKind, String)> = [
        (BlockKind::Domain, "bad.example"),
        (BlockKind::Domain, "203.0.113.0/24"),
        (BlockKind::Network, "203.0.113.0/24"),
        (BlockKind::Email, "x"),
    ]
    .map(|(kind, key)| (kind, key.to_owned()))
    .into();
    assert_eq!(store.blocked(&asked, bed.now()).await.unwrap(), [domain.clone(), network.clone()]);
    assert_eq!(store.blocks(bed.now(), 9).await.unwrap(), [domain, network.clone()]);
    bed.pass(5 * MINUTE);
    assert_eq!(store.blocked(&asked, bed.now()).await.unwrap(), vec![network.clone()]);
    let mut tx = store.begin().await.unwrap();
    assert!(!tx.drop_block(BlockKind::Domain, "bad.example").await.unwrap(), "it is over");
    assert!(tx.drop_block(BlockKind::Network, "203.0.113.0/24").await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(store.blocks(bed.now(), 9).await.unwrap(), []);
    assert_eq!(store.forget_blocks(bed.now() + MINUTE).await.unwrap(), 1);
}
