use super::*;
use crate::{
    callback,
    departments::Tools,
    secrets::{self, Key, Secrets},
    testing,
};
use bus::http;
use schemas::{
    case::Role,
    cloudevent,
    letter::{Lane, Topic},
    trace::Trace,
    verdict::Fault,
};
use std::time::Duration;
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::method};

const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8G";
const OLD_KEY: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd";

async fn adapter(url: &str, timeout_ms: u64) -> Arc<dyn Adapter> {
    let department = testing::slug(testing::PUSHED);
    let config = secrets::Config { webhook_keys: vec![OLD_KEY.into(), KEY.into()], ..secrets::Config::default() };
    let http = http::Config { timeout_ms, private_networks: vec!["127.0.0.0/8".into()], ..http::Config::default() };
    let city = testing::city();
    let (_folder, store) = testing::store().await;
    let tools = Tools {
        http: http.build().unwrap(),
        secrets: Secrets::read([(department.clone(), config)].into()).unwrap(),
        ..testing::tools(store)
    };
    let settings: Config = serde_json::from_value(serde_json::json!({ "url": url })).unwrap();
    assert!(settings.check().is_empty());
    settings.build(city.department(&department).unwrap(), &tools).unwrap()
}

fn letter(dispatch: &Dispatch) -> Letter {
    let lane = Lane::department(&dispatch.department);
    let id = schemas::id::derived(&["letter"]);
    Letter::new(id, lane, Topic::DepartmentDispatch, "report", dispatch, Trace::start(), testing::now())
        .about(dispatch.case_id)
}

async fn deliver(url: &str, timeout_ms: u64) -> Verdict {
    let dispatch = testing::dispatch(testing::PUSHED, Role::Lead);
    adapter(url, timeout_ms).await.deliver(&dispatch, &letter(&dispatch)).await
}

async fn answered(answer: ResponseTemplate) -> Verdict {
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(answer).mount(&server).await;
    deliver(&format!("{}/in", server.uri()), 2_000).await
}

