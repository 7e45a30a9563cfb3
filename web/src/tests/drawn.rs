//! A part of the city that somebody follows: so far around an address, or drawn on the map, as a browser sends it.

use super::Town;
use schemas::{
    patch::{Patch, WrongPatch},
    person::OwnPlace,
    place::Point,
};

const BUDA: &str = "place_words=Budastraat+12&spot=Budastraat+12%2C+8500+Kortrijk";
/// A triangle of some 13 hectares in the middle of the city.
const TRIANGLE: &str = "3.262,50.826+3.268,50.826+3.268,50.832";

impl Town {
    /// The places of whoever's choices these are.
    async fn places_of(&self, choices: &str) -> Vec<OwnPlace> {
        let person = self.person_of(choices).await.unwrap();
        self.store.places(person.id).await.unwrap()
    }
}

#[tokio::test]
async fn around_an_address_without_a_script() {
    let town = Town::open().await;
    for language in ["nl", "fr", "en"] {
        let found = town.press(&format!("/{language}/follow"), "do=find_place&place_words=buda+12").await.text();
        for metres in Patch::RADII {
            assert!(found.contains(&format!("name=\"place_radius\" value=\"{metres}\"")), "{found}");
        }
        assert!(found.contains("value=\"250\" checked"), "{found}");
    }
    let chosen = "do=find_place&place_words=buda+12&place_radius=1000";
    assert!(town.press("/nl/follow", chosen).await.text().contains("value=\"1000\" checked"), "nothing is lost");

    let here = town.followed("an%40example.org", &format!("{BUDA}&place_radius=500&place_label=thuis")).await;
    let [home] = town.places_of(&here).await.try_into().unwrap();
    let Some(Patch::Circle { middle, metres: 500 }) = home.patch else { panic!("{home:?}") };
    assert_eq!((middle, home.name(), home.street.as_deref()), (home.point, "thuis".to_owned(), Some("Budastraat 12")));
    let html = town.get(&here).await.text();
    assert!(html.contains("<svg class=\"sketch\"") && html.contains("aria-label=\"Kaartje van thuis\""), "{html}");
    assert!(html.contains("Nieuws van meldingen tot 500 meter rond deze plek. In Kortrijk"), "{html}");

    // The same place again is the same, however far; nothing chosen, and what nobody offered, is a place alone.
    for (radius, expected) in [("2000", Some(2000)), ("", None), ("99", None), ("x", None)] {
        let body = format!("do=add_place&{BUDA}&place_radius={radius}");
        assert_eq!(town.press(&here, &body).await.status, 303, "{radius}");
        let [home] = town.places_of(&here).await.try_into().unwrap();
        let metres = home.patch.map(|patch| patch.written().1.unwrap());
        assert_eq!(metres, expected, "{radius}");
    }
}

#[tokio::test]
async fn what_is_drawn_is_kept_shown_renamed_removed_and_brought_back() {
    let town = Town::open().await;
    for language in ["nl", "fr", "en"] {
        let page = town.get(&format!("/{language}/follow")).await;
        let policy = page.header("content-security-policy").to_owned();
        let html = page.text();
        assert!(html.contains("id=\"patch\" hidden>") && html.contains("name=\"drawn\" value=\"\""), "{html}");
        assert!(policy.contains("worker-src 'self'"), "{policy}");
    }
    let here = town.followed("an%40example.org", &format!("drawn={TRIANGLE}&drawn_label=+rond+%3Cb%3Eschool")).await;
    let [school] = town.places_of(&here).await.try_into().unwrap();
    assert!(matches!(&school.patch, Some(Patch::Polygon { points }) if points.len() == 3), "{school:?}");
    assert_eq!((school.label.as_deref(), school.street.as_deref()), (Some("rond <b>school"), None));
    let html = town.get(&here).await.text();
    assert!(html.contains("<strong>rond &lt;b&gt;school</strong>"), "{html}");
    assert!(html.contains("in een getekend gebied van ongeveer 14 hectare. In Kortrijk"), "{html}");

    let rename = format!("do=name_place&place={}&place_label=de+basisschool", school.id);
    assert_eq!(town.press(&here, &rename).await.location(), format!("{here}?kept=1"));
    assert_eq!(town.places_of(&here).await[0].name(), "de basisschool");
    let other = town.followed("bo%40example.org", "topic=groen").await;
    town.press(&other, &format!("do=name_place&place={}&place_label=x", school.id)).await;
    town.press(&other, &format!("do=drop_place&sure=yes&place={}", school.id)).await;
    assert_eq!(town.places_of(&here).await[0].name(), "de basisschool", "it is not theirs");

    let dropped = town.press(&here, &format!("do=drop_place&sure=yes&place={}", school.id)).await.text();
    assert!(town.places_of(&here).await.is_empty());
    let field = |name: &str| {
        let form = dropped.split("value=\"restore_place\"").nth(1).unwrap();
        let value = form.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap().split('"').next().unwrap();
        url::form_urlencoded::byte_serialize(value.as_bytes()).collect::<String>()
    };
    let fields = ["place_label", "street", "lat", "lon", "drawn", "drawn_radius"];
    let fields: Vec<String> = fields.iter().map(|name| format!("{name}={}", field(name))).collect();
    let restore = format!("do=restore_place&{}", fields.join("&"));
    assert_eq!(town.press(&here, &restore).await.status, 303);
    let [back] = town.places_of(&here).await.try_into().unwrap();
    assert_eq!((back.id, back.name(), &back.patch), (school.id, "de basisschool".to_owned(), &school.patch));
    for wrong in ["do=restore_place", "do=restore_place&lat=50&lon=x", "do=restore_place&lat=50.8&lon=3.2&drawn=1"] {
        assert_eq!(town.press(&here, wrong).await.status, 400, "{wrong}");
    }
    town.press(&here, "do=forget&sure=yes").await;
    assert!(town.store.places(school.person).await.unwrap().is_empty(), "whoever is forgotten has no places");
}

