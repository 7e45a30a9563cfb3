//! What one update makes of a case: pure, and monotone. Whatever the order in which updates
//! arrive, and however often, the case ends in the same status.
//!
//! The rule is short: the newest statement of the department that holds the case counts, by the
//! department's own clock; of two at the same moment the one further on counts. A statement that
//! comes too late keeps its words, as a note, and changes nothing.

use super::parts;
use crate::answer_link::Stand;
use schemas::{
    Date, Timestamp,
    case::{Case, Silence, Status},
    city::Calendar,
    dispatch::{Say, Update},
    event::What,
};
use store::DispatchRow;

/// What followed from one update.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Applied {
    /// What happened, in order.
    pub events: Vec<What>,
    /// The case needs another desk.
    pub reroute: bool,
}

impl From<What> for Applied {
    fn from(what: What) -> Self {
        Self { events: vec![what], reroute: false }
    }
}

/// Changes `case` by what the department said about `dispatch`. The version of the case is the
/// caller's; `calendar` is the city's, `now` our clock, for what only our clock can tell. When several
/// departments do it, the statement is about the department's own part.
pub fn apply(case: &mut Case, dispatch: &DispatchRow, update: &Update, calendar: &Calendar, now: Timestamp) -> Applied {
    if case.status == Status::Duplicate {
        // The work is done in the main case; what is said of it here is on the record for colleagues.
        return match &update.say {
            Say::InternalNote { .. } => whole(case, dispatch, update, calendar, now),
            Say::Note { text } => {
                What::InternalNote { department: dispatch.department.clone(), text: text.clone() }.into()
            }
            _ => too_late(dispatch, update),
        };
    }
    if case.parts.is_empty() {
        return whole(case, dispatch, update, calendar, now);
    }
    parts::apply(case, dispatch, update, calendar, now)
}

/// As [`apply`], when the department has all of the case.
pub(super) fn whole(
    case: &mut Case,
    dispatch: &DispatchRow,
    update: &Update,
    calendar: &Calendar,
    now: Timestamp,
) -> Applied {
    let department = dispatch.department.clone();
    // Words are kept in whatever order they come.
    if let Say::InternalNote { text } = &update.say {
        return What::InternalNote { department, text: text.clone() }.into();
    }
    let stand = Stand::today(dispatch, case);
    if stand == Stand::Informed {
        return What::InternalNote { department, text: in_words(&update.say) }.into();
    }
    if let Say::Note { text } = &update.say {
        let text = text.clone();
        // Whoever does it no more tells the resident nothing.
        let for_all = stand == Stand::Theirs;
        return if for_all { What::Note { department, text } } else { What::InternalNote { department, text } }.into();
    }
    if !counts(case, dispatch, update) {
        return too_late(dispatch, update);
    }
    let before = (case.status, case.status_at, case.planned_on);
    let promised = case.expected_on().filter(|_| case.watch.warned_of.is_none());
    if case.status == Status::Waiting && !matches!(update.say, Say::Ask { .. }) {
        // It goes on without the answer.
        case.status = case.resume(calendar, update.at);
    }
    case.status_at = update.at;
    // Whoever takes a case after saying that it was not theirs takes it after all; the router,
    // which reads this list, then leaves it where it is.
    case.rejected_by.retain(|id| *id != department);
    let what = match &update.say {
        Say::Accept {} => {
            case.status = Status::Accepted;
            let acknowledges = case.decision.as_ref().is_some_and(|decision| decision.acknowledge_by.is_some());
            What::Accepted { department, acknowledges }
        }
        Say::Plan { on, text } => {
            case.status = Status::Planned;
            case.planned_on = Some(*on);
            case.watch.warned_of = None;
            case.watch.news_by = None;
            What::Planned { department, on: *on, text: text.clone() }
        }
        Say::Done { text, evidence } => {
            case.status = Status::Solved;
            What::Solved { department, text: text.clone(), evidence: evidence.clone() }
        }
        Say::Reject { reason } => {
            case.status = Status::Received;
            case.rejected_by.push(department.clone());
            What::Rejected { department, reason: reason.clone() }
        }
        Say::Ask { text } => {
            case.watch.waited_from.get_or_insert(case.status);
            case.watch.waiting_since.get_or_insert(believed(dispatch, update, now));
            case.status = Status::Waiting;
            What::Asked { department, text: text.clone() }
        }
        Say::Refer { to, phone, url, text } => {
            case.status = Status::Referred;
            let (to, phone, url, text) = (to.clone(), phone.clone(), url.clone(), text.clone());
            What::Referred { department, to, phone, url, text }
        }
        Say::Note { .. } | Say::InternalNote { .. } => return Applied::default(),
    };
    case.closed_at = case.status.is_closed().then_some(now);
    // It is not silent; what it owes next, and when, the clock finds out.
    case.watch.silence = Silence::default();
    case.check_at = (!case.status.is_closed()).then_some(now);
    if before == (case.status, case.status_at, case.planned_on) && !says_more(&update.say) {
        // The same thing said twice, by two updates, at the same moment: nothing to tell.
        return Applied::default();
    }
    let slip = slip(promised, &what);
    Applied {
        reroute: matches!(what, What::Rejected { .. }),
        events: [Some(what), slip].into_iter().flatten().collect(),
    }
}

