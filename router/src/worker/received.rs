//! Stored reports: new ones open a case; one that its department refused goes to the next, once
//! around and never back; one that the resident contests goes to the department that had it.

use super::{
    RouterWorker,
    merged::{self, Mains},
    parts::parts,
    writing::{Walk, Writing},
    wrote,
};
use crate::clock;
use schemas::{
    Uuid,
    case::{Assignment, Case, Decision, Part, Role, Status, Watch},
    dispatch::AgainWhy,
    event::What,
    further::Word,
    letter::Letter,
    report::{Received, Report, TRIAL_CHANNEL, Why},
    slug::DepartmentId,
    verdict::{Fault, Verdict},
};
use std::collections::{BTreeMap, HashMap, HashSet};
use store::{DispatchRow, Tx};

/// The inbox of letters about cases that exist already.
const READER: &str = "router";

impl RouterWorker {
    pub(super) async fn received(
        &self,
        tx: &mut Tx,
        letters: &[(usize, &Letter)],
        verdicts: &mut [Verdict],
    ) -> Result<(), store::Error> {
        let mut read = Vec::with_capacity(letters.len());
        for &(number, letter) in letters {
            match letter.read::<Received>() {
                Ok(body) => read.push((number, letter, body)),
                Err(error) => {
                    verdicts[number] = Verdict::never(Fault::Ours, format!("the letter cannot be read: {error}"))
                }
            }
        }
        let ids: Vec<Uuid> = read.iter().map(|(_, _, body)| body.report).collect::<HashSet<_>>().into_iter().collect();
        let reports = tx.reports(&ids).await?;
        let (mut new, mut again) = (Vec::new(), Vec::new());
        for (number, letter, body) in &read {
            match (reports.get(&body.report), &body.why) {
                (None, _) => {
                    verdicts[*number] = Verdict::never(Fault::Ours, format!("there is no report {}", body.report));
                }
                (Some(report), Why::New) => new.push((*letter, report)),
                (Some(report), why) => again.push((*number, *letter, report, why)),
            }
        }
        let mut writing = Writing::default();
        if !new.is_empty() {
            self.open(tx, &new, &mut writing).await?;
        }
        if !again.is_empty() {
            self.again(tx, &again, verdicts, &mut writing).await?;
        }
        writing.save(tx).await
    }

    /// Opens cases. A redelivered letter finds its case open and changes nothing: what was decided
    /// first stays.
    async fn open(&self, tx: &mut Tx, new: &[(&Letter, &Report)], writing: &mut Writing) -> Result<(), store::Error> {
        let now = self.store.clock().now();
        // Sorted, so that two workers with overlapping batches wait for each other, never in a ring.
        let walks: BTreeMap<Uuid, (&Letter, &Report)> = new.iter().rev().map(|one| (one.1.id, *one)).collect();
        let mut contacts = HashMap::new();
        if self.ruleset.needs().reporter {
            contacts = tx.contacts(&walks.keys().copied().collect::<Vec<_>>()).await?;
        }
        let decided = |(_, report): &(&Letter, &Report)| {
            self.opened(report, self.decide(report, contacts.get(&report.id), &[], now), now)
        };
        let cases: Vec<Case> = walks.values().map(decided).collect();
        let opened = tx.open_cases(&cases).await?;
        if !self.ruleset.needs().reporter {
            let shared: Vec<Uuid> = cases
                .iter()
                .filter(|case| opened.contains(&case.id) && case.decision.as_ref().is_some_and(|d| self.shares(d)))
                .map(|case| case.id)
                .collect();
            if !shared.is_empty() {
                contacts = tx.contacts(&shared).await?;
            }
        }
        for (case, (letter, report)) in cases.iter().zip(walks.values()) {
            if !opened.contains(&case.id) {
                continue;
            }
            let walk = Walk {
                report,
                contact: contacts.get(&case.id),
                added: None,
                cause: Some(letter),
                trace: letter.trace.next(),
                now,
            };
            writing.open(self, &walk, case);
        }
        Ok(())
    }

