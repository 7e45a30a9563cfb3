//! A resident who is told by hand: opened once, ended once, on both databases.

use super::{
    Act, Refused,
    bed::{DESK, FORM, desks, did, notes, sent},
    view,
};
use crate::{
    intake::IntakeTools,
    testing::{Desk, both, slug, waiting},
};
use schemas::{
    Uuid,
    broadcast::{Audience, Draft, TEMPLATE, Words},
    case::Role,
    id::derived,
    letter::Lane,
    notice::{Because, Heard, HeardState, Notice, NoticeState, Scope, Suppressed},
    person::{KnownAddress, Person, Rhythm, Suppression},
    report::Language,
    task::{Kind, State, Task, Telling, Told},
    way::{Address, Way},
};
use store::Store;

both! {
    a_resident_is_told_once_and_the_planner_hears_of_it,
    a_call_waits_through_the_end_of_its_case_and_newer_news_takes_its_place,
    a_broadcast_is_told_by_hand_too,
}

/// A notice about `case`, and what tells it by telephone.
async fn telling(store: &Store, case: Uuid, name: &str, passing: bool) -> (Notice, Task) {
    let report = store.report(case).await.unwrap().unwrap();
    let event = store.timeline(case, true).await.unwrap().remove(0);
    let notice = Notice {
        id: derived(&["notice", name]),
        case_id: case,
        event_id: event.id,
        version: event.version,
        template: "received".to_owned(),
        person: "reporter".to_owned(),
        sender: "desk".to_owned(),
        way: Way::Call,
        device: None,
        language: Language::FR,
        template_version: None,
        reasons: vec![Because::Reporter],
        state: NoticeState::Planned,
        planned_at: store.clock().now(),
        due_at: None,
    };
    let mut tx = store.begin().await.unwrap();
    tx.plan_notices(std::slice::from_ref(&notice)).await.unwrap();
    tx.commit().await.unwrap();
    let telling = Telling {
        notice: notice.id,
        person: notice.person.clone(),
        way: Way::Call,
        language: Language::FR,
        words: format!("Bonjour, {name}."),
        passing,
        tries: 2,
        pause_minutes: 60,
    };
    let task = Task::tell(telling, case, report.reference, false, slug(DESK), store.clock().now());
    (notice, task)
}

async fn state(store: &Store, notice: &Notice) -> NoticeState {
    store.notice(notice.id).await.unwrap().unwrap().notice.state
}

async fn heard(tools: &IntakeTools) -> Vec<HeardState> {
    let letters = waiting(&tools.store, &Lane::notifier()).await;
    let letters = letters.iter().filter(|letter| letter.topic == schemas::letter::Topic::NoticeHeard);
    letters.map(|letter| letter.read::<Heard>().unwrap().state).collect()
}

async fn a_resident_is_told_once_and_the_planner_hears_of_it((hands, _bed, tools): Desk) {
    let store = &tools.store;
    let case = sent(&tools, FORM, Role::Lead, false).await.case_id.unwrap();
    let (_, task) = telling(store, case, "first", true).await;
    for _ in 0..2 {
        store.open_tell(&task).await.unwrap();
    }
    let tasks = store.tasks_of(case).await.unwrap();
    assert_eq!(tasks.len(), 1);
    assert_eq!((tasks[0].kind, tasks[0].state, tasks[0].body.clone()), (Kind::Tell, State::Open, task.body.clone()));
    // The contact left no number: whoever opens it is told that there is nobody to call.
    let shown = view(&desks(&tools), Some(&slug(DESK)), task.id).await.unwrap().unwrap();
    assert!(shown.next.unwrap().contains("gewist"), "{shown:?}");
    assert_eq!(shown.tell.unwrap().to, None);

    let told = |outcome| Act::Told { outcome };
    let first = did(&tools, task.id, "An", told(Told::NoAnswer)).await.unwrap();
    assert_eq!((first.task.state, first.task.level, first.replayed), (State::Open, 1, false));
    assert!(did(&tools, task.id, "An", told(Told::NoAnswer)).await.unwrap().replayed, "within the pause");
    assert!(store.due_tasks(10).await.unwrap().is_empty(), "it is nobody on call to escalate");
    hands.pass(3600);
    assert!(store.due_tasks(10).await.unwrap().is_empty());
    assert_eq!(heard(&tools).await, []);
    let last = did(&tools, task.id, "An", told(Told::NoAnswer)).await.unwrap();
    assert_eq!((last.task.state, last.task.outcome.as_deref()), (State::Done, Some("no_answer")));
    assert!(matches!(did(&tools, task.id, "Jo", told(Told::Reached)).await, Err(Refused::Already(_))));
    assert_eq!(heard(&tools).await, [HeardState::Failed]);
    assert_eq!(notes(store, case).await.len(), 2, "every call is noted, once");
}

