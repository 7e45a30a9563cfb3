//! The one task of a process that publishes. (Two tasks on one channel with confirms get each
//! other's confirms: lapin takes the number before it queues the frame.)
//!
//! Letters come from the commits of this process, and from the sweeper. A letter whose publication
//! the broker confirmed loses its row with a later commit; any other stays, and the sweeper finds
//! it. A second publication is harmless: readers dedupe by id.

use super::{
    Rabbit, Reply,
    connection::{Link, Own, slow, within},
    intake::obituary,
    message::{self, Message},
};
use crate::{carry::Board, retry::Retry, settle::luck, source::Trouble};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::{StreamExt as _, future::join_all};
use lapin::{
    BasicProperties, Confirmation, Consumer, Error, ExchangeKind,
    message::Delivery,
    options::{
        BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions,
        ExchangeDeclareOptions,
    },
    types::FieldTable,
};
use schemas::{
    letter::{Lane, Letter, Refused, Topic},
    trace::Trace,
};
use std::{collections::HashSet, sync::Arc, time::Duration};
use store::{Bury, Settlement, Store};
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Messages written together before their confirms are awaited.
const BURST: usize = 256;

/// How long rows of published letters wait for a commit that takes them along.
const IDLE: Duration = Duration::from_millis(50);

/// Publishes until `stop`; opens a connection again whenever one ends.
pub(crate) async fn run(rabbit: &Rabbit, store: &Store, board: &Board, stop: CancellationToken) {
    let (mut inbox, mut replies) = (rabbit.0.inbox.lock().await, rabbit.0.replies_in.lock().await);
    rabbit.seen().running = true;
    let mut failures = 0;
    while !stop.is_cancelled() {
        let began = Instant::now();
        let ended = session(rabbit, store, board, &mut inbox, &mut replies, &stop).await;
        let Err(error) = ended else { break };
        if began.elapsed() > Duration::from_secs(30) {
            failures = 0;
        }
        if failures == 0 {
            tracing::warn!(%error, "the broker is away; letters wait in the database");
        }
        {
            let mut seen = rabbit.seen();
            seen.publishing = None;
            seen.trouble = Some(error.to_string());
        }
        let pause = Instant::now() + Retry::back_off(failures, luck());
        failures = failures.saturating_add(1);
        loop {
            // Their rows are there; kept in memory they would only be published twice.
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep_until(pause) => break,
                Some(_) = inbox.recv() => {}
                Some(_) = replies.recv() => {}
            }
        }
    }
    rabbit.seen().running = false;
}

/// Publishes over one connection, until `stop` (`Ok`) or until anything is doubtful.
async fn session(
    rabbit: &Rabbit,
    store: &Store,
    board: &Board,
    inbox: &mut mpsc::Receiver<Vec<Letter>>,
    replies: &mut mpsc::Receiver<Reply>,
    stop: &CancellationToken,
) -> Result<(), Trouble> {
    let (began, patience) = (Instant::now(), rabbit.0.options.patience);
    let link = Arc::new(Link::open(&rabbit.0.options, "publishing").await?);
    let channel = link.channel().await?;
    within(patience, "asking for confirms", channel.confirm_select(ConfirmSelectOptions::default())).await?;
    for (exchange, kind) in exchanges(rabbit) {
        let options = ExchangeDeclareOptions { passive: true, durable: true, ..ExchangeDeclareOptions::default() };
        let asking = channel.exchange_declare(exchange.as_str().into(), kind, options, FieldTable::default());
        within(patience, "looking for an exchange", asking).await?;
    }
    let mut lost = unrouted(rabbit).await?;
    {
        let mut seen = rabbit.seen();
        seen.publishing = Some(link.clone());
        seen.trouble = None;
    }
    tracing::info!("publishing");
    let mut publisher = Publisher { rabbit, store, channel, flush_at: None, nacked: HashSet::new() };
    let mut sweep = interval(rabbit.0.options.sweep_every);
    sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(first) = inbox.recv() => {
                let _busy = board.busy();
                let mut letters = first;
                while letters.len() < BURST && let Ok(more) = inbox.try_recv() {
                    letters.extend(more);
                }
                publisher.publish(letters).await?;
            }
            Some(reply) = replies.recv() => {
                let mut burst = vec![reply];
                while burst.len() < BURST && let Ok(more) = replies.try_recv() {
                    burst.push(more);
                }
                publisher.answer(burst).await?;
            }
            _ = sweep.tick() => publisher.sweep(board).await?,
            () = board.poke.notified() => publisher.sweep(board).await?,
            delivery = lost.1.next() => match delivery {
                Some(Ok(delivery)) => publisher.bury_unrouted(delivery).await?,
                Some(Err(error)) => return Err(error.into()),
                None => return Err(Trouble::Broker("the broker ended the subscription to `unrouted`".to_owned())),
            },
            () = tokio::time::sleep_until(publisher.flush_at.unwrap_or(began)), if publisher.flush_at.is_some() => {
                publisher.flush().await;
            }
        }
    }
    // Stopping: what was committed until now still goes out.
    while let Ok(letters) = inbox.try_recv() {
        publisher.publish(letters).await?;
    }
    while let Ok(reply) = replies.try_recv() {
        publisher.answer(vec![reply]).await?;
    }
    publisher.flush().await;
    link.close().await;
    Ok(())
}

