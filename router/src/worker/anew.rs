//! A case whose category was corrected, or whose department is gone: decided anew, never back to who
//! refused it.

use super::{
    RouterWorker,
    parts::parts,
    received::{Left, is_fresh, routed},
    writing::{Walk, Writing},
};
use schemas::{
    case::{self, Assignment, Case, Decision, Part, Role, Status, Watch},
    city::in_language,
    dispatch::AgainWhy,
    event::What,
    report::TRIAL_CHANNEL,
    slug::DepartmentId,
};
use std::collections::BTreeSet;
use store::DispatchRow;

impl RouterWorker {
    /// Decides by what the report is about now. When that is another desk, it gets the case with a
    /// new term, and whoever had work of it before hears that it is with somebody else. When every
    /// rule leads to somebody who refused, the case stays where it is: a correction closes nothing.
    pub(super) fn decide_anew(&self, walk: &Walk<'_>, case: &mut Case, had: &[DispatchRow], writing: &mut Writing) {
        if walk.report.channel.as_str() == TRIAL_CHANNEL {
            return;
        }
        let mut decision = self.decide(walk.report, walk.contact, &case.rejected_by, walk.now);
        // Somebody of the city has looked at it: no article answers it any more.
        decision.answer = None;
        if decision.lead().is_none_or(|lead| case.rejected_by.contains(lead)) {
            return;
        }
        if decision.lead() == case.lead.as_ref() {
            return self.decide_beside(walk, case, decision, had, writing);
        }
        let assigned = |id: &DepartmentId| decision.assignments.iter().any(|one| one.department == *id);
        let had_work: BTreeSet<&DepartmentId> = had
            .iter()
            .map(|row| &row.department)
            .filter(|id| !assigned(id) && !case.rejected_by.contains(id))
            .filter(|id| {
                had.iter().rev().find(|row| row.department == **id).is_some_and(|row| row.role != Role::Informed)
            })
            .collect();
        let told = had_work.into_iter().map(|id| Assignment { department: id.clone(), role: Role::Informed });
        let fresh = decision.assignments.iter().filter(|assignment| is_fresh(assignment, had)).cloned();
        let assignments: Vec<Assignment> = fresh.chain(told).collect();
        let what = routed(&decision);
        case.version += 1;
        case.status = Status::Routed;
        case.status_at = walk.now;
        case.planned_on = None;
        case.parts = parts(&decision, &case.parts, walk.now);
        case.watch = Watch::default();
        case.lead = decision.lead().cloned();
        case.decision = Some(decision);
        writing.hand_out(self, walk, case, assignments.iter(), what);
    }

    /// `gone` is no department of this city any more. What it led goes to the next rule that nobody
    /// refused, its part of a case to the fallback desk. Gives whether it still had any of it.
    pub(super) fn instead_of(
        &self,
        walk: &Walk<'_>,
        case: &mut Case,
        gone: &DepartmentId,
        had: &[DispatchRow],
        writing: &mut Writing,
    ) -> bool {
        let leads = case.lead.as_ref() == Some(gone);
        let has_part = case.parts.iter().any(|part| part.department == *gone && !part.status.is_closed());
        // A test case is for one department alone.
        if !(leads || has_part) || walk.report.channel.as_str() == TRIAL_CHANNEL {
            return false;
        }
        if leads {
            self.reroute(walk, case, Left::Gone(gone), had, writing);
        } else {
            self.hand_part_on(walk, case, Left::Gone(gone), writing);
        }
        writing.nobodys.extend(had.iter().filter(|row| row.department == *gone).map(|row| row.id));
        true
    }

    /// The same desk leads by the new `decision`. It has the case already, and a second copy would be a
    /// second order: it hears what the case is about now. Who is named beside it for the first time gets
    /// the case, and who loses its part hears that. A correction closes nothing: where only a part that
    /// is to go holds the case open, everybody keeps theirs.
    fn decide_beside(
        &self,
        walk: &Walk<'_>,
        case: &mut Case,
        decision: Decision,
        had: &[DispatchRow],
        writing: &mut Writing,
    ) {
        let before = std::mem::take(&mut case.parts);
        let mut so_far = before.clone();
        if let (true, Some(lead)) = (before.is_empty(), &case.lead) {
            so_far.push(Part {
                status: case.status,
                status_at: case.status_at,
                planned_on: case.planned_on,
                silence: case.watch.silence.clone(),
                ..Part::new(lead.clone(), walk.now)
            });
        }
        case.parts = parts(&decision, &so_far, walk.now);
        let (status, planned_on) = match so_far.iter().find(|part| Some(&part.department) == case.lead.as_ref()) {
            Some(lead) if case.parts.is_empty() => (lead.status, lead.planned_on),
            _ => case::whole(&case.parts, case.lead.as_ref()),
        };
        let assigned = |id: &DepartmentId| decision.assignments.iter().any(|one| one.department == *id);
        let mut informed: Vec<DepartmentId> = Vec::new();
        if status.is_closed() {
            case.parts = before;
        } else {
            (case.status, case.planned_on) = (status, planned_on);
            let lost = before.iter().filter(|part| !part.status.is_closed()).map(|part| &part.department);
            informed.extend(lost.filter(|id| !assigned(id) && !case.rejected_by.contains(id)).cloned());
        }
        let had_calls = case.decision.as_ref().map(|before| before.on_call.clone()).unwrap_or_default();
        let rung: Vec<DepartmentId> = decision.on_call.iter().filter(|id| !had_calls.contains(id)).cloned().collect();
        let fresh = |one: &&Assignment| is_fresh(one, had) && !writing.has_handed(case.id, &one.department);
        let (with_a_part, for_information): (Vec<&Assignment>, Vec<&Assignment>) =
            decision.assignments.iter().filter(|one| one.role != Role::Lead).filter(fresh).partition(|one| {
                one.role == Role::Part && case.parts.iter().any(|part| part.department == one.department)
            });
        informed.extend(for_information.into_iter().map(|one| one.department.clone()));
        let with_a_part: Vec<DepartmentId> = with_a_part.into_iter().map(|one| one.department.clone()).collect();
        let mut what = routed(&decision);
        if let What::Routed { informed, .. } = &mut what {
            informed.clear();
        }
        case.decision = Some(decision);
        self.tell_the_category(walk, case, had, writing);
        for id in with_a_part {
            case.version += 1;
            if let What::Routed { department, .. } = &mut what {
                department.clone_from(&id);
            }
            writing.hand_part(self, walk, case, &id, what.clone());
        }
        if !(informed.is_empty() && rung.is_empty()) {
            case.version += 1;
            writing.beside(self, walk, case, &informed, &rung);
        }
    }

    /// Whoever has work of `case` hears under which category it is now.
    fn tell_the_category(&self, walk: &Walk<'_>, case: &Case, had: &[DispatchRow], writing: &mut Writing) {
        let id = &walk.report.category;
        let language = self.city.languages.first().copied().unwrap_or_default();
        let name = self.city.category(id).map(|category| in_language(&category.names, language));
        let text = name.map_or_else(|| id.to_string(), |name| format!("{name} ({id})"));
        let with_a_part = case.parts.iter().filter(|part| !part.status.is_closed()).map(|part| &part.department);
        let lead = case.lead.as_ref().filter(|_| case.parts.is_empty());
        for department in lead.into_iter().chain(with_a_part) {
            writing.again(self, walk, case, had, department, AgainWhy::Recategorised, Some(text.clone()));
        }
    }
}
