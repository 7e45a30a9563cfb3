//! Looking places up: in the form without JavaScript, and over the API.

use super::{Answer, Town, attribute, form::png};
use schemas::{place::Precision, report::Report};

const FORM: &[(&str, &str)] =
    &[("token", "abcdefghijklmnopqrstuvwxyz"), ("category", "wegen/put"), ("words", "Diepe put"), ("tell", "nothing")];

/// The form with these fields as well.
fn with<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    FORM.iter().chain(more).copied().collect()
}

async fn sent(town: &Town, more: &[(&str, &str)]) -> Report {
    let answer = town.post("/nl/report", &with(more), &[]).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let token = answer.location().trim_end_matches("/receipt").rsplit('/').next().unwrap().to_owned();
    town.store.report_by_token(&token).await.unwrap().unwrap()
}

#[tokio::test]
async fn an_address_is_looked_up_chosen_and_kept_with_everything_else() {
    let town = Town::open().await;
    for language in ["nl", "fr", "en"] {
        let page = town.get(&format!("/{language}/report?category=wegen/put")).await.text();
        assert!(page.contains("value=\"find-place\"") && !page.contains("name=\"spot\""), "{page}");
    }
    let fields =
        with(&[("address", "overlei 47"), ("do", "find-place"), ("words", "Diepe put <b>"), ("email", "an@x.org")]);
    let found = town.post("/fr/report", &fields, &[("put.png", &png())]).await;
    let html = found.text();
    assert_eq!(found.status, 200, "{html}");
    assert!(html.contains("value=\"Rue d&#x27;Overleie 47, 8500 Kortrijk\" checked"), "{html}");
    assert!(html.contains("name=\"spot_for\" value=\"overlei 47\""), "{html}");
    assert!(html.contains("Nous avons trouvé un lieu") && html.contains("value=\"an@x.org\""), "{html}");
    let kept = attribute(&html, "name=\"kept_photo\"", "value").to_owned();
    assert_eq!(town.store.count().await.unwrap().reports, 0, "nothing is sent by looking it up");

    // Sent from the French page: the office reads it in its own language.
    let label = "Rue d'Overleie 47, 8500 Kortrijk";
    let report =
        sent(&town, &[("address", "overlei 47"), ("spot", label), ("spot_for", "overlei 47"), ("kept_photo", &kept)])
            .await;
    assert_eq!(report.place.address.as_deref(), Some("overlei 47"), "what they wrote stays");
    let place = report.place.found.unwrap();
    assert_eq!(place.address.as_deref(), Some("Overleiestraat 47, 8500 Kortrijk"));
    assert_eq!((place.precision, report.photos.len()), (Some(Precision::Address), 1));
    assert_eq!(town.city.areas.locate(report.place.point.unwrap())[0].as_str(), "kortrijk");
}

#[tokio::test]
async fn several_places_none_of_them_and_a_changed_mind() {
    let town = Town::open().await;
    let find = |address: &'static str| with(&[("address", address), ("do", "find-place")]);
    let html = town.post("/nl/report", &find("Meensesteenweg"), &[]).await.text();
    assert!(
        html.contains("8501 Bissegem") && html.contains("8500 Kortrijk") && html.contains("meer dan één"),
        "{html}"
    );
    assert!(html.contains("name=\"spot\" value=\"\" checked"), "of several nobody knows which: {html}");
    let html = town.post("/nl/report", &find("bij het kapelletje"), &[]).await.text();
    assert!(html.contains("vonden dit adres niet") && !html.contains("name=\"spot\""), "{html}");

    let none = [("address", "Meensesteenweg"), ("spot", ""), ("spot_for", "Meensesteenweg")];
    assert_eq!(sent(&town, &none).await.place.point, None);
    let town = Town::open().await;
    // A choice for another address than what stands there now, and one that was never offered, count for nothing.
    let changed = [("address", "bij het belfort"), ("spot", "Leiestraat, 8500 Kortrijk"), ("spot_for", "Leiestraat")];
    assert_eq!(sent(&town, &changed).await.place.point, None);
    let town = Town::open().await;
    let made_up = [("address", "bij het belfort"), ("spot", "<b>Elders</b>"), ("spot_for", "bij het belfort")];
    let place = sent(&town, &made_up).await.place;
    assert_eq!((place.point, place.found), (None, None));
    // With something else wrong, the choice is still there.
    let wrong = with(&[
        ("address", "Meensesteenweg"),
        ("spot", "Meensesteenweg, 8501 Bissegem"),
        ("email", "x"),
        ("spot_for", "Meensesteenweg"),
    ]);
    let html = town.post("/nl/report", &wrong, &[]).await.text();
    assert!(html.contains("value=\"Meensesteenweg, 8501 Bissegem\" checked"), "{html}");
}

