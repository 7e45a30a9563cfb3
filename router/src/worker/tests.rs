//! The worker against a real store on SQLite: what one transaction leaves behind.

use super::RouterWorker;
use crate::{
    Ruleset,
    testing::{city, slug},
};
use bus::Effects as _;
use schemas::{
    Timestamp, Uuid,
    case::{Case, Role, Status},
    dispatch::Dispatch,
    event::What,
    id::{Clock, Ids, derived},
    letter::{Lane, Letter, Topic},
    place::{Place, Point},
    report::{Answers, Contact, Kind, Language, Received, Report, Tell, Urgency, Why},
    slug::{CategoryId, DepartmentId},
    trace::Trace,
    verdict::{Fault, Verdict},
};
use std::{sync::Arc, time::Duration};
use store::{NewReport, Options, Store};

const RULES: &str = "
- { rule: north, when: { category: road/*, area: north }, then: { assign: roads, inform: [police], term: 3wd } }
- { rule: road, when: { category: road/* }, then: { assign: green, inform: [police, lamps] } }
- { rule: high, when: { urgency: [high, emergency] }, then: { assign: lamps } }
";

struct Bed {
    store: Store,
    worker: RouterWorker,
    _folder: tempfile::TempDir,
}

const NOW: &str = "2026-03-04T10:00:00Z";

async fn bed() -> Bed {
    let folder = tempfile::tempdir().unwrap();
    let now: Timestamp = NOW.parse().unwrap();
    let clock = Clock::new(move || now);
    let options = Options { ids: Ids::new(clock.clone()), clock, publish_events: false };
    let store = Store::open(&format!("sqlite:{}", folder.path().join("v.db").display()), options).await.unwrap();
    store.migrate().await.unwrap();
    let city = Arc::new(city(&[("a.yaml", RULES)]));
    let (ruleset, faults) = Ruleset::read(&city);
    let ruleset = Arc::new(ruleset.unwrap_or_else(|| panic!("{faults:#?}")));
    let worker = RouterWorker::new(store.clone(), city, ruleset, "https://testel.example/");
    Bed { store, worker, _folder: folder }
}

impl Bed {
    /// Keeps a report about `category` at `lon`, and takes the letter that asks for a decision.
    async fn report(&self, category: &str, lon: Option<f64>) -> (Uuid, Letter) {
        let id = self.store.ids().new_id();
        let report = Report {
            id,
            reference: self.store.references(1).await.unwrap()[0],
            channel: slug("web"),
            source_id: None,
            kind: Kind::Report,
            category: CategoryId::new(category).unwrap(),
            words: "A hole.".to_owned(),
            place: Place { address: None, point: lon.map(|lon| Point { lat: 50.5, lon }) },
            answers: Answers::new(),
            urgency: Urgency::Normal,
            language: Language::Nl,
            tell: Tell::Email,
            photos: vec![Uuid::from_u128(7)],
            token: self.store.ids().token(),
            received_at: self.store.clock().now(),
        };
        let contact = Contact { name: Some("Someone".to_owned()), ..Contact::default() };
        let new =
            NewReport { report, contact: Some(contact), digest: "d".to_owned(), route: true, trace: Trace::start() };
        self.store.accept(new).await.unwrap();
        let letters = self.take(&Lane::router()).await;
        assert_eq!(letters.len(), 1);
        (id, letters[0].clone())
    }

    async fn take(&self, lane: &Lane) -> Vec<Letter> {
        self.store.take(lane, 100, Duration::from_secs(60)).await.unwrap()
    }

    /// One batch: its effects, committed.
    async fn apply(&self, letters: &[Letter]) -> Vec<Verdict> {
        let mut tx = self.store.begin().await.unwrap();
        let verdicts = self.worker.apply(&mut tx, letters).await.unwrap();
        tx.commit().await.unwrap();
        verdicts
    }

    async fn case(&self, id: Uuid) -> Case {
        self.store.case(id).await.unwrap().expect("a case")
    }

    /// Department, role and version of every dispatch of a lane taken now.
    async fn work(&self, lane: Lane) -> Vec<Dispatch> {
        self.take(&lane).await.iter().map(|letter| letter.read().unwrap()).collect()
    }

    /// What the department's answer does to the case, before the router hears of it.
    async fn reject(&self, id: Uuid, department: &str) -> Letter {
        let mut tx = self.store.begin().await.unwrap();
        let mut case = tx.lock_cases(&[id]).await.unwrap().remove(&id).unwrap();
        assert_eq!(case.lead, Some(slug(department)));
        case.version += 1;
        case.status = Status::Received;
        case.rejected_by.push(slug(department));
        let letter = decide_again(&case, Why::Rejected { department: slug(department) });
        tx.save_cases(&[case]).await.unwrap();
        tx.commit().await.unwrap();
        letter
    }

    async fn words(&self, id: Uuid) -> Vec<(i64, &'static str)> {
        self.store.timeline(id, false).await.unwrap().iter().map(|event| (event.version, event.what.word())).collect()
    }
}

fn decide_again(case: &Case, why: Why) -> Letter {
    let id = derived(&["again", &case.id.to_string(), &case.version.to_string()]);
    let body = Received { report: case.id, why };
    let now = NOW.parse().unwrap();
    Letter::new(id, Lane::router(), Topic::ReportReceived, "again", &body, Trace::start(), now).about(case.id)
}

fn submission(id: &str, channel: &str, body: &serde_json::Value) -> Letter {
    let id = derived(&["submitted", channel, id]);
    let now = NOW.parse().unwrap();
    Letter::new(id, Lane::intake(), Topic::ReportSubmitted, channel, body, Trace::start(), now)
}

fn departments(case: &Case, role: Role) -> Vec<DepartmentId> {
    let decision = case.decision.as_ref().unwrap();
    decision.assignments.iter().filter(|a| a.role == role).map(|a| a.department.clone()).collect()
}

#[tokio::test]
async fn a_new_report_becomes_a_case_and_work() {
    let bed = bed().await;
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

#[tokio::test]
async fn a_department_without_a_queue_is_handed_its_work_and_urgency_shows() {
    let bed = bed().await;
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

#[tokio::test]
async fn a_batch_with_redelivered_letters_has_each_effect_once() {
    let bed = bed().await;
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

#[tokio::test]
async fn refusals_go_once_around_and_end_declined() {
    let bed = bed().await;
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
    let late = decide_again(&bed.case(id).await, Why::Reopened);
    bed.apply(&[late]).await;
    assert_eq!(bed.case(id).await.status, Status::Declined);
}

#[tokio::test]
async fn whoever_takes_it_after_all_keeps_it() {
    let bed = bed().await;
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

#[tokio::test]
async fn a_contested_case_goes_back_to_whoever_had_it() {
    let bed = bed().await;
    let (id, letter) = bed.report("road/hole", Some(3.5)).await;
    bed.apply(&[letter]).await;
    bed.take(&Lane::queue(&slug("roads"))).await;
    bed.take(&Lane::queue(&slug("police"))).await;
    let mut tx = bed.store.begin().await.unwrap();
    let mut case = tx.lock_cases(&[id]).await.unwrap().remove(&id).unwrap();
    case.version = 4;
    tx.save_cases(std::slice::from_ref(&case)).await.unwrap();
    tx.commit().await.unwrap();
    let again = decide_again(&case, Why::Reopened);
    bed.apply(&[again.clone()]).await;
    bed.apply(&[again]).await;
    let case = bed.case(id).await;
    assert_eq!((case.status, case.version, case.lead.as_ref()), (Status::Routed, 5, Some(&slug("roads"))));
    assert_eq!(case.decision.unwrap().due_on, Some("2026-03-09".parse().unwrap()), "a new term from today");
    let work = bed.work(Lane::queue(&slug("roads"))).await;
    assert_eq!(work.iter().map(|w| w.version).collect::<Vec<_>>(), [5]);
    assert_eq!(bed.work(Lane::queue(&slug("police"))).await, [], "who is only informed heard of it before");
}

#[tokio::test]
async fn a_submitted_report_is_kept_decided_and_answered_once() {
    let bed = bed().await;
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
    let report = bed.store.report(letter.id).await.unwrap().expect("kept under the letter's id");
    assert_eq!(report.words, "A hole.");
    assert_eq!(receipt["reference"], report.reference.digits());
    assert_eq!(receipt["id"], letter.id.to_string());
    assert_eq!(receipt["status"], "received");
    assert_eq!(receipt["tracking_url"], format!("https://testel.example/fr/t/{}", report.token));
    assert_eq!(bed.words(letter.id).await, [(1, "received"), (2, "routed")]);
    let work = bed.work(Lane::queue(&slug("roads"))).await;
    assert_eq!(work.len(), 1);
    assert_eq!(work[0].contact.as_ref().and_then(|c| c.name.as_deref()), Some("Someone"));
    assert_eq!(bed.take(&Lane::router()).await.len(), 0, "decided already: the router is not asked again");

    // Redelivered after the commit: the stored answer, and nothing else.
    assert_eq!(bed.apply(&[letter]).await[0], verdicts[0]);
    assert_eq!(bed.work(Lane::queue(&slug("roads"))).await, []);
    assert_eq!(bed.store.dispatches_of(report.id).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_rolled_back_batch_leaves_nothing() {
    let bed = bed().await;
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