    /// Decides again about cases that exist.
    async fn again(
        &self,
        tx: &mut Tx,
        again: &[(usize, &Letter, &Report, &Why)],
        verdicts: &mut [Verdict],
        writing: &mut Writing,
    ) -> Result<(), store::Error> {
        let now = self.store.clock().now();
        let mains = Mains::read(tx, again.iter().map(|(_, _, report, why)| (report.id, *why))).await?;
        let ids: HashSet<Uuid> = again.iter().map(|(_, _, report, _)| report.id).chain(mains.ids()).collect();
        let ids: Vec<Uuid> = ids.into_iter().collect();
        let mut cases = tx.lock_cases(&ids).await?;
        // Merged with another just now, whose case is not locked: nothing of it is marked as heard yet.
        let is_moved = |(_, _, report, why): &&(usize, &Letter, &Report, &Why)| {
            let is_duplicate = cases.get(&report.id).is_some_and(|case| case.status == Status::Duplicate);
            let is_known = mains.of(report.id).is_some_and(|main| cases.contains_key(&main.id));
            merged::words(why).is_some() && is_duplicate && !is_known
        };
        for (number, ..) in again.iter().filter(is_moved) {
            verdicts[*number] = Verdict::later("the case was merged with another just now");
        }
        let again: Vec<_> = again.iter().filter(|one| !is_moved(one)).copied().collect();
        let again = again.as_slice();
        // A process that was started with another city wrote that; one like it decides.
        let theirs = |why: &Why| match why {
            Why::Gone { department } => self.desks.get_key_value(department).map(|(id, _)| id),
            _ => None,
        };
        let wrote::Sorted { fresh, held } = wrote::sort(tx, READER, again, &cases, now).await?;
        let known: Vec<Uuid> = again
            .iter()
            .filter(|(_, _, report, why)| cases.contains_key(&report.id) && theirs(why).is_none())
            .filter(|(_, _, _, why)| !matches!(why, Why::Wrote { .. }))
            .map(|(_, letter, ..)| letter.id)
            .collect();
        let mut unseen = tx.seen(READER, &known).await?;
        unseen.extend(fresh);
        let contacts = tx.contacts(&ids).await?;
        let had = tx.dispatches_of_cases(&ids).await?;
        let mut changed = HashSet::new();
        for (number, letter, report, why) in again {
            if let Some(department) = theirs(why) {
                let why = format!("the city of this process still has the department {department}");
                verdicts[*number] = Verdict::later(why);
                continue;
            }
            let wrote = matches!(why, Why::Wrote { .. });
            let Some(case) = cases.get_mut(&report.id) else {
                if wrote {
                    verdicts[*number] = Verdict::later("nobody has the case yet that the resident writes about");
                    continue;
                }
                let why = format!("there is no case {} to decide about again", report.id);
                verdicts[*number] = Verdict::never(Fault::Ours, why);
                continue;
            };
            let main = mains.of(report.id).filter(|_| case.status == Status::Duplicate && merged::words(why).is_some());
            if held.contains(&letter.id) {
                verdicts[*number] = Verdict::never(Fault::Refused, wrote::TOO_MANY);
                continue;
            }
            // Removed, so that the same letter twice in one batch counts once.
            let is_merged = matches!(why, Why::Merged { .. }) && case.status == Status::Duplicate;
            if !unseen.remove(&letter.id) || (case.status.is_closed() && !wrote && !is_merged && main.is_none()) {
                continue;
            }
            let walk = Walk {
                report,
                contact: contacts.get(&report.id),
                added: None,
                cause: Some(letter),
                trace: letter.trace.next(),
                now,
            };
            let rows_of = |id: Uuid| had.get(&id).map_or(&[][..], Vec::as_slice);
            if let (Some(main), Some(text)) = (main, merged::words(why)) {
                if wrote {
                    case.version += 1;
                    writing.tell(&walk, case, What::Replied { text: text.to_owned() });
                    changed.insert(case.id);
                }
                let from = case.reference;
                let mut told = main.clone();
                if let Why::Wrote { photos, .. } = why
                    && !photos.is_empty()
                {
                    // Theirs stay with their own report, and go to who does the work beside those of the main one.
                    let all = tx.add_photos_to(report.id, photos).await?;
                    told.photos.extend(all.into_iter().filter(|photo| photos.contains(photo)));
                }
                let Some(case) = cases.get_mut(&main.id) else { continue };
                let walk = Walk { report: &told, contact: contacts.get(&main.id), ..walk };
                self.hear_of_duplicate(&walk, case, from, text, rows_of(main.id), writing);
                changed.insert(case.id);
                continue;
            }
            let had = rows_of(case.id);
            match why {
                Why::New => continue,
                Why::Rejected { department } => {
                    // Whoever takes it after all, or no longer leads, has no say any more. A test case
                    // is for one department alone.
                    let waits = report.channel.as_str() != TRIAL_CHANNEL
                        && case.status == Status::Received
                        && case.lead.as_ref() == Some(department)
                        && case.rejected_by.contains(department);
                    let is_part = case.lead.as_ref() != Some(department)
                        && case.parts.iter().any(|p| p.department == *department && p.status == Status::Received);
                    if is_part {
                        self.hand_part_on(&walk, case, Left::Refused(department), writing);
                        changed.insert(case.id);
                    }
                    if !waits {
                        continue;
                    }
                    self.reroute(&walk, case, Left::Refused(department), had, writing);
                }
                Why::Reopened { text } => self.reopen(walk, case, text.as_deref(), had, writing),
                Why::Recategorised => self.decide_anew(&walk, case, had, writing),
                Why::Merged { into } => self.withdraw(&walk, case, *into, had, writing),
                Why::Split if case.status == Status::Received => self.split(&walk, case, had, writing),
                Why::Split => continue,
                Why::Gone { department } => {
                    if !self.instead_of(&walk, case, department, had, writing) {
                        continue;
                    }
                }
                Why::Replied { department, text } => {
                    self.pass_on(&walk, case, department, text, had, writing);
                    continue;
                }
                Why::Wrote { text, photos } => {
                    let timeline =
                        if case.status == Status::Waiting { tx.timeline(case.id).await? } else { Vec::new() };
                    if photos.is_empty() {
                        self.wrote(&walk, case, &timeline, text, had, writing);
                    } else {
                        let mut report = walk.report.clone();
                        report.photos = tx.add_photos_to(report.id, photos).await?;
                        let walk = Walk { report: &report, ..walk };
                        self.wrote(&walk, case, &timeline, text, had, writing);
                    }
                }
            }
            changed.insert(case.id);
        }
        let mut changed: Vec<Case> = changed.iter().filter_map(|id| cases.remove(id)).collect();
        changed.sort_unstable_by_key(|case| case.id);
        for case in &mut changed {
            case.check_at = clock::next(case, &[], &self.city).map(|(at, _)| at);
        }
        if changed.is_empty() { Ok(()) } else { tx.save_cases(&changed).await }
    }

