//! Reading the queue of one lane: one channel, one consumer, acknowledged in the order of arrival
//! and as many at once as possible (a single acknowledgement costs five times one of a batch).

use super::{
    Rabbit,
    connection::{Link, Own, passive, within},
    intake, message,
};
use crate::source::{Batch, ReplyTo, Ticket, Trouble};
use futures_util::{FutureExt as _, StreamExt as _};
use lapin::{
    Acker, Consumer, Error,
    message::Delivery,
    options::{BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicQosOptions},
    types::FieldTable,
};
use schemas::{
    id::Clock,
    letter::{Lane, Letter},
};
use std::{collections::VecDeque, sync::Arc, time::Duration};

/// The channel of one consumer, while it is good.
struct Live {
    link: Arc<Link>,
    channel: Own,
    /// `None` while paused.
    consumer: Option<Consumer>,
    /// Received, not yet taken.
    buffer: VecDeque<Delivery>,
}

/// Deliveries that are not acknowledged yet, in the order of arrival. Numbered by us, so that a
/// number of an earlier channel means nothing on a later one.
#[derive(Default)]
struct Line {
    waiting: VecDeque<(Acker, bool)>,
    /// The number of the first one waiting.
    first: u64,
}

impl Line {
    fn join(&mut self, acker: Acker) -> u64 {
        self.waiting.push_back((acker, false));
        self.first + self.waiting.len() as u64 - 1
    }

    /// Marks `tag`; the last delivery before which everything is settled, if it moved.
    fn settle(&mut self, tags: impl Iterator<Item = u64>) -> Option<Acker> {
        for tag in tags {
            let place = tag.checked_sub(self.first).and_then(|place| usize::try_from(place).ok());
            if let Some((_, settled)) = place.and_then(|place| self.waiting.get_mut(place)) {
                *settled = true;
            }
        }
        let mut last = None;
        while let Some((acker, _)) = self.waiting.pop_front_if(|(_, settled)| *settled) {
            self.first += 1;
            last = Some(acker);
        }
        last
    }

    /// The channel is gone: what was not acknowledged will be delivered again.
    fn forget(&mut self) {
        self.first += self.waiting.len() as u64;
        self.waiting.clear();
    }
}

pub(crate) struct LaneConsumer {
    rabbit: Rabbit,
    clock: Clock,
    lane: Lane,
    queue: String,
    prefetch: u16,
    live: Option<Live>,
    line: Line,
}

impl LaneConsumer {
    pub(crate) fn new(rabbit: Rabbit, clock: Clock, lane: Lane, prefetch: u16) -> Self {
        // A lane that nobody reads here has a queue name all the same; the passive check says no.
        let queue = rabbit.0.names.queue(&lane).unwrap_or_else(|| rabbit.0.names.of(lane.as_str()));
        Self { rabbit, clock, lane, queue, prefetch: prefetch.max(1), live: None, line: Line::default() }
    }

    fn patience(&self) -> Duration {
        self.rabbit.0.options.patience
    }

    /// A consumer on a channel that is up; connects and subscribes when needed.
    async fn subscribed(&mut self) -> Result<(), Error> {
        if self.live.as_ref().is_some_and(|live| !live.link.is_up() || !live.channel.status().connected()) {
            self.drop_channel();
        }
        match self.live {
            Some(Live { consumer: Some(_), .. }) => return Ok(()),
            // Never subscribe again on a channel after a cancel. The broker may have sent more before
            // it knew; nobody saw those, and acknowledging a later one would acknowledge them too.
            Some(Live { consumer: None, .. }) => self.drop_channel(),
            None => {}
        }
        let patience = self.patience();
        let link = self.rabbit.consuming().await?;
        let channel = link.channel().await?;
        passive(&channel, &self.queue, patience).await?;
        within(patience, "setting the window", channel.basic_qos(self.prefetch, BasicQosOptions::default())).await?;
        let consuming = channel.basic_consume(
            self.queue.as_str().into(),
            "".into(),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        );
        let consumer = Some(within(patience, "subscribing", consuming).await?);
        self.live = Some(Live { link, channel, consumer, buffer: VecDeque::new() });
        tracing::debug!(lane = %self.lane, "subscribed");
        Ok(())
    }

    /// Drops the channel; what was not acknowledged is delivered again, here or elsewhere.
    fn drop_channel(&mut self) {
        self.live = None;
        self.line.forget();
    }

    pub(crate) async fn take(&mut self, max: usize) -> Result<Batch, Trouble> {
        if let Err(error) = self.subscribed().await {
            self.drop_channel();
            return Err(Trouble::Broker(error.to_string()));
        }
        let (batch, over) = self.receive(max);
        if over && batch.is_empty() {
            self.drop_channel();
            return Err(Trouble::Broker(format!("the broker ended the subscription to {}", self.queue)));
        }
        Ok(batch)
    }

