//! Conversations, from the gateway's row to the report.

use super::*;
use crate::{
    rounds::RoundWorker,
    testing::{self, Desk, Hands, waiting},
};
use schemas::{
    notice::Suppressed,
    notice::{Because, Notice, NoticeState, REPORTER},
    person::Suppression,
    report::{Received, Report, Why},
    way::Address,
};

struct Town {
    hands: Hands,
    tools: IntakeTools,
    round: RoundWorker,
    keys: store::AddressKeys,
}

const AN: &str = "+32470123456";

impl Town {
    async fn open(hands: Hands, tools: IntakeTools) -> Self {
        let suggest: Suggest = Arc::new(|words: &str| {
            words.to_lowercase().contains("put").then(|| (CategoryId::new("wegen/put").unwrap(), 0.9))
        });
        let config = Config::default();
        assert_eq!(config.check(), []);
        let round = RoundWorker::of_the_house(tools.store.clone(), NAME, config.build(&tools, suggest));
        let keys = tools.store.address_keys().await.unwrap();
        Self { hands, tools, round, keys }
    }

    fn sms(&self, id: &str, number: &str, words: &str) -> SmsIn {
        let key = self.keys.of(&Address::Sms(number.to_owned()));
        let at = self.tools.clock.now();
        let (number, words) = (number.to_owned(), words.to_owned());
        SmsIn { id: derived(&["test", id]), key, number, words, part: None, at }
    }

    /// A message comes in, as a gateway's ear keeps it.
    async fn text(&self, id: &str, number: &str, words: &str) {
        let mut tx = self.tools.store.begin().await.unwrap();
        tx.keep_sms_in(&self.sms(id, number, words)).await.unwrap();
        tx.commit().await.unwrap();
        self.tools.store.hurry_round(NAME).await.unwrap();
    }

    /// What is said after that, in order: the words of each message.
    async fn says(&self) -> Vec<String> {
        self.hands.pass(1);
        assert!(self.round.once().await.unwrap());
        assert_eq!(self.tools.store.round(NAME).await.unwrap().unwrap().why, None);
        let mut said = Vec::new();
        for letter in waiting(&self.tools.store, &Lane::sender("sms")).await {
            assert_eq!(letter.subject, SAID_SUBJECT);
            let due: Due = letter.read().unwrap();
            said.push(self.tools.store.sms_out(due.notice).await.unwrap().unwrap().words);
        }
        said
    }

    /// The reports and the words about cases that went to the router since it was asked last.
    async fn came(&self) -> Vec<String> {
        let mut came = Vec::new();
        for letter in waiting(&self.tools.store, &Lane::router()).await {
            let body: Received = letter.read().unwrap();
            came.push(match body.why {
                Why::Wrote { text, .. } => format!("wrote {text}"),
                _ => self.tools.store.report(body.report).await.unwrap().unwrap().words,
            });
        }
        came
    }

    async fn report(&self, id: &str) -> Report {
        let id = derived(&["test", id]).to_string();
        self.tools.store.report_by_source(&testing::slug(CHANNEL), &id).await.unwrap().expect("a report")
    }

