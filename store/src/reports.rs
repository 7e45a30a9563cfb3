//! Reports: written once, and never changed but for photos that their reporter sends later. Who told them is kept apart, in `contact`.

use crate::{
    Error, Result, Store, Tx,
    db::{args, batch, batch_ids, row},
    first_words::{received, route},
    held::{Kept, Noticed},
    near::spot,
    places::kept,
    references,
    sql::sql,
    wrote,
};
use schemas::{
    Timestamp, Uuid,
    event::CaseEvent,
    id::from_micros,
    reference::Reference,
    report::{Contact, Kind, Language, Report, Tell, Urgency},
    slug::{CategoryId, Channel, Slug},
    trace::Trace,
};
use serde::Serialize;
use std::collections::{HashMap, HashSet};

/// A report to be kept.
#[derive(Debug, Clone)]
pub struct NewReport {
    /// The report.
    pub report: Report,
    /// Who told it.
    pub contact: Option<Contact>,
    /// SHA-256 of the canonical submission, hex: tells a retry from another report under the same
    /// id.
    pub digest: String,
    /// Whether to post `report.received` to the router's lane.
    pub route: bool,
    /// The walk it belongs to.
    pub trace: Trace,
    /// What was noticed about it at the door: whether it is held back.
    pub noticed: Noticed,
}

/// What became of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// Kept now.
    New(Receipt),
    /// Kept before: what was answered then.
    Again(Receipt),
    /// The id is taken by another report; nothing was written.
    Conflict,
}

/// What the reporter is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The report.
    pub id: Uuid,
    /// What people call it.
    pub reference: Reference,
    /// The unguessable part of the tracking link.
    pub token: String,
    /// When the city received it.
    pub received_at: Timestamp,
}

/// The most photos of one report, with those that its reporter sent later.
pub const MOST_PHOTOS: usize = 30;

sql! {
    both ADD = "WITH batch AS MATERIALIZED (SELECT value FROM json_each($1))
        INSERT INTO report (id, reference, channel, source_id, digest, kind, category, words, place, answers,
            urgency, language, tell, photos, token, received_at, lat, lon, spot)
        SELECT value ->> 'id', CAST(value ->> 'reference' AS bigint), value ->> 'channel', value ->> 'source_id',
            value ->> 'digest', value ->> 'kind', value ->> 'category', value ->> 'words', value ->> 'place',
            value ->> 'answers', value ->> 'urgency', value ->> 'language', value ->> 'tell', value ->> 'photos',
            value ->> 'token', CAST(value ->> 'received_at' AS bigint), CAST(value ->> 'lat' AS bigint),
            CAST(value ->> 'lon' AS bigint), value ->> 'spot'
        FROM batch WHERE TRUE
        ON CONFLICT DO NOTHING RETURNING id";
    both KEPT = "SELECT id AS asked, id, digest, reference, token, received_at FROM report
        WHERE id IN (SELECT value ->> 'id' FROM json_each($1))";
    both KEPT_BY_SOURCE = "SELECT batch.value ->> 'id' AS asked, report.id AS id, digest, reference, token, received_at
        FROM json_each($1) AS batch
        JOIN report ON report.channel = batch.value ->> 'channel' AND report.source_id = batch.value ->> 'source_id'";
    both BY_SOURCE = "SELECT id, reference, channel, source_id, kind, coalesce((SELECT correction.category FROM correction
                WHERE correction.case_id = report.id), category), words, place, answers, urgency,
            language, tell, photos, token, received_at
        FROM report WHERE channel = $1 AND source_id = $2";
    both ADD_CONTACT = "WITH batch AS MATERIALIZED (SELECT value FROM json_each($1))
        INSERT INTO contact (report_id, name, email, phone, phone_tail, post)
        SELECT value ->> 'report_id', value ->> 'name', value ->> 'email', value ->> 'phone', value ->> 'phone_tail',
            value ->> 'post'
        FROM batch WHERE TRUE ON CONFLICT (report_id) DO NOTHING";
    both CLAIM_PHOTOS = "UPDATE photo SET report_id = claim.report_id
        FROM (SELECT value ->> 'id' AS photo_id, value ->> 'report_id' AS report_id FROM json_each($1)) AS claim
        WHERE photo.id = claim.photo_id AND photo.report_id IS NULL";
    both PHOTOS = "SELECT photos FROM report WHERE id = $1";
    both CLAIMED = "SELECT id FROM photo WHERE report_id = $2 AND id IN (SELECT value ->> 'id' FROM json_each($1))";
    both SET_PHOTOS = "UPDATE report SET photos = $2 WHERE id = $1";
    both BY_IDS = "SELECT id, reference, channel, source_id, kind, coalesce((SELECT correction.category FROM correction
                WHERE correction.case_id = report.id), category), words, place, answers, urgency,
            language, tell, photos, token, received_at
        FROM report WHERE id IN (SELECT value ->> 'id' FROM json_each($1))";
    both BY_TOKEN = "SELECT id, reference, channel, source_id, kind, coalesce((SELECT correction.category FROM correction
                WHERE correction.case_id = report.id), category), words, place, answers, urgency,
            language, tell, photos, token, received_at
        FROM report WHERE token = $1";
    both BY_REFERENCE = "SELECT id, reference, channel, source_id, kind, coalesce((SELECT correction.category FROM correction
                WHERE correction.case_id = report.id), category), words, place, answers, urgency,
            language, tell, photos, token, received_at
        FROM report WHERE reference = $1";
    both CONTACTS = "SELECT report_id, name, email, phone, post FROM contact
        WHERE report_id IN (SELECT value ->> 'id' FROM json_each($1))";
}

