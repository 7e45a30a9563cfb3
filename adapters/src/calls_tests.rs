use super::*;
use crate::{
    intake::IntakeTools,
    rounds::RoundWorker,
    tasks::{
        Act, Refused,
        bed::{FORM, PHONE, city, deliver, desks, did, hear, notes, sent, task_of},
        view,
    },
    testing::{Desk, Hands, both, routed, timeline},
};
use schemas::{
    case::{Role, Status},
    dispatch::DispatchState,
    task::State,
};

both! {
    it_rings_through_a_night_and_a_weekend_until_somebody_confirms,
    a_confirmed_call_rings_no_more_and_is_confirmed_once,
    a_round_that_is_killed_is_made_again,
    two_processes_escalate_once,
    a_case_that_ends_elsewhere_ends_its_call,
    who_is_sent_elsewhere_still_has_whoever_is_on_call,
    a_department_whose_list_is_gone_is_not_forgotten,
}

fn worker(tools: &IntakeTools) -> RoundWorker {
    let round = CallsRound::new(tools.store.clone(), Arc::new(city()));
    RoundWorker::of_the_house(tools.store.clone(), NAME, Arc::new(round))
}

/// Lets `minutes` pass, a look of the round each minute.
async fn minutes(hands: &Hands, worker: &RoundWorker, minutes: i64) {
    for _ in 0..minutes {
        hands.pass(60);
        assert!(worker.once().await.unwrap());
    }
}

/// A call that was just opened.
async fn ringing(tools: &IntakeTools) -> Task {
    let letter = sent(tools, PHONE, Role::Lead, false).await;
    for commit in [false, true, true] {
        deliver(tools, &letter, commit).await;
    }
    task_of(&tools.store, letter.case_id.unwrap()).await
}

async fn who(tools: &IntakeTools, task: Uuid) -> String {
    tools.store.task(task).await.unwrap().unwrap().calls.now.map_or_else(String::new, |call| call.who)
}

fn confirm(taken_by: &str) -> Act {
    Act::Confirm { taken_by: taken_by.to_owned() }
}

async fn it_rings_through_a_night_and_a_weekend_until_somebody_confirms((hands, _bed, tools): Desk) {
    // Friday 20 November 2026, 18:30 in Brussels: the office is closed, the crew works until 19:00.
    let friday: Timestamp = "2026-11-20T17:30:00Z".parse().unwrap();
    hands.pass(friday.as_second() - tools.clock.now().as_second());
    let task = ringing(&tools).await;
    let worker = worker(&tools);
    let mut called = vec![who(&tools, task.id).await];
    // A call every ten minutes; until 19:00 there are three, at night two.
    for _ in 0..7 {
        minutes(&hands, &worker, 10).await;
        called.push(who(&tools, task.id).await);
    }
    assert_eq!(
        called,
        ["wacht", "ploegbaas", "diensthoofd", "wacht", "diensthoofd", "wacht", "diensthoofd", "wacht"],
        "the crew went home at 19:00"
    );
    // On until Monday morning 08:30: 60 hours later, nobody confirmed, and it still rings.
    for _ in 0..(60 + 50) {
        hands.pass(1_800);
        assert!(worker.once().await.unwrap());
    }
    let monday = tools.store.task(task.id).await.unwrap().unwrap();
    assert_eq!((monday.state, monday.level, monday.calls.before.len()), (State::Open, 117, 100));
    assert!(monday.due_at.unwrap() > tools.clock.now());
    assert!(monday.calls.now.as_ref().is_some_and(|call| call.on_duty));
    let escalated = timeline(&tools.store, task.case_id).await.matches("escalated").count();
    assert_eq!(escalated, usize::try_from(monday.calls.rounds).unwrap());
    assert!(escalated > 50, "each time the whole list was called in vain: {escalated}");
    assert!(tools.store.timeline(task.case_id, true).await.unwrap().len() < 3, "residents see none of it");

    // The operator reads out what it is about; the number is the one that the city has now.
    let shown = view(&desks(&tools), None, task.id).await.unwrap().unwrap();
    let script = shown.script.unwrap();
    for part in ["Kortrijk", "Wachtdienst openbaar domein", "Grote Markt 1", "Een put", &task.reference.to_string()] {
        assert!(script.contains(part), "{part}: {script}");
    }
    let call = shown.listed.call.unwrap();
    assert_eq!(call.phone, format!("+32 {}", call.who));
    assert!(shown.fields.iter().any(|field| field.label == "Naam van de melder" && field.withheld));

    did(&tools, task.id, "An", confirm("Jan, ploegbaas")).await.unwrap();
    for _ in 0..10 {
        hands.pass(1_800);
        worker.once().await.unwrap();
    }
    let done = tools.store.task(task.id).await.unwrap().unwrap();
    assert_eq!((done.state, done.level, done.due_at), (State::Done, 117, None), "confirmed: it rings no more");
}

