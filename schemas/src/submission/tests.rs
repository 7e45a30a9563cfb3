//! Every bad input that a stranger can send, and that nothing else is refused.

use super::*;
use crate::{city::sample, place::Point};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::LazyLock;

static CITY: LazyLock<City> = LazyLock::new(sample::city);

/// The belfry of the sample city.
const HERE: Point = Point { lat: 50.8278, lon: 3.2645 };

fn good() -> Submission {
    Submission { category: "wegen/put".into(), words: "Diepe put voor nummer 12".into(), ..Submission::default() }
}

fn read(body: Value) -> Submission {
    serde_json::from_value(body).unwrap()
}

/// What is wrong with `submission`: field and code of each.
fn wrong(submission: Submission) -> Vec<(String, String)> {
    let faults = submission.check(&CITY).expect_err("it is refused");
    for fault in &faults {
        assert!(fault.message.len() > 10 && fault.message.len() < 400, "{fault}");
    }
    faults.into_iter().map(|fault| (fault.field, fault.code)).collect()
}

#[test]
fn each_bad_input_names_its_field() {
    let body = |change: Value| {
        let mut body = json!({"category": "wegen/put", "words": "Diepe put"});
        for (key, value) in change.as_object().unwrap() {
            body[key] = value.clone();
        }
        body
    };
    let long = "é".repeat(10_000);
    let photos: Vec<Uuid> = (0..6).map(Uuid::from_u128).collect();
    #[rustfmt::skip]
    let table = [
        (json!({"category": "wegen/kuil"}), "/category", "unknown"),
        (json!({"category": ""}), "/category", "unknown"),
        (json!({"category": "wegen/put\u{0}"}), "/category", "unknown"),
        (json!({"category": "../../etc/passwd"}), "/category", "unknown"),
        (json!({"category": long}), "/category", "unknown"),
        (json!({"words": ""}), "/words", "required"),
        (json!({"words": " \u{0}\u{202e}\u{200b}\n\t "}), "/words", "required"),
        (json!({"words": long}), "/words", "too_long"),
        (json!({"words": "x".repeat(MAX_WORDS + 1)}), "/words", "too_long"),
        (json!({"place": {"address": "x".repeat(201)}}), "/place/address", "too_long"),
        (json!({"place": {"point": {"lat": 91, "lon": 3.2}}}), "/place/point/lat", "out_of_range"),
        (json!({"place": {"point": {"lat": -1e300, "lon": 3.2}}}), "/place/point/lat", "out_of_range"),
        (json!({"place": {"point": {"lat": 50.8, "lon": 180.1}}}), "/place/point/lon", "out_of_range"),
        (json!({"place": {"point": {"lat": 50.8798, "lon": 4.7005}}}), "/place/point", "outside_city"),
        (json!({"place": {"point": {"lat": 0, "lon": 0}}}), "/place/point", "outside_city"),
        (json!({"place": {"point": {"lat": HERE.lon, "lon": HERE.lat}}}), "/place/point", "outside_city"),
        (json!({"contact": {"name": "x".repeat(101)}}), "/contact/name", "too_long"),
        (json!({"contact": {"email": "jan"}}), "/contact/email", "malformed"),
        (json!({"contact": {"email": "jan@@dorp.example"}}), "/contact/email", "malformed"),
        (json!({"contact": {"email": "jan@dorp"}}), "/contact/email", "malformed"),
        (json!({"contact": {"email": "jan@-dorp.example"}}), "/contact/email", "malformed"),
        (json!({"contact": {"email": "jan@dorp..example"}}), "/contact/email", "malformed"),
        (json!({"contact": {"email": ".jan@dorp.example"}}), "/contact/email", "malformed"),
        (json!({"contact": {"email": "Jan <jan@dorp.example>"}}), "/contact/email", "malformed"),
        (json!({"contact": {"email": "jan@dorp.example\r\nBcc: all@dorp.example"}}), "/contact/email", "malformed"),
        (json!({"contact": {"email": "jan@dorp.example,piet@dorp.example"}}), "/contact/email", "malformed"),
        (json!({"contact": {"email": format!("{}@dorp.example", "x".repeat(65))}}), "/contact/email", "malformed"),
        (json!({"contact": {"email": format!("jan@{}.example", "x.".repeat(130))}}), "/contact/email", "malformed"),
        (json!({"contact": {"phone": "112"}}), "/contact/phone", "malformed"),
        (json!({"contact": {"phone": "bel mij 0470123456"}}), "/contact/phone", "malformed"),
        (json!({"contact": {"phone": "0470+123456"}}), "/contact/phone", "malformed"),
        (json!({"contact": {"phone": "1".repeat(16)}}), "/contact/phone", "malformed"),
        (json!({"tell": "email"}), "/contact/email", "required"),
        (json!({"tell": "email", "contact": {"phone": "0470123456"}}), "/contact/email", "required"),
        (json!({"photos": photos}), "/photos", "too_many"),
        (json!({"answers": {"kleur": "rood"}}), "/answers/kleur", "unknown"),
        (json!({"answers": {"sinds": "vandaag"}}), "/answers/sinds", "unknown"),
        (json!({"answers": {"a/b~c": 1}}), "/answers/a~1b~0c", "unknown"),
        (json!({"answers": {"gevaar": "ja"}}), "/answers/gevaar", "wrong_type"),
        (json!({"answers": {"gevaar": 1}}), "/answers/gevaar", "wrong_type"),
        (json!({"answers": {"grootte": "reusachtig"}}), "/answers/grootte", "not_an_option"),
        (json!({"answers": {"grootte": ["hand"]}}), "/answers/grootte", "not_an_option"),
        (json!({"answers": {"grootte": {"a": 1}}}), "/answers/grootte", "not_an_option"),
        (json!({"category": "netheid/sluikstort", "answers": {"afvalsoort": "zakken"}}), "/answers/afvalsoort", "wrong_type"),
        (json!({"category": "netheid/sluikstort", "answers": {"afvalsoort": ["zakken", "goud"]}}), "/answers/afvalsoort", "not_an_option"),
        (json!({"category": "netheid/sluikstort", "answers": {"afvalsoort": ["zakken", 3]}}), "/answers/afvalsoort", "not_an_option"),
        (json!({"category": "netheid/sluikstort", "answers": {"afvalsoort": vec!["zakken"; 9]}}), "/answers/afvalsoort", "not_an_option"),
        (json!({"category": "dienst/vraag", "answers": {"contactmoment": "x".repeat(501)}}), "/answers/contactmoment", "too_long"),
        (json!({"category": "dienst/vraag", "answers": {"contactmoment": 3}}), "/answers/contactmoment", "wrong_type"),
        (json!({"category": "dienst/klacht"}), "/contact", "required"),
        (json!({"category": "dienst/klacht", "contact": {"name": "Jan"}}), "/contact", "required"),
    ];
    for (change, field, code) in table {
        assert_eq!(
            wrong(read(body(change.clone()))),
            [(field.to_owned(), code.to_owned())],
            "{:.120}",
            change.to_string()
        );
    }
}

