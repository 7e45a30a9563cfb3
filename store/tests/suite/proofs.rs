//! What waits until somebody proves that an address is theirs.

use crate::{Bed, both, id, people::person};
use schemas::{
    Uuid,
    notice::Scope,
    person::KnownAddress,
    proof::{Proof, Target, Wants},
    report::Language,
    way::{Address, Way},
};
use std::time::Duration;
use store::{AddressKey, Asked, Store};

both!(a_proof_is_kept_counted_and_done_once, a_person_without_an_address_is_forgotten);

async fn proof(store: &Store, name: &str, address: Address, person: Option<Uuid>, sent: bool) -> Proof {
    let key = store.address_keys().await.unwrap().of(&address);
    let follows = vec![Target { scope: Scope::Area, target: "heule".into() }];
    Proof {
        id: id(name),
        person,
        address,
        key,
        language: Language::FR,
        wants: Wants { follows, language: Some(Language::EN), ..Wants::default() },
        sent,
        tries: 0,
        asked_at: store.clock().now(),
        done_at: None,
    }
}

async fn a_proof_is_kept_counted_and_done_once(bed: Bed) {
    let store = bed.store().await;
    let (hour, day) = (Duration::from_hours(1), Duration::from_hours(24));
    let mail = Address::Email("an@example.org".into());
    let first = proof(&store, "first", mail.clone(), None, true).await;
    let key = AddressKey { way: Way::Email, key: first.key.clone() };
    let mut tx = store.begin().await.unwrap();
    tx.put_proof(&first).await.unwrap();
    tx.commit().await.unwrap();
    bed.pass(hour);
    let an = person("an", bed.now());
    let second = proof(&store, "second", mail.clone(), Some(an.id), true).await;
    let held = proof(&store, "held", mail, Some(an.id), false).await;
    let other = proof(&store, "other", Address::Sms("+32470123456".into()), None, true).await;
    let mut tx = store.begin().await.unwrap();
    for one in [&second, &held, &other] {
        tx.put_proof(one).await.unwrap();
    }
    // What was asked exactly an hour ago is over; what was never sent does not count.
    assert_eq!(tx.asked(&key, bed.now() - day, bed.now() - hour).await.unwrap(), Asked { day: 2, hour: 1 });
    assert_eq!(tx.asked_by(Way::Sms, bed.now() - hour).await.unwrap(), 1);
    assert_eq!(tx.asked_by(Way::Call, bed.now() - hour).await.unwrap(), 0);
    tx.commit().await.unwrap();
    assert_eq!(store.proof(first.id).await.unwrap(), Some(first.clone()));
    assert_eq!(store.proof(id("nobody")).await.unwrap(), None);
    let waiting = store.waiting_proofs(an.id, bed.now() - hour).await.unwrap();
    assert_eq!(waiting.iter().map(|one| one.id).collect::<Vec<_>>().len(), 2);

    let mut tx = store.begin().await.unwrap();
    for n in 1..=3 {
        assert_eq!(tx.try_code(first.id, 3).await.unwrap(), Some(n));
    }
    assert_eq!(tx.try_code(first.id, 3).await.unwrap(), None, "no more than three");
    assert!(tx.prove(first.id, bed.now()).await.unwrap());
    assert!(!tx.prove(first.id, bed.now()).await.unwrap(), "once");
    assert_eq!(tx.try_code(first.id, 9).await.unwrap(), None, "it is done");
    tx.drop_waiting(an.id, &key).await.unwrap();
    tx.commit().await.unwrap();
    let done = store.proof(first.id).await.unwrap().unwrap();
    assert_eq!((done.tries, done.done_at), (3, Some(bed.now())));
    assert!(store.waiting_proofs(an.id, bed.now() - hour).await.unwrap().is_empty());

    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.forget_proofs(bed.now()).await.unwrap(), 1, "what was asked before");
    tx.commit().await.unwrap();
    assert_eq!(store.proof(first.id).await.unwrap(), None);
    assert!(store.proof(other.id).await.unwrap().is_some());
}

async fn a_person_without_an_address_is_forgotten(bed: Bed) {
    let store = bed.store().await;
    let an = person("an", bed.now());
    let waiting = proof(&store, "waiting", Address::Email("an@example.org".into()), None, true).await;
    let key = AddressKey { way: Way::Email, key: waiting.key.clone() };
    let mut tx = store.begin().await.unwrap();
    tx.put_person(&an).await.unwrap();
    let (person, address, verified_at) = (an.id, waiting.address.clone(), Some(bed.now()));
    tx.put_address(&KnownAddress { person, address, key: key.key.clone(), rank: 0, verified_at }).await.unwrap();
    tx.put_proof(&waiting).await.unwrap();
    assert!(!tx.forget_unreachable(&an.id.to_string()).await.unwrap(), "there is one");
    assert_eq!(tx.forget_address(&key).await.unwrap(), Some(true));
    tx.commit().await.unwrap();
    assert_eq!(store.person(an.id).await.unwrap(), None);
    assert_eq!(store.proof(waiting.id).await.unwrap(), None, "what waits for a proof of it goes too");
}
