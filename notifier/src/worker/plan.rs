//! Lane `notifier`: plans the notices of each event, and takes in what is heard of notices, in the
//! transaction that settles the letter.

use super::{
    audience::Audience,
    gather::{Planned, gather, is_digest},
    heard, members,
    step::Rates,
};
use crate::{
    plan::{self, News, Recipient, Scene},
    render::Templates,
};
use async_trait::async_trait;
use bus::Effects;
use schemas::{
    Timestamp, Uuid,
    broadcast::{Broadcast, State, Step},
    city::City,
    event::CaseEvent,
    letter::{Lane, Letter, Topic},
    notice::{Due, Failed, Heard, Notice, NoticeState},
    verdict::{Fault, Verdict},
    way::Way,
};
use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};
use store::{AddressKeys, NoticeRow, Store, TemplateVersion, Tx};

/// Lane `notifier`.
pub struct PlanWorker {
    pub(super) store: Store,
    pub(super) city: Arc<City>,
    pub(super) keys: AddressKeys,
    available: Vec<&'static str>,
    pub(super) rates: Rates,
    templates: Arc<Templates>,
    /// Versions of the words that are kept for sure: read in a transaction after the one that wrote them.
    kept: Mutex<HashSet<String>>,
}

/// What a letter of this lane says.
enum Said {
    Event(CaseEvent),
    Failed(Failed),
    Heard(Heard),
    Step(Step),
}

/// What a notice told that did not reach its person.
enum Told {
    Event(CaseEvent),
    Broadcast(Box<Broadcast>),
}

impl Told {
    fn news(&self) -> News<'_> {
        match self {
            Self::Event(event) => News::Event(event),
            Self::Broadcast(broadcast) => News::Broadcast(broadcast),
        }
    }
}

impl Said {
    fn read(letter: &Letter) -> Result<Self, serde_json::Error> {
        Ok(match letter.topic {
            Topic::NoticeFailed => Self::Failed(letter.read()?),
            Topic::NoticeHeard => Self::Heard(letter.read()?),
            Topic::BroadcastStep => Self::Step(letter.read()?),
            _ => Self::Event(letter.read()?),
        })
    }
}

impl PlanWorker {
    /// Plans for the senders named `available` (see [`crate::Senders::names`]), to be written with the words of
    /// `templates`.
    pub async fn new(
        store: Store,
        city: Arc<City>,
        available: Vec<&'static str>,
        templates: Arc<Templates>,
    ) -> Result<Self, store::Error> {
        let keys = store.address_keys().await?;
        Ok(Self { store, city, keys, available, rates: Rates::new(), templates, kept: Mutex::default() })
    }

    /// The same, where senders hand over no more than `rates` per second.
    pub fn paced(self, rates: Rates) -> Self {
        Self { rates, ..self }
    }

    pub(super) fn scene<'a>(&'a self, news: News<'a>, now: Timestamp) -> Scene<'a> {
        Scene {
            news,
            available: &self.available,
            quiet: self.city.quiet,
            pace: self.city.pace,
            zone: &self.city.calendar.zone,
            critical: match news {
                News::Event(event) => event.critical,
                News::Broadcast(broadcast) => broadcast.draft.critical,
            },
            now,
        }
    }

