//! The worker against a real store: what one transaction leaves behind.

mod anew;
mod bed;
mod clock;
mod in_force;
mod known;
mod left_behind;
mod parts;

use crate::testing::slug;
use ::bus::Effects as _;
use bed::{Bed, NOW, both, decide_again, submission};
use schemas::{
    Uuid,
    case::{Case, Role, Status},
    dispatch::Dispatch,
    event::What,
    id::derived,
    letter::{Lane, Letter, Topic},
    report::{Received, Why},
    slug::DepartmentId,
    task::{Kind, State},
    trace::Trace,
    verdict::{Fault, Verdict},
};

both!(
    a_new_report_becomes_a_case_and_work,
    a_department_without_a_queue_is_handed_its_work_and_urgency_shows,
    a_batch_with_redelivered_letters_has_each_effect_once,
    refusals_go_once_around_and_end_declined,
    whoever_takes_it_after_all_keeps_it,
    a_contested_case_goes_back_to_whoever_had_it,
    what_an_article_answers_reaches_a_desk_only_when_it_did_not_help,
    a_submitted_report_is_kept_decided_and_answered_once,
    a_rolled_back_batch_leaves_nothing,
    who_is_on_call_is_telephoned_at_once_and_not_twice,
    no_two_submitted_reports_share_a_reference,
);

fn departments(case: &Case, role: Role) -> Vec<DepartmentId> {
    let decision = case.decision.as_ref().unwrap();
    decision.assignments.iter().filter(|a| a.role == role).map(|a| a.department.clone()).collect()
}

async fn a_new_report_becomes_a_case_and_work(bed: Bed) {
    let (id, letter) = bed.report("road/ice", Some(3.5)).await;
    assert_eq!(bed.apply(std::slice::from_ref(&letter)).await, [Verdict::done()]);
    let case = bed.case(id).await;
    assert_eq!((case.status, case.version, case.lead.as_ref()), (Status::Routed, 2, Some(&slug("roads"))));
    assert_eq!(departments(&case, Role::Informed), [slug("police")]);
    let decision = case.decision.unwrap();
    assert_eq!((decision.rule.as_str(), decision.due_on), ("north", Some("2026-03-09".parse().unwrap())));
    assert_eq!(decision.reasons.iter().map(|r| r.fact.as_str()).collect::<Vec<_>>(), ["road/ice", "north"]);
    assert_eq!(bed.words(id).await, [(1, "received"), (2, "routed")]);

    // `roads` fetches its work and, as part of the city, may know who reported; `police` may not.
    let roads = bed.take(&Lane::queue(&slug("roads"))).await;
    let work: Dispatch = roads[0].read().unwrap();
    assert_eq!((roads[0].id, roads[0].subject.as_str(), roads[0].case_id), (work.id, "report", Some(id)));
    assert_eq!(roads[0].cause, Some(letter.id));
    assert_eq!(roads[0].trace.trace_id, letter.trace.trace_id);
    assert_eq!(work.id, derived(&["dispatch", &id.to_string(), "roads", "2"]));
    assert_eq!(work.contact.and_then(|c| c.name).as_deref(), Some("Someone"));
    assert_eq!(work.photos, [format!("/api/v1/departments/roads/photos/{}", Uuid::from_u128(7))]);
    let police = bed.work(Lane::queue(&slug("police"))).await;
    assert_eq!((police[0].role, police[0].contact.is_none()), (Role::Informed, true));
    assert_eq!(bed.store.dispatches_of(id).await.unwrap().len(), 2);
}

async fn a_department_without_a_queue_is_handed_its_work_and_urgency_shows(bed: Bed) {
    let (_, letter) = bed.report("other/other", None).await;
    bed.apply(&[letter]).await;
    // No rule matches: the fallback desk, with an alarm.
    assert_eq!(bed.work(Lane::queue(&slug("desk"))).await.len(), 1);

    let urgent = submission(
        "1",
        "app",
        &serde_json::json!({"category": "road/hole", "words": "Help", "answers": {"danger": true}}),
    );
    bed.apply(&[urgent]).await;
    let letters = bed.take(&Lane::department(&slug("green"))).await;
    assert_eq!(letters[0].subject, "report.urgent");
}

