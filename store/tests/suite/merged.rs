//! Reports that are near each other, and cases that are the same as another.

use crate::{Bed, MINUTE, both, cases::case, report};
use schemas::{
    Uuid,
    case::{Status, Watch},
    event::{CaseEvent, What},
    id::derived,
    letter::Lane,
    place::{Place, Point},
    report::Tell,
    trace::Trace,
};
use std::time::Duration;
use store::{BeforeMerged, Merged, NewReport, Store, spot};

both!(
    reports_are_found_by_where_they_are,
    duplicates_are_kept_moved_and_put_back,
    who_is_silent_alone_has_loud_duplicates
);

async fn at(store: &Store, name: &str, place: Place) -> NewReport {
    let mut new = report(store, name).await;
    new.report.place = place;
    new
}

fn point(lat: f64, lon: f64) -> Place {
    Place { point: Some(Point { lat, lon }), ..Place::default() }
}

fn merged(case: Uuid, main: Uuid, bed: &Bed) -> Merged {
    let before = BeforeMerged {
        status: Status::Planned,
        status_at: bed.now(),
        closed_at: None,
        planned_on: Some("2026-12-01".parse().unwrap()),
        parts: Vec::new(),
        watch: Watch { nudged_at: Some(bed.now()), ..Watch::default() },
    };
    Merged { case, main, at: bed.now(), before }
}

async fn reports_are_found_by_where_they_are(bed: Bed) {
    let store = bed.store().await;
    let lamp = |text: &str| Place { asset: Some(text.to_owned()), ..Place::default() };
    let corner = |text: &str| Place { address: Some(text.to_owned()), ..Place::default() };
    let all = [
        at(&store, "here", point(50.827_9, 3.264_9)).await,
        at(&store, "near", point(50.828_1, 3.265)).await,
        at(&store, "north", point(50.838, 3.264_9)).await,
        at(&store, "east", point(50.827_9, 3.274)).await,
        at(&store, "lamp", lamp("LP 12-34")).await,
        at(&store, "corner", corner("Grote Markt 1")).await,
        at(&store, "nowhere", Place::default()).await,
    ];
    for new in &all {
        store.accept(new.clone()).await.unwrap();
    }
    let (low, high) = (Point { lat: 50.827, lon: 3.264 }, Point { lat: 50.829, lon: 3.266 });
    let mut found = store.reports_in_box(low, high, bed.now()).await.unwrap();
    let mut near = vec![all[0].report.id, all[1].report.id];
    found.sort_unstable();
    near.sort_unstable();
    assert_eq!(found, near);
    assert!(store.reports_in_box(low, high, bed.now() + Duration::from_secs(1)).await.unwrap().is_empty());
    for (place, of) in [(lamp("lp1234"), 4), (corner("grote markt, 1"), 5)] {
        let spot = spot(&place).unwrap();
        assert_eq!(store.reports_at_spot(&spot, bed.now()).await.unwrap(), [all[of].report.id]);
        assert!(store.reports_at_spot(&spot, bed.now() + Duration::from_secs(1)).await.unwrap().is_empty());
    }
    assert_eq!(spot(&Place::default()), None);
    assert_eq!(spot(&lamp(" - ")), None);
}

async fn duplicates_are_kept_moved_and_put_back(bed: Bed) {
    let store = bed.store().await;
    let [a, b, c] = ["a", "b", "c"].map(|name| derived(&[name]));
    let mut tx = store.begin().await.unwrap();
    let first = merged(a, b, &bed);
    assert!(tx.add_merged(&first).await.unwrap());
    assert!(!tx.add_merged(&merged(a, c, &bed)).await.unwrap(), "a duplicate has one main case");
    assert_eq!(tx.merged(&[a, b]).await.unwrap().get(&a), Some(&first));
    tx.move_merged(b, c).await.unwrap();
    assert!(tx.add_merged(&merged(b, c, &bed)).await.unwrap());
    tx.commit().await.unwrap();
    let of_c = store.duplicates(&[c]).await.unwrap();
    assert_eq!(of_c.iter().filter(|merged| [a, b].contains(&merged.case)).count(), 2, "{of_c:?}");
    assert_eq!(of_c.iter().find(|merged| merged.case == a).unwrap().before, first.before);
    assert!(store.duplicates(&[a, b]).await.unwrap().is_empty() && store.merged(&[c]).await.unwrap().is_empty());
    let mut tx = store.begin().await.unwrap();
    tx.drop_merged(a).await.unwrap();
    tx.commit().await.unwrap();
    assert!(store.merged(&[a]).await.unwrap().is_empty());
    assert_eq!(store.duplicates(&[c]).await.unwrap().len(), 1);
}

async fn who_is_silent_alone_has_loud_duplicates(bed: Bed) {
    let store = bed.store().await;
    let (mut main, other) = (report(&store, "main").await, report(&store, "other").await);
    main.report.tell = Tell::Nothing;
    for new in [&main, &other] {
        store.accept(new.clone()).await.unwrap();
    }
    let mut tx = store.begin().await.unwrap();
    tx.open_cases(&[case(&main.report), case(&other.report)]).await.unwrap();
    tx.commit().await.unwrap();
    let event = |version: i64| CaseEvent {
        critical: false,
        id: derived(&["event", &version.to_string()]),
        case_id: main.report.id,
        reference: main.report.reference,
        version,
        at: bed.now(),
        what: What::Reopened { text: None, of: None },
    };
    let told = |version: i64| {
        let (store, event) = (store.clone(), event(version));
        async move {
            let mut tx = store.begin().await.unwrap();
            tx.add_events(&[(event, Tell::Nothing)], Trace::start()).await.unwrap();
            tx.commit().await.unwrap();
            let letters = store.take(&Lane::notifier(), 100, MINUTE).await.unwrap();
            letters.into_iter().filter(|letter| letter.case_id == Some(main.report.id)).count()
        }
    };
    assert_eq!(told(2).await, 0, "nobody wants to hear");
    let mut tx = store.begin().await.unwrap();
    assert!(tx.add_merged(&merged(other.report.id, main.report.id, &bed)).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(told(3).await, 1, "who reported the same does");
    assert_eq!(store.contested().await.unwrap(), [main.report.id], "once, however often");
}