fn exchanges(rabbit: &Rabbit) -> Vec<(String, ExchangeKind)> {
    let names = &rabbit.0.names;
    let mut exchanges = vec![
        (names.of("lanes"), ExchangeKind::Direct),
        (names.of("events"), ExchangeKind::Topic),
        (names.of("dead"), ExchangeKind::Fanout),
        (names.of("unrouted"), ExchangeKind::Fanout),
    ];
    if !rabbit.0.departments.is_empty() {
        exchanges.push((names.of("departments"), ExchangeKind::Topic));
    }
    exchanges
}

/// The queue of everything that found no queue, on a channel of its own.
async fn unrouted(rabbit: &Rabbit) -> Result<(Own, Consumer), Error> {
    let patience = rabbit.0.options.patience;
    let channel = rabbit.consuming().await?.channel().await?;
    within(patience, "setting the window", channel.basic_qos(16, BasicQosOptions::default())).await?;
    let queue = rabbit.0.names.of("unrouted");
    let consuming =
        channel.basic_consume(queue.as_str().into(), "".into(), BasicConsumeOptions::default(), FieldTable::default());
    let consumer = within(patience, "subscribing", consuming).await?;
    Ok((channel, consumer))
}

struct Publisher<'a> {
    rabbit: &'a Rabbit,
    store: &'a Store,
    channel: Own,
    /// Set while rows of published letters wait for a commit: from then on we make one.
    flush_at: Option<Instant>,
    /// Letters that the broker refused, told once each.
    nacked: HashSet<Uuid>,
}