    /// The report of `id` was told to its reporter.
    async fn told(&self, report: &Report) {
        let notice = Notice {
            id: derived(&["test notice", &report.id.to_string()]),
            case_id: report.id,
            event_id: derived(&["test event", &report.id.to_string()]),
            version: 1,
            template: "received".to_owned(),
            person: REPORTER.to_owned(),
            sender: "sms".to_owned(),
            way: Way::Sms,
            device: None,
            language: Language::NL,
            template_version: None,
            reasons: vec![Because::Reporter],
            state: NoticeState::Planned,
            planned_at: self.tools.clock.now(),
            due_at: None,
        };
        let mut tx = self.tools.store.begin().await.unwrap();
        tx.open_cases(&[schemas::case::Case {
            reference: report.reference,
            ..testing::open_case(report.id, testing::PUSHED)
        }])
        .await
        .unwrap();
        tx.plan_notices(std::slice::from_ref(&notice)).await.unwrap();
        let (id, at) = (notice.id, self.tools.clock.now());
        tx.settle_notices(&[store::NoticeEnd { id, state: NoticeState::Sent, at, receipt: None, why: None }])
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
}

async fn a_conversation_becomes_a_report((hands, _bed, tools): Desk) {
    let town = Town::open(hands, tools).await;
    town.text("a", AN, "Er is een put").await;
    let said = town.says().await;
    assert_eq!(said, ["Kortrijk: waar is het? Antwoord met straat en nummer, of een plek in de buurt."]);
    town.text("a", AN, "Er is een put").await;
    assert_eq!(town.says().await, Vec::<String>::new(), "the gateway delivers it twice");
    town.text("b", AN, "Doorniksestraat 12").await;
    assert_eq!(town.says().await, Vec::<String>::new(), "the receipt of the report says the rest");
    assert_eq!(town.came().await, ["Er is een put"]);
    let report = town.report("b").await;
    assert_eq!((report.category.as_str(), report.tell, report.channel.as_str()), ("wegen/put", Tell::Sms, "sms"));
    assert_eq!((report.place.address.as_deref(), report.language), (Some("Doorniksestraat 12"), Language::NL));
    let contact = town.tools.store.contacts_by_ids(&[report.id]).await.unwrap().remove(&report.id).unwrap();
    assert_eq!(contact.phone.as_deref(), Some(AN));
    let proven = town.tools.store.contacts_proven(&[report.id]).await.unwrap();
    assert_eq!(proven, [(report.id, vec![Way::Sms])].into(), "they wrote from there");
    let key = town.keys.of(&Address::Sms(AN.to_owned()));
    assert_eq!(town.tools.store.sms_talk(&key).await.unwrap(), None, "nothing stays of the conversation");

    // Several in one visit, of several people, in their order.
    town.text("c", "+32470000001", "Il y a un trou").await;
    town.hands.pass(1);
    town.text("d", "+32470000002", "Brand in de Doorniksestraat!").await;
    town.hands.pass(1);
    town.text("e", "+32470000001", "rue de la Gare").await;
    let said = town.says().await;
    assert!(said.len() == 2 && said.iter().any(|said| said.contains("ou ?")), "{said:?}");
    assert!(said.iter().any(|said| said == "Is er nu gevaar? Bel meteen 112."), "{said:?}");
    let mut came = town.came().await;
    came.sort();
    assert_eq!(came, ["Brand in de Doorniksestraat!", "Il y a un trou"]);
    assert_eq!(town.report("e").await.language, Language::FR);
    assert_eq!(town.report("d").await.category.as_str(), "dienst/vraag", "a person reads what nobody could place");
}

async fn what_is_not_answered_is_filed_after_a_while((hands, _bed, tools): Desk) {
    let town = Town::open(hands, tools).await;
    town.text("a", AN, "Er is een put").await;
    town.text("b", "+32470000001", "Hallo").await;
    assert_eq!(town.says().await.len(), 2);
    town.hands.pass(3_500);
    assert_eq!((town.says().await.len(), town.came().await.len()), (0, 0));
    town.hands.pass(200);
    assert_eq!(town.says().await.len(), 0);
    assert_eq!(town.came().await, ["Er is een put"], "a greeting alone is no report");
}

async fn cases_of_one_number_are_told_apart((hands, _bed, tools): Desk) {
    let town = Town::open(hands, tools).await;
    for (id, words) in [("a", "Put in de Doorniksestraat"), ("b", "Put in de Overleiestraat")] {
        town.text(id, AN, &format!("NIEUW: {words}")).await;
        assert_eq!(town.says().await.len(), 0);
        let report = town.report(id).await;
        town.hands.pass(60);
        town.told(&report).await;
    }
    let (first, second) = (town.report("a").await, town.report("b").await);
    assert_eq!(town.came().await.len(), 2);
    town.text("c", AN, "Wanneer komt u?").await;
    let said = town.says().await;
    let expected = format!(
        "Kortrijk: gaat dit over 1) {}, 2) {} of iets nieuws? Antwoord 1, 2 of NIEUW.",
        second.reference, first.reference
    );
    assert_eq!(said, [expected]);
    town.text("d", AN, "2").await;
    assert_eq!(town.says().await.len(), 0);
    assert_eq!(town.came().await, ["wrote Wanneer komt u?"]);
    town.text("e", AN, &format!("{}: hij is weg", first.reference)).await;
    assert_eq!(town.says().await.len(), 0);
    assert!(town.came().await[0].starts_with("wrote "));
}

async fn two_programs_that_answer_each_other_stop((hands, _bed, tools): Desk) {
    let town = Town::open(hands, tools).await;
    let mut said = 0;
    for n in 0..20 {
        town.text(&format!("r{n}"), AN, "Hallo").await;
        said += town.says().await.len();
    }
    assert_eq!(said, Config::default().answers_per_hour);
    for n in 20..80 {
        town.text(&format!("r{n}"), AN, "Hallo").await;
        town.says().await;
    }
    let read = town.came().await.len();
    assert!(read <= 20, "{read} reports of a program");
    town.text("z", "+32470000009", "Er is een put").await;
    assert_eq!(town.says().await.len(), 1, "others are heard");

    // Who wants no messages gets none, and is heard all the same.
    let key = town.keys.of(&Address::Sms("+32470000008".to_owned()));
    let stop = Suppression {
        way: Way::Sms,
        key,
        scope: Scope::All,
        target: String::new(),
        reason: Suppressed::Stopped,
        why: None,
        at: town.tools.clock.now(),
        until: None,
    };
    let mut tx = town.tools.store.begin().await.unwrap();
    tx.suppress(&stop).await.unwrap();
    tx.commit().await.unwrap();
    town.text("y", "+32470000008", "Er is een put").await;
    assert_eq!(town.says().await.len(), 0);
    town.hands.pass(3_700);
    town.says().await;
    assert!(town.came().await.contains(&"Er is een put".to_owned()));
}

async fn who_is_blocked_is_talked_with_like_anyone_and_held((hands, _bed, tools): Desk) {
    let town = Town::open(hands, tools).await;
    let blocked = crate::abuse::Sender::Phone(AN.to_owned());
    crate::abuse::block(&town.tools.store, "BE", &blocked, 30, "scheldt", "An").await.unwrap().unwrap();
    let mut said = Vec::new();
    for (n, number) in [AN, "+32470000001"].into_iter().enumerate() {
        town.text(&format!("first{n}"), number, "Er is een put").await;
        let mut says = town.says().await;
        town.text(&format!("second{n}"), number, "Doorniksestraat 12").await;
        says.extend(town.says().await);
        said.push(says);
    }
    assert_eq!(said[0], said[1], "nothing tells them");
    assert_eq!(town.came().await.len(), 1);
    assert!(town.tools.store.is_hidden(town.report("second0").await.id).await.unwrap());
    assert!(!town.tools.store.is_hidden(town.report("second1").await.id).await.unwrap());
}

async fn a_round_that_is_killed_says_and_files_once((hands, _bed, tools): Desk) {
    let town = Town::open(hands, tools).await;
    town.text("a", AN, "Put in de Doorniksestraat").await;
    town.text("b", "+32470000001", "HELP").await;
    let suggest: Suggest = Arc::new(|_: &str| None);
    let round = Config::default().build(&town.tools, suggest);
    for _ in 0..2 {
        // Killed before its commit.
        let went = round.go(Value::Null).await.unwrap();
        assert_eq!((went.reports.len(), went.letters.len()), (1, 1));
    }
    let said = town.says().await;
    assert!(said.len() == 1 && said[0].contains("STOP"), "{said:?}");
    assert_eq!(town.came().await.len(), 1);
    town.text("c", "+32470000001", "help!").await;
    assert_eq!(town.says().await.len(), 0, "once a day");
}

testing::both! {
    a_conversation_becomes_a_report,
    what_is_not_answered_is_filed_after_a_while,
    cases_of_one_number_are_told_apart,
    two_programs_that_answer_each_other_stop,
    who_is_blocked_is_talked_with_like_anyone_and_held,
    a_round_that_is_killed_says_and_files_once,
}

#[test]
fn settings_are_bounded() {
    let wrong = Config { patience: Duration::ZERO, answers_per_hour: 0, all_per_hour: 0, most_a_day: 0 };
    let fields: Vec<_> = wrong.check().into_iter().map(|fault| fault.field).collect();
    let expected = ["patience_minutes", "answers_per_hour", "all_per_hour", "most_a_day"];
    assert_eq!(fields, expected.map(|name| format!("sms_door.{name}")));
}
