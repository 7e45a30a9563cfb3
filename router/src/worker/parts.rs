//! Cases that several departments do, each a part.

use super::{
    RouterWorker,
    received::Left,
    writing::{Walk, Writing},
};
use schemas::{
    Timestamp,
    case::{self, Case, Decision, Part, Role, Status},
    event::What,
};

/// The parts of what was decided; none when one department does it all. Who `had` a part and still has
/// one is as far as it was.
pub(super) fn parts(decision: &Decision, had: &[Part], now: Timestamp) -> Vec<Part> {
    if decision.with_role(Role::Part).is_empty() {
        return Vec::new();
    }
    let hands = decision.assignments.iter().filter(|assignment| assignment.role != Role::Informed);
    hands
        .map(|assignment| {
            let before =
                had.iter().find(|part| part.department == assignment.department && part.status != Status::Received);
            before.cloned().unwrap_or_else(|| Part::new(assignment.department.clone(), now))
        })
        .collect()
}

impl RouterWorker {
    /// Who does not lead does its part no more: the fallback desk has it now, unless it has the case or
    /// refused it already; then nobody does it, and somebody is alarmed. So this ends.
    pub(super) fn hand_part_on(&self, walk: &Walk<'_>, case: &mut Case, left: Left<'_>, writing: &mut Writing) {
        let by = left.department();
        let desk = &self.city.fallback;
        let in_hand = case.parts.iter().any(|part| part.department == *desk) || case.rejected_by.contains(desk);
        case.version += 1;
        let Some(part) = case.parts.iter_mut().find(|part| part.department == *by) else { return };
        let Some(decision) = &mut case.decision else { return };
        if in_hand {
            part.status = Status::Declined;
            part.status_at = walk.now;
            decision.alarm = Some(format!("nobody is left for the part of {by}: the others go on without it"));
            (case.status, case.planned_on) = case::whole(&case.parts, case.lead.as_ref());
            case.closed_at = case.status.is_closed().then_some(walk.now);
            return writing.part_dropped(walk, case, left);
        }
        *part = Part::new(desk.clone(), walk.now);
        for assignment in &mut decision.assignments {
            if assignment.department == *by && assignment.role == Role::Part {
                assignment.department = desk.clone();
            }
        }
        let mut what = left.routed(decision);
        let due = case.due_on();
        if let What::Routed { department, informed, due_on, .. } = &mut what {
            *department = desk.clone();
            informed.clear();
            *due_on = due;
        }
        writing.hand_part(self, walk, case, desk, what);
    }
}
