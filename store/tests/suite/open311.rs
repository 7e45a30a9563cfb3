//! Open311: numbers and tokens of a department's own server.

use crate::{Bed, MINUTE, both, cases::case, id, report};
use schemas::{
    Uuid,
    case::{Case, Role},
    letter::Lane,
    slug::Slug,
};
use store::{AttemptEnd, DispatchRow, Open311Receipt, Store};

both!(
    a_token_waits_for_its_number,
    a_number_is_followed_until_its_case_is_long_closed,
    one_number_stands_for_several,
    a_number_may_be_spoken_of_since_its_first_try_that_may_have_arrived
);

fn slug(name: &str) -> Slug {
    Slug::new(name).unwrap()
}

/// A case that was handed out; its dispatch is `id(name)`.
async fn handed_out(store: &Store, name: &str) -> Case {
    let report = report(store, &format!("report {name}")).await.report;
    let case = case(&report);
    let mut tx = store.begin().await.unwrap();
    tx.open_cases(std::slice::from_ref(&case)).await.unwrap();
    tx.commit().await.unwrap();
    dispatched(store, &case, name).await;
    case
}

async fn dispatched(store: &Store, case: &Case, name: &str) {
    let row = DispatchRow::posted(id(name), case.id, slug("wegen"), Role::Lead, store.clock().now());
    let mut tx = store.begin().await.unwrap();
    tx.add_dispatches(&[row]).await.unwrap();
    tx.commit().await.unwrap();
}

async fn note(store: &Store, dispatch: Uuid, receipt: Open311Receipt<'_>) {
    let mut tx = store.begin().await.unwrap();
    tx.note_open311(&slug("wegen"), dispatch, receipt).await.unwrap();
    tx.commit().await.unwrap();
}

async fn a_token_waits_for_its_number(bed: Bed) {
    let store = bed.store().await;
    let wegen = slug("wegen");
    let one = id("one");
    for (name, token) in [("one", "t1"), ("two", "t2")] {
        handed_out(&store, name).await;
        note(&store, id(name), Open311Receipt::Token(token)).await;
    }
    let waiting = store.open311_waiting(&wegen, "", 10).await.unwrap();
    assert_eq!(waiting.len(), 2);
    let first = waiting[0].dispatch.to_string();
    assert_eq!(store.open311_waiting(&wegen, &first, 10).await.unwrap(), waiting[1..]);
    assert_eq!(store.open311_waiting(&wegen, "", 1).await.unwrap(), waiting[..1]);
    assert!(store.open311_waiting(&slug("groen"), "", 10).await.unwrap().is_empty());
    assert_eq!((waiting[0].since, store.open311_number(one).await.unwrap()), (bed.now(), None));

    for _ in 0..2 {
        note(&store, one, Open311Receipt::Number("638344")).await;
    }
    let left = store.open311_waiting(&wegen, "", 10).await.unwrap();
    assert_eq!(left.iter().map(|w| w.token.as_str()).collect::<Vec<_>>(), ["t2"]);
    assert_eq!(store.open311_number(one).await.unwrap().as_deref(), Some("638344"));
    assert_eq!(store.dispatch_by_their_number(&wegen, "638344").await.unwrap(), Some(one));
}

