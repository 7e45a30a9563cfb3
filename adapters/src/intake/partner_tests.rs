//! A partner against a GeoReport server, over HTTP, with the rows of both databases.

use super::*;
use crate::{
    departments::open311::fake::{Call, Fake, Offer, Setup},
    rounds::RoundWorker,
    testing::{self, Desk, Hands},
};
use std::sync::Mutex;
use wiremock::{Mock, MockServer, Respond, ResponseTemplate, matchers::any};

/// Their server as it listens, with their photos beside the list.
#[derive(Clone)]
struct Listens {
    fake: Arc<Mutex<Fake>>,
    away: Arc<Mutex<bool>>,
    hands: Hands,
}

impl Respond for Listens {
    fn respond(&self, request: &wiremock::Request) -> ResponseTemplate {
        if *self.away.lock().unwrap() {
            return ResponseTemplate::new(503);
        }
        if request.url.path() == "/foto.jpg" {
            return ResponseTemplate::new(200).set_body_raw(picture(), "image/jpeg");
        }
        let Some(path) = request.url.path().strip_prefix("/v2/") else { return ResponseTemplate::new(404) };
        let query = request.url.query().unwrap_or_default();
        let call = Call { is_post: false, path, query, body: "" };
        let answer = self.fake.lock().unwrap().answer(call, self.hands.clock().now());
        ResponseTemplate::new(answer.status).set_body_raw(answer.body, answer.content_type)
    }
}

fn picture() -> Vec<u8> {
    let mut jpeg = Vec::new();
    let picture = image::RgbImage::from_fn(64, 48, |x, y| image::Rgb([x as u8, y as u8, 7]));
    image::codecs::jpeg::JpegEncoder::new(&mut jpeg).encode_image(&picture).unwrap();
    jpeg
}

struct Town {
    hands: Hands,
    tools: IntakeTools,
    listens: Listens,
    worker: RoundWorker,
    http: MockServer,
}

fn config(url: &str) -> Config {
    Config {
        url: url.parse().unwrap(),
        jurisdiction_id: None,
        format: Format::Json,
        api_key: None,
        services: [("PUT", "wegen/put"), ("LAMP", "wegen/put")].map(|(a, b)| (a.to_owned(), b.to_owned())).into(),
        every: Duration::from_secs(300),
        since: Duration::from_secs(3600),
        reach_back: Duration::from_secs(900),
        most: 1_000,
        photos: true,
    }
}

impl Town {
    async fn new(hands: &Hands, tools: IntakeTools, setup: Setup, change: impl FnOnce(&mut Config)) -> Self {
        let code = |code: &str| Offer { code: code.to_owned(), ..Offer::default() };
        let setup = Setup { services: ["PUT", "LAMP", "HOND"].map(code).into(), ..setup };
        let fake = Arc::new(Mutex::new(Fake::new(setup)));
        let listens = Listens { fake, away: Arc::default(), hands: hands.clone() };
        let http = MockServer::start().await;
        Mock::given(any()).respond_with(listens.clone()).mount(&http).await;
        let mut config = config(&format!("{}/v2", http.uri()));
        change(&mut config);
        let channel = testing::slug("buurstad");
        assert_eq!(config.check(&channel, &tools.city), []);
        let client =
            http::Config { timeout_ms: 2_000, private_networks: vec!["127.0.0.0/8".into()], ..http::Config::default() };
        let photos = photo::Config::default().build();
        let round = round(config, &channel, &tools, &photos, client.build().unwrap());
        let worker = RoundWorker::of_the_house(tools.store.clone(), &round.name(), round);
        Self { hands: hands.clone(), tools, listens, worker, http }
    }

    /// Somebody tells the partner something; its number there.
    fn told(&self, fields: &[(&str, &str)]) -> String {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let call = Call { is_post: true, path: "requests.json", query: "", body: &body };
        let mut fake = self.listens.fake.lock().unwrap();
        fake.answer(call, self.hands.clock().now()).took.expect("their server takes it")
    }

    /// The rounds that are due now; the numbers that came in so far.
    async fn rounds(&self) -> Vec<String> {
        while self.worker.once().await.unwrap() {}
        self.numbers().await
    }

