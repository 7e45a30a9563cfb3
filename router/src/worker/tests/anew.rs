//! Corrected categories.

use super::{
    bed::{Bed, both, decide_again},
    departments,
};
use crate::testing::slug;
use schemas::{
    Uuid,
    case::{Case, Role, Status},
    dispatch::AgainWhy,
    letter::{Lane, Letter},
    report::Why,
    slug::CategoryId,
};

both!(
    a_corrected_case_goes_to_the_desk_of_its_category_once,
    who_has_it_already_is_not_handed_it_twice,
    a_correction_never_leads_back_to_who_refused,
    who_is_named_beside_the_same_desk_gets_it_once,
    who_gets_a_part_beside_the_same_desk_does_it,
    who_loses_a_part_hears_so_and_a_correction_closes_nothing,
);

/// Corrects the category as somebody of the city does; gives the letter that follows.
async fn correct(bed: &Bed, id: Uuid, to: &str) -> Letter {
    let mut tx = bed.store.begin().await.unwrap();
    let mut case = tx.lock_cases(&[id]).await.unwrap().remove(&id).unwrap();
    tx.correct_category(id, &CategoryId::new(to).unwrap(), "An").await.unwrap();
    case.version += 1;
    tx.save_cases(std::slice::from_ref(&case)).await.unwrap();
    tx.commit().await.unwrap();
    decide_again(&case, Why::Recategorised)
}

fn state(case: &Case) -> (Status, i64, &str) {
    (case.status, case.version, case.lead.as_deref().unwrap_or_default())
}

async fn a_corrected_case_goes_to_the_desk_of_its_category_once(bed: Bed) {
    let (id, letter) = bed.report("other/other", None).await;
    bed.apply(&[letter]).await;
    assert_eq!(state(&bed.case(id).await), (Status::Routed, 2, "desk"));
    let again = correct(&bed, id, "road/hole").await;
    bed.apply(&[again.clone(), again.clone()]).await;
    bed.apply(&[again]).await;
    let case = bed.case(id).await;
    assert_eq!(state(&case), (Status::Routed, 4, "green"));
    assert_eq!(departments(&case, Role::Informed), [slug("police"), slug("lamps")]);
    assert_eq!(case.decision.unwrap().rule, "road");
    let work = bed.work(Lane::department(&slug("green"))).await;
    assert_eq!(work.iter().map(|w| (w.category.as_str(), w.role)).collect::<Vec<_>>(), [("road/hole", Role::Lead)]);
    // The old desk is told that somebody else does it.
    let desk = bed.work(Lane::queue(&slug("desk"))).await;
    let roles: Vec<Role> = desk.iter().map(|w| w.role).collect();
    assert!(roles.len() == 2 && roles.contains(&Role::Lead) && roles.contains(&Role::Informed), "{roles:?}");
    assert_eq!(bed.words(id).await.last().unwrap(), &(4, "routed"));
}

async fn who_has_it_already_is_not_handed_it_twice(bed: Bed) {
    let (id, letter) = bed.report("road/hole", None).await;
    bed.apply(&[letter]).await;
    assert_eq!(state(&bed.case(id).await), (Status::Routed, 2, "green"));
    // The rule of ice leads to the same desk; its article answers nobody who was looked at.
    let again = correct(&bed, id, "road/ice").await;
    bed.apply(&[again.clone(), again.clone()]).await;
    bed.apply(&[again]).await;
    let case = bed.case(id).await;
    assert_eq!(state(&case), (Status::Routed, 3, "green"));
    let decision = case.decision.unwrap();
    assert_eq!((decision.rule.as_str(), decision.answer), ("ice", None));
    // It hears, once, what its work is about now; who is only informed hears nothing.
    let work = bed.work(Lane::department(&slug("green"))).await;
    let heard: Vec<_> = work.iter().map(|w| (w.category.as_str(), w.again.as_ref().map(|again| again.why))).collect();
    assert_eq!(heard.len(), 2, "{heard:?}");
    assert!(heard.contains(&("road/hole", None)) && heard.contains(&("road/ice", Some(AgainWhy::Recategorised))));
    let again = work.iter().find_map(|w| w.again.clone()).unwrap();
    assert!(again.text.is_some_and(|text| text.ends_with(" (road/ice)")));
    assert!(work.iter().any(|w| w.id == again.first), "an update of their dispatch");
    assert_eq!(bed.work(Lane::department(&slug("lamps"))).await.len(), 1);
}

async fn a_correction_never_leads_back_to_who_refused(bed: Bed) {
    let (id, letter) = bed.report("other/other", None).await;
    bed.apply(&[letter]).await;
    let mut tx = bed.store.begin().await.unwrap();
    let mut case = tx.lock_cases(&[id]).await.unwrap().remove(&id).unwrap();
    case.rejected_by = vec![slug("green"), slug("desk")];
    case.lead = Some(slug("lamps"));
    tx.save_cases(&[case]).await.unwrap();
    tx.commit().await.unwrap();
    let again = correct(&bed, id, "road/hole").await;
    bed.apply(&[again]).await;
    assert_eq!(state(&bed.case(id).await), (Status::Routed, 3, "lamps"), "nobody else is left: it stays");
}

