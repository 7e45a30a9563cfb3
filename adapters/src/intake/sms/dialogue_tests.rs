//! Conversations, message by message.

use super::*;
use proptest::prelude::*;

fn open(n: u32, asked: bool) -> Open {
    Open { report: Uuid::from_u128(u128::from(n)), reference: Reference::from_number(n), asked }
}

fn known(open: &[Open]) -> Known<'_> {
    Known { languages: &Language::BUILT_IN, open, emergency: None, may_help: true }
}

/// What is said and done, message by message: `where`, `file Een put @ Markt`, `wrote 1 words`, …
fn talk(messages: &[&str], known: &Known<'_>) -> Vec<String> {
    let mut state = None;
    let mut told = Vec::new();
    for message in messages {
        let next = step(state.as_ref(), message, known);
        let say = next.say.map(|say| match say {
            Say::Help => "help".to_owned(),
            Say::What => "what".to_owned(),
            Say::Where => "where".to_owned(),
            Say::Which(of) => format!("which {}", of.len()),
        });
        let act = match next.act {
            Act::Nothing => None,
            Act::Wrote { report, words } => Some(format!("wrote {} {}", report.as_u128(), words.replace('\n', "/"))),
            Act::File { words, place: None } => Some(format!("file {}", words.replace('\n', "/"))),
            Act::File { words, place: Some(place) } => Some(format!("file {} @ {place}", words.replace('\n', "/"))),
        };
        told.push([say, act].into_iter().flatten().collect::<Vec<_>>().join(" "));
        state = next.state;
    }
    told
}

#[test]
fn what_is_missing_is_asked() {
    let nobody = known(&[]);
    for (messages, told) in [
        (&["Er ligt zwerfvuil"][..], &["where"][..]),
        (&["Er ligt zwerfvuil", "Doorniksestraat 12"], &["where", "file Er ligt zwerfvuil @ Doorniksestraat 12"]),
        (&["Er ligt zwerfvuil", "?"], &["where", "help"]),
        (&["Er ligt zwerfvuil", "."], &["where", "file Er ligt zwerfvuil"]),
        (&["Put in de Doorniksestraat"], &["file Put in de Doorniksestraat"]),
        (&["Hallo", "De lamp is stuk", "Markt"], &["what", "where", "file Hallo/De lamp is stuk @ Markt"]),
        // At most two questions, whatever is said.
        (&["Hallo", "hm", "x"], &["what", "what", "file Hallo/hm/x"]),
        (&["Bedankt!"], &[""]),
        (&["HELP", "Er ligt zwerfvuil"], &["help", "where"]),
        (&[""], &[""]),
    ] {
        assert_eq!(talk(messages, &nobody), told, "{messages:?}");
    }
    let helped = Known { may_help: false, ..nobody };
    assert_eq!(talk(&["HELP", "HULP"], &helped), ["", ""], "once a day");
}

#[test]
fn cases_are_told_apart() {
    let (one, two, waits) = ([open(1, false)], [open(1, false), open(2, false)], [open(1, false), open(2, true)]);
    let second = Reference::from_number(2).to_string();
    let named = format!("Over {second}: het is opgelost");
    for (open, messages, told) in [
        (&one[..], &["Het is aan de linkerkant"][..], vec!["wrote 1 Het is aan de linkerkant".to_owned()]),
        (&one, &["Nieuw: de lamp is stuk"], vec!["where".to_owned()]),
        (&two, &[&named], vec![format!("wrote 2 {named}")]),
        (&two, &["Wanneer komt u?", "2"], vec!["which 2".to_owned(), "wrote 2 Wanneer komt u?".to_owned()]),
        (&two, &["Wanneer komt u?", &second], vec!["which 2".to_owned(), "wrote 2 Wanneer komt u?".to_owned()]),
        (
            &two,
            &["De lamp is stuk", "NIEUW", "Markt 1"],
            vec!["which 2".to_owned(), "where".to_owned(), "file De lamp is stuk @ Markt 1".to_owned()],
        ),
        (&two, &["De lamp is stuk", "3"], vec!["which 2".to_owned(), "where".to_owned()]),
        (
            &two,
            &["Dag", "De lamp is stuk aan de kerk", "x"],
            vec!["which 2".to_owned(), "file Dag/De lamp is stuk aan de kerk".to_owned(), "which 2".to_owned()],
        ),
        // One that is waited for.
        (&waits, &["Aan de linkerkant"], vec!["wrote 2 Aan de linkerkant".to_owned()]),
    ] {
        assert_eq!(talk(messages, &known(open)), told, "{messages:?}");
    }
    let many: Vec<Open> = (1..9).map(|n| super::tests::open(n, false)).collect();
    assert_eq!(talk(&["Wanneer?"], &known(&many)), ["which 3"]);
}

