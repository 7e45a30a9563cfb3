//! The city as an Open311 server, as its clients meet it.

use super::{Answer, Town, keys::key, now};
use crate::Rate;
use axum::{
    body::Body,
    http::{Request, header},
};
use schemas::{
    Uuid,
    api_key::KeyKind,
    case::{Case, Status},
    event::{CaseEvent, What},
    id::derived,
    reference::Reference,
    report::Tell,
    slug::{DepartmentId, Slug},
    trace::Trace,
};
use serde_json::{Value, json};
use url::form_urlencoded;

const HOLE: [(&str, &str); 5] = [
    ("service_code", "wegen/put"),
    ("description", "A deep hole"),
    ("lat", "50.8279"),
    ("long", "3.2649"),
    ("address_string", "Schoolstraat 12"),
];

async fn post(town: &Town, path: &str, pairs: &[(&str, &str)]) -> Answer {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let request = Request::post(format!("/open311/v2/{path}"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body))
        .unwrap();
    town.ask(request).await
}

async fn get(town: &Town, path: &str) -> Answer {
    town.get(&format!("/open311/v2/{path}")).await
}

/// The number of a request that was taken now.
async fn filed(town: &Town, more: &[(&str, &str)]) -> String {
    let answer = post(town, "requests.json", &[&HOLE[..], more].concat()).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()[0]["service_request_id"].as_str().unwrap().to_owned()
}

/// Its case is opened, and these things happen to it, an hour apart.
async fn happens(town: &Town, number: &str, status: Status, whats: Vec<What>) {
    let report = town.store.report_by_reference(Reference::parse(number).unwrap()).await.unwrap().unwrap();
    let mut tx = town.store.begin().await.unwrap();
    let case = Case {
        id: report.id,
        reference: report.reference,
        status,
        version: 1 + whats.len() as i64,
        lead: Some(wegen(town)),
        decision: None,
        rejected_by: Vec::new(),
        planned_on: None,
        status_at: now(),
        opened_at: now(),
        closed_at: None,
        tell: Tell::Nothing,
        parts: Vec::new(),
        watch: Default::default(),
        check_at: None,
    };
    tx.open_cases(&[case]).await.unwrap();
    let events: Vec<_> = (2..)
        .zip(whats)
        .map(|(version, what)| {
            let id: Uuid = derived(&["event", &report.id.to_string(), &version.to_string()]);
            let at = now() + std::time::Duration::from_secs(3600 * version as u64);
            let event =
                CaseEvent { critical: false, id, case_id: report.id, reference: report.reference, version, at, what };
            (event, Tell::Nothing)
        })
        .collect();
    tx.add_events(&events, Trace::start()).await.unwrap();
    tx.commit().await.unwrap();
}

fn wegen(town: &Town) -> DepartmentId {
    town.city.departments.iter().find(|one| !one.confidential).unwrap().id.clone()
}

fn errors(answer: &Answer, status: u16, says: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    let errors = answer.json();
    assert_eq!(errors[0]["code"], status);
    assert!(errors[0]["description"].as_str().unwrap().contains(says), "{errors}");
}

