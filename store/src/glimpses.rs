//! Cases as far as it takes to know whether everybody may know of them, in three ways: by their ids, one after another, and
//! those that changed lately. What a reporter wrote, and who they are, is not among it.

use crate::{
    Error, Result, Store, Tx,
    db::{args, batch_ids, row},
    places::degrees,
    references,
    sql::sql,
};
use schemas::{
    Date, Timestamp, Uuid,
    case::Status,
    city::{City, Publicity},
    id::from_micros,
    place::Point,
    reference::Reference,
    report::{Kind, TRIAL_CHANNEL},
    slug::{CategoryId, Channel, DepartmentId, Slug},
};
use std::ops::Deref;

/// What of a case is public as it is, once the case is.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// The report, and its case.
    pub id: Uuid,
    /// What people call it.
    pub reference: Reference,
    /// What kind of matter.
    pub kind: Kind,
    /// What it is about, as the city sees it now.
    pub category: CategoryId,
    /// When it came.
    pub received_at: Timestamp,
    /// How far it is; received while nobody decided.
    pub status: Status,
    /// When that last changed, by the clock of whoever changed it.
    pub status_at: Timestamp,
    /// When it was last closed.
    pub closed_at: Option<Timestamp>,
    /// Who leads.
    pub lead: Option<DepartmentId>,
    /// The day that the department named, else the promised one.
    pub expected_on: Option<Date>,
    /// The main case, of a duplicate: where it goes on.
    pub main: Option<Uuid>,
    /// When anything of a [`Glimpse`] of it last changed, by our clock; 0 for what did not since there is such a mark.
    pub changed_at: Timestamp,
}

/// What there is to know before anything of a case is public. Not public itself: [`Glimpse::is_public`] is the one rule that
/// makes it so.
#[derive(Debug, Clone, PartialEq)]
pub struct Glimpse {
    /// What is public once the case is.
    pub facts: Facts,
    /// By which channel it came.
    pub channel: Channel,
    /// Where, as it was told.
    pub point: Option<Point>,
    /// Nobody but its reporter may know of it: it is held, or was refused.
    pub hidden: bool,
    /// How many others reported the same: the duplicates of this one.
    pub others: u32,
}

impl Deref for Glimpse {
    type Target = Facts;
    fn deref(&self) -> &Facts {
        &self.facts
    }
}

impl Glimpse {
    /// Whether everybody may know of it. Nobody may when its kind or category is not public (or only as an area), the
    /// department that leads is confidential, it is held or was refused, or somebody only tried us out.
    pub fn is_public(&self, city: &City) -> bool {
        city.category(&self.category).is_some_and(|category| category.publicity == Publicity::Public)
            && city.kinds.of(self.kind).public
            && !self.hidden
            && !city.is_confidential(self.lead.as_ref())
            && self.channel.as_str() != TRIAL_CHANNEL
    }
}

sql! {
    both GLIMPSES_BY_IDS = "SELECT r.id, r.reference, r.channel, r.kind, coalesce(k.category, r.category), r.lat, r.lon,
            r.received_at, coalesce(c.status, 'received'), CAST(coalesce(c.status_at, r.received_at) AS bigint),
            c.closed_at, c.lead, coalesce(c.planned_on, c.due_on),
            CAST((SELECT count(*) FROM held WHERE held.report_id = r.id AND held.state IN ('held', 'refused')) AS bigint),
            m.main_id, CAST((SELECT count(*) FROM merged AS o WHERE o.main_id = r.id) AS bigint),
            CAST(coalesce(c.changed_at, 0) AS bigint)
        FROM report AS r LEFT JOIN cases AS c ON c.id = r.id LEFT JOIN correction AS k ON k.case_id = r.id
            LEFT JOIN merged AS m ON m.case_id = r.id
        WHERE r.id IN (SELECT value ->> 'id' FROM json_each($1))";
    // Along the key, the oldest first.
    both GLIMPSES_AFTER = "SELECT r.id, r.reference, r.channel, r.kind, coalesce(k.category, r.category), r.lat, r.lon,
            r.received_at, c.status, c.status_at, c.closed_at, c.lead, coalesce(c.planned_on, c.due_on),
            CAST((SELECT count(*) FROM held WHERE held.report_id = r.id AND held.state IN ('held', 'refused')) AS bigint),
            m.main_id, CAST((SELECT count(*) FROM merged AS o WHERE o.main_id = r.id) AS bigint), c.changed_at
        FROM cases AS c JOIN report AS r ON r.id = c.id LEFT JOIN correction AS k ON k.case_id = c.id
            LEFT JOIN merged AS m ON m.case_id = c.id
        WHERE c.id > $1 ORDER BY c.id LIMIT CAST($2 AS bigint)";
    both GLIMPSES_CHANGED = "SELECT r.id, r.reference, r.channel, r.kind, coalesce(k.category, r.category), r.lat, r.lon,
            r.received_at, c.status, c.status_at, c.closed_at, c.lead, coalesce(c.planned_on, c.due_on),
            CAST((SELECT count(*) FROM held WHERE held.report_id = r.id AND held.state IN ('held', 'refused')) AS bigint),
            m.main_id, CAST((SELECT count(*) FROM merged AS o WHERE o.main_id = r.id) AS bigint), c.changed_at
        FROM cases AS c JOIN report AS r ON r.id = c.id LEFT JOIN correction AS k ON k.case_id = c.id
            LEFT JOIN merged AS m ON m.case_id = c.id
        WHERE (c.changed_at, c.id) > ($1, $2) ORDER BY c.changed_at, c.id LIMIT CAST($3 AS bigint)";
    both LAST_CHANGE = "SELECT max(changed_at) FROM cases";
    both TOUCH = "UPDATE cases SET changed_at = $2 WHERE id IN (SELECT value ->> 'id' FROM json_each($1))";
}

