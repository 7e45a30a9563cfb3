//! One connection to the broker. It is never repaired: on any doubt it is dropped and another is
//! opened, by whoever needs it, with a growing pause. (lapin can recover connections by itself but
//! not channels; one mechanism for both is easier to prove.)

use super::RabbitOptions;
use futures_util::StreamExt as _;
use lapin::{
    Channel, Connection, ConnectionProperties, Error, Event, options::QueueDeclareOptions, tcp::OwnedTLSConfig,
    types::FieldTable, uri::AMQPUri,
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::task::JoinHandle;

/// Seconds between heartbeats: two missed ones end a connection that is only half there.
const HEARTBEAT: u16 = 10;

pub(crate) struct Link {
    connection: Arc<Connection>,
    blocked: Arc<Mutex<Option<String>>>,
    watch: JoinHandle<()>,
    patience: Duration,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Link(up: {})", self.is_up())
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.watch.abort();
        // lapin closes a connection only when the last of its channels is gone.
        if self.is_up()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let connection = self.connection.clone();
            runtime.spawn(async move { connection.close(200, "OK".into()).await.ok() });
        }
    }
}

/// Waits at most `patience` for an answer of the broker.
pub(crate) async fn within<T>(
    patience: Duration,
    what: &str,
    answer: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    match tokio::time::timeout(patience, answer).await {
        Ok(result) => result,
        Err(_) => Err(slow(what, patience)),
    }
}

/// The broker took too long.
pub(crate) fn slow(what: &str, patience: Duration) -> Error {
    std::io::Error::new(std::io::ErrorKind::TimedOut, format!("{what}: no answer within {patience:?}")).into()
}

impl Link {
    /// Connects, as `<name> <role>`.
    pub(crate) async fn open(options: &RabbitOptions, role: &str) -> Result<Self, Error> {
        let mut uri: AMQPUri = options.url.parse().map_err(|error| {
            std::io::Error::new(std::io::ErrorKind::InvalidInput, format!("the address of RabbitMQ: {error}"))
        })?;
        uri.query.heartbeat = Some(HEARTBEAT);
        uri.query.connection_timeout = Some(u64::try_from(options.patience.as_millis()).unwrap_or(10_000));
        let properties =
            ConnectionProperties::default().with_connection_name(format!("{} {role}", options.name).into());
        let tls = OwnedTLSConfig { cert_chain: options.ca_pem.clone(), identity: None };
        let runtime = lapin::runtime::default_runtime()?;
        let connecting = Connection::connect_uri_with_config(uri, properties, tls, runtime);
        let connection = within(options.patience, "connecting", connecting).await?;
        let blocked = Arc::new(Mutex::new(None));
        let mut events = Box::pin(connection.events_listener());
        let seen = blocked.clone();
        let watch = tokio::spawn(async move {
            while let Some(event) = events.next().await {
                let now = match event {
                    Event::ConnectionBlocked(why) => {
                        tracing::warn!(why, "the broker takes no messages now");
                        Some(why)
                    }
                    Event::ConnectionUnblocked => {
                        tracing::info!("the broker takes messages again");
                        None
                    }
                    _ => continue,
                };
                *seen.lock().unwrap_or_else(PoisonError::into_inner) = now;
            }
        });
        Ok(Self { connection: Arc::new(connection), blocked, watch, patience: options.patience })
    }

    pub(crate) fn is_up(&self) -> bool {
        self.connection.status().connected()
    }

    /// Why the broker takes no messages (a memory or disk alarm), if it says so.
    pub(crate) fn blocked(&self) -> Option<String> {
        self.blocked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) async fn channel(&self) -> Result<Own, Error> {
        Ok(Own(within(self.patience, "opening a channel", self.connection.create_channel()).await?))
    }

    /// Says goodbye; a broker that does not answer is left behind.
    pub(crate) async fn close(&self) {
        let goodbye = self.connection.close(200, "OK".into());
        if let Err(error) = within(self.patience.min(Duration::from_secs(2)), "closing", goodbye).await {
            tracing::debug!(%error, "left the broker without a goodbye");
        }
    }
}

/// A channel that is closed when it is dropped. lapin closes one only when its last consumer is
/// cancelled, and a subscription that was given up half-way (a time-out) has nobody to cancel it: its
/// messages would be parked for half an hour.
pub(crate) struct Own(Channel);

impl std::ops::Deref for Own {
    type Target = Channel;

    fn deref(&self) -> &Channel {
        &self.0
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        if self.0.status().connected()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let channel = self.0.clone();
            // An error means that it is closed already, or that the connection is.
            runtime.spawn(async move { channel.close(200, "OK".into()).await.ok() });
        }
    }
}

/// How many messages wait in `queue`; an error when it does not exist. Services only ask, they
/// never declare.
pub(crate) async fn passive(channel: &Channel, queue: &str, patience: Duration) -> Result<u32, Error> {
    let options = QueueDeclareOptions { passive: true, durable: true, ..QueueDeclareOptions::default() };
    let asking = channel.queue_declare(queue.into(), options, FieldTable::default());
    Ok(within(patience, "looking for a queue", asking).await?.message_count())
}
