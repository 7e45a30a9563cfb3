//! What the clock asks.

use crate::{Bed, MINUTE, both, cases::case, id, report};
use schemas::{case::Status, slug::Slug};
use store::CaseCount;

both!(due_cases_are_found_in_their_order, cases_are_counted_by_department);

async fn due_cases_are_found_in_their_order(bed: Bed) {
    let store = bed.store().await;
    let mut cases = Vec::new();
    for (name, after) in [("later", Some(2)), ("now", Some(0)), ("soon", Some(1)), ("never", None)] {
        let mut case = case(&report(&store, name).await.report);
        case.check_at = after.map(|n| bed.now() + MINUTE * n);
        cases.push(case);
    }
    let mut tx = store.begin().await.unwrap();
    tx.open_cases(&cases).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.due_cases(10).await.unwrap(), [id("now")]);
    bed.pass(MINUTE * 5);
    assert_eq!(store.due_cases(10).await.unwrap(), ["now", "soon", "later"].map(id));
    assert_eq!(store.due_cases(2).await.unwrap(), ["now", "soon"].map(id));

    let mut tx = store.begin().await.unwrap();
    tx.postpone_check(id("now"), bed.now() + MINUTE).await.unwrap();
    let mut soon = tx.lock_cases(&[id("soon")]).await.unwrap().remove(&id("soon")).unwrap();
    soon.check_at = None;
    tx.save_cases(&[soon]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.due_cases(10).await.unwrap(), [id("later")]);
    bed.pass(MINUTE);
    assert_eq!(store.due_cases(10).await.unwrap(), ["later", "now"].map(id));
}

async fn cases_are_counted_by_department(bed: Bed) {
    let store = bed.store().await;
    let mut cases = Vec::new();
    // Each was decided to be due on 30 November 2026.
    for (name, lead, status, planned_on) in [
        ("a", "wegen", Status::Routed, None),
        ("b", "wegen", Status::Waiting, None),
        ("c", "wegen", Status::Planned, Some("2026-12-24")),
        ("d", "wegen", Status::Solved, None),
        ("e", "groen", Status::Accepted, None),
    ] {
        let mut case = case(&report(&store, name).await.report);
        case.lead = Some(Slug::new(lead).unwrap());
        case.status = status;
        case.planned_on = planned_on.map(|day| day.parse().unwrap());
        case.closed_at = status.is_closed().then(|| bed.now());
        cases.push(case);
    }
    let mut tx = store.begin().await.unwrap();
    tx.open_cases(&cases).await.unwrap();
    tx.commit().await.unwrap();
    let count = |department: &str, open, waiting, late| CaseCount {
        department: Slug::new(department).unwrap(),
        open,
        waiting,
        late,
    };
    let on = |day: &str| store.case_counts(day.parse().unwrap());
    assert_eq!(on("2026-11-30").await.unwrap(), [count("groen", 1, 0, 0), count("wegen", 3, 1, 0)]);
    assert_eq!(on("2026-12-01").await.unwrap(), [count("groen", 1, 0, 1), count("wegen", 3, 1, 1)]);

    // A department that names a later day is late no more.
    let mut tx = store.begin().await.unwrap();
    let mut moved = tx.lock_cases(&[id("a")]).await.unwrap().remove(&id("a")).unwrap();
    moved.planned_on = Some("2026-12-02".parse().unwrap());
    tx.save_cases(&[moved]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(on("2026-12-01").await.unwrap(), [count("groen", 1, 0, 1), count("wegen", 3, 1, 0)]);
}
