use super::*;
use crate::city::{CallContact, Days, Hours};
use jiff::tz::TimeZone;

#[test]
fn everybody_is_called_in_turn_for_ever_and_the_trail_stays_short() {
    let calendar = Calendar {
        zone: TimeZone::UTC,
        working_days: Vec::new(),
        fixed: [].into(),
        easter_offsets: Vec::new(),
        office_minutes: (0, 0),
    };
    let contact = |who: &str| CallContact {
        who: who.to_owned(),
        phone: "1777".to_owned(),
        hours: Hours::Always,
        days: Days::All,
    };
    let on_call = OnCall { every: 7, desk: None, contacts: vec![contact("a"), contact("b")] };
    let mut now: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
    let mut calls = Calls::default();
    let mut called = String::new();
    for turn in 0..500 {
        let (next, due, again) = calls.next(Some(&on_call), &calendar, now);
        assert_eq!(again, turn > 0 && turn % 2 == 0, "{turn}");
        assert_eq!(due, now + SignedDuration::from_mins(7));
        called.push_str(&next.now.as_ref().unwrap().who);
        (calls, now) = (next, due);
    }
    assert_eq!(called, "ab".repeat(250));
    assert_eq!((calls.before.len(), calls.rounds), (Calls::MOST, 249));
    assert_eq!(calls.before.last().unwrap().who, "a");
    // The list is gone: there is nobody to call, but it is not forgotten.
    let (nobody, due, again) = calls.next(None, &calendar, now);
    assert!(nobody.now.is_none() && again && due > now);
}
