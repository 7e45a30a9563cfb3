//! The raw limit of the distributed walk: lapin, sqlx and the servers, with nothing of the house in
//! between. Consume, one transaction of set statements (dedupe, case, event, outbox), publish from
//! memory with confirms, delete outbox rows in the next transaction, acknowledge the batch at once.

use super::Run;
use anyhow::{Context as _, ensure};
use futures_util::{FutureExt as _, StreamExt as _};
use lapin::{
    BasicProperties, Channel, Confirmation, Connection, ConnectionProperties,
    message::Delivery,
    options::{
        BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions,
        QueueDeclareOptions, QueueDeleteOptions,
    },
    types::{AMQPValue, FieldTable},
};
use sqlx::{Connection as _, Executor as _, PgConnection};
use uuid::Uuid;

/// Publishes `count` bodies to `queue` with confirms.
pub async fn preload(
    channel: &Channel,
    exchange: &str,
    key: &str,
    count: usize,
    body: impl Fn(usize) -> (String, Vec<u8>),
) -> anyhow::Result<()> {
    for start in (0..count).step_by(512) {
        let mut confirms = Vec::with_capacity(512);
        for n in start..(start + 512).min(count) {
            let (id, body) = body(n);
            confirms.push(publish(channel, exchange, key, &id, &body).await?);
        }
        for confirm in confirms {
            ensure!(matches!(confirm.await?, Confirmation::Ack(None)), "the broker did not take a message");
        }
    }
    Ok(())
}

/// Publishes one persistent message; the future is its confirm.
pub async fn publish(
    channel: &Channel,
    exchange: &str,
    key: &str,
    id: &str,
    body: &[u8],
) -> anyhow::Result<lapin::PublisherConfirm> {
    let properties = BasicProperties::default()
        .with_content_type(schemas::cloudevent::CONTENT_TYPE.into())
        .with_delivery_mode(2)
        .with_message_id(id.to_owned().into());
    Ok(channel.basic_publish(exchange.into(), key.into(), BasicPublishOptions::default(), body, properties).await?)
}

/// Opens a connection and a channel with confirms.
pub async fn connect(url: &str) -> anyhow::Result<(Connection, Channel)> {
    let connection =
        Connection::connect(url, ConnectionProperties::default()).await.context("RabbitMQ does not answer")?;
    let channel = connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    Ok((connection, channel))
}

/// A durable quorum queue.
pub async fn quorum_queue(channel: &Channel, name: &str) -> anyhow::Result<()> {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    let options = QueueDeclareOptions { durable: true, ..Default::default() };
    channel.queue_declare(name.into(), options, arguments).await?;
    Ok(())
}

/// The loop, and the two queues it stands between.
pub struct RawLoop {
    consuming: Connection,
    publishing: Connection,
    database: PgConnection,
    from: String,
    to: String,
}

impl RawLoop {
    /// Declares the queues and makes the tables.
    pub async fn new(amqp: &str, postgres: &str, name: &str) -> anyhow::Result<Self> {
        let (consuming, channel) = connect(amqp).await?;
        let (publishing, _channel) = connect(amqp).await?;
        let (from, to) = (format!("{name}.raw.in"), format!("{name}.raw.out"));
        for queue in [&from, &to] {
            quorum_queue(&channel, queue).await?;
        }
        let mut database = PgConnection::connect(postgres).await.context("PostgreSQL does not answer")?;
        for table in [
            "CREATE TABLE raw_inbox (id uuid PRIMARY KEY)",
            "CREATE TABLE raw_case (id uuid PRIMARY KEY, status int NOT NULL, version bigint NOT NULL, body bytea NOT NULL)",
            "CREATE TABLE raw_event (id uuid PRIMARY KEY, case_id uuid NOT NULL, at bigint NOT NULL, what text NOT NULL)",
            "CREATE TABLE raw_outbox (id uuid PRIMARY KEY, body bytea NOT NULL)",
        ] {
            database.execute(table).await?;
        }
        Ok(Self { consuming, publishing, database, from, to })
    }