async fn a_batch_with_redelivered_letters_has_each_effect_once(bed: Bed) {
    let (first, letter_1) = bed.report("road/hole", Some(3.5)).await;
    bed.apply(std::slice::from_ref(&letter_1)).await;
    let before = bed.case(first).await;
    let (second, letter_2) = bed.report("green/tree", None).await;
    let (third, letter_3) = bed.report("road/hole", Some(4.5)).await;
    let strange = Letter { topic: Topic::NoticeDue, ..letter_2.clone() };
    let missing = Letter::new(
        derived(&["x"]),
        Lane::router(),
        Topic::ReportReceived,
        "report",
        &Received { report: Uuid::from_u128(1), why: Why::New },
        Trace::start(),
        NOW.parse().unwrap(),
    );
    let batch = [letter_1, letter_2.clone(), strange, letter_3, letter_2, missing];
    let verdicts = bed.apply(&batch).await;
    let never = |verdict: &Verdict| matches!(verdict, Verdict::Never { fault: Fault::Ours, .. });
    assert_eq!(verdicts.iter().map(never).collect::<Vec<_>>(), [false, false, true, false, false, true]);
    assert_eq!(bed.case(first).await, before, "a redelivered report is never decided again");
    assert_eq!(bed.case(second).await.decision.unwrap().rule, "fallback");
    assert_eq!(bed.case(third).await.lead, Some(slug("green")));
    for id in [first, second, third] {
        assert_eq!(bed.words(id).await, [(1, "received"), (2, "routed")]);
    }
    // Exactly one piece of work each; the whole batch again adds nothing.
    bed.apply(&batch).await;
    assert_eq!(bed.work(Lane::queue(&slug("roads"))).await.len(), 1);
    assert_eq!(bed.work(Lane::queue(&slug("desk"))).await.len(), 1);
    assert_eq!(bed.work(Lane::department(&slug("green"))).await.len(), 1);
}

async fn refusals_go_once_around_and_end_declined(bed: Bed) {
    let (id, letter) = bed.report("road/hole", Some(3.5)).await;
    bed.apply(&[letter]).await;
    bed.take(&Lane::queue(&slug("police"))).await;

    let again = bed.reject(id, "roads").await;
    bed.apply(&[again.clone(), again.clone()]).await;
    let case = bed.case(id).await;
    assert_eq!((case.status, case.version, case.lead.as_ref()), (Status::Routed, 4, Some(&slug("green"))));
    assert_eq!(case.decision.as_ref().unwrap().rule, "road");
    // `police` was told at first and is not told twice; `lamps` is new.
    assert_eq!(departments(&case, Role::Informed), [slug("police"), slug("lamps")]);
    assert_eq!(bed.work(Lane::queue(&slug("police"))).await, []);
    assert_eq!(bed.work(Lane::department(&slug("lamps"))).await.len(), 1);
    // The letter comes again after the commit: nothing happens.
    assert_eq!(bed.apply(&[again]).await, [Verdict::done()]);
    assert_eq!(bed.case(id).await, case);

    let again = bed.reject(id, "green").await;
    bed.apply(&[again]).await;
    let case = bed.case(id).await;
    assert_eq!((case.lead.as_ref(), case.decision.as_ref().unwrap().rule.as_str()), (Some(&slug("desk")), "fallback"));
    assert!(case.decision.unwrap().alarm.unwrap().contains("after roads, green said it is not theirs"));

    let again = bed.reject(id, "desk").await;
    bed.apply(&[again]).await;
    let case = bed.case(id).await;
    assert_eq!((case.status, case.closed_at.is_some()), (Status::Declined, true));
    assert!(case.decision.unwrap().alarm.unwrap().contains("nobody is left"));
    let timeline = bed.store.timeline(id, true).await.unwrap();
    let routed = |event: &&schemas::event::CaseEvent| matches!(event.what, What::Routed { rerouted_from: Some(_), .. });
    assert_eq!(timeline.iter().filter(routed).count(), 2);
    let What::Declined { department, reason } = &timeline.last().unwrap().what else { panic!("declined") };
    assert_eq!(*department, slug("desk"));
    assert!(reason.starts_with("Geen enkele dienst"), "in the resident's language");

    // Nothing moves a closed case.
    let late = decide_again(&bed.case(id).await, Why::Reopened { text: None });
    bed.apply(&[late]).await;
    assert_eq!(bed.case(id).await.status, Status::Declined);
}

