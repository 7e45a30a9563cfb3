use super::*;
use crate::{
    intake::{
        IntakeTools,
        contest::{self, contest},
        reply::{self, reply},
    },
    testing::{self, Desk, routed, timeline, waiting},
    updates::letter as letter_of,
};
use schemas::{
    case::{Part, Role, Status},
    dispatch::Dispatch,
    slug::DepartmentId,
    trace::Trace,
};

fn by(letter: &Letter, id: &str, minute: i64, say: Say) -> Update {
    let dispatch: Dispatch = letter.read().unwrap();
    let at = testing::now() + jiff::Span::new().minutes(minute);
    testing::update(id, &dispatch, at, say)
}

async fn hear(tools: &IntakeTools, updates: &[Update]) -> Vec<Verdict> {
    let worker = AnswersWorker::new(tools.city.clone(), tools.clock.clone());
    let letters: Vec<Letter> =
        updates.iter().map(|update| letter_of(update, testing::case_id(), Trace::start(), tools.clock.now())).collect();
    let mut tx = tools.store.begin().await.unwrap();
    let verdicts = worker.apply(&mut tx, &letters).await.unwrap();
    tx.commit().await.unwrap();
    verdicts
}

fn done(text: &str) -> Say {
    Say::Done { text: Some(text.to_owned()), evidence: vec!["https://example.org/1.jpg".to_owned()] }
}

async fn the_walk_is_heard_once_in_whatever_batches_it_comes((hands, _folder, tools): Desk) {
    let letter = routed(&tools, testing::FETCHES, Role::Lead).await;
    let case = letter.case_id.unwrap();
    hands.pass(3600);
    let accept = by(&letter, "a", 1, Say::Accept {});
    let plan = by(&letter, "b", 2, Say::Plan { on: schemas::Date::constant(2026, 11, 30), text: None });
    let finish = by(&letter, "c", 3, done("klaar"));
    let verdicts = hear(&tools, &[accept.clone(), accept.clone(), plan.clone()]).await;
    assert!(verdicts.iter().all(|v| *v == Verdict::done()));
    hear(&tools, &[accept, plan, finish]).await;
    assert_eq!(timeline(&tools.store, case).await, "received accepted planned solved");
    let kept = tools.store.case(case).await.unwrap().unwrap();
    assert_eq!((kept.status, kept.version), (Status::Solved, 5));
    assert!(kept.planned_on.is_some() && kept.closed_at.is_some());
    // Who answers has it, even if we never heard that it arrived.
    let row = &tools.store.dispatches_of(case).await.unwrap()[0];
    assert_eq!(row.state, DispatchState::Delivered);
    assert_eq!(row.answered_at, Some(testing::now() + jiff::Span::new().minutes(3)));
}

async fn strangers_and_nonsense_are_refused_with_the_reason_and_sink_nobody_else((_hands, _folder, tools): Desk) {
    let letter = routed(&tools, testing::FETCHES, Role::Lead).await;
    let good = by(&letter, "good", 0, Say::Accept {});
    let mut stranger = by(&letter, "x", 0, Say::Accept {});
    stranger.department = testing::slug(testing::PUSHED);
    let mut nobody = by(&letter, "x", 0, Say::Accept {});
    nobody.department = testing::slug("nobody");
    let mut unknown = by(&letter, "y", 0, Say::Accept {});
    unknown.dispatch = testing::case_id();
    let empty = by(&letter, "z", 0, Say::Note { text: " \u{202e} ".to_owned() });
    let verdicts = hear(&tools, &[stranger, nobody, unknown, empty, good]).await;
    for (verdict, part) in
        verdicts.iter().zip(["is publieke-ruimte-groen's", "no department nobody", "no dispatch", "/say/text"])
    {
        assert!(
            matches!(verdict, Verdict::Never { why, fault: Fault::Refused } if why.contains(part)),
            "{part}: {verdict:?}"
        );
    }
    assert_eq!(verdicts.last(), Some(&Verdict::done()));
    assert_eq!(timeline(&tools.store, letter.case_id.unwrap()).await, "received accepted");

    let mut garbage = letter;
    garbage.body = serde_json::value::to_raw_value(&[1]).unwrap().into();
    let worker = AnswersWorker::new(tools.city.clone(), tools.clock.clone());
    let mut tx = tools.store.begin().await.unwrap();
    let verdicts = worker.apply(&mut tx, &[garbage]).await.unwrap();
    assert!(matches!(&verdicts[0], Verdict::Never { .. }));
}

