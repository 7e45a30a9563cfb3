use super::*;
use crate::{
    abuse::{self, Sender},
    intake::{Accepted, Config as IntakeConfig, accept, api, form},
    testing::{self, Desk, waiting},
};

use schemas::{held::State, letter::Lane, submission::Submission, trace::Trace};
use store::Receipt;

testing::both! {
    a_form_is_held_that_comes_back_too_soon_or_that_nobody_was_shown,
    whoever_is_blocked_is_answered_like_anyone_and_held,
    the_same_words_again_and_again_are_held,
    what_may_be_about_safety_is_never_held,
    people_of_the_city_are_never_held,
}

#[test]
fn settings_have_bounds() {
    let good = Config::default();
    assert_eq!(good.check(), []);
    let bad = Config {
        form_delay: Duration::from_secs(61),
        alike_one: 1_001,
        alike_all: 1_001,
        release_days: 0,
        alarm_after: Duration::from_secs(60),
    };
    let named: Vec<String> = bad.check().into_iter().map(|fault| fault.field).collect();
    assert_eq!(
        named,
        ["abuse.form_delay_seconds", "abuse.alike_one", "abuse.alike_all", "abuse.release_days", "abuse.alarm_hours"]
    );
}

#[test]
fn words_are_alike_by_who_says_them_and_by_how_many() {
    let config = Config { alike_one: 3, alike_all: 20, ..Config::default() };
    for (length, all, one, alike) in [
        (100, 0, 0, false),
        (100, 19, 2, false),
        (100, 3, 3, true),
        (5, 3, 3, true),
        (100, 20, 0, true),
        // Many people say little, and the same.
        (29, 20, 0, false),
        (30, 20, 0, true),
    ] {
        assert_eq!(config.is_alike(length, all, one), alike, "{length} {all} {one}");
    }
    let off = Config { alike_one: 0, alike_all: 0, ..Config::default() };
    assert!(!off.is_alike(100, 999, 999));
    assert_eq!(plain("Een  PUT, bij nr. 5!\n"), plain("een put bij nr 5"));
}

fn submission(words: &str) -> Submission {
    Submission { category: "wegen/put".to_owned(), words: words.to_owned(), ..Submission::default() }
}

async fn filed(tools: &IntakeTools, submission: Submission, clues: Clues) -> Receipt {
    let checked = submission.check(&tools.city).unwrap();
    match accept(tools, &testing::slug("web"), None, checked, clues, Trace::start()).await.unwrap() {
        Accepted::New(receipt) => receipt,
        other => panic!("{other:?}"),
    }
}

async fn reasons(tools: &IntakeTools, receipt: &Receipt) -> Vec<Reason> {
    tools.store.held_report(receipt.id).await.unwrap().map(|held| held.reasons).unwrap_or_default()
}

fn fields(pairs: &[(&str, &str)]) -> form::FormData {
    let fields = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    form::FormData { fields, files: Vec::new() }
}

