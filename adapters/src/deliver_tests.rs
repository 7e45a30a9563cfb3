use super::*;
use crate::{
    departments::{pace::Pace, sandbox},
    intake::IntakeTools,
    testing::{self, Desk, routed, timeline, waiting},
};
use schemas::{Timestamp, case::Role, dispatch::Update};
use std::time::Duration;

/// A department whose answers a test scripts, with a sandbox's words once it has the case.
struct Scripted(Verdict);

#[async_trait]
impl Adapter for Scripted {
    async fn deliver(&self, _: &Dispatch, _: &Letter) -> Verdict {
        self.0.clone()
    }

    fn answers(&self, dispatch: &Dispatch, now: Timestamp) -> Vec<(Update, Timestamp)> {
        let say = schemas::dispatch::Say::Accept {};
        vec![(testing::update("1", dispatch, now, say), now + Duration::from_secs(60))]
    }
}

fn worker(tools: &IntakeTools, verdict: Verdict) -> DeliverWorker {
    let department = testing::slug(testing::PUSHED);
    let built = Built {
        lane: Lane::department(&department),
        department,
        adapter: Arc::new(Scripted(verdict)),
        pace: Pace::default(),
    };
    DeliverWorker::new(tools.store.clone(), built)
}

/// Delivers `letter` and records what the loop made of it.
async fn deliver(tools: &IntakeTools, letter: &Letter, verdict: Verdict, settled: Settled) -> Verdict {
    let worker = worker(tools, verdict);
    let verdict = worker.deliver(letter).await;
    let outcome = Outcome { letter: letter.clone(), verdict: verdict.clone(), settled };
    let mut tx = tools.store.begin().await.unwrap();
    worker.record(&mut tx, &[outcome]).await.unwrap();
    tx.commit().await.unwrap();
    verdict
}

async fn row(tools: &IntakeTools, letter: &Letter) -> DispatchRow {
    let rows = tools.store.dispatches_of(letter.case_id.unwrap()).await.unwrap();
    rows.into_iter().find(|row| row.id == letter.id).unwrap()
}

async fn trouble_is_told_once_and_arrival_once((hands, _folder, tools): Desk) {
    let letter = routed(&tools, testing::PUSHED, Role::Lead).await;
    let case = letter.case_id.unwrap();
    let again = Settled::Again(testing::now() + Duration::from_secs(10));

    deliver(&tools, &letter, Verdict::later("away"), again.clone()).await;
    deliver(&tools, &letter, Verdict::Unknown { why: "slow".to_owned() }, again.clone()).await;
    let waits = row(&tools, &letter).await;
    assert_eq!((waits.state, waits.attempts, waits.why.as_deref()), (DispatchState::Unknown, 2, Some("slow")));
    assert_eq!(timeline(&tools.store, case).await, "received hand_over_delayed");

    deliver(&tools, &letter, Verdict::receipt("ZK-1"), Settled::Gone).await;
    // The broker hands the same letter out again; a second copy fails, a third arrives.
    deliver(&tools, &letter, Verdict::later("away"), again).await;
    deliver(&tools, &letter, Verdict::receipt("ZK-2"), Settled::Gone).await;
    let there = row(&tools, &letter).await;
    assert_eq!((there.state, there.receipt.as_deref()), (DispatchState::Delivered, Some("ZK-1")));
    assert_eq!((there.delivered_at, there.why), (Some(testing::now()), None));
    assert_eq!(timeline(&tools.store, case).await, "received hand_over_delayed handed_over");

    assert!(waiting(&tools.store, &Lane::updates()).await.is_empty(), "it answers in its own time");
    hands.pass(60);
    assert_eq!(waiting(&tools.store, &Lane::updates()).await.len(), 1, "and once");
}

