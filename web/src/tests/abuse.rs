//! What is held looks from outside like anything else, and is public nowhere.

use super::{Answer, Town, attribute};
use adapters::abuse::{
    self, Sender,
    review::{self, Approved, Decided},
};
use axum::{
    body::Body,
    http::{Request, header},
};
use schemas::{held::State, reference::Reference};
use std::collections::BTreeMap;
use url::form_urlencoded;

const BLOCKED: &str = "spam@bad.example";
const FREE: &str = "sam@box.example";

/// What differs between any two reports, by what it is called in the shape.
struct Own {
    reference: Reference,
    token: String,
    id: String,
    email: &'static str,
}

/// What somebody sees, without what is each report's own.
fn shape(answer: &Answer, own: &Own) -> (u16, BTreeMap<String, String>, String) {
    let plain = |text: &str| {
        let spoken: Vec<String> = own.reference.digits().chars().map(String::from).collect();
        text.replace(&own.token, "TOKEN")
            .replace(&own.id, "ID")
            .replace(&own.reference.to_string(), "REFERENCE")
            .replace(&own.reference.digits(), "REFERENCE")
            .replace(&spoken.join(" "), "REFERENCE")
            .replace(own.email, "EMAIL")
    };
    let headers =
        answer.headers.iter().filter(|(name, _)| !["x-request-id", "content-length"].contains(&name.as_str()));
    let headers = headers.map(|(name, value)| (name.to_string(), plain(value.to_str().unwrap()))).collect();
    (answer.status.as_u16(), headers, plain(&answer.text()))
}

async fn own(town: &Town, token: &str, email: &'static str) -> Own {
    let report = town.store.report_by_token(token).await.unwrap().unwrap();
    Own { reference: report.reference, token: token.to_owned(), id: report.id.to_string(), email }
}

async fn blocked_town() -> Town {
    let town = Town::open().await;
    let sender = Sender::Email(BLOCKED.to_owned());
    abuse::block(&town.store, "BE", &sender, 30, "reclame", "An").await.unwrap().unwrap();
    town
}

/// The states of both: the first is held, the second is not.
async fn is_held(town: &Town, own: &Own) -> bool {
    let report = town.store.report_by_token(&own.token).await.unwrap().unwrap();
    town.store.held_report(report.id).await.unwrap().is_some_and(|held| held.state == State::Held)
}

async fn same_everywhere(town: &Town, answers: [(Answer, Own); 2]) {
    let [(blocked, mine), (free, theirs)] = answers;
    assert!(is_held(town, &mine).await && !is_held(town, &theirs).await);
    assert_eq!(shape(&blocked, &mine), shape(&free, &theirs));
    // What their own links show.
    for path in ["/nl/t/TOKEN", "/fr/t/TOKEN/receipt", "/api/v1/cases/TOKEN", "/en/t/TOKEN/why"] {
        let blocked = town.get(&path.replace("TOKEN", &mine.token)).await;
        let free = town.get(&path.replace("TOKEN", &theirs.token)).await;
        assert_eq!(blocked.status, 200, "{path}");
        assert_eq!(shape(&blocked, &mine), shape(&free, &theirs), "{path}");
    }
    // What others see: the one is public, the other is not there.
    let page = |own: &Own| format!("/nl/case/{}", own.reference.digits());
    assert_eq!(town.get(&page(&mine)).await.status, 404);
    assert_eq!(town.get(&page(&theirs)).await.status, 200);
    let list = town.get("/open311/v2/requests.json").await.text();
    assert!(!list.contains(&mine.reference.digits()) && list.contains(&theirs.reference.digits()), "{list}");
    let number = format!("/open311/v2/requests/{}.json", mine.reference.digits());
    assert_eq!(town.get(&number).await.status, 404);
}

#[tokio::test]
async fn a_blocked_sender_sees_what_anyone_sees_on_the_form() {
    let town = blocked_town().await;
    let send = async |email: &'static str| {
        let page = town.get("/nl/report?category=wegen/put").await.text();
        let token = attribute(&page, "name=\"token\"", "value").to_owned();
        let shown = attribute(&page, "name=\"shown\"", "value").to_owned();
        assert!(shown.len() > 70, "{shown}");
        let fields =
            [("token", &*token), ("shown", &*shown), ("category", "wegen/put"), ("words", "Een put"), ("email", email)];
        let answer = town.post("/nl/report", &[&fields[..], &[("tell", "email")]].concat(), &[]).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        let token = answer.location().trim_end_matches("/receipt").rsplit('/').next().unwrap().to_owned();
        let own = own(&town, &token, email).await;
        (answer, own)
    };
    let answers = [send(BLOCKED).await, send(FREE).await];
    same_everywhere(&town, answers).await;
}

#[tokio::test]
async fn a_blocked_sender_sees_what_anyone_sees_over_the_api() {
    let town = blocked_town().await;
    let send = async |email: &'static str| {
        let body = serde_json::json!({
            "category": "wegen/put", "words": "Een put", "contact": {"email": email}, "tell": "email",
        });
        let answer = town.post_json("/api/v1/reports", body.to_string()).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        let url = answer.json()["tracking_url"].as_str().unwrap().to_owned();
        let own = own(&town, url.rsplit('/').next().unwrap(), email).await;
        (answer, own)
    };
    let answers = [send(BLOCKED).await, send(FREE).await];
    same_everywhere(&town, answers).await;
}

