//! Proving an address, from the request to what follows from it, through the sandbox letterbox and a mail server.

mod common;
#[path = "common/house.rs"]
#[expect(dead_code, reason = "other tests use the rest of it")]
mod house;
#[path = "../../tests/src/smtp_sink.rs"]
#[expect(dead_code, reason = "the tests of other crates use the rest of it")]
mod smtp_sink;

use house::{House, SOON, wait_until};
use notifier::{
    SenderConfig, retention,
    verify::{Answer, Request, Stage, Verify},
};
use schemas::{
    Uuid,
    notice::{Scope, Suppressed},
    person::{Person, Suppression},
    proof::{Target, Wants},
    report::Language,
    way::{Address, Way},
};
use smtp_sink::{SmtpSink, Switches};
use std::{sync::Arc, time::Duration};
use store::AddressKey;

const HOUR: Duration = Duration::from_hours(1);

struct Bed {
    house: House,
    verify: Verify,
}

fn topic(id: &str) -> Target {
    Target { scope: Scope::Topic, target: id.into() }
}

fn mail(text: &str) -> Address {
    Address::Email(text.into())
}

impl Bed {
    async fn new() -> Self {
        let house = House::build(&SenderConfig::default(), Arc::default()).await;
        let verify = Verify::open(&house.store, &house.city, house.senders.names()).await.unwrap();
        house.run_senders().await;
        Self { house, verify }
    }

    async fn ask_for(&self, address: Address, person: Option<Uuid>, follows: &[Target]) -> String {
        let wants = Wants { follows: follows.to_vec(), ..Wants::default() };
        self.verify.ask(Request { address, language: Language::NL, person, wants }).await.unwrap()
    }

    async fn ask(&self, address: &str, follows: &[Target]) -> String {
        self.ask_for(mail(address), None, follows).await
    }

    /// How many messages lie in the letterbox, once there are `n`.
    async fn arrived(&self, n: usize) -> Vec<store::LetterboxItem> {
        wait_until(|| async { self.house.store.letterbox(99, None).await.unwrap().len() >= n }).await;
        self.house.drain().await;
        let items = self.house.store.letterbox(99, None).await.unwrap();
        assert_eq!(items.len(), n);
        items
    }

    async fn key(&self, address: &Address) -> AddressKey {
        AddressKey { way: address.way(), key: self.house.store.address_keys().await.unwrap().of(address) }
    }

    async fn prove(&self, address: &str, follows: &[Target], so_far: usize) -> Person {
        let page = self.ask(address, follows).await;
        let items = self.arrived(so_far + 1).await;
        match self.verify.enter(&page, &code(&items[0].text)).await.unwrap() {
            Some(Answer::Done(person)) => *person,
            other => panic!("{other:?}"),
        }
    }
}

/// The six digits in a message.
fn code(text: &str) -> String {
    let rest = ["Code: ", "code is "].iter().find_map(|before| text.split(before).nth(1));
    rest.unwrap_or_else(|| panic!("a code in {text}"))[..6].to_owned()
}

/// The token of the link in a message.
fn link(text: &str) -> String {
    let rest = text.split("https://hallo.example/nl/proven/").nth(1).unwrap_or_else(|| panic!("a link in {text}"));
    rest.split_whitespace().next().unwrap().to_owned()
}

