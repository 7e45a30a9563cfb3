//! Forms as clients send them, through the Open311 door to the rows.

use super::{
    form::{Reader, Reading},
    list::{Asked, SPAN, Which},
    say,
    update::Outcome,
    *,
};
use crate::{
    intake::form::{FormData, FormFile},
    testing::{self, Desk, waiting},
};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use schemas::{
    Timestamp,
    api_key::{ApiKey, KeyKind},
    case::Status,
    letter::Lane,
    report::{Language, Received, Tell, Why},
    slug::Slug,
    trace::Trace,
};
use std::{sync::LazyLock, time::Duration};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::path};

static CITY: LazyLock<Arc<schemas::city::City>> = LazyLock::new(testing::city);

fn form(pairs: &[(&str, &str)]) -> FormData {
    let fields = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    FormData { fields, files: Vec::new() }
}

fn read(form: FormData) -> Result<Reading, Vec<schemas::fault::Invalid>> {
    let reader = Reader { city: &CITY, own_id: "fixmystreet_id", tells_itself: false, language: Language::NL };
    reader.read(form)
}

const HOLE: [(&str, &str); 4] =
    [("service_code", "wegen/put"), ("description", "A deep hole"), ("lat", "50.8279"), ("long", "3.2649")];

fn with(more: &[(&str, &str)]) -> FormData {
    form(&[&HOLE[..], more].concat())
}

#[test]
fn everything_that_a_client_says_is_read() {
    let reading = read(with(&[
        ("address_string", "Schoolstraat 12"),
        ("first_name", "Ann"),
        ("last_name", "Peeters"),
        ("email", "ann@example.org"),
        ("phone", "056 12 34 56"),
        ("lang", "fr"),
        ("account_id", "a1"),
        ("attribute[gevaar]", "ja"),
        ("attribute[grootte]", "Een voetbal"),
        ("attribute[materiaal][]", "kasseien"),
        ("attribute[easting]", "12"),
        ("attribute[depth]", "two feet"),
        ("attribute[title]", "deep"),
        ("attribute[fixmystreet_id]", "77"),
        ("media_url", "https://fms.example/1.jpeg"),
        ("media_url", "https://fms.example/1.jpeg"),
    ]))
    .unwrap();
    let told = &reading.submission;
    let place = told.place.clone().unwrap();
    assert_eq!((place.address.as_deref(), place.point.unwrap().lat), (Some("Schoolstraat 12"), 50.8279));
    let contact = told.contact.clone().unwrap();
    assert_eq!((contact.name.as_deref(), contact.email.as_deref()), (Some("Ann Peeters"), Some("ann@example.org")));
    assert_eq!((told.language, told.tell), (Some(Language::FR), None));
    let answers = serde_json::json!({"gevaar": true, "grootte": "voetbal", "materiaal": "kasseien"});
    assert_eq!(serde_json::to_value(&told.answers).unwrap(), answers);
    assert_eq!(told.words, "A deep hole\n\ndepth: two feet", "what stands there already is not said twice");
    assert_eq!((reading.own_id.as_deref(), reading.account_id.as_deref()), (Some("77"), Some("a1")));
    assert_eq!(reading.media.len(), 1);
    let bare = read(form(&[("service_code", "wegen/put"), ("address_id", "#NOTPINPOINTED#")])).unwrap();
    assert!(!bare.submission.words.is_empty(), "the name of the service stands for a description");
    assert_eq!(bare.submission.place.unwrap().address.as_deref(), Some("address_id #NOTPINPOINTED#"));
    let closest = read(with(&[("attribute[closest_address]", "Markt 1")])).unwrap();
    assert_eq!(closest.submission.place.unwrap().address.as_deref(), Some("Markt 1"));
    let all = form(&[("service_code", "netheid/sluikstort"), ("attribute[afvalsoort][0]", "zakken, Meubels")]);
    let kinds = serde_json::json!({"afvalsoort": ["meubels", "zakken"]});
    assert_eq!(serde_json::to_value(read(all).unwrap().submission.answers).unwrap(), kinds);
}

