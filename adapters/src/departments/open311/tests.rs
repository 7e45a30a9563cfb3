//! The adapter against a GeoReport server, over HTTP, with the rows of both databases.

mod long;
mod town;

use super::fake::{Call, Offer, Setup};
use crate::{
    intake::IntakeTools,
    testing::{self, Desk, Hands, PUSHED, routed, waiting},
};
use schemas::{
    case::{Role, Status},
    dispatch::{AgainWhy, DispatchState},
    letter::Lane,
    verdict::{Fault, Verdict},
};
use serde_json::json;
use std::time::Duration;
use town::{Manner, Town, again, batches, offers};

const MINUTE: i64 = 60;
const DAY: i64 = 24 * 3600;
async fn walk(hands: Hands, tools: IntakeTools, format: &str) {
    let town = Town::new(&hands, tools, offers(), json!({"format": format})).await;
    let letter = routed(&town.tools, PUSHED, Role::Lead).await;
    assert_eq!(town.deliver(&letter).await, Verdict::receipt("638344"));
    let row = town.row(&letter).await;
    assert_eq!((row.state, row.receipt.as_deref()), (DispatchState::Delivered, Some("638344")));
    assert_eq!(town.round().await, 0, "open by itself says nothing");

    town.hands.pass(3600);
    let day = "2026-11-30T23:30:00+01:00".parse().unwrap();
    town.fake(|fake| fake.say("638344", hands.clock().now(), |request| request.expected = Some(day)));
    assert_eq!(town.round().await, 1);
    let planned = town.tools.store.case(letter.case_id.unwrap()).await.unwrap().unwrap();
    assert_eq!((planned.status, planned.planned_on), (Status::Planned, Some(schemas::Date::constant(2026, 11, 30))));
    for _ in 0..3 {
        assert_eq!(town.after(5 * MINUTE).await, 0, "nothing changed");
    }
    town.hands.pass(3600);
    town.fake(|fake| {
        fake.say("638344", hands.clock().now(), |request| {
            request.status = "closed".to_owned();
            request.notes = "Gedicht & <nagekeken>".to_owned();
            request.media = vec!["https://311.example/na.jpg?a=1&b=2".to_owned()];
        });
    });
    assert_eq!(town.round().await, 1);
    assert_eq!(town.after(5 * MINUTE).await, 0);
    assert_eq!(town.timeline(&letter).await, "received handed_over planned solved");
    let events = town.tools.store.timeline(letter.case_id.unwrap(), false).await.unwrap();
    match &events.last().unwrap().what {
        schemas::event::What::Solved { text, evidence, .. } => {
            assert_eq!(text.as_deref(), Some("Gedicht & <nagekeken>"));
            assert_eq!(evidence, &["https://311.example/na.jpg?a=1&b=2"]);
        }
        other => panic!("{other:?}"),
    }
    // Long closed: nobody asks after it any more.
    assert_eq!(town.after(32 * DAY).await, 0);
    let left = town.tools.store.open311_followed(&testing::slug(PUSHED), "", 10).await.unwrap();
    assert!(left.is_empty(), "{left:?}");
}

async fn a_case_walks_in_xml((hands, _bed, tools): Desk) {
    walk(hands, tools, "xml").await;
}

async fn a_case_walks_in_json((hands, _bed, tools): Desk) {
    walk(hands, tools, "json").await;
}

