//! A gateway is asked what became of a text message: when nobody knows whether it left, and before its person is told
//! another way. The gateway is played over HTTP; what it was asked is counted.

mod common;
#[path = "common/house.rs"]
#[expect(dead_code, reason = "other tests use the rest of it")]
mod house;

use house::{House, wait_until};
use notifier::SenderConfig;
use schemas::{
    Uuid,
    notice::{NoticeState, Suppressed},
    report::{Contact, Tell},
    way::{Address, Way},
};
use std::{sync::Arc, time::Duration};
use store::{AddressKey, NoticeRow};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{header, method},
};

/// As long as a gateway may take to say what became of a message.
const WITHIN: Duration = Duration::from_hours(48);
const MINUTE: Duration = Duration::from_mins(1);

/// A gateway that answers messages with `sends` and questions with `says`.
async fn gateway(sends: ResponseTemplate, says: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(sends).mount(&server).await;
    Mock::given(method("GET")).and(header("x-key", "sleutel")).respond_with(says).mount(&server).await;
    server
}

fn taken() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(r#"{"id": 77}"#, "application/json")
}

fn says(words: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(words, "application/json")
}

/// A house with one gateway of the city's own, which is asked by what stands at `by`.
async fn house(gateway: &MockServer, by: &str) -> House {
    let sms = toml::from_str(&format!(
        "profile = 'own'\nurl = '{}'\nfrom = 'Kortrijk'\nkey = 'sleutel'\npublic_url = 'https://hallo.example'\n\
         hook_secret = 'a-secret-of-twenty-characters'\n\
         [own]\nurl = '{{url}}/send'\nform = 'json'\nheaders = {{ x-key = '{{key}}' }}\n\
         fields = {{ to = '{{to}}', text = '{{text}}', ours = '{{reference}}' }}\nanswer = {{ number = '/id' }}\n\
         [own.query]\nurl = '{{url}}/messages/{by}.json'\nstatus = '/status'\ncode = '/error_code'\n\
         [own.hook.receipt]\nreference = 'ours'\nstatus = 'status'\n\
         states = {{ delivered = 'delivered', undelivered = 'failed', queued = 'trying' }}\ndead = ['30005']",
        gateway.uri()
    ));
    let http = bus::http::Config { private_networks: vec!["127.0.0.1".into()], ..Default::default() };
    let config = SenderConfig { sms: vec![sms.unwrap()], http, ..SenderConfig::default() };
    let house = House::build(&config, Arc::default()).await;
    house.run_planner().await;
    house.run_senders().await;
    house
}

/// A report from somebody who is told by text message, and otherwise by mail.
async fn report(house: &House) -> Uuid {
    let (phone, email) = (Some("0470 12 34 56".to_owned()), Some("jo@example.org".to_owned()));
    house.report_from(Tell::Sms, Some(Contact { phone, email, ..Contact::default() })).await
}

async fn by(house: &House, case: Uuid, way: Way) -> Option<NoticeRow> {
    house.notices(case).await.into_iter().find(|row| row.notice.way == way)
}

async fn is(house: &House, case: Uuid, way: Way, state: NoticeState) -> bool {
    by(house, case, way).await.is_some_and(|row| row.notice.state == state)
}

/// How often the gateway got a message, and was asked.
async fn count(gateway: &MockServer) -> (usize, usize) {
    let got = gateway.received_requests().await.unwrap();
    let sent = got.iter().filter(|request| request.method.as_str() == "POST").count();
    (sent, got.len() - sent)
}

