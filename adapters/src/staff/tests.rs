//! Accounts from the first link to the last session, on a clock that is moved by hand.

use super::{Came, Config, Staff, accounts::New, accounts::NotDone};
use crate::testing::{city, now};
use schemas::{
    Timestamp,
    account::{Account, Role},
    id::{Clock, Ids},
};
use secrecy::{ExposeSecret as _, SecretString};
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use store::{AuditFilter, Options, Store};

const GOOD: &str = "vier gele fietsen zingen";

struct House {
    _folder: tempfile::TempDir,
    store: Store,
    staff: Staff,
    now: Arc<AtomicI64>,
}

impl House {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let time = Arc::new(AtomicI64::new(now().as_microsecond()));
        let tells = time.clone();
        let clock = Clock::new(move || Timestamp::from_microsecond(tells.load(Ordering::SeqCst)).unwrap());
        let options = Options { ids: Ids::new(clock.clone()), clock, publish_events: false };
        let url = format!("sqlite:{}", folder.path().join("voordeur.db").display());
        let store = Store::open(&url, options).await.unwrap();
        store.migrate().await.unwrap();
        let staff = Staff::new(store.clone(), city(), Config::default());
        Self { _folder: folder, store, staff, now: time }
    }

    fn pass(&self, time: Duration) {
        self.now.fetch_add(i64::try_from(time.as_micros()).unwrap(), Ordering::SeqCst);
    }

    /// An account with a password.
    async fn an(&self) -> Account {
        let link = self.staff.add(new("an@stad.example"), "Admin").await.unwrap();
        self.staff.choose(link.token.expose_secret(), &GOOD.into()).await.unwrap()
    }

    async fn tries(&self, email: &str, password: &str) -> Came {
        self.staff.log_in(email, &password.into(), 7).await.unwrap()
    }

    async fn comes_in(&self) -> String {
        let Came::In { secret, .. } = self.tries(" AN@stad.example", GOOD).await else { panic!("they come in") };
        secret.expose_secret().to_owned()
    }

    /// What was done, by name: within one moment nobody knows what came first.
    async fn deeds(&self) -> Vec<String> {
        let all = self.store.audit(AuditFilter { limit: 99, ..AuditFilter::default() }).await.unwrap();
        let mut deeds: Vec<String> = all.into_iter().map(|entry| entry.deed).collect();
        deeds.sort_unstable();
        deeds
    }
}

fn new(email: &str) -> New {
    New { name: "An Peeters".into(), email: email.into(), roles: vec![Role::Operator], departments: Vec::new() }
}

fn secret(text: &str) -> SecretString {
    text.into()
}

#[tokio::test]
async fn a_link_lets_a_password_be_chosen_once() {
    let house = House::open().await;
    let link = house.staff.add(new("An@Stad.example"), "Admin").await.unwrap();
    let token = link.token.expose_secret().to_owned();
    assert!(!format!("{link:?}").contains(&token));
    assert!(matches!(house.tries("an@stad.example", "").await, Came::Wrong), "no password is no way in");
    let again = house.staff.add(new("an@stad.example"), "Admin").await;
    assert!(matches!(again, Err(NotDone::Invalid(faults)) if faults[0].code == "taken"));
    for bad in ["kort", "wachtwoord123", "an@stad.example"] {
        assert!(matches!(house.staff.choose(&token, &secret(bad)).await, Err(NotDone::Invalid(_))), "{bad}");
    }
    assert!(house.staff.invited(&token).await.unwrap().is_some(), "a bad password does not use it up");
    let (first, second) = (secret(GOOD), secret("een ander woord"));
    let (one, two) = tokio::join!(house.staff.choose(&token, &first), house.staff.choose(&token, &second));
    assert!(one.is_ok() != two.is_ok(), "once");
    assert!(house.staff.invited(&token).await.unwrap().is_none());

    let late = house.staff.add(new("bo@stad.example"), "Admin").await.unwrap();
    house.pass(Duration::from_hours(73));
    let chosen = house.staff.choose(late.token.expose_secret(), &secret(GOOD)).await;
    assert!(matches!(chosen, Err(NotDone::Spent)));
    for nonsense in ["", "x", "' OR 1=1 --", &"a".repeat(26)] {
        assert!(house.staff.invited(nonsense).await.unwrap().is_none(), "{nonsense}");
    }
    assert_eq!(house.deeds().await, ["staff.add", "staff.add", "staff.password", "staff.refused"]);
}

#[tokio::test]
async fn who_tries_too_often_waits_whether_there_is_such_a_name_or_not() {
    let house = House::open().await;
    house.an().await;
    for email in ["an@stad.example", "nobody@stad.example"] {
        for n in 0..5 {
            assert!(matches!(house.tries(email, "not this one, no").await, Came::Wrong), "{email} {n}");
        }
        let Came::Wait(until) = house.tries(email, GOOD).await else { panic!("{email} has to wait") };
        assert_eq!(until, house.store.clock().now() + Duration::from_secs(60), "{email}");
    }
    house.pass(Duration::from_secs(60));
    assert!(matches!(house.tries("an@stad.example", "wrong once more").await, Came::Wrong));
    let Came::Wait(until) = house.tries("an@stad.example", GOOD).await else { panic!("twice as long") };
    assert_eq!(until, house.store.clock().now() + Duration::from_secs(120));
    // Whoever looks after the accounts lets them in at once.
    house.staff.enable("an@stad.example", "Admin", "she called").await.unwrap();
    house.comes_in().await;
    for _ in 0..4 {
        assert!(matches!(house.tries("an@stad.example", "not this one, no").await, Came::Wrong));
    }
    house.comes_in().await;
    assert!(matches!(house.tries("an@stad.example", "not this one, no").await, Came::Wrong), "it begins anew");
}

