//! Requests and their updates as the Open311 door lists them: what is public, and what came by the channel that asks.

use crate::{
    Error, Result, Store,
    db::{args, batch, batch_ids, row},
    events::EventRow,
    references,
    sql::sql,
};
use schemas::{
    Date, Timestamp, Uuid,
    case::Status,
    event::CaseEvent,
    id::from_micros,
    place::Place,
    reference::Reference,
    report::{Kind, Language},
    slug::{CategoryId, Channel, DepartmentId, Slug},
};
use serde::Serialize;
use std::{collections::HashMap, time::Duration};

/// How far the moment in an id may lie before that of the report: it is made first, and a reference is fetched between.
const SLACK: Duration = Duration::from_secs(600);

/// Who looks, and so what they see.
#[derive(Debug, Clone, Default)]
pub struct Viewer {
    /// The channel that asks: all of its own. `None`: only what is public.
    pub channel: Option<Channel>,
    /// Categories that are public.
    pub public: Vec<CategoryId>,
    /// Departments whose cases are not public.
    pub confidential: Vec<DepartmentId>,
    /// Kinds of which none is public.
    pub private: Vec<Kind>,
}

/// Which requests.
#[derive(Debug, Clone)]
pub struct RequestFilter {
    /// Received since.
    pub from: Timestamp,
    /// Received until.
    pub to: Timestamp,
    /// About one of these, as the city sees it now; about anything when `None`.
    pub categories: Option<Vec<CategoryId>>,
    /// At one of these statuses.
    pub statuses: Vec<Status>,
    /// At most this many, the newest.
    pub limit: usize,
}

/// Which updates.
#[derive(Debug, Clone)]
pub struct UpdateFilter {
    /// Said since.
    pub from: Timestamp,
    /// Said until.
    pub to: Timestamp,
    /// Only of these requests; of any when `None`.
    pub references: Option<Vec<Reference>>,
    /// Words of [`schemas::event::What`] that everybody may see.
    pub public: Vec<&'static str>,
    /// At most this many, the oldest.
    pub limit: usize,
}

/// A request in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct GeoRequest {
    /// The report.
    pub id: Uuid,
    /// What people call it.
    pub reference: Reference,
    /// By which channel it came.
    pub channel: Channel,
    /// What it is about, as the city sees it now.
    pub category: CategoryId,
    /// The words of whoever reported it.
    pub words: String,
    /// Where.
    pub place: Place,
    /// The language of the report.
    pub language: Language,
    /// When it came.
    pub received_at: Timestamp,
    /// How far it is.
    pub status: Status,
    /// When that last changed.
    pub status_at: Timestamp,
    /// Who leads.
    pub lead: Option<DepartmentId>,
    /// The day that the department named.
    pub planned_on: Option<Date>,
    /// The day that the rules promise.
    pub due_on: Option<Date>,
}

/// An update in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct GeoUpdate {
    /// What happened.
    pub event: CaseEvent,
    /// By which channel the report came.
    pub channel: Channel,
    /// The language of the report.
    pub language: Language,
    /// How far the case is now.
    pub status: Status,
}