async fn a_number_is_followed_until_its_case_is_long_closed(bed: Bed) {
    let store = bed.store().await;
    let wegen = slug("wegen");
    let mut cases = Vec::new();
    for (name, number) in [("one", "1"), ("two", "2"), ("three", "3")] {
        cases.push(handed_out(&store, name).await);
        note(&store, id(name), Open311Receipt::Number(number)).await;
    }
    let mut tx = store.begin().await.unwrap();
    let seen = [("2".to_owned(), "b".to_owned()), ("1".to_owned(), "a".to_owned()), ("9".to_owned(), "x".to_owned())];
    tx.see_open311(&wegen, &seen).await.unwrap();
    tx.see_open311(&wegen, &[]).await.unwrap();
    // Two are closed, one of them only just now.
    for (case, closed) in cases.iter_mut().zip([bed.now(), bed.now() + MINUTE * 2]) {
        case.closed_at = Some(closed);
        case.version += 1;
        tx.save_cases(std::slice::from_ref(case)).await.unwrap();
    }
    tx.commit().await.unwrap();
    let followed = store.open311_followed(&wegen, "1", 10).await.unwrap();
    assert_eq!(followed, [("2".to_owned(), Some("b".to_owned())), ("3".to_owned(), None)]);
    assert_eq!(store.open311_seen(&wegen, "1").await.unwrap().as_deref(), Some("a"));

    bed.pass(MINUTE);
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.drop_open311(&wegen, bed.now()).await.unwrap(), 1);
    assert_eq!(tx.drop_open311(&slug("groen"), bed.now()).await.unwrap(), 0);
    tx.commit().await.unwrap();
    let numbers = |rows: Vec<(String, Option<String>)>| rows.into_iter().map(|(n, _)| n).collect::<Vec<_>>();
    assert_eq!(numbers(store.open311_followed(&wegen, "", 10).await.unwrap()), ["2", "3"]);
    // Handed out again under the same number: followed again, and what was seen is not news.
    note(&store, id("one"), Open311Receipt::Number("1")).await;
    assert_eq!(store.open311_followed(&wegen, "", 1).await.unwrap(), [("1".to_owned(), Some("a".to_owned()))]);
}

async fn one_number_stands_for_several(bed: Bed) {
    let store = bed.store().await;
    let wegen = slug("wegen");
    let case = handed_out(&store, "one").await;
    note(&store, id("one"), Open311Receipt::Number("7")).await;
    let first = bed.now();
    bed.pass(MINUTE);
    dispatched(&store, &case, "again").await;
    note(&store, id("again"), Open311Receipt::Number("7")).await;
    assert_eq!(store.open311_numbered(&wegen, "7").await.unwrap(), [(id("one"), first), (id("again"), bed.now())]);
    assert!(store.open311_numbered(&wegen, "8").await.unwrap().is_empty());
    assert!(store.open311_numbered(&slug("groen"), "7").await.unwrap().is_empty());
    assert_eq!(store.open311_since(&wegen).await.unwrap(), Some(first));
    assert_eq!(store.open311_since(&slug("groen")).await.unwrap(), None);
}

async fn a_number_may_be_spoken_of_since_its_first_try_that_may_have_arrived(bed: Bed) {
    let store = bed.store().await;
    let wegen = slug("wegen");
    let lane = Lane::department(&wegen);
    handed_out(&store, "one").await;
    let written = bed.now();
    let mut began = Vec::new();
    for (n, verdict) in [(1, Some("never")), (2, Some("later")), (3, Some("unknown")), (4, None), (5, Some("done"))] {
        bed.pass(MINUTE);
        began.push(bed.now());
        let mut tx = store.begin().await.unwrap();
        tx.start_attempts(&[(id("one"), lane.clone(), n)]).await.unwrap();
        let end = verdict.map(|verdict| AttemptEnd { letter: id("one"), n, verdict, why: None });
        tx.end_attempts(end.as_slice()).await.unwrap();
        tx.commit().await.unwrap();
    }
    note(&store, id("one"), Open311Receipt::Number("7")).await;
    // Nobody tried it here: it was told by hand.
    handed_out(&store, "two").await;
    note(&store, id("two"), Open311Receipt::Number("8")).await;
    let now = bed.now();
    let noted = async |after, until| {
        let mut noted = store.open311_noted(&wegen, after, until).await.unwrap();
        noted.sort();
        noted
    };
    assert_eq!(noted(written, now).await, [("7".to_owned(), began[2]), ("8".to_owned(), now)]);
    assert!(noted(now, now + MINUTE).await.is_empty());
    assert!(noted(written, now - MINUTE).await.is_empty());
    assert!(store.open311_noted(&slug("groen"), written, now).await.unwrap().is_empty());
}
