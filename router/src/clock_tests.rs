use super::*;
use crate::testing::{at, city, slug};
use proptest::prelude::*;
use schemas::{
    Uuid,
    case::{Decision, Part, Watch},
    reference::Reference,
    report::{Tell, Urgency},
};

/// A case of `roads`, handed out on Wednesday 4 March 2026 at 11:00 in Brussels, due on the 11th.
fn case() -> Case {
    let opened = at("2026-03-04T10:00:00Z");
    Case {
        id: Uuid::nil(),
        reference: Reference::from_number(1),
        status: Status::Routed,
        version: 2,
        lead: Some(slug("green")),
        decision: Some(Decision {
            rule: "r".into(),
            ruleset: "v".into(),
            assignments: Vec::new(),
            priority: Urgency::Normal,
            due_on: None,
            reasons: Vec::new(),
            alarm: None,
            answer: None,
            on_call: Vec::new(),
            acknowledge_by: None,
            silent: None,
        }),
        rejected_by: Vec::new(),
        planned_on: None,
        status_at: opened,
        opened_at: opened,
        closed_at: None,
        tell: Tell::Email,
        parts: Vec::new(),
        watch: Watch::default(),
        check_at: None,
    }
}

fn due(mut case: Case, day: &str) -> Case {
    case.decision.as_mut().unwrap().due_on = Some(day.parse().unwrap());
    case
}

fn row(department: &str, state: DispatchState) -> DispatchRow {
    let posted = at("2026-03-04T10:00:00Z");
    let row = DispatchRow::posted(Uuid::nil(), Uuid::nil(), slug(department), Role::Lead, posted);
    DispatchRow { state, ..row }
}

fn remind(nth: u32, of: Of) -> Step {
    Step::Remind { department: slug("green"), nth, of }
}

fn say(step: Option<(Timestamp, Step)>) -> Option<(String, Step)> {
    step.map(|(at, step)| (at.to_string(), step))
}

#[test]
fn a_kind_has_a_clock_of_its_own() {
    let city = city(&[]);
    let delivered = [row("green", DispatchState::Delivered)];
    let with = |silent: Option<u32>, by: Option<&str>| {
        let mut case = case();
        let decision = case.decision.as_mut().unwrap();
        decision.silent = silent;
        decision.acknowledge_by = by.map(|day| day.parse().unwrap());
        case
    };
    let step = |case: &Case| say(next(case, &delivered, &city));
    let escalate = |unreached| Step::Escalate { department: slug("green"), unreached };
    assert_eq!(step(&with(Some(0), None)), None, "never reminded");
    let later = step(&with(Some(4), None)).unwrap();
    assert!(later.0 > step(&case()).unwrap().0, "{later:?}");
    // Saturday 14 March: somebody looks after it on the Friday morning, also of who is never reminded.
    let by = Some("2026-03-14");
    assert_eq!(step(&with(Some(0), by)), Some(("2026-03-13T08:00:00Z".into(), escalate(false))));
    assert_eq!(step(&with(None, by)), step(&case()), "a reminder comes before");
    let mut taken = with(Some(0), by);
    taken.status = Status::Accepted;
    assert_eq!(step(&taken), None, "somebody took it");
    let mut again = with(Some(0), by);
    again.status_at = at("2026-04-01T10:00:00Z");
    assert_eq!(step(&again), None, "it was taken before, and is open again");
    let mut looked_after = with(Some(0), by);
    looked_after.watch.silence.escalated = true;
    assert_eq!(step(&looked_after), None);
}

#[test]
fn a_silent_department_is_reminded_twice_and_then_looked_after() {
    let city = city(&[]);
    let delivered = [row("green", DispatchState::Delivered)];
    let mut case = case();
    let mut steps = Vec::new();
    while let Some((at, step)) = next(&case, &delivered, &city) {
        match &step {
            Step::Remind { nth, .. } => {
                case.watch.silence.reminded = *nth;
                case.watch.silence.reminded_at = Some(at);
            }
            Step::Escalate { .. } => case.watch.silence.escalated = true,
            other => panic!("{other:?}"),
        }
        steps.push((at.to_string(), step));
    }
    let expected = [
        ("2026-03-06T10:00:00Z", remind(1, Of::Silence)),
        ("2026-03-10T10:00:00Z", remind(2, Of::Silence)),
        ("2026-03-12T10:00:00Z", Step::Escalate { department: slug("green"), unreached: false }),
    ];
    assert_eq!(steps, expected.map(|(at, step)| (at.to_owned(), step)));
}

