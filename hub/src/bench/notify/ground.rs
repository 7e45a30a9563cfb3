//! A hub with nothing but its notifier, on SQLite, whose other side is a [`Sink`].

use super::sinks::{Sink, mail_of, number_of};
use crate::bench::decide;
use anyhow::Context as _;
use bus::{Bus, BusOptions, LaneSettings};
use notifier::{NoticeLinks, PlanWorker, SendWorker, SenderConfig, Senders, Templates};
use schemas::{
    city::City,
    id::derived,
    letter::Lane,
    reference::Reference,
    report::{Contact, Tell},
    trace::Trace,
};
use std::sync::Arc;
use store::{NewReport, Store};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Where residents would look.
const URL: &str = "http://127.0.0.1:1777";

/// The notifier.
pub struct Ground {
    pub store: Store,
    pub city: Arc<City>,
    templates: Arc<Templates>,
    pub senders: Senders,
    bus: Bus,
    _dir: tempfile::TempDir,
}

impl Ground {
    /// A notifier with these senders, on a database of its own.
    pub async fn open(config: &serde_json::Value) -> anyhow::Result<Self> {
        let dir = tempfile::tempdir()?;
        let clock = crate::clock::real();
        let ids = crate::clock::ids(&clock);
        let url = format!("sqlite:{}", dir.path().join("hub.db").display());
        let store = Store::open(&url, store::Options { clock, ids, publish_events: false }).await?;
        store.migrate().await?;
        let city = Arc::new(decide::read(City::read(decide::files(100, decide::Asking::Little)))?);
        let templates = Arc::new(decide::read(Templates::read(&city))?);
        let config = serde_json::from_value::<SenderConfig>(config.clone())?;
        let links = NoticeLinks::open(&store, URL).await?;
        let senders = Senders::build(&config, &city, &store, &links).map_err(anyhow::Error::msg)?;
        let bus = Bus::table(store.clone(), BusOptions::default());
        Ok(Self { store, city, templates, senders, bus, _dir: dir })
    }

    /// `count` reports of people who want to be told as `tell` says, each with its event in the planner's lane.
    pub async fn fill(&self, count: usize, tell: Tell) -> anyhow::Result<()> {
        let references = self.store.references(count).await?;
        for (start, chunk) in references.chunks(256).enumerate() {
            let one = |(n, reference): (usize, &Reference)| self.report(start * 256 + n, *reference, tell);
            let reports: Vec<NewReport> = chunk.iter().enumerate().map(one).collect();
            let mut tx = self.store.begin().await?;
            tx.accept(&reports).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// The report of person `n`; storing it tells them that the city has it.
    pub fn report(&self, n: usize, reference: Reference, tell: Tell) -> NewReport {
        let mut report = decide::report(n);
        report.id = derived(&["bench mail", &n.to_string()]);
        report.reference = reference;
        report.token = format!("token-{n}");
        report.tell = tell;
        report.received_at = self.store.clock().now();
        let email = (tell == Tell::Email).then(|| mail_of(n));
        let phone = (tell == Tell::Sms).then(|| number_of(n));
        NewReport {
            report,
            contact: Some(Contact { email, phone, ..Contact::default() }),
            digest: String::new(),
            route: false,
            trace: Trace::start(),
            noticed: store::Noticed::default(),
        }
    }

    /// Plans until `stop`.
    pub async fn plan(&self, stop: &CancellationToken) -> anyhow::Result<JoinHandle<()>> {
        let (store, city, templates) = (self.store.clone(), self.city.clone(), self.templates.clone());
        let worker = Arc::new(PlanWorker::new(store, city, self.senders.names(), templates).await?);
        let (bus, stop) = (self.bus.clone(), stop.clone());
        Ok(tokio::spawn(async move { bus.run_effects(Lane::notifier(), worker, LaneSettings::default(), stop).await }))
    }

    /// Sends what is planned for the sender of this name until `stop`.
    pub async fn send(&self, name: &str, stop: &CancellationToken) -> anyhow::Result<JoinHandle<()>> {
        let sender = self.senders.get(name).with_context(|| format!("{name} is not set up"))?;
        let settings = sender.lane();
        let (store, city, templates) = (self.store.clone(), self.city.clone(), self.templates.clone());
        let worker = Arc::new(SendWorker::new(store, city, templates, URL, sender).await?);
        let (bus, stop, lane) = (self.bus.clone(), stop.clone(), Lane::sender(name));
        Ok(tokio::spawn(async move { bus.run_edge(lane, worker, settings, stop).await }))
    }

    /// How many notices were handed over, as the store has it.
    pub async fn sent(&self) -> anyhow::Result<usize> {
        let counts = self.store.count().await?;
        Ok(counts.notices.get("sent").map_or(0, |sent| usize::try_from(*sent).unwrap_or(usize::MAX)))
    }

    /// Says goodbye to the other side and closes the database.
    pub async fn close(self) {
        self.senders.close().await;
        self.store.close().await;
    }
}

/// Mail over so many connections to `sink`.
pub async fn mail_to(sink: &Sink, connections: usize) -> anyhow::Result<serde_json::Value> {
    Ok(serde_json::json!({
        "host": "127.0.0.1", "port": sink.mail().await?, "tls": "none", "max_connections": connections,
        "max_mails_per_connection": u32::MAX,
    }))
}

/// A gateway that takes so many text messages at once, and lets its receipts be waited for.
pub async fn texts_to(sink: &Sink, at_once: usize) -> anyhow::Result<serde_json::Value> {
    Ok(serde_json::json!({
        "profile": "kannel", "url": format!("http://127.0.0.1:{}", sink.gateway().await?), "from": "Bench",
        "user": "bench", "password": "bench", "at_once": at_once, "price_per_part": 0.065, "public_url": URL,
        "hook_secret": "a-secret-of-the-bench-alone",
    }))
}
