//! Text messages that come in, and conversations.

use crate::*;
use schemas::way::Way;
use store::{SmsIn, SmsOut, SmsPart, SmsTalk};

both!(a_text_message_is_kept_once_and_forgotten_when_it_was_read, a_conversation_has_an_end, what_is_said_is_counted);

async fn a_text_message_is_kept_once_and_forgotten_when_it_was_read(bed: Bed) {
    let store = bed.store().await;
    let sms = |name: &str, part| SmsIn {
        id: id(name),
        key: "k".to_owned(),
        number: "+32470123456".to_owned(),
        words: format!("words of {name}"),
        part,
        at: bed.now(),
    };
    let part = Some(SmsPart { reference: 65_535, of: 3, nth: 2 });
    let (first, second) = (sms("a", None), sms("b", part));
    let mut tx = store.begin().await.unwrap();
    assert!(tx.keep_sms_in(&first).await.unwrap() && tx.keep_sms_in(&second).await.unwrap());
    assert!(!tx.keep_sms_in(&SmsIn { words: "other".to_owned(), ..first.clone() }).await.unwrap());
    tx.commit().await.unwrap();
    let waiting = store.sms_waiting(10).await.unwrap();
    assert!(waiting.contains(&first) && waiting.contains(&second) && waiting.len() == 2);
    assert_eq!(format!("{first:?}"), "SmsIn(hidden)");
    let mut tx = store.begin().await.unwrap();
    tx.sms_read(&[first.id]).await.unwrap();
    tx.sms_read(&[]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.sms_waiting(10).await.unwrap(), [second]);
    let mut tx = store.begin().await.unwrap();
    assert!(!tx.keep_sms_in(&first).await.unwrap(), "delivered once more");
    drop(tx);
    assert_eq!(store.sms_came("k", Timestamp::UNIX_EPOCH).await.unwrap(), 2);
    assert_eq!(store.sms_came("k", bed.now()).await.unwrap(), 0);
    bed.pass(MINUTE);
    assert_eq!(store.forget_sms(bed.now(), bed.now()).await.unwrap(), 1, "what waits stays");
    let mut tx = store.begin().await.unwrap();
    let key = |way| store::AddressKey { way, key: "k".to_owned() };
    assert_eq!(tx.forget_address(&key(Way::Email)).await.unwrap(), None);
    tx.commit().await.unwrap();
    assert_eq!(store.sms_waiting(10).await.unwrap().len(), 1);
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.forget_address(&key(Way::Sms)).await.unwrap(), None, "nobody follows anything by it");
    tx.commit().await.unwrap();
    assert_eq!(store.sms_waiting(10).await.unwrap(), [], "forgotten with the address");
}

async fn a_conversation_has_an_end(bed: Bed) {
    let store = bed.store().await;
    let talk = |n: i32| SmsTalk {
        key: "k".to_owned(),
        number: "+32470123456".to_owned(),
        state: serde_json::json!({ "n": n }),
        until: bed.now() + MINUTE,
    };
    for n in [1, 2] {
        let mut tx = store.begin().await.unwrap();
        tx.put_sms_talk(&talk(n)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(store.sms_talk("k").await.unwrap(), Some(talk(n)));
    }
    let until = talk(2).until;
    assert_eq!(store.sms_talks_over(bed.now(), 9).await.unwrap(), []);
    bed.pass(MINUTE);
    assert_eq!(store.sms_talks_over(bed.now(), 9).await.unwrap(), [SmsTalk { until, ..talk(2) }]);
    let mut tx = store.begin().await.unwrap();
    tx.end_sms_talk("k").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!((store.sms_talk("k").await.unwrap(), store.sms_talks_over(bed.now(), 9).await.unwrap()), (None, vec![]));
}

async fn what_is_said_is_counted(bed: Bed) {
    let store = bed.store().await;
    let mut said = Vec::new();
    for (name, key) in [("a", "k"), ("b", "k"), ("c", "other")] {
        bed.pass(MINUTE);
        let (number, what, words) = ("+32470123456".to_owned(), "what".to_owned(), "Wat?".to_owned());
        let language = Language::FR;
        let out = SmsOut { id: id(name), key: key.to_owned(), number, what, words, language, at: bed.now() };
        let mut tx = store.begin().await.unwrap();
        tx.put_sms_out(&out).await.unwrap();
        tx.put_sms_out(&out).await.unwrap();
        tx.commit().await.unwrap();
        said.push(out);
    }
    assert_eq!(store.sms_out(id("b")).await.unwrap().as_ref(), Some(&said[1]));
    assert_eq!(store.sms_out(id("z")).await.unwrap(), None);
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.sms_said_to("k", said[0].at - MINUTE).await.unwrap(), [said[1].clone(), said[0].clone()]);
    assert_eq!(tx.sms_said_to("k", said[0].at).await.unwrap(), [said[1].clone()]);
    drop(tx);
    assert_eq!(store.sms_said(said[0].at).await.unwrap(), 2);
    assert_eq!(store.forget_sms(bed.now(), bed.now()).await.unwrap(), 2);
}