async fn a_confirmed_call_rings_no_more_and_is_confirmed_once((hands, _bed, tools): Desk) {
    let task = ringing(&tools).await;
    let worker = worker(&tools);
    let row = tools.store.dispatches_of(task.case_id).await.unwrap().remove(0);
    assert_eq!((row.state, row.why.as_deref()), (DispatchState::Posted, Some("waits for a call by contactcentrum")));
    minutes(&hands, &worker, 3).await;
    let (an, bo) =
        tokio::join!(did(&tools, task.id, "An", confirm("Jan")), did(&tools, task.id, "Bo", confirm("Piet")));
    assert!(an.is_ok() ^ bo.is_ok(), "{an:?} {bo:?}");
    let (by, taken_by, other) = if an.is_ok() { ("An", "Jan", bo) } else { ("Bo", "Piet", an) };
    let Err(Refused::Already(first)) = other else { panic!("{other:?}") };
    assert_eq!((first.done_by.as_deref(), first.outcome.as_deref()), (Some(by), Some(taken_by)));
    assert_eq!(first.done_at, Some(tools.clock.now()));
    assert!(did(&tools, task.id, by, confirm(taken_by)).await.unwrap().replayed, "the same again is the same");
    assert_eq!(timeline(&tools.store, task.case_id).await, "received handed_over internal_note");
    assert_eq!(
        notes(&tools.store, task.case_id).await,
        [format!("Telefonisch doorgegeven. {taken_by} neemt het over (genoteerd door {by}).")]
    );
    let row = tools.store.dispatches_of(task.case_id).await.unwrap().remove(0);
    assert_eq!((row.state, row.receipt), (DispatchState::Delivered, None), "no name where residents look");
    minutes(&hands, &worker, 30).await;
    assert_eq!(tools.store.task(task.id).await.unwrap().unwrap().level, 0);
}

async fn a_round_that_is_killed_is_made_again((hands, _bed, tools): Desk) {
    let task = ringing(&tools).await;
    let worker = worker(&tools);
    hands.pass(601);
    // Killed right after it was claimed: nothing happened, and nobody else may begin yet.
    let claim = tools.store.claim_round(NAME, Duration::from_secs(300)).await.unwrap();
    assert!(claim.is_some() && !worker.once().await.unwrap());
    assert_eq!(tools.store.task(task.id).await.unwrap().unwrap().level, 0);
    hands.pass(301);
    assert!(worker.once().await.unwrap());
    // Killed after its deeds, before its end: what was committed stays, and is not done again.
    let round = CallsRound::new(tools.store.clone(), Arc::new(city()));
    round.go(Value::Null).await.unwrap();
    assert_eq!(tools.store.task(task.id).await.unwrap().unwrap().level, 1);
    // Killed in the middle of one: neither half of it is there.
    hands.pass(601);
    let due = tools.store.due_tasks(10).await.unwrap();
    let mut tx = tools.store.begin().await.unwrap();
    assert!(tx.escalate_task(due[0].id, 1, tools.clock.now(), &due[0].calls).await.unwrap());
    drop(tx);
    round.go(Value::Null).await.unwrap();
    assert_eq!(tools.store.task(task.id).await.unwrap().unwrap().level, 2);
}

