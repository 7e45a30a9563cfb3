//! Carrier two: RabbitMQ carries what is ready now, the letters table keeps what waits.
//!
//! A letter is a row first. Right after the commit the [`relay`] publishes it, with confirms, and
//! its row goes with a later commit; what a crash left behind the sweeper publishes. A reader
//! ([`consume`]) acknowledges after its own commit. Whatever must wait goes back to the table, so
//! nothing is ever parked unacknowledged. Whatever comes in from outside is checked at the door
//! ([`intake`]).

pub mod asyncapi;
pub(crate) mod connection;
pub(crate) mod consume;
pub mod department;
pub(crate) mod intake;
pub(crate) mod message;
mod relay;
pub mod topology;

use crate::{carry::Board, source::ReplyTo};
use connection::Link;
use schemas::{
    letter::{Lane, Letter},
    slug::DepartmentId,
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use store::{Relay, Store};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How RabbitMQ is used.
#[derive(Clone)]
pub struct RabbitOptions {
    /// `amqp://user:password@host:5672/vhost` or `amqps://…`; the vhost is percent-encoded.
    pub url: String,
    /// What every exchange and queue name begins with.
    pub prefix: String,
    /// PEM of the authority that signed the broker's certificate, when the system does not know it.
    pub ca_pem: Option<String>,
    /// What the connections are called in the broker's own pages.
    pub name: String,
    /// Letters received and not yet acknowledged, per lane. Twice a batch keeps a loop busy.
    pub prefetch: u16,
    /// How long a posted letter is left to the relay of its own process before any sweeper may
    /// publish it.
    pub grace: Duration,
    /// How often the table is swept for letters that are ready: retries whose time has come, and
    /// what a crash left behind.
    pub sweep_every: Duration,
    /// How long the broker may take to confirm a burst, to answer a question, or to connect.
    pub patience: Duration,
    /// As [`crate::BusOptions::look_every`].
    pub look_every: Duration,
}

impl Default for RabbitOptions {
    fn default() -> Self {
        Self {
            url: "amqp://guest:guest@127.0.0.1:5672/%2f".to_owned(),
            prefix: "voordeur".to_owned(),
            ca_pem: None,
            name: "voordeur".to_owned(),
            prefetch: 512,
            grace: Duration::from_secs(10),
            sweep_every: Duration::from_secs(1),
            patience: Duration::from_secs(10),
            look_every: Duration::from_secs(1),
        }
    }
}

impl std::fmt::Debug for RabbitOptions {
    /// Without the address: it holds a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RabbitOptions({} as {})", self.prefix, self.name)
    }
}

/// The names of exchanges and queues.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    prefix: Arc<str>,
    lanes: Arc<str>,
}

impl Names {
    pub(crate) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.into(), lanes: format!("{prefix}.lanes").into() }
    }

    /// The exchange that only we may publish to.
    pub(crate) fn lanes(&self) -> &str {
        &self.lanes
    }

    /// `voordeur.<name>`.
    pub(crate) fn of(&self, name: &str) -> String {
        format!("{}.{name}", self.prefix)
    }

    /// The queue that the reader of `lane` reads; `None` for lanes that others read.
    pub(crate) fn queue(&self, lane: &Lane) -> Option<String> {
        match lane.as_str() {
            "events" | "dead" => None,
            door @ ("intake" | "updates") => Some(self.of(door)),
            lane if lane.starts_with("queue.") => None,
            lane => Some(format!("{}.lane.{lane}", self.prefix)),
        }
    }

    /// Exchange and routing key of a letter.
    pub(crate) fn route(&self, letter: &Letter) -> (String, String) {
        match letter.lane.as_str() {
            "events" => (self.of("events"), letter.subject.clone()),
            "dead" => (self.of("dead"), letter.subject.clone()),
            lane => match lane.strip_prefix("queue.") {
                Some(department) => (self.of("departments"), format!("{department}.{}", letter.subject)),
                None => (self.lanes.as_ref().to_owned(), lane.to_owned()),
            },
        }
    }
}

/// An answer to whoever asked for one.
pub(crate) struct Reply {
    pub(crate) to: ReplyTo,
    pub(crate) body: Vec<u8>,
}