async fn only_who_may_says_that_news_is_critical((_hands, _folder, mut tools): Desk) {
    let letter = routed(&tools, testing::FETCHES, Role::Lead).await;
    let case = letter.case_id.unwrap();
    let note = |id: &str| Say::Note { text: format!("blijf weg van het water ({id})") };
    let critical = |id: &str, say: Say| Update { critical: true, ..by(&letter, id, 0, say) };
    let refused = |verdict: &Verdict, part: &str| matches!(verdict, Verdict::Never { why, fault: Fault::Refused } if why.contains(part));
    let verdicts = hear(&tools, &[critical("a", note("a")), by(&letter, "b", 0, note("b"))]).await;
    assert!(refused(&verdicts[0], "/critical: this department may not say"), "{verdicts:?}");
    assert_eq!(verdicts[1], Verdict::done());

    tools.city = testing::city_where_critical(testing::FETCHES);
    let verdicts = hear(&tools, &[critical("c", note("c")), critical("d", Say::Accept {})]).await;
    assert_eq!(verdicts[0], Verdict::done());
    assert!(refused(&verdicts[1], "/critical: nobody is sent a message of `accept`"), "{verdicts:?}");
    let events = tools.store.timeline(case, false).await.unwrap();
    let kept: Vec<_> = events.iter().map(|event| (event.what.word(), event.critical)).collect();
    assert_eq!(kept, [("received", false), ("note", false), ("note", true)]);
}

async fn what_is_not_theirs_goes_back_to_the_router_once((_hands, _folder, tools): Desk) {
    let letter = routed(&tools, testing::FETCHES, Role::Lead).await;
    let case = letter.case_id.unwrap();
    waiting(&tools.store, &Lane::router()).await;
    let reject = by(&letter, "a", 0, Say::Reject { reason: "niet van ons".to_owned() });
    hear(&tools, std::slice::from_ref(&reject)).await;
    hear(&tools, &[reject]).await;
    let asked = waiting(&tools.store, &Lane::router()).await;
    let why: Vec<Received> = asked.iter().map(|letter| letter.read().unwrap()).collect();
    assert_eq!(why.len(), 1);
    assert_eq!(why[0].report, case);
    assert_eq!(why[0].why, Why::Rejected { department: testing::slug(testing::FETCHES) });
    let version = tools.store.case(case).await.unwrap().unwrap().version.to_string();
    assert_eq!(asked[0].id, derived(&["reroute", &case.to_string(), testing::FETCHES, &version]));
    assert_eq!(timeline(&tools.store, case).await, "received rejected");
}

async fn a_clock_that_runs_ahead_does_not_lock_the_case((hands, _folder, tools): Desk) {
    let letter = routed(&tools, testing::FETCHES, Role::Lead).await;
    hear(&tools, &[by(&letter, "a", 60 * 24 * 365, Say::Accept {})]).await;
    hands.pass(600);
    hear(&tools, &[by(&letter, "b", 5, done("klaar"))]).await;
    assert_eq!(timeline(&tools.store, letter.case_id.unwrap()).await, "received accepted solved");
}