#[test]
fn each_fault_is_named_by_its_parameter() {
    let long = "x".repeat(201);
    let nearly = "x".repeat(4_990);
    let rows: &[(FormData, &str, &str)] = &[
        (form(&[]), "service_code", "unknown"),
        (form(&[("service_code", "no/such")]), "service_code", "unknown"),
        (with(&[("attribute[gevaar]", "maybe")]), "attribute[gevaar]", "not_an_option"),
        (with(&[("attribute[grootte]", "elephant")]), "attribute[grootte]", "not_an_option"),
        (form(&[("service_code", "wegen/put"), ("lat", "50.8")]), "long", "required"),
        (form(&[("service_code", "wegen/put"), ("lat", "north"), ("long", "3.2")]), "lat", "malformed"),
        (form(&[("service_code", "wegen/put"), ("lat", "NaN"), ("long", "3.2")]), "lat", "malformed"),
        (with(&[("media_url", "file:///etc/passwd")]), "media_url", "malformed"),
        (with(&[("media_url", "https://me:secret@fms.example/1")]), "media_url", "malformed"),
        (with(&[("external_id", &long)]), "attribute[fixmystreet_id]", "too_long"),
        (
            form(&[("service_code", "wegen/put"), ("description", &nearly), ("media_url", "https://fms.example/1")]),
            "description",
            "too_long",
        ),
    ];
    for (form, field, code) in rows {
        let faults = read(form.clone()).unwrap_err();
        let found: Vec<_> = faults.iter().map(|fault| (fault.field.as_str(), fault.code.as_str())).collect();
        assert_eq!(found, [(*field, *code)]);
        assert!(!faults[0].message.is_empty());
    }
    let many: Vec<(String, String)> = (0..400).map(|n| (format!("attribute[{n}]"), n.to_string())).collect();
    assert_eq!(read(FormData { fields: many, files: Vec::new() }).unwrap_err()[0].code, "too_many");
}

#[test]
fn the_same_content_has_the_same_name() {
    let digest = |more: &[(&str, &str)]| read(with(more)).unwrap().digest;
    let plain = digest(&[]);
    for same in [
        &[("media_url", "https://fms.example/1?signature=2")][..],
        &[("api_version", "2")],
        &[("attribute[report_url]", "https://fms.example/report/1")],
    ] {
        assert_eq!(digest(same), plain, "{same:?}");
    }
    for other in [
        &[("email", "ann@example.org")][..],
        &[("device_id", "1")],
        &[("attribute[gevaar]", "true")],
        &[("attribute[fixmystreet_id]", "1")],
        &[("external_id", "1")],
    ] {
        assert_ne!(digest(other), plain, "{other:?}");
    }
}

#[test]
fn spans_are_those_of_the_specification() {
    let now: Timestamp = "2026-11-30T12:00:00Z".parse().unwrap();
    let span = |query: &str| Asked::read(Some(query)).span(now, &TimeZone::UTC);
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    assert_eq!(span("").unwrap(), (now - SPAN, now));
    assert_eq!(
        span("start_date=2026-01-01T00:00:00Z").unwrap(),
        (at("2026-01-01T00:00:00Z"), at("2026-04-01T00:00:00Z"))
    );
    let (from, to) = span("end_date=2026-04-01T00:00:00Z").unwrap();
    assert_eq!((from, to), (at("2026-01-01T00:00:00Z"), at("2026-04-01T00:00:00.999999Z")), "the last second whole");
    let (from, to) = span("start_date=2026-01-01T00:00:00Z&end_date=2026-12-01T00:00:00Z").unwrap();
    assert_eq!(to, from + SPAN, "90 days at most");
    // A plus that was not written as %2B, a day alone, a moment without a zone.
    assert_eq!(span("start_date=2026-01-01T01:00:00+01:00").unwrap().0, at("2026-01-01T00:00:00Z"));
    assert_eq!(span("start_date=2026-01-01").unwrap().0, at("2026-01-01T00:00:00Z"));
    assert_eq!(span("start_date=x").unwrap_err().field, "start_date");
    assert_eq!(span("start_date=2026-02-01&end_date=2026-01-01").unwrap_err().field, "end_date");

    let which = |query: &str| Asked::read(Some(query)).which(now, &TimeZone::UTC);
    let Ok(Which::Numbers(named)) = which("service_request_id=00000000,x,&status=gone") else { panic!() };
    assert_eq!(named.len(), 1, "the numbers are all that counts");
    let Ok(Which::Filter(filter)) = which("status=closed&service_code=wegen/put,no") else { panic!() };
    assert_eq!(filter.statuses, [Status::Solved, Status::Declined, Status::Referred, Status::Duplicate]);
    assert_eq!(filter.categories.unwrap().len(), 1);
    let Ok(Which::Filter(filter)) = which("status=open,closed") else { panic!() };
    assert_eq!(filter.statuses.len(), Status::ALL.len());
    assert_eq!(which("status=gone").unwrap_err().field, "status");
}

