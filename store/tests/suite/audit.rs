//! What people did: written with its effect or not at all, never changed, gone by the city's term alone.

use crate::{Bed, MINUTE, both};
use schemas::audit::Deed;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use store::{AuditFilter, Before, Store};

both!(
    a_deed_is_written_with_its_effect_or_not_at_all,
    nothing_changes_or_removes_what_was_done_but_its_term,
    deeds_are_found_by_who_what_and_when,
);

async fn entries(store: &Store, filter: AuditFilter) -> Vec<(String, String, String, String)> {
    let found = store.audit(AuditFilter { limit: 99, ..filter }).await.unwrap();
    found.into_iter().map(|entry| (entry.who, entry.deed, entry.what, entry.why)).collect()
}

fn row(who: &str, deed: &str, what: &str, why: &str) -> (String, String, String, String) {
    (who.to_owned(), deed.to_owned(), what.to_owned(), why.to_owned())
}

async fn a_deed_is_written_with_its_effect_or_not_at_all(bed: Bed) {
    let store = bed.store().await;
    let mut tx = store.begin().await.unwrap();
    tx.audit("An", Deed::DeadDrop, "letter 1", "").await.unwrap();
    drop(tx);
    assert!(entries(&store, AuditFilter::default()).await.is_empty());
    let mut tx = store.begin().await.unwrap();
    tx.audit(" An\nPeeters ", Deed::DeadDrop, "letter 1", "it is\told").await.unwrap();
    tx.audit_each("Bo", Deed::DeadReplay, &[], "none").await.unwrap();
    tx.audit("é".repeat(200).as_str(), Deed::LettersSent, &"x".repeat(999), "").await.unwrap();
    tx.commit().await.unwrap();
    let of = async |deed: Deed| {
        entries(&store, AuditFilter { deed: Some(deed.as_str().to_owned()), ..AuditFilter::default() }).await
    };
    assert_eq!(of(Deed::DeadDrop).await, [row("An Peeters", "dead.drop", "letter 1", "it is old")]);
    assert!(of(Deed::DeadReplay).await.is_empty());
    let long = of(Deed::LettersSent).await.remove(0);
    assert_eq!((long.0.chars().count(), long.2.len()), (100, 300));
}

/// What the database says to a statement of somebody who goes round the store.
async fn tried(bed: &Bed, sql: &str) -> Result<(), String> {
    let sql = AssertSqlSafe(sql.to_owned());
    let done = if bed.url.starts_with("sqlite") {
        let path = bed.url.replace("sqlite:", "sqlite://");
        sqlx::SqliteConnection::connect(&path).await.unwrap().execute(sql).await.map(|_| ())
    } else {
        sqlx::PgConnection::connect(&bed.url).await.unwrap().execute(sql).await.map(|_| ())
    };
    done.map_err(|error| error.to_string())
}

async fn nothing_changes_or_removes_what_was_done_but_its_term(bed: Bed) {
    let store = bed.store().await;
    let add = async |what: &str| {
        let mut tx = store.begin().await.unwrap();
        tx.audit("An", Deed::NoticesStop, what, "").await.unwrap();
        tx.commit().await.unwrap();
    };
    add("old").await;
    bed.pass(MINUTE);
    let term = bed.now();
    add("new").await;
    for sql in ["UPDATE audit SET who = 'Bo'", "DELETE FROM audit", "DELETE FROM audit WHERE what = 'old'"] {
        let why = tried(&bed, sql).await.unwrap_err();
        assert!(why.contains("audit is "), "{sql}: {why}");
    }
    if bed.url.starts_with("postgres") {
        assert!(tried(&bed, "TRUNCATE audit").await.is_err());
    }
    let before = Before { audit: Some(term), ..Before::default() };
    assert_eq!(store.prunable(&before).await.unwrap().audit, 1);
    assert_eq!(store.prunable(&Before::default()).await.unwrap().audit, 0, "without a term it stays");
    for expected in [1, 0] {
        let mut tx = store.begin().await.unwrap();
        assert_eq!(tx.prune(&before, 9).await.unwrap().audit, expected);
        tx.commit().await.unwrap();
    }
    assert_eq!(entries(&store, AuditFilter::default()).await, [row("An", "notices.stop", "new", "")]);
    assert!(tried(&bed, "DELETE FROM audit").await.is_err(), "the term is over for nothing else");
}

async fn deeds_are_found_by_who_what_and_when(bed: Bed) {
    let store = bed.store().await;
    let mut tx = store.begin().await.unwrap();
    tx.audit("An", Deed::CasesRecategorise, "1234-5670: a → b", "").await.unwrap();
    tx.audit_each("Bo", Deed::DeadDrop, &["one_1".into(), "oneX1".into()], "old").await.unwrap();
    tx.commit().await.unwrap();
    bed.pass(MINUTE);
    let later = bed.now();
    let mut tx = store.begin().await.unwrap();
    tx.audit("an", Deed::DeadDrop, "two", "").await.unwrap();
    tx.commit().await.unwrap();
    let all = AuditFilter::default();
    let of = |text: &str| Some(text.to_owned());
    for (filter, expected) in [
        (AuditFilter { who: of("AN"), ..all.clone() }, 2),
        (AuditFilter { deed: of("dead.drop"), ..all.clone() }, 3),
        (AuditFilter { what: of("5670"), ..all.clone() }, 1),
        (AuditFilter { what: of("one_"), ..all.clone() }, 1),
        (AuditFilter { since: Some(later), ..all.clone() }, 1),
        (all.clone(), 4),
    ] {
        assert_eq!(entries(&store, filter.clone()).await.len(), expected, "{filter:?}");
    }
    assert_eq!(store.audit(AuditFilter { limit: 1, ..all }).await.unwrap()[0].what, "two", "the newest first");
}