// The list of words is that of the index `event_said`; SQLite uses the index only when it stands here as it stands there.
sql! {
    both LIST = "SELECT r.id, r.reference, r.channel, coalesce(k.category, r.category), r.words, r.place, r.language,
            r.received_at, coalesce(c.status, 'received'), CAST(coalesce(c.status_at, r.received_at) AS bigint), c.lead,
            c.planned_on, c.due_on
        FROM report AS r LEFT JOIN cases AS c ON c.id = r.id LEFT JOIN correction AS k ON k.case_id = r.id
        WHERE r.id >= $1 AND r.id <= $2 AND r.received_at >= $3 AND r.received_at <= $4
            AND (CAST($5 AS text) IS NULL
                OR coalesce(k.category, r.category) IN (SELECT value ->> 'name' FROM json_each($5)))
            AND coalesce(c.status, 'received') IN (SELECT value ->> 'name' FROM json_each($6))
            AND (r.channel = $7 OR (r.kind NOT IN (SELECT value ->> 'name' FROM json_each($11))
                AND NOT EXISTS (SELECT 1 FROM held WHERE held.report_id = r.id AND held.state IN ('held', 'refused'))
                AND coalesce(k.category, r.category) IN (SELECT value ->> 'name' FROM json_each($8))
                AND coalesce(c.lead, '') NOT IN (SELECT value ->> 'name' FROM json_each($9))))
        ORDER BY r.id DESC LIMIT CAST($10 AS bigint)";
    both BY_REFERENCES = "SELECT r.id, r.reference, r.channel, coalesce(k.category, r.category), r.words, r.place,
            r.language, r.received_at, coalesce(c.status, 'received'),
            CAST(coalesce(c.status_at, r.received_at) AS bigint), c.lead, c.planned_on, c.due_on
        FROM report AS r LEFT JOIN cases AS c ON c.id = r.id LEFT JOIN correction AS k ON k.case_id = r.id
        WHERE r.reference IN (SELECT CAST(value ->> 'reference' AS bigint) FROM json_each($1))
            AND (r.channel = $2 OR (r.kind NOT IN (SELECT value ->> 'name' FROM json_each($5))
                AND NOT EXISTS (SELECT 1 FROM held WHERE held.report_id = r.id AND held.state IN ('held', 'refused'))
                AND coalesce(k.category, r.category) IN (SELECT value ->> 'name' FROM json_each($3))
                AND coalesce(c.lead, '') NOT IN (SELECT value ->> 'name' FROM json_each($4))))
        ORDER BY r.id DESC";
    both UPDATES = "SELECT e.id, e.case_id, e.reference, e.version, e.at, e.body, r.channel, r.language,
            coalesce(c.status, 'received')
        FROM event AS e JOIN report AS r ON r.id = e.case_id LEFT JOIN cases AS c ON c.id = e.case_id
            LEFT JOIN correction AS k ON k.case_id = e.case_id
        WHERE e.at >= $1 AND e.at <= $2 AND e.what IN ('accepted', 'planned', 'asked', 'solved', 'declined', 'referred',
                'reopened', 'answered', 'part_solved', 'note', 'slipping', 'merged', 'split')
            AND (CAST($3 AS text) IS NULL
                OR e.reference IN (SELECT CAST(value ->> 'reference' AS bigint) FROM json_each($3)))
            AND (r.channel = $4 OR (r.kind NOT IN (SELECT value ->> 'name' FROM json_each($9))
                AND NOT EXISTS (SELECT 1 FROM held WHERE held.report_id = r.id AND held.state IN ('held', 'refused'))
                AND e.what IN (SELECT value ->> 'name' FROM json_each($5))
                AND coalesce(k.category, r.category) IN (SELECT value ->> 'name' FROM json_each($6))
                AND coalesce(c.lead, '') NOT IN (SELECT value ->> 'name' FROM json_each($7))))
        ORDER BY e.at, e.case_id, e.version LIMIT CAST($8 AS bigint)";
    both SAID = "SELECT id, case_id, reference, version, at, body FROM event
        WHERE case_id IN (SELECT value ->> 'id' FROM json_each($1))
            AND what IN ('accepted', 'planned', 'asked', 'solved', 'declined', 'referred', 'reopened', 'answered',
                'part_solved', 'note', 'slipping', 'merged', 'split')
        ORDER BY case_id, version";
}

row! { "report", RequestRow {
    id: String, reference: i64, channel: String, category: String, words: String, place: String, language: String,
    received_at: i64, status: String, status_at: i64, lead: Option<String>, planned_on: Option<String>,
    due_on: Option<String>,
} }

row! { "event", UpdateRow {
    id: String, case_id: String, reference: i64, version: i64, at: i64, body: String, channel: String,
    language: String, status: String,
} }

impl RequestRow {
    fn read(self) -> Result<GeoRequest> {
        let broken = |column| Error::broken("report", column, &self.id);
        let day = |day: &Option<String>, column| {
            day.as_deref().map(str::parse::<Date>).transpose().map_err(|_| broken(column))
        };
        Ok(GeoRequest {
            id: self.id.parse().map_err(|_| broken("id"))?,
            reference: references::read(self.reference).ok_or_else(|| broken("reference"))?,
            channel: Slug::new(&self.channel).map_err(|_| broken("channel"))?,
            category: CategoryId::new(&self.category).map_err(|_| broken("category"))?,
            place: serde_json::from_str(&self.place).map_err(|_| broken("place"))?,
            language: Language::parse(&self.language).ok_or_else(|| broken("language"))?,
            received_at: from_micros(self.received_at),
            status: Status::parse(&self.status).ok_or_else(|| broken("status"))?,
            status_at: from_micros(self.status_at),
            lead: self.lead.as_deref().map(Slug::new).transpose().map_err(|_| broken("lead"))?,
            planned_on: day(&self.planned_on, "planned_on")?,
            due_on: day(&self.due_on, "due_on")?,
            words: self.words,
        })
    }
}

impl UpdateRow {
    fn read(self) -> Result<GeoUpdate> {
        let broken = |column| Error::broken("report", column, &self.case_id);
        let channel = Slug::new(&self.channel).map_err(|_| broken("channel"))?;
        let language = Language::parse(&self.language).ok_or_else(|| broken("language"))?;
        let status = Status::parse(&self.status).ok_or_else(|| broken("status"))?;
        let Self { id, case_id, reference, version, at, body, .. } = self;
        let event = EventRow { id, case_id, reference, version, at, body }.read()?;
        Ok(GeoUpdate { event, channel, language, status })
    }
}