    async fn numbers(&self) -> Vec<String> {
        let numbers = |fake: &Fake| fake.requests().iter().map(|request| request.number.clone()).collect();
        let all: Vec<String> = numbers(&self.listens.fake.lock().unwrap());
        let mut found = Vec::new();
        for number in all {
            let channel = testing::slug("buurstad");
            found.extend(self.tools.store.report_by_source(&channel, &number).await.unwrap().map(|_| number));
        }
        found
    }

    async fn after(&self, seconds: i64) -> Vec<String> {
        self.hands.pass(seconds);
        self.rounds().await
    }
}

const HERE: [(&str, &str); 2] = [("lat", "50.8279"), ("long", "3.2649")];

fn put<'a>(words: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [&[("service_code", "PUT"), ("description", words)][..], &HERE, more].concat()
}

async fn what_people_tell_there_comes_in_once((hands, _bed, tools): Desk) {
    let town = Town::new(&hands, tools, Setup { doubles: true, ..Setup::default() }, |_| {}).await;
    let photo = format!("{}/foto.jpg", town.http.uri());
    let gone = format!("{}/weg.jpg", town.http.uri());
    let first = town.told(&put("Er is een diepe put in de straat", &[("address_string", "Schoolstraat 12")]));
    let shows = |request: &mut crate::departments::open311::fake::Request| request.media = vec![gone, photo];
    town.listens.fake.lock().unwrap().say(&first, hands.clock().now(), shows);
    assert_eq!(town.rounds().await, std::slice::from_ref(&first));
    let channel = testing::slug("buurstad");
    let report = town.tools.store.report_by_source(&channel, &first).await.unwrap().unwrap();
    assert_eq!((report.category.as_str(), report.words.as_str()), ("wegen/put", "Er is een diepe put in de straat"));
    assert_eq!(report.place.point, Some(Point { lat: 50.8279, lon: 3.2649 }));
    assert_eq!(report.photos.len(), 1, "the one that is there");
    assert!(town.tools.store.photo_of(report.id, report.photos[0]).await.unwrap().is_some());
    for _ in 0..5 {
        assert_eq!(town.after(300).await, std::slice::from_ref(&first), "met again, and known");
    }
    let second = town.told(&put("Nog een put", &[]));
    assert_eq!(town.after(300).await, [first, second]);
}

async fn what_is_not_ours_to_do_stays_there((hands, _bed, tools): Desk) {
    let town = Town::new(&hands, tools, Setup::default(), |_| {}).await;
    town.told(&[&[("service_code", "HOND"), ("description", "Een hond blaft")][..], &HERE].concat());
    let far = [("lat", "51.0543"), ("long", "3.7174")];
    town.told(&[&[("service_code", "PUT"), ("description", "Put in Gent")][..], &far].concat());
    town.told(&put("Van ons\n\n[voordeur 0199d2c4-0000-7000-8000-000000000000]", &[]));
    let done = town.told(&put("Al gedaan", &[]));
    town.listens.fake.lock().unwrap().say(&done, hands.clock().now(), |request| request.status = "closed".to_owned());
    let ours = town.told(&put("Put", &[]));
    assert_eq!(town.rounds().await, [ours]);
}

async fn one_that_cannot_be_read_stops_no_other((hands, _bed, tools): Desk) {
    let town = Town::new(&hands, tools, Setup::default(), |_| {}).await;
    // No words, no place, a place that is none: it is what is there.
    let bare = town.told(&[("service_code", "LAMP"), ("description", " "), ("lat", "noord"), ("long", "")]);
    let long = "z".repeat(20_000);
    let long = town.told(&put(&long, &[]));
    let good = town.told(&put("Put", &[]));
    assert_eq!(town.rounds().await, [bare.clone(), long.clone(), good]);
    let channel = testing::slug("buurstad");
    let report = town.tools.store.report_by_source(&channel, &long).await.unwrap().unwrap();
    assert_eq!(report.words.chars().count(), MAX_WORDS);
    let report = town.tools.store.report_by_source(&channel, &bare).await.unwrap().unwrap();
    assert!(!report.words.is_empty() && report.place.is_empty(), "{report:?}");
}

