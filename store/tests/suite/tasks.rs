//! What people do for departments: opened once, ended once, found by whom it concerns.

use crate::{Bed, MINUTE, both, id, unique};
use schemas::{
    Uuid,
    case::{Case, Role, Status},
    reference::Reference,
    report::{Tell, Urgency},
    slug::Slug,
    task::{Body, Call, Calls, Field, Holds, Kind, State, Task},
};
use std::time::Duration;
use store::{ConsoleFilter, DispatchRow, Store, TaskEnd, TaskFilter};

both!(
    a_task_is_opened_once_and_read_as_it_was,
    one_department_is_called_once_at_a_time,
    of_two_operators_one_is_first,
    lists_are_the_desks_own_and_go_on,
    who_does_not_confirm_is_escalated_once_per_level,
    an_unreadable_one_stops_no_other,
    what_ends_elsewhere_ends_here,
    who_spoke_is_chased_no_more,
    a_department_sees_each_of_its_cases_once,
);

fn slug(text: &str) -> Slug {
    Slug::new(text).unwrap()
}

fn task(store: &Store, name: &str, kind: Kind) -> Task {
    let now = store.clock().now();
    Task {
        id: id(name),
        kind,
        desk: slug("onthaal"),
        department: slug("partner"),
        dispatch: Some(id(&format!("dispatch of {name}"))),
        case_id: id(&format!("case of {name}")),
        reference: Reference::from_number(12),
        body: Body {
            may_know: true,
            informed: true,
            priority: Urgency::High,
            due_on: Some("2026-12-01".parse().unwrap()),
            again: None,
            url: Some("https://partner.example/meld".to_owned()),
            fields: vec![
                Field { label: "Wat?".to_owned(), holds: Holds::Value("words".to_owned()) },
                Field { label: "Soort".to_owned(), holds: Holds::Text("weg \"N8\"".to_owned()) },
            ],
            tell: None,
        },
        state: State::Open,
        level: 0,
        opened_at: now,
        due_at: (kind == Kind::Call).then(|| now + MINUTE),
        calls: Calls {
            now: Some(Call { place: 0, who: "wacht".to_owned(), phone: "1".to_owned(), at: now, on_duty: true }),
            ..Calls::default()
        },
        claimed_by: None,
        claimed_at: None,
        done_at: None,
        done_by: None,
        outcome: None,
    }
}

async fn open(store: &Store, tasks: &[Task]) {
    let mut tx = store.begin().await.unwrap();
    tx.open_tasks(tasks).await.unwrap();
    tx.commit().await.unwrap();
}

async fn end(store: &Store, task: &str, from: State, to: State, by: &str, outcome: Option<&str>) -> bool {
    let mut tx = store.begin().await.unwrap();
    let done = tx.end_task(id(task), &TaskEnd { from, to, by, outcome }).await.unwrap();
    tx.commit().await.unwrap();
    done
}

fn filter(desk: Option<&str>, states: &[State]) -> TaskFilter {
    TaskFilter { desk: desk.map(slug), states: states.to_vec(), kind: None, after: None, limit: 10 }
}

async fn a_task_is_opened_once_and_read_as_it_was(bed: Bed) {
    let store = bed.store().await;
    let form = task(&store, "a", Kind::Form);
    open(&store, &[form.clone(), form.clone()]).await;
    bed.pass(MINUTE);
    open(&store, &[Task { opened_at: bed.now(), desk: slug("elders"), ..form.clone() }]).await;
    assert_eq!(store.task(form.id).await.unwrap(), Some(form.clone()));
    assert_eq!(store.tasks_of(form.case_id).await.unwrap(), std::slice::from_ref(&form));
    assert_eq!(store.task(id("none")).await.unwrap(), None);
    // A transaction that is rolled back opened nothing.
    let mut tx = store.begin().await.unwrap();
    tx.open_tasks(&[task(&store, "b", Kind::Call)]).await.unwrap();
    drop(tx);
    assert_eq!(store.task(id("b")).await.unwrap(), None);
    assert_eq!(store.open_tasks().await.unwrap(), [(slug("onthaal"), Kind::Form, 1, form.opened_at)]);
}

