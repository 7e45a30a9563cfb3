//! A case: what became of a report. Its status only moves by events, and only forward in version.

use crate::{
    city::Calendar,
    reference::Reference,
    report::{Tell, Urgency},
    slug::{DepartmentId, Slug},
};
use jiff::{Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// How far a case is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The city has it.
    Received,
    /// A department has been chosen.
    Routed,
    /// The department takes it.
    Accepted,
    /// There is a day.
    Planned,
    /// The department asked the resident something; terms stand still until the answer.
    Waiting,
    /// The department says it is done.
    Solved,
    /// It will not be done, and the resident knows why.
    Declined,
    /// Somebody outside the city does this, and the resident knows who.
    Referred,
    /// It is about the same thing as another case, and goes on there.
    Duplicate,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 9] = [
        Self::Received,
        Self::Routed,
        Self::Accepted,
        Self::Planned,
        Self::Waiting,
        Self::Solved,
        Self::Declined,
        Self::Referred,
        Self::Duplicate,
    ];

    /// The status in lower case, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Routed => "routed",
            Self::Accepted => "accepted",
            Self::Planned => "planned",
            Self::Waiting => "waiting",
            Self::Solved => "solved",
            Self::Declined => "declined",
            Self::Referred => "referred",
            Self::Duplicate => "duplicate",
        }
    }

    /// Reads [`Status::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// Nobody has to do anything any more.
    pub fn is_closed(self) -> bool {
        matches!(self, Self::Solved | Self::Declined | Self::Referred | Self::Duplicate)
    }

    /// Nobody has to be telephoned any more, either. Who is sent elsewhere may still stand before a
    /// danger that somebody on call was to look at.
    pub fn ends_calls(self) -> bool {
        matches!(self, Self::Solved | Self::Declined | Self::Duplicate)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A case as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// The id of the report that opened it.
    pub id: Uuid,
    /// What people call it.
    pub reference: Reference,
    /// How far it is.
    pub status: Status,
    /// Rises by one with each event.
    pub version: i64,
    /// Who leads.
    pub lead: Option<DepartmentId>,
    /// Why: the decision that is in force.
    pub decision: Option<Decision>,
    /// Departments that said it was not theirs.
    pub rejected_by: Vec<DepartmentId>,
    /// The day the department named.
    pub planned_on: Option<Date>,
    /// When the status last changed, by the clock of whoever changed it: what makes updates
    /// monotone.
    pub status_at: Timestamp,
    /// When the case was opened.
    pub opened_at: Timestamp,
    /// When it was last closed.
    pub closed_at: Option<Timestamp>,
    /// How its reporter wants to be told.
    pub tell: Tell,
    /// The departments that each do a part of it; empty when one department does it all. Then the
    /// status above follows from the parts.
    pub parts: Vec<Part>,
    /// What the clock knows of it.
    pub watch: Watch,
    /// When the clock looks at it again; `None`: never.
    pub check_at: Option<Timestamp>,
}

impl Case {
    /// The day by which it is to be solved, as promised now.
    pub fn due_on(&self) -> Option<Date> {
        self.watch.due_on.or_else(|| self.decision.as_ref().and_then(|decision| decision.due_on))
    }

    /// It waits for the resident no more, since `at`: what was promised moves by the working days that it
    /// waited, and a day that went by meanwhile is none any more. Gives how far it is again. A case that
    /// does not wait stays as it is.
    pub fn resume(&mut self, calendar: &Calendar, at: Timestamp) -> Status {
        if self.status != Status::Waiting {
            return self.status;
        }
        let since = self.watch.waiting_since.take().unwrap_or(self.status_at);
        let before = self.watch.waited_from.take();
        let today = calendar.date(at);
        let waited = calendar.working_days_between(calendar.date(since), today);
        if waited > 0 {
            let later = |day: Date| calendar.working_day_after(day, waited);
            self.watch.due_on = self.due_on().map(later);
            self.watch.news_by = self.watch.news_by.map(later);
        }
        self.watch.nudged_at = None;
        self.planned_on = self.planned_on.filter(|day| *day >= today);
        // Who asks has it: it is taken, whatever was said before.
        match (before, self.planned_on) {
            (Some(Status::Planned), Some(_)) => Status::Planned,
            _ => Status::Accepted,
        }
    }