async fn a_clock_that_stands_still_moves_no_term_and_makes_nobody_silent((hands, _folder, tools): Desk) {
    let letter = routed(&tools, testing::FETCHES, Role::Lead).await;
    let case = letter.case_id.unwrap();
    let mut tx = tools.store.begin().await.unwrap();
    let mut kept = tx.lock_cases(&[case]).await.unwrap().remove(&case).unwrap();
    kept.watch.due_on = Some(schemas::Date::constant(2026, 12, 1));
    tx.save_cases(&[kept]).await.unwrap();
    tx.commit().await.unwrap();
    let token = tools.store.report(case).await.unwrap().unwrap().token;
    // A controller without a battery believes that it is 1970.
    let dispatch: Dispatch = letter.read().unwrap();
    let ask = Say::Ask { text: "Aan welke kant?".to_owned() };
    hands.pass(3600);
    hear(&tools, &[testing::update("a", &dispatch, "1970-01-01T00:00:07Z".parse().unwrap(), ask)]).await;
    assert!(matches!(reply(&tools, &token, None, "links", Trace::start()).await, reply::Outcome::Replied(_)));
    let kept = tools.store.case(case).await.unwrap().unwrap();
    assert_eq!(kept.due_on(), Some(schemas::Date::constant(2026, 12, 1)), "it was answered on the same day");
    let row = &tools.store.dispatches_of(case).await.unwrap()[0];
    assert_eq!(row.answered_at, Some(tools.clock.now()), "silent since 1970 it was not");
}

async fn solved_can_be_contested_with_one_tap_once((hands, _folder, tools): Desk) {
    let letter = routed(&tools, testing::FETCHES, Role::Lead).await;
    let case = letter.case_id.unwrap();
    let token = tools.store.report(case).await.unwrap().unwrap().token;
    let ask = |words| contest(&tools, &token, words, Trace::start());
    assert!(matches!(ask(None).await, contest::Outcome::NotSolved(_, Status::Routed)));
    hear(&tools, &[by(&letter, "a", 0, done("klaar"))]).await;
    waiting(&tools.store, &Lane::router()).await;

    let long = "x".repeat(contest::MAX_WORDS + 1);
    assert!(matches!(ask(Some(&long)).await, contest::Outcome::Invalid(_)));
    assert!(matches!(contest(&tools, "nobody", None, Trace::start()).await, contest::Outcome::Unknown));
    hands.pass(60);
    assert!(matches!(ask(Some("nog altijd kapot")).await, contest::Outcome::Reopened(_)));
    assert!(matches!(ask(Some("nog altijd kapot")).await, contest::Outcome::NotSolved(_, Status::Routed)));
    assert_eq!(timeline(&tools.store, case).await, "received solved reopened");
    let asked = waiting(&tools.store, &Lane::router()).await;
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].read::<Received>().unwrap().why, Why::Reopened { text: Some("nog altijd kapot".into()) });

    // What the department said before it knew comes too late.
    hear(&tools, &[by(&letter, "b", 0, done("echt klaar"))]).await;
    assert_eq!(timeline(&tools.store, case).await, "received solved reopened outdated internal_note");
}

