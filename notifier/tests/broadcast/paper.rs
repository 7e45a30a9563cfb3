//! A broadcast on paper, and told by people of the city.

use super::{
    BELFRY, approved, district,
    house::{House, wait_until},
    somebody,
};
use notifier::{
    Rates, SenderConfig,
    senders::letters::{LettersConfig, Made, Press},
};
use schemas::{
    notice::NoticeState,
    person::Person,
    way::{Address, Post},
};
use std::sync::Arc;

#[tokio::test]
async fn it_goes_on_paper_and_to_the_desk_as_well() {
    let letters = LettersConfig { sender: vec!["Grote Markt 54".into()], ..LettersConfig::default() };
    let config = SenderConfig { letters: Some(letters.clone()), ..SenderConfig::default() };
    let house = House::build(&config, Arc::default()).await;
    let post = Post { street: "Markt 1".into(), postcode: "8500".into(), town: "Kortrijk".into(), country: None };
    let (writes, calls) = (somebody(&house, "writes"), somebody(&house, "calls"));
    house.people(&[(writes.clone(), vec![(Address::Letter { name: Some("An".into()), post }, true)])]).await;
    house.people(&[(calls.clone(), vec![(Address::Call("+32470123456".into()), true)])]).await;
    for person in [&writes, &calls] {
        house.live_at(person.id, BELFRY).await;
    }
    let broadcasts = house.broadcasts(Rates::new());
    let told = approved(&house, &broadcasts, district(), false).await;
    house.run_planner().await;
    house.run_senders().await;
    wait_until(|| async { house.state_of(&told, NoticeState::Sent).await == 2 }).await;
    house.drain().await;
    let notices = house.store.notices_of(told.id).await.unwrap();
    let of = |person: &Person| &notices.iter().find(|row| row.notice.person == person.id.to_string()).unwrap().notice;

    let (city, templates) = (&house.city, &house.templates);
    let press = Press::open(&letters, &house.store, city, templates, "https://hallo.example").await.unwrap();
    let Made::Printed { pdf, reference, name, .. } = press.press(of(&writes).id).await.unwrap() else {
        panic!("it is printed")
    };
    assert_eq!((reference, name.as_deref()), (told.reference, Some("An")));
    assert!(pdf.starts_with(b"%PDF"));
    let tasks = house.store.tasks_of(told.id).await.unwrap();
    let words = &tasks[0].body.tell.as_ref().unwrap().words;
    assert!(tasks.len() == 1 && words.contains("U hebt geen water van 9 tot 12 uur."), "{words}");
    assert_eq!(tasks[0].reference, told.reference);

    // Stopped: what the print room has not made yet is not made.
    let again = approved(&house, &broadcasts, district(), false).await;
    broadcasts.stop(&again, "An").await.unwrap();
    house.drain().await;
    assert_eq!(house.state_of(&again, NoticeState::Planned).await, 0);
}