    /// Who had it has it no more: the next rule that nobody refused, then the fallback desk, and
    /// when that refuses too, nobody. Each department is asked at most once, so this ends.
    /// Who does a part of it already, or heard of it, `had` that: it is not handed out again.
    pub(super) fn reroute(
        &self,
        walk: &Walk<'_>,
        case: &mut Case,
        left: Left<'_>,
        had: &[DispatchRow],
        writing: &mut Writing,
    ) {
        let mut decision = self.decide(walk.report, walk.contact, &case.rejected_by, walk.now);
        case.version += 1;
        case.status_at = walk.now;
        case.planned_on = None;
        case.watch = Watch::default();
        if decision.lead().is_none_or(|lead| case.rejected_by.contains(lead)) {
            decision.alarm = Some(format!(
                "nobody is left for a {} in {}: {} said it is not theirs, and the case is closed",
                walk.report.kind,
                walk.report.category,
                case.rejected_by.join(", "),
            ));
            case.status = Status::Declined;
            case.parts.clear();
            case.closed_at = Some(walk.now);
            case.decision = Some(decision);
            let department = self.city.fallback.clone();
            let reason = self.city.further.say(self.city.answers_in(walk.report.language), &NOBODY_LEFT).into_owned();
            return writing.decline(walk, case, What::Declined { department, reason });
        }
        let what = left.routed(&decision);
        let assignments = decision.assignments.clone();
        case.status = Status::Routed;
        case.lead = decision.lead().cloned();
        case.parts = parts(&decision, &case.parts, walk.now);
        case.decision = Some(decision);
        writing.hand_out(self, walk, case, assignments.iter().filter(|one| is_fresh(one, had)), what);
    }