#[tokio::test]
async fn the_call_is_signed_and_says_what_it_is() {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(202).set_body_string(r#"{"reference": " ZK-7 "}"#);
    Mock::given(method("POST")).respond_with(answer).mount(&server).await;
    let dispatch = testing::dispatch(testing::PUSHED, Role::Lead);
    let letter = letter(&dispatch);
    let adapter = adapter(&format!("{}/in", server.uri()), 2_000).await;
    assert_eq!(adapter.deliver(&dispatch, &letter).await, Verdict::receipt("ZK-7"));
    adapter.deliver(&dispatch, &letter).await;

    let calls: Vec<Request> = server.received_requests().await.unwrap();
    let call = &calls[0];
    let header = |name: &str| call.headers.get(name).and_then(|v| v.to_str().ok());
    assert_eq!(header("content-type"), Some(cloudevent::CONTENT_TYPE));
    assert_eq!(header("idempotency-key"), Some(dispatch.id.to_string().as_str()));
    assert_eq!(header("traceparent"), Some(letter.trace.to_string().as_str()));
    let headers = callback::Headers {
        id: header(callback::ID),
        timestamp: header(callback::TIMESTAMP),
        signature: header(callback::SIGNATURE),
    };
    assert_eq!(headers.id, Some(dispatch.id.to_string().as_str()));
    // A department that knows only the old key, or only the new one, believes it.
    for key in [KEY, OLD_KEY] {
        let key = Key::parse(key).unwrap();
        assert_eq!(callback::verify(&[key], headers, &call.body, testing::now()), Ok(()));
    }
    let event = cloudevent::Incoming::read(&call.body).unwrap();
    assert_eq!((event.id.as_str(), event.topic()), (dispatch.id.to_string().as_str(), Some("department.dispatch")));
    let data: Dispatch = serde_json::from_str(event.data.unwrap().get()).unwrap();
    assert_eq!(data, dispatch);
    assert_eq!(calls[0].body, calls[1].body, "the same bytes on every try");
    assert_eq!(calls[0].headers.get(callback::ID), calls[1].headers.get(callback::ID));
}

#[tokio::test]
async fn receipts_are_found_where_systems_put_them() {
    let json = |body: &str| ResponseTemplate::new(200).set_body_raw(body.to_owned(), "application/json");
    let text = |body: &str| ResponseTemplate::new(200).set_body_raw(body.to_owned(), "text/plain; charset=utf-8");
    let html = ResponseTemplate::new(200).set_body_raw("<h1>ok</h1>", "text/html");
    for (answer, receipt) in [
        (ResponseTemplate::new(204), None),
        (json(r#"{"id": 12}"#), Some("12")),
        (json(r#"{"ok": true}"#), None),
        (text(" ZK-9\n"), Some("ZK-9")),
        (html.clone(), None),
        (html.insert_header("location", "https://x.example/9"), Some("https://x.example/9")),
        (text(&"x".repeat(100_000)), Some("x".repeat(200).as_str())),
    ] {
        assert_eq!(answered(answer).await, Verdict::Done { receipt: receipt.map(str::to_owned) });
    }
}

#[tokio::test]
async fn every_refusal_has_its_verdict() {
    let rows = [
        (408, "later"),
        (425, "later"),
        (429, "later"),
        (500, "later"),
        (502, "later"),
        (503, "later"),
        (301, "never"),
        (307, "never"),
        (400, "never"),
        (401, "never"),
        (404, "never"),
        (410, "never"),
        (422, "never"),
    ];
    for (status, word) in rows {
        let verdict = answered(ResponseTemplate::new(status).insert_header("location", "http://127.0.0.1:9/")).await;
        assert_eq!(verdict.word(), word, "{status}: {verdict:?}");
        if let Verdict::Later { counts, after, .. } = verdict {
            assert!(counts && after.is_none(), "{status}");
        }
    }
    let said = answered(ResponseTemplate::new(422).set_body_string("category\n unknown")).await;
    assert!(matches!(said, Verdict::Never { why, .. } if why.ends_with("category unknown")));
}

#[tokio::test]
async fn retry_after_is_honoured_and_is_no_failed_try() {
    let rows = [
        (429, "7", 7),
        (503, "Mon, 23 Nov 2026 10:02:00 GMT", 120),
        (503, "Mon, 23 Nov 2026 09:00:00 GMT", 0),
        (429, "99999999", 24 * 3600),
    ];
    for (status, value, seconds) in rows {
        let verdict = answered(ResponseTemplate::new(status).insert_header("retry-after", value)).await;
        let Verdict::Later { after, counts, .. } = verdict else { panic!("{verdict:?}") };
        assert_eq!((after, counts), (Some(Duration::from_secs(seconds)), false), "{value}");
    }
    let verdict = answered(ResponseTemplate::new(429).insert_header("retry-after", "soon")).await;
    assert!(matches!(verdict, Verdict::Later { after: None, counts: true, .. }));
}

#[tokio::test]
async fn who_took_it_and_did_not_answer_may_have_it() {
    let server = MockServer::start().await;
    let slow = ResponseTemplate::new(200).set_delay(Duration::from_secs(30));
    Mock::given(method("POST")).respond_with(slow).mount(&server).await;
    assert_eq!(deliver(&server.uri(), 300).await.word(), "unknown");

    // Takes the request and hangs up.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let rude = tokio::spawn(async move {
        use tokio::io::AsyncReadExt as _;
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut head = [0; 16];
        socket.read_exact(&mut head).await.unwrap();
    });
    assert_eq!(deliver(&url, 2_000).await.word(), "unknown");
    rude.await.unwrap();
}

#[tokio::test]
async fn who_is_not_there_has_nothing() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    assert_eq!(deliver(&url, 2_000).await.word(), "later");
    // Inside the city's networks, and nobody allowed it.
    let verdict = deliver("http://10.255.255.1/", 2_000).await;
    assert!(
        matches!(&verdict, Verdict::Never { fault: Fault::Ours, why } if why.contains("private network")),
        "{verdict:?}"
    );
}

#[tokio::test]
async fn without_a_key_there_is_no_adapter() {
    let city = testing::city();
    let (_folder, store) = testing::store().await;
    let tools = testing::tools(store);
    let settings: Config = serde_json::from_str(r#"{"url": "https://example.org"}"#).unwrap();
    let Err(faults) = settings.build(&city.departments[0], &tools) else { panic!("built") };
    assert!(faults[0].message.contains("whsec_"), "{faults:?}");
}