    /// Tells the person of a notice that did not reach them the next way; nothing when there is none, when
    /// it reached them after all, or when something newer says more.
    async fn next_way<'a>(
        &self,
        tx: &mut Tx,
        failed: &Failed,
        cause: &'a Letter,
    ) -> Result<Vec<Planned<'a>>, store::Error> {
        let Some(row) = tx.notices(&[failed.notice]).await?.remove(&failed.notice) else { return Ok(Vec::new()) };
        if !is_digest(&row.notice) {
            return self.next_way_of(tx, row.notice, &failed.why, cause).await;
        }
        // Each of the gathered goes its own way: together they would not fit in a text message.
        let mut planned = Vec::new();
        for row in tx.gathered(failed.notice).await? {
            planned.extend(self.next_way_of(tx, row.notice, &failed.why, cause).await?);
        }
        Ok(planned)
    }

    async fn next_way_of<'a>(
        &self,
        tx: &mut Tx,
        notice: Notice,
        why: &str,
        cause: &'a Letter,
    ) -> Result<Vec<Planned<'a>>, store::Error> {
        if matches!(
            notice.state,
            NoticeState::Delivered | NoticeState::Superseded | NoticeState::Suppressed | NoticeState::Stopped
        ) {
            return Ok(Vec::new());
        }
        let now = self.store.clock().now();
        let found = match notice.broadcast() {
            Some(id) => self.of_broadcast(tx, id, &notice, now).await?,
            None => self.of_event(tx, &notice, now).await?,
        };
        let Some((told, to)) = found else { return Ok(Vec::new()) };
        let rows = tx.notices_for(notice.case_id, notice.event_id, &notice.person).await?;
        // Said once already: the next way is on its way.
        let place = |way: Way| to.ways.iter().position(|other| *other == way);
        if rows.iter().any(|row| place(row.notice.way) > place(notice.way)) {
            return Ok(Vec::new());
        }
        // No device says that it shows it: whoever asks about the others must know. One that says so later counts.
        if notice.device.is_some() && notice.state != NoticeState::Failed {
            tx.hear_of_notice(notice.id, NoticeState::Failed, Some(why)).await?;
        }
        // Another device of theirs has it, or may still get it: then its own failure says so.
        let is_reached = |row: &NoticeRow| row.notice.way == notice.way && row.notice.state != NoticeState::Failed;
        if rows.iter().any(|row| row.notice.id != notice.id && is_reached(row)) {
            return Ok(Vec::new());
        }
        let tried: Vec<Way> = rows.into_iter().map(|row| row.notice.way).collect();
        let instead = Some((notice.way, why.to_owned()));
        let next = plan::next(&self.scene(told.news(), now), &to, &tried, instead);
        if next.is_some() {
            let why = "the person is told another way";
            tx.drop_tells(&[notice.id], why).await?;
            tx.drop_paper(&[notice.id], why).await?;
        } else if !to.ways.is_empty() {
            // The last way failed, those by hand included: only their link leads to the news now.
            metrics::counter!("voordeur_notices_unreachable_total").increment(1);
            tracing::warn!(notice = %notice.id, case = %notice.case_id, way = %notice.way, "this person can be told in no other way");
        }
        let spread = next.into_iter().flat_map(|next| plan::spread(next, &to));
        Ok(spread.map(|notice| Planned { notice, cause, owner: to.owner }).collect())
    }

    /// The event that `notice` tells, and its person as they are known now.
    async fn of_event(
        &self,
        tx: &mut Tx,
        notice: &Notice,
        now: Timestamp,
    ) -> Result<Option<(Told, Recipient)>, store::Error> {
        let timeline = tx.timeline(notice.event_case()).await?;
        let Some(mut event) = timeline.into_iter().find(|event| event.id == notice.event_id) else { return Ok(None) };
        let audience = Audience::read(tx, &self.city, &self.keys, &[&event], now).await?;
        event.critical = audience.is_critical(&self.city, &event);
        let of = (notice.event_case() != notice.case_id).then_some(notice.case_id);
        let everybody = audience.of(&self.city, &self.keys, &event);
        let to = everybody.into_iter().find(|to| to.person == notice.person && to.of == of);
        Ok(to.map(|to| (Told::Event(event), to)))
    }

    /// As [`Self::of_event`], of a broadcast. One that was stopped goes no other way either.
    async fn of_broadcast(
        &self,
        tx: &mut Tx,
        id: Uuid,
        notice: &Notice,
        now: Timestamp,
    ) -> Result<Option<(Told, Recipient)>, store::Error> {
        let broadcast = tx.broadcasts(&[id]).await?.remove(&id).filter(|told| told.state != State::Stopped);
        let (Some(broadcast), Ok(person), Some(because)) =
            (broadcast, notice.person.parse(), notice.reasons.first().cloned())
        else {
            return Ok(None);
        };
        let to = members::one(tx, &broadcast.draft, person, because, now).await?;
        Ok(to.map(|to| (Told::Broadcast(Box::new(broadcast)), to)))
    }

    /// Gives each notice its language and the version of the words it is planned with, and keeps these words.
    async fn pin(&self, tx: &mut Tx, planned: &mut [Planned<'_>]) -> Result<(), store::Error> {
        let mut used = BTreeMap::new();
        for Planned { notice, .. } in planned {
            notice.language = self.city.answers_in(notice.language);
            let Some(version) = self.templates.version(&notice.template, notice.language) else { continue };
            notice.template_version = Some(version.name.clone());
            used.insert(version.name.as_str(), (version, notice.template.clone(), notice.language));
        }
        // The lock is never held across an await.
        let is_kept = |name: &str| self.kept.lock().unwrap_or_else(PoisonError::into_inner).contains(name);
        used.retain(|name, _| !is_kept(name));
        if used.is_empty() {
            return Ok(());
        }
        let known = tx.known_templates(&used.keys().copied().collect::<Vec<_>>()).await?;
        let since = self.store.clock().now();
        let new = used.into_values().filter(|(version, ..)| !known.contains(&version.name));
        let new: Vec<_> = new
            .map(|(version, template, language)| {
                let (version, texts) = (version.name.clone(), version.texts.clone());
                TemplateVersion { version, template, language, texts, since }
            })
            .collect();
        if !new.is_empty() {
            tx.keep_templates(&new).await?;
        }
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).extend(known);
        Ok(())
    }

    async fn write(&self, tx: &mut Tx, mut planned: Vec<Planned<'_>>) -> Result<(), store::Error> {
        self.pin(tx, &mut planned).await?;
        let notices: Vec<Notice> = planned.iter().map(|one| one.notice.clone()).collect();
        let new = tx.plan_notices(&notices).await?;
        planned.retain(|one| new.contains(&one.notice.id));
        metrics::counter!("voordeur_notices_planned_total").increment(new.len() as u64);
        let letters = gather(tx, planned).await?;
        tx.post(&letters).await
    }
}

