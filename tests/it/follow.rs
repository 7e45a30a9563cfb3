//! Somebody follows a topic: through a whole hub, a real Postfix and a real Dovecot, as a browser and a mail program do.

use adapters::mail::imap::{self, Bookmark};
use anyhow::{Context as _, bail};
use std::{path::Path, process::Stdio, time::Duration};
use tests::{
    fleet::{Fleet, free_port},
    load, town, wait,
};

const PATIENCE: Duration = Duration::from_secs(60);

fn server(variable: &str) -> Option<(String, u16)> {
    let Ok(server) = std::env::var(variable) else {
        assert!(std::env::var("VOORDEUR_TEST_ALL").is_err(), "{variable} must name a server");
        return None;
    };
    let (host, port) = server.rsplit_once(':')?;
    Some((host.to_owned(), port.parse().ok()?))
}

/// The mails of `user`, once there are `count`; soft line ends are taken out.
async fn mails(user: &str, count: usize) -> anyhow::Result<Vec<String>> {
    let (host, port) = server("VOORDEUR_TEST_IMAP").context("no IMAP server")?;
    let mailbox = imap::Config {
        host,
        port: Some(port),
        tls: None,
        user: user.to_owned(),
        password: "geheim".into(),
        address: format!("{user}@dienst.example"),
        folders: vec!["INBOX".to_owned()],
        done: "Voordeur/Done".to_owned(),
        unmatched: "Voordeur/Unmatched".to_owned(),
        every: Duration::from_secs(60),
        ca_file: None,
    };
    wait::until(&format!("{count} mails"), PATIENCE, || async {
        let visit = imap::visit(&mailbox, &Bookmark::default()).await.map_err(anyhow::Error::msg)?;
        let mails = visit.mails.into_iter().map(|found| String::from_utf8_lossy(&found.bytes).replace("=\r\n", ""));
        Ok(Some(mails.collect::<Vec<_>>()).filter(|mails| mails.len() >= count))
    })
    .await
}

/// What a browser is sent on to after a form of our own page.
async fn press(port: u16, path: &str, fields: &[(&str, &str)]) -> anyhow::Result<String> {
    let client = load::client()?;
    let url = format!("http://127.0.0.1:{port}{path}");
    let body = fields.iter().map(|(name, value)| format!("{name}={}", value.replace('@', "%40"))).collect::<Vec<_>>();
    let form = client.post(url).header("content-type", "application/x-www-form-urlencoded").body(body.join("&"));
    let answer = form.header("sec-fetch-site", "same-origin").send().await?;
    let to = answer.headers().get("location").and_then(|to| to.to_str().ok()).map(str::to_owned);
    match to {
        Some(to) => Ok(to),
        None => bail!("{path}: {} {}", answer.status(), answer.text().await?),
    }
}

