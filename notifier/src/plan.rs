//! Who is told of an event, and by which sender. Pure.

use crate::senders;
use schemas::{
    Timestamp, Uuid,
    event::CaseEvent,
    id::derived,
    notice::{Notice, NoticeState},
    report::{Language, Tell},
};

/// The person that a notice goes to: for now only the reporter of the case.
pub const REPORTER: &str = "reporter";

/// The notices of `event`: one per person and sender.
///
/// `tell` and `language` are what the reporter asked for, `available` the names of the senders
/// that are set up, `now` when the plan is made. An event that is not told, a reporter who wants
/// to hear nothing, and a city without a fitting sender give no notices.
pub fn plan(event: &CaseEvent, tell: Tell, language: Language, available: &[&str], now: Timestamp) -> Vec<Notice> {
    if !event.what.is_told() {
        return Vec::new();
    }
    let Some(sender) = senders::preferred(tell, available) else { return Vec::new() };
    vec![Notice {
        id: notice_id(event.id, REPORTER, sender),
        case_id: event.case_id,
        event_id: event.id,
        version: event.version,
        template: event.what.word().to_owned(),
        person: REPORTER.to_owned(),
        sender: sender.to_owned(),
        language,
        state: NoticeState::Planned,
        planned_at: now,
    }]
}

/// The id of the notice that tells `event` to `person` by `sender`: the same on every retry, so
/// that planning twice plans once.
pub fn notice_id(event: Uuid, person: &str, sender: &str) -> Uuid {
    derived(&["notice", &event.to_string(), person, sender])
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::{event::What, reference::Reference, slug::Slug};

    fn event(what: What) -> CaseEvent {
        CaseEvent {
            id: derived(&["event"]),
            case_id: derived(&["case"]),
            reference: Reference::from_number(123_456),
            version: 3,
            at: Timestamp::UNIX_EPOCH,
            what,
        }
    }

    fn senders_of(what: What, tell: Tell, available: &[&str]) -> Vec<String> {
        let notices = plan(&event(what), tell, Language::Fr, available, Timestamp::UNIX_EPOCH);
        notices.into_iter().map(|n| n.sender).collect()
    }

    #[test]
    fn who_is_told_by_what() {
        let note = || What::Note { department: Slug::new("groen").unwrap(), text: "x".into() };
        let internal = || What::InternalNote { department: Slug::new("groen").unwrap(), text: "x".into() };
        let accepted = || What::Accepted { department: Slug::new("groen").unwrap() };
        for (what, tell, available, expected) in [
            (What::Received, Tell::Email, &["mail", "letterbox"][..], &["mail"][..]),
            (What::Received, Tell::Email, &["letterbox", "mail"], &["mail"]),
            (note(), Tell::Email, &["letterbox"], &["letterbox"]),
            (note(), Tell::Email, &[], &[]),
            (note(), Tell::Nothing, &["mail"], &[]),
            (internal(), Tell::Email, &["mail"], &[]),
            (accepted(), Tell::Email, &["mail"], &[]),
        ] {
            let case = format!("{what:?} {tell:?} {available:?}");
            assert_eq!(senders_of(what, tell, available), expected, "{case}");
        }
    }

    #[test]
    fn planning_twice_plans_once() {
        let plan = || plan(&event(What::Received), Tell::Email, Language::Nl, &["mail"], Timestamp::UNIX_EPOCH);
        assert_eq!(plan(), plan());
        let notice = &plan()[0];
        assert_eq!((notice.template.as_str(), notice.version, notice.person.as_str()), ("received", 3, REPORTER));
        assert_ne!(notice.id, notice_id(notice.event_id, REPORTER, "letterbox"));
    }
}