/// The letter that has `notice` sent.
pub(super) fn due(notice: &Notice, cause: &Letter, now: Timestamp) -> Letter {
    let (lane, subject) = (Lane::sender(&notice.sender), format!("notice.{}", notice.template));
    let body = Due { notice: notice.id };
    let letter = Letter::new(notice.id, lane, Topic::NoticeDue, subject, &body, cause.trace.next(), now);
    let letter = letter.about(notice.case_id).because(notice.event_id);
    Letter { ready_at: notice.due_at, ..letter }
}

#[async_trait]
impl Effects for PlanWorker {
    async fn apply(&self, tx: &mut Tx, letters: &[Letter]) -> Result<Vec<Verdict>, store::Error> {
        let said: Vec<_> = letters.iter().map(Said::read).collect();
        let events: Vec<&CaseEvent> = said
            .iter()
            .filter_map(|said| match said {
                Ok(Said::Event(event)) if event.what.is_told() => Some(event),
                _ => None,
            })
            .collect();
        let now = self.store.clock().now();
        let audience = Audience::read(tx, &self.city, &self.keys, &events, now).await?;
        let (mut verdicts, mut planned) = (Vec::with_capacity(letters.len()), Vec::new());
        for (letter, said) in letters.iter().zip(&said) {
            match said {
                Ok(Said::Event(event)) => {
                    let critical = audience.is_critical(&self.city, event);
                    let scene = Scene { critical, ..self.scene(News::Event(event), now) };
                    let everybody = audience.of(&self.city, &self.keys, event);
                    for to in &everybody {
                        let notices = plan::plan(&scene, to).into_iter().flat_map(|notice| plan::spread(notice, to));
                        planned.extend(notices.map(|notice| Planned { notice, cause: letter, owner: to.owner }));
                    }
                }
                Ok(Said::Failed(failed)) => {
                    planned.extend(self.next_way(tx, failed, letter).await?);
                }
                Ok(Said::Heard(heard)) => heard::hear(self, tx, letter, heard).await?,
                Ok(Said::Step(step)) => planned.extend(self.step(tx, step, letter).await?),
                Err(error) => {
                    verdicts.push(Verdict::never(Fault::Ours, format!("the letter does not hold an event: {error}")));
                    continue;
                }
            }
            verdicts.push(Verdict::done());
        }
        if !planned.is_empty() {
            self.write(tx, planned).await?;
        }
        Ok(verdicts)
    }
}

/// The letter that has the person of `notice` told the next way.
pub(super) fn failed(notice: Uuid, case: Uuid, why: &str, cause: &Letter, now: Timestamp) -> Letter {
    let body = Failed { notice, why: why.to_owned() };
    let id = schemas::id::derived(&["notice failed", &notice.to_string(), why]);
    Letter::new(id, Lane::notifier(), Topic::NoticeFailed, "notice.failed", &body, cause.trace.next(), now).about(case)
}
