use super::*;
use crate::{callback, testing};
use schemas::{
    Uuid,
    channel::{CaseChanged, NoticeChanged},
    cloudevent,
    event::{CaseEvent, What},
    id::derived,
    letter::Lane,
    notice::{Because, Notice, NoticeState},
    report::{Language, Tell},
    trace::Trace,
    way::Way,
};
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::method};

const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8G";
const OLD_KEY: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd";

fn worker(url: &str, keys: &[&str]) -> Result<ChannelWorker, Vec<Invalid>> {
    let http = http::Config { private_networks: vec!["127.0.0.0/8".into()], ..http::Config::default() };
    let config = Config { url: url.parse().unwrap(), keys: keys.iter().map(|key| SecretString::from(*key)).collect() };
    let clock = Clock::new(testing::now);
    config.build(&testing::slug("web"), http.build().unwrap(), clock, "https://voordeur.example")
}

#[test]
fn settings_that_do_not_work_are_named() {
    for (url, keys, field) in [
        ("ftp://app.example/in", &[KEY][..], "channels.web.webhook_url"),
        ("https://user:secret@app.example/in", &[KEY], "channels.web.webhook_url"),
        ("https://app.example/in", &[], "channels.web.secret"),
        ("https://app.example/in", &["whsec_short"], "channels.web.secret"),
        ("https://app.example/in", &[KEY, OLD_KEY, KEY], "channels.web.secret"),
    ] {
        assert_eq!(worker(url, keys).unwrap_err()[0].field, field, "{url}");
    }
    assert!(worker("https://app.example/in", &[KEY, OLD_KEY]).is_ok());
}

testing::both! { a_channel_hears_of_its_reports_once_each_and_of_no_others }

async fn a_channel_hears_of_its_reports_once_each_and_of_no_others((_hands, _bed, tools): testing::Desk) {
    let store = &tools.store;
    // Before anybody says that a channel listens, nothing is written for it.
    let early = testing::filed(&tools).await;
    let event = |case: Uuid, version: i64, what: What| {
        let id = derived(&["event", &case.to_string(), &version.to_string()]);
        CaseEvent { critical: false, id, case_id: case, reference: early.reference, version, at: testing::now(), what }
    };
    let note = || What::Note { department: testing::slug("wegen"), text: "Jan Peeters belde".into() };
    let add = async |events: &[CaseEvent]| {
        let mut tx = store.begin().await.unwrap();
        let events: Vec<_> = events.iter().map(|event| (event.clone(), Tell::Nothing)).collect();
        tx.add_events(&events, Trace::start()).await.unwrap();
        tx.commit().await.unwrap();
    };
    let lane = Lane::channel(&testing::slug("web"));
    add(&[event(early.id, 2, note())]).await;
    assert!(testing::waiting(store, &lane).await.is_empty());

    store.tell_channels(&[testing::slug("web"), testing::slug("app")]);
    let receipt = testing::filed(&tools).await;
    let internal = What::InternalNote { department: testing::slug("wegen"), text: "geheim".into() };
    let planned = What::Planned { department: testing::slug("wegen"), on: "2026-12-04".parse().unwrap(), text: None };
    let events = [event(receipt.id, 2, note()), event(receipt.id, 3, internal), event(receipt.id, 4, planned)];
    for _ in 0..2 {
        add(&events).await;
    }
    let notice = |person: &str| Notice {
        id: derived(&["notice", person]),
        case_id: receipt.id,
        event_id: events[0].id,
        version: 2,
        template_version: None,
        template: "note".into(),
        person: person.to_owned(),
        sender: "mail".into(),
        way: Way::Email,
        device: None,
        language: Language::NL,
        reasons: vec![Because::Reporter],
        state: NoticeState::Planned,
        planned_at: testing::now(),
        due_at: None,
    };
    let (theirs, others) = (notice("reporter"), notice(&derived(&["somebody"]).to_string()));
    let end = |notice: &Notice, state| store::NoticeEnd {
        id: notice.id,
        state,
        at: testing::now(),
        receipt: Some("250 jan@example.org".into()),
        why: None,
    };
    let mut tx = store.begin().await.unwrap();
    tx.plan_notices(&[theirs.clone(), others.clone()]).await.unwrap();
    tx.settle_notices(&[end(&theirs, NoticeState::Planned), end(&others, NoticeState::Sent)]).await.unwrap();
    for _ in 0..2 {
        tx.settle_notices(&[end(&theirs, NoticeState::Sent)]).await.unwrap();
    }
    tx.hear_of_notice(theirs.id, NoticeState::Failed, Some("jan@example.org is full")).await.unwrap();
    tx.commit().await.unwrap();

    let letters = testing::waiting(store, &lane).await;
    let subjects: std::collections::BTreeSet<&str> = letters.iter().map(|letter| letter.subject.as_str()).collect();
    assert_eq!(subjects, ["case.note", "case.planned", "case.received", "notice.failed", "notice.sent"].into());
    assert_eq!(letters.len(), 5, "each once");
    for letter in &letters {
        let words = letter.body.get();
        assert!(!words.contains("Peeters") && !words.contains("geheim") && !words.contains('@'), "{words}");
        assert_eq!(letter.case_id, Some(receipt.id));
    }

    // They go out one by one, signed with both keys; the other side counts by webhook-id.
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(503)).up_to_n_times(1).mount(&server).await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(204)).mount(&server).await;
    let worker = worker(&format!("{}/in", server.uri()), &[KEY, OLD_KEY]).unwrap();
    assert_eq!(worker.deliver(&letters[0]).await.word(), "later");
    for letter in &letters {
        assert_eq!(worker.deliver(letter).await, Verdict::done());
    }
    let calls: Vec<Request> = server.received_requests().await.unwrap();
    let header = |call: &Request, name: &str| call.headers.get(name).map(|v| v.to_str().unwrap().to_owned());
    let ids: std::collections::BTreeSet<_> = calls.iter().map(|call| header(call, callback::ID)).collect();
    assert_eq!((calls.len(), ids.len()), (6, 5), "a retry has the id of its first try");
    for call in &calls {
        let [id, timestamp, signature] =
            [callback::ID, callback::TIMESTAMP, callback::SIGNATURE].map(|name| header(call, name));
        let (id, timestamp, signature) = (id.as_deref(), timestamp.as_deref(), signature.as_deref());
        let headers = callback::Headers { id, timestamp, signature };
        for key in [KEY, OLD_KEY] {
            let key = Key::parse(key).unwrap();
            assert_eq!(callback::verify(std::slice::from_ref(&key), headers, &call.body, testing::now()), Ok(()));
            let mut forged = call.body.clone();
            forged.push(b' ');
            assert!(callback::verify(&[key], headers, &forged, testing::now()).is_err());
        }
        let event = cloudevent::Incoming::read(&call.body).unwrap();
        match event.topic() {
            Some("case.changed") => {
                let changed: CaseChanged = serde_json::from_str(event.data.unwrap().get()).unwrap();
                assert_eq!(changed.on.is_some(), changed.what == "planned");
            }
            Some("notice.changed") => {
                let changed: NoticeChanged = serde_json::from_str(event.data.unwrap().get()).unwrap();
                assert_eq!((changed.notice, changed.way), (theirs.id, Way::Email));
            }
            other => panic!("{other:?}"),
        }
    }
}
