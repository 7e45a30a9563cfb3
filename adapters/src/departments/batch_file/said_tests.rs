//! What rows say, and what is said about those that say nothing that can be understood.

use super::*;
use crate::testing;
use proptest::prelude::*;

fn line(cells: &[(&str, &str)]) -> Line {
    let cells = cells.iter().map(|(name, cell)| ((*name).to_owned(), (*cell).to_owned())).collect();
    Line { row: 7, cells }
}

fn read(cells: &[(&str, &str)], file: &str) -> Result<Update, Vec<Wrong>> {
    let department = testing::slug("wegen");
    let at = At {
        file: (file, "digest"),
        written: "2026-11-23T09:00:00Z".parse().unwrap(),
        now: testing::now(),
        zone: &testing::city().calendar.zone.clone(),
        department: &department,
    };
    update(&line(cells), Uuid::from_u128(7), Uuid::from_u128(8), at)
}

#[test]
fn rows_are_updates() {
    let text = || Some("Klaar".to_owned());
    for (cells, say) in [
        (&[("what", "accept")][..], Say::Accept {}),
        (&[("what", "Reject"), ("reason", "Gewestweg")], Say::Reject { reason: "Gewestweg".to_owned() }),
        (&[("what", "internal note"), ("text", "Klaar")], Say::InternalNote { text: "Klaar".to_owned() }),
        (&[("what", "plan"), ("on", "30/11/2026")], Say::Plan { on: "2026-11-30".parse().unwrap(), text: None }),
        (
            &[("what", "plan"), ("on", "2026-11-30"), ("text", "Klaar")],
            Say::Plan { on: "2026-11-30".parse().unwrap(), text: text() },
        ),
        (
            &[("what", "done"), ("text", "Klaar"), ("evidence", "https://a.example/1\nhttps://a.example/2")],
            Say::Done {
                text: text(),
                evidence: vec!["https://a.example/1".to_owned(), "https://a.example/2".to_owned()],
            },
        ),
        (
            &[("what", "refer"), ("to", "Fluvius"), ("to_phone", "+32")],
            Say::Refer { to: "Fluvius".to_owned(), phone: Some("+32".to_owned()), url: None, text: None },
        ),
    ] {
        assert_eq!(read(cells, "a.csv").unwrap().say, say, "{cells:?}");
    }
}

#[test]
fn times_are_read_as_people_write_them() {
    for (cell, at) in [
        ("2026-11-23T08:00:00Z", "2026-11-23T08:00:00Z"),
        ("2026-11-23T09:00:00+01:00", "2026-11-23T08:00:00Z"),
        ("2026-11-23 09:00", "2026-11-23T08:00:00Z"),
        ("23/11/2026 09:00:30", "2026-11-23T08:00:30Z"),
        ("22-11-2026", "2026-11-22T22:59:59Z"),
        // Today goes until the file was written.
        ("2026-11-23", "2026-11-23T09:00:00Z"),
    ] {
        let update = read(&[("what", "accept"), ("at", cell)], "a.csv").unwrap();
        assert_eq!(update.at.to_string(), at, "{cell}");
    }
    assert_eq!(read(&[("what", "accept")], "a.csv").unwrap().at.to_string(), "2026-11-23T09:00:00Z");
}

#[test]
fn what_cannot_be_understood_is_named_with_its_fix() {
    for (cells, field, part) in [
        (&[("text", "hallo")][..], "what", "one of accept"),
        (&[("what", "don")], "what", "did you mean `done`"),
        (&[("what", "plan")], "on", "which day"),
        (&[("what", "plan"), ("on", "maandag")], "on", "`maandag` is no day"),
        (&[("what", "plan"), ("on", "1/2/1999")], "on", "no day"),
        (&[("what", "plan"), ("on", "2026-01-01")], "on", "write a day from then"),
        (&[("what", "note")], "text", "write a sentence"),
        (&[("what", "reject")], "reason", "write a sentence"),
        (&[("what", "accept"), ("at", "straks")], "at", "no time"),
        (&[("what", "accept"), ("at", "2026-11-23T12:00:00Z")], "at", "future"),
        (&[("what", "done"), ("evidence", "foto")], "evidence/0", "https://"),
        (&[("what", "accept"), ("id", "a b")], "id", "visible ASCII"),
    ] {
        let wrong = read(cells, "a.csv").unwrap_err();
        assert!(
            wrong.iter().any(|w| w.row == 7 && w.field == field && w.message.contains(part)),
            "{cells:?}: {wrong:?}"
        );
    }
}

