use super::*;
use crate::testing;
use jiff::ToSpan as _;
use proptest::prelude::*;
use schemas::{
    Date,
    case::{Decision, Part, Role},
    reference::Reference,
    report::{Tell, Urgency},
};

fn at(minute: i64) -> Timestamp {
    testing::now() + minute.minutes()
}

fn routed() -> (Case, DispatchRow) {
    let dispatch = testing::dispatch("wegen", Role::Lead);
    let case = Case {
        id: dispatch.case_id,
        reference: Reference::from_number(1),
        status: Status::Routed,
        version: 2,
        lead: Some(dispatch.department.clone()),
        decision: None,
        rejected_by: Vec::new(),
        planned_on: None,
        // Our clock is an hour ahead of the department's: that must not matter.
        status_at: at(60),
        opened_at: at(59),
        closed_at: None,
        tell: Tell::Nothing,
        parts: Vec::new(),
        watch: Default::default(),
        check_at: None,
    };
    let row = DispatchRow::posted(dispatch.id, case.id, dispatch.department, Role::Lead, at(60));
    (case, row)
}

fn say(word: &str) -> Say {
    let text = || "woorden".to_owned();
    match word {
        "accept" => Say::Accept {},
        "reject" => Say::Reject { reason: text() },
        "note" => Say::Note { text: text() },
        "internal_note" => Say::InternalNote { text: text() },
        "plan" => Say::Plan { on: Date::constant(2026, 11, 30), text: None },
        "ask" => Say::Ask { text: text() },
        "done" => Say::Done { text: Some(text()), evidence: Vec::new() },
        other => panic!("{other}"),
    }
}

fn run(case: &mut Case, row: &DispatchRow, said: &[(i64, Say)]) -> Vec<Applied> {
    let dispatch = testing::dispatch("wegen", row.role);
    said.iter()
        .enumerate()
        .map(|(n, (minute, say))| {
            let update = testing::update(&n.to_string(), &dispatch, at(*minute), say.clone());
            apply(case, row, &update, &testing::city().calendar, at(100))
        })
        .collect()
}

fn words(applied: &[Applied]) -> String {
    let words: Vec<&str> = applied.iter().flat_map(|a| a.events.iter().map(What::word)).collect();
    words.join(" ")
}

#[test]
fn the_walk_and_its_detours() {
    type Row = (&'static [(i64, &'static str)], Status, &'static str);
    let rows: &[Row] = &[
        (&[(1, "accept")], Status::Accepted, "accepted"),
        (&[(1, "accept"), (2, "plan"), (3, "note"), (4, "done")], Status::Solved, "accepted planned note solved"),
        (&[(4, "done"), (2, "plan"), (1, "accept")], Status::Solved, "solved outdated outdated"),
        (&[(2, "plan"), (1, "accept"), (1, "note")], Status::Planned, "planned outdated note"),
        (&[(1, "done"), (1, "plan"), (1, "accept")], Status::Solved, "solved outdated outdated"),
        (&[(1, "accept"), (1, "done")], Status::Solved, "accepted solved"),
        (&[(1, "accept"), (1, "accept")], Status::Accepted, "accepted"),
        (&[(1, "reject")], Status::Received, "rejected"),
        (&[(1, "accept"), (2, "reject")], Status::Received, "accepted rejected"),
        (&[(3, "accept"), (2, "reject")], Status::Accepted, "accepted outdated internal_note"),
        (&[(2, "reject"), (3, "accept")], Status::Accepted, "rejected accepted"),
        (&[(2, "reject"), (2, "reject")], Status::Received, "rejected"),
        (&[(4, "done"), (5, "plan")], Status::Planned, "solved planned"),
        (&[(1, "internal_note"), (1, "note")], Status::Routed, "internal_note note"),
        (&[(1, "accept"), (2, "ask")], Status::Waiting, "accepted asked"),
        (&[(1, "ask"), (2, "ask")], Status::Waiting, "asked asked"),
        (&[(1, "ask"), (2, "done")], Status::Solved, "asked solved"),
        (&[(2, "ask"), (1, "plan")], Status::Waiting, "asked outdated"),
    ];
    for (said, status, events) in rows {
        let (mut case, row) = routed();
        let said: Vec<(i64, Say)> = said.iter().map(|(minute, word)| (*minute, say(word))).collect();
        let applied = run(&mut case, &row, &said);
        assert_eq!((case.status, words(&applied).as_str()), (*status, *events), "{said:?}");
        assert_eq!(case.closed_at.is_some(), case.status.is_closed());
        assert_eq!(case.rejected_by.is_empty(), case.status != Status::Received, "{said:?}");
    }
}