async fn photos_are_handed_out_as_addresses_that_open((hands, _bed, tools): Desk) {
    let town = Town::new(&hands, tools, offers(), json!({})).await;
    let mut letter = routed(&town.tools, PUSHED, Role::Lead).await;
    let path = format!("/api/v1/departments/{PUSHED}/photos/{}", schemas::Uuid::from_u128(5));
    let mut dispatch: schemas::dispatch::Dispatch = letter.read().unwrap();
    dispatch.photos = vec![path.clone()];
    letter.body = serde_json::value::to_raw_value(&dispatch).unwrap().into();
    town.deliver(&letter).await;
    let address = town.fake(|fake| fake.requests()[0].field("media_url").unwrap().to_owned());
    let key = address.split_once(&format!("{path}?key=")).unwrap().1;
    assert!(testing::tools(town.tools.store.clone()).links.opens(&path, key), "{address}");

    let without = Town::new(&hands, town.tools.clone(), offers(), json!({"photos": false})).await;
    without.deliver(&letter).await;
    without.fake(|fake| {
        let fields = &fake.requests()[0].form;
        assert!(fields.iter().all(|(name, value)| name != "media_url" && !value.contains("/photos/")), "{fields:?}");
    });
}

async fn a_token_becomes_a_number((hands, _bed, tools): Desk) {
    let town = Town::new(&hands, tools, batches(), json!({"tokens_within": "2h"})).await;
    let letter = routed(&town.tools, PUSHED, Role::Lead).await;
    assert_eq!(town.deliver(&letter).await, Verdict::receipt("token t-638344"));
    let row = town.row(&letter).await;
    assert_eq!((row.state, row.why.as_deref()), (DispatchState::Posted, Some("token t-638344")), "not handed over yet");
    assert_eq!(town.round().await, 0);
    assert_eq!(town.row(&letter).await.state, DispatchState::Posted);
    town.after(3600).await;
    let row = town.row(&letter).await;
    assert_eq!((row.state, row.receipt.as_deref()), (DispatchState::Delivered, Some("638344")));
    town.say("638344", "closed", "Klaar");
    assert_eq!(town.after(5 * MINUTE).await, 1);
    assert_eq!(town.timeline(&letter).await, "received handed_over solved");
    assert_eq!(town.fake(|fake| fake.posts()), 1);
}

async fn a_token_without_a_number_is_told_to_colleagues_once((hands, _bed, tools): Desk) {
    let setup = Setup { batch_after: Duration::from_secs(3 * 86_400), ..batches() };
    let town = Town::new(&hands, tools, setup, json!({"tokens_within": "2h"})).await;
    let letter = routed(&town.tools, PUSHED, Role::Lead).await;
    town.deliver(&letter).await;
    assert_eq!(town.after(3600).await, 0);
    town.after(2 * 3600).await;
    town.after(5 * MINUTE).await;
    let events = town.tools.store.timeline(letter.case_id.unwrap(), false).await.unwrap();
    let notes = events.iter().filter(|event| event.what.word() == "internal_note").count();
    assert_eq!(notes, 1, "{events:?}");
}

async fn what_may_have_arrived_is_looked_up_and_never_sent_twice((hands, _bed, tools): Desk) {
    let town = Town::new(&hands, tools, offers(), json!({"discover": false, "format": "json"})).await;
    for manner in [Manner::Hangs, Manner::Breaks] {
        let letter = routed(&town.tools, PUSHED, Role::Lead).await;
        let before = town.fake(|fake| fake.posts());
        town.next(&[manner]);
        assert_eq!(town.deliver(&letter).await.word(), "unknown", "{manner:?}");
        town.hands.pass(10);
        // Their list cannot be asked: nothing is sent.
        town.next(&[Manner::Away]);
        assert_eq!(town.deliver(&letter).await.word(), "later", "{manner:?}");
        town.hands.pass(10);
        let found = town.deliver(&letter).await;
        assert!(matches!(&found, Verdict::Done { receipt: Some(number) } if number.starts_with("6383")), "{found:?}");
        assert_eq!(town.fake(|fake| fake.posts()) - before, 1, "{manner:?}");
        assert_eq!(town.row(&letter).await.state, DispatchState::Delivered);
    }
}

