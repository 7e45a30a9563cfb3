//! A partner that only has a web form, from the first field to its last answer; and whatever two
//! operators can do to each other.

use super::{
    Act, Refused,
    bed::{DESK, FORM, PHONE, deliver, desks, did, hear, notes, sent, task_of},
    claim, list, view,
};
use crate::testing::{Desk, both, slug, timeline};
use schemas::{
    case::{Role, Status},
    dispatch::{DispatchState, Say},
    task::{Kind, State},
};
use store::TaskFilter;

both! {
    a_form_is_filled_in_and_its_answers_entered,
    the_number_is_put_right_on_purpose_only,
    what_a_department_may_not_know_is_withheld,
    of_two_operators_at_once_one_is_first,
    deeds_that_do_not_fit_are_refused_with_what_to_do,
    a_department_that_answers_by_itself_needs_nobody,
    a_desk_sees_its_own_tasks_only,
}

fn number(text: &str) -> Act {
    Act::Number { number: text.to_owned(), replace: false }
}

fn say(id: &str, say: Say) -> Act {
    Act::Say { id: id.to_owned(), say, critical: false }
}

async fn a_form_is_filled_in_and_its_answers_entered((hands, _bed, tools): Desk) {
    let store = &tools.store;
    let letter = sent(&tools, FORM, Role::Lead, false).await;
    let case = letter.case_id.unwrap();
    deliver(&tools, &letter, false).await;
    assert!(store.tasks_of(case).await.unwrap().is_empty(), "killed before the end: nothing was opened");
    for _ in 0..2 {
        deliver(&tools, &letter, true).await;
    }
    let task = task_of(store, case).await;
    assert_eq!((task.kind, task.state, task.desk.as_str()), (Kind::Form, State::Open, DESK));
    let row = store.dispatches_of(case).await.unwrap().remove(0);
    assert_eq!(
        (row.state, row.why.as_deref()),
        (DispatchState::Posted, Some("waits for contactcentrum to fill in the form"))
    );
    assert_eq!(timeline(store, case).await, "received", "nobody was told that they have it");

    let first = did(&tools, task.id, " An  Maes ", number("WEG-118")).await.unwrap();
    assert_eq!((first.replayed, first.task.state), (false, State::Passed));
    let again = did(&tools, task.id, "An Maes", number("WEG-118")).await.unwrap();
    assert!(again.replayed);
    let row = store.dispatches_of(case).await.unwrap().remove(0);
    assert_eq!((row.state, row.receipt.as_deref()), (DispatchState::Delivered, Some("WEG-118")));
    assert_eq!(store.dispatch_by_their_number(&slug(FORM), "WEG-118").await.unwrap(), Some(letter.id));
    assert_eq!(timeline(store, case).await, "received handed_over internal_note");

    hands.pass(60);
    let plan = say("1", Say::Plan { on: "2026-12-01".parse().unwrap(), text: None });
    assert!(!did(&tools, task.id, "Bo", plan.clone()).await.unwrap().replayed);
    assert!(did(&tools, task.id, "Bo", plan).await.unwrap().replayed);
    hear(&tools).await;
    assert_eq!(store.case(case).await.unwrap().unwrap().status, Status::Planned);
    hands.pass(60);
    did(&tools, task.id, "Bo", say("2", Say::Done { text: None, evidence: Vec::new() })).await.unwrap();
    hear(&tools).await;
    assert_eq!(store.case(case).await.unwrap().unwrap().status, Status::Solved);
    let ended = task_of(store, case).await;
    assert_eq!(
        (ended.state, ended.outcome.as_deref(), ended.done_by.as_deref()),
        (State::Done, Some("WEG-118"), Some("An Maes"))
    );
    assert_eq!(
        notes(store, case).await,
        [
            "Ingevuld op het formulier van de partner. Hun nummer: WEG-118 (genoteerd door An Maes).",
            "Antwoord van de partner ingevoerd door Bo: gepland.",
            "Antwoord van de partner ingevoerd door Bo: opgelost.",
        ]
    );
}

