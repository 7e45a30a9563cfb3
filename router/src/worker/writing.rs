//! What one batch writes: events with their notices, dispatches, and the letters that carry them.

use super::{
    RouterWorker,
    received::{Left, routed},
};
use schemas::{
    Timestamp, Uuid,
    case::{Assignment, Case, Decision, Role, Status},
    dispatch::{Again, AgainWhy, Dispatch},
    event::{CaseEvent, What},
    id::derived,
    letter::{Letter, Topic},
    report::{Contact, Report, Tell, Urgency},
    slug::DepartmentId,
    task::{Alert, Task},
    trace::Trace,
};
use store::{DispatchRow, NewAnswer, Tx};

/// Gathered over a batch, written in as few statements as there are tables.
#[derive(Default)]
pub(super) struct Writing {
    events: Vec<(CaseEvent, Tell, Trace)>,
    dispatches: Vec<DispatchRow>,
    letters: Vec<Letter>,
    tasks: Vec<Task>,
    closed: Vec<Uuid>,
    /// Dispatches of departments that the city does not have any more.
    pub nobodys: Vec<Uuid>,
    /// Dispatches that stand otherwise now.
    pub corrected: Vec<DispatchRow>,
    answers: Vec<NewAnswer>,
    decided: u64,
    declined: u64,
    alarms: u64,
}

/// One report on its way, and why.
pub(super) struct Walk<'a> {
    pub report: &'a Report,
    pub contact: Option<&'a Contact>,
    /// What the resident said after the report, when nobody had it yet.
    pub added: Option<&'a str>,
    /// The letter that brought it; none when its time had come.
    pub cause: Option<&'a Letter>,
    pub trace: Trace,
    pub now: Timestamp,
}

impl Walk<'_> {
    /// What the resident wrote, all of it.
    fn words(&self) -> String {
        let report = &self.report.words;
        self.added.map_or_else(|| report.clone(), |added| format!("{report}\n\n{added}").trim().to_owned())
    }
}

impl Writing {
    /// Hands a case that was just opened to everybody in its decision; or, when an article answers
    /// it, to nobody yet.
    pub fn open(&mut self, worker: &RouterWorker, walk: &Walk<'_>, case: &Case) {
        let Some(decision) = &case.decision else { return };
        match (&decision.answer, decision.lead()) {
            (Some(article), Some(lead)) => {
                let (article, language) = (article.clone(), walk.report.language);
                self.answers.push(NewAnswer { case_id: case.id, article: article.clone(), language });
                self.tell(walk, case, What::Answered { department: lead.clone(), article });
            }
            _ => self.hand_out(worker, walk, case, decision.assignments.iter(), routed(decision)),
        }
    }