#[test]
fn what_cannot_wait_waits_for_no_choice() {
    let open = [open(1, false), open(2, false)];
    let fire = Known { emergency: Some("112"), ..known(&open) };
    let next = step(None, "Brand in de Doorniksestraat", &fire);
    assert_eq!(next.emergency.as_deref(), Some("112"));
    assert!(matches!(next.act, Act::File { .. }) && next.say.is_none(), "{next:?}");
    let next = step(None, "Er is brand", &fire);
    assert_eq!((next.emergency.as_deref(), next.say), (Some("112"), Some(Say::Where)));
}

#[test]
fn the_language_of_the_first_words_stays() {
    let first = step(None, "Il y a un trou dans la chaussée", &known(&[]));
    assert_eq!(first.language, Language::FR);
    let first = step(None, "The light is broken", &known(&[]));
    let then = step(first.state.as_ref(), "Markt de het een", &known(&[]));
    assert_eq!(then.language, Language::EN);
    assert_eq!(step(None, "x", &known(&[])).language, Language::NL);
}

#[test]
fn a_conversation_whose_time_is_over_is_a_report_of_what_there_is() {
    let state = |expects, words: &str| State {
        language: Language::NL,
        expects,
        words: words.to_owned(),
        asked: 1,
        offered: Vec::new(),
    };
    let file = |words: &str| Act::File { words: words.to_owned(), place: None };
    for (expects, words, act) in [
        (Expects::Where, "De lamp is stuk", file("De lamp is stuk")),
        (Expects::Which, "Wanneer?", file("Wanneer?")),
        (Expects::What, "Hallo", Act::Nothing),
        (Expects::What, "", Act::Nothing),
        (Expects::Where, " ", Act::Nothing),
    ] {
        assert_eq!(end(&state(expects, words)), act, "{words}");
    }
}

proptest! {
    #[test]
    fn every_conversation_ends_and_loses_nothing(
        messages in prop::collection::vec("[a-zA-Z0-9 ?.é]{0,24}|HELP|1|2|NEW|NIEUW x|Er ligt zwerfvuil", 1..8),
        cases in 0..4u32, asked: bool, emergency: bool,
    ) {
        let open: Vec<Open> = (0..cases).map(|n| open(n, asked && n == 0)).collect();
        let known = Known { emergency: emergency.then_some("112"), ..known(&open) };
        let (mut state, mut questions): (Option<State>, u8) = (None, 0);
        for message in &messages {
            let next = step(state.as_ref(), message, &known);
            if state.is_none() {
                questions = 0;
            }
            questions += u8::from(matches!(next.say, Some(Say::What | Say::Where | Say::Which(_))));
            prop_assert!(questions <= MOST_QUESTIONS, "{:?}", messages);
            // Either it goes on, or something is done, or nothing was said that means anything.
            if let Some(state) = &next.state {
                prop_assert!(state.asked <= MOST_QUESTIONS && state.words.chars().count() <= MAX_WORDS);
            } else if let Some(before) = &state {
                let kept = match &next.act {
                    Act::Wrote { words, .. } | Act::File { words, .. } => words.contains(&before.words),
                    Act::Nothing => before.words.trim().is_empty(),
                };
                prop_assert!(kept, "{:?} lost {:?}", next, before);
            }
            state = next.state;
        }
    }

    #[test]
    fn no_words_make_it_fail(said in "(?s).{0,300}", before in "(?s).{0,300}") {
        let open = [open(1, false), open(2, true)];
        let first = step(None, &before, &known(&open));
        step(first.state.as_ref(), &said, &known(&open));
        step(first.state.as_ref(), &said, &known(&[]));
    }
}
