//! Operators take calls while the hub is killed: a call that the page was told is kept is one report with who took it
//! down, an answer that was given at once is counted once, however often a browser had to send its page again.

use super::{embedded::count, patience, size};
use anyhow::Context as _;
use rand::Rng as _;
use std::{
    collections::HashSet,
    time::{Duration, Instant},
};
use tests::{
    fleet::{Fleet, free_port},
    load, town, wait,
};

/// The browser of an operator: sends a page until the city has answered.
#[derive(Clone)]
struct Browser {
    client: reqwest::Client,
    port: u16,
    cookie: String,
}

impl Browser {
    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> anyhow::Result<reqwest::Response> {
        let start = Instant::now();
        let mut url = reqwest::Url::parse(&format!("http://127.0.0.1:{}{path}", self.port))?;
        let form = url.query_pairs_mut().extend_pairs(fields).finish().query().unwrap_or_default().to_owned();
        url.set_query(None);
        loop {
            let sent = self
                .client
                .post(url.clone())
                .header("sec-fetch-site", "same-origin")
                .header("cookie", &self.cookie)
                .header("content-type", "application/x-www-form-urlencoded")
                .body(form.clone())
                .send()
                .await;
            match sent {
                Ok(answer) if answer.status().is_redirection() => return Ok(answer),
                Ok(answer) if answer.status().is_client_error() && answer.status() != 429 => {
                    let status = answer.status();
                    anyhow::bail!("{path}: {status} {}", answer.text().await.unwrap_or_default());
                }
                _ => {}
            }
            anyhow::ensure!(start.elapsed() < patience(), "{path} was not answered");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn call(&self, n: usize) -> anyhow::Result<String> {
        let (token, words) = (format!("call{n:022}"), format!("Report number {n}: the pavement is loose here."));
        let address = format!("Marktplein {n}");
        let fields = [
            ("token", token.as_str()),
            ("channel", "phone"),
            ("number", "0470 12 34 56"),
            ("words", &words),
            ("category", "straat/sandbox"),
            ("asked_for", "straat/sandbox"),
            ("address", &address),
            ("language", "nl"),
        ];
        let answer = self.post("/nl/staff/desk", &fields).await?;
        let to = answer.headers().get("location").context("a redirect says where to")?.to_str()?;
        let digits = to.rsplit('/').next().and_then(|last| last.split('?').next());
        Ok(digits.context("the page of a case")?.to_owned())
    }

    async fn answer(&self, n: usize) -> anyhow::Result<()> {
        let token = format!("answer{n:020}");
        let fields =
            [("token", token.as_str()), ("channel", "phone"), ("category", "straat/sandbox"), ("do", "answered")];
        self.post("/nl/staff/desk", &fields).await.map(drop)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_kept_once_whenever_the_hub_is_killed() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    town::write(&dir.path().join("town"), "http://127.0.0.1:9/nowhere")?;
    let file = dir.path().join("hub.db");
    let url = format!("sqlite:{}", file.display());
    let config = town::Config { database: &url, broker: None, smtp: None };
    let mut fleet = Fleet::new(dir.path(), &config.toml(dir.path()))?;
    let port = free_port()?;
    fleet.start("hub", "web,router,notifier,adapters", port)?;
    fleet.ready(port).await?;

    let made =
        fleet.run(&["staff", "add", "An Peeters", "--email", "an@stad.example", "--role", "operator", "--json"])?;
    let made: serde_json::Value = serde_json::from_str(&made)?;
    let link: reqwest::Url = made["link"].as_str().context("a link to choose a password")?.parse()?;
    let mut browser = Browser { client: load::client()?, port, cookie: String::new() };
    browser.post(link.path(), &[("new-password", "Een lange zin voor de balie")]).await?;
    let login = [("email", "an@stad.example"), ("password", "Een lange zin voor de balie")];
    let came = browser.post("/nl/staff/login", &login).await?;
    let cookie = came.headers().get("set-cookie").context("a cookie")?.to_str()?;
    browser.cookie = cookie.split(';').next().unwrap_or_default().to_owned();

    let total = size(60, 600);
    let mut operators = tokio::task::JoinSet::new();
    for operator in 0..4 {
        let browser = browser.clone();
        operators.spawn(async move {
            let mut references = Vec::new();
            for n in (operator..total).step_by(4) {
                references.push(browser.call(n).await?);
                browser.answer(n).await?;
            }
            anyhow::Ok(references)
        });
    }
    for _ in 0..size(5, 20) {
        let pause = rand::rng().random_range(200..900);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        fleet.kill("hub")?;
        fleet.restart("hub")?;
    }
    let mut references = HashSet::new();
    while let Some(done) = operators.join_next().await {
        references.extend(done??);
    }
    assert_eq!(references.len(), total, "each call has a reference of its own");
    let rows = i64::try_from(total)?;
    for once in [
        "SELECT count(*) FROM report",
        "SELECT count(*) FROM taken_down WHERE by_name = 'An Peeters'",
        "SELECT count(*) FROM audit WHERE deed = 'desk.take'",
        "SELECT count(*) FROM first_line",
        "SELECT count(*) FROM audit WHERE deed = 'desk.answer'",
    ] {
        assert_eq!(count(&file, once).await?, rows, "{once}");
    }
    wait::until("every call to be solved", patience(), || {
        let file = file.clone();
        async move { Ok((count(&file, "SELECT count(*) FROM cases WHERE status = 'solved'").await? == rows).then_some(())) }
    })
    .await?;
    assert_eq!(count(&file, "SELECT count(*) FROM dispatch").await?, rows, "one dispatch per case");
    fleet.stop("hub").await
}
