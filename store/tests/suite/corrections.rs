//! Corrections: read wherever the report is read, and the report's own row stays.

use crate::{Bed, both, cases::case, report};
use schemas::{case::Status, slug::CategoryId};
use store::Accepted;

both!(a_corrected_category_is_read_everywhere);

async fn a_corrected_category_is_read_everywhere(bed: Bed) {
    let store = bed.store().await;
    let (new, other) = (report(&store, "a").await, report(&store, "b").await);
    store.accept(new.clone()).await.unwrap();
    store.accept(other.clone()).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    tx.open_cases(&[schemas::case::Case { status: Status::Solved, ..case(&new.report) }]).await.unwrap();
    for to in ["wegen/voetpad", "groen/boom"] {
        tx.correct_category(new.report.id, &CategoryId::new(to).unwrap(), "An").await.unwrap();
    }
    assert_eq!(tx.reports(&[new.report.id]).await.unwrap()[&new.report.id].category.as_str(), "groen/boom");
    tx.commit().await.unwrap();

    let told = &new.report;
    let source = told.source_id.as_deref().unwrap();
    let reads = [
        store.report(told.id).await.unwrap(),
        store.reports_by_ids(&[told.id]).await.unwrap().remove(&told.id),
        store.report_by_token(&told.token).await.unwrap(),
        store.report_by_reference(told.reference).await.unwrap(),
        store.report_by_source(&told.channel, source).await.unwrap(),
    ];
    for read in reads {
        let read = read.unwrap();
        assert_eq!((read.category.as_str(), &read.words), ("groen/boom", &told.words));
    }
    assert_eq!(store.lessons(None, 5).await.unwrap()[0].category.as_str(), "groen/boom", "that is what it teaches");
    assert_eq!(store.report(other.report.id).await.unwrap().unwrap().category.as_str(), "wegen/put");
    // What was sent is still what was sent: a second try is the same report.
    assert!(matches!(store.accept(new).await.unwrap(), Accepted::Again(_)));
}