#[tokio::test]
async fn many_tries_at_once_are_no_more_than_one_after_the_other() {
    let house = House::open().await;
    house.an().await;
    let tries = (0..12).map(|n| {
        let staff = house.staff.clone();
        tokio::spawn(async move { staff.log_in("an@stad.example", &format!("guess number {n}").into(), 7).await })
    });
    let mut wrong = 0;
    for one in tries.collect::<Vec<_>>() {
        wrong += usize::from(matches!(one.await.unwrap().unwrap(), Came::Wrong));
    }
    assert_eq!(wrong, 5);
}

#[tokio::test]
async fn one_address_with_many_names_waits() {
    let house = House::open().await;
    let mut waits = 0;
    for n in 0..60 {
        let email = format!("name{n}@stad.example");
        let came = house.staff.log_in(&email, &secret("whatever it is"), 9).await.unwrap();
        waits += usize::from(matches!(came, Came::Wait(_)));
        if n >= 50 {
            assert!(matches!(came, Came::Wait(_)), "{n}");
        }
    }
    assert_eq!(waits, 10);
    let other = house.staff.log_in("name1@stad.example", &secret("whatever it is"), 10).await.unwrap();
    assert!(matches!(other, Came::Wrong), "another address does not");
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle_and_at_the_end_of_the_day() {
    let house = House::open().await;
    house.an().await;
    let cookie = house.comes_in().await;
    for _ in 0..14 {
        house.pass(Duration::from_secs(50 * 60));
        assert!(house.staff.who(&cookie).await.unwrap().is_some());
    }
    house.pass(Duration::from_secs(25 * 60));
    assert!(house.staff.who(&cookie).await.unwrap().is_none(), "twelve hours are over");
    let cookie = house.comes_in().await;
    house.pass(Duration::from_secs(61 * 60));
    assert!(house.staff.who(&cookie).await.unwrap().is_none(), "nobody was there for an hour");
    for nonsense in ["", "x", &"a".repeat(26), &"é".repeat(13)] {
        assert!(house.staff.who(nonsense).await.unwrap().is_none());
    }
    house.store.sweep_sessions(house.store.clock().now()).await.unwrap();
}

#[tokio::test]
async fn a_new_password_a_reset_and_a_disabled_account_end_sessions() {
    let house = House::open().await;
    let an = house.an().await;
    let (mine, other) = (house.comes_in().await, house.comes_in().await);
    let change = async |old: &str, new: &str| house.staff.change(&an, &mine, &secret(old), &secret(new)).await;
    assert!(matches!(change("not this one, no", "een heel ander woord").await, Err(NotDone::Wrong)));
    change(GOOD, "een heel ander woord").await.unwrap();
    assert!(house.staff.who(&mine).await.unwrap().is_some() && house.staff.who(&other).await.unwrap().is_none());
    assert!(matches!(house.tries("an@stad.example", GOOD).await, Came::Wrong));

    house.staff.disable("an@stad.example", "Admin", "left").await.unwrap();
    assert!(house.staff.who(&mine).await.unwrap().is_none());
    assert!(matches!(house.tries("an@stad.example", "een heel ander woord").await, Came::Wrong));
    assert!(matches!(house.staff.disable("an@stad.example", "Admin", "").await, Err(NotDone::Before)));
    assert!(matches!(house.staff.reset("an@stad.example", "Admin", "").await, Err(NotDone::Invalid(_))));
    house.staff.enable("an@stad.example", "Admin", "back").await.unwrap();
    let Came::In { secret: cookie, .. } = house.tries("an@stad.example", "een heel ander woord").await else {
        panic!("they are back")
    };
    let link = house.staff.reset("an@stad.example", "Admin", "forgot it").await.unwrap();
    assert!(house.staff.who(cookie.expose_secret()).await.unwrap().is_none());
    assert!(matches!(house.tries("an@stad.example", "een heel ander woord").await, Came::Wrong));
    house.staff.choose(link.token.expose_secret(), &secret(GOOD)).await.unwrap();
    let cookie = house.comes_in().await;
    house.staff.log_out(&an, &cookie).await.unwrap();
    assert!(house.staff.who(&cookie).await.unwrap().is_none());
    let deeds = house.deeds().await;
    let count = |deed: &str| deeds.iter().filter(|done| *done == deed).count();
    let counts = ["add", "password", "login", "refused", "disable", "enable", "reset", "logout"];
    assert_eq!(counts.map(|deed| count(&format!("staff.{deed}"))), [1, 3, 4, 3, 1, 1, 1, 1], "{deeds:?}");
}

#[tokio::test]
async fn what_is_wrong_with_a_new_account_is_named() {
    let house = House::open().await;
    let bad =
        New { name: " ".into(), email: "an".into(), roles: Vec::new(), departments: vec!["wegn".parse().unwrap()] };
    let Err(NotDone::Invalid(faults)) = house.staff.add(bad, "Admin").await else { panic!("it is wrong") };
    let fields: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
    assert_eq!(fields, ["name", "email", "role", "department"]);
    assert!(matches!(house.staff.disable("no@stad.example", "Admin", "").await, Err(NotDone::Unknown)));
    assert!(house.store.accounts().await.unwrap().is_empty() && house.deeds().await.is_empty());
}