async fn report(port: u16, category: &str, n: usize) -> anyhow::Result<()> {
    let url = format!("http://127.0.0.1:{port}/api/v1/reports");
    let body = load::submission(category, n, None);
    load::client()?.post(url).json(&body).send().await?.error_for_status()?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resident_follows_a_topic_from_the_form_to_the_mailbox() -> anyhow::Result<()> {
    let Some((_, smtp)) = server("VOORDEUR_TEST_SMTP") else { return Ok(()) };
    let dir = tempfile::tempdir()?;
    town::write(&dir.path().join("town"), "http://127.0.0.1:9/nowhere")?;
    let url = format!("sqlite:{}", dir.path().join("hub.db").display());
    let config = town::Config { database: &url, broker: None, smtp: Some(smtp) };
    let mut fleet = Fleet::new(dir.path(), &config.toml(dir.path()))?;
    let port = free_port()?;
    fleet.start("hub", "web,router,notifier,adapters", port)?;
    fleet.ready(port).await?;

    let user = format!("volger-{:x}", rand::random::<u64>());
    let address = format!("{user}@dienst.example");
    // Nobody is told before they prove the address.
    let page = press(port, "/en/follow", &[("topic", "straat"), ("address", &address)]).await?;
    report(port, "straat/queue", 1).await?;
    let mail = mails(&user, 1).await?.remove(0);
    assert!(mail.contains("Subject: Confirm your e-mail address"), "{mail}");
    assert!(!mail.contains("List-Unsubscribe"), "{mail}");
    let link = mail.split("http://voordeur.example").nth(1).context("a link")?;
    let link = link.split_whitespace().next().context("a path")?.to_owned();
    assert!(link.starts_with("/en/proven/"), "{link}");
    let opened = load::client()?.get(format!("http://127.0.0.1:{port}{link}")).send().await?;
    assert_eq!(opened.status(), 200);
    assert_eq!(mails(&user, 1).await?.len(), 1, "opening the link proves nothing");
    let choices = press(port, &link, &[]).await?;
    assert!(choices.starts_with("/en/p/"), "{choices}");
    // The code of the same message is of no use any more.
    let again = press(port, &page, &[("code", "000000")]).await;
    assert!(again.is_err(), "{again:?}");

    report(port, "straat/queue", 2).await?;
    let told = mails(&user, 2).await?;
    let news = told.iter().find(|mail| mail.contains("List-Unsubscribe:")).context("news of the topic")?;
    let case = news.split("http://voordeur.example/en/case/").nth(1).context("the page of the case")?;
    let case = format!("/en/case/{}", &case[..8]);
    let shown = load::client()?.get(format!("http://127.0.0.1:{port}{case}")).send().await?;
    assert_eq!(shown.status(), 200, "{case}");
    assert!(!shown.text().await?.contains("Report number"), "nothing that the reporter wrote");

    // Forgotten, they hear nothing more: whoever follows the same still does.
    let here = choices.trim_end_matches("?new=1");
    assert_eq!(press(port, here, &[("do", "forget"), ("sure", "yes")]).await?, "/en/forgotten");
    let gone = load::client()?.get(format!("http://127.0.0.1:{port}{here}")).send().await?;
    assert_eq!(gone.status(), 404);
    fleet.stop("hub").await
}

/// What the network of mobile telephones got for this number, once there are `count` parts.
async fn texts(log: &Path, number: &str, count: usize) -> anyhow::Result<Vec<String>> {
    wait::until(&format!("{count} text messages"), PATIENCE, || async {
        let text = std::fs::read_to_string(log)?;
        let got = text.lines().filter(|line| line.contains("Got message") && line.contains(number));
        Ok(Some(got.map(str::to_owned).collect::<Vec<_>>()).filter(|got| got.len() >= count))
    })
    .await
}

/// The last six digits that stand alone in `text`.
fn code(text: &str) -> Option<&str> {
    let mut all = text.split(|c: char| !c.is_ascii_digit());
    all.rfind(|digits| digits.len() == 6)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resident_follows_a_topic_by_text_message() -> anyhow::Result<()> {
    let Ok(sms) = std::env::var("VOORDEUR_TEST_SMS") else {
        assert!(std::env::var("VOORDEUR_TEST_ALL").is_err(), "VOORDEUR_TEST_SMS must name a server");
        return Ok(());
    };
    let Some((host, smsc)) = server("VOORDEUR_TEST_SMSC") else { return Ok(()) };
    let dir = tempfile::tempdir()?;
    town::write(&dir.path().join("town"), "http://127.0.0.1:9/nowhere")?;
    let url = format!("sqlite:{}", dir.path().join("hub.db").display());
    let config = town::Config { database: &url, broker: None, smtp: None }.toml(dir.path())
        + &format!(
            "[sms]\nprofile = \"kannel\"\nurl = \"{sms}\"\nfrom = \"Teldorp\"\nuser = \"voordeur\"\npassword = \"voordeur\"\n"
        );
    let mut fleet = Fleet::new(dir.path(), &config)?;
    let port = free_port()?;
    fleet.start("hub", "web,router,notifier,adapters", port)?;
    fleet.ready(port).await?;
    let log = dir.path().join("network.log");
    let _network = tokio::process::Command::new("/usr/lib/kannel/test/fakesmsc")
        // It wants a message to send, and sends it no time.
        .args(["-H", &host, "-r", &smsc.to_string(), "-m", "0", "32470000000 8850 text none"])
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(&log)?)
        .kill_on_drop(true)
        .spawn()?;

    let number = format!("3247{:07}", rand::random::<u32>() % 10_000_000);
    // A plus is a space in a form.
    let page = press(port, "/en/follow", &[("topic", "straat"), ("address", &format!("%2B{number}"))]).await?;
    report(port, "straat/queue", 1).await?;
    let first = texts(&log, &number, 1).await?;
    let code = code(&first[0]).with_context(|| format!("a code in {first:?}"))?;
    assert!(!first[0].contains("proven"), "a code, and no link: {first:?}");
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert!(press(port, &page, &[("code", wrong)]).await.is_err(), "a wrong code proves nothing");
    let choices = press(port, &page, &[("code", code)]).await?;
    assert!(choices.starts_with("/en/p/"), "{choices}");

    report(port, "straat/queue", 2).await?;
    let told = texts(&log, &number, 2).await?;
    assert!(told[1..].iter().any(|text| text.contains("case")), "news of the topic, with its page: {told:?}");
    fleet.stop("hub").await
}