#[test]
fn statuses_say_the_same_both_ways() {
    use crate::departments::open311::meaning;
    for (status, means) in [
        (Status::Received, "Note"),
        (Status::Accepted, "Accept"),
        (Status::Planned, "Plan"),
        (Status::Waiting, "Accept"),
        (Status::Solved, "Done"),
        (Status::Declined, "Done"),
        (Status::Referred, "Reject"),
    ] {
        assert_eq!(meaning(say::extended(status)), means, "{status}");
    }
    for (said, now, says) in [
        ("OPEN", Status::Solved, false),
        ("FIXED", Status::Routed, true),
        ("Fixed - User", Status::Planned, true),
        ("CLOSED", Status::Solved, false),
        ("closed", Status::Accepted, true),
        ("REOPEN", Status::Solved, true),
        ("REOPEN", Status::Routed, false),
        ("", Status::Routed, false),
        ("_-_", Status::Routed, false),
    ] {
        assert_eq!(say::claim(said, now).is_some(), says, "{said} {now}");
    }
    // What the statements list is what is told.
    assert!(say::PUBLIC.iter().all(|word| say::TOLD.contains(word)));
}

fn door(tools: &IntakeTools) -> Door {
    let http = http::Config { private_networks: vec!["127.0.0.1".to_owned()], ..http::Config::default() };
    let config = Config { tells_itself: vec![Slug::new("fixmystreet").unwrap()], ..Config::default() };
    assert!(config.check().is_empty());
    config.build(tools, &photo::Config::default().build(), http)
}

fn key(channel: &str, kind: KeyKind) -> ApiKey {
    let (id, made_at) = (schemas::Uuid::from_u128(1), testing::now());
    let (prefix, channel) = ("vd_live_x".to_owned(), Slug::new(channel).unwrap());
    ApiKey { id, prefix, channel, kind, made_at, used_at: None, revoked_at: None }
}

async fn post(door: &Door, key: Option<&ApiKey>, form: FormData) -> Taken {
    door.receive(Posted { form, key, language: Language::NL, peer: None, trace: Trace::start() }).await
}

async fn number(door: &Door, key: Option<&ApiKey>, form: FormData) -> (String, bool) {
    match post(door, key, form).await {
        Taken::Kept { receipt, new, .. } => (receipt.reference.digits(), new),
        other => panic!("{other:?}"),
    }
}

async fn what_is_sent_again_is_taken_once((hands, _folder, tools): Desk) {
    let (door, app, kiosk) = (door(&tools), key("my-app", KeyKind::Live), key("kiosk", KeyKind::Live));
    let (first, new) = number(&door, Some(&app), with(&[])).await;
    assert!(new);
    for _ in 0..3 {
        assert_eq!(number(&door, Some(&app), with(&[])).await, (first.clone(), false));
    }
    // Other words, another channel, nobody's: another one.
    let mut others = vec![number(&door, Some(&app), with(&[("device_id", "2")])).await];
    others.push(number(&door, Some(&kiosk), with(&[])).await);
    others.push(number(&door, None, with(&[])).await);
    assert!(others.iter().all(|(number, new)| *new && *number != first), "{others:?}");
    // With a number of their own, for ever; without one, a day.
    let own = with(&[("attribute[fixmystreet_id]", "77")]);
    let (numbered, _) = number(&door, Some(&app), own.clone()).await;
    let mut weekly = vec![first];
    for _ in 0..9 {
        hands.pass(7 * 24 * 3600);
        assert_eq!(number(&door, Some(&app), own.clone()).await, (numbered.clone(), false));
        let (again, new) = number(&door, Some(&app), with(&[])).await;
        assert!(new && !weekly.contains(&again), "the hole is there again");
        assert_eq!(number(&door, Some(&app), with(&[])).await, (again.clone(), false));
        weekly.push(again);
    }
    // Sent twice at the same moment.
    let at_once = with(&[("description", "Both at once"), ("device_id", "3")]);
    let both = futures_util::future::join_all((0..8).map(|_| number(&door, Some(&app), at_once.clone()))).await;
    assert_eq!(both.iter().filter(|(_, new)| *new).count(), 1);
    assert!(both.iter().all(|(number, _)| *number == both[0].0));
}