#[tokio::test]
async fn what_there_is_in_both_formats() {
    let town = Town::open().await;
    let found = town.get("/open311/discovery.json").await.json();
    assert_eq!(found["endpoints"][0]["url"], "https://voordeur.example/open311/v2");
    assert_eq!(found["endpoints"][0]["formats"], json!(["text/xml", "application/json"]));
    let services = get(&town, "services.json").await;
    assert_eq!(services.header("content-type"), "application/json; charset=utf-8");
    let services = services.json();
    assert_eq!(services.as_array().unwrap().len(), town.city.categories.len());
    let put = services.as_array().unwrap().iter().find(|one| one["service_code"] == "wegen/put").unwrap();
    assert_eq!((&put["metadata"], &put["type"]), (&json!(true), &json!("realtime")));
    let xml = get(&town, "services.xml").await;
    assert_eq!(xml.header("content-type"), "text/xml; charset=utf-8");
    assert!(xml.text().starts_with("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<services><service><service_code>"));
    for path in ["services/wegen/put.json", "services/wegen%2Fput.json"] {
        let defined = get(&town, path).await.json();
        let attributes = defined["attributes"].as_array().unwrap();
        let codes: Vec<&str> = attributes.iter().map(|one| one["code"].as_str().unwrap()).collect();
        assert_eq!(codes, ["gevaar", "grootte", "materiaal", "fixmystreet_id"]);
        assert_eq!(attributes[0]["values"][0], json!({"key": "true", "name": "ja"}));
        assert_eq!((&attributes[1]["datatype"], &attributes[1]["order"]), (&json!("singlevaluelist"), &json!(2)));
        assert_eq!((&attributes[3]["variable"], &attributes[3]["automated"]), (&json!(false), &json!("server_set")));
    }
    let fr = Request::get("/open311/v2/services/wegen/put.xml").header("accept-language", "fr");
    let fr = town.ask(fr.body(Body::empty()).unwrap()).await.text();
    assert!(fr.contains("<value><key>true</key><name>oui</name></value>"), "{fr}");
    errors(&get(&town, "services/no/such.json").await, 404, "service_code");
}

#[tokio::test]
async fn errors_are_in_the_form_that_clients_read() {
    let town = Town::open_with(|config| config.intake.open311.jurisdiction_id = Some("stad.example".to_owned())).await;
    for (path, status, says) in [
        ("nothing.json", 404, "nothing at this address"),
        ("requests/1.json", 404, "service_request_id"),
        ("requests/00000000.json", 404, "service_request_id"),
        ("tokens/x.json", 404, "token"),
        ("tokens/0190d2c3-0000-7000-8000-000000000000.json", 404, "token"),
        ("requests.json?status=gone", 400, "status"),
        ("requests.json?start_date=soon", 400, "start_date"),
        ("servicerequestupdates.json?end_date=soon", 400, "end_date"),
        ("services.json?jurisdiction_id=elsewhere", 404, "jurisdiction_id"),
        ("requests.json?api_key=x", 403, "api_key"),
    ] {
        errors(&get(&town, path).await, status, says);
    }
    assert_eq!(get(&town, "services.json?jurisdiction_id=stad.example").await.status, 200);
    let xml = get(&town, "requests/1.xml").await;
    assert_eq!((xml.status.as_u16(), xml.header("content-type")), (404, "text/xml; charset=utf-8"));
    assert!(xml.text().contains("<errors><error><code>404</code><description>service_request_id: "), "{}", xml.text());
    let without = Request::get("/open311/v2/requests/1").header("accept", "application/json");
    errors(&town.ask(without.body(Body::empty()).unwrap()).await, 404, "service_request_id");
    for (pairs, says) in [
        (vec![], "service_code"),
        ([&HOLE[..4], &[("email", "nobody")]].concat(), "email"),
        (vec![("service_code", "wegen/put"), ("lat", "48.85"), ("long", "2.35")], "lat"),
        ([&HOLE[..], &[("attribute[grootte]", "elephant")]].concat(), "attribute[grootte]"),
    ] {
        errors(&post(&town, "requests.json", &pairs).await, 400, says);
    }
    errors(&post(&town, "requests.json", &[&HOLE[..], &[("api_key", "vd_live_x")]].concat()).await, 403, "api_key");
    errors(
        &post(&town, "requests.json", &[&HOLE[..], &[("jurisdiction_id", "x")]].concat()).await,
        404,
        "jurisdiction",
    );
    errors(&post(&town, "servicerequestupdates.json", &[("service_request_id", "1")]).await, 403, "api_key");
    errors(&post(&town, "services.json", &[]).await, 405, "GET");
    let put = Request::put("/open311/v2/requests.json").body(Body::empty()).unwrap();
    errors(&town.ask(put).await, 405, "POST");
    let json = Request::post("/open311/v2/requests.json").header(header::CONTENT_TYPE, "application/json");
    errors(&town.ask(json.body(Body::from("{}")).unwrap()).await, 415, "form");
    let large =
        Request::post("/open311/v2/requests.json").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    errors(&town.ask(large.body(Body::from(vec![b'a'; 300 * 1024])).unwrap()).await, 413, "larger");
    let torn =
        Request::post("/open311/v2/requests.json").header(header::CONTENT_TYPE, "multipart/form-data; boundary=x");
    let torn = town
        .ask(torn.body(Body::from("--x\r\ncontent-disposition: form-data; name=\"description\"\r\n\r\ncut")).unwrap())
        .await;
    assert_eq!(torn.status, 400, "{}", torn.text());
    assert_eq!(town.store.count().await.unwrap().reports, 0, "nothing of it was stored");
}