async fn who_is_named_beside_the_same_desk_gets_it_once(bed: Bed) {
    let bed = bed.with_rules(
        "
- { rule: ice, when: { category: road/ice }, then: { assign: green, inform: [police, lamps], on_call: police } }
- { rule: road, when: { category: road/* }, then: { assign: green, inform: [police] } }",
    );
    let (id, letter) = bed.report("road/hole", None).await;
    bed.apply(&[letter]).await;
    let first = correct(&bed, id, "road/ice").await;
    bed.apply(&[first.clone(), first.clone()]).await;
    // There and back again: everybody has heard of it.
    let back = correct(&bed, id, "road/hole").await;
    bed.apply(&[first, back]).await;
    let heard = |lane| async { bed.work(lane).await.len() };
    assert_eq!(heard(Lane::queue(&slug("police"))).await, 1);
    let lamps = bed.work(Lane::department(&slug("lamps"))).await;
    assert_eq!(lamps.iter().map(|w| (w.category.as_str(), w.role)).collect::<Vec<_>>(), [("road/ice", Role::Informed)]);
    assert_eq!(bed.words(id).await, [(1, "received"), (2, "routed"), (4, "internal_note")]);
    assert_eq!(state(&bed.case(id).await), (Status::Routed, 5, "green"));
    let calls = bed.store.tasks_of(id).await.unwrap();
    assert_eq!(calls.len(), 1, "who is on call is rung once: {calls:#?}");
}

async fn who_gets_a_part_beside_the_same_desk_does_it(bed: Bed) {
    let bed = bed.with_rules(
        "
- { rule: ice, when: { category: road/ice }, then: { assign: roads, split: [green] } }
- { rule: road, when: { category: road/* }, then: { assign: roads, inform: [green] } }",
    );
    let (id, letter) = bed.report("road/hole", None).await;
    bed.apply(&[letter]).await;
    // Who leads has said when.
    let mut tx = bed.store.begin().await.unwrap();
    let mut case = tx.lock_cases(&[id]).await.unwrap().remove(&id).unwrap();
    (case.status, case.planned_on) = (Status::Planned, Some("2026-03-09".parse().unwrap()));
    tx.save_cases(std::slice::from_ref(&case)).await.unwrap();
    tx.commit().await.unwrap();
    let again = correct(&bed, id, "road/ice").await;
    bed.apply(&[again.clone(), again.clone()]).await;
    bed.apply(&[again]).await;
    let case = bed.case(id).await;
    let parts: Vec<_> = case.parts.iter().map(|part| (part.department.as_str(), part.status)).collect();
    assert_eq!(parts, [("roads", Status::Planned), ("green", Status::Routed)]);
    assert_eq!((case.status, case.planned_on), (Status::Accepted, None), "not all of it is planned");
    let work = bed.work(Lane::department(&slug("green"))).await;
    let roles: Vec<Role> = work.iter().map(|dispatch| dispatch.role).collect();
    assert!(roles.len() == 2 && roles.contains(&Role::Part) && roles.contains(&Role::Informed), "{roles:?}");
    assert_eq!(bed.words(id).await.last().unwrap(), &(4, "routed"));
}

async fn who_loses_a_part_hears_so_and_a_correction_closes_nothing(bed: Bed) {
    let bed = bed.with_rules(
        "
- { rule: ice, when: { category: road/ice }, then: { assign: roads } }
- { rule: road, when: { category: road/* }, then: { assign: roads, split: [green] } }",
    );
    for (lead, parts, told) in [(Status::Accepted, 0, Role::Informed), (Status::Solved, 2, Role::Part)] {
        let (id, letter) = bed.report("road/hole", None).await;
        bed.apply(&[letter]).await;
        let mut tx = bed.store.begin().await.unwrap();
        let mut case = tx.lock_cases(&[id]).await.unwrap().remove(&id).unwrap();
        case.parts[0].status = lead;
        case.status = Status::Accepted;
        tx.save_cases(std::slice::from_ref(&case)).await.unwrap();
        tx.commit().await.unwrap();
        let again = correct(&bed, id, "road/ice").await;
        bed.apply(&[again]).await;
        let case = bed.case(id).await;
        assert_eq!((case.status, case.parts.len()), (Status::Accepted, parts), "{lead}");
        // It got its part, and then hears that it is somebody else's, or what its part is about now.
        let heard: Vec<Role> = bed.work(Lane::department(&slug("green"))).await.iter().map(|work| work.role).collect();
        assert!(heard.len() == 2 && heard.contains(&Role::Part) && heard.contains(&told), "{lead}: {heard:?}");
    }
}