    /// It waits for the resident no more: as [`Case::resume`], and each part that waited goes on.
    pub fn go_on(&mut self, calendar: &Calendar, at: Timestamp) {
        self.status = self.resume(calendar, at);
        self.status_at = at;
        if self.parts.is_empty() {
            return;
        }
        for part in self.parts.iter_mut().filter(|part| part.status == Status::Waiting) {
            part.status = Status::Accepted;
            part.status_at = at;
        }
        (self.status, self.planned_on) = whole(&self.parts, self.lead.as_ref());
    }

    /// The day on which the resident expects it to be solved: the one that the department named, or
    /// the promised one.
    pub fn expected_on(&self) -> Option<Date> {
        self.planned_on.or_else(|| self.due_on())
    }
}

/// One department's part of a case that several do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Who.
    pub department: DepartmentId,
    /// How far it is.
    pub status: Status,
    /// When that last changed, by the clock of whoever changed it.
    pub status_at: Timestamp,
    /// The day it named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_on: Option<Date>,
    /// How it was reminded.
    #[serde(flatten)]
    pub silence: Silence,
}

impl Part {
    /// A part that was just handed out.
    pub fn new(department: DepartmentId, now: Timestamp) -> Self {
        Self { department, status: Status::Routed, status_at: now, planned_on: None, silence: Silence::default() }
    }
}

/// How far a case is that several departments do, by their parts; and the day on which all of it is
/// planned. It is over when every part is, and refused when its `lead` refuses.
pub fn whole(parts: &[Part], lead: Option<&DepartmentId>) -> (Status, Option<Date>) {
    let any = |status| parts.iter().any(|part: &Part| part.status == status);
    let open: Vec<&Part> = parts.iter().filter(|part| !part.status.is_closed()).collect();
    if parts.iter().any(|part| part.status == Status::Received && Some(&part.department) == lead) {
        return (Status::Received, None);
    }
    let status = if open.is_empty() {
        [Status::Solved, Status::Referred].into_iter().find(|status| any(*status)).unwrap_or(Status::Declined)
    } else if any(Status::Waiting) {
        Status::Waiting
    } else if open.iter().all(|part| part.status == Status::Planned) {
        return (Status::Planned, open.iter().filter_map(|part| part.planned_on).max());
    } else if parts.iter().all(|part| matches!(part.status, Status::Routed | Status::Received | Status::Declined)) {
        Status::Routed
    } else {
        Status::Accepted
    };
    (status, None)
}

/// What the clock knows of a case: who was reminded, what was promised since.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Watch {
    /// The day promised instead of the decision's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_on: Option<Date>,
    /// Since when it waits for the resident.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_since: Option<Timestamp>,
    /// The status that it had before it waited for the resident.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waited_from: Option<Status>,
    /// When the resident was asked once more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nudged_at: Option<Timestamp>,
    /// How the department that has it was reminded.
    #[serde(flatten)]
    pub silence: Silence,
    /// The promised day whose slip the resident was told of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warned_of: Option<Date>,
    /// By when the resident hears again, as promised with the slip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub news_by: Option<Date>,
}

