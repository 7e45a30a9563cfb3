use super::*;
use crate::testing;
use schemas::{case::Role, dispatch::Again, place::Point, report::Contact};
use serde_json::json;

fn config(more: Value) -> Config {
    let mut all = json!({"url": "https://311.example/v2", "services": {"default": "OTHER"}});
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(all).unwrap()
}

fn dispatch() -> Dispatch {
    let mut dispatch = testing::dispatch(testing::PUSHED, Role::Lead);
    dispatch.place.point = Some(Point { lat: 50.8789, lon: 4.7005 });
    dispatch.answers = [
        ("grootte".to_owned(), json!("stoeptegel")),
        ("gevaar".to_owned(), json!(true)),
        ("dader".to_owned(), json!(true)),
    ]
    .into();
    dispatch
}

fn made(config: &Config, dispatch: &Dispatch, service: Option<&Service>, photos: &[String]) -> Result<Pairs, Verdict> {
    let city = testing::city();
    Desk { config, city: &city, photos }.request(dispatch, "PUT", service, None)
}

fn get<'a>(pairs: &'a Pairs, name: &str) -> Vec<&'a str> {
    pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
}

#[test]
fn a_request_says_what_and_where_and_who_only_where_allowed() {
    let config = config(json!({"key_attribute": "EXT"}));
    let photos = ["https://voordeur.example/1".to_owned(), "https://voordeur.example/2".to_owned()];
    let mut dispatch = dispatch();
    let pairs = made(&config, &dispatch, None, &photos).unwrap();
    let id = dispatch.id.to_string();
    for (name, value) in [
        ("service_code", "PUT"),
        ("lat", "50.8789000"),
        ("long", "4.7005000"),
        ("address_string", "Grote Markt 1"),
        ("media_url", photos[0].as_str()),
        ("attribute[EXT]", id.as_str()),
    ] {
        assert_eq!(get(&pairs, name), [value], "{name}");
    }
    for name in ["first_name", "last_name", "email", "phone"] {
        assert!(get(&pairs, name).is_empty(), "{name}");
    }
    let description = get(&pairs, "description")[0];
    let lines: Vec<&str> = description.lines().collect();
    assert_eq!(lines[0], "Een put in de weg");
    assert!(lines.contains(&"Is er nu gevaar voor mensen: ja"), "{description}");
    assert!(lines.contains(&"Hoe groot is het: Een stoeptegel"), "{description}");
    assert!(lines.contains(&"Foto: https://voordeur.example/2"), "{description}");
    assert!(!description.contains("wie het deed"), "private answers stay private: {description}");
    assert_eq!(lines.last(), Some(&marker(dispatch.id).as_str()));
    assert!(is_marked(description) && !is_marked("Wij antwoorden op [voordeur 1]\nKlaar"));

    dispatch.contact = Some(Contact {
        post: None,
        name: Some("An Van den Berg".to_owned()),
        email: Some("an@example.org".to_owned()),
        phone: None,
    });
    let pairs = made(&config, &dispatch, None, &[]).unwrap();
    assert_eq!((get(&pairs, "first_name"), get(&pairs, "last_name")), (vec!["An"], vec!["Van den Berg"]));
    assert_eq!((get(&pairs, "email"), get(&pairs, "phone")), (vec!["an@example.org"], vec![]));
}