    /// Hands `case`, at the version it has now, to `assignments` of its decision, and puts `what`
    /// on its timeline.
    pub fn hand_out<'d>(
        &mut self,
        worker: &RouterWorker,
        walk: &Walk<'_>,
        case: &Case,
        assignments: impl Iterator<Item = &'d Assignment>,
        what: What,
    ) {
        let Some(decision) = &case.decision else { return };
        for assignment in assignments {
            let occasion = case.version.to_string();
            self.dispatch(worker, walk, case, &assignment.department, assignment.role, &occasion, None);
        }
        for department in &decision.on_call {
            self.call(worker, walk, case, decision, department, &what);
        }
        self.decided += 1;
        self.tell(walk, case, what);
        self.alarm(walk, case);
    }

    /// Writes one dispatch and the letter that carries it. `occasion` tells it from others of the same
    /// case and department.
    #[expect(clippy::too_many_arguments, reason = "what is handed out, to whom, and why")]
    fn dispatch(
        &mut self,
        worker: &RouterWorker,
        walk: &Walk<'_>,
        case: &Case,
        department: &DepartmentId,
        role: Role,
        occasion: &str,
        again: Option<Again>,
    ) {
        let Some(decision) = &case.decision else { return };
        let Some(desk) = worker.desks.get(department) else {
            // The rules were checked against this city; only an older decision can name it.
            tracing::error!(case = %case.id, trace = %walk.trace, %department, "this city has no such department any more");
            return;
        };
        let report = walk.report;
        let id = derived(&["dispatch", &case.id.to_string(), department, occasion]);
        let contact = walk.contact.filter(|_| worker.may_know(desk.share_reporter, report)).cloned();
        let photo = |photo| format!("/api/v1/departments/{department}/photos/{photo}");
        let body = Dispatch {
            id,
            case_id: case.id,
            reference: case.reference,
            department: department.clone(),
            role,
            kind: report.kind,
            category: report.category.clone(),
            words: walk.words(),
            place: report.place.clone(),
            answers: report.answers.clone(),
            photos: report.photos.iter().map(photo).collect(),
            contact,
            language: report.language,
            channel: report.channel.clone(),
            priority: decision.priority,
            due_on: case.due_on(),
            rule: decision.rule.clone(),
            version: case.version,
            received_at: report.received_at,
            again,
        };
        let subject = match decision.priority {
            Urgency::High | Urgency::Emergency => format!("{}.urgent", report.kind),
            Urgency::Low | Urgency::Normal => report.kind.as_str().to_owned(),
        };
        let topic = Topic::DepartmentDispatch;
        let letter = Letter::new(id, desk.lane.clone(), topic, subject, &body, walk.trace, walk.now).about(case.id);
        self.letters.push(match walk.cause {
            Some(cause) => letter.because(cause.id),
            None => letter,
        });
        self.dispatches.push(DispatchRow::posted(id, case.id, department.clone(), role, walk.now));
    }

    /// Lets `department` hear again of `case`, at the version it has now. `rows` are the dispatches of
    /// the case so far, oldest first. Gives whether it had the case at all.
    #[expect(clippy::too_many_arguments, reason = "what is said, to whom, and why")]
    pub fn again(
        &mut self,
        worker: &RouterWorker,
        walk: &Walk<'_>,
        case: &Case,
        rows: &[DispatchRow],
        department: &DepartmentId,
        why: AgainWhy,
        text: Option<String>,
    ) -> bool {
        let mine = || rows.iter().filter(|row| row.department == *department && row.role != Role::Informed);
        let Some(first) = mine().next() else { return false };
        let receipt = mine().rev().find_map(|row| row.receipt.clone());
        // What the resident says, or is corrected, did not change the case just now: its version may be
        // another's.
        let occasion = match (why, walk.cause) {
            (AgainWhy::Replied | AgainWhy::Recategorised | AgainWhy::Merged | AgainWhy::Split, Some(letter)) => {
                letter.id.to_string()
            }
            _ => case.version.to_string(),
        };
        let again = Again { why, text, first: first.id, receipt };
        self.dispatch(worker, walk, case, department, first.role, &occasion, Some(again));
        true
    }

    /// Hands a part of `case` to `department`, and puts `what` on the timeline.
    pub fn hand_part(
        &mut self,
        worker: &RouterWorker,
        walk: &Walk<'_>,
        case: &Case,
        department: &DepartmentId,
        what: What,
    ) {
        let occasion = case.version.to_string();
        self.dispatch(worker, walk, case, department, Role::Part, &occasion, None);
        self.decided += 1;
        self.tell(walk, case, what);
    }

    /// Lets `informed` read of a case that another has, and rings who is on call of `rung`. The resident
    /// hears nothing: who does the work is the same.
    pub fn beside(
        &mut self,
        worker: &RouterWorker,
        walk: &Walk<'_>,
        case: &Case,
        informed: &[DepartmentId],
        rung: &[DepartmentId],
    ) {
        let (Some(lead), Some(decision)) = (case.lead.clone(), &case.decision) else { return };
        let occasion = case.version.to_string();
        for department in informed {
            self.dispatch(worker, walk, case, department, Role::Informed, &occasion, None);
        }
        let mut said = Vec::new();
        for (word, departments) in [("informed as well", informed), ("telephoned as well", rung)] {
            if !departments.is_empty() {
                said.push(format!("{word}: {}", departments.join(", ")));
            }
        }
        let what = What::InternalNote { department: lead, text: said.join("; ") };
        for department in rung {
            self.call(worker, walk, case, decision, department, &what);
        }
        self.tell(walk, case, what);
    }

    /// Whether this batch already hands `case` to `department`.
    pub fn has_handed(&self, case: Uuid, department: &DepartmentId) -> bool {
        self.dispatches.iter().any(|row| row.case_id == case && row.department == *department)
    }

    /// Nobody does the part of who `left`: the others have done theirs, or colleagues read of it.
    pub fn part_dropped(&mut self, walk: &Walk<'_>, case: &Case, left: Left<'_>) {
        let Some(lead) = case.lead.clone() else { return };
        if case.status.is_closed() {
            self.closed.push(case.id);
        }
        // Who was sent elsewhere knows that already, and nothing is solved.
        if case.status == Status::Solved {
            self.tell(walk, case, What::Solved { department: lead, text: None, evidence: Vec::new() });
        } else {
            let text = match left {
                Left::Refused(by) => format!("nobody does the part of {by}: they say it is not theirs"),
                Left::Gone(by) => format!("nobody does the part of {by}: the city does not have it any more"),
            };
            self.tell(walk, case, What::InternalNote { department: lead, text });
        }
        self.alarm(walk, case);
    }

    /// Gives somebody something to do.
    pub fn task(&mut self, task: Task) {
        self.tasks.push(task);
    }

    /// Has the person on call of `department` telephoned, besides what everybody gets. Sent to another
    /// desk, the case rings nobody twice; contested, it rings again.
    fn call(
        &mut self,
        worker: &RouterWorker,
        walk: &Walk<'_>,
        case: &Case,
        decision: &Decision,
        department: &DepartmentId,
        what: &What,
    ) {
        let Some(known) = worker.city.department(department) else {
            tracing::error!(case = %case.id, trace = %walk.trace, %department, "this city has no such department any more: nobody is telephoned");
            return;
        };
        let version = case.version.to_string();
        let is_first = case.version == 2
            || matches!(what, What::Routed { rerouted_from: Some(_), .. } | What::Routed { instead_of: Some(_), .. });
        let mine = |row: &&DispatchRow| row.case_id == case.id && row.department == *department;
        let alert = Alert {
            case_id: case.id,
            reference: case.reference,
            department,
            desk: worker.city.calling_desk(department).clone(),
            dispatch: self.dispatches.iter().rev().find(mine).map(|row| row.id),
            may_know: worker.may_know(known.share_reporter, walk.report),
            decision,
            occasion: if is_first { "first" } else { &version },
        };
        self.tasks.push(Task::alert(alert, known.on_call.as_ref(), &worker.city.calendar, walk.now));
    }

    /// Puts on the timeline that nobody will do it.
    pub fn decline(&mut self, walk: &Walk<'_>, case: &Case, what: What) {
        self.declined += 1;
        self.closed.push(case.id);
        self.tell(walk, case, what);
        self.alarm(walk, case);
    }

    /// Puts `what` on the timeline of `case`, at the version it has now.
    pub fn tell(&mut self, walk: &Walk<'_>, case: &Case, what: What) {
        let event = CaseEvent {
            critical: false,
            id: derived(&["event", &case.id.to_string(), what.word(), &case.version.to_string()]),
            case_id: case.id,
            reference: case.reference,
            version: case.version,
            at: walk.now,
            what,
        };
        self.events.push((event, case.tell, walk.trace));
    }

    fn alarm(&mut self, walk: &Walk<'_>, case: &Case) {
        let Some(alarm) = case.decision.as_ref().and_then(|decision| decision.alarm.as_ref()) else { return };
        self.alarms += 1;
        let letter = walk.cause.map(|cause| tracing::field::display(cause.id));
        tracing::warn!(letter, case = %case.id, trace = %walk.trace, alarm, "somebody has to look");
    }

    /// Writes it all.
    pub async fn save(self, tx: &mut Tx) -> Result<(), store::Error> {
        if !self.dispatches.is_empty() {
            tx.add_dispatches(&self.dispatches).await?;
        }
        tx.save_dispatches(&self.corrected).await?;
        if !self.letters.is_empty() {
            tx.post(&self.letters).await?;
        }
        if !self.events.is_empty() {
            tx.add_events_traced(&self.events).await?;
        }
        tx.add_answers(&self.answers).await?;
        tx.open_tasks(&self.tasks).await?;
        tx.drop_tasks_of_cases(&self.closed, "the case is closed").await?;
        tx.drop_tasks_of_dispatches(&self.nobodys, "the city does not have this department any more").await?;
        let answered = self.answers.len() as u64;
        for (outcome, count) in [("routed", self.decided), ("answered", answered), ("declined", self.declined)] {
            if count > 0 {
                metrics::counter!("voordeur_decisions_total", "outcome" => outcome).increment(count);
            }
        }
        if self.alarms > 0 {
            metrics::counter!("voordeur_alarms_total").increment(self.alarms);
        }
        Ok(())
    }
}
