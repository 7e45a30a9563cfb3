//! Addresses that answer as providers do.

mod common;
#[path = "common/house.rs"]
mod house;

use house::{House, wait_until};
use notifier::SenderConfig;
use schemas::{
    Uuid,
    event::What,
    notice::NoticeState::{self, Delivered, Failed, Planned, Sent, Suppressed, Unknown},
    report::{Contact, Tell},
    slug::Slug,
    way::Way,
};
use std::{sync::Arc, time::Duration};

/// A house that nothing leaves, whose sandbox plays or does not.
async fn house(magic: bool) -> House {
    let house = House::build(&SenderConfig { magic, ..SenderConfig::default() }, Arc::default()).await;
    house.run_planner().await;
    house.run_senders().await;
    house
}

/// A report of somebody who is told by mail at `word` of the sandbox, and else at its number that ends in `digits`.
async fn report(house: &House, word: &str, digits: &str) -> Uuid {
    let contact = Contact {
        email: Some(format!("{word}@sandbox.voordeur.invalid")),
        phone: (!digits.is_empty()).then(|| format!("+1 202 555 01{digits}")),
        ..Contact::default()
    };
    house.report_from(Tell::Email, Some(contact)).await
}

async fn planned(house: &House, case: Uuid) {
    let department = Slug::new("publieke-ruimte-wegen").unwrap();
    house.event(case, 2, What::Planned { department, on: jiff::civil::date(2026, 12, 4), text: None }).await;
}

/// Waits until these are all the notices of `case`, in the order they were planned.
async fn ends(house: &House, case: Uuid, expected: &[(i64, Way, NoticeState)]) {
    let now = async || -> Vec<_> {
        let rows = house.notices(case).await;
        rows.into_iter().map(|row| (row.notice.version, row.notice.way, row.notice.state)).collect()
    };
    let end = std::time::Instant::now() + house::SOON;
    while now().await != expected {
        assert!(std::time::Instant::now() < end, "{:?} is not {expected:?}", now().await);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    house.drain().await;
}

#[tokio::test]
async fn what_comes_back_goes_the_next_way() {
    use Way::{Email, Sms};
    let house = house(true).await;
    for (word, second) in [
        // An address that is not there is not tried again; a full one is.
        ("bounced+1", &[(2, Sms, Delivered)][..]),
        ("refused+1", &[(2, Sms, Delivered)]),
        ("full+1", &[(2, Email, Failed), (2, Sms, Delivered)]),
    ] {
        let case = report(&house, word, "01").await;
        let first = [(1, Email, Failed), (1, Sms, Delivered)];
        ends(&house, case, &first).await;
        house.pass(Duration::from_secs(1));
        planned(&house, case).await;
        ends(&house, case, &[&first[..], second].concat()).await;
    }
    assert!(house.store.letterbox(9, None).await.unwrap().is_empty(), "nothing was handed to anybody");
}

#[tokio::test]
async fn who_complains_or_says_stop_is_told_nothing_more_by_any_way() {
    let house = house(true).await;
    for (word, digits, first) in [
        ("complained", "01", vec![(1, Way::Email, Sent)]),
        ("bounced", "05", vec![(1, Way::Email, Failed), (1, Way::Sms, Sent)]),
    ] {
        let case = report(&house, word, digits).await;
        ends(&house, case, &first).await;
        house.pass(Duration::from_secs(1));
        planned(&house, case).await;
        let way = first.last().unwrap().1;
        ends(&house, case, &[first, vec![(2, way, Suppressed)]].concat()).await;
    }
}

#[tokio::test]
async fn a_receipt_counts_and_silence_is_unknown() {
    let house = house(true).await;
    let delivered = report(&house, "delivered", "").await;
    ends(&house, delivered, &[(1, Way::Email, Delivered)]).await;
    let (silent, busy) = (report(&house, "timeout", "").await, report(&house, "busy", "").await);
    ends(&house, silent, &[(1, Way::Email, Unknown)]).await;
    ends(&house, busy, &[(1, Way::Email, Planned)]).await;
    for case in [silent, busy] {
        let tries = house.notices(case).await[0].attempts;
        house.pass(Duration::from_mins(2));
        wait_until(|| async { house.notices(case).await[0].attempts > tries }).await;
        house.drain().await;
    }
    assert_eq!(house.notices(delivered).await[0].attempts, 1);
}

#[tokio::test]
async fn without_leave_they_are_addresses_like_any_other() {
    let house = house(false).await;
    let case = report(&house, "bounced", "").await;
    ends(&house, case, &[(1, Way::Email, Sent)]).await;
    assert_eq!(house.store.letterbox(9, None).await.unwrap().len(), 1);
}