#[test]
fn what_is_due_next_and_when() {
    let city = city(&[]);
    let escalate = |unreached| Step::Escalate { department: slug("green"), unreached };
    let slip = |was: &str| Step::Slip { department: slug("green"), was: was.parse().unwrap() };
    let change = |change: fn(&mut Case)| {
        let mut case = case();
        change(&mut case);
        case
    };
    let delivered = row("green", DispatchState::Delivered);
    let wrote = DispatchRow { answered_at: Some(at("2026-03-05T14:00:00Z")), ..delivered.clone() };
    let posted = row("green", DispatchState::Posted);
    for (name, case, row, expected) in [
        (
            "who wrote a note is left alone as long again",
            case(),
            &wrote,
            Some(("2026-03-09T14:00:00Z", remind(1, Of::Silence))),
        ),
        (
            "what did not arrive is looked after at once",
            case(),
            &posted,
            Some(("2026-03-06T10:00:00Z", escalate(true))),
        ),
        (
            "who took it without a term says something now and then",
            change(|case| case.status = Status::Accepted),
            &delivered,
            Some(("2026-03-18T10:00:00Z", remind(1, Of::Silence))),
        ),
        (
            "the term is near: told before it is over",
            due(change(|case| case.status = Status::Accepted), "2026-03-11"),
            &delivered,
            Some(("2026-03-10T08:00:00Z", slip("2026-03-11"))),
        ),
        (
            "a term of one day is told on that day",
            due(change(|case| case.status = Status::Accepted), "2026-03-05"),
            &delivered,
            Some(("2026-03-05T08:00:00Z", slip("2026-03-05"))),
        ),
        (
            "a term of today is told before the office closes",
            due(change(|case| case.status = Status::Accepted), "2026-03-04"),
            &delivered,
            Some(("2026-03-04T16:00:00Z", slip("2026-03-04"))),
        ),
        (
            "the day that it named is past: asked the next morning",
            change(|case| {
                case.status = Status::Planned;
                case.planned_on = Some("2026-03-06".parse().unwrap());
            }),
            &delivered,
            Some(("2026-03-09T08:00:00Z", remind(1, Of::Day("2026-03-06".parse().unwrap())))),
        ),
        (
            "and told in the evening",
            change(|case| {
                case.status = Status::Planned;
                case.planned_on = Some("2026-03-06".parse().unwrap());
                case.watch.silence.reminded = 1;
                case.watch.silence.reminded_at = Some(at("2026-03-09T08:00:00Z"));
            }),
            &delivered,
            Some(("2026-03-09T16:00:00Z", slip("2026-03-06"))),
        ),
        (
            "news that was promised is a promise",
            due(
                change(|case| {
                    case.status = Status::Accepted;
                    case.watch.warned_of = Some("2026-03-11".parse().unwrap());
                    case.watch.news_by = Some("2026-03-25".parse().unwrap());
                }),
                "2026-03-11",
            ),
            &delivered,
            Some(("2026-03-24T08:00:00Z", slip("2026-03-11"))),
        ),
        (
            "the resident is asked: nobody else is hurried",
            due(
                change(|case| {
                    case.status = Status::Waiting;
                    case.watch.waiting_since = Some(at("2026-03-04T12:00:00Z"));
                }),
                "2026-03-05",
            ),
            &delivered,
            Some(("2026-03-11T12:00:00Z", Step::AskAgain)),
        ),
        (
            "and asked once more",
            change(|case| {
                case.status = Status::Waiting;
                case.watch.waiting_since = Some(at("2026-03-04T12:00:00Z"));
                case.watch.nudged_at = Some(at("2026-03-11T12:00:00Z"));
            }),
            &delivered,
            Some(("2026-03-18T12:00:00Z", Step::GoOn)),
        ),
        ("nor when it is over", change(|case| case.status = Status::Solved), &delivered, None),
    ] {
        let expected = expected.map(|(at, step)| (at.to_owned(), step));
        assert_eq!(say(next(&case, std::slice::from_ref(row), &city)), expected, "{name}");
    }
    // A queue that nobody empties still takes a reminder.
    let mut case = case();
    case.lead = Some(slug("roads"));
    let step = next(&case, &[row("roads", DispatchState::Posted)], &city);
    assert!(matches!(step, Some((_, Step::Remind { .. }))), "{step:?}");
}