#[test]
fn numbers_that_json_cannot_hold_are_refused_too() {
    for (lat, lon, field) in [
        (f64::NAN, 3.2, "/place/point/lat"),
        (f64::INFINITY, 3.2, "/place/point/lat"),
        (50.8, f64::NAN, "/place/point/lon"),
        (50.8, f64::NEG_INFINITY, "/place/point/lon"),
    ] {
        let place = Some(GivenPlace { point: Some(Point { lat, lon }), ..GivenPlace::default() });
        assert_eq!(wrong(Submission { place, ..good() }), [(field.to_owned(), "out_of_range".to_owned())]);
    }
}

#[test]
fn swapped_coordinates_are_recognised() {
    let place = |lat, lon| Some(GivenPlace { point: Some(Point { lat, lon }), ..GivenPlace::default() });
    let swapped = Submission { place: place(HERE.lon, HERE.lat), ..good() }.check(&CITY).unwrap_err();
    assert!(swapped[0].message.contains("swapped"), "{}", swapped[0]);
    let elsewhere = Submission { place: place(51.05, 3.72), ..good() }.check(&CITY).unwrap_err();
    assert!(!elsewhere[0].message.contains("swapped"), "{}", elsewhere[0]);
}

#[test]
fn every_fault_is_named_at_once() {
    let faults = wrong(read(json!({
        "category": "nergens/niets", "words": "", "tell": "email",
        "place": {"address": "x".repeat(300), "point": {"lat": 200, "lon": 0}},
        "contact": {"name": "x".repeat(300), "phone": "geen"}
    })));
    let fields: Vec<&str> = faults.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "/category",
            "/words",
            "/place/address",
            "/place/point/lat",
            "/contact/name",
            "/contact/phone",
            "/contact/email"
        ]
    );
}