/// How a department that is silent was reminded, since it last said how far it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Silence {
    /// How often.
    #[serde(skip_serializing_if = "is_zero")]
    pub reminded: u32,
    /// When it was last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reminded_at: Option<Timestamp>,
    /// Whether somebody in the city looks after it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub escalated: bool,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// What the rules decided, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The rule that decided, or `fallback`.
    pub rule: String,
    /// The version of the rules: a short hash of their text.
    pub ruleset: String,
    /// Who does what.
    pub assignments: Vec<Assignment>,
    /// How soon it is looked at.
    pub priority: Urgency,
    /// By when, on the city's working calendar.
    pub due_on: Option<Date>,
    /// Each condition that held, with the fact that made it hold.
    pub reasons: Vec<Reason>,
    /// Set when nobody may know who should do this: no rule matched, or everyone refused.
    pub alarm: Option<String>,
    /// The article of the city's knowledge base that answers it at once; the lead gets the case
    /// only when that did not help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Slug>,
    /// Departments whose person on call is telephoned now, besides what everybody gets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on_call: Vec<DepartmentId>,
    /// By when its reporter is told that somebody has taken it on, where the kind of the matter promises that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledge_by: Option<Date>,
    /// So many working days whoever has it may be silent, where the kind of the matter has a clock of its own; 0: for
    /// ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silent: Option<u32>,
}

impl Decision {
    /// The department that leads, if the decision names one (it always does when made by the
    /// router).
    pub fn lead(&self) -> Option<&DepartmentId> {
        self.assignments.iter().find(|a| a.role == Role::Lead).map(|a| &a.department)
    }

    /// The departments that are only told.
    pub fn informed(&self) -> Vec<DepartmentId> {
        self.with_role(Role::Informed)
    }

    /// The departments with this role, in the order of the rule.
    pub fn with_role(&self, role: Role) -> Vec<DepartmentId> {
        self.assignments.iter().filter(|a| a.role == role).map(|a| a.department.clone()).collect()
    }
}

/// One department's part in a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// Who.
    pub department: DepartmentId,
    /// Does it, or only hears of it.
    pub role: Role,
}

/// Whether a department does the work or only hears of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Does the work and answers for it.
    Lead,
    /// Does a part of the work and answers for that part; the lead does another.
    Part,
    /// Hears of it.
    Informed,
}

impl Role {
    /// `lead` or `informed`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::Part => "part",
            Self::Informed => "informed",
        }
    }

    /// Reads [`Role::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "lead" => Some(Self::Lead),
            "part" => Some(Self::Part),
            "informed" => Some(Self::Informed),
            _ => None,
        }
    }
}

/// One condition that held, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The condition as the rule writes it: `category: wegen/*`.
    pub condition: String,
    /// The fact that met it: `wegen/put`.
    pub fact: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_case_is_as_far_as_its_parts() {
        use Status::{Accepted, Declined, Planned, Received, Referred, Routed, Solved, Waiting};
        let names = ["lead", "other", "third"].map(|name| Slug::new(name).unwrap());
        let whole_of = |statuses: &[Status]| {
            let part = |(n, status): (usize, &Status)| {
                let day = (*status == Planned).then(|| date(2026, 11, 20 + i8::try_from(n).unwrap()));
                Part { status: *status, planned_on: day, ..Part::new(names[n].clone(), Timestamp::UNIX_EPOCH) }
            };
            let parts: Vec<Part> = statuses.iter().enumerate().map(part).collect();
            whole(&parts, Some(&names[0]))
        };
        for (parts, status, day) in [
            (&[Routed, Routed][..], Routed, None),
            (&[Routed, Accepted], Accepted, None),
            (&[Solved, Routed], Accepted, None),
            (&[Planned, Routed], Accepted, None),
            (&[Planned, Planned, Planned], Planned, Some(date(2026, 11, 22))),
            (&[Solved, Planned], Planned, Some(date(2026, 11, 21))),
            (&[Solved, Waiting, Planned], Waiting, None),
            (&[Solved, Solved, Solved], Solved, None),
            (&[Solved, Declined], Solved, None),
            (&[Referred, Declined], Referred, None),
            (&[Declined, Declined], Declined, None),
            (&[Received, Solved], Received, None),
            (&[Accepted, Received], Accepted, None),
            (&[Routed, Received], Routed, None),
            (&[Routed, Declined], Routed, None),
        ] {
            assert_eq!(whole_of(parts), (status, day), "{parts:?}");
        }
    }
}