#[derive(Serialize)]
struct Name<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct Number {
    reference: i64,
}

fn names<'a>(all: impl IntoIterator<Item = &'a str>) -> Result<String> {
    let rows: Vec<Name<'_>> = all.into_iter().map(|name| Name { name }).collect();
    Ok(serde_json::to_string(&rows)?)
}

fn numbers(all: &[Reference]) -> Vec<Number> {
    all.iter().map(|reference| Number { reference: references::number(*reference) }).collect()
}

impl Viewer {
    /// Their channel, public categories, confidential departments, private kinds: arguments of each statement. No channel
    /// has an empty name.
    fn sees(&self) -> Result<(String, String, String, String)> {
        Ok((
            self.channel.as_ref().map(|channel| channel.as_str().to_owned()).unwrap_or_default(),
            names(self.public.iter().map(|id| id.as_str()))?,
            names(self.confidential.iter().map(|id| id.as_str()))?,
            names(self.private.iter().map(|kind| kind.as_str()))?,
        ))
    }
}

/// The smallest identifier that sorts at `at`, or the largest.
fn bound(at: Timestamp, largest: bool) -> Uuid {
    let millis = u64::try_from(at.as_millisecond()).unwrap_or(0).min((1 << 48) - 1);
    let fill = if largest { 0xff } else { 0 };
    let mut bytes = [fill; 16];
    bytes[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
    Uuid::from_bytes(bytes)
}

impl Store {
    /// The newest requests that `viewer` may see and that fit.
    pub async fn geo_requests(&self, viewer: &Viewer, filter: &RequestFilter) -> Result<Vec<GeoRequest>> {
        let (channel, public, confidential, private) = viewer.sees()?;
        let categories = filter.categories.as_ref().map(|all| names(all.iter().map(|id| id.as_str()))).transpose()?;
        let early = filter.from.checked_sub(SLACK).unwrap_or(Timestamp::MIN);
        let late = filter.to.checked_add(SLACK).unwrap_or(Timestamp::MAX);
        let args = args![
            bound(early, false),
            bound(late, true),
            filter.from,
            filter.to,
            categories,
            names(filter.statuses.iter().map(|status| status.as_str()))?,
            channel,
            public,
            confidential,
            filter.limit,
            private,
        ];
        let rows: Vec<RequestRow> = self.inner.db.ordered(LIST, args).await?;
        rows.into_iter().map(RequestRow::read).collect()
    }

    /// These requests, as far as `viewer` may see them.
    pub async fn geo_requests_named(&self, viewer: &Viewer, named: &[Reference]) -> Result<Vec<GeoRequest>> {
        let (channel, public, confidential, private) = viewer.sees()?;
        let mut args = vec![batch(&numbers(named))?];
        args.extend(args![channel, public, confidential, private]);
        let rows: Vec<RequestRow> = self.inner.db.all(BY_REFERENCES, args).await?;
        rows.into_iter().map(RequestRow::read).collect()
    }

    /// The oldest updates that `viewer` may see and that fit.
    pub async fn geo_updates(&self, viewer: &Viewer, filter: &UpdateFilter) -> Result<Vec<GeoUpdate>> {
        let (channel, public, confidential, private) = viewer.sees()?;
        let named = filter.references.as_ref().map(|named| serde_json::to_string(&numbers(named))).transpose()?;
        let said = names(filter.public.iter().copied())?;
        let args = args![filter.from, filter.to, named, channel, said, public, confidential, filter.limit, private];
        let rows: Vec<UpdateRow> = self.inner.db.ordered(UPDATES, args).await?;
        rows.into_iter().map(UpdateRow::read).collect()
    }

    /// What was said about each of these cases, in its order.
    pub async fn geo_said(&self, cases: &[Uuid]) -> Result<HashMap<Uuid, Vec<CaseEvent>>> {
        let mut said: HashMap<Uuid, Vec<CaseEvent>> = HashMap::new();
        if cases.is_empty() {
            return Ok(said);
        }
        let rows: Vec<EventRow> = self.inner.db.all(SAID, vec![batch_ids(cases)]).await?;
        for row in rows {
            let event = row.read()?;
            said.entry(event.case_id).or_default().push(event);
        }
        Ok(said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::id::{Clock, Ids};

    #[test]
    fn ids_sort_between_the_bounds_of_their_moment() {
        let at: Timestamp = "2026-11-23T09:12:00.5Z".parse().unwrap();
        let id = Ids::new(Clock::new(move || at)).new_id();
        assert!(bound(at, false) <= id && id <= bound(at, true));
        assert!(bound(at - Duration::from_secs(1), true) < id && id < bound(at + Duration::from_secs(1), false));
        assert_eq!(bound(Timestamp::MIN, false), Uuid::nil());
        assert!(bound(Timestamp::MAX, true) > id);
    }
}
