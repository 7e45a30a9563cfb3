//! What takes a server, or us, longer than one round.

use super::*;
use crate::testing::both;

both! {
    an_old_letter_sent_now_is_not_read_back_for_in_the_extension,
    an_old_letter_sent_now_is_not_read_back_for_in_the_list,
    a_late_number_is_read_for_in_rounds_that_end_in_the_extension,
    a_late_number_is_read_for_in_rounds_that_end_in_the_list,
    a_short_list_of_many_results_is_read_on_from_where_it_came,
    what_may_have_arrived_long_ago_is_looked_for_where_it_can_stand,
    a_list_too_long_for_one_look_is_looked_through_in_several,
    one_round_holds_only_so_much,
}

/// Makes the round as often as it asks for at once; gives how often. One that never ends fails.
async fn rounds(town: &Town) -> usize {
    for n in 0..20 {
        if !town.rounds.once().await.unwrap() {
            return n;
        }
    }
    panic!("it asks without end");
}

/// How many times their server was asked.
fn asked(town: &Town) -> usize {
    town.fake(|fake| fake.calls())
}

fn pulls() -> serde_json::Value {
    json!({"updates": "pull"})
}

fn follows() -> serde_json::Value {
    json!({"follow": "changes", "format": "json"})
}

async fn old(hands: Hands, tools: IntakeTools, settings: serde_json::Value) {
    let town = Town::new(&hands, tools, offers(), settings.clone()).await;
    let known = routed(&town.tools, PUSHED, Role::Lead).await;
    town.deliver(&known).await;
    town.round().await;
    // A dead letter of long ago: their server said no.
    let old = routed(&town.tools, PUSHED, Role::Lead).await;
    town.next(&[Manner::Away]);
    assert_eq!(town.deliver(&old).await.word(), "later");
    for _ in 0..5 {
        town.after(20 * DAY).await;
    }
    assert_eq!(town.deliver(&old).await, Verdict::receipt("638345"), "{settings}");
    town.say("638344", "closed", "Klaar");
    let before = asked(&town);
    town.hands.pass(5 * MINUTE);
    assert_eq!(rounds(&town).await, 1, "{settings}");
    assert_eq!(asked(&town) - before, 1, "{settings}");
    assert_eq!(town.round().await, 1, "{settings}");
    assert!(town.timeline(&known).await.ends_with("solved"));
}

async fn an_old_letter_sent_now_is_not_read_back_for_in_the_extension((hands, _bed, tools): Desk) {
    old(hands, tools, pulls()).await;
}

async fn an_old_letter_sent_now_is_not_read_back_for_in_the_list((hands, _bed, tools): Desk) {
    old(hands, tools, follows()).await;
}

async fn late(hands: Hands, tools: IntakeTools, settings: serde_json::Value) {
    let town = Town::new(&hands, tools, offers(), settings.clone()).await;
    let known = routed(&town.tools, PUSHED, Role::Lead).await;
    town.deliver(&known).await;
    town.round().await;
    // It arrived, and nobody knows: until a hundred days later.
    let late = routed(&town.tools, PUSHED, Role::Lead).await;
    town.next(&[Manner::Breaks]);
    assert_eq!(town.deliver(&late).await.word(), "unknown");
    town.after(DAY).await;
    town.say("638345", "in_progress", "Gezien");
    for _ in 0..10 {
        town.after(10 * DAY).await;
    }
    town.say("638345", "in_progress", "Bezig");
    town.say("638344", "closed", "Klaar");
    assert_eq!(town.deliver(&late).await, Verdict::receipt("638345"), "{settings}");
    town.hands.pass(5 * MINUTE);
    assert!(town.rounds.once().await.unwrap());
    let first = waiting(&town.tools.store, &Lane::updates()).await;
    assert!(first.len() >= 2, "what is said now waits for nothing: {settings}");
    let ids: Vec<_> = first.iter().map(|letter| letter.id).collect();
    town.tools.store.release(&ids).await.unwrap();
    let before = town.state().await.state["reach"].clone();
    assert!(before.is_object(), "there is more to read back: {settings}");
    assert!(rounds(&town).await >= 1, "{settings}");
    assert!(town.state().await.state["reach"].is_null(), "{settings}");
    town.round().await;
    let told = town.timeline(&late).await;
    assert_eq!(told.matches("accepted").count(), 1, "{settings}: {told}");
    let events = town.tools.store.timeline(late.case_id.unwrap(), false).await.unwrap();
    let words = serde_json::to_string(&events).unwrap();
    // The list only says how it stands now.
    assert_eq!(words.matches("Gezien").count(), usize::from(settings["updates"] == "pull"), "{settings}: {words}");
    assert_eq!(words.matches("Bezig").count(), 1, "{settings}: {words}");
    assert!(town.timeline(&known).await.ends_with("solved"), "{settings}");
    assert_eq!(town.after(5 * MINUTE).await, 0, "{settings}");
}