#[tokio::test]
async fn what_cannot_be_taken_says_what_to_do_and_is_not_lost() {
    let town = Town::open().await;
    let here = town.followed("an%40example.org", "topic=groen").await;
    let many: Vec<String> = (0..60).map(|n| format!("3.2{n:02},50.8{n:02}")).collect();
    let many = many.join("+");
    for (fields, wrong) in [
        ("drawn=3.262,50.826+3.268,50.826", WrongPatch::Few),
        (&format!("drawn={many}"), WrongPatch::Many),
        ("drawn=3.262,50.826+3.268,50.832+3.268,50.826+3.262,50.832", WrongPatch::Crossed),
        ("drawn=3.262,50.826+3.2621,50.826+3.262,50.8261", WrongPatch::Small),
        ("drawn=3.2,50.8+3.3,50.8+3.3,50.9", WrongPatch::Large),
        ("drawn=4.35,50.85&drawn_radius=500", WrongPatch::Outside),
        ("drawn=3.265,50.828&drawn_radius=5", WrongPatch::Radius),
        ("drawn=hier", WrongPatch::Unreadable),
    ] {
        for language in ["nl", "fr", "en"] {
            let sent = format!("{fields}&drawn_label=school&topic=groen&address=an%40x.org");
            let answer = town.press(&format!("/{language}/follow"), &sent).await;
            assert_eq!(answer.status, 422, "{wrong:?}");
            let html = answer.text();
            let texts = crate::texts::Texts::read().unwrap();
            let language = schemas::report::Language::parse(language).unwrap();
            let said = texts.get(language, &format!("patch-wrong-{}", wrong.as_str()), &[]).unwrap();
            assert_eq!(html.matches(&said).count(), 2 + usize::from(wrong == WrongPatch::Many), "{said}: {html}");
            assert!(html.contains("data-open=\"true\"") && html.contains("value=\"school\""), "{html}");
            assert!(html.contains("an@x.org") && html.contains("value=\"groen\" checked"), "nothing is lost: {html}");
            let first = fields.trim_start_matches("drawn=").split(['+', '&']).next().unwrap();
            assert!(html.contains(&format!("name=\"drawn\" value=\"{first}")), "{html}");
        }
        let answer = town.press(&here, &format!("do=add_drawn&{fields}")).await;
        assert_eq!(answer.status, 422, "{wrong:?}");
        assert!(answer.text().contains("data-open=\"true\""));
    }
    assert_eq!(town.press(&here, "do=add_drawn").await.status, 422, "nothing was drawn");
    assert!(town.places_of(&here).await.is_empty());
}

#[tokio::test]
async fn whatever_nobody_named_has_a_name_and_a_stranger_reads_none_of_it() {
    let town = Town::open().await;
    let here = town.followed("an%40example.org", "topic=groen").await;
    for drawn in ["drawn=3.2649,50.8279&drawn_radius=100".to_owned(), format!("drawn={TRIANGLE}")] {
        assert_eq!(town.press(&here, &format!("do=add_drawn&{drawn}")).await.status, 303, "{drawn}");
    }
    // Both are of the same moment: the clock of the town stands still.
    let mut places = town.places_of(&here).await;
    places.sort_by_key(|place| std::cmp::Reverse(place.name()));
    let names: Vec<String> = places.iter().map(OwnPlace::name).collect();
    assert!(names[0].starts_with("Rond ") && names[1].starts_with("Gebied in "), "{names:?}");
    assert_eq!(places[0].point, Point { lat: 50.8279, lon: 3.2649 });

    // Who types the address of somebody else cannot have the city write their words to them.
    let sent = format!("drawn={TRIANGLE}&drawn_label=Klik+op+evil.example&address=bo%40x.org");
    let page = town.press("/nl/follow", &sent).await.location().to_owned();
    let html = town.get(&town.link_of(&page).await).await.text();
    assert!(html.contains("<li>Kortrijk") && !html.contains("evil"), "{html}");
}
