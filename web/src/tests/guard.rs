//! What every answer carries, and what is refused before any page is asked.

use super::Town;
use crate::Rate;
use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Request, StatusCode},
    routing::get,
};
use std::net::SocketAddr;

#[tokio::test]
async fn every_answer_carries_its_headers() {
    let town = Town::open().await;
    for path in ["/nl", "/nothing", "/api/v1/categories", "/api/v1/nothing", "/favicon.svg", "/"] {
        let answer = town.get(path).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}");
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert!(answer.header("strict-transport-security").starts_with("max-age="), "{path}");
        assert!(!answer.header("referrer-policy").is_empty(), "{path}");
        assert_eq!(answer.header("x-request-id").len(), 32, "{path}");
        assert!(!answer.header("cache-control").is_empty(), "{path}");
    }
    let plain = Town::open_with(|config| config.public_url = "http://127.0.0.1:1777".parse().unwrap()).await;
    assert_eq!(plain.get("/nl").await.header("strict-transport-security"), "");
}

#[tokio::test]
async fn a_walk_goes_on_where_it_began() {
    let town = Town::open().await;
    let given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let request = Request::get("/nl").header("traceparent", given).body(Body::empty()).unwrap();
    assert_eq!(town.ask(request).await.header("x-request-id"), "0af7651916cd43dd8448eb211c80319c");
    let request = Request::get("/nl").header("traceparent", "nonsense").body(Body::empty()).unwrap();
    assert_eq!(town.ask(request).await.header("x-request-id").len(), 32);
}

#[tokio::test]
async fn errors_are_pages_for_people_in_their_language() {
    let town = Town::open().await;
    for (path, language, status) in
        [("/fr/nothing", "fr", 404), ("/nothing", "nl", 404), ("/en/t/x/contest", "en", 404)]
    {
        let answer = town.get(path).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(answer.text().contains(&format!("<html lang=\"{language}\">")), "{path}");
        assert!(answer.text().contains("1777"), "{path}: somebody to call");
    }
    let delete = Request::delete("/nl").body(Body::empty()).unwrap();
    let answer = town.ask(delete).await;
    assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "GET,HEAD"));
    assert!(answer.text().contains("<html lang=\"nl\">"));
}

#[tokio::test]
async fn a_panic_is_a_page_that_tells_nothing() {
    let town = Town::open().await;
    let app = crate::app::App::new(crate::Site {
        store: town.store.clone(),
        bus: bus::Bus::table(town.store.clone(), bus::BusOptions::default()),
        city: town.city.clone(),
        likely: None,
        config: crate::WebConfig::new("http://127.0.0.1".parse().unwrap()),
    });
    async fn panics() -> StatusCode {
        panic!("the secret of the house")
    }
    let router = axum::Router::new()
        .route("/nl/panic", get(panics))
        .route("/api/panic", get(panics))
        .layer(axum::middleware::from_fn_with_state(app.clone(), crate::guard::shape::errors))
        .with_state(app);
    let town = Town { router, ..town };
    for path in ["/nl/panic", "/api/panic"] {
        let answer = town.get(path).await;
        assert_eq!(answer.status, 500);
        assert!(!answer.text().contains("secret"), "{path}");
    }
    assert!(town.get("/nl/panic").await.text().contains("ging iets mis bij ons"));
    assert_eq!(town.get("/api/panic").await.header("content-type"), "application/problem+json");
}

#[tokio::test]
async fn other_sites_cannot_post_for_a_visitor() {
    let town = Town::open().await;
    for (name, value, status) in [
        ("sec-fetch-site", "cross-site", 403),
        ("origin", "https://evil.example", 403),
        ("sec-fetch-site", "same-origin", 415),
    ] {
        let request = Request::post("/nl/report").header("host", "voordeur.example").header(name, value);
        let answer = town.ask(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, status, "{name}: {value}");
        assert!(answer.text().contains("<html lang=\"nl\">"), "{name}: {value}");
    }
    // Departments and integrations are not browsers.
    let request = Request::post("/api/v1/reports").header("origin", "https://app.example").header("host", "x");
    assert_eq!(town.ask(request.body(Body::empty()).unwrap()).await.status, 415);
}

