//! The lane of one department that work is pushed to: hands each dispatch to the department's
//! adapter, and writes into the case what became of it.

use crate::{
    cases::Opened,
    departments::{Adapter, Built, Found, Taken},
};
use async_trait::async_trait;
use bus::{Edge, LaneSettings, Outcome, Settled};
use schemas::{
    Uuid,
    dispatch::{AgainWhy, Dispatch, DispatchState},
    event::What,
    id::{Clock, derived},
    letter::{Lane, Letter},
    slug::DepartmentId,
    trace::Trace,
    verdict::{Fault, Verdict},
};
use std::{collections::HashMap, sync::Arc, time::Duration};
use store::{DispatchRow, Store, Tx};

/// How long something waits that could not even be begun.
const PAUSE: Duration = Duration::from_secs(30);

/// Works the lane `dept.<id>`.
#[derive(Debug, Clone)]
pub struct DeliverWorker {
    store: Store,
    clock: Clock,
    built: Built,
}

impl DeliverWorker {
    /// A worker for the department that was built.
    pub fn new(store: Store, built: Built) -> Self {
        Self { clock: store.clock().clone(), store, built }
    }

    /// The lane to run it on.
    pub fn lane(&self) -> Lane {
        self.built.lane.clone()
    }

    /// How the lane is to be worked.
    pub fn settings(&self) -> LaneSettings {
        self.built.pace.set(self.built.adapter.lane())
    }

    fn adapter(&self) -> &Arc<dyn Adapter> {
        &self.built.adapter
    }

    /// What decides before anything is sent: an earlier dispatch of the same case that is not there
    /// yet goes first, and what may have arrived is looked up.
    async fn before(&self, dispatch: &Dispatch, letter: &Letter) -> Option<Verdict> {
        let later = |error: &store::Error| Verdict::slow_down(PAUSE, format!("the rows cannot be read: {error}"));
        if dispatch.again.is_some() {
            let rows = match self.store.dispatches_of(dispatch.case_id).await {
                Ok(rows) => rows,
                Err(error) => return Some(later(&error)),
            };
            let waits = |row: &&DispatchRow| {
                row.department == dispatch.department
                    && row.id != dispatch.id
                    && matches!(row.state, DispatchState::Posted | DispatchState::Unknown)
            };
            let mine = rows.iter().find(|row| row.id == dispatch.id).map(|row| row.posted_at);
            if let Some(first) = rows.iter().filter(waits).find(|row| mine.is_none_or(|mine| row.posted_at < mine)) {
                let why = format!("the dispatch of {} about the same case goes first", first.posted_at);
                return Some(Verdict::slow_down(PAUSE, why));
            }
        }
        let tries = match self.store.attempts(letter.id).await {
            Ok(tries) => tries,
            Err(error) => return Some(later(&error)),
        };
        // The last one is the try under way.
        let (_, earlier) = tries.split_last()?;
        let unsure = |try_: &store::Attempt| try_.verdict.as_deref().is_none_or(|word| word == "unknown");
        if !earlier.iter().any(unsure) {
            return None;
        }
        match self.adapter().look_up(dispatch).await {
            Found::Here { receipt } => Some(Verdict::Done { receipt }),
            Found::NotHere => None,
            Found::CannotTell => None,
            Found::Later { why } => Some(Verdict::later(why)),
        }
    }
}

#[async_trait]
impl Edge for DeliverWorker {
    async fn deliver(&self, letter: &Letter) -> Verdict {
        let dispatch: Dispatch = match letter.read() {
            Ok(dispatch) => dispatch,
            Err(error) => return Verdict::never(Fault::Ours, format!("this letter holds no dispatch: {error}")),
        };
        if dispatch.department != self.built.department {
            let why = format!("this dispatch is for {}, not for {}", dispatch.department, self.built.department);
            return Verdict::never(Fault::Ours, why);
        }
        let verdict = match self.before(&dispatch, letter).await {
            Some(verdict) => verdict,
            None => self.adapter().deliver(&dispatch, letter).await,
        };
        tracing::info!(
            lane = %letter.lane, letter = %letter.id, case = %dispatch.case_id, trace = %letter.trace,
            verdict = verdict.word(), "dispatch handed to the department's system"
        );
        verdict
    }

    async fn record(&self, tx: &mut Tx, outcomes: &[Outcome]) -> Result<(), store::Error> {
        let now = self.clock.now();
        // A letter without a readable dispatch has no row to write; the loop buries it.
        let known: Vec<(&Outcome, Dispatch)> =
            outcomes.iter().filter_map(|outcome| Some((outcome, outcome.letter.read().ok()?))).collect();
        let ids: Vec<Uuid> = known.iter().map(|(_, dispatch)| dispatch.id).collect();
        let mut opened = Opened::lock(tx, known.iter().map(|(_, dispatch)| dispatch.case_id)).await?;
        let mut rows = if ids.is_empty() { HashMap::new() } else { tx.dispatches(&ids).await? };
        let mut answers = Vec::new();
        for (outcome, dispatch) in &known {
            let Some(row) = rows.get_mut(&dispatch.id) else { continue };
            let trace = outcome.letter.trace;
            let fresh = row.state != DispatchState::Delivered;
            if let Verdict::Done { receipt } = &outcome.verdict
                && fresh
            {
                let taken = Taken { dispatch, letter: &outcome.letter, receipt: receipt.as_deref(), at: now };
                self.adapter().taken(tx, &taken).await?;
                if !self.adapter().handed_over(receipt.as_deref()) {
                    row.attempts = row.attempts.saturating_add(1);
                    row.why.clone_from(receipt);
                    continue;
                }
            }
            let news = note(row, outcome, now).filter(|_| {
                // That a department knows that nothing is to be done is no news to the resident.
                let is_withdrawn = dispatch.again.as_ref().is_some_and(|again| again.why == AgainWhy::Merged);
                self.adapter().is_news(dispatch) && !is_withdrawn
            });
            if let Some((id, what)) = news {
                opened.happened(row.case_id, id, what, now, trace.next());
            }
            if fresh && row.state == DispatchState::Delivered {
                let said = self.adapter().answers(dispatch, now);
                answers.extend(said.into_iter().map(|(update, at)| {
                    let mut letter =
                        crate::updates::letter(&update, row.case_id, trace.next(), now).because(outcome.letter.id);
                    letter.ready_at = Some(at);
                    letter
                }));
            }
        }
        let rows: Vec<DispatchRow> = rows.into_values().collect();
        if !rows.is_empty() {
            tx.save_dispatches(&rows).await?;
        }
        opened.save(tx).await?;
        if !answers.is_empty() {
            tx.post(&answers).await?;
        }
        Ok(())
    }
}

