//! Lane `send.<sender>`: renders one notice, hands it over, and writes what became of it.

use super::{
    ask,
    gather::{self, is_digest},
    known::{address, facts, is_unwanted},
    pinned::PinnedWords,
    plan::failed,
    proof::is_proof,
    said::is_said,
};
use crate::{
    context,
    links::NoticeLinks,
    paper::Block,
    render::{RenderError, Rendered, Templates},
    senders::{Parcel, Sender},
};
use async_trait::async_trait;
use bus::{Edge, Held, Outcome, Settled};
use schemas::{
    Timestamp, Uuid,
    city::City,
    event::{CaseEvent, What},
    letter::Letter,
    notice::{Because, Due, NoticeState, Scope, Suppressed},
    person::Suppression,
    report::Urgency,
    verdict::{Fault, Verdict},
    way::Way,
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};
use store::{About, AddressKey, AddressKeys, NoticeEnd, NoticeView, ProofTokens, Store};

/// The receipt of a notice that was not sent because a newer one says more.
pub const SUPERSEDED: &str = "not sent: a newer notice says more";
/// The receipt of a notice whose person has no address any more.
pub const NO_ADDRESS: &str = "not sent: there is no address to send it to";

/// The receipt of a notice whose person does not want it any more.
pub const UNWANTED: &str = "not sent: the person does not want it any more";

/// The receipt of a notice whose broadcast was stopped before it left.
pub const STOPPED: &str = "not sent: the broadcast was stopped";

/// The reason of a letter whose broadcast stands still.
pub(crate) const PAUSED: &str = "the broadcast is paused";

/// How soon it is looked again whether a broadcast stands still; who resumes it makes its letters ready.
const STILL: Duration = Duration::from_secs(60);

/// The subject of the letters that have a notice of a broadcast sent.
const BROADCAST: &str = "notice.broadcast";

/// A notice that waited this long before its first try was delayed, as if a try had failed.
const DELAYED_AFTER: Duration = Duration::from_mins(15);

/// The words of one notice, and as blocks.
pub(super) type Words = (Rendered, Vec<Block>);

/// Lane `send.<sender>`: renders one notice and hands it to its sender.
pub struct SendWorker {
    pub(super) store: Store,
    pub(super) city: Arc<City>,
    pub(super) words: PinnedWords,
    pub(super) links: NoticeLinks,
    pub(super) sender: Arc<dyn Sender>,
    pub(super) keys: AddressKeys,
    pub(super) proofs: ProofTokens,
}

impl SendWorker {
    /// Sends through `sender`; links in the mails begin with `public_url` (`https://host`, a slash
    /// at its end is ignored).
    pub async fn new(
        store: Store,
        city: Arc<City>,
        templates: Arc<Templates>,
        public_url: &str,
        sender: Arc<dyn Sender>,
    ) -> Result<Self, store::Error> {
        let (keys, proofs) = (store.address_keys().await?, store.proof_tokens().await?);
        let links = NoticeLinks::open(&store, public_url).await?;
        let words = PinnedWords::new(&store, &city, &templates);
        Ok(Self { store, city, words, links, sender, keys, proofs })
    }

    /// Whether a newer status of the same case is on its way, which makes this one pointless now
    /// that it is late. A note is never pointless: nothing newer repeats its words.
    async fn is_superseded(&self, letter: &Letter, view: &NoticeView) -> Result<bool, store::Error> {
        let waited = self.store.clock().now().duration_since(view.notice.planned_at);
        let waits = |because: &Because| matches!(because, Because::Together { .. });
        let late = letter.attempt > 0 || waited.unsigned_abs() > DELAYED_AFTER || view.notice.reasons.iter().any(waits);
        let Some(case) = view.case().filter(|case| late && is_status(&case.event.what)) else { return Ok(false) };
        let version = view.notice.version;
        let is_main = case.event.case_id != case.report.id;
        let timeline = self.store.timeline(case.event.case_id, true).await?;
        let tells = |e: &CaseEvent| e.what.is_told() && is_status(&e.what) && (!is_main || e.what.is_for_duplicates());
        Ok(timeline.iter().any(|e| e.version > version && tells(e)))
    }

    /// The words of a notice, and the same as blocks where they are printed or said.
    pub(super) async fn render(&self, view: &NoticeView) -> Result<Result<Words, RenderError>, store::Error> {
        let language = view.notice.language;
        let (wishes, why) = (self.links.wishes(view.notice.id, language), self.links.why(view.notice.id, language));
        let choices = self.links.choices(view.notice.id, language);
        let facts = facts(&self.city, view, &wishes, &why, &choices);
        let words = self.words.of(&view.notice).await?;
        let (city, url) = (&self.city, self.links.public_url());
        let is_paper = matches!(view.notice.way, Way::Letter | Way::Call);
        let nameless = context::Facts { name: None, ..facts };
        let paper = if is_paper {
            words.paper(city, url, &nameless, language, false).map(|parts| parts.concat())
        } else {
            Ok(Vec::new())
        };
        let made = words.render(city, url, &facts, language);
        Ok(made.and_then(|made| Ok((made, paper?))))
    }

