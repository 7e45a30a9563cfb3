//! The timeline: one row per event, keyed by case and version.

use crate::{
    Error, Result, Store, Tx,
    db::{args, batch, row},
    references,
    sql::sql,
};
use schemas::{
    Uuid,
    event::{CaseEvent, What},
    id::from_micros,
    report::Tell,
    trace::Trace,
};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

sql! {
    both ADD = "WITH batch AS MATERIALIZED (SELECT value FROM json_each($1))
        INSERT INTO event (id, case_id, version, reference, at, what, public, body)
        SELECT value ->> 'id', value ->> 'case_id', CAST(value ->> 'version' AS bigint),
            CAST(value ->> 'reference' AS bigint), CAST(value ->> 'at' AS bigint), value ->> 'what',
            CAST(value ->> 'public' AS boolean), value ->> 'body'
        FROM batch WHERE TRUE ON CONFLICT (case_id, version) DO NOTHING";
    both HELD = "SELECT event.id, event.case_id, event.version
        FROM (SELECT value ->> 'case_id' AS of, CAST(value ->> 'version' AS bigint) AS nth FROM json_each($1)) AS given
        JOIN event ON event.case_id = given.of AND event.version = given.nth";
    both TIMELINE = "SELECT id, case_id, reference, version, at, body FROM event
        WHERE case_id = $1 AND (public OR CAST($2 AS bigint) = 0) ORDER BY version";
    both NEWER = "SELECT id, case_id, reference, version, at, body FROM event
        WHERE case_id = $1 AND version > $2 ORDER BY version";
    // No scope is empty; the condition makes it a look into the index.
    both FOLLOWED = "SELECT scope FROM follow WHERE scope > '' ORDER BY scope LIMIT 1";
    // Nothing is south of the pole; the same.
    both PATCHED = "SELECT south FROM place WHERE patch IS NOT NULL AND south >= -90000000 LIMIT 1";
    both BY_KEYS = "SELECT event.id, event.case_id, event.reference, event.version, event.at, event.body
        FROM (SELECT value ->> 'case_id' AS of, CAST(value ->> 'version' AS bigint) AS nth FROM json_each($1)) AS given
        JOIN event ON event.case_id = given.of AND event.version = given.nth";
}

#[derive(Serialize)]
struct NewRow<'a> {
    id: Uuid,
    case_id: Uuid,
    version: i64,
    reference: i64,
    at: i64,
    what: &'static str,
    public: bool,
    body: &'a str,
}

/// What the column `body` holds.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(flatten)]
    what: &'a What,
    #[serde(skip_serializing_if = "Option::is_none")]
    critical: Option<bool>,
}

impl<'a> Body<'a> {
    fn of(event: &'a CaseEvent) -> Self {
        Self { what: &event.what, critical: event.critical.then_some(true) }
    }
}

/// What it holds besides what happened.
#[derive(Deserialize)]
struct Also {
    #[serde(default)]
    critical: bool,
}

/// The key of an event, as a row of a batch.
#[derive(Serialize)]
pub(crate) struct EventKey {
    pub(crate) case_id: Uuid,
    pub(crate) version: i64,
}

row! { "event", HeldRow { id: String, case_id: String, version: i64 } }

row! { "event", EventRow {
    id: String, case_id: String, reference: i64, version: i64, at: i64, body: String,
} }

impl EventRow {
    pub(crate) fn read(self) -> Result<CaseEvent> {
        let broken = |column| Error::broken("event", column, format!("{}, {}", self.case_id, self.version));
        let Also { critical } = serde_json::from_str(&self.body).map_err(|_| broken("body"))?;
        Ok(CaseEvent {
            critical,
            id: self.id.parse().map_err(|_| broken("id"))?,
            case_id: self.case_id.parse().map_err(|_| broken("case_id"))?,
            reference: references::read(self.reference).ok_or_else(|| broken("reference"))?,
            version: self.version,
            at: from_micros(self.at),
            what: serde_json::from_str::<What>(&self.body).map_err(|_| broken("body"))?,
        })
    }
}

impl Tx {
    /// Writes events and posts their letters ([`CaseEvent::letters`]). `Tell` is how the reporter
    /// of the case wants to be told.
    ///
    /// # Errors
    /// [`Error::Stale`] when another event already has the version of one of them; an event that
    /// is there already is no error.
    pub async fn add_events(&mut self, events: &[(CaseEvent, Tell)], trace: Trace) -> Result<()> {
        let events: Vec<_> = events.iter().map(|(event, tell)| (event.clone(), *tell, trace)).collect();
        self.add_events_traced(&events).await
    }