impl Publisher<'_> {
    /// Publishes letters in bursts.
    async fn publish(&mut self, letters: Vec<Letter>) -> Result<(), Trouble> {
        for burst in letters.chunks(BURST) {
            let messages = burst.iter().map(|letter| message::write(&self.rabbit.0.names, letter)).collect();
            let taken = match self.burst(messages).await {
                Ok(taken) => taken,
                Err(error) => {
                    self.leave(&letters).await;
                    return Err(error.into());
                }
            };
            if !taken.is_empty() {
                self.flush_at.get_or_insert_with(|| Instant::now() + IDLE);
                self.store.confirmed(taken);
            }
        }
        Ok(())
    }

    /// The broker went: whoever sweeps next may publish these, without waiting for our grace to end.
    async fn leave(&self, letters: &[Letter]) {
        let ids: Vec<_> = letters.iter().map(|letter| letter.id).collect();
        if let Err(error) = self.store.release(&ids).await {
            tracing::debug!(%error, "letters wait until their grace is over");
        }
    }

    /// Writes messages, then awaits their confirms; the ids of those that the broker has. Nothing
    /// else than a plain acknowledgement counts. After an error the channel is not used again.
    async fn burst(&mut self, mut messages: Vec<Message>) -> Result<Vec<Uuid>, Error> {
        let patience = self.rabbit.0.options.patience;
        // Each is numbered and queued when it is first polled, one after the other; the whole burst
        // is written at once.
        let writes = messages.iter_mut().map(|message| {
            let (key, properties) = (std::mem::take(&mut message.key), std::mem::take(&mut message.properties));
            let options = BasicPublishOptions::default();
            self.channel.basic_publish(message.exchange.clone(), key, options, &message.body, properties)
        });
        let confirms = tokio::time::timeout(patience, async {
            let written = join_all(writes).await;
            let mut confirms = Vec::with_capacity(written.len());
            for confirm in written {
                confirms.push(confirm?.await?);
            }
            Ok::<_, Error>(confirms)
        });
        let confirms = confirms.await.map_err(|_| slow("publishing", patience))??;
        let mut taken = Vec::with_capacity(messages.len());
        for (message, confirm) in messages.iter().zip(confirms) {
            if confirm == Confirmation::Ack(None) {
                taken.push(message.id);
                if !self.nacked.is_empty() {
                    self.nacked.remove(&message.id);
                }
            } else if self.nacked.insert(message.id) {
                tracing::warn!(letter = %message.id, exchange = %message.exchange, "the broker did not take a letter (a full queue?); it waits in the database");
            }
        }
        metrics::counter!("voordeur_published_total").increment(taken.len() as u64);
        if self.nacked.len() > 10_000 {
            self.nacked.clear();
        }
        Ok(taken)
    }

    /// Publishes what is ready in the table.
    async fn sweep(&mut self, board: &Board) -> Result<(), Trouble> {
        loop {
            let busy = board.busy();
            let mut letters = match self.store.sweep(BURST, self.rabbit.0.options.grace).await {
                Ok(letters) => letters,
                // The database's trouble is not the broker's: stay connected.
                Err(error) => {
                    tracing::debug!(%error, "could not sweep");
                    return Ok(());
                }
            };
            // What waited for the same thing goes in the order in which it was posted.
            letters.sort_by_key(|letter| (letter.posted_at, letter.id));
            let n = letters.len();
            if n > 0 {
                tracing::debug!(letters = n, "publishing what waited in the table");
                self.publish(letters).await?;
            }
            drop(busy);
            if n < BURST {
                return Ok(());
            }
        }
    }

    /// Publishes answers.
    async fn answer(&mut self, replies: Vec<Reply>) -> Result<(), Trouble> {
        let messages = replies.into_iter().map(|Reply { to, body }| {
            let mut properties =
                BasicProperties::default().with_content_type("application/json".into()).with_delivery_mode(2);
            if let Some(id) = to.correlation {
                properties = properties.with_correlation_id(id.as_str().into());
            }
            let (exchange, key) = ("".into(), to.queue.as_str().into());
            Message { id: Uuid::nil(), exchange, key, properties, body }
        });
        self.burst(messages.collect()).await?;
        Ok(())
    }

    async fn flush(&mut self) {
        match self.store.flush_confirmed().await {
            Ok(()) => self.flush_at = None,
            Err(error) => {
                tracing::debug!(%error, "rows of published letters stay a while");
                self.flush_at = Some(Instant::now() + Duration::from_secs(1));
            }
        }
    }

    /// A message that no queue takes: a queue is missing, or a sender used a key that nobody reads.
    /// It becomes a dead letter that can be replayed when the queue is there.
    async fn bury_unrouted(&mut self, delivery: Delivery) -> Result<(), Trouble> {
        let now = self.store.clock().now();
        let (exchange, key) = (delivery.exchange.as_str(), delivery.routing_key.as_str());
        let why =
            format!("no queue is bound to exchange `{exchange}` for key `{key}`: see `voordeur broker definitions`");
        tracing::error!(exchange, key, "a message found no queue: buried");
        let names = &self.rabbit.0.names;
        let lane = if exchange == names.lanes() {
            Lane::new(key)
        } else if exchange == names.of("departments") {
            Lane::new(&format!("queue.{}", key.split('.').next().unwrap_or_default()))
        } else {
            Lane::dead()
        };
        let letter = message::read(&lane, &delivery).ok().filter(|_| lane != Lane::dead()).unwrap_or_else(|| {
            let kept = STANDARD.encode(&delivery.data[..delivery.data.len().min(64 * 1024)]);
            let message_id = delivery.properties.message_id().as_ref().map(|id| id.as_str().to_owned());
            let id = schemas::id::derived(&["unrouted", exchange, key, message_id.as_deref().unwrap_or(""), &kept]);
            let record = Refused {
                door: exchange.to_owned(),
                why: why.clone(),
                sender: key.to_owned(),
                message_id,
                body_base64: kept,
            };
            Letter::new(id, lane.clone(), Topic::Refused, "unrouted", &record, Trace::start(), now)
        });
        let mut tx = self.store.begin().await?;
        tx.post(obituary(&letter, &why, now).as_slice()).await?;
        tx.settle(&Settlement { bury: vec![Bury { letter, why }], ..Settlement::default() }).await?;
        tx.commit().await?;
        acknowledge(&delivery).await
    }
}

async fn acknowledge(delivery: &Delivery) -> Result<(), Trouble> {
    delivery.acker.ack(BasicAckOptions::default()).await?;
    Ok(())
}
