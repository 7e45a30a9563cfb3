//! Mailboxes that are full again and again: an address that takes nothing counts as dead, and why is kept.

mod common;
#[path = "common/house.rs"]
#[expect(dead_code, reason = "other tests use the rest of it")]
mod house;

use house::{House, wait_until};
use notifier::SenderConfig;
use schemas::{
    Uuid,
    id::derived,
    letter::{Lane, Letter, Topic},
    notice::{Heard, HeardState, NoticeState, Suppressed},
    person::Suppression,
    report::{Contact, Tell},
    trace::Trace,
    way::{Address, Way},
};
use std::{sync::Arc, time::Duration};
use store::AddressKey;

async fn house(soft: schemas::city::SoftBounces) -> House {
    let mut city = common::city();
    city.soft_bounces = soft;
    let house = House::build_in(city, &SenderConfig::default(), Arc::default()).await;
    house.run_planner().await;
    house.run_senders().await;
    house
}

/// One more report of Jo, told by mail; what the mail server says of that afterwards. Returns the way it was told
/// first.
async fn told(house: &House, says: Option<(HeardState, &str)>) -> Way {
    let (phone, email) = (Some("0470 12 34 56".to_owned()), Some("jo@example.org".to_owned()));
    let case = house.report_from(Tell::Email, Some(Contact { phone, email, ..Contact::default() })).await;
    wait_until(|| async { house.notices(case).await.iter().any(|row| row.notice.state == NoticeState::Sent) }).await;
    let first = house.notices(case).await.remove(0).notice;
    if let Some((state, why)) = says {
        hear(house, first.id, state, why).await;
    }
    house.drain().await;
    first.way
}

/// The same thing, said twice.
async fn hear(house: &House, notice: Uuid, state: HeardState, why: &str) {
    let at = house.store.clock().now();
    let heard = Heard { notice: Some(notice), provider: "mail".into(), number: None, state, why: Some(why.into()), at };
    for time in ["once", "twice"] {
        let id = derived(&["heard", &notice.to_string(), state.as_str(), time]);
        let letter = Letter::new(id, Lane::notifier(), Topic::NoticeHeard, "notice.heard", &heard, Trace::start(), at);
        let mut tx = house.store.begin().await.unwrap();
        tx.post(&[letter]).await.unwrap();
        tx.commit().await.unwrap();
    }
    wait_until(|| async { house.store.heard_of(notice).await.unwrap().len() == 2 }).await;
}

async fn stopped(house: &House) -> Vec<Suppression> {
    let key = house.store.address_keys().await.unwrap().of(&Address::Email("jo@example.org".into()));
    house.store.suppressions(&[AddressKey { way: Way::Email, key }]).await.unwrap()
}

const FULL: Option<(HeardState, &str)> = Some((HeardState::Failed, "5.2.2 mailbox full"));
const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn three_mails_that_come_back_are_one_too_many() {
    let house = house(Default::default()).await;
    for _ in 0..2 {
        assert_eq!(told(&house, FULL).await, Way::Email);
        house.pass(DAY);
    }
    assert!(stopped(&house).await.is_empty(), "twice may happen to anybody");
    assert_eq!(told(&house, Some((HeardState::Failed, "4.4.1 it does not answer"))).await, Way::Email);
    let found = stopped(&house).await;
    assert_eq!((found.len(), found[0].reason, found[0].until), (1, Suppressed::Bounced, None));
    let why = "3 mails came back within 30 days, the last: 4.4.1 it does not answer";
    assert_eq!(found[0].why.as_deref(), Some(why));
    assert_eq!(told(&house, None).await, Way::Sms, "nothing more goes there");
}

#[tokio::test]
async fn what_arrives_in_between_what_is_old_and_what_is_refused_do_not_count() {
    let house = house(Default::default()).await;
    told(&house, FULL).await;
    told(&house, FULL).await;
    told(&house, Some((HeardState::Delivered, "2.1.5"))).await;
    told(&house, FULL).await;
    told(&house, FULL).await;
    assert!(stopped(&house).await.is_empty(), "one arrived in between");
    house.pass(DAY * 31);
    told(&house, FULL).await;
    told(&house, FULL).await;
    assert!(stopped(&house).await.is_empty(), "that was long ago");
    for _ in 0..3 {
        told(&house, Some((HeardState::Failed, "5.7.1 blocked by policy"))).await;
    }
    assert!(stopped(&house).await.is_empty(), "that says nothing of the address");
    told(&house, FULL).await;
    assert_eq!(stopped(&house).await.len(), 1);
}

#[tokio::test]
async fn a_city_may_count_otherwise_or_not_at_all() {
    let never = house(schemas::city::SoftBounces { times: 0, days: 30 }).await;
    for _ in 0..5 {
        told(&never, FULL).await;
    }
    assert!(stopped(&never).await.is_empty());
    let once = house(schemas::city::SoftBounces { times: 1, days: 1 }).await;
    told(&once, FULL).await;
    assert_eq!(stopped(&once).await.len(), 1);
}