async fn whoever_takes_it_after_all_keeps_it(bed: Bed) {
    let (id, letter) = bed.report("road/hole", Some(3.5)).await;
    bed.apply(&[letter]).await;
    let again = bed.reject(id, "roads").await;
    let mut tx = bed.store.begin().await.unwrap();
    let mut case = tx.lock_cases(&[id]).await.unwrap().remove(&id).unwrap();
    case.version += 1;
    case.status = Status::Accepted;
    case.rejected_by.clear();
    tx.save_cases(std::slice::from_ref(&case)).await.unwrap();
    tx.commit().await.unwrap();
    bed.apply(&[again]).await;
    assert_eq!(bed.case(id).await, case);
}

async fn a_contested_case_goes_back_to_whoever_had_it(bed: Bed) {
    let (id, letter) = bed.report("road/hole", Some(3.5)).await;
    bed.apply(&[letter]).await;
    bed.take(&Lane::queue(&slug("roads"))).await;
    bed.take(&Lane::queue(&slug("police"))).await;
    let mut tx = bed.store.begin().await.unwrap();
    let mut case = tx.lock_cases(&[id]).await.unwrap().remove(&id).unwrap();
    case.version = 4;
    tx.save_cases(std::slice::from_ref(&case)).await.unwrap();
    tx.commit().await.unwrap();
    let again = decide_again(&case, Why::Reopened { text: None });
    bed.apply(std::slice::from_ref(&again)).await;
    bed.apply(&[again]).await;
    let case = bed.case(id).await;
    assert_eq!((case.status, case.version, case.lead.as_ref()), (Status::Routed, 5, Some(&slug("roads"))));
    assert_eq!(case.decision.unwrap().due_on, Some("2026-03-09".parse().unwrap()), "a new term from today");
    let work = bed.work(Lane::queue(&slug("roads"))).await;
    assert_eq!(work.iter().map(|w| w.version).collect::<Vec<_>>(), [5]);
    assert_eq!(bed.work(Lane::queue(&slug("police"))).await, [], "who is only informed heard of it before");
}

