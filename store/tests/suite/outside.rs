//! What touches the outside: inbox, ledger, letterbox.

use crate::{Bed, MINUTE, both, id};
use schemas::{letter::Lane, report::Language};
use store::{AttemptEnd, LetterboxItem};

both!(
    a_letter_is_seen_once_per_reader,
    the_ledger_knows_what_was_cut_off,
    the_letterbox_keeps_what_would_have_been_sent,
    a_round_outlives_the_process_that_made_it,
    what_somebody_gave_up_starting_holds_nobody_up,
);

async fn what_somebody_gave_up_starting_holds_nobody_up(bed: Bed) {
    let store = bed.store().await;
    let other = bed.other(&store).await;
    // A visitor who leaves takes the future of a transaction along, at any of its steps.
    for n in 0..60 {
        let gone = tokio::spawn({
            let store = store.clone();
            async move { drop(store.begin().await) }
        });
        for _ in 0..n % 6 {
            tokio::task::yield_now().await;
        }
        gone.abort();
        _ = gone.await;
    }
    // What is written without a transaction is there for everybody at once.
    for n in 0..20 {
        let item = LetterboxItem {
            notice_id: id(&format!("{n}")),
            case_id: id("case"),
            way: schemas::way::Way::Email,
            recipient: "an@example.org".to_owned(),
            subject: "Uw melding".to_owned(),
            text: "Bedankt".to_owned(),
            html: String::new(),
            language: Language::NL,
            at: bed.now(),
        };
        store.put_letter(item).await.unwrap();
        assert!(other.letterbox_item(id(&format!("{n}"))).await.unwrap().is_some(), "{n}");
    }
}

async fn a_round_outlives_the_process_that_made_it(bed: Bed) {
    let lease = MINUTE * 5;
    let store = bed.store().await;
    assert!(store.claim_round("dept.wegen", lease).await.unwrap().is_some());
    assert!(store.claim_round("dept.wegen", lease).await.unwrap().is_none());
    // The process dies; the next one begins.
    store.close().await;
    let store = bed.store().await;
    // One process has the file of SQLite, so nobody can be at it any more.
    let at_once = store.kind() == store::DbKind::Sqlite;
    assert_eq!(store.claim_round("dept.wegen", lease).await.unwrap().is_some(), at_once);
    bed.pass(lease);
    assert!(store.claim_round("dept.wegen", lease).await.unwrap().is_some());
}

async fn a_letter_is_seen_once_per_reader(bed: Bed) {
    let store = bed.store().await;
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.seen("router", &[id("a"), id("b"), id("a")]).await.unwrap().len(), 2);
    tx.commit().await.unwrap();
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.seen("router", &[id("c"), id("b")]).await.unwrap(), [id("c")].into());
    assert_eq!(tx.seen("notifier", &[id("b")]).await.unwrap(), [id("b")].into());
    assert!(tx.seen("router", &[]).await.unwrap().is_empty());
    drop(tx);
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.seen("router", &[id("c")]).await.unwrap().len(), 1, "rolled back: not seen");
    tx.commit().await.unwrap();
    bed.pass(MINUTE);
    assert_eq!(store.sweep_inbox(bed.now()).await.unwrap(), 3);
}

async fn the_ledger_knows_what_was_cut_off(bed: Bed) {
    let store = bed.store().await;
    let lane = Lane::new("dept.wegen");
    let starts = [(id("a"), lane.clone(), 0), (id("b"), lane.clone(), 0)];
    let mut tx = store.begin().await.unwrap();
    assert!(tx.start_attempts(&starts).await.unwrap().is_empty());
    tx.commit().await.unwrap();
    bed.pass(MINUTE);
    let end = AttemptEnd { letter: id("a"), n: 0, verdict: "later", why: Some("busy".to_owned()) };
    let mut tx = store.begin().await.unwrap();
    tx.end_attempts(&[end]).await.unwrap();
    tx.commit().await.unwrap();
    let [first] = &store.attempts(id("a")).await.unwrap()[..] else { panic!("one attempt") };
    assert_eq!((first.n, first.verdict.as_deref(), first.why.as_deref()), (0, Some("later"), Some("busy")));
    assert_eq!((first.lane.clone(), first.ended_at), (lane.clone(), Some(bed.now())));
    // Again under the same number: `a` had ended, `b` was cut off.
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.start_attempts(&starts).await.unwrap(), [id("b")].into());
    tx.start_attempts(&[(id("a"), lane, 1)]).await.unwrap();
    tx.commit().await.unwrap();
    let attempts = store.attempts(id("a")).await.unwrap();
    assert_eq!(attempts.iter().map(|a| (a.n, a.ended_at)).collect::<Vec<_>>(), [(0, None), (1, None)]);
}

async fn the_letterbox_keeps_what_would_have_been_sent(bed: Bed) {
    let store = bed.store().await;
    let item = |name: &str| LetterboxItem {
        notice_id: id(name),
        case_id: id("case"),
        way: schemas::way::Way::Email,
        recipient: "an@example.org".to_owned(),
        subject: "Uw melding".to_owned(),
        text: "Bedankt".to_owned(),
        html: "<p>Bedankt</p>".to_owned(),
        language: Language::NL,
        at: bed.now(),
    };
    store.put_letter(item("a")).await.unwrap();
    store.put_letter(LetterboxItem { subject: "another".to_owned(), ..item("a") }).await.unwrap();
    let first = item("a");
    bed.pass(MINUTE);
    store.put_letter(item("b")).await.unwrap();
    assert_eq!(store.letterbox(10, None).await.unwrap(), [item("b"), first.clone()]);
    assert_eq!(store.letterbox(10, Some(bed.now())).await.unwrap(), std::slice::from_ref(&first));
    assert_eq!(store.letterbox(1, None).await.unwrap().len(), 1);
    assert_eq!(store.letterbox_item(id("a")).await.unwrap(), Some(first));
    assert_eq!(store.letterbox_item(id("none")).await.unwrap(), None);
    assert!(!format!("{:?}", item("a")).contains("example.org"));
}
