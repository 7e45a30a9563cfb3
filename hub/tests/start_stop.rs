//! A whole hub inside this process: it opens, takes a report, and stops with nothing claimed.

use hub::{
    Hub, Parts,
    cli::Role,
    clock,
    config::{Config, DepartmentAccess},
};
use std::{path::Path, time::Duration};
use store::{Options, Store};

async fn open(file: &Path) -> Store {
    let clock = clock::real();
    let ids = clock::ids(&clock);
    let url = format!("sqlite:{}", file.display());
    let store = Store::open(&url, Options { clock, ids, publish_events: false }).await.unwrap();
    store.migrate().await.unwrap();
    store
}

fn config() -> Config {
    let mut config = Config::default();
    config.web.listen = ([127, 0, 0, 1], 0).into();
    config.web.ops_listen = Some(([127, 0, 0, 1], 0).into());
    for (id, token) in [("wegen", "a-token-of-twenty-chars"), ("groen", "another-token-of-twenty")] {
        config.departments.insert(
            format!("publieke-ruimte-{id}").parse().unwrap(),
            DepartmentAccess { token: Some(token.into()), ..DepartmentAccess::default() },
        );
    }
    config
}

fn parts(store: Store, roles: &[Role]) -> Parts {
    Parts { town: hub::city::read(None).unwrap().good().unwrap(), store, roles: roles.to_vec(), listener: None }
}

async fn metrics_of(http: &reqwest::Client, ops: std::net::SocketAddr) -> String {
    http.get(format!("http://{ops}/metrics")).send().await.unwrap().text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn stops_with_nothing_claimed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hub.db");
    let running = Hub::start(config(), parts(open(&file).await, &Role::ALL)).await.unwrap();
    let (door, ops) = (running.web.unwrap(), running.ops.unwrap());
    let http = reqwest::Client::builder().no_proxy().build().unwrap();

    let ready = http.get(format!("http://{ops}/health/ready")).send().await.unwrap();
    assert!(ready.status().is_success(), "{}", ready.text().await.unwrap());
    let body = serde_json::json!({"category": "wegen/put", "words": "A deep hole in the road."});
    let answer = http.post(format!("http://{door}/api/v1/reports")).json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
    running.bus.drain(Duration::from_secs(20)).await.unwrap();
    let metrics = metrics_of(&http, ops).await;
    assert!(metrics.contains("voordeur_letters_total{lane=\"router\""), "{metrics}");

    // Somebody waits for work that does not come: stopping does not wait with them.
    let path = format!("http://{door}/api/v1/departments/publieke-ruimte-groen/work?wait=30");
    let poll = tokio::spawn(http.get(path).bearer_auth("another-token-of-twenty").send());
    // By the time other requests are answered it most likely waits.
    for _ in 0..5 {
        metrics_of(&http, ops).await;
    }

    // The department's own queue is left: nobody fetched it.
    let lane = schemas::letter::Lane::queue(&"publieke-ruimte-wegen".parse().unwrap());
    let began = std::time::Instant::now();
    running.stop().await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(8), "a long poll kept the door open");
    if let Ok(answer) = poll.await.unwrap() {
        assert_eq!(answer.status(), 200);
    }
    assert!(http.get(format!("http://{door}/")).send().await.is_err(), "the door is still open");

    // Whoever opens the store next gets it at once: no lease has to run out first.
    let store = open(&file).await;
    let letters = store.take(&lane, 10, Duration::from_secs(5)).await.unwrap();
    assert_eq!(letters.len(), 1);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_one_process_runs_every_role() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("hub.db")).await;
    let error = Hub::start(config(), parts(store, &[Role::Web])).await.err().unwrap();
    assert!(hub::failure::render(&error).contains("PostgreSQL"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut config = config();
    config.web.listen = taken.local_addr().unwrap();
    let store = open(&folder.path().join("hub.db")).await;
    let error = hub::failure::render(&Hub::start(config, parts(store, &Role::ALL)).await.err().unwrap());
    assert!(error.contains(&taken.local_addr().unwrap().to_string()) && error.contains("[web] listen"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_of_strangers_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config();
    config.departments.insert("publieke-ruimte-weg".parse().unwrap(), DepartmentAccess::default());
    let store = open(&folder.path().join("hub.db")).await;
    let error = hub::failure::render(&Hub::start(config, parts(store, &Role::ALL)).await.err().unwrap());
    assert!(error.contains("did you mean `publieke-ruimte-wegen`?"), "{error}");
}