#[test]
fn who_takes_a_complaint_on_is_told_where_that_was_promised() {
    for promised in [None, Some(Date::constant(2026, 12, 1))] {
        let (mut case, row) = routed();
        case.decision = Some(Decision {
            rule: "r".into(),
            ruleset: "v".into(),
            assignments: Vec::new(),
            priority: Urgency::Normal,
            due_on: None,
            reasons: Vec::new(),
            alarm: None,
            answer: None,
            on_call: Vec::new(),
            acknowledge_by: promised,
            silent: None,
        });
        let applied = run(&mut case, &row, &[(1, say("accept"))]);
        assert!(matches!(applied[0].events[..], [What::Accepted { .. }]), "{applied:?}");
        assert_eq!(applied[0].events[0].is_told(), promised.is_some());
    }
}

#[test]
fn a_rejection_asks_for_another_desk_once() {
    let (mut case, row) = routed();
    let applied = run(&mut case, &row, &[(1, say("reject")), (1, say("reject"))]);
    assert_eq!(applied.iter().filter(|a| a.reroute).count(), 1);
    assert_eq!(case.rejected_by, [row.department]);
}

#[test]
fn words_that_come_too_late_are_kept() {
    let (mut case, row) = routed();
    let evidence = vec!["https://example.org/1.jpg".to_owned()];
    let late = Say::Done { text: Some("klaar".to_owned()), evidence };
    let applied = run(&mut case, &row, &[(5, say("plan")), (4, late)]);
    let Some(What::InternalNote { text, .. }) = applied[1].events.last() else { panic!("{applied:?}") };
    assert_eq!(text, "done (https://example.org/1.jpg): klaar");
    assert_eq!(case.status, Status::Planned);
}

#[test]
fn who_is_only_informed_changes_nothing() {
    for word in ["accept", "reject", "note", "plan", "done", "internal_note"] {
        let (mut case, mut row) = routed();
        row.role = Role::Informed;
        let before = case.clone();
        let applied = run(&mut case, &row, &[(99, say(word))]);
        assert_eq!(words(&applied), "internal_note", "{word}");
        assert_eq!(case, before, "{word}");
    }
}

#[test]
fn whoever_does_it_no_more_tells_the_resident_nothing() {
    let (mut case, row) = routed();
    case.lead = Some("groen".parse().unwrap());
    let applied = run(&mut case, &row, &[(61, say("note")), (62, say("ask"))]);
    assert_eq!(words(&applied), "internal_note outdated internal_note");
    // Who still has a part of it speaks, as the lead does.
    case.parts = vec![Part::new("groen".parse().unwrap(), at(60)), Part::new(row.department.clone(), at(60))];
    assert_eq!(words(&run(&mut case, &row, &[(61, say("note"))])), "note");
    case.parts.pop();
    assert_eq!(words(&run(&mut case, &row, &[(61, say("note"))])), "internal_note");
}

#[test]
fn what_was_said_before_our_own_decision_is_past() {
    // Reopened by the resident at minute 70: what the department says about the first dispatch
    // comes too late, what it says about the second counts.
    let (mut case, old) = routed();
    case.status_at = at(70);
    let applied = run(&mut case, &old, &[(99, say("done"))]);
    assert_eq!((case.status, words(&applied).as_str()), (Status::Routed, "outdated internal_note"));
    let new = DispatchRow { posted_at: at(70), ..old };
    let applied = run(&mut case, &new, &[(9, say("accept"))]);
    assert_eq!((case.status, words(&applied).as_str()), (Status::Accepted, "accepted"));
}