#[tokio::test]
async fn a_request_comes_in_once_and_by_its_channel() {
    let town = Town::open().await;
    let (live, test) = (key(&town, "my-app", KeyKind::Live).await, key(&town, "my-app", KeyKind::Test).await);
    let with = |key: &'static str, value: &str| -> Vec<(&'static str, String)> {
        HOLE.iter().map(|(k, v)| (*k, (*v).to_owned())).chain([(key, value.to_owned())]).collect()
    };
    let send = async |path: &str, pairs: &[(&'static str, String)]| {
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(k, v)| (*k, v.as_str())).collect();
        post(&town, path, &pairs).await
    };
    let first = send("requests.json", &with("api_key", &live)).await;
    assert_eq!(first.status, 201, "{}", first.text());
    let number = first.json()[0]["service_request_id"].as_str().unwrap().to_owned();
    assert_eq!(first.location(), format!("/open311/v2/requests/{number}.json"));
    assert!(first.json()[0]["service_notice"].as_str().unwrap().contains("https://voordeur.example/t/"));
    let again = send("requests.json", &with("api_key", &live)).await;
    assert_eq!((again.status.as_u16(), again.json()), (200, first.json()));
    let report = town.store.report_by_reference(Reference::parse(&number).unwrap()).await.unwrap().unwrap();
    assert_eq!((report.channel.as_str(), report.words.as_str()), ("my-app", "A deep hole"));
    let token = first.json()[0]["token"].as_str().unwrap().to_owned();
    assert_eq!(get(&town, &format!("tokens/{token}.json")).await.json()[0]["service_request_id"], json!(number));
    // Of tests nothing stays, and the shape is the same.
    let tried = send("requests.json", &with("api_key", &test)).await;
    assert_eq!(tried.status, 201);
    assert_eq!((&tried.json()[0]["service_request_id"], &tried.json()[0]["test"]), (&json!("00000000"), &json!(true)));
    // Everything behind `?`, and in XML.
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(HOLE).finish();
    let bare = Request::post(format!("/open311/v2/requests.xml?{query}")).body(Body::empty()).unwrap();
    let bare = town.ask(bare).await;
    assert_eq!(bare.status, 201, "{}", bare.text());
    assert!(bare.text().contains("<service_requests><request><service_request_id>"), "{}", bare.text());
    // A stranger who says the same is given no secret link.
    let stranger = post(&town, "requests.json", &HOLE).await;
    assert_eq!(stranger.status, 200);
    assert!(!stranger.text().contains("/t/") && !stranger.text().contains("token"), "{}", stranger.text());
    let channels: Vec<_> = ["open311", "my-app"].map(|name| Slug::new(name).unwrap()).to_vec();
    for channel in &channels {
        let filter = store::ChannelFilter { statuses: Vec::new(), before: None, limit: 9 };
        assert_eq!(town.store.reports_of(channel, &filter).await.unwrap().len(), 1, "{channel}");
    }
}

