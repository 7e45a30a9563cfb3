//! The broker is away: every door answers with a reference all the same, and everything arrives when it is back. The
//! database is away: every door says so in words and when to come again, keeps nothing by half, and goes on when it is
//! back.

use super::patience;
use anyhow::Context as _;
use sqlx::{Connection as _, PgConnection};
use std::collections::HashSet;
use tests::{
    department::{self, Webhook},
    fleet::{Fleet, free_port},
    load,
    servers::Servers,
    town, wait,
};
use tokio_util::sync::CancellationToken;

/// How many reports by each door.
const EACH: usize = 12;

/// One grey pixel.
const PHOTO: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0, 0, 1, 8,
    0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0, 0x0a, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x68, 0, 0, 0, 0x82,
    0, 0x81, 0x77, 0xcd, 0x72, 0xb6, 0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
];

/// What a door answered.
struct Answer {
    status: u16,
    retry_after: Option<u64>,
    location: Option<String>,
    body: String,
}

impl Answer {
    async fn of(sent: reqwest::Result<reqwest::Response>) -> anyhow::Result<Self> {
        let sent = sent.context("every door answers within the client's ten seconds")?;
        let text = |name: &str| sent.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (retry_after, location) = (text("retry-after").and_then(|text| text.parse().ok()), text("location"));
        Ok(Self { status: sent.status().as_u16(), retry_after, location, body: sent.text().await? })
    }
}

/// The doors of the web member on this port.
struct Doors {
    client: reqwest::Client,
    base: String,
}

impl Doors {
    async fn form(&self, n: usize) -> anyhow::Result<Answer> {
        let token = format!("formtoken{n:0>15}");
        let words = format!("Melding {n} over het formulier");
        let fields = [
            ("token", token.as_str()),
            ("category", "straat/queue"),
            ("kind", "report"),
            ("words", &words),
            ("tell", "nothing"),
            ("language", "nl"),
        ];
        let form = url_encoded(&fields);
        let call = self.client.post(format!("{}/nl/report", self.base)).header("sec-fetch-site", "same-origin");
        Answer::of(call.header("content-type", "application/x-www-form-urlencoded").body(form).send().await).await
    }

    async fn api(&self, n: usize) -> anyhow::Result<Answer> {
        let body = load::submission("straat/queue", n, None).to_string();
        let call = self.client.post(format!("{}/api/v1/reports", self.base)).header("content-type", "application/json");
        Answer::of(call.header("idempotency-key", format!("away-{n}")).body(body).send().await).await
    }

    async fn open311(&self, n: usize) -> anyhow::Result<Answer> {
        let words = format!("Request {n} over Open311");
        let fields = [("service_code", "straat/queue"), ("description", &words), ("address_string", "Markt 1")];
        let call = self.client.post(format!("{}/open311/v2/requests.xml", self.base));
        let call = call.header("content-type", "application/x-www-form-urlencoded").body(url_encoded(&fields));
        Answer::of(call.send().await).await
    }

    async fn photo(&self) -> anyhow::Result<Answer> {
        let call = self.client.post(format!("{}/api/v1/photos", self.base)).header("content-type", "image/png");
        Answer::of(call.body(PHOTO).send().await).await
    }

    /// The reference that the person of this form reads.
    async fn receipt(&self, filed: &Answer) -> anyhow::Result<String> {
        let path = filed.location.as_deref().context("a form leads to its receipt")?;
        let page = Answer::of(self.client.get(format!("{}{path}", self.base)).send().await).await?;
        assert_eq!(page.status, 200, "{}", page.body);
        reference(&page.body).context("the receipt shows the reference")
    }
}

fn url_encoded(fields: &[(&str, &str)]) -> String {
    let plain = |text: &str| -> String {
        text.bytes()
            .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
            .collect()
    };
    fields.iter().map(|(name, value)| format!("{}={}", plain(name), plain(value))).collect::<Vec<_>>().join("&")
}

/// The eight digits that are shown first.
fn reference(page: &str) -> Option<String> {
    let shown = page.split_once("plate__number")?.1.split_once("</span>")?.0.rsplit_once('>')?.1;
    Some(shown.chars().filter(char::is_ascii_digit).collect::<String>()).filter(|digits| digits.len() == 8)
}

struct Ground {
    servers: Servers,
    database: String,
    prefix: String,
    fleet: Fleet,
    doors: Doors,
    port: u16,
    _dir: tempfile::TempDir,
    _stop: tokio_util::sync::DropGuard,
}

impl Ground {
    async fn up() -> anyhow::Result<Self> {
        let servers = Servers::up().await?;
        let database = servers.database().await?;
        let prefix = format!("away{:x}", rand::random::<u32>());
        let dir = tempfile::tempdir()?;
        let stop = CancellationToken::new();
        let (_, hook_url) = Webhook::listen(None, stop.clone()).await?;
        town::write(&dir.path().join("town"), &hook_url)?;
        let config = town::Config { database: &database, broker: Some((&servers.amqp, &prefix)), smtp: None };
        let mut fleet = Fleet::new(dir.path(), &config.toml(dir.path()))?;
        fleet.run(&["migrate"])?;
        fleet.run(&["broker", "definitions", "--apply"])?;
        let port = free_port()?;
        fleet.start("web", "web", port)?;
        fleet.start("router", "router", free_port()?)?;
        fleet.ready(port).await?;
        let doors = Doors { client: load::client()?, base: format!("http://127.0.0.1:{port}") };
        Ok(Self { servers, database, prefix, fleet, doors, port, _dir: dir, _stop: stop.drop_guard() })
    }