async fn a_process_that_dies_after_the_call_leaves_one_request((hands, _bed, tools): Desk) {
    let town = Town::new(&hands, tools, offers(), json!({})).await;
    let letter = routed(&town.tools, PUSHED, Role::Lead).await;
    assert_eq!(town.cut_off(&letter).await.1, Verdict::receipt("638344"));
    assert_eq!(town.row(&letter).await.state, DispatchState::Posted, "nobody wrote down what came of it");
    town.hands.pass(30);
    assert_eq!(town.deliver(&letter).await, Verdict::receipt("638344"));
    assert_eq!(town.fake(|fake| fake.requests().len()), 1);
    assert_eq!(town.timeline(&letter).await, "received handed_over");
}

async fn what_never_arrived_is_sent_once_their_list_shows_that((hands, _bed, tools): Desk) {
    let town = Town::new(&hands, tools, offers(), json!({"discover": false, "shows_after": "2m"})).await;
    let letter = routed(&town.tools, PUSHED, Role::Lead).await;
    // It breaks off before anything arrives: the process dies, and the server was away.
    town.next(&[Manner::Away]);
    town.cut_off(&letter).await;
    town.hands.pass(30);
    let verdict = town.deliver(&letter).await;
    assert!(matches!(&verdict, Verdict::Later { why, .. } if why.contains("shows_after")), "{verdict:?}");
    assert_eq!(town.fake(|fake| fake.posts()), 0);
    town.hands.pass(10 * MINUTE);
    assert_eq!(town.deliver(&letter).await, Verdict::receipt("638344"));
    assert_eq!(town.fake(|fake| fake.requests().len()), 1);
}

async fn an_outage_longer_than_the_window_loses_nothing((hands, _bed, tools): Desk) {
    for updates in ["pull", "none"] {
        let settings = match updates {
            "pull" => json!({"updates": "pull", "window": "1d", "overlap": "15m"}),
            _ => json!({"follow": "changes", "window": "1d", "format": "json"}),
        };
        let town = Town::new(&hands, tools.clone(), offers(), settings).await;
        let letters = [routed(&town.tools, PUSHED, Role::Lead).await, routed(&town.tools, PUSHED, Role::Lead).await];
        for letter in &letters {
            assert_eq!(town.deliver(letter).await.word(), "done");
        }
        town.after(10 * MINUTE).await;
        *town.server.away.lock().unwrap() = true;
        let read = town.state().await.state.clone();
        for hour in 0..3 * 24 {
            assert_eq!(town.after(3600).await, 0);
            match hour {
                5 => town.say("638344", "in_progress", "We zijn bezig"),
                40 => town.say("638345", "closed", "Klaar"),
                60 => town.say("638344", "closed", "Ook klaar"),
                _ => {}
            }
        }
        let waits = town.state().await;
        assert_eq!(waits.state, read, "it does not pretend to have read on");
        assert!(waits.why.unwrap().contains("503"));
        *town.server.away.lock().unwrap() = false;
        // The extension tells each step, the list only how it stands now.
        let heard = town.after(5 * MINUTE).await;
        assert_eq!(heard, if updates == "pull" { 4 } else { 2 }, "{updates}");
        for letter in &letters {
            let told = town.timeline(letter).await;
            assert!(told.ends_with("solved") && told.matches("solved").count() == 1, "{updates}: {told}");
        }
        assert_eq!(town.after(5 * MINUTE).await, 0, "{updates}");
        // The next one has a fresh server, whose numbers begin again.
        clear(&town).await;
    }
}

/// Lets go of everything that a server was asked about.
async fn clear(town: &Town) {
    let mut tx = town.tools.store.begin().await.unwrap();
    let later = town.tools.clock.now() + Duration::from_secs(1);
    tx.drop_open311(&testing::slug(PUSHED), later).await.unwrap();
    tx.commit().await.unwrap();
}

