//! Text messages through a real gateway, Kannel, and a network that is played (deploy/dev/sms): what it got is
//! counted, its receipts come back by the hook, and people answer.

use super::{
    Town,
    sms_hook::{is_stopped, taken},
};
use bus::http;
use notifier::{
    Parcel, Sender as _,
    senders::sms::{Sms, SmsConfig},
};
use schemas::{
    Timestamp, Uuid,
    notice::HeardState,
    report::{Language, Urgency},
    verdict::Verdict,
    way::Address,
};
use std::{path::Path, process::Stdio, time::Duration};
use tokio_util::sync::CancellationToken;

const SOON: Duration = Duration::from_secs(30);

/// Waits for a condition; panics with `what` when it takes too long.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(SOON, wait).await.unwrap_or_else(|_| panic!("{what} did not happen in time"));
}

/// What the network got: one line per part.
fn got(log: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(log).unwrap();
    text.lines().filter(|line| line.contains("Got message")).map(str::to_owned).collect()
}

fn parcel(notice: u128, short: &str) -> Parcel {
    Parcel {
        notice: Uuid::from_u128(notice),
        case_id: Uuid::from_u128(1),
        reference: schemas::reference::Reference::from_number(123_456),
        person: "reporter".to_owned(),
        version: 2,
        to: Address::Sms("+32470123456".into()),
        subject: String::new(),
        text: String::new(),
        html: String::new(),
        short: short.into(),
        paper: Vec::new(),
        link: String::new(),
        language: Language::FR,
        critical: false,
        urgency: Urgency::Normal,
        is_status: true,
        may_stop: true,
        at: Timestamp::UNIX_EPOCH,
    }
}

#[tokio::test]
async fn messages_go_through_kannel_and_their_receipts_come_back() {
    let Ok(url) = std::env::var("VOORDEUR_TEST_SMS") else {
        assert!(std::env::var("VOORDEUR_TEST_ALL").is_err(), "VOORDEUR_TEST_SMS must name a gateway");
        return;
    };
    let (network, hook) =
        (std::env::var("VOORDEUR_TEST_SMSC").unwrap(), std::env::var("VOORDEUR_TEST_SMS_HOOK").unwrap());
    let config: SmsConfig = toml::from_str(&format!(
        "profile = 'kannel'\nurl = '{url}'\nfrom = 'Kortrijk'\nuser = 'voordeur'\npassword = 'voordeur'\n\
         public_url = 'http://{hook}'\nhook_secret = 'a-secret-of-twenty-characters'"
    ))
    .unwrap();
    let town = Town::open_hearing(&config).await;
    // Kannel calls one address alone: another run of this test may still have it.
    let mut listener = None;
    until("the address of the hook", async || {
        listener = tokio::net::TcpListener::bind(&hook).await.ok();
        listener.is_some()
    })
    .await;
    let (stop, listener) = (CancellationToken::new(), listener.unwrap());
    let _stop = stop.clone().drop_guard();
    tokio::spawn(crate::serve(listener, town.router.clone(), stop));

    // The network is there, and the first thing that happens is that somebody sends STOP.
    let (host, port) = network.rsplit_once(':').unwrap();
    let log = town._dir.path().join("network.log");
    let _network = tokio::process::Command::new("/usr/lib/kannel/test/fakesmsc")
        .args(["-H", host, "-r", port, "-m", "1", "32470999999 8850 text STOP"])
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(&log).unwrap())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    until("STOP", async || is_stopped(&town.store, "+32470999999").await).await;

    let http = http::Config { private_networks: vec!["127.0.0.1".into()], ..http::Config::default() };
    let sms = Sms::build(std::slice::from_ref(&config), http.build().unwrap(), town.store.clock().clone()).unwrap();
    let long = format!("Ville de Courtrai: l’égout est réparé, ça va… {}", "a".repeat(150));
    assert_eq!(sms.send(&parcel(7, "Kortrijk: opgelost")).await, Verdict::receipt("kannel: 1 part"));
    assert_eq!(sms.send(&parcel(8, &long)).await, Verdict::receipt("kannel: 2 parts"));
    until("three parts", async || got(&log).len() >= 3).await;
    let parts = got(&log);
    assert_eq!(parts.len(), 3, "{parts:?}");
    assert!(parts[0].contains("Kortrijk+32470123456") || parts[0].contains("Kortrijk +32470123456"), "{parts:?}");
    assert!(parts.iter().any(|part| part.contains("l'%C3%A9gout+est+r%C3%A9par%C3%A9%2C+ca+va...")), "{parts:?}");

    let mut heard = Vec::new();
    until("two receipts", async || {
        heard.extend(taken(&town.store).await);
        heard.iter().filter(|heard| heard.state == HeardState::Delivered).count() >= 2
    })
    .await;
    let mut told: Vec<_> =
        heard.iter().filter(|heard| heard.state == HeardState::Delivered).filter_map(|heard| heard.notice).collect();
    told.sort_unstable();
    assert_eq!(told, [Uuid::from_u128(7), Uuid::from_u128(8)]);

    // A wrong password is an operator's to put right: the message waits.
    let wrong = SmsConfig { password: Some("wrong".to_owned().into()), ..config };
    let http = http::Config { private_networks: vec!["127.0.0.1".into()], ..http::Config::default() };
    let sms = Sms::build(std::slice::from_ref(&wrong), http.build().unwrap(), town.store.clock().clone()).unwrap();
    let verdict = sms.send(&parcel(9, "x")).await;
    assert!(matches!(&verdict, Verdict::Later { why, .. } if why.contains("403")), "{verdict:?}");
}
