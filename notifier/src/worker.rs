//! The two workers: [`PlanWorker`] turns events into notices, [`SendWorker`] hands them over.

use crate::{
    context, plan,
    render::Templates,
    senders::{Parcel, Sender},
};
use async_trait::async_trait;
use bus::{Edge, Effects, Outcome, Settled};
use schemas::{
    Uuid,
    city::City,
    event::{CaseEvent, What},
    letter::{Lane, Letter, Topic},
    notice::{Due, NoticeState},
    report::Tell,
    verdict::{Fault, Verdict},
};
use std::{collections::HashMap, sync::Arc, time::Duration};
use store::{NoticeEnd, NoticeView, Store};

/// The receipt of a notice that was not sent because a newer one says more.
pub const SUPERSEDED: &str = "not sent: a newer notice says more";
/// The receipt of a notice whose person has no address any more.
pub const NO_ADDRESS: &str = "not sent: there is no address to send it to";

/// A notice that waited this long before its first try was delayed, as if a try had failed.
const DELAYED_AFTER: Duration = Duration::from_mins(15);

/// Lane `notifier`: plans the notices of each event, in the transaction that settles its letter.
pub struct PlanWorker {
    store: Store,
    available: Vec<&'static str>,
}

impl PlanWorker {
    /// Plans for the senders named `available` (see [`crate::Senders::names`]).
    pub fn new(store: Store, available: Vec<&'static str>) -> Self {
        Self { store, available }
    }
}

#[async_trait]
impl Effects for PlanWorker {
    async fn apply(&self, tx: &mut store::Tx, letters: &[Letter]) -> Result<Vec<Verdict>, store::Error> {
        let events: Vec<_> = letters.iter().map(Letter::read::<CaseEvent>).collect();
        let mut cases: Vec<Uuid> = events.iter().flatten().filter(|e| e.what.is_told()).map(|e| e.case_id).collect();
        cases.sort_unstable();
        cases.dedup();
        let reports = tx.reports(&cases).await?;
        let now = self.store.clock().now();
        let (mut verdicts, mut notices, mut due) = (Vec::with_capacity(letters.len()), Vec::new(), Vec::new());
        for (letter, event) in letters.iter().zip(&events) {
            let event = match event {
                Ok(event) => event,
                Err(error) => {
                    verdicts.push(Verdict::never(Fault::Ours, format!("the letter does not hold an event: {error}")));
                    continue;
                }
            };
            // A report that is gone was erased: nobody is left to be told.
            let planned = reports
                .get(&event.case_id)
                .map_or_else(Vec::new, |report| plan::plan(event, report.tell, report.language, &self.available, now));
            for notice in &planned {
                let lane = Lane::sender(&notice.sender);
                let subject = format!("notice.{}", notice.template);
                due.push(
                    Letter::new(
                        notice.id,
                        lane,
                        Topic::NoticeDue,
                        subject,
                        &Due { notice: notice.id },
                        letter.trace.next(),
                        now,
                    )
                    .about(event.case_id)
                    .because(event.id),
                );
            }
            notices.extend(planned);
            verdicts.push(Verdict::done());
        }
        if !notices.is_empty() {
            let new = tx.plan_notices(&notices).await?;
            due.retain(|letter| new.contains(&letter.id));
            tx.post(&due).await?;
            metrics::counter!("voordeur_notices_planned_total").increment(new.len() as u64);
        }
        Ok(verdicts)
    }
}

/// Lane `send.<sender>`: renders one notice and hands it to its sender.
pub struct SendWorker {
    store: Store,
    city: Arc<City>,
    templates: Arc<Templates>,
    public_url: String,
    sender: Arc<dyn Sender>,
}

impl SendWorker {
    /// Sends through `sender`; links in the mails begin with `public_url` (`https://host`, a slash
    /// at its end is ignored).
    pub fn new(
        store: Store,
        city: Arc<City>,
        templates: Arc<Templates>,
        public_url: &str,
        sender: Arc<dyn Sender>,
    ) -> Self {
        Self { store, city, templates, public_url: public_url.trim_end_matches('/').to_owned(), sender }
    }

    /// Whether a newer status of the same case is on its way, which makes this one pointless now
    /// that it is late. A note is never pointless: nothing newer repeats its words.
    async fn is_superseded(&self, letter: &Letter, view: &NoticeView) -> Result<bool, store::Error> {
        let waited = self.store.clock().now().duration_since(view.notice.planned_at);
        let late = letter.attempt > 0 || waited.unsigned_abs() > DELAYED_AFTER;
        if !late || matches!(view.event.what, What::Note { .. }) {
            return Ok(false);
        }
        let version = view.notice.version;
        let timeline = self.store.timeline(view.notice.case_id, true).await?;
        Ok(timeline.iter().any(|e| e.version > version && e.what.is_told() && !matches!(e.what, What::Note { .. })))
    }