    /// The resident says it is not solved: the department that led has it again, with a new term.
    /// If the city has no such department any more, it is decided anew. When it was an article that
    /// did not help, nobody had it yet, so everybody in the decision hears of it, with what the
    /// resident added.
    fn reopen<'a>(
        &self,
        mut walk: Walk<'a>,
        case: &mut Case,
        text: Option<&'a str>,
        had: &[DispatchRow],
        writing: &mut Writing,
    ) {
        let lead = case.lead.clone().filter(|lead| self.desks.contains_key(lead));
        let kept = case.decision.take().filter(|decision| decision.lead() == lead.as_ref() && lead.is_some());
        let mut decision = kept.unwrap_or_else(|| self.decide(walk.report, walk.contact, &case.rejected_by, walk.now));
        let was_answered = decision.answer.take().is_some();
        walk.added = text.filter(|_| was_answered);
        decision.due_on = self.ruleset.due(&decision.rule, walk.report, &self.city, walk.now);
        case.version += 1;
        case.status = Status::Routed;
        case.status_at = walk.now;
        case.planned_on = None;
        case.watch = Watch::default();
        case.closed_at = None;
        case.lead = decision.lead().cloned();
        // Who leads has its part again; the others did theirs, unless nobody had any yet.
        case.parts = parts(&decision, if was_answered { &[] } else { &case.parts }, walk.now);
        if let Some(part) = case.parts.iter_mut().find(|part| Some(&part.department) == case.lead.as_ref()) {
            *part = Part::new(part.department.clone(), walk.now);
        }
        let what = routed(&decision);
        let has_it = |assignment: &&Assignment| was_answered || assignment.role == Role::Lead;
        let mut assignments: Vec<Assignment> = decision.assignments.iter().filter(has_it).cloned().collect();
        case.decision = Some(decision);
        if !was_answered {
            // Who had it hears what is new; who did not gets all of it.
            assignments.retain(|Assignment { department, .. }| {
                let text = text.map(str::to_owned);
                !writing.again(self, &walk, case, had, department, AgainWhy::Reopened, text)
            });
        }
        writing.hand_out(self, &walk, case, assignments.iter(), what);
    }
}

impl RouterWorker {
    /// The resident answered: whoever asked hears it, or who has the case by now.
    pub(super) fn pass_on(
        &self,
        walk: &Walk<'_>,
        case: &Case,
        asked: &DepartmentId,
        text: &str,
        had: &[DispatchRow],
        writing: &mut Writing,
    ) {
        let has_it = case.lead.as_ref() == Some(asked) || case.parts.iter().any(|part| part.department == *asked);
        let has = if has_it { Some(asked) } else { case.lead.as_ref() };
        let Some(department) = has else { return };
        writing.again(self, walk, case, had, department, AgainWhy::Replied, Some(text.to_owned()));
    }
}

/// Whether an assignment is handed out to whoever `had` what: a lead always, the others once.
pub(super) fn is_fresh(assignment: &Assignment, had: &[DispatchRow]) -> bool {
    let mut before = had.iter().filter(|row| row.department == assignment.department);
    match assignment.role {
        Role::Lead => true,
        // Who only heard of it does not know yet that a part of it is theirs.
        Role::Part => before.all(|row| row.role == Role::Informed),
        Role::Informed => before.next().is_none(),
    }
}

/// Why a department has a case, or a part of it, no more.
#[derive(Debug, Clone, Copy)]
pub(super) enum Left<'a> {
    /// It says that it is not theirs.
    Refused(&'a DepartmentId),
    /// The city does not have it any more.
    Gone(&'a DepartmentId),
}

impl<'a> Left<'a> {
    pub fn department(self) -> &'a DepartmentId {
        let (Self::Refused(department) | Self::Gone(department)) = self;
        department
    }

    /// The event of the decision that follows.
    pub fn routed(self, decision: &Decision) -> What {
        let mut what = routed(decision);
        if let What::Routed { rerouted_from, instead_of, .. } = &mut what {
            match self {
                Self::Refused(by) => *rerouted_from = Some(by.clone()),
                Self::Gone(by) => *instead_of = Some(by.clone()),
            }
        }
        what
    }
}

/// The event of a decision.
pub(super) fn routed(decision: &Decision) -> What {
    What::Routed {
        // A decision of the router always has a lead; the fallback of the fallback is never used.
        department: decision.lead().cloned().unwrap_or_else(|| decision.assignments[0].department.clone()),
        informed: decision.informed(),
        rule: decision.rule.clone(),
        ruleset: decision.ruleset.clone(),
        priority: decision.priority,
        due_on: decision.due_on,
        rerouted_from: None,
        instead_of: None,
    }
}

/// What the resident reads when every department refused; what each of them said stands above it.
pub(crate) static NOBODY_LEFT: Word = Word::new(
    "nobody-left",
    [
        "Geen enkele dienst van de stad of partner kan dit oplossen. Hun antwoorden staan hierboven.",
        "Aucun service de la ville ni partenaire ne peut résoudre ceci. Leurs réponses figurent ci-dessus.",
        "No department of the city and no partner can solve this. Their answers are shown above.",
    ],
);
