//! A broadcast with a time: approved it waits, starts by itself, and can be stopped before.

use super::{BELFRY, district, draft, email, house, house::House, house::wait_until, somebody};
use notifier::{Rates, broadcasts::Refused};
use schemas::{
    broadcast::{Broadcast, Draft, State},
    notice::NoticeState,
};
use std::time::Duration;

const HOUR: Duration = Duration::from_hours(1);

/// A draft that starts in an hour.
fn in_an_hour(house: &House) -> Draft {
    Draft { at: Some(house.store.clock().now() + HOUR), ..draft(district(), true) }
}

/// One that is approved and waits, for 20 people.
async fn scheduled(house: &House) -> Broadcast {
    house.crowd(20).await;
    let broadcasts = house.broadcasts(Rates::new());
    let written = broadcasts.draft(&in_an_hour(house), "An").await.unwrap();
    broadcasts.approve(&written, "Bo", 20).await.unwrap();
    house.found(&written).await
}

#[tokio::test]
async fn it_starts_by_itself_at_its_time_whoever_was_killed_meanwhile() {
    let house = house().await;
    let told = scheduled(&house).await;
    assert_eq!((told.state, told.began_at()), (State::Scheduled, None));
    house.run_planner().await;
    house.run_senders().await;
    house.pass(HOUR - Duration::from_mins(1));
    house.drain().await;
    assert_eq!(house.found(&told).await.state, State::Scheduled);
    assert!(house.store.notices_of(told.id).await.unwrap().is_empty());
    // Who comes before it starts is told, too.
    let late = somebody(&house, "late");
    house.people(&[(late.clone(), vec![(email("late"), true)])]).await;
    house.live_at(late.id, BELFRY).await;
    house.pass(Duration::from_mins(1));
    wait_until(|| async { house.state_of(&told, NoticeState::Sent).await == 21 }).await;
    house.pass(Duration::from_mins(1));
    wait_until(|| async { house.found(&told).await.state == State::Done }).await;
    let told = house.found(&told).await;
    assert_eq!((told.began_at(), told.heads.planned), (told.draft.at, 21));
    assert_eq!(house.items().await.len(), 21, "each once");
}

#[tokio::test]
async fn nobody_worked_at_its_time_and_it_starts_when_somebody_does() {
    let house = house().await;
    let told = scheduled(&house).await;
    house.pass(HOUR * 3);
    house.run_planner().await;
    house.run_senders().await;
    wait_until(|| async { house.state_of(&told, NoticeState::Sent).await == 20 }).await;
    assert_eq!(house.items().await.len(), 20);
}

#[tokio::test]
async fn stopped_before_its_time_it_tells_nobody() {
    let house = house().await;
    let told = scheduled(&house).await;
    let broadcasts = house.broadcasts(Rates::new());
    for refused in [broadcasts.pause(&told, "Cé").await.unwrap_err(), broadcasts.resume(&told, "Cé").await.unwrap_err()]
    {
        assert!(matches!(refused, Refused::NotNow { is: State::Scheduled, .. }), "{refused}");
    }
    assert_eq!(broadcasts.stop(&told, "Cé").await.unwrap(), 0);
    house.run_planner().await;
    house.run_senders().await;
    house.pass(HOUR * 2);
    house.drain().await;
    let told = house.found(&told).await;
    assert_eq!((told.state, told.began_at()), (State::Stopped, None));
    assert!(house.items().await.is_empty());
}

#[tokio::test]
async fn approved_too_late_it_starts_at_once_and_a_time_that_is_over_is_refused() {
    let house = house().await;
    house.crowd(5).await;
    let broadcasts = house.broadcasts(Rates::new());
    let written = broadcasts.draft(&in_an_hour(&house), "An").await.unwrap();
    house.pass(HOUR * 2);
    let before = house.store.clock().now();
    broadcasts.approve(&written, "Bo", 5).await.unwrap();
    let told = house.found(&written).await;
    assert_eq!(told.state, State::Running);
    assert!(told.began_at().unwrap() >= before);
    house.run_planner().await;
    house.run_senders().await;
    wait_until(|| async { house.state_of(&told, NoticeState::Sent).await == 5 }).await;

    let now = house.store.clock().now();
    let refused = broadcasts.draft(&Draft { at: Some(now), ..in_an_hour(&house) }, "An").await.unwrap_err();
    assert!(matches!(&refused, Refused::Past(_)) && refused.to_string().contains("that is over"), "{refused}");
    let in_two_years = Some(now + HOUR * 24 * 730);
    let refused = broadcasts.draft(&Draft { at: in_two_years, ..in_an_hour(&house) }, "An").await.unwrap_err();
    assert!(matches!(refused, Refused::Far(_)), "{refused}");
    assert_eq!(house.store.newest_broadcasts(9).await.unwrap().len(), 1, "nothing was kept");
}