async fn doubles_and_disorder_change_nothing((hands, _bed, tools): Desk) {
    let setup = Setup { doubles: true, backwards: true, ..offers() };
    let town = Town::new(&hands, tools, setup, json!({"updates": "pull", "format": "json"})).await;
    let letter = routed(&town.tools, PUSHED, Role::Lead).await;
    town.deliver(&letter).await;
    town.hands.pass(3600);
    for (minutes, status, notes) in [(0, "investigating", "Gezien"), (1, "in_progress", "Bezig"), (2, "fixed", "Klaar")]
    {
        let at = town.tools.clock.now() + Duration::from_secs(60 * minutes);
        town.say_at("638344", at, status, notes);
    }
    town.after(5 * MINUTE).await;
    for _ in 0..3 {
        town.after(5 * MINUTE).await;
    }
    let case = town.tools.store.case(letter.case_id.unwrap()).await.unwrap().unwrap();
    assert_eq!(case.status, Status::Solved);
    let told = town.timeline(&letter).await;
    assert_eq!(told.matches("solved").count(), 1, "{told}");
    assert_eq!(told.matches("accepted").count(), 1, "said first, heard first: {told}");
    assert!(!told.contains("outdated"), "{told}");
    // Each of their words once, whatever way it came.
    let events = town.tools.store.timeline(letter.case_id.unwrap(), false).await.unwrap();
    let words = serde_json::to_string(&events).unwrap();
    for word in ["Gezien", "Bezig", "Klaar"] {
        assert_eq!(words.matches(word).count(), 1, "{word}: {words}");
    }
}

async fn a_list_that_is_cut_off_is_read_in_halves((hands, _bed, tools): Desk) {
    let setup = Setup { most: 10, ..offers() };
    let town = Town::new(&hands, tools, setup, json!({"updates": "pull", "most": 10, "format": "json"})).await;
    let letter = routed(&town.tools, PUSHED, Role::Lead).await;
    town.deliver(&letter).await;
    town.round().await;
    let begin = town.tools.clock.now();
    for n in 0..45 {
        town.say_at("638344", begin + Duration::from_secs(60 * n), "open", &format!("Bericht {n}."));
        // Many say nothing new, at the same moment.
        town.fake(|fake| fake.say("638344", begin, |_| {}));
    }
    town.fake(|fake| assert_eq!(fake.said().len(), 90));
    let heard = town.after(3600).await;
    assert!(heard >= 45, "{heard}");
    let words =
        serde_json::to_string(&town.tools.store.timeline(letter.case_id.unwrap(), false).await.unwrap()).unwrap();
    for n in 0..45 {
        assert!(words.contains(&format!("Bericht {n}.")), "{n}");
    }
}

async fn strangers_are_counted_and_their_clock_may_run_ahead((hands, _bed, tools): Desk) {
    let town = Town::new(&hands, tools, offers(), json!({"updates": "pull"})).await;
    let letter = routed(&town.tools, PUSHED, Role::Lead).await;
    town.deliver(&letter).await;
    // Somebody else's request, told to the same server.
    let body = "jurisdiction_id=stad.example&api_key=sleutel&service_code=PUT&address_string=x&description=y";
    let call = Call { is_post: true, path: "requests.xml", query: "", body };
    let now = town.tools.clock.now();
    let theirs = town.fake(|fake| fake.answer(call, now).took.unwrap());
    town.hands.pass(3600);
    town.say(&theirs, "closed", "Niet voor ons");
    // Ten minutes ahead of us: heard as soon as our clock is there, and not as of tomorrow.
    let ahead = town.tools.clock.now() + Duration::from_secs(600);
    town.say_at("638344", ahead, "closed", "Klaar");
    assert_eq!(town.round().await, 0);
    assert_eq!(town.after(10 * MINUTE).await, 1);
    assert_eq!(town.timeline(&letter).await, "received handed_over solved");
    let strangers = town.state().await.state["strangers"].as_u64().unwrap();
    assert!(strangers >= 1, "{strangers}");
}