async fn a_form_is_held_that_comes_back_too_soon_or_that_nobody_was_shown((hands, _bed, tools): Desk) {
    let doors = IntakeConfig::default().build(&tools);
    let web = testing::slug("web");
    let shown = async || {
        let marked = doors.form.marked(form::FormData::default()).await;
        (marked.get("token").unwrap().to_owned(), marked.get("shown").unwrap().to_owned())
    };
    let send = async |token: &str, mark: Option<&str>, trap: &str| {
        let words = format!("Een put {token}");
        let mut form = fields(&[("token", token), ("category", "wegen/put"), ("words", &words), ("website", trap)]);
        form.fields.extend(mark.map(|mark| ("shown".to_owned(), mark.to_owned())));
        match doors.form.receive(&web, form, None, Trace::start()).await {
            form::Outcome::Filed(receipt) => reasons(&tools, &receipt).await,
            other => panic!("{other:?}"),
        }
    };
    let (token, mark) = shown().await;
    hands.pass(2);
    assert_eq!(send(&token, Some(&mark), "").await, [Reason::Fast], "two seconds");
    let (token, mark) = shown().await;
    hands.pass(3);
    assert_eq!(send(&token, Some(&mark), "").await, [], "three seconds");
    let (token, mark) = shown().await;
    hands.pass(86_400);
    assert_eq!(send(&token, Some(&mark), "").await, [], "a page of yesterday");
    let (token, _) = shown().await;
    assert_eq!(send(&token, None, "").await, [Reason::Fast], "nobody was shown it");
    // The mark of another form, one that was turned back, one that is nonsense.
    let (other, _) = shown().await;
    assert_eq!(send(&other, Some(&mark), "").await, [Reason::Fast]);
    let (token, mark) = shown().await;
    let (at, sign) = mark.split_once('.').unwrap();
    let earlier = format!("{}.{sign}", at.parse::<i64>().unwrap() - 60_000_000);
    assert_eq!(send(&token, Some(&earlier), "").await, [Reason::Fast]);
    for nonsense in ["", ".", "1.zz", "é.é", "99999999999999999999.00"] {
        let (token, _) = shown().await;
        assert_eq!(send(&token, Some(nonsense), "").await, [Reason::Fast], "{nonsense}");
    }
    // What is shown again because something was wrong keeps its mark.
    let marked = doors.form.marked(form::FormData::default()).await;
    hands.pass(10);
    let again = doors.form.marked(marked.clone()).await;
    assert_eq!(again.get("shown"), marked.get("shown"));
    let trapped = send(again.get("token").unwrap(), again.get("shown"), "https://spam.example").await;
    assert_eq!(trapped, [Reason::Trap]);
    assert!(waiting(&tools.store, &Lane::notifier()).await.is_empty());
    assert_eq!(waiting(&tools.store, &Lane::router()).await.len(), 2, "only what is not held goes on");
}

async fn whoever_is_blocked_is_answered_like_anyone_and_held((_hands, _bed, tools): Desk) {
    let country = tools.city.country.clone();
    for sender in [
        Sender::Email("Spam@Example.org".to_owned()),
        Sender::Domain("bad.example".to_owned()),
        Sender::Phone("0470 12 34 56".to_owned()),
        Sender::Network("203.0.113.0/24".to_owned()),
    ] {
        abuse::block(&tools.store, &country, &sender, 30, "spam", "An").await.unwrap().unwrap();
    }
    let doors = IntakeConfig::default().build(&tools);
    let channel = testing::slug("api");
    let post = async |key: &str, contact: serde_json::Value, peer: Option<&str>| {
        let words = format!("Een put, nummer {key}");
        let body = serde_json::json!({"category": "wegen/put", "words": words, "contact": contact}).to_string();
        let request = api::Request {
            channel: &channel,
            trial: false,
            content_type: Some("application/json"),
            idempotency_key: Some(key.as_bytes()),
            body: body.as_bytes(),
            peer: peer.map(|peer| peer.parse().unwrap()),
            trace: Trace::start(),
        };
        match doors.api.receive(request).await {
            api::Outcome::Created(receipt) => reasons(&tools, &receipt).await,
            other => panic!("{other:?}"),
        }
    };
    for (n, (contact, peer, blocked)) in [
        (serde_json::json!({"email": "spam@example.org"}), None, true),
        (serde_json::json!({"email": "an@example.org"}), None, false),
        (serde_json::json!({"email": "x@mail.bad.example"}), None, true),
        (serde_json::json!({"email": "x@notbad.example"}), None, false),
        (serde_json::json!({"phone": "+32 470 12 34 56"}), None, true),
        (serde_json::json!({"phone": "0470 12 34 57"}), None, false),
        (serde_json::json!({}), Some("203.0.113.9"), true),
        (serde_json::json!({}), Some("::ffff:203.0.113.9"), true),
        (serde_json::json!({}), Some("203.0.114.9"), false),
    ]
    .into_iter()
    .enumerate()
    {
        let expected: &[Reason] = if blocked { &[Reason::Blocked] } else { &[] };
        assert_eq!(post(&format!("k{n}"), contact, peer).await, expected, "{n}");
    }
    let one = Sender::Email("spam@example.org".to_owned());
    assert!(abuse::unblock(&tools.store, &country, &one, "An").await.unwrap().unwrap());
    assert!(!abuse::unblock(&tools.store, &country, &one, "An").await.unwrap().unwrap(), "once");
    assert_eq!(post("free", serde_json::json!({"email": "spam@example.org"}), None).await, []);
    let listed = tools.store.blocks(tools.clock.now(), 99).await.unwrap();
    assert_eq!(listed.len(), 3);
    assert!(listed.iter().all(|block| !block.key.contains('@') && !block.key.contains("470123456")), "{listed:?}");
}