async fn what_an_article_answers_reaches_a_desk_only_when_it_did_not_help(bed: Bed) {
    let (id, letter) = bed.report("road/ice", None).await;
    bed.apply(&[letter.clone(), letter]).await;
    let case = bed.case(id).await;
    assert_eq!((case.status, case.version, case.lead.as_ref()), (Status::Solved, 2, Some(&slug("green"))));
    assert_eq!((case.closed_at, case.decision.unwrap().answer), (Some(NOW.parse().unwrap()), Some(slug("ice"))));
    assert_eq!(bed.words(id).await, [(1, "received"), (2, "answered")]);
    assert_eq!(bed.store.dispatches_of(id).await.unwrap(), [], "nobody has to do anything");
    assert_eq!(
        bed.store.answer(id).await.unwrap().map(|given| (given.article, given.helped)),
        Some((slug("ice"), None))
    );
    let told = bed.take(&Lane::notifier()).await;
    assert!(told.iter().any(|letter| letter.subject == "case.answered"), "the resident hears of it");

    let did_not_help = async |text: &str| {
        let mut tx = bed.store.begin().await.unwrap();
        let mut case = tx.lock_cases(&[id]).await.unwrap().remove(&id).unwrap();
        case.version += 1;
        case.status = Status::Routed;
        tx.save_cases(std::slice::from_ref(&case)).await.unwrap();
        tx.commit().await.unwrap();
        decide_again(&case, Why::Reopened { text: Some(text.to_owned()) })
    };
    let again = did_not_help("It is the bridge.").await;
    bed.apply(&[again.clone(), again.clone()]).await;
    bed.apply(&[again]).await;
    let case = bed.case(id).await;
    assert_eq!((case.status, case.version), (Status::Routed, 4));
    assert_eq!(case.decision.unwrap().answer, None);
    // Both the lead and whoever is informed hear of it now, once, with all that was said.
    let green = bed.work(Lane::department(&slug("green"))).await;
    assert_eq!(green.iter().map(|work| work.words.as_str()).collect::<Vec<_>>(), ["A hole.\n\nIt is the bridge."]);
    assert_eq!(bed.work(Lane::queue(&slug("police"))).await.len(), 1);

    // Contested once more: as any case, back to the lead alone.
    let again = did_not_help("Still.").await;
    bed.apply(&[again]).await;
    assert_eq!(bed.work(Lane::department(&slug("green"))).await.len(), 1);
    assert_eq!(bed.work(Lane::queue(&slug("police"))).await, []);
}

async fn a_submitted_report_is_kept_decided_and_answered_once(bed: Bed) {
    let body = serde_json::json!({
        "category": "road/hole", "words": "A hole\u{0}.", "language": "fr",
        "place": {"point": {"lat": 50.5, "lon": 3.5}}, "contact": {"name": "Someone"},
    });
    let letter = submission("1", "app", &body);
    let other = submission("1", "app", &serde_json::json!({"category": "road/hole", "words": "Another."}));
    let bad = submission("2", "app", &serde_json::json!({"category": "road/hoel", "words": ""}));
    let shape = submission("3", "app", &serde_json::json!({"category": 7}));
    let photo = submission(
        "4",
        "app",
        &serde_json::json!({"category": "road/hole", "words": "x", "photos": [Uuid::from_u128(9)]}),
    );
    let channel = submission("5", "App!", &body);
    let verdicts = bed.apply(&[letter.clone(), letter.clone(), other, bad, shape, photo, channel]).await;
    let Verdict::Done { receipt: Some(receipt) } = &verdicts[0] else { panic!("{:?}", verdicts[0]) };
    assert_eq!(verdicts[0], verdicts[1], "the same answer to the same report");
    let why = |n: usize| match &verdicts[n] {
        Verdict::Never { why, fault: Fault::Refused } => why.clone(),
        other => panic!("{n}: {other:?}"),
    };
    for (n, field) in [(2, "/id"), (3, "/category"), (3, "/words"), (4, "/data"), (5, "/photos/0"), (6, "routing key")]
    {
        assert!(why(n).contains(field), "{}", why(n));
    }
    let receipt: serde_json::Value = serde_json::from_str(receipt).unwrap();
    let report = bed.kept(&letter).await;
    assert_eq!(report.words, "A hole.");
    assert_eq!(receipt["reference"], report.reference.digits());
    assert_eq!(receipt["id"], report.id.to_string());
    assert_eq!(receipt["status"], "received");
    assert_eq!(receipt["tracking_url"], format!("https://testel.example/fr/t/{}", report.token));
    assert_eq!(bed.words(report.id).await, [(1, "received"), (2, "routed")]);
    let work = bed.work(Lane::queue(&slug("roads"))).await;
    assert_eq!(work.len(), 1);
    assert_eq!(work[0].contact.as_ref().and_then(|c| c.name.as_deref()), Some("Someone"));
    assert_eq!(bed.take(&Lane::router()).await.len(), 0, "decided already: the router is not asked again");

    // Redelivered after the commit: the stored answer, and nothing else.
    assert_eq!(bed.apply(&[letter]).await[0], verdicts[0]);
    assert_eq!(bed.work(Lane::queue(&slug("roads"))).await, []);
    assert_eq!(bed.store.dispatches_of(report.id).await.unwrap().len(), 2);
}

