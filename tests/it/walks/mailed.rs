//! Residents write to the city: through Postfix into Dovecot, from where a hub reads it when it comes, and through Postfix
//! straight into a hub, also one that is killed in between. Counted is what arrived.

use anyhow::{Context as _, ensure};
use serde_json::Value;
use sqlx::Connection as _;
use std::{path::Path, time::Duration};
use tests::{
    fleet::{Fleet, free_port},
    town, wait,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

const SOON: Duration = Duration::from_secs(90);

fn server(variable: &str) -> anyhow::Result<Option<String>> {
    let named = std::env::var(variable).ok();
    ensure!(named.is_some() || std::env::var("VOORDEUR_TEST_ALL").is_err(), "{variable} must name a server");
    Ok(named)
}

/// Reads one answer of SMTP, which may have several lines (RFC 5321 §4.2.1).
async fn answer(line: &mut BufReader<TcpStream>) -> anyhow::Result<String> {
    loop {
        let mut said = String::new();
        ensure!(line.read_line(&mut said).await? > 0, "the mail server hung up");
        if said.as_bytes().get(3) != Some(&b'-') {
            ensure!(said.starts_with(['2', '3']), "{said}");
            return Ok(said);
        }
    }
}

/// Hands a mail to Postfix, as a mail program does.
async fn submit(smtp: &str, from: &str, to: &str, id: &str, head: &str, words: &str) -> anyhow::Result<()> {
    let mut line = BufReader::new(TcpStream::connect(smtp).await?);
    answer(&mut line).await?;
    let mail = format!(
        "Message-ID: <{id}>\r\nFrom: <{from}>\r\nTo: <{to}>\r\nDate: Mon, 30 Nov 2026 10:00:00 +0100\r\n{head}\r\n{words}\r\n."
    );
    let commands =
        ["EHLO resident.example", &format!("MAIL FROM:<{from}>"), &format!("RCPT TO:<{to}>"), "DATA", &mail, "QUIT"];
    for command in commands {
        line.get_mut().write_all(format!("{command}\r\n").as_bytes()).await?;
        answer(&mut line).await?;
    }
    Ok(())
}

/// Everything in the mailbox of `user`, as IMAP (RFC 3501) gives it, and how many mails there are.
async fn mailbox(imap: &str, user: &str) -> anyhow::Result<(usize, String)> {
    let mut lines = BufReader::new(TcpStream::connect(imap).await?);
    let mut all = String::new();
    for (n, command) in
        [format!("LOGIN {user} geheim"), "SELECT INBOX".into(), "FETCH 1:* BODY[]".into()].iter().enumerate()
    {
        lines.get_mut().write_all(format!("a{n} {command}\r\n").as_bytes()).await?;
        all.clear();
        loop {
            let mut line = Vec::new();
            ensure!(lines.read_until(b'\n', &mut line).await? > 0, "the mailbox hung up");
            let line = String::from_utf8_lossy(&line).into_owned();
            let is_end = line.starts_with(&format!("a{n} "));
            all += &line;
            if is_end {
                break;
            }
        }
    }
    // Text breaks off with `=` at the end of a line (RFC 2045 §6.7).
    let all = all.replace("=\r\n", "").replace("=C2=A0", "");
    Ok((all.matches("\r\nMessage-ID:").count() + all.matches("\r\nMessage-Id:").count(), all))
}

/// The eight digits of the acknowledgement.
fn reference(mail: &str) -> Option<String> {
    let (_, rest) = mail.split_once("Uw nummer:")?;
    let plain: String = rest.chars().filter(|c| !c.is_whitespace() && *c != '\u{a0}').take(8).collect();
    (plain.len() == 8 && plain.bytes().all(|b| b.is_ascii_digit())).then_some(plain)
}

/// What happened to the case, as `notices why` knows it.
fn events(fleet: &Fleet, reference: &str) -> anyhow::Result<Vec<String>> {
    let said: Value = serde_json::from_str(&fleet.run(&["notices", "why", reference, "--json"])?)?;
    let events = said["events"].as_array().context("events")?.iter();
    Ok(events.map(|one| one["event"]["what"].as_str().unwrap_or_default().to_owned()).collect())
}

/// How many rows `sql` counts in the hub's file.
async fn count(file: &Path, sql: &'static str) -> anyhow::Result<i64> {
    let mut db = sqlx::SqliteConnection::connect(&format!("sqlite:{}?mode=ro", file.display())).await?;
    Ok(sqlx::query_scalar(sql).fetch_one(&mut db).await?)
}

const REPORTS: &str = "SELECT count(*) FROM report WHERE channel = 'email'";

#[tokio::test(flavor = "multi_thread")]
async fn mails_become_cases_whichever_way_they_come() -> anyhow::Result<()> {
    let (Some(smtp), Some(imap)) = (server("VOORDEUR_TEST_SMTP")?, server("VOORDEUR_TEST_IMAP")?) else {
        return Ok(());
    };
    // Mail for `door1.example` is handed over there.
    let Ok(lmtp) = std::env::var("VOORDEUR_TEST_LMTP") else { return Ok(()) };
    let port_of = |server: &str| server.rsplit_once(':').map(|(_, port)| port.to_owned()).context("host:port");
    let dir = tempfile::tempdir()?;
    town::write(&dir.path().join("town"), "http://127.0.0.1:9/nowhere")?;
    let file = dir.path().join("hub.db");
    let (port, one) = (free_port()?, format!("{:x}", rand::random::<u32>()));
    let config = town::Config { database: &format!("sqlite:{}", file.display()), broker: None, smtp: None };
    // Nobody looks into the mailbox within the hour: what comes is told.
    let toml = config.toml(dir.path())
        + &format!(
            "[mail]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nfrom = \"meldpunt@stad.example\"\n\
             [mailbox]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nuser = \"stad-{one}\"\npassword = \"geheim\"\n\
             address = \"stad-{one}@stad.example\"\nevery_seconds = 3600\n\
             [lmtp]\nlisten = \"{lmtp}\"\naddresses = [\"meldpunt@door1.example\"]\n[mail_door]\n",
            port_of(&smtp)?,
            port_of(&imap)?,
        );
    let mut fleet = Fleet::new(dir.path(), &toml)?;
    fleet.start("hub", "web,router,notifier,adapters", port)?;
    fleet.ready(port).await?;

    let ways = [("an", format!("stad-{one}@stad.example")), ("bob", "meldpunt@door1.example".to_owned())];
    let mut references = Vec::new();
    for (name, to) in &ways {
        let (user, from) = (format!("{name}-{one}"), format!("{name}-{one}@inbox.example"));
        let id = format!("first-{name}-{one}@inbox.example");
        submit(&smtp, &from, to, &id, "Subject: Put\r\n", "Er ligt een put in onze straat.").await?;
        let mail = wait::until("the acknowledgement", SOON, || async {
            let (_, all) = mailbox(&imap, &user).await?;
            Ok(reference(&all).map(|reference| (reference, all)))
        })
        .await?;
        let (reference, all) = mail;
        let reply_to = all.lines().find_map(|line| line.strip_prefix("Reply-To: ")).context("a reply address")?;
        ensure!(reply_to.contains(&format!("stad-{one}+")), "{reply_to}");
        // What they answer joins their case; the same mail once more does not.
        let words = "Het is aan de linkerkant.";
        for _ in 0..2 {
            let id = format!("answer-{name}-{one}@inbox.example");
            submit(&smtp, &from, reply_to.trim().trim_matches(['<', '>']), &id, "Subject: Re: Put\r\n", words).await?;
        }
        // And so does a new mail in the same conversation, to the first address.
        let head = format!("Subject: Re: Put\r\nIn-Reply-To: <{id}>\r\n");
        submit(&smtp, &from, to, &format!("more-{name}-{one}@inbox.example"), &head, "En het is diep.").await?;
        wait::until("both answers", SOON, || async {
            let replied = events(&fleet, &reference)?.iter().filter(|what| *what == "replied").count();
            ensure!(replied <= 2, "{replied} answers");
            Ok((replied == 2).then_some(()))
        })
        .await?;
        references.push(reference);
    }
    ensure!(references[0] != references[1], "two cases");
    // Both answered what only their address was sent; a mail from an address alone shows nothing.
    ensure!(count(&file, "SELECT count(*) FROM contact_proof WHERE way = 'email'").await? == 2, "two proven addresses");
    // A program that answers: nothing is made of it, and nothing goes back.
    let (_, to) = &ways[1];
    let robot = format!("robot-{one}@inbox.example");
    let head = "Subject: Re: Put\r\nAuto-Submitted: auto-replied\r\n";
    submit(&smtp, &robot, to, &format!("robot-{one}@inbox.example"), head, "Ik ben er niet.").await?;
    let from = format!("carl-{one}@inbox.example");
    submit(&smtp, &from, to, &format!("last-{one}@inbox.example"), "Subject: Lamp\r\n", "De lamp is stuk.").await?;
    wait::until("the last report", SOON, || async { Ok((count(&file, REPORTS).await? == 3).then_some(())) }).await?;
    let spool = "SELECT count(*) FROM mail_spool";
    wait::until("an empty spool", SOON, || async { Ok((count(&file, spool).await? == 0).then_some(())) }).await?;
    ensure!(mailbox(&imap, &format!("robot-{one}")).await?.0 == 0, "a program was answered");
    fleet.stop("hub").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_is_killed_loses_and_doubles_no_mail() -> anyhow::Result<()> {
    const MAILS: usize = 40;
    let Some(smtp) = server("VOORDEUR_TEST_SMTP")? else { return Ok(()) };
    let Ok(lmtp) = std::env::var("VOORDEUR_TEST_LMTP_2") else { return Ok(()) };
    let dir = tempfile::tempdir()?;
    town::write(&dir.path().join("town"), "http://127.0.0.1:9/nowhere")?;
    let file = dir.path().join("hub.db");
    let (port, one) = (free_port()?, format!("{:x}", rand::random::<u32>()));
    let config = town::Config { database: &format!("sqlite:{}", file.display()), broker: None, smtp: None };
    let address = "meldpunt@door2.example";
    let toml =
        config.toml(dir.path()) + &format!("[lmtp]\nlisten = \"{lmtp}\"\naddresses = [\"{address}\"]\n[mail_door]\n");
    let mut fleet = Fleet::new(dir.path(), &toml)?;
    fleet.start("hub", "web,router,notifier,adapters", port)?;
    fleet.ready(port).await?;
    for n in 0..MAILS {
        let (from, id) = (format!("r{n}-{one}@inbox.example"), format!("{n}-{one}@inbox.example"));
        submit(&smtp, &from, address, &id, "Subject: Put\r\n", &format!("Put nummer {n} in de straat.")).await?;
        if n % 10 == 9 && n < MAILS - 1 {
            // In the middle of whatever it is doing.
            fleet.kill("hub")?;
            fleet.restart("hub")?;
            fleet.ready(port).await?;
        }
    }
    let all = i64::try_from(MAILS)?;
    wait::until("every report", SOON, || async { Ok((count(&file, REPORTS).await? >= all).then_some(())) }).await?;
    let spool = "SELECT count(*) FROM mail_spool";
    wait::until("an empty spool", SOON, || async { Ok((count(&file, spool).await? == 0).then_some(())) }).await?;
    ensure!(count(&file, REPORTS).await? == all, "each mail once");
    let different = "SELECT count(DISTINCT words) FROM report WHERE channel = 'email'";
    ensure!(count(&file, different).await? == all, "and no other");
    fleet.stop("hub").await?;
    Ok(())
}