async fn what_was_said_before_we_knew_the_number_is_heard((hands, _bed, tools): Desk) {
    let town = Town::new(&hands, tools, offers(), json!({"updates": "pull"})).await;
    let known = routed(&town.tools, PUSHED, Role::Lead).await;
    town.deliver(&known).await;
    town.round().await;
    let letter = routed(&town.tools, PUSHED, Role::Lead).await;
    town.cut_off(&letter).await;
    town.hands.pass(10 * MINUTE);
    town.say("638344", "in_progress", "Bezig");
    town.say("638345", "closed", "Klaar");
    for _ in 0..24 {
        town.after(5 * MINUTE).await;
    }
    assert_eq!(town.timeline(&letter).await, "received");
    assert_eq!(town.deliver(&letter).await, Verdict::receipt("638345"));
    assert_eq!(town.after(5 * MINUTE).await, 1, "and nothing else is heard again");
    assert_eq!(town.timeline(&letter).await, "received handed_over solved");
    assert_eq!(town.timeline(&known).await, "received handed_over accepted note");
}

async fn a_status_is_news_once_and_again_after_reopening((hands, _bed, tools): Desk) {
    for updates in ["both", "push"] {
        let town = Town::new(&hands, tools.clone(), offers(), json!({"updates": updates})).await;
        let letter = routed(&town.tools, PUSHED, Role::Lead).await;
        town.deliver(&letter).await;
        // Planned without a day says no more than that they have it.
        let said =
            [("in_progress", "Gezien"), ("in_progress", "Besteld"), ("planned", "Binnenkort"), ("fixed", "Klaar")];
        for (status, notes) in said.into_iter().chain([("fixed", "Netjes")]) {
            town.hands.pass(3600);
            town.say("638344", status, notes);
            town.round().await;
        }
        let told = town.timeline(&letter).await;
        assert_eq!((told.matches("accepted").count(), told.matches("solved").count()), (1, 1), "{updates}: {told}");
        town.hands.pass(3600);
        let second = again(&town, &letter, AgainWhy::Reopened, "Hij ligt er nog").await;
        assert_eq!(town.deliver(&second).await.word(), "done");
        town.hands.pass(60);
        // Closed with the same word, before anybody saw it open.
        town.say("638344", "fixed", "Nu echt");
        town.after(5 * MINUTE).await;
        let told = town.timeline(&letter).await;
        assert!(told.ends_with("solved") && told.matches("solved").count() == 2, "{updates}: {told}");
        clear(&town).await;
    }
}

async fn what_is_new_goes_by_the_extension_and_comes_not_back((hands, _bed, tools): Desk) {
    let town = Town::new(&hands, tools, offers(), json!({"updates": "both"})).await;
    let first = routed(&town.tools, PUSHED, Role::Lead).await;
    town.deliver(&first).await;
    town.hands.pass(3600);
    town.say("638344", "fixed", "Klaar");
    assert_eq!(town.round().await, 1);
    town.hands.pass(3600);
    // Said before it was reopened, read after: about the first time.
    let late = town.tools.clock.now();
    town.hands.pass(5 * MINUTE);
    let second = again(&town, &first, AgainWhy::Reopened, "Hij ligt er nog").await;
    town.next(&[Manner::Hangs]);
    assert_eq!(town.deliver(&second).await.word(), "unknown");
    town.hands.pass(10);
    assert_eq!(town.deliver(&second).await, Verdict::receipt("638344"));
    let told = town.fake(|fake| fake.said().iter().filter(|said| said.told).count());
    assert_eq!((told, town.fake(|fake| fake.requests().len())), (1, 1));

    town.say_at("638344", late, "fixed", "Nog eens klaar");
    town.round().await;
    let case = |town: &Town| {
        let (store, id) = (town.tools.store.clone(), first.case_id.unwrap());
        async move { store.case(id).await.unwrap().unwrap().status }
    };
    assert_eq!(case(&town).await, Status::Routed, "not closed by what was said before");
    town.hands.pass(3600);
    town.say("638344", "fixed", "Nu echt");
    town.round().await;
    assert_eq!(case(&town).await, Status::Solved);
}