    /// As [`Tx::add_events`], each event with its own trace.
    pub async fn add_events_traced(&mut self, events: &[(CaseEvent, Tell, Trace)]) -> Result<()> {
        self.write_events(&events.iter().map(|(event, ..)| event).collect::<Vec<_>>()).await?;
        self.tell_events(events).await
    }

    /// Writes the rows of events, and nobody hears of them.
    pub(crate) async fn write_events(&mut self, events: &[&CaseEvent]) -> Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        let mut sorted = events.to_vec();
        sorted.sort_unstable_by_key(|event| (event.case_id, event.version));
        let bodies =
            sorted.iter().map(|event| serde_json::to_string(&Body::of(event))).collect::<Result<Vec<_>, _>>()?;
        let rows: Vec<_> = sorted
            .iter()
            .zip(&bodies)
            .map(|(event, body)| NewRow {
                id: event.id,
                case_id: event.case_id,
                version: event.version,
                reference: references::number(event.reference),
                at: event.at.as_microsecond(),
                what: event.what.word(),
                public: event.what.is_public(),
                body,
            })
            .collect();
        let added = self.conn.exec(ADD, vec![batch(&rows)?]).await?;
        if added != rows.len() as u64 {
            self.check_held(&sorted).await?;
        }
        Ok(())
    }

    /// Posts the letters of events whose rows are written.
    pub(crate) async fn tell_events(&mut self, events: &[(CaseEvent, Tell, Trace)]) -> Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        let untold = |(event, tell, _): &&(CaseEvent, Tell, Trace)| *tell == Tell::Nothing && event.what.is_told();
        let untold: Vec<Uuid> = events.iter().filter(untold).map(|(event, ..)| event.case_id).collect();
        let followed = !untold.is_empty() && self.somebody_follows().await?;
        let mut reached = HashSet::new();
        if !followed && !untold.is_empty() {
            reached = self.have_devices(&untold).await?;
            reached.extend(self.have_duplicates(&untold).await?);
        }
        let publish = self.inner.options.publish_events;
        let hooked: Vec<_> = events.iter().map(|(event, _, trace)| (event, *trace)).collect();
        self.hook_events(&hooked).await?;
        for (event, tell, trace) in events {
            let told = followed || *tell != Tell::Nothing || reached.contains(&event.case_id);
            self.posted.extend(event.letters(told, publish, *trace));
        }
        Ok(())
    }

    /// Whether anybody in the city follows anything, or a part of it: then each event goes by the notifier, which finds who.
    async fn somebody_follows(&mut self) -> Result<bool> {
        let rows: Vec<(String,)> = self.conn.all(FOLLOWED, Vec::new()).await?;
        if !rows.is_empty() {
            return Ok(true);
        }
        let patches: Vec<(i64,)> = self.conn.all(PATCHED, Vec::new()).await?;
        Ok(!patches.is_empty())
    }

    /// Every event of a case by version, as this transaction sees them.
    pub async fn timeline(&mut self, case: Uuid) -> Result<Vec<CaseEvent>> {
        let rows: Vec<EventRow> = self.conn.all(TIMELINE, args![case, 0_i64]).await?;
        rows.into_iter().map(EventRow::read).collect()
    }

    /// An event that was not written must be there already, as itself.
    async fn check_held(&mut self, events: &[&CaseEvent]) -> Result<()> {
        let keys: Vec<_> =
            events.iter().map(|event| EventKey { case_id: event.case_id, version: event.version }).collect();
        let rows: Vec<HeldRow> = self.conn.all(HELD, vec![batch(&keys)?]).await?;
        let held: HashMap<_, _> = rows.into_iter().map(|row| ((row.case_id, row.version), row.id)).collect();
        match events
            .iter()
            .find(|event| held.get(&(event.case_id.to_string(), event.version)) != Some(&event.id.to_string()))
        {
            Some(event) => Err(Error::Stale { case: event.case_id, version: event.version }),
            None => Ok(()),
        }
    }
}

impl Store {
    /// The events of a case by version; `public_only` leaves out what residents do not see.
    pub async fn timeline(&self, case: Uuid, public_only: bool) -> Result<Vec<CaseEvent>> {
        let rows: Vec<EventRow> = self.inner.db.all(TIMELINE, args![case, i64::from(public_only)]).await?;
        rows.into_iter().map(EventRow::read).collect()
    }

    /// Whether something newer than `version` happened that the reporter is told of.
    pub async fn newer_told_event(&self, case: Uuid, version: i64) -> Result<bool> {
        let rows: Vec<EventRow> = self.inner.db.all(NEWER, args![case, version]).await?;
        for row in rows {
            if row.read()?.what.is_told() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
