//! Reports that are held back: kept by the transaction that keeps every report, with no letter to anybody until they
//! are released.

use crate::{
    Error, Result, Store, Tx,
    db::{args, batch, batch_ids, row},
    first_words::{received, route},
    sql::sql,
};
use schemas::{
    Timestamp, Uuid,
    event::CaseEvent,
    held::{Reason, State},
    id::from_micros,
    trace::Trace,
};
use serde::Serialize;
use std::collections::{HashMap, HashSet};

/// What was noticed about a report that is to be kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Noticed {
    /// Why it is held, if it is.
    pub hold: Option<Hold>,
    /// What is remembered of it for hours, to know the same words again.
    pub sighting: Option<Sighting>,
}

/// Why a report is held, and how long at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// At least one reason.
    pub reasons: Vec<Reason>,
    /// Released then, if nobody looked.
    pub until: Timestamp,
    /// It goes through at once all the same, and is marked.
    pub passes: bool,
}

/// What was said and by whom, as digests that do not tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// Of what was said.
    pub words: String,
    /// Of who said it, where that is known.
    pub peer: Option<String>,
}

/// A report that was noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldReport {
    /// The report.
    pub report: Uuid,
    /// How far it is.
    pub state: State,
    /// Why.
    pub reasons: Vec<Reason>,
    /// Since when.
    pub at: Timestamp,
    /// Released then, if nobody looked.
    pub until: Timestamp,
    /// When somebody released or refused it, or its time was over.
    pub ended_at: Option<Timestamp>,
}

sql! {
    both ADD_HELD = "WITH batch AS MATERIALIZED (SELECT value FROM json_each($1))
        INSERT INTO held (report_id, state, reasons, trace, at, until, ended_at)
        SELECT value ->> 'report_id', value ->> 'state', value ->> 'reasons', value ->> 'trace',
            CAST(value ->> 'at' AS bigint), CAST(value ->> 'until' AS bigint), NULL
        FROM batch WHERE TRUE ON CONFLICT (report_id) DO NOTHING";
    both ADD_SIGHTING = "WITH batch AS MATERIALIZED (SELECT value FROM json_each($1))
        INSERT INTO sighting (report_id, words, peer, at)
        SELECT value ->> 'report_id', value ->> 'words', value ->> 'peer', CAST(value ->> 'at' AS bigint)
        FROM batch WHERE TRUE ON CONFLICT (report_id) DO NOTHING";
    // Beyond the limit nobody needs to know how many.
    both SAID_BY_ALL = "SELECT CAST(count(*) AS bigint) FROM (SELECT 1 AS one FROM sighting
        WHERE words = $1 AND at >= $2 LIMIT CAST($3 AS bigint)) AS said";
    both SAID_BY_ONE = "SELECT CAST(count(*) AS bigint) FROM (SELECT 1 AS one FROM sighting
        WHERE peer = $1 AND words = $2 AND at >= $3 LIMIT CAST($4 AS bigint)) AS said";
    both FORGET_SIGHTINGS = "DELETE FROM sighting WHERE at < $1";
    both DUE_HELD = "SELECT report_id, state, reasons, at, until, ended_at FROM held
        WHERE state = 'held' AND until <= $1 ORDER BY until, report_id LIMIT CAST($2 AS bigint)";
    both LIST_HELD = "SELECT report_id, state, reasons, at, until, ended_at FROM held
        WHERE state = $1 ORDER BY at, report_id LIMIT CAST($2 AS bigint)";
    both LATEST_HELD = "SELECT report_id, state, reasons, at, until, ended_at FROM held
        WHERE state = $1 ORDER BY at DESC, report_id DESC LIMIT CAST($2 AS bigint)";
    both HELD_BY_IDS = "SELECT report_id, state, reasons, at, until, ended_at FROM held
        WHERE report_id IN (SELECT value ->> 'id' FROM json_each($1))";
    both COUNT_HELD = "SELECT CAST(count(*) AS bigint), CAST(coalesce(min(at), 0) AS bigint) FROM held
        WHERE state = 'held'";
    both END_HELD = "UPDATE held SET state = $2, ended_at = $3 WHERE report_id = $1 AND state = 'held' RETURNING trace";
}