async fn the_number_is_put_right_on_purpose_only((_hands, _bed, tools): Desk) {
    let letter = sent(&tools, FORM, Role::Lead, false).await;
    deliver(&tools, &letter, true).await;
    let task = task_of(&tools.store, letter.case_id.unwrap()).await;
    did(&tools, task.id, "An", number("WEG-1")).await.unwrap();
    let Err(Refused::Already(first)) = did(&tools, task.id, "Bo", number("WEG-2")).await else {
        panic!("An was first")
    };
    assert_eq!((first.done_by.as_deref(), first.outcome.as_deref()), (Some("An"), Some("WEG-1")));
    let right = Act::Number { number: "WEG-2".to_owned(), replace: true };
    assert_eq!(did(&tools, task.id, "Bo", right).await.unwrap().task.outcome.as_deref(), Some("WEG-2"));
    let row = tools.store.dispatches_of(task.case_id).await.unwrap().remove(0);
    assert_eq!(row.receipt.as_deref(), Some("WEG-2"));
    assert_eq!(tools.store.dispatch_by_their_number(&slug(FORM), "WEG-2").await.unwrap(), Some(letter.id));
    // The number of one case is not that of another.
    let other = sent(&tools, FORM, Role::Lead, false).await;
    deliver(&tools, &other, true).await;
    let other = task_of(&tools.store, other.case_id.unwrap()).await;
    let Err(Refused::Invalid(faults)) = did(&tools, other.id, "Bo", number("WEG-2")).await else { panic!("taken") };
    assert_eq!((faults[0].field.as_str(), faults[0].code.as_str()), ("/number", "taken"));
    assert_eq!(task_of(&tools.store, other.case_id).await.state, State::Open);
}

async fn what_a_department_may_not_know_is_withheld((_hands, _bed, tools): Desk) {
    for shared in [false, true] {
        let letter = sent(&tools, FORM, Role::Lead, shared).await;
        deliver(&tools, &letter, true).await;
        let task = task_of(&tools.store, letter.case_id.unwrap()).await;
        let view = view(&desks(&tools), Some(&slug(DESK)), task.id).await.unwrap().unwrap();
        let fields: Vec<_> = view.fields.iter().map(|f| (f.label.as_str(), f.value.as_deref(), f.withheld)).collect();
        let name = if shared { Some("An Peeters") } else { None };
        assert_eq!(
            fields,
            [
                ("Soort", Some("Gewestweg"), false),
                ("Omschrijving", Some("Een put"), false),
                ("Straat", Some("Grote Markt 1"), false),
                ("Uw naam", name, !shared),
                ("Gevaar?", Some("ja"), false),
            ]
        );
        assert_eq!(view.url.as_deref(), Some("https://meldpunt.example/weg"));
        // Neither the row nor the list holds what the resident wrote.
        let row = serde_json::to_string(&task).unwrap();
        let listed = serde_json::to_string(&view.listed).unwrap();
        for private in ["Een put", "Grote Markt", "Peeters", "an@example.org"] {
            assert!(!row.contains(private) && !listed.contains(private), "{private}: {row} {listed}");
        }
    }
}

async fn of_two_operators_at_once_one_is_first((_hands, _bed, tools): Desk) {
    let letter = sent(&tools, FORM, Role::Lead, false).await;
    let case = letter.case_id.unwrap();
    deliver(&tools, &letter, true).await;
    let task = task_of(&tools.store, case).await;
    let (an, bo) = tokio::join!(did(&tools, task.id, "An", number("A-1")), did(&tools, task.id, "Bo", number("B-1")));
    assert!(an.is_ok() ^ bo.is_ok(), "{an:?} {bo:?}");
    let (loser, by, kept, lost) = if an.is_ok() { (bo, "An", "A-1", "B-1") } else { (an, "Bo", "B-1", "A-1") };
    let Err(Refused::Already(first)) = loser else { panic!("{loser:?}") };
    assert_eq!((first.done_by.as_deref(), first.outcome.as_deref()), (Some(by), Some(kept)));
    assert_eq!(timeline(&tools.store, case).await, "received handed_over internal_note");
    assert_eq!(tools.store.dispatch_by_their_number(&slug(FORM), lost).await.unwrap(), None, "nothing of the other's");
}

