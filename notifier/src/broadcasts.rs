//! What people of the city do with broadcasts: draft, count, approve, pause, resume, stop.

use crate::{
    plan::{self, News, Scene, Silence},
    worker::{
        Rates, STOPPED, members,
        step::{MORNING, SHARE, letter},
    },
};
use schemas::{
    Uuid,
    audit::Deed,
    broadcast::{Broadcast, Draft, Heads, State, is_same_person},
    city::City,
    letter::Letter,
    notice::NoticeState,
    report::Language,
    text,
    trace::Trace,
    way::Way,
};
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use store::{CrowdFrom, Store, Tx};

/// How many people are counted within one transaction.
const PAGE: usize = 1000;
/// The most characters of a name.
const MOST_OF_NAME: usize = 80;
/// Nobody knows what is true in more than a year: that is a typing mistake.
const FURTHEST: Duration = Duration::from_hours(366 * 24);
/// What a sender without a rate is taken to do per second, to say how long it takes.
const GUESS: f64 = 800.0;

/// Why something is not done.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Nobody said who acts.
    #[error("say who you are: a name of 1 to 80 characters")]
    Nameless,
    /// Who wrote it cannot approve it.
    #[error("{0} wrote it: somebody else has to approve it")]
    SamePerson(String),
    /// It would start in the past.
    #[error("it would start at {0}, and that is over")]
    Past(String),
    /// It would start in more than a year.
    #[error("it would start at {0}, in more than a year")]
    Far(String),
    /// It is in another state.
    #[error("the broadcast is {is}: only one that is {needs} can be {deed}")]
    NotNow {
        /// How far it is.
        is: State,
        /// How far it would have to be.
        needs: &'static str,
        /// What was asked.
        deed: &'static str,
    },
    /// Nobody would be told.
    #[error("nobody would be told")]
    Nobody,
    /// The head-count is another one than whoever approves it expects.
    #[error("{now} people would be told, not {expected}")]
    Other {
        /// What they expect.
        expected: u64,
        /// How many it is now.
        now: u64,
    },
    /// The rows cannot be reached.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// How many people a broadcast would tell, and how.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Count {
    /// The people.
    pub heads: Heads,
    /// Those who are told, by way and by the language of the words that they get.
    pub told: Vec<Told>,
    /// Why the others cannot be told: no address, not proven, dead, no sender.
    pub silences: BTreeMap<String, u64>,
    /// Those of `told` who wait until their quiet hours are over.
    pub wait: u64,
    /// About how many seconds it takes until the last one is sent; those who wait not counted.
    pub seconds: u64,
}

/// People who are told one way in one language.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Told {
    /// The way.
    pub way: Way,
    /// What sends it.
    pub sender: String,
    /// In which language.
    pub language: Language,
    /// How many people.
    pub people: u64,
}

/// The broadcasts of one city.
pub struct Broadcasts {
    store: Store,
    city: Arc<City>,
    available: Vec<&'static str>,
    rates: Rates,
}

impl Broadcasts {
    /// Where the senders named `available` are set up, which hand over no more than `rates` per second.
    pub fn new(store: &Store, city: &Arc<City>, available: Vec<&'static str>, rates: Rates) -> Self {
        Self { store: store.clone(), city: city.clone(), available, rates }
    }

    /// Keeps a draft.
    ///
    /// # Errors
    /// [`Refused::Nameless`], [`Refused::Past`], [`Refused::Far`], or what the database says.
    pub async fn draft(&self, draft: &Draft, by: &str) -> Result<Broadcast, Refused> {
        let (by, id, at) = (name(by)?, self.store.ids().new_id(), self.store.clock().now());
        if let Some(starts) = draft.at {
            let words = || self.city.calendar.write_moment(starts);
            if starts <= at {
                return Err(Refused::Past(words()));
            }
            if starts > at + FURTHEST {
                return Err(Refused::Far(words()));
            }
        }
        let mut tx = self.store.begin().await?;
        let reference = tx.references(1).await?.remove(0);
        tx.put_broadcast(id, reference, draft, &by, at).await?;
        let kept = tx.broadcasts(&[id]).await?.remove(&id);
        tx.audit(&by, Deed::BroadcastDraft, &reference.to_string(), "").await?;
        tx.commit().await?;
        kept.ok_or_else(|| store::Error::Unavailable("the draft is gone already".to_owned()).into())
    }

