//! A task: what a person does where no machine reaches. A form to fill in at a department's own web site,
//! somebody on call to telephone until they confirm, a resident to tell something.
//!
//! A task holds no words of the resident: whoever opens it reads them from the report.

mod tell;

pub use tell::{Telling, Told};

use crate::{
    case::{Case, Decision, Role},
    city::{Calendar, OnCall},
    dispatch::{Again, AgainWhy, Dispatch},
    id::derived,
    reference::Reference,
    report::{Report, Urgency},
    slug::DepartmentId,
};
use jiff::{SignedDuration, Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What has to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Fill in the department's own web form.
    Form,
    /// Telephone whoever is on call.
    Call,
    /// Get a word out of a department that stays silent.
    Chase,
    /// Tell a resident something: by telephone, or by a letter.
    Tell,
    /// Call a resident back, as was agreed.
    Back,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Form, Self::Call, Self::Chase, Self::Tell, Self::Back];

    /// The kind in lower case, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Call => "call",
            Self::Chase => "chase",
            Self::Tell => "tell",
            Self::Back => "back",
        }
    }

    /// Reads [`Kind::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Waits for somebody of the desk.
    Open,
    /// The department has the case; what it answers is entered by the desk.
    Passed,
    /// Nothing is left to do.
    Done,
    /// Not needed any more.
    Cancelled,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Open, Self::Passed, Self::Done, Self::Cancelled];

    /// The state in lower case, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Passed => "passed",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads [`State::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// One task as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Derived from what it is for.
    pub id: Uuid,
    /// What has to be done.
    pub kind: Kind,
    /// Whose operator does it.
    pub desk: DepartmentId,
    /// For which department; the desk itself when a resident is told something.
    pub department: DepartmentId,
    /// The dispatch that the department has when it is done; none when somebody is only telephoned.
    pub dispatch: Option<Uuid>,
    /// The case.
    pub case_id: Uuid,
    /// What the resident calls it.
    pub reference: Reference,
    /// What to do it with.
    pub body: Body,
    /// How far it is.
    pub state: State,
    /// How often it was escalated.
    pub level: u32,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it is escalated, if nobody confirmed by then; for a resident who is called, not before.
    pub due_at: Option<Timestamp>,
    /// Whom to call now, and who was called before.
    pub calls: Calls,
    /// Who is at it.
    pub claimed_by: Option<String>,
    /// Since when.
    pub claimed_at: Option<Timestamp>,
    /// When the department had the case, or when it was not needed any more.
    pub done_at: Option<Timestamp>,
    /// Who said so.
    pub done_by: Option<String>,
    /// The department's number, who took the call, or why nothing was left to do.
    pub outcome: Option<String>,
}

/// What a task is done with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Body {
    /// Whether the department may know who reported.
    pub may_know: bool,
    /// Whether the department is only informed: nothing is asked of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub informed: bool,
    /// How soon it is looked at.
    pub priority: Urgency,
    /// By when the case is to be solved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_on: Option<Date>,
    /// Set when the department had the case before: what is new now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<Again>,
    /// Where the form is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The fields of the form, in its order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// What a resident is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tell: Option<Box<Telling>>,
}

impl Body {
    /// Nothing to do it with.
    fn bare() -> Self {
        Self {
            may_know: false,
            informed: false,
            priority: Urgency::Normal,
            due_on: None,
            again: None,
            url: None,
            fields: Vec::new(),
            tell: None,
        }
    }
}

/// One field of a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// What the form calls it.
    pub label: String,
    /// What belongs in it.
    #[serde(flatten)]
    pub holds: Holds,
}

/// What belongs in a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    /// Always this.
    Text(String),
    /// What the case has under this name: `words`, `address`, `answer.<question>`, …
    Value(String),
}

/// Who was and is to be called.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calls {
    /// Whom to call now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<Call>,
    /// Who was called in vain, oldest first; at most [`Calls::MOST`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<Call>,
    /// How often the whole list was called in vain.
    #[serde(default)]
    pub rounds: u32,
}

