//! Broadcasts: whom they are about, in which order, and how they move.

use crate::{
    Bed, both, id,
    people::{known, person},
    places::place,
    post,
};
use schemas::{
    Timestamp, Uuid,
    broadcast::{Audience, Draft, Heads, State, TEMPLATE, Words},
    letter::{Lane, Letter, Topic},
    notice::{Because, Due, Notice, NoticeState, Scope},
    person::{Follow, OwnPlace},
    place::Point,
    report::Language,
    trace::Trace,
    way::{Address, Way},
};
use std::{collections::BTreeMap, time::Duration};
use store::{About, Advance, CrowdFrom, Store};

both!(
    a_broadcast_moves_only_where_it_may,
    one_with_a_time_waits_until_it_is_started,
    a_step_is_taken_once,
    what_is_not_sent_is_counted_spaced_and_stopped,
    a_crowd_comes_in_the_order_of_people,
);

pub(crate) fn draft() -> Draft {
    let words = Words { subject: "Geen \"water\"".into(), text: "Eén.\n\nTwee.".into(), short: None };
    let audience = Audience { topics: vec!["wegen".into()], ..Audience::default() };
    Draft { words: [(Language::NL, words)].into(), audience, critical: true, at: None }
}

/// A draft under the id of `name`.
async fn drafted(store: &Store, name: &str, at: Timestamp) -> Uuid {
    let mut tx = store.begin().await.unwrap();
    let reference = tx.references(1).await.unwrap()[0];
    tx.put_broadcast(id(name), reference, &draft(), "An", at).await.unwrap();
    tx.commit().await.unwrap();
    id(name)
}

async fn a_broadcast_moves_only_where_it_may(bed: Bed) {
    let store = bed.store().await;
    let water = drafted(&store, "water", bed.now()).await;
    let kept = store.broadcasts_by_ids(&[water, id("none")]).await.unwrap().remove(&water).unwrap();
    assert_eq!((kept.draft.clone(), kept.state, kept.made_by.as_str(), kept.step), (draft(), State::Draft, "An", 0));
    assert_eq!(store.broadcast_by_reference(kept.reference).await.unwrap(), Some(kept.clone()));
    assert_eq!(store.newest_broadcasts(9).await.unwrap(), [kept]);
    let mut tx = store.begin().await.unwrap();
    assert!(!tx.move_broadcast(water, State::Running, State::Paused, "Bo", bed.now()).await.unwrap());
    assert!(tx.approve_broadcast(water, "Bo", bed.now(), 7).await.unwrap());
    assert!(!tx.approve_broadcast(water, "Bo", bed.now(), 7).await.unwrap(), "once");
    assert!(tx.paused(&[water]).await.unwrap().is_empty());
    assert!(tx.move_broadcast(water, State::Running, State::Paused, "Cé", bed.now()).await.unwrap());
    assert_eq!(tx.paused(&[water, id("none")]).await.unwrap(), [water]);
    assert!(tx.move_broadcast(water, State::Paused, State::Stopped, "Cé", bed.now()).await.unwrap());
    let kept = tx.broadcasts(&[water]).await.unwrap().remove(&water).unwrap();
    tx.commit().await.unwrap();
    assert_eq!((kept.approved_by.as_deref(), kept.approved_at, kept.expected), (Some("Bo"), Some(bed.now()), Some(7)));
    assert_eq!((kept.changed_by.as_deref(), kept.ended_at, kept.step), (Some("Cé"), Some(bed.now()), 3));
}

async fn one_with_a_time_waits_until_it_is_started(bed: Bed) {
    let store = bed.store().await;
    let starts = bed.now() + Duration::from_secs(60);
    let mut tx = store.begin().await.unwrap();
    let references = tx.references(2).await.unwrap();
    for (name, reference) in ["early", "late"].into_iter().zip(references) {
        let draft = Draft { at: Some(starts), ..draft() };
        tx.put_broadcast(id(name), reference, &draft, "An", bed.now()).await.unwrap();
    }
    assert!(tx.approve_broadcast(id("early"), "Bo", bed.now(), 7).await.unwrap());
    assert!(tx.approve_broadcast(id("late"), "Bo", starts, 7).await.unwrap());
    let kept = tx.broadcasts(&[id("early"), id("late")]).await.unwrap();
    let (early, late) = (&kept[&id("early")], &kept[&id("late")]);
    assert_eq!((early.state, early.draft.at, early.step), (State::Scheduled, Some(starts), 1));
    assert_eq!((early.began_at(), late.began_at()), (None, Some(starts)));
    assert_eq!(late.state, State::Running);
    assert!(!tx.start_broadcast(id("early"), 0).await.unwrap(), "that is no step of it");
    assert!(tx.start_broadcast(id("early"), 1).await.unwrap());
    assert!(!tx.start_broadcast(id("early"), 1).await.unwrap(), "once");
    assert_eq!(tx.broadcasts(&[id("early")]).await.unwrap()[&id("early")].began_at(), Some(starts));
    tx.commit().await.unwrap();
}

