//! A resident who is told by telephone, from the report to what the desk's operator says of the call; and whoever
//! can be told in no other way any more.

use super::{Answer, Town, now};
use bus::{Edge as _, Effects as _, Outcome, Settled};
use notifier::{NoticeLinks, Parcel, PlanWorker, SendWorker, Sender, SenderConfig, Senders, Templates};
use schemas::{
    Uuid,
    letter::{Lane, Letter},
    notice::{NoticeState, Suppressed},
    slug::DepartmentId,
    verdict::{Fault, Verdict},
    way::{Address, Way},
};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use store::AddressKey;

/// Says of every address that it is not there.
struct NobodyThere;

#[async_trait::async_trait]
impl Sender for NobodyThere {
    async fn send(&self, _: &Parcel) -> Verdict {
        Verdict::never(Fault::Address, "550 5.1.1 no such mailbox")
    }
}

/// A town with its notifier, worked by hand.
struct House {
    town: Town,
    plan: PlanWorker,
    templates: Arc<Templates>,
    senders: Senders,
}

impl House {
    async fn open(available: Vec<&'static str>) -> Self {
        let town = Town::open().await;
        let links = NoticeLinks::open(&town.store, "https://voordeur.example").await.unwrap();
        // The desk is the department whose token the tests know.
        let mut config = SenderConfig::default();
        config.desk.desk = Some(town.fetcher());
        let senders = Senders::build(&config, &town.city, &town.store, &links).unwrap();
        let templates = Arc::new(Templates::read(&town.city).0.unwrap());
        let (store, city) = (town.store.clone(), town.city.clone());
        let plan = PlanWorker::new(store, city, available, templates.clone()).await.unwrap();
        Self { town, plan, templates, senders }
    }

    /// A report by the API; its id.
    async fn report(&self, tell: &str, contact: Value) -> Uuid {
        let body =
            json!({"category": "wegen/put", "words": "Diepe put", "tell": tell, "language": "fr", "contact": contact});
        let answer = self.town.post_json("/api/v1/reports", body.to_string()).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()["id"].as_str().unwrap().parse().unwrap()
    }

    async fn taken(&self, lane: &Lane) -> Vec<Letter> {
        self.town.store.take(lane, 100, Duration::from_secs(3600)).await.unwrap()
    }

    /// Plans until nothing is left to plan: what is heard may have somebody told the next way.
    async fn planner(&self) {
        let lane = Lane::notifier();
        loop {
            let letters = self.taken(&lane).await;
            if letters.is_empty() {
                break;
            }
            let mut tx = self.town.store.begin().await.unwrap();
            let verdicts = self.plan.apply(&mut tx, &letters).await.unwrap();
            assert!(verdicts.iter().all(|verdict| verdict.word() == "done"), "{verdicts:?}");
            tx.arrived(&lane, &letters.iter().map(|letter| letter.id).collect::<Vec<_>>()).await.unwrap();
            tx.commit().await.unwrap();
        }
    }

    /// Works the lane of a sender, `sender` in its place when given; how many letters there were.
    async fn send(&self, name: &str, sender: Option<Arc<dyn Sender>>) -> usize {
        let lane = Lane::sender(name);
        let letters = self.taken(&lane).await;
        let sender = sender.unwrap_or_else(|| self.senders.get(name).unwrap());
        let (store, city) = (self.town.store.clone(), self.town.city.clone());
        let worker = SendWorker::new(store, city, self.templates.clone(), "https://voordeur.example", sender);
        let worker = worker.await.unwrap();
        for letter in &letters {
            // A crash after the hand-over: the same letter comes again.
            worker.deliver(letter).await;
            let verdict = worker.deliver(letter).await;
            let outcome = Outcome { letter: letter.clone(), verdict, settled: Settled::Gone };
            let mut tx = self.town.store.begin().await.unwrap();
            worker.record(&mut tx, &[outcome]).await.unwrap();
            tx.arrived(&lane, &[letter.id]).await.unwrap();
            tx.commit().await.unwrap();
        }
        letters.len()
    }

    /// The tasks of the desk, as its program sees them.
    async fn tasks(&self) -> Vec<Value> {
        let list = self.town.with_token(&format!("/api/v1/desks/{}/tasks?kind=tell", self.desk()), None).await;
        list.json()["tasks"].as_array().unwrap().clone()
    }

    fn desk(&self) -> DepartmentId {
        self.town.fetcher()
    }

    async fn task(&self, task: &Value) -> Value {
        let id = task["id"].as_str().unwrap();
        self.town.with_token(&format!("/api/v1/desks/{}/tasks/{id}", self.desk()), None).await.json()
    }

    async fn told(&self, task: &Value, outcome: &str) -> Answer {
        let path = format!("/api/v1/desks/{}/tasks/{}/told", self.desk(), task["id"].as_str().unwrap());
        self.town.with_token(&path, Some(json!({"by": "An", "outcome": outcome}))).await
    }