async fn one_department_is_called_once_at_a_time(bed: Bed) {
    let store = bed.store().await;
    let first = task(&store, "a", Kind::Call);
    let same = Task { id: id("b"), ..first.clone() };
    let other = Task { id: id("c"), department: slug("ander"), ..first.clone() };
    let form = Task { id: id("d"), kind: Kind::Form, ..first.clone() };
    open(&store, std::slice::from_ref(&first)).await;
    open(&store, &[same.clone(), other, form]).await;
    assert_eq!(store.tasks_of(first.case_id).await.unwrap().len(), 3);
    assert_eq!(store.task(same.id).await.unwrap(), None);
    assert!(end(&store, "a", State::Open, State::Done, "An", Some("Jan")).await);
    open(&store, &[same]).await;
    assert!(store.task(id("b")).await.unwrap().is_some(), "confirmed: another occasion rings again");
}

async fn of_two_operators_one_is_first(bed: Bed) {
    let store = bed.store().await;
    let other = bed.other(&store).await;
    open(&store, &[task(&store, "a", Kind::Form)]).await;
    assert!(store.claim_task(id("a"), "An", false).await.unwrap());
    assert!(!other.claim_task(id("a"), "Bo", false).await.unwrap());
    assert!(other.claim_task(id("a"), "An", false).await.unwrap(), "the same person again");
    assert!(other.claim_task(id("a"), "Bo", true).await.unwrap());
    let (one, two) = tokio::join!(
        end(&store, "a", State::Open, State::Passed, "An", Some("P-1")),
        end(&other, "a", State::Open, State::Passed, "Bo", Some("P-2")),
    );
    assert!(one ^ two, "{one} {two}");
    let kept = store.task(id("a")).await.unwrap().unwrap();
    let (by, number) = if one { ("An", "P-1") } else { ("Bo", "P-2") };
    assert_eq!((kept.state, kept.done_by.as_deref(), kept.outcome.as_deref()), (State::Passed, Some(by), Some(number)));
    assert_eq!((kept.claimed_by.as_deref(), kept.done_at), (Some("Bo"), Some(bed.now())));
    bed.pass(MINUTE);
    assert!(end(&store, "a", State::Passed, State::Done, "Cem", Some("never answers")).await);
    let last = store.task(id("a")).await.unwrap().unwrap();
    assert_eq!((last.state, last.done_by, last.outcome), (State::Done, kept.done_by, kept.outcome), "the first stays");
    assert!(!store.claim_task(id("a"), "An", true).await.unwrap(), "nothing is left to do");
}

async fn lists_are_the_desks_own_and_go_on(bed: Bed) {
    let store = bed.store().await;
    let mut ids: Vec<Uuid> = Vec::new();
    for n in 0..5 {
        let name = format!("t{n}");
        let kind = if n == 4 { Kind::Call } else { Kind::Form };
        open(&store, &[task(&store, &name, kind)]).await;
        ids.push(id(&name));
    }
    open(&store, &[Task { desk: slug("elders"), ..task(&store, "other", Kind::Form) }]).await;
    ids.sort_unstable();
    let listed = |tasks: Vec<Task>| tasks.iter().map(|task| task.id).collect::<Vec<_>>();
    let own = filter(Some("onthaal"), &[State::Open]);
    assert_eq!(listed(store.tasks(&own).await.unwrap()), ids);
    let page = |after| TaskFilter { after, limit: 2, ..own.clone() };
    assert_eq!(listed(store.tasks(&page(None)).await.unwrap()), ids[..2]);
    assert_eq!(listed(store.tasks(&page(Some(ids[1]))).await.unwrap()), ids[2..4]);
    assert!(store.tasks(&page(Some(ids[4]))).await.unwrap().is_empty());
    let calls = TaskFilter { kind: Some(Kind::Call), ..own.clone() };
    assert_eq!(listed(store.tasks(&calls).await.unwrap()), [id("t4")]);
    assert_eq!(store.tasks(&filter(None, &[])).await.unwrap().len(), 6);
    assert!(end(&store, "t0", State::Open, State::Passed, "An", None).await);
    assert_eq!(store.tasks(&own).await.unwrap().len(), 4);
    assert_eq!(store.tasks(&filter(Some("onthaal"), &[State::Open, State::Passed])).await.unwrap().len(), 5);
}

