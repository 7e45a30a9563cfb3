//! Letters on paper: each in one batch, whatever happens in between.

use crate::*;
use schemas::{
    notice::{Notice, NoticeState},
    reference::Reference,
    way::Way,
};
use store::{BatchState, NewPaper, PaperState, Pressed};

both!(
    a_letter_belongs_to_one_batch_for_ever,
    newer_news_takes_the_place_of_a_letter_that_waits,
    what_is_told_another_way_is_not_printed,
);

fn new(name: &str, case: &str, passing: bool) -> NewPaper {
    NewPaper {
        notice: id(name),
        case_id: id(case),
        reference: Reference::from_number(7),
        person: "reporter".to_owned(),
        passing,
    }
}

async fn put(store: &Store, name: &str, case: &str, passing: bool) {
    store.put_paper(&new(name, case, passing)).await.unwrap();
}

async fn state(store: &Store, name: &str) -> PaperState {
    store.paper(id(name)).await.unwrap().unwrap().state
}

async fn a_letter_belongs_to_one_batch_for_ever(bed: Bed) {
    let store = bed.store().await;
    assert_eq!(store.open_paper_batch("/print", 10).await.unwrap(), None);
    for name in ["a", "b", "c"] {
        put(&store, name, &format!("case of {name}"), true).await;
        put(&store, name, &format!("case of {name}"), true).await;
        bed.pass(MINUTE);
    }
    let batch = store.open_paper_batch("/print", 2).await.unwrap().unwrap();
    assert_eq!((batch.letters, batch.state, batch.folder.as_str()), (2, BatchState::Open, "/print"));
    // Killed here, the next run goes on with the same letters, wherever it is told to print.
    assert_eq!(store.open_paper_batch("/elsewhere", 10).await.unwrap(), Some(batch.clone()));
    let letters = store.paper_of_batch(batch.id).await.unwrap();
    assert_eq!(
        letters.iter().map(|letter| (letter.notice, letter.seq)).collect::<Vec<_>>(),
        [(id("a"), Some(1)), (id("b"), Some(2))]
    );

    let pressed = [
        Pressed { notice: id("a"), made: Ok((2, "ab".repeat(32))) },
        Pressed { notice: id("b"), made: Err("there is no address".to_owned()) },
    ];
    for first in [true, false] {
        let mut tx = store.begin().await.unwrap();
        assert_eq!(tx.close_paper_batch(batch.id, &pressed).await.unwrap(), first);
        tx.commit().await.unwrap();
    }
    let printed = store.paper(id("a")).await.unwrap().unwrap();
    assert_eq!((printed.state, printed.pages, printed.sha256), (PaperState::Printed, Some(2), Some("ab".repeat(32))));
    let dropped = store.paper(id("b")).await.unwrap().unwrap();
    assert_eq!((dropped.state, dropped.why.as_deref()), (PaperState::Dropped, Some("there is no address")));
    assert_eq!(store.paper_batch(batch.id).await.unwrap().unwrap().letters, 1);

    let next = store.open_paper_batch("/print", 10).await.unwrap().unwrap();
    assert_ne!(next.id, batch.id);
    assert_eq!(store.paper_of_batch(next.id).await.unwrap().len(), 1, "only what waited");
    for (id, sent) in [(next.id, false), (batch.id, true), (batch.id, false)] {
        let mut tx = store.begin().await.unwrap();
        assert_eq!(tx.paper_batch_sent(id).await.unwrap(), sent);
        tx.commit().await.unwrap();
    }
    assert_eq!((state(&store, "a").await, state(&store, "b").await), (PaperState::Sent, PaperState::Dropped));
    for (name, back) in [("a", true), ("a", false), ("b", false), ("c", false), ("nobody", false)] {
        let mut tx = store.begin().await.unwrap();
        assert_eq!(tx.paper_returned(id(name), "moved").await.unwrap(), back, "{name}");
        tx.commit().await.unwrap();
    }
    let about: Vec<_> = store.paper_about(Reference::from_number(7)).await.unwrap();
    assert_eq!(about.iter().map(|paper| paper.notice).collect::<Vec<_>>(), [id("c"), id("b"), id("a")]);
    assert_eq!(store.paper_in(PaperState::Returned, 9).await.unwrap().len(), 1);
    assert_eq!(store.paper_batches(None, 9).await.unwrap().len(), 2);
}

async fn newer_news_takes_the_place_of_a_letter_that_waits(bed: Bed) {
    let store = bed.store().await;
    let notice = |name: &str| Notice {
        id: id(name),
        case_id: id("case"),
        event_id: id("event"),
        version: 1,
        template_version: None,
        template: "received".to_owned(),
        person: "reporter".to_owned(),
        sender: "letters".to_owned(),
        way: Way::Letter,
        device: None,
        language: Language::NL,
        reasons: Vec::new(),
        state: NoticeState::Planned,
        planned_at: bed.now(),
        due_at: None,
    };
    let mut tx = store.begin().await.unwrap();
    tx.plan_notices(&[notice("old"), notice("note"), notice("new")]).await.unwrap();
    tx.commit().await.unwrap();
    put(&store, "old", "case", true).await;
    put(&store, "note", "case", false).await;
    put(&store, "of another", "another case", true).await;
    bed.pass(MINUTE);
    for _ in 0..2 {
        put(&store, "new", "case", true).await;
    }
    // A second carrier of the older letter, late.
    put(&store, "old", "case", true).await;
    let states = [state(&store, "old").await, state(&store, "note").await, state(&store, "of another").await];
    assert_eq!(states, [PaperState::Dropped, PaperState::Waiting, PaperState::Waiting]);
    assert_eq!(state(&store, "new").await, PaperState::Waiting);
    let mut tx = store.begin().await.unwrap();
    let kept = tx.notices(&[id("old"), id("note"), id("new")]).await.unwrap();
    assert_eq!(kept[&id("old")].notice.state, NoticeState::Superseded);
    assert_eq!(kept[&id("note")].notice.state, NoticeState::Planned);
    assert_eq!(kept[&id("new")].notice.state, NoticeState::Planned);
}

async fn what_is_told_another_way_is_not_printed(bed: Bed) {
    let store = bed.store().await;
    put(&store, "waits", "a", true).await;
    put(&store, "printed", "b", true).await;
    let mut tx = store.begin().await.unwrap();
    tx.drop_paper(&[id("waits")], "told another way").await.unwrap();
    tx.commit().await.unwrap();
    let batch = store.open_paper_batch("/print", 10).await.unwrap().unwrap();
    assert_eq!(batch.letters, 1);
    let mut tx = store.begin().await.unwrap();
    tx.drop_paper(&[id("printed")], "told another way").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(state(&store, "printed").await, PaperState::Printing, "it is at the press");
}
