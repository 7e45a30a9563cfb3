//! The past, page by page.

use crate::{Bed, MINUTE, both, report};
use schemas::{
    event::{CaseEvent, What},
    id::derived,
    report::{Tell, Urgency},
    slug::Slug,
    trace::Trace,
};
use store::{NewReport, Reachable, Store, Stretch};

both!(reports_come_in_order_with_their_first_decision, a_stretch_ends_where_it_says);

/// A report received now, under an id of its own time.
async fn kept(store: &Store, name: &str) -> NewReport {
    let mut new = report(store, name).await;
    new.report.id = store.ids().new_id();
    new
}

async fn reports_come_in_order_with_their_first_decision(bed: Bed) {
    let store = bed.store().await;
    let since = bed.now();
    let mut kept_ones = Vec::new();
    for n in 0..7 {
        bed.pass(MINUTE);
        let mut new = kept(&store, &n.to_string()).await;
        if n == 3 {
            new.contact = None;
        }
        store.accept(new.clone()).await.unwrap();
        kept_ones.push(new.report);
    }
    let routed = |version: i64, to: &str| {
        let report = &kept_ones[2];
        CaseEvent {
            critical: false,
            id: derived(&["event", &report.id.to_string(), to]),
            case_id: report.id,
            reference: report.reference,
            version,
            at: bed.now(),
            what: What::Routed {
                department: Slug::new(to).unwrap(),
                informed: Vec::new(),
                rule: "r".to_owned(),
                ruleset: "v".to_owned(),
                priority: Urgency::High,
                due_on: None,
                rerouted_from: None,
                instead_of: None,
            },
        }
    };
    let mut tx = store.begin().await.unwrap();
    tx.add_events(&[(routed(2, "wegen"), Tell::Nothing), (routed(3, "groen"), Tell::Nothing)], Trace::start())
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let stretch = Stretch { since, until: bed.now() + MINUTE };
    assert_eq!(store.past_count(stretch).await.unwrap(), 7);
    let (mut past, mut after) = (Vec::new(), None);
    loop {
        let page = store.past(stretch, after.as_deref(), 3).await.unwrap();
        assert!(page.rows.len() <= 3);
        past.extend(page.rows.into_iter().map(|row| row.read().unwrap()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let ids: Vec<_> = past.iter().map(|past| past.report.id).collect();
    assert_eq!(ids, kept_ones.iter().map(|report| report.id).collect::<Vec<_>>());
    let mut read = past[0].report.clone();
    // What a replay does not need is not read.
    (read.token, read.source_id) = (kept_ones[0].token.clone(), kept_ones[0].source_id.clone());
    assert_eq!(read, kept_ones[0]);
    assert_eq!(past[0].contact, Some(Reachable { name: true, email: true, phone: false }));
    assert_eq!(past[3].contact, None);
    assert!(past.iter().enumerate().all(|(n, past)| (n == 2) == past.first.is_some()));
    assert_eq!(past[2].first, Some(routed(2, "wegen")));

    bed.tamper(&format!("UPDATE report SET place = 'x' WHERE id = '{}'", ids[1])).await;
    let page = store.past(stretch, None, 100).await.unwrap();
    let unread: Vec<_> = page.rows.into_iter().map(|row| row.read().is_err()).collect();
    assert_eq!(unread, [false, true, false, false, false, false, false]);
}

async fn a_stretch_ends_where_it_says(bed: Bed) {
    let store = bed.store().await;
    for n in 0..3 {
        store.accept(kept(&store, &n.to_string()).await).await.unwrap();
        bed.pass(MINUTE * 60 * 24 * 3);
    }
    let end = bed.now();
    let days = |n: u32| MINUTE * 60 * 24 * n;
    for (since, until, count) in [
        (end - days(9), end, 3),
        (end - days(9), end - days(3), 2),
        (end - days(9) + MINUTE, end, 2),
        (end - days(6), end - days(3), 1),
        (end, end + days(9), 0),
        (end, end - days(9), 0),
    ] {
        let stretch = Stretch { since, until };
        assert_eq!(store.past_count(stretch).await.unwrap(), count, "{stretch:?}");
        assert_eq!(store.past(stretch, None, 100).await.unwrap().rows.len() as u64, count, "{stretch:?}");
    }
}