#[tokio::test]
async fn a_blocked_sender_sees_what_anyone_sees_over_open311() {
    let town = blocked_town().await;
    let send = async |email: &'static str| {
        let description = format!("Een put, zegt {email}");
        let pairs = [("service_code", "wegen/put"), ("description", &*description), ("email", email)];
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .extend_pairs([("lat", "50.8279"), ("long", "3.2649"), ("address_string", "Schoolstraat 12")])
            .finish();
        let request = Request::post("/open311/v2/requests.json")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap();
        let answer = town.ask(request).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        let number = Reference::parse(answer.json()[0]["service_request_id"].as_str().unwrap()).unwrap();
        let report = town.store.report_by_reference(number).await.unwrap().unwrap();
        let own = own(&town, &report.token, email).await;
        (answer, own)
    };
    let answers = [send(BLOCKED).await, send(FREE).await];
    same_everywhere(&town, answers).await;
}

#[tokio::test]
async fn a_form_that_a_program_filled_in_is_kept_and_held() {
    let town = Town::open_with(|config| config.intake.guard.form_delay = std::time::Duration::from_secs(3)).await;
    let fields = [("token", "abcdefghijklmnopqrstuvwxyz"), ("category", "wegen/put"), ("words", "Koop nu")];
    let sent = town.post("/nl/report", &[&fields[..], &[("website", "https://spam.example")]].concat(), &[]).await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    assert_eq!(town.get(sent.location()).await.status, 200);
    let held = town.store.held_reports(State::Held, 9).await.unwrap();
    let reasons: Vec<&str> = held[0].reasons.iter().map(|reason| reason.as_str()).collect();
    assert_eq!((held.len(), reasons.as_slice()), (1, ["trap", "fast"].as_slice()));
}

/// The sample city, which publishes words and photos after review.
pub async fn publishing() -> Town {
    Town::open_in(|files| {
        let text = files["city.yaml"].replace("publish: {words: never, photos: never}", "");
        let more = "publish: {words: after_review, photos: after_review}\n";
        files.insert("city.yaml".to_owned(), format!("{text}\n{more}").into());
    })
    .await
}

#[tokio::test]
async fn what_is_public_of_a_report_is_what_was_approved_and_nothing_else() {
    let town = publishing().await;
    let photo = super::form::png();
    let fields = [("token", "abcdefghijklmnopqrstuvwxyz"), ("category", "wegen/put"), ("words", "Put. Vraag Jan <b>.")];
    let sent = town.post("/nl/report", &fields, &[("put.png", &photo)]).await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    let token = sent.location().trim_end_matches("/receipt").rsplit('/').next().unwrap().to_owned();
    let report = town.store.report_by_token(&token).await.unwrap().unwrap();
    let page = format!("/nl/case/{}", report.reference.digits());
    let list = format!("/open311/v2/requests/{}.json", report.reference.digits());
    let picture = format!("{page}/photos/{}", report.photos[0]);
    let hidden = async || {
        let (html, json) = (town.get(&page).await.text(), town.get(&list).await.json());
        assert!(!html.contains("Put.") && !html.contains("/photos/") && !html.contains("Jan"), "{html}");
        assert!(json[0]["description"].is_null() && json[0]["media_url"].is_null(), "{json}");
        assert_eq!(town.get(&picture).await.status, 404);
    };
    hidden().await;
    let approved = Approved { words: Some("Put. Vraag […].<i>".to_owned()), photos: report.photos.clone() };
    let decided = review::approve(&town.store, &town.city, report.reference, approved, "An").await.unwrap();
    assert_eq!(decided, Decided::Done);
    let html = town.get(&page).await.text();
    assert!(html.contains("Put. Vraag […].&lt;i&gt;") && html.contains(&picture) && !html.contains("Jan"), "{html}");
    let json = town.get(&list).await.json();
    assert_eq!(json[0]["description"], "Put. Vraag […].<i>");
    let url = json[0]["media_url"].as_str().unwrap();
    assert!(url.starts_with("https://voordeur.example/") && url.ends_with(&report.photos[0].to_string()), "{url}");
    let answer = town.get(url.trim_start_matches("https://voordeur.example")).await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, "no-store"));
    assert_eq!(town.get(&format!("{picture}?size=small")).await.status, 200);
    assert_eq!(town.get(&format!("{page}/photos/{}", report.id)).await.status, 404);
    assert_eq!(review::unpublish(&town.store, report.reference, "An").await.unwrap(), Decided::Done);
    hidden().await;
}

#[tokio::test]
async fn people_are_told_once_of_personal_details_that_others_may_read() {
    let town = publishing().await;
    let fields = [
        ("token", "abcdefghijklmnopqrstuvwxyz"),
        ("category", "wegen/put"),
        ("words", "Een put, bel 0470 12 34 56 of an@voorbeeld.be"),
    ];
    let photo = super::form::png();
    for (language, says) in
        [("nl", "een e-mailadres, een telefoonnummer"), ("fr", "numéro de téléphone"), ("en", "a telephone number")]
    {
        let told = town.post(&format!("/{language}/report"), &fields, &[("put.png", &photo)]).await;
        assert_eq!(told.status, 200);
        let html = told.text();
        assert!(html.contains(says) && html.contains("id=\"personal\""), "{language}: {html}");
        assert!(html.contains("name=\"told_personal\" value=\"1\"") && html.contains("name=\"kept_photo\""), "{html}");
    }
    assert_eq!(town.store.count().await.unwrap().reports, 0);
    let sent = town.post("/nl/report", &[&fields[..], &[("told_personal", "1")]].concat(), &[]).await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    // Where words never become public, nobody is asked anything.
    let town = Town::open().await;
    assert_eq!(town.post("/nl/report", &fields, &[]).await.status, 303);
}
