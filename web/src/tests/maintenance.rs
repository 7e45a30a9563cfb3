//! When the pages are worked on: what is told beforehand, and the page that stands in.

use super::{Town, city_in};
use schemas::{Timestamp, city::Files};
use std::time::Duration;

const ALL: [&str; 4] = ["/nl", "/fr/report?category=wegen/put", "/en/track", "/nl/nergens"];

fn planned(files: &mut Files, from: Timestamp, until: Timestamp) {
    let on_the_clock = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M").to_string();
    let line = format!("maintenance: {{from: {}, until: {}}}", on_the_clock(from), on_the_clock(until));
    let text = files["city.yaml"].replace("timezone: Europe/Brussels", "timezone: Etc/UTC");
    files.insert("city.yaml".to_owned(), format!("{text}\n{line}\n").into());
}

#[tokio::test]
async fn every_page_tells_of_it_beforehand_and_meanwhile_and_not_after() {
    let now = super::now();
    let hours = |hours: i64| {
        let far = Duration::from_secs(hours.unsigned_abs() * 3_600);
        if hours < 0 { now - far } else { now + far }
    };
    let before = Town::open_in(|files| planned(files, hours(40), hours(42))).await;
    let meanwhile = Town::open_in(|files| planned(files, hours(-1), hours(2))).await;
    let after = Town::open_in(|files| planned(files, hours(-3), hours(-1))).await;
    let long_before = Town::open_in(|files| planned(files, hours(60), hours(61))).await;
    for path in ALL {
        let told = before.get(path).await.text();
        assert!(
            told.contains("We werken aan onze")
                || told.contains("Nous travaillons à")
                || told.contains("We are working")
        );
        let told = meanwhile.get(path).await.text();
        assert!(told.contains("werken nu") || told.contains("en ce moment") || told.contains("pages now"), "{path}");
        for quiet in [&after, &long_before] {
            let told = quiet.get(path).await.text();
            assert!(
                !told.contains("We werken") && !told.contains("Nous travaillons") && !told.contains("We are working")
            );
        }
    }
    let told = meanwhile.post("/nl/report", &[("category", "wegen/put"), ("words", "Een put")], &[]).await;
    assert!(told.status.is_success() || told.status.is_redirection(), "the door stays open: {}", told.status);
}

#[tokio::test]
async fn the_page_that_stands_in_needs_nothing_beside_it() {
    let now: Timestamp = "2026-12-06T07:30:00Z".parse().unwrap();
    let until = "2026-12-06T09:00:00Z".parse().unwrap();
    let city = city_in(|files| {
        files.insert("theme.css".to_owned(), ":root { --city-brand-color: #123456; }".into());
    });
    let html = crate::maintenance_page(&city, Some(until), now).unwrap();
    for said in [
        "<html lang=\"nl\">",
        "<section lang=\"fr\">",
        "Vanaf 6 december, 10:00",
        "6 décembre, 10\u{a0}h\u{a0}00",
        "6 December, 10:00",
        "tel:1777",
        "tel:112",
        "#123456",
    ] {
        assert!(html.contains(said), "{said} in {html}");
    }
    let elsewhere = ["src=", "url(", "@import", "<link", "<script", "http:", "https:"];
    assert!(elsewhere.iter().all(|part| !html.contains(part)), "{html}");
    assert!(crate::maintenance_page(&city, None, now).unwrap().contains("Probeer het straks nog eens"));

    let town = Town::open_with(|config| config.letterbox = true).await;
    let shown = town.get("/sandbox/maintenance").await;
    assert!(shown.header("content-security-policy").contains("style-src 'unsafe-inline'"));
    assert!(shown.text().contains("<section lang=\"en\""));
}
