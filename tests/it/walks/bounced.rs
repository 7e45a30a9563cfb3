//! A hub, Postfix, Dovecot and Kannel: one resident's mail arrives in their mailbox; another's is taken and comes
//! back later, is read from the city's mailbox, and the news reaches them by text message, once, with its receipt.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use std::{path::Path, process::Stdio, time::Duration};
use tests::{
    fleet::{Fleet, free_port},
    load, town, wait,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

/// Postfix tries again every two seconds, the hub looks into its mailbox every five.
const SOON: Duration = Duration::from_secs(90);

/// A server of deploy/dev; nothing when the variable names none and no server has to be there.
fn server(variable: &str) -> anyhow::Result<Option<String>> {
    let named = std::env::var(variable).ok();
    ensure!(named.is_some() || std::env::var("VOORDEUR_TEST_ALL").is_err(), "{variable} must name a server");
    Ok(named)
}

/// The one mail in the mailbox of `user`, as IMAP (RFC 3501) gives it; nothing while there is none.
async fn mail_of(imap: &str, user: &str) -> anyhow::Result<Option<String>> {
    let stream = TcpStream::connect(imap).await?;
    let mut lines = BufReader::new(stream);
    let mut said = String::new();
    let commands = [format!("LOGIN {user} geheim"), "SELECT INBOX".to_owned(), "FETCH 1:* BODY[]".to_owned()];
    for (n, command) in commands.iter().enumerate() {
        said.clear();
        lines.get_mut().write_all(format!("a{n} {command}\r\n").as_bytes()).await?;
        loop {
            let mut line = Vec::new();
            ensure!(lines.read_until(b'\n', &mut line).await? > 0, "the mailbox hung up");
            let line = String::from_utf8_lossy(&line).into_owned();
            let is_end = line.starts_with(&format!("a{n} "));
            said += &line;
            if is_end {
                break;
            }
        }
    }
    Ok((said.contains("Message-ID:") || said.contains("Message-Id:")).then_some(said))
}

/// What `notices why` says was sent to the reporter of `reference` about events of this kind, or of every kind.
fn notices(fleet: &Fleet, reference: &str, what: Option<&str>) -> anyhow::Result<Vec<Value>> {
    let said: Value = serde_json::from_str(&fleet.run(&["notices", "why", reference, "--json"])?)?;
    let events = said["events"].as_array().context("events")?.iter();
    let events = events.filter(|one| what.is_none_or(|what| one["event"]["what"] == what));
    let people = events.flat_map(|one| one["people"].as_array().into_iter().flatten());
    Ok(people.flat_map(|person| person["notices"].as_array().into_iter().flatten()).cloned().collect())
}

/// The state of each of these notices, by its way.
fn states(notices: &[Value]) -> Vec<(&str, &str)> {
    notices.iter().map(|one| (one["way"].as_str().unwrap_or(""), one["state"].as_str().unwrap_or(""))).collect()
}

async fn report(port: u16, email: &str, phone: Option<&str>) -> anyhow::Result<String> {
    let mut body = load::submission("straat/queue", 1, Some(email));
    if let Some(phone) = phone {
        body["contact"]["phone"] = json!(phone);
    }
    let url = format!("http://127.0.0.1:{port}/api/v1/reports");
    let answer = load::client()?
        .post(url)
        .header("Content-Type", "application/json")
        .header("Idempotency-Key", format!("walk-{:x}", rand::random::<u64>()))
        .body(body.to_string())
        .send()
        .await?;
    let status = answer.status();
    let body: Value = serde_json::from_str(&answer.text().await?)?;
    ensure!(status.is_success(), "{status}: {body}");
    body["reference"].as_str().map(str::to_owned).context("a reference")
}

/// `text` without what may stand within a reference.
fn digits(text: &str) -> String {
    text.replace("%C2%A0", "").replace("%20", "").replace("=C2=A0", "").replace(['+', ' ', '-', '\u{a0}'], "")
}

/// What the network of mobile phones got for this number.
fn texts(log: &Path, number: &str) -> anyhow::Result<Vec<String>> {
    let text = std::fs::read_to_string(log)?;
    let got = text.lines().filter(|line| line.contains("Got message") && line.contains(number));
    Ok(got.map(str::to_owned).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_comes_back_is_told_by_text_message() -> anyhow::Result<()> {
    let names = ["VOORDEUR_TEST_SMTP", "VOORDEUR_TEST_IMAP", "VOORDEUR_TEST_SMS", "VOORDEUR_TEST_SMSC"];
    let mut servers = Vec::new();
    for name in names {
        let Some(server) = server(name)? else { return Ok(()) };
        servers.push(server);
    }
    let [smtp, imap, sms, network] = &servers[..] else { unreachable!("one for each name") };
    let port_of = |server: &str| server.rsplit_once(':').map(|(_, port)| port.to_owned()).context("host:port");

    let dir = tempfile::tempdir()?;
    town::write(&dir.path().join("town"), "http://127.0.0.1:9/nowhere")?;
    let url = format!("sqlite:{}", dir.path().join("hub.db").display());
    let (port, one) = (free_port()?, format!("{:x}", rand::random::<u32>()));
    let config = town::Config { database: &url, broker: None, smtp: None }.toml(dir.path());
    let config = config.replace("http://voordeur.example", &format!("http://127.0.0.1:{port}"))
        + &format!(
            "[mail]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nfrom = \"stad-{one}@stad.example\"\n\
             [mailbox]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nuser = \"stad-{one}\"\npassword = \"geheim\"\n\
             address = \"stad-{one}@stad.example\"\nevery_seconds = 5\n\
             [sms]\nprofile = \"kannel\"\nurl = \"{sms}\"\nfrom = \"Teldorp\"\nuser = \"voordeur\"\npassword = \"voordeur\"\n\
             hook_secret = \"a-secret-of-the-walk-alone-{one}\"\nprice_per_part = 0.065\n",
            port_of(smtp)?,
            port_of(imap)?,
        );
    let mut fleet = Fleet::new(dir.path(), &config)?;
    fleet.start("hub", "web,router,notifier,adapters", port)?;
    fleet.ready(port).await?;

    let log = dir.path().join("network.log");
    let (host, smsc) = network.rsplit_once(':').context("host:port")?;
    let _network = tokio::process::Command::new("/usr/lib/kannel/test/fakesmsc")
        // It wants a message to send, and sends it no time.
        .args(["-H", host, "-r", smsc, "-m", "0", "32470000000 8850 text none"])
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(&log)?)
        .kill_on_drop(true)
        .spawn()?;

    // One whose mail arrives, in a mailbox of their own.
    let good = report(port, &format!("an-{one}@inbox.example"), Some("0470 00 00 01")).await?;
    let an = format!("an-{one}");
    let mail = wait::until("the mail in An's mailbox", SOON, || mail_of(imap, &an)).await?;
    // Text breaks off with `=` at the end of a line (RFC 2045 §6.7).
    let whole = digits(&mail.replace("=\r\n", ""));
    ensure!(whole.contains(&digits(&good)) && mail.contains("From: "), "{mail}");
    let path = mail.lines().find(|line| line.starts_with("Return-Path:")).context("a return path")?;
    ensure!(path.contains(&format!("<stad-{one}+")), "each mail has a return address of its own: {path}");

    // One whose mail Postfix takes, and sends back a moment later.
    let number = format!("+3247{:07}", rand::random::<u32>() % 10_000_000);
    let lost = report(port, "unknown@inbox.example", Some(&number)).await?;
    let all = wait::until("the text message and its receipt", SOON, || async {
        let all = notices(&fleet, &lost, Some("received"))?;
        ensure!(states(&all) == [("email", "failed"), ("sms", "delivered")], "{:?}", states(&all));
        Ok(Some(all))
    })
    .await?;
    ensure!(all[0]["heard"][0]["state"] == "dead", "what came back was understood: {}", all[0]);
    let because = all[1]["reasons"].as_array().context("reasons")?;
    ensure!(because.iter().any(|one| one["because"] == "instead" && one["of"] == "email"), "{because:?}");
    ensure!(all[1]["cost"].as_i64().is_some_and(|cost| cost > 0 && cost % 65_000 == 0), "{}", all[1]);
    // Where it goes to is told, too; by mail or, once the address is known to be dead, at once by text message.
    let every = wait::until("every text message", SOON, || async {
        let every = notices(&fleet, &lost, None)?;
        let open = states(&every).iter().any(|(way, state)| *way == "sms" && *state != "delivered");
        let told = states(&every).iter().filter(|(way, _)| *way == "sms").count() == 2;
        ensure!(told && !open, "{:?}", states(&every));
        Ok(Some(every))
    })
    .await?;
    let parts: i64 = every.iter().filter_map(|one| one["cost"].as_i64()).sum::<i64>() / 65_000;
    let got = texts(&log, &number)?;
    ensure!(i64::try_from(got.len())? == parts, "each part of each text message once: {got:?}");
    ensure!(got.iter().any(|text| digits(text).contains(&digits(&lost))), "about their report: {got:?}");

    // The dead address is known: the next report from there is told by text message at once.
    let again = report(port, "unknown@inbox.example", Some(&number)).await?;
    let all = wait::until("the second text message", SOON, || async {
        let all = notices(&fleet, &again, Some("received"))?;
        ensure!(states(&all) == [("sms", "delivered")], "{:?}", states(&all));
        Ok(Some(all))
    })
    .await?;
    ensure!(all.len() == 1, "{all:?}");
    ensure!(
        states(&notices(&fleet, &good, Some("received"))?) == [("email", "sent")],
        "and nothing came back of what arrived"
    );
    fleet.stop("hub").await?;
    Ok(())
}
