//! What residents say of how it was dealt with, and their own reports by an address of theirs.

use crate::{Bed, MINUTE, both, id};
use store::{Rating, Score};

both!(a_rating_may_be_thought_better_of, ratings_are_counted);

fn rating(report: &str, department: &str, score: Score) -> Rating {
    let (department, category) = (department.parse().unwrap(), "wegen/put".parse().unwrap());
    Rating { report: id(report), department, category, score }
}

async fn a_rating_may_be_thought_better_of(bed: Bed) {
    let store = bed.store().await;
    assert_eq!(store.rating(id("a")).await.unwrap(), None);
    for score in [Score::Good, Score::Good, Score::Poor] {
        store.rate(&rating("a", "wegen", score)).await.unwrap();
        assert_eq!(store.rating(id("a")).await.unwrap(), Some(score));
    }
    assert_eq!(store.rating(id("b")).await.unwrap(), None);
}

async fn ratings_are_counted(bed: Bed) {
    let store = bed.store().await;
    store.rate(&rating("early", "wegen", Score::Good)).await.unwrap();
    bed.pass(MINUTE);
    let since = bed.now();
    for (report, department, score) in [
        ("a", "wegen", Score::Good),
        ("b", "wegen", Score::Good),
        ("c", "wegen", Score::Fair),
        ("d", "groen", Score::Poor),
    ] {
        store.rate(&rating(report, department, score)).await.unwrap();
    }
    let mut found = store.ratings().await.unwrap();
    found.sort();
    let mut all: Vec<_> = ["early", "a", "b"].map(|report| (id(report), Score::Good)).into();
    all.extend([(id("c"), Score::Fair), (id("d"), Score::Poor)]);
    all.sort();
    assert_eq!(found, all);
    let of = store.ratings_of(&"wegen".parse().unwrap(), since).await.unwrap();
    assert_eq!(of, [(Score::Fair, 1), (Score::Good, 2)]);
}
