//! What people write for a street of the sample city, and what is found.

use crate::{
    city::{City, sample},
    place::{Place, Point, Precision},
    report::Language,
};
use proptest::prelude::*;
use std::sync::LazyLock;

static CITY: LazyLock<City> = LazyLock::new(sample::city);

fn place(address: &str) -> Place {
    Place { address: Some(address.to_owned()), ..Place::default() }
}

#[test]
fn every_point_of_the_lists_lies_in_a_district() {
    for street in CITY.streets.all() {
        for point in street.points.iter().chain(street.numbers.values()) {
            assert_eq!(CITY.areas.locate(*point).len(), 1, "{street:?}");
        }
    }
    assert!(CITY.streets.all().len() >= 60 && CITY.assets.all().len() >= 20);
    assert!(CITY.assets.all().iter().all(|asset| CITY.areas.locate(asset.point).len() == 1));
}

#[test]
fn an_address_is_understood_or_left_alone() {
    for (address, found) in [
        ("Budastraat 12", Some("Budastraat 12, 8500 Kortrijk")),
        ("budastr. 12 bus 3", Some("Budastraat 12, 8500 Kortrijk")),
        ("12 rue de Buda, 8500 Courtrai", Some("Budastraat 12, 8500 Kortrijk")),
        ("voor de deur van BUDASTRAAT nr", Some("Budastraat, 8500 Kortrijk")),
        ("Budastraat 99", Some("Budastraat, 8500 Kortrijk")),
        ("Doorniksestraat 12 A", Some("Doorniksestraat 12a, 8500 Kortrijk")),
        ("Doorniksestraat 12 b", Some("Doorniksestraat 12, 8500 Kortrijk")),
        ("St. Jans straat 12", Some("Sint-Jansstraat 12, 8500 Kortrijk")),
        ("Grote Markt 1, tegenover de Leiestraat", Some("Grote Markt 1, 8500 Kortrijk")),
        // Of the two with this name, the postcode or the village says which.
        ("Meensesteenweg", None),
        ("Meensesteenweg 300, 8501 Bissegem", Some("Meensesteenweg 300, 8501 Bissegem")),
        ("Meensesteenweg, Kortrijk", Some("Meensesteenweg, 8500 Kortrijk")),
        // Two streets are not one place.
        ("tussen de Budastraat en de Leiestraat", None),
        ("op de hoek", None),
        ("Lange Steenstraat", Some("Lange Steenstraat, 8500 Kortrijk")),
        ("paal KO-5012", Some("Budastraat 35, 8500 Kortrijk")),
        ("ko 5012", Some("Budastraat 35, 8500 Kortrijk")),
        ("", None),
    ] {
        let read = CITY.complete(place(address));
        let text = read.found.as_ref().and_then(|found| found.address.as_deref());
        assert_eq!(text, found, "{address}");
        assert_eq!(read.point.is_some(), found.is_some(), "{address}");
        assert_eq!(read.address.as_deref(), Some(address), "what they wrote stays");
    }
    let precision = |address: &str| CITY.complete(place(address)).found.unwrap().precision.unwrap();
    assert_eq!(precision("Budastraat 12"), Precision::Address);
    assert_eq!(precision("Budastraat"), Precision::Street);
    assert_eq!(precision("lantaarn KO5012"), Precision::Asset);
    assert_eq!(CITY.complete(place("lantaarn KO5012")).asset.as_deref(), Some("KO-5012"));
}

#[test]
fn a_number_on_a_lamp_post_and_a_point_become_readable() {
    let lamp = CITY.complete(Place { asset: Some("he 1105".into()), ..Place::default() });
    assert_eq!(lamp.line(), "Kortrijksestraat 10, 8501 Heule (#he 1105)");
    assert_eq!(lamp.found.unwrap().precision, Some(Precision::Asset));
    let unknown = Place { asset: Some("ZZ-1".into()), ..Place::default() };
    assert_eq!(CITY.complete(unknown.clone()), unknown);

    let at = |lat, lon| CITY.complete(Place { point: Some(Point { lat, lon }), ..Place::default() });
    let near = at(50.82796, 3.26422);
    assert_eq!((near.line().as_str(), near.address), ("Grote Markt 1, 8500 Kortrijk", None));
    assert_eq!(near.found.unwrap().precision, None, "the point is theirs");
    assert_eq!(at(50.82900, 3.26452).line(), "Leiestraat, 8500 Kortrijk");
    // Nothing known is near: the numbers say where it is.
    assert_eq!(at(50.79000, 3.31000).line(), "50.79000, 3.31000");
    // Words of their own are enough.
    let both = Place { address: Some("bij het belfort".into()), point: near.point, ..Place::default() };
    assert_eq!(CITY.complete(both.clone()), both);
}