/// One turn of somebody on call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Their place in the department's list.
    pub place: usize,
    /// Their function.
    pub who: String,
    /// Their number.
    pub phone: String,
    /// Since when it is their turn.
    pub at: Timestamp,
    /// Whether they answer at this hour; somebody off duty is called when nobody is on duty.
    pub on_duty: bool,
}

impl Calls {
    /// The most turns that are kept: a weekend of nights.
    pub const MOST: usize = 100;

    /// Whose turn it is now. Gives the calls, when to escalate, and whether everybody was called in
    /// vain once more. A department that has no list (any more) has nobody to call and is looked
    /// at again.
    pub fn next(mut self, on_call: Option<&OnCall>, calendar: &Calendar, now: Timestamp) -> (Self, Timestamp, bool) {
        let minutes = on_call.map_or(10, |on_call| on_call.every);
        let due = now.saturating_add(SignedDuration::from_mins(i64::from(minutes))).unwrap_or(Timestamp::MAX);
        let last = self.now.as_ref().map(|call| call.place);
        let turn = on_call.and_then(|on_call| on_call.turn(calendar, now, last));
        let again = turn.is_none_or(|turn| turn.again);
        if let Some(before) = self.now.take() {
            self.before.push(before);
            if self.before.len() > Self::MOST {
                self.before.remove(0);
            }
        }
        self.now = turn.map(|turn| Call {
            place: turn.place,
            who: turn.contact.who.clone(),
            phone: turn.contact.phone.clone(),
            at: now,
            on_duty: turn.on_duty,
        });
        if again {
            self.rounds = self.rounds.saturating_add(1);
        }
        (self, due, again)
    }
}

impl Task {
    /// A form to fill in for `dispatch`, by the operator of `desk`.
    pub fn form(dispatch: &Dispatch, desk: DepartmentId, url: String, fields: Vec<Field>, now: Timestamp) -> Self {
        let id = derived(&["task", "form", &dispatch.id.to_string()]);
        let mut task = Self::of(id, Kind::Form, dispatch, desk, now);
        task.body.url = Some(url);
        task.body.fields = fields;
        task
    }

    /// Somebody on call to telephone for `dispatch`, by the operator of `desk`.
    pub fn call(
        dispatch: &Dispatch,
        desk: DepartmentId,
        on_call: Option<&OnCall>,
        calendar: &Calendar,
        now: Timestamp,
    ) -> Self {
        let id = derived(&["task", "call", &dispatch.id.to_string()]);
        Self::of(id, Kind::Call, dispatch, desk, now).ringing(on_call, calendar, now)
    }

    /// Somebody on call to telephone because the decision about a case says so, besides what
    /// everybody gets. `occasion` tells one such decision from the next about the same case.
    pub fn alert(alert: Alert<'_>, on_call: Option<&OnCall>, calendar: &Calendar, now: Timestamp) -> Self {
        let id = derived(&["task", "alert", &alert.case_id.to_string(), alert.department, alert.occasion]);
        let decision = alert.decision;
        let body =
            Body { may_know: alert.may_know, priority: decision.priority, due_on: decision.due_on, ..Body::bare() };
        let (case_id, reference) = (alert.case_id, alert.reference);
        let (desk, department) = (alert.desk, alert.department.clone());
        Self::new(id, Kind::Call, desk, department, alert.dispatch, case_id, reference, body, now)
            .ringing(on_call, calendar, now)
    }

    /// A department to get a word out of, by the operator of `desk`. `row` is the dispatch that it has.
    pub fn chase(
        case: &Case,
        row: Option<Uuid>,
        department: &DepartmentId,
        desk: DepartmentId,
        may_know: bool,
        now: Timestamp,
    ) -> Self {
        let id = derived(&["task", "chase", &case.id.to_string(), department, &case.version.to_string()]);
        let priority = case.decision.as_ref().map_or(Urgency::Normal, |decision| decision.priority);
        let body = Body { may_know, priority, due_on: case.expected_on(), ..Body::bare() };
        Self::new(id, Kind::Chase, desk, department.clone(), row, case.id, case.reference, body, now)
    }

