//! What the clock has to do about a case, and when: pure. The same case, dispatches and city always
//! give the same step.
//!
//! - A department that is silent is reminded, and when that does not help somebody in the city looks
//!   after it. Silent is who has not said how far it is: not taken, or taken without a day and without
//!   a term, or planned for a day that is past.
//! - The resident is told that a promised day will not be kept before it is over.
//! - While a case waits for its resident, all of that stands still; who does not answer is asked once
//!   more, then the department goes on without.

use schemas::{
    Date, Timestamp,
    case::{Case, Role, Silence, Status},
    city::{City, Delivery},
    dispatch::DispatchState,
    slug::DepartmentId,
};
use store::DispatchRow;

/// Something that has to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A department is reminded.
    Remind {
        /// Who.
        department: DepartmentId,
        /// The how manieth time.
        nth: u32,
        /// Of what.
        of: Of,
    },
    /// Somebody in the city looks after a department.
    Escalate {
        /// Who is silent.
        department: DepartmentId,
        /// The dispatch is not in the department's hands.
        unreached: bool,
    },
    /// The resident hears that the promised day will not be kept.
    Slip {
        /// Who has it.
        department: DepartmentId,
        /// The promised day.
        was: Date,
    },
    /// The resident is asked once more.
    AskAgain,
    /// The resident does not answer: the department goes on.
    GoOn,
}

/// What a department is reminded of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// It has not said how far it is.
    Silence,
    /// The day that it named is past.
    Day(Date),
    /// The day that was promised is near.
    Term(Date),
    /// The resident does not answer.
    NoAnswer,
}

/// What has to be done next about `case`, and when; `None` when nothing will be, unless something
/// happens. `dispatches` are those of the case, oldest first; without any, it counts as handed out at
/// its last change.
pub fn next(case: &Case, dispatches: &[DispatchRow], city: &City) -> Option<(Timestamp, Step)> {
    if case.status.is_closed() || case.status == Status::Received {
        return None;
    }
    let lead = case.lead.as_ref()?;
    if case.status == Status::Waiting {
        return waits(case, city);
    }
    let one = Hand {
        department: lead,
        role: Role::Lead,
        status: case.status,
        since: case.status_at,
        planned_on: case.planned_on,
        silence: &case.watch.silence,
    };
    let silent: Vec<(Timestamp, Step)> = if case.parts.is_empty() {
        one.silent(case, dispatches, city).into_iter().collect()
    } else {
        let parts = case.parts.iter().map(|part| Hand {
            department: &part.department,
            role: if part.department == *lead { Role::Lead } else { Role::Part },
            status: part.status,
            since: part.status_at,
            planned_on: part.planned_on,
            silence: &part.silence,
        });
        parts.filter_map(|part| part.silent(case, dispatches, city)).collect()
    };
    // The slip first: it reminds the department too.
    slip(case, lead, city).into_iter().chain(silent).min_by_key(|(at, _)| *at)
}

/// A department that has a case in hand, or a part of it.
struct Hand<'a> {
    department: &'a DepartmentId,
    role: Role,
    status: Status,
    since: Timestamp,
    planned_on: Option<Date>,
    silence: &'a Silence,
}

