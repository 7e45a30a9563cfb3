//! Cases that several departments do, against a real store.

use super::bed::{Bed, both, decide_again};
use crate::testing::slug;
use schemas::{
    case::{Role, Status},
    letter::Lane,
    report::Why,
};

both!(
    a_part_that_is_refused_goes_to_the_fallback_desk_once,
    a_split_case_knows_its_parts,
    who_was_sent_elsewhere_does_not_read_that_it_is_solved,
);

const SPLIT: &str = "- { rule: both, when: { category: road/* }, then: { assign: roads, split: [green] } }";

async fn a_split_case_knows_its_parts(bed: Bed) {
    let bed = bed.with_rules(SPLIT);
    let (id, letter) = bed.report("road/hole", None).await;
    bed.apply(&[letter]).await;
    let case = bed.case(id).await;
    let parts: Vec<_> = case.parts.iter().map(|part| (part.department.as_str(), part.status)).collect();
    assert_eq!(parts, [("roads", Status::Routed), ("green", Status::Routed)]);

    // Contested, the lead has its part again; the other did its own.
    let mut tx = bed.store.begin().await.unwrap();
    let mut case = tx.lock_cases(&[id]).await.unwrap().remove(&id).unwrap();
    case.parts.iter_mut().for_each(|part| part.status = Status::Solved);
    case.version += 1;
    tx.save_cases(std::slice::from_ref(&case)).await.unwrap();
    tx.commit().await.unwrap();
    bed.apply(&[decide_again(&case, Why::Reopened { text: Some("still there".into()) })]).await;
    let case = bed.case(id).await;
    let parts: Vec<_> = case.parts.iter().map(|part| (part.department.as_str(), part.status)).collect();
    assert_eq!(parts, [("roads", Status::Routed), ("green", Status::Solved)]);
    let work = bed.work(Lane::queue(&slug("roads"))).await;
    assert_eq!(work.len(), 2);
    assert_eq!(
        work.iter().filter_map(|dispatch| dispatch.again.as_ref()?.text.as_deref()).collect::<Vec<_>>(),
        ["still there"]
    );
}

async fn a_part_that_is_refused_goes_to_the_fallback_desk_once(bed: Bed) {
    let bed = bed.with_rules(SPLIT);
    let (id, letter) = bed.report("road/hole", None).await;
    bed.apply(&[letter]).await;
    for (by, after) in [("green", Status::Routed), ("desk", Status::Declined)] {
        // As the answer is heard.
        let mut tx = bed.store.begin().await.unwrap();
        let mut case = tx.lock_cases(&[id]).await.unwrap().remove(&id).unwrap();
        case.version += 1;
        case.rejected_by.push(slug(by));
        case.parts.iter_mut().find(|part| part.department == slug(by)).unwrap().status = Status::Received;
        tx.save_cases(std::slice::from_ref(&case)).await.unwrap();
        tx.commit().await.unwrap();
        let letter = decide_again(&case, Why::Rejected { department: slug(by) });
        bed.apply(&[letter.clone(), letter.clone()]).await;
        bed.apply(&[letter]).await;
        let case = bed.case(id).await;
        assert_eq!((case.status, case.lead.clone()), (Status::Routed, Some(slug("roads"))), "the lead keeps its part");
        let part = case.parts.iter().find(|part| part.department == slug("desk")).unwrap();
        assert_eq!((case.parts.len(), part.status), (2, after));
    }
    let work = bed.work(Lane::queue(&slug("desk"))).await;
    assert_eq!((work.len(), work[0].role), (1, Role::Part));
    assert!(bed.case(id).await.decision.unwrap().alarm.unwrap().contains("desk"));
}

async fn who_was_sent_elsewhere_does_not_read_that_it_is_solved(bed: Bed) {
    let bed = bed.with_rules(SPLIT);
    for (lead, last) in [(Status::Referred, "internal_note"), (Status::Solved, "solved")] {
        let (id, letter) = bed.report("road/hole", None).await;
        bed.apply(&[letter]).await;
        // The lead is ready, and nobody takes the other part.
        let mut tx = bed.store.begin().await.unwrap();
        let mut case = tx.lock_cases(&[id]).await.unwrap().remove(&id).unwrap();
        case.version += 1;
        case.rejected_by = vec![slug("desk"), slug("green")];
        case.parts[0].status = lead;
        case.parts[1].status = Status::Received;
        case.status = Status::Accepted;
        tx.save_cases(std::slice::from_ref(&case)).await.unwrap();
        tx.commit().await.unwrap();
        bed.apply(&[decide_again(&case, Why::Rejected { department: slug("green") })]).await;
        let case = bed.case(id).await;
        assert_eq!((case.status, case.closed_at.is_some()), (lead, true));
        let events = bed.store.timeline(id, false).await.unwrap();
        assert_eq!(events.last().map(|event| event.what.word()), Some(last));
    }
}