async fn a_rolled_back_batch_leaves_nothing(bed: Bed) {
    let (id, letter) = bed.report("road/hole", Some(3.5)).await;
    let mut tx = bed.store.begin().await.unwrap();
    bed.worker.apply(&mut tx, std::slice::from_ref(&letter)).await.unwrap();
    drop(tx);
    assert_eq!(bed.store.case(id).await.unwrap(), None);
    assert_eq!(bed.work(Lane::queue(&slug("roads"))).await, []);
    bed.apply(&[letter]).await;
    assert_eq!(bed.words(id).await, [(1, "received"), (2, "routed")]);
    assert_eq!(bed.work(Lane::queue(&slug("roads"))).await.len(), 1);
}

async fn no_two_submitted_reports_share_a_reference(bed: Bed) {
    let mut references = std::collections::HashSet::new();
    for batch in 0..8 {
        let body = serde_json::json!({"category": "road/hole", "words": "A hole."});
        let letters: Vec<Letter> = (0..40).map(|n| submission(&format!("{batch}-{n}"), "app", &body)).collect();
        bed.apply(&letters).await;
        // Other doors take theirs at the same time.
        references.extend(bed.store.references(3).await.unwrap());
        for letter in &letters {
            references.insert(bed.kept(letter).await.reference);
        }
    }
    assert_eq!(references.len(), 8 * 43);
}

async fn who_is_on_call_is_telephoned_at_once_and_not_twice(bed: Bed) {
    let (id, letter) = bed.report("road/hole", Some(3.5)).await;
    bed.apply(&[letter]).await;
    assert_eq!(bed.store.tasks_of(id).await.unwrap(), [], "nobody is on call for this");
    let mut tx = bed.store.begin().await.unwrap();
    let mut case = tx.lock_cases(&[id]).await.unwrap().remove(&id).unwrap();
    case.version += 1;
    case.decision.as_mut().unwrap().on_call = vec![slug("police"), slug("roads")];
    tx.save_cases(std::slice::from_ref(&case)).await.unwrap();
    tx.commit().await.unwrap();
    let again = decide_again(&case, Why::Reopened { text: None });
    // Killed before the commit: no case and no call.
    let mut tx = bed.store.begin().await.unwrap();
    bed.worker.apply(&mut tx, std::slice::from_ref(&again)).await.unwrap();
    drop(tx);
    assert_eq!(bed.store.tasks_of(id).await.unwrap(), []);
    bed.apply(std::slice::from_ref(&again)).await;
    bed.apply(&[again]).await;
    let calls = bed.store.tasks_of(id).await.unwrap();
    assert_eq!(calls.len(), 2);
    let call = |department: &str| calls.iter().find(|call| *call.department == *department).unwrap();
    let police = call("police");
    assert_eq!((police.kind, police.dispatch, police.body.may_know), (Kind::Call, None, false));
    assert_eq!(police.calls.now.as_ref().map(|call| call.phone.as_str()), Some("112"));
    assert_eq!((police.desk.as_str(), police.due_at), ("desk", Some("2026-03-04T10:10:00Z".parse().unwrap())));
    // `roads` leads: its own dispatch is what it confirms. Nobody is in its list: it rings all the same.
    let roads = call("roads");
    let dispatch = derived(&["dispatch", &id.to_string(), "roads", "4"]);
    assert_eq!((roads.dispatch, roads.body.may_know), (Some(dispatch), true));
    assert!(roads.calls.now.is_none() && roads.due_at.is_some());

    // Everybody refuses: nobody needs to be called any more.
    for department in ["roads", "green", "desk"] {
        let again = bed.reject(id, department).await;
        bed.apply(&[again]).await;
    }
    assert_eq!(bed.case(id).await.status, Status::Declined);
    assert!(bed.store.tasks_of(id).await.unwrap().iter().all(|call| call.state == State::Cancelled));
}