    async fn states(&self, case: Uuid) -> Vec<(Way, NoticeState)> {
        let rows = self.town.store.notices_of(case).await.unwrap();
        rows.into_iter().map(|row| (row.notice.way, row.notice.state)).collect()
    }

    async fn said_of(&self, address: Address) -> Vec<Suppressed> {
        let key = self.town.store.address_keys().await.unwrap().of(&address);
        let found = self.town.store.suppressions(&[AddressKey { way: address.way(), key }]).await.unwrap();
        found.into_iter().map(|found| found.reason).collect()
    }
}

const NUMBER: &str = "+32470123456";

fn phone() -> Value {
    json!({"name": "An Peeters", "phone": "0470 12 34 56"})
}

#[tokio::test]
async fn who_asks_to_be_called_is_called_and_it_counts_when_the_desk_says_so() {
    let house = House::open(vec!["desk", "letterbox", "mail"]).await;
    let case = house.report("call", phone()).await;
    house.planner().await;
    assert_eq!(house.send("desk", None).await, 1);
    let tasks = house.tasks().await;
    assert_eq!(tasks.len(), 1, "handed over twice, there is one task");
    assert!(!tasks[0].to_string().contains("Peeters") && !tasks[0].to_string().contains(NUMBER), "{}", tasks[0]);
    assert_eq!(house.states(case).await, [(Way::Call, NoticeState::Sent)]);

    let shown = house.task(&tasks[0]).await;
    let tell = &shown["tell"];
    assert_eq!((tell["to"].as_str(), tell["name"].as_str()), (Some(NUMBER), Some("An Peeters")), "{shown}");
    let words = tell["words"].as_str().unwrap();
    let reference: schemas::reference::Reference = serde_json::from_value(tasks[0]["reference"].clone()).unwrap();
    assert!(words.starts_with("Ici ") && words.contains(&reference.to_string()) && !words.contains("http"), "{words}");
    assert!(!words.contains("Peeters") && !words.contains("{{"), "{words}");
    assert!(shown["next"].as_str().is_some_and(|next| next.starts_with("Bel ")), "{shown}");

    for wrong in ["confirm", "done"] {
        let body = json!({"by": "An", "taken_by": "x", "outcome": "x"});
        let body = if wrong == "done" {
            json!({"by": "An", "outcome": "x"})
        } else {
            json!({"by": "An", "taken_by": body["taken_by"]})
        };
        let path = format!("/api/v1/desks/{}/tasks/{}/{wrong}", house.desk(), tasks[0]["id"].as_str().unwrap());
        assert_eq!(house.town.with_token(&path, Some(body)).await.status, 409, "{wrong}");
    }
    assert_eq!(house.told(&tasks[0], "nonsense").await.status, 422);
    assert_eq!(house.told(&tasks[0], "reached").await.json()["state"], "done");
    assert_eq!(house.told(&tasks[0], "reached").await.header("idempotent-replayed"), "true");
    assert_eq!(house.told(&tasks[0], "wrong").await.status, 409, "somebody was first");
    house.planner().await;
    assert_eq!(house.states(case).await, [(Way::Call, NoticeState::Delivered)]);
    assert!(house.said_of(Address::Call(NUMBER.into())).await.is_empty());
}

#[tokio::test]
async fn a_dead_mailbox_is_followed_by_a_call_and_a_wrong_number_by_a_letter_by_hand() {
    let house = House::open(vec!["desk", "letterbox", "mail"]).await;
    let post = json!({"street": "Grote Markt 54", "postcode": "8500", "town": "Kortrijk"});
    let contact = json!({"email": "an@example.org", "phone": "0470 12 34 56", "post": post});
    let case = house.report("email", contact).await;
    house.planner().await;
    assert_eq!(house.send("mail", Some(Arc::new(NobodyThere))).await, 1);
    house.planner().await;
    // A letter comes before a call where both are known: nobody has to be at home.
    assert_eq!(house.send("desk", None).await, 1);
    let task = house.tasks().await.remove(0);
    let shown = house.task(&task).await;
    assert_eq!(shown["tell"]["way"], "letter");
    assert_eq!(shown["tell"]["to"], "Grote Markt 54, 8500 Kortrijk");
    assert_eq!(house.told(&task, "no_answer").await.status, 409, "a letter has no answer at once");
    assert_eq!(house.told(&task, "wrong").await.status, 200);
    house.planner().await;
    assert_eq!(house.send("desk", None).await, 1);
    let task = house.tasks().await.remove(0);
    assert_eq!(house.task(&task).await["tell"]["way"], "call");
    assert_eq!(house.told(&task, "reached").await.status, 200);
    house.planner().await;
    let expected =
        [(Way::Email, NoticeState::Failed), (Way::Letter, NoticeState::Failed), (Way::Call, NoticeState::Delivered)];
    let mut states = house.states(case).await;
    states.sort_by_key(|(way, _)| expected.iter().position(|(other, _)| other == way));
    assert_eq!(states, expected);
    assert_eq!(house.said_of(Address::Email("an@example.org".into())).await, [Suppressed::Gone]);
}

