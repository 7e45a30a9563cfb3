//! What residents say of their case afterwards: answers to what a department asked, and what they write
//! back to a message. Pure.

use crate::{
    case::{Case, Part, Status},
    city::Calendar,
    event::{CaseEvent, What},
    letter::{Lane, Letter, Topic},
    report::{Received, Why},
    slug::DepartmentId,
    text,
    trace::Trace,
};
use jiff::Timestamp;
use uuid::Uuid;

/// The most characters of what a resident says.
pub const MAX_WORDS: usize = 2_000;

/// The letter by which what a resident wrote back, by mail or by text message, gets onto the case of `report`;
/// `None` when nothing can be read in it. `id` is that of what came in, so that the same message twice is heard
/// once. Of very long words the beginning goes.
pub fn wrote_back(report: Uuid, id: Uuid, words: &str, trace: Trace, now: Timestamp) -> Option<Letter> {
    wrote_with(report, id, words, Vec::new(), trace, now)
}

/// The same, with photos that are kept and not yet of any report.
pub fn wrote_with(
    report: Uuid,
    id: Uuid,
    words: &str,
    photos: Vec<Uuid>,
    trace: Trace,
    now: Timestamp,
) -> Option<Letter> {
    let mut text = text::clean(words);
    if text::length(&text) > MAX_WORDS {
        text = text.chars().take(MAX_WORDS - 4).collect::<String>() + " (…)";
    }
    if text.trim().is_empty() {
        return None;
    }
    let body = Received { report, why: Why::Wrote { text, photos } };
    Some(Letter::new(id, Lane::router(), Topic::ReportReceived, "wrote", &body, trace, now).about(report))
}

/// The last question of `case` that waits for its answer, among its events: the version at which it was
/// asked, who asks, and what. When several departments do the case, each waits for its own answer.
pub fn question<'a>(case: &Case, events: &'a [CaseEvent]) -> Option<(i64, &'a DepartmentId, &'a str)> {
    if case.status != Status::Waiting {
        return None;
    }
    let waits = |id: &DepartmentId| {
        case.parts.is_empty() || case.parts.iter().any(|part| part.department == *id && part.status == Status::Waiting)
    };
    events.iter().rev().find_map(|event| match &event.what {
        What::Asked { department, text } if waits(department) => Some((event.version, department, text.as_str())),
        _ => None,
    })
}

/// `department` has its answer. Whoever else asked something waits on.
pub fn answered(case: &mut Case, department: &DepartmentId, calendar: &Calendar, now: Timestamp) {
    let waits = |part: &Part| part.status == Status::Waiting && part.department != *department;
    if !case.parts.iter().any(waits) {
        return case.go_on(calendar, now);
    }
    for part in case.parts.iter_mut().filter(|part| part.department == *department) {
        (part.status, part.status_at) = (Status::Accepted, now);
    }
    case.watch.nudged_at = None;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_back_is_cut_and_nothing_is_nothing() {
        let (report, id) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let letter = |words: &str| wrote_back(report, id, words, Trace::start(), Timestamp::UNIX_EPOCH);
        for nothing in ["", " \n\t", "\u{200b}"] {
            assert!(letter(nothing).is_none(), "{nothing:?}");
        }
        for (words, length, end) in [
            ("Dank u", 6, "u"),
            (&"é".repeat(MAX_WORDS)[..], MAX_WORDS, "é"),
            (&"é".repeat(9_000)[..], MAX_WORDS, "é (…)"),
        ] {
            let Why::Wrote { text, .. } = letter(words).unwrap().read::<Received>().unwrap().why else {
                panic!("words")
            };
            assert_eq!((text::length(&text), text.ends_with(end)), (length, true));
        }
    }
}