    /// The queue it reads.
    pub fn from(&self) -> &str {
        &self.from
    }

    /// The queue it writes.
    pub fn to(&self) -> &str {
        &self.to
    }

    /// Routes `count` messages, and says how long that took.
    pub async fn route(&mut self, count: usize) -> anyhow::Result<Run> {
        let consume = self.consuming.create_channel().await?;
        let publish = self.publishing.create_channel().await?;
        publish.confirm_select(ConfirmSelectOptions::default()).await?;
        consume.basic_qos(512, BasicQosOptions::default()).await?;
        let mut consumer = consume
            .basic_consume(
                self.from.as_str().into(),
                "raw".into(),
                BasicConsumeOptions::default(),
                FieldTable::default(),
            )
            .await?;
        let (mut done, mut confirmed) = (0, Vec::new());
        let run = Run::start();
        while done < count {
            let mut batch: Vec<Delivery> = vec![consumer.next().await.context("the queue went away")??];
            while batch.len() < 256
                && let Some(Some(delivery)) = consumer.next().now_or_never()
            {
                batch.push(delivery?);
            }
            confirmed = self.batch(&publish, &batch, confirmed).await?;
            done += batch.len();
            if let Some(last) = batch.last() {
                last.acker.ack(BasicAckOptions { multiple: true }).await?;
            }
        }
        Ok(run.end(done))
    }

    async fn batch(
        &mut self,
        channel: &Channel,
        batch: &[Delivery],
        confirmed: Vec<Uuid>,
    ) -> anyhow::Result<Vec<Uuid>> {
        let ids: Vec<Uuid> = batch
            .iter()
            .map(|d| d.properties.message_id().as_ref().and_then(|id| id.as_str().parse().ok()).unwrap_or_default())
            .collect();
        let events: Vec<Uuid> = ids.iter().map(|id| Uuid::new_v5(id, b"event")).collect();
        let outgoing: Vec<Uuid> = ids.iter().map(|id| Uuid::new_v5(id, b"out")).collect();
        let bodies: Vec<&[u8]> = batch.iter().map(|d| d.data.as_slice()).collect();
        let mut tx = self.database.begin().await?;
        sqlx::query("DELETE FROM raw_outbox WHERE id = ANY($1)").bind(&confirmed).execute(&mut *tx).await?;
        sqlx::query("INSERT INTO raw_inbox SELECT * FROM UNNEST($1::uuid[]) ON CONFLICT DO NOTHING")
            .bind(&ids)
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "INSERT INTO raw_case SELECT id, 1, 1, body FROM UNNEST($1::uuid[], $2::bytea[]) AS t(id, body)
             ON CONFLICT (id) DO UPDATE SET version = raw_case.version + 1",
        )
        .bind(&ids)
        .bind(&bodies)
        .execute(&mut *tx)
        .await?;
        sqlx::query("INSERT INTO raw_event SELECT e, c, 0, 'routed' FROM UNNEST($1::uuid[], $2::uuid[]) AS t(e, c)")
            .bind(&events)
            .bind(&ids)
            .execute(&mut *tx)
            .await?;
        sqlx::query("INSERT INTO raw_outbox SELECT * FROM UNNEST($1::uuid[], $2::bytea[])")
            .bind(&outgoing)
            .bind(&bodies)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        let mut confirms = Vec::with_capacity(batch.len());
        for (id, body) in outgoing.iter().zip(&bodies) {
            confirms.push(publish(channel, "", &self.to, &id.to_string(), body).await?);
        }
        for confirm in confirms {
            ensure!(matches!(confirm.await?, Confirmation::Ack(None)), "the broker did not take a message");
        }
        Ok(outgoing)
    }

    /// Removes the queues.
    pub async fn clear(self) -> anyhow::Result<()> {
        let channel = self.consuming.create_channel().await?;
        for queue in [&self.from, &self.to] {
            channel.queue_delete(queue.as_str().into(), QueueDeleteOptions::default()).await?;
        }
        Ok(())
    }
}