#[tokio::test]
async fn what_may_have_left_is_asked_for_by_our_reference() {
    let gateway = gateway(ResponseTemplate::new(500), says(r#"{"status": "delivered"}"#)).await;
    let house = house(&gateway, "{reference}").await;
    let case = report(&house).await;
    wait_until(|| is(&house, case, Way::Sms, NoticeState::Unknown)).await;
    house.drain().await;
    assert_eq!(count(&gateway).await, (1, 0), "it has a minute to make up its mind");
    house.pass(MINUTE);
    wait_until(|| is(&house, case, Way::Sms, NoticeState::Delivered)).await;
    let notice = by(&house, case, Way::Sms).await.unwrap().notice.id;
    let got = gateway.received_requests().await.unwrap();
    assert_eq!(got.last().unwrap().url.path(), format!("/messages/{}.json", notice.simple()));
    // Nothing is left to ask, nor to tell another way.
    house.pass(WITHIN);
    house.drain().await;
    assert_eq!(count(&gateway).await, (1, 1));
    assert!(by(&house, case, Way::Email).await.is_none());
}

#[tokio::test]
async fn before_somebody_is_told_another_way_the_gateway_is_asked_once() {
    let gateway = gateway(taken(), says(r#"{"status": "delivered", "error_code": null}"#)).await;
    let house = house(&gateway, "{number}").await;
    let case = report(&house).await;
    wait_until(|| is(&house, case, Way::Sms, NoticeState::Sent)).await;
    house.pass(WITHIN - MINUTE * 6);
    house.drain().await;
    assert_eq!(count(&gateway).await, (1, 0));
    house.pass(MINUTE * 2);
    wait_until(|| is(&house, case, Way::Sms, NoticeState::Delivered)).await;
    assert_eq!(gateway.received_requests().await.unwrap()[1].url.path(), "/messages/77.json");
    house.pass(WITHIN);
    house.drain().await;
    assert_eq!(count(&gateway).await, (1, 1));
    assert!(by(&house, case, Way::Email).await.is_none(), "it arrived");
}

#[tokio::test]
async fn a_number_that_does_not_exist_is_not_tried_again() {
    let gateway = gateway(taken(), says(r#"{"status": "Undelivered", "error_code": 30005}"#)).await;
    let house = house(&gateway, "{number}").await;
    let case = report(&house).await;
    wait_until(|| is(&house, case, Way::Sms, NoticeState::Sent)).await;
    house.pass(WITHIN - MINUTE * 4);
    wait_until(|| is(&house, case, Way::Email, NoticeState::Sent)).await;
    let failed = by(&house, case, Way::Sms).await.unwrap();
    assert_eq!((failed.notice.state, failed.why.as_deref()), (NoticeState::Failed, Some("Undelivered 30005")));
    let key = house.store.address_keys().await.unwrap().of(&Address::Sms("+32470123456".into()));
    let found = house.store.suppressions(&[AddressKey { way: Way::Sms, key }]).await.unwrap();
    assert_eq!(found.iter().map(|found| found.reason).collect::<Vec<_>>(), [Suppressed::Bounced]);
}

#[tokio::test]
async fn an_answer_that_knows_nothing_changes_nothing() {
    let queued = r#"{"status": "queued"}"#;
    for (answer, asked) in [
        (ResponseTemplate::new(404), 1),
        (says("{}"), 1),
        (says("<html>"), 1),
        (says(r#"{"status": "a word of another age"}"#), 1),
        (says(queued), 1),
        // It could not be asked.
        (ResponseTemplate::new(500), 1),
    ] {
        let gateway = gateway(taken(), answer).await;
        let house = house(&gateway, "{number}").await;
        let case = report(&house).await;
        wait_until(|| is(&house, case, Way::Sms, NoticeState::Sent)).await;
        house.pass(WITHIN - MINUTE * 4);
        wait_until(async || count(&gateway).await == (1, asked)).await;
        house.drain().await;
        assert!(is(&house, case, Way::Sms, NoticeState::Sent).await);
        assert!(by(&house, case, Way::Email).await.is_none(), "it is not time yet");
        house.pass(MINUTE * 5);
        wait_until(|| is(&house, case, Way::Email, NoticeState::Sent)).await;
        assert_eq!(count(&gateway).await, (1, asked), "once");
    }
}

#[tokio::test]
async fn a_gateway_that_answers_no_questions_is_left_alone_and_still_sends() {
    let gateway = gateway(taken(), ResponseTemplate::new(503)).await;
    let house = house(&gateway, "{number}").await;
    let mut cases = Vec::new();
    for _ in 0..8 {
        cases.push(report(&house).await);
    }
    for case in &cases {
        wait_until(|| is(&house, *case, Way::Sms, NoticeState::Sent)).await;
    }
    house.pass(WITHIN - MINUTE * 4);
    house.drain().await;
    let (_, asked) = count(&gateway).await;
    // Three failures, and those that were under way with the third.
    assert!((3..8).contains(&asked), "{asked}");
    let late = report(&house).await;
    wait_until(|| is(&house, late, Way::Sms, NoticeState::Sent)).await;
    house.pass(MINUTE * 5);
    for case in cases {
        wait_until(|| is(&house, case, Way::Email, NoticeState::Sent)).await;
    }
}
