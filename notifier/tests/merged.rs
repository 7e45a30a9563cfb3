//! Everybody who reported or follows the same thing hears of it, each human once.

mod common;
#[path = "common/house.rs"]
#[expect(dead_code, reason = "other tests use the rest of it")]
mod house;

use house::House;
use notifier::{SenderConfig, why};
use schemas::{
    Uuid,
    case::{Case, Status, Watch},
    event::What,
    id::derived,
    notice::{Because, Scope},
    person::{Follow, KnownAddress, Person, Rhythm},
    reference::Reference,
    report::{Contact, Language, Tell},
    slug::Slug,
    way::Address,
};
use std::{collections::BTreeMap, sync::Arc};
use store::{BeforeMerged, Merged};

async fn house() -> House {
    let house = House::build(&SenderConfig::default(), Arc::default()).await;
    house.run_planner().await;
    house.run_senders().await;
    house
}

fn contact(email: Option<&str>, phone: Option<&str>) -> Option<Contact> {
    Some(Contact { name: None, email: email.map(str::to_owned), phone: phone.map(str::to_owned), post: None })
}

fn solved() -> What {
    What::Solved { department: Slug::new("publieke-ruimte-wegen").unwrap(), text: None, evidence: Vec::new() }
}

impl House {
    async fn reference(&self, case: Uuid) -> Reference {
        self.store.report(case).await.unwrap().unwrap().reference
    }

    /// `case` becomes a duplicate of `main`, and its people hear of it.
    async fn merge(&self, case: Uuid, main: Uuid, version: i64) {
        let now = self.store.clock().now();
        let report = self.store.report(case).await.unwrap().unwrap();
        let mut tx = self.store.begin().await.unwrap();
        let before = BeforeMerged {
            status: Status::Routed,
            status_at: now,
            closed_at: None,
            planned_on: None,
            parts: Vec::new(),
            watch: Watch::default(),
        };
        let row = Case {
            id: case,
            reference: report.reference,
            status: Status::Duplicate,
            version,
            lead: None,
            decision: None,
            rejected_by: Vec::new(),
            planned_on: None,
            status_at: now,
            opened_at: now,
            closed_at: Some(now),
            tell: report.tell,
            parts: Vec::new(),
            watch: Watch::default(),
            check_at: None,
        };
        tx.open_cases(&[row]).await.unwrap();
        assert!(tx.add_merged(&Merged { case, main, at: now, before }).await.unwrap());
        tx.commit().await.unwrap();
        let into = self.reference(main).await;
        self.event(case, version, What::Merged { main, into, status: Status::Routed }).await;
    }

