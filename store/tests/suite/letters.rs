//! Letters: posted, taken, settled, buried, replayed.

use crate::{Bed, MINUTE, both, id, ids, letter, post, report, settle};
use schemas::letter::Lane;
use std::{collections::HashSet, time::Duration};
use store::{Again, Bury, DbKind, DeadFilter, Settlement};

both!(
    a_letter_arrives_as_it_was_posted,
    no_letter_is_taken_twice,
    a_lease_runs_out_and_a_letter_is_given_back,
    a_trial_is_what_was_tried_before,
    what_is_settled_is_gone_later_or_buried,
    settling_writes_letters_whose_row_is_gone,
    dead_letters_are_shown_replayed_and_dropped,
    dead_letters_are_found_by_whom_and_what_they_are_about,
    lanes_say_how_they_are_doing,
    a_reader_is_woken,
    a_letter_that_cannot_be_read_does_not_block_its_lane,
    a_rolled_back_post_never_happened,
);

async fn a_letter_arrives_as_it_was_posted(bed: Bed) {
    let store = bed.store().await;
    let lane = Lane::new("test");
    let mut sent = letter(&store, &lane, "a").about(id("case")).because(id("cause"));
    sent.attempt = 3;
    post(&store, std::slice::from_ref(&sent)).await;
    post(&store, &[sent.clone(), sent.clone()]).await;
    let [got] = &store.take(&lane, 10, MINUTE).await.unwrap()[..] else { panic!("one letter") };
    assert_eq!(serde_json::to_value(got).unwrap(), serde_json::to_value(&sent).unwrap());
    assert!(store.take(&lane, 10, MINUTE).await.unwrap().is_empty());
}

async fn no_letter_is_taken_twice(bed: Bed) {
    const ALL: usize = 2000;
    let store = bed.store().await;
    let other = bed.other(&store).await;
    let lane = Lane::new("test");
    let letters: Vec<_> = (0..ALL).map(|n| letter(&store, &lane, &n.to_string())).collect();
    post(&store, &letters).await;
    let mut takers = tokio::task::JoinSet::new();
    for n in 0..6 {
        let (store, lane) = (if n % 2 == 0 { store.clone() } else { other.clone() }, lane.clone());
        takers.spawn(async move {
            let (mut mine, mut settled) = (Vec::new(), false);
            loop {
                let taken = store.take(&lane, 64, MINUTE).await.unwrap();
                if taken.is_empty() {
                    return mine;
                }
                mine.extend(ids(&taken));
                settled = !settled;
                if settled {
                    settle(&store, Settlement { done: ids(&taken), ..Settlement::default() }).await;
                }
            }
        });
    }
    let taken: Vec<_> = takers.join_all().await.concat();
    assert_eq!(taken.len(), ALL);
    assert_eq!(taken.into_iter().collect::<HashSet<_>>().len(), ALL);
}

async fn a_lease_runs_out_and_a_letter_is_given_back(bed: Bed) {
    let store = bed.store().await;
    let lane = Lane::new("test");
    post(&store, &[letter(&store, &lane, "a"), letter(&store, &lane, "b")]).await;
    let taken = store.take(&lane, 1, MINUTE).await.unwrap();
    assert_eq!(store.take(&lane, 10, MINUTE).await.unwrap().len(), 1);
    store.release(&ids(&taken)).await.unwrap();
    assert_eq!(ids(&store.take(&lane, 10, MINUTE).await.unwrap()), ids(&taken));
    assert!(store.take(&lane, 10, MINUTE).await.unwrap().is_empty());
    bed.pass(MINUTE);
    assert_eq!(store.take(&lane, 10, MINUTE).await.unwrap().len(), 2);
}

async fn a_trial_is_what_was_tried_before(bed: Bed) {
    let store = bed.store().await;
    let lane = Lane::new("test");
    let [new, mut tried] = ["a", "b"].map(|name| letter(&store, &lane, name));
    post(&store, &[new.clone(), tried.clone()]).await;
    assert_eq!(store.take(&lane, 10, MINUTE).await.unwrap().len(), 2);
    store.release(&[new.id]).await.unwrap();
    tried.attempt = 1;
    let again = Again { letter: tried.clone(), ready_at: bed.now() + MINUTE, why: "it may have arrived".to_owned() };
    settle(&store, Settlement { done: vec![], again: vec![again], bury: vec![] }).await;
    assert_eq!(ids(&store.take_trial(&lane, MINUTE).await.unwrap()), [new.id], "nothing else is ready");
    store.release(&[new.id]).await.unwrap();
    bed.pass(MINUTE);
    assert_eq!(ids(&store.take_trial(&lane, MINUTE).await.unwrap()), [tried.id], "though the other waits for longer");
    assert_eq!(ids(&store.take_trial(&lane, MINUTE).await.unwrap()), [new.id]);
    assert!(store.take_trial(&lane, MINUTE).await.unwrap().is_empty());
}

