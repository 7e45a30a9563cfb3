//! What there is to know of a case before anything of it is public, and when it changed.

use crate::{Bed, MINUTE, both, cases::case, report};
use schemas::{
    Uuid,
    case::{Status, Watch},
    held::Reason,
    place::{Place, Point},
    slug::CategoryId,
};
use store::{BeforeMerged, Hold, Merged, Noticed, Store};

both!(a_glimpse_is_of_now, what_changed_is_read_in_its_order);

/// A report at a place, and its case.
async fn kept(store: &Store, name: &str) -> Uuid {
    let mut new = report(store, name).await;
    new.report.place = Place { point: Some(Point { lat: 50.5, lon: 3.25 }), ..Place::default() };
    let case = case(&new.report);
    store.accept(new.clone()).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    tx.open_cases(&[case]).await.unwrap();
    tx.commit().await.unwrap();
    new.report.id
}

async fn a_glimpse_is_of_now(bed: Bed) {
    let store = bed.store().await;
    let (one, other) = (kept(&store, "a").await, kept(&store, "b").await);
    let opened = bed.now();
    let of = async |id: Uuid| store.glimpses(&[id]).await.unwrap().pop().unwrap();
    let first = of(one).await;
    assert_eq!((first.point, first.hidden, first.others), (Some(Point { lat: 50.5, lon: 3.25 }), false, 0));
    assert_eq!((first.changed_at, first.main), (opened, None));
    // Whatever changes what everybody may know leaves its mark.
    bed.pass(MINUTE);
    let mut tx = store.begin().await.unwrap();
    tx.correct_category(one, &CategoryId::new("groen/boom").unwrap(), "An").await.unwrap();
    tx.commit().await.unwrap();
    let corrected = of(one).await;
    assert_eq!((corrected.category.as_str(), corrected.changed_at), ("groen/boom", bed.now()));
    bed.pass(MINUTE);
    let before = BeforeMerged {
        status: Status::Routed,
        status_at: bed.now(),
        closed_at: None,
        planned_on: None,
        parts: Vec::new(),
        watch: Watch::default(),
    };
    let mut tx = store.begin().await.unwrap();
    assert!(tx.add_merged(&Merged { case: other, main: one, at: bed.now(), before }).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!((of(one).await.others, of(one).await.changed_at, of(other).await.main), (1, bed.now(), Some(one)));
    bed.pass(MINUTE);
    let mut tx = store.begin().await.unwrap();
    tx.drop_merged(other).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!((of(one).await.others, of(one).await.changed_at), (0, bed.now()));
    // What is held is known as that, and has no case yet.
    let hold = Hold { reasons: vec![Reason::Fast], until: bed.now() + MINUTE, passes: false };
    let held = report(&store, "held").await;
    let held = store::NewReport { noticed: Noticed { hold: Some(hold), sighting: None }, ..held };
    store.accept(held.clone()).await.unwrap();
    let glimpse = of(held.report.id).await;
    assert!(glimpse.hidden && glimpse.status == Status::Received && glimpse.point.is_none());
    assert!(store.glimpses(&[]).await.unwrap().is_empty());
    let all = store.glimpses_after(Uuid::nil(), 9).await.unwrap();
    assert_eq!(all.len(), 2, "only what has a case");
    assert!(all[0].id < all[1].id);
    let rest = store.glimpses_after(all[0].id, 9).await.unwrap();
    assert_eq!(rest.iter().map(|glimpse| glimpse.id).collect::<Vec<_>>(), [all[1].id]);
}

async fn what_changed_is_read_in_its_order(bed: Bed) {
    let store = bed.store().await;
    assert_eq!(store.last_change().await.unwrap(), None);
    let begun = bed.now();
    let (one, other) = (kept(&store, "a").await, kept(&store, "b").await);
    bed.pass(MINUTE);
    let mut tx = store.begin().await.unwrap();
    let case = tx.lock_cases(&[one]).await.unwrap().remove(&one).unwrap();
    tx.save_cases(&[schemas::case::Case { status: Status::Solved, ..case }]).await.unwrap();
    tx.commit().await.unwrap();
    let ids = async |since, limit| -> Vec<Uuid> {
        store.glimpses_changed(since, limit).await.unwrap().into_iter().map(|glimpse| glimpse.id).collect()
    };
    assert_eq!(store.last_change().await.unwrap(), Some(bed.now()));
    assert_eq!(ids((begun, Uuid::nil()), 9).await, [other, one], "the one that changed first is at the front");
    assert_eq!(ids((begun, Uuid::nil()), 1).await, [other]);
    assert_eq!(ids((begun, other), 9).await, [one]);
    assert_eq!(ids((bed.now(), Uuid::nil()), 9).await, [one]);
    assert!(ids((bed.now(), one), 9).await.is_empty());
}
