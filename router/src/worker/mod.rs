//! The worker of the lanes `router` and `intake`: reads a whole batch of reports at once, decides
//! each, and writes everything that follows in the loop's one transaction.
//!
//! - [`received`]: stored reports (`report.received`): new ones, refused ones, reopened ones.
//! - [`submitted`]: reports of channel integrations (`report.submitted`), kept and decided at once.
//! - [`writing`]: what one batch writes.
//! - [`clock`]: cases whose time has come.
//! - [`parts`]: cases that several departments do.
//! - [`known`]: what has to be looked up besides the report.
//! - [`left_behind`]: what the departments of an earlier city had.

mod anew;
mod clock;
mod known;
mod left_behind;
mod merged;
mod parts;
mod received;
mod references;
mod submitted;
mod writing;
mod wrote;

pub use clock::ClockWorker;
pub use known::Known;
pub use left_behind::{Found, LeftBehind};
pub(crate) use received::NOBODY_LEFT;

use crate::{Facts, InForce, Load, Reporter, Ruleset, decide};
use async_trait::async_trait;
use schemas::{
    Timestamp,
    case::{Case, Decision, Status, Watch},
    city::{City, Delivery, Share},
    letter::{Lane, Letter, Topic},
    report::{Contact, Report},
    slug::DepartmentId,
    verdict::{Fault, Verdict},
};
use std::{collections::HashMap, sync::Arc};
use store::{Store, Tx};

/// Decides what comes in on the lanes `router` and `intake`. Several may run at once, in one
/// process or in many: a case is opened once, whoever is first.
#[derive(Debug, Clone)]
pub struct RouterWorker {
    store: Store,
    city: Arc<City>,
    rules: Arc<InForce>,
    /// What decides in the batch at hand.
    ruleset: Arc<Ruleset>,
    /// How busy departments are, when those rules ask.
    load: Option<Arc<Load>>,
    last_count: known::LastCount,
    /// `https://host`, without a slash at the end.
    public_url: Arc<str>,
    desks: Arc<HashMap<DepartmentId, Desk>>,
    references: references::InHand,
}

/// What the worker has to know of a department.
#[derive(Debug, Clone)]
struct Desk {
    lane: Lane,
    share_reporter: Share,
}

impl RouterWorker {
    /// Decides for `city` by the rules in force, or by `ruleset`, those of its folder, when none were
    /// activated. Receipts for channel integrations hold a tracking link that
    /// begins with `public_url` (`https://host`, a slash at the end is taken off).
    pub fn new(store: Store, city: Arc<City>, ruleset: Arc<Ruleset>, public_url: &str) -> Self {
        let desk = |department: &schemas::city::Department| Desk {
            lane: match department.delivery {
                Delivery::Queue => Lane::queue(&department.id),
                Delivery::Push { .. } => Lane::department(&department.id),
            },
            share_reporter: department.share_reporter,
        };
        let desks: HashMap<_, _> = city.departments.iter().map(|d| (d.id.clone(), desk(d))).collect();
        Self {
            store,
            rules: Arc::new(InForce::new(city.clone(), ruleset.clone())),
            city,
            ruleset,
            load: None,
            last_count: Default::default(),
            public_url: public_url.trim_end_matches('/').into(),
            desks: Arc::new(desks),
            references: Default::default(),
        }
    }

    /// Which rules decide.
    pub fn rules(&self) -> &Arc<InForce> {
        &self.rules
    }

    fn decide(
        &self,
        report: &Report,
        contact: Option<&Contact>,
        rejected_by: &[DepartmentId],
        at: Timestamp,
    ) -> Decision {
        let mut facts = Facts::of(report, &self.city, rejected_by, at);
        if self.ruleset.needs().reporter {
            facts = facts.with_reporter(Reporter::of(report, contact, &self.city));
        }
        if let Some(load) = &self.load {
            facts = facts.with_load(load);
        }
        let policy = self.city.policy(report);
        Decision {
            // Promised at the door, whoever has it in the end.
            acknowledge_by: policy.acknowledge.map(|term| term.due(&self.city.calendar, report.received_at)),
            silent: policy.silent,
            ..decide(&self.ruleset, &self.city, &facts)
        }
    }

    /// Whether a department with this right may know who sent `report`.
    fn may_know(&self, share: Share, report: &Report) -> bool {
        self.city.may_know(share, &report.answers)
    }

    /// Whether somebody in this decision may know who reported.
    fn shares(&self, decision: &Decision) -> bool {
        let shares = |id: &DepartmentId| self.desks.get(id).is_some_and(|desk| desk.share_reporter != Share::Never);
        decision.assignments.iter().any(|assignment| shares(&assignment.department))
    }
}

#[async_trait]
impl bus::Effects for RouterWorker {
    async fn apply(&self, tx: &mut Tx, letters: &[Letter]) -> Result<Vec<Verdict>, store::Error> {
        // One batch, one version: a copy of the worker that keeps it to the end.
        let ruleset = self.rules.at(tx).await?;
        let load = match ruleset.needs().load {
            true => Some(self.last_count.load(tx, self.store.clock().now()).await?),
            false => None,
        };
        Self { ruleset, load, ..self.clone() }.batch(tx, letters).await
    }
}

impl RouterWorker {
    /// The case that a new report opens: received is its first version, routed or answered its second.
    /// What an article answers is closed until the resident says that it did not help.
    fn opened(&self, report: &Report, decision: Decision, now: Timestamp) -> Case {
        let is_answered = decision.answer.is_some();
        let mut case = Case {
            id: report.id,
            reference: report.reference,
            status: if is_answered { Status::Solved } else { Status::Routed },
            version: 2,
            lead: decision.lead().cloned(),
            parts: if is_answered { Vec::new() } else { parts::parts(&decision, &[], now) },
            decision: Some(decision),
            rejected_by: Vec::new(),
            planned_on: None,
            status_at: now,
            opened_at: report.received_at,
            closed_at: is_answered.then_some(now),
            tell: report.tell,
            watch: Watch::default(),
            check_at: None,
        };
        case.check_at = crate::clock::next(&case, &[], &self.city).map(|(at, _)| at);
        case
    }

    async fn batch(&self, tx: &mut Tx, letters: &[Letter]) -> Result<Vec<Verdict>, store::Error> {
        let mut verdicts = vec![Verdict::done(); letters.len()];
        let (mut received, mut submitted) = (Vec::new(), Vec::new());
        for (number, letter) in letters.iter().enumerate() {
            match letter.topic {
                Topic::ReportReceived => received.push((number, letter)),
                Topic::ReportSubmitted => submitted.push((number, letter)),
                other => {
                    let why = format!("a letter about {} does not belong in this lane", other.as_str());
                    verdicts[number] = Verdict::never(Fault::Ours, why);
                }
            }
        }
        if !received.is_empty() {
            self.received(tx, &received, &mut verdicts).await?;
        }
        if !submitted.is_empty() {
            self.submitted(tx, &submitted, &mut verdicts).await?;
        }
        Ok(verdicts)
    }
}

#[cfg(test)]
mod tests;