#[tokio::test]
async fn the_number_of_a_lamp_post_is_an_address() {
    let town = Town::open().await;
    let html = town.post("/nl/report", &with(&[("address", "ko 5012"), ("do", "find-place")]), &[]).await.text();
    assert!(html.contains("Straatlamp KO-5012, Budastraat 35, 8500 Kortrijk"), "{html}");
    let report = sent(&town, &[("address", "ko 5012")]).await;
    assert_eq!(report.place.asset.as_deref(), Some("KO-5012"));
    assert_eq!(report.place.line(), "ko 5012 (#KO-5012)");
}

#[tokio::test]
async fn who_is_next_door_is_told_and_what_was_typed_stays() {
    let town = Town::open().await;
    for (language, title) in [("nl", "Dit is in Menen."), ("fr", "C’est à Menin."), ("en", "This is in Menen.")] {
        for fields in [
            with(&[("address", "Grote Markt 1, 8930 Menen")]),
            with(&[("address", "Grote Markt 1, 8930 Menen"), ("do", "find-place")]),
            with(&[("address", "Grote Markt"), ("lat", "50,797"), ("lon", "3,121")]),
        ] {
            let html = town.post(&format!("/{language}/report"), &fields, &[]).await.text();
            assert!(html.contains(title) && html.contains("href=\"https://www.menen.be\""), "{fields:?}: {html}");
            assert!(html.contains("Diepe put</textarea>"), "nothing is lost: {html}");
        }
    }
    assert_eq!(town.store.count().await.unwrap().reports, 0);
    let body = r#"{"category": "wegen/put", "words": "put", "place": {"point": {"lat": 50.797, "lon": 3.121}}}"#;
    let refused = town.post_json("/api/v1/reports", body).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("this point is in Menen: tell them at https://www.menen.be"), "{}", refused.text());
}

#[tokio::test]
async fn the_api_finds_places_and_addresses() {
    let town = Town::open().await;
    let labels = |answer: &Answer| {
        let places = answer.json()["places"].as_array().unwrap().clone();
        places.iter().map(|place| place["label"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let found = town.get("/api/v1/places?q=buda%2012&language=fr").await;
    assert_eq!((found.status.as_u16(), found.header("cache-control")), (200, "no-store"));
    assert_eq!(labels(&found), ["Rue de Buda 12, 8500 Kortrijk"]);
    let one = &found.json()["places"][0];
    assert_eq!((one["precision"].as_str(), one["areas"][0].as_str()), (Some("address"), Some("kortrijk")));
    assert!((one["lambert72"]["x"].as_f64().unwrap() - 72_300.0).abs() < 1_000.0, "{one}");
    assert_eq!(
        labels(&town.get("/api/v1/places?q=KO-5012").await),
        ["Straatlamp KO-5012, Budastraat 35, 8500 Kortrijk"]
    );
    assert_eq!(labels(&town.get("/api/v1/places?lat=50.82796&lon=3.26422").await), ["Grote Markt 1, 8500 Kortrijk"]);
    for (query, name) in [("lat=50.797&lon=3.121", "Menen"), ("q=Markt%201%2C%208520%20Kuurne", "Kuurne")] {
        let answer = town.get(&format!("/api/v1/places?{query}")).await;
        assert!(labels(&answer).is_empty() && answer.json()["neighbour"]["names"]["nl"] == name, "{}", answer.text());
    }
    let long = format!("q={}", "x".repeat(201));
    for (query, status) in [
        ("", 422),
        ("q=%20", 422),
        ("q=a&lat=1&lon=1", 422),
        ("lat=1", 422),
        ("lat=99&lon=1", 422),
        ("lat=NaN&lon=1", 422),
        ("lat=x&lon=1", 400),
        (long.as_str(), 422),
        ("q=%00%F0%9F%92%A9%27%3B--", 200),
    ] {
        let answer = town.get(&format!("/api/v1/places?{query}")).await;
        assert_eq!(answer.status, status, "{query}: {}", answer.text());
    }
}

#[tokio::test]
async fn look_ups_are_counted() {
    let town = Town::open_with(|config| config.rate.reads_per_minute = 3).await;
    for _ in 0..3 {
        assert_eq!(town.get("/api/v1/places?q=buda").await.status, 200);
    }
    let refused = town.get("/api/v1/places?q=buda").await;
    assert!(refused.status == 429 && !refused.header("retry-after").is_empty());
}