async fn a_question_is_answered_once_and_the_department_hears_it((hands, _folder, tools): Desk) {
    let letter = routed(&tools, testing::FETCHES, Role::Lead).await;
    let case = letter.case_id.unwrap();
    let token = tools.store.report(case).await.unwrap().unwrap().token;
    let long = "x".repeat(reply::MAX_WORDS + 1);
    let say = |asked, words| reply(&tools, &token, asked, words, Trace::start());
    assert!(matches!(say(None, "links").await, reply::Outcome::NotAsked(_, Status::Routed)));
    assert!(matches!(reply(&tools, "nobody", None, "links", Trace::start()).await, reply::Outcome::Unknown));
    hands.pass(60);
    let ask = |text: &str| Say::Ask { text: text.to_owned() };
    hear(&tools, &[by(&letter, "a", 1, ask("Aan welke kant?"))]).await;
    let waits = tools.store.case(case).await.unwrap().unwrap();
    assert_eq!((waits.status, waits.watch.waited_from), (Status::Waiting, Some(Status::Routed)));

    assert!(matches!(say(Some(3), " \n ").await, reply::Outcome::Invalid(_)));
    assert!(matches!(say(Some(3), &long).await, reply::Outcome::Invalid(_)));
    // Two tabs with the same form, at the same moment.
    let (a, b) = tokio::join!(say(Some(3), "links"), say(Some(3), "links"));
    assert!(matches!((a, b), (reply::Outcome::Replied(_), reply::Outcome::Replied(_))));
    assert_eq!(timeline(&tools.store, case).await, "received asked replied");
    assert!(matches!(say(Some(3), "rechts").await, reply::Outcome::NotAsked(_, Status::Accepted)));
    let mut passed: Vec<Why> = waiting(&tools.store, &Lane::router())
        .await
        .iter()
        .map(|letter| letter.read::<Received>().unwrap().why)
        .collect();
    passed.retain(|why| *why != Why::New);
    let department = testing::slug(testing::FETCHES);
    assert_eq!(passed, [Why::Replied { department, text: "links".into() }]);

    // An old form does not answer a new question.
    hands.pass(60);
    hear(&tools, &[by(&letter, "b", 2, ask("En hoe diep?"))]).await;
    assert!(matches!(say(Some(3), "links").await, reply::Outcome::AskedAnew(_)));
    assert!(matches!(say(Some(5), "een meter").await, reply::Outcome::Replied(_)));
    assert_eq!(timeline(&tools.store, case).await, "received asked replied asked replied");
}

async fn each_of_two_questions_has_its_own_answer((hands, _folder, tools): Desk) {
    let letter = routed(&tools, testing::FETCHES, Role::Lead).await;
    let case = letter.case_id.unwrap();
    let token = tools.store.report(case).await.unwrap().unwrap().token;
    let mut tx = tools.store.begin().await.unwrap();
    let mut kept = tx.lock_cases(&[case]).await.unwrap().remove(&case).unwrap();
    let [lead, other] = [testing::FETCHES, testing::PUSHED].map(testing::slug);
    kept.parts = [&lead, &other].map(|id| Part::new(id.clone(), testing::now())).to_vec();
    let mut part: Dispatch = letter.read().unwrap();
    (part.id, part.department, part.role) = (derived(&["part"]), other.clone(), Role::Part);
    tx.save_cases(&[kept]).await.unwrap();
    tx.add_dispatches(&[DispatchRow::posted(part.id, case, other.clone(), Role::Part, testing::now())]).await.unwrap();
    tx.commit().await.unwrap();
    waiting(&tools.store, &Lane::router()).await;
    hands.pass(600);
    let ask = |text: &str| Say::Ask { text: text.to_owned() };
    let at = testing::now() + jiff::Span::new().minutes(2);
    hear(&tools, &[by(&letter, "a", 1, ask("Welke kleur?")), testing::update("b", &part, at, ask("Mogen we binnen?"))])
        .await;
    let say = |asked, words| reply(&tools, &token, asked, words, Trace::start());
    let now_asked = async || {
        let kept = tools.store.case(case).await.unwrap().unwrap();
        let events = tools.store.timeline(case, true).await.unwrap();
        let text = schemas::reply::question(&kept, &events).map(|(_, _, text)| text.to_owned());
        (kept.status, text)
    };
    assert_eq!(now_asked().await, (Status::Waiting, Some("Mogen we binnen?".to_owned())));
    for _ in 0..2 {
        assert!(matches!(say(Some(4), "Ja").await, reply::Outcome::Replied(_)), "twice is once");
    }
    assert_eq!(now_asked().await, (Status::Waiting, Some("Welke kleur?".to_owned())));
    assert!(matches!(say(Some(4), "Nee").await, reply::Outcome::AskedAnew(_)));
    assert!(matches!(say(Some(3), "Rood").await, reply::Outcome::Replied(_)));
    assert_eq!(now_asked().await, (Status::Accepted, None));
    let heard: Vec<Why> =
        waiting(&tools.store, &Lane::router()).await.iter().map(|l| l.read::<Received>().unwrap().why).collect();
    let replied =
        |department: &DepartmentId, text: &str| Why::Replied { department: department.clone(), text: text.into() };
    assert!(heard.len() == 2 && heard.contains(&replied(&other, "Ja")) && heard.contains(&replied(&lead, "Rood")));
}

