//! The clock against a real store: what it leaves behind, once, whoever looks.

use super::bed::{Bed, RULES, both, decide_again, worker};
use crate::{ClockWorker, testing::slug};
use schemas::{
    Uuid,
    case::{Role, Status},
    dispatch::{AgainWhy, DispatchState},
    event::{CaseEvent, What},
    id::derived,
    letter::{Lane, Letter},
    report::{TRIAL_CHANNEL, Tell, Why},
    task::Kind,
    trace::Trace,
};

both!(
    a_silent_department_is_reminded_and_looked_after_once_each,
    what_does_not_arrive_is_looked_after_without_a_reminder,
    an_answer_ends_the_silence,
    a_test_case_is_left_alone,
    a_case_that_cannot_be_read_does_not_stop_the_clock,
    nothing_is_due_before_its_time,
    who_does_not_answer_is_asked_once_more_and_then_it_goes_on,
    an_answer_goes_to_who_asked,
    what_is_written_back_answers_the_question_or_reaches_who_has_it,
);

/// As two processes look at the same moment; gives what the case has on its timeline since `known`.
async fn look(bed: &Bed, at: &str, id: Uuid, known: &mut usize) -> Vec<&'static str> {
    bed.wind(at);
    let other = bed.other().await;
    let (one, two) = (ClockWorker::new(bed.worker.clone()), ClockWorker::new(worker(&other, RULES)));
    let (a, b) = tokio::join!(one.once(), two.once());
    a.unwrap();
    b.unwrap();
    let words = bed.words(id).await;
    let new = words[*known..].iter().map(|(_, word)| *word).collect();
    *known = words.len();
    new
}

async fn a_silent_department_is_reminded_and_looked_after_once_each(bed: Bed) {
    let (id, letter) = bed.report("road/hole", Some(3.5)).await;
    bed.apply(&[letter]).await;
    let first = bed.work(Lane::queue(&slug("roads"))).await.remove(0);
    bed.take(&Lane::queue(&slug("police"))).await;
    let mut known = 2;
    // Due on Monday 9 March: told on the working day before.
    for (at, expected) in [
        ("2026-03-05T10:00:00Z", &[][..]),
        ("2026-03-06T08:00:00Z", &["slipping", "reminded"]),
        ("2026-03-06T08:00:01Z", &[]),
        ("2026-03-10T08:00:00Z", &["reminded"]),
        ("2026-03-12T08:00:00Z", &["escalated"]),
        ("2026-03-19T08:00:00Z", &[]),
        ("2026-03-20T08:00:00Z", &["slipping", "reminded"]),
    ] {
        assert_eq!(look(&bed, at, id, &mut known).await, expected, "{at}");
    }
    // Nobody acknowledged the first one, so it is there again too.
    let mut again = bed.work(Lane::queue(&slug("roads"))).await;
    again.retain(|dispatch| dispatch.id != first.id);
    assert_eq!(again.len(), 3, "each reminder is one letter, whoever looked");
    for dispatch in &again {
        let why = dispatch.again.as_ref().unwrap();
        assert_eq!((why.why, why.first, dispatch.contact.is_some()), (AgainWhy::Reminder, first.id, true));
        assert!(why.text.as_ref().unwrap().contains("maart") || why.text.as_ref().unwrap().contains("nog niets"));
    }
    let informed = bed.work(Lane::queue(&slug("police"))).await;
    assert!(informed.iter().all(|dispatch| dispatch.again.is_none()), "who is informed is not reminded");

    let tasks = bed.store.tasks_of(id).await.unwrap();
    assert_eq!(tasks.len(), 1);
    let (task, newest) = (&tasks[0], again.iter().find(|dispatch| dispatch.version == 5).unwrap());
    assert_eq!((task.kind, &task.desk, &task.department), (Kind::Chase, &slug("desk"), &slug("roads")));
    assert_eq!(task.dispatch, Some(newest.id), "what the operator enters is about what the department has");
    let slips = bed.store.timeline(id, true).await.unwrap().into_iter().filter_map(|event| match event.what {
        What::Slipping { was, news_by, expected, .. } => {
            Some((was.to_string(), news_by.unwrap().to_string(), expected))
        }
        _ => None,
    });
    let slips: Vec<_> = slips.collect();
    let told = |news_by: &str| ("2026-03-09".to_owned(), news_by.to_owned(), None);
    assert_eq!(slips, [told("2026-03-23"), told("2026-04-03")]);
}