    async fn try_deliver(&self, letter: &Letter) -> Result<Verdict, store::Error> {
        let due: Due = match letter.read() {
            Ok(due) => due,
            Err(error) => {
                return Ok(Verdict::never(Fault::Ours, format!("the letter does not name a notice: {error}")));
            }
        };
        let Some(view) = self.store.notice(due.notice).await? else {
            return Ok(Verdict::never(Fault::Ours, "the notice is not in the store"));
        };
        match view.notice.state {
            // A letter that came twice.
            NoticeState::Sent => return Ok(Verdict::done()),
            NoticeState::Superseded => return Ok(Verdict::receipt(SUPERSEDED)),
            NoticeState::Planned | NoticeState::Failed | NoticeState::Unknown => {}
        }
        let contact = view.contact.as_ref().filter(|_| view.report.tell == Tell::Email);
        let Some((contact, email)) = contact.and_then(|c| c.email.clone().map(|email| (c, email))) else {
            return Ok(Verdict::receipt(NO_ADDRESS));
        };
        if self.is_superseded(letter, &view).await? {
            return Ok(Verdict::receipt(SUPERSEDED));
        }
        let language = view.notice.language;
        let facts = context::Facts {
            event: &view.event,
            report: &view.report,
            contact: Some(contact),
            lead: view.case.as_ref().and_then(|case| case.lead.as_ref()),
            article: match &view.event.what {
                What::Answered { article, .. } => self.city.article(article).map(|article| article.text(language)),
                _ => None,
            },
        };
        let rendered = match self.templates.render(&self.city, &self.public_url, &facts, language) {
            Ok(rendered) => rendered,
            Err(error) => return Ok(Verdict::never(Fault::Ours, error.to_string())),
        };
        let parcel = Parcel {
            notice: view.notice.id,
            case_id: view.notice.case_id,
            email,
            subject: rendered.subject,
            text: rendered.text,
            html: rendered.html,
            language,
            at: view.notice.planned_at,
        };
        Ok(self.sender.send(&parcel).await)
    }
}

#[async_trait]
impl Edge for SendWorker {
    async fn deliver(&self, letter: &Letter) -> Verdict {
        match self.try_deliver(letter).await {
            Ok(verdict) => verdict,
            Err(error) if error.is_transient() => Verdict::later(format!("the store could not be read: {error}")),
            Err(error) => Verdict::never(Fault::Ours, format!("the store could not be read: {error}")),
        }
    }

    async fn record(&self, tx: &mut store::Tx, outcomes: &[Outcome]) -> Result<(), store::Error> {
        let at = self.store.clock().now();
        // The letter of a notice has the notice's id. One batch may hold it twice; the last wins.
        let ends: HashMap<Uuid, NoticeEnd> =
            outcomes.iter().map(|outcome| (outcome.letter.id, end_of(outcome, at))).collect();
        let mut ends: Vec<NoticeEnd> = ends.into_values().collect();
        ends.sort_unstable_by_key(|end| end.id);
        tx.settle_notices(&ends).await
    }
}

/// How far a notice is after `outcome`.
fn end_of(outcome: &Outcome, at: schemas::Timestamp) -> NoticeEnd {
    let (state, receipt, why) = match (&outcome.verdict, &outcome.settled) {
        (Verdict::Done { receipt: Some(text) }, _) if text == SUPERSEDED => (NoticeState::Superseded, None, Some(text)),
        (Verdict::Done { receipt: Some(text) }, _) if text == NO_ADDRESS => (NoticeState::Failed, None, Some(text)),
        (Verdict::Done { receipt }, _) => (NoticeState::Sent, receipt.as_ref(), None),
        (Verdict::Unknown { why }, _) => (NoticeState::Unknown, None, Some(why)),
        (Verdict::Never { why, .. }, _) | (Verdict::Later { why, .. }, Settled::Buried) => {
            (NoticeState::Failed, None, Some(why))
        }
        (Verdict::Later { why, .. }, _) => (NoticeState::Planned, None, Some(why)),
    };
    NoticeEnd { id: outcome.letter.id, state, at, receipt: receipt.cloned(), why: why.cloned() }
}