#[test]
fn attributes_are_filled_by_the_table_and_missing_ones_named() {
    let config = config(json!({"attributes": {
        "SIZE": {"question": "grootte", "values": {"stoeptegel": "M"}},
        "PRIO": {"field": "priority"},
        "SOURCE": {"value": "voordeur"},
        "UNKNOWN": {"value": "x"},
        "EMPTY": {"question": "materiaal"},
    }}));
    let attribute = |code: &str, options: &[(&str, &str)]| Attribute {
        code: code.to_owned(),
        required: true,
        options: options.iter().map(|(key, name)| ((*key).to_owned(), (*name).to_owned())).collect(),
        ..Attribute::default()
    };
    let service = |attributes: Vec<Attribute>| Service { attributes: Some(attributes), ..Service::default() };
    let all = service(vec![attribute("SIZE", &[("1", "m")]), attribute("PRIO", &[]), attribute("SOURCE", &[])]);
    let pairs = made(&config, &dispatch(), Some(&all), &[]).unwrap();
    assert_eq!(get(&pairs, "attribute[SIZE]"), ["1"], "by the name of their option");
    assert_eq!(get(&pairs, "attribute[PRIO]"), ["normal"]);
    assert_eq!(get(&pairs, "attribute[SOURCE]"), ["voordeur"]);
    assert!(get(&pairs, "attribute[UNKNOWN]").is_empty(), "their service has no such attribute");
    let description = get(&pairs, "description")[0];
    assert!(!description.contains("stoeptegel") && description.contains("gevaar"), "{description}");
    // A server that does not describe itself gets all there are.
    let pairs = made(&config, &dispatch(), None, &[]).unwrap();
    assert_eq!((get(&pairs, "attribute[SIZE]"), get(&pairs, "attribute[UNKNOWN]")), (vec!["M"], vec!["x"]));

    for (missing, part) in [
        (attribute("DEPTH", &[]), "`DEPTH`"),
        (attribute("SIZE", &[("9", "reus")]), "one of 9"),
        (attribute("EMPTY", &[]), "`EMPTY`"),
    ] {
        match made(&config, &dispatch(), Some(&service(vec![missing])), &[]) {
            Err(Verdict::Never { why, fault: Fault::Ours }) => {
                assert!(why.contains(part) && why.contains("`attributes`"), "{why}");
            }
            other => panic!("{other:?}"),
        }
    }
    let several = Attribute { several: true, required: false, ..attribute("SIZE", &[]) };
    let mut two = dispatch();
    two.answers.insert("grootte".to_owned(), json!(["hand", "stoeptegel"]));
    let pairs = made(&config, &two, Some(&service(vec![several])), &[]).unwrap();
    assert_eq!(get(&pairs, "attribute[SIZE][]"), ["hand", "M"]);
}

#[test]
fn however_long_the_words_the_mark_stays() {
    let config = config(json!({"description_most": 200}));
    let mut dispatch = dispatch();
    dispatch.words = "é".repeat(5_000);
    let photos: Vec<String> = (0..9).map(|n| format!("https://voordeur.example/{n}")).collect();
    let pairs = made(&config, &dispatch, None, &photos).unwrap();
    let description = get(&pairs, "description")[0];
    assert!(text::length(description) <= 200, "{}", text::length(description));
    assert!(description.starts_with("éééé") && description.contains('…'), "{description}");
    assert!(description.ends_with(&marker(dispatch.id)), "{description}");
}

#[test]
fn what_is_new_is_said_in_an_update_or_before_the_words() {
    let mut dispatch = dispatch();
    dispatch.again = Some(Again {
        why: AgainWhy::Reopened,
        text: Some("Hij ligt er nog".to_owned()),
        first: testing::case_id(),
        receipt: Some("638344".to_owned()),
    });
    let config = config(json!({}));
    let city = testing::city();
    let desk = Desk { config: &config, city: &city, photos: &[] };
    let update = desk.update(&dispatch, "638344", "2026-11-23T10:00:00Z");
    assert_eq!(get(&update, "update_id"), [dispatch.id.to_string()]);
    assert_eq!(get(&update, "service_request_id"), ["638344"]);
    let description = get(&update, "description")[0];
    assert!(description.contains("niet is opgelost") && description.contains("Hij ligt er nog"), "{description}");
    assert!(is_marked(description) && !description.contains("Een put"), "{description}");
    let request = desk.request(&dispatch, "PUT", None, Some("700")).unwrap();
    let description = get(&request, "description")[0];
    assert!(description.starts_with("Dit gaat verder op uw melding 700\n"), "{description}");
    assert!(description.contains("Een put in de weg"), "{description}");
}

#[test]
fn who_is_only_informed_reads_first_that_nothing_is_asked() {
    let mut city = testing::read();
    let again = Again {
        why: AgainWhy::Reopened,
        text: Some("Hij ligt er nog".to_owned()),
        first: testing::case_id(),
        receipt: None,
    };
    for (language, first) in
        [(Language::NL, "Ter info, "), (Language::FR, "Pour info, "), (Language::EN, "For information, ")]
    {
        city.languages = vec![language];
        // As narrow as a description may be.
        for most in [200, 4_000] {
            let config = config(json!({"description_most": most}));
            for (role, again) in [(Role::Informed, None), (Role::Informed, Some(again.clone())), (Role::Lead, None)] {
                let words = "é".repeat(5_000);
                let dispatch = Dispatch { role, again, words, ..dispatch() };
                let desk = Desk { config: &config, city: &city, photos: &[] };
                for pairs in [desk.request(&dispatch, "PUT", None, None).unwrap(), desk.update(&dispatch, "7", "")] {
                    let description = get(&pairs, "description")[0];
                    let line = description.lines().next().unwrap();
                    assert_eq!(line == informed::said(language), role == Role::Informed, "{description}");
                    assert_eq!(line.starts_with(first), role == Role::Informed, "{description}");
                    assert!(is_marked(description), "{description}");
                }
            }
        }
    }
}
