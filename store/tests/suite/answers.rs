//! Answers: given once, judged once.

use crate::{Bed, MINUTE, both, id};
use schemas::{Uuid, report::Language, slug::Slug};
use store::{AnswerCount, GivenAnswer, NewAnswer, Store};

both!(an_answer_is_given_once_and_judged, answers_are_counted);

fn new(case: &str, article: &str, language: Language) -> NewAnswer {
    NewAnswer { case_id: id(case), article: Slug::new(article).unwrap(), language }
}

async fn give(store: &Store, answers: &[NewAnswer]) {
    let mut tx = store.begin().await.unwrap();
    tx.add_answers(answers).await.unwrap();
    tx.commit().await.unwrap();
}

async fn say(store: &Store, case: Uuid, helped: bool) -> bool {
    let mut tx = store.begin().await.unwrap();
    let changed = tx.say_of_answer(case, helped).await.unwrap();
    tx.commit().await.unwrap();
    changed
}

async fn an_answer_is_given_once_and_judged(bed: Bed) {
    let store = bed.store().await;
    let given = |article: &str, helped| Some(GivenAnswer { article: Slug::new(article).unwrap(), helped });
    assert_eq!(store.answer(id("a")).await.unwrap(), None);
    assert!(!say(&store, id("a"), true).await, "nobody was answered");
    give(&store, &[new("a", "wasps", Language::FR), new("b", "waste", Language::NL)]).await;
    give(&store, &[new("a", "other", Language::NL)]).await;
    give(&store, &[]).await;
    assert_eq!(store.answer(id("a")).await.unwrap(), given("wasps", None));
    for (helped, changes, after) in
        [(true, true, true), (true, false, true), (false, true, false), (false, false, false), (true, false, false)]
    {
        assert_eq!(say(&store, id("a"), helped).await, changes, "{helped}");
        assert_eq!(store.answer(id("a")).await.unwrap(), given("wasps", Some(after)));
    }
    assert_eq!(store.answer(id("b")).await.unwrap(), given("waste", None));
}

async fn answers_are_counted(bed: Bed) {
    let store = bed.store().await;
    assert_eq!(store.answer_counts(bed.now()).await.unwrap(), []);
    give(&store, &[new("early", "wasps", Language::NL)]).await;
    bed.pass(MINUTE);
    let since = bed.now();
    let french = ["a", "b", "c"].map(|name| new(name, "wasps", Language::FR));
    give(&store, &french).await;
    give(&store, &[new("d", "waste", Language::EN)]).await;
    say(&store, id("a"), true).await;
    say(&store, id("b"), false).await;
    let count = |article: &str, language, given, helped, failed| AnswerCount {
        article: article.to_owned(),
        language,
        given,
        helped,
        failed,
    };
    let late = [count("wasps", Language::FR, 3, 1, 1), count("waste", Language::EN, 1, 0, 0)];
    assert_eq!(store.answer_counts(since).await.unwrap(), late);
    let all = store.answer_counts(schemas::Timestamp::UNIX_EPOCH).await.unwrap();
    assert_eq!(all.len(), 3);
    assert!(all.contains(&count("wasps", Language::NL, 1, 0, 0)));
}