#[derive(Serialize)]
struct NewRow<'a> {
    id: Uuid,
    reference: i64,
    channel: &'a str,
    source_id: Option<&'a str>,
    digest: &'a str,
    kind: &'static str,
    category: &'a str,
    words: &'a str,
    place: String,
    answers: String,
    urgency: &'static str,
    language: &'static str,
    tell: &'static str,
    photos: String,
    token: &'a str,
    received_at: i64,
    lat: Option<i64>,
    lon: Option<i64>,
    spot: Option<String>,
}

impl<'a> NewRow<'a> {
    fn new(new: &'a NewReport) -> Result<Self> {
        let report = &new.report;
        Ok(Self {
            id: report.id,
            reference: references::number(report.reference),
            channel: report.channel.as_str(),
            source_id: report.source_id.as_deref(),
            digest: &new.digest,
            kind: report.kind.as_str(),
            category: report.category.as_str(),
            words: &report.words,
            place: serde_json::to_string(&report.place)?,
            answers: serde_json::to_string(&report.answers)?,
            urgency: report.urgency.as_str(),
            language: report.language.as_str(),
            tell: report.tell.as_str(),
            photos: serde_json::to_string(&report.photos)?,
            token: &report.token,
            received_at: report.received_at.as_microsecond(),
            lat: report.place.point.map(|point| kept(point.lat)),
            lon: report.place.point.map(|point| kept(point.lon)),
            spot: spot(&report.place),
        })
    }
}

/// What makes a report the same as one that was kept before.
#[derive(Serialize)]
struct SourceKey<'a> {
    id: Uuid,
    channel: &'a str,
    source_id: Option<&'a str>,
}

impl<'a> SourceKey<'a> {
    fn of(report: &'a Report) -> Self {
        Self { id: report.id, channel: report.channel.as_str(), source_id: report.source_id.as_deref() }
    }
}

#[derive(Serialize)]
struct NewContact<'a> {
    report_id: Uuid,
    phone_tail: Option<String>,
    #[serde(flatten)]
    contact: &'a Contact,
}

#[derive(Serialize)]
struct PhotoClaim {
    id: Uuid,
    report_id: Uuid,
}

row! { "report", KeptRow { asked: String, id: String, digest: String, reference: i64, token: String, received_at: i64 } }

