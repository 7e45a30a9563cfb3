//! What gateways are asked, what their answers mean, and what is taken of their calls. The shapes are those
//! of the gateways' documents; the real one, Kannel, stands in `notifier/tests/kannel.rs`.

use super::*;
use crate::senders::sms::{profile::Profile, request::Gateway};
use schemas::{
    notice::HeardState,
    report::{Language, Urgency},
};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};
use wiremock::{Mock, MockServer, ResponseTemplate};

const NOTICE: Uuid = Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001);

fn config(text: &str) -> SmsConfig {
    toml::from_str(&format!("public_url = 'https://stad.example'\nfrom = 'Kortrijk'\n{text}")).unwrap()
}

fn of(name: &str) -> SmsConfig {
    config(&format!(
        "profile = '{name}'\nurl = 'https://sms.example/'\nuser = 'AC 1'\npassword = 'geheim'\nkey = 'sleutel'\n\
         hook_secret = 'a-secret-of-twenty-characters'"
    ))
}

fn request(config: &SmsConfig, words: &str) -> reqwest::Request {
    let gateway = Gateway::new(config, config.profile().unwrap());
    let http = http::Config::default().build().unwrap();
    gateway.request(&http, "+32470123456", &text::encode(words, true), NOTICE).unwrap().build().unwrap()
}

fn body(request: &reqwest::Request) -> &str {
    std::str::from_utf8(request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default()).unwrap()
}

#[test]
fn each_gateway_is_asked_as_it_wants() {
    let reference = NOTICE.simple().to_string();
    let kannel = request(&of("kannel"), "één & twee");
    let query: std::collections::HashMap<_, _> = kannel.url().query_pairs().into_owned().collect();
    assert_eq!(kannel.method(), "GET");
    assert_eq!(
        (query["text"].as_str(), query["to"].as_str(), query["coding"].as_str()),
        ("één & twee", "+32470123456", "0")
    );
    assert_eq!(
        query["dlr-url"],
        format!(
            "https://stad.example/hooks/sms/kannel/a-secret-of-twenty-characters?reference={reference}&status=%d&said=%A"
        )
    );
    let without = SmsConfig { hook_secret: None, ..of("kannel") };
    assert!(!request(&without, "x").url().as_str().contains("dlr-url"), "no receipts are asked for");

    let cm = request(&of("cm"), "я");
    let json: serde_json::Value = serde_json::from_str(body(&cm)).unwrap();
    let message = &json["messages"]["msg"][0];
    assert_eq!((&message["to"][0]["number"], &message["body"]["content"]), (&"0032470123456".into(), &"я".into()));
    assert_eq!(message["reference"], reference.as_str());
    assert_eq!(cm.headers()["x-cm-producttoken"], "sleutel");
    assert!(!format!("{:?}", cm.headers()).contains("sleutel"));

    let ringring: serde_json::Value = serde_json::from_str(body(&request(&of("ringring"), "a"))).unwrap();
    assert_eq!((&ringring["To"], &ringring["ApiKey"]), (&"32470123456".into(), &"sleutel".into()));

    let spryng = request(&of("spryng"), "я");
    let json: serde_json::Value = serde_json::from_str(body(&spryng)).unwrap();
    assert_eq!((&json["encoding"], &json["recipients"][0]), (&"unicode".into(), &"32470123456".into()));
    assert_eq!(spryng.headers()["authorization"], "Bearer sleutel");

    let twilio = request(&of("twilio"), "a b");
    assert_eq!(twilio.url().path(), "/2010-04-01/Accounts/AC%201/Messages.json");
    assert!(twilio.headers()["authorization"].to_str().unwrap().starts_with("Basic "));
    let callback =
        format!("StatusCallback=https%3A%2F%2Fstad.example%2Fhooks%2Fsms%2Ftwilio%3Freference%3D{reference}");
    assert!(body(&twilio).contains(&callback) && body(&twilio).contains("Body=a+b"), "{}", body(&twilio));
}

