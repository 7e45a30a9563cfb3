use super::*;
use crate::{
    intake::{
        Accepted, IntakeTools, accept,
        guard::{Clues, Config},
    },
    rounds::RoundWorker,
    testing::{self, Desk, timeline, waiting},
};
use schemas::{
    Timestamp,
    id::derived,
    letter::{Lane, Topic},
    person::{KnownAddress, Person, Rhythm},
    report::{Language, Tell},
    submission::Submission,
    way::Address,
};
use std::sync::Arc;
use store::{AuditFilter, Receipt};

testing::both! {
    what_is_held_goes_to_nobody_and_is_released_once,
    what_is_released_twice_at_once_is_released_once,
    what_is_refused_is_told_only_where_the_address_is_proven,
    what_nobody_looks_at_is_released_by_itself,
    a_block_says_what_is_wrong_with_it,
}

async fn held(tools: &IntakeTools, email: &str) -> Receipt {
    let submission = Submission {
        category: "wegen/put".to_owned(),
        words: format!("Een put, zegt {email}"),
        contact: Some(Contact { email: Some(email.to_owned()), ..Contact::default() }),
        tell: Some(Tell::Email),
        ..Submission::default()
    };
    let checked = submission.check(&tools.city).unwrap();
    let clues = Clues { trap: true, ..Clues::default() };
    match accept(tools, &testing::slug("web"), None, checked, clues, Trace::start()).await.unwrap() {
        Accepted::New(receipt) => receipt,
        other => panic!("{other:?}"),
    }
}

async fn deeds(tools: &IntakeTools) -> Vec<String> {
    let found = tools.store.audit(AuditFilter { limit: 99, ..AuditFilter::default() }).await.unwrap();
    found.into_iter().map(|entry| format!("{} {} {}", entry.who, entry.deed, entry.what)).collect()
}

async fn what_is_held_goes_to_nobody_and_is_released_once((hands, _bed, tools): Desk) {
    let receipt = held(&tools, "an@example.org").await;
    assert!(tools.store.is_hidden(receipt.id).await.unwrap());
    assert_eq!(timeline(&tools.store, receipt.id).await, "received", "whoever sent it sees it like any other");
    let listed = list(&tools.store, State::Held, 10).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].report.reference, receipt.reference);
    assert_eq!(listed[0].contact.as_ref().unwrap().email.as_deref(), Some("an@example.org"));
    for lane in [Lane::router(), Lane::notifier()] {
        assert!(waiting(&tools.store, &lane).await.is_empty(), "{lane}");
    }
    hands.pass(60);
    assert_eq!(release(&tools.store, receipt.reference, "Bo").await.unwrap(), Outcome::Done);
    let again = release(&tools.store, receipt.reference, "Bo").await.unwrap();
    assert_eq!(again, Outcome::Over(State::Released));
    let refused = refuse(&tools.store, &tools.city, receipt.reference, "te laat", "Bo").await.unwrap();
    assert_eq!(refused, Outcome::Over(State::Released));
    let routed = waiting(&tools.store, &Lane::router()).await;
    assert_eq!(routed.iter().map(|letter| letter.topic).collect::<Vec<_>>(), [Topic::ReportReceived]);
    assert_eq!(waiting(&tools.store, &Lane::notifier()).await.len(), 1, "now the reporter is told");
    assert_eq!(timeline(&tools.store, receipt.id).await, "received");
    assert!(!tools.store.is_hidden(receipt.id).await.unwrap());
    assert_eq!(deeds(&tools).await, [format!("Bo abuse.release {}", receipt.reference)]);
    let free = testing::filed(&tools).await;
    assert_eq!(release(&tools.store, free.reference, "Bo").await.unwrap(), Outcome::Unknown);
}

async fn what_is_released_twice_at_once_is_released_once((_hands, _bed, tools): Desk) {
    let receipt = held(&tools, "an@example.org").await;
    let (store, reference) = (&tools.store, receipt.reference);
    let (a, b, c) = tokio::join!(
        release(store, reference, "A"),
        release(store, reference, "B"),
        refuse(store, &tools.city, reference, "neen", "C"),
    );
    let done = [a.unwrap(), b.unwrap(), c.unwrap()].into_iter().filter(|one| *one == Outcome::Done).count();
    assert_eq!(done, 1);
    assert_eq!(deeds(&tools).await.len(), 1);
    let (routed, case) = (waiting(store, &Lane::router()).await.len(), store.case(receipt.id).await.unwrap().is_some());
    assert!(routed + usize::from(case) == 1, "either routed or refused: {routed} {case}");
}

