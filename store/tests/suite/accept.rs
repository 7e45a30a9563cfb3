//! Taking reports in: durable, idempotent, many at once.

use crate::{Bed, MINUTE, both, id, report};
use schemas::{event::What, letter::Lane, report::Received};
use std::{collections::HashSet, time::Duration};
use store::{Accepted, Error, NewReport, Photo, PhotoSize, SmallPhoto};

both!(
    a_report_is_kept_with_all_that_belongs_to_it,
    the_same_report_again_is_answered_from_what_was_stored,
    the_same_id_twice_in_one_batch,
    two_hundred_callers_at_once,
    a_bad_report_fails_alone,
    references_are_never_given_twice,
    references_within_a_transaction,
    photos_are_claimed_once_and_swept,
    a_photo_may_have_a_small_one,
);

async fn a_report_is_kept_with_all_that_belongs_to_it(bed: Bed) {
    let store = bed.store().await;
    let new = report(&store, "a").await;
    let Accepted::New(receipt) = store.accept(new.clone()).await.unwrap() else { panic!("new") };
    assert_eq!((receipt.id, receipt.reference), (new.report.id, new.report.reference));
    assert_eq!(store.report(new.report.id).await.unwrap(), Some(new.report.clone()));
    assert_eq!(store.report_by_token(&receipt.token).await.unwrap(), Some(new.report.clone()));
    assert_eq!(store.report_by_reference(receipt.reference).await.unwrap(), Some(new.report.clone()));
    assert_eq!(store.report_by_token("nobody's").await.unwrap(), None);

    let timeline = store.timeline(new.report.id, true).await.unwrap();
    let [event] = &timeline[..] else { panic!("one event") };
    assert_eq!((event.version, &event.what, event.reference), (1, &What::Received, receipt.reference));

    let [to_router] = &store.take(&Lane::router(), 10, MINUTE).await.unwrap()[..] else { panic!("one letter") };
    assert_eq!(to_router.read::<Received>().unwrap().report, new.report.id);
    assert_eq!(to_router.case_id, Some(new.report.id));
    assert_eq!(store.take(&Lane::notifier(), 10, MINUTE).await.unwrap().len(), 1);
    assert_eq!(store.take(&Lane::events(), 10, MINUTE).await.unwrap().len(), 1);

    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.reports(&[new.report.id, id("other")]).await.unwrap().len(), 1);
    assert_eq!(tx.contacts(&[new.report.id]).await.unwrap().remove(&new.report.id), new.contact);
    drop(tx);

    let silent = NewReport { contact: None, route: false, ..report(&store, "b").await };
    store.accept(silent.clone()).await.unwrap();
    assert!(store.take(&Lane::router(), 10, MINUTE).await.unwrap().is_empty());
    assert!(store.contacts_by_ids(&[silent.report.id]).await.unwrap().is_empty());
    let counts = store.count().await.unwrap();
    assert_eq!((counts.reports, counts.cases, counts.dead), (2, 0, 0));
}

async fn the_same_report_again_is_answered_from_what_was_stored(bed: Bed) {
    let store = bed.store().await;
    let first = report(&store, "a").await;
    let Accepted::New(receipt) = store.accept(first.clone()).await.unwrap() else { panic!("new") };
    bed.pass(MINUTE);
    // A retry: the same id and digest, but everything given out anew.
    let retry = report(&store, "a").await;
    assert_ne!(retry.report.token, first.report.token);
    assert_eq!(store.accept(retry).await.unwrap(), Accepted::Again(receipt.clone()));
    let other = NewReport { digest: "another".to_owned(), ..report(&store, "a").await };
    assert_eq!(store.accept(other).await.unwrap(), Accepted::Conflict);
    assert_eq!(store.report(first.report.id).await.unwrap(), Some(first.report));
    assert_eq!(store.count().await.unwrap().reports, 1);
    assert_eq!(store.take(&Lane::router(), 10, MINUTE).await.unwrap().len(), 1);
}