async fn the_same_words_again_and_again_are_held((hands, _bed, tools): Desk) {
    let here = |last: u8| Clues { peer: Some([198, 51, 100, last].into()), ..Clues::default() };
    let long = "Koop nu goedkope schoenen op onze website en win een reis";
    for n in 0..3 {
        assert_eq!(reasons(&tools, &filed(&tools, submission("Lamp stuk"), here(1)).await).await, [], "{n}");
    }
    let fourth = filed(&tools, submission("LAMP  stuk!"), here(1)).await;
    assert_eq!(reasons(&tools, &fourth).await, [Reason::Alike]);
    assert_eq!(reasons(&tools, &filed(&tools, submission("Lamp stuk"), here(2)).await).await, [], "another says it");
    for n in 0..20 {
        assert_eq!(reasons(&tools, &filed(&tools, submission(long), here(100 + n)).await).await, [], "{n}");
    }
    let last = filed(&tools, submission(long), here(200)).await;
    assert_eq!(reasons(&tools, &last).await, [Reason::Alike]);
    hands.pass(3_601);
    assert_eq!(reasons(&tools, &filed(&tools, submission(long), here(201)).await).await, [], "an hour later");
}

async fn what_may_be_about_safety_is_never_held((_hands, _bed, tools): Desk) {
    let trap = Clues { trap: true, ..Clues::default() };
    let urgent = tools.city.categories.iter().find(|category| category.urgency == Urgency::Emergency);
    let urgent = urgent.map(|category| Submission { category: category.id.to_string(), ..submission("Nu") });
    let said = submission("Er is brand in de straat");
    let mut passed = 0;
    for submission in urgent.into_iter().chain([said]) {
        let Ok(checked) = submission.check(&tools.city) else { continue };
        let web = testing::slug("web");
        let Accepted::New(receipt) = accept(&tools, &web, None, checked, trap, Trace::start()).await.unwrap() else {
            panic!()
        };
        let held = tools.store.held_report(receipt.id).await.unwrap().unwrap();
        assert_eq!((held.state, held.reasons), (State::Passed, vec![Reason::Trap]), "marked");
        assert!(!tools.store.is_hidden(receipt.id).await.unwrap());
        passed += 1;
    }
    assert!(passed > 0);
    assert_eq!(waiting(&tools.store, &Lane::router()).await.len(), passed);
}

async fn people_of_the_city_are_never_held((_hands, _bed, tools): Desk) {
    let checked = submission("Een put").check(&tools.city).unwrap();
    let trap = Clues { trap: true, fast: true, ..Clues::default() };
    let desk = testing::slug("phone");
    let Accepted::New(receipt) = accept(&tools, &desk, None, checked, trap, Trace::start()).await.unwrap() else {
        panic!()
    };
    assert_eq!(tools.store.held_report(receipt.id).await.unwrap(), None);
    assert_eq!(waiting(&tools.store, &Lane::router()).await.len(), 1);
}
