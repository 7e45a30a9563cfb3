//! The order of ways: what somebody ticked on a report, and what they put in order themselves.

mod common;
#[path = "common/house.rs"]
#[expect(dead_code, reason = "other tests use the rest of it")]
mod house;

use house::{House, wait_until};
use notifier::SenderConfig;
use schemas::{
    Uuid,
    id::derived,
    person::{KnownAddress, Person, Rhythm},
    report::{Contact, Language, Tell},
    way::{Address, Way},
};
use std::sync::Arc;

/// A house that can write, text and telephone, as far as its letterbox is concerned.
async fn house() -> House {
    let house = House::build(&SenderConfig::default(), Arc::default()).await;
    house.run_planner().await;
    house
}

/// Whose these addresses are, in their order; those that are `true` are proven.
async fn somebody(house: &House, addresses: &[(Address, bool)]) {
    let (keys, now) = (house.store.address_keys().await.unwrap(), house.store.clock().now());
    let id = derived(&["person", "jo"]);
    let (token, rhythm) = ("token-jo".to_owned(), Rhythm::AtOnce);
    let person = Person { id, token, name: None, language: Language::EN, quiet: None, rhythm, made_at: now };
    let mut tx = house.store.begin().await.unwrap();
    tx.put_person(&person).await.unwrap();
    for ((address, proven), rank) in addresses.iter().zip(0..) {
        let (key, verified_at) = (keys.of(address), proven.then_some(now));
        let known = KnownAddress { person: id, address: address.clone(), key, rank, verified_at };
        assert!(tx.put_address(&known).await.unwrap());
    }
    tx.commit().await.unwrap();
}

/// The way by which a report is told first, and in which language, whose sender ticked `tell`.
async fn first(house: &House, tell: Tell) -> (Way, Language) {
    let (phone, email) = (Some("0470 12 34 56".to_owned()), Some("jo@example.org".to_owned()));
    let case: Uuid = house.report_from(tell, Some(Contact { phone, email, ..Contact::default() })).await;
    wait_until(|| async { !house.notices(case).await.is_empty() }).await;
    house.drain().await;
    let notices = house.notices(case).await;
    assert_eq!(notices.len(), 1, "{notices:?}");
    (notices[0].notice.way, notices[0].notice.language)
}

fn email() -> Address {
    Address::Email("jo@example.org".into())
}

fn sms() -> Address {
    Address::Sms("+32470123456".into())
}

#[tokio::test]
async fn who_put_nothing_in_order_is_told_as_they_ticked() {
    let house = house().await;
    assert_eq!(first(&house, Tell::Email).await, (Way::Email, Language::FR));
    assert_eq!(first(&house, Tell::Sms).await, (Way::Sms, Language::FR));
}

#[tokio::test]
async fn who_put_their_ways_in_order_is_told_in_that_order_whatever_they_ticked() {
    let house = house().await;
    somebody(&house, &[(sms(), true), (email(), true)]).await;
    assert_eq!(first(&house, Tell::Email).await, (Way::Sms, Language::EN));
    assert_eq!(first(&house, Tell::Sms).await, (Way::Sms, Language::EN));
}

#[tokio::test]
async fn one_way_that_is_proven_is_no_order() {
    let house = house().await;
    somebody(&house, &[(sms(), true), (email(), false)]).await;
    assert_eq!(first(&house, Tell::Email).await.0, Way::Email);
}