    /// Counts whom `broadcast` would tell now, as the planner would.
    pub async fn count(&self, broadcast: &Broadcast) -> Result<Count, store::Error> {
        let (mut count, mut told) = (Count::default(), BTreeMap::new());
        let now = self.store.clock().now();
        // Who waits for the end of quiet hours is known by the time at which it starts.
        let starts = broadcast.draft.at.map_or(now, |at| at.max(now));
        let scene = Scene {
            news: News::Broadcast(broadcast),
            available: &self.available,
            quiet: self.city.quiet,
            pace: self.city.pace,
            zone: &self.city.calendar.zone,
            critical: broadcast.draft.critical,
            now: starts,
        };
        let mut after = Uuid::nil();
        loop {
            let from = CrowdFrom { after, by: now, limit: PAGE };
            // A page per transaction: nobody waits long for the writer.
            let mut tx = self.store.begin().await?;
            let members = members::next(&self.store, &mut tx, &self.city, &broadcast.draft, from).await?;
            drop(tx);
            for (_, to) in &members.people {
                match plan::decide(&scene, to, &[], None) {
                    Err(silence) => {
                        count.heads.unreachable += 1;
                        *count.silences.entry(word(&silence)).or_insert(0) += 1;
                    }
                    Ok(notice) if notice.state == NoticeState::Suppressed => count.heads.unwanted += 1,
                    Ok(notice) => {
                        count.heads.planned += 1;
                        count.wait += u64::from(notice.due_at.is_some());
                        let (language, _) = broadcast.words(notice.language, &self.city.languages);
                        *told.entry((notice.way.as_str(), language, notice.sender, notice.way)).or_insert(0) += 1;
                    }
                }
            }
            let Some(until) = members.until else { break };
            after = until;
        }
        let told = told.into_iter();
        count.told = told.map(|((_, language, sender, way), people)| Told { way, sender, language, people }).collect();
        count.seconds = self.seconds(&count.told);
        Ok(count)
    }

    /// Senders work beside each other: the slowest says how long it takes.
    fn seconds(&self, told: &[Told]) -> u64 {
        let mut of: BTreeMap<&str, u64> = BTreeMap::new();
        for one in told {
            *of.entry(&one.sender).or_default() += one.people;
        }
        let rate = |sender: &str| self.rates.get(sender).map_or(GUESS, |rate| rate * SHARE);
        of.iter().map(|(sender, people)| (*people as f64 / rate(sender)).ceil() as u64).max().unwrap_or_default()
    }

    /// Starts a draft, at its time or, when that is over or there is none, at once: `by` has to be somebody else than who wrote it, and `expected` what is counted now, give or take
    /// one in fifty, because people come and go.
    ///
    /// # Errors
    /// The [`Refused`] that says why not; nothing is changed then.
    pub async fn approve(&self, broadcast: &Broadcast, by: &str, expected: u64) -> Result<Count, Refused> {
        let by = name(by)?;
        if is_same_person(&by, &broadcast.made_by) {
            return Err(Refused::SamePerson(broadcast.made_by.clone()));
        }
        let not_now = |is| Refused::NotNow { is, needs: "a draft", deed: "approved" };
        if broadcast.state != State::Draft {
            return Err(not_now(broadcast.state));
        }
        let count = self.count(broadcast).await?;
        let now = count.heads.planned;
        if now.abs_diff(expected) > expected / 50 {
            return Err(Refused::Other { expected, now });
        }
        if now == 0 {
            return Err(Refused::Nobody);
        }
        let at = self.store.clock().now();
        let mut tx = self.store.begin().await?;
        if !tx.approve_broadcast(broadcast.id, &by, at, now).await? {
            let now = tx.broadcasts(&[broadcast.id]).await?.remove(&broadcast.id);
            return Err(not_now(now.map_or(State::Stopped, |now| now.state)));
        }
        let starts = broadcast.draft.at.filter(|starts| *starts > at);
        let first = letter(broadcast.id, broadcast.step + 1, Trace::start(), at);
        tx.post(&[Letter { ready_at: starts, ..first }]).await?;
        let people = match starts {
            Some(starts) => format!("{now} people, {}", self.city.calendar.write_moment(starts)),
            None => format!("{now} people"),
        };
        tx.audit(&by, Deed::BroadcastApprove, &broadcast.reference.to_string(), &people).await?;
        tx.commit().await?;
        tracing::info!(broadcast = %broadcast.reference, by, people = now, "a broadcast was approved");
        Ok(count)
    }

