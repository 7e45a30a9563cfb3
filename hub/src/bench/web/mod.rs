//! Pages: how long the server takes for each, and how many bytes of it go over the wire, in a city that has many cases.
//! The limit beside it is a small static file, asked for in the same way of the same server in the same run.
//!
//! [`fill`] makes the cases. One browser asks at a time, over one connection, each time for another case; the time is
//! from the question to the last byte, on the loopback address.

mod fill;
mod visit;

use super::{Row, percentile};
use crate::city;
use anyhow::ensure;
use bus::{Bus, BusOptions};
use fill::Filled;
use reqwest::{Client, header::ACCEPT_ENCODING};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// How many cases there are, where nobody says otherwise.
const CASES: usize = 100_000;
/// How many, for a first impression.
const FEW: usize = 2_000;
/// What browsers say that they can read.
const ENCODINGS: &str = "gzip, deflate, br, zstd";
/// Where the static file is.
const STATIC: &str = "/favicon.svg";

/// The form of a category that asks questions.
const FORM: &str = "/nl/report?category=wegen/put";

/// A page, and what its figures are called.
struct Looked {
    p50: &'static str,
    p99: &'static str,
    bytes: &'static str,
    /// Bytes that it may have.
    most: &'static str,
    path: fn(&Filled, usize) -> String,
}

macro_rules! looked {
    ($name:literal, $most:literal, $path:expr) => {
        Looked {
            p50: concat!("web: ", $name, ", p50"),
            p99: concat!("web: ", $name, ", p99"),
            bytes: concat!("web: ", $name, ", over the wire"),
            most: $most,
            path: $path,
        }
    };
}

const PAGES: &[Looked] = &[
    looked!("home", "", |_, _| "/nl".to_owned()),
    looked!("what it is about", "", |_, _| "/nl/report?q=put%20in%20de%20weg".to_owned()),
    looked!("form", "< 60", |_, _| FORM.to_owned()),
    looked!("track", "", |filled, n| format!("/nl/t/{}", filled.token(n))),
    looked!("public case", "", |filled, n| format!("/nl/case/{}", filled.digits(n))),
    looked!("map, its list", "", |_, _| "/nl/map?status=all".to_owned()),
    looked!("map, tile of the city", "", |filled, n| filled.tile(n, 10)),
    looked!("map, tile of a street", "", |filled, n| filled.tile(n, 15)),
    looked!("figures", "", |_, _| "/nl/figures".to_owned()),
    looked!("frame of another site", "", |_, _| "/nl/embed?category=wegen".to_owned()),
    looked!("open data, a page", "", |_, _| "/api/ogc/collections/cases/items?limit=100".to_owned()),
    looked!("open data, a box", "", |filled, n| {
        let point = filled.point(n);
        let (west, south) = (point.lon - 0.002, point.lat - 0.002);
        let (east, north) = (point.lon + 0.002, point.lat + 0.002);
        format!("/api/ogc/collections/cases/items?bbox={west},{south},{east},{north}")
    }),
    looked!("feed", "", |_, _| "/open/nl/cases.atom".to_owned()),
    looked!("near a point", "", |filled, n| {
        let point = filled.point(n);
        format!("/api/v1/near?category=wegen/put&lat={}&lon={}", point.lat, point.lon)
    }),
];

/// The rows, with so many cases.
pub(super) async fn rows(quick: bool, cases: Option<usize>) -> anyhow::Result<Vec<Row>> {
    let cases = cases.unwrap_or(if quick { FEW } else { CASES });
    let dir = tempfile::tempdir()?;
    let url = format!("sqlite:{}", dir.path().join("hub.db").display());
    let town = city::read(None)?.good()?;
    let (store, filled) = fill::fill(&url, cases, &town).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let base = format!("http://{}", listener.local_addr()?);
    let mut config = web::WebConfig::new(base.parse()?);
    config.rate = web::Rate::OFF;
    let bus = Bus::table(store.clone(), BusOptions::default());
    let likely = std::sync::Arc::new(router::Latest::new(router::Likely::seed(&town.city)));
    let site = web::Site { store: store.clone(), bus, city: town.city, likely: Some(likely), config };
    let stop = CancellationToken::new();
    let task = tokio::spawn(web::serve(listener, web::router(site), stop.clone()));

    let client = Client::builder().timeout(Duration::from_secs(60)).no_proxy().build()?;
    let times = if quick { 200 } else { 1_000 };
    let limit = ask(&client, &base, times, |_| STATIC.to_owned()).await?;
    let mut rows = Vec::new();
    for page in PAGES {
        let came = ask(&client, &base, times, |n| (page.path)(&filled, n)).await?;
        rows.push(Row::beside(page.p50, came.p50, "ms", limit.p50, ""));
        rows.push(Row::beside(page.p99, came.p99, "ms", limit.p99, "< 20"));
        rows.push(Row::alone(page.bytes, came.kilobytes, "kB", page.most));
    }
    let light = visit::first(&client, &base, FORM, ENCODINGS).await?;
    let gzip = visit::first(&client, &base, FORM, "gzip").await?;
    rows.push(Row::alone("web: first visit to the form, fonts included, over the wire", light, "kB", "< 60"));
    rows.push(Row::alone("web: the same for a browser that reads gzip only", gzip, "kB", "< 60"));
    drop(client);
    stop.cancel();
    task.await??;
    store.close().await;
    Ok(rows)
}

/// What came of asking many times.
struct Came {
    /// Milliseconds.
    p50: f64,
    /// Milliseconds.
    p99: f64,
    /// The body as it was sent, of the largest: 10³ bytes.
    kilobytes: f64,
}

async fn ask(client: &Client, base: &str, times: usize, path: impl Fn(usize) -> String) -> anyhow::Result<Came> {
    let (mut millis, mut most) = (Vec::with_capacity(times), 0);
    // The first ones open the connection and fill what is kept.
    let warm = times / 20;
    for n in 0..times + warm {
        let path = path(n);
        let request = client.get(format!("{base}{path}")).header(ACCEPT_ENCODING, ENCODINGS);
        let start = Instant::now();
        let answer = request.send().await?;
        let status = answer.status();
        let body = answer.bytes().await?;
        if n >= warm {
            millis.push(start.elapsed().as_secs_f64() * 1e3);
        }
        ensure!(status.is_success(), "{path} answers {status}");
        most = most.max(body.len());
    }
    Ok(Came { p50: percentile(millis.clone(), 0.5), p99: percentile(millis, 0.99), kilobytes: most as f64 / 1e3 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn every_page_answers_and_the_form_is_light() {
        let rows = rows(true, Some(40)).await.unwrap();
        assert_eq!(rows.len(), PAGES.len() * 3 + 2);
        // The last two: everything that a first visit fetches.
        for visit in &rows[rows.len() - 2..] {
            eprintln!("{}: {} kB", visit.name, visit.value);
            assert!(visit.value > 20.0 && visit.value < 60.0, "{}: {} kB", visit.name, visit.value);
        }
    }
}