#[test]
fn candidates_are_likely_ones_first() {
    let labels = |words: &str, language| {
        let spots = CITY.spots(words, language);
        spots.into_iter().map(|spot| spot.label).collect::<Vec<_>>()
    };
    for (words, first) in [
        ("Budastraat 12", "Budastraat 12, 8500 Kortrijk"),
        ("buda", "Budastraat, 8500 Kortrijk"),
        ("budastraat 12 kortrijk", "Budastraat 12, 8500 Kortrijk"),
        ("Budasraat", "Budastraat, 8500 Kortrijk"),
        ("overlei 47", "Overleiestraat 47, 8500 Kortrijk"),
        ("ko-5012", "Straatlamp KO-5012, Budastraat 35, 8500 Kortrijk"),
        ("lamp KO 5012", "Straatlamp KO-5012, Budastraat 35, 8500 Kortrijk"),
        ("reynaert", "Burgemeester Reynaertstraat, 8500 Kortrijk"),
    ] {
        assert_eq!(labels(words, Language::NL).first().map(String::as_str), Some(first), "{words}");
    }
    assert_eq!(labels("rue de buda 12", Language::FR), ["Rue de Buda 12, 8500 Kortrijk"]);
    assert_eq!(labels("meensesteenweg", Language::NL).len(), 2);
    assert_eq!(labels("kortrijksestraat 10", Language::EN), ["Kortrijksestraat 10, 8501 Heule"]);
    assert!(labels("ko-50", Language::NL).len() >= 3 && labels("s", Language::NL).is_empty());
    assert!(labels("straat", Language::NL).len() <= City::MOST_SPOTS);
    for nothing in ["", " ", "12", "Wetstraat 16 Brussel", "?!", "\u{202e}"] {
        assert_eq!(labels(nothing, Language::NL), Vec::<String>::new(), "{nothing:?}");
    }
    let two = "x ".repeat(10_000) + "Budastraat";
    assert!(labels(&two, Language::NL).is_empty(), "only so much is read");
}

#[test]
fn a_mentioned_street() {
    for (street, words, is) in [
        ("Budastraat", "bij de buda straat 3", true),
        ("Budastraat", "Leiestraat 3", false),
        ("", "Leiestraat", false),
        ("Rue de l'Église", "12, rue de l'eglise", true),
    ] {
        assert_eq!(CITY.streets.mentioned(street, words), is, "{street} {words}");
    }
}

proptest! {
    #[test]
    fn whatever_is_asked_is_answered(words in "\\PC{0,300}", lat in -95.0..95.0, lon in -185.0..185.0) {
        let spots = CITY.spots(&words, Language::FR);
        prop_assert!(spots.len() <= City::MOST_SPOTS);
        for spot in spots {
            prop_assert!(CITY.areas.in_city(spot.point));
        }
        let read = CITY.complete(place(&words));
        prop_assert_eq!(read.address.as_deref(), Some(words.as_str()));
        prop_assert!(read.point.is_none_or(|point| CITY.areas.in_city(point)));
        _ = CITY.streets.near(Point { lat, lon }, Language::NL);
    }

    #[test]
    fn a_street_of_the_list_is_found_by_its_name(at in 0..60_usize, capitals in any::<bool>()) {
        let street = &CITY.streets.all()[at];
        let name = street.name(Language::NL);
        let words = if capitals { name.to_uppercase() } else { name.replace('-', " ") };
        let spots = CITY.spots(&words, Language::NL);
        prop_assert!(spots.iter().any(|spot| spot.street.as_deref() == Some(name)), "{words}: {spots:?}");
    }
}

#[test]
fn a_street_is_reached_by_each_of_its_names() {
    use crate::{
        broadcast::{Audience, Reach},
        person::OwnPlace,
        proof::WantedPlace,
    };
    let told = |city_writes: &str, they_have: &str| {
        let audience = Audience { streets: vec![city_writes.to_owned()], ..Audience::default() };
        let point = Point { lat: 50.83, lon: 3.265 };
        let wanted = WantedPlace { label: None, point, street: Some(they_have.to_owned()), patch: None };
        let place = OwnPlace::wanted(uuid::Uuid::nil(), &wanted, jiff::Timestamp::UNIX_EPOCH);
        Reach::new(&audience, &CITY.areas, &CITY.streets).place(&place).is_some()
    };
    assert!(
        told("Budastraat", "Rue de Buda 12") && told("rue de buda", "Budastraat 3") && told("Budastraat", "Budastraat")
    );
    assert!(!told("Budastraat", "Leiestraat 12") && told("Onbekende weg", "onbekende weg 3"));
}