#[test]
fn a_later_day_than_promised_is_a_slip_and_waiting_moves_the_promise() {
    let day = |day: i8| Date::constant(2026, 11, day);
    let plan = |on: Date| Say::Plan { on, text: Some("na de vorst".to_owned()) };
    // Promised for Thursday 26 November; it is Monday the 23rd.
    let promised = || {
        let (mut case, row) = routed();
        case.watch.due_on = Some(day(26));
        (case, row)
    };
    for (said, events) in [
        (vec![(1, plan(day(25)))], "planned"),
        (vec![(1, plan(day(26)))], "planned"),
        (vec![(1, plan(day(27)))], "planned slipping"),
        (vec![(1, plan(day(25))), (2, plan(day(26)))], "planned planned slipping"),
        (vec![(1, plan(day(27))), (2, plan(day(26)))], "planned slipping planned"),
    ] {
        let (mut case, row) = promised();
        assert_eq!(words(&run(&mut case, &row, &said)), events, "{said:?}");
        assert_eq!(case.check_at, Some(at(100)), "the clock looks what is due now");
    }
    let (mut case, row) = promised();
    let applied = run(&mut case, &row, &[(1, plan(day(30)))]);
    let What::Slipping { was, expected, text, .. } = &applied[0].events[1] else { panic!("{applied:?}") };
    assert_eq!((*was, *expected, text.as_deref()), (day(26), Some(day(30)), Some("na de vorst")));
    // Who was told already that it takes longer is only told the day.
    let (mut case, row) = promised();
    case.watch.warned_of = Some(day(26));
    case.watch.news_by = Some(Date::constant(2026, 12, 10));
    assert_eq!(words(&run(&mut case, &row, &[(1, plan(day(30)))])), "planned");
    assert_eq!((case.watch.warned_of, case.watch.news_by), (None, None));

    // Asked on Monday, gone on with on Wednesday: the promise moves by two working days, over a weekend.
    let (mut case, row) = promised();
    run(&mut case, &row, &[(1, say("ask"))]);
    assert_eq!(case.watch.waiting_since, Some(at(1)));
    let calendar = &testing::city().calendar;
    let mut other = case.clone();
    assert_eq!(case.resume(calendar, at(2 * 24 * 60)), Status::Accepted);
    assert_eq!((case.due_on(), case.watch.waiting_since), (Some(day(30)), None));
    // An answer on the same day moves nothing; a planned day that is still to come stays planned.
    other.watch.waited_from = Some(Status::Planned);
    other.planned_on = Some(day(24));
    assert_eq!((other.resume(calendar, at(60)), other.due_on()), (Status::Planned, Some(day(26))));
}

#[test]
fn who_no_longer_leads_and_what_was_declined_stay_as_they_are() {
    let (mut case, row) = routed();
    case.lead = Some(testing::slug("groen"));
    assert_eq!(words(&run(&mut case, &row, &[(99, say("accept"))])), "outdated");
    let (mut case, row) = routed();
    case.status = Status::Declined;
    assert_eq!(words(&run(&mut case, &row, &[(99, say("accept"))])), "outdated");
    assert_eq!(case.status, Status::Declined);
}

/// A case that `wegen` leads and `groen` does a part of, with the dispatch of each.
fn split() -> (Case, [DispatchRow; 2]) {
    let (mut case, row) = routed();
    case.parts = ["wegen", "groen"].map(|name| Part::new(testing::slug(name), at(60))).to_vec();
    let other = testing::dispatch("groen", Role::Part);
    let other = DispatchRow::posted(other.id, case.id, other.department, Role::Part, at(60));
    (case, [row, other])
}

fn run_split(case: &mut Case, rows: &[DispatchRow; 2], said: &[(usize, i64, Say)]) -> Vec<Applied> {
    said.iter()
        .enumerate()
        .map(|(n, (who, minute, say))| {
            let row = &rows[*who];
            let dispatch = testing::dispatch(&row.department, row.role);
            let update = testing::update(&n.to_string(), &dispatch, at(*minute), say.clone());
            apply(case, row, &update, &testing::city().calendar, at(100))
        })
        .collect()
}