async fn who_does_not_confirm_is_escalated_once_per_level(bed: Bed) {
    let store = bed.store().await;
    open(&store, &[task(&store, "a", Kind::Call), task(&store, "form", Kind::Form)]).await;
    assert_eq!(store.due_tasks(10).await.unwrap(), []);
    assert_eq!(store.next_due_task().await.unwrap(), Some(bed.now() + MINUTE));
    bed.pass(MINUTE);
    let due = store.due_tasks(10).await.unwrap();
    assert_eq!(due.iter().map(|task| task.id).collect::<Vec<_>>(), [id("a")], "a form does not ring");
    let calls = Calls { rounds: 3, ..due[0].calls.clone() };
    for first in [true, false] {
        let mut tx = store.begin().await.unwrap();
        let until = bed.now() + MINUTE;
        assert_eq!(tx.escalate_task(id("a"), 0, until, &calls).await.unwrap(), first, "two processes, one escalation");
        tx.commit().await.unwrap();
    }
    let kept = store.task(id("a")).await.unwrap().unwrap();
    assert_eq!((kept.level, kept.calls.rounds, kept.due_at), (1, 3, Some(bed.now() + MINUTE)));
    assert!(end(&store, "a", State::Open, State::Done, "An", Some("Jan")).await);
    bed.pass(MINUTE);
    assert_eq!(store.due_tasks(10).await.unwrap(), []);
    assert_eq!(store.next_due_task().await.unwrap(), None);
    let mut tx = store.begin().await.unwrap();
    assert!(!tx.escalate_task(id("a"), 1, bed.now(), &calls).await.unwrap(), "confirmed in the meantime");
}

async fn an_unreadable_one_stops_no_other(bed: Bed) {
    let store = bed.store().await;
    let names = ["a", "b", "c", "d"];
    for name in names {
        let mut call = task(&store, name, Kind::Call);
        call.case_id = id("case of a");
        call.department = slug(&format!("partner-{name}"));
        open(&store, &[call]).await;
        bed.pass(Duration::from_secs(1));
    }
    bed.pass(MINUTE);
    // By a newer process, or by hand. The two that were due first.
    for (name, change) in [("a", "body = '{}'"), ("b", "kind = 'fax', desk = '?'")] {
        bed.tamper(&format!("UPDATE task SET {change} WHERE id = '{}'", id(name))).await;
    }
    let names = |tasks: Vec<Task>| tasks.iter().map(|task| task.id).collect::<Vec<_>>();
    assert_eq!(names(store.due_tasks(10).await.unwrap()), [id("c"), id("d")]);
    assert_eq!(names(store.due_tasks(1).await.unwrap()), [id("c")], "and takes nobody's turn");
    let mut left = [id("c"), id("d")];
    left.sort_unstable();
    assert_eq!(names(store.tasks_of(id("case of a")).await.unwrap()), left);
    for desk in [None, Some("onthaal")] {
        let page = |after, limit| TaskFilter { after, limit, ..filter(desk, &[]) };
        assert_eq!(names(store.tasks(&page(None, 10)).await.unwrap()), left);
        assert_eq!(names(store.tasks(&page(None, 1)).await.unwrap()), left[..1]);
        assert_eq!(names(store.tasks(&page(Some(left[0]), 1)).await.unwrap()), left[1..]);
        assert!(store.tasks(&page(Some(left[1]), 1)).await.unwrap().is_empty());
    }
    let open = store.open_tasks().await.unwrap();
    assert_eq!(
        open.iter().map(|(desk, kind, n, _)| (desk.as_str(), *kind, *n)).collect::<Vec<_>>(),
        [("onthaal", Kind::Call, 3)]
    );
    assert!(
        matches!(store.task(id("a")).await, Err(store::Error::Inconsistent { .. })),
        "asked for by itself, it is named"
    );
}

async fn what_ends_elsewhere_ends_here(bed: Bed) {
    let store = bed.store().await;
    let names = ["open", "passed", "heard", "rings", "back", "stays"];
    for name in names {
        let kind = if name == "rings" { Kind::Call } else { Kind::Form };
        open(&store, &[task(&store, name, kind)]).await;
    }
    assert!(end(&store, "passed", State::Open, State::Passed, "An", Some("P-1")).await);
    let of = |what: &str, name: &str| id(&format!("{what} of {name}"));
    for _ in 0..2 {
        let mut tx = store.begin().await.unwrap();
        tx.drop_tasks_of_cases(&[of("case", "open"), of("case", "passed")], "the case is closed").await.unwrap();
        tx.tasks_heard_of(&[of("dispatch", "heard"), of("dispatch", "rings")], "they answered").await.unwrap();
        tx.drop_tasks_of_dispatches(&[of("dispatch", "back")], "not theirs").await.unwrap();
        tx.commit().await.unwrap();
        bed.pass(MINUTE);
    }
    let mut ends = Vec::new();
    for name in names {
        let task = store.task(id(name)).await.unwrap().unwrap();
        assert_eq!(task.due_at, None, "{name}");
        ends.push((task.state.as_str(), task.outcome.unwrap_or_default()));
    }
    let ends: Vec<_> = ends.iter().map(|(state, outcome)| (*state, outcome.as_str())).collect();
    assert_eq!(
        ends,
        [
            ("cancelled", "the case is closed"),
            ("done", "P-1"),
            ("passed", "they answered"),
            ("done", "they answered"),
            ("cancelled", "not theirs"),
            ("open", ""),
        ]
    );
}

