//! The city as an Open311 server: a FixMyStreet uses it as its back end, another city's department is our front door, and
//! every command of the document does what it says.

use super::{Judged, judged::SEND};
use anyhow::{Context as _, ensure};
use std::{path::Path, process::Stdio, time::Duration};
use tests::{
    fleet::{Fleet, binary, free_port},
    load, town, wait,
};

const PATIENCE: Duration = Duration::from_secs(90);

/// The smallest PNG there is.
const PNG: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0, 0, 1, 8,
    0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0, 0x0a, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x68, 0, 0, 0, 0x82,
    0, 0x81, 0x77, 0xcd, 0x72, 0xb6, 0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
];

/// A city of its own: the small town, or the sample city when `sample`.
struct Door {
    _fleet: Fleet,
    port: u16,
    key: String,
}

impl Door {
    async fn open(dir: &Path, sample: bool, more: &str) -> anyhow::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let (port, url) = (free_port()?, format!("sqlite:{}", dir.join("hub.db").display()));
        let toml = if sample {
            format!("[database]\nurl = {url:?}\n[web]\nrate_per_minute = 0\n")
        } else {
            town::write(&dir.join("town"), "http://127.0.0.1:9/nowhere")?;
            town::Config { database: &url, broker: None, smtp: None }.toml(dir)
        };
        let toml = toml.replace("rate_per_minute = 0", &format!("rate_per_minute = 0\nlisten = \"127.0.0.1:{port}\""));
        let toml = toml
            .replace("public_url = \"http://voordeur.example\"", &format!("public_url = \"http://127.0.0.1:{port}\""));
        let mut fleet = Fleet::new(dir, &format!("{toml}{more}"))?;
        fleet.start("hub", "web,router,notifier,adapters", port)?;
        fleet.ready(port).await?;
        let made = fleet.run(&["keys", "create", "--channel", "fixmystreet", "--json", "--by", "An"])?;
        let made: serde_json::Value = serde_json::from_str(&made)?;
        let key = made["key"].as_str().context("a key")?.to_owned();
        Ok(Self { _fleet: fleet, port, key })
    }

    fn at(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    async fn get(&self, path: &str) -> anyhow::Result<String> {
        let answer = load::client()?.get(self.at(path)).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        ensure!(status.is_success(), "{path}: {status}: {text}");
        Ok(text)
    }

    /// A form, as libwww-perl sends it.
    async fn post(&self, path: &str, pairs: &[(&str, &str)]) -> anyhow::Result<(u16, String)> {
        let body = pairs.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value)));
        let body = body.collect::<Vec<_>>().join("&");
        let call = load::client()?.post(self.at(path)).header("content-type", "application/x-www-form-urlencoded");
        let answer = call.body(body).send().await?;
        Ok((answer.status().as_u16(), answer.text().await?))
    }
}

/// Percent-encoded, whatever it is.
fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The texts of every element `name`, as a reader without a schema finds them.
fn elements(xml: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let inside = xml.split(open.as_str()).skip(1).filter_map(|rest| rest.split(close.as_str()).next());
    inside.map(str::to_owned).collect()
}

