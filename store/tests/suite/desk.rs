//! What people of the city take down, and what they answer at once.

use crate::{Bed, both, id, report};
use schemas::{report::Language, way::Way};
use std::time::Duration;
use store::{Accepted, FirstLine, NewReport, Scan, Store, TakenDown};

both!(
    a_report_and_who_took_it_down_are_one,
    a_scan_belongs_to_one_report_or_goes,
    answers_at_once_are_counted_once,
    a_number_finds_its_reports,
);

fn taken(new: &NewReport, scan: Option<schemas::Uuid>) -> TakenDown {
    TakenDown {
        report: new.report.id,
        account: id("account"),
        by: "An".to_owned(),
        at: new.report.received_at,
        caller: Some("Bo".to_owned()),
        received_on: Some("2026-11-20".parse().unwrap()),
        scan,
    }
}

async fn take(store: &Store, new: &NewReport, scan: Option<schemas::Uuid>) -> Accepted {
    let mut tx = store.begin().await.unwrap();
    let accepted = tx.take_down(new, &taken(new, scan)).await.unwrap();
    tx.commit().await.unwrap();
    accepted
}

async fn a_report_and_who_took_it_down_are_one(bed: Bed) {
    let store = bed.store().await;
    let new = report(&store, "a").await;
    let mut tx = store.begin().await.unwrap();
    tx.take_down(&new, &taken(&new, None)).await.unwrap();
    drop(tx);
    assert_eq!(
        (store.report(new.report.id).await.unwrap(), store.taken_down(new.report.id).await.unwrap()),
        (None, None)
    );
    assert!(matches!(take(&store, &new, None).await, Accepted::New(_)));
    assert_eq!(store.taken_down(new.report.id).await.unwrap(), Some(taken(&new, None)));
    // The same again, by somebody else: it stays as it was.
    let mut again = taken(&new, None);
    again.by = "Cis".to_owned();
    let mut tx = store.begin().await.unwrap();
    assert!(matches!(tx.take_down(&new, &again).await.unwrap(), Accepted::Again(_)));
    tx.commit().await.unwrap();
    assert_eq!(store.taken_down(new.report.id).await.unwrap().unwrap().by, "An");
    let mut tx = store.begin().await.unwrap();
    tx.forget_contacts(&[new.report.id], Way::Email).await.unwrap();
    tx.commit().await.unwrap();
    let left = store.taken_down(new.report.id).await.unwrap().unwrap();
    assert_eq!((left.caller, left.by.as_str()), (None, "An"), "who called goes with the contact");
}

async fn a_scan_belongs_to_one_report_or_goes(bed: Bed) {
    let store = bed.store().await;
    let scan = Scan { id: id("scan"), media_type: "application/pdf".to_owned(), bytes: b"%PDF".to_vec() };
    store.add_scan(scan.clone()).await.unwrap();
    store.add_scan(scan.clone()).await.unwrap();
    assert!(store.is_free_scan(scan.id).await.unwrap() && !store.is_free_scan(id("other")).await.unwrap());
    let (first, second) = (report(&store, "a").await, report(&store, "b").await);
    take(&store, &first, Some(scan.id)).await;
    take(&store, &second, Some(scan.id)).await;
    assert_eq!(store.scan_of(first.report.id).await.unwrap(), Some(scan.clone()));
    assert_eq!(store.scan_of(second.report.id).await.unwrap(), None);
    assert!(!store.is_free_scan(scan.id).await.unwrap());
    store.add_scan(Scan { id: id("lost"), ..scan }).await.unwrap();
    bed.pass(Duration::from_secs(60));
    assert_eq!(store.sweep_scans(bed.now()).await.unwrap(), 1, "what no report has goes");
    let mut tx = store.begin().await.unwrap();
    tx.forget_contacts(&[first.report.id], Way::Email).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.scan_of(first.report.id).await.unwrap(), None, "their paper goes with them");
}

async fn answers_at_once_are_counted_once(bed: Bed) {
    let store = bed.store().await;
    let answer = |name: &str, day: &str| FirstLine {
        id: id(name),
        day: day.parse().unwrap(),
        channel: "phone".parse().unwrap(),
        category: "wegen/put".parse().unwrap(),
        article: String::new(),
        language: Language::NL,
    };
    let mut tx = store.begin().await.unwrap();
    assert!(tx.answered_at_once(&answer("a", "2026-11-23")).await.unwrap());
    assert!(!tx.answered_at_once(&answer("a", "2026-11-23")).await.unwrap());
    assert!(tx.answered_at_once(&answer("b", "2026-11-23")).await.unwrap());
    assert!(tx.answered_at_once(&answer("c", "2026-10-01")).await.unwrap());
    tx.commit().await.unwrap();
    let counts = store.first_line("2026-11-01".parse().unwrap()).await.unwrap();
    assert_eq!(counts.iter().map(|one| (one.day.as_str(), one.count)).collect::<Vec<_>>(), [("2026-11-23", 2)]);
    let days = store.answered_by_day().await.unwrap();
    assert_eq!(days, [("2026-10-01".parse().unwrap(), 1), ("2026-11-23".parse().unwrap(), 2)]);
}

async fn a_number_finds_its_reports(bed: Bed) {
    let store = bed.store().await;
    for (name, phone) in [("a", "0470 12 34 56"), ("b", "+32470123456"), ("c", "0470 99 99 99")] {
        let mut new = report(&store, name).await;
        new.report.id = store.ids().new_id();
        new.contact.as_mut().unwrap().phone = Some(phone.to_owned());
        store.accept(new).await.unwrap();
        bed.pass(Duration::from_secs(1));
    }
    let found = store.reports_by_phone("0032 470 12.34.56").await.unwrap();
    assert_eq!(found.iter().map(|(_, phone)| phone.as_str()).collect::<Vec<_>>(), ["+32470123456", "0470 12 34 56"]);
    assert!(store.reports_by_phone("056 11 22 33").await.unwrap().is_empty());
}