    /// A resident to tell something, by the operator of `desk`. One per notice: a retry opens it once.
    pub fn tell(
        telling: Telling,
        case_id: Uuid,
        reference: Reference,
        critical: bool,
        desk: DepartmentId,
        now: Timestamp,
    ) -> Self {
        let body = Body {
            // The desk is the city's own, and its operator has to know whom to tell.
            may_know: true,
            priority: if critical { Urgency::Emergency } else { Urgency::Normal },
            tell: Some(Box::new(telling.clone())),
            ..Body::bare()
        };
        let id = Self::telling_id(telling.notice);
        Self::new(id, Kind::Tell, desk.clone(), desk, None, case_id, reference, body, now)
    }

    /// A resident to call back, by the operator of `desk`, not before `at`. `occasion` tells one such wish from the next
    /// about the same case.
    pub fn back(occasion: &str, report: &Report, desk: DepartmentId, at: Timestamp, now: Timestamp) -> Self {
        let id = derived(&["task", "back", &report.id.to_string(), occasion]);
        let body = Body { may_know: true, priority: report.urgency, ..Body::bare() };
        let (case_id, reference) = (report.id, report.reference);
        let mut task = Self::new(id, Kind::Back, desk.clone(), desk, None, case_id, reference, body, now);
        task.due_at = Some(at);
        task
    }

    /// The id of the task that tells `notice`.
    pub fn telling_id(notice: Uuid) -> Uuid {
        derived(&["task", "tell", &notice.to_string()])
    }

    fn of(id: Uuid, kind: Kind, dispatch: &Dispatch, desk: DepartmentId, now: Timestamp) -> Self {
        // What the resident says stands on the timeline; only what the city itself asks is kept.
        let of_the_city = |why: AgainWhy| {
            matches!(why, AgainWhy::Reminder | AgainWhy::Recategorised | AgainWhy::Merged | AgainWhy::Split)
        };
        let text = |again: &Again| again.text.clone().filter(|_| of_the_city(again.why));
        let body = Body {
            may_know: dispatch.contact.is_some(),
            informed: dispatch.role == Role::Informed,
            priority: dispatch.priority,
            due_on: dispatch.due_on,
            again: dispatch.again.as_ref().map(|again| Again { text: text(again), ..again.clone() }),
            url: None,
            fields: Vec::new(),
            tell: None,
        };
        let (department, case) = (dispatch.department.clone(), dispatch.case_id);
        Self::new(id, kind, desk, department, Some(dispatch.id), case, dispatch.reference, body, now)
    }

    #[expect(clippy::too_many_arguments, reason = "the fields that differ, once")]
    fn new(
        id: Uuid,
        kind: Kind,
        desk: DepartmentId,
        department: DepartmentId,
        dispatch: Option<Uuid>,
        case_id: Uuid,
        reference: Reference,
        body: Body,
        opened_at: Timestamp,
    ) -> Self {
        Self {
            id,
            kind,
            desk,
            department,
            dispatch,
            case_id,
            reference,
            body,
            state: State::Open,
            level: 0,
            opened_at,
            due_at: None,
            calls: Calls::default(),
            claimed_by: None,
            claimed_at: None,
            done_at: None,
            done_by: None,
            outcome: None,
        }
    }

    fn ringing(mut self, on_call: Option<&OnCall>, calendar: &Calendar, now: Timestamp) -> Self {
        let (calls, due, _) = Calls::default().next(on_call, calendar, now);
        // The first turn begins the list; nothing was called in vain yet.
        self.calls = Calls { rounds: 0, ..calls };
        self.due_at = Some(due);
        self
    }
}

/// What [`Task::alert`] is about.
#[derive(Debug, Clone)]
pub struct Alert<'a> {
    /// The case.
    pub case_id: Uuid,
    /// What the resident calls it.
    pub reference: Reference,
    /// Whose person on call is telephoned.
    pub department: &'a DepartmentId,
    /// Whose operator calls.
    pub desk: DepartmentId,
    /// The dispatch of that department, if it gets one.
    pub dispatch: Option<Uuid>,
    /// Whether the department may know who reported.
    pub may_know: bool,
    /// The decision that says so.
    pub decision: &'a Decision,
    /// Tells this decision from another about the same case.
    pub occasion: &'a str,
}

#[cfg(test)]
mod tests;
