//! People: what they follow, where they are told, what they do not want; and what is heard of notices.

use crate::{Bed, both, id, report};
use schemas::{
    Timestamp, Uuid,
    city::Quiet,
    id::derived,
    notice::{Because, Heard, HeardState, Notice, NoticeState, Scope, Suppressed},
    person::{Follow, KnownAddress, Person, Rhythm, Suppression},
    report::Language,
    way::{Address, Post, Way},
};
use store::{AddressKey, NoticeEnd, ProviderNumber, Store};

both!(
    people_are_kept_with_what_they_chose,
    an_address_goes_to_whoever_proves_it,
    what_is_not_wanted_ends_when_it_should,
    receipts_come_twice_and_too_early,
);

pub(crate) fn person(name: &str, at: Timestamp) -> Person {
    Person {
        id: id(name),
        token: format!("token-of-{name}"),
        name: Some(name.to_owned()),
        language: Language::FR,
        quiet: Quiet::parse("22:00-06:30"),
        rhythm: Rhythm::Daily,
        made_at: at,
    }
}

pub(crate) async fn known(
    store: &Store,
    who: &Person,
    address: Address,
    rank: u32,
    verified: Option<Timestamp>,
) -> KnownAddress {
    let key = store.address_keys().await.unwrap().of(&address);
    KnownAddress { person: who.id, address, key, rank, verified_at: verified }
}

async fn people_are_kept_with_what_they_chose(bed: Bed) {
    let store = bed.store().await;
    let an = person("an", bed.now());
    let post = Post { street: "Markt 1".into(), postcode: "8500".into(), town: "Kortrijk".into(), country: None };
    let letter = known(&store, &an, Address::Letter { name: Some("An".into()), post }, 2, Some(bed.now())).await;
    let sms = known(&store, &an, Address::Sms("+32470123456".into()), 1, None).await;
    let follow = |scope, target: &str| Follow { person: an.id, scope, target: target.to_owned() };
    let mut tx = store.begin().await.unwrap();
    tx.put_person(&an).await.unwrap();
    for address in [&letter, &sms] {
        assert!(tx.put_address(address).await.unwrap());
    }
    for _ in 0..2 {
        tx.follow(&follow(Scope::Area, "heule")).await.unwrap();
        tx.follow(&follow(Scope::Case, &id("case").to_string())).await.unwrap();
    }
    tx.commit().await.unwrap();

    assert_eq!(store.person(an.id).await.unwrap(), Some(an.clone()));
    assert_eq!(store.person_by_token(&an.token).await.unwrap(), Some(an.clone()));
    assert_eq!(store.person_by_token("another").await.unwrap(), None);
    assert_eq!(store.addresses(&[an.id]).await.unwrap(), [sms, letter], "by rank");

    let changed = Person { rhythm: Rhythm::AtOnce, quiet: None, token: "changed".into(), ..an.clone() };
    let mut tx = store.begin().await.unwrap();
    tx.put_person(&changed).await.unwrap();
    let asked = [(Scope::Area, "heule".to_owned()), (Scope::Topic, "heule".to_owned())];
    assert_eq!(tx.followers(&asked).await.unwrap(), [follow(Scope::Area, "heule")]);
    assert!(tx.unfollow(&follow(Scope::Area, "heule")).await.unwrap());
    assert!(!tx.unfollow(&follow(Scope::Area, "heule")).await.unwrap());
    assert!(tx.followers(&asked).await.unwrap().is_empty());
    tx.commit().await.unwrap();
    let kept = store.person(an.id).await.unwrap().unwrap();
    assert_eq!(kept, Person { token: an.token, ..changed }, "the link to their choices stays");
    assert_eq!(store.follows(an.id).await.unwrap().len(), 1);
}

async fn an_address_goes_to_whoever_proves_it(bed: Bed) {
    let store = bed.store().await;
    let (an, bo) = (person("an", bed.now()), person("bo", bed.now()));
    let typed = |who: Person, verified| {
        let store = store.clone();
        async move {
            let address = Address::Email("Shared@Example.org".into());
            let known = known(&store, &who, address, 1, verified).await;
            let mut tx = store.begin().await.unwrap();
            tx.put_person(&who).await.unwrap();
            let kept = tx.put_address(&known).await.unwrap();
            tx.commit().await.unwrap();
            (kept, known)
        }
    };
    let now = bed.now();
    assert!(typed(an.clone(), None).await.0);
    let (kept, key) = typed(bo.clone(), None).await;
    assert!(!kept, "typing somebody's address does not make it yours");
    assert!(typed(bo.clone(), Some(now)).await.0, "proving it does");
    assert!(!typed(an.clone(), None).await.0);
    let key = AddressKey { way: Way::Email, key: key.key };
    let mut tx = store.begin().await.unwrap();
    let owners = tx.addresses_by_keys(std::slice::from_ref(&key)).await.unwrap();
    assert_eq!(owners.iter().map(|known| known.person).collect::<Vec<_>>(), [bo.id]);
    assert!(tx.addresses(&[an.id]).await.unwrap().is_empty());
    tx.drop_address(&key).await.unwrap();
    assert!(tx.addresses_by_keys(&[key]).await.unwrap().is_empty());
    tx.commit().await.unwrap();
}