#[tokio::test]
async fn photos_come_along_in_parts() {
    let town = Town::open().await;
    let mut body = Vec::new();
    for (name, value) in HOLE {
        body.extend_from_slice(
            format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").as_bytes(),
        );
    }
    body.extend_from_slice(b"--x\r\ncontent-disposition: form-data; name=\"media\"; filename=\"a.png\"\r\n\r\n");
    body.extend_from_slice(&super::form::png());
    body.extend_from_slice(b"\r\n--x--\r\n");
    let request =
        Request::post("/open311/v2/requests.json").header(header::CONTENT_TYPE, "multipart/form-data; boundary=x");
    let answer = town.ask(request.body(Body::from(body)).unwrap()).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let number = answer.json()[0]["service_request_id"].as_str().unwrap().to_owned();
    let report = town.store.report_by_reference(Reference::parse(&number).unwrap()).await.unwrap().unwrap();
    assert_eq!(report.photos.len(), 1);
}

#[tokio::test]
async fn everybody_sees_what_the_public_page_shows_and_a_channel_its_own() {
    let town = Town::open().await;
    let live = key(&town, "my-app", KeyKind::Live).await;
    let other = key(&town, "kiosk", KeyKind::Live).await;
    let test = key(&town, "my-app", KeyKind::Test).await;
    let number = filed(&town, &[("api_key", &live), ("email", "ann@example.org"), ("lang", "en")]).await;
    let department = wegen(&town);
    let say = |text: &str| Some(text.to_owned());
    happens(
        &town,
        &number,
        Status::Solved,
        vec![
            What::Note { department: department.clone(), text: "Only between us".to_owned() },
            What::Replied { text: "It is my house".to_owned() },
            What::Reopened { text: say("Still there, says Ann"), of: None },
            What::Planned { department: department.clone(), on: "2026-12-03".parse().unwrap(), text: None },
            What::Solved {
                department,
                text: say("Filled with asphalt"),
                evidence: vec!["https://stad.example/after.jpg".to_owned()],
            },
        ],
    )
    .await;
    let one = |text: &Answer| {
        text.json().as_array().unwrap().iter().find(|r| r["service_request_id"] == json!(number)).cloned()
    };
    let all = "requests.json?start_date=2026-11-01T00:00:00Z";
    for key in ["", &other, &test] {
        let listed = get(&town, &format!("{all}&api_key={key}")).await;
        let request = one(&listed).unwrap();
        assert_eq!((&request["status"], &request["status_notes"]), (&json!("closed"), &json!("Filled with asphalt")));
        assert_eq!((&request["description"], &request["lat"]), (&Value::Null, &Value::Null));
        assert_eq!(request["media_url"], "https://stad.example/after.jpg");
        assert_eq!(request["requested_datetime"], "2026-11-23T09:12:00Z");
        for secret in ["deep hole", "Schoolstraat", "Only between", "my house", "Ann", "example.org", "50.82"] {
            assert!(!listed.text().contains(secret), "{secret}: {}", listed.text());
        }
    }
    let own = one(&get(&town, &format!("{all}&api_key={live}")).await).unwrap();
    assert_eq!(
        (&own["description"], &own["lat"], &own["address"]),
        (&json!("A deep hole"), &json!(50.8279), &json!("Schoolstraat 12"))
    );
    assert_eq!(one(&get(&town, &format!("{all}&status=open&api_key={live}")).await), None);
    assert!(one(&get(&town, &format!("{all}&status=closed&service_code=wegen/put")).await).is_some());
    assert_eq!(one(&get(&town, &format!("{all}&service_code=wegen/voetpad")).await), None);
    assert_eq!(get(&town, &format!("requests/{number}.json")).await.json()[0]["status"], "closed");
    assert_eq!(
        get(&town, &format!("requests.json?service_request_id=x,{number}")).await.json().as_array().unwrap().len(),
        1
    );

    let updates = "servicerequestupdates.json?start_date=2026-11-23T00:00:00Z&end_date=2026-11-30T00:00:00Z";
    let statuses = |answer: &Answer| -> Vec<String> {
        answer.json().as_array().unwrap().iter().map(|u| u["status"].as_str().unwrap().to_owned()).collect()
    };
    let public = get(&town, updates).await;
    assert_eq!(statuses(&public), ["open", "action_scheduled", "fixed"], "{}", public.text());
    let mine = get(&town, &format!("{updates}&api_key={live}")).await;
    assert_eq!(statuses(&mine), ["fixed", "open", "action_scheduled", "fixed"], "{}", mine.text());
    assert_eq!(mine.json()[0]["description"], "Only between us");
    assert!(mine.json()[2]["expected_datetime"].as_str().unwrap().starts_with("2026-12-03T"));
    for answer in [&public, &mine] {
        assert!(!answer.text().contains("my house") && !answer.text().contains("says Ann"), "{}", answer.text());
    }
    assert_eq!(statuses(&get(&town, &format!("{updates}&service_request_id={number}")).await).len(), 3);
    assert_eq!(get(&town, &format!("{updates}&service_request_id=00000000")).await.json(), json!([]));
    let xml = get(&town, &updates.replace(".json", ".xml")).await.text();
    assert!(xml.contains("<service_request_updates><request_update><update_id>"), "{xml}");
}

