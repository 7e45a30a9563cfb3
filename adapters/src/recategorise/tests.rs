use super::*;
use crate::testing::{self, Desk, timeline, waiting};
use schemas::{
    Uuid,
    case::{Role, Status},
};

testing::both!(
    a_correction_is_written_once_and_decided_anew,
    a_closed_case_is_corrected_where_it_lies,
    what_cannot_be_corrected_changes_nothing,
);

fn category(text: &str) -> CategoryId {
    CategoryId::new(text).unwrap()
}

async fn correct(desk: &Desk, id: Uuid, to: &str, by: &str) -> Outcome {
    let (_, _, tools) = desk;
    let reference = tools.store.report(id).await.unwrap().unwrap().reference;
    recategorise(&tools.store, &tools.city, reference, &category(to), by, Trace::start()).await.unwrap()
}

/// The reports that the router is asked to decide anew since the last look.
async fn asked(store: &Store) -> Vec<Uuid> {
    let letters = waiting(store, &Lane::router()).await;
    let bodies = letters.iter().map(|letter| letter.read::<Received>().unwrap());
    bodies.filter(|body| matches!(body.why, Why::Recategorised)).map(|body| body.report).collect()
}

async fn a_correction_is_written_once_and_decided_anew(desk: Desk) {
    let store = desk.2.store.clone();
    let id = testing::routed(&desk.2, testing::PUSHED, Role::Lead).await.case_id.unwrap();
    waiting(&store, &Lane::router()).await;
    let corrected = Outcome::Corrected { from: category("wegen/put"), open: true };
    assert_eq!(correct(&desk, id, "wegen/voetpad", " An\nPeeters ").await, corrected);
    assert_eq!(correct(&desk, id, "wegen/voetpad", "Bart").await, Outcome::Same);
    assert_eq!(store.report(id).await.unwrap().unwrap().category, category("wegen/voetpad"));
    assert_eq!(timeline(&store, id).await, "received recategorised internal_note");
    let events = store.timeline(id, false).await.unwrap();
    let What::InternalNote { department, text } = &events[2].what else { panic!("{events:?}") };
    assert_eq!((department.as_str(), text.as_str()), (testing::PUSHED, "An Peeters: wegen/put → wegen/voetpad"));
    assert_eq!(store.timeline(id, true).await.unwrap().len(), 2, "who did it is for colleagues");
    assert_eq!(asked(&store).await, [id]);
    // And back again: another correction.
    let back = Outcome::Corrected { from: category("wegen/voetpad"), open: true };
    assert_eq!(correct(&desk, id, "wegen/put", "An").await, back);
    assert_eq!(asked(&store).await, [id]);
}

async fn a_closed_case_is_corrected_where_it_lies(desk: Desk) {
    let store = desk.2.store.clone();
    let id = testing::routed(&desk.2, testing::PUSHED, Role::Lead).await.case_id.unwrap();
    let mut tx = store.begin().await.unwrap();
    let mut case = tx.lock_cases(&[id]).await.unwrap().remove(&id).unwrap();
    case.status = Status::Solved;
    tx.save_cases(&[case]).await.unwrap();
    tx.commit().await.unwrap();
    waiting(&store, &Lane::router()).await;
    let corrected = Outcome::Corrected { from: category("wegen/put"), open: false };
    assert_eq!(correct(&desk, id, "wegen/voetpad", "An").await, corrected);
    assert_eq!(asked(&store).await, Vec::<Uuid>::new(), "nobody has to decide");
    assert_eq!(store.case(id).await.unwrap().unwrap().status, Status::Solved);
    assert_eq!(store.lessons(None, 9).await.unwrap()[0].category, category("wegen/voetpad"), "it is learnt");
}

async fn what_cannot_be_corrected_changes_nothing(desk: Desk) {
    let store = desk.2.store.clone();
    let id = testing::filed(&desk.2).await.id;
    assert_eq!(correct(&desk, id, "wegen/voetpad", "An").await, Outcome::TooEarly);
    assert_eq!(correct(&desk, id, "wegen/nowhere", "An").await, Outcome::NoCategory);
    for by in ["", " \n ", &"x".repeat(101)] {
        assert_eq!(correct(&desk, id, "wegen/voetpad", by).await, Outcome::NoName, "{by}");
    }
    let nobody = Reference::from_number(7_654_321);
    let to = category("wegen/voetpad");
    let outcome = recategorise(&store, &desk.2.city, nobody, &to, "An", Trace::start()).await.unwrap();
    assert_eq!(outcome, Outcome::Unknown);
    assert_eq!(timeline(&store, id).await, "received");
}
