//! Files for departments: which rows stand in which, and how far each is.

use crate::*;
use store::{BatchAnswer, BatchFile, BatchWaiting};

both!(rows_wait_for_a_file_and_stay_in_it, a_receipt_settles_a_file, a_refused_row_may_wait_again);

fn wegen() -> Slug {
    Slug::new("wegen").unwrap()
}

async fn add(store: &Store, name: &str, urgent: bool) {
    let department = if name.starts_with("groen") { Slug::new("groen").unwrap() } else { wegen() };
    let mut tx = store.begin().await.unwrap();
    tx.add_to_batch(&department, id(name), &letter(store, &Lane::new("dept.wegen"), name), urgent).await.unwrap();
    tx.commit().await.unwrap();
}

async fn close(store: &Store, most: u32) -> Option<BatchFile> {
    let mut tx = store.begin().await.unwrap();
    let file = tx.close_batch(&wegen(), most, |number| format!("wegen-{number}.csv")).await.unwrap();
    tx.commit().await.unwrap();
    file
}

async fn rows(store: &Store, number: i64) -> Vec<(Uuid, Option<BatchAnswer>)> {
    let rows = store.batch_rows(&wegen(), number).await.unwrap();
    assert!(rows.iter().all(|row| row.letter.id == row.dispatch));
    rows.into_iter().map(|row| (row.dispatch, row.answer)).collect()
}

async fn rows_wait_for_a_file_and_stay_in_it(bed: Bed) {
    let store = bed.store().await;
    assert_eq!(close(&store, 10).await, None);
    for (name, urgent) in [("a", false), ("b", true), ("c", false), ("a", false), ("groen", true)] {
        add(&store, name, urgent).await;
    }
    assert_eq!(store.batch_waiting(&wegen()).await.unwrap(), BatchWaiting { count: 3, urgent: 1 });
    let first = close(&store, 2).await.unwrap();
    let second = close(&store, 2).await.unwrap();
    assert_eq!((first.name.as_str(), first.number, first.made_at), ("wegen-1.csv", 1, bed.now()));
    assert_eq!((second.name.as_str(), close(&store, 2).await), ("wegen-2.csv", None));
    assert_eq!(store.batch_waiting(&wegen()).await.unwrap(), BatchWaiting { count: 0, urgent: 0 });
    let mut all = rows(&store, 1).await;
    assert_eq!(all.len(), 2);
    all.extend(rows(&store, 2).await);
    all.sort_by_key(|(id, _)| *id);
    let mut wanted = [id("a"), id("b"), id("c")].map(|id| (id, None));
    wanted.sort_by_key(|(id, _)| *id);
    assert_eq!(all, wanted);
    // A row that stands in a file is not moved by being added again.
    add(&store, "a", false).await;
    assert_eq!(store.batch_waiting(&wegen()).await.unwrap().count, 0);
    assert_eq!(store.open_batches(&wegen()).await.unwrap(), [first.clone(), second]);

    let mut tx = store.begin().await.unwrap();
    tx.stage_batch(&wegen(), 1, "abc").await.unwrap();
    tx.commit().await.unwrap();
    let staged = BatchFile { digest: Some("abc".to_owned()), ..first };
    assert_eq!(store.batch_by_name(&wegen(), "wegen-1.csv").await.unwrap(), Some(staged.clone()));
    bed.pass(MINUTE);
    for _ in 0..2 {
        let mut tx = store.begin().await.unwrap();
        tx.hand_batch(&wegen(), 1, false).await.unwrap();
        // What is in its place is not laid ready again.
        tx.stage_batch(&wegen(), 1, "other").await.unwrap();
        tx.commit().await.unwrap();
    }
    let handed = BatchFile { handed_at: Some(bed.now()), settled_at: Some(bed.now()), ..staged };
    assert_eq!(store.batch_by_name(&wegen(), "wegen-1.csv").await.unwrap(), Some(handed));
    assert_eq!(store.open_batches(&wegen()).await.unwrap().len(), 1);
}

async fn a_receipt_settles_a_file(bed: Bed) {
    let store = bed.store().await;
    for name in ["a", "b"] {
        add(&store, name, false).await;
    }
    close(&store, 10).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    tx.hand_batch(&wegen(), 1, true).await.unwrap();
    tx.answer_batch(&wegen(), 1, &[(id("a"), BatchAnswer::Accepted)]).await.unwrap();
    tx.warn_batch(&wegen(), 1).await.unwrap();
    tx.commit().await.unwrap();
    let [open] = &store.open_batches(&wegen()).await.unwrap()[..] else { panic!("one file is open") };
    assert_eq!((open.handed_at, open.settled_at, open.warned_at), (Some(bed.now()), None, Some(bed.now())));
    let mut tx = store.begin().await.unwrap();
    tx.answer_batch(&wegen(), 1, &[(id("b"), BatchAnswer::Rejected), (id("other"), BatchAnswer::Accepted)])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert!(store.open_batches(&wegen()).await.unwrap().is_empty());
    let mut answers = rows(&store, 1).await;
    answers.sort_by_key(|(dispatch, _)| *dispatch != id("a"));
    assert_eq!(answers, [(id("a"), Some(BatchAnswer::Accepted)), (id("b"), Some(BatchAnswer::Rejected))]);

    let sweep = async |before| {
        let mut tx = store.begin().await.unwrap();
        let gone = tx.sweep_batches(&wegen(), before).await.unwrap();
        tx.commit().await.unwrap();
        gone
    };
    assert_eq!(sweep(bed.now()).await, 0);
    bed.pass(MINUTE);
    assert_eq!((sweep(bed.now()).await, rows(&store, 1).await), (2, Vec::new()));
    // Its number does not come back.
    add(&store, "c", false).await;
    assert_eq!(close(&store, 10).await.unwrap().number, 2);
}

async fn a_refused_row_may_wait_again(bed: Bed) {
    let store = bed.store().await;
    add(&store, "a", false).await;
    close(&store, 10).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    tx.hand_batch(&wegen(), 1, true).await.unwrap();
    tx.answer_batch(&wegen(), 1, &[(id("a"), BatchAnswer::Rejected)]).await.unwrap();
    assert_eq!(tx.batched(id("a")).await.unwrap().map(|letter| letter.id), Some(id("a")));
    assert!(tx.batched(id("b")).await.unwrap().is_none());
    tx.commit().await.unwrap();
    add(&store, "a", true).await;
    assert_eq!(store.batch_waiting(&wegen()).await.unwrap(), BatchWaiting { count: 1, urgent: 1 });
    assert_eq!(close(&store, 10).await.unwrap().number, 2);
    assert_eq!((rows(&store, 1).await, rows(&store, 2).await), (Vec::new(), vec![(id("a"), None)]));
}
