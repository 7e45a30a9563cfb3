//! A town whose departments are reached by people, for tests.

use super::{Act, Deed, DeskTools, Refused, act};
use crate::{
    answers::AnswersWorker,
    deliver::DeliverWorker,
    departments,
    intake::{IntakeTools, accept},
    testing::{self, slug, waiting},
};
use bus::{Edge as _, Effects as _, Outcome, Settled};
use schemas::{
    Uuid,
    case::{Case, Role, Status},
    city::{CallContact, City, Days, Delivery, Hours, OnCall},
    dispatch::Dispatch,
    id::derived,
    letter::{Lane, Letter, Topic},
    report::{Contact, Tell},
    submission::Submission,
    task::Task,
    trace::Trace,
    verdict::Verdict,
};
use serde_json::{Value, json};
use std::sync::Arc;
use store::{Accepted, DispatchRow, Store};

/// Only has a web form.
pub(crate) const FORM: &str = "awv";
/// Is telephoned.
pub(crate) const PHONE: &str = "publieke-ruimte-wacht";
/// Is somebody else's.
pub(crate) const ELSEWHERE: &str = "de-lijn";
/// Works in our console.
pub(crate) const NATIVE: &str = "communicatie";
/// Whose operators do the tasks.
pub(crate) const DESK: &str = "contactcentrum";

fn push(adapter: &str, settings: Value) -> Delivery {
    Delivery::Push { adapter: adapter.to_owned(), settings }
}

/// The sample city, with a department of each kind that people reach.
pub(crate) fn city() -> City {
    let mut city = testing::read();
    let contact =
        |who: &str, hours, days| CallContact { who: who.to_owned(), phone: format!("+32 {who}"), hours, days };
    for department in &mut city.departments {
        match department.id.as_str() {
            FORM => {
                department.delivery = push(
                    "form_manual",
                    json!({"url": "https://meldpunt.example/weg", "fields": [
                        {"label": "Soort", "text": "Gewestweg"},
                        {"label": "Omschrijving", "value": "words"},
                        {"label": "Straat", "value": "address"},
                        {"label": "Uw naam", "value": "name"},
                        {"label": "Gevaar?", "value": "answer.gevaar"},
                    ]}),
                );
            }
            PHONE => {
                department.delivery = push("phone_handover", json!({}));
                department.on_call = Some(OnCall {
                    every: 10,
                    desk: None,
                    contacts: vec![
                        contact("wacht", Hours::OutsideOffice, Days::All),
                        contact("ploegbaas", Hours::Between(7 * 60, 19 * 60), Days::Working),
                        contact("diensthoofd", Hours::Always, Days::All),
                    ],
                });
            }
            ELSEWHERE => {
                department.delivery = push(
                    "redirect",
                    json!({"phone": "070 220 200", "url": {"nl": "https://vervoer.example/nl", "fr": "https://vervoer.example/fr"},
                        "text": {"nl": "Meld het bij hen.", "fr": "Signalez-le chez eux.", "en": "Tell them."}}),
                );
            }
            NATIVE => department.delivery = push("native", json!({})),
            _ => {}
        }
    }
    city
}

/// Desks of that town over `tools`' rows.
pub(crate) fn desks(tools: &IntakeTools) -> DeskTools {
    DeskTools::new(tools.store.clone(), Arc::new(city()))
}