async fn a_late_number_is_read_for_in_rounds_that_end_in_the_extension((hands, _bed, tools): Desk) {
    late(hands, tools, pulls()).await;
}

async fn a_late_number_is_read_for_in_rounds_that_end_in_the_list((hands, _bed, tools): Desk) {
    late(hands, tools, follows()).await;
}

async fn a_short_list_of_many_results_is_read_on_from_where_it_came((hands, _bed, tools): Desk) {
    let setup = Setup { most: 10, ..offers() };
    let settings = json!({"updates": "pull", "most": 10, "overlap": "6h", "format": "json"});
    let town = Town::new(&hands, tools, setup, settings).await;
    let letter = routed(&town.tools, PUSHED, Role::Lead).await;
    town.deliver(&letter).await;
    town.round().await;
    let begin = town.tools.clock.now();
    // The overlap alone needs more calls than one round has.
    for n in 0..600 {
        town.fake(|fake| fake.say("638344", begin + Duration::from_secs(36 * n), |_| {}));
    }
    town.say_at("638344", begin + Duration::from_secs(6 * 3600), "closed", "Klaar");
    town.hands.pass(6 * 3600);
    // However much there is: each round ends, and what is said is heard.
    for _ in 0..3 {
        rounds(&town).await;
        town.hands.pass(5 * MINUTE);
    }
    for _ in 0..8 {
        town.after(3600).await;
    }
    assert!(town.timeline(&letter).await.ends_with("solved"), "{}", town.timeline(&letter).await);
}

async fn what_may_have_arrived_long_ago_is_looked_for_where_it_can_stand((hands, _bed, tools): Desk) {
    for (manner, posts) in [(Manner::Breaks, 1), (Manner::Away, 2)] {
        let town = Town::new(&hands, tools.clone(), offers(), json!({"discover": false, "tokens_within": "2h"})).await;
        let letter = routed(&town.tools, PUSHED, Role::Lead).await;
        town.next(&[manner]);
        town.cut_off(&letter).await;
        town.hands.pass(100 * DAY);
        let before = asked(&town);
        assert_eq!(town.deliver(&letter).await, Verdict::receipt("638344"), "{manner:?}");
        assert_eq!((town.fake(|fake| fake.requests().len()), asked(&town) - before), (1, posts), "{manner:?}");
        clear(&town).await;
    }
}

async fn a_list_too_long_for_one_look_is_looked_through_in_several((hands, _bed, tools): Desk) {
    let settings = json!({"discover": false, "window": "1d", "tokens_within": "90d"});
    for manner in [Manner::Breaks, Manner::Away] {
        let town = Town::new(&hands, tools.clone(), offers(), settings.clone()).await;
        let letter = routed(&town.tools, PUSHED, Role::Lead).await;
        town.next(&[manner]);
        town.cut_off(&letter).await;
        // Their own clock of it is that of the day on which they took it from their pile.
        let taken = town.tools.clock.now() + Duration::from_secs(80 * 86_400);
        town.fake(|fake| fake.requested_at("638344", taken));
        town.hands.pass(100 * DAY);
        let first = town.deliver(&letter).await;
        assert!(matches!(&first, Verdict::Later { why, .. } if why.contains("looked through up to")), "{first:?}");
        town.hands.pass(60);
        assert_eq!(town.deliver(&letter).await, Verdict::receipt("638344"), "{manner:?}");
        assert_eq!(town.fake(|fake| fake.requests().len()), 1, "{manner:?}");
        clear(&town).await;
    }
}

async fn one_round_holds_only_so_much((hands, _bed, tools): Desk) {
    let settings = json!({"updates": "pull", "window": "1h", "format": "json"});
    // Five megabytes take a while on a busy machine.
    let town = Town::with_patience(&hands, tools, offers(), settings, 20_000).await;
    let letter = routed(&town.tools, PUSHED, Role::Lead).await;
    town.deliver(&letter).await;
    town.round().await;
    let begin = town.tools.clock.now();
    let long = "x".repeat(5 << 20);
    for n in 1..=6 {
        let notes = format!("Bericht {n}. {long}");
        town.say_at("638344", begin + Duration::from_secs(3600 * n), "open", &notes);
    }
    town.hands.pass(7 * 3600);
    assert_eq!(rounds(&town).await, 2, "four answers of 5 MB, then the rest");
    town.round().await;
    let events = town.tools.store.timeline(letter.case_id.unwrap(), false).await.unwrap();
    let words = serde_json::to_string(&events).unwrap();
    for n in 1..=6 {
        assert_eq!(words.matches(&format!("Bericht {n}.")).count(), 1, "{n}");
    }
}