/// What the relay last saw, for the health page.
#[derive(Debug, Default)]
struct Seen {
    publishing: Option<Arc<Link>>,
    trouble: Option<String>,
    running: bool,
}

pub(crate) struct Shared {
    pub(crate) options: RabbitOptions,
    pub(crate) names: Names,
    departments: Vec<DepartmentId>,
    outbox: mpsc::Sender<Vec<Letter>>,
    inbox: tokio::sync::Mutex<mpsc::Receiver<Vec<Letter>>>,
    replies: mpsc::Sender<Reply>,
    replies_in: tokio::sync::Mutex<mpsc::Receiver<Reply>>,
    consuming: tokio::sync::Mutex<Option<Arc<Link>>>,
    seen: Mutex<Seen>,
}

/// The carrier. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Rabbit(pub(crate) Arc<Shared>);

impl Rabbit {
    pub(crate) fn prefix(&self) -> &str {
        &self.0.names.prefix
    }

    pub(crate) fn new(store: &Store, options: RabbitOptions, departments: Vec<DepartmentId>) -> Self {
        // A full channel is no loss: the sweeper finds the rows. 128 batches are a second's work.
        let (outbox, inbox) = mpsc::channel(128);
        let (replies, replies_in) = mpsc::channel(4096);
        store.set_relay(Relay { grace: options.grace, sender: outbox.clone() });
        Self(Arc::new(Shared {
            names: Names::new(&options.prefix),
            options,
            departments,
            outbox,
            inbox: tokio::sync::Mutex::new(inbox),
            replies,
            replies_in: tokio::sync::Mutex::new(replies_in),
            consuming: tokio::sync::Mutex::default(),
            seen: Mutex::default(),
        }))
    }

    pub(crate) async fn run_relay(&self, store: &Store, board: &Board, stop: CancellationToken) {
        relay::run(self, store, board, stop).await;
    }

    /// The one connection that this process consumes with; made again when it is gone.
    pub(crate) async fn consuming(&self) -> Result<Arc<Link>, lapin::Error> {
        let mut slot = self.0.consuming.lock().await;
        if let Some(link) = slot.as_ref().filter(|link| link.is_up()) {
            return Ok(link.clone());
        }
        let link = Arc::new(Link::open(&self.0.options, "consuming").await?);
        *slot = Some(link.clone());
        Ok(link)
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.0.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn health(&self) -> (bool, String) {
        let seen = self.seen();
        match (&seen.publishing, &seen.trouble) {
            _ if !seen.running => (true, "RabbitMQ carries the letters; another process publishes".to_owned()),
            (Some(link), _) if link.is_up() => match link.blocked() {
                Some(why) => (false, format!("RabbitMQ takes no messages now ({why}); letters wait in the database")),
                None => (true, "RabbitMQ carries the letters".to_owned()),
            },
            (_, Some(trouble)) => (false, format!("RabbitMQ is away, letters wait in the database: {trouble}")),
            _ => (false, "RabbitMQ is away, letters wait in the database".to_owned()),
        }
    }

    /// Nothing is on its way to the broker.
    pub(crate) fn is_quiet(&self) -> bool {
        self.0.outbox.capacity() == self.0.outbox.max_capacity()
    }

    /// The messages that wait in the queues of `lanes`, by a passive question to the broker.
    pub(crate) async fn waiting(&self, lanes: impl Iterator<Item = Lane>) -> Result<u32, lapin::Error> {
        let link = self.consuming().await?;
        let channel = link.channel().await?;
        let mut waiting = 0;
        for lane in lanes {
            if let Some(queue) = self.0.names.queue(&lane) {
                waiting += connection::passive(&channel, &queue, self.0.options.patience).await?;
            }
        }
        Ok(waiting)
    }

    /// Answers `to`, soon; an answer is a courtesy and may be lost.
    pub(crate) fn reply(&self, to: &ReplyTo, body: Vec<u8>) {
        if self.0.replies.try_send(Reply { to: to.clone(), body }).is_err() {
            tracing::debug!("an answer is lost: too many wait for the broker");
        }
    }
}