#[tokio::test]
async fn a_code_opens_what_was_asked_for_and_nothing_before() {
    let bed = Bed::new().await;
    let page = bed.ask("jo@example.org", &[topic("wegen"), topic("nergens"), topic("wegen")]).await;
    let item = bed.arrived(1).await.remove(0);
    assert_eq!((item.recipient.as_str(), item.way), ("jo@example.org", Way::Email));
    assert!(item.text.contains("> Wegen") && !item.text.contains("nergens"), "{}", item.text);
    let keys = [bed.key(&mail("jo@example.org")).await];
    let mut tx = bed.house.store.begin().await.unwrap();
    assert!(tx.addresses_by_keys(&keys).await.unwrap().is_empty(), "nothing is theirs before they prove it");
    drop(tx);
    let shown = bed.verify.page(&page).await.unwrap().unwrap();
    assert_eq!((shown.stage, shown.address.as_str(), shown.follows.len()), (Stage::Open, "j…@e….org", 1));
    assert_eq!(bed.verify.enter(&page, "000 000x").await.unwrap(), Some(Answer::Wrong(4)));
    let Some(Answer::Done(jo)) = bed.verify.enter(&page, &code(&item.text)).await.unwrap() else { panic!() };
    assert_eq!(jo.language, Language::NL);
    let follows = bed.house.store.follows(jo.id).await.unwrap();
    assert_eq!(follows.iter().map(|f| f.target.as_str()).collect::<Vec<_>>(), ["wegen"]);
    assert!(bed.house.store.addresses(&[jo.id]).await.unwrap()[0].verified_at.is_some());
    // Once; the link of the same message leads to the same person.
    assert_eq!(bed.verify.enter(&page, &code(&item.text)).await.unwrap(), Some(Answer::Not(Stage::Done)));
    let Some(Answer::Done(again)) = bed.verify.confirm(&link(&item.text)).await.unwrap() else { panic!() };
    assert_eq!(again.id, jo.id);
    // Who follows more later is the same person.
    let same = bed.prove("JO@example.org", &[topic("groen")], 1).await;
    assert_eq!((same.id, bed.house.store.follows(jo.id).await.unwrap().len()), (jo.id, 2));
    for wrong in ["", "x", &link(&item.text)] {
        assert_eq!(bed.verify.enter(wrong, "000000").await.unwrap(), None);
        assert!(bed.verify.page(wrong).await.unwrap().is_none());
    }
    assert_eq!(bed.verify.confirm(&page).await.unwrap(), None, "the page is no proof");
}

#[tokio::test]
async fn codes_and_links_end_and_so_do_guesses() {
    let bed = Bed::new().await;
    let page = bed.ask("jo@example.org", &[topic("wegen")]).await;
    let text = bed.arrived(1).await.remove(0).text;
    for left in [4, 3, 2, 1] {
        assert_eq!(bed.verify.enter(&page, "1").await.unwrap(), Some(Answer::Wrong(left)));
    }
    for _ in 0..3 {
        assert_eq!(bed.verify.enter(&page, "1").await.unwrap(), Some(Answer::Not(Stage::TooMany)));
    }
    let good = bed.verify.enter(&page, &code(&text)).await.unwrap();
    assert_eq!(good, Some(Answer::Not(Stage::TooMany)), "the right one is too late as well");
    assert_eq!(bed.verify.page(&page).await.unwrap().unwrap().stage, Stage::TooMany);
    assert_eq!(bed.verify.link(&link(&text)).await.unwrap().unwrap().stage, Stage::Open, "the link still works");
    bed.house.pass(Duration::from_mins(15));
    assert_eq!(bed.verify.page(&page).await.unwrap().unwrap().stage, Stage::Expired);
    bed.house.pass(24 * HOUR);
    assert_eq!(bed.verify.link(&link(&text)).await.unwrap().unwrap().stage, Stage::Expired);
    assert_eq!(bed.verify.confirm(&link(&text)).await.unwrap(), Some(Answer::Not(Stage::Expired)));
    // Asking again gives a new one.
    let again = bed.verify.again(&page).await.unwrap().unwrap();
    let new = bed.arrived(2).await.remove(0).text;
    assert!(matches!(bed.verify.enter(&again, &code(&new)).await.unwrap(), Some(Answer::Done(_))));
    // What is forgotten leads nowhere.
    bed.house.pass(8 * 24 * HOUR);
    retention::prune(&bed.house.store, &retention::Terms::default(), &bed.house.templates).await.unwrap();
    assert!(bed.verify.page(&page).await.unwrap().is_none());
}