row! { "report", ReportRow {
    id: String, reference: i64, channel: String, source_id: Option<String>, kind: String, category: String,
    words: String, place: String, answers: String, urgency: String, language: String, tell: String,
    photos: String, token: String, received_at: i64,
} }

row! { "contact", ContactRow {
    report_id: String, name: Option<String>, email: Option<String>, phone: Option<String>, post: Option<String>,
} }

impl ReportRow {
    pub(crate) fn read(self) -> Result<Report> {
        let broken = |column| Error::broken("report", column, &self.id);
        Ok(Report {
            id: self.id.parse().map_err(|_| broken("id"))?,
            reference: references::read(self.reference).ok_or_else(|| broken("reference"))?,
            channel: Slug::new(&self.channel).map_err(|_| broken("channel"))?,
            kind: Kind::parse(&self.kind).ok_or_else(|| broken("kind"))?,
            category: CategoryId::new(&self.category).map_err(|_| broken("category"))?,
            place: serde_json::from_str(&self.place).map_err(|_| broken("place"))?,
            answers: serde_json::from_str(&self.answers).map_err(|_| broken("answers"))?,
            urgency: Urgency::parse(&self.urgency).ok_or_else(|| broken("urgency"))?,
            language: Language::parse(&self.language).ok_or_else(|| broken("language"))?,
            tell: Tell::parse(&self.tell).ok_or_else(|| broken("tell"))?,
            photos: serde_json::from_str(&self.photos).map_err(|_| broken("photos"))?,
            source_id: self.source_id,
            words: self.words,
            token: self.token,
            received_at: from_micros(self.received_at),
        })
    }
}

fn by_id(rows: Vec<ReportRow>) -> Result<HashMap<Uuid, Report>> {
    rows.into_iter().map(|row| row.read().map(|report| (report.id, report))).collect()
}

pub(crate) fn contacts_by_id(rows: Vec<ContactRow>) -> Result<HashMap<Uuid, Contact>> {
    rows.into_iter()
        .map(|ContactRow { report_id, name, email, phone, post }| {
            let broken = |column| Error::broken("contact", column, &report_id);
            let id = report_id.parse().map_err(|_| broken("report_id"))?;
            let post = post.map(|post| serde_json::from_str(&post)).transpose().map_err(|_| broken("post"))?;
            Ok((id, Contact { name, email, phone, post }))
        })
        .collect()
}

impl NewReport {
    fn receipt(&self) -> Receipt {
        let Report { id, reference, token, received_at, .. } = &self.report;
        Receipt { id: *id, reference: *reference, token: token.clone(), received_at: *received_at }
    }

    /// Nobody hears of it yet.
    fn is_held(&self) -> bool {
        self.noticed.hold.as_ref().is_some_and(|hold| !hold.passes)
    }
}

impl Tx {
    /// Keeps reports: report, contact, photos, the first event and its letters; answers in the
    /// order given. A report that has a `source_id` is the same as the one its channel called so
    /// before, whatever its id is now; one without is known by its id. The same one twice in one
    /// call is one report and a retry (or a conflict).
    pub async fn accept(&mut self, reports: &[NewReport]) -> Result<Vec<Accepted>> {
        let mut first: HashMap<Uuid, &NewReport> = HashMap::with_capacity(reports.len());
        for new in reports {
            first.entry(new.report.id).or_insert(new);
        }
        // One order for everybody, so that two batches with the same reports wait for each other, never
        // in a ring; whoever came first stays first.
        let mut seen = HashSet::with_capacity(reports.len());
        let mut in_order: Vec<&NewReport> = reports.iter().filter(|new| seen.insert(new.report.id)).collect();
        in_order.sort_by_key(|new| {
            let Report { id, channel, source_id, .. } = &new.report;
            (channel, source_id, source_id.is_none().then_some(id))
        });
        let rows = in_order.iter().map(|new| NewRow::new(new)).collect::<Result<Vec<_>>>()?;
        let added: Vec<(String,)> = self.conn.all(ADD, vec![batch(&rows)?]).await?;
        let added: HashSet<Uuid> = added.iter().filter_map(|(id,)| id.parse().ok()).collect();
        let (new, again): (Vec<&NewReport>, Vec<&NewReport>) =
            in_order.into_iter().partition(|new| added.contains(&new.report.id));
        let kept = if again.is_empty() { HashMap::new() } else { self.kept(&again).await? };
        self.write_rest(&new).await?;

        let mut answered = HashSet::new();
        reports
            .iter()
            .map(|new| {
                let id = new.report.id;
                let (digest, receipt) = match (kept.get(&id), first.get(&id)) {
                    (Some((digest, receipt)), _) => (digest.as_str(), receipt.clone()),
                    (None, Some(first)) if added.contains(&id) => {
                        if answered.insert(id) {
                            return Ok(Accepted::New(first.receipt()));
                        }
                        (first.digest.as_str(), first.receipt())
                    }
                    // Neither written nor found: its reference or token is another report's.
                    _ => return Err(Error::broken("report", "reference", id)),
                };
                Ok(if digest == new.digest { Accepted::Again(receipt) } else { Accepted::Conflict })
            })
            .collect()
    }