#[test]
fn what_is_not_the_shape_of_a_submission_is_not_read() {
    for body in [
        json!({"words": "a"}),
        json!({"category": "wegen/put"}),
        json!({"category": 3, "words": "a"}),
        json!({"category": "wegen/put", "words": ["a"]}),
        json!({"category": "wegen/put", "words": "a", "extra": 1}),
        json!({"category": "wegen/put", "words": "a", "kind": "sabotage"}),
        json!({"category": "wegen/put", "words": "a", "language": "xx"}),
        json!({"category": "wegen/put", "words": "a", "photos": ["../x.jpg"]}),
        json!({"category": "wegen/put", "words": "a", "place": {"point": {"lat": "50", "lon": 3}}}),
        json!({"category": "wegen/put", "words": "a", "place": {"point": {"lat": 50}}}),
        json!({"category": "wegen/put", "words": "a", "contact": {"rrn": "1"}}),
        json!([]),
        json!(null),
    ] {
        assert!(serde_json::from_value::<Submission>(body.clone()).is_err(), "{body}");
    }
    assert!(
        serde_json::from_str::<Submission>(
            r#"{"category":"wegen/put","words":"a","place":{"point":{"lat":NaN,"lon":3}}}"#
        )
        .is_err()
    );
}

#[test]
fn what_is_good_comes_out_clean() {
    let photo = Uuid::from_u128(7);
    let checked = read(json!({
        "category": " wegen/put ",
        "words": "  Diepe put\u{0}\r\nvoor \u{202e}nummer 12 ",
        "place": {"address": " Grote  Markt 1\n", "point": HERE},
        "answers": {"gevaar": true, "grootte": "hand", "materiaal": ""},
        "contact": {"name": " ", "email": " jan@dorp.example ", "phone": "+32 470 12 34 56"},
        "photos": [photo, photo],
    }))
    .check(&CITY)
    .unwrap();
    assert_eq!(checked.words, "Diepe put\nvoor nummer 12");
    assert_eq!(checked.place.address.as_deref(), Some("Grote Markt 1"));
    assert_eq!(checked.urgency, Urgency::Emergency, "a yes to danger raises it");
    assert_eq!(checked.kind, Kind::Report);
    assert_eq!(checked.answers.keys().collect::<Vec<_>>(), ["gevaar", "grootte"], "an open question is no answer");
    let contact = checked.contact.unwrap();
    assert_eq!((contact.name, contact.email.as_deref()), (None, Some("jan@dorp.example")));
    assert_eq!(checked.tell, Tell::Email, "who leaves an address wants to hear");
    assert_eq!(checked.language, Language::NL, "the city's own");
    assert_eq!(checked.photos, [photo]);

    let checked = good().check(&CITY).unwrap();
    assert_eq!((checked.contact, checked.tell, checked.urgency), (None, Tell::Nothing, Urgency::High));
    let most = Submission { words: "é".repeat(MAX_WORDS), ..good() };
    assert!(most.check(&CITY).is_ok());
    let complaint = read(json!({"category": "dienst/klacht", "words": "a", "contact": {"phone": "056 12 34 56"}}));
    assert_eq!(complaint.check(&CITY).unwrap().kind, Kind::Complaint);
}

#[test]
fn a_way_that_the_city_does_not_go_is_refused_with_those_it_does() {
    let city = sample::city();
    city.offer(&[crate::way::Way::Email, crate::way::Way::Call]);
    let with = |tell: &str| {
        read(json!({"category": "wegen/put", "words": "a", "tell": tell, "contact": {
            "email": "jan@dorp.example", "phone": "0470 12 34 56",
            "post": {"street": "Dorp 1", "postcode": "8500", "town": "Kortrijk"}}}))
    };
    for tell in ["email", "call", "nothing"] {
        assert_eq!(with(tell).check(&city).unwrap().tell.as_str(), tell);
    }
    for tell in ["sms", "letter"] {
        assert!(with(tell).check(&CITY).is_ok(), "nobody said which ways there are");
        let faults = with(tell).check(&city).unwrap_err();
        assert_eq!((faults[0].field.as_str(), faults[0].code.as_str(), faults.len()), ("/tell", "not_offered", 1));
        assert!(faults[0].message.ends_with("choose one of email, call, nothing"), "{}", faults[0].message);
    }
}

