//! Takes a broadcast on, one step per letter: the next people are looked at, their notices planned, where it is
//! written down, and the letter of the next step posted, all in the transaction that settles this letter. Whatever
//! dies in between, nobody is left out and nobody is told twice.

use super::{gather::Planned, members, plan::PlanWorker};
use crate::plan::{self, News};
use schemas::{
    Timestamp, Uuid,
    broadcast::{Broadcast, Heads, State, Step},
    id::derived,
    letter::{Lane, Letter, Topic},
    notice::{Notice, NoticeState},
    trace::Trace,
};
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};
use store::{Advance, CrowdFrom, Tx};

/// How many people are looked at in one step: a transaction of some ten milliseconds.
const PEOPLE: usize = 500;
/// How many notices may be due and not sent, where the sender has no rate: what it does in about five seconds.
const IN_HAND: u64 = 5_000;
/// When there are as many, the next step waits so long.
const PAUSE: Duration = Duration::from_millis(250);
/// How soon it is looked again whether the last one was sent: while some are due, and while all wait for the morning.
const LOOK: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// How much of a sender's rate broadcasts take; the rest is for what happens meanwhile.
pub(crate) const SHARE: f64 = 0.9;
/// How many per second leave after quiet hours where the sender has no rate.
pub(crate) const MORNING: f64 = 200.0;

/// How many notices each sender may hand over per second, as far as that is bounded.
pub type Rates = BTreeMap<&'static str, f64>;

/// When notices of a broadcast leave: one after the other, as fast as the sender goes.
struct Slots<'a> {
    rates: &'a Rates,
    now: Timestamp,
    /// Per sender, and per end of quiet hours: when the next one may leave.
    next: BTreeMap<String, Timestamp>,
    /// Per sender without a rate: how many more it may have in hand.
    room: HashMap<String, u64>,
}

impl Slots<'_> {
    /// Gives `notice` its moment. `false` when its sender has enough in hand.
    fn lay(&mut self, notice: &mut Notice) -> bool {
        let rate = self.rates.get(notice.sender.as_str());
        if rate.is_none() && notice.due_at.is_none() {
            let room = self.room.entry(notice.sender.clone()).or_insert(IN_HAND);
            let has_room = *room > 0;
            *room = room.saturating_sub(1);
            return has_room;
        }
        let key = match notice.due_at {
            Some(until) => format!("{} {until}", notice.sender),
            None => notice.sender.clone(),
        };
        let first = notice.due_at.unwrap_or(self.now);
        let at = self.next.get(&key).map_or(first, |next| (*next).max(first));
        let gap = Duration::from_secs_f64(1.0 / (rate.unwrap_or(&MORNING) * SHARE).max(0.001));
        self.next.insert(key, at + gap);
        if at > self.now {
            notice.due_at = Some(at);
        }
        true
    }
}

