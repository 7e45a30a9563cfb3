//! Through the doors to the rows and back.

use super::*;
use crate::testing::{self, Desk, waiting};
use bytes::Bytes;
use schemas::letter::Lane;
use serde_json::{Value, json};

fn doors(tools: &IntakeTools) -> Doors {
    // These forms come back at once.
    let guard = guard::Config { form_delay: std::time::Duration::ZERO, ..guard::Config::default() };
    let config = Config { guard, ..Config::default() };
    assert!(config.check().is_empty());
    config.build(tools)
}

async fn post(doors: &Doors, key: Option<&str>, body: &Value) -> api::Outcome {
    post_bytes(doors, key, body.to_string().as_bytes()).await
}

async fn post_bytes(doors: &Doors, key: Option<&str>, body: &[u8]) -> api::Outcome {
    let channel = testing::slug("api");
    let request = api::Request {
        trial: false,
        channel: &channel,
        content_type: Some("application/json; charset=utf-8"),
        idempotency_key: key.map(str::as_bytes),
        body,
        peer: None,
        trace: Trace::start(),
    };
    doors.api.receive(request).await
}

async fn reports(tools: &IntakeTools) -> usize {
    waiting(&tools.store, &Lane::router()).await.len()
}

async fn the_same_key_is_the_same_report((_hands, _folder, tools): Desk) {
    let doors = doors(&tools);
    let body = json!({"category": "wegen/put", "words": "Een put", "contact": {"email": "an@example.org"}});
    let api::Outcome::Created(first) = post(&doors, Some("k1"), &body).await else { panic!() };
    // Another order of the fields and more space around the words is the same submission.
    let again = r#"{"words":" Een put ", "contact":{"email":"an@example.org"}, "category":"wegen/put"}"#;
    let api::Outcome::Replayed(second) = post_bytes(&doors, Some("k1"), again.as_bytes()).await else { panic!() };
    assert_eq!(first, second);
    let other = json!({"category": "wegen/put", "words": "Een andere put"});
    assert!(matches!(post(&doors, Some("k1"), &other).await, api::Outcome::Conflict));
    assert!(matches!(post(&doors, Some("k2"), &body).await, api::Outcome::Created(_)));
    assert!(matches!(post(&doors, None, &body).await, api::Outcome::Created(_)));
    assert_eq!(reports(&tools).await, 3);
}

async fn bad_input_names_the_field_and_stores_nothing((_hands, _folder, tools): Desk) {
    let doors = doors(&tools);
    let good = json!({"category": "wegen/put", "words": "x"});
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body.to_string().into_bytes()
    };
    let rows: Vec<(Vec<u8>, &str, &str)> = vec![
        (with("words", json!("x".repeat(10_000))), "/words", "too_long"),
        (with("words", json!("\u{0}\u{202e}\u{200b} ")), "/words", "required"),
        (with("words", json!(7)), "/words", "wrong_type"),
        (with("category", json!("wegen/bestaat-niet")), "/category", "unknown"),
        (with("place", json!({"point": {"lat": 51.2, "lon": 4.4}})), "/place/point", "outside_city"),
        (with("place", json!({"point": {"lat": 91, "lon": 4.4}})), "/place/point/lat", "out_of_range"),
        (with("tell", json!("email")), "/contact/email", "required"),
        (with("contact", json!({"email": "nobody"})), "/contact/email", "malformed"),
        (with("answers", json!({"kleur": "rood"})), "/answers/kleur", "unknown"),
        (with("photos", json!([testing::case_id()])), "/photos/0", "unknown"),
        (with("photo", json!([])), "/photo", "unknown_field"),
        (
            br#"{"category":"wegen/put","words":"x","place":{"point":{"lat":1e999,"lon":3}}}"#.to_vec(),
            "/place/point/lat",
            "out_of_range",
        ),
    ];
    for (body, field, code) in rows {
        let shown: String = String::from_utf8_lossy(&body).chars().take(100).collect();
        match post_bytes(&doors, Some("k"), &body).await {
            api::Outcome::Invalid(faults) => {
                let found: Vec<_> = faults.iter().map(|f| (f.field.as_str(), f.code.as_str())).collect();
                assert!(found.contains(&(field, code)), "{shown}: {faults:?}");
            }
            other => panic!("{shown}: {other:?}"),
        }
    }
    assert!(matches!(post_bytes(&doors, None, b"{\"words\":").await, api::Outcome::Malformed(_)));
    assert!(matches!(post_bytes(&doors, None, &vec![b' '; 300_000]).await, api::Outcome::TooLarge { limit: 262_144 }));
    assert!(matches!(post(&doors, Some("a b"), &good).await, api::Outcome::BadKey(_)));
    assert_eq!(reports(&tools).await, 0);
    // Nothing of the refused ones stands in the way of a good one.
    assert!(matches!(post(&doors, Some("k"), &good).await, api::Outcome::Created(_)));
}