#[test]
fn answers_mean_what_the_gateway_means() {
    for (name, status, answer, expected) in [
        ("kannel", 202, "0: Accepted for delivery", "done 2 parts"),
        ("kannel", 202, "3: Queued for later delivery", "done 2 parts"),
        ("kannel", 403, "4: Authorization failed for sendsms", "later"),
        ("kannel", 503, "Temporal failure, try again later.", "later"),
        ("kannel", 400, "2: Missing receiver number", "never refused"),
        ("kannel", 500, "", "unknown"),
        (
            "cm",
            200,
            r#"{"details":"Created 1 message(s)","errorCode":0,"messages":[{"to":"0032470123456","status":"Accepted","messageErrorCode":0}]}"#,
            "done 2 parts",
        ),
        ("cm", 200, r#"{"details":"","errorCode":999,"messages":[]}"#, "never refused"),
        (
            "cm",
            200,
            r#"{"errorCode":0,"messages":[{"to":"0032470123456","messageErrorCode":303,"messageDetails":"Invalid to 0032470123456"}]}"#,
            "never refused",
        ),
        ("ringring", 200, r#"{"MessageId":"m-1","ResultCode":0}"#, "done 2 parts: m-1"),
        ("ringring", 200, r#"{"MessageId":"","ResultCode":7,"ResultDescription":"No credit"}"#, "never refused"),
        ("spryng", 200, r#"{"id":"9dbc5ffb","reference":"x"}"#, "done 2 parts: 9dbc5ffb"),
        ("spryng", 422, r#"{"message":"The given data was invalid."}"#, "never refused"),
        ("twilio", 201, r#"{"sid":"SM1","status":"queued"}"#, "done 2 parts: SM1"),
        (
            "twilio",
            400,
            r#"{"code":21211,"message":"The 'To' number +32470123456 is not a valid phone number."}"#,
            "never address",
        ),
        ("twilio", 400, r#"{"code":21610,"message":"Attempt to send to unsubscribed recipient"}"#, "never refused"),
        ("twilio", 401, r#"{"code":20003}"#, "later"),
        ("twilio", 429, r#"{"code":20429}"#, "later"),
        ("twilio", 400, r#"{"code":21611}"#, "later"),
        ("twilio", 502, "<html>", "unknown"),
        ("twilio", 301, "", "never ours"),
    ] {
        let config = of(name);
        let gateway = Gateway::new(&config, Profile::built_in(name).unwrap());
        let verdict = gateway.judge(status, None, answer.as_bytes(), 2);
        let word = match &verdict {
            Verdict::Done { receipt } => format!("done {}", receipt.as_deref().unwrap_or_default()),
            Verdict::Never { fault, .. } => format!("never {}", serde_json::to_value(fault).unwrap().as_str().unwrap()),
            other => other.word().to_owned(),
        };
        assert_eq!(word, expected, "{name} {status} {answer}");
        assert!(!format!("{verdict:?}").contains("470123456"), "{verdict:?}");
    }
}

#[test]
fn a_gateway_is_asked_about_one_message() {
    let config = of("twilio");
    let gateway = Gateway::new(&config, config.profile().unwrap());
    let http = http::Config::default().build().unwrap();
    let ask = |number: Option<&str>| gateway.question(&http, "+32470123456", NOTICE, number);
    assert!(ask(None).is_none(), "it knows no reference of ours");
    let asked = ask(Some("SM1/../x")).unwrap().unwrap().build().unwrap();
    assert_eq!(asked.url().as_str(), "https://api.twilio.com/2010-04-01/Accounts/AC%201/Messages/SM1%2F..%2Fx.json");
    assert_eq!((asked.method().as_str(), asked.body().is_none()), ("GET", true));
    assert!(asked.headers()["authorization"].to_str().unwrap().starts_with("Basic "));
    let said =
        |status, body: &str| gateway.said_of_it(status, body.as_bytes()).map(|said| said.map(|(state, _)| state));
    for (status, body, expected) in [
        (200, r#"{"status": "delivered", "error_code": null}"#, Ok(Some(HeardState::Delivered))),
        (200, r#"{"status": "undelivered", "error_code": 30005}"#, Ok(Some(HeardState::Dead))),
        (200, r#"{"status": "undelivered", "error_code": 30008}"#, Ok(Some(HeardState::Failed))),
        (200, r#"{"status": "sent"}"#, Ok(Some(HeardState::Trying))),
        (200, r#"{"status": {"delivered": 1}}"#, Ok(None)),
        (404, r#"{"code": 20404}"#, Ok(None)),
    ] {
        assert_eq!(said(status, body), expected, "{body}");
    }
    assert!(said(401, "").is_err() && said(503, "").is_err() && said(302, "").is_err());
    // Nobody who is asked by a number alone is asked without one; what has no query is never asked.
    let clock = || Clock::new(|| schemas::id::from_micros(0));
    let build = |gateways: &[SmsConfig]| Sms::build(gateways, http.clone(), clock()).unwrap();
    let (twilio, kannel) = (build(&[config]), build(&[of("kannel")]));
    assert!(twilio.can_ask(Some("twilio: 1 part: SM1")) && twilio.asking().is_some());
    assert!(!twilio.can_ask(None) && !twilio.can_ask(Some("twilio: 1 part")));
    assert!(!twilio.can_ask(Some("another: 1 part: SM1")), "another gateway has it");
    assert!(!kannel.can_ask(Some("kannel: 1 part")) && !kannel.can_ask(None) && kannel.asking().is_none());
}

#[test]
fn a_receipt_says_what_it_cost_and_how_receipts_will_call_it() {
    let http = || http::Config::default().build().unwrap();
    let clock = || Clock::new(|| schemas::id::from_micros(0));
    let config = SmsConfig { price_per_part: Some(0.065), ..of("twilio") };
    let sms = Sms::build(std::slice::from_ref(&config), http(), clock()).unwrap();
    assert_eq!(sms.cost("twilio: 2 parts: SM1"), Some(130_000));
    assert_eq!(sms.cost("twilio: 1 part"), Some(65_000));
    assert_eq!(sms.numbers(NOTICE, "twilio: 2 parts: SM1"), Vec::new(), "its receipts name our notice");
    assert_eq!(sms.lane().unknown, UnknownPolicy::WaitForReceipt);
    let own = config_own();
    let sms = Sms::build(std::slice::from_ref(&own), http(), clock()).unwrap();
    assert_eq!(sms.cost("own: 2 parts: 77"), None);
    let expected = ProviderNumber { provider: "own".into(), number: "77".into(), notice: NOTICE };
    assert_eq!(sms.numbers(NOTICE, "own: 2 parts: 77"), [expected]);
}

/// A gateway of the city's own, whose receipts know its own numbers alone and are signed.
fn config_own() -> SmsConfig {
    config(
        "profile = 'own'\nhook_secret = 'a-secret-of-twenty-characters'\n\
         [own]\nurl = 'https://sms.example/send'\nform = 'json'\nfields = { to = '{to}', text = '{text}' }\n\
         answer = { number = '/id' }\n\
         [own.hook]\neach = '/said'\n\
         [own.hook.signature]\nheader = 'x-signature'\nhash = 'sha256'\nencoding = 'hex'\nover = 'body'\nwith = 'hook_secret'\n\
         [own.hook.receipt]\nnumber = '/id'\nstatus = '/state'\nstates = { ok = 'delivered', no = 'failed' }",
    )
}

fn parcel() -> Parcel {
    Parcel {
        notice: NOTICE,
        case_id: NOTICE,
        reference: schemas::reference::Reference::from_number(123_456),
        person: "reporter".to_owned(),
        version: 1,
        to: Address::Sms("+32470123456".into()),
        subject: String::new(),
        text: String::new(),
        html: String::new(),
        short: "Kortrijk: opgelost".into(),
        paper: Vec::new(),
        link: String::new(),
        language: Language::NL,
        critical: false,
        urgency: Urgency::Normal,
        is_status: true,
        may_stop: true,
        at: schemas::Timestamp::UNIX_EPOCH,
    }
}

#[tokio::test]
async fn what_may_have_arrived_is_unknown_and_what_did_not_is_tried_again() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = SmsConfig { url: Some(format!("http://{}", listener.local_addr().unwrap())), ..of("kannel") };
    let http = http::Config { timeout_ms: 300, private_networks: vec!["127.0.0.1".into()], ..http::Config::default() };
    let sms = |http: http::Config| {
        Sms::build(std::slice::from_ref(&config), http.build().unwrap(), Clock::new(|| schemas::id::from_micros(0)))
            .unwrap()
    };
    // A gateway that takes the request and never answers.
    let silent = sms(http.clone());
    let parcel = parcel();
    let (verdict, _held) = tokio::join!(silent.send(&parcel), listener.accept());
    assert_eq!(verdict.word(), "unknown", "{verdict:?}");
    drop((_held, listener));
    let verdict = silent.send(&parcel).await;
    assert_eq!(verdict.word(), "later", "nobody listens: {verdict:?}");
    // Inside the city's own networks only where the operator says so.
    let verdict = sms(http::Config::default()).send(&parcel).await;
    assert!(matches!(verdict, Verdict::Never { fault: Fault::Ours, .. }), "{verdict:?}");
}

/// A gateway that answers every call with `answer`, and counts them.
async fn gateway(answer: ResponseTemplate) -> (MockServer, String) {
    let server = MockServer::start().await;
    Mock::given(wiremock::matchers::any()).respond_with(answer).mount(&server).await;
    let url = server.uri();
    (server, url)
}

#[tokio::test]
async fn what_one_gateway_did_not_take_the_next_one_gets() {
    let (down, down_url) = gateway(ResponseTemplate::new(503)).await;
    let (broken, broken_url) = gateway(ResponseTemplate::new(500)).await;
    let (good, good_url) = gateway(ResponseTemplate::new(202).set_body_string("0: Accepted for delivery")).await;
    let named = |name: &str, url: &str, weight| SmsConfig {
        name: Some(name.into()),
        url: Some(url.into()),
        weight,
        price_per_part: Some(0.01 * f64::from(weight + 1)),
        ..of("kannel")
    };
    let now = Arc::new(AtomicI64::new(0));
    let clock = Clock::new({
        let now = now.clone();
        move || schemas::id::from_micros(now.load(Ordering::SeqCst))
    });
    let build = |gateways: &[SmsConfig]| {
        let http = http::Config { private_networks: vec!["127.0.0.1".into()], ..http::Config::default() };
        Sms::build(gateways, http.build().unwrap(), clock.clone()).unwrap()
    };
    let count = async |server: &MockServer| server.received_requests().await.unwrap().len();

    let sms = build(&[named("first", &down_url, 100), named("spare", &good_url, 0)]);
    for _ in 0..5 {
        let verdict = sms.send(&parcel()).await;
        assert_eq!(verdict, Verdict::receipt("spare: 1 part"), "the price is that of the spare one");
    }
    assert_eq!(sms.cost("spare: 1 part"), Some(10_000));
    assert_eq!((count(&down).await, count(&good).await), (3, 5), "who is down is left alone for a while");
    now.fetch_add(31_000_000, Ordering::SeqCst);
    sms.send(&parcel()).await;
    assert_eq!((count(&down).await, count(&good).await), (4, 6), "and tried again");

    // What may have arrived is nobody else's: a copy costs money, and trust.
    let sms = build(&[named("first", &broken_url, 100), named("spare", &good_url, 0)]);
    assert_eq!(sms.send(&parcel()).await.word(), "unknown");
    assert_eq!((count(&broken).await, count(&good).await), (1, 6));

    // When nobody has room it waits, and that is no try.
    let full = |name: &str| SmsConfig { parts_per_minute: Some(6), ..named(name, &good_url, 100) };
    let sms = build(&[full("one"), full("two")]);
    for _ in 0..12 {
        assert_eq!(sms.send(&parcel()).await.word(), "done");
    }
    let verdict = sms.send(&parcel()).await;
    assert!(matches!(verdict, Verdict::Later { counts: false, after: Some(_), .. }), "{verdict:?}");
    assert_eq!(count(&good).await, 18);
}

#[test]
fn what_is_wrong_with_one_of_several_is_named() {
    let named = |name: &str| SmsConfig { name: Some(name.into()), ..of("kannel") };
    for (gateways, expected) in [
        (vec![named("a"), named("b")], None),
        (vec![], None),
        (vec![named("a"), named("a")], Some("sms.also[1].name")),
        (vec![of("kannel"), of("kannel")], Some("sms.also[1].name")),
        (vec![named("a"), SmsConfig { url: None, ..named("b") }], Some("sms.also[1].url")),
        (vec![named("a b")], Some("sms.name")),
        (vec![SmsConfig { weight: 1_001, ..named("a") }], Some("sms.weight")),
        (vec![SmsConfig { weight: 0, ..named("a") }], Some("sms.weight")),
        (vec![SmsConfig { parts_per_minute: Some(5), ..named("a") }], Some("sms.parts_per_minute")),
    ] {
        let wrong = SmsConfig::check_all(&gateways);
        assert_eq!(wrong.first().map(|wrong| wrong.split(':').next().unwrap()), expected, "{wrong:?}");
    }
}
