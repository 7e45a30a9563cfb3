//! Notices: what was planned to be told, and what became of it.

use crate::{
    Error, Result, Store, Tx,
    db::{args, batch, batch_ids, row},
    devices::{DeviceKey, ReportDevice},
    events::{self, EventKey, EventRow},
    sql::sql,
};
use schemas::{
    Timestamp, Uuid,
    broadcast::Broadcast,
    case::Case,
    event::{CaseEvent, What},
    id::from_micros,
    left_out::LeftOut,
    notice::{Notice, NoticeState},
    person::{KnownAddress, Person},
    reference::Reference,
    report::{Contact, Language, Report},
    way::Way,
};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Everything needed to render and send one notice.
#[derive(Debug, Clone, PartialEq)]
pub struct NoticeView {
    /// The notice.
    pub notice: Notice,
    /// What it tells.
    pub about: About,
    /// Who is told, if that is not the reporter; their addresses in the order they are tried.
    pub person: Option<(Person, Vec<KnownAddress>)>,
}

/// What a notice tells.
#[derive(Debug, Clone, PartialEq)]
pub enum About {
    /// An event of a case; of a digest the first that it gathered.
    Case(Box<AboutCase>),
    /// A broadcast.
    Broadcast(Box<Broadcast>),
}

/// An event of a case, with what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct AboutCase {
    /// The event.
    pub event: CaseEvent,
    /// The report.
    pub report: Report,
    /// Who told it.
    pub contact: Option<Contact>,
    /// The device that the notice goes to, if it goes to one of the reporter's and that is still there.
    pub device: Option<ReportDevice>,
    /// The case of the event, once the router opened it.
    pub case: Option<Case>,
    /// What was not taken of the mail that the report was; said with its receipt alone.
    pub left_out: Vec<LeftOut>,
}

impl NoticeView {
    /// The case that it is about.
    pub fn case(&self) -> Option<&AboutCase> {
        match &self.about {
            About::Case(case) => Some(case),
            About::Broadcast(_) => None,
        }
    }

    /// The number that the resident knows it by.
    pub fn reference(&self) -> Reference {
        match &self.about {
            About::Case(case) => case.report.reference,
            About::Broadcast(broadcast) => broadcast.reference,
        }
    }
}

/// A notice and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeRow {
    /// The notice.
    pub notice: Notice,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
    /// How often it was tried.
    pub attempts: u32,
    /// What the provider answered.
    pub receipt: Option<String>,
    /// Why not, if not.
    pub why: Option<String>,
    /// What handing it over cost, in millionths of a euro.
    pub cost: Option<i64>,
}

/// What became of a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeEnd {
    /// The notice.
    pub id: Uuid,
    /// How far it is now.
    pub state: NoticeState,
    /// When.
    pub at: Timestamp,
    /// What the provider answered.
    pub receipt: Option<String>,
    /// Why not, if not.
    pub why: Option<String>,
}

