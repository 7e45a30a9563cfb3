//! What is told and how it is remembered: words, digests, terms, and being forgotten.

use crate::{
    Bed, both, id,
    people::{known, person},
    places::place,
    report,
};
use schemas::{
    Uuid,
    id::derived,
    notice::{Because, Heard, HeardState, Notice, NoticeState, REPORTER, Scope},
    person::{Follow, KnownAddress},
    report::{Contact, Language},
    way::{Address, Way},
};
use std::time::Duration;
use store::{AddressKey, NewReport, NoticeEnd, ProviderNumber, Shown};

both!(
    an_address_is_forgotten_wherever_it_stands,
    whose_an_address_is_was_shown,
    mails_that_come_back_are_counted_by_address,
    words_are_kept_once,
    what_is_told_together_shares_its_fate,
    words_are_forgotten_by_term_and_the_ledger_stays,
    a_number_finds_what_it_was_told_last,
);

async fn an_address_is_forgotten_wherever_it_stands(bed: Bed) {
    let store = bed.store().await;
    for name in ["first", "second", "third"] {
        store.accept(report(&store, name).await).await.unwrap();
    }
    let an = person("an", bed.now());
    let mail = known(&store, &an, Address::Email("an@example.org".into()), 0, Some(bed.now())).await;
    let sms = known(&store, &an, Address::Sms("+32470123456".into()), 1, Some(bed.now())).await;
    let target = (Scope::Topic, "wegen".to_owned());
    let mut tx = store.begin().await.unwrap();
    tx.put_person(&an).await.unwrap();
    for address in [&mail, &sms] {
        assert!(tx.put_address(address).await.unwrap());
    }
    tx.follow(&Follow { person: an.id, scope: target.0, target: target.1.clone() }).await.unwrap();
    tx.put_place(&place("home", &an, 50.88, 4.7, None)).await.unwrap();
    assert_eq!(tx.following_since(std::slice::from_ref(&target)).await.unwrap(), [(an.id, bed.now())].into());
    let key = |known: &KnownAddress| AddressKey { way: known.address.way(), key: known.key.clone() };
    assert_eq!(tx.forget_address(&key(&mail)).await.unwrap(), Some(false), "one is left");
    assert_eq!(tx.forget_address(&key(&mail)).await.unwrap(), None);
    assert_eq!(tx.people(&[an.id]).await.unwrap().len(), 1);
    assert_eq!(tx.forget_address(&key(&sms)).await.unwrap(), Some(true), "it was the last");
    assert!(tx.following_since(&[target]).await.unwrap().is_empty());
    tx.commit().await.unwrap();
    assert!(store.places(an.id).await.unwrap().is_empty());
    let mut tx = store.begin().await.unwrap();

    let mut seen = Vec::new();
    let mut after = Uuid::nil();
    loop {
        let page = tx.contacts_after(after, 2).await.unwrap();
        let Some(last) = page.keys().max() else { break };
        after = *last;
        seen.extend(page.into_keys());
    }
    seen.sort_unstable();
    let mut all = [id("first"), id("second"), id("third")];
    all.sort_unstable();
    assert_eq!(seen, all, "each page goes on where the last one ended");
    tx.forget_contacts(&[id("first")], Way::Letter).await.unwrap();
    assert_eq!(tx.contacts(&all).await.unwrap().len(), 3, "they left no postal address, and are reached by mail");
    tx.forget_contacts(&[id("first"), id("second")], Way::Email).await.unwrap();
    let left = tx.contacts(&all).await.unwrap();
    assert_eq!(left.keys().collect::<Vec<_>>(), [&id("third")], "a contact without an address is none");
    tx.commit().await.unwrap();

    let lane = schemas::letter::Lane::router();
    let letter = crate::letter(&store, &lane, "waits");
    crate::post(&store, std::slice::from_ref(&letter)).await;
    let stands = store.standing(letter.id).await.unwrap().unwrap();
    assert_eq!((stands.ready_at, stands.attempt, stands.buried_at), (bed.now(), 0, None));
    assert_eq!(store.standing(id("nothing")).await.unwrap(), None);
}

