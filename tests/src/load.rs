//! Strangers that report: over HTTP and over RabbitMQ, stubborn as good clients are, and keeping
//! count of what was accepted.

use anyhow::{Context as _, bail};
use lapin::{
    BasicProperties, Confirmation, Connection, ConnectionProperties,
    options::{BasicPublishOptions, ConfirmSelectOptions},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// An HTTP client for tests: short time-outs, no redirects followed.
pub fn client() -> anyhow::Result<reqwest::Client> {
    Ok(reqwest::Client::builder()
        .timeout(Duration::from_secs(10))
        .redirect(reqwest::redirect::Policy::none())
        .build()?)
}

/// A submission in `category`, told by mail when `email` is given.
pub fn submission(category: &str, n: usize, email: Option<&str>) -> serde_json::Value {
    let mut body = serde_json::json!({
        "category": category, "words": format!("Report number {n}: the pavement is loose here."),
        "place": {"address": format!("Marktplein {n}")}, "language": "nl",
    });
    if let Some(email) = email {
        body["contact"] = serde_json::json!({"email": email});
        body["tell"] = "email".into();
    }
    body
}

/// What a batch of reports is: how many, to which category, told to whom.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Makes ids unique across batches.
    pub name: String,
    /// How many reports.
    pub count: usize,
    /// How many at once.
    pub callers: usize,
    /// Their category.
    pub category: String,
    /// Whether each has an address of its own to be told at.
    pub told: bool,
    /// How long a client keeps trying one report.
    pub patience: Duration,
}

impl Batch {
    fn email(&self, n: usize) -> Option<String> {
        self.told.then(|| format!("{}-{n}@inbox.example", self.name))
    }
}

/// Sends `batch` by `POST /api/v1/reports` to `ports` in turn, each report until it is accepted,
/// with its own `Idempotency-Key`. Returns the references, in order.
pub async fn over_http(ports: &[u16], batch: &Batch) -> anyhow::Result<Vec<String>> {
    let client = client()?;
    let next = Arc::new(AtomicUsize::new(0));
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..batch.callers {
        let (client, next, batch, ports) = (client.clone(), next.clone(), batch.clone(), ports.to_vec());
        callers.spawn(async move {
            let mut accepted = Vec::new();
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= batch.count {
                    return anyhow::Ok(accepted);
                }
                accepted.push((n, one_over_http(&client, &ports, &batch, n).await?));
            }
        });
    }
    let mut all = Vec::new();
    while let Some(done) = callers.join_next().await {
        all.extend(done??);
    }
    all.sort();
    Ok(all.into_iter().map(|(_, reference)| reference).collect())
}

async fn one_over_http(client: &reqwest::Client, ports: &[u16], batch: &Batch, n: usize) -> anyhow::Result<String> {
    let body = submission(&batch.category, n, batch.email(n).as_deref());
    let start = Instant::now();
    let mut attempt = n;
    loop {
        attempt += 1;
        let url = format!("http://127.0.0.1:{}/api/v1/reports", ports[attempt % ports.len()]);
        let sent = client
            .post(url)
            .header("Idempotency-Key", format!("{}-{n}", batch.name))
            .header("Content-Type", "application/json")
            .body(body.to_string())
            .send()
            .await;
        match sent {
            Ok(answer) if answer.status().is_success() => {
                // A reply cut in half is no reply: ask again with the same key.
                if let Ok(body) = answer.json::<serde_json::Value>().await {
                    return body["reference"].as_str().map(str::to_owned).context("an accepted report has a reference");
                }
            }
            Ok(answer) if answer.status().is_client_error() && answer.status() != 429 => {
                bail!("report {n} was refused: {} {}", answer.status(), answer.text().await.unwrap_or_default());
            }
            _ => {}
        }
        if start.elapsed() > batch.patience {
            bail!("report {n} of {} was not accepted within {:?}", batch.name, batch.patience);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Publishes `batch` to the intake exchange as a channel integration does: persistent, confirmed,
/// and again with the same id until it is confirmed.
pub async fn over_amqp(url: &str, prefix: &str, batch: &Batch) -> anyhow::Result<()> {
    let start = Instant::now();
    let mut next = 0;
    while next < batch.count {
        if let Err(error) = publish_from(url, prefix, batch, &mut next).await
            && start.elapsed() > batch.patience
        {
            return Err(error.context(format!("only {next} of {} were confirmed", batch.count)));
        }
        if next < batch.count {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
    Ok(())
}

async fn publish_from(url: &str, prefix: &str, batch: &Batch, next: &mut usize) -> anyhow::Result<()> {
    let within = Duration::from_secs(10);
    let connection = tokio::time::timeout(within, Connection::connect(url, ConnectionProperties::default())).await??;
    let channel = connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    let exchange = format!("{prefix}.intake");
    while *next < batch.count {
        let until = (*next + 64).min(batch.count);
        let mut confirms = Vec::new();
        for n in *next..until {
            let id = format!("{}-{n}", batch.name);
            let event = serde_json::json!({
                "specversion": "1.0", "id": id, "source": "/channels/app", "type": "eu.voordeur.report.submitted",
                "data": submission(&batch.category, n, batch.email(n).as_deref()),
            });
            let properties = BasicProperties::default()
                .with_content_type("application/cloudevents+json; charset=utf-8".into())
                .with_delivery_mode(2)
                .with_message_id(id.into());
            let options = BasicPublishOptions::default();
            let published = channel
                .basic_publish(
                    exchange.as_str().into(),
                    "report.app".into(),
                    options,
                    event.to_string().as_bytes(),
                    properties,
                )
                .await?;
            confirms.push(published);
        }
        for confirm in confirms {
            match tokio::time::timeout(within, confirm).await?? {
                Confirmation::Ack(None) => {}
                other => bail!("a publish was not taken: {other:?}"),
            }
        }
        *next = until;
    }
    Ok(())
}