async fn what_is_not_wanted_ends_when_it_should(bed: Bed) {
    let store = bed.store().await;
    let keys = store.address_keys().await.unwrap();
    let email = |text: &str| AddressKey { way: Way::Email, key: keys.of(&Address::Email(text.into())) };
    let (an, bo) = (email("an@example.org"), email("bo@example.org"));
    assert_eq!(email("AN@example.ORG"), an);
    assert_ne!(keys.of(&Address::Sms("+32470123456".into())), keys.of(&Address::Call("+32470123456".into())));
    let now = bed.now();
    let later = now + std::time::Duration::from_secs(60);
    let not = |key: &AddressKey, scope, target: &str, until| Suppression {
        way: key.way,
        key: key.key.clone(),
        scope,
        target: target.to_owned(),
        reason: Suppressed::Bounced,
        why: Some("5.1.1".into()),
        at: now,
        until,
    };
    let (soft, wish) = (not(&an, Scope::All, "", Some(later)), not(&an, Scope::Topic, "wegen", None));
    let mut tx = store.begin().await.unwrap();
    for new in [&soft, &wish, &not(&bo, Scope::All, "", None)] {
        tx.suppress(new).await.unwrap();
    }
    let an_key = std::slice::from_ref(&an);
    assert_eq!(tx.suppressions(an_key, now).await.unwrap(), [soft.clone(), wish.clone()]);
    assert_eq!(tx.suppressions(an_key, later).await.unwrap(), std::slice::from_ref(&wish));
    let again = Suppression { reason: Suppressed::Unsubscribed, until: None, ..soft };
    tx.suppress(&again).await.unwrap();
    let expected = [again.clone(), wish];
    assert_eq!(tx.suppressions(an_key, later).await.unwrap(), expected, "the same scope again replaces it");
    tx.suppress(&not(&an, Scope::All, "", None)).await.unwrap();
    assert_eq!(tx.suppressions(an_key, later).await.unwrap(), expected, "a fact does not end a wish");
    tx.suppress(&Suppression { until: Some(later), ..again }).await.unwrap();
    let fact = Suppression { at: later, ..not(&an, Scope::All, "", None) };
    tx.suppress(&fact).await.unwrap();
    assert_eq!(tx.suppressions(an_key, later).await.unwrap()[0], fact, "the wish had ended");
    assert!(tx.lift(&an, Scope::All, "").await.unwrap());
    assert!(!tx.lift(&an, Scope::All, "").await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(store.suppressions(an_key).await.unwrap().len(), 1);
    assert_eq!(store.suppressions(&[an, bo]).await.unwrap().len(), 2);
    assert_eq!(store.newest_suppressions(9).await.unwrap().len(), 2, "whosever they are");
    assert_eq!(store.newest_suppressions(1).await.unwrap().len(), 1);
}

async fn receipts_come_twice_and_too_early(bed: Bed) {
    let store = bed.store().await;
    let new = report(&store, "a").await;
    let case = new.report.id;
    store.accept(new).await.unwrap();
    let [received] = &store.timeline(case, true).await.unwrap()[..] else { panic!("one event") };
    let notice = Notice {
        id: id("notice"),
        case_id: case,
        event_id: received.id,
        version: 1,
        template: "received".to_owned(),
        person: "reporter".to_owned(),
        sender: "sms".to_owned(),
        way: Way::Sms,
        device: None,
        language: Language::FR,
        template_version: Some("0123456789ab".into()),
        reasons: vec![Because::Reporter, Because::Instead { of: Way::Email, why: "it came back".into() }],
        state: NoticeState::Planned,
        planned_at: bed.now(),
        due_at: Some(bed.now()),
    };
    let heard = |number: &str, state| Heard {
        notice: None,
        provider: "kannel".into(),
        number: Some(number.into()),
        state,
        why: None,
        at: bed.now(),
    };
    let number = |number: &str| ProviderNumber { provider: "kannel".into(), number: number.into(), notice: notice.id };
    let early: Uuid = derived(&["heard", "7"]);
    let mut tx = store.begin().await.unwrap();
    tx.plan_notices(std::slice::from_ref(&notice)).await.unwrap();
    assert_eq!(tx.hear(early, &heard("7", HeardState::Delivered)).await.unwrap(), None, "nobody knows 7 yet");
    assert_eq!(tx.number_notices(&[number("7"), number("8")]).await.unwrap(), [notice.id]);
    assert!(tx.number_notices(&[number("7")]).await.unwrap().is_empty());
    assert_eq!(tx.hear(early, &heard("7", HeardState::Delivered)).await.unwrap(), Some(notice.id));
    assert_eq!(tx.hear(id("8"), &heard("8", HeardState::Trying)).await.unwrap(), Some(notice.id));
    let ours = Heard { notice: Some(notice.id), number: None, ..heard("", HeardState::Failed) };
    assert_eq!(tx.hear(id("ours"), &ours).await.unwrap(), Some(notice.id));
    assert_eq!(tx.heard_of(notice.id).await.unwrap().len(), 3, "each thing said once");
    assert_eq!(tx.numbers_of(notice.id).await.unwrap(), ["7", "8"]);
    assert_eq!(tx.heard_already(&[notice.id, id("another")]).await.unwrap(), [notice.id]);
    // The answer comes after the receipt: it stays delivered, and the try counts once.
    tx.hear_of_notice(notice.id, NoticeState::Delivered, None).await.unwrap();
    let sent = NoticeEnd { id: notice.id, state: NoticeState::Sent, at: bed.now(), receipt: None, why: None };
    for _ in 0..2 {
        tx.settle_notices(std::slice::from_ref(&sent)).await.unwrap();
        let row = tx.notices(&[notice.id]).await.unwrap().remove(&notice.id).unwrap();
        assert_eq!((row.notice.state, row.attempts, row.sent_at), (NoticeState::Delivered, 1, Some(bed.now())));
    }
    tx.hear_of_notice(notice.id, NoticeState::Failed, Some("it came back")).await.unwrap();
    let rows = tx.notices_for(case, received.id, "reporter").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].notice, Notice { state: NoticeState::Failed, ..notice.clone() });
    assert_eq!(rows[0].why.as_deref(), Some("it came back"));
    assert_eq!(store.heard_of(notice.id).await.unwrap().len(), 3);
}