sql! {
    both PLAN = "WITH batch AS MATERIALIZED (SELECT value FROM json_each($1))
        INSERT INTO notice (id, case_id, event_id, version, template, person, sender, way, language,
            template_version, reasons, state, planned_at, due_at, device, attempts)
        SELECT value ->> 'id', value ->> 'case_id', value ->> 'event_id', CAST(value ->> 'version' AS bigint),
            value ->> 'template', value ->> 'person', value ->> 'sender', value ->> 'way', value ->> 'language',
            value ->> 'template_version', value ->> 'reasons', value ->> 'state', CAST(value ->> 'planned_at' AS bigint),
            CAST(value ->> 'due_at' AS bigint), value ->> 'device', 0
        FROM batch WHERE TRUE ON CONFLICT (id) DO NOTHING RETURNING id";
    // What was sent stays sent, whatever a second carrier of the same letter says. A receipt may come before the
    // answer: then it stays delivered, and the try counts.
    both SETTLE = "WITH batch AS MATERIALIZED (SELECT value FROM json_each($1))
        UPDATE notice SET receipt = coalesce(given.receipt, notice.receipt),
            state = CASE WHEN notice.state = 'delivered' THEN notice.state ELSE given.state END,
            why = CASE WHEN notice.state = 'delivered' THEN notice.why ELSE given.why END,
            sent_at = CASE WHEN given.state = 'sent' THEN given.at ELSE notice.sent_at END,
            attempts = notice.attempts + CASE WHEN given.state IN ('superseded', 'suppressed', 'stopped') THEN 0 ELSE 1 END
        FROM (SELECT value ->> 'id' AS of, value ->> 'state' AS state, CAST(value ->> 'at' AS bigint) AS at,
                value ->> 'receipt' AS receipt, value ->> 'why' AS why FROM batch) AS given
        WHERE notice.id = given.of AND (notice.state NOT IN ('sent', 'delivered')
            OR (notice.state = 'delivered' AND notice.sent_at IS NULL))";
    both BY_IDS = "SELECT id, case_id, event_id, version, template, person, sender, way, language,
            template_version, reasons, state, planned_at, due_at, sent_at, attempts, receipt, why, cost, device
        FROM notice WHERE id IN (SELECT value ->> 'id' FROM json_each($1))";
    both OF_CASE = "SELECT id, case_id, event_id, version, template, person, sender, way, language,
            template_version, reasons, state, planned_at, due_at, sent_at, attempts, receipt, why, cost, device
        FROM notice WHERE case_id = $1 ORDER BY planned_at, version, id";
    both FOR_PERSON = "SELECT id, case_id, event_id, version, template, person, sender, way, language,
            template_version, reasons, state, planned_at, due_at, sent_at, attempts, receipt, why, cost, device
        FROM notice WHERE case_id = $1 AND event_id = $2 AND person = $3
        ORDER BY planned_at, id";
    both COST = "UPDATE notice SET cost = $2 WHERE id = $1";
    both HEARD = "UPDATE notice SET state = $2, why = $3, heard_at = $4 WHERE id = $1";
}

#[derive(Serialize)]
struct PlanRow<'a> {
    id: Uuid,
    case_id: Uuid,
    event_id: Uuid,
    version: i64,
    template: &'a str,
    person: &'a str,
    sender: &'a str,
    way: &'static str,
    language: &'static str,
    template_version: Option<&'a str>,
    reasons: String,
    state: &'static str,
    planned_at: i64,
    due_at: Option<i64>,
    device: Option<&'a str>,
}

#[derive(Serialize)]
pub(crate) struct EndRow<'a> {
    id: Uuid,
    state: &'static str,
    at: i64,
    receipt: Option<&'a str>,
    why: Option<&'a str>,
}

impl<'a> EndRow<'a> {
    pub(crate) fn of(end: &'a NoticeEnd) -> Self {
        let NoticeEnd { id, state, at, receipt, why } = end;
        let (state, at) = (state.as_str(), at.as_microsecond());
        Self { id: *id, state, at, receipt: receipt.as_deref(), why: why.as_deref() }
    }
}

row! { "notice", KeptRow {
    id: String, case_id: String, event_id: String, version: i64, template: String, person: String, sender: String,
    way: String, language: String, template_version: Option<String>, reasons: String, state: String, planned_at: i64,
    due_at: Option<i64>, sent_at: Option<i64>, attempts: i64, receipt: Option<String>, why: Option<String>,
    cost: Option<i64>, device: Option<String>,
} }

impl KeptRow {
    pub(crate) fn read(self) -> Result<NoticeRow> {
        let broken = |column| Error::broken("notice", column, &self.id);
        Ok(NoticeRow {
            notice: Notice {
                id: self.id.parse().map_err(|_| broken("id"))?,
                case_id: self.case_id.parse().map_err(|_| broken("case_id"))?,
                event_id: self.event_id.parse().map_err(|_| broken("event_id"))?,
                version: self.version,
                way: Way::parse(&self.way).ok_or_else(|| broken("way"))?,
                language: Language::parse(&self.language).ok_or_else(|| broken("language"))?,
                reasons: serde_json::from_str(&self.reasons).map_err(|_| broken("reasons"))?,
                state: NoticeState::parse(&self.state).ok_or_else(|| broken("state"))?,
                template: self.template,
                template_version: self.template_version,
                person: self.person,
                sender: self.sender,
                device: self.device,
                planned_at: from_micros(self.planned_at),
                due_at: self.due_at.map(from_micros),
            },
            sent_at: self.sent_at.map(from_micros),
            attempts: u32::try_from(self.attempts).map_err(|_| Error::broken("notice", "attempts", &self.id))?,
            receipt: self.receipt,
            why: self.why,
            cost: self.cost,
        })
    }
}