async fn mails_that_come_back_are_counted_by_address(bed: Bed) {
    let store = bed.store().await;
    let address = |key: &str| AddressKey { way: Way::Email, key: key.to_owned() };
    let (an, bo, day) = (address("an"), address("bo"), Duration::from_hours(24));
    let mut tx = store.begin().await.unwrap();
    let (now, since) = (bed.now(), bed.now() - day * 30);
    assert_eq!(tx.keep_soft_bounce(&an, id("one"), now, since).await.unwrap(), 1);
    assert_eq!(tx.keep_soft_bounce(&an, id("one"), now, since).await.unwrap(), 1, "the same notice once");
    assert_eq!(tx.keep_soft_bounce(&bo, id("one"), now, since).await.unwrap(), 1, "another address");
    assert_eq!(tx.keep_soft_bounce(&an, id("two"), now + day * 29, since + day * 29).await.unwrap(), 2);
    assert_eq!(tx.keep_soft_bounce(&an, id("three"), now + day * 31, since + day * 31).await.unwrap(), 2, "one is old");
    tx.clear_soft_bounces(&an).await.unwrap();
    assert_eq!(tx.keep_soft_bounce(&an, id("four"), now + day * 31, since + day * 31).await.unwrap(), 1);
    // Whoever is forgotten leaves no count.
    tx.forget_address(&an).await.unwrap();
    assert_eq!(tx.keep_soft_bounce(&an, id("five"), now + day * 31, since + day * 31).await.unwrap(), 1);
    tx.commit().await.unwrap();
}

async fn whose_an_address_is_was_shown(bed: Bed) {
    let store = bed.store().await;
    let contact = |email: Option<&str>, phone: Option<&str>| Contact {
        email: email.map(str::to_owned),
        phone: phone.map(str::to_owned),
        ..Contact::default()
    };
    for (key, contact) in [
        ("both", contact(Some("An@Stad.example"), Some("0470 12 34 56"))),
        ("mail", contact(Some("bo@stad.example"), None)),
    ] {
        store.accept(NewReport { contact: Some(contact), ..report(&store, key).await }).await.unwrap();
    }
    let (both, mail) = (id("both"), id("mail"));
    let mut tx = store.begin().await.unwrap();
    for _ in 0..2 {
        tx.prove_contact(both, &Shown::Mail("an@stad.EXAMPLE".to_owned()), bed.now()).await.unwrap();
        tx.prove_contact(both, &Shown::Sms, bed.now()).await.unwrap();
        tx.prove_contact(mail, &Shown::Mail("an@stad.example".to_owned()), bed.now()).await.unwrap();
        tx.prove_contact(mail, &Shown::Sms, bed.now()).await.unwrap();
    }
    tx.commit().await.unwrap();
    let proven = async || store.contacts_proven(&[both, mail]).await.unwrap();
    assert_eq!(proven().await, [(both, vec![Way::Email, Way::Sms])].into(), "another's, or none, shows nothing");
    assert_eq!(store.contacts_proven(&[]).await.unwrap(), [].into());
    let mut tx = store.begin().await.unwrap();
    tx.forget_contacts(&[both], Way::Call).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(proven().await, [(both, vec![Way::Email])].into(), "it goes with the number");
}

async fn words_are_kept_once(bed: Bed) {
    let store = bed.store().await;
    let version = |version: &str, text: &str| store::TemplateVersion {
        version: version.to_owned(),
        template: "received".into(),
        language: Language::FR,
        texts: [("mail".to_owned(), text.to_owned())].into(),
        since: bed.now(),
    };
    let (one, two) = (version("1111", "l’eau \"é\" {{name}}\n"), version("2222", "x"));
    let mut tx = store.begin().await.unwrap();
    assert!(tx.known_templates(&["1111", "2222"]).await.unwrap().is_empty());
    tx.keep_templates(&[one.clone(), one.clone()]).await.unwrap();
    tx.keep_templates(&[version("1111", "changed"), two.clone()]).await.unwrap();
    let known = tx.known_templates(&["1111", "2222", "3333"]).await.unwrap();
    assert_eq!(known, ["1111".to_owned(), "2222".to_owned()].into());
    tx.commit().await.unwrap();
    assert_eq!(store.template_version("1111").await.unwrap(), Some(one), "what is kept stays as it is");
    assert_eq!(store.template_version("2222").await.unwrap(), Some(two));
    assert_eq!(store.template_version("3333").await.unwrap(), None);
}