async fn a_step_is_taken_once(bed: Bed) {
    let store = bed.store().await;
    let (water, roads) = (drafted(&store, "water", bed.now()).await, drafted(&store, "roads", bed.now()).await);
    let slots: BTreeMap<String, Timestamp> = [("sms".to_owned(), bed.now() + Duration::from_secs(60))].into();
    let heads = Heads { planned: 3, unwanted: 2, unreachable: 1 };
    let advance = Advance { cursor: Some(id("last")), heads, slots: slots.clone(), planned_at: None };
    let mut tx = store.begin().await.unwrap();
    assert!(!tx.advance_broadcast(water, 0, &advance).await.unwrap(), "a draft takes no step");
    for broadcast in [water, roads] {
        assert!(tx.approve_broadcast(broadcast, "Bo", bed.now(), 6).await.unwrap());
    }
    assert!(tx.advance_broadcast(water, 1, &advance).await.unwrap());
    assert!(!tx.advance_broadcast(water, 1, &advance).await.unwrap(), "that step was taken");
    assert!(tx.advance_broadcast(water, 2, &Advance { planned_at: Some(bed.now()), ..advance }).await.unwrap());
    assert_eq!(tx.other_slots(roads).await.unwrap(), slots);
    assert!(tx.other_slots(water).await.unwrap().is_empty());
    assert!(!tx.end_broadcast(water, 2, bed.now()).await.unwrap());
    assert!(tx.end_broadcast(water, 3, bed.now()).await.unwrap());
    let kept = tx.broadcasts(&[water]).await.unwrap().remove(&water).unwrap();
    assert_eq!(kept.heads, Heads { planned: 6, unwanted: 4, unreachable: 2 });
    assert_eq!((kept.state, kept.cursor, kept.planned_at), (State::Done, Some(id("last")), Some(bed.now())));
    assert!(tx.other_slots(roads).await.unwrap().is_empty(), "it is over");
    tx.commit().await.unwrap();
}

fn notice(broadcast: Uuid, name: &str, due_at: Option<Timestamp>, at: Timestamp) -> Notice {
    Notice {
        id: id(name),
        case_id: broadcast,
        event_id: broadcast,
        version: 0,
        template: TEMPLATE.to_owned(),
        person: id("an").to_string(),
        sender: "sms".to_owned(),
        way: Way::Sms,
        device: None,
        language: Language::NL,
        template_version: None,
        reasons: vec![Because::Place { place: id("home"), district: Some("heule".into()), street: None }],
        state: NoticeState::Planned,
        planned_at: at,
        due_at,
    }
}

async fn what_is_not_sent_is_counted_spaced_and_stopped(bed: Bed) {
    let store = bed.store().await;
    let water = drafted(&store, "water", bed.now()).await;
    let an = person("an", bed.now());
    let morning = bed.now() + Duration::from_secs(3600);
    let all = [
        notice(water, "first", None, bed.now()),
        notice(water, "second", Some(bed.now()), bed.now()),
        notice(water, "morning", Some(morning), bed.now()),
    ];
    let mut tx = store.begin().await.unwrap();
    tx.put_person(&an).await.unwrap();
    tx.plan_notices(&all).await.unwrap();
    tx.commit().await.unwrap();
    let lane = Lane::sender("sms");
    let letters = all.each_ref().map(|notice| {
        let body = Due { notice: notice.id };
        let letter = Letter::new(
            notice.id,
            lane.clone(),
            Topic::NoticeDue,
            "notice.broadcast",
            &body,
            Trace::start(),
            bed.now(),
        );
        Letter { ready_at: Some(notice.due_at.unwrap_or(bed.now())), ..letter.about(water) }
    });
    post(&store, &letters).await;

    let view = store.notice(all[0].id).await.unwrap().unwrap();
    let About::Broadcast(told) = &view.about else { panic!("a broadcast: {:?}", view.about) };
    assert_eq!((told.id, view.reference(), view.person.unwrap().0), (water, told.reference, an));
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.unsent(water).await.unwrap(), [("sms".to_owned(), 2)].into(), "the third is not due");
    assert_eq!(tx.left_to_send(water).await.unwrap(), 3);
    let gap = Duration::from_secs(10);
    assert_eq!(tx.space_letters(water, "sms", gap, "paused").await.unwrap(), 3);
    tx.commit().await.unwrap();
    let ready = async |at: u64| {
        bed.pass(Duration::from_secs(at));
        let taken = store.take(&lane, 9, Duration::from_secs(9_999)).await.unwrap();
        taken.into_iter().map(|letter| letter.id).collect::<Vec<_>>()
    };
    assert!(ready(9).await.is_empty());
    assert_eq!(ready(1).await, [id("first")]);
    assert_eq!(ready(10).await, [id("second")], "one after the other");
    assert!(ready(3570).await.is_empty());
    assert_eq!(ready(10).await, [id("morning")], "what is for later stays for later");
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.stop_notices(water, "not sent").await.unwrap(), 3);
    assert_eq!(tx.stop_notices(water, "not sent").await.unwrap(), 0);
    // It was on its way: what happened counts.
    let sent = store::NoticeEnd { id: id("first"), state: NoticeState::Sent, at: bed.now(), receipt: None, why: None };
    tx.settle_notices(&[sent]).await.unwrap();
    tx.commit().await.unwrap();
    let tally = store.tally(water).await.unwrap();
    let counts: Vec<_> = tally.iter().map(|row| (row.way, row.state, row.notices)).collect();
    assert_eq!(counts, [(Way::Sms, NoticeState::Sent, 1), (Way::Sms, NoticeState::Stopped, 2)]);
}