async fn the_same_id_twice_in_one_batch(bed: Bed) {
    let store = bed.store().await;
    let (a, b, retry) = (report(&store, "a").await, report(&store, "b").await, report(&store, "a").await);
    let conflict = NewReport { digest: "another".to_owned(), ..report(&store, "b").await };
    let mut tx = store.begin().await.unwrap();
    let accepted = tx.accept(&[a.clone(), b, retry, conflict]).await.unwrap();
    tx.commit().await.unwrap();
    let [Accepted::New(first), Accepted::New(_), Accepted::Again(again), Accepted::Conflict] = &accepted[..] else {
        panic!("{accepted:?}")
    };
    assert_eq!(first, again);
    assert_eq!(store.count().await.unwrap().reports, 2);
}

async fn two_hundred_callers_at_once(bed: Bed) {
    let store = bed.store().await;
    let mut callers = tokio::task::JoinSet::new();
    for n in 0..200 {
        let store = store.clone();
        callers.spawn(async move {
            let new = report(&store, &format!("caller {}", n % 190)).await;
            store.accept(new).await.unwrap()
        });
    }
    let answers = callers.join_all().await;
    let new = answers.iter().filter(|answer| matches!(answer, Accepted::New(_))).count();
    let again = answers.iter().filter(|answer| matches!(answer, Accepted::Again(_))).count();
    assert_eq!((new, again), (190, 10));
    let counts = store.count().await.unwrap();
    assert_eq!((counts.reports, counts.letters), (190, 3 * 190));
}

async fn a_bad_report_fails_alone(bed: Bed) {
    let store = bed.store().await;
    let good = report(&store, "good").await;
    store.accept(good.clone()).await.unwrap();
    // Another id with a token that is taken: it is neither written nor found.
    let mut bad = report(&store, "bad").await;
    bad.report.token = good.report.token;
    let mut callers = tokio::task::JoinSet::new();
    for n in 0..20 {
        let (store, bad) = (store.clone(), bad.clone());
        callers.spawn(async move {
            let new = if n == 7 { bad } else { report(&store, &format!("caller {n}")).await };
            (n, store.accept(new).await)
        });
    }
    for (n, answer) in callers.join_all().await {
        match answer {
            Ok(Accepted::New(_)) => assert_ne!(n, 7),
            Err(error @ Error::Inconsistent { .. }) => {
                assert_eq!(n, 7);
                assert!(!error.is_transient());
            }
            other => panic!("{n}: {other:?}"),
        }
    }
    assert_eq!(store.count().await.unwrap().reports, 20);
    assert!(store.timeline(id("bad"), false).await.unwrap().is_empty());
}

async fn references_are_never_given_twice(bed: Bed) {
    let first = bed.store().await;
    let second = bed.other(&first).await;
    let mut callers = tokio::task::JoinSet::new();
    for n in 0..40 {
        let store = if n % 2 == 0 { first.clone() } else { second.clone() };
        callers.spawn(async move { store.references(1 + n * 7).await.unwrap() });
    }
    let given: Vec<_> = callers.join_all().await.concat();
    let unique: HashSet<_> = given.iter().collect();
    assert_eq!(unique.len(), given.len());
    // After a restart the rest of the block is lost, and nothing is given again.
    drop((first.close().await, first, second));
    let later = bed.store().await.references(100).await.unwrap();
    assert!(later.iter().all(|reference| !unique.contains(reference)));
}

async fn references_within_a_transaction(bed: Bed) {
    let store = bed.store().await;
    let other = bed.other(&store).await;
    let mut given = store.references(10).await.unwrap();
    // Rolled back: what it took may be given again, but not twice to somebody who keeps it.
    let mut tx = store.begin().await.unwrap();
    tx.references(2000).await.unwrap();
    drop(tx);
    for n in [1, 5, 3000, 70] {
        let mut tx = store.begin().await.unwrap();
        given.extend(tx.references(n).await.unwrap());
        given.extend(tx.references(n).await.unwrap());
        tx.commit().await.unwrap();
        given.extend(other.references(n).await.unwrap());
    }
    assert_eq!(given.iter().collect::<HashSet<_>>().len(), given.len());
    assert_eq!(given.len(), 10 + 3 * 3076);
}