#[test]
fn words_are_cleaned_and_bounded() {
    let dispatch = testing::dispatch(testing::FETCHES, Role::Lead);
    let check = |id: &str, say: Say| {
        check_words(testing::update(id, &dispatch, testing::now(), say))
            .map_err(|faults| faults.iter().map(|f| format!("{} {}", f.field, f.code)).collect::<Vec<_>>().join(", "))
    };
    let text = |text: &str| text.to_owned();
    let long = "x".repeat(MAX_TEXT + 1);
    let urls = |urls: &[&str]| Say::Done { text: None, evidence: urls.iter().map(|u| (*u).to_owned()).collect() };
    let refer = |to: &str, phone: Option<&str>, url: Option<&str>| Say::Refer {
        to: text(to),
        phone: phone.map(text),
        url: url.map(text),
        text: None,
    };
    let plan = |year: i16, text| Say::Plan { on: schemas::Date::constant(year, 1, 1), text };
    for (id, say, wrong) in [
        ("", Say::Accept {}, "/id malformed"),
        ("a b", Say::Accept {}, "/id malformed"),
        ("a", Say::Reject { reason: text("\0") }, "/say/reason required"),
        ("a", Say::Note { text: long.clone() }, "/say/text too_long"),
        ("a", plan(2026, Some(long)), "/say/text too_long, /say/on out_of_range"),
        ("a", plan(2047, None), "/say/on out_of_range"),
        ("a", urls(&["javascript:alert(1)"]), "/say/evidence/0 malformed"),
        ("a", urls(&["https://ok.example", "https://u:p@x.example/"]), "/say/evidence/1 malformed"),
        ("a", urls(&["https://x.example"; 11]), "/say/evidence too_many"),
        ("a", urls(&["https://x.example/\0"]), "/say/evidence/0 malformed"),
        ("a", urls(&["ht\ntps://x.example/"]), "/say/evidence/0 malformed"),
        ("a", refer(&"x".repeat(201), None, None), "/say/to too_long"),
        ("a", refer("Fluvius", Some(&"1".repeat(101)), None), "/say/phone too_long"),
        ("a", refer("Fluvius", None, Some("javascript:alert(1)")), "/say/url malformed"),
        ("a", refer("Fluvius", None, Some("https://u:p@x.example/")), "/say/url malformed"),
        ("a", refer("Fluvius", None, Some("www.fluvius.example")), "/say/url malformed"),
    ] {
        assert_eq!(check(id, say), Err(wrong.to_owned()));
    }
    let cleaned = check("a", Say::Note { text: text(" a\u{202e}b\r\n ") }).unwrap();
    assert_eq!(cleaned.say, Say::Note { text: text("ab") });
    let referred = check("a", refer("Flu\nvius", Some("078\0 35"), Some(" https://x.example/\0 "))).unwrap();
    assert_eq!(referred.say, refer("Flu vius", Some("078 35"), Some("https://x.example/")));
    assert_eq!(check("a", refer("x", Some(" "), Some(" "))).unwrap().say, refer("x", None, None));
    let nothing = check("a", Say::Done { text: Some(text(" ")), evidence: Vec::new() }).unwrap();
    assert_eq!(nothing.say, Say::Done { text: None, evidence: Vec::new() });
}

testing::both! {
    only_who_may_says_that_news_is_critical,
    the_walk_is_heard_once_in_whatever_batches_it_comes,
    strangers_and_nonsense_are_refused_with_the_reason_and_sink_nobody_else,
    what_is_not_theirs_goes_back_to_the_router_once,
    a_clock_that_runs_ahead_does_not_lock_the_case,
    a_clock_that_stands_still_moves_no_term_and_makes_nobody_silent,
    solved_can_be_contested_with_one_tap_once,
    a_question_is_answered_once_and_the_department_hears_it,
    each_of_two_questions_has_its_own_answer,
}