async fn prove(tools: &IntakeTools, email: &str) {
    let now = tools.clock.now();
    let id = derived(&["person", email]);
    let address = Address::Email(email.to_owned());
    let key = tools.store.address_keys().await.unwrap().of(&address);
    let person = Person {
        id,
        token: tools.ids.token(),
        name: None,
        language: Language::NL,
        quiet: None,
        rhythm: Rhythm::default(),
        made_at: now,
    };
    let known = KnownAddress { person: id, rank: 0, address, key, verified_at: Some(now) };
    let mut tx = tools.store.begin().await.unwrap();
    tx.put_person(&person).await.unwrap();
    tx.put_address(&known).await.unwrap();
    tx.commit().await.unwrap();
}

async fn what_is_refused_is_told_only_where_the_address_is_proven((_hands, _bed, tools): Desk) {
    prove(&tools, "known@example.org").await;
    for (email, told) in [("typed@example.org", 0), ("known@example.org", 1)] {
        let receipt = held(&tools, email).await;
        let reason = "Dit is reclame.\nWij doen er niets mee.";
        let outcome = refuse(&tools.store, &tools.city, receipt.reference, reason, "Bo").await.unwrap();
        assert_eq!(outcome, Outcome::Done);
        assert_eq!(timeline(&tools.store, receipt.id).await, "received declined");
        let case = tools.store.case(receipt.id).await.unwrap().unwrap();
        assert_eq!((case.status, case.version, case.closed_at.is_some()), (Status::Declined, 2, true));
        assert!(tools.store.is_hidden(receipt.id).await.unwrap(), "what is refused is never public");
        assert_eq!(waiting(&tools.store, &Lane::notifier()).await.len(), told, "{email}");
        assert!(waiting(&tools.store, &Lane::router()).await.is_empty());
        let again = refuse(&tools.store, &tools.city, receipt.reference, reason, "Bo").await.unwrap();
        assert_eq!(again, Outcome::Over(State::Refused));
    }
}

async fn what_nobody_looks_at_is_released_by_itself((hands, _bed, tools): Desk) {
    let receipt = held(&tools, "an@example.org").await;
    let until = tools.store.held_report(receipt.id).await.unwrap().unwrap().until;
    assert_eq!(until, tools.city.calendar.working_time_after(tools.clock.now(), 1));
    let round = Arc::new(HeldRound::new(tools.store.clone(), Config::default()));
    let worker = RoundWorker::of_the_house(tools.store.clone(), NAME, round);
    let wait = |until: Timestamp| until.duration_since(tools.clock.now()).as_secs();
    hands.pass(wait(until) - 60);
    assert!(worker.once().await.unwrap());
    assert!(tools.store.is_hidden(receipt.id).await.unwrap(), "a minute before");
    hands.pass(120);
    assert!(worker.once().await.unwrap());
    let held = tools.store.held_report(receipt.id).await.unwrap().unwrap();
    assert_eq!(held.state, State::Released);
    assert_eq!(waiting(&tools.store, &Lane::router()).await.len(), 1);
    hands.pass(120);
    assert!(worker.once().await.unwrap());
    assert_eq!(tools.store.held_count().await.unwrap(), (0, None));
}

async fn a_block_says_what_is_wrong_with_it((_hands, _bed, tools): Desk) {
    for (sender, days, reason, field) in [
        (Sender::Email("nobody".to_owned()), 1, "spam", "email"),
        (Sender::Domain("localhost".to_owned()), 1, "spam", "domain"),
        (Sender::Phone("123".to_owned()), 1, "spam", "phone"),
        (Sender::Network("0.0.0.0/0".to_owned()), 1, "spam", "network"),
        (Sender::Domain("bad.example".to_owned()), 0, "spam", "days"),
        (Sender::Domain("bad.example".to_owned()), 9_999, "spam", "days"),
        (Sender::Domain("bad.example".to_owned()), 1, " \n", "reason"),
    ] {
        let wrong = block(&tools.store, "BE", &sender, days, reason, "An").await.unwrap().unwrap_err();
        assert_eq!(wrong.field, field, "{sender:?}");
    }
    assert!(deeds(&tools).await.is_empty());
    // Once more is until the new day.
    let sender = Sender::Domain("@Bad.Example".to_owned());
    for days in [1, 30] {
        block(&tools.store, "BE", &sender, days, "spam", "An").await.unwrap().unwrap();
    }
    let listed = tools.store.blocks(tools.clock.now(), 9).await.unwrap();
    assert_eq!(listed.iter().map(|block| block.key.as_str()).collect::<Vec<_>>(), ["bad.example"]);
    assert_eq!(listed[0].until, tools.clock.now() + std::time::Duration::from_hours(30 * 24));
}