    /// What belongs to reports that are new.
    async fn write_rest(&mut self, new: &[&NewReport]) -> Result<()> {
        let contacts: Vec<_> = new
            .iter()
            .filter_map(|new| new.contact.as_ref().filter(|c| !c.is_empty()).map(|contact| (new.report.id, contact)))
            .map(|(report_id, contact)| {
                let phone_tail = contact.phone.as_deref().map(wrote::tail);
                NewContact { report_id, phone_tail, contact }
            })
            .collect();
        if !contacts.is_empty() {
            self.conn.exec(ADD_CONTACT, vec![batch(&contacts)?]).await?;
        }
        let claims: Vec<_> = new
            .iter()
            .flat_map(|new| new.report.photos.iter().map(|id| PhotoClaim { id: *id, report_id: new.report.id }))
            .collect();
        if !claims.is_empty() {
            self.conn.exec(CLAIM_PHOTOS, vec![batch(&claims)?]).await?;
        }
        let noticed: Vec<_> = (new.iter().filter(|new| new.noticed != Noticed::default()))
            .map(|new| {
                let Report { id, received_at, .. } = new.report;
                Kept { report: id, at: received_at, trace: new.trace, noticed: &new.noticed }
            })
            .collect();
        self.add_noticed(&noticed).await?;
        // What is held is written like any other; who would hear of it hears when it is released.
        let (held, free): (Vec<&NewReport>, Vec<&NewReport>) = new.iter().copied().partition(|new| new.is_held());
        let untold: Vec<CaseEvent> = held.iter().map(|new| received(&new.report)).collect();
        self.write_events(&untold.iter().collect::<Vec<_>>()).await?;
        let events: Vec<_> = free.iter().map(|new| (received(&new.report), new.report.tell, new.trace)).collect();
        self.add_events_traced(&events).await?;
        let letters: Vec<_> = free.iter().filter(|new| new.route).map(|new| route(&new.report, new.trace)).collect();
        self.post(&letters).await
    }

    /// What was kept before under the key of each of `reports`, by the id that it has now.
    async fn kept(&mut self, reports: &[&NewReport]) -> Result<HashMap<Uuid, (String, Receipt)>> {
        let (named, nameless): (Vec<_>, Vec<_>) =
            reports.iter().map(|new| &new.report).partition(|report| report.source_id.is_some());
        let mut rows: Vec<KeptRow> = Vec::new();
        if !named.is_empty() {
            let keys: Vec<SourceKey<'_>> = named.into_iter().map(SourceKey::of).collect();
            rows.extend(self.conn.all::<KeptRow>(KEPT_BY_SOURCE, vec![batch(&keys)?]).await?);
        }
        if !nameless.is_empty() {
            let ids = nameless.iter().map(|report| &report.id);
            rows.extend(self.conn.all::<KeptRow>(KEPT, vec![batch_ids(ids)]).await?);
        }
        rows.into_iter()
            .map(|row| {
                let broken = |column| Error::broken("report", column, &row.id);
                let asked = row.asked.parse().map_err(|_| broken("id"))?;
                let id = row.id.parse().map_err(|_| broken("id"))?;
                let reference = references::read(row.reference).ok_or_else(|| broken("reference"))?;
                let received_at = from_micros(row.received_at);
                Ok((asked, (row.digest, Receipt { id, reference, token: row.token, received_at })))
            })
            .collect()
    }