async fn what_is_told_together_shares_its_fate(bed: Bed) {
    let store = bed.store().await;
    let notice = |name: &str| Notice {
        id: id(name),
        case_id: id("case"),
        event_id: id(&format!("event of {name}")),
        version: 1,
        template: "received".into(),
        template_version: None,
        person: "reporter".into(),
        sender: "mail".into(),
        way: Way::Email,
        device: None,
        language: Language::FR,
        reasons: vec![Because::Reporter],
        state: NoticeState::Planned,
        planned_at: bed.now(),
        due_at: None,
    };
    let names = ["digest", "one", "two", "unwanted", "alone"];
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.plan_notices(&names.map(notice)).await.unwrap().len(), 5);
    tx.gather_notices(&["one", "two", "unwanted"].map(|name| (id(name), id("digest")))).await.unwrap();
    assert_eq!(tx.gathered(id("digest")).await.unwrap().len(), 3);
    let end = |name: &str, state, why: Option<&str>| store::NoticeEnd {
        id: id(name),
        state,
        at: bed.now(),
        receipt: (state == NoticeState::Sent).then(|| "250 ok".to_owned()),
        why: why.map(str::to_owned),
    };
    tx.settle_notices(&[end("unwanted", NoticeState::Suppressed, None)]).await.unwrap();
    tx.settle_gathered(&[]).await.unwrap();
    tx.settle_gathered(&[&end("digest", NoticeState::Planned, Some("451 later"))]).await.unwrap();
    tx.settle_gathered(&[&end("digest", NoticeState::Sent, None)]).await.unwrap();
    // What was sent stays sent.
    tx.settle_gathered(&[&end("digest", NoticeState::Failed, Some("late"))]).await.unwrap();
    tx.commit().await.unwrap();
    let states = async || {
        let rows = store.gathered(id("digest")).await.unwrap();
        let mut states: Vec<_> = rows.iter().map(|row| (row.notice.id, row.notice.state, row.attempts)).collect();
        states.sort_unstable_by_key(|(id, ..)| *id);
        states
    };
    let mut expected = vec![
        (id("one"), NoticeState::Sent, 2),
        (id("two"), NoticeState::Sent, 2),
        (id("unwanted"), NoticeState::Suppressed, 0),
    ];
    expected.sort_unstable_by_key(|(id, ..)| *id);
    assert_eq!(states().await, expected);
    assert_eq!(store.digest_of(id("one")).await.unwrap(), Some(id("digest")));
    assert_eq!(store.digest_of(id("alone")).await.unwrap(), None);
    let mut tx = store.begin().await.unwrap();
    tx.hear_of_notice(id("digest"), NoticeState::Delivered, None).await.unwrap();
    tx.commit().await.unwrap();
    expected
        .iter_mut()
        .filter(|(_, state, _)| *state == NoticeState::Sent)
        .for_each(|one| one.1 = NoticeState::Delivered);
    assert_eq!(states().await, expected);
    assert_eq!(store.notices_of(id("case")).await.unwrap().len(), 5);
}