/// A report with a contact, its case at `department`, and the letter that carries the dispatch;
/// `shared`: the department may know who reported.
pub(crate) async fn sent(tools: &IntakeTools, department: &str, role: Role, shared: bool) -> Letter {
    let contact = Contact {
        name: Some("An Peeters".to_owned()),
        email: Some("an@example.org".to_owned()),
        phone: None,
        post: None,
    };
    let submission = Submission {
        category: "wegen/put".to_owned(),
        words: "Een put".to_owned(),
        place: Some(schemas::place::GivenPlace { address: Some("Grote Markt 1".to_owned()), ..Default::default() }),
        answers: [("gevaar".to_owned(), json!(true))].into(),
        contact: Some(contact.clone()),
        language: Some(schemas::report::Language::FR),
        ..Submission::default()
    };
    let checked = submission.check(&tools.city).unwrap();
    let Accepted::New(receipt) =
        accept(tools, &slug("web"), None, checked, Default::default(), Trace::start()).await.unwrap()
    else {
        panic!("it is new")
    };
    let now = tools.clock.now();
    let id = derived(&["dispatch", &receipt.id.to_string(), department, "2"]);
    let report = tools.store.report(receipt.id).await.unwrap().unwrap();
    let dispatch = Dispatch {
        id,
        case_id: receipt.id,
        reference: receipt.reference,
        words: report.words,
        language: report.language,
        contact: shared.then_some(contact),
        ..testing::dispatch(department, role)
    };
    let case = Case {
        id: receipt.id,
        reference: receipt.reference,
        status: Status::Routed,
        version: 2,
        lead: Some(slug(if role == Role::Lead { department } else { DESK })),
        decision: None,
        rejected_by: Vec::new(),
        planned_on: None,
        status_at: now,
        opened_at: now,
        closed_at: None,
        tell: Tell::Nothing,
        parts: Vec::new(),
        watch: Default::default(),
        check_at: None,
    };
    let mut tx = tools.store.begin().await.unwrap();
    tx.open_cases(&[case]).await.unwrap();
    tx.add_dispatches(&[DispatchRow::posted(id, receipt.id, slug(department), role, now)]).await.unwrap();
    tx.commit().await.unwrap();
    let lane = Lane::department(&slug(department));
    Letter::new(id, lane, Topic::DepartmentDispatch, "report", &dispatch, Trace::start(), now).about(receipt.id)
}

/// Hands a letter over by the adapter of its department, as the lane does; `commit` false: killed
/// before the end.
pub(crate) async fn deliver(tools: &IntakeTools, letter: &Letter, commit: bool) -> Verdict {
    let city = Arc::new(city());
    let adapters = departments::Tools { city: city.clone(), ..testing::tools(tools.store.clone()) };
    let built = departments::build(&city, &adapters).unwrap().into_iter().find(|built| built.lane == letter.lane);
    let worker = DeliverWorker::new(tools.store.clone(), built.unwrap());
    let verdict = worker.deliver(letter).await;
    let outcome = Outcome { letter: letter.clone(), verdict: verdict.clone(), settled: Settled::Gone };
    let mut tx = tools.store.begin().await.unwrap();
    worker.record(&mut tx, &[outcome]).await.unwrap();
    if commit {
        tx.commit().await.unwrap();
    }
    verdict
}

/// What departments said has its effect.
pub(crate) async fn hear(tools: &IntakeTools) {
    let worker = AnswersWorker::new(Arc::new(city()), tools.clock.clone());
    let letters = waiting(&tools.store, &Lane::updates()).await;
    let mut tx = tools.store.begin().await.unwrap();
    let verdicts = worker.apply(&mut tx, &letters).await.unwrap();
    assert!(verdicts.iter().all(|verdict| *verdict == Verdict::done()), "{verdicts:?}");
    tx.commit().await.unwrap();
}

/// The one task of a case.
pub(crate) async fn task_of(store: &Store, case: Uuid) -> Task {
    let mut tasks = store.tasks_of(case).await.unwrap();
    assert_eq!(tasks.len(), 1, "{tasks:?}");
    tasks.remove(0)
}

/// `by` did it, at the desk.
pub(crate) async fn did(tools: &IntakeTools, task: Uuid, by: &str, deed: Act) -> Result<Deed, Refused> {
    act(&desks(tools), Some(&slug(DESK)), task, by, deed, Trace::start()).await
}

/// The notes among colleagues.
pub(crate) async fn notes(store: &Store, case: Uuid) -> Vec<String> {
    let timeline = store.timeline(case, false).await.unwrap();
    let note = |event: schemas::event::CaseEvent| match event.what {
        schemas::event::What::InternalNote { text, .. } => Some(text),
        _ => None,
    };
    timeline.into_iter().filter_map(note).collect()
}