impl Hand<'_> {
    fn silent(&self, case: &Case, dispatches: &[DispatchRow], city: &City) -> Option<(Timestamp, Step)> {
        let said = self.said_nothing(case, dispatches, city);
        let taken = self.not_taken(case, dispatches, city);
        said.into_iter().chain(taken).min_by_key(|(at, _)| *at)
    }

    /// Nobody took it, and the day is near by which its reporter was to be told that somebody did.
    fn not_taken(&self, case: &Case, dispatches: &[DispatchRow], city: &City) -> Option<(Timestamp, Step)> {
        let by = case.decision.as_ref()?.acknowledge_by?;
        let calendar = &city.calendar;
        // Opened again later it was taken before.
        let was_taken = calendar.date(self.since) > by;
        if self.status != Status::Routed || self.silence.escalated || was_taken {
            return None;
        }
        let at = calendar.opens(calendar.working_day_before(by, 1)).max(self.since);
        let department = self.department.clone();
        Some((at, Step::Escalate { department, unreached: !self.is_reached(dispatches, city) }))
    }

    fn mine<'r>(&self, dispatches: &'r [DispatchRow]) -> impl DoubleEndedIterator<Item = &'r DispatchRow> {
        let (department, role) = (self.department.clone(), self.role);
        dispatches.iter().filter(move |row| row.department == department && row.role == role)
    }

    /// A letter in a queue that nobody reads is a reminder to nobody's harm; one to a system that does not answer would
    /// only wait behind the first.
    fn is_reached(&self, dispatches: &[DispatchRow], city: &City) -> bool {
        let fetches = city.department(self.department).is_some_and(|known| known.delivery == Delivery::Queue);
        fetches || self.mine(dispatches).next_back().is_none_or(|row| row.state == DispatchState::Delivered)
    }

    /// A department that has not said how far it is, or did not do what it said.
    fn said_nothing(&self, case: &Case, dispatches: &[DispatchRow], city: &City) -> Option<(Timestamp, Step)> {
        let of_kind = case.decision.as_ref().and_then(|decision| decision.silent);
        let days = match of_kind {
            Some(days) => Some(days).filter(|days| *days > 0),
            None => city.may_be_silent(self.department),
        }?;
        let calendar = &city.calendar;
        let (first, of) = match self.status {
            Status::Routed => (days, Of::Silence),
            Status::Accepted if case.expected_on().is_none() => (city.patience.news.max(days), Of::Silence),
            Status::Planned => (0, Of::Day(self.planned_on?)),
            _ => return None,
        };
        if self.silence.escalated {
            return None;
        }
        // Whatever it said, and be it a note: who just wrote is not reminded.
        let heard =
            self.mine(dispatches).filter_map(|row| row.answered_at).chain([self.since]).max().unwrap_or(self.since);
        let at = match (self.silence.reminded_at, of) {
            (Some(reminded), _) => calendar.working_time_after(heard.max(reminded), days),
            // What was done on the day may be told in the night after it.
            (None, Of::Day(day)) => calendar.opens(calendar.working_day_after(day, 1)).max(heard),
            (None, _) => calendar.working_time_after(heard, first),
        };
        let department = self.department.clone();
        let reached = self.is_reached(dispatches, city);
        let step = if reached && self.silence.reminded < city.patience.reminders {
            Step::Remind { department, nth: self.silence.reminded + 1, of }
        } else {
            Step::Escalate { department, unreached: !reached }
        };
        Some((at, step))
    }
}

/// A resident who does not answer is asked once more; then the department goes on without.
fn waits(case: &Case, city: &City) -> Option<(Timestamp, Step)> {
    let days = Some(city.patience.answer).filter(|days| *days > 0)?;
    let (since, step) = match case.watch.nudged_at {
        Some(at) => (at, Step::GoOn),
        None => (case.watch.waiting_since?, Step::AskAgain),
    };
    Some((city.calendar.working_time_after(since, days), step))
}

/// When the resident hears that a promised day will not be kept: the day of the solution, or that of
/// the news which was promised instead.
fn slip(case: &Case, lead: &DepartmentId, city: &City) -> Option<(Timestamp, Step)> {
    let calendar = &city.calendar;
    let expected = case.expected_on()?;
    let at = match (case.watch.news_by, case.planned_on) {
        // Only the department knows how far it is: asked in the morning, told in the evening.
        (None, Some(day)) => calendar.closes(calendar.working_day_after(day, 1)),
        (news, _) => {
            let day = news.unwrap_or(expected);
            let promised = calendar.date(case.status_at);
            let warn = calendar.working_day_before(day, city.patience.warn);
            if warn > promised {
                calendar.opens(warn)
            } else if day > promised {
                calendar.opens(day)
            } else {
                calendar.closes(day)
            }
        }
    };
    let was = case.watch.warned_of.unwrap_or(expected);
    Some((at, Step::Slip { department: lead.clone(), was }))
}

/// The day by which the resident hears again, when the day `was` will not be kept: told on `today`.
/// Always far enough that the next notice does not follow at once.
pub fn news_by(city: &City, was: Date, today: Date) -> Date {
    city.calendar.working_day_after(was.max(today), city.patience.news.max(city.patience.warn + 1))
}

#[cfg(test)]
#[path = "clock_tests.rs"]
mod tests;
