//! They did it: an operator confirms, records a number, enters what the department answers.

use super::{DeskTools, tell, words::Words};
use crate::{answers, cases::Opened, deliver, updates};
use schemas::{
    Uuid,
    case::Role,
    dispatch::{Say, Update},
    event::What,
    fault::Invalid,
    id::derived,
    slug::DepartmentId,
    task::{Kind, State, Task, Told},
    text,
    trace::Trace,
};
use store::{TaskEnd, Tx};

/// The most characters of a name.
const MAX_NAME: usize = 100;
/// The most characters of a number.
const MAX_NUMBER: usize = 100;
/// The most characters of an outcome.
const MAX_OUTCOME: usize = 500;
/// The inbox of what desks enter.
const READER: &str = "desk";

/// What an operator did.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// Somebody on call takes it.
    Confirm {
        /// Who.
        taken_by: String,
    },
    /// The form gave this number.
    Number {
        /// The department's number of the case.
        number: String,
        /// In the place of another number that was recorded before.
        replace: bool,
    },
    /// Nothing is left to do; a department that did not have the case has it now.
    Done {
        /// Why, in a few words.
        outcome: String,
    },
    /// A resident was told something, or not.
    Told {
        /// How it went.
        outcome: Told,
    },
    /// What the department answers, entered for it.
    Say {
        /// The operator's own id of this, the same on every retry.
        id: String,
        /// What it says.
        say: Say,
        /// As in [`Update`].
        critical: bool,
    },
}

impl Act {
    /// It cannot be passed on to this department, for this reason: the rules decide again without it.
    pub fn could_not(reason: String) -> Self {
        Self::Say { id: "could-not".to_owned(), say: Say::Reject { reason }, critical: false }
    }
}

/// How it stands with a task that somebody else was first at, or that the case left behind; in words.
pub fn already(task: &Task) -> String {
    let outcome = task.outcome.as_deref().map(|outcome| format!(": {outcome}")).unwrap_or_default();
    match (&task.done_by, &task.claimed_by) {
        (Some(by), _) => format!("{by} did this before{outcome}"),
        (None, _) if task.state == State::Cancelled => format!("nothing is left to do{outcome}"),
        (None, Some(by)) if task.state == State::Open => format!("{by} is at it: take it over on purpose, or leave it"),
        (None, _) => format!("it is `{}` by now{outcome}", task.state.as_str()),
    }
}

/// It is done.
#[derive(Debug, Clone, PartialEq)]
pub struct Deed {
    /// The task now.
    pub task: Task,
    /// The same was done before: nothing changed now.
    pub replayed: bool,
}