/// How far behind ours a department's clock may be: a wrong time zone.
const BEHIND: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// When a department said something, for what is counted from then. Nobody answers a day before they
/// were asked: a clock that says so is not to be believed, and ours counts.
pub(super) fn believed(dispatch: &DispatchRow, update: &Update, now: Timestamp) -> Timestamp {
    if dispatch.posted_at.duration_since(update.at) > BEHIND { now } else { update.at }
}

/// The day that a department names is later than the one that the resident was `promised`: that is told,
/// with the words of the department, in place of the day alone.
fn slip(promised: Option<Date>, what: &What) -> Option<What> {
    let What::Planned { department, on, text } = what else { return None };
    let was = promised.filter(|was| was < on)?;
    Some(What::Slipping { department: department.clone(), was, expected: Some(*on), news_by: None, text: text.clone() })
}

/// How far a statement goes; decides between two of the same moment.
fn rank(say: &Say) -> u8 {
    match say {
        Say::Note { .. } | Say::InternalNote { .. } => 0,
        Say::Accept {} => 1,
        Say::Plan { .. } => 2,
        Say::Ask { .. } => 3,
        Say::Done { .. } => 4,
        Say::Refer { .. } => 5,
        Say::Reject { .. } => 6,
    }
}

/// Whether the update may change the status.
fn counts(case: &Case, dispatch: &DispatchRow, update: &Update) -> bool {
    if case.lead.as_ref() != Some(&dispatch.department) {
        return false;
    }
    let held = match case.status {
        // Our own decision put it there. What is said about the dispatch of that decision counts
        // whatever their clock says; what was said about an earlier one is past.
        Status::Routed => return dispatch.posted_at >= case.status_at,
        // Our own decision, and final.
        Status::Declined => return false,
        // Waits for a decision: because they said it was not theirs, or (nothing dispatched yet)
        // for its first.
        Status::Received if case.rejected_by.contains(&dispatch.department) => 6,
        Status::Received => return false,
        Status::Accepted => 1,
        Status::Planned => 2,
        Status::Waiting => 3,
        Status::Solved => 4,
        Status::Referred => 5,
        // Goes on in another case.
        Status::Duplicate => return false,
    };
    (update.at, rank(&update.say)) >= (case.status_at, held)
}

fn says_more(say: &Say) -> bool {
    match say {
        Say::Accept {} | Say::Reject { .. } | Say::Note { .. } | Say::InternalNote { .. } => false,
        Say::Ask { .. } => true,
        Say::Plan { text, .. } | Say::Refer { text, .. } => text.is_some(),
        Say::Done { text, evidence } => text.is_some() || !evidence.is_empty(),
    }
}

/// Too late to change anything: on the record for colleagues, its words with it.
fn too_late(dispatch: &DispatchRow, update: &Update) -> Applied {
    let department = dispatch.department.clone();
    let mut events = vec![What::Outdated { department: department.clone(), said: update.say.word().to_owned() }];
    if says_more(&update.say) || matches!(update.say, Say::Reject { .. }) {
        events.push(What::InternalNote { department, text: in_words(&update.say) });
    }
    Applied { events, reroute: false }
}

/// A statement as a note among colleagues.
fn in_words(say: &Say) -> String {
    let (head, text) = match say {
        Say::Accept {} => ("accept".to_owned(), None),
        Say::Reject { reason } => ("reject".to_owned(), Some(reason)),
        Say::Note { text } => ("note".to_owned(), Some(text)),
        Say::InternalNote { text } => return text.clone(),
        Say::Ask { text } => ("ask".to_owned(), Some(text)),
        Say::Refer { to, text, .. } => (format!("refer to {to}"), text.as_ref()),
        Say::Plan { on, text } => (format!("plan {on}"), text.as_ref()),
        Say::Done { text, evidence } if evidence.is_empty() => ("done".to_owned(), text.as_ref()),
        Say::Done { text, evidence } => (format!("done ({})", evidence.join(" ")), text.as_ref()),
    };
    text.map_or(head.clone(), |text| format!("{head}: {text}"))
}

#[cfg(test)]
#[path = "apply_tests.rs"]
mod tests;