async fn two_processes_escalate_once((hands, _bed, tools): Desk) {
    let task = ringing(&tools).await;
    let round = CallsRound::new(tools.store.clone(), Arc::new(city()));
    hands.pass(601);
    let due = tools.store.due_tasks(10).await.unwrap().remove(0);
    let (one, two) = tokio::join!(round.escalate(&due), round.escalate(&due));
    one.unwrap();
    two.unwrap();
    assert_eq!(tools.store.task(task.id).await.unwrap().unwrap().level, 1);
    // Confirmed after it was read as due: the confirmation stands.
    hands.pass(601);
    let due = tools.store.due_tasks(10).await.unwrap().remove(0);
    did(&tools, task.id, "An", confirm("Jan")).await.unwrap();
    round.escalate(&due).await.unwrap();
    let kept = tools.store.task(task.id).await.unwrap().unwrap();
    assert_eq!((kept.state, kept.level), (State::Done, 1));
}

async fn a_case_that_ends_elsewhere_ends_its_call((hands, _bed, tools): Desk) {
    let task = ringing(&tools).await;
    let round = CallsRound::new(tools.store.clone(), Arc::new(city()));
    let mut tx = tools.store.begin().await.unwrap();
    let mut cases = tx.lock_cases(&[task.case_id]).await.unwrap();
    let mut case = cases.remove(&task.case_id).unwrap();
    case.status = Status::Solved;
    case.closed_at = Some(tools.clock.now());
    tx.save_cases(&[case]).await.unwrap();
    tx.commit().await.unwrap();
    hands.pass(601);
    round.go(Value::Null).await.unwrap();
    let gone = tools.store.task(task.id).await.unwrap().unwrap();
    assert_eq!((gone.state, gone.outcome.as_deref()), (State::Cancelled, Some("the case is closed")));

    // A department that says that it is done needs no call either, at once.
    let letter = routed(&tools, PHONE, Role::Lead).await;
    deliver(&tools, &letter, true).await;
    let ringing = task_of(&tools.store, letter.case_id.unwrap()).await;
    let done = schemas::dispatch::Say::Done { text: None, evidence: Vec::new() };
    did(&tools, ringing.id, "An", Act::Say { id: "1".to_owned(), say: done, critical: false }).await.unwrap();
    hear(&tools).await;
    let ended = tools.store.task(ringing.id).await.unwrap().unwrap();
    assert_eq!((ended.state, ended.due_at), (State::Done, None));
    assert_eq!(tools.store.due_tasks(10).await.unwrap(), []);
}

async fn who_is_sent_elsewhere_still_has_whoever_is_on_call((hands, _bed, tools): Desk) {
    let task = ringing(&tools).await;
    let mut tx = tools.store.begin().await.unwrap();
    let mut opened = Opened::lock(&mut tx, std::iter::once(task.case_id)).await.unwrap();
    let now = tools.clock.now();
    let case = opened.case(task.case_id).unwrap();
    (case.status, case.closed_at) = (Status::Referred, Some(now));
    let (department, to) = (task.department.clone(), "Fluvius".to_owned());
    let referred = What::Referred { department, to, phone: None, url: None, text: None };
    opened.happened(task.case_id, Uuid::from_u128(3), referred, now, Trace::start());
    opened.save(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    minutes(&hands, &worker(&tools), 11).await;
    let rings = tools.store.task(task.id).await.unwrap().unwrap();
    assert_eq!((rings.state, rings.level), (State::Open, task.level + 1), "it still rings");
}

async fn a_department_whose_list_is_gone_is_not_forgotten((hands, _bed, tools): Desk) {
    let task = ringing(&tools).await;
    let form = sent(&tools, FORM, Role::Lead, false).await;
    deliver(&tools, &form, true).await;
    let mut changed = city();
    for department in &mut changed.departments {
        department.on_call = None;
    }
    let round = CallsRound::new(tools.store.clone(), Arc::new(changed));
    for _ in 0..3 {
        hands.pass(601);
        round.go(Value::Null).await.unwrap();
    }
    let kept = tools.store.task(task.id).await.unwrap().unwrap();
    assert_eq!((kept.state, kept.level, kept.calls.now), (State::Open, 3, None));
    assert_eq!(timeline(&tools.store, task.case_id).await, "received escalated escalated escalated");
}