async fn what_does_not_arrive_is_looked_after_without_a_reminder(bed: Bed) {
    let (id, letter) = bed.report("road/hole", Some(4.5)).await;
    bed.apply(&[letter]).await;
    assert_eq!(bed.work(Lane::department(&slug("green"))).await.len(), 1);
    let mut known = 2;
    assert_eq!(look(&bed, "2026-03-06T10:00:00Z", id, &mut known).await, ["escalated"]);
    let still = bed.work(Lane::department(&slug("green"))).await;
    assert_eq!((still.len(), &still[0].again), (1, &None), "only what waits there already");
    assert_eq!(bed.store.tasks_of(id).await.unwrap().len(), 1);
}

async fn an_answer_ends_the_silence(bed: Bed) {
    let (id, letter) = bed.report("road/hole", Some(4.5)).await;
    bed.apply(&[letter]).await;
    let mut tx = bed.store.begin().await.unwrap();
    let mut case = tx.lock_cases(&[id]).await.unwrap().remove(&id).unwrap();
    let ids: Vec<Uuid> = bed.store.dispatches_of(id).await.unwrap().iter().map(|row| row.id).collect();
    let mut rows: Vec<_> = tx.dispatches(&ids).await.unwrap().into_values().collect();
    for row in &mut rows {
        row.state = DispatchState::Delivered;
        row.answered_at = Some("2026-03-05T10:00:00Z".parse().unwrap());
    }
    tx.save_dispatches(&rows).await.unwrap();
    case.status = Status::Accepted;
    case.status_at = "2026-03-05T10:00:00Z".parse().unwrap();
    tx.save_cases(&[case]).await.unwrap();
    tx.commit().await.unwrap();
    let mut known = 2;
    for at in ["2026-03-06T10:00:00Z", "2026-03-09T10:00:00Z"] {
        assert_eq!(look(&bed, at, id, &mut known).await, [""; 0], "{at}");
    }
    // The term is Wednesday 11 March.
    assert_eq!(look(&bed, "2026-03-10T08:00:00Z", id, &mut known).await, ["slipping", "reminded"]);
}

async fn a_test_case_is_left_alone(bed: Bed) {
    let (id, letter) = bed.report_from(TRIAL_CHANNEL, "road/hole", Some(3.5)).await;
    bed.apply(&[letter]).await;
    let mut known = 2;
    assert_eq!(look(&bed, "2026-04-06T10:00:00Z", id, &mut known).await, [""; 0]);
    assert_eq!(bed.case(id).await.check_at, None);
}

async fn a_case_that_cannot_be_read_does_not_stop_the_clock(bed: Bed) {
    let (broken, letter) = bed.report("road/hole", Some(3.5)).await;
    bed.apply(&[letter]).await;
    let (good, letter) = bed.report("road/hole", Some(3.5)).await;
    bed.apply(&[letter]).await;
    bed.tamper(&format!("UPDATE cases SET decision = 'x' WHERE id = '{broken}'")).await;
    let mut known = 2;
    assert_eq!(look(&bed, "2026-03-06T08:00:00Z", good, &mut known).await, ["slipping", "reminded"]);
    assert!(bed.store.due_cases(10).await.unwrap().is_empty(), "it waits apart");
    bed.wind("2026-03-06T09:00:01Z");
    assert_eq!(bed.store.due_cases(10).await.unwrap(), [broken]);
}