async fn who_answers_before_the_call_ended_keeps_their_number((_hands, _folder, tools): Desk) {
    let letter = routed(&tools, testing::PUSHED, Role::Lead).await;
    handed_over(&tools.store, &testing::slug(testing::PUSHED), &[letter.id]).await.unwrap();
    deliver(&tools, &letter, Verdict::receipt("ZK-1"), Settled::Gone).await;
    deliver(&tools, &letter, Verdict::receipt("ZK-2"), Settled::Gone).await;
    assert_eq!(row(&tools, &letter).await.receipt.as_deref(), Some("ZK-1"));
    assert_eq!(timeline(&tools.store, letter.case_id.unwrap()).await, "received handed_over");
}

async fn what_was_given_up_and_is_replayed_can_still_arrive((_hands, _folder, tools): Desk) {
    let letter = routed(&tools, testing::PUSHED, Role::Lead).await;
    let never = || Verdict::never(Fault::Refused, "410 Gone");
    deliver(&tools, &letter, never(), Settled::Buried).await;
    deliver(&tools, &letter, never(), Settled::Buried).await;
    assert_eq!(row(&tools, &letter).await.state, DispatchState::Failed);
    deliver(&tools, &letter, Verdict::done(), Settled::Gone).await;
    assert_eq!(row(&tools, &letter).await.state, DispatchState::Delivered);
    assert_eq!(timeline(&tools.store, letter.case_id.unwrap()).await, "received hand_over_failed handed_over");
}

async fn letters_that_are_not_for_this_lane_are_refused((_hands, _folder, tools): Desk) {
    let other = routed(&tools, testing::FETCHES, Role::Lead).await;
    let verdict = deliver(&tools, &other, Verdict::done(), Settled::Buried).await;
    assert!(matches!(verdict, Verdict::Never { fault: Fault::Ours, .. }), "{verdict:?}");
    let mut garbage = other;
    garbage.body = serde_json::value::to_raw_value("x").unwrap().into();
    let verdict = deliver(&tools, &garbage, Verdict::done(), Settled::Buried).await;
    assert!(matches!(verdict, Verdict::Never { fault: Fault::Ours, .. }), "{verdict:?}");
}

async fn fetching_and_acknowledging_is_handing_over((_hands, _folder, tools): Desk) {
    let letter = routed(&tools, testing::FETCHES, Role::Lead).await;
    let case = letter.case_id.unwrap();
    handed_over(&tools.store, &testing::slug(testing::PUSHED), &[letter.id]).await.unwrap();
    assert_eq!(timeline(&tools.store, case).await, "received", "another department's acknowledgement");
    for _ in 0..2 {
        handed_over(&tools.store, &testing::slug(testing::FETCHES), &[letter.id]).await.unwrap();
    }
    assert_eq!(timeline(&tools.store, case).await, "received handed_over");
    assert_eq!(row(&tools, &letter).await.state, DispatchState::Delivered);
}

async fn a_simulated_department_takes_it_and_says_what_it_is((_hands, _folder, tools): Desk) {
    let letter = routed(&tools, testing::PUSHED, Role::Lead).await;
    let settings = sandbox::Config::default();
    let department = tools.city.department(testing::PUSHED).unwrap().clone();
    let adapters = testing::tools(tools.store.clone());
    let adapter = settings.build(&department, &adapters).unwrap();
    let worker = DeliverWorker::new(
        tools.store.clone(),
        Built { lane: Lane::department(&department.id), department: department.id, adapter, pace: Pace::default() },
    );
    let verdict = worker.deliver(&letter).await;
    assert!(matches!(verdict, Verdict::Done { receipt: Some(receipt) } if receipt.starts_with("SANDBOX-")));
}

/// A department that counts what is handed to it, and answers look-ups as scripted.
struct Counting {
    found: Found,
    handed: std::sync::atomic::AtomicUsize,
}

#[async_trait]
impl Adapter for Counting {
    async fn deliver(&self, _: &Dispatch, _: &Letter) -> Verdict {
        self.handed.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Verdict::receipt("ZK-1")
    }

