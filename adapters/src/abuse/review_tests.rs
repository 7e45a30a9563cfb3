use super::*;
use crate::{
    abuse,
    intake::{Accepted, IntakeTools, accept, guard::Clues},
    testing::{self, Desk},
};
use schemas::{city::publish::Review, submission::Submission, trace::Trace};
use store::AuditFilter;

testing::both! {
    what_waits_is_public_and_unseen_and_the_newest_comes_first,
    what_is_approved_is_read_until_it_is_withdrawn,
    what_may_never_become_public_says_why,
}

/// The sample city, which publishes words after review.
fn city() -> City {
    let mut city = City::read(testing::city().files.clone()).0.unwrap();
    city.publish.words = Review::AfterReview;
    city
}

async fn filed(tools: &IntakeTools, category: &str, words: &str, trap: bool) -> Report {
    let submission = Submission { category: category.into(), words: words.into(), ..Submission::default() };
    let checked = submission.check(&tools.city).unwrap();
    let clues = Clues { trap, ..Clues::default() };
    let web = testing::slug("web");
    match accept(tools, &web, None, checked, clues, Trace::start()).await.unwrap() {
        Accepted::New(receipt) => tools.store.report(receipt.id).await.unwrap().unwrap(),
        other => panic!("{other:?}"),
    }
}

fn words(text: &str) -> Approved {
    Approved { words: Some(text.to_owned()), photos: Vec::new() }
}

async fn what_waits_is_public_and_unseen_and_the_newest_comes_first((hands, _bed, tools): Desk) {
    let (store, city) = (&tools.store, city());
    let private = city.categories.iter().find(|category| category.publicity != Publicity::Public).unwrap();
    let first = filed(&tools, "wegen/put", "Een put. Bel 0470 12 34 56.", false).await;
    hands.pass(60);
    filed(&tools, private.id.as_str(), "Niet voor iedereen", false).await;
    filed(&tools, "wegen/put", "Koop nu", true).await;
    let mut later = Vec::new();
    for n in 0..5 {
        hands.pass(60);
        later.push(filed(&tools, "wegen/put", &format!("Put nummer {n}"), false).await);
    }
    let found = waiting(store, &city, 10).await.unwrap();
    let ids: Vec<Uuid> = found.iter().map(|one| one.report.id).collect();
    let expected: Vec<Uuid> = later.iter().rev().chain([&first]).map(|report| report.id).collect();
    assert_eq!(ids, expected);
    assert_eq!(found[5].proposed(), "Een put. Bel […].");
    assert_eq!(found[0].found, []);
    assert_eq!(waiting(store, &city, 2).await.unwrap().len(), 2);
    assert_eq!(waiting(store, &tools.city, 10).await.unwrap().len(), 0, "a city that never publishes");
    assert_eq!(reject(store, later[4].reference, "An").await.unwrap(), Decided::Done);
    assert_eq!(waiting(store, &city, 10).await.unwrap().len(), 5);
    hands.pass(31 * 86_400);
    assert!(waiting(store, &city, 10).await.unwrap().is_empty(), "what is old is offered no more");
}

async fn what_is_approved_is_read_until_it_is_withdrawn((_hands, _bed, tools): Desk) {
    let (store, city) = (&tools.store, city());
    let report = filed(&tools, "wegen/put", "Een put. Bel 0470 12 34 56.", false).await;
    let read = async |city: &City| public(store, city, &[report.id]).await.unwrap().remove(&report.id);
    assert_eq!(read(&city).await, None);
    assert_eq!(unpublish(store, report.reference, "An").await.unwrap(), Decided::Nothing);
    for text in ["Een put.", " Een diepe put. "] {
        assert_eq!(approve(store, &city, report.reference, words(text), "An").await.unwrap(), Decided::Done);
    }
    assert_eq!(read(&city).await, Some(words("Een diepe put.")));
    assert_eq!(read(&tools.city).await, None, "a city that changed its mind");
    assert_eq!(store.report(report.id).await.unwrap().unwrap(), report, "the report never changes");
    assert_eq!(unpublish(store, report.reference, "Bo").await.unwrap(), Decided::Done);
    assert_eq!(unpublish(store, report.reference, "Bo").await.unwrap(), Decided::Nothing);
    assert_eq!(read(&city).await, None);
    let kept = store.publication(report.id).await.unwrap().unwrap();
    assert_eq!((kept.state, kept.words, kept.who.as_str()), (State::Withdrawn, None, "Bo"));
    assert!(waiting(store, &city, 10).await.unwrap().is_empty(), "it was seen");
    let deeds = store.audit(AuditFilter { limit: 9, ..AuditFilter::default() }).await.unwrap();
    let mut deeds: Vec<&str> = deeds.iter().map(|entry| entry.deed.as_str()).collect();
    deeds.sort_unstable();
    assert_eq!(deeds, ["abuse.approve", "abuse.approve", "abuse.unpublish"]);
}

async fn what_may_never_become_public_says_why((_hands, _bed, tools): Desk) {
    let (store, city) = (&tools.store, city());
    let private = city.categories.iter().find(|category| category.publicity != Publicity::Public).unwrap();
    let open = filed(&tools, "wegen/put", "Een put", false).await;
    let hidden = filed(&tools, "wegen/put", "Koop nu", true).await;
    let closed = filed(&tools, private.id.as_str(), "Niet voor iedereen", false).await;
    let photo = Approved { words: None, photos: vec![open.id] };
    let long = "x".repeat(MAX_WORDS + 1);
    for (report, approved, why) in [
        (&open, Approved::default(), Never::Nothing),
        (&open, words(" \n "), Never::Nothing),
        (&open, photo.clone(), Never::Photos),
        (&open, words(&long), Never::TooLong),
        (&closed, words("x"), Never::Private),
        (&hidden, words("x"), Never::Held),
    ] {
        assert_eq!(approve(store, &city, report.reference, approved, "An").await.unwrap(), Decided::Never(why));
    }
    let mut photos = self::city();
    photos.publish.photos = Review::AfterReview;
    let wrong = approve(store, &photos, open.reference, photo, "An").await.unwrap();
    assert_eq!(wrong, Decided::Never(Never::OtherPhoto));
    let never = approve(store, &tools.city, open.reference, words("x"), "An").await.unwrap();
    assert_eq!(never, Decided::Never(Never::Words));
    assert_eq!(abuse::release(store, hidden.reference, "An").await.unwrap(), abuse::Outcome::Done);
    assert_eq!(approve(store, &city, hidden.reference, words("x"), "An").await.unwrap(), Decided::Done);
}
