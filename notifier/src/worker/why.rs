//! "Why did I (not) get this?": every event of a case, everybody who may hear of it, what they were sent
//! and what became of that; and where nothing was sent, why not, by the planner's own rules.
//!
//! What was sent is told as it was decided then: the reasons are kept with each notice. Why something was
//! not sent is decided anew from what is known now.

mod broadcast;

pub use broadcast::BroadcastWhy;

use super::audience::{Audience, contact_addresses, targets};
use crate::plan::{self, News, REPORTER, Recipient, Scene, Silence};
use schemas::{
    Timestamp, Uuid,
    city::City,
    event::CaseEvent,
    notice::{Heard, Notice, NoticeState},
    reference::Reference,
    report::Report,
    way::Way,
};
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};
use store::{AddressKeys, Attempt, NoticeRow, PaperState, Standing, Store, Tx};

/// Everything that was told of one case, and everything that was not.
#[derive(Debug, Clone, Serialize)]
pub struct CaseWhy {
    /// The case.
    pub case: Uuid,
    /// Its reference, for people.
    pub reference: Reference,
    /// Who may hear of it and where, masked: the reporter is `reporter`.
    pub people: BTreeMap<String, Vec<Reach>>,
    /// What happened, the oldest first.
    pub events: Vec<EventWhy>,
}

/// Where somebody can be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reach {
    /// The way.
    pub way: Way,
    /// The address, masked ([`schemas::way::Address::masked`]).
    pub address: String,
    /// Whether they proved that it is theirs. A reporter's need no proof: they hear of their own report.
    pub verified: bool,
}

/// One event, and who was told of it.
#[derive(Debug, Clone, Serialize)]
pub struct EventWhy {
    /// What happened.
    pub event: CaseEvent,
    /// Whether anybody is told of events of this kind.
    pub told: bool,
    /// Everybody who was told or might have been, the reporter first.
    pub people: Vec<PersonWhy>,
}

/// What one person was sent of one event.
#[derive(Debug, Clone, Serialize)]
pub struct PersonWhy {
    /// `reporter`, or the id of a person.
    pub person: String,
    /// What they were sent, in the order it was planned.
    pub notices: Vec<NoticeWhy>,
    /// Why nothing was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silence: Option<Silence>,
    /// The way that is tried if the last one turns out not to have reached them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Way>,
}

/// One notice and what became of it.
#[derive(Debug, Clone, Serialize)]
pub struct NoticeWhy {
    /// What was planned, with its reasons.
    #[serde(flatten)]
    pub notice: Notice,
    /// When it was handed over.
    pub sent_at: Option<Timestamp>,
    /// What the provider answered when it took it.
    pub receipt: Option<String>,
    /// Why it was not sent, or came back.
    pub why: Option<String>,
    /// What it cost, in millionths of a euro.
    pub cost: Option<i64>,
    /// Every try, the oldest first.
    pub attempts: Vec<Attempt>,
    /// What was heard of it since, in the order it happened as far as they say.
    pub heard: Vec<Heard>,
    /// Its letter, while that waits or when it was given up.
    pub waits: Option<Standing>,
    /// How far its letter on paper is: it was handed over when it was laid ready for the print room, not when it left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paper: Option<PaperState>,
}

/// Whom the question is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Only this person: `reporter`, or an id. `None`: everybody.
    pub person: Option<String>,
    /// Only this event. `None`: all.
    pub event: Option<Uuid>,
}

impl Asked {
    fn is_about(&self, person: &str) -> bool {
        self.person.as_deref().is_none_or(|only| only == person)
    }
}

/// Answers why.
pub struct Whys {
    store: Store,
    city: Arc<City>,
    keys: AddressKeys,
    available: Vec<&'static str>,
}

/// What is read of one case within one transaction.
struct Read {
    report: Report,
    audience: Audience,
    people: BTreeMap<String, Vec<Reach>>,
    since: HashMap<Uuid, Timestamp>,
}

impl Whys {
    /// Answers for the people of `city`, where the senders named `available` are set up.
    pub async fn open(store: &Store, city: &Arc<City>, available: Vec<&'static str>) -> Result<Self, store::Error> {
        Ok(Self { store: store.clone(), city: city.clone(), keys: store.address_keys().await?, available })
    }