#[tokio::test]
async fn nobody_answers_so_often_and_then_the_next_way() {
    let house = House::open(vec!["desk", "letterbox", "mail"]).await;
    let case = house.report("call", json!({"email": "an@example.org", "phone": "0470 12 34 56"})).await;
    house.planner().await;
    house.send("desk", None).await;
    let task = house.tasks().await.remove(0);
    let first = house.told(&task, "no_answer").await.json();
    assert_eq!((first["state"].as_str(), first["tell"]["calls"].as_u64()), (Some("open"), Some(1)), "{first}");
    assert_eq!(first["next_call_at"], "2026-11-23T12:12:00Z", "three hours later");
    assert_eq!(house.told(&task, "no_answer").await.header("idempotent-replayed"), "true", "the same call, said twice");
    assert_eq!(house.states(case).await, [(Way::Call, NoticeState::Sent)]);
    // The pauses are over: two more calls in vain.
    let id: Uuid = task["id"].as_str().unwrap().parse().unwrap();
    let mut tx = house.town.store.begin().await.unwrap();
    assert!(tx.escalate_task(id, 1, now(), &Default::default()).await.unwrap());
    tx.commit().await.unwrap();
    let last = house.told(&task, "no_answer").await.json();
    assert_eq!((last["state"].as_str(), last["outcome"].as_str()), (Some("done"), Some("no_answer")), "{last}");
    house.planner().await;
    let mut states = house.states(case).await;
    states.sort_by_key(|(way, _)| *way != Way::Call);
    assert_eq!(states, [(Way::Call, NoticeState::Failed), (Way::Email, NoticeState::Planned)]);
    assert!(house.said_of(Address::Call(NUMBER.into())).await.is_empty(), "not at home today is not a dead number");
}

#[tokio::test]
async fn who_does_not_want_calls_is_told_otherwise_and_not_called_again() {
    let house = House::open(vec!["desk", "letterbox", "mail"]).await;
    let contact = json!({"email": "an@example.org", "phone": "0470 12 34 56"});
    let case = house.report("call", contact.clone()).await;
    house.planner().await;
    house.send("desk", None).await;
    let task = house.tasks().await.remove(0);
    assert_eq!(house.told(&task, "unwanted").await.status, 200);
    house.planner().await;
    let mut states = house.states(case).await;
    states.sort_by_key(|(way, _)| *way != Way::Call);
    assert_eq!(states, [(Way::Call, NoticeState::Failed), (Way::Email, NoticeState::Planned)]);
    assert_eq!(house.said_of(Address::Call(NUMBER.into())).await, [Suppressed::Unwanted]);
    let next = house.report("call", contact).await;
    house.planner().await;
    assert_eq!(house.states(next).await, [(Way::Email, NoticeState::Planned)]);
}

#[tokio::test]
async fn newer_news_takes_the_place_of_a_call_that_nobody_made_yet() {
    let house = House::open(vec!["desk", "letterbox", "mail"]).await;
    let case = house.report("call", phone()).await;
    house.planner().await;
    house.send("desk", None).await;
    let report = house.town.store.report(case).await.unwrap().unwrap();
    let event = |version: i64, what| schemas::event::CaseEvent {
        critical: false,
        id: schemas::id::derived(&["event", &case.to_string(), &version.to_string()]),
        case_id: case,
        reference: report.reference,
        version,
        at: now(),
        what,
    };
    let department = house.desk();
    let note = schemas::event::What::Note { department: department.clone(), text: "Wij komen kijken.".into() };
    let planned = schemas::event::What::Planned { department, on: "2026-12-04".parse().unwrap(), text: None };
    for event in [event(2, note), event(3, planned)] {
        let mut tx = house.town.store.begin().await.unwrap();
        tx.add_events(&[(event, report.tell)], schemas::trace::Trace::start()).await.unwrap();
        tx.commit().await.unwrap();
        house.planner().await;
        house.send("desk", None).await;
    }
    let tasks = house.tasks().await;
    assert_eq!(tasks.len(), 2, "the note and the newest status: {tasks:?}");
    let mut words = Vec::new();
    for task in &tasks {
        words.push(house.task(task).await["tell"]["words"].as_str().unwrap().to_owned());
    }
    words.sort();
    assert!(words.iter().any(|words| words.contains("« Wij komen kijken. »")), "{words:?}");
    assert!(words.iter().any(|words| words.contains("4 décembre 2026")), "{words:?}");
    let superseded = house.states(case).await.into_iter().filter(|(_, state)| *state == NoticeState::Superseded);
    assert_eq!(superseded.count(), 1);
}