    /// Adds to the photos of a report what its reporter sent later: those that are kept and nobody else's, up to
    /// [`MOST_PHOTOS`] in all; twice is once. Gives all photos of the report. For whoever holds its case.
    pub async fn add_photos_to(&mut self, report: Uuid, photos: &[Uuid]) -> Result<Vec<Uuid>> {
        let rows: Vec<(String,)> = self.conn.all(PHOTOS, args![report]).await?;
        let kept = rows.first().map_or("[]", |(photos,)| photos);
        let broken = |column| Error::broken("report", column, report.to_string());
        let mut all: Vec<Uuid> = serde_json::from_str(kept).map_err(|_| broken("photos"))?;
        let mut new: Vec<Uuid> = photos.iter().copied().filter(|photo| !all.contains(photo)).collect();
        new.truncate(MOST_PHOTOS.saturating_sub(all.len()));
        if new.is_empty() {
            return Ok(all);
        }
        let claims: Vec<_> = new.iter().map(|id| PhotoClaim { id: *id, report_id: report }).collect();
        self.conn.exec(CLAIM_PHOTOS, vec![batch(&claims)?]).await?;
        let claimed: Vec<(String,)> = self.conn.all(CLAIMED, vec![batch_ids(&new), report.to_string().into()]).await?;
        new.retain(|photo| claimed.iter().any(|(id,)| *id == photo.to_string()));
        all.extend(new);
        self.conn.exec(SET_PHOTOS, args![report, serde_json::to_string(&all)?]).await?;
        Ok(all)
    }

    /// Reports by id; those that do not exist are left out.
    pub async fn reports(&mut self, ids: &[Uuid]) -> Result<HashMap<Uuid, Report>> {
        by_id(self.conn.all(BY_IDS, vec![batch_ids(ids)]).await?)
    }

    /// Contacts by report; reports without one are left out.
    pub async fn contacts(&mut self, ids: &[Uuid]) -> Result<HashMap<Uuid, Contact>> {
        contacts_by_id(self.conn.all(CONTACTS, vec![batch_ids(ids)]).await?)
    }
}

impl Store {
    /// A report.
    pub async fn report(&self, id: Uuid) -> Result<Option<Report>> {
        Ok(self.reports_by_ids(&[id]).await?.remove(&id))
    }

    /// Many reports; those that do not exist are left out.
    pub async fn reports_by_ids(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Report>> {
        by_id(self.inner.db.all(BY_IDS, vec![batch_ids(ids)]).await?)
    }

    /// Many contacts; reports without one are left out.
    pub async fn contacts_by_ids(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Contact>> {
        contacts_by_id(self.inner.db.all(CONTACTS, vec![batch_ids(ids)]).await?)
    }

    /// The report behind a tracking link.
    pub async fn report_by_token(&self, token: &str) -> Result<Option<Report>> {
        self.inner.db.one::<ReportRow>(BY_TOKEN, args![token]).await?.map(ReportRow::read).transpose()
    }

    /// The report that `channel` calls `source_id`.
    pub async fn report_by_source(&self, channel: &Channel, source_id: &str) -> Result<Option<Report>> {
        let found = self.inner.db.one::<ReportRow>(BY_SOURCE, args![channel.as_str(), source_id]).await?;
        found.map(ReportRow::read).transpose()
    }

    /// The report that people call `reference`.
    pub async fn report_by_reference(&self, reference: Reference) -> Result<Option<Report>> {
        let number = references::number(reference);
        self.inner.db.one::<ReportRow>(BY_REFERENCE, args![number]).await?.map(ReportRow::read).transpose()
    }
}