    /// Nobody more is told until somebody resumes it, whatever is planned already.
    pub async fn pause(&self, broadcast: &Broadcast, by: &str) -> Result<(), Refused> {
        let by = name(by)?;
        let mut tx = self.store.begin().await?;
        let needs = ("running", "paused");
        self.moved(&mut tx, broadcast, &[State::Running], State::Paused, &by, needs).await?;
        Ok(tx.commit().await?)
    }

    /// It goes on where it stood still.
    pub async fn resume(&self, broadcast: &Broadcast, by: &str) -> Result<(), Refused> {
        let by = name(by)?;
        let mut tx = self.store.begin().await?;
        let needs = ("paused", "resumed");
        let after = self.moved(&mut tx, broadcast, &[State::Paused], State::Running, &by, needs).await?;
        for sender in &self.available {
            let rate = self.rates.get(sender).map(|rate| rate * SHARE).unwrap_or(MORNING);
            let gap = Duration::from_secs_f64(1.0 / rate.max(0.001));
            let gap = if self.rates.contains_key(sender) { gap } else { Duration::ZERO };
            tx.space_letters(broadcast.id, sender, gap, crate::worker::PAUSED).await?;
        }
        let at = self.store.clock().now();
        tx.post(&[letter(broadcast.id, after, Trace::start(), at)]).await?;
        Ok(tx.commit().await?)
    }

    /// Nobody more is told, ever; returns how many notices were planned and are not sent.
    pub async fn stop(&self, broadcast: &Broadcast, by: &str) -> Result<u64, Refused> {
        let by = name(by)?;
        let mut tx = self.store.begin().await?;
        let from = [State::Draft, State::Scheduled, State::Running, State::Paused];
        let needs = ("not over", "stopped");
        self.moved(&mut tx, broadcast, &from, State::Stopped, &by, needs).await?;
        let stopped = tx.stop_notices(broadcast.id, STOPPED).await?;
        tx.commit().await?;
        Ok(stopped)
    }

    /// Moves it to `to`; returns the step that it is at then.
    async fn moved(
        &self,
        tx: &mut Tx,
        broadcast: &Broadcast,
        from: &[State],
        to: State,
        by: &str,
        (needs, deed): (&'static str, &'static str),
    ) -> Result<u64, Refused> {
        let at = self.store.clock().now();
        let deed_of = match to {
            State::Paused => Deed::BroadcastPause,
            State::Stopped => Deed::BroadcastStop,
            State::Draft | State::Scheduled | State::Running | State::Done => Deed::BroadcastResume,
        };
        for state in from {
            if tx.move_broadcast(broadcast.id, *state, to, by, at).await? {
                tx.audit(by, deed_of, &broadcast.reference.to_string(), "").await?;
                let now = tx.broadcasts(&[broadcast.id]).await?.remove(&broadcast.id);
                tracing::info!(broadcast = %broadcast.reference, by, state = %to, "a broadcast was moved");
                return Ok(now.map_or(broadcast.step, |now| now.step));
            }
        }
        let now = tx.broadcasts(&[broadcast.id]).await?.remove(&broadcast.id);
        Err(Refused::NotNow { is: now.map_or(State::Stopped, |now| now.state), needs, deed })
    }
}

fn name(by: &str) -> Result<String, Refused> {
    let by = text::clean_line(by);
    let is_name = by.chars().any(char::is_alphanumeric) && text::length(&by) <= MOST_OF_NAME;
    is_name.then_some(by).ok_or(Refused::Nameless)
}

/// A silence in one word.
fn word(silence: &Silence) -> String {
    let value = serde_json::to_value(silence).unwrap_or_default();
    value["silence"].as_str().unwrap_or_default().to_owned()
}