async fn deeds_that_do_not_fit_are_refused_with_what_to_do((_hands, _bed, tools): Desk) {
    let (form, phone) = (sent(&tools, FORM, Role::Lead, false).await, sent(&tools, PHONE, Role::Lead, false).await);
    for letter in [&form, &phone] {
        deliver(&tools, letter, true).await;
    }
    let form = task_of(&tools.store, form.case_id.unwrap()).await.id;
    let phone = task_of(&tools.store, phone.case_id.unwrap()).await.id;
    let confirm = |by: &str| Act::Confirm { taken_by: by.to_owned() };
    let long = "x".repeat(501);
    let done = |outcome: &str| Act::Done { outcome: outcome.to_owned() };
    let note = say("1", Say::InternalNote { text: "hm".to_owned() });
    for (task, by, deed, part) in [
        (form, "An", confirm("Jan"), "this is a form"),
        (phone, "An", number("1"), "this is a call"),
        (phone, "An", confirm(" \u{200b} "), "/taken_by"),
        (phone, "", confirm("Jan"), "/by"),
        (form, "An", number(&long), "/number"),
        (form, "An", done(""), "/outcome"),
        (form, "An", note, "record first"),
        (form, "An", say("a b", Say::Accept {}), "/id"),
        (form, "An", say("1", Say::Reject { reason: String::new() }), "/say/reason"),
    ] {
        let told = match did(&tools, task, by, deed.clone()).await {
            Err(Refused::NotNow(what)) => what.to_owned(),
            Err(Refused::Invalid(faults)) => faults[0].to_string(),
            other => panic!("{deed:?}: {other:?}"),
        };
        assert!(told.contains(part), "{deed:?}: {told}");
    }
    for task in [form, phone] {
        assert_eq!(tools.store.task(task).await.unwrap().unwrap().state, State::Open);
    }
    // A form that gives no number is done all the same: the partner has the case.
    let deed = did(&tools, form, "An", done("zij geven geen nummer")).await.unwrap();
    assert_eq!(deed.task.state, State::Done);
    let row = tools.store.dispatches_of(deed.task.case_id).await.unwrap().remove(0);
    assert_eq!((row.state, row.receipt), (DispatchState::Delivered, None));
    // What they answer later can still be entered.
    did(&tools, form, "An", say("1", Say::Accept {})).await.unwrap();
    hear(&tools).await;
    assert_eq!(tools.store.case(deed.task.case_id).await.unwrap().unwrap().status, Status::Accepted);
}

async fn a_department_that_answers_by_itself_needs_nobody((_hands, _bed, tools): Desk) {
    let mut tasks = Vec::new();
    for department in [FORM, PHONE, FORM] {
        let letter = sent(&tools, department, Role::Lead, false).await;
        deliver(&tools, &letter, true).await;
        tasks.push(task_of(&tools.store, letter.case_id.unwrap()).await);
    }
    let reason = "Dit is een gemeenteweg".to_owned();
    for (task, said) in tasks.iter().zip([Say::Accept {}, Say::Accept {}, Say::Reject { reason }]) {
        let update = crate::testing::update(
            &task.id.to_string(),
            &crate::testing::dispatch(&task.department, Role::Lead),
            tools.clock.now(),
            said,
        );
        let update = schemas::dispatch::Update { dispatch: task.dispatch.unwrap(), ..update };
        let mut tx = tools.store.begin().await.unwrap();
        let now = tools.clock.now();
        tx.post(&[crate::updates::letter(&update, task.case_id, schemas::trace::Trace::start(), now)]).await.unwrap();
        tx.commit().await.unwrap();
        hear(&tools).await;
    }
    let mut states = Vec::new();
    for task in &tasks {
        states.push(task_of(&tools.store, task.case_id).await.state);
    }
    assert_eq!(states, [State::Passed, State::Done, State::Cancelled]);
    let Err(Refused::Already(gone)) = did(&tools, tasks[2].id, "An", number("1")).await else { panic!("not theirs") };
    assert_eq!(gone.outcome.as_deref(), Some("the department says it is not theirs"));
}

async fn a_desk_sees_its_own_tasks_only((_hands, _bed, tools): Desk) {
    let letter = sent(&tools, FORM, Role::Lead, false).await;
    deliver(&tools, &letter, true).await;
    let task = task_of(&tools.store, letter.case_id.unwrap()).await;
    let desks = desks(&tools);
    let other = slug("burgerzaken");
    let filter = |desk: &str| TaskFilter {
        desk: Some(slug(desk)),
        states: vec![State::Open],
        kind: None,
        after: None,
        limit: 10,
    };
    assert_eq!(list(&desks, &filter(DESK)).await.unwrap().len(), 1);
    assert!(list(&desks, &filter("burgerzaken")).await.unwrap().is_empty());
    assert!(view(&desks, Some(&other), task.id).await.unwrap().is_none());
    let refused = super::act(&desks, Some(&other), task.id, "An", number("1"), schemas::trace::Trace::start()).await;
    assert!(matches!(refused, Err(Refused::Unknown)), "{refused:?}");
    assert!(matches!(claim(&desks, Some(&other), task.id, "An", false).await, Err(Refused::Unknown)));
    assert!(view(&desks, None, task.id).await.unwrap().is_some(), "the town's own operator sees every desk's");

    let claimed = claim(&desks, Some(&slug(DESK)), task.id, "An", false).await.unwrap();
    assert_eq!(claimed.task.claimed_by.as_deref(), Some("An"));
    let Err(Refused::Already(theirs)) = claim(&desks, None, task.id, "Bo", false).await else { panic!("An is at it") };
    assert_eq!(theirs.claimed_by.as_deref(), Some("An"));
    assert_eq!(claim(&desks, None, task.id, "Bo", true).await.unwrap().task.claimed_by.as_deref(), Some("Bo"));
}
