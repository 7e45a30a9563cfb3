//! Places of one's own, on the pages for following and for everything that somebody chose: as a browser does it.

use super::Town;
use schemas::{
    Uuid,
    notice::{Scope, Suppressed},
    person::{OwnPlace, Suppression},
    way::{Address, Way},
};

const BUDA: &str = "place_words=Budastraat+12&spot=Budastraat+12%2C+8500+Kortrijk";

#[tokio::test]
async fn a_place_is_found_added_shown_and_removed() {
    let town = Town::open().await;
    let here = town.followed("an%40example.org", "topic=groen").await;
    let an = town.person_of(&here).await.unwrap();
    let found = town.press(&here, "do=find_place&place_words=buda+12").await;
    assert!(found.text().contains("name=\"spot\" value=\"Budastraat 12, 8500 Kortrijk\" checked"), "{}", found.text());
    assert!(found.text().contains("name=\"place_words\" value=\"buda 12\""), "{}", found.text());
    let none = town.press(&here, "do=find_place&place_words=Wetstraat+16").await.text();
    assert!(none.contains("vonden deze straat niet") && !none.contains("value=\"add_place\""), "{none}");
    for _ in 0..2 {
        let answer = town.press(&here, &format!("do=add_place&{BUDA}&place_label=%3Cb%3Ethuis+")).await;
        assert!(answer.location().starts_with(&format!("{here}?kept=1")), "{}", answer.text());
    }
    let [home] = town.store.places(an.id).await.unwrap().try_into().unwrap();
    assert_eq!((home.label.as_deref(), home.street.as_deref()), (Some("<b>thuis"), Some("Budastraat 12")));
    let html = town.get(&here).await.text();
    assert!(html.contains("<strong>&lt;b&gt;thuis</strong><span>Budastraat 12</span>"), "{html}");

    // What was never offered, nothing chosen, and what lies elsewhere.
    for wrong in [
        "do=add_place&place_words=Budastraat+12&spot=Elders",
        "do=add_place&place_words=Budastraat+12",
        "do=add_place&place_words=&spot=Budastraat+12%2C+8500+Kortrijk",
        "do=add_place",
    ] {
        assert_eq!(town.press(&here, wrong).await.status, 422, "{wrong}");
    }
    let sure = town.press(&here, &format!("do=drop_place&place={}", home.id)).await;
    assert!(
        sure.status == 200 && sure.text().contains("Wilt u geen berichten meer over &lt;b&gt;thuis?"),
        "{}",
        sure.text()
    );
    assert_eq!(town.store.places(an.id).await.unwrap().len(), 1, "it asks first");
    // Of somebody else, nothing is removed.
    let other = town.followed("bo%40example.org", "topic=groen").await;
    town.press(&other, &format!("do=drop_place&sure=yes&place={}", home.id)).await;
    assert_eq!(town.store.places(an.id).await.unwrap().len(), 1);
    assert_eq!(town.press(&here, "do=drop_place&sure=yes&place=x").await.status, 400);
    let dropped = town.press(&here, &format!("do=drop_place&sure=yes&place={}", home.id)).await;
    assert!(dropped.status == 200 && dropped.text().contains("&lt;b&gt;thuis is verwijderd"), "{}", dropped.text());
    assert!(town.store.places(an.id).await.unwrap().is_empty());
    let again = town.press(&here, &format!("do=drop_place&sure=yes&place={}", home.id)).await;
    assert_eq!((again.status.as_u16(), again.location()), (303, format!("{here}?kept=1").as_str()), "twice is once");
}