    async fn look_up(&self, _: &Dispatch) -> Found {
        self.found.clone()
    }
}

fn counting(tools: &IntakeTools, found: Found) -> (Arc<Counting>, DeliverWorker) {
    let department = testing::slug(testing::PUSHED);
    let adapter = Arc::new(Counting { found, handed: Default::default() });
    let lane = Lane::department(&department);
    let built = Built { lane, department, adapter: adapter.clone(), pace: Pace::default() };
    (adapter, DeliverWorker::new(tools.store.clone(), built))
}

async fn what_comes_again_about_a_case_waits_for_what_came_first((hands, _folder, tools): Desk) {
    let first = routed(&tools, testing::PUSHED, Role::Lead).await;
    let case = first.case_id.unwrap();
    hands.pass(60);
    let mut dispatch: Dispatch = first.read().unwrap();
    let why = schemas::dispatch::AgainWhy::Reminder;
    dispatch.again = Some(schemas::dispatch::Again { why, text: None, first: dispatch.id, receipt: None });
    dispatch.id = derived(&["dispatch", "again"]);
    let department = testing::slug(testing::PUSHED);
    let row = DispatchRow::posted(dispatch.id, case, department, Role::Lead, tools.clock.now());
    let mut tx = tools.store.begin().await.unwrap();
    tx.add_dispatches(&[row]).await.unwrap();
    tx.commit().await.unwrap();
    let mut again = first.clone();
    again.id = dispatch.id;
    again.body = serde_json::value::to_raw_value(&dispatch).unwrap().into();

    let (adapter, worker) = counting(&tools, Found::NotHere);
    let handed = || adapter.handed.load(std::sync::atomic::Ordering::SeqCst);
    let verdict = worker.deliver(&again).await;
    assert!(matches!(&verdict, Verdict::Later { counts: false, why, .. } if why.contains("goes first")), "{verdict:?}");
    assert_eq!(handed(), 0);
    deliver(&tools, &first, Verdict::done(), Settled::Gone).await;
    assert_eq!(worker.deliver(&again).await, Verdict::receipt("ZK-1"));
    assert_eq!(handed(), 1);
}

async fn what_may_have_arrived_is_looked_up_before_it_is_sent((_hands, _folder, tools): Desk) {
    let letter = routed(&tools, testing::PUSHED, Role::Lead).await;
    let begin = async |n, verdict| {
        let mut tx = tools.store.begin().await.unwrap();
        tx.start_attempts(&[(letter.id, letter.lane.clone(), n)]).await.unwrap();
        if let Some(verdict) = verdict {
            tx.end_attempts(&[store::AttemptEnd { letter: letter.id, n, verdict, why: None }]).await.unwrap();
        }
        tx.commit().await.unwrap();
    };
    begin(1, Some("unknown")).await;
    begin(2, None).await;
    for (found, sent, verdict) in [
        (Found::Here { receipt: Some("ZK-9".to_owned()) }, 0, "done"),
        (Found::Later { why: "asleep".to_owned() }, 0, "later"),
        (Found::NotHere, 1, "done"),
        (Found::CannotTell, 1, "done"),
    ] {
        let (adapter, worker) = counting(&tools, found.clone());
        assert_eq!(worker.deliver(&letter).await.word(), verdict, "{found:?}");
        assert_eq!(adapter.handed.load(std::sync::atomic::Ordering::SeqCst), sent, "{found:?}");
    }
}

testing::both! {
    who_answers_before_the_call_ended_keeps_their_number,
    what_comes_again_about_a_case_waits_for_what_came_first,
    what_may_have_arrived_is_looked_up_before_it_is_sent,
    trouble_is_told_once_and_arrival_once,
    what_was_given_up_and_is_replayed_can_still_arrive,
    letters_that_are_not_for_this_lane_are_refused,
    fetching_and_acknowledging_is_handing_over,
    a_simulated_department_takes_it_and_says_what_it_is,
}