    /// Everything about one notice: its event, and its person alone. `None` when there is no such notice, when
    /// what it was about is erased, or when it tells a broadcast ([`Whys::broadcast`]).
    pub async fn notice(&self, id: Uuid) -> Result<Option<CaseWhy>, store::Error> {
        let Some(view) = self.store.notice(id).await? else { return Ok(None) };
        let Notice { case_id, event_id, person, .. } = view.notice;
        self.case(case_id, &Asked { person: Some(person), event: Some(event_id) }).await
    }

    /// Everything that `asked` is about in the case `id`. `None` when there is no such case.
    pub async fn case(&self, id: Uuid, asked: &Asked) -> Result<Option<CaseWhy>, store::Error> {
        let rows = self.store.notices_of(id).await?;
        let mut events = self.store.timeline(id, false).await?;
        events.extend(self.of_main_cases(id, &rows).await?);
        events.sort_by_key(|event| event.at);
        events.retain(|event| asked.event.is_none_or(|only| only == event.id));
        let Some(read) = self.read(id, &events).await? else { return Ok(None) };
        let mut notices: HashMap<(Uuid, String), Vec<NoticeRow>> = HashMap::new();
        for row in rows {
            notices.entry((row.notice.event_id, row.notice.person.clone())).or_default().push(row);
        }
        let mut told = Vec::with_capacity(events.len());
        for event in events {
            let mut people = Vec::new();
            let had: BTreeSet<&String> =
                notices.keys().filter(|(of, _)| *of == event.id).map(|(_, person)| person).collect();
            let everybody: BTreeSet<&String> = read.people.keys().chain(had).collect();
            let (mut everybody, rest): (Vec<_>, Vec<_>) = everybody.into_iter().partition(|person| *person == REPORTER);
            everybody.extend(rest);
            for person in everybody.into_iter().filter(|person| asked.is_about(person)) {
                let rows = notices.get(&(event.id, person.clone())).map_or(&[][..], Vec::as_slice);
                people.push(self.person(&read, &event, person, rows).await?);
            }
            told.push(EventWhy { told: event.what.is_told(), event, people });
        }
        let mut people = read.people;
        people.retain(|person, _| asked.is_about(person));
        Ok(Some(CaseWhy { case: id, reference: read.report.reference, people, events: told }))
    }

    /// What its people were told of cases that it was merged into.
    async fn of_main_cases(&self, id: Uuid, rows: &[NoticeRow]) -> Result<Vec<CaseEvent>, store::Error> {
        let told: BTreeSet<Uuid> = rows.iter().map(|row| row.notice.event_id).collect();
        let mains: BTreeSet<Uuid> =
            rows.iter().filter(|row| row.notice.broadcast().is_none()).map(|row| row.notice.event_case()).collect();
        let mut events = Vec::new();
        for main in mains.into_iter().filter(|main| *main != id) {
            let timeline = self.store.timeline(main, false).await?;
            events.extend(timeline.into_iter().filter(|event| told.contains(&event.id)));
        }
        Ok(events)
    }

    /// Reads everybody who may hear of `events`.
    async fn read(&self, case: Uuid, events: &[CaseEvent]) -> Result<Option<Read>, store::Error> {
        let mut tx = self.store.begin().await?;
        let now = self.store.clock().now();
        let Some(report) = tx.reports(&[case]).await?.remove(&case) else { return Ok(None) };
        let of: Vec<&CaseEvent> = events.iter().collect();
        let audience = Audience::read(&mut tx, &self.city, &self.keys, &of, now).await?;
        let mut since = tx.following_since(&targets(&self.city, &report)).await?;
        for (person, began) in audience.chosen_since(case) {
            let first = since.entry(person).or_insert(began);
            *first = began.min(*first);
        }
        let people = self.reach(&mut tx, &report, &since).await?;
        Ok(Some(Read { report, audience, people, since }))
    }

