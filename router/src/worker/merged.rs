//! Cases that are the same as another: whoever has work of one need not do it, what its reporter says goes to the main
//! case, and one that turns out to be its own goes to a desk again.

use super::{
    RouterWorker,
    parts::parts,
    received::{is_fresh, routed},
    writing::{Walk, Writing},
};
use schemas::{
    Uuid,
    case::{Case, Role, Status, Watch},
    dispatch::{AgainWhy, DispatchState},
    event::What,
    reference::Reference,
    report::{Language, Report, Why},
    slug::DepartmentId,
};
use std::collections::{BTreeSet, HashMap};
use store::{DispatchRow, Tx};

/// Why a dispatch that a person was to pass on is not.
const DROPPED: &str = "merged with another case before it was passed on";

/// Main cases of reports that somebody says something about.
pub(super) struct Mains {
    /// The reports of the main cases.
    pub reports: HashMap<Uuid, Report>,
    /// Of each duplicate its main case.
    of: HashMap<Uuid, Uuid>,
}

impl Mains {
    /// The main cases of those of `again` that may have one.
    pub async fn read(tx: &mut Tx, again: impl Iterator<Item = (Uuid, &Why)>) -> Result<Self, store::Error> {
        let said = again.filter(|(_, why)| words(why).is_some());
        let ids: Vec<Uuid> = said.map(|(id, _)| id).collect::<BTreeSet<_>>().into_iter().collect();
        let of: HashMap<Uuid, Uuid> =
            tx.merged(&ids).await?.into_values().map(|merged| (merged.case, merged.main)).collect();
        let mains: Vec<Uuid> = of.values().copied().collect::<BTreeSet<_>>().into_iter().collect();
        let reports = if mains.is_empty() { HashMap::new() } else { tx.reports(&mains).await? };
        Ok(Self { reports, of })
    }

    /// The ids of the main cases.
    pub fn ids(&self) -> impl Iterator<Item = Uuid> {
        self.of.values().copied()
    }

    /// The main case of `duplicate`, as it was before the cases were locked.
    pub fn of(&self, duplicate: Uuid) -> Option<&Report> {
        self.of.get(&duplicate).and_then(|main| self.reports.get(main))
    }
}

/// What a resident says, if that is what it is about.
pub(super) fn words(why: &Why) -> Option<&str> {
    match why {
        Why::Wrote { text, .. } | Why::Replied { text, .. } => Some(text),
        _ => None,
    }
}

impl RouterWorker {
    /// Whoever has work of `case` hears that it need not be done: it is the same as `into`. What a person was still to
    /// pass on is not passed on. Colleagues read who was told.
    pub(super) fn withdraw(
        &self,
        walk: &Walk<'_>,
        case: &mut Case,
        into: Reference,
        had: &[DispatchRow],
        writing: &mut Writing,
    ) {
        let with_a_part = case.parts.iter().filter(|part| !part.status.is_closed()).map(|part| &part.department);
        let lead = case.lead.iter().filter(|_| case.parts.is_empty());
        let working: BTreeSet<DepartmentId> = lead.chain(with_a_part).cloned().collect();
        let (mut told, mut dropped) = (Vec::new(), Vec::new());
        for id in working {
            let mine = || had.iter().filter(|row| row.department == id && row.role != Role::Informed);
            let by_hand = self.city.department(&id).is_some_and(|department| department.delivery.is_by_hand());
            let has_it = mine().any(|row| row.state == DispatchState::Delivered || row.delivered_at.is_some());
            if by_hand && !has_it {
                for row in mine() {
                    let why = Some(DROPPED.to_owned());
                    writing.corrected.push(DispatchRow { state: DispatchState::Failed, why, ..row.clone() });
                }
                dropped.push(id);
            } else if mine().any(|row| row.state != DispatchState::Failed)
                && writing.again(self, walk, case, had, &id, AgainWhy::Merged, Some(self.same_as(into)))
            {
                told.push(id);
            } else if mine().next().is_some() {
                dropped.push(id);
            }
        }
        let mut said = Vec::new();
        for (word, departments) in [("told that it need not be done", told), ("was not passed on", dropped)] {
            if !departments.is_empty() {
                said.push(format!("{word}: {}", departments.join(", ")));
            }
        }
        if !said.is_empty() {
            case.version += 1;
            let department = case.lead.clone().unwrap_or_else(|| self.city.fallback.clone());
            writing.tell(walk, case, What::InternalNote { department, text: said.join("; ") });
        }
    }

    /// In the city's own language.
    fn same_as(&self, into: Reference) -> String {
        match self.city.languages.first().copied().unwrap_or_default() {
            Language::NL => format!("Het is hetzelfde als melding {into}. Alleen die moet gebeuren."),
            Language::FR => format!("C’est la même chose que le signalement {into}. Seul celui-là est à traiter."),
            _ => format!("It is the same as report {into}. Only that one has to be done."),
        }
    }

    /// A case is its own again, and open: the rules decide anew. Whoever had it hears that it has to be done after all.
    pub(super) fn split(&self, walk: &Walk<'_>, case: &mut Case, had: &[DispatchRow], writing: &mut Writing) {
        let mut decision = self.decide(walk.report, walk.contact, &case.rejected_by, walk.now);
        decision.answer = None;
        case.version += 1;
        case.status = Status::Routed;
        case.status_at = walk.now;
        case.planned_on = None;
        case.closed_at = None;
        case.watch = Watch::default();
        case.lead = decision.lead().cloned();
        case.parts = parts(&decision, &[], walk.now);
        let what = routed(&decision);
        let mut assignments = decision.assignments.clone();
        case.decision = Some(decision);
        assignments.retain(|one| {
            let reached = had.iter().any(|row| {
                row.department == one.department && row.role != Role::Informed && row.state != DispatchState::Failed
            });
            match one.role {
                Role::Informed => is_fresh(one, had),
                Role::Lead | Role::Part => {
                    !(reached && writing.again(self, walk, case, had, &one.department, AgainWhy::Split, None))
                }
            }
        });
        writing.hand_out(self, walk, case, assignments.iter(), what);
    }

    /// What the reporter of the duplicate `from` says goes to who has the main `case`, and among colleagues onto its
    /// timeline: it is not for the eyes of who reported the main case.
    pub(super) fn hear_of_duplicate(
        &self,
        walk: &Walk<'_>,
        case: &mut Case,
        from: Reference,
        text: &str,
        had: &[DispatchRow],
        writing: &mut Writing,
    ) {
        let text = format!("{from}: {text}");
        case.version += 1;
        let department = case.lead.clone().unwrap_or_else(|| self.city.fallback.clone());
        writing.again(self, walk, case, had, &department, AgainWhy::Replied, Some(text.clone()));
        writing.tell(walk, case, What::InternalNote { department, text });
    }
}