async fn a_key_for_tests_keeps_nothing((_hands, _folder, tools): Desk) {
    let (door, test) = (door(&tools), key("my-app", KeyKind::Test));
    let Taken::Tried(receipt) = post(&door, Some(&test), with(&[("email", "ann@example.org")])).await else { panic!() };
    assert_eq!(receipt.reference.digits(), "00000000");
    let Taken::Invalid(faults) = post(&door, Some(&test), with(&[("email", "ann")])).await else { panic!() };
    assert_eq!(faults[0].field, "email");
    let mut bad = with(&[]);
    bad.files.push(FormFile { name: "a.jpg".to_owned(), content_type: None, bytes: "#!/bin/sh".into() });
    let Taken::Invalid(faults) = post(&door, Some(&test), bad.clone()).await else { panic!() };
    assert_eq!((faults[0].field.as_str(), faults[0].code.as_str()), ("media_url", "not_a_photo"));
    let Taken::Invalid(_) = post(&door, None, bad).await else { panic!() };
    assert_eq!(tools.store.count().await.unwrap().reports, 0);
    assert!(waiting(&tools.store, &Lane::router()).await.is_empty());
}

async fn photos_are_fetched_and_none_holds_a_report_up((_hands, _folder, tools): Desk) {
    let server = MockServer::start().await;
    let png = crate::intake::tests::png();
    Mock::given(path("/good.png"))
        .respond_with(ResponseTemplate::new(200).set_body_bytes(png.to_vec()))
        .mount(&server)
        .await;
    Mock::given(path("/page")).respond_with(ResponseTemplate::new(200).set_body_string("<html>")).mount(&server).await;
    let away = ResponseTemplate::new(302).insert_header("location", format!("{}/good.png", server.uri()));
    Mock::given(path("/moved")).respond_with(away).mount(&server).await;
    let slow = ResponseTemplate::new(200).set_body_bytes(png.to_vec()).set_delay(Duration::from_secs(60));
    Mock::given(path("/slow")).respond_with(slow).mount(&server).await;
    let (door, app) = (door(&tools), key("fixmystreet", KeyKind::Live));
    let url = |name: &str| format!("{}/{name}", server.uri());
    let all: Vec<String> = ["good.png", "page", "moved", "slow"].map(url).to_vec();
    let media: Vec<(&str, &str)> = all.iter().map(|url| ("media_url", url.as_str())).collect();
    let begun = tokio::time::Instant::now();
    let Taken::Kept { receipt, .. } =
        post(&door, Some(&app), with(&[&media[..], &[("email", "ann@example.org")]].concat())).await
    else {
        panic!()
    };
    assert!(begun.elapsed() < Duration::from_secs(30), "a slow host is not waited for");
    let report = tools.store.report(receipt.id).await.unwrap().unwrap();
    assert_eq!(report.photos.len(), 1);
    for lost in &all[1..] {
        assert!(report.words.contains(lost.as_str()), "{lost}: {}", report.words);
    }
    assert!(report.words.starts_with("A deep hole\n\n") && !report.words.contains("good.png"));
    assert_eq!(report.tell, Tell::Nothing, "this client tells its people itself");
    // Nor for strangers: whoever has no key cannot have the city call somebody.
    let Taken::Kept { receipt, .. } = post(&door, None, with(&[("media_url", &all[0])])).await else { panic!() };
    let report = tools.store.report(receipt.id).await.unwrap().unwrap();
    assert!(report.photos.is_empty() && report.words.contains("good.png"));
    // Inside the city's own networks nothing is fetched unless it is allowed.
    let strict = Config::default().build(&tools, &photo::Config::default().build(), http::Config::default());
    let Taken::Kept { receipt, .. } =
        post(&strict, Some(&app), with(&[("media_url", &all[0]), ("device_id", "9")])).await
    else {
        panic!()
    };
    let report = tools.store.report(receipt.id).await.unwrap().unwrap();
    assert!(report.photos.is_empty() && report.words.contains("good.png"));
}