#[tokio::test]
async fn many_guesses_at_once_are_counted_one_by_one() {
    let bed = Bed::new().await;
    let page = bed.ask("jo@example.org", &[topic("wegen")]).await;
    bed.arrived(1).await;
    let tries = (0..20).map(|_| bed.verify.enter(&page, "1"));
    let answers = futures_util::future::join_all(tries).await;
    let wrong = answers.iter().filter(|a| matches!(a, Ok(Some(Answer::Wrong(_))))).count();
    assert_eq!(wrong, 4, "the fifth says that it was the last: {answers:?}");
}

#[tokio::test]
async fn too_many_messages_are_not_sent_and_nobody_can_tell() {
    let bed = Bed::new().await;
    let mut pages = Vec::new();
    for _ in 0..5 {
        pages.push(bed.ask("jo@example.org", &[topic("wegen")]).await);
    }
    bed.arrived(3).await;
    for page in &pages {
        let shown = bed.verify.page(page).await.unwrap().unwrap();
        assert_eq!(shown.stage, Stage::Open, "the page says the same for each");
    }
    // The code of what was never sent cannot be guessed right: it is refused even so.
    let tokens = bed.house.store.proof_tokens().await.unwrap();
    let last = tokens.read_page(&pages[4]).unwrap();
    assert_eq!(bed.verify.enter(&pages[4], &tokens.code(last)).await.unwrap(), Some(Answer::Wrong(4)));
    // Another address is not held up, and after an hour this one neither; ten in a day is the most.
    bed.ask("an@example.org", &[topic("wegen")]).await;
    bed.arrived(4).await;
    for hour in 1..=4 {
        bed.house.pass(HOUR);
        for _ in 0..4 {
            bed.ask("jo@example.org", &[topic("wegen")]).await;
        }
        bed.arrived([7, 10, 11, 11][hour - 1]).await;
    }
}

#[tokio::test]
async fn who_wanted_nothing_is_asked_once_a_day_and_gets_exactly_what_they_ask_for() {
    let bed = Bed::new().await;
    let (store, address) = (&bed.house.store, mail("jo@example.org"));
    let AddressKey { way, key } = bed.key(&address).await;
    let stop = |scope, target: &str, reason| Suppression {
        way,
        key: key.clone(),
        scope,
        target: target.into(),
        reason,
        why: None,
        at: store.clock().now(),
        until: None,
    };
    let mut tx = store.begin().await.unwrap();
    tx.suppress(&stop(Scope::All, "", Suppressed::Complained)).await.unwrap();
    tx.suppress(&stop(Scope::Topic, "wegen", Suppressed::Unsubscribed)).await.unwrap();
    tx.suppress(&stop(Scope::Topic, "groen", Suppressed::Unsubscribed)).await.unwrap();
    tx.commit().await.unwrap();
    let page = bed.ask("jo@example.org", &[topic("wegen")]).await;
    bed.ask("jo@example.org", &[topic("wegen")]).await;
    let item = bed.arrived(1).await.remove(0);
    let stopped = async || {
        let found = store.suppressions(&[AddressKey { way, key: key.clone() }]).await.unwrap();
        found.into_iter().map(|found| (found.scope, found.target)).collect::<Vec<_>>()
    };
    assert_eq!(stopped().await.len(), 3, "asking lifts nothing");
    assert!(matches!(bed.verify.enter(&page, &code(&item.text)).await.unwrap(), Some(Answer::Done(_))));
    assert_eq!(stopped().await, [(Scope::Topic, "groen".to_owned())]);
    // Who only opens their choices asks for no messages.
    let mut tx = store.begin().await.unwrap();
    tx.suppress(&stop(Scope::All, "", Suppressed::Stopped)).await.unwrap();
    tx.commit().await.unwrap();
    bed.house.pass(25 * HOUR);
    bed.prove("jo@example.org", &[], 1).await;
    assert_eq!(stopped().await.len(), 2);
}