async fn an_outage_loses_nothing_and_doubles_nothing((hands, _bed, tools): Desk) {
    let town = Town::new(&hands, tools, Setup { most: 10, ..Setup::default() }, |config| config.most = 10).await;
    let first = town.told(&put("Voor", &[]));
    assert_eq!(town.rounds().await, [first]);
    *town.listens.away.lock().unwrap() = true;
    for n in 0..40 {
        hands.pass(3600);
        town.told(&put(&format!("Tijdens {n}"), &[]));
        town.worker.once().await.unwrap();
    }
    assert_eq!(town.numbers().await.len(), 1);
    *town.listens.away.lock().unwrap() = false;
    assert_eq!(town.after(300).await.len(), 41);
    assert_eq!(town.after(300).await.len(), 41);
    let channel = testing::slug("buurstad");
    let all = store::ChannelFilter { statuses: Vec::new(), before: None, limit: 100 };
    assert_eq!(town.tools.store.reports_of(&channel, &all).await.unwrap().len(), 41);
}

async fn many_photos_are_fetched_in_several_rounds((hands, _bed, tools): Desk) {
    let town = Town::new(&hands, tools, Setup::default(), |_| {}).await;
    let photos: Vec<String> = (0..5).map(|n| format!("{}/foto.jpg?{n}", town.http.uri())).collect();
    let told: Vec<String> = (0..12)
        .map(|n| {
            let number = town.told(&put(&format!("Put {n}"), &[]));
            let shows = |request: &mut crate::departments::open311::fake::Request| request.media = photos.clone();
            town.listens.fake.lock().unwrap().say(&number, hands.clock().now(), shows);
            number
        })
        .collect();
    let mut sizes = Vec::new();
    while town.worker.once().await.unwrap() {
        sizes.push(town.numbers().await.len());
        hands.pass(1);
    }
    assert_eq!(sizes, [5, 10, 12], "each round keeps what it came to");
    assert_eq!(town.rounds().await, told);
    let channel = testing::slug("buurstad");
    for number in &told {
        let report = town.tools.store.report_by_source(&channel, number).await.unwrap().unwrap();
        assert_eq!(report.photos.len(), 5, "{number}");
    }
}

async fn what_was_looked_at_there_first_comes_in_when_it_is_shown((hands, _bed, tools): Desk) {
    let days = |days: u64| Duration::from_secs(days * 24 * 3600);
    let town = Town::new(&hands, tools, Setup::default(), |config| config.reach_back = days(2)).await;
    let first = town.told(&put("Put", &[]));
    assert_eq!(town.rounds().await, std::slice::from_ref(&first));
    let told = hands.clock().now() + Duration::from_secs(60);
    for _ in 0..30 {
        assert_eq!(town.after(3600).await, std::slice::from_ref(&first), "met again, and known");
    }
    let late = town.told(&put("Pas na een dag te zien", &[]));
    town.listens.fake.lock().unwrap().requested_at(&late, told);
    assert_eq!(town.after(300).await, [first, late]);
}

#[test]
fn wrong_settings_are_named() {
    let city = testing::city();
    let channel = testing::slug("buurstad");
    for (change, field) in [
        ((|config: &mut Config| config.url = "ftp://x.example".parse().unwrap()) as fn(&mut Config), "url"),
        (|config| config.services.clear(), "services"),
        (|config| drop(config.services.insert("X".into(), "nergens/niets".into())), "services.X"),
        (|config| config.every = Duration::from_secs(1), "every_seconds"),
        (|config| config.since = Duration::from_secs(100 * 24 * 3600), "since_hours"),
        (|config| config.reach_back = Duration::from_secs(60), "reach_back_seconds"),
        (|config| config.reach_back = Duration::from_secs(15 * 24 * 3600), "reach_back_seconds"),
        (|config| config.most = 1, "most"),
    ] {
        let mut config = config("https://311.example/v2");
        assert_eq!(config.check(&channel, &city), []);
        change(&mut config);
        let faults = config.check(&channel, &city);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert_eq!(faults[0].field, format!("partners.buurstad.{field}"));
    }
}

testing::both! {
    what_people_tell_there_comes_in_once,
    what_is_not_ours_to_do_stays_there,
    one_that_cannot_be_read_stops_no_other,
    an_outage_loses_nothing_and_doubles_nothing,
    many_photos_are_fetched_in_several_rounds,
    what_was_looked_at_there_first_comes_in_when_it_is_shown,
}
