//! The three shapes against played servers; a geocoder that is slow, away or talks nonsense; and what a report gets of it.

use super::*;
use crate::testing;
use serde_json::{Value, json};
use std::time::Instant;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{method, path, query_param},
};

/// A house that the city's own list does not know.
const UNKNOWN: &str = "Zandbergstraat 5";

fn config(kind: &str, url: &str) -> Config {
    Config {
        kind: kind.into(),
        url: url.into(),
        timeout: Duration::from_secs(5),
        intake: Duration::from_millis(300),
        keep: Duration::from_secs(3600),
    }
}

/// The geocoder at `url`, with a store of its own.
async fn geocode(config: Config) -> (tempfile::TempDir, Store, Geocode) {
    let (folder, store) = testing::store().await;
    let http = bus::http::Config { private_networks: vec!["127.0.0.0/8".into()], ..bus::http::Config::default() };
    let tools = Tools { city: testing::city(), store: store.clone(), http: http.build().unwrap() };
    let built = config.build(&tools).unwrap();
    (folder, store, built)
}

async fn played(at: &str, answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("GET")).and(path(at)).respond_with(answer).mount(&server).await;
    server
}

fn json_of(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

fn nominatim(lat: &str, road: &str, number: Option<&str>) -> Value {
    json!({
        "place_id": 1, "licence": "ODbL", "osm_type": "node", "osm_id": 7, "lat": lat, "lon": "3.2551",
        "category": "place", "type": "house", "place_rank": 30, "importance": 0.1, "addresstype": "place", "name": "",
        "display_name": "…",
        "address": {"house_number": number, "road": road, "town": "Kortrijk", "postcode": "8500", "country_code": "be"},
    })
}

fn labels(spots: &[Spot]) -> Vec<&str> {
    spots.iter().map(|spot| spot.label.as_str()).collect()
}

#[tokio::test]
async fn each_shape_is_asked_and_read_as_documented() {
    let feature = |lat: f64, properties: Value| json!({"type": "Feature", "geometry": {"type": "Point", "coordinates": [3.2551, lat]}, "properties": properties});
    let location = |lat: f64, number: &str| {
        json!({
            "Municipality": "Kortrijk", "Zipcode": "8500", "Thoroughfarename": "Zandbergstraat", "Housenumber": number,
            "ID": 1, "FormattedAddress": "…", "LocationType": "basisregisters_huisnummer_afgeleidVanObject",
            "Location": {"Lat_WGS84": lat, "Lon_WGS84": 3.2551, "X_Lambert72": 0.0, "Y_Lambert72": 0.0},
        })
    };
    let house = json!({"housenumber": "5", "street": "Zandbergstraat", "postcode": "8500", "city": "Kortrijk", "type": "house"});
    let street = json!({"name": "Zandbergstraat", "postcode": "8500", "city": "Kortrijk", "type": "street"});
    let shop = json!({"name": "Zandberg", "city": "Kortrijk", "type": "house"});
    for (kind, find, reverse, all, one) in [
        (
            "nominatim",
            ("/search", "q", UNKNOWN.to_owned()),
            "/reverse",
            json!([nominatim("50.8201", "Zandbergstraat", Some("5")), nominatim("50.8203", "Zandbergstraat", None)]),
            nominatim("50.8201", "Zandbergstraat", Some("5")),
        ),
        (
            "photon",
            ("/api", "q", UNKNOWN.to_owned()),
            "/reverse",
            json!({"type": "FeatureCollection", "features": [
                feature(50.8201, house.clone()), feature(50.8203, street), feature(50.8204, shop)]}),
            json!({"type": "FeatureCollection", "features": [feature(50.8201, house)]}),
        ),
        (
            "geolocation",
            ("/v4/Location", "q", format!("{UNKNOWN}, Kortrijk")),
            "/v4/Location",
            json!({"LocationResult": [location(50.8201, "5"), location(50.8203, "")]}),
            json!({"LocationResult": [location(50.8201, "5")]}),
        ),
    ] {
        let server = MockServer::start().await;
        let (at, name, words) = find;
        let asked = Mock::given(method("GET")).and(path(at)).and(query_param(name, words));
        asked.respond_with(json_of(all)).expect(1).mount(&server).await;
        let asked = match kind {
            "geolocation" => Mock::given(path(reverse)).and(query_param("latlon", "50.820200,3.255100")),
            _ => Mock::given(path(reverse)).and(query_param("lat", "50.820200")).and(query_param("lon", "3.255100")),
        };
        asked.respond_with(json_of(one)).expect(1).mount(&server).await;
        let (_folder, _store, geocode) = geocode(config(kind, &server.uri())).await;
        for _ in 0..2 {
            // The second time the answer is kept.
            let found = geocode.find(UNKNOWN, Language::NL).await;
            assert_eq!(
                labels(&found),
                ["Zandbergstraat 5, 8500 Kortrijk", "Zandbergstraat, 8500 Kortrijk"],
                "{kind}: a shop is no place to choose"
            );
            assert_eq!((found[0].precision, found[1].precision), (Precision::Address, Precision::Street));
            let point = Point { lat: 50.8202, lon: 3.2551 };
            let near = geocode.near(point, Language::NL).await.unwrap();
            assert_eq!(near.label, "Zandbergstraat 5, 8500 Kortrijk", "{kind}");
        }
    }
}

#[tokio::test]
async fn the_lists_of_the_city_come_first() {
    let server = MockServer::start().await;
    let (_folder, _store, geocode) = geocode(config("nominatim", &server.uri())).await;
    assert_eq!(labels(&geocode.find("Budastraat 12", Language::FR).await), ["Rue de Buda 12, 8500 Kortrijk"]);
    assert_eq!(labels(&geocode.find("buda", Language::NL).await)[0], "Budastraat, 8500 Kortrijk");
    assert!(geocode.find("ko-5012", Language::NL).await[0].asset.is_some());
    let address = Place { address: Some("Budastraat 12".into()), ..Place::default() };
    assert!(geocode.complete(address).await.point.is_some());
    assert!(geocode.near(Point { lat: 50.0, lon: 4.0 }, Language::NL).await.is_none(), "outside nobody is asked");
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_report_gets_what_is_sure() {
    let place = |address: &str| Place { address: Some(address.into()), ..Place::default() };
    let house = nominatim("50.8201", "Zandbergstraat", Some("5"));
    for (address, answer, found) in [
        (UNKNOWN, json!([house]), Some(Precision::Address)),
        (UNKNOWN, json!([nominatim("50.8201", "Zandbergstraat", None)]), Some(Precision::Street)),
        // What is only near to what was asked is no answer.
        (UNKNOWN, json!([nominatim("50.8201", "Zandstraat", Some("5"))]), None),
        (UNKNOWN, json!([nominatim("50.8201", "Zandbergstraat", Some("55"))]), None),
        (UNKNOWN, json!([nominatim("51.2", "Zandbergstraat", Some("5"))]), None),
        (UNKNOWN, json!([]), None),
        // The list knows the street, somebody outside the house.
        ("Budastraat 99", json!([nominatim("50.8310", "Budastraat", Some("99"))]), Some(Precision::Address)),
        ("Budastraat 99", json!([]), Some(Precision::Street)),
    ] {
        let server = played("/search", json_of(answer.clone())).await;
        let (_folder, _store, geocode) = geocode(config("nominatim", &server.uri())).await;
        let read = geocode.complete(place(address)).await;
        let precision = read.found.as_ref().and_then(|found| found.precision);
        assert_eq!((precision, read.point.is_some()), (found, found.is_some()), "{address} {answer}");
        assert_eq!(read.address.as_deref(), Some(address));
    }
    let server = played("/reverse", json_of(house)).await;
    let (_folder, _store, geocode) = geocode(config("nominatim", &server.uri())).await;
    let point = Point { lat: 50.8202, lon: 3.2551 };
    // What the person chose on the page stays.
    let found = Some(Found { address: Some("Leiestraat".into()), precision: Some(Precision::Street) });
    let chosen = Place { address: Some(UNKNOWN.into()), point: Some(point), found, ..Place::default() };
    assert_eq!(geocode.complete(chosen.clone()).await, chosen);
    let read = geocode.complete(Place { point: Some(point), ..Place::default() }).await;
    assert_eq!((read.line().as_str(), read.point), ("Zandbergstraat 5, 8500 Kortrijk", Some(point)));
}

#[tokio::test]
async fn a_geocoder_that_is_away_is_nothing_found_and_left_alone() {
    for answer in [
        ResponseTemplate::new(500),
        ResponseTemplate::new(429),
        ResponseTemplate::new(200).set_body_string("<html>"),
        ResponseTemplate::new(200).set_body_json(json!({"error": "no"})),
        ResponseTemplate::new(200).set_body_string("[".repeat(100_000)),
    ] {
        let server = played("/search", answer).await;
        let (_folder, _store, geocode) = geocode(config("nominatim", &server.uri())).await;
        for n in 0..6 {
            assert!(geocode.find(&format!("Zandbergstraat {n}"), Language::NL).await.is_empty());
        }
        assert_eq!(server.received_requests().await.unwrap().len(), 3, "after three failures it has peace");
    }
}

#[tokio::test]
async fn a_slow_geocoder_holds_up_no_report() {
    let slow = json_of(json!([nominatim("50.8201", "Zandbergstraat", Some("5"))])).set_delay(Duration::from_secs(60));
    let server = played("/search", slow).await;
    let mut config = config("nominatim", &server.uri());
    (config.intake, config.timeout) = (Duration::from_millis(60), Duration::from_millis(200));
    let (_folder, _store, geocode) = geocode(config).await;
    let place = Place { address: Some(UNKNOWN.into()), ..Place::default() };
    let start = Instant::now();
    for _ in 0..50 {
        assert_eq!(geocode.complete(place.clone()).await, place);
    }
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    assert_eq!(server.received_requests().await.unwrap().len(), 3);
    // A search has a breaker of its own.
    assert!(geocode.find(UNKNOWN, Language::NL).await.is_empty());
    assert_eq!(server.received_requests().await.unwrap().len(), 4);
}

#[tokio::test]
async fn what_is_kept_tells_nothing_of_what_was_asked() {
    let server = played("/search", json_of(json!([nominatim("50.8201", "Zandbergstraat", Some("5"))]))).await;
    let (folder, store, geocode) = geocode(config("nominatim", &server.uri())).await;
    geocode.find("bij Jan Peeters, Zandbergstraat 5", Language::NL).await;
    store.close().await;
    let mut file = std::fs::read(folder.path().join("voordeur.db")).unwrap();
    file.extend(std::fs::read(folder.path().join("voordeur.db-wal")).unwrap_or_default());
    let text = String::from_utf8_lossy(&file).to_lowercase();
    assert!(text.contains("zandbergstraat") && !text.contains("peeters"));
}

#[test]
fn settings_are_checked() {
    let field = |change: fn(&mut Config)| {
        let mut config = config("photon", "https://photon.example");
        change(&mut config);
        config.check().into_iter().map(|fault| fault.field).collect::<Vec<_>>()
    };
    assert!(field(|_| {}).is_empty());
    assert_eq!(field(|config| config.kind = "fotom".into()), ["geocode.kind"]);
    assert_eq!(field(|config| config.url = "ftp://x".into()), ["geocode.url"]);
    assert_eq!(field(|config| config.timeout = Duration::ZERO), ["geocode.timeout_ms"]);
    assert_eq!(field(|config| config.intake = Duration::from_secs(1)), ["geocode.intake_ms"]);
}