/// Why nothing was done.
#[derive(Debug)]
pub enum Refused {
    /// This desk has no such task.
    Unknown,
    /// Somebody was first, or the case went on without it: the task as it is.
    Already(Box<Task>),
    /// Not with this task now; what to do instead.
    NotNow(&'static str),
    /// Fields are wrong. Every fault is named.
    Invalid(Vec<Invalid>),
    /// The rows cannot be reached; nothing changed.
    Failed(store::Error),
}

impl From<store::Error> for Refused {
    fn from(error: store::Error) -> Self {
        Self::Failed(error)
    }
}

pub(super) async fn find(tools: &DeskTools, desk: Option<&DepartmentId>, id: Uuid) -> Result<Task, Refused> {
    let task = tools.store.task(id).await?;
    task.filter(|task| desk.is_none_or(|desk| *desk == task.desk)).ok_or(Refused::Unknown)
}

/// One line of at least one character.
fn line(field: &str, value: &str, most: usize, faults: &mut Vec<Invalid>) -> String {
    let value = text::clean_line(value);
    let length = text::length(&value);
    if length == 0 {
        faults.push(Invalid::new(field, "required", format!("write 1 to {most} characters")));
    } else if length > most {
        let message = format!("these are {length} characters, at most {most} fit: shorten it");
        faults.push(Invalid::new(field, "too_long", message));
    }
    value
}

/// `by` is at this task. Somebody else's is refused, unless it is taken over.
pub async fn claim(
    tools: &DeskTools,
    desk: Option<&DepartmentId>,
    id: Uuid,
    by: &str,
    take_over: bool,
) -> Result<Deed, Refused> {
    find(tools, desk, id).await?;
    let mut faults = Vec::new();
    let by = line("/by", by, MAX_NAME, &mut faults);
    if !faults.is_empty() {
        return Err(Refused::Invalid(faults));
    }
    let theirs = tools.store.claim_task(id, &by, take_over).await?;
    let task = find(tools, desk, id).await?;
    if theirs { Ok(Deed { task, replayed: false }) } else { Err(Refused::Already(Box::new(task))) }
}

/// `by` did `act` for the task `id`. `desk` is whose operator that is; `None` may do it for every
/// desk. Doing the same twice does it once.
pub async fn act(
    tools: &DeskTools,
    desk: Option<&DepartmentId>,
    id: Uuid,
    by: &str,
    act: Act,
    trace: Trace,
) -> Result<Deed, Refused> {
    let task = find(tools, desk, id).await?;
    let mut faults = Vec::new();
    let by = line("/by", by, MAX_NAME, &mut faults);
    let by = by.as_str();
    match (act, task.kind) {
        (Act::Told { outcome }, Kind::Tell | Kind::Back) => {
            good(faults)?;
            tell::told(tools, task, by, outcome, trace).await
        }
        (Act::Told { .. }, _) => Err(Refused::NotNow("this task is about a department: no resident is told anything")),
        (_, Kind::Tell | Kind::Back) => Err(Refused::NotNow(
            "a resident has to be told: say how it went, `told` with reached, no_answer, wrong or unwanted",
        )),
        (Act::Confirm { taken_by }, Kind::Call) => {
            let taken_by = line("/taken_by", &taken_by, MAX_NAME, &mut faults);
            good(faults)?;
            let note = Words::of(&tools.city).confirmed(by, &taken_by);
            hand_over(tools, task, by, &taken_by, State::Done, None, note, trace).await
        }
        (Act::Confirm { .. }, Kind::Chase) => {
            Err(Refused::NotNow("nobody has to be called here: enter what the department answers, or say `done`"))
        }
        (Act::Number { .. }, Kind::Chase) => {
            Err(Refused::NotNow("this department is silent: enter what it answers, or say `done`"))
        }
        (Act::Confirm { .. }, Kind::Form) => {
            Err(Refused::NotNow("this is a form: record its number, or say `done` when it gives none"))
        }
        (Act::Number { number, replace }, Kind::Form) => {
            let number = line("/number", &number, MAX_NUMBER, &mut faults);
            good(faults)?;
            self::number(tools, task, by, &number, replace, trace).await
        }
        (Act::Number { .. }, Kind::Call) => Err(Refused::NotNow("this is a call: confirm who takes it")),
        (Act::Done { outcome }, _) => {
            let outcome = line("/outcome", &outcome, MAX_OUTCOME, &mut faults);
            good(faults)?;
            finish(tools, task, by, &outcome, trace).await
        }
        (Act::Say { id, say, critical }, _) => {
            good(faults)?;
            self::say(tools, task, by, &id, (say, critical), trace).await
        }
    }
}

fn good(faults: Vec<Invalid>) -> Result<(), Refused> {
    if faults.is_empty() { Ok(()) } else { Err(Refused::Invalid(faults)) }
}

/// What became of a task that is not where it was thought to be: the same deed again, or another's.
pub(super) async fn late(tools: &DeskTools, id: Uuid, by: &str, outcome: &str) -> Result<Deed, Refused> {
    let task = find(tools, None, id).await?;
    let same = task.done_by.as_deref() == Some(by) && task.outcome.as_deref() == Some(outcome);
    if same { Ok(Deed { task, replayed: true }) } else { Err(Refused::Already(Box::new(task))) }
}

/// A note among colleagues: what was done, and by whom.
pub(super) async fn note(tx: &mut Tx, task: &Task, what: &str, text: String, trace: Trace) -> Result<(), store::Error> {
    let now = tx.clock().now();
    let mut opened = Opened::lock(tx, std::iter::once(task.case_id)).await?;
    let event = derived(&["event", "task", &task.id.to_string(), what]);
    opened.happened(task.case_id, event, What::InternalNote { department: task.desk.clone(), text }, now, trace);
    opened.save(tx).await
}

/// The department has it now: the dispatch, the task and the note, in one transaction.
#[expect(clippy::too_many_arguments, reason = "one deed with its words")]
async fn hand_over(
    tools: &DeskTools,
    task: Task,
    by: &str,
    outcome: &str,
    to: State,
    receipt: Option<&str>,
    text: String,
    trace: Trace,
) -> Result<Deed, Refused> {
    if task.state != State::Open {
        return late(tools, task.id, by, outcome).await;
    }
    let mut tx = tools.store.begin().await?;
    // Cases are locked before everything else, as everywhere.
    _ = tx.lock_cases(&[task.case_id]).await?;
    if let Some(dispatch) = task.dispatch {
        deliver::arrived(&mut tx, &task.department, &[(dispatch, receipt.map(str::to_owned))]).await?;
        if let Some(number) = receipt {
            tx.note_their_number(&task.department, number, dispatch).await?;
        }
    }
    if !tx.end_task(task.id, &TaskEnd { from: State::Open, to, by, outcome: Some(outcome) }).await? {
        drop(tx);
        return late(tools, task.id, by, outcome).await;
    }
    note(&mut tx, &task, to.as_str(), text, trace).await?;
    tx.commit().await?;
    tracing::info!(task = %task.id, case = %task.case_id, %trace, department = %task.department, kind = task.kind.as_str(), "a person passed a case on");
    Ok(Deed { task: find(tools, None, task.id).await?, replayed: false })
}

async fn number(
    tools: &DeskTools,
    task: Task,
    by: &str,
    number: &str,
    replace: bool,
    trace: Trace,
) -> Result<Deed, Refused> {
    let Some(dispatch) = task.dispatch else { return Err(Refused::NotNow("this task hands no case over")) };
    if let Some(other) = tools.store.dispatch_by_their_number(&task.department, number).await? {
        let mut tx = tools.store.begin().await?;
        let peeks = tx.peek_dispatches(&[other]).await?;
        if peeks.get(&other).is_some_and(|peek| peek.case_id != task.case_id) {
            let message = "another case has this number: look whether it was typed as the form shows it";
            return Err(Refused::Invalid(vec![Invalid::new("/number", "taken", message)]));
        }
    }
    let words = Words::of(&tools.city);
    if task.state == State::Passed && replace {
        let mut tx = tools.store.begin().await?;
        _ = tx.lock_cases(&[task.case_id]).await?;
        let mut rows = tx.dispatches(&[dispatch]).await?;
        if !tx.renumber_task(task.id, by, number).await? {
            drop(tx);
            return late(tools, task.id, by, number).await;
        }
        if let Some(row) = rows.get_mut(&dispatch) {
            row.receipt = Some(number.to_owned());
            tx.save_dispatches(std::slice::from_ref(row)).await?;
        }
        tx.note_their_number(&task.department, number, dispatch).await?;
        note(&mut tx, &task, &format!("number-{number}"), words.renumbered(by, number), trace).await?;
        tx.commit().await?;
        return Ok(Deed { task: find(tools, None, task.id).await?, replayed: false });
    }
    let text = words.numbered(by, number);
    hand_over(tools, task, by, number, State::Passed, Some(number), text, trace).await
}

async fn finish(tools: &DeskTools, task: Task, by: &str, outcome: &str, trace: Trace) -> Result<Deed, Refused> {
    let text = Words::of(&tools.city).finished(by, outcome);
    if task.state != State::Passed {
        return hand_over(tools, task, by, outcome, State::Done, None, text, trace).await;
    }
    let mut tx = tools.store.begin().await?;
    _ = tx.lock_cases(&[task.case_id]).await?;
    let end = TaskEnd { from: State::Passed, to: State::Done, by, outcome: Some(outcome) };
    if !tx.end_task(task.id, &end).await? {
        drop(tx);
        return late(tools, task.id, by, outcome).await;
    }
    note(&mut tx, &task, "done", text, trace).await?;
    tx.commit().await?;
    Ok(Deed { task: find(tools, None, task.id).await?, replayed: false })
}

/// What the department answers goes the way of every answer; who entered it is noted.
async fn say(
    tools: &DeskTools,
    task: Task,
    by: &str,
    id: &str,
    (say, critical): (Say, bool),
    trace: Trace,
) -> Result<Deed, Refused> {
    let Some(dispatch) = task.dispatch else {
        return Err(Refused::NotNow("this department was only telephoned: it answers about the case itself"));
    };
    if task.state == State::Cancelled {
        return Err(Refused::Already(Box::new(task)));
    }
    if task.state == State::Open && matches!(say, Say::Note { .. } | Say::InternalNote { .. }) {
        return Err(Refused::NotNow("record first that the department has it: a note would say so"));
    }
    if !(1..=100).contains(&id.len()) || !id.bytes().all(|b| b.is_ascii_graphic()) {
        let message = "use 1 to 100 visible ASCII characters, for instance a UUID";
        return Err(Refused::Invalid(vec![Invalid::new("/id", "malformed", message)]));
    }
    let now = tools.store.clock().now();
    let update = |id: String, say| Update { critical, id, department: task.department.clone(), dispatch, at: now, say };
    let update = answers::check_words(update(format!("desk-{}-{id}", task.id), say)).map_err(Refused::Invalid)?;
    if let Some(fault) = answers::check_critical(&tools.city, &update) {
        return Err(Refused::Invalid(vec![fault]));
    }
    let word = update.say.word();
    let mut tx = tools.store.begin().await?;
    _ = tx.lock_cases(&[task.case_id]).await?;
    let key = updates::letter_id(&update);
    if tx.seen(READER, &[key]).await? != [key].into() {
        drop(tx);
        return Ok(Deed { task, replayed: true });
    }
    let peek = tx.peek_dispatches(&[dispatch]).await?.remove(&dispatch);
    if peek.is_some_and(|peek| peek.role == Role::Informed) && !matches!(update.say, Say::InternalNote { .. }) {
        let message = "this department was informed, another does it: only internal_note is possible";
        return Err(Refused::Invalid(vec![Invalid::new("/say/what", "only_informed", message)]));
    }
    tx.post(&[updates::letter(&update, task.case_id, trace, now)]).await?;
    let text = Words::of(&tools.city).said(by, word);
    note(&mut tx, &task, &format!("say-{id}"), text, trace).await?;
    tx.commit().await?;
    tracing::info!(task = %task.id, case = %task.case_id, %trace, said = word, "a department's answer was entered");
    Ok(Deed { task: find(tools, None, task.id).await?, replayed: false })
}