#[tokio::test]
async fn an_address_is_added_to_choices_and_takes_the_place_of_another() {
    let bed = Bed::new().await;
    let store = &bed.house.store;
    let jo = bed.prove("jo@example.org", &[topic("wegen")], 0).await;
    let sms = Address::Sms("+32470123456".into());
    let page = bed.ask_for(sms.clone(), Some(jo.id), &[]).await;
    let items = bed.arrived(2).await;
    assert!(items[0].way == Way::Sms && items[0].text.chars().count() <= 160, "{}", items[0].text);
    assert_eq!(store.addresses(&[jo.id]).await.unwrap().len(), 1);
    assert!(matches!(bed.verify.enter(&page, &code(&items[0].text)).await.unwrap(), Some(Answer::Done(_))));
    let ways = async || store.addresses(&[jo.id]).await.unwrap().into_iter().map(|k| k.address).collect::<Vec<_>>();
    assert_eq!(ways().await, [mail("jo@example.org"), sms.clone()]);
    // A new mailbox, which was somebody's who is then gone.
    let other = bed.prove("new@example.org", &[topic("groen")], 2).await;
    let page = bed.ask_for(mail("new@example.org"), Some(jo.id), &[]).await;
    let items = bed.arrived(4).await;
    assert!(matches!(bed.verify.enter(&page, &code(&items[0].text)).await.unwrap(), Some(Answer::Done(_))));
    assert_eq!(ways().await, [mail("new@example.org"), sms], "in the place of the old one");
    assert_eq!(store.person(other.id).await.unwrap(), None);
    // Whoever is forgotten in the meantime gets nothing added.
    let page = bed.ask_for(mail("late@example.org"), Some(other.id), &[]).await;
    let items = bed.arrived(5).await;
    let answer = bed.verify.enter(&page, &code(&items[0].text)).await.unwrap();
    assert_eq!(answer, Some(Answer::Not(Stage::Expired)));
}

#[tokio::test]
async fn the_message_says_what_was_asked_for() {
    let bed = Bed::new().await;
    let case = bed.house.report_from(schemas::report::Tell::Nothing, None).await;
    let reference = bed.house.store.report(case).await.unwrap().unwrap().reference;
    let one = Target { scope: Scope::Case, target: case.to_string() };
    let gone = Target { scope: Scope::Case, target: Uuid::nil().to_string() };
    bed.ask("jo@example.org", &[one, gone, topic("groen")]).await;
    let text = bed.arrived(1).await.remove(0).text;
    assert!(text.contains(&format!("> Put in de rijweg ({reference})\n> Groen en begraafplaatsen\n")), "{text}");
    bed.ask("an@example.org", &[]).await;
    let text = bed.arrived(2).await.remove(0).text;
    assert!(text.contains("om te kiezen hoe dit adres berichten krijgt") && !text.contains('>'), "{text}");
}

#[tokio::test]
async fn the_mail_of_a_proof_is_no_list_and_holds_nothing_that_was_typed() {
    let sink = SmtpSink::start(Switches::default()).await.unwrap();
    let config = Some(format!("smtp://{}", sink.address()).parse().unwrap());
    let house = House::build(&SenderConfig { mail: config, ..SenderConfig::default() }, Arc::default()).await;
    let verify = Verify::open(&house.store, &house.city, house.senders.names()).await.unwrap();
    assert_eq!(verify.ways(), [Way::Email], "nobody sends text messages here");
    for wrong in ["0470 12 34 56", "jo", "", "jo@example", "a@b@c.org", "jo@example.org\r\nBcc: x@y.org"] {
        assert!(verify.read(wrong).is_none(), "{wrong}");
    }
    house.run_senders().await;
    let address = verify.read(" jo@example.org ").unwrap();
    let wants = Wants { follows: vec![topic("<b>"), topic("wegen")], language: Some(Language::EN), ..Wants::default() };
    verify.ask(Request { address, language: Language::EN, person: None, wants }).await.unwrap();
    assert!(sink.wait_for(1, SOON).await);
    let text = sink.arrived().remove(0).data;
    assert!(!text.contains("List-Unsubscribe") && !text.contains("List-Id"), "{text}");
    assert!(text.contains("Subject: Confirm your e-mail address") && !text.contains("<b>"), "{text}");
    house.drain().await;
}