#[tokio::test]
async fn too_many_requests_of_one_address() {
    let town = Town::open_with(|config| {
        config.rate = Rate { writes_per_minute: 2, reads_per_minute: 3, ..Rate::OFF };
        config.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    })
    .await;
    let ask = |method: &str, path: &str, peer: &str, forwarded: &str| {
        let peer: SocketAddr = format!("{peer}:4000").parse().unwrap();
        let request = Request::builder().method(method).uri(path).header("x-forwarded-for", forwarded);
        town.ask(request.extension(ConnectInfo(peer)).body(Body::empty()).unwrap())
    };
    for _ in 0..3 {
        assert_eq!(ask("GET", "/nl", "9.9.9.9", "1.1.1.1").await.status, 200);
    }
    let page = ask("GET", "/nl", "9.9.9.9", "7.7.7.7").await;
    assert_eq!(page.status, 429, "an invented address does not help");
    assert!(page.header("retry-after").parse::<u64>().unwrap() >= 1);
    assert!(page.text().contains("Even rustig aan"));
    let problem = ask("GET", "/api/v1/categories", "9.9.9.9", "").await;
    assert_eq!((problem.status.as_u16(), problem.header("content-type")), (429, "application/problem+json"));
    assert!(!problem.header("retry-after").is_empty());
    assert_eq!(ask("GET", "/nl", "10.0.0.1", "1.1.1.1").await.status, 200, "another address behind the proxy");
    for _ in 0..2 {
        assert_eq!(ask("POST", "/api/v1/reports", "8.8.8.8", "").await.status, 415);
    }
    assert_eq!(ask("POST", "/api/v1/reports", "8.8.8.8", "").await.status, 429);
    let asset = ask("GET", "/assets/x/site.css", "9.9.9.9", "").await;
    assert_eq!(asset.status, 200, "style sheets are not counted");
    // Guessing keys counts as writing.
    for expected in [401, 401, 429] {
        assert_eq!(ask("GET", "/api/v1/departments/nobody/work", "6.6.6.6", "").await.status, expected);
    }
}

#[tokio::test]
async fn the_operator_is_told_the_truth() {
    use std::sync::Arc;
    let town = Town::open().await;
    let ops = crate::ops_router(crate::Ops {
        store: town.store.clone(),
        bus: bus::Bus::table(town.store.clone(), bus::BusOptions::default()),
        metrics: Arc::new(|| "voordeur_up 1\n".to_owned()),
    });
    let town = Town { router: ops, ..town };
    assert_eq!(town.get("/health/live").await.status, 200);
    let ready = town.get("/health/ready").await;
    assert_eq!((ready.status.as_u16(), &ready.json()["ok"]), (200, &serde_json::Value::Bool(true)), "{}", ready.text());
    assert_eq!(town.get("/metrics").await.text(), "voordeur_up 1\n");
    town.store.close().await;
    let gone = town.get("/health/ready").await;
    assert_eq!(gone.status, 503, "{}", gone.text());
    assert_eq!(gone.json()["parts"][0]["name"], "database");
    assert!(!gone.json()["parts"][0]["what"].as_str().unwrap().is_empty());
}

#[tokio::test]
async fn a_slash_too_many_is_forgiven() {
    let town = Town::open().await;
    let page = town.get("/en/report/?group=wegen").await;
    assert_eq!((page.status.as_u16(), page.location()), (308, "/en/report?group=wegen"));
    for elsewhere in ["//evil.example/", "/%5Cevil.example/", "/en/nothing"] {
        assert_eq!(town.get(elsewhere).await.status, 404, "{elsewhere}");
    }
}

#[tokio::test]
async fn a_house_that_is_full_says_when_to_come_again() {
    let town = Town::open_with(|config| config.intake.at_once = 0).await;
    let json = "{\"category\": \"wegen/put\", \"words\": \"put\"}";
    let sent = |path: &str, kind: &str, body: &str, length: usize| {
        let request = Request::post(path).header("content-type", kind).header("sec-fetch-site", "same-origin");
        town.ask(request.header("content-length", length).body(Body::from(body.to_owned())).unwrap())
    };
    let form = "token=abcdefghijklmnopqrstuvwxyz&category=wegen%2Fput&kind=report&words=put&tell=nothing&language=nl";
    let open311 = "service_code=wegen%2Fput&description=A+hole&lat=50.8279&long=3.2649";
    let url = "application/x-www-form-urlencoded";
    for (path, kind, body, words) in [
        ("/nl/report", url, form, "Er is niets bewaard"),
        ("/api/v1/reports", "application/json", json, "try again"),
        ("/open311/v2/requests.xml", url, open311, "<errors>"),
    ] {
        // Before it is read; and after, when it is too long to be refused in the middle.
        for length in [body.len(), 100_000] {
            let answer = sent(path, kind, body, length).await;
            assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "5"), "{path} {length}");
            assert!(answer.text().contains(words), "{path}: {}", answer.text());
        }
    }
    assert_eq!(town.store.count().await.unwrap().reports, 0);
    assert_eq!(town.get("/nl/report").await.status, 200, "pages are shown all the same");
}