impl Tx {
    /// Writes planned notices and returns the ids of those that are new.
    pub async fn plan_notices(&mut self, notices: &[Notice]) -> Result<HashSet<Uuid>> {
        if notices.is_empty() {
            return Ok(HashSet::new());
        }
        let by_id: BTreeMap<_, _> = notices.iter().map(|notice| (notice.id, notice)).collect();
        let rows = by_id
            .into_values()
            .map(|notice| {
                Ok(PlanRow {
                    id: notice.id,
                    case_id: notice.case_id,
                    event_id: notice.event_id,
                    version: notice.version,
                    template: &notice.template,
                    person: &notice.person,
                    sender: &notice.sender,
                    way: notice.way.as_str(),
                    language: notice.language.as_str(),
                    template_version: notice.template_version.as_deref(),
                    reasons: serde_json::to_string(&notice.reasons)?,
                    state: notice.state.as_str(),
                    planned_at: notice.planned_at.as_microsecond(),
                    due_at: notice.due_at.map(Timestamp::as_microsecond),
                    device: notice.device.as_deref(),
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let new: Vec<(String,)> = self.conn.all(PLAN, vec![batch(&rows)?]).await?;
        Ok(new.iter().filter_map(|(id,)| id.parse().ok()).collect())
    }

    /// Writes what became of notices; each counts as one attempt unless it was superseded. A
    /// notice that was sent stays sent.
    pub async fn settle_notices(&mut self, ends: &[NoticeEnd]) -> Result<()> {
        let by_id: BTreeMap<_, _> = ends.iter().map(|end| (end.id, end)).collect();
        let rows: Vec<_> = by_id.into_values().map(EndRow::of).collect();
        if !rows.is_empty() {
            self.conn.exec(SETTLE, vec![batch(&rows)?]).await?;
        }
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        self.hook_notices(&ids).await
    }
}

impl Tx {
    /// The notices of one event of a case for one person, in the order they were planned: one per way that was tried.
    pub async fn notices_for(&mut self, case: Uuid, event: Uuid, person: &str) -> Result<Vec<NoticeRow>> {
        let rows: Vec<KeptRow> = self.conn.all(FOR_PERSON, args![case, event, person]).await?;
        rows.into_iter().map(KeptRow::read).collect()
    }

    /// Notices by id; those that do not exist are left out.
    pub async fn notices(&mut self, ids: &[Uuid]) -> Result<HashMap<Uuid, NoticeRow>> {
        let rows: Vec<KeptRow> = self.conn.all(BY_IDS, vec![batch_ids(ids)]).await?;
        rows.into_iter().map(|row| row.read().map(|row| (row.notice.id, row))).collect()
    }

    /// Writes what it cost to hand a notice over, in millionths of a euro.
    pub async fn price_notice(&mut self, id: Uuid, cost: i64) -> Result<()> {
        self.conn.exec(COST, args![id, cost]).await.map(|_| ())
    }

    /// Writes what was heard of a notice after it was sent, and of all that was told with it: the state and why.
    pub async fn hear_of_notice(&mut self, id: Uuid, state: NoticeState, why: Option<&str>) -> Result<()> {
        let now = self.clock().now();
        self.conn.exec(HEARD, args![id, state.as_str(), why.map(str::to_owned), now]).await?;
        self.hook_notices(&[id]).await?;
        self.hear_of_gathered(id, state, why).await
    }
}

impl Store {
    /// One notice with all that is needed to send it.
    pub async fn notice(&self, id: Uuid) -> Result<Option<NoticeView>> {
        Ok(self.notices_by_ids(&[id]).await?.remove(&id))
    }

    /// Many notices with all that is needed to send them; those that do not exist are left out.
    ///
    /// # Errors
    /// [`Error::Inconsistent`] when the event or the report of a notice is not there.
    pub async fn notices_by_ids(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, NoticeView>> {
        let rows: Vec<KeptRow> = self.inner.db.all(BY_IDS, vec![batch_ids(ids)]).await?;
        let notices = rows.into_iter().map(|row| row.read().map(|row| row.notice)).collect::<Result<Vec<_>>>()?;
        if notices.is_empty() {
            return Ok(HashMap::new());
        }
        let (mut of_broadcasts, mut cases): (Vec<Uuid>, Vec<Uuid>) = (Vec::new(), Vec::new());
        for notice in &notices {
            if notice.broadcast().is_some() { &mut of_broadcasts } else { &mut cases }.push(notice.case_id);
        }
        for ids in [&mut of_broadcasts, &mut cases] {
            ids.sort_unstable();
            ids.dedup();
        }
        let broadcasts = self.broadcasts_to_send(&of_broadcasts).await?;
        let events = self.events_of(&notices).await?;
        let reports = if cases.is_empty() { HashMap::new() } else { self.reports_by_ids(&cases).await? };
        let contacts = if cases.is_empty() { HashMap::new() } else { self.contacts_by_ids(&cases).await? };
        let is_receipt = |event: &&CaseEvent| event.what == What::Received;
        let received: Vec<Uuid> = events.values().filter(is_receipt).map(|event| event.case_id).collect();
        let left_out = self.left_out(&received).await?;
        // How far it is shows the case whose event is told.
        let mut cases: Vec<Uuid> = notices.iter().filter(|n| n.broadcast().is_none()).map(Notice::event_case).collect();
        cases.sort_unstable();
        cases.dedup();
        let cases = if cases.is_empty() { HashMap::new() } else { self.cases_by_ids(&cases).await? };
        let mut ids: Vec<Uuid> = notices.iter().filter_map(|notice| notice.person.parse().ok()).collect();
        ids.sort_unstable();
        ids.dedup();
        let people = self.people_with_addresses(&ids).await?;
        let wanted = notices.iter().filter_map(|n| n.device.as_deref().map(|key| DeviceKey { report: n.case_id, key }));
        let devices = self.devices_by_keys(&wanted.collect::<Vec<_>>()).await?;
        notices
            .into_iter()
            .map(|notice| {
                let missing = |column| Error::broken("notice", column, notice.id);
                let case = notice.case_id;
                let is_its =
                    |device: &&ReportDevice| device.report == case && Some(&device.key) == notice.device.as_ref();
                let about = match broadcasts.get(&case) {
                    Some(broadcast) => About::Broadcast(Box::new(broadcast.clone())),
                    None => About::Case(Box::new(AboutCase {
                        event: events.get(&notice.event_id).cloned().ok_or_else(|| missing("event_id"))?,
                        report: reports.get(&case).cloned().ok_or_else(|| missing("case_id"))?,
                        contact: contacts.get(&case).cloned(),
                        device: devices.iter().find(is_its).cloned(),
                        case: cases.get(&notice.event_case()).cloned(),
                        left_out: left_out.get(&case).cloned().unwrap_or_default(),
                    })),
                };
                let person = notice.person.parse().ok().and_then(|id: Uuid| people.get(&id).cloned());
                let view = NoticeView { about, person, notice };
                Ok((view.notice.id, view))
            })
            .collect()
    }

    /// The events that these notices tell.
    async fn events_of(&self, notices: &[Notice]) -> Result<HashMap<Uuid, CaseEvent>> {
        let of_cases = notices.iter().filter(|notice| notice.broadcast().is_none());
        let keys: Vec<_> = of_cases.map(|n| EventKey { case_id: n.event_case(), version: n.version }).collect();
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let rows: Vec<EventRow> = self.inner.db.all(events::BY_KEYS, vec![batch(&keys)?]).await?;
        rows.into_iter().map(|row| row.read().map(|event| (event.id, event))).collect()
    }

    /// The notices of a case, in the order they were planned.
    pub async fn notices_of(&self, case: Uuid) -> Result<Vec<NoticeRow>> {
        let rows: Vec<KeptRow> = self.inner.db.all(OF_CASE, args![case]).await?;
        rows.into_iter().map(KeptRow::read).collect()
    }
}