fn only(xml: &str, name: &str) -> anyhow::Result<String> {
    elements(xml, name).into_iter().next().with_context(|| format!("no <{name}> in {xml}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fixmystreet_uses_the_city_as_its_back_end() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let quiet = "[intake.open311]\ntells_itself = [\"fixmystreet\"]\n";
    let city = Door::open(dir.path(), false, quiet).await?;
    // It fetches the services, and of each what it asks.
    let services = city.get("/open311/v2/services.xml?jurisdiction_id=").await?;
    ensure!(elements(&services, "service_code").contains(&"straat/sandbox".to_owned()), "{services}");
    let defined = city.get("/open311/v2/services/straat/sandbox.xml").await?;
    ensure!(elements(&defined, "code") == ["fixmystreet_id"], "{defined}");
    ensure!(only(&defined, "automated")? == "server_set", "{defined}");

    // A report, sent again as after a lost answer.
    let words = "title: Loose tile\n\ndetail: It wobbles & clatters\n\nurl: https://fms.example/report/77\n\nSubmitted via FixMyStreet\n";
    let report = |id: &'static str| {
        vec![
            ("api_key", city.key.as_str()),
            ("jurisdiction_id", ""),
            ("service_code", "straat/sandbox"),
            ("description", words),
            ("lat", "50.8279"),
            ("long", "3.2649"),
            ("first_name", "Ann"),
            ("last_name", "Peeters"),
            ("email", "ann@example.org"),
            ("attribute[easting]", "12345"),
            ("attribute[northing]", "67890"),
            ("attribute[title]", "Loose tile"),
            ("attribute[description]", "It wobbles & clatters"),
            ("attribute[report_url]", "https://fms.example/report/77"),
            ("attribute[fixmystreet_id]", id),
        ]
    };
    let (status, taken) = city.post("/open311/v2/requests.xml", &report("77")).await?;
    ensure!(status == 201, "{taken}");
    let number = only(&taken, "service_request_id")?;
    for _ in 0..3 {
        let (status, again) = city.post("/open311/v2/requests.xml", &report("77")).await?;
        ensure!(status == 200 && only(&again, "service_request_id")? == number, "{again}");
    }
    let (_, second) = city.post("/open311/v2/requests.xml", &report("78")).await?;
    ensure!(only(&second, "service_request_id")? != number, "another report of theirs is another one here");

    // It polls for updates until the department has done it.
    let path = format!("/open311/v2/servicerequestupdates.xml?api_key={}", city.key);
    let updates = wait::until("the request to be fixed", PATIENCE, || async {
        let updates = city.get(&path).await?;
        let mine: Vec<String> =
            elements(&updates, "request_update").into_iter().filter(|one| one.contains(&number)).collect();
        let fixed = mine.iter().any(|one| one.contains("<status>fixed</status>"));
        Ok(fixed.then_some(mine))
    })
    .await?;
    let ids: Vec<String> = updates.iter().filter_map(|one| only(one, "update_id").ok()).collect();
    ensure!(ids.len() == updates.len(), "{updates:?}");
    let listed = city.get(&format!("/open311/v2/requests/{number}.xml?api_key={}", city.key)).await?;
    ensure!(only(&listed, "status")? == "closed" && listed.contains("wobbles &amp; clatters"), "{listed}");
    ensure!(!listed.contains("easting") && !listed.contains("12345"), "its own fields are no words: {listed}");
    ensure!(
        !city.get(&format!("/open311/v2/requests/{number}.xml")).await?.contains("wobbles"),
        "nobody else reads it"
    );

    // Somebody adds something there: the department hears it, once.
    let add = |words: &'static str, status: &'static str| {
        vec![
            ("api_key", city.key.as_str()),
            ("service_request_id", number.as_str()),
            ("update_id", "901"),
            ("status", status),
            ("updated_datetime", "2026-11-30T09:12:00Z"),
            ("description", words),
            ("first_name", "Bo"),
            ("last_name", "-"),
            ("email", "bo@example.org"),
        ]
    };
    for _ in 0..2 {
        let (status, heard) =
            city.post("/open311/v2/servicerequestupdates.xml", &add("It wobbles again", "REOPEN")).await?;
        ensure!(status == 200 && !only(&heard, "update_id")?.is_empty(), "{heard}");
    }
    let token = only(&taken, "service_notice")?;
    let token = token.rsplit('/').next().context("the tracking link")?.to_owned();
    wait::until("the words to be on the case", PATIENCE, || async {
        let case = city.get(&format!("/api/v1/cases/{token}")).await?;
        let times = case.matches("It wobbles again").count();
        ensure!(times < 2, "heard twice: {case}");
        Ok((times == 1).then_some(()))
    })
    .await?;
    // Nothing that it said itself comes back to it.
    ensure!(!city.get(&path).await?.contains("wobbles again"), "an echo");
    let listed = load::client()?.get(city.at("/api/v1/reports")).bearer_auth(&city.key).send().await?.text().await?;
    ensure!(listed.matches("\"reference\"").count() == 2, "two reports and no more: {listed}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_department_of_one_city_is_the_front_door_of_another() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let theirs = Door::open(&dir.path().join("theirs"), false, "").await?;
    // Ours, whose department with a webhook is their front door.
    let ours = dir.path().join("ours");
    town::write(&ours.join("town"), "http://127.0.0.1:9/nowhere")?;
    let file = ours.join("town/departments.yaml");
    let hook = "{webhook: {url: \"http://127.0.0.1:9/nowhere\"}}";
    let text = std::fs::read_to_string(&file)?;
    ensure!(text.contains(hook), "the town has a department with a webhook: {text}");
    let delivery = format!(
        "{{open311: {{url: \"{}\", services: {{default: straat/sandbox}}, updates: both, every: 10s, shows_after: 2s, \
         key_on_reads: true}}}}",
        theirs.at("/open311/v2")
    );
    std::fs::write(&file, text.replace(hook, &delivery))?;
    let (port, url) = (free_port()?, format!("sqlite:{}", ours.join("hub.db").display()));
    let toml = town::Config { database: &url, broker: None, smtp: None }.toml(&ours);
    let toml = toml
        .replace("rate_per_minute = 0", &format!("rate_per_minute = 0\nlisten = \"127.0.0.1:{port}\""))
        .replace("public_url = \"http://voordeur.example\"", &format!("public_url = \"http://127.0.0.1:{port}\""))
        .replace("timeout_ms = 2000", "timeout_ms = 10000")
        .replace("[departments.webdienst]", &format!("[departments.webdienst]\napi_key = {:?}", theirs.key));
    let mut fleet = Fleet::new(&ours, &toml)?;
    fleet.start("hub", "web,router,notifier,adapters", port)?;
    fleet.ready(port).await?;

    let judged = Judged::of(&fleet, "webdienst", &[&SEND[..], &["--within", "60"]].concat()).await?;
    judged.failed("webdienst", &[]);
    ensure!(judged.seen("found").contains("once each"), "{:#}", judged.report);
    ensure!(judged.seen("key").contains("403"), "{:#}", judged.report);

    let body = load::submission("straat/hook", 1, None).to_string();
    let call = load::client()?.post(format!("http://127.0.0.1:{port}/api/v1/reports"));
    let given = call.header("content-type", "application/json").body(body).send().await?.text().await?;
    let given: serde_json::Value = serde_json::from_str(&given)?;
    let token = given["tracking_url"].as_str().and_then(|url| url.rsplit('/').next()).context("a tracking link")?;
    wait::until("what they did to be told here", PATIENCE, || async {
        let case = load::client()?.get(format!("http://127.0.0.1:{port}/api/v1/cases/{token}")).send().await?;
        let case: serde_json::Value = serde_json::from_str(&case.text().await?)?;
        Ok((case["status"] == "solved").then_some(()))
    })
    .await?;
    let listed = load::client()?.get(theirs.at("/api/v1/reports?limit=100")).bearer_auth(&theirs.key).send().await?;
    let listed: serde_json::Value = serde_json::from_str(&listed.text().await?)?;
    let reports = listed["reports"].as_array().context("a list")?;
    ensure!(reports.len() == 4, "three test cases and one report, each once: {listed:#}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_document_runs() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let city = Door::open(dir.path(), true, "").await?;
    let posted = [("api_key", city.key.as_str()), ("service_code", "wegen/put"), ("description", "A hole")];
    let (_, taken) = city.post("/open311/v2/requests.xml", &posted).await?;
    let (number, token) = (only(&taken, "service_request_id")?, only(&taken, "token")?);
    std::fs::write(dir.path().join("photo.png"), PNG)?;
    // curl fails where the city says no.
    std::fs::write(dir.path().join(".curlrc"), "fail-with-body\n")?;
    let bin = dir.path().join("bin");
    std::fs::create_dir_all(&bin)?;
    let shim = bin.join("voordeur");
    let config = dir.path().join("voordeur.toml");
    std::fs::write(&shim, format!("#!/bin/sh\nexec {:?} --config {config:?} \"$@\"\n", binary()?))?;
    std::fs::set_permissions(&shim, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());

    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("tests/ lies in the workspace")?;
    let document = std::fs::read_to_string(root.join("docs/connect/open311.md"))?;
    let blocks: Vec<&str> = document.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    ensure!(blocks.len() >= 7, "{} blocks of commands", blocks.len());
    for block in blocks {
        let script = format!("set -e\n{}", block.replace("http://127.0.0.1:1777", &city.at("")));
        let mut command = tokio::process::Command::new("sh");
        command.arg("-c").arg(&script).current_dir(dir.path()).env("HOME", dir.path()).env("PATH", &path);
        command
            .env("KEY", &city.key)
            .env("NUMBER", &number)
            .env("TOKEN", &token)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let output = tokio::time::timeout(PATIENCE, command.output()).await??;
        let said = String::from_utf8_lossy(&output.stdout);
        ensure!(
            output.status.success() && !said.is_empty(),
            "{block}\n{said}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}