async fn who_spoke_is_chased_no_more(bed: Bed) {
    let store = bed.store().await;
    for (name, kind) in [("spoke", Kind::Chase), ("silent", Kind::Chase), ("form", Kind::Form)] {
        open(&store, &[task(&store, name, kind)]).await;
    }
    let of = |name: &str| id(&format!("case of {name}"));
    let mut tx = store.begin().await.unwrap();
    let spoke = [(of("spoke"), slug("partner")), (of("silent"), slug("other")), (of("form"), slug("partner"))];
    tx.chased(&spoke, "they answered").await.unwrap();
    tx.chased(&[], "they answered").await.unwrap();
    tx.commit().await.unwrap();
    for (name, state) in [("spoke", State::Done), ("silent", State::Open), ("form", State::Open)] {
        assert_eq!(store.task(id(name)).await.unwrap().unwrap().state, state, "{name}");
    }
}

async fn a_department_sees_each_of_its_cases_once(bed: Bed) {
    let store = bed.store().await;
    let (mine, other) = (slug("groen"), slug("wegen"));
    let mut newest = Vec::new();
    for n in 0..4_u32 {
        let case_id = store.ids().new_id();
        let now = bed.now();
        let case = Case {
            id: case_id,
            reference: Reference::from_number(u32::try_from(unique()).unwrap() % 9_000_000),
            status: if n == 1 { Status::Solved } else { Status::Routed },
            version: 2,
            lead: Some(mine.clone()),
            decision: None,
            rejected_by: Vec::new(),
            planned_on: None,
            status_at: now,
            opened_at: now,
            closed_at: (n == 1).then_some(now),
            tell: Tell::Nothing,
            parts: Vec::new(),
            watch: Default::default(),
            check_at: None,
        };
        let dispatch = |name: &str, to: &Slug, role, at| {
            let id = schemas::id::derived(&["dispatch", &case_id.to_string(), name]);
            DispatchRow::posted(id, case_id, to.clone(), role, at)
        };
        let mut rows = vec![
            dispatch("first", &mine, Role::Lead, now),
            dispatch("again", &mine, Role::Lead, now + MINUTE),
            dispatch("other", &other, Role::Informed, now),
        ];
        if n == 3 {
            rows.retain(|row| row.department == other);
        } else {
            newest.push((rows[1].id, case_id));
        }
        let mut tx = store.begin().await.unwrap();
        tx.open_cases(&[case]).await.unwrap();
        tx.add_dispatches(&rows).await.unwrap();
        tx.commit().await.unwrap();
        bed.pass(MINUTE);
    }
    newest.reverse();
    let filter = ConsoleFilter { statuses: Vec::new(), before: None, limit: 10 };
    let seen = |rows: Vec<store::ConsoleRow>| rows.iter().map(|row| (row.dispatch, row.case_id)).collect::<Vec<_>>();
    assert_eq!(seen(store.cases_of(&mine, &filter).await.unwrap()), newest);
    let page = ConsoleFilter { limit: 1, before: Some(newest[0].0), ..filter.clone() };
    assert_eq!(seen(store.cases_of(&mine, &page).await.unwrap()), newest[1..2]);
    let closed = ConsoleFilter { statuses: vec![Status::Solved, Status::Declined], ..filter.clone() };
    assert_eq!(seen(store.cases_of(&mine, &closed).await.unwrap()), newest[1..2]);
    let informed = store.cases_of(&other, &filter).await.unwrap();
    assert!(informed.len() == 4 && informed.iter().all(|row| row.role == Role::Informed));
    assert_eq!(store.case_of(&mine, newest[0].1).await.unwrap().unwrap().dispatch, newest[0].0);
    assert_eq!(store.case_of(&slug("niemand"), newest[0].1).await.unwrap(), None);
}
