//! What one update makes of a case that several departments do: its part moves as a case of its own
//! would, and the case is as far as its parts.

use super::apply::{self, Applied};
use schemas::{
    Timestamp,
    case::{self, Case, Silence, Status},
    city::Calendar,
    dispatch::Update,
    event::What,
};
use store::DispatchRow;

pub(super) fn apply(
    case: &mut Case,
    dispatch: &DispatchRow,
    update: &Update,
    calendar: &Calendar,
    now: Timestamp,
) -> Applied {
    let mine = case.parts.iter().position(|part| part.department == dispatch.department);
    // The part, as if it were the whole. Who has none has nothing to say any more.
    let mut alone = Case { parts: Vec::new(), lead: None, ..case.clone() };
    if let Some(part) = mine.and_then(|n| case.parts.get(n)) {
        alone.lead = Some(part.department.clone());
        (alone.status, alone.status_at, alone.planned_on) = (part.status, part.status_at, part.planned_on);
    }
    let before = (alone.status, alone.status_at, alone.planned_on);
    let mut applied = apply::whole(&mut alone, dispatch, update, calendar, now);
    let Some(part) = mine.and_then(|n| case.parts.get_mut(n)) else { return applied };
    case.rejected_by = alone.rejected_by;
    if before == (alone.status, alone.status_at, alone.planned_on) {
        return applied;
    }
    (part.status, part.status_at, part.planned_on) = (alone.status, alone.status_at, alone.planned_on);
    part.silence = Silence::default();

    let (status, planned_on) = case::whole(&case.parts, case.lead.as_ref());
    match (case.status == Status::Waiting, status == Status::Waiting) {
        (true, false) => _ = case.resume(calendar, update.at),
        (false, true) => case.watch.waiting_since = Some(apply::believed(dispatch, update, now)),
        _ => {}
    }
    (case.status, case.planned_on) = (status, planned_on);
    case.status_at = case.status_at.max(update.at);
    case.closed_at = status.is_closed().then_some(now);
    case.check_at = (!status.is_closed()).then_some(now);
    if status == Status::Planned {
        (case.watch.warned_of, case.watch.news_by) = (None, None);
    }
    for what in &mut applied.events {
        if let What::Solved { department, text, evidence } = what
            && !status.is_closed()
        {
            let (department, text, evidence) = (department.clone(), text.take(), std::mem::take(evidence));
            *what = What::PartSolved { department, text, evidence };
        }
    }
    applied
}