impl PlanWorker {
    /// Takes the step that `step` asks for; nothing when it is out of date, or the broadcast does not run.
    pub(super) async fn step<'a>(
        &self,
        tx: &mut Tx,
        step: &Step,
        cause: &'a Letter,
    ) -> Result<Vec<Planned<'a>>, store::Error> {
        let Some(mut broadcast) = tx.broadcasts(&[step.broadcast]).await?.remove(&step.broadcast) else {
            return Ok(Vec::new());
        };
        if broadcast.state == State::Scheduled && broadcast.step == step.after {
            // This letter was ready when its time had come.
            ours(tx.start_broadcast(broadcast.id, broadcast.step).await?, &broadcast)?;
            tracing::info!(broadcast = %broadcast.reference, "a broadcast starts, as it was scheduled");
            broadcast.state = State::Running;
        }
        if broadcast.state != State::Running || broadcast.step != step.after {
            return Ok(Vec::new());
        }
        let now = self.store.clock().now();
        let unsent = tx.unsent(broadcast.id).await?;
        if broadcast.planned_at.is_some() {
            self.look_whether_it_is_over(tx, &broadcast, unsent.is_empty(), cause, now).await?;
            return Ok(Vec::new());
        }
        let mut next = tx.other_slots(broadcast.id).await?;
        next.extend(broadcast.slots.clone());
        next.retain(|_, at| *at > now);
        let room = unsent.into_iter().map(|(sender, n)| (sender, IN_HAND.saturating_sub(n))).collect();
        let mut slots = Slots { rates: &self.rates, now, next, room };
        let (after, by) = (broadcast.cursor.unwrap_or(Uuid::nil()), broadcast.began_at().unwrap_or(now));
        let from = CrowdFrom { after, by, limit: PEOPLE };
        let members = members::next(&self.store, tx, &self.city, &broadcast.draft, from).await?;
        let scene = self.scene(News::Broadcast(&broadcast), now);
        let (mut heads, mut planned) = (Heads::default(), Vec::new());
        let (mut looked_at, mut is_full) = (None, false);
        for (id, to) in &members.people {
            match plan::decide(&scene, to, &[], None) {
                Err(_) => heads.unreachable += 1,
                Ok(notice) if notice.state == NoticeState::Suppressed => {
                    heads.unwanted += 1;
                    planned.push(Planned { notice, cause, owner: to.owner });
                }
                Ok(mut notice) => {
                    if !slots.lay(&mut notice) {
                        is_full = true;
                        break;
                    }
                    heads.planned += 1;
                    let all = plan::spread(notice, to).into_iter();
                    planned.extend(all.map(|notice| Planned { notice, cause, owner: to.owner }));
                }
            }
            looked_at = Some(*id);
        }
        let is_end = !is_full && members.until.is_none();
        let cursor = if is_full { looked_at } else { members.until.or(looked_at) };
        let advance = Advance {
            cursor: cursor.or(broadcast.cursor),
            heads,
            slots: slots.next,
            planned_at: is_end.then_some(now),
        };
        let wait = if is_full { PAUSE } else { Duration::ZERO };
        self.advance(tx, &broadcast, &advance, cause, now, wait).await?;
        Ok(planned)
    }

    /// Everybody was looked at: it is over when the last notice was sent.
    async fn look_whether_it_is_over(
        &self,
        tx: &mut Tx,
        broadcast: &Broadcast,
        none_is_due: bool,
        cause: &Letter,
        now: Timestamp,
    ) -> Result<(), store::Error> {
        if none_is_due && tx.left_to_send(broadcast.id).await? == 0 {
            let ended = tx.end_broadcast(broadcast.id, broadcast.step, now).await?;
            tracing::info!(broadcast = %broadcast.reference, "everybody was told");
            return ours(ended, broadcast);
        }
        let advance = Advance {
            cursor: broadcast.cursor,
            heads: Heads::default(),
            slots: broadcast.slots.clone(),
            planned_at: broadcast.planned_at,
        };
        let wait = if none_is_due { LOOK.1 } else { LOOK.0 };
        self.advance(tx, broadcast, &advance, cause, now, wait).await
    }

    async fn advance(
        &self,
        tx: &mut Tx,
        broadcast: &Broadcast,
        advance: &Advance,
        cause: &Letter,
        now: Timestamp,
        wait: Duration,
    ) -> Result<(), store::Error> {
        ours(tx.advance_broadcast(broadcast.id, broadcast.step, advance).await?, broadcast)?;
        let letter = letter(broadcast.id, broadcast.step + 1, cause.trace.next(), now);
        let ready_at = (!wait.is_zero()).then(|| now + wait);
        tx.post(&[Letter { ready_at, ..letter }]).await
    }
}

/// Somebody else may have taken the same step, or paused it, between our reading and our writing: then nothing of
/// this transaction is kept, and the letter is looked at again.
fn ours(written: bool, broadcast: &Broadcast) -> Result<(), store::Error> {
    let taken = || store::Error::Unavailable(format!("broadcast {} moved in between", broadcast.reference));
    written.then_some(()).ok_or_else(taken)
}

/// The letter that has the step after `after` taken.
pub(crate) fn letter(broadcast: Uuid, after: u64, trace: Trace, now: Timestamp) -> Letter {
    let id = derived(&["broadcast step", &broadcast.to_string(), &after.to_string()]);
    let body = Step { broadcast, after };
    Letter::new(id, Lane::notifier(), Topic::BroadcastStep, "broadcast.step", &body, trace, now).about(broadcast)
}