async fn updates_of_residents_are_heard_once((_hands, _folder, tools): Desk) {
    let (door, app, kiosk) = (door(&tools), key("my-app", KeyKind::Live), key("kiosk", KeyKind::Live));
    let (number, _) = number(&door, Some(&app), with(&[])).await;
    let update = |more: &[(&str, &str)]| form(&[&[("service_request_id", number.as_str())], more].concat());
    let hear = async |key: &ApiKey, form: FormData| door.hear(&form, key, Trace::start()).await;
    let deeper = update(&[
        ("update_id", "7"),
        ("description", "Deeper"),
        ("status", "OPEN"),
        ("media_url", "https://f.example/1"),
    ]);
    let Outcome::Heard(first) = hear(&app, deeper.clone()).await else { panic!() };
    let Outcome::Heard(again) = hear(&app, deeper.clone()).await else { panic!() };
    assert_eq!(first, again);
    let fixed = update(&[("update_id_ext", "8"), ("status", "FIXED")]);
    assert!(matches!(hear(&app, fixed).await, Outcome::Heard(_)));
    assert!(matches!(hear(&kiosk, deeper.clone()).await, Outcome::Unknown), "it came by another channel");
    assert!(matches!(hear(&key("my-app", KeyKind::Test), update(&[("description", "x")])).await, Outcome::Tried(_)));
    for (wrong, field) in [
        (form(&[("description", "x")]), "service_request_id"),
        (update(&[("status", "OPEN")]), "description"),
        (update(&[("description", "x"), ("updated_datetime", "soon")]), "updated_datetime"),
        (update(&[("description", &"x".repeat(2_001))]), "description"),
        (update(&[("description", "x"), ("media_url", "javascript:1")]), "media_url"),
    ] {
        let Outcome::Invalid(faults) = hear(&app, wrong).await else { panic!("{field}") };
        assert_eq!(faults[0].field, field);
    }
    assert!(matches!(hear(&app, form(&[("service_request_id", "1"), ("description", "x")])).await, Outcome::Unknown));
    let texts: Vec<String> = (waiting(&tools.store, &Lane::router()).await.iter())
        .filter_map(|letter| match letter.read::<Received>().unwrap().why {
            Why::Wrote { text, .. } => Some(text),
            _ => None,
        })
        .collect();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(texts.contains(&"Deeper\nhttps://f.example/1".to_owned()), "{texts:?}");
    assert!(texts.iter().any(|text| text.contains("opgelost")), "{texts:?}");
}

testing::both! {
    what_is_sent_again_is_taken_once,
    a_key_for_tests_keeps_nothing,
    photos_are_fetched_and_none_holds_a_report_up,
    updates_of_residents_are_heard_once,
}

proptest! {
    /// Whatever a form holds, it is read or refused with the parameter's name; and the same form has the same name.
    #[test]
    fn no_form_is_too_strange(
        names in prop::collection::vec(
            "service_code|description|lat|long|email|media_url|attribute\\[\\PC{0,10}\\]?(\\[[0-9a]{0,2}\\]?)?|external_id|\\PC{0,12}",
            0..12,
        ),
        values in prop::collection::vec("wegen/put|50\\.8|3\\.2|1e400|-?[0-9]{1,400}|https?://\\PC{0,20}|\\PC{0,40}|[\\x00-\\x20]{0,6}", 12),
    ) {
        let fields: Vec<(String, String)> = names.into_iter().zip(values).collect();
        let form = FormData { fields, files: Vec::new() };
        match (read(form.clone()), read(form)) {
            (Ok(one), Ok(two)) => {
                prop_assert_eq!(one.digest, two.digest);
                // What the city says of it then, it says in words.
                if let Err(faults) = one.submission.check(&CITY) {
                    prop_assert!(faults.into_iter().map(super::form::rename).all(|f| !f.field.starts_with('/')));
                }
            }
            (Err(faults), Err(_)) => prop_assert!(faults.iter().all(|fault| !fault.field.is_empty() && !fault.message.is_empty())),
            _ => prop_assert!(false, "the same form twice"),
        }
    }

    #[test]
    fn no_question_is_too_strange(query in "(start_date|end_date|status|service_code|service_request_id|\\PC{0,8})=\\PC{0,40}(&\\PC{0,20}){0,3}") {
        let now: Timestamp = "2026-11-30T12:00:00Z".parse().unwrap();
        if let Ok(Which::Filter(filter)) = Asked::read(Some(&query)).which(now, &TimeZone::UTC) {
            prop_assert!(filter.from <= filter.to && !filter.statuses.is_empty());
        }
        let _ = address::Address::read(&query);
    }
}