    async fn count(&self, sql: &'static str) -> anyhow::Result<usize> {
        let mut db = PgConnection::connect(&self.database).await?;
        let count: i64 = sqlx::query_scalar(sql).fetch_one(&mut db).await?;
        Ok(usize::try_from(count)?)
    }

    async fn stop(mut self) -> anyhow::Result<()> {
        for name in self.fleet.names() {
            self.fleet.stop(&name).await?;
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_door_gives_a_reference_while_the_broker_is_away() -> anyhow::Result<()> {
    let ground = Ground::up().await?;
    let mut references = HashSet::new();
    ground.servers.cut_rabbitmq()?;
    for n in 0..EACH {
        let filed = ground.doors.form(n).await?;
        assert_eq!(filed.status, 303, "{}", filed.body);
        references.insert(ground.doors.receipt(&filed).await?);
        let sent = ground.doors.api(n).await?;
        assert_eq!(sent.status, 201, "{}", sent.body);
        let body: serde_json::Value = serde_json::from_str(&sent.body)?;
        references.insert(body["reference"].as_str().context("a reference")?.to_owned());
        let sent = ground.doors.open311(n).await?;
        assert_eq!(sent.status, 201, "{}", sent.body);
        let number = sent.body.split_once("<service_request_id>").and_then(|(_, rest)| rest.split_once('<'));
        references.insert(number.context("a number")?.0.replace('-', ""));
    }
    assert_eq!(references.len(), 3 * EACH, "each has a reference of its own");
    assert_eq!(ground.count("SELECT count(*) FROM report").await?, 3 * EACH);

    ground.servers.start_rabbitmq().await?;
    let stop = CancellationToken::new();
    let _stop = stop.clone().drop_guard();
    let queue =
        department::consume(ground.servers.amqp.clone(), format!("{}.dept.wachtrij", ground.prefix), stop.clone());
    wait::until("everything to arrive", patience(), || {
        let arrived = queue.distinct();
        async move { Ok((arrived >= 3 * EACH).then_some(())) }
    })
    .await?;
    assert_eq!(queue.distinct(), 3 * EACH, "each once, by its id");
    assert_eq!(ground.count("SELECT count(*) FROM cases").await?, 3 * EACH);
    ground.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_door_says_when_to_come_again_while_the_database_is_away() -> anyhow::Result<()> {
    let mut ground = Ground::up().await?;
    assert_eq!(ground.doors.api(1000).await?.status, 201);
    assert_eq!(ground.doors.form(1000).await?.status, 303);
    ground.servers.cut_postgres()?;
    // Its children live on for a moment and still take what comes: it is away when two in a row were refused.
    let (mut photos, mut refused) = (0, 0);
    while refused < 2 {
        if ground.doors.photo().await?.status == 201 {
            (photos, refused) = (photos + 1, 0);
        } else {
            refused += 1;
        }
    }
    for n in 0..3 {
        let doors = &ground.doors;
        let (form, api, open311, photo) =
            tokio::try_join!(doors.form(n), doors.api(n), doors.open311(n), doors.photo())?;
        for (door, answer, words) in [
            ("form", &form, "Er is niets bewaard"),
            ("api", &api, "nothing was stored"),
            ("open311", &open311, "nothing was stored"),
            ("photos", &photo, "nothing was stored"),
        ] {
            assert_eq!(answer.status, 503, "{door}: {}", answer.body);
            assert!(answer.retry_after.is_some_and(|seconds| seconds >= 1), "{door} says when to come again");
            assert!(answer.body.contains(words), "{door}: {}", answer.body);
        }
        assert!(form.body.contains("<html") && form.body.contains("1777"), "a page, with the number to call");
        assert!(api.body.starts_with('{') && open311.body.contains("<errors>"), "{} {}", api.body, open311.body);
    }

    ground.servers.start_postgres().await?;
    let port = ground.port;
    ground.fleet.ready(port).await?;
    assert_eq!(ground.count("SELECT count(*) FROM report").await?, 2, "only what was answered for is there");
    assert_eq!(ground.count("SELECT count(*) FROM photo").await?, photos);
    for n in 0..3 {
        // The same again, as a good client does it, and once more.
        for (first, again) in [(303, 303), (201, 200)] {
            let form = first == 303;
            let send = async || if form { ground.doors.form(n).await } else { ground.doors.api(n).await };
            assert_eq!(send().await?.status, first);
            assert_eq!(send().await?.status, again);
        }
        assert_eq!(ground.doors.open311(n).await?.status, 201);
    }
    assert_eq!(ground.count("SELECT count(*) FROM report").await?, 2 + 9);
    wait::until("every report to be decided", patience(), || async {
        Ok((ground.count("SELECT count(*) FROM cases").await? == 11).then_some(()))
    })
    .await?;
    ground.stop().await
}
