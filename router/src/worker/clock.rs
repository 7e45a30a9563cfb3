//! The clock: looks at the cases whose time has come, and does what [`crate::clock`] says. Reminders,
//! escalations and slips are rows of one transaction, with the moment of the next look; so each happens
//! once, on any number of processes.

use super::{
    RouterWorker,
    writing::{Walk, Writing},
};
use crate::clock::{self, Of, Step};
use schemas::{
    Timestamp, Uuid,
    case::{Case, Role, Silence, Status},
    dispatch::AgainWhy,
    event::{CaseEvent, What},
    further::Further,
    report::{Contact, Language, Report, TRIAL_CHANNEL},
    slug::DepartmentId,
    task::Task,
    trace::Trace,
};
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};
use store::{DispatchRow, Tx};
use tokio_util::sync::CancellationToken;

/// How many cases of one look.
const AT_ONCE: usize = 256;
/// How often it is looked which cases are due.
const LOOK: Duration = Duration::from_secs(1);
/// How often the cases are counted.
const COUNT: Duration = Duration::from_secs(30);
/// How long a case is left alone that cannot be looked at.
const APART: jiff::SignedDuration = jiff::SignedDuration::from_hours(1);

/// Looks after departments that are silent and days that will not be kept.
#[derive(Debug, Clone)]
pub struct ClockWorker {
    router: RouterWorker,
}

impl ClockWorker {
    /// The clock of what `router` decides.
    pub fn new(router: RouterWorker) -> Self {
        Self { router }
    }

    /// Looks until `stop`.
    pub async fn run(&self, stop: CancellationToken) {
        let mut counted = None;
        while !stop.is_cancelled() {
            if counted.is_none_or(|at: tokio::time::Instant| at.elapsed() >= COUNT) {
                counted = Some(tokio::time::Instant::now());
                if let Err(error) = self.count().await {
                    tracing::warn!(%error, "the cases cannot be counted now");
                }
            }
            let pause = match self.once().await {
                Ok(AT_ONCE..) => continue,
                Ok(_) => LOOK,
                Err(error) => {
                    tracing::warn!(%error, "the clock cannot look; trying again");
                    LOOK * 5
                }
            };
            _ = stop.run_until_cancelled(tokio::time::sleep(pause)).await;
        }
    }

    /// Looks at the cases that are due, at most so many at once; gives how many those were.
    pub async fn once(&self) -> Result<usize, store::Error> {
        let due = self.router.store.due_cases(AT_ONCE).await?;
        if due.is_empty() || self.look(&due).await.is_ok() {
            return Ok(due.len());
        }
        // One that cannot be read must not stop the clock for the others.
        for id in &due {
            if let Err(error) = self.look(&[*id]).await {
                tracing::error!(case = %id, %error, "the clock cannot look at this case; it tries again in an hour");
                let mut tx = self.router.store.begin().await?;
                tx.postpone_check(*id, self.router.store.clock().now() + APART).await?;
                tx.commit().await?;
            }
        }
        Ok(due.len())
    }

    async fn look(&self, due: &[Uuid]) -> Result<(), store::Error> {
        let mut tx = self.router.store.begin().await?;
        self.router.look(&mut tx, due).await?;
        tx.commit().await
    }

    /// How many cases are open, waiting and late, for the operator's gauges.
    async fn count(&self) -> Result<(), store::Error> {
        let (store, city) = (&self.router.store, &self.router.city);
        let counts = store.case_counts(city.calendar.date(store.clock().now())).await?;
        let mut of: BTreeMap<&str, [u64; 3]> =
            city.departments.iter().map(|department| (department.id.as_str(), [0; 3])).collect();
        for count in &counts {
            of.insert(&count.department, [count.open, count.waiting, count.late]);
        }
        #[expect(clippy::cast_precision_loss, reason = "a gauge of open cases is far below 2^52")]
        for (department, [open, waiting, late]) in of {
            metrics::gauge!("voordeur_cases_open", "department" => department.to_owned()).set(open as f64);
            metrics::gauge!("voordeur_cases_waiting", "department" => department.to_owned()).set(waiting as f64);
            metrics::gauge!("voordeur_cases_late", "department" => department.to_owned()).set(late as f64);
        }
        Ok(())
    }
}

/// What is known of a case that the clock looks at.
struct About<'a> {
    report: &'a Report,
    contact: Option<&'a Contact>,
    /// Its dispatches, oldest first.
    rows: &'a [DispatchRow],
    /// Who asked the resident last, and what.
    asked: Option<&'a (DepartmentId, String)>,
}