#[derive(Serialize)]
struct NewHeld {
    report_id: Uuid,
    state: &'static str,
    reasons: String,
    trace: String,
    at: i64,
    until: i64,
}

#[derive(Serialize)]
struct NewSighting<'a> {
    report_id: Uuid,
    words: &'a str,
    peer: Option<&'a str>,
    at: i64,
}

row! { "held", HeldRow {
    report_id: String, state: String, reasons: String, at: i64, until: i64, ended_at: Option<i64>,
} }

impl HeldRow {
    fn read(self) -> Result<HeldReport> {
        let broken = |column| Error::broken("held", column, &self.report_id);
        Ok(HeldReport {
            report: self.report_id.parse().map_err(|_| broken("report_id"))?,
            state: State::parse(&self.state).ok_or_else(|| broken("state"))?,
            reasons: serde_json::from_str(&self.reasons).map_err(|_| broken("reasons"))?,
            at: from_micros(self.at),
            until: from_micros(self.until),
            ended_at: self.ended_at.map(from_micros),
        })
    }
}

fn read_all(rows: Vec<HeldRow>) -> Result<Vec<HeldReport>> {
    rows.into_iter().map(HeldRow::read).collect()
}

/// One report with what was noticed about it, as it is kept.
pub(crate) struct Kept<'a> {
    pub(crate) report: Uuid,
    pub(crate) at: Timestamp,
    pub(crate) trace: Trace,
    pub(crate) noticed: &'a Noticed,
}

impl Tx {
    /// Writes what was noticed about reports that are new.
    pub(crate) async fn add_noticed(&mut self, kept: &[Kept<'_>]) -> Result<()> {
        let mut held = Vec::new();
        for Kept { report, at, trace, noticed } in kept {
            let Some(hold) = &noticed.hold else { continue };
            held.push(NewHeld {
                report_id: *report,
                state: if hold.passes { State::Passed } else { State::Held }.as_str(),
                reasons: serde_json::to_string(&hold.reasons)?,
                trace: String::from(*trace),
                at: at.as_microsecond(),
                until: hold.until.as_microsecond(),
            });
        }
        if !held.is_empty() {
            held.sort_unstable_by_key(|row| row.report_id);
            self.conn.exec(ADD_HELD, vec![batch(&held)?]).await?;
        }
        let mut sightings: Vec<_> = kept
            .iter()
            .filter_map(|Kept { report, at, noticed, .. }| {
                let Sighting { words, peer } = noticed.sighting.as_ref()?;
                Some(NewSighting { report_id: *report, words, peer: peer.as_deref(), at: at.as_microsecond() })
            })
            .collect();
        if !sightings.is_empty() {
            sightings.sort_unstable_by_key(|row| row.report_id);
            self.conn.exec(ADD_SIGHTING, vec![batch(&sightings)?]).await?;
        }
        Ok(())
    }

    /// Lets reports through that are held: the router, and whoever is told that a report was received, hear of them
    /// now. Gives which of them were held; one that is not, or is gone, changes nothing.
    pub async fn release_held(&mut self, reports: &[Uuid]) -> Result<Vec<Uuid>> {
        let mut sorted = reports.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let mut traces = HashMap::new();
        for report in sorted {
            if let Some(trace) = self.end_held(report, State::Released).await? {
                traces.insert(report, trace);
            }
        }
        let ids: Vec<Uuid> = traces.keys().copied().collect();
        if ids.is_empty() {
            return Ok(ids);
        }
        let reports = self.reports(&ids).await?;
        let mut events = Vec::new();
        let mut letters = Vec::new();
        for (id, report) in &reports {
            let trace = traces[id];
            events.push((received(report), report.tell, trace));
            letters.push(route(report, trace));
        }
        events.sort_unstable_by_key(|(event, ..)| event.case_id);
        letters.sort_unstable_by_key(|letter| letter.id);
        self.tell_events(&events).await?;
        self.post(&letters).await?;
        Ok(ids)
    }

    /// Ends the holding of a report that is refused. Gives whether it was held until now.
    pub async fn refuse_held(&mut self, report: Uuid) -> Result<bool> {
        Ok(self.end_held(report, State::Refused).await?.is_some())
    }

    async fn end_held(&mut self, report: Uuid, state: State) -> Result<Option<Trace>> {
        let now = self.clock().now();
        let rows: Vec<(String,)> = self.conn.all(END_HELD, args![report, state.as_str(), now]).await?;
        self.touch_cases(&[report]).await?;
        Ok(rows.first().map(|(trace,)| Trace::parse(trace).map_or_else(Trace::start, Trace::next)))
    }

    /// Writes an event of a refused report. The channel that brought it hears of it; its reporter only when `told`;
    /// nobody else does.
    pub async fn add_refusal(&mut self, event: &CaseEvent, told: bool, trace: Trace) -> Result<()> {
        self.write_events(&[event]).await?;
        self.hook_events(&[(event, trace)]).await?;
        if told { self.post(&event.letters(true, false, trace)).await } else { Ok(()) }
    }

    /// Which of these reports nobody but their reporter may know of: they are held, or refused.
    pub async fn hidden_reports(&mut self, reports: &[Uuid]) -> Result<HashSet<Uuid>> {
        if reports.is_empty() {
            return Ok(HashSet::new());
        }
        let rows: Vec<HeldRow> = self.conn.all(HELD_BY_IDS, vec![batch_ids(reports)]).await?;
        Ok(read_all(rows)?.iter().filter(|held| is_hidden(held)).map(|held| held.report).collect())
    }
}

fn is_hidden(held: &HeldReport) -> bool {
    matches!(held.state, State::Held | State::Refused)
}

impl Store {
    /// How often these words were said since then: by anybody, and by the one that `sighting` names. Counts to `most`.
    pub async fn said_lately(&self, sighting: &Sighting, since: Timestamp, most: usize) -> Result<(u64, u64)> {
        let count = |row: Option<(i64,)>| row.and_then(|(n,)| u64::try_from(n).ok()).unwrap_or_default();
        let words = sighting.words.as_str();
        let all = count(self.inner.db.one(SAID_BY_ALL, args![words, since, most]).await?);
        let Some(peer) = sighting.peer.as_deref().filter(|_| all > 0) else { return Ok((all, 0)) };
        Ok((all, count(self.inner.db.one(SAID_BY_ONE, args![peer, words, since, most]).await?)))
    }