#[test]
fn addresses_that_people_have() {
    for email in
        ["a@b.be", "een.bewoner+stad@sub.dorp.example", "o'neill@dorp.example", "jan@dörp.example", "x_y-z@d-d.museum"]
    {
        assert!(is_email(email), "{email}");
    }
    for phone in ["056 12 34 56", "+32 (0)56-12.34.56", "0470/12.34.56", "1777 1777"] {
        assert!(is_phone(phone), "{phone}");
    }
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ -~\u{0}-\u{1f}\u{200b}-\u{202e}éÀ😀]{0,40}",
        Just("wegen/put".to_owned()),
        Just("netheid/sluikstort".to_owned()),
        Just("jan@dorp.example".to_owned()),
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any_text().prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 20, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            prop::collection::btree_map("[a-z]{0,4}", inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    /// Whatever is sent: no panic; what passes is clean, about something that exists, and passes
    /// again unchanged.
    #[test]
    fn any_submission_is_refused_or_clean(
        category in any_text(), words in any_text(), address in prop::option::of(any_text()),
        point in prop::option::of((any::<f64>(), prop_oneof![any::<f64>(), 3.0..3.5f64])),
        answers in prop::collection::btree_map(prop_oneof![any_text(), Just("gevaar".to_owned()), Just("afvalsoort".to_owned())], any_json(), 0..4),
        email in prop::option::of(any_text()), phone in prop::option::of("[0-9 +./a]{0,20}"),
        tell in prop::option::of(prop_oneof![Just(Tell::Email), Just(Tell::Nothing)]),
    ) {
        let submission = Submission {
            category, words, answers, tell,
            place: Some(GivenPlace { address, point: point.map(|(lat, lon)| Point { lat, lon }), ..GivenPlace::default() }),
            contact: Some(Contact { name: None, email, phone, post: None }),
            ..Submission::default()
        };
        let Ok(checked) = submission.check(&CITY) else { return Ok(()) };
        prop_assert!(CITY.category(&checked.category).is_some());
        prop_assert!(!checked.words.is_empty() && text::length(&checked.words) <= MAX_WORDS);
        prop_assert_eq!(&text::clean(&checked.words), &checked.words);
        prop_assert!(checked.place.point.is_none_or(|point| CITY.areas.in_city(point)));
        let again = Submission {
            kind: Some(checked.kind),
            category: checked.category.to_string(),
            words: checked.words.clone(),
            place: Some(checked.place.clone().into()),
            answers: checked.answers.clone(),
            contact: checked.contact.clone(),
            language: Some(checked.language),
            tell: Some(checked.tell),
            photos: checked.photos.clone(),
        };
        prop_assert_eq!(again.check(&CITY).unwrap(), checked);
    }
}

#[test]
fn what_is_next_door_is_told_whose_it_is() {
    let faults = |place: Value| {
        let body = json!({"category": "wegen/put", "words": "put", "place": place});
        let faults = read(body).check(&CITY).err().unwrap_or_default();
        faults.into_iter().map(|fault| format!("{fault}")).collect::<Vec<_>>()
    };
    let menen = "is in Menen: tell them at https://www.menen.be";
    assert_eq!(faults(json!({"point": {"lat": 50.797, "lon": 3.121}})), [format!("/place/point: this point {menen}")]);
    assert_eq!(
        faults(json!({"address": "Grote Markt 1, 8930 MENEN"})),
        [format!("/place/address: this address {menen}")]
    );
    // A road leads there, a house has that number, and a point that is in the city says more than words.
    for fine in [
        json!({"address": "steenweg naar Menen"}),
        json!({"address": "Menensestraat 8930"}),
        json!({"address": "8930 Menen", "point": {"lat": 50.8278, "lon": 3.2645}}),
    ] {
        assert_eq!(faults(fine.clone()), Vec::<String>::new(), "{fine}");
    }
    let far = faults(json!({"point": {"lat": 48.85, "lon": 2.35}}));
    assert!(far[0].starts_with("/place/point: this point is not in Kortrijk: tell the city where it is"), "{far:?}");
}

#[test]
fn lambert_and_numbers_of_lamp_posts_are_taken() {
    let there = crate::lambert::Lambert72::of(HERE);
    let body = |place: Value| json!({"category": "wegen/put", "words": "put", "place": place});
    let read_place = |place: Value| read(body(place)).check(&CITY);
    let checked = read_place(json!({"lambert72": {"x": there.x, "y": there.y}, "asset": " KO-5012 "})).unwrap();
    assert!(checked.place.point.unwrap().metres_to(HERE) < 0.01);
    assert_eq!((checked.place.asset.as_deref(), checked.place.found), (Some("KO-5012"), None));
    for (place, field, code) in [
        (json!({"lambert72": {"x": 1e9, "y": 0}}), "/place/lambert72", "out_of_range"),
        (json!({"lambert72": {"x": 150_000, "y": 170_000}}), "/place/lambert72", "outside_city"),
        (json!({"lambert72": {"x": 1, "y": 1}, "point": HERE}), "/place/lambert72", "twice"),
        (json!({"asset": "x".repeat(41)}), "/place/asset", "too_long"),
    ] {
        let faults = read_place(place.clone()).unwrap_err();
        assert_eq!((faults[0].field.as_str(), faults[0].code.as_str()), (field, code), "{place}");
    }
    // What the city finds out, nobody else says.
    assert!(serde_json::from_value::<Submission>(body(json!({"found": {"address": "x"}}))).is_err());
}