pub(crate) fn png() -> Bytes {
    let mut out = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(9, 7, image::Rgb([9, 9, 9])).write_to(&mut out, image::ImageFormat::Png).unwrap();
    out.into_inner().into()
}

fn filled_in(token: &str, words: &str, files: &[(&str, Bytes)]) -> form::FormData {
    let fields = [("token", token), ("category", "wegen/put"), ("words", words), ("email", "an@example.org")];
    form::FormData {
        fields: fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
        files: files
            .iter()
            .map(|(name, bytes)| form::FormFile {
                name: (*name).to_owned(),
                content_type: Some("image/jpeg".to_owned()),
                bytes: bytes.clone(),
            })
            .collect(),
    }
}

async fn a_double_click_files_once((_hands, _folder, tools): Desk) {
    let (doors, token) = (doors(&tools), tools.ids.token());
    let web = testing::slug("web");
    let send = |words: &'static str| {
        let form = filled_in(&token, words, &[("put.png", png()), ("put.png", png()), ("", Bytes::new())]);
        doors.form.receive(&web, form, None, Trace::start())
    };
    let form::Outcome::Filed(first) = send("Een put").await else { panic!() };
    let form::Outcome::Again(second) = send("Een put").await else { panic!() };
    assert_eq!(first, second);
    let form::Outcome::AlreadySent(third) = send("Toch iets anders").await else { panic!() };
    assert_eq!(first, third);
    assert_eq!(reports(&tools).await, 1);
    let report = tools.store.report(first.id).await.unwrap().unwrap();
    assert_eq!((report.photos.len(), report.words.as_str()), (1, "Een put"));
    let photo = tools.store.photo_of(report.id, report.photos[0]).await.unwrap().unwrap();
    assert_eq!((photo.media_type.as_str(), photo.width, photo.height), ("image/jpeg", 9, 7));

    // A photo has one report.
    let channel = testing::slug("api");
    let body = json!({"category": "wegen/put", "words": "x", "photos": [report.photos[0]]}).to_string();
    let request = api::Request {
        trial: false,
        channel: &channel,
        content_type: Some("application/json"),
        idempotency_key: None,
        body: body.as_bytes(),
        peer: None,
        trace: Trace::start(),
    };
    let api::Outcome::Invalid(faults) = doors.api.receive(request).await else { panic!() };
    assert_eq!(faults[0].code, "taken");
}

async fn a_form_with_faults_keeps_its_good_photos((_hands, _folder, tools): Desk) {
    let (doors, token) = (doors(&tools), tools.ids.token());
    let web = testing::slug("web");
    let script = Bytes::from_static(b"#!/bin/sh\n");
    let form = filled_in(&token, "", &[("put.png", png()), ("<b>evil</b>.jpg", script)]);
    let form::Outcome::Invalid { faults, photos, .. } = doors.form.receive(&web, form, None, Trace::start()).await
    else {
        panic!()
    };
    let found: Vec<_> = faults.iter().map(|f| (f.field.as_str(), f.code.as_str())).collect();
    assert_eq!(found, [("photos", "not_a_photo"), ("words", "required")]);
    assert_eq!(photos.len(), 1);
    assert_eq!(reports(&tools).await, 0);

    let mut form = filled_in(&token, "Een put", &[]);
    form.fields.push(("kept_photo".to_owned(), photos[0].to_string()));
    let form::Outcome::Filed(receipt) = doors.form.receive(&web, form, None, Trace::start()).await else { panic!() };
    assert_eq!(tools.store.report(receipt.id).await.unwrap().unwrap().photos, photos);

    let six: Vec<(&str, Bytes)> = (0..6).map(|_| ("a.png", png())).collect();
    let form = filled_in(&tools.ids.token(), "x", &six);
    let form::Outcome::Invalid { faults, .. } = doors.form.receive(&web, form, None, Trace::start()).await else {
        panic!()
    };
    assert_eq!((faults[0].field.as_str(), faults[0].code.as_str()), ("photos", "too_many"));
}

testing::both! {
    the_same_key_is_the_same_report,
    bad_input_names_the_field_and_stores_nothing,
    a_double_click_files_once,
    a_form_with_faults_keeps_its_good_photos,
}