    /// Forgets what was said before then.
    pub async fn forget_sightings(&self, before: Timestamp) -> Result<u64> {
        self.inner.db.exec(FORGET_SIGHTINGS, args![before]).await
    }

    /// What is held and whose time is over at `now`, at most so much.
    pub async fn held_due(&self, now: Timestamp, limit: usize) -> Result<Vec<HeldReport>> {
        read_all(self.inner.db.ordered(DUE_HELD, args![now, limit]).await?)
    }

    /// Reports at `state`, at most so many: those that wait the oldest first, others the newest first.
    pub async fn held_reports(&self, state: State, limit: usize) -> Result<Vec<HeldReport>> {
        let sql = if state == State::Held { LIST_HELD } else { LATEST_HELD };
        read_all(self.inner.db.ordered(sql, args![state.as_str(), limit]).await?)
    }

    /// What was noticed about a report.
    pub async fn held_report(&self, report: Uuid) -> Result<Option<HeldReport>> {
        let rows: Vec<HeldRow> = self.inner.db.all(HELD_BY_IDS, vec![batch_ids(&[report])]).await?;
        Ok(read_all(rows)?.pop())
    }

    /// Whether nobody but its reporter may know of a report: it is held, or was refused.
    pub async fn is_hidden(&self, report: Uuid) -> Result<bool> {
        Ok(self.held_report(report).await?.is_some_and(|held| is_hidden(&held)))
    }

    /// How many reports are held, and since when the oldest.
    pub async fn held_count(&self) -> Result<(u64, Option<Timestamp>)> {
        let row: Option<(i64, i64)> = self.inner.db.one(COUNT_HELD, args![]).await?;
        let (count, oldest) = row.unwrap_or_default();
        let count = u64::try_from(count).unwrap_or_default();
        Ok((count, (count > 0).then(|| from_micros(oldest))))
    }
}