fn event_id(dispatch: Uuid, word: &str) -> Uuid {
    derived(&["event", "dispatch", &dispatch.to_string(), word])
}

/// Writes an outcome into the row; gives the event to tell, if this is news. What was delivered
/// stays delivered: a second copy that fails changes nothing.
fn note(row: &mut DispatchRow, outcome: &Outcome, now: schemas::Timestamp) -> Option<(Uuid, What)> {
    row.attempts = row.attempts.saturating_add(1);
    if row.state == DispatchState::Delivered {
        // Who answers before the call has ended has it already; their number comes with its end.
        if let Verdict::Done { receipt: Some(receipt) } = &outcome.verdict {
            row.receipt.get_or_insert_with(|| receipt.clone());
        }
        return None;
    }
    let department = row.department.clone();
    let why = match &outcome.verdict {
        Verdict::Done { receipt } => {
            let again = row.delivered_at.is_some();
            row.state = DispatchState::Delivered;
            row.delivered_at = Some(now);
            row.receipt.clone_from(receipt);
            row.why = None;
            let what = What::HandedOver { department, receipt: receipt.clone() };
            // What came back and is handed over again is news again.
            let word = if again { format!("handed_over-{}", row.attempts) } else { "handed_over".to_owned() };
            return Some((event_id(row.id, &word), what));
        }
        Verdict::Later { why, .. } | Verdict::Never { why, .. } | Verdict::Unknown { why } => why.clone(),
    };
    let first = row.why.is_none();
    let failed_before = row.state == DispatchState::Failed;
    row.why = Some(why.clone());
    match outcome.settled {
        Settled::Buried => {
            row.state = DispatchState::Failed;
            let what = What::HandOverFailed { department, why };
            (!failed_before).then(|| (event_id(row.id, &format!("failed-{}", row.attempts)), what))
        }
        Settled::Again(next_try_at) => {
            let unknown = matches!(outcome.verdict, Verdict::Unknown { .. });
            row.state = if unknown { DispatchState::Unknown } else { DispatchState::Posted };
            let what = What::HandOverDelayed { department, why, next_try_at };
            first.then(|| (event_id(row.id, "delayed"), what))
        }
        Settled::Gone => {
            row.state = DispatchState::Unknown;
            None
        }
    }
}

/// A department that fetches its work has it now: its own acknowledgement stands for the hand-over.
/// Dispatches of other departments are left alone; doing it twice does it once.
pub(crate) async fn handed_over(store: &Store, department: &DepartmentId, ids: &[Uuid]) -> Result<(), store::Error> {
    if ids.is_empty() {
        return Ok(());
    }
    let mut tx = store.begin().await?;
    let here: Vec<(Uuid, Option<String>)> = ids.iter().map(|id| (*id, None)).collect();
    if arrived(&mut tx, department, &here).await? { tx.commit().await } else { Ok(()) }
}

/// The department has these dispatches now, each with what its system said; gives whether that was
/// news for any. For adapters that do not hand over by themselves.
pub async fn arrived(
    tx: &mut Tx,
    department: &DepartmentId,
    here: &[(Uuid, Option<String>)],
) -> Result<bool, store::Error> {
    let ids: Vec<Uuid> = here.iter().map(|(id, _)| *id).collect();
    let receipts: HashMap<Uuid, &Option<String>> = here.iter().map(|(id, receipt)| (*id, receipt)).collect();
    // Cases are locked before dispatches, as everywhere: two writers that lock in the same order
    // never wait for each other in a circle.
    let peeks = tx.peek_dispatches(&ids).await?;
    let mut opened = Opened::lock(tx, peeks.values().map(|peek| peek.case_id)).await?;
    let now = tx.clock().now();
    let mut saved = Vec::new();
    for (_, mut row) in tx.dispatches(&ids).await? {
        if row.department != *department || row.state == DispatchState::Delivered {
            continue;
        }
        row.state = DispatchState::Delivered;
        row.delivered_at = Some(now);
        row.why = None;
        row.receipt = receipts.get(&row.id).and_then(|receipt| (*receipt).clone());
        let what = What::HandedOver { department: department.clone(), receipt: row.receipt.clone() };
        opened.happened(row.case_id, event_id(row.id, "handed_over"), what, now, Trace::start());
        saved.push(row);
    }
    if saved.is_empty() {
        return Ok(false);
    }
    tx.save_dispatches(&saved).await?;
    opened.save(tx).await?;
    Ok(true)
}

#[cfg(test)]
#[path = "deliver_tests.rs"]
mod tests;