#[test]
fn a_case_that_two_departments_do_is_done_when_both_are() {
    type Row = (&'static [(usize, i64, &'static str)], Status, &'static str);
    let rows: &[Row] = &[
        (&[(0, 1, "accept")], Status::Accepted, "accepted"),
        (&[(0, 1, "done")], Status::Accepted, "part_solved"),
        (&[(0, 1, "done"), (1, 2, "done")], Status::Solved, "part_solved solved"),
        (&[(1, 2, "done"), (0, 1, "done")], Status::Solved, "part_solved solved"),
        (&[(0, 1, "plan"), (1, 1, "plan")], Status::Planned, "planned planned"),
        (&[(0, 1, "done"), (1, 1, "plan")], Status::Planned, "part_solved planned"),
        (&[(0, 1, "ask"), (1, 2, "done")], Status::Waiting, "asked part_solved"),
        (&[(0, 1, "ask"), (1, 2, "done"), (0, 3, "done")], Status::Solved, "asked part_solved solved"),
        (&[(0, 2, "done"), (0, 1, "accept")], Status::Accepted, "part_solved outdated"),
        (&[(0, 1, "done"), (1, 1, "done"), (1, 2, "accept")], Status::Accepted, "part_solved solved accepted"),
        (&[(1, 1, "reject")], Status::Routed, "rejected"),
        (&[(0, 1, "reject"), (1, 2, "accept")], Status::Received, "rejected accepted"),
        (&[(1, 1, "note"), (0, 1, "internal_note")], Status::Routed, "note internal_note"),
    ];
    for (said, status, events) in rows {
        let (mut case, rows) = split();
        let said: Vec<(usize, i64, Say)> = said.iter().map(|(who, minute, word)| (*who, *minute, say(word))).collect();
        let applied = run_split(&mut case, &rows, &said);
        assert_eq!((case.status, words(&applied).as_str()), (*status, *events), "{said:?}");
        assert_eq!(case.closed_at.is_some(), case.status.is_closed(), "{said:?}");
        assert_eq!(case.watch.waiting_since.is_some(), case.status == Status::Waiting, "{said:?}");
        assert_eq!(applied.iter().filter(|a| a.reroute).count(), events.matches("rejected").count(), "{said:?}");
    }
    // Who has no part of it changes nothing.
    let (mut case, [row, _]) = split();
    let stranger = DispatchRow { department: testing::slug("mobiliteit"), ..row };
    let applied = run(&mut case, &stranger, &[(1, say("done"))]);
    assert_eq!((case.status, words(&applied).as_str()), (Status::Routed, "outdated internal_note"));
}

fn any_say() -> impl Strategy<Value = Say> {
    prop::sample::select(vec!["accept", "reject", "note", "internal_note", "plan", "ask", "done"]).prop_map(say)
}

proptest! {
    #[test]
    fn any_order_and_any_repetition_end_alike(
        said in prop::collection::vec((0_i64..6, any_say()), 1..8),
        order in any::<prop::sample::Index>(),
        again in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        seed in any::<u64>(),
    ) {
        let (mut straight, row) = routed();
        run(&mut straight, &row, &said);

        // The same statements, turned, some of them twice.
        let mut shuffled = said.clone();
        shuffled.extend(again.iter().map(|index| said[index.index(said.len())].clone()));
        let turn = order.index(shuffled.len());
        shuffled.rotate_left(turn);
        let mut state = seed;
        for i in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            shuffled.swap(i, (state >> 33) as usize % (i + 1));
        }
        let (mut mixed, row) = routed();
        let applied = run(&mut mixed, &row, &shuffled);

        prop_assert_eq!(straight.status, mixed.status);
        prop_assert_eq!(straight.rejected_by, mixed.rejected_by);
        prop_assert_eq!(straight.status_at, mixed.status_at);
        // No word for the resident is lost.
        let notes = |said: &[(i64, Say)]| said.iter().filter(|(_, say)| say.word() == "note").count();
        let told = applied.iter().flat_map(|a| &a.events).filter(|what| what.word() == "note").count();
        prop_assert_eq!(told, notes(&shuffled));
    }

    #[test]
    fn parts_end_alike_in_any_order(
        said in prop::collection::vec((0_usize..2, 0_i64..6, any_say()), 1..8),
        swaps in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..8),
    ) {
        let (mut straight, rows) = split();
        run_split(&mut straight, &rows, &said);
        let mut shuffled = said.clone();
        for (a, b) in swaps {
            shuffled.swap(a.index(said.len()), b.index(said.len()));
        }
        let (mut mixed, rows) = split();
        run_split(&mut mixed, &rows, &shuffled);
        let ends = |case: &Case| case.parts.iter().map(|part| (part.status, part.status_at)).collect::<Vec<_>>();
        prop_assert_eq!(ends(&straight), ends(&mixed));
        prop_assert_eq!(straight.status, mixed.status);
    }
}