async fn what_is_settled_is_gone_later_or_buried(bed: Bed) {
    let store = bed.store().await;
    let lane = Lane::new("test");
    let letters: Vec<_> = ["a", "b", "c"].iter().map(|name| letter(&store, &lane, name)).collect();
    post(&store, &letters).await;
    store.take(&lane, 10, MINUTE).await.unwrap();
    let [a, mut b, c] = letters.try_into().unwrap();
    b.attempt = 1;
    let again = Again { letter: b.clone(), ready_at: bed.now() + MINUTE * 2, why: "busy".to_owned() };
    let bury = Bury { letter: c.clone(), why: "refused".to_owned() };
    settle(&store, Settlement { done: vec![a.id], again: vec![again], bury: vec![bury] }).await;
    assert!(store.take(&lane, 10, MINUTE).await.unwrap().is_empty());
    bed.pass(MINUTE * 3);
    let [got] = &store.take(&lane, 10, MINUTE).await.unwrap()[..] else { panic!("one letter") };
    assert_eq!((got.id, got.attempt), (b.id, 1));
    let dead = store.dead_letter(c.id).await.unwrap().unwrap();
    assert_eq!((dead.letter.id, dead.why.as_str()), (c.id, "refused"));
}

async fn settling_writes_letters_whose_row_is_gone(bed: Bed) {
    let store = bed.store().await;
    let lane = Lane::new("test");
    let (a, b) = (letter(&store, &lane, "a"), letter(&store, &lane, "b"));
    let again = Again { letter: a.clone(), ready_at: bed.now() + MINUTE, why: "busy".to_owned() };
    let bury = Bury { letter: b.clone(), why: "no".to_owned() };
    settle(&store, Settlement { done: vec![id("never seen")], again: vec![again], bury: vec![bury] }).await;
    assert!(store.dead_letter(b.id).await.unwrap().is_some());
    bed.pass(MINUTE);
    assert_eq!(ids(&store.take(&lane, 10, MINUTE).await.unwrap()), [a.id]);
}

async fn dead_letters_are_shown_replayed_and_dropped(bed: Bed) {
    let store = bed.store().await;
    let (one, two) = (Lane::new("one"), Lane::new("two"));
    let mut buried = Vec::new();
    for (lane, name) in [(&one, "a"), (&one, "b"), (&two, "c")] {
        let letter = letter(&store, lane, name);
        let bury = vec![Bury { letter: letter.clone(), why: format!("why {name}") }];
        settle(&store, Settlement { bury, ..Settlement::default() }).await;
        bed.pass(MINUTE);
        buried.push(letter);
    }
    let all = store.dead(DeadFilter::default()).await.unwrap();
    assert_eq!(all.iter().map(|dead| dead.why.as_str()).collect::<Vec<_>>(), ["why c", "why b", "why a"]);
    let some = |filter| async { store.dead(filter).await.unwrap().iter().map(|d| d.letter.id).collect::<Vec<_>>() };
    assert_eq!(some(DeadFilter { lane: Some(one.clone()), limit: 1, ..DeadFilter::default() }).await, [id("b")]);
    let (before, after) = (Some(all[0].buried_at), Some(all[2].buried_at));
    assert_eq!(some(DeadFilter { before, after, ..DeadFilter::default() }).await, [id("b")]);

    let why = |words: &str| DeadFilter { why: Some(words.to_owned()), ..DeadFilter::default() };
    assert_eq!(some(why("WHY a")).await, [id("a")]);
    assert!(some(why("why %")).await.is_empty(), "a sign of the database is only a sign");
    let category = |text: &str| DeadFilter { category: Some(text.to_owned()), ..DeadFilter::default() };
    assert!(some(category("*")).await.is_empty(), "none of them is about a case");

    assert_eq!(store.replay_dead(&[id("b"), id("a"), id("unknown")]).await.unwrap(), 2);
    assert_eq!(store.drop_dead(&[id("a"), id("c")]).await.unwrap(), 1);
    assert!(store.dead(DeadFilter::default()).await.unwrap().is_empty());
    let replayed = store.take(&one, 10, MINUTE).await.unwrap();
    assert_eq!(ids(&replayed), [id("a"), id("b")], "in their old order");
    assert!(replayed.iter().all(|letter| letter.attempt == 0));
}