#[test]
fn each_part_has_a_patience_of_its_own() {
    let city = city(&[]);
    let mut case = case();
    let part = |department: &str, status| Part {
        department: slug(department),
        status,
        status_at: case.status_at,
        planned_on: None,
        silence: Silence::default(),
    };
    let parts = vec![part("green", Status::Accepted), part("lamps", Status::Routed)];
    case.parts = parts;
    case.status = Status::Accepted;
    let lamps = DispatchRow { role: Role::Part, ..row("lamps", DispatchState::Delivered) };
    let rows = [row("green", DispatchState::Delivered), lamps];
    let expected = Step::Remind { department: slug("lamps"), nth: 1, of: Of::Silence };
    assert_eq!(say(next(&case, &rows, &city)), Some(("2026-03-06T10:00:00Z".to_owned(), expected)));
}

#[test]
fn a_city_sets_its_patience() {
    let own = |silent: Option<u32>| {
        let mut city = city(&[]);
        city.departments.iter_mut().for_each(|department| department.silent = silent);
        next(&case(), &[row("green", DispatchState::Delivered)], &city).map(|(at, _)| at.to_string())
    };
    assert_eq!(own(Some(1)).as_deref(), Some("2026-03-05T10:00:00Z"));
    assert_eq!(own(Some(0)), None, "never");
    assert_eq!(own(None).as_deref(), Some("2026-03-06T10:00:00Z"));
}

proptest! {
    /// Whatever is due, doing it at its time leaves something due later, in office hours.
    #[test]
    fn the_clock_always_moves_on(
        hour in 0..2_000_i64, accepted in any::<bool>(), term in proptest::option::of(0..40_i64), arrived in any::<bool>(),
        silent in 1..6_u32, warn in 0..8_u32, news in 0..8_u32,
    ) {
        let mut city = city(&[]);
        city.patience = schemas::city::Patience { silent, reminders: 2, warn, news, answer: 5 };
        let mut case = case();
        case.status_at += jiff::SignedDuration::from_hours(hour);
        if accepted {
            case.status = Status::Accepted;
        }
        let posted = city.calendar.date(case.status_at);
        case.decision.as_mut().unwrap().due_on = term.map(|days| posted.saturating_add(jiff::Span::new().days(days)));
        let rows = [DispatchRow { posted_at: case.status_at, ..row("green", if arrived { DispatchState::Delivered } else { DispatchState::Posted }) }];
        let mut now = case.status_at;
        for _ in 0..30 {
            let Some((at, step)) = next(&case, &rows, &city) else { break };
            now = now.max(at);
            match step {
                Step::Remind { nth, .. } => case.watch.silence = Silence { reminded: nth, reminded_at: Some(now), escalated: false },
                Step::Escalate { .. } => case.watch.silence.escalated = true,
                Step::Slip { was, .. } => {
                    case.watch.warned_of = Some(was);
                    case.watch.news_by = Some(news_by(&city, was, city.calendar.date(now)));
                }
                Step::AskAgain | Step::GoOn => unreachable!("nobody was asked"),
            }
            if let Some((then, step)) = next(&case, &rows, &city) {
                let same = matches!(step, Step::Slip { .. }) && then <= now;
                prop_assert!(!same, "told twice at {now}: {step:?} {then}");
            }
        }
    }
}