    /// Somebody who proved this address, and follows this.
    async fn follower(&self, email: &str, scope: Scope, target: &str) -> Uuid {
        let id = derived(&["person", email]);
        let now = self.store.clock().now();
        let address = Address::Email(email.to_owned());
        let key = self.store.address_keys().await.unwrap().of(&address);
        let mut tx = self.store.begin().await.unwrap();
        let person = Person {
            id,
            token: email.chars().filter(char::is_ascii_alphanumeric).collect::<String>() + "0123456789abcdef",
            name: None,
            language: Language::NL,
            quiet: None,
            rhythm: Rhythm::AtOnce,
            made_at: now,
        };
        tx.put_person(&person).await.unwrap();
        let known = KnownAddress { person: id, rank: 0, address, key, verified_at: Some(now) };
        tx.put_address(&known).await.unwrap();
        tx.follow(&Follow { person: id, scope, target: target.to_owned() }).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// How many messages each address got since so many were there.
    async fn inboxes(&self, since: usize) -> BTreeMap<String, usize> {
        self.drain().await;
        let mut items = self.store.letterbox(200, None).await.unwrap();
        // The newest first.
        items.truncate(items.len() - since);
        let mut inboxes = BTreeMap::new();
        for item in items {
            *inboxes.entry(item.recipient).or_default() += 1;
        }
        inboxes
    }

    async fn total(&self) -> usize {
        self.drain().await;
        self.store.letterbox(200, None).await.unwrap().len()
    }
}

fn each(recipients: &[&str]) -> BTreeMap<String, usize> {
    recipients.iter().map(|to| ((*to).to_owned(), 1)).collect()
}

#[tokio::test]
async fn everybody_hears_of_the_main_case_each_human_once() {
    let house = house().await;
    // The main case's reporter wants to hear nothing: the others do all the same.
    let main = house.report_from(Tell::Nothing, None).await;
    let mailed = house.report_from(Tell::Email, contact(Some("an@example.org"), None)).await;
    let texted = house.report_from(Tell::Sms, contact(None, Some("0470 12 34 56"))).await;
    let silent = house.report_from(Tell::Nothing, contact(Some("stil@example.org"), None)).await;
    // An again, by another report; and a follower of one duplicate and of the main case.
    let again = house.report_from(Tell::Email, contact(Some("an@example.org"), None)).await;
    house.follower("bo@example.org", Scope::Case, &mailed.to_string()).await;
    let bo = derived(&["person", "bo@example.org"]);
    let mut tx = house.store.begin().await.unwrap();
    let follow = Follow { person: bo, scope: Scope::Case, target: main.to_string() };
    tx.follow(&follow).await.unwrap();
    tx.commit().await.unwrap();
    // Who follows the topic need not hear which reports are the same.
    house.follower("topic@example.org", Scope::Topic, "wegen/put").await;

    let before = house.total().await;
    for duplicate in [mailed, texted, silent, again] {
        house.merge(duplicate, main, 2).await;
    }
    let told = house.inboxes(before).await;
    let mut merged = each(&["+32470123456", "bo@example.org"]);
    merged.insert("an@example.org".to_owned(), 2);
    assert_eq!(told, merged, "each report once");

    let before = house.total().await;
    house.event(main, 2, solved()).await;
    let told = house.inboxes(before).await;
    assert_eq!(told, each(&["an@example.org", "+32470123456", "bo@example.org", "topic@example.org"]));

    // Under their own number, and they can read why.
    let own = house.reference(mailed).await;
    let items = house.store.letterbox(4, None).await.unwrap();
    let mail = items.iter().find(|item| item.recipient == "an@example.org").unwrap();
    assert!(mail.text.contains(&own.to_string()), "{}", mail.text);
    let notice = house.notices(mailed).await.pop().unwrap().notice;
    let with = house.reference(main).await;
    assert_eq!(
        (notice.case_id, notice.event_case(), &notice.reasons[..2]),
        (mailed, main, &[Because::Reporter, Because::Merged { report: own, with, main }][..])
    );
    let senders = house.senders.names();
    let whys = why::Whys::open(&house.store, &house.city, senders).await.unwrap();
    let shown = whys.notice(notice.id).await.unwrap().unwrap();
    assert_eq!(shown.events.len(), 1);
    assert_eq!(shown.events[0].people[0].notices[0].notice.id, notice.id);

    // What is between the city and its reporter is not theirs.
    let before = house.total().await;
    let department = Slug::new("publieke-ruimte-wegen").unwrap();
    house.event(main, 3, What::Note { department: department.clone(), text: "Tot morgen".into() }).await;
    house.event(main, 4, What::Asked { department, text: "Waar?".into() }).await;
    assert_eq!(house.inboxes(before).await, BTreeMap::new());

    // Taken apart: they hear of that, and of the main case no more.
    let mut tx = house.store.begin().await.unwrap();
    tx.drop_merged(texted).await.unwrap();
    tx.commit().await.unwrap();
    house.event(texted, 3, What::Split { from: with }).await;
    assert_eq!(house.inboxes(before).await, each(&["+32470123456"]));
    let before = house.total().await;
    house.event(main, 5, What::Reopened { text: None, of: Some(own) }).await;
    assert_eq!(house.inboxes(before).await, each(&["an@example.org", "bo@example.org", "topic@example.org"]));
}

#[tokio::test]
async fn who_wants_no_more_of_their_report_hears_no_more_of_the_main_case() {
    let house = house().await;
    let main = house.report_from(Tell::Email, contact(Some("main@example.org"), None)).await;
    let other = house.report_from(Tell::Email, contact(Some("an@example.org"), None)).await;
    house.merge(other, main, 2).await;
    let before = house.total().await;
    let key = house.store.address_keys().await.unwrap().of(&Address::Email("an@example.org".into()));
    let mut tx = house.store.begin().await.unwrap();
    tx.suppress(&schemas::person::Suppression {
        way: schemas::way::Way::Email,
        key,
        scope: Scope::Case,
        target: other.to_string(),
        reason: schemas::notice::Suppressed::Unsubscribed,
        why: None,
        at: house.store.clock().now(),
        until: None,
    })
    .await
    .unwrap();
    tx.commit().await.unwrap();
    house.event(main, 2, solved()).await;
    assert_eq!(house.inboxes(before).await, each(&["main@example.org"]));
}
