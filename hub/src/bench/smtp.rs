//! Mails over one connection to a local sink: the raw limit sends one ready mail again and again,
//! this build renders, sends and records notices.

use super::{Row, Run, decide, median};
use anyhow::{Context as _, ensure};
use bus::{Bus, BusOptions, LaneSettings};
use lettre::{
    Address,
    address::Envelope,
    transport::smtp::{client::AsyncSmtpConnection, extension::ClientId},
};
use notifier::{NoticeLinks, PlanWorker, SendWorker, SenderConfig, Senders, Templates};
use schemas::{city::City, id::derived, letter::Lane, report::Contact, trace::Trace};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::Notify,
};
use tokio_util::sync::CancellationToken;

/// A mail server that takes everything and keeps nothing.
#[derive(Clone, Default)]
struct Sink {
    taken: Arc<AtomicUsize>,
    news: Arc<Notify>,
}

impl Sink {
    async fn listen(&self) -> anyhow::Result<u16> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let sink = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _peer)) = listener.accept().await {
                let sink = sink.clone();
                // A sender that goes away in the middle ends its own conversation only.
                tokio::spawn(async move { sink.converse(stream).await });
            }
        });
        Ok(port)
    }

    async fn converse(&self, stream: TcpStream) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::with_capacity(64 * 1024, read);
        let mut line = Vec::new();
        let mut in_data = false;
        write.write_all(b"220 sink.example ESMTP\r\n").await?;
        loop {
            line.clear();
            if lines.read_until(b'\n', &mut line).await? == 0 {
                return Ok(());
            }
            let answer: &[u8] = if in_data {
                if line != b".\r\n" {
                    continue;
                }
                in_data = false;
                self.taken.fetch_add(1, Ordering::Relaxed);
                self.news.notify_waiters();
                b"250 taken\r\n"
            } else {
                match line.get(..4).map(<[u8]>::to_ascii_uppercase).as_deref() {
                    Some(b"EHLO") => b"250-sink.example\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
                    Some(b"DATA") => {
                        in_data = true;
                        b"354 go on\r\n"
                    }
                    Some(b"QUIT") => b"221 bye\r\n",
                    _ => b"250 ok\r\n",
                }
            };
            write.write_all(answer).await?;
        }
    }

    async fn wait_for(&self, count: usize) {
        loop {
            let news = self.news.notified();
            if self.taken.load(Ordering::Relaxed) >= count {
                return;
            }
            news.await;
        }
    }
}

/// Mails per second over one connection.
pub async fn rows(quick: bool) -> anyhow::Result<Vec<Row>> {
    let (count, rounds) = if quick { (1_000, 1) } else { (5_000, 3) };
    let (mut value, mut raw) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        raw.push(raw_loop(count).await?);
        value.push(product(count).await?);
    }
    Ok(vec![Row::beside("smtp, one connection", median(value), "mails/s", median(raw), ">= 0.5")])
}

async fn raw_loop(count: usize) -> anyhow::Result<f64> {
    let sink = Sink::default();
    let stream = TcpStream::connect(("127.0.0.1", sink.listen().await?)).await?;
    stream.set_nodelay(true)?;
    let hello = ClientId::Domain("bench.example".to_owned());
    let mut connection = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello).await?;
    let (from, to): (Address, Address) = ("door@voordeur.example".parse()?, "ann@inbox.example".parse()?);
    let envelope = Envelope::new(Some(from), vec![to])?;
    let mail = format!(
        "From: door@voordeur.example\r\nTo: ann@inbox.example\r\nSubject: Your report\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n{}",
        "This is one line of a mail that is about as long as a notice.\r\n".repeat(60)
    );
    let run = Run::start();
    for _ in 0..count {
        connection.send(&envelope, mail.as_bytes()).await?;
    }
    let run = run.end(count);
    ensure!(sink.taken.load(Ordering::Relaxed) == count, "the sink counted otherwise");
    Ok(run.rate)
}

async fn product(count: usize) -> anyhow::Result<f64> {
    let dir = tempfile::tempdir()?;
    let clock = crate::clock::real();
    let ids = crate::clock::ids(&clock);
    let url = format!("sqlite:{}", dir.path().join("hub.db").display());
    let store = store::Store::open(&url, store::Options { clock, ids, publish_events: false }).await?;
    store.migrate().await?;
    let city = Arc::new(decide::read(City::read(decide::files(100, decide::Asking::Little)))?);
    let templates = Arc::new(decide::read(Templates::read(&city))?);
    let sink = Sink::default();
    let port = sink.listen().await?;
    let config: SenderConfig = serde_json::from_value(serde_json::json!({
        "mail": {"host": "127.0.0.1", "port": port, "tls": "none", "max_connections": 1, "max_mails_per_connection": u32::MAX}
    }))?;
    let links = NoticeLinks::open(&store, "http://127.0.0.1:1777").await?;
    let senders = Senders::build(&config, &city, &store, &links).map_err(anyhow::Error::msg)?;
    let bus = Bus::table(store.clone(), BusOptions::default());

    let references = store.references(count).await?;
    for (start, chunk) in references.chunks(256).enumerate() {
        let reports: Vec<store::NewReport> = chunk
            .iter()
            .enumerate()
            .map(|(n, reference)| {
                let n = start * 256 + n;
                let mut report = decide::report(n);
                report.id = derived(&["bench mail", &n.to_string()]);
                report.reference = *reference;
                report.token = format!("token-{n}");
                report.tell = schemas::report::Tell::Email;
                report.received_at = store.clock().now();
                let email = Some(format!("person-{n}@inbox.example"));
                store::NewReport {
                    report,
                    contact: Some(Contact { email, ..Contact::default() }),
                    digest: String::new(),
                    route: false,
                    trace: Trace::start(),
                }
            })
            .collect();
        let mut tx = store.begin().await?;
        tx.accept(&reports).await?;
        tx.commit().await?;
    }
    let planning = CancellationToken::new();
    let plan = PlanWorker::new(store.clone(), city.clone(), senders.names(), templates.clone()).await?;
    let plan = Arc::new(plan);
    let planner = tokio::spawn({
        let (bus, stop) = (bus.clone(), planning.clone());
        async move { bus.run_effects(Lane::notifier(), plan, LaneSettings::default(), stop).await }
    });
    while store.count().await?.notices.values().sum::<u64>() < count as u64 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    planning.cancel();
    planner.await?;

    let sender = senders.get("mail").context("mail is set up")?;
    let worker = Arc::new(SendWorker::new(store.clone(), city, templates, "http://127.0.0.1:1777", sender).await?);
    let stop = CancellationToken::new();
    let run = Run::start();
    let sending = tokio::spawn({
        let (bus, stop) = (bus.clone(), stop.clone());
        let settings = LaneSettings { concurrency: 16, ..LaneSettings::default() };
        async move { bus.run_edge(Lane::sender("mail"), worker, settings, stop).await }
    });
    sink.wait_for(count).await;
    stop.cancel();
    sending.await?;
    let run = run.end(count);
    ensure!(store.count().await?.notices.get("sent") == Some(&(count as u64)), "not every mail was recorded");
    senders.close().await;
    store.close().await;
    Ok(run.rate)
}