async fn a_call_waits_through_the_end_of_its_case_and_newer_news_takes_its_place((_hands, _bed, tools): Desk) {
    let store = &tools.store;
    let case = sent(&tools, FORM, Role::Lead, false).await.case_id.unwrap();
    let (older, first) = telling(store, case, "older", true).await;
    let (note, second) = telling(store, case, "note", false).await;
    let (newer, third) = telling(store, case, "newer", true).await;
    store.open_tell(&first).await.unwrap();
    store.open_tell(&second).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    tx.drop_tasks_of_cases(&[case], "the case is closed").await.unwrap();
    tx.commit().await.unwrap();
    assert!(store.tasks_of(case).await.unwrap().iter().all(|task| task.state == State::Open));
    store.open_tell(&third).await.unwrap();
    for (notice, task, expected, told) in [
        (&older, &first, State::Cancelled, NoticeState::Superseded),
        (&note, &second, State::Open, NoticeState::Planned),
        (&newer, &third, State::Open, NoticeState::Planned),
    ] {
        assert_eq!(store.task(task.id).await.unwrap().unwrap().state, expected);
        assert_eq!(state(store, notice).await, told);
    }
    let mut tx = store.begin().await.unwrap();
    tx.drop_tells(&[newer.id], "told another way").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.task(third.id).await.unwrap().unwrap().state, State::Cancelled);
    assert!(matches!(
        did(&tools, third.id, "An", Act::Told { outcome: Told::Reached }).await,
        Err(Refused::Already(_))
    ));
}

async fn a_broadcast_is_told_by_hand_too((_hands, _bed, tools): Desk) {
    let (store, now) = (&tools.store, tools.store.clock().now());
    let (id, place) = (derived(&["broadcast"]), derived(&["place"]));
    let words = Words { subject: "Geen water".into(), text: "Wij werken.".into(), short: None };
    let audience = Audience { topics: vec!["wegen".into()], ..Audience::default() };
    let draft = Draft { words: [(Language::NL, words)].into(), audience, critical: false, at: None };
    let jo = Person {
        id: derived(&["jo"]),
        token: "token".into(),
        name: Some("Jo".into()),
        language: Language::NL,
        quiet: None,
        rhythm: Rhythm::AtOnce,
        made_at: now,
    };
    let address = Address::Call("+32470123456".into());
    let key = store.address_keys().await.unwrap().of(&address);
    let notice = Notice {
        id: derived(&["notice of a broadcast"]),
        case_id: id,
        event_id: id,
        version: 0,
        template: TEMPLATE.to_owned(),
        person: jo.id.to_string(),
        sender: "desk".to_owned(),
        way: Way::Call,
        device: None,
        language: Language::NL,
        template_version: None,
        reasons: vec![Because::Place { place, district: None, street: Some("Markt".into()) }],
        state: NoticeState::Sent,
        planned_at: now,
        due_at: None,
    };
    let mut tx = store.begin().await.unwrap();
    let reference = tx.references(1).await.unwrap()[0];
    tx.put_broadcast(id, reference, &draft, "An", now).await.unwrap();
    tx.put_person(&jo).await.unwrap();
    let known = KnownAddress { person: jo.id, address, key: key.clone(), rank: 0, verified_at: Some(now) };
    assert!(tx.put_address(&known).await.unwrap());
    tx.plan_notices(std::slice::from_ref(&notice)).await.unwrap();
    tx.commit().await.unwrap();
    let telling = Telling {
        notice: notice.id,
        person: notice.person.clone(),
        way: Way::Call,
        language: Language::NL,
        words: "Wij werken.".to_owned(),
        passing: false,
        tries: 2,
        pause_minutes: 60,
    };
    let task = Task::tell(telling, id, reference, false, slug(DESK), now);
    store.open_tell(&task).await.unwrap();
    let shown = view(&desks(&tools), Some(&slug(DESK)), task.id).await.unwrap().unwrap();
    assert_eq!((shown.listed.reference, shown.fields.len(), shown.photos.len()), (reference, 0, 0));
    let tell = shown.tell.unwrap();
    assert_eq!((tell.to.as_deref(), tell.name.as_deref(), tell.unwanted), (Some("+32470123456"), Some("Jo"), false));
    assert!(tell.words.contains("Wij werken.") && shown.next.is_some(), "{}", tell.words);

    let mut tx = store.begin().await.unwrap();
    let (scope, target, reason) = (Scope::Place, place.to_string(), Suppressed::Unsubscribed);
    let wish = Suppression { way: Way::Call, key, scope, target, reason, why: None, at: now, until: None };
    tx.suppress(&wish).await.unwrap();
    tx.commit().await.unwrap();
    let shown = view(&desks(&tools), None, task.id).await.unwrap().unwrap();
    assert!(shown.tell.unwrap().unwanted, "no more about this place");
    let done = did(&tools, task.id, "An", Act::Told { outcome: Told::Reached }).await.unwrap();
    assert_eq!(done.task.state, State::Done);
    assert_eq!(heard(&tools).await, [HeardState::Delivered]);
}