    async fn try_deliver(&self, letter: &Letter) -> Result<Verdict, store::Error> {
        let due: Due = match letter.read() {
            Ok(due) => due,
            Err(error) => {
                return Ok(Verdict::never(Fault::Ours, format!("the letter does not name a notice: {error}")));
            }
        };
        if is_proof(letter) {
            return self.deliver_proof(&due).await;
        }
        if is_said(letter) {
            return self.deliver_said(&due).await;
        }
        let Some(view) = self.store.notice(due.notice).await? else {
            return Ok(Verdict::never(Fault::Ours, "the notice is not in the store"));
        };
        match view.notice.state {
            // A letter that came twice.
            NoticeState::Sent | NoticeState::Delivered => return Ok(Verdict::done()),
            NoticeState::Suppressed => return Ok(Verdict::receipt(UNWANTED)),
            NoticeState::Superseded => return Ok(Verdict::receipt(SUPERSEDED)),
            NoticeState::Stopped => return Ok(Verdict::receipt(STOPPED)),
            NoticeState::Planned | NoticeState::Failed | NoticeState::Unknown => {}
        }
        let Some(to) = address(&self.city, &view) else { return Ok(Verdict::receipt(NO_ADDRESS)) };
        if is_digest(&view.notice) {
            return self.deliver_digest(&view, to).await;
        }
        if is_unwanted(&self.store, &self.city, &self.keys, &view, &to).await? {
            return Ok(Verdict::receipt(UNWANTED));
        }
        if self.is_superseded(letter, &view).await? {
            return Ok(Verdict::receipt(SUPERSEDED));
        }
        let (critical, urgency, is_status) = match &view.about {
            About::Case(case) => {
                let is_critical = view.notice.reasons.contains(&Because::Critical);
                (is_critical, case.report.urgency, is_status(&case.event.what))
            }
            About::Broadcast(broadcast) => (broadcast.draft.critical, Urgency::Normal, false),
        };
        let language = view.notice.language;
        let (rendered, paper) = match self.render(&view).await? {
            Ok(rendered) => rendered,
            Err(error) => return Ok(Verdict::never(Fault::Ours, error.to_string())),
        };
        let parcel = Parcel {
            notice: view.notice.id,
            case_id: view.notice.case_id,
            reference: view.reference(),
            person: view.notice.person.clone(),
            version: view.notice.version,
            to,
            subject: rendered.subject,
            text: rendered.text,
            html: rendered.html,
            short: rendered.short,
            paper,
            link: rendered.link,
            language,
            critical,
            urgency,
            is_status,
            may_stop: true,
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

    async fn held(&self, tx: &mut store::Tx, letters: &[&Letter]) -> Result<HashMap<Uuid, Held>, store::Error> {
        let of = |letter: &&&Letter| letter.subject == BROADCAST;
        let mut broadcasts: Vec<Uuid> = letters.iter().filter(of).filter_map(|letter| letter.case_id).collect();
        broadcasts.sort_unstable();
        broadcasts.dedup();
        if broadcasts.is_empty() {
            return Ok(HashMap::new());
        }
        let paused = tx.paused(&broadcasts).await?;
        let held = || Held { wait: STILL, why: PAUSED.to_owned() };
        let is_paused = |letter: &&&Letter| letter.case_id.is_some_and(|id| paused.contains(&id));
        Ok(letters.iter().filter(of).filter(is_paused).map(|letter| (letter.id, held())).collect())
    }

    async fn record(&self, tx: &mut store::Tx, outcomes: &[Outcome]) -> Result<(), store::Error> {
        let at = self.store.clock().now();
        // The letter of a notice has the notice's id. One batch may hold it twice; the last wins.
        // What has somebody prove an address, or is said in a conversation, is no notice: nothing is kept of it.
        let notices = outcomes.iter().filter(|outcome| !is_proof(&outcome.letter) && !is_said(&outcome.letter));
        let last: HashMap<Uuid, &Outcome> = notices.map(|outcome| (outcome.letter.id, outcome)).collect();
        let by_id: BTreeMap<Uuid, &Outcome> = last.into_iter().collect();
        let ends: Vec<NoticeEnd> = by_id.values().map(|outcome| end_of(outcome, at)).collect();
        tx.settle_notices(&ends).await?;
        let digests = ends.iter().zip(by_id.values()).filter(|(_, outcome)| outcome.letter.subject == gather::SUBJECT);
        tx.settle_gathered(&digests.map(|(end, _)| end).collect::<Vec<_>>()).await?;
        let (mut numbers, mut follow_up) = (Vec::new(), Vec::new());
        for (end, outcome) in ends.iter().zip(by_id.values()) {
            let letter = &outcome.letter;
            let case = letter.case_id.unwrap_or(letter.id);
            match (&outcome.verdict, end.state) {
                (Verdict::Done { receipt }, NoticeState::Sent) => {
                    numbers.extend(receipt.iter().flat_map(|receipt| self.sender.numbers(letter.id, receipt)));
                    if let Some(cost) = receipt.as_ref().and_then(|receipt| self.sender.cost(receipt)) {
                        tx.price_notice(letter.id, cost).await?;
                    }
                    follow_up.extend(self.unless_heard(letter, receipt.as_deref(), case, at));
                    follow_up.extend(self.questions(letter, receipt.as_deref(), at));
                }
                // Nobody knows whether it left: only a receipt can tell.
                (Verdict::Unknown { .. }, _) => {
                    follow_up.extend(self.unless_heard(letter, None, case, at));
                    follow_up.extend(self.questions(letter, None, at));
                }
                (Verdict::Never { fault: Fault::Ours, .. }, _) => {}
                (_, NoticeState::Failed) => {
                    let why = end.why.as_deref().unwrap_or(NO_ADDRESS);
                    follow_up.push(failed(letter.id, case, why, letter, at));
                }
                _ => {}
            }
        }
        self.remember_dead(tx, &by_id, at).await?;
        tx.number_notices(&numbers).await?;
        // A receipt may come before the answer that it belongs to; what counts is all of them together.
        let may_be = |end: &&NoticeEnd| matches!(end.state, NoticeState::Sent | NoticeState::Unknown);
        let sent: Vec<Uuid> = ends.iter().filter(may_be).map(|end| end.id).collect();
        for early in tx.heard_already(&sent).await? {
            if let Some(outcome) = by_id.get(&early) {
                super::heard::settle(&self.store, &self.city, &self.keys, tx, &outcome.letter, early).await?;
            }
        }
        tx.post(&follow_up).await
    }
}

/// Whether it says how the case is. A note does not: nothing newer repeats its words.
fn is_status(what: &What) -> bool {
    !matches!(what, What::Note { .. })
}

impl SendWorker {
    /// The letter that has the person told the next way unless a receipt comes in time; nothing when the
    /// silence of this sender's other side says nothing.
    fn unless_heard(&self, letter: &Letter, receipt: Option<&str>, case: Uuid, at: Timestamp) -> Option<Letter> {
        let within = self.sender.receipt_within(receipt)?;
        let late = failed(letter.id, case, "no receipt came in time", letter, at);
        Some(Letter { ready_at: Some(at + within), ..late })
    }

    /// The letters by which the other side is asked what became of the notice.
    fn questions(&self, letter: &Letter, receipt: Option<&str>, at: Timestamp) -> Vec<Letter> {
        let Some(name) = letter.lane.as_str().strip_prefix("send.") else { return Vec::new() };
        ask::questions(&*self.sender, (name, letter), receipt, self.sender.receipt_within(receipt), at)
    }

    /// Addresses that the other side says are not there are not tried again.
    async fn remember_dead(
        &self,
        tx: &mut store::Tx,
        outcomes: &BTreeMap<Uuid, &Outcome>,
        at: Timestamp,
    ) -> Result<(), store::Error> {
        for (id, outcome) in outcomes {
            let Verdict::Never { fault: Fault::Address, why } = &outcome.verdict else { continue };
            let Some(row) = tx.notices(&[*id]).await?.remove(id) else { continue };
            let found = super::heard::address_of(&self.city, &self.keys, tx, &row.notice).await?;
            let Some(AddressKey { way, key }) = found else { continue };
            // A device that comes back has another address; this one is of no use to anybody.
            if way == Way::Push {
                tx.forget_device(&key).await?;
                continue;
            }
            let (scope, target, reason, why) = (Scope::All, String::new(), Suppressed::Gone, Some(why.clone()));
            tx.suppress(&Suppression { way, key, scope, target, reason, why, at, until: None }).await?;
        }
        Ok(())
    }
}

/// How far a notice is after `outcome`.
fn end_of(outcome: &Outcome, at: Timestamp) -> NoticeEnd {
    let (state, receipt, why) = match (&outcome.verdict, &outcome.settled) {
        (Verdict::Done { receipt: Some(text) }, _) if text == SUPERSEDED => (NoticeState::Superseded, None, Some(text)),
        (Verdict::Done { receipt: Some(text) }, _) if text == NO_ADDRESS => (NoticeState::Failed, None, Some(text)),
        (Verdict::Done { receipt: Some(text) }, _) if text == UNWANTED => (NoticeState::Suppressed, None, Some(text)),
        (Verdict::Done { receipt: Some(text) }, _) if text == STOPPED => (NoticeState::Stopped, None, Some(text)),
        (Verdict::Done { receipt }, _) => (NoticeState::Sent, receipt.as_ref(), None),
        (Verdict::Unknown { why }, _) => (NoticeState::Unknown, None, Some(why)),
        (Verdict::Never { why, .. }, _) | (Verdict::Later { why, .. }, Settled::Buried) => {
            (NoticeState::Failed, None, Some(why))
        }
        (Verdict::Later { why, .. }, _) => (NoticeState::Planned, None, Some(why)),
    };
    NoticeEnd { id: outcome.letter.id, state, at, receipt: receipt.cloned(), why: why.cloned() }
}