async fn a_photo_may_have_a_small_one(bed: Bed) {
    let store = bed.store().await;
    let photo = |name: &str| Photo {
        id: id(name),
        media_type: "image/jpeg".to_owned(),
        width: 640,
        height: 480,
        bytes: vec![0, 255, 7],
        lies: None,
        received_at: bed.now(),
    };
    let small = SmallPhoto { width: 320, height: 240, bytes: vec![7], file: None };
    store.add_photo(photo("both"), Some(small), None).await.unwrap();
    store.add_photo(photo("old"), None, None).await.unwrap();
    let mut new = report(&store, "a").await;
    new.report.photos = vec![id("both"), id("old")];
    store.accept(new.clone()).await.unwrap();
    let small = Photo { width: 320, height: 240, bytes: vec![7], ..photo("both") };
    // The report that asks, the photo, its size, and what comes.
    let rows = [
        (new.report.id, "both", PhotoSize::Large, Some(photo("both"))),
        (new.report.id, "both", PhotoSize::Small, Some(small)),
        (new.report.id, "old", PhotoSize::Large, Some(photo("old"))),
        (new.report.id, "old", PhotoSize::Small, Some(photo("old"))),
        (id("another"), "both", PhotoSize::Small, None),
        (new.report.id, "none", PhotoSize::Small, None),
    ];
    for (owner, name, size, comes) in rows {
        assert_eq!(store.photo_in(size, owner, id(name)).await.unwrap(), comes, "{name} {size:?}");
    }
    let sizes = store.small_photo_sizes(&[id("both"), id("old"), id("none")]).await.unwrap();
    assert_eq!(sizes, [(id("both"), (320, 240)), (id("old"), (640, 480))].into());
    assert!(store.small_photo_sizes(&[]).await.unwrap().is_empty());
}

async fn photos_are_claimed_once_and_swept(bed: Bed) {
    let store = bed.store().await;
    let photo = |name: &str| Photo {
        id: id(name),
        media_type: "image/jpeg".to_owned(),
        width: 640,
        height: 480,
        bytes: vec![0, 255, 7],
        lies: None,
        received_at: bed.now(),
    };
    for name in ["one", "two", "later", "unclaimed"] {
        store.add_photo(photo(name), None, None).await.unwrap();
    }
    store.add_photo(Photo { bytes: vec![1], ..photo("one") }, None, None).await.unwrap();
    let mut new = report(&store, "a").await;
    new.report.photos = vec![id("two"), id("one")];
    store.accept(new.clone()).await.unwrap();
    let mut thief = report(&store, "b").await;
    thief.report.photos = vec![id("one")];
    store.accept(thief.clone()).await.unwrap();
    assert_eq!(store.photo(id("one")).await.unwrap(), Some(photo("one")));
    assert!(store.photo_of(new.report.id, id("one")).await.unwrap().is_some());
    assert!(store.photo_of(thief.report.id, id("one")).await.unwrap().is_none());
    assert_eq!(store.photo_owners(&[id("two"), id("unclaimed"), id("none")]).await.unwrap().len(), 2);
    // What is sent later joins them: once, never what is another's, and never without end.
    for _ in 0..2 {
        let mut tx = store.begin().await.unwrap();
        let all = tx.add_photos_to(new.report.id, &[id("one"), id("later"), id("none")]).await.unwrap();
        assert_eq!(all, [id("two"), id("one"), id("later")]);
        let own = tx.add_photos_to(thief.report.id, &[id("two")]).await.unwrap();
        assert_eq!(own, [id("one")], "nothing is added");
        tx.commit().await.unwrap();
    }
    assert_eq!(store.report(new.report.id).await.unwrap().unwrap().photos.len(), 3);
    assert!(store.photo_of(new.report.id, id("later")).await.unwrap().is_some());
    bed.pass(Duration::from_secs(90_000));
    assert_eq!(store.sweep_photos(bed.now()).await.unwrap(), 1);
    assert!(store.photo(id("unclaimed")).await.unwrap().is_none());
}