/// The last question to the resident that waits for its answer.
fn question(case: &Case, events: &[CaseEvent]) -> Option<(DepartmentId, String)> {
    let waits = |id: &DepartmentId| {
        case.parts.is_empty() || case.parts.iter().any(|part| part.department == *id && part.status == Status::Waiting)
    };
    events.iter().rev().find_map(|event| match &event.what {
        What::Asked { department, text } if waits(department) => Some((department.clone(), text.clone())),
        _ => None,
    })
}

impl RouterWorker {
    /// Does what is due about the cases `ids`, and writes when to look at each again.
    async fn look(&self, tx: &mut Tx, ids: &[Uuid]) -> Result<(), store::Error> {
        let now = self.store.clock().now();
        let mut cases = tx.lock_cases(ids).await?;
        // Another process may have looked since they were found.
        cases.retain(|_, case| case.check_at.is_some_and(|at| at <= now));
        if cases.is_empty() {
            return Ok(());
        }
        let ids: Vec<Uuid> = cases.keys().copied().collect();
        let reports = tx.reports(&ids).await?;
        let contacts = tx.contacts(&ids).await?;
        let dispatches = tx.dispatches_of_cases(&ids).await?;
        let mut writing = Writing::default();
        let mut cases: Vec<Case> = cases.into_values().collect();
        let mut questions = HashMap::new();
        for case in cases.iter().filter(|case| case.status == Status::Waiting) {
            // Events are written by whoever holds the case, which is us.
            questions.extend(question(case, &tx.timeline(case.id).await?).map(|asked| (case.id, asked)));
        }
        cases.sort_unstable_by_key(|case| case.id);
        for case in &mut cases {
            // A test case is nobody's to wait for.
            let report = reports.get(&case.id).filter(|report| report.channel.as_str() != TRIAL_CHANNEL);
            let Some(report) = report else {
                case.check_at = None;
                continue;
            };
            case.check_at = {
                let about = About {
                    report,
                    contact: contacts.get(&case.id),
                    rows: dispatches.get(&case.id).map_or(&[], Vec::as_slice),
                    asked: questions.get(&case.id),
                };
                self.advance(case, &about, &mut writing)
            };
        }
        tx.save_cases(&cases).await?;
        writing.save(tx).await
    }

    /// Takes every step that is due about one case; gives when the next one is.
    fn advance(&self, case: &mut Case, about: &About<'_>, writing: &mut Writing) -> Option<Timestamp> {
        let now = self.store.clock().now();
        let About { report, contact, rows, asked } = *about;
        let walk = Walk { report, contact, added: None, cause: None, trace: Trace::start(), now };
        // Each step changes what the next one is; more than one per department and one slip at the
        // same moment there never are.
        for _ in 0..=case.parts.len() + 2 {
            let (at, step) = clock::next(case, rows, &self.city)?;
            if at > now {
                return Some(at);
            }
            match step {
                Step::Remind { department, nth, of } => self.remind(&walk, case, rows, &department, nth, of, writing),
                Step::Escalate { department, unreached } => {
                    self.escalate(&walk, case, rows, &department, unreached, writing);
                }
                Step::Slip { department, was } => self.slip(&walk, case, rows, &department, was, writing),
                Step::AskAgain => {
                    case.watch.nudged_at = Some(now);
                    if let Some((department, text)) = asked.cloned() {
                        case.version += 1;
                        writing.tell(&walk, case, What::Asked { department, text });
                    }
                }
                Step::GoOn => {
                    case.go_on(&self.city.calendar, now);
                    let department = asked.map(|(department, _)| department).or(case.lead.as_ref()).cloned()?;
                    self.remind(&walk, case, rows, &department, 1, Of::NoAnswer, writing);
                }
            }
        }
        tracing::error!(case = %case.id, "the clock takes no step that ends; it looks again in an hour");
        Some(now + APART)
    }

    #[expect(clippy::too_many_arguments, reason = "one step with its words")]
    fn remind(
        &self,
        walk: &Walk<'_>,
        case: &mut Case,
        rows: &[DispatchRow],
        department: &DepartmentId,
        nth: u32,
        of: Of,
        writing: &mut Writing,
    ) {
        let silence = silence(case, department);
        silence.reminded = nth;
        silence.reminded_at = Some(walk.now);
        case.version += 1;
        let language = self.city.languages.first().copied().unwrap_or_default();
        writing.again(
            self,
            walk,
            case,
            rows,
            department,
            AgainWhy::Reminder,
            Some(asked(&self.city.further, language, of)),
        );
        writing.tell(walk, case, What::Reminded { department: department.clone(), nth });
        metrics::counter!("voordeur_reminders_total", "department" => department.to_string()).increment(1);
        tracing::info!(case = %case.id, trace = %walk.trace, %department, nth, "a silent department is reminded");
    }