async fn words_are_forgotten_by_term_and_the_ledger_stays(bed: Bed) {
    let store = bed.store().await;
    let old = bed.now();
    let write = async |name: &str, state: NoticeState| {
        let notice = Notice {
            id: id(name),
            case_id: id("case"),
            event_id: id(name),
            version: 1,
            template: "received".into(),
            template_version: Some(format!("of {name}")),
            person: "reporter".into(),
            sender: "mail".into(),
            way: Way::Email,
            device: None,
            language: Language::FR,
            reasons: vec![Because::Reporter, Because::Instead { of: Way::Sms, why: "550 their words".into() }],
            state: NoticeState::Planned,
            planned_at: bed.now(),
            due_at: None,
        };
        let mut tx = store.begin().await.unwrap();
        let template = store::TemplateVersion {
            version: format!("of {name}"),
            template: "received".into(),
            language: Language::FR,
            texts: [("mail".to_owned(), name.to_owned())].into(),
            since: bed.now(),
        };
        tx.keep_templates(&[template]).await.unwrap();
        tx.plan_notices(std::slice::from_ref(&notice)).await.unwrap();
        tx.start_attempts(&[(notice.id, schemas::letter::Lane::sender("mail"), 0)]).await.unwrap();
        let why = Some("451 words of the provider".to_owned());
        tx.end_attempts(&[store::AttemptEnd { letter: notice.id, n: 0, verdict: "later", why: why.clone() }])
            .await
            .unwrap();
        let receipt = Some("250 as 12AB".to_owned());
        tx.settle_notices(&[store::NoticeEnd { id: notice.id, state, at: bed.now(), receipt, why: why.clone() }])
            .await
            .unwrap();
        let number = ProviderNumber { provider: "mail".into(), number: name.into(), notice: notice.id };
        tx.number_notices(&[number]).await.unwrap();
        let heard = Heard {
            notice: Some(notice.id),
            provider: "mail".into(),
            number: Some(name.to_owned()),
            state: HeardState::Delivered,
            why,
            at: bed.now(),
        };
        tx.hear(derived(&["heard", name]), &heard).await.unwrap();
        tx.commit().await.unwrap();
        let item = store::LetterboxItem {
            notice_id: notice.id,
            case_id: notice.case_id,
            way: Way::Email,
            recipient: "an@example.org".into(),
            subject: "x".into(),
            text: "x".into(),
            html: "x".into(),
            language: Language::FR,
            at: bed.now(),
        };
        store.put_letter(item).await.unwrap();
    };
    for (name, state) in [("a", NoticeState::Sent), ("b", NoticeState::Failed), ("c", NoticeState::Unknown)] {
        write(name, state).await;
    }
    bed.pass(crate::MINUTE);
    write("new", NoticeState::Sent).await;
    let term = Some(old + std::time::Duration::from_secs(1));
    let in_use = vec!["of b".to_owned()];
    let term = store::Before { items: term, words: term, audit: None, in_use };
    let expected = store::Pruned { items: 3, notices: 2, receipts: 3, reasons: 2, templates: 1, audit: 0 };
    assert_eq!(store.prunable(&term).await.unwrap(), expected);
    assert_eq!(store.prunable(&store::Before::default()).await.unwrap(), store::Pruned::default());
    let mut pruned = store::Pruned::default();
    for _ in 0..4 {
        let mut tx = store.begin().await.unwrap();
        pruned += tx.prune(&term, 1).await.unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(pruned, expected, "one by one, and no more than there is");
    assert!(store.prunable(&term).await.unwrap().is_nothing());

    let rows = store.notices_of(id("case")).await.unwrap();
    assert_eq!(rows.len(), 4, "the ledger stays");
    for row in rows {
        let name = ["a", "b", "c", "new"].into_iter().find(|name| id(name) == row.notice.id).unwrap();
        let keeps = matches!(name, "c" | "new");
        assert_eq!((row.why.is_some(), row.receipt.is_some()), (keeps, keeps), "{name}");
        assert_eq!((row.attempts, row.notice.reasons.len()), (1, 2), "{name}");
        let Because::Instead { of, why } = &row.notice.reasons[1] else { panic!("{name}") };
        let words = if keeps { "550 their words" } else { "(forgotten)" };
        assert_eq!((*of, why.as_str()), (Way::Sms, words), "why they were told stays: {name}");
        let template = store.template_version(&format!("of {name}")).await.unwrap();
        assert_eq!(template.is_some(), name != "a", "kept while it is in use, or named by what is kept: {name}");
        let tried = store.attempts(row.notice.id).await.unwrap().remove(0);
        assert_eq!((tried.why.is_some(), tried.verdict.as_deref()), (keeps, Some("later")), "{name}");
        let heard = store.heard_of(row.notice.id).await.unwrap().remove(0);
        assert_eq!((heard.state, heard.why.is_some()), (HeardState::Delivered, name == "new"), "{name}");
        assert_eq!(store.letterbox_item(row.notice.id).await.unwrap().is_some(), name == "new", "{name}");
        let mut tx = store.begin().await.unwrap();
        assert_eq!(tx.numbers_of(row.notice.id).await.unwrap().is_empty(), !keeps, "{name}");
    }
}

async fn a_number_finds_what_it_was_told_last(bed: Bed) {
    let store = bed.store().await;
    let numbers =
        [("one", "+32 470 12 34 56"), ("two", "0470/12.34.56"), ("three", "0471 12 34 56"), ("never", "0470123456")];
    for (name, number) in numbers {
        let mut new = report(&store, name).await;
        new.contact = Some(Contact { phone: Some(number.to_owned()), ..Contact::default() });
        store.accept(new).await.unwrap();
        if name == "never" {
            continue;
        }
        let event = store.timeline(id(name), false).await.unwrap().remove(0);
        let notice = Notice {
            id: event.id,
            case_id: id(name),
            event_id: event.id,
            version: 1,
            template: "received".into(),
            template_version: None,
            person: REPORTER.into(),
            sender: "sms".into(),
            way: Way::Sms,
            device: None,
            language: Language::FR,
            reasons: vec![Because::Reporter],
            state: NoticeState::Planned,
            planned_at: bed.now(),
            due_at: None,
        };
        let mut tx = store.begin().await.unwrap();
        tx.plan_notices(std::slice::from_ref(&notice)).await.unwrap();
        bed.pass(Duration::from_secs(60));
        let (state, at) = (NoticeState::Sent, bed.now());
        tx.settle_notices(&[NoticeEnd { id: notice.id, state, at, receipt: None, why: None }]).await.unwrap();
        tx.commit().await.unwrap();
    }
    let none = bed.now() + Duration::from_secs(1);
    let counts = store.notice_counts(schemas::Timestamp::UNIX_EPOCH, none, 60_000_000).await.unwrap();
    let counted: Vec<_> =
        counts.iter().map(|count| (count.way, count.state, count.notices, count.sent, count.soon)).collect();
    assert_eq!(counted, [(Way::Sms, NoticeState::Sent, 3, 3, 3)]);
    assert_eq!(store.notice_counts(schemas::Timestamp::UNIX_EPOCH, none, 59_999_999).await.unwrap()[0].soon, 0);
    assert!(store.notice_counts(none, schemas::Timestamp::MAX, 0).await.unwrap().is_empty());
    let mut tx = store.begin().await.unwrap();
    let mut told = async |number: &str, since| -> Vec<Uuid> {
        tx.told_by_sms(number, since).await.unwrap().into_iter().map(|told| told.report).collect()
    };
    let begin = bed.now() - Duration::from_secs(3_600);
    assert_eq!(told("+32470123456", begin).await, [id("two"), id("one")], "the last first, whoever wrote it how");
    assert_eq!(told("+32470123456", bed.now()).await, Vec::<Uuid>::new(), "too long ago");
    assert_eq!(told("+32471123456", begin).await, [id("three")]);
    assert_eq!(told("+32470123457", begin).await, Vec::<Uuid>::new());
    tx.forget_contacts(&[id("two")], Way::Sms).await.unwrap();
    let left: Vec<Uuid> =
        tx.told_by_sms("+32470123456", begin).await.unwrap().into_iter().map(|told| told.report).collect();
    assert_eq!(left, [id("one")], "who is forgotten is found no more");
}