async fn dead_letters_are_found_by_whom_and_what_they_are_about(bed: Bed) {
    let store = bed.store().await;
    let new = report(&store, "a").await;
    store.accept(new.clone()).await.unwrap();
    let roads = Lane::department(&"roads".parse().unwrap());
    let mut said = letter(&store, &Lane::updates(), "said");
    said.subject = "roads.done".to_owned();
    let letters = [
        letter(&store, &roads, "about").about(new.report.id),
        letter(&store, &Lane::queue(&"parks".parse().unwrap()), "parks"),
        said,
    ];
    for letter in &letters {
        let bury = vec![Bury { letter: letter.clone(), why: "no".to_owned() }];
        settle(&store, Settlement { bury, ..Settlement::default() }).await;
        bed.pass(MINUTE);
    }
    let found = |filter| async {
        let mut found: Vec<_> = store.dead(filter).await.unwrap().iter().map(|d| d.letter.id).collect();
        found.reverse();
        found
    };
    let all = DeadFilter::default;
    let of = |department: &str| DeadFilter { department: Some(department.parse().unwrap()), ..all() };
    assert_eq!(found(of("roads")).await, [id("about"), id("said")]);
    assert_eq!(found(of("parks")).await, [id("parks")]);
    assert!(found(of("road")).await.is_empty());
    assert_eq!(found(DeadFilter { reference: Some(new.report.reference), ..all() }).await, [id("about")]);
    let category = new.report.category.as_str().to_owned();
    let (group, _) = category.split_once('/').unwrap();
    let of = |category: String| DeadFilter { category: Some(category), ..all() };
    assert_eq!(found(of(format!("{group}/*"))).await, [id("about")]);
    assert_eq!(found(of(category.clone())).await, [id("about")]);
    assert!(found(of(format!("{group}/"))).await.is_empty());
}

async fn lanes_say_how_they_are_doing(bed: Bed) {
    let store = bed.store().await;
    let lane = Lane::new("test");
    let first = bed.now();
    let (a, mut b, c) = (letter(&store, &lane, "a"), letter(&store, &lane, "b"), letter(&store, &lane, "c"));
    b.ready_at = Some(bed.now() + MINUTE);
    post(&store, &[a, b]).await;
    bed.pass(Duration::from_secs(1));
    settle(&store, Settlement { bury: vec![Bury { letter: c, why: "no".to_owned() }], ..Settlement::default() }).await;
    let [state] = &store.lanes().await.unwrap()[..] else { panic!("one lane") };
    assert_eq!((state.lane.as_str(), state.ready, state.delayed, state.dead), ("test", 1, 1, 1));
    assert_eq!(state.oldest_at, Some(first));
}

async fn a_reader_is_woken(bed: Bed) {
    let store = bed.store().await;
    let other = bed.other(&store).await;
    let lane = Lane::new("test");
    let long = Duration::from_secs(30);
    // A post before the wait is not missed, whatever came between.
    assert!(store.take(&lane, 10, MINUTE).await.unwrap().is_empty());
    post(&store, &[letter(&store, &lane, "a")]).await;
    tokio::time::timeout(long / 3, store.wait(&lane, long)).await.expect("woken by what was there");
    // A post of another process while we wait. Who begins to listen says so by one wake-up.
    assert_eq!(store.take(&lane, 10, MINUTE).await.unwrap().len(), 1);
    let poster = tokio::spawn({
        let lane = lane.clone();
        async move {
            let mut ticks = tokio::time::interval(Duration::from_millis(50));
            for n in 0.. {
                ticks.tick().await;
                post(&other, &[letter(&other, &lane, &format!("later {n}"))]).await;
            }
        }
    });
    let woken = async {
        while store.take(&lane, 10, MINUTE).await.unwrap().is_empty() {
            store.wait(&lane, long).await;
        }
    };
    tokio::time::timeout(long / 3, woken).await.expect("woken from outside");
    poster.abort();
    // A letter's own time: the clock stands still, so only `wake_all` can say that it moved.
    _ = poster.await;
    while !store.take(&lane, 10, MINUTE).await.unwrap().is_empty() {}
    let waiter = tokio::spawn({
        let (store, lane) = (store.clone(), lane.clone());
        async move { store.wait(&lane, long).await }
    });
    let until = tokio::time::Instant::now() + long / 3;
    while !waiter.is_finished() && tokio::time::Instant::now() < until {
        store.wake_all();
        tokio::task::yield_now().await;
    }
    assert!(waiter.is_finished());
}

async fn a_letter_that_cannot_be_read_does_not_block_its_lane(bed: Bed) {
    let store = bed.store().await;
    let lane = Lane::new("test");
    post(&store, &[letter(&store, &lane, "a"), letter(&store, &lane, "b")]).await;
    bed.tamper(&format!("UPDATE letter SET body = '{{' WHERE id = '{}'", id("a"))).await;
    assert_eq!(ids(&store.take(&lane, 10, MINUTE).await.unwrap()), [id("b")]);
    let [state] = &store.lanes().await.unwrap()[..] else { panic!("one lane") };
    assert_eq!(state.dead, 1);
    let error = store.dead_letter(id("a")).await.unwrap_err().to_string();
    assert!(error.contains("table letter, column body") && error.contains(&id("a").to_string()), "{error}");
}

async fn a_rolled_back_post_never_happened(bed: Bed) {
    let store = bed.store().await;
    let lane = Lane::new("test");
    let mut tx = store.begin().await.unwrap();
    tx.post(&[letter(&store, &lane, "a")]).await.unwrap();
    tx.seen("reader", &[id("a")]).await.unwrap();
    drop(tx);
    assert!(store.take(&lane, 10, MINUTE).await.unwrap().is_empty());
    assert!(matches!(store.kind(), DbKind::Sqlite | DbKind::Postgres));
}
