//! Cases that are locked and being written: each event raises the version by one.

use schemas::{
    Timestamp, Uuid,
    case::{Case, Status},
    event::{CaseEvent, What},
    report::Tell,
    trace::Trace,
};
use std::collections::{BTreeSet, HashMap};
use store::Tx;

/// Cases locked in one transaction, and what happened to them.
#[derive(Debug, Default)]
pub(crate) struct Opened {
    cases: HashMap<Uuid, Case>,
    changed: BTreeSet<Uuid>,
    events: Vec<(CaseEvent, Tell, Trace)>,
}

impl Opened {
    /// Locks the cases with these ids, in the order of their ids, so that two writers never wait
    /// for each other.
    pub(crate) async fn lock(tx: &mut Tx, ids: impl Iterator<Item = Uuid>) -> Result<Self, store::Error> {
        let ids: Vec<Uuid> = ids.collect::<BTreeSet<_>>().into_iter().collect();
        let cases = if ids.is_empty() { HashMap::new() } else { tx.lock_cases(&ids).await? };
        Ok(Self { cases, ..Self::default() })
    }

    /// The case, to be changed.
    pub(crate) fn case(&mut self, id: Uuid) -> Option<&mut Case> {
        self.cases.get_mut(&id)
    }

    /// Something happened to a case that was locked. Gives its new version.
    pub(crate) fn happened(&mut self, case: Uuid, event: Uuid, what: What, at: Timestamp, trace: Trace) -> Option<i64> {
        self.happened_now(case, event, what, at, trace, false)
    }

    /// The same; `critical` when news of it matters for somebody's safety.
    pub(crate) fn happened_now(
        &mut self,
        case: Uuid,
        event: Uuid,
        what: What,
        at: Timestamp,
        trace: Trace,
        critical: bool,
    ) -> Option<i64> {
        let case = self.cases.get_mut(&case)?;
        case.version += 1;
        self.changed.insert(case.id);
        let event = CaseEvent {
            critical,
            id: event,
            case_id: case.id,
            reference: case.reference,
            version: case.version,
            at,
            what,
        };
        self.events.push((event, case.tell, trace));
        Some(case.version)
    }

    /// Writes cases and events.
    pub(crate) async fn save(mut self, tx: &mut Tx) -> Result<(), store::Error> {
        let changed: Vec<Case> = self.changed.iter().filter_map(|id| self.cases.remove(id)).collect();
        if !changed.is_empty() {
            tx.save_cases(&changed).await?;
            tx.add_events_traced(&self.events).await?;
            // Of a duplicate people may still have to let somebody know that nothing is to be done.
            let is_over = |case: &&Case| case.status.ends_calls() && case.status != Status::Duplicate;
            let closed: Vec<Uuid> = changed.iter().filter(is_over).map(|case| case.id).collect();
            tx.drop_tasks_of_cases(&closed, "the case is closed").await?;
        }
        Ok(())
    }
}