    fn escalate(
        &self,
        walk: &Walk<'_>,
        case: &mut Case,
        rows: &[DispatchRow],
        department: &DepartmentId,
        unreached: bool,
        writing: &mut Writing,
    ) {
        let silence = silence(case, department);
        silence.escalated = true;
        let reminded = silence.reminded;
        case.version += 1;
        let desk = self.city.escalation_desk(department).clone();
        let why = match (unreached, reminded) {
            (true, _) => "the case did not reach their system".to_owned(),
            (false, 0) => "nothing was heard".to_owned(),
            (false, n) => format!("nothing was heard after {n} reminder(s)"),
        };
        let known = self.city.department(department);
        let may_know = known.is_some_and(|known| self.may_know(known.share_reporter, walk.report));
        let row = rows.iter().rev().find(|row| row.department == *department && row.role != Role::Informed);
        writing.task(Task::chase(case, row.map(|row| row.id), department, desk.clone(), may_know, walk.now));
        metrics::counter!("voordeur_escalations_total", "department" => department.to_string()).increment(1);
        tracing::warn!(case = %case.id, trace = %walk.trace, %department, to = %desk, why, "a silent department: somebody has to look after it");
        writing.tell(walk, case, What::Escalated { department: department.clone(), to: desk, why });
    }

    fn slip(
        &self,
        walk: &Walk<'_>,
        case: &mut Case,
        rows: &[DispatchRow],
        department: &DepartmentId,
        was: schemas::Date,
        writing: &mut Writing,
    ) {
        let news_by = clock::news_by(&self.city, was, self.city.calendar.date(walk.now));
        case.watch.warned_of = Some(was);
        case.watch.news_by = Some(news_by);
        case.version += 1;
        let what =
            What::Slipping { department: department.clone(), was, expected: None, news_by: Some(news_by), text: None };
        writing.tell(walk, case, what);
        metrics::counter!("voordeur_slips_total", "department" => department.to_string()).increment(1);
        // Of a day that it named itself, it is reminded by the step for that.
        if case.planned_on.is_none() && self.city.may_be_silent(department).is_some() {
            let nth = silence(case, department).reminded + 1;
            self.remind(walk, case, rows, department, nth, Of::Term(was), writing);
        }
    }
}

/// How `department` was reminded of what it has in hand of `case`.
fn silence<'a>(case: &'a mut Case, department: &DepartmentId) -> &'a mut Silence {
    match case.parts.iter_mut().find(|part| part.department == *department) {
        Some(part) => &mut part.silence,
        None => &mut case.watch.silence,
    }
}

/// What a reminder asks, in the city's language.
fn asked(further: &Further, language: Language, of: Of) -> String {
    let date = |day| schemas::spoken::day(further, language, day);
    match (language, of) {
        (Language::NL, Of::Silence) => {
            "Wij hoorden nog niets. Neemt u dit op, is het niet voor u, of op welke dag doet u het?".to_owned()
        }
        (Language::FR, Of::Silence) => {
            "Nous n’avons encore rien reçu. Le prenez-vous en charge, n’est-ce pas pour vous, ou quel jour le ferez-vous ?"
                .to_owned()
        }
        (_, Of::Silence) => {
            "We have heard nothing yet. Do you take this, is it not yours, or on which day will you do it?".to_owned()
        }
        (Language::NL, Of::Day(day)) => {
            format!("U plande dit voor {}. Is het klaar, of op welke dag doet u het?", date(day))
        }
        (Language::FR, Of::Day(day)) => {
            format!("Vous l’aviez prévu pour le {}. Est-ce fait, ou quel jour le ferez-vous ?", date(day))
        }
        (_, Of::Day(day)) => {
            format!("You planned this for {}. Is it done, or on which day will you do it?", date(day))
        }
        (Language::NL, Of::NoAnswer) => {
            "De melder antwoordde niet. Ga verder met wat u weet, of laat weten waarom het niet kan.".to_owned()
        }
        (Language::FR, Of::NoAnswer) => {
            "Le demandeur n’a pas répondu. Continuez avec ce que vous savez, ou dites pourquoi c’est impossible."
                .to_owned()
        }
        (_, Of::NoAnswer) => {
            "The reporter did not answer. Go on with what you know, or say why that is impossible.".to_owned()
        }
        (Language::NL, Of::Term(day)) => format!(
            "De melder verwachtte dit tegen {}. Wij lieten weten dat het langer duurt. Op welke dag doet u het?",
            date(day)
        ),
        (Language::FR, Of::Term(day)) => format!(
            "Le demandeur attendait ceci pour le {}. Nous avons annoncé que cela prendra plus de temps. Quel jour le ferez-vous ?",
            date(day)
        ),
        (_, Of::Term(day)) => format!(
            "The reporter expected this by {}. We said that it takes longer. On which day will you do it?",
            date(day)
        ),
    }
}
