//! What channel integrations are told of the reports that came by them: letters of the same transaction as their
//! cause, one lane per channel.

use crate::{
    Error, Result, Store, Tx,
    db::{batch_ids, row},
    references,
    sql::sql,
};
use schemas::{
    Uuid,
    channel::{CaseChanged, NoticeChanged},
    event::CaseEvent,
    id::derived,
    letter::{Lane, Letter, Topic},
    notice::NoticeState,
    slug::{Channel, Slug},
    trace::Trace,
    way::Way,
};
use std::collections::HashMap;

sql! {
    both CHANNELS = "SELECT id, channel FROM report WHERE id IN (SELECT value ->> 'id' FROM json_each($1))";
    both NOTICES = "SELECT notice.id, notice.case_id, report.reference, report.channel, notice.template, notice.way,
            notice.state
        FROM notice JOIN report ON report.id = notice.case_id
        WHERE notice.person = 'reporter' AND notice.id IN (SELECT value ->> 'id' FROM json_each($1))
        ORDER BY notice.id";
}

row! { "notice", ChangedRow {
    id: String, case_id: String, reference: i64, channel: String, template: String, way: String, state: String,
} }

impl Store {
    /// From now on these channels are told what becomes of the reports that came by them. Said once, at the start.
    pub fn tell_channels(&self, channels: &[Channel]) {
        _ = self.inner.hooks.set(channels.to_vec());
    }
}

impl Tx {
    fn told_channels(&self) -> &[Channel] {
        self.inner.hooks.get().map_or(&[], Vec::as_slice)
    }

    /// Posts what the channels of these cases are told of `events`.
    pub(crate) async fn hook_events(&mut self, events: &[(&CaseEvent, Trace)]) -> Result<()> {
        if self.told_channels().is_empty() || events.is_empty() {
            return Ok(());
        }
        let mut cases: Vec<Uuid> = events.iter().map(|(event, _)| event.case_id).collect();
        cases.sort_unstable();
        cases.dedup();
        let rows: Vec<(String, String)> = self.conn.all(CHANNELS, vec![batch_ids(&cases)]).await?;
        let channels: HashMap<String, String> = rows.into_iter().collect();
        let mut letters = Vec::new();
        for (event, trace) in events.iter().filter(|(event, _)| event.what.is_public()) {
            let channel = channels.get(&event.case_id.to_string());
            let Some(channel) =
                self.told_channels().iter().find(|told| Some(told.as_str()) == channel.map(String::as_str))
            else {
                continue;
            };
            let id = derived(&["channel event", &event.id.to_string()]);
            let (subject, body) = (format!("case.{}", event.what.word()), CaseChanged::of(event));
            let letter = Letter::new(id, Lane::channel(channel), Topic::CaseChanged, subject, &body, *trace, event.at);
            letters.push(letter.about(event.case_id).because(event.id));
        }
        self.post(&letters).await
    }

    /// Posts what channels are told of these notices, as far as they are now.
    pub(crate) async fn hook_notices(&mut self, notices: &[Uuid]) -> Result<()> {
        if self.told_channels().is_empty() || notices.is_empty() {
            return Ok(());
        }
        let rows: Vec<ChangedRow> = self.conn.all(NOTICES, vec![batch_ids(notices)]).await?;
        let now = self.clock().now();
        let mut letters = Vec::new();
        for row in rows {
            let broken = |column| Error::broken("notice", column, &row.id);
            let channel = Slug::new(&row.channel).map_err(|_| broken("channel"))?;
            let state = NoticeState::parse(&row.state).ok_or_else(|| broken("state"))?;
            if state == NoticeState::Planned || !self.told_channels().contains(&channel) {
                continue;
            }
            let body = NoticeChanged {
                notice: row.id.parse().map_err(|_| broken("id"))?,
                case_id: row.case_id.parse().map_err(|_| broken("case_id"))?,
                reference: references::read(row.reference).ok_or_else(|| broken("reference"))?,
                way: Way::parse(&row.way).ok_or_else(|| broken("way"))?,
                tells: row.template.clone(),
                state,
                at: now,
            };
            // Each state is told once, however often it is written.
            let id = derived(&["channel notice", &row.id, state.as_str()]);
            let subject = format!("notice.{}", state.as_str());
            let letter =
                Letter::new(id, Lane::channel(&channel), Topic::NoticeChanged, subject, &body, Trace::start(), now);
            letters.push(letter.about(body.case_id));
        }
        self.post(&letters).await
    }
}