async fn a_crowd_comes_in_the_order_of_people(bed: Bed) {
    let store = bed.store().await;
    let (an, bo) = (person("an", bed.now()), person("bo", bed.now()));
    let of = async |who: &schemas::person::Person| {
        known(&store, who, Address::Email(format!("{}@example.org", who.id)), 0, None).await
    };
    let addresses = [of(&an).await, of(&bo).await];
    let mut tx = store.begin().await.unwrap();
    for (who, address) in [&an, &bo].into_iter().zip(&addresses) {
        tx.put_person(who).await.unwrap();
        tx.put_address(address).await.unwrap();
        tx.follow(&Follow { person: who.id, scope: Scope::Topic, target: "wegen".into() }).await.unwrap();
    }
    let places = [
        place("one", &an, 50.8, 3.2, Some("Naamsestraat 1")),
        place("two", &an, 50.9, 3.3, None),
        place("three", &bo, 50.85, 3.25, Some("NAAMSESTRAAT")),
        place("four", &bo, 51.0, 3.25, Some("Markt")),
    ];
    let later = OwnPlace { since: bed.now() + Duration::from_secs(9), ..place("five", &bo, 50.85, 3.25, None) };
    // Its middle lies outside the box that is asked for, and some of it within.
    let patch = Some(schemas::patch::Patch::Circle { middle: Point { lat: 50.901, lon: 3.3 }, metres: 250 });
    let around = OwnPlace { patch, ..place("around", &an, 50.901, 3.3, None) };
    for place in places.iter().chain([&later, &around]) {
        tx.put_place(place).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut order = [an.id, bo.id];
    order.sort_unstable();
    let from = CrowdFrom { after: Uuid::nil(), by: bed.now(), limit: 9 };
    assert_eq!(store.following(Scope::Topic, "wegen", from).await.unwrap(), order);
    assert_eq!(store.following(Scope::Topic, "wegen", CrowdFrom { limit: 1, ..from }).await.unwrap(), order[..1]);
    assert_eq!(
        store.following(Scope::Topic, "wegen", CrowdFrom { after: order[0], ..from }).await.unwrap(),
        order[1..]
    );
    assert!(store.following(Scope::Area, "wegen", from).await.unwrap().is_empty());
    let before = CrowdFrom { by: bed.now() - Duration::from_secs(1), ..from };
    assert!(store.following(Scope::Topic, "wegen", before).await.unwrap().is_empty(), "they came later");
    let names = |places: Vec<OwnPlace>| {
        let mut names: Vec<_> = places.into_iter().map(|place| place.label.unwrap()).collect();
        names.sort_unstable();
        names
    };
    assert_eq!(names(store.places_in_street("naamsestraat", from).await.unwrap()), ["one", "three"]);
    let corner = |lat, lon| Point { lat, lon };
    let inside = store.places_in_box(corner(50.8, 3.2), corner(50.9, 3.3), from).await.unwrap();
    assert!(inside.is_sorted_by_key(|place| place.person));
    assert_eq!(names(inside), ["around", "one", "three", "two"], "corners belong to the box; the fifth came later");
}