    /// Where everybody who may hear of `report` can be told.
    async fn reach(
        &self,
        tx: &mut Tx,
        report: &Report,
        since: &HashMap<Uuid, Timestamp>,
    ) -> Result<BTreeMap<String, Vec<Reach>>, store::Error> {
        let contact = tx.contacts(&[report.id]).await?.remove(&report.id).unwrap_or_default();
        let own = contact_addresses(&contact, &self.city);
        let devices = tx.devices(&[report.id]).await?.into_iter().map(|device| device.address);
        let own = devices.chain(own);
        let own = own.map(|address| Reach { way: address.way(), address: address.masked(), verified: true });
        let mut people = BTreeMap::from([(REPORTER.to_owned(), own.collect::<Vec<_>>())]);
        let followers: Vec<Uuid> = since.keys().copied().collect();
        people.extend(followers.iter().map(|id| (id.to_string(), Vec::new())));
        for known in tx.addresses(&followers).await? {
            let reach = Reach {
                way: known.address.way(),
                address: known.address.masked(),
                verified: known.verified_at.is_some(),
            };
            people.entry(known.person.to_string()).or_default().push(reach);
        }
        Ok(people)
    }

    async fn person(
        &self,
        read: &Read,
        event: &CaseEvent,
        person: &str,
        rows: &[NoticeRow],
    ) -> Result<PersonWhy, store::Error> {
        let scene = Scene {
            news: News::Event(event),
            available: &self.available,
            quiet: self.city.quiet,
            pace: self.city.pace,
            zone: &self.city.calendar.zone,
            critical: read.audience.is_critical(&self.city, event),
            now: self.store.clock().now(),
        };
        let everybody = read.audience.of(&self.city, &self.keys, event);
        let of = (event.case_id != read.report.id).then_some(read.report.id);
        let to = everybody.iter().find(|to| to.person == person && to.of == of);
        let silence = rows.is_empty().then(|| self.silence(read, event, &scene, person, to));
        let next = match (rows.last(), to) {
            (Some(last), Some(to)) if can_go_on(last.notice.state) => {
                let tried: Vec<Way> = rows.iter().map(|row| row.notice.way).collect();
                plan::next(&scene, to, &tried, None).map(|notice| notice.way)
            }
            _ => None,
        };
        let mut notices = Vec::with_capacity(rows.len());
        for row in rows {
            notices.push(self.row(row).await?);
        }
        Ok(PersonWhy { person: person.to_owned(), notices, silence, next })
    }

    async fn row(&self, row: &NoticeRow) -> Result<NoticeWhy, store::Error> {
        // The letter of a notice has the notice's id; what is told with a digest has the digest's.
        let id = self.store.digest_of(row.notice.id).await?.unwrap_or(row.notice.id);
        let (attempts, heard, waits) =
            (self.store.attempts(id).await?, self.store.heard_of(id).await?, self.store.standing(id).await?);
        let paper = match row.notice.way {
            Way::Letter => self.store.paper(row.notice.id).await?.map(|paper| paper.state),
            _ => None,
        };
        Ok(NoticeWhy {
            notice: row.notice.clone(),
            sent_at: row.sent_at,
            receipt: row.receipt.clone(),
            why: row.why.clone(),
            cost: row.cost,
            attempts,
            heard,
            waits,
            paper,
        })
    }

    /// Why nothing was sent to `person`; `to` when they may be told.
    fn silence(
        &self,
        read: &Read,
        event: &CaseEvent,
        scene: &Scene<'_>,
        person: &str,
        to: Option<&Recipient>,
    ) -> Silence {
        if !event.what.is_told() {
            return Silence::NotTold;
        }
        if person == REPORTER {
            return match to {
                Some(to) => plan::decide(scene, to, &[], None).err().unwrap_or(Silence::NotYet),
                None if read.report.tell.way().is_none() => Silence::AskedNothing,
                None if read.audience.is_hushed(event) => Silence::AnsweredBefore,
                None => Silence::NoAddress,
            };
        }
        if !event.what.is_for_followers() {
            return Silence::NotForFollowers;
        }
        if !read.audience.is_public(event.case_id) {
            return Silence::NotPublic;
        }
        let began = person.parse().ok().and_then(|id: Uuid| read.since.get(&id));
        if began.is_some_and(|began| *began > event.at) {
            return Silence::Later;
        }
        let reach = read.people.get(person).map_or(&[][..], Vec::as_slice);
        if !reach.is_empty() && reach.iter().all(|reach| !reach.verified) {
            return Silence::Unverified;
        }
        to.map_or(Silence::NoAddress, |to| plan::decide(scene, to, &[], None).err().unwrap_or(Silence::NotYet))
    }
}

/// Whether a notice at this state may still turn out not to have reached the person.
fn can_go_on(state: NoticeState) -> bool {
    matches!(state, NoticeState::Planned | NoticeState::Sent | NoticeState::Unknown | NoticeState::Failed)
}
