//! A broadcast to devices: each reads it once, and it takes the place of nothing.

use super::{Town, house::wait_until};
use notifier::{Rates, broadcasts::Broadcasts};
use schemas::{
    broadcast::{Audience, Draft, State, Words},
    id::derived,
    notice::{NoticeState, Scope},
    person::{Follow, KnownAddress, Person, Rhythm},
    report::Language,
    way::{Address, Way},
};
use std::time::Duration;

impl Town {
    /// Somebody who follows the water and has these browsers, and a mail address behind them.
    async fn follower(&self, name: &str, language: Language, browsers: &[&str]) {
        let store = &self.house.store;
        let (keys, now) = (store.address_keys().await.unwrap(), store.clock().now());
        let id = derived(&["person", name]);
        let (token, rhythm) = (format!("token-{name}"), Rhythm::AtOnce);
        let person = Person { id, token, name: None, language, quiet: None, rhythm, made_at: now };
        let mut addresses: Vec<Address> =
            browsers.iter().map(|name| Address::Push(self.service.browser(name, &self.keys[0]))).collect();
        addresses.push(Address::Email(format!("{name}@example.org")));
        let mut tx = store.begin().await.unwrap();
        tx.put_person(&person).await.unwrap();
        for (address, rank) in addresses.into_iter().zip(0..) {
            let key = keys.of(&address);
            let known = KnownAddress { person: id, address, key, rank, verified_at: Some(now) };
            assert!(tx.put_address(&known).await.unwrap());
        }
        tx.follow(&Follow { person: id, scope: Scope::Topic, target: "water".into() }).await.unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn every_device_of_everybody_reads_it_once() {
    let town = Town::open().await;
    town.follower("an", Language::NL, &["phone", "laptop"]).await;
    town.follower("bo", Language::FR, &["tablet"]).await;
    town.follower("cé", Language::NL, &["gone"]).await;
    town.service.answer("gone", Some((410, None)));
    let house = &town.house;
    let broadcasts = Broadcasts::new(&house.store, &house.city, house.senders.names(), Rates::new());
    let words = |subject: &str, short: &str| Words {
        subject: subject.into(),
        text: "Wij werken aan de leiding.".into(),
        short: Some(short.into()),
    };
    let words = [
        (Language::NL, words("Geen water", "Dinsdag van 9 tot 12 uur geen water.")),
        (Language::FR, words("Pas d'eau", "Pas d'eau mardi de 9 h à 12 h.")),
    ];
    let audience = Audience { topics: vec!["water".into()], ..Audience::default() };
    let draft = Draft { words: words.into(), audience, critical: true, at: None };
    let told = broadcasts.draft(&draft, "An").await.unwrap();
    let count = broadcasts.count(&told).await.unwrap();
    assert_eq!(count.heads.planned, 3, "people, not devices");
    assert!(count.told.iter().all(|told| told.way == Way::Push), "{:?}", count.told);
    broadcasts.approve(&told, "Bo", 3).await.unwrap();
    house.run_planner().await;
    house.run_senders().await;
    wait_until(|| async { town.service.pushed().len() == 3 }).await;
    // Whose only device is gone is told the next way.
    wait_until(|| async { house.store.letterbox(9, None).await.unwrap().len() == 1 }).await;
    assert_eq!(house.store.letterbox(9, None).await.unwrap()[0].recipient, "cé@example.org");
    house.pass(Duration::from_secs(60));
    wait_until(|| async {
        let kept = house.store.broadcasts_by_ids(&[told.id]).await.unwrap().remove(&told.id).unwrap();
        kept.state == State::Done
    })
    .await;
    house.drain().await;
    let pushed = town.service.pushed();
    let mut read: Vec<_> = pushed.iter().map(|message| message.browser.as_str()).collect();
    read.sort_unstable();
    assert_eq!(read, ["laptop", "phone", "tablet"], "each once");
    for message in &pushed {
        let shown = &message.plain["notification"];
        let (lang, title, words) = match message.browser.as_str() {
            "tablet" => ("fr", "Pas d'eau", "Pas d'eau mardi de 9 h à 12 h."),
            _ => ("nl", "Geen water", "Dinsdag van 9 tot 12 uur geen water."),
        };
        assert_eq!((&shown["lang"], &shown["title"]), (&lang.into(), &title.into()), "{shown}");
        assert!(shown["body"].as_str().unwrap().contains(words), "{shown}");
        let page = format!("https://hallo.example/{lang}/message/{}", told.reference.digits());
        assert_eq!(shown["navigate"], page);
        assert_eq!((message.topic.is_some(), message.urgency.as_str()), (false, "high"), "it takes no place");
    }
    let rows = house.store.notices_of(told.id).await.unwrap();
    let sent = rows.iter().filter(|row| row.notice.state == NoticeState::Sent).count();
    assert_eq!((rows.len(), sent), (5, 4), "four devices and a mail");
}
