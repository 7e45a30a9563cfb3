//! Departments that count what arrives: one behind a webhook, one that consumes its own queue.

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use futures_util::StreamExt as _;
use lapin::{
    Connection, ConnectionProperties,
    options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions},
    types::FieldTable,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// How often each id arrived.
#[derive(Debug, Clone, Default)]
pub struct Arrivals(Arc<Mutex<HashMap<String, usize>>>);

impl Arrivals {
    fn note(&self, id: &str) -> usize {
        let mut arrived = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let times = arrived.entry(id.to_owned()).or_default();
        *times += 1;
        *times
    }

    /// How many different ids arrived.
    pub fn distinct(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// How many arrivals were repeats of an id that had arrived before.
    pub fn repeats(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().map(|times| times - 1).sum()
    }

    /// The ids.
    pub fn ids(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }
}

/// A department behind a webhook that now and then accepts the work and then says nothing.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// What arrived, by `Idempotency-Key`.
    pub arrivals: Arrivals,
    /// Each so many new arrivals are taken and answered only after this long.
    mute: Option<(usize, Duration)>,
}

impl Webhook {
    /// Listens on a free port until `stop`; returns the department and its address.
    pub async fn listen(mute: Option<(usize, Duration)>, stop: CancellationToken) -> anyhow::Result<(Self, String)> {
        Self::listen_on(0, mute, stop).await
    }

    /// As [`Webhook::listen`], on a port that was free.
    pub async fn listen_on(
        port: u16,
        mute: Option<(usize, Duration)>,
        stop: CancellationToken,
    ) -> anyhow::Result<(Self, String)> {
        let webhook = Self { arrivals: Arrivals::default(), mute };
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
        let url = format!("http://{}/work", listener.local_addr()?);
        let app = Router::new().route("/work", post(work)).with_state(webhook.clone());
        tokio::spawn(async move { axum::serve(listener, app).with_graceful_shutdown(stop.cancelled_owned()).await });
        Ok((webhook, url))
    }
}

async fn work(State(webhook): State<Webhook>, headers: HeaderMap, _body: Bytes) -> (StatusCode, String) {
    let Some(key) = headers.get("idempotency-key").and_then(|value| value.to_str().ok()) else {
        return (StatusCode::BAD_REQUEST, "no Idempotency-Key".to_owned());
    };
    let times = webhook.arrivals.note(key);
    if let Some((every, how_long)) = webhook.mute
        && times == 1
        && webhook.arrivals.distinct().is_multiple_of(every)
    {
        tokio::time::sleep(how_long).await;
    }
    (StatusCode::OK, format!("{{\"receipt\":\"W-{key}\"}}"))
}

/// Consumes the queue of `department` until `stop`, through broker restarts, and counts message
/// ids.
pub fn consume(url: String, queue: String, stop: CancellationToken) -> Arrivals {
    let arrivals = Arrivals::default();
    let counted = arrivals.clone();
    tokio::spawn(async move {
        while !stop.is_cancelled() {
            // Whatever went wrong, a consumer connects again.
            let _ended = stop.run_until_cancelled(consume_once(&url, &queue, &counted)).await;
            let _paused = stop.run_until_cancelled(tokio::time::sleep(Duration::from_millis(200))).await;
        }
    });
    arrivals
}

/// A broker that is killed in the middle of a greeting says nothing more, and nothing ends. Whoever hears
/// nothing for so long connects again.
const HEARS_NOTHING: Duration = Duration::from_secs(5);

async fn consume_once(url: &str, queue: &str, arrivals: &Arrivals) -> anyhow::Result<()> {
    let subscribe = async {
        let connection = Connection::connect(url, ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        channel.basic_qos(256, BasicQosOptions::default()).await?;
        let options = BasicConsumeOptions::default();
        let consumer = channel.basic_consume(queue.into(), "".into(), options, FieldTable::default()).await?;
        anyhow::Ok((connection, consumer))
    };
    let (connection, mut consumer) = tokio::time::timeout(HEARS_NOTHING, subscribe).await??;
    while let Ok(Some(delivery)) = tokio::time::timeout(HEARS_NOTHING, consumer.next()).await {
        let delivery = delivery?;
        let id = delivery.properties.message_id().as_ref().map(ToString::to_string).unwrap_or_default();
        arrivals.note(&id);
        delivery.acker.ack(BasicAckOptions::default()).await?;
    }
    // What was sent to a consumer that is left behind would be parked with it.
    tokio::time::timeout(Duration::from_secs(1), connection.close(200, "OK".into())).await??;
    Ok(())
}
