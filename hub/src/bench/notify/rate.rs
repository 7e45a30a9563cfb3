//! Messages per second of one process: events lie in the planner's lane, and become notices, messages and
//! records. The raw limit sends one ready message again and again over as many connections.

use super::{
    ground::{Ground, mail_to, texts_to},
    sinks::Sink,
};
use crate::bench::{Row, Run, median};
use anyhow::ensure;
use futures_util::future::try_join_all;
use lettre::{
    Address,
    address::Envelope,
    transport::smtp::{client::AsyncSmtpConnection, extension::ClientId},
};
use schemas::report::Tell;
use serde_json::json;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

/// Connections of the mail sender, as a new configuration has it.
const CONNECTIONS: usize = 4;
/// Text messages in the air, as a new configuration has it.
const AT_ONCE: usize = 4;

/// Mails and text messages per second.
pub async fn rows(quick: bool) -> anyhow::Result<Vec<Row>> {
    let (count, rounds) = if quick { (1_000, 1) } else { (5_000, 3) };
    let (mut mails, mut raw_mails, mut texts, mut raw_texts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        raw_mails.push(mails_raw(count, CONNECTIONS).await?);
        let sink = Sink::default();
        let config = json!({"mail": mail_to(&sink, CONNECTIONS).await?});
        mails.push(product(&sink, &config, "mail", Tell::Email, count).await?);

        raw_texts.push(texts_raw(count, AT_ONCE).await?);
        let sink = Sink::default();
        let config = json!({"sms": [texts_to(&sink, AT_ONCE).await?], "http": {"private_networks": ["127.0.0.1"]}});
        texts.push(product(&sink, &config, "sms", Tell::Sms, count).await?);
    }
    Ok(vec![
        Row::beside("notify: mails, planned and sent", median(mails), "mails/s", median(raw_mails), ""),
        Row::beside("notify: text messages, planned and sent", median(texts), "messages/s", median(raw_texts), ""),
    ])
}

/// Plans and sends `count` notices at the same time.
async fn product(
    sink: &Sink,
    config: &serde_json::Value,
    sender: &str,
    tell: Tell,
    count: usize,
) -> anyhow::Result<f64> {
    let ground = Ground::open(config).await?;
    ground.fill(count, tell).await?;
    let stop = CancellationToken::new();
    let run = Run::start();
    let (planning, sending) = (ground.plan(&stop).await?, ground.send(sender, &stop).await?);
    sink.wait_for(count).await;
    stop.cancel();
    planning.await?;
    sending.await?;
    let run = run.end(count);
    ensure!(ground.sent().await? == count, "not every message was recorded");
    ensure!(sink.taken() == count, "the other side has {} messages instead of {count}", sink.taken());
    ground.close().await;
    Ok(run.rate)
}

/// `count` times one ready mail over so many connections without Nagle's delay, per second.
pub(in crate::bench) async fn mails_raw(count: usize, connections: usize) -> anyhow::Result<f64> {
    let sink = Sink::default();
    let port = sink.mail().await?;
    let hello = ClientId::Domain("bench.example".to_owned());
    let (from, to): (Address, Address) = ("door@voordeur.example".parse()?, "ann@inbox.example".parse()?);
    let envelope = Envelope::new(Some(from), vec![to])?;
    let mail = format!(
        "From: door@voordeur.example\r\nTo: ann@inbox.example\r\nSubject: Your report\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n{}",
        "This is one line of a mail that is about as long as a notice.\r\n".repeat(60)
    );
    let mut open = Vec::with_capacity(connections);
    for _ in 0..connections {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        open.push(AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello).await?);
    }
    let each = count / connections;
    let run = Run::start();
    let sending = open.into_iter().map(|mut connection| {
        let (envelope, mail) = (envelope.clone(), mail.clone());
        tokio::spawn(async move {
            for _ in 0..each {
                connection.send(&envelope, mail.as_bytes()).await?;
            }
            anyhow::Ok(())
        })
    });
    for sent in try_join_all(sending).await? {
        sent?;
    }
    let run = run.end(each * connections);
    ensure!(sink.taken() == each * connections, "the sink counted otherwise");
    Ok(run.rate)
}

/// `count` times one ready call over so many connections that stay open, per second.
async fn texts_raw(count: usize, at_once: usize) -> anyhow::Result<f64> {
    let sink = Sink::default();
    let words = "This+is+a+text+message+about+as+long+as+a+notice.+".repeat(3);
    let url = format!(
        "http://127.0.0.1:{}/cgi-bin/sendsms?username=bench&password=bench&from=Bench&to=%2B32470000000&text={words}",
        sink.gateway().await?
    );
    let client = reqwest::Client::builder().no_proxy().build()?;
    let each = count / at_once;
    let run = Run::start();
    let calling = (0..at_once).map(|_| {
        let (client, url) = (client.clone(), url.clone());
        tokio::spawn(async move {
            for _ in 0..each {
                client.get(&url).send().await?.bytes().await?;
            }
            anyhow::Ok(())
        })
    });
    for called in try_join_all(calling).await? {
        called?;
    }
    let run = run.end(each * at_once);
    ensure!(sink.taken() == each * at_once, "the sink counted otherwise");
    Ok(run.rate)
}