async fn nothing_is_due_before_its_time(bed: Bed) {
    let (id, letter) = bed.report("road/hole", Some(3.5)).await;
    bed.apply(&[letter]).await;
    assert_eq!(bed.case(id).await.check_at.unwrap().to_string(), "2026-03-06T08:00:00Z");
    assert!(bed.store.due_cases(10).await.unwrap().is_empty());
    let counts = bed.store.case_counts("2026-03-10".parse().unwrap()).await.unwrap();
    assert_eq!(counts.len(), 1);
    assert_eq!((counts[0].department.as_str(), counts[0].open, counts[0].waiting, counts[0].late), ("roads", 1, 0, 1));
}

/// `roads` asks the resident something at noon of 4 March, as its answers are heard.
async fn asks(bed: &Bed) -> Uuid {
    let (id, letter) = bed.report("road/hole", Some(3.5)).await;
    bed.apply(&[letter]).await;
    let noon = "2026-03-04T11:00:00Z".parse().unwrap();
    let mut tx = bed.store.begin().await.unwrap();
    let mut case = tx.lock_cases(&[id]).await.unwrap().remove(&id).unwrap();
    case.version += 1;
    case.status = Status::Waiting;
    case.status_at = noon;
    case.watch.waited_from = Some(Status::Routed);
    case.watch.waiting_since = Some(noon);
    case.check_at = Some(noon);
    let event = CaseEvent {
        critical: false,
        id: derived(&["asked", &id.to_string()]),
        case_id: id,
        reference: case.reference,
        version: case.version,
        at: noon,
        what: What::Asked { department: slug("roads"), text: "Which side?".to_owned() },
    };
    tx.save_cases(&[case]).await.unwrap();
    tx.add_events(&[(event, Tell::Email)], Trace::start()).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn who_does_not_answer_is_asked_once_more_and_then_it_goes_on(bed: Bed) {
    let id = asks(&bed).await;
    let mut known = 3;
    // The term is the 9th, and nobody is hurried while the resident thinks.
    for (at, expected) in [
        ("2026-03-04T12:00:00Z", &[][..]),
        ("2026-03-10T12:00:00Z", &[]),
        ("2026-03-11T11:00:00Z", &["asked"]),
        ("2026-03-17T12:00:00Z", &[]),
        ("2026-03-18T11:00:00Z", &["reminded"]),
    ] {
        assert_eq!(look(&bed, at, id, &mut known).await, expected, "{at}");
    }
    let case = bed.case(id).await;
    // It waited for ten working days, so the term is as much later.
    assert_eq!((case.status, case.due_on()), (Status::Accepted, Some("2026-03-23".parse().unwrap())));
    let work = bed.work(Lane::queue(&slug("roads"))).await;
    let again = work.iter().find_map(|dispatch| dispatch.again.clone().zip(dispatch.due_on)).unwrap();
    assert!(again.0.text.unwrap().contains("antwoordde niet"));
    assert_eq!(again.1.to_string(), "2026-03-23");
}

async fn an_answer_goes_to_who_asked(bed: Bed) {
    let id = asks(&bed).await;
    let first = bed.store.dispatches_of(id).await.unwrap().into_iter().find(|row| row.role == Role::Lead).unwrap();
    let case = bed.case(id).await;
    let why = Why::Replied { department: slug("roads"), text: "The left side.".to_owned() };
    let letter = decide_again(&case, why);
    bed.apply(&[letter.clone(), letter.clone()]).await;
    bed.apply(&[letter]).await;
    let mut work = bed.work(Lane::queue(&slug("roads"))).await;
    work.retain(|dispatch| dispatch.id != first.id);
    assert_eq!(work.len(), 1, "once");
    let again = work[0].again.clone().unwrap();
    assert_eq!((again.why, again.text.as_deref(), again.first), (AgainWhy::Replied, Some("The left side."), first.id));
    assert!(bed.work(Lane::queue(&slug("police"))).await.iter().all(|dispatch| dispatch.again.is_none()));
}

async fn what_is_written_back_answers_the_question_or_reaches_who_has_it(bed: Bed) {
    // Before anybody decided, it waits.
    let (id, received) = bed.report("road/hole", Some(3.5)).await;
    let early = wrote(id, "sms 0", "Bij nummer 12.");
    assert_eq!(bed.apply(std::slice::from_ref(&early)).await[0].word(), "later");
    bed.apply(&[received]).await;
    assert_eq!(bed.apply(&[early]).await[0].word(), "done");

    let id = asks(&bed).await;
    let lead = bed.case(id).await.lead.unwrap();
    let first = bed.store.dispatches_of(id).await.unwrap().into_iter().find(|row| row.role == Role::Lead).unwrap();
    let answer = wrote(id, "sms 1", "The left side.");
    bed.apply(&[answer.clone(), answer.clone()]).await;
    bed.apply(&[answer]).await;
    assert_eq!(bed.case(id).await.status, Status::Accepted, "it was waiting for just that");
    let words = |known: usize| {
        let bed = &bed;
        async move {
            let said = bed.store.timeline(id, false).await.unwrap().into_iter().skip(known);
            said.filter_map(|event| match event.what {
                What::Replied { text } => Some(text),
                _ => None,
            })
            .collect::<Vec<_>>()
        }
    };
    assert_eq!(words(0).await, ["The left side."], "once");
    // Nobody asked anything, and then it is solved: who had it hears it, and it stays as it is.
    let mut tx = bed.store.begin().await.unwrap();
    let mut case = tx.lock_cases(&[id]).await.unwrap().remove(&id).unwrap();
    case.status = Status::Solved;
    case.version += 1;
    tx.save_cases(&[case]).await.unwrap();
    tx.commit().await.unwrap();
    bed.apply(&[wrote(id, "mail 2", "Thank you."), wrote(id, "mail 3", "And the lamp?")]).await;
    assert_eq!(bed.case(id).await.status, Status::Solved);
    assert_eq!(words(0).await, ["The left side.", "Thank you.", "And the lamp?"]);
    let work = bed.work(Lane::queue(&lead)).await;
    let heard: Vec<_> = work.iter().filter(|dispatch| dispatch.case_id == id && dispatch.id != first.id).collect();
    let said: std::collections::BTreeSet<_> =
        heard.iter().filter_map(|dispatch| dispatch.again.as_ref()?.text.as_deref()).collect();
    assert_eq!(said, ["And the lamp?", "Thank you.", "The left side."].into(), "{heard:?}");
    assert!(heard.iter().all(|dispatch| dispatch.again.as_ref().unwrap().why == AgainWhy::Replied));
    // A machine that answers every mail buries nobody.
    let many: Vec<Letter> = (0..25).map(|n| wrote(id, &format!("many {n}"), &format!("{n}"))).collect();
    let mut verdicts = Vec::new();
    for letter in &many {
        verdicts.extend(bed.apply(std::slice::from_ref(letter)).await);
    }
    assert_eq!(verdicts.iter().filter(|verdict| verdict.word() == "never").count(), 8, "20 in all within a day");
    assert_eq!(words(0).await.len(), 20);
    // Sent again by a person the day after, they are heard.
    bed.wind("2026-06-01T11:00:00Z");
    let verdicts = bed.apply(&many).await;
    assert!(verdicts.iter().all(|verdict| verdict.word() == "done"), "{verdicts:?}");
    assert_eq!(words(0).await.len(), 28, "those that were held, each once");
}

fn wrote(id: Uuid, key: &str, words: &str) -> Letter {
    let (trace, now) = (schemas::trace::Trace::start(), schemas::Timestamp::UNIX_EPOCH);
    schemas::reply::wrote_back(id, schemas::id::derived(&["test", key]), words, trace, now).unwrap()
}