    /// What has arrived, at most `max`; and whether the stream is over.
    fn receive(&mut self, max: usize) -> (Batch, bool) {
        let mut batch = Batch::default();
        let mut over = false;
        let Some(live) = &mut self.live else { return (batch, true) };
        let now = self.clock.now();
        for _ in 0..max {
            let delivery = match live.buffer.pop_front() {
                Some(delivery) => delivery,
                None => match live.consumer.as_mut().and_then(|consumer| consumer.next().now_or_never()) {
                    Some(Some(Ok(delivery))) => delivery,
                    Some(Some(Err(error))) => {
                        tracing::debug!(lane = %self.lane, %error, "the subscription failed");
                        over = true;
                        break;
                    }
                    Some(None) => {
                        over = true;
                        break;
                    }
                    None => break,
                },
            };
            let mut ticket = Ticket {
                tag: 0,
                redelivered: delivery.redelivered,
                reply: message::reply_to(&self.rabbit.0.names, &delivery),
            };
            let read = intake::read(&self.rabbit.0.names, &self.lane, &delivery, now);
            ticket.tag = self.line.join(delivery.acker);
            match read {
                Ok(letter) => {
                    batch.letters.push(letter);
                    batch.tickets.push(ticket);
                }
                Err(mut aside) => {
                    aside.ticket = ticket;
                    batch.aside.push(*aside);
                }
            }
        }
        (batch, over)
    }

    /// Returns when something arrived, or when the subscription is over (the next take says so).
    pub(crate) async fn wait(&mut self) {
        let Some(live) = &mut self.live else {
            return tokio::time::sleep(Duration::from_millis(100)).await;
        };
        let Some(consumer) = live.consumer.as_mut() else {
            return std::future::pending().await;
        };
        match consumer.next().await {
            Some(Ok(delivery)) => live.buffer.push_back(delivery),
            Some(Err(error)) => {
                tracing::debug!(lane = %self.lane, %error, "the subscription failed");
                self.drop_channel();
            }
            None => self.drop_channel(),
        }
    }

    pub(crate) async fn settled(&mut self, tags: impl Iterator<Item = u64>) {
        let Some(acker) = self.line.settle(tags) else { return };
        let ack = acker.ack(BasicAckOptions { multiple: true });
        match within(self.patience(), "acknowledging", ack).await {
            Ok(true) => self.close_when_idle(),
            // Delivered again, and deduped.
            Ok(false) => self.drop_channel(),
            Err(error) => {
                tracing::debug!(lane = %self.lane, %error, "an acknowledgement failed");
                self.drop_channel();
            }
        }
    }

    /// Ends the subscription, not yet the channel: what is in hand can still be acknowledged. Gives
    /// what had arrived. (Giving it back to the broker instead would count as a failed delivery each
    /// time, and the broker throws a message away after 20.)
    pub(crate) async fn pause(&mut self) -> Batch {
        let patience = self.patience();
        let Some(live) = &mut self.live else { return Batch::default() };
        let Some(consumer) = &live.consumer else { return Batch::default() };
        let cancel = live.channel.basic_cancel(consumer.tag(), BasicCancelOptions::default());
        if let Err(error) = within(patience, "ending a subscription", cancel).await {
            tracing::debug!(lane = %self.lane, %error, "could not pause");
            self.drop_channel();
            return Batch::default();
        }
        let (batch, _) = self.receive(usize::MAX);
        if let Some(live) = &mut self.live {
            live.consumer = None;
        }
        self.close_when_idle();
        batch
    }

    /// A channel without a subscription is done when everything in hand is acknowledged; what the
    /// broker sent after the end goes back to it.
    fn close_when_idle(&mut self) {
        if self.line.waiting.is_empty() && matches!(self.live, Some(Live { consumer: None, .. })) {
            self.drop_channel();
        }
    }

    pub(crate) fn obituary(&self, letter: &Letter, why: &str) -> Option<Letter> {
        intake::obituary(letter, why, self.clock.now())
    }

    pub(crate) fn reply(&self, to: &ReplyTo, body: Vec<u8>) {
        self.rabbit.reply(to, body);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_moves_over_everything_settled() {
        let acker = || Delivery::mock(1, "".into(), "".into(), false, Vec::new()).acker;
        let mut line = Line::default();
        let tags: Vec<_> = (0..5).map(|_| line.join(acker())).collect();
        assert_eq!(tags, [0, 1, 2, 3, 4]);
        assert!(line.settle([1, 2].into_iter()).is_none());
        assert!(line.settle([0].into_iter()).is_some());
        assert_eq!((line.first, line.waiting.len()), (3, 2));
        line.forget();
        assert!(line.settle([3, 4].into_iter()).is_none());
        assert_eq!(line.join(acker()), 5);
        assert!(line.settle([5].into_iter()).is_some());
    }
}
