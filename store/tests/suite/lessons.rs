//! Lessons: solved cases, newest first, and nothing else.

use crate::{Bed, both, cases::case, id, report};
use schemas::{
    case::Status,
    report::{Language, TRIAL_CHANNEL},
    slug::Slug,
};
use store::NewAnswer;

both!(solved_cases_teach_newest_first);

async fn solved_cases_teach_newest_first(bed: Bed) {
    let store = bed.store().await;
    assert_eq!(store.lessons(None, 10).await.unwrap(), []);
    let rows = [
        ("solved-1", Status::Solved),
        ("solved-2", Status::Solved),
        ("solved-3", Status::Solved),
        ("open", Status::Accepted),
        ("declined", Status::Declined),
        ("trial", Status::Solved),
        ("answered", Status::Solved),
        ("did-not-help", Status::Solved),
    ];
    let mut cases = Vec::new();
    for (name, status) in rows {
        let mut new = report(&store, name).await;
        if name == "trial" {
            new.report.channel = Slug::new(TRIAL_CHANNEL).unwrap();
        }
        store.accept(new.clone()).await.unwrap();
        cases.push(schemas::case::Case { status, ..case(&new.report) });
    }
    let answer = |name: &str| NewAnswer { case_id: id(name), article: Slug::new("x").unwrap(), language: Language::NL };
    let mut tx = store.begin().await.unwrap();
    tx.open_cases(&cases).await.unwrap();
    tx.add_answers(&[answer("answered"), answer("did-not-help")]).await.unwrap();
    tx.say_of_answer(id("answered"), true).await.unwrap();
    tx.say_of_answer(id("did-not-help"), false).await.unwrap();
    tx.commit().await.unwrap();

    let mut expected = ["solved-1", "solved-2", "solved-3", "did-not-help"].map(id);
    expected.sort_unstable_by(|a, b| b.cmp(a));
    let all = store.lessons(None, 10).await.unwrap();
    assert_eq!(all.iter().map(|lesson| lesson.case_id).collect::<Vec<_>>(), expected);
    let first = &all[0];
    assert_eq!((first.category.as_str(), first.language), ("wegen/put", Language::FR));
    assert!(first.words.starts_with("Een put") && first.address.as_deref() == Some("Bondgenotenlaan 5"));
    // Page by page.
    let page = store.lessons(None, 2).await.unwrap();
    let next = store.lessons(Some(page[1].case_id), 2).await.unwrap();
    assert_eq!([page, next].concat(), all);
}