row! { "report", GlimpseRow {
    id: String, reference: i64, channel: String, kind: String, category: String, lat: Option<i64>, lon: Option<i64>,
    received_at: i64, status: String, status_at: i64, closed_at: Option<i64>, lead: Option<String>,
    expected_on: Option<String>, hidden: i64, main: Option<String>, others: i64, changed_at: i64,
} }

impl GlimpseRow {
    fn read(self) -> Result<Glimpse> {
        let broken = |column| Error::broken("report", column, &self.id);
        let point = match (self.lat, self.lon) {
            (Some(lat), Some(lon)) => Some(Point {
                lat: degrees(lat).ok_or_else(|| broken("lat"))?,
                lon: degrees(lon).ok_or_else(|| broken("lon"))?,
            }),
            _ => None,
        };
        let facts = Facts {
            id: self.id.parse().map_err(|_| broken("id"))?,
            reference: references::read(self.reference).ok_or_else(|| broken("reference"))?,
            kind: Kind::parse(&self.kind).ok_or_else(|| broken("kind"))?,
            category: CategoryId::new(&self.category).map_err(|_| broken("category"))?,
            received_at: from_micros(self.received_at),
            status: Status::parse(&self.status).ok_or_else(|| broken("status"))?,
            status_at: from_micros(self.status_at),
            closed_at: self.closed_at.map(from_micros),
            lead: self.lead.as_deref().map(Slug::new).transpose().map_err(|_| broken("lead"))?,
            expected_on: self.expected_on.as_deref().map(str::parse).transpose().map_err(|_| broken("due_on"))?,
            main: self.main.as_deref().map(str::parse).transpose().map_err(|_| broken("main_id"))?,
            changed_at: from_micros(self.changed_at),
        };
        Ok(Glimpse {
            channel: Slug::new(&self.channel).map_err(|_| broken("channel"))?,
            point,
            hidden: self.hidden > 0,
            others: u32::try_from(self.others).unwrap_or(u32::MAX),
            facts,
        })
    }
}

fn read_all(rows: Vec<GlimpseRow>) -> Result<Vec<Glimpse>> {
    rows.into_iter().map(GlimpseRow::read).collect()
}

impl Tx {
    /// These reports, in any order; also those that nobody decided yet.
    pub async fn glimpses(&mut self, reports: &[Uuid]) -> Result<Vec<Glimpse>> {
        if reports.is_empty() {
            return Ok(Vec::new());
        }
        read_all(self.conn.all(GLIMPSES_BY_IDS, vec![batch_ids(reports)]).await?)
    }

    /// What everybody may know of these cases is not what it was. Those that do not exist stay so.
    pub(crate) async fn touch_cases(&mut self, cases: &[Uuid]) -> Result<()> {
        let now = self.clock().now();
        self.conn.exec(TOUCH, args![batch_ids(cases), now]).await.map(|_| ())
    }
}

impl Store {
    /// These reports, in any order; also those that nobody decided yet.
    pub async fn glimpses(&self, reports: &[Uuid]) -> Result<Vec<Glimpse>> {
        if reports.is_empty() {
            return Ok(Vec::new());
        }
        read_all(self.inner.db.all(GLIMPSES_BY_IDS, vec![batch_ids(reports)]).await?)
    }

    /// At most `limit` cases after the one with the id `after`, in the order of their ids. Fewer than `limit`: there are no
    /// more.
    pub async fn glimpses_after(&self, after: Uuid, limit: usize) -> Result<Vec<Glimpse>> {
        read_all(self.inner.db.ordered(GLIMPSES_AFTER, args![after, limit]).await?)
    }

    /// At most `limit` cases that changed after `since` (or just then, with an id after the one given), the one that changed
    /// first at the front. A transaction that is not over yet may have an earlier mark than one that is: look again at the
    /// last minute.
    pub async fn glimpses_changed(&self, since: (Timestamp, Uuid), limit: usize) -> Result<Vec<Glimpse>> {
        read_all(self.inner.db.ordered(GLIMPSES_CHANGED, args![since.0, since.1, limit]).await?)
    }

    /// When a case last changed; nothing without cases.
    pub async fn last_change(&self) -> Result<Option<Timestamp>> {
        let row: Option<(Option<i64>,)> = self.inner.db.ordered(LAST_CHANGE, args![]).await?.pop();
        Ok(row.and_then(|(at,)| at).map(from_micros))
    }
}
