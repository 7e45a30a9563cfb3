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