#[tokio::test]
async fn nobody_has_more_than_ten_and_forgetting_takes_all() {
    let town = Town::open().await;
    let here = town.followed("an%40example.org", "topic=groen").await;
    let an = town.person_of(&here).await.unwrap();
    let streets = [
        "Leiestraat",
        "Steenpoort",
        "Voorstraat",
        "Houtmarkt",
        "Veemarkt",
        "Vlasmarkt",
        "Noordstraat",
        "Stationsplein",
        "Kollegestraat",
        "Wijngaardstraat",
    ];
    for street in streets {
        let body = format!("do=add_place&place_words={street}&spot={street}%2C+8500+Kortrijk");
        assert_eq!(town.press(&here, &body).await.status, 303, "{street}");
    }
    let full = town.press(&here, &format!("do=add_place&{BUDA}")).await;
    assert!(full.status == 422 && full.text().contains("tien. Verwijder er eerst een"), "{}", full.text());
    assert_eq!(town.store.places(an.id).await.unwrap().len(), OwnPlace::MOST);
    town.press(&here, "do=forget&sure=yes").await;
    assert!(town.store.places(an.id).await.unwrap().is_empty());
}

#[tokio::test]
async fn who_follows_may_name_a_place_and_gets_it_once_the_address_is_proven() {
    let town = Town::open().await;
    for language in ["nl", "fr", "en"] {
        let html = town.get(&format!("/{language}/follow?place_words=Budastraat+12")).await.text();
        assert!(
            html.contains("name=\"place_words\" value=\"\""),
            "not from an address that somebody passed on: {html}"
        );
    }
    let found = town.press("/en/follow", "do=find_place&place_words=buda&topic=groen&address=an%40x.org").await;
    let html = found.text();
    assert!(found.status == 200 && html.contains("value=\"Budastraat, 8500 Kortrijk\" checked"), "{html}");
    assert!(html.contains("value=\"groen\" checked") && html.contains("an@x.org"), "nothing is lost: {html}");
    let unchosen = town.press("/en/follow", "place_words=Meensesteenweg&address=an%40x.org").await;
    assert!(
        unchosen.status == 422 && unchosen.text().contains("Choose the place that you mean"),
        "{}",
        unchosen.text()
    );
    let nothing = town.press("/en/follow", "address=an%40x.org").await;
    assert!(
        nothing.status == 422 && nothing.text().contains("one topic, one district or one place"),
        "{}",
        nothing.text()
    );

    let page =
        town.press("/nl/follow", &format!("{BUDA}&place_label=thuis&address=an%40x.org")).await.location().to_owned();
    let link = town.link_of(&page).await;
    assert!(town.get(&link).await.text().contains("<li>Budastraat 12</li>"), "the page says what it is about");
    let choices = town.press(&link, "").await.location().trim_end_matches("?new=1").to_owned();
    let an = town.person_of(&choices).await.unwrap();
    let places = town.store.places(an.id).await.unwrap();
    assert_eq!(places.iter().map(OwnPlace::name).collect::<Vec<_>>(), ["thuis"]);
    assert!(town.store.follows(an.id).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_place_that_was_silenced_is_called_by_its_name() {
    let town = Town::open().await;
    let here = town.followed("an%40example.org", "topic=groen").await;
    town.press(&here, &format!("do=add_place&{BUDA}&place_label=thuis")).await;
    let an = town.person_of(&here).await.unwrap();
    let home = town.store.places(an.id).await.unwrap().remove(0);
    let keys = town.store.address_keys().await.unwrap();
    let key = keys.of(&Address::Email("an@example.org".into()));
    let mut tx = town.store.begin().await.unwrap();
    for target in [home.id, Uuid::nil()] {
        let (scope, reason) = (Scope::Place, Suppressed::Unsubscribed);
        let at = town.store.clock().now();
        let stop = Suppression {
            way: Way::Email,
            key: key.clone(),
            scope,
            target: target.to_string(),
            reason,
            why: None,
            at,
            until: None,
        };
        tx.suppress(&stop).await.unwrap();
    }
    tx.commit().await.unwrap();
    let html = town.get(&here).await.text();
    assert!(html.contains("Een plek die u verwijderde") && !html.contains(&format!("<strong>{}", home.id)), "{html}");
    assert_eq!(html.matches("<strong>thuis</strong>").count(), 2, "{html}");
    town.press(&here, &format!("do=speak&scope=place&target={}", home.id)).await;
    assert_eq!(town.get(&here).await.text().matches("<strong>thuis</strong>").count(), 1);
}
