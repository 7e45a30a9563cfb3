//! What the city told many people, as one of them meets it.

use super::Town;
use notifier::NoticeLinks;
use schemas::{
    Uuid,
    broadcast::{Audience, Draft, State, TEMPLATE, Words},
    id::derived,
    notice::{Because, Notice, NoticeState},
    person::{KnownAddress, Person, Rhythm},
    report::Language,
    way::{Address, Way},
};

impl Town {
    /// A draft with these words, and its reference in digits.
    async fn drafted(&self, name: &str, subject: &str, text: &str) -> (Uuid, String) {
        let words = Words { subject: subject.to_owned(), text: text.to_owned(), short: None };
        let audience = Audience { topics: vec!["wegen".into()], ..Audience::default() };
        let draft = Draft { words: [(Language::NL, words)].into(), audience, critical: true, at: None };
        let (id, reference) = (derived(&["message", name]), self.store.references(1).await.unwrap()[0]);
        let mut tx = self.store.begin().await.unwrap();
        tx.put_broadcast(id, reference, &draft, "An", super::now()).await.unwrap();
        tx.commit().await.unwrap();
        (id, reference.digits())
    }

    async fn approve(&self, id: Uuid) {
        let mut tx = self.store.begin().await.unwrap();
        assert!(tx.approve_broadcast(id, "Bo", super::now(), 1).await.unwrap());
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn a_message_is_there_for_everybody_once_it_is_approved() {
    let town = Town::open().await;
    let (id, number) =
        town.drafted("water", "Geen <b>water</b>", "Eén & twee.\nDrie.\n\n<script>alert(1)</script>").await;
    let here = format!("/nl/message/{number}");
    assert_eq!(town.get(&here).await.status, 404, "a draft is nobody's to read");
    town.approve(id).await;
    let page = town.get(&here).await;
    let html = page.text();
    assert_eq!(page.status, 200, "{html}");
    assert!(html.contains("Geen &lt;b&gt;water&lt;/b&gt;") && !html.contains("<script>alert"), "{html}");
    assert!(html.contains("<p>Eén &amp; twee.<br>Drie.</p>"), "{html}");
    assert!(html.contains("Dit is belangrijk voor uw veiligheid.") && html.contains("maandag 23 november 2026"));
    let french = town.get(&here.replace("/nl/", "/fr/")).await.text();
    assert!(french.contains("Ce message n’existe pas en français.") && french.contains("<h1 lang=\"nl\">"), "{french}");
    for wrong in ["/nl/message/12345678", "/nl/message/x", "/nl/message/%00"] {
        assert_eq!(town.get(wrong).await.status, 404, "{wrong}");
    }
    let mut tx = town.store.begin().await.unwrap();
    assert!(tx.move_broadcast(id, State::Running, State::Stopped, "An", super::now()).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(town.get(&here).await.status, 200, "who got it can still read it");
    let (never, number) = town.drafted("never", "x", "y").await;
    let mut tx = town.store.begin().await.unwrap();
    assert!(tx.move_broadcast(never, State::Draft, State::Stopped, "An", super::now()).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(town.get(&format!("/nl/message/{number}")).await.status, 404, "nobody got that one");
}

#[tokio::test]
async fn whoever_got_it_reads_why_and_says_no_more_of_this() {
    let town = Town::open().await;
    let (id, number) = town.drafted("water", "Geen water", "Eén.").await;
    town.approve(id).await;
    let jo = Person {
        id: derived(&["jo"]),
        token: "token-of-jo".into(),
        name: None,
        language: Language::NL,
        quiet: None,
        rhythm: Rhythm::AtOnce,
        made_at: super::now(),
    };
    let address = Address::Email("jo.peeters@example.org".into());
    let key = town.store.address_keys().await.unwrap().of(&address);
    let place = derived(&["place"]);
    let notice = Notice {
        id: derived(&["notice of jo"]),
        case_id: id,
        event_id: id,
        version: 0,
        template: TEMPLATE.into(),
        person: jo.id.to_string(),
        sender: "mail".into(),
        way: Way::Email,
        device: None,
        language: Language::NL,
        template_version: None,
        reasons: vec![Because::Place { place, district: Some("heule".into()), street: None }, Because::Asked],
        state: NoticeState::Sent,
        planned_at: super::now(),
        due_at: None,
    };
    let mut tx = town.store.begin().await.unwrap();
    tx.put_person(&jo).await.unwrap();
    let known = KnownAddress { person: jo.id, address, key, rank: 0, verified_at: Some(super::now()) };
    assert!(tx.put_address(&known).await.unwrap());
    tx.plan_notices(std::slice::from_ref(&notice)).await.unwrap();
    tx.commit().await.unwrap();
    let link = NoticeLinks::open(&town.store, "").await.unwrap().one_click(notice.id);

    let why = town.get(&format!("/nl{link}/why")).await.text();
    for part in ["Omdat u hier een plek hebt: Heule.", "Per e-mail: j…@e….org", "Geen water"] {
        assert!(why.contains(part), "{part}: {why}");
    }
    assert!(!why.contains("peeters"), "who holds it learns little");
    let page = town.get(&format!("/nl{link}")).await.text();
    assert!(page.contains("Geen berichten meer hierover") && page.contains(&number[..4]), "{page}");
    assert!(page.contains("U kreeg een bericht over Geen water"), "{page}");
    let said = town.wish(&format!("/nl{link}"), Some("same-origin"), "wish=this").await;
    assert_eq!(said.status, 303, "{}", said.text());
    assert!(town.get(&format!("/nl{link}")).await.text().contains("U krijgt hierover geen berichten meer."));
}

#[tokio::test]
async fn what_waits_for_its_time_is_nobodys_to_read() {
    let town = Town::open().await;
    let words = Words { subject: "Geen water".into(), text: "Eén.".into(), short: None };
    let audience = Audience { topics: vec!["wegen".into()], ..Audience::default() };
    let at = Some(super::now() + std::time::Duration::from_hours(24));
    let draft = Draft { words: [(Language::NL, words)].into(), audience, critical: false, at };
    let (id, reference) = (derived(&["later"]), town.store.references(1).await.unwrap()[0]);
    let mut tx = town.store.begin().await.unwrap();
    tx.put_broadcast(id, reference, &draft, "An", super::now()).await.unwrap();
    assert!(tx.approve_broadcast(id, "Bo", super::now(), 1).await.unwrap());
    tx.commit().await.unwrap();
    let here = format!("/nl/message/{}", reference.digits());
    assert_eq!(town.get(&here).await.status, 404);
    let mut tx = town.store.begin().await.unwrap();
    assert!(tx.start_broadcast(id, 1).await.unwrap());
    tx.commit().await.unwrap();
    let html = town.get(&here).await.text();
    assert!(html.contains("dinsdag 24 november 2026"), "the day on which it started: {html}");
}