#[test]
fn a_row_is_known_by_what_it_says_and_when() {
    let id = |cells: &[(&str, &str)], file: &str| read(cells, file).unwrap().id;
    let timed = [("what", "note"), ("text", "x"), ("at", "2026-11-23 09:00")];
    assert_eq!(id(&timed, "a.csv"), id(&timed, "b.csv"));
    assert_ne!(id(&timed, "a.csv"), id(&[timed[0], ("text", "y"), timed[2]], "a.csv"));
    let bare = [("what", "note"), ("text", "x")];
    assert_eq!(id(&bare, "a.csv"), id(&bare, "a.csv"));
    assert_ne!(id(&bare, "a.csv"), id(&bare, "b.csv"));
    assert_eq!(id(&[bare[0], bare[1], ("id", "W-7-1")], "a.csv"), "W-7-1");
}

#[test]
fn who_names_a_case_means_the_dispatch_that_they_had() {
    let [first, second] = [1, 2].map(Uuid::from_u128);
    let rows =
        [(first, "2026-11-23T09:00:00Z"), (second, "2026-11-24T09:00:00Z")].map(|(id, at)| (id, at.parse().unwrap()));
    for (at, wanted) in [
        ("1970-01-01T00:00:00Z", first),
        ("2026-11-23T15:00:00Z", first),
        ("2026-11-24T08:55:00Z", second),
        ("2026-11-25T08:00:00Z", second),
    ] {
        assert_eq!(meant(&rows, at.parse().unwrap()), Some(wanted), "{at}");
    }
    assert_eq!(meant(&[], testing::now()), None);
}

#[test]
fn a_row_says_which_dispatch_it_is_about() {
    let id = Uuid::from_u128(7);
    let dispatch = id.to_string();
    for (cells, which) in [
        (&[("dispatch", dispatch.as_str()), ("reference", "x")][..], Ok(Which::Dispatch(id))),
        (&[("their_number", " W  7 ")], Ok(Which::Number("W 7".to_owned()))),
        (&[("reference", "1234 5671")], Ok(Which::Reference(Reference::from_number(1_234_567)))),
        // A spreadsheet took it for a number.
        (
            &[("reference", Reference::from_number(42).digits().trim_start_matches('0'))],
            Ok(Which::Reference(Reference::from_number(42))),
        ),
        (&[("reference", "1234 5672")], Err("reference")),
        (&[("dispatch", "7")], Err("dispatch")),
        (&[], Err("dispatch")),
    ] {
        assert_eq!(Which::read(&line(cells)).map_err(|wrong| wrong.field), which.map_err(str::to_owned), "{cells:?}");
    }
    assert!(is_silent(&line(&[("dispatch", "7"), ("remark", "x")])));
    assert!(!is_silent(&line(&[("text", "x")])));
}

#[test]
fn receipts_say_which_rows_were_taken() {
    let dispatch = Uuid::from_u128(7).to_string();
    let taken = answered(&line(&[("dispatch", &dispatch), ("result", "Accepted"), ("their_number", "W-7")])).unwrap();
    assert_eq!((taken.answer, taken.number.as_deref()), (BatchAnswer::Accepted, Some("W-7")));
    let all = answered(&line(&[("dispatch", "*"), ("result", "rejected"), ("reason", "vol")])).unwrap();
    assert_eq!((all.which, all.answer, all.reason.as_str()), (None, BatchAnswer::Rejected, "vol"));
    for (cells, field) in [
        (&[("dispatch", dispatch.as_str())][..], "result"),
        (&[("dispatch", dispatch.as_str()), ("result", "ok")], "result"),
        (&[("dispatch", dispatch.as_str()), ("result", "rejected")], "reason"),
        (&[("their_number", "W-7"), ("result", "accepted")], "dispatch"),
    ] {
        assert_eq!(answered(&line(cells)).unwrap_err().field, field, "{cells:?}");
    }
}

proptest! {
    #[test]
    fn nothing_that_is_written_breaks_a_row(cells in prop::collection::btree_map(prop::sample::select(&SPEAKS[..]), "\\PC{0,20}", 0..9)) {
        let cells: Vec<(&str, &str)> = cells.iter().map(|(name, cell)| (*name, cell.as_str())).collect();
        _ = read(&cells, "a.csv");
        _ = answered(&line(&cells));
        _ = Which::read(&line(&cells));
    }

    #[test]
    fn days_and_moments_are_read_without_panic(text in "\\PC{0,30}|[0-9/: T.-]{0,20}") {
        _ = read(&[("what", "plan"), ("on", &text), ("at", &text)], "a.csv");
    }
}