async fn without_the_extension_what_is_new_is_a_new_request((hands, _bed, tools): Desk) {
    let town = Town::new(&hands, tools, offers(), json!({})).await;
    let first = routed(&town.tools, PUSHED, Role::Lead).await;
    town.deliver(&first).await;
    town.hands.pass(3600);
    let second = again(&town, &first, AgainWhy::Reopened, "Hij ligt er nog").await;
    assert_eq!(town.deliver(&second).await, Verdict::receipt("638345"));
    let description = town.fake(|fake| fake.requests()[1].field("description").unwrap().to_owned());
    assert!(description.starts_with("Dit gaat verder op uw melding 638344"), "{description}");
    assert!(description.contains("Hij ligt er nog"), "{description}");
}

async fn a_server_that_asks_for_patience_gets_it((hands, _bed, tools): Desk) {
    let town = Town::new(&hands, tools, offers(), json!({"discover": false})).await;
    let letter = routed(&town.tools, PUSHED, Role::Lead).await;
    town.next(&[Manner::Busy]);
    let verdict = town.deliver(&letter).await;
    assert!(
        matches!(verdict, Verdict::Later { after: Some(after), counts: false, .. } if after == Duration::from_secs(600)),
        "{verdict:?}"
    );
    town.deliver(&letter).await;
    town.next(&[Manner::Busy]);
    town.round().await;
    let state = town.state().await;
    assert_eq!(state.next_at, town.tools.clock.now() + Duration::from_secs(600));
    // A round that was made in part tells the operator what it did without.
    assert!(state.why.as_deref().is_some_and(|why| why.starts_with("their server was asked in part")), "{state:?}");
}

async fn a_wrong_setting_is_named_with_the_fix((hands, _bed, tools): Desk) {
    let mut setup = offers();
    setup.services.push(Offer { code: "LAMP".to_owned(), needs: vec!["PAAL".to_owned()], ..Offer::default() });
    for (settings, parts) in [
        (json!({"services": {"default": "PUTT"}}), ["no service `PUTT`", "LAMP, PUT"]),
        (json!({"services": {"groen/*": "PUT"}}), ["wegen/put", "`services`"]),
        (json!({"services": {"wegen/*": "LAMP"}}), ["`PAAL`", "`attributes`"]),
        (json!({"services": {"default": "PUTT"}, "discover": false}), ["service_code was not found", "service code"]),
        (json!({"jurisdiction_id": "x", "discover": false}), ["jurisdiction_id was not found", "`jurisdiction_id`"]),
    ] {
        let town = Town::new(&hands, tools.clone(), setup.clone(), settings.clone()).await;
        let letter = routed(&town.tools, PUSHED, Role::Lead).await;
        match town.deliver(&letter).await {
            Verdict::Never { why, fault } => {
                assert!(parts.iter().all(|part| why.contains(part)), "{settings}: {why}");
                assert!(matches!(fault, Fault::Ours | Fault::Address), "{fault:?}");
            }
            other => panic!("{settings}: {other:?}"),
        }
        assert_eq!(town.fake(|fake| fake.requests().len()), 0);
    }
}

testing::both! {
    a_case_walks_in_xml,
    a_case_walks_in_json,
    photos_are_handed_out_as_addresses_that_open,
    a_token_becomes_a_number,
    a_token_without_a_number_is_told_to_colleagues_once,
    what_may_have_arrived_is_looked_up_and_never_sent_twice,
    a_process_that_dies_after_the_call_leaves_one_request,
    what_never_arrived_is_sent_once_their_list_shows_that,
    an_outage_longer_than_the_window_loses_nothing,
    doubles_and_disorder_change_nothing,
    a_list_that_is_cut_off_is_read_in_halves,
    strangers_are_counted_and_their_clock_may_run_ahead,
    what_was_said_before_we_knew_the_number_is_heard,
    a_status_is_news_once_and_again_after_reopening,
    what_is_new_goes_by_the_extension_and_comes_not_back,
    without_the_extension_what_is_new_is_a_new_request,
    a_server_that_asks_for_patience_gets_it,
    a_wrong_setting_is_named_with_the_fix,
}