#[tokio::test]
async fn what_is_private_is_nowhere_but_at_its_channel() {
    let town = Town::open().await;
    let live = key(&town, "my-app", KeyKind::Live).await;
    let private = |one: &&schemas::city::Category| one.publicity != schemas::city::Publicity::Public && one.anonymous;
    let code = town.city.categories.iter().find(private).unwrap().id.to_string();
    let pairs = [("service_code", code.as_str()), ("description", "Quietly"), ("api_key", live.as_str())];
    let answer = post(&town, "requests.json", &pairs).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let number = answer.json()[0]["service_request_id"].as_str().unwrap().to_owned();
    errors(&get(&town, &format!("requests/{number}.json")).await, 404, "not public");
    assert_eq!(get(&town, "requests.json").await.json(), json!([]));
    let own = get(&town, &format!("requests/{number}.json?api_key={live}")).await;
    assert_eq!(own.json()[0]["description"], "Quietly", "{}", own.text());
}

#[tokio::test]
async fn updates_of_residents_go_to_their_own_channel_only() {
    let town = Town::open().await;
    let live = key(&town, "my-app", KeyKind::Live).await;
    let other = key(&town, "kiosk", KeyKind::Live).await;
    let number = filed(&town, &[("api_key", &live)]).await;
    let update = [("service_request_id", number.as_str()), ("update_id", "7"), ("description", "Deeper")];
    let first = post(&town, "servicerequestupdates.json", &[&update[..], &[("api_key", &live)]].concat()).await;
    assert_eq!(first.status, 200, "{}", first.text());
    let again = post(&town, "servicerequestupdates.json", &[&update[..], &[("api_key", &live)]].concat()).await;
    assert_eq!(again.json(), first.json());
    errors(
        &post(&town, "servicerequestupdates.json", &[&update[..], &[("api_key", &other)]].concat()).await,
        404,
        "your channel",
    );
    errors(&post(&town, "servicerequestupdates.json", &update).await, 403, "key");
}

#[tokio::test]
async fn strangers_are_counted_and_keys_may_be_asked_for() {
    let town = Town::open_with(|config| {
        config.rate = Rate { writes_per_minute: 2, ..Rate::OFF };
        config.intake.open311.require_key = true;
    })
    .await;
    let live = key(&town, "my-app", KeyKind::Live).await;
    errors(&post(&town, "requests.json", &HOLE).await, 403, "key");
    let nonsense = Request::post("/open311/v2/requests.json").header(header::CONTENT_TYPE, "text/plain");
    errors(&town.ask(nonsense.body(Body::from("x")).unwrap()).await, 415, "form");
    let often = post(&town, "requests.json", &HOLE).await;
    errors(&often, 429, "wait");
    assert!(often.header("retry-after").parse::<u64>().unwrap() > 0);
    filed(&town, &[("api_key", &live)]).await;
}
