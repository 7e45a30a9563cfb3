//! Accounts of people of the city, their links, their sessions, and how often somebody tried to be one of them.

use crate::{Bed, MINUTE, both, id};
use schemas::account::{Account, Role};
use std::time::Duration;
use store::{Store, Try};

both!(
    an_account_is_known_by_its_address,
    a_link_is_used_once,
    a_session_is_found_until_it_is_over,
    tries_are_counted_before_they_are_made,
    two_uses_of_a_link_at_once_are_one,
);

async fn add(store: &Store, name: &str) -> Account {
    let account = Account {
        id: id(name),
        name: name.to_owned(),
        email: format!("{name}@stad.example"),
        roles: vec![Role::Operator, Role::Admin],
        departments: vec!["wegen".parse().unwrap()],
        has_password: false,
        made_at: store.clock().now(),
        disabled_at: None,
        logged_in_at: None,
    };
    let mut tx = store.begin().await.unwrap();
    assert!(tx.add_account(&account).await.unwrap());
    tx.commit().await.unwrap();
    account
}

async fn an_account_is_known_by_its_address(bed: Bed) {
    let store = bed.store().await;
    let mut an = add(&store, "an").await;
    let bo = add(&store, "bo").await;
    assert_eq!(store.account_by_email("an@stad.example").await.unwrap(), Some((an.clone(), None)));
    assert_eq!(store.account_by_email("AN@stad.example").await.unwrap(), None);
    let mut tx = store.begin().await.unwrap();
    let twin = Account { id: id("twin"), ..an.clone() };
    assert!(!tx.add_account(&twin).await.unwrap(), "one account per address");
    assert!(tx.set_password(an.id, Some("a hash")).await.unwrap());
    tx.account_logged_in(an.id).await.unwrap();
    assert!(tx.disable_account(an.id).await.unwrap() && !tx.disable_account(an.id).await.unwrap());
    assert!(!tx.set_password(an.id, Some("another")).await.unwrap(), "not while it is disabled");
    tx.commit().await.unwrap();
    an.has_password = true;
    (an.disabled_at, an.logged_in_at) = (Some(bed.now()), Some(bed.now()));
    assert_eq!(store.account(an.id).await.unwrap(), Some((an.clone(), Some("a hash".to_owned()))));
    assert_eq!(store.accounts().await.unwrap(), [an.clone(), bo]);
    let mut tx = store.begin().await.unwrap();
    assert!(tx.enable_account(an.id).await.unwrap() && !tx.enable_account(an.id).await.unwrap());
    assert!(tx.set_password(an.id, None).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(store.account(an.id).await.unwrap().unwrap().1, None);
}

async fn a_link_is_used_once(bed: Bed) {
    let store = bed.store().await;
    let an = add(&store, "an").await;
    let mut tx = store.begin().await.unwrap();
    tx.put_account_link(an.id, "first", bed.now() + MINUTE).await.unwrap();
    tx.put_account_link(an.id, "second", bed.now() + MINUTE).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.account_of_link("first").await.unwrap(), None, "the newer one counts");
    assert_eq!(store.account_of_link("second").await.unwrap(), Some(an.id));
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.use_account_link("second").await.unwrap(), Some(an.id));
    assert_eq!(tx.use_account_link("second").await.unwrap(), None);
    tx.put_account_link(an.id, "third", bed.now() + MINUTE).await.unwrap();
    tx.commit().await.unwrap();
    bed.pass(MINUTE);
    assert_eq!(store.account_of_link("third").await.unwrap(), None);
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.use_account_link("third").await.unwrap(), None);
}

async fn two_uses_of_a_link_at_once_are_one(bed: Bed) {
    let store = bed.store().await;
    let other = bed.other(&store).await;
    let an = add(&store, "an").await;
    let mut tx = store.begin().await.unwrap();
    tx.put_account_link(an.id, "link", bed.now() + MINUTE).await.unwrap();
    tx.commit().await.unwrap();
    let take = async |store: &Store| {
        let mut tx = store.begin().await.unwrap();
        let found = tx.use_account_link("link").await.unwrap();
        tx.commit().await.unwrap();
        usize::from(found.is_some())
    };
    let (one, two) = tokio::join!(take(&store), take(&other));
    assert_eq!(one + two, 1);
}

async fn a_session_is_found_until_it_is_over(bed: Bed) {
    let store = bed.store().await;
    let an = add(&store, "an").await;
    let mut tx = store.begin().await.unwrap();
    for digest in ["one", "two", "three"] {
        tx.open_session(digest, an.id, bed.now() + MINUTE * 10).await.unwrap();
    }
    tx.commit().await.unwrap();
    let find = async |digest: &str| store.session(digest, bed.now() - MINUTE * 3).await.unwrap();
    assert_eq!(find("one").await, Some((an.clone(), bed.now())));
    assert_eq!(find("four").await, None);
    bed.pass(MINUTE * 2);
    store.session_seen("one").await.unwrap();
    bed.pass(MINUTE * 2);
    assert_eq!(find("one").await.map(|(_, seen)| seen), Some(bed.now() - MINUTE * 2));
    assert_eq!(find("two").await, None, "idle for too long");
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.end_sessions(an.id, "one").await.unwrap(), 2);
    assert!(!tx.end_session("two").await.unwrap());
    tx.disable_account(an.id).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(find("one").await, None, "a disabled account is nobody");
    bed.pass(Duration::from_secs(600));
    assert_eq!(store.sweep_sessions(bed.now()).await.unwrap(), 1);
}

async fn tries_are_counted_before_they_are_made(bed: Bed) {
    let store = bed.store().await;
    let go = async |key: &str| {
        let mut tx = store.begin().await.unwrap();
        let found = tx.try_login(key, bed.now() - MINUTE * 60).await.unwrap();
        tx.commit().await.unwrap();
        found
    };
    assert_eq!((go("a").await, go("a").await, go("b").await), (Try::Counted(1), Try::Counted(2), Try::Counted(1)));
    let until = bed.now() + MINUTE;
    let mut tx = store.begin().await.unwrap();
    tx.lock_login("a", until).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!((go("a").await, go("b").await), (Try::Locked(until), Try::Counted(2)));
    bed.pass(MINUTE);
    assert_eq!(go("a").await, Try::Counted(3), "what was refused is not counted");
    bed.pass(MINUTE * 61);
    assert_eq!(go("a").await, Try::Counted(1), "long ago");
    let mut tx = store.begin().await.unwrap();
    tx.clear_login("a").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(go("a").await, Try::Counted(1));
    bed.pass(MINUTE * 61);
    assert_eq!(store.sweep_logins(bed.now()).await.unwrap(), 2);
}
